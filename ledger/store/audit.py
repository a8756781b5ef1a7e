"""Every row of every table of the ledger, as it stands, for verification: nothing here trusts one column for another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import Any

from sqlalchemy import Engine, and_, select

from ledger.store.misfits import unnumbered
from ledger.store.tables import checkpoints, cosignatures, entries, sections, tiles, wraps
from ledger.store.writer import Row

ROWS_AT_ONCE = 1_000


class StoredRows:
    """Reads the tables of one ledger."""

    has_store = True

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def _all(self, statement: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(statement)]

    def rows(self, after: int, limit: int) -> Sequence[Row]:
        """Entries' rows after a position, in order."""
        e = entries.c
        statement = select(e.position, e.event_id, e.stream, e.version, e.type, e.entry)
        with self.engine.connect() as connection:
            found = connection.execute(statement.where(e.position > after).order_by(e.position).limit(limit))
            return list(starmap(Row, found))

    def checkpoint_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, bytes]]:
        """(size, note) with after < size <= upto, in order."""
        c = checkpoints.c
        found = self._all(select(c.size, c.note).where(_between(c.size, after, upto)).order_by(c.size))
        return [(size, bytes(note)) for size, note in found]

    def cosignature_rows(self) -> Sequence[tuple[int, str, str]]:
        """(size, name, line)."""
        c = cosignatures.c
        return self._all(select(c.size, c.name, c.line).order_by(c.size, c.name))

    def tile_rows(self) -> Iterator[tuple[int, int, bytes, bytes]]:
        """(level, tile index, hashes, root), streamed."""
        t = tiles.c
        statement = select(t.level, t.tile_index, t.hashes, t.root).order_by(t.level, t.tile_index)
        with self.engine.connect() as connection:
            for row in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(statement):
                yield tuple(row)

    def section_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, str, bytes]]:
        """(position, name, ciphertext)."""
        s = sections.c
        return self._all(select(s.position, s.name, s.ciphertext).where(_between(s.position, after, upto)))

    def wrap_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, str, str, bytes]]:
        """(position, name, recipient, wrap)."""
        w = wraps.c
        return self._all(select(w.position, w.name, w.recipient, w.wrap).where(_between(w.position, after, upto)))

    def stray_rows(self) -> Sequence[tuple[int, str]]:
        """(position, what) of rows that none of these readers asks for."""
        return unnumbered(self.engine)

    def stream_entries(self, stream: str) -> Sequence[tuple[int, bytes]]:
        """(position, entry) of a stream, in order of version."""
        e = entries.c
        found = self._all(select(e.position, e.entry).where(e.stream == stream).order_by(e.version))
        return [(position, bytes(entry)) for position, entry in found]

    def entry_by_event(self, event_id: str) -> tuple[int, bytes] | None:
        """(position, entry) of an event id."""
        e = entries.c
        found = self._all(select(e.position, e.entry).where(e.event_id == event_id))
        return (found[0][0], bytes(found[0][1])) if found else None


def _between(column: Any, after: int, upto: int | None) -> Any:
    return column > after if upto is None else and_(column > after, column <= upto)
