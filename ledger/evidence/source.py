"""Where a mirror gets a log from: checkpoints, tiles, and what stands beside entries. A folder here, a URL in remote.py.

A source is believed in nothing: what it gives is hashed and held against signatures by whoever asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from ledger import errors
from ledger.formats import companions, merkle, note, tiles
from ledger.formats.tiles import Tile

NEWEST, FINAL = "", "final"
TILES_CACHED_MAX = 64


def checkpoint_path(which: str) -> str:
    """`checkpoint` for the newest; `checkpoints/final`; `checkpoints/<witness of the policy>` for what that cosigned last."""
    return f"checkpoints/{which}" if which else "checkpoint"


class Source(Protocol):
    """One log as somebody serves it. Everything raises Unavailable where it cannot be had now."""

    def checkpoint(self, which: str = NEWEST) -> bytes | None:
        """A signed note with its cosignatures, or None where there is none of the kind asked for."""

    def tile(self, tile: Tile) -> bytes:
        """The content of a tile of hashes or of entries."""

    def companions(self, tile: Tile, after: int) -> Iterator[bytes]:
        """The lines of companions of a tile of entries; those of positions up to `after` may be left out."""


class FolderSource(Source):
    """A folder of files as `entente export tiles` writes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def checkpoint(self, which: str = NEWEST) -> bytes | None:
        path = self.folder / checkpoint_path(which)
        if which and not path.is_file():
            return None
        return self._read(checkpoint_path(which), note.NOTE_BYTES_MAX)

    def tile(self, tile: Tile) -> bytes:
        return self._read(tile.path, tiles.BUNDLE_BYTES_MAX)

    def companions(self, tile: Tile, after: int) -> Iterator[bytes]:
        path = self.folder / companions.path(tile)
        if not path.is_file():
            return
        with path.open("rb") as lines:
            while line := lines.readline(companions.LINE_BYTES_MAX + 1):
                yield line

    def _read(self, path: str, bytes_max: int) -> bytes:
        file = self.folder / path
        try:
            with file.open("rb") as opened:
                content = opened.read(bytes_max + 1)
        except OSError as wrong:
            raise errors.Unavailable(f"{file}: {(wrong.strerror or 'cannot be read').lower()}") from None
        if len(content) > bytes_max:
            raise errors.Unavailable(f"{file} has more than {bytes_max} bytes")
        return content


def hashes_of(source: Source, size: int) -> merkle.HashReader:
    """Reads hashes of the tree of `size` leaves from a source's tiles, the latest of which are remembered."""
    return tiles.hash_reader(_remembering(source.tile), size)


def _remembering(read: Callable[[Tile], bytes]) -> Callable[[Tile], bytes]:
    known: dict[Tile, bytes] = {}

    def remembered(tile: Tile) -> bytes:
        if tile not in known:
            if len(known) >= TILES_CACHED_MAX:
                del known[next(iter(known))]
            known[tile] = read(tile)
        return known[tile]

    return remembered
