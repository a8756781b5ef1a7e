"""What becomes of a decision: withdrawn, appealed or replaced can only be one that was taken, in the same case. Pure.

These are administrative steps of a case, not facts about people: nothing is lost when one is refused, for the decision itself
is always admitted, and the step is sent again behind it.
"""

from __future__ import annotations

from ledger import errors
from ledger.events.base import Event
from ledger.events.case import (
    CaseDecisionAppealed,
    CaseDecisionRecorded,
    CaseDecisionSubstituted,
    CaseDecisionWithdrawn,
)
from ledger.events.correction import Statement
from ledger.events.registry import Registry

ON_A_DECISION = (CaseDecisionWithdrawn, CaseDecisionAppealed, CaseDecisionSubstituted)


def require_decision(event: Event, statements: list[Statement], registry: Registry) -> None:
    """Refuse a step on what is no decision of this case. Raises NotInThisState naming the field.

    `statements` are those of the case. A decision of the log that this one continues is named `origin#id`, which nobody can
    look up here: it is taken where the case was open there.
    """
    named = {"data.target": event.data.target, "data.replacement": getattr(event.data, "replacement", None)}
    decisions = {s.event.header.id for s in statements if isinstance(s.event.data, CaseDecisionRecorded)}
    for field, reference in named.items():
        if reference is None or reference in decisions or _is_of_predecessor(reference, event, registry):
            continue
        raise errors.NotInThisState(
            "no decision of that id is on record in this case", field=field, remedy="record the decision first, on this stream"
        )


def _is_of_predecessor(reference: str, event: Event, registry: Registry) -> bool:
    origin, _, _ = reference.partition("#")
    before = registry.predecessor
    return before is not None and origin == before.origin and event.header.stream in before.open_streams
