"""The Merkle tree as the store keeps it: full tiles as they fill, and proofs at any size from few reads.

A tile is 256 hashes of every eighth level (C2SP tlog-tiles). Full ones are rows of `tiles`, written in the transaction that
fills them; what a partial tile holds follows from the entries, or from the roots of the full tiles below it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.engine import Connection, Engine

from ledger import errors
from ledger.formats import merkle
from ledger.formats.tiles import TILE_HEIGHT, TILE_WIDTH
from ledger.store import tables
from ledger.store.engines import answering
from ledger.store.writer import Tile

HASH_BYTES = merkle.HASH_BYTES
TILES_CACHED_MAX = 512
"""About 33 kB each with the hashes inside."""

Key = tuple[int, int]


class Edge:
    """The right edge of the tree: its frontier, and at each level the hashes that do not fill a tile yet."""

    __slots__ = ("frontier", "tails")

    def __init__(self, frontier: merkle.Frontier, tails: list[list[bytes]]) -> None:
        self.frontier = frontier
        self.tails = tails

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self.frontier.size

    def copy(self) -> Edge:
        """An independent edge, for appends that may yet be rolled back."""
        return Edge(self.frontier.copy(), [tail[:] for tail in self.tails])

    def extend(self, leaf_hashes: Sequence[bytes]) -> list[Tile]:
        """Add leaves; returns the tiles that became full, lower levels first."""
        full: list[Tile] = []
        counts = [self.frontier.size >> TILE_HEIGHT * level for level in range(len(self.tails))]
        self.frontier.extend(leaf_hashes)
        self._extend(0, leaf_hashes, counts, full)
        return full

    def _extend(self, level: int, hashes: Sequence[bytes], counts: list[int], full: list[Tile]) -> None:
        if level == len(self.tails):
            self.tails.append([])
            counts.append(0)
        tail = self.tails[level]
        first = (counts[level] - len(tail)) // TILE_WIDTH
        tail.extend(hashes)
        roots = []
        while len(tail) >= TILE_WIDTH:
            some = tail[:TILE_WIDTH]
            del tail[:TILE_WIDTH]
            roots.append(merkle.root(some))
            full.append(Tile(level, first + len(roots) - 1, b"".join(some), roots[-1]))
        if roots:
            self._extend(level + 1, roots, counts, full)


def load_edge(connection: Connection, size: int) -> Edge:
    """The right edge of the stored tree at its head: at most 255 entries and 255 roots a level are read.

    Raises VerificationFailed where tiles or entries are missing. Whether the hashes are right is the checkpoint's to say.
    """
    tails: list[list[bytes]] = []
    peaks: list[bytes] = []
    level = 0
    while size >> TILE_HEIGHT * level:
        count = size >> TILE_HEIGHT * level
        tail = read_partial(connection, level, count // TILE_WIDTH, count % TILE_WIDTH)
        tails.append(tail)
        peaks = _peaks(tail) + peaks
        level += 1
    frontier = merkle.Frontier.from_bytes(size.to_bytes(8, "big") + b"".join(peaks))
    return Edge(frontier, tails)


def _peaks(hashes: list[bytes]) -> list[bytes]:
    """Roots of the complete subtrees that cover up to 255 hashes, widest first."""
    return [merkle.root(hashes[index << level : (index + 1) << level]) for level, index in merkle.subtrees(0, len(hashes))]


def read_partial(connection: Connection, level: int, tile_index: int, width: int, start: int = 0) -> list[bytes]:
    """Hashes `start` to `width` - 1 of a tile that is not stored. Raises VerificationFailed where what they need is missing."""
    first, last = tile_index * TILE_WIDTH + start, tile_index * TILE_WIDTH + width
    if first == last:
        return []
    if level == 0:
        position = tables.entries.c.position
        query = select(tables.entries.c.entry).where(position > first, position <= last).order_by(position)
        hashes = [merkle.hash_leaf(bytes(entry)) for entry in connection.execute(query).scalars()]
    else:
        table = tables.tiles.c
        below = (table.level == level - 1, table.tile_index >= first, table.tile_index < last)
        query = select(table.root).where(*below).order_by(table.tile_index)
        hashes = [bytes(root) for root in connection.execute(query).scalars()]
    if len(hashes) != last - first:
        raise errors.VerificationFailed(
            f"{last - first - len(hashes)} of the hashes {first} to {last - 1} at tile level {level} are missing",
            remedy="run `entente verify`",
        )
    return hashes


class _Hashes:
    """The hashes of one tile, and of the levels inside it once they are asked for; grows as a partial tile fills."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: list[list[bytes]] = [[] for _ in range(TILE_HEIGHT)]

    def at(self, height: int, index: int) -> bytes:
        """The hash over 2^height of the tile's hashes."""
        for below, row in zip(self.rows[:height], self.rows[1 : height + 1], strict=True):
            row.extend(merkle.hash_node(below[2 * i], below[2 * i + 1]) for i in range(len(row), len(below) // 2))
        return self.rows[height][index]

    def extend(self, hashes: Iterable[bytes]) -> None:
        """Add what comes next in the tile."""
        self.rows[0].extend(hashes)

    def __len__(self) -> int:
        return len(self.rows[0])


class TreeReader:
    """Reads hashes of complete subtrees for proofs, through a bounded cache of tiles. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._cache: OrderedDict[Key, _Hashes] = OrderedDict()
        self._lock = threading.Lock()

    def read_hashes(self, wanted: list[tuple[int, int]]) -> list[bytes]:
        """Hashes of complete subtrees (level, index): a `merkle.HashReader`. Raises VerificationFailed, Unavailable."""
        places = []
        widths: dict[Key, int] = {}
        for level, index in wanted:
            row, height = divmod(level, TILE_HEIGHT)
            tile_index, inside = divmod(index << height, TILE_WIDTH)
            key = (row, tile_index)
            widths[key] = max(widths.get(key, 0), inside + (1 << height))
            places.append((key, height, inside >> height))
        with self._lock:
            tiles = self._tiles(widths)
            return [tiles[key].at(height, inside) for key, height, inside in places]

    def _tiles(self, widths: dict[Key, int]) -> dict[Key, _Hashes]:
        """The tiles asked for, each at least so wide; read in one query where they are stored in full."""
        found = {key: self._cache.get(key) or _Hashes() for key in widths}
        short = [key for key, width in widths.items() if len(found[key]) < width]
        if short:
            with answering(), self._engine.connect() as connection:
                self._read(connection, short, widths, found)
        for key, hashes in found.items():
            self._cache[key] = hashes
            self._cache.move_to_end(key)
        while len(self._cache) > TILES_CACHED_MAX:
            self._cache.popitem(last=False)
        return found

    def _read(self, connection: Connection, short: list[Key], widths: dict[Key, int], found: dict[Key, _Hashes]) -> None:
        table = tables.tiles.c
        query = select(table.level, table.tile_index, table.hashes).where(tuple_(table.level, table.tile_index).in_(short))
        stored = {(level, tile_index): bytes(hashes) for level, tile_index, hashes in connection.execute(query)}
        for key in short:
            hashes = found[key]
            if key in stored:
                content = stored[key]
                hashes.extend(content[at : at + HASH_BYTES] for at in range(len(hashes) * HASH_BYTES, len(content), HASH_BYTES))
            else:
                hashes.extend(read_partial(connection, *key, widths[key], len(hashes)))
            if len(hashes) < widths[key]:
                raise errors.VerificationFailed(f"tile {key[1]} of level {key[0]} is torn", remedy="run `entente verify`")

    def learn(self, first_leaf_index: int, leaf_hashes: Sequence[bytes]) -> None:
        """Take committed leaf hashes into the cache, so that proving what was just appended reads nothing.

        While somebody else uses the cache nothing is learnt: what is missing is read when it is asked for.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            for index, leaf_hash in enumerate(leaf_hashes, first_leaf_index):
                tile_index, inside = divmod(index, TILE_WIDTH)
                if inside == 0:
                    self._cache[0, tile_index] = _Hashes()
                hashes = self._cache.get((0, tile_index))
                if hashes is not None and len(hashes) == inside:
                    hashes.rows[0].append(leaf_hash)
            while len(self._cache) > TILES_CACHED_MAX:
                self._cache.popitem(last=False)
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Drop the cache, after the store was found to be another than it was."""
        with self._lock:
            self._cache.clear()
