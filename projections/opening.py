"""From the bytes of an entry to a statement in one nation's reading: joint ones decoded, its own sealed ones opened.

A section is opened with the nation's own key and checked against what the signed payload commits to. The inner event of a
sealed one is verified under the key ring of its position: the sealer vouches for the outside, the service for the inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import msgspec

from ledger import errors, events
from ledger.events.correction import Statement
from ledger.events.keys import KeyRing
from ledger.formats import envelope, sealing
from ledger.formats.entry import parse_instant, split_entry

SEALED = "sealed.recorded"

Sections = Callable[[int], dict[str, sealing.SealedSection]]


class Opened(msgspec.Struct, frozen=True, gc=False):
    """An entry in this nation's reading. `statement` is None where the entry is sealed to the other nation, or `fault` says
    why its own could not be opened.
    """

    position: int
    stream: str
    recorded_at: int
    statement: Statement | None
    version: int = 0
    fault: str = ""
    sealed: bool = False


class Opener:
    """Opens entries for one nation."""

    def __init__(self, nation: str, key: sealing.SealingKey | None, sections: Sections) -> None:
        self.nation = nation
        self.key = key
        self.sections = sections
        self._instant = ("", 0)

    def open(self, position: int, entry: bytes, keys: KeyRing) -> Opened:
        """Decode one entry. Faults are returned, not raised: one bad event must not stop the rest."""
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
        try:
            inner = self._inner(position, events.decode(payload), keys)
        except errors.EntenteError as wrong:
            return Opened(position, stream, recorded_at, None, version, str(wrong), sealed=True)
        statement = Statement(position, recorded_at, inner, shared=False)
        return Opened(position, inner.header.stream, recorded_at, statement, version, sealed=True)

    def _inner(self, position: int, outer: events.Event, keys: KeyRing) -> events.Event:
        if self.key is None:
            raise errors.BadSection("the nation's sealing key is not at hand", field="sections.inner")
        section = self.sections(position).get("inner")
        if section is None:
            raise errors.BadSection("the section is not in this store", field="sections.inner")
        header = outer.header
        commitment = cast(sealing.Commitment, msgspec.to_builtins(header.sections[0]))
        plain = sealing.open_section(commitment, section, header.origin, header.id, self.nation, self.key)
        submitted = envelope.parse_item(plain)
        event = events.decode(submitted.payload)
        for signature in submitted.signatures:
            public = keys.public(signature.keyid)
            if public is None:
                raise errors.KeyNotInForce("the inner event's key is not registered", field="sections.inner")
            envelope.verify_signature(submitted.payload_type, submitted.payload, signature, public)
        if event.header.key_id not in {s.keyid for s in submitted.signatures}:
            raise errors.BadSignature("the inner event is not signed by the key it names", field="sections.inner")
        return event
