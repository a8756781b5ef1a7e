"""What a nation sealed and joint admission would have refused: it counts all the same, and its own nation sees that it is so.

Admission never looks inside a sealed event. The nation's reading holds it to the same last checks (ledger/admission.py), over
the life that the joint and the sealed statements of its stream make together. A breach is a fact of a kind of its own in that
reading alone; it ends when the statement is retracted, or corrected so that it breaks nothing. A correction is judged as it was
made, and again whenever it is left out or no longer is. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from ledger import admission, errors
from ledger.events.base import Event
from ledger.events.correction import Statement
from ledger.events.correction_types import CorrectionRecorded
from ledger.events.lives import fold_amended
from ledger.events.registry import Registry
from ledger.formats.entry import parse_instant
from projections.fact import Fact
from projections.incidents import details
from projections.rules import EVENT, Part, detail
from projections.standing import Standing
from projections.wording.facts import word

BREACH = "breach"


class Earlier(Protocol):
    """What the nation sees of the log so far."""

    def statements(self, stream: str) -> list[Statement]:
        """Every statement of a stream, in log order."""

    def by_id(self, event_id: str) -> Statement | None:
        """The statement of an id."""


class Seen:
    """What is on record in a nation's reading before one statement of its own (admission.OnRecord).

    Of the statement's stream only what comes to something; other streams as `statements_of` gives them.
    """

    def __init__(self, statement: Statement, standing: Standing, registry: Registry, past: Earlier) -> None:
        self.registry = registry
        self.position = statement.position - 1
        self.by_id = past.by_id
        self._stream = statement.event.header.stream
        self._past = past
        self.earlier = [s for s in standing.once if s.position <= self.position and s.position not in standing.left_out]

    def statements(self, name: str) -> list[Statement]:
        """See admission.OnRecord."""
        return self.earlier if name == self._stream else self._past.statements(name)


def breaches(statement: Statement, event: Event, standing: Standing, seen: Seen) -> Iterator[Part]:
    """What a sealed statement breaks in its effective form, as parts of facts. Raises Unavailable.

    Clause: formats.md section 4; domain.md section 2.
    """
    left_out = standing.left_out.get(statement.position)
    if left_out is not None:
        yield _part("left_out", left_out)
        return
    try:
        admission.require_not_from_the_future(parse_instant(event.header.occurred_at), seen.registry, statement.recorded_at)
    except errors.FromTheFuture as refused:
        yield _part("future", refused.message)
    told = (s for s in seen.earlier if s.position not in standing.again and not isinstance(s.event.data, CorrectionRecorded))
    life = fold_amended((standing.amended[s.position], s.event) for s in told)
    # What else it corrects may be from the future already, and is told so itself.
    recorded_at = statement.recorded_at if _retimes(event, seen.earlier) else None
    try:
        admission.require_step(event, admission.StreamState(0, life), seen, recorded_at)
    except errors.FromTheFuture as refused:
        yield _part("future", refused.message)
    except errors.NotAllowed as refused:
        yield _part("not_allowed", refused.message)
    except (errors.Refused, errors.Unfoldable) as refused:
        yield _part("order", refused.message)


def _retimes(event: Event, earlier: Iterable[Statement]) -> bool:
    """Whether it is a correction of times, or corrects one."""
    said: dict[str, Any] = {s.event.header.id: s.event.data for s in earlier}
    data, kind = event.data, ""
    while isinstance(data, CorrectionRecorded):
        kind, data = data.kind, said.get(data.target)
    return kind == "retime"


def _part(code: str, reason: str) -> Part:
    return {"kind": BREACH, "code": code, "quantity": 1, "unit": EVENT, "detail": detail(reason=reason)}


def rows(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """Breaches as a situation lists them: {event, label, position, authority, stream, code, what (English), quoi (French),
    reason (the refusal's own words, in English)}.
    """
    found = []
    for fact in facts:
        said = word(BREACH, fact.code)
        row = {"event": fact.event, "label": fact.label, "position": fact.origin, "authority": fact.authority}
        found.append({**row, "stream": fact.stream, "code": fact.code, "what": said.en, "quoi": said.fr, **details(fact)})
    return found
