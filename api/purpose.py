"""What may stand together: rescue is not evidence-gathering, and leaves beside a case only on a recorded legal basis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger import errors, events
from ledger.events.access import AccessCombined
from ledger.events.base import Header
from ledger.events.sharing import MandateGranted
from ledger.events.values import Scope
from ledger.formats.entry import parse_instant, split_entry

if TYPE_CHECKING:
    from api.home import Home


class Shown(NamedTuple):
    """An entry that would leave in full."""

    position: int
    header: Header


def basis_at(home: Home, event_id: str, size: int) -> int:
    """Where the event stands that names a legal basis. Raises NotFound."""
    found = home.ledger.entry_by_event(event_id)
    if found is None or found[0] > size:
        raise errors.NotFound(f"no event {event_id} stands under the checkpoint", field="--basis")
    return found[0]


def require_purpose(home: Home, shown: Sequence[Shown], basis: str | None) -> None:
    """Rescues stand beside law-enforcement cases only on a recorded legal basis that covers them. Raises NotAllowed.

    Clause: domain.md section 4.
    """
    rescues = [s for s in shown if s.header.regime == "GENERAL"]
    cases = [s.position for s in shown if s.header.type.startswith("case.")]
    if not rescues or not cases:
        return
    if basis is None:
        raise errors.NotAllowed(
            f"entries {_listed([s.position for s in rescues])} are of rescues and {_listed(cases)} of cases: one is not"
            " bundled with the other without a legal basis on record",
            field="--basis",
            remedy="name the recorded access.combined or mandate.granted event with --basis, or withhold one of the two",
        )
    data = events.decode(split_entry(home.ledger.entry(basis_at(home, basis, home.ledger.head())))[3]).data
    uncovered = [s.position for s in rescues if not _covers(data, s.header)]
    if uncovered:
        raise errors.NotAllowed(f"the basis does not cover entries {_listed(uncovered)}", field="--basis")


def _covers(basis: Any, header: Header) -> bool:
    if isinstance(basis, AccessCombined):
        return header.stream in basis.objects or header.id in basis.objects
    if not isinstance(basis, MandateGranted):
        return False
    scope: Scope = basis.scope
    if scope.period is not None:
        return parse_instant(scope.period.from_) <= parse_instant(header.occurred_at) < parse_instant(scope.period.to)
    return scope.everything is not None or header.stream in scope.streams


def _listed(positions: Sequence[int]) -> str:
    return ", ".join(map(str, positions[:8])) + (" …" if len(positions) > 8 else "")
