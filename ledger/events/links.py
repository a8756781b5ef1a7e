"""Links between incidents: which stream one is taken to be a duplicate of, and which links may not be made. Pure."""

from __future__ import annotations

from collections.abc import Callable

from ledger import errors
from ledger.events.case import CaseOpened
from ledger.events.correction import Corrections, Statement
from ledger.events.incident import IncidentLinked, IncidentLinkWithdrawn

LINK_DEPTH_MAX = 1_000


def duplicate_of(statements: list[Statement]) -> str | None:
    """The stream this one is taken to be a duplicate of: the latest live link wins."""
    corrections = Corrections(statements)
    told = [corrections.amend(s).event for s in statements if isinstance(s.event.data, IncidentLinked | IncidentLinkWithdrawn)]
    events = [event for event in told if event is not None]
    withdrawn = {e.data.withdraws for e in events if isinstance(e.data, IncidentLinkWithdrawn)}
    links = [e for e in events if isinstance(e.data, IncidentLinked) and e.header.id not in withdrawn]
    absorbed = [e.data.to for e in links if e.data.relation == "duplicate_of"]
    return absorbed[-1] if absorbed else None


def require_no_new_cycle(
    stream: str, before: list[Statement], after: list[Statement], statements: Callable[[str], list[Statement]]
) -> None:
    """Refuse what makes an incident a duplicate of itself. Raises NotInThisState.

    `before` and `after` are the statements of `stream` without and with what is to be recorded: a link, the withdrawal of one
    or a correction. Only the link in force afterwards matters, and only if it was not in force already.
    """
    at = duplicate_of(after)
    if at == duplicate_of(before):
        return
    for _ in range(LINK_DEPTH_MAX):
        if at is None:
            return
        if at == stream:
            raise errors.NotInThisState("the link would make an incident a duplicate of itself", field="data.to")
        at = duplicate_of(statements(at))
    raise errors.NotInThisState(f"more than {LINK_DEPTH_MAX} links in a row", field="data.to")


def require_no_case(to: str, statements: list[Statement]) -> None:
    """Refuse to say of an incident that it is a case: a case names the incidents it comes from, if it may (purpose.py)."""
    if any(isinstance(s.event.data, CaseOpened) for s in statements):
        raise errors.NotInThisState(f"{to} is a case, not an incident", field="data.to", remedy="name it in the case's links")


def require_link(stream: str, target: Statement | None) -> None:
    """Refuse to withdraw what is not a link of this stream. Raises NotInThisState."""
    if target is None or target.event.header.stream != stream or not isinstance(target.event.data, IncidentLinked):
        raise errors.NotInThisState("no link of that id is on record in this stream", field="data.withdraws")
