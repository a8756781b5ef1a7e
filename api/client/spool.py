"""The spool: what a service said, signed and on disk before it is sent, until the log's answer to it is final.

One SQLite file that only its owner reads. A row waits, is recorded, and is final; or it is parked with the reason it was
refused for, which holds up the rows of its stream behind it, and no others, until somebody resubmits or withdraws it. Once a
row is final its sealed content is overwritten; what stays is the receipt with what proves it, and the digest by which the same
statement is known again.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from ledger import errors
from ledger.formats import envelope
from ledger.formats.envelope import Submitted

State = Literal["waiting", "parked", "recorded", "final", "withdrawn"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS said (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    event_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    type TEXT NOT NULL,
    said_at INTEGER NOT NULL,
    digest BLOB NOT NULL,
    author_seq INTEGER,
    key_id TEXT NOT NULL,
    item BLOB,
    state TEXT NOT NULL DEFAULT 'waiting',
    problem BLOB,
    receipt BLOB,
    position INTEGER,
    size INTEGER,
    path BLOB
);
CREATE INDEX IF NOT EXISTS said_by_state ON said (state, number);
CREATE INDEX IF NOT EXISTS said_by_stream ON said (stream, number);
CREATE TABLE IF NOT EXISTS checkpoints (size INTEGER PRIMARY KEY, note BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS remembered (name TEXT PRIMARY KEY, value BLOB NOT NULL);
"""
_ROW = (
    "number, id, event_id, stream, type, said_at, digest, author_seq, key_id, "
    "item, state, problem, receipt, position, size, path"
)
_NEXT = f"""
SELECT {_ROW} FROM said WHERE number IN (
    SELECT MIN(number) FROM said WHERE state IN ('waiting', 'parked') GROUP BY stream
) AND state = 'waiting' ORDER BY number LIMIT ?
"""


class Row(NamedTuple):
    """One statement. `event_id` is that of the log's event (a sealed one's outside), `id` and `stream` the statement's own.

    `said_at` in microseconds; `digest` is what the statement is known by; `item` the wire item as JSON, gone once final;
    `problem` and `receipt` are JSON; `path` the audit path (32 bytes each) under the final checkpoint of `size`.
    """

    number: int
    id: str
    event_id: str
    stream: str
    type: str
    said_at: int
    digest: bytes
    author_seq: int | None
    key_id: str
    item: bytes | None
    state: State
    problem: bytes | None
    receipt: bytes | None
    position: int | None
    size: int | None
    path: bytes | None


class Said(NamedTuple):
    """What `Spool.keep` puts on disk: the statement's own id, stream and type, and the event that says it, signed."""

    id: str
    stream: str
    type: str
    said_at: int
    key_id: str
    submitted: Submitted
    author_seq: int | None = None


class Spool:
    """A spool in a file. Threads may share it; `lock` keeps a second sender out of it.

    Raises Unavailable where the file cannot be written, or is no spool.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._turn = threading.RLock()
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute("PRAGMA secure_delete=ON")
            self._connection.executescript(_SCHEMA)
            if self.remembered("secret") is None:
                self.remember("secret", secrets.token_bytes(32))
        except (OSError, sqlite3.Error) as wrong:
            raise errors.Unavailable(f"{path} cannot be used as a spool: {wrong}", field="spool") from None
        self._secret = self.remembered("secret") or b""

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only one who sends from this spool. Raises Unavailable where another process does."""
        with self.path.with_name(f"{self.path.name}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise errors.Unavailable(
                    f"another process sends from {self.path}", field="spool", remedy="a service has one spool of its own"
                ) from None
            yield

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done within is on disk when it ends, or none of it. Raises DiskFull or Unavailable."""
        with self._turn:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._connection.execute("COMMIT")
            except sqlite3.Error as wrong:
                self._roll_back()
                kind = errors.DiskFull if getattr(wrong, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL else errors.Unavailable
                raise kind(f"{self.path}: {wrong}", field="spool") from None
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")

    def _rows(self, where: str, values: Sequence[Any] = ()) -> list[Row]:
        with self._turn:
            return [Row(*row) for row in self._connection.execute(f"SELECT {_ROW} FROM said {where}", values)]

    # -- saying --------------------------------------------------------------------------------------------------------------

    def digest(self, statement: Mapping[str, Any]) -> bytes:
        """By what a statement is known again; it tells nothing to whoever has not this file."""
        return hmac.digest(self._secret, msgspec.json.encode(statement, order="sorted"), hashlib.sha256)

    def keep(self, said: Said, digest: bytes) -> None:
        """Put a statement on disk, within a transaction. What was refused under this id is replaced in its place."""
        item = msgspec.json.encode(envelope.format_item(said.submitted))
        event_id = msgspec.json.decode(said.submitted.payload)["id"]
        values = (event_id, said.stream, said.type, said.said_at, digest, said.author_seq, said.key_id, item)
        self._connection.execute(
            "INSERT INTO said (event_id, stream, type, said_at, digest, author_seq, key_id, item, id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET event_id = excluded.event_id, "
            "stream = excluded.stream, type = excluded.type, said_at = excluded.said_at, digest = excluded.digest, "
            "author_seq = excluded.author_seq, key_id = excluded.key_id, item = excluded.item, state = 'waiting', "
            "problem = NULL WHERE state IN ('parked', 'withdrawn')",
            (*values, said.id),
        )

    def next_number(self, key_id: str) -> int:
        """The next number in a key's own sequence, within a transaction: 1, 2, 3 …"""
        name = f"author_seq {key_id}"
        number = int(self.remembered(name) or b"0") + 1
        self.remember(name, str(number).encode())
        return number

    # -- sending -------------------------------------------------------------------------------------------------------------

    def next_to_send(self, limit: int) -> list[Row]:
        """The first that waits of each stream in which nothing is parked before it, in the order in which they were said."""
        with self._turn:
            return [Row(*row) for row in self._connection.execute(_NEXT, (limit,))]

    def recorded(self, row: Row, receipt: Mapping[str, Any]) -> None:
        """The log has it, within a transaction."""
        self._connection.execute(
            "UPDATE said SET state = 'recorded', receipt = ?, position = ?, problem = NULL "
            "WHERE number = ? AND state = 'waiting'",
            (msgspec.json.encode(receipt), receipt["position"], row.number),
        )

    def park(self, row: Row, problem: Mapping[str, Any]) -> None:
        """The log refused it, within a transaction."""
        self._connection.execute(
            "UPDATE said SET state = 'parked', problem = ? WHERE number = ? AND state = 'waiting'",
            (msgspec.json.encode(problem), row.number),
        )

    def replace(self, row: Row, key_id: str, submitted: Submitted) -> None:
        """The same statement signed anew, within a transaction; it waits again."""
        item = msgspec.json.encode(envelope.format_item(submitted))
        self._connection.execute(
            "UPDATE said SET item = ?, key_id = ?, state = 'waiting', problem = NULL "
            "WHERE number = ? AND state IN ('waiting', 'parked')",
            (item, key_id, row.number),
        )

    def finished(self, row: Row, size: int, path: Sequence[bytes]) -> None:
        """It is final under the checkpoint of a size, within a transaction: what was sealed in it is kept here no longer."""
        self._connection.execute(
            "UPDATE said SET state = 'final', item = NULL, size = ?, path = ? WHERE number = ? AND state = 'recorded'",
            (size, b"".join(path), row.number),
        )

    def resubmit(self, statement_id: str) -> bool:
        """Let what is parked wait again; false where nothing is parked under this id."""
        return self._change("UPDATE said SET state = 'waiting', problem = NULL WHERE id = ? AND state = 'parked'", statement_id)

    def withdraw(self, statement_id: str) -> bool:
        """Give up what is parked: it is never sent, and its number in the author's sequence stays empty for all to see."""
        return self._change("UPDATE said SET state = 'withdrawn', item = NULL WHERE id = ? AND state = 'parked'", statement_id)

    def _change(self, statement: str, statement_id: str) -> bool:
        with self.transaction():
            return self._connection.execute(statement, (statement_id,)).rowcount > 0

    # -- looking -------------------------------------------------------------------------------------------------------------

    def find(self, statement_id: str) -> Row | None:
        """What was said under an id, or None."""
        return next(iter(self._rows("WHERE id = ?", (statement_id,))), None)

    def in_state(self, state: State, limit: int = 1_000) -> list[Row]:
        """The first rows in a state, in the order in which they were said."""
        return self._rows("WHERE state = ? ORDER BY number LIMIT ?", (state, limit))

    def counts(self) -> dict[str, int]:
        """How many rows are in each state."""
        with self._turn:
            found = dict(self._connection.execute("SELECT state, COUNT(*) FROM said GROUP BY state").fetchall())
        return {state: int(found.get(state, 0)) for state in ("waiting", "parked", "recorded", "final", "withdrawn")}

    def types_said(self, begin: int, end: int) -> dict[str, int]:
        """How many statements of each type for both nations were said from one instant to before another, in microseconds."""
        with self._turn:
            rows = self._connection.execute(
                "SELECT type, COUNT(*) FROM said WHERE said_at >= ? AND said_at < ? AND author_seq IS NOT NULL GROUP BY type",
                (begin, end),
            )
            return {str(name): int(count) for name, count in rows}

    def oldest_waiting(self) -> int | None:
        """When the oldest that still waits was said, in microseconds."""
        with self._turn:
            found = self._connection.execute("SELECT MIN(said_at) FROM said WHERE state = 'waiting'").fetchone()[0]
        return None if found is None else int(found)

    def forget(self, before: int) -> None:
        """Forget what was said before an instant (microseconds) and is final or was withdrawn, and what it alone needed."""
        with self.transaction():
            self._connection.execute("DELETE FROM said WHERE state IN ('final', 'withdrawn') AND said_at < ?", (before,))
            self._connection.execute("DELETE FROM checkpoints WHERE size NOT IN (SELECT size FROM said WHERE size IS NOT NULL)")

    # -- what is remembered of the log ----------------------------------------------------------------------------------------

    def remembered(self, name: str) -> bytes | None:
        """A value kept under a name, or None."""
        with self._turn:
            found = self._connection.execute("SELECT value FROM remembered WHERE name = ?", (name,)).fetchone()
        return None if found is None else bytes(found[0])

    def remember(self, name: str, value: bytes) -> None:
        """Keep a value under a name."""
        with self._turn:
            self._connection.execute("INSERT OR REPLACE INTO remembered VALUES (?, ?)", (name, value))

    def keep_checkpoint(self, size: int, note: bytes) -> None:
        """Keep a final checkpoint, within a transaction."""
        self._connection.execute("INSERT OR IGNORE INTO checkpoints VALUES (?, ?)", (size, note))

    def checkpoint(self, size: int) -> bytes:
        """The checkpoint under which rows are final."""
        with self._turn:
            return bytes(self._connection.execute("SELECT note FROM checkpoints WHERE size = ?", (size,)).fetchone()[0])
