"""Between stored bytes and what `eventsourcing` calls a domain event: the exact entry, under a fixed type name.

The library's own mapper turns a topic found in the database into an import and a pickle-like state into an object. Ours
imports nothing and changes nothing: a topic is a name in our catalogue, a state is the entry as it was signed and recorded.
"""

from __future__ import annotations

from typing import Any

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Cipher, Compressor, Mapper, Notification, StoredEvent, Transcoder

from ledger import errors
from ledger.events import decode_data, decode_header
from ledger.events.base import Event
from ledger.events.correction import Statement
from ledger.formats import entry as entry_format
from ledger.formats.envelope import Submitted


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An entry on record. `position` is 0 where it was read without one. Satisfies the library's DomainEventProtocol."""

    originator_id: str
    originator_version: int
    type: str
    entry: bytes
    position: int = 0

    @property
    def event(self) -> Event:
        """The signed event, decoded. Raises BadEntry or Malformed where the stored bytes are not one."""
        return event_of(self.entry)

    @property
    def statement(self) -> Statement:
        """The event with its place in the log, as corrections and lives are folded from."""
        return statement_of(self.position, self.entry)


class ToRecord(msgspec.Struct, frozen=True, gc=False):
    """A signed submission as `Ledger.save` takes it: it is to become this version of this stream."""

    originator_id: str
    originator_version: int
    submitted: Submitted


def event_of(entry: bytes) -> Event:
    """The event inside an entry, decoded into its typed form."""
    payload = entry_format.split_entry(entry)[3]
    header = decode_header(payload)
    return Event(header, decode_data(header))


def statement_of(position: int, entry: bytes) -> Statement:
    """The statement an entry makes at a position. A sealed event's content is not shared with both nations."""
    recorded_at, _, _, payload = entry_format.split_entry(entry)
    header = decode_header(payload)
    return Statement(position, entry_format.parse_instant(recorded_at), Event(header, decode_data(header)))


class EntryMapper(Mapper[str]):
    """Maps entries as they are. Refuses ciphers and compressors: what is stored is what was hashed."""

    def __init__(self, transcoder: Transcoder, compressor: Compressor | None = None, cipher: Cipher | None = None) -> None:
        super().__init__(transcoder, compressor, cipher)
        if compressor is not None or cipher is not None:
            raise errors.UnsafeSetting("entries are stored as they were hashed", field="COMPRESSOR_TOPIC, CIPHER_TOPIC")

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """A recorded entry as it is stored; a `ToRecord` has no entry before the sequencer has admitted it."""
        assert isinstance(domain_event, Recorded), "only what is recorded has an entry"
        event: Any = domain_event
        return StoredEvent(event.originator_id, event.originator_version, event.type, event.entry)

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """The entry under its type name; nothing is imported, and bytes are decoded only when `event` is asked for."""
        position = stored_event.id if isinstance(stored_event, Notification) else 0
        return Recorded(
            str(stored_event.originator_id), stored_event.originator_version, stored_event.topic, stored_event.state, position
        )
