"""SQLite, through the sqlite3 module's own cursor: WAL, synchronous=FULL, BEGIN IMMEDIATE.

The write lock of BEGIN IMMEDIATE is the head lock. Statements are few and fixed, so the driver's statement cache holds them.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.pool import PoolProxiedConnection

from ledger.store.writer import Batch, Begun, Placed, Row

ENTRY = "INSERT INTO entries (position, event_id, stream, version, type, entry) VALUES (?, ?, ?, ?, ?, ?)"
CHECKPOINT = "INSERT INTO checkpoints (size, note) VALUES (?, ?)"
TILE = "INSERT INTO tiles (level, tile_index, hashes, root) VALUES (?, ?, ?, ?)"
SECTION = "INSERT INTO sections (position, name, ciphertext) VALUES (?, ?, ?)"
WRAP = "INSERT INTO wraps (position, name, recipient, wrap) VALUES (?, ?, ?, ?)"
KNOWN = (
    "SELECT event_id, position, entry, (SELECT min(size) FROM checkpoints WHERE size >= position) FROM entries WHERE event_id"
)
STREAMS = "SELECT stream, position, entry FROM entries WHERE stream"
PARAMETERS_MAX = 500


class SQLiteWriter:
    """The writer of one process on SQLite."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pooled: PoolProxiedConnection | None = None
        self._connection: Any = None

    def begin(self, event_ids: Sequence[str], streams: Sequence[str]) -> Begun:
        """See Writer.begin. The clock is this machine's: the file is on it."""
        if self._connection is None:
            self._pooled = self._engine.raw_connection()
            self._connection = self._pooled.driver_connection
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        head = execute("SELECT max(position) FROM entries").fetchone()[0] or 0
        begun = Begun(head, time.time_ns() // 1000, streams={name: [] for name in streams})
        for event_id, position, entry, size in self._chosen(KNOWN, event_ids):
            begun.known[event_id] = (position, entry, size)
        for name, position, entry in self._chosen(STREAMS, streams, "ORDER BY stream, version"):
            begun.streams[name].append((position, entry))
        return begun

    def _chosen(self, select: str, names: Sequence[str], order: str = "") -> list[Any]:
        rows: list[Any] = []
        for start in range(0, len(names), PARAMETERS_MAX):
            some = names[start : start + PARAMETERS_MAX]
            if len(some) == 1:
                rows += self._connection.execute(f"{select} = ? {order}", some)
            else:
                rows += self._connection.execute(f"{select} IN ({', '.join('?' * len(some))}) {order}", some)
        return rows

    def entries_after(self, position: int, limit: int) -> list[Row]:
        """See Writer."""
        query = (
            "SELECT position, event_id, stream, version, type, entry FROM entries WHERE position > ? ORDER BY position LIMIT ?"
        )
        return [Row(*row) for row in self._connection.execute(query, (position, limit))]

    def stream(self, name: str) -> list[Placed]:
        """See Writer."""
        found = self._connection.execute("SELECT position, entry FROM entries WHERE stream = ? ORDER BY version", (name,))
        return list(found)

    def by_id(self, event_id: str) -> Placed | None:
        """See Writer."""
        found = self._connection.execute("SELECT position, entry FROM entries WHERE event_id = ?", (event_id,)).fetchone()
        return None if found is None else (found[0], found[1])

    def commit(self, batch: Batch) -> None:
        """See Writer.commit."""
        connection = self._connection
        if len(batch.rows) == 1:
            connection.execute(ENTRY, batch.rows[0])
        else:
            connection.executemany(ENTRY, batch.rows)
        if batch.sections:
            connection.executemany(SECTION, batch.sections)
            connection.executemany(WRAP, batch.wraps)
        if batch.tiles:
            connection.executemany(TILE, batch.tiles)
        connection.execute(CHECKPOINT, (batch.size, batch.note))
        connection.execute("COMMIT")

    def confirm(self) -> None:
        """See Writer.confirm: nobody else has to have it."""
        self.abandon()

    def abandon(self) -> None:
        """See Writer."""
        if self._connection is None:
            return
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self.close()

    def close(self) -> None:
        """See Writer."""
        pooled, self._pooled, self._connection = self._pooled, None, None
        if pooled is not None:
            pooled.invalidate()  # closed, and not given to anybody else
