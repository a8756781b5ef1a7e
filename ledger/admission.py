"""The numbered checks an event passes before it may enter the ledger. The only maker of an `Admitted`.

Two stages. `check` needs no state: it runs in parallel, on all cores, before anybody takes the head lock. `admit` decides
under that lock, in an order that is part of the specification. A refusal is an exception of ledger/errors.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from ledger import errors
from ledger.events import stating
from ledger.events.base import Event, Header
from ledger.events.case import CaseDecisionAppealed, CaseDecisionSubstituted, CaseDecisionWithdrawn, CaseOpened
from ledger.events.checking import SIGNATURES_MAX, Checked, PublicKeys, Unverified, check, read, verify
from ledger.events.correction import Corrections, Statement, require_patch
from ledger.events.correction_types import CorrectionAccepted, CorrectionProposed, CorrectionRecorded, CorrectionRejected
from ledger.events.decisions import ON_A_DECISION, require_decision
from ledger.events.incident import IncidentLinked, IncidentLinkWithdrawn
from ledger.events.key_steps import require_key_step
from ledger.events.keys import KeyRing
from ledger.events.links import require_link, require_no_case, require_no_new_cycle
from ledger.events.lives import Life, fold_amended, step
from ledger.events.purpose import require_purpose
from ledger.events.registry import Registry
from ledger.events.rules import RULES
from ledger.events.signers import require_signers
from ledger.formats import entry, envelope, merkle

__all__ = [
    "SIGNATURES_MAX",
    "Admitted",
    "AlreadyRecorded",
    "Checked",
    "LedgerState",
    "OnRecord",
    "PublicKeys",
    "StreamState",
    "Unverified",
    "admit",
    "check",
    "fold_life",
    "read",
    "require_expected_version",
    "require_header",
    "require_not_from_the_future",
    "require_sections",
    "require_step",
    "verify",
    "with_late_signatures",
]

# The first stage's own rules, under the name by which `evidence` asks for them.
require_header, require_sections = stating.require_header, stating.require_sections


class Admitted(msgspec.Struct, frozen=True, gc=False):
    """An event the ledger records: its place in the log, the exact bytes of its entry and their leaf hash."""

    checked: Checked
    position: int
    stream: str
    version: int
    recorded_at: int
    entry: bytes
    leaf_hash: bytes
    life: Life
    out_of_order: bool

    @property
    def statement(self) -> Statement:
        """The admitted event as later ones in its stream will see it."""
        return Statement(self.position, self.recorded_at, self.checked.event)


class AlreadyRecorded(msgspec.Struct, frozen=True):
    """The same event with the same payload is on record: the caller gets the receipt of the first time."""

    event_id: str


class StreamState(msgspec.Struct, frozen=True, gc=False):
    """What admission needs of a stream: its last version and its life."""

    version: int
    life: Life


class OnRecord(Protocol):
    """What the last check reads of the log: a nation asks it of what it sealed, over what it alone sees of a stream."""

    registry: Registry
    position: int

    def statements(self, name: str) -> list[Statement]:
        """Every joint statement of a stream in log order; read only for corrections and links."""

    def by_id(self, event_id: str) -> Statement | None:
        """The statement recorded under an event id."""


class LedgerState(OnRecord, Protocol):
    """What admission reads of the log at its head, earlier events of the same batch included."""

    keys: KeyRing

    def known(self, event_id: str) -> bytes | None:
        """SHA-256 of the payload recorded under this id, or None."""

    def stream(self, name: str) -> StreamState:
        """Version 0 and an unborn life where nothing is recorded."""


# -- second stage: in order, under the head lock ------------------------------------------------------------------------------


def admit(checked: Checked, state: LedgerState, recorded_at: int) -> Admitted | AlreadyRecorded:
    """Decide whether a checked event may enter the ledger at the next position, recorded at this instant (microseconds).

    The order is part of the specification: a retry must not fail on a key revoked since, nor on a stream that moved on.
    """
    recorded = state.known(checked.header.id)  # 1. idempotency comes first
    if recorded is not None:
        if recorded != checked.payload_sha256:
            raise errors.EventIdReused(field="id", remedy="use a new id for a new statement")
        return AlreadyRecorded(checked.header.id)
    checked = with_late_signatures(checked, state.keys)
    position = state.position + 1
    require_signers(state.keys, checked.event, checked.row, checked.signed_by, state.registry)  # 2. by position
    require_key_step(state.keys, checked.event, position, state.registry)
    require_not_from_the_future(checked.occurred_at, state.registry, recorded_at)  # 3.
    before = state.stream(checked.header.stream)
    require_expected_version(checked.header, before)  # 4. no lost update
    # 5. administrative steps and what speaks of other statements; never a fact about people
    life, out_of_order = require_step(checked.event, before, state, recorded_at)
    version = before.version + 1
    body = entry.format_entry(
        entry.format_instant(recorded_at),
        checked.header.stream,
        version,
        checked.submitted.signatures,
        checked.submitted.payload,
    )
    if len(body) > entry.ENTRY_BYTES_MAX:
        raise errors.TooLarge(f"the entry would have {len(body)} bytes, more than {entry.ENTRY_BYTES_MAX}")
    return Admitted(
        checked, position, checked.header.stream, version, recorded_at, body, merkle.hash_leaf(body), life, out_of_order
    )


def with_late_signatures(checked: Checked, keys: KeyRing) -> Checked:
    """Verify signatures whose keys were registered since the first stage; a key still unknown is refused."""
    if not checked.unverified:
        return checked
    for signature in checked.submitted.signatures:
        if signature.keyid in checked.unverified:
            public = keys.public(signature.keyid)
            if public is None:
                raise errors.KeyNotInForce("this key is not registered", field="signatures", remedy="register it first")
            envelope.verify_signature(checked.submitted.payload_type, checked.submitted.payload, signature, public, None)
    return msgspec.structs.replace(checked, signed_by=checked.signed_by | checked.unverified, unverified=frozenset())


def require_not_from_the_future(occurred_at: int, registry: Registry, recorded_at: int) -> None:
    """occurred_at <= recorded_at + tolerance of the rules in force."""
    tolerance = RULES[registry.rules].future_tolerance_seconds
    if occurred_at > recorded_at + tolerance * 1_000_000:
        raise errors.FromTheFuture(
            field="occurred_at",
            remedy="measure the clock's offset; resend a distress at once with stated_time.precision unknown",
        )


def require_expected_version(header: Header, before: StreamState) -> None:
    """A decision taken on a stale view of its stream is a conflict."""
    if header.expected_version is not None and header.expected_version != before.version:
        raise errors.StreamMoved(
            f"expected version {header.expected_version}, the stream is at {before.version}",
            current_version=before.version,
            field="expected_version",
            remedy="read the stream again and decide anew",
        )


def require_step(event: Event, before: StreamState, state: OnRecord, recorded_at: int | None = None) -> tuple[Life, bool]:
    """The life of the stream after this event, and whether it came out of order. Raises NotInThisState or NotAllowed.

    Without `recorded_at` (microseconds) a correction's times are not held against the clock.
    """
    header, data = event.header, event.data
    match data:
        case CorrectionRecorded():
            return _correct(event, state, recorded_at), False
        case CorrectionProposed():
            _require_proposal(event, state)
        case CorrectionAccepted() | CorrectionRejected():
            _require_answer(event, state)
        case IncidentLinked() | IncidentLinkWithdrawn():
            if isinstance(data, IncidentLinkWithdrawn):
                require_link(header.stream, state.by_id(data.withdraws))
            statements = state.statements(header.stream)
            require_no_new_cycle(header.stream, statements, _with(statements, event, state), state.statements)
            if isinstance(data, IncidentLinked):
                require_no_case(data.to, state.statements(data.to))
        case CaseOpened():
            require_purpose(header, data.links, state.statements, state.by_id)
        case CaseDecisionWithdrawn() | CaseDecisionAppealed() | CaseDecisionSubstituted():
            require_decision(event, state.statements(header.stream), state.registry)
    if header.type == "sealed.recorded" and before.version:
        raise errors.Malformed("a sealed event stands on a new stream of its own", field="stream")
    return step(before.life, event)


def _with(statements: list[Statement], event: Event, state: OnRecord) -> list[Statement]:
    return [*statements, Statement(state.position + 1, 0, event)]


def _correct(event: Event, state: OnRecord, recorded_at: int | None) -> Life:
    """Only the originating nation corrects, on the target's stream, leaving a statement its type allows."""
    header, data = event.header, event.data
    statements = state.statements(header.stream)
    target = _on_record(data.target, statements, "data.target")
    if not _same_nation(target.event.header, header, state):
        raise errors.NotAllowed(
            "only the nation that stated it corrects it", field="data.target", remedy="propose it (correction.proposed)"
        )
    corrected = _with(statements, event, state)
    try:
        before, after = Corrections(statements), Corrections(corrected)
        require_patch(data, before, after)
        fact = after.fact_of(target)
        effective = after.amend(fact).event
        if effective is not None:
            _require_times(effective.header, state.registry, recorded_at)
            _require_references(header, effective, fact, before, state)
        require_no_new_cycle(header.stream, statements, corrected, state.statements)
        return fold_life(corrected)
    except errors.Unfoldable as wrong:
        raise errors.NotInThisState(wrong.message, field="data.patch", remedy="name fields of the target's type") from wrong


def _require_references(header: Header, effective: Event, fact: Statement, before: Corrections, state: OnRecord) -> None:
    """A correction names nothing that the statement itself could not have named."""
    if isinstance(effective.data, CaseOpened):
        earlier = before.amend(fact).event
        known = {*fact.event.data.links, *(earlier.data.links if earlier else ())}
        require_purpose(header, [link for link in effective.data.links if link not in known], state.statements, state.by_id)
    elif isinstance(effective.data, ON_A_DECISION):
        require_decision(effective, state.statements(header.stream), state.registry)
    elif isinstance(effective.data, IncidentLinkWithdrawn):
        require_link(header.stream, state.by_id(effective.data.withdraws))


def _on_record(event_id: str, statements: list[Statement], field: str) -> Statement:
    target = next((s for s in statements if s.event.header.id == event_id), None)
    if target is None:
        raise errors.NotInThisState("nothing of that id is on record in this stream", field=field)
    return target


def _same_nation(one: Header, other: Header, state: OnRecord) -> bool:
    return state.registry.nation_of(one.authority) == state.registry.nation_of(other.authority)


def _require_times(header: Header, registry: Registry, recorded_at: int | None) -> None:
    """A correction moves nothing into the future, and leaves no end before its beginning."""
    occurred_at = entry.parse_instant(header.occurred_at)
    if header.occurred_until is not None and entry.parse_instant(header.occurred_until) < occurred_at:
        raise errors.NotInThisState("the correction leaves a statement that ends before it begins", field="data.patch")
    if recorded_at is not None:
        require_not_from_the_future(occurred_at, registry, recorded_at)


def _require_proposal(event: Event, state: OnRecord) -> None:
    """What is proposed could be recorded by the originator: its target is here, and its patch is one the target allows."""
    statements = state.statements(event.header.stream)
    _on_record(event.data.target, statements, "data.target")
    corrections = Corrections(statements)
    try:
        require_patch(event.data, corrections, corrections)
    except errors.Unfoldable as wrong:
        raise errors.NotInThisState(wrong.message, field="data.patch", remedy="name fields of the target's type") from wrong


def _require_answer(event: Event, state: OnRecord) -> None:
    """A proposal is answered by the nation whose statement it would correct."""
    statements = state.statements(event.header.stream)
    proposal = _on_record(event.data.proposal, statements, "data.proposal").event.data
    if not isinstance(proposal, CorrectionProposed):
        raise errors.NotInThisState("the event of that id proposes nothing", field="data.proposal")
    target = _on_record(proposal.target, statements, "data.proposal")
    if not _same_nation(target.event.header, event.header, state):
        raise errors.NotAllowed("only the nation that stated the target answers a proposal", field="data.proposal")


def fold_life(statements: Iterable[Statement]) -> Life:
    """The life that the effective events of a stream make; steps that no longer follow leave it alone."""
    statements = list(statements)
    corrections = Corrections(statements)
    told = (s for s in statements if not isinstance(s.event.data, CorrectionRecorded))
    return fold_amended((corrections.amend(s).event, s.event) for s in told)
