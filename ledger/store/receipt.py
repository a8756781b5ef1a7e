"""What the answer to an append says: where the event stands, and which checkpoint covers it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from ledger import events
from ledger.events.keys import KeyRing
from ledger.formats import merkle
from ledger.formats.entry import signer_ids, split_entry

Status = Literal["admissible", "recorded", "checkpointed", "final"]


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """An event's place in the log. `size` is that of the checkpoint signed in the transaction that recorded it.

    `is_new` is false where the same bytes were recorded before. A dry run's receipt is `admissible`: nothing was recorded,
    and position, version and instant are those it would have had. `relayed`: the key that the event names had ended, and its
    nation's authority signed in its place.
    """

    event_id: str
    position: int
    stream: str
    version: int
    recorded_at: str
    leaf_hash: bytes
    size: int
    status: Status = "checkpointed"
    is_new: bool = True
    relayed: bool = False

    @property
    def leaf_index(self) -> int:
        """Where the leaf stands in the tree, from 0."""
        return self.position - 1

    def as_dict(self) -> dict[str, Any]:
        """The receipt as it goes over the wire, without its proof."""
        return {
            "event_id": self.event_id,
            "position": self.position,
            "stream": self.stream,
            "version": self.version,
            "recorded_at": self.recorded_at,
            "leaf_hash": self.leaf_hash.hex(),
            "status": self.status,
            **({"relayed": True} if self.relayed else {}),
        }


def receipt_of(event_id: str, position: int, entry: bytes, size: int, keys: Callable[[], KeyRing]) -> Receipt:
    """The receipt of an entry on record: the same as the first time, whoever asks. `keys` gives the ring there, or later."""
    recorded_at, stream, version, _ = split_entry(entry)
    leaf_hash, relayed = merkle.hash_leaf(entry), is_relayed(position, entry, keys)
    return Receipt(event_id, position, stream, version, recorded_at, leaf_hash, size, is_new=False, relayed=relayed)


def is_relayed(position: int, entry: bytes, keys: Callable[[], KeyRing]) -> bool:
    """Whether an entry bears the mark `relayed` (events/keys.py). The keys are read only where others than its own signed."""
    signed_by = frozenset(signer_ids(entry))
    named = events.read_header(split_entry(entry)[3]).key_id
    return signed_by != {named} and keys().is_relayed(named, signed_by, position)
