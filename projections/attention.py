"""Which streams a situation must read: a cheap answer for the common end of an incident, before the whole question is asked.

`situation.pending` is right and slow; most incidents end plainly (closed, everybody landed, everything acknowledged), and for
those one pass over their facts says so. A wrong yes here would hide something: whatever is not plain is left to `pending`.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from projections.fact import Fact
from projections.incidents import DISTRESS, REOPENING_KINDS
from projections.situation import pending

# A stream with facts of any other kind is not plain.
PLAIN_KINDS = frozenset(
    {"incident", "step", "update", "attempt", "notified", "acknowledged", "coordination", "asset", "rescued", "disembarked"}
    | {"sheltered", "disruption", "departure_prevented"}
)
ENDING_CODES = frozenset({"closed", "unfounded"})


def may_show_something(facts: Collection[Fact]) -> bool:
    """Whether a stream has, or may come to have, anything to show without a new event."""
    return not is_plainly_over(facts) and pending(list(facts))


def is_plainly_over(facts: Collection[Fact]) -> bool:
    """True only where an incident was opened, closed last, and leaves nothing open: exact about yes, not about no.

    `facts` are the live facts of one stream in log order.
    """
    opening: Fact | None = None
    closed: Fact | None = None
    waiting: set[str] = set()
    still_open: set[str] = set()
    authors: set[tuple[str, str]] = set()
    rescued = landed = 0
    aboard = ""
    for fact in facts:
        kind, code = fact.kind, fact.code
        if kind not in PLAIN_KINDS or fact.reading != "both" or '"position"' in fact.detail:
            return False
        if kind in REOPENING_KINDS:
            closed = None
        if kind == "incident":
            if opening is not None:
                return False
            opening = fact
            still_open.add(fact.nation)
        elif kind == "step":
            if code == "unfounded":
                return False
            if code == "closed":
                closed = fact
                still_open.discard(fact.nation)
            elif code in ("confirmed", "reopened"):
                closed = closed if code == "confirmed" else None
                still_open.add(fact.nation)
        elif kind == "notified":
            waiting.add(fact.party)
        elif kind == "acknowledged":
            waiting.discard(fact.authority)
        elif kind == "coordination":
            still_open.add(fact.nation)
        elif kind == "rescued":
            rescued += fact.quantity
            authors.add((kind, fact.authority))
            still_open.add(fact.nation)
        elif kind == "disembarked":
            landed += fact.quantity
            authors.add((kind, fact.authority))
            if landed >= rescued:
                still_open.discard(fact.nation)
        if "persons_on_board" in fact.detail:
            if aboard:
                return False
            aboard = fact.detail
    if opening is None or closed is None or waiting or rescued != landed or len(authors) > 2 or _twice(authors):
        return False
    return opening.code != DISTRESS or (not still_open and _explained(closed, aboard, landed))


def _twice(authors: set[tuple[str, str]]) -> bool:
    """Two authorities counted the same kind of thing: whether they agree is not for here."""
    return len({kind for kind, _ in authors}) != len(authors)


def _explained(closed: Fact, aboard: str, landed: int) -> bool:
    """A distress closed as accounted for, or by a named decision-maker, with no more people stated aboard than landed."""
    if '"decided_by"' not in closed.detail and '"outcome":"accounted"' not in closed.detail:
        return False
    if not aboard:
        return True
    stated = msgspec.json.decode(aboard)["persons_on_board"]
    number: int = stated["best"] if stated.get("best") is not None else stated["max"]
    return number <= landed
