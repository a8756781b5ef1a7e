"""What the sequencer asks of a store: one writer's transaction, from the head lock to the commit.

`postgres.py` and `sqlite.py` implement it on the drivers' own cursors, in as few round trips as each allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol


class Row(NamedTuple):
    """One row of `entries`."""

    position: int
    event_id: str
    stream: str
    version: int
    type: str
    entry: bytes

    @classmethod
    def read(cls, row: Sequence[Any]) -> Row:
        """A row as a driver returns it: psycopg2 gives a memoryview for bytes."""
        position, event_id, stream, version, name, entry = row
        return cls(position, event_id, stream, version, name, bytes(entry))


class Tile(NamedTuple):
    """One full tile of hashes: 8,192 bytes, and the root they lead to."""

    level: int
    tile_index: int
    hashes: bytes
    root: bytes


Placed = tuple[int, bytes]
"""A position and the entry there."""
Known = tuple[int, bytes, int]
"""A position, the entry there, and the size of the first checkpoint that covers it."""


@dataclass(slots=True)
class Begun:
    """What a writer knows once it holds the head lock.

    `head` is the last position, `clock` the store's clock in microseconds read under the lock, `known` what is recorded
    under the ids asked for, `streams` the entries of every stream asked for, in order (none where nothing is recorded).
    """

    head: int
    clock: int
    known: dict[str, Known] = field(default_factory=dict)
    streams: dict[str, list[Placed]] = field(default_factory=dict)


@dataclass(slots=True)
class Batch:
    """What one transaction adds: entries in order, what stands beside them, full tiles, and the checkpoint over it all."""

    rows: Sequence[Row]
    size: int
    note: bytes
    tiles: Sequence[Tile] = ()
    sections: Sequence[tuple[int, str, bytes]] = ()
    wraps: Sequence[tuple[int, str, str, bytes]] = ()


class Writer(Protocol):
    """One connection that writes. Not thread-safe: the sequencer's leader alone uses it. Raises the driver's errors."""

    def begin(self, event_ids: Sequence[str], streams: Sequence[str]) -> Begun:
        """Take the head lock, then read the head, the clock and what is asked for. Held until commit or abandon."""

    def entries_after(self, position: int, limit: int) -> list[Row]:
        """Rows after a position, in order, at most `limit`."""

    def stream(self, name: str) -> list[Placed]:
        """The entries of a stream, in order."""

    def by_id(self, event_id: str) -> Placed | None:
        """The entry recorded under an event id."""

    def commit(self, batch: Batch) -> None:
        """Write the batch and commit: when this returns, it is on disk. When it raises, nobody knows."""

    def confirm(self) -> None:
        """End a transaction that adds nothing: when this returns, what was recorded before it is as durable as a commit is."""

    def abandon(self) -> None:
        """Undo and let go of the lock. A connection that cannot do that any more is thrown away."""

    def close(self) -> None:
        """Close the connection; the next `begin` opens another."""
