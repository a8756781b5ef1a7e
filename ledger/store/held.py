"""The log as a site holds it, to vouch for it: in an embedded home the ledger's own tables, elsewhere a copy of them.

A copy takes over entries as they stand, in order. What comes in has been hashed and led to a checkpoint by whoever calls
(evidence/mirror.py); here it is only written, with its full tiles, in one transaction that finds the copy at the size it was
thought to have.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Engine, func, insert, select, text
from sqlalchemy.engine import Connection

from ledger import errors
from ledger.formats import merkle, note
from ledger.store import tables
from ledger.store.cosignatures import Cosignatures
from ledger.store.engines import answering, is_sqlite, writing
from ledger.store.postgres import HEAD_LOCK
from ledger.store.reader import LogReader
from ledger.store.recorder import ADVISORY_LOCK_SPACE
from ledger.store.tree import Edge, TreeReader, load_edge
from ledger.store.writer import Row

Section = tuple[int, str, bytes]
Wrap = tuple[int, str, str, bytes]
Note = tuple[int, bytes]


class HeldLog(LogReader):
    """One held log. One process writes a copy at a time; another one's writing is noticed and taken up."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.tree = TreeReader(engine)
        self.cosignatures = Cosignatures(engine)
        self._edge: Edge | None = None

    @property
    def edge(self) -> Edge:
        """The right edge of the tree. Raises VerificationFailed where the store is damaged."""
        if self._edge is None or self._edge.size != self.head():
            with answering(), self.engine.connect() as connection:
                self._edge = load_edge(
                    connection, connection.execute(select(func.max(tables.entries.c.position))).scalar() or 0
                )
        return self._edge

    def root(self, size: int) -> bytes:
        """The root over the first `size` entries."""
        if size == 0:
            return merkle.EMPTY_ROOT
        return merkle.range_roots([(0, size)], self.tree.read_hashes)[0]

    def prove_consistency(self, old_size: int, size: int) -> list[bytes]:
        """The proof that the log at `old_size` is the beginning of that at `size`."""
        return merkle.prove_consistency(old_size, size, self.tree.read_hashes)

    def extend(
        self,
        leaf_hashes: Sequence[bytes],
        rows: Sequence[Row],
        sections: Sequence[Section],
        wraps: Sequence[Wrap],
        notes: Sequence[Note],
    ) -> None:
        """Take over what follows: entries with their leaf hashes, what stands beside them, checkpoints signed on the way.

        Raises Unavailable where another process was quicker or the store fails, VerificationFailed where an event id or a
        version of a stream stands twice: such a log has no place here.
        """
        edge = self.edge.copy()
        tiles = edge.extend(leaf_hashes)
        with answering(), writing(self.engine) as connection:
            self._lock_at(connection, edge.size - len(rows))
            self._require_new(connection, rows)
            connection.execute(insert(tables.entries), [row._asdict() for row in rows])
            for table, values in (
                (tables.sections, [dict(zip(("position", "name", "ciphertext"), row, strict=True)) for row in sections]),
                (tables.wraps, [dict(zip(("position", "name", "recipient", "wrap"), row, strict=True)) for row in wraps]),
                (tables.tiles, [tile._asdict() for tile in tiles]),
                (tables.checkpoints, [dict(zip(("size", "note"), row, strict=True)) for row in notes]),
            ):
                if values:
                    connection.execute(insert(table), values)
        self._edge = edge
        self.tree.learn(rows[0].position - 1, leaf_hashes)

    def add_sections(self, sections: Sequence[Section], wraps: Sequence[Wrap]) -> None:
        """Keep sections of entries that are held already, which came after them; what is there stays as it is."""
        with answering(), writing(self.engine) as connection:
            held = tables.sections.c
            query = select(held.position, held.name).where(held.position.in_([row[0] for row in sections]))
            there = {(position, name) for position, name in connection.execute(query)}
            for table, names, rows in (
                (tables.sections, ("position", "name", "ciphertext"), sections),
                (tables.wraps, ("position", "name", "recipient", "wrap"), wraps),
            ):
                values = [dict(zip(names, row, strict=True)) for row in rows if row[:2] not in there]
                if values:
                    connection.execute(insert(table), values)

    def _lock_at(self, connection: Connection, head: int) -> None:
        """Let nobody else append, and find the copy where it was thought to end."""
        if not is_sqlite(self.engine):
            connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK_SPACE}, {HEAD_LOCK})"))
        found = _head(connection)
        if found != head:
            self._edge = None
            raise errors.Unavailable(f"the copy has {found} entries now, not {head}: another process writes it")

    def _require_new(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Name the entry that repeats an event id or a version, instead of letting the constraint refuse them all."""
        table = tables.entries.c
        ids: dict[str, int] = {}
        versions: dict[tuple[str, int], int] = {}
        query = select(table.event_id, table.position).where(table.event_id.in_([row.event_id for row in rows]))
        ids.update((event_id, position) for event_id, position in connection.execute(query))
        streams = {row.stream for row in rows}
        latest = select(table.stream, func.max(table.version)).where(table.stream.in_(streams)).group_by(table.stream)
        heads = {row.stream: row[1] for row in connection.execute(latest)}
        for row in rows:
            first = ids.setdefault(row.event_id, row.position)
            if first != row.position:
                raise errors.VerificationFailed(
                    f"entry {row.position}: event {row.event_id} is on record already, at position {first}"
                )
            other = versions.setdefault((row.stream, row.version), row.position)
            if other != row.position or row.version <= heads.get(row.stream, 0):
                raise errors.VerificationFailed(f"entry {row.position}: version {row.version} of {row.stream} stands twice")

    def keep_checkpoint(self, size: int, signed: bytes) -> None:
        """Keep a checkpoint as the log signed it, where none of that size is kept."""
        with answering(), writing(self.engine) as connection:
            kept = select(tables.checkpoints.c.size).where(tables.checkpoints.c.size == size)
            if connection.execute(kept).first() is None:
                connection.execute(insert(tables.checkpoints).values(size=size, note=signed))

    def checkpoint_of(self, size: int) -> bytes | None:
        """The kept note of a size, or None."""
        found = self._checkpoint(select(tables.checkpoints).where(tables.checkpoints.c.size == size))
        return found[1] if found is not None else None

    def checkpoints_between(self, after: int, upto: int) -> list[Note]:
        """(size, note) with after < size <= upto, in order, as the log signed them."""
        sizes = tables.checkpoints.c.size
        query = select(tables.checkpoints).where(sizes > after, sizes <= upto).order_by(sizes)
        return [(size, bytes(signed)) for size, signed in self._all(query)]

    def add_cosignatures(self, size: int, lines: Sequence[note.SignatureLine]) -> None:
        """Keep cosignature lines with a checkpoint."""
        self.cosignatures.add(size, lines)

    def places_of(self, event_ids: Sequence[str]) -> dict[str, int]:
        """The first position of each of these event ids that is recorded."""
        table = tables.entries.c
        found = select(table.event_id, func.min(table.position)).where(table.event_id.in_(event_ids)).group_by(table.event_id)
        return {row.event_id: row[1] for row in self._all(found)}

    def streams_of(self, names: Collection[str]) -> dict[str, list[tuple[int, bytes]]]:
        """(position, entry) of each of these streams that has any, in order of version."""
        table = tables.entries.c
        found: dict[str, list[tuple[int, bytes]]] = {}
        if names:
            query = select(table.stream, table.position, table.entry).where(table.stream.in_(names))
            for stream, position, entry in self._all(query.order_by(table.stream, table.version)):
                found.setdefault(stream, []).append((position, bytes(entry)))
        return found

    def newest_cosigned(self, name: str) -> bytes | None:
        """The newest checkpoint with a line by this name, with all its lines, or None."""
        (size,) = self.cosignatures.newest_by([name])
        return self.signed_checkpoint(size) if size else None


def _head(connection: Connection) -> int:
    return connection.execute(select(func.max(tables.entries.c.position))).scalar() or 0
