"""Reading the log: entries in bulk, single ones, what stands beside them, and checkpoints. (Raw rows: audit.py.)

Positions count from 1, instants are microseconds since 1970 UTC. Database errors become Unavailable. Nothing here is
verified: a reader that must not trust the store re-hashes what it reads (projections, evidence).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.engine import Engine

from ledger import errors
from ledger.events.keys import KeyRing
from ledger.events.registry import Registry
from ledger.formats import note
from ledger.formats.entry import parse_instant, split_entry
from ledger.formats.sealing import SealedSection
from ledger.store import tables
from ledger.store.engines import DATABASE_ERRORS, answering, is_sqlite
from ledger.store.mapper import Recorded, event_of
from ledger.store.receipt import Receipt, receipt_of
from ledger.store.writer import Placed

PROBES = 31
"""Instants read in one round trip while searching for a position: 4 trips for a million entries."""

POSITIONS_AT_ONCE = 500

ENTRIES = tables.entries.c
_ROW = struct.Struct(">hiqi")


class LogReader:
    """Reads one ledger's tables through one engine. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def _all(self, query: Select[Any]) -> Sequence[Any]:
        with answering(), self.engine.connect() as connection:
            return connection.execute(query).all()

    def _first(self, query: Select[Any]) -> Any:
        with answering(), self.engine.connect() as connection:
            return connection.execute(query).first()

    # -- entries ---------------------------------------------------------------------------------------------------------

    def head(self) -> int:
        """The last position, which is the size of the log; 0 while it is empty."""
        return self._first(select(func.max(ENTRIES.position)))[0] or 0

    def entries(self, after: int, limit: int) -> list[Placed]:
        """(position, entry) from after + 1 on, in order, at most `limit` (COPY's binary form on PostgreSQL is quickest)."""
        with answering():
            pooled = self.engine.raw_connection()
            try:
                cursor: Any = pooled.cursor()
                if is_sqlite(self.engine):
                    query = "SELECT position, entry FROM entries WHERE position > ? ORDER BY position LIMIT ?"
                    found: list[Placed] = cursor.execute(query, (after, limit)).fetchall()
                    return found
                body = io.BytesIO()
                query = f"SELECT position, entry FROM entries WHERE position > {after:d} ORDER BY position LIMIT {limit:d}"
                cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", body)
                return _unpacked(body.getvalue())
            except DATABASE_ERRORS:
                pooled.invalidate()  # it may be dead, and nobody else is to find that out
                raise
            finally:
                pooled.close()

    def entry(self, position: int) -> bytes:
        """The exact bytes at a position. Raises NotFound."""
        row = self._first(select(ENTRIES.entry).where(ENTRIES.position == position))
        if row is None:
            raise errors.NotFound(f"there is no entry at position {position}", field="position")
        return bytes(row[0])

    def entries_at(self, positions: Sequence[int]) -> Iterator[Placed]:
        """(position, entry) of these positions, in their order."""
        for at in range(0, len(positions), POSITIONS_AT_ONCE):
            wanted = positions[at : at + POSITIONS_AT_ONCE]
            query = select(ENTRIES.position, ENTRIES.entry).where(ENTRIES.position.in_(wanted)).order_by(ENTRIES.position)
            yield from ((position, bytes(entry)) for position, entry in self._all(query))

    def stream_entries(self, stream: str) -> list[Placed]:
        """(position, entry) of one stream, in order of version."""
        query = select(ENTRIES.position, ENTRIES.entry).where(ENTRIES.stream == stream).order_by(ENTRIES.version)
        return [(position, bytes(entry)) for position, entry in self._all(query)]

    def stream(self, name: str) -> list[Recorded]:
        """What is recorded of a stream, in order."""
        query = select(tables.entries).where(ENTRIES.stream == name).order_by(ENTRIES.version)
        return [_recorded(row) for row in self._all(query)]

    def entry_by_event(self, event_id: str) -> Placed | None:
        """(position, entry) of an event id, or None; the first one where an operator put it there twice."""
        query = select(ENTRIES.position, ENTRIES.entry).where(ENTRIES.event_id == event_id).order_by(ENTRIES.position)
        row = self._first(query)
        return None if row is None else (row[0], bytes(row[1]))

    def by_id(self, event_id: str) -> Recorded:
        """What is recorded under an event id. Raises NotFound."""
        row = self._first(select(tables.entries).where(ENTRIES.event_id == event_id))
        if row is None:
            raise errors.NotFound(f"no event {event_id} is recorded here", field="event_id")
        return _recorded(row)

    def receipt(self, event_id: str) -> Receipt:
        """The receipt of a recorded event, the same as its author got. Raises NotFound."""
        covering = select(func.min(tables.checkpoints.c.size)).where(tables.checkpoints.c.size >= ENTRIES.position)
        query = select(ENTRIES.position, ENTRIES.entry, covering.scalar_subquery()).where(ENTRIES.event_id == event_id)
        row = self._first(query)
        if row is None:
            raise errors.NotFound(f"no event {event_id} is recorded here", field="event_id")
        return receipt_of(event_id, row[0], bytes(row[1]), row[2] or 0, lambda: self.standing_at(row[0])[0])

    def positions_of(self, is_wanted: Callable[[str], bool], upto: int) -> list[int]:
        """Positions up to one, of the types that are wanted, as the type column has them."""
        types = [name for (name,) in self._all(select(ENTRIES.type).distinct()) if is_wanted(name)]
        query = select(ENTRIES.position).where(ENTRIES.type.in_(types), ENTRIES.position <= upto).order_by(ENTRIES.position)
        return [position for (position,) in self._all(query)]

    def governing(self, upto: int) -> list[Placed]:
        """(position, entry) of everything that changes what may be signed after it, in order, up to a position."""
        query = select(ENTRIES.position, ENTRIES.entry).where(tables.is_governing, ENTRIES.position <= upto)
        return [(position, bytes(entry)) for position, entry in self._all(query.order_by(ENTRIES.position))]

    def granting(self, after: int) -> list[Placed]:
        """(position, entry) of every role and mandate given or ended after a position, in order."""
        query = select(ENTRIES.position, ENTRIES.entry).where(tables.is_granting, ENTRIES.position > after)
        return [(position, bytes(entry)) for position, entry in self._all(query.order_by(ENTRIES.position))]

    def adopted(self) -> list[tuple[str, int]]:
        """(digest of its file, size from which it governs) of every policy on record, in order."""
        query = select(ENTRIES.entry).where(tables.is_governing, ENTRIES.type == "policy.adopted").order_by(ENTRIES.position)
        found = []
        for (entry,) in self._all(query):
            with suppress(errors.EntenteError):  # what is wrong with it, verification says
                data = event_of(bytes(entry)).data
                found.append((data.sha256, data.from_size))
        return found

    def standing_at(self, position: int) -> tuple[KeyRing, Registry]:
        """Keys and registry as they stood behind a position, made again from the entries that govern them and nothing else."""
        keys, registry = KeyRing(), Registry()
        for at, entry in self.governing(position):
            event = event_of(entry)
            keys.apply(event, at)
            registry.apply(event, at)
        return keys, registry

    def names_at(self, position: int) -> dict[str, str]:
        """What authorities and places were registered as behind a position, by code."""
        of = ENTRIES.type.in_(("authority.registered", "place.registered"))
        query = select(ENTRIES.entry).where(tables.is_governing, of, ENTRIES.position <= position)
        said = (event_of(bytes(entry)).data for (entry,) in self._all(query.order_by(ENTRIES.position)))
        return {data.code: data.name for data in said}

    # -- time ------------------------------------------------------------------------------------------------------------

    def recorded_at(self, position: int) -> int:
        """When an entry was recorded. Raises NotFound."""
        return parse_instant(split_entry(self.entry(position))[0])

    def position_as_of(self, instant: int) -> int:
        """The last position recorded at or before an instant; 0 where there is none."""
        low, high = 0, self.head()  # recorded_at(low) <= instant, or low is 0; recorded_at(high + 1) > instant
        while low < high:
            step = max(1, (high - low) // (PROBES + 1))
            probes = [*range(low + step, high, step)][:PROBES]
            probes.append(high)
            query = select(ENTRIES.position, func.substr(ENTRIES.entry, 1, 96)).where(ENTRIES.position.in_(probes))
            for position, start in sorted(self._all(query)):
                if _instant_of(bytes(start)) > instant:
                    high = position - 1
                    break
                low = position
        return low

    # -- beside the log --------------------------------------------------------------------------------------------------

    def sections(self, position: int) -> dict[str, SealedSection]:
        """The sections kept beside an entry, by name, with their wraps by recipient; without those that were erased."""
        return self.sections_of([position]).get(position, {})

    def sections_of(self, positions: Sequence[int]) -> dict[int, dict[str, SealedSection]]:
        """The sections of several entries, by position and name."""
        found: dict[int, dict[str, SealedSection]] = {}
        wraps: dict[tuple[int, str], dict[str, bytes]] = {}
        for position, name, recipient, wrap in self._all(select(tables.wraps).where(tables.wraps.c.position.in_(positions))):
            wraps.setdefault((position, name), {})[recipient] = bytes(wrap)
        for position, name, ciphertext in self._all(select(tables.sections).where(tables.sections.c.position.in_(positions))):
            found.setdefault(position, {})[name] = SealedSection(bytes(ciphertext), wraps.get((position, name), {}))
        return found

    # -- checkpoints -----------------------------------------------------------------------------------------------------

    def newest_checkpoint(self) -> Placed | None:
        """(size, note) of the newest checkpoint, as the log signed it; None while the log is empty."""
        return self._checkpoint(select(tables.checkpoints).order_by(tables.checkpoints.c.size.desc()).limit(1))

    def checkpoint_upto(self, size: int) -> Placed | None:
        """(size, root) of the largest checkpoint not beyond a size, or None."""
        sizes = tables.checkpoints.c.size
        found = self._checkpoint(select(tables.checkpoints).where(sizes <= size).order_by(sizes.desc()).limit(1))
        if found is None:
            return None
        return found[0], note.parse_checkpoint(note.split_note(found[1])[0]).root

    def covering_checkpoint(self, position: int) -> Placed | None:
        """(size, note) of the first checkpoint that covers a position, or None."""
        sizes = tables.checkpoints.c.size
        return self._checkpoint(select(tables.checkpoints).where(sizes >= position).order_by(sizes).limit(1))

    def _checkpoint(self, query: Select[Any]) -> Placed | None:
        row = self._first(query)
        return None if row is None else (row[0], bytes(row[1]))

    def signed_checkpoint(self, size: int | None = None) -> bytes:
        """The note of a size (the newest by default) with every cosignature line kept for it. Raises NotFound."""
        row = self.newest_checkpoint() if size is None else self._checkpoint(
            select(tables.checkpoints).where(tables.checkpoints.c.size == size)
        )  # fmt: skip
        if row is None:
            raise errors.NotFound("there is no checkpoint" + ("" if size is None else f" of size {size}"), field="size")
        table = tables.cosignatures.c
        lines = [line for (line,) in self._all(select(table.line).where(table.size == row[0]).order_by(table.name))]
        return note.add_lines(row[1], [note.parse_signature_line(line) for line in lines]) if lines else row[1]


def _recorded(row: Any) -> Recorded:
    return Recorded(row.stream, row.version, row.type, bytes(row.entry), row.position)


def _instant_of(start: bytes) -> int:
    """The instant in the first lines of an entry: `entente.entry.v1`, then `recorded_at: …`."""
    line = start.split(b"\n", 2)[1]
    return parse_instant(line.removeprefix(b"recorded_at: ").decode("ascii", "replace"))


def _unpacked(body: bytes) -> list[Placed]:
    """(position, entry) from COPY's binary form: a head, then for each row two fields with their lengths, then -1."""
    at = 19 + int.from_bytes(body[15:19], "big")
    rows = []
    unpack = _ROW.unpack_from
    end = len(body) - 2
    while at < end:
        _, _, position, length = unpack(body, at)
        at += 18
        rows.append((position, body[at : at + length]))
        at += length
    return rows
