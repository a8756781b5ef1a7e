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
# Steps after which a stream may stop, or begin, to have something to show.
JUDGED_STEPS = frozenset({"closed", "unfounded", "reopened"})


def may_show_something(facts: Collection[Fact]) -> bool:
    """Whether a stream has, or may come to have, anything to show without a new event."""
    return not is_plainly_over(facts) and pending(list(facts))


def is_plainly_over(facts: Collection[Fact]) -> bool:
    """True only where an incident was opened, closed last, and leaves nothing open: exact about yes, not about no.

    `facts` are the live facts of one stream in log order.
    """
    end = _End()
    for fact in facts:
        if not end.take(fact):
            return False
    return end.is_plain()


class _End:
    """What one pass over an incident's facts adds up to."""

    __slots__ = ("aboard", "authors", "closed", "landed", "opening", "rescued", "still_open", "waiting")

    def __init__(self) -> None:
        self.opening: Fact | None = None
        self.closed: Fact | None = None
        self.waiting: set[str] = set()
        self.still_open: set[str] = set()
        self.authors: set[tuple[str, str]] = set()
        self.rescued = self.landed = 0
        self.aboard = ""

    def take(self, fact: Fact) -> bool:
        """Add one fact; False where the incident is not plain."""
        kind = fact.kind
        if kind not in PLAIN_KINDS or fact.reading != "both" or '"position"' in fact.detail:
            return False
        if kind in REOPENING_KINDS:
            self.closed = None
        if "persons_on_board" in fact.detail:
            if self.aboard:
                return False
            self.aboard = fact.detail
        if kind == "step":
            return self._step(fact)
        if kind == "notified":
            self.waiting.add(fact.party)
        elif kind == "acknowledged":
            self.waiting.discard(fact.authority)
        elif kind in ("rescued", "disembarked"):
            self._people(fact)
        elif kind in ("incident", "coordination"):
            self.still_open.add(fact.nation)
            if kind == "incident":
                if self.opening is not None:
                    return False
                self.opening = fact
        return True

    def _step(self, fact: Fact) -> bool:
        if fact.code == "closed":
            self.closed = fact
            self.still_open.discard(fact.nation)
        elif fact.code in ("confirmed", "reopened"):
            self.closed = self.closed if fact.code == "confirmed" else None
            self.still_open.add(fact.nation)
        return fact.code != "unfounded"

    def _people(self, fact: Fact) -> None:
        self.authors.add((fact.kind, fact.authority))
        if fact.kind == "rescued":
            self.rescued += fact.quantity
            self.still_open.add(fact.nation)
            return
        self.landed += fact.quantity
        if self.landed >= self.rescued:
            self.still_open.discard(fact.nation)

    def is_plain(self) -> bool:
        """Closed last by whoever held it open, everybody acknowledged and landed, each count by one authority."""
        if self.opening is None or self.closed is None or self.waiting or self.rescued != self.landed or _twice(self.authors):
            return False
        return self.opening.code != DISTRESS or (not self.still_open and _explained(self.closed, self.aboard, self.landed))


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
