"""Rescue is not evidence-gathering: when a case and a rescue may be tied together. Clause: domain.md section 4. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ledger import errors
from ledger.events.access import AccessCombined
from ledger.events.base import Event, Header
from ledger.events.correction import Corrections, Statement
from ledger.events.incident import DISTRESS
from ledger.events.lives import UNOPENED

Statements = Callable[[str], list[Statement]]
ById = Callable[[str], Statement | None]


def require_purpose(header: Header, links: Iterable[str], statements: Statements, by_id: ById) -> None:
    """Refuse to tie a case to a rescue unless a recorded access event, named as `causation_id`, says on what legal basis.

    What a stream is held as, its opening says, whatever else was recorded of it and in whatever order. So a link to what is
    not opened yet waits until it is: otherwise the rescue would only have to arrive after the case. A case itself is never
    held under general data protection law, whatever regime its header claims. Raises NotAllowed or NotInThisState.
    """
    for linked in links:
        opening = _opening(linked, statements, by_id)
        if opening is not None and not _is_rescue(opening):
            continue
        basis = by_id(header.causation_id) if header.causation_id else None
        data = basis.event.data if basis is not None else None
        if isinstance(data, AccessCombined) and linked in data.objects:
            continue
        combine = "record access.combined of it with its legal basis and name that as causation_id"
        if opening is None:
            raise errors.NotInThisState(
                f"nothing on record opens {linked}, so that nobody can say whether it is a rescue",
                field="data.links",
                remedy=f"record its opening first and send this again, or {combine}",
            )
        raise errors.NotAllowed(
            f"{linked} is a rescue, held under general data protection law", field="data.links", remedy=combine
        )


def _opening(linked: str, statements: Statements, by_id: ById) -> Event | None:
    """What opened the stream that a link names, by its own name or by the id of an event on it; as believed now."""
    told = statements(linked)
    if not told:
        event = by_id(linked)
        told = statements(event.event.header.stream) if event is not None else []
    opening = next((s for s in told if UNOPENED in s.event.data.kind_of_event.steps.moves), None)
    return None if opening is None else Corrections(told).amend(opening).event or opening.event


def _is_rescue(opening: Event) -> bool:
    """Held under general data protection law, or a distress, whatever regime its opening claims."""
    return opening.header.regime == "GENERAL" or getattr(opening.data, "kind", "") == DISTRESS
