"""From the bytes of an entry to a statement in one nation's reading: joint ones decoded, its own sealed ones opened.

A section is opened with the nation's own key and checked against what the signed payload commits to. Admission never saw the
inner event of a sealed one, so it is held here to what admission asks of a joint event, under the key ring and the registry of
its position: the sealer vouches for the outside, the service for the inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import msgspec

from ledger import admission, errors, events
from ledger.events.base import Nation
from ledger.events.correction import Statement
from ledger.events.keys import KeyRing
from ledger.events.registry import Registry
from ledger.formats import envelope, sealing, strict
from ledger.formats.entry import parse_instant, split_entry

SEALED = "sealed.recorded"
# Families that govern the log for both nations: said in secret, they would change how one of them reads what is joint.
GOVERNING = tuple(
    f"{family}."
    for family in (
        "ledger",
        "key",
        "sealed",
        "authority",
        "place",
        "role",
        "rules",
        "ruleset",
        "policy",
        "hold",
        "head",
        "index",
    )
)

BOTH: tuple[Nation, ...] = ("FR", "GB")

Sections = Callable[[int], dict[str, sealing.SealedSection]]


class Opened(msgspec.Struct, frozen=True, gc=False):
    """An entry in this nation's reading. `statement` is None where the entry is sealed to the other nation, or `fault` says
    why its own could not be opened; `event` is then the inner event's id as far as it is known. `stream` is the entry's own.
    """

    position: int
    stream: str
    recorded_at: int
    statement: Statement | None
    version: int = 0
    fault: str = ""
    sealed: bool = False
    event: str = ""


class Opener:
    """Opens entries for one nation."""

    def __init__(self, nation: str, key: sealing.SealingKey | None, sections: Sections) -> None:
        self.nation = nation
        self.key = key
        self.sections = sections
        self._instant = ("", 0)

    def open(self, position: int, entry: bytes, keys: KeyRing, registry: Registry | None = None) -> Opened:
        """Decode one entry. Faults are returned, not raised: one bad event must not stop the rest. Raises Unavailable.

        With the registry (and the key ring) of its position a sealed statement is judged: whether its author might say it
        then. Without, it is read again after it was judged; keys may have ended since.
        """
        recorded_at_text, stream, version, payload = split_entry(entry)
        if recorded_at_text != self._instant[0]:  # entries of one commit share their instant
            self._instant = (recorded_at_text, parse_instant(recorded_at_text))
        recorded_at = self._instant[1]
        try:
            event = events.decode_recorded(payload)
        except errors.EntenteError as wrong:
            return Opened(position, stream, recorded_at, None, version, str(wrong))
        if event.header.type != SEALED:
            return Opened(position, stream, recorded_at, Statement(position, recorded_at, event), version)
        if event.data.nation != self.nation:
            return Opened(position, stream, recorded_at, None, version, sealed=True)
        event_id = ""
        try:
            outer = events.decode(payload)
            submitted = self._submitted(position, outer)
            inner = _decoded(submitted)
            event_id = inner.header.id
            self._require_sound(inner, submitted, outer, keys, registry)
        except errors.Unavailable:
            raise
        except (errors.EntenteError, RecursionError) as wrong:
            return Opened(position, stream, recorded_at, None, version, str(wrong) or "too deep", True, event_id)
        statement = Statement(position, recorded_at, inner, shared=False)
        return Opened(position, inner.header.stream, recorded_at, statement, version, sealed=True, event=event_id)

    def _submitted(self, position: int, outer: events.Event) -> envelope.Submitted:
        """What the service handed to the sealer."""
        if self.key is None:
            raise errors.BadSection("the nation's sealing key is not at hand", field="sections.inner")
        section = self.sections(position).get("inner")
        if section is None:
            raise errors.BadSection("the section is not in this store", field="sections.inner")
        header = outer.header
        commitment = cast(sealing.Commitment, msgspec.to_builtins(header.sections[0]))
        plain = sealing.open_section(commitment, section, header.origin, header.id, self.nation, self.key)
        return envelope.parse_item(plain)

    def _require_sound(
        self, inner: events.Event, submitted: envelope.Submitted, outer: events.Event, keys: KeyRing, registry: Registry | None
    ) -> None:
        """Hold an inner event to what admission asks of a joint one. Clause: domain.md section 2; formats.md section 8."""
        header = inner.header
        if header.type.startswith(GOVERNING):
            raise errors.NotAllowed(f"{header.type} is never said to one nation", field="type")
        if header.releasable_to != (self.nation,):
            raise errors.Malformed(f"a statement sealed to {self.nation} is releasable to it alone", field="releasable_to")
        if header.origin != outer.header.origin:
            raise errors.NotAllowed("the inner event is made out to another log", field="origin")
        if header.expected_version is not None:
            raise errors.Malformed("nobody holds a sealed statement to a version of its stream", field="expected_version")
        # Admission knows events for both nations and sealed ones; all else it asks of a header holds for this one too.
        admission.require_header(msgspec.structs.replace(header, releasable_to=BOTH))
        admission.require_sections(header, submitted)
        signed_by = _verified(submitted, keys)
        if registry is not None:
            keys.require_in_force(inner, events.event_type_of(header.type, header.schema), signed_by, registry)
            if not registry.is_of_nation(header.authority, self.nation):
                raise errors.NotAllowed(f"only {self.nation} seals what its own authorities state", field="authority")


def _decoded(submitted: envelope.Submitted) -> events.Event:
    if submitted.payload_type != envelope.EVENT_TYPE:
        raise errors.Malformed(f"payloadType must be {envelope.EVENT_TYPE}", field="payloadType")
    strict.check(submitted.payload)
    return events.decode(submitted.payload)


def _verified(submitted: envelope.Submitted, keys: KeyRing) -> frozenset[str]:
    """The key ids that signed: every signature must verify under a key that is registered."""
    signatures = submitted.signatures
    key_ids = frozenset(s.keyid for s in signatures)
    if not 1 <= len(signatures) <= admission.SIGNATURES_MAX or len(key_ids) != len(signatures):
        raise errors.Malformed(f"1 to {admission.SIGNATURES_MAX} signatures, each key once", field="signatures")
    for signature in signatures:
        public = keys.public(signature.keyid)
        if public is None:
            raise errors.KeyNotInForce("the inner event's key is not registered", field="sections.inner")
        envelope.verify_signature(submitted.payload_type, submitted.payload, signature, public)
    return key_ids
