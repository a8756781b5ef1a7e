"""From the bytes of an entry to a statement in one nation's reading: joint ones decoded, its own sealed ones opened.

A section is opened with the nation's own key and checked against what the signed payload commits to. Admission never saw the
inner event of a sealed one, so it is held here to what admission asks of a joint event (ledger/evidence/sealed.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import msgspec

from ledger import errors, events
from ledger.events.correction import Statement
from ledger.events.keys import KeyRing
from ledger.events.registry import Registry
from ledger.evidence.sealed import INNER, SEALED, decode_inner, require_sound
from ledger.formats import sealing
from ledger.formats.entry import parse_instant, split_entry

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
            inner, submitted = decode_inner(self._plaintext(position, outer))
            event_id = inner.header.id
            require_sound(inner, submitted, outer, keys, registry)
        except errors.Unavailable:
            raise
        except (errors.EntenteError, RecursionError) as wrong:
            return Opened(position, stream, recorded_at, None, version, str(wrong) or "too deep", True, event_id)
        statement = Statement(position, recorded_at, inner, shared=False)
        return Opened(position, inner.header.stream, recorded_at, statement, version, sealed=True, event=event_id)

    def _plaintext(self, position: int, outer: events.Event) -> bytes:
        """What the service handed to the sealer."""
        if self.key is None:
            raise errors.BadSection("the nation's sealing key is not at hand", field="sections.inner")
        section = self.sections(position).get(INNER)
        if section is None:
            raise errors.BadSection("the section is not in this store", field="sections.inner")
        header = outer.header
        commitment = cast(sealing.Commitment, msgspec.to_builtins(header.sections[0]))
        return sealing.open_section(commitment, section, header.origin, header.id, self.nation, self.key)
