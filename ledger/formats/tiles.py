"""Tiles (C2SP tlog-tiles): the log as static files, from which anybody makes any proof.

A tile is up to 256 consecutive hashes of every eighth level of the tree; a tile of entries holds the entries themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import msgspec

from ledger import errors
from ledger.formats import merkle
from ledger.formats.merkle import HASH_BYTES, HashReader

TILE_WIDTH = 256
TILE_HEIGHT = 8
LEVEL_MAX = 63
ENTRIES = -1
BUNDLE_BYTES_MAX = TILE_WIDTH * (2 + 65_535)

_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?").fullmatch


class Tile(msgspec.Struct, frozen=True, gc=False):
    """A tile by its level (ENTRIES for one of entries), its index from 0, and how many hashes or entries it has (1 to 256)."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where it is served: `tile/0/x001/067`, a partial one `tile/0/x001/067.p/112`."""
        groups = [f"{self.index % 1000:03d}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(groups)}{partial}"

    @property
    def hashed_level(self) -> int:
        """The level of the tree whose hashes the tile holds or, for entries, whose hashes its entries have."""
        return 0 if self.level == ENTRIES else self.level * TILE_HEIGHT


def parse_path(path: str) -> Tile:
    """Read a tile's path in its one spelling. Raises BadQuestion."""
    found = _PATH(path)
    if found:
        level = ENTRIES if found[1] == "entries" else int(found[1])
        index = int(found[2].replace("x", "").replace("/", ""))
        tile = Tile(level, index, int(found[3]) if found[3] else TILE_WIDTH)
        # Writing it again refuses leading groups of zeros and a `.p/256`.
        if tile.path == path and level <= LEVEL_MAX and tile.width <= TILE_WIDTH:
            return tile
    raise errors.BadQuestion("there is no tile of this path", field="path")


def width(level: int, index: int, size: int) -> int:
    """How many hashes the tile has in a tree of `size` leaves: 0 where it does not exist, 256 where it is full."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * max(level, 0)) - index * TILE_WIDTH))


def tiles_at(level: int, size: int, old_size: int = 0) -> Iterator[Tile]:
    """The tiles of one level of a tree of `size` leaves, left to right; only what that of `old_size` did not have."""
    hashes = size >> TILE_HEIGHT * max(level, 0)
    old = old_size >> TILE_HEIGHT * max(level, 0)
    if hashes == old:
        return
    for index in range(old // TILE_WIDTH, -(-hashes // TILE_WIDTH)):
        yield Tile(level, index, min(TILE_WIDTH, hashes - index * TILE_WIDTH))


def hash_tiles(size: int, old_size: int = 0) -> Iterator[Tile]:
    """Every hash tile of a tree of `size` leaves, level by level; of those only what the tree of `old_size` did not have."""
    level = 0
    while size >> TILE_HEIGHT * level:
        yield from tiles_at(level, size, old_size)
        level += 1


def entry_tiles(size: int, old_size: int = 0) -> Iterator[Tile]:
    """Every tile of entries of a log of `size` entries; of those only what the log of `old_size` did not have."""
    return tiles_at(ENTRIES, size, old_size)


# -- hashes -------------------------------------------------------------------------------------------------------------------


def tile_hashes(tile: Tile, read_hashes: HashReader) -> bytes:
    """The content of a hash tile, from whatever knows the tree."""
    first = tile.index * TILE_WIDTH
    return b"".join(read_hashes([(tile.hashed_level, first + i) for i in range(tile.width)]))


def hash_reader(read_tile: Callable[[Tile], bytes], size: int) -> HashReader:
    """A hash reader over the tiles of a tree of `size` leaves; each call reads a tile once.

    Where a tile is missing or of a wrong size it raises what `read_tile` raises, or BadProof. What is read is not verified:
    proofs made from it are, by whoever checks them.
    """

    def read(wanted: list[tuple[int, int]]) -> list[bytes]:
        found: dict[Tile, bytes] = {}
        hashes = []
        for level, index in wanted:
            row, height = divmod(level, TILE_HEIGHT)
            start = index << height
            at = start // TILE_WIDTH
            tile = Tile(row, at, width(row, at, size))
            if tile not in found:
                found[tile] = _read_checked(read_tile, tile)
            first = start % TILE_WIDTH
            hashes.append(_subtree(found[tile], first, 1 << height))
        return hashes

    return read


def _read_checked(read_tile: Callable[[Tile], bytes], tile: Tile) -> bytes:
    if not tile.width:
        raise errors.BadProof(f"the tree has no tile {tile.index} at level {tile.level}")
    content = read_tile(tile)
    if len(content) != tile.width * HASH_BYTES:
        raise errors.BadProof(f"{tile.path} has {len(content)} bytes, not {tile.width * HASH_BYTES}")
    return content


def _subtree(content: bytes, first: int, count: int) -> bytes:
    if (first + count) * HASH_BYTES > len(content):
        raise errors.BadProof("the subtree is not complete in this tree")
    return merkle.root([content[i * HASH_BYTES : (i + 1) * HASH_BYTES] for i in range(first, first + count)])


# -- entries ------------------------------------------------------------------------------------------------------------------


def format_bundle(entries: Sequence[bytes]) -> bytes:
    """The content of a tile of entries: each its uint16 length, then itself."""
    assert 1 <= len(entries) <= TILE_WIDTH, f"a bundle has 1 to {TILE_WIDTH} entries"
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def parse_bundle(content: bytes, width: int) -> list[bytes]:
    """The `width` entries of a tile of entries. Raises BadEntry where there are fewer, more, or a torn one."""
    entries: list[bytes] = []
    at = 0
    while at < len(content) and len(entries) < width:
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        if end > len(content):
            break
        entries.append(content[at + 2 : end])
        at = end
    if at != len(content) or len(entries) != width:
        raise errors.BadEntry(f"the bundle does not hold exactly {width} entries")
    return entries
