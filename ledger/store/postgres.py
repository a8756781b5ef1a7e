"""PostgreSQL, through psycopg2's cursor: two round trips an append.

The first takes the head lock and then, in a second statement and so under a snapshot taken after the lock was got (READ
COMMITTED), reads the head, the server's clock and what admission will ask for. The second writes and commits: for more than
a few entries as one hand-packed binary COPY whose query string goes on to the checkpoint and the COMMIT.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg2
from sqlalchemy.engine import Engine
from sqlalchemy.pool import PoolProxiedConnection

from ledger import errors
from ledger.store.recorder import ADVISORY_LOCK_SPACE
from ledger.store.writer import Batch, Begun, Placed, Row

HEAD_LOCK = 1
INSERT_ROWS_MAX = 3
"""Up to so many entries an INSERT is quicker than COPY."""

# The writer's session looks up keys and nothing else: no plan it needs ever reads a table from end to end, whatever the
# statistics say while the table is new.
SESSION = """
SET enable_seqscan TO off;
SET plan_cache_mode TO force_generic_plan;
SET idle_in_transaction_session_timeout TO '60s';
SET client_min_messages TO warning;
PREPARE entente_begin (text[], text[]) AS
SELECT 0, coalesce(max(position), 0), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, NULL::text, NULL::bytea
FROM entries
UNION ALL
SELECT 1, position, (SELECT min(size) FROM checkpoints WHERE size >= position), event_id, entry
FROM entries WHERE event_id = ANY ($1)
UNION ALL
SELECT 2, position, version, stream, entry FROM entries WHERE stream = ANY ($2)
"""
# Only a transaction that writes waits for a standby, and a message in the write-ahead log is the least there is to write.
CONFIRM = "SELECT pg_logical_emit_message(true, 'entente', ''); COMMIT"
BEGIN = f"BEGIN; SELECT pg_advisory_xact_lock({ADVISORY_LOCK_SPACE}, {HEAD_LOCK}); EXECUTE entente_begin (%s, %s)"

COPY_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_END = b"\xff\xff"


class PostgresWriter:
    """The writer of one process on PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pooled: PoolProxiedConnection | None = None
        self._connection: Any = None
        self._cursor: Any = None

    def begin(self, event_ids: Sequence[str], streams: Sequence[str]) -> Begun:
        """One round trip (see Writer.begin). A connection found dead before anything was sent is replaced once."""
        try:
            return self._begin(event_ids, streams)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            if self._connection is not None and not self._connection.closed:
                raise
            self.close()
            return self._begin(event_ids, streams)

    def _begin(self, event_ids: Sequence[str], streams: Sequence[str]) -> Begun:
        if self._connection is None:
            self._open()
        self._connection.notices.clear()
        self._cursor.execute(BEGIN, (list(event_ids), list(streams)))
        begun = Begun(0, 0)
        by_version: dict[str, list[tuple[int, int, bytes]]] = {}
        for what, position, number, name, entry in self._cursor.fetchall():
            if what == 0:
                begun.head, begun.clock = position, number
            elif what == 1:
                begun.known[name] = (position, bytes(entry), number)
            else:
                by_version.setdefault(name, []).append((number, position, bytes(entry)))
        for name in streams:
            begun.streams[name] = [(position, entry) for _, position, entry in sorted(by_version.get(name, ()))]
        return begun

    def _open(self) -> None:
        self._pooled = self._engine.raw_connection()  # kept for as long as it lives
        connection: Any = self._pooled.driver_connection
        connection.autocommit = True  # BEGIN and COMMIT travel with the statements, not in round trips of their own
        cursor = connection.cursor()
        cursor.execute(SESSION)
        self._connection, self._cursor = connection, cursor

    def entries_after(self, position: int, limit: int) -> list[Row]:
        """See Writer."""
        query = "SELECT position, event_id, stream, version, type, entry FROM entries WHERE position > %s ORDER BY 1 LIMIT %s"
        self._cursor.execute(query, (position, limit))
        return [Row.read(row) for row in self._cursor.fetchall()]

    def stream(self, name: str) -> list[Placed]:
        """See Writer."""
        self._cursor.execute("SELECT position, entry FROM entries WHERE stream = %s ORDER BY version", (name,))
        return [(position, bytes(entry)) for position, entry in self._cursor.fetchall()]

    def by_id(self, event_id: str) -> Placed | None:
        """See Writer."""
        self._cursor.execute("SELECT position, entry FROM entries WHERE event_id = %s", (event_id,))
        found = self._cursor.fetchone()
        return None if found is None else (found[0], bytes(found[1]))

    def commit(self, batch: Batch) -> None:
        """One round trip, and two more where sections come along."""
        if batch.sections:
            self._copy("sections (position, name, ciphertext)", (_packed(row, "qtb") for row in batch.sections))
            self._copy("wraps (position, name, recipient, wrap)", (_packed(row, "qttb") for row in batch.wraps))
        rest = [f"INSERT INTO checkpoints (size, note) VALUES ({batch.size}, {_bytea(batch.note)})"]
        if batch.tiles:
            values = (f"({t.level}, {t.tile_index}, {_bytea(t.hashes)}, {_bytea(t.root)})" for t in batch.tiles)
            rest.append(f"INSERT INTO tiles (level, tile_index, hashes, root) VALUES {', '.join(values)}")
        rest.append("COMMIT")
        if len(batch.rows) > INSERT_ROWS_MAX:
            self._copy(f"{ENTRIES}", map(_packed_entry, batch.rows), "; ".join(rest))
        else:
            self._insert(batch.rows, rest)
        self._require_awaited()

    def _insert(self, rows: Sequence[Row], rest: Sequence[str]) -> None:
        values = ", ".join(
            f"({row.position}, '{row.event_id}', '{row.stream}', {row.version}, '{row.type}', {_bytea(row.entry)})"
            for row in rows
            if _require_plain(row)
        )
        self._cursor.execute("; ".join([f"INSERT INTO {ENTRIES} VALUES {values}", *rest]))

    def confirm(self) -> None:
        """See Writer.confirm. What is on record here may yet have to reach the standby: a crash lets it be seen before that."""
        self._cursor.execute(CONFIRM)
        self._require_awaited()

    def _require_awaited(self) -> None:
        """Raise StoreFailed where the server warns: somebody cancelled the wait for the standby, and it calls that a commit."""
        if self._connection.notices:
            raise errors.StoreFailed(
                f"the store did not vouch for the commit: {self._connection.notices[0].strip().splitlines()[0]}",
                remedy="let commits wait for the standby; the same bytes sent again tell",
            )

    def _copy(self, into: str, packed: Iterable[bytes], then: str = "") -> None:
        body = io.BytesIO(b"".join([COPY_HEAD, *packed, COPY_END]))
        # The server goes on with what follows the COPY in the same query string once it has taken the last row.
        self._cursor.copy_expert(f"COPY {into} FROM STDIN (FORMAT binary); {then}", body, size=1 << 20)

    def abandon(self) -> None:
        """See Writer."""
        if self._connection is None:
            return
        try:
            self._cursor.execute("ROLLBACK")
        except psycopg2.Error:
            self.close()

    def close(self) -> None:
        """See Writer."""
        pooled, self._pooled, self._connection, self._cursor = self._pooled, None, None, None
        if pooled is not None:
            pooled.invalidate()  # closed, and not given to anybody else: its settings and prepared statements are a writer's


ENTRIES = "entries (position, event_id, stream, version, type, entry)"
_PACKED = {"q": struct.Struct(">iq"), "l": struct.Struct(">i")}
_ENTRY_HEAD = struct.Struct(">hiqi")
_ENTRY_MIDDLE = struct.Struct(">iqi")
_LENGTH = struct.Struct(">i").pack


def _packed_entry(row: Row) -> bytes:
    """One row of COPY's binary form: the number of fields, then each as its length and its bytes, big-endian."""
    event_id, stream, name, entry = row.event_id.encode(), row.stream.encode(), row.type.encode(), row.entry
    return b"".join(
        (
            _ENTRY_HEAD.pack(6, 8, row.position, len(event_id)),
            event_id,
            _LENGTH(len(stream)),
            stream,
            _ENTRY_MIDDLE.pack(8, row.version, len(name)),
            name,
            _LENGTH(len(entry)),
            entry,
        )
    )


def _packed(row: Sequence[Any], kinds: str) -> bytes:
    """A row of COPY's binary form by kinds: q bigint, t text, b bytea."""
    fields = [struct.pack(">h", len(kinds))]
    for value, kind in zip(row, kinds, strict=True):
        if kind == "q":
            fields.append(_PACKED["q"].pack(8, value))
        else:
            body = value.encode() if kind == "t" else value
            fields += [_LENGTH(len(body)), body]
    return b"".join(fields)


def _bytea(body: bytes) -> str:
    return f"'\\x{body.hex()}'"


def _require_plain(row: Row) -> bool:
    """Admission lets nothing into these fields that could end a quoted literal; were that to change, this must not follow."""
    for text in (row.event_id, row.stream, row.type):
        assert not {"'", "\\", "%"} & set(text), "an identifier has no quotes"
    return True
