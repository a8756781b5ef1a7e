"""The numbered checks an event passes before it may enter the ledger. The only maker of an `Admitted`.

Two stages. `check` needs no state: it runs in parallel, on all cores, before anybody takes the head lock. `admit` decides
under that lock, in an order that is part of the specification. A refusal is an exception of ledger/errors.py.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from ledger import errors
from ledger.events import decode_data, decode_header
from ledger.events.base import CATALOGUE, INTEGER_MAX, Event, EventType, Header
from ledger.events.correction import Corrections, Statement, effective_events
from ledger.events.correction_types import CorrectionRecorded
from ledger.events.incident import IncidentLinked, IncidentLinkWithdrawn
from ledger.events.keys import KeyRing, named_publics
from ledger.events.links import require_link, require_no_cycle
from ledger.events.lives import Life, either, fold, step
from ledger.events.registry import Registry
from ledger.events.rules import RULES
from ledger.formats import entry, envelope, merkle, strict

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}").fullmatch
IDENTIFIER = re.compile(r"[A-Za-z0-9._:-]{1,128}").fullmatch
SALT = re.compile(r"[0-9a-f]{32}").fullmatch
GB_MARKINGS = ("OFFICIAL", "OFFICIAL-SENSITIVE")
FR_MARKINGS = ("non protégé", "DIFFUSION RESTREINTE")
NATIONAL_CAVEATS = ("UK EYES ONLY", "SPECIAL FRANCE", "SPÉCIAL FRANCE")
SECTIONS_MAX = 16
SIGNATURES_MAX = 8

PublicKeys = Callable[[str], bytes | None]


class Checked(msgspec.Struct, frozen=True, gc=False):
    """A submission whose bytes, fields and known signatures are right; nothing is said yet of whether it may enter.

    `signed_by` holds the key ids whose signatures verified; `unverified` those whose key nobody knew yet.
    """

    submitted: envelope.Submitted
    header: Header
    event: Event
    row: EventType
    payload_sha256: bytes
    occurred_at: int
    signed_by: frozenset[str]
    unverified: frozenset[str] = frozenset()


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


class LedgerState(Protocol):
    """What admission reads of the log at its head, earlier events of the same batch included."""

    keys: KeyRing
    registry: Registry
    position: int

    def known(self, event_id: str) -> bytes | None:
        """SHA-256 of the payload recorded under this id, or None."""

    def stream(self, name: str) -> StreamState:
        """Version 0 and an unborn life where nothing is recorded."""

    def statements(self, name: str) -> list[Statement]:
        """Every joint statement of a stream in log order; read only for corrections and links."""

    def by_id(self, event_id: str) -> Statement | None:
        """The statement recorded under an event id."""


# -- first stage: what needs no state ---------------------------------------------------------------------------------------


def check(submitted: envelope.Submitted, public_keys: PublicKeys, cache: envelope.BatchCache | None = None) -> Checked:
    """Size, strict form, fields, sections, and every signature whose key is known. Stateless; runs on all cores.

    `public_keys` resolves a key id to its public key; ids are digests of keys, so the answer never changes once given.
    Raises Malformed, TooLarge, MarkingTooHigh, BadSignature, WeakKey or BadSection.
    """
    payload = submitted.payload
    if submitted.payload_type != envelope.EVENT_TYPE:
        raise errors.Malformed(f"payloadType must be {envelope.EVENT_TYPE}", field="payloadType")
    strict.check(payload)
    header = decode_header(payload)
    row = CATALOGUE.get((header.type, header.schema))
    if row is None:
        raise errors.Malformed(f"there is no event type {header.type} with schema {header.schema}", field="type")
    occurred_at = require_header(header)
    data = decode_data(header)
    data.check()
    event = Event(header, data)
    require_sections(header, submitted)
    signed_by, unverified = _verify_signatures(submitted, event, public_keys, cache)
    digest = hashlib.sha256(payload).digest()
    return Checked(submitted, header, event, row, digest, occurred_at, signed_by, unverified)


def require_header(header: Header) -> int:
    """Refuse a header whose fields are not what domain.md section 2 says; returns occurred_at in microseconds."""
    if not UUID7(header.id):
        raise errors.Malformed("an event id is a lower-case UUID version 7", field="id")
    for name in ("origin", "stream", "authority", "key_id"):
        if name != "origin" and not IDENTIFIER(getattr(header, name)):
            raise errors.Malformed("allowed are 1 to 128 of A-Z a-z 0-9 . _ : -", field=name)
    if not SALT(header.salt):
        raise errors.Malformed("the salt is 16 random bytes in lower-case hex", field="salt")
    if header.expected_version is not None and not 0 <= header.expected_version <= INTEGER_MAX:
        raise errors.Malformed("a version is 0 or more", field="expected_version")
    occurred_at = _instant(header.occurred_at, "occurred_at")
    if header.occurred_until is not None and _instant(header.occurred_until, "occurred_until") < occurred_at:
        raise errors.Malformed("ends before it begins", field="occurred_until")
    _require_marking(header)
    if header.type == "sealed.recorded":
        if len(header.releasable_to) != 1 or [s.name for s in header.sections] != ["inner"]:
            raise errors.Malformed("a sealed event is for one nation and has the one section `inner`", field="releasable_to")
    elif sorted(header.releasable_to) != ["FR", "GB"]:
        raise errors.Malformed(
            "an event not for both nations must be sealed",
            field="releasable_to",
            remedy="seal it to its nation (sealed.recorded)",
        )
    return occurred_at


def _instant(text: str, field: str) -> int:
    try:
        return entry.parse_instant(text)
    except errors.EntenteError as wrong:
        raise errors.Malformed("an instant is written 2015-08-27T03:12:00.000000Z", field=field) from wrong


def _require_marking(header: Header) -> None:
    marking = header.marking
    caveats = [c.upper() for c in marking.caveats]
    if marking.gb not in GB_MARKINGS or marking.fr not in FR_MARKINGS or any(c in NATIONAL_CAVEATS for c in caveats):
        raise errors.MarkingTooHigh(field="marking", remedy="record it in the national annex log")


def require_sections(header: Header, submitted: envelope.Submitted) -> None:
    """Every section the payload commits to is there, and is what it commits to; nothing else is."""
    committed = {s.name: s for s in header.sections}
    if len(header.sections) > SECTIONS_MAX or len(committed) != len(header.sections):
        raise errors.Malformed(f"at most {SECTIONS_MAX} sections, each name once", field="sections")
    if committed.keys() != submitted.sections.keys():
        raise errors.Malformed("the sections sent are not those the payload commits to", field="sections")
    for name, commitment in committed.items():
        sealed = submitted.sections[name]
        if len(sealed.ciphertext) != commitment.bytes or hashlib.sha256(sealed.ciphertext).hexdigest() != commitment.sha256:
            raise errors.Malformed("the ciphertext is not the one the payload commits to", field=f"sections.{name}")
        if not sealed.wraps or not sealed.wraps.keys() <= set(header.releasable_to):
            raise errors.Malformed("a section is wrapped to nations it is releasable to", field=f"sections.{name}.wraps")


def _verify_signatures(
    submitted: envelope.Submitted, event: Event, public_keys: PublicKeys, cache: envelope.BatchCache | None
) -> tuple[frozenset[str], frozenset[str]]:
    signatures = submitted.signatures
    if not 1 <= len(signatures) <= SIGNATURES_MAX or len({s.keyid for s in signatures}) != len(signatures):
        raise errors.Malformed(f"1 to {SIGNATURES_MAX} signatures, each key once", field="signatures")
    own = {key_id: public for key_id, code, public in named_publics(event) if code == "01"}
    signed, unverified = [], []
    for signature in signatures:
        public = own.get(signature.keyid) or public_keys(signature.keyid)
        if public is None:
            unverified.append(signature.keyid)
        else:
            envelope.verify_signature(submitted.payload_type, submitted.payload, signature, public, cache)
            signed.append(signature.keyid)
    return frozenset(signed), frozenset(unverified)


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
    state.keys.require_in_force(checked.event, checked.row, checked.signed_by, state.registry)  # 2. by position
    state.keys.require_step(checked.event, position)
    require_not_from_the_future(checked.occurred_at, state.registry, recorded_at)  # 3.
    before = state.stream(checked.header.stream)
    require_expected_version(checked.header, before)  # 4. no lost update
    life, out_of_order = require_step(checked.event, before, state)  # 5. administrative steps only; never a fact about people
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


def require_step(event: Event, before: StreamState, state: LedgerState) -> tuple[Life, bool]:
    """The life of the stream after this event, and whether it came out of order. Raises NotInThisState or NotAllowed."""
    header, data = event.header, event.data
    if isinstance(data, CorrectionRecorded):
        return _correct(event, state), False
    if isinstance(data, IncidentLinked):
        require_no_cycle(header.stream, data, state.statements)
    if isinstance(data, IncidentLinkWithdrawn):
        require_link(header.stream, state.by_id(data.withdraws))
    if header.type == "case.opened":
        _require_purpose(header, data.links, state)
    return step(before.life, event)


def _correct(event: Event, state: LedgerState) -> Life:
    """Only the originating nation corrects, on the target's stream, leaving a statement its type allows."""
    header, data = event.header, event.data
    statements = state.statements(header.stream)
    target = next((s for s in statements if s.event.header.id == data.target), None)
    if target is None:
        raise errors.NotInThisState("nothing of that id is on record in this stream", field="data.target")
    if state.registry.nation_of(target.event.header.authority) != state.registry.nation_of(header.authority):
        raise errors.NotAllowed(
            "only the nation that stated it corrects it", field="data.target", remedy="propose it (correction.proposed)"
        )
    after = [*statements, Statement(state.position + 1, 0, event)]
    try:
        corrections = Corrections(after)
        for statement in statements:
            amended = corrections.amend(statement).event
            if amended is not None and isinstance(amended.data, IncidentLinked):
                require_no_cycle(header.stream, amended.data, state.statements)
        return fold_life(after)
    except errors.Unfoldable as wrong:
        raise errors.NotInThisState(wrong.message, field="data.patch", remedy="name fields of the target's type") from wrong


def fold_life(statements: Iterable[Statement]) -> Life:
    """The life that the effective events of a stream make; steps that no longer follow leave it alone."""
    statements = list(statements)
    return either(fold(effective_events(statements)), fold(s.event for s in statements))


def _require_purpose(header: Header, links: tuple[str, ...], state: LedgerState) -> None:
    """Rescue is not evidence-gathering: a case is not tied to a rescue unless a recorded access event names the legal basis."""
    for linked in links:
        first = next(iter(state.statements(linked)), None)
        if first is None or first.event.header.regime != "GENERAL" or header.regime == "GENERAL":
            continue
        basis = state.by_id(header.causation_id) if header.causation_id else None
        if basis is None or basis.event.header.type != "access.combined":
            raise errors.NotAllowed(
                f"{linked} is a rescue, held under general data protection law",
                field="data.links",
                remedy="record access.combined with its legal basis and name it as causation_id",
            )
