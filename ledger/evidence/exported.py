"""An exported folder of tiles, read as verification reads a store: what a stranger holds who was given only the files.

Sections and older checkpoints are not exported; what is checked is entries, signatures, key rules, lives, tiles, checkpoint and
co-signatures. The policy ought to come from elsewhere: with the one in the folder the verdict is only that it fits together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ledger import errors
from ledger.evidence.checks import Row, row_of
from ledger.formats import merkle, note, tiles
from ledger.formats.tiles import Tile

CHECKPOINT_BYTES_MAX = note.NOTE_BYTES_MAX


class ExportedLog:
    """One folder in the layout of tlog-tiles. Raises NotFound where it is none."""

    has_store = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        signed = self._read("checkpoint", CHECKPOINT_BYTES_MAX)
        text, lines = note.split_note(signed)
        self.checkpoint = note.parse_checkpoint(text)
        own = [line for line in lines if line.name == self.checkpoint.origin]
        self.note = note.format_note(text, own)
        self.cosigned = [line for line in lines if line.name != self.checkpoint.origin]
        self._streams: dict[str, list[int]] | None = None

    def _read(self, path: str, bytes_max: int) -> bytes:
        file = self.folder / path
        if not file.is_file():
            raise errors.NotFound(f"{path} is not in {self.folder}", remedy="name a folder made by entente export tiles")
        if file.stat().st_size > bytes_max:
            raise errors.TooLarge(f"{path} has more than {bytes_max} bytes")
        return file.read_bytes()

    def _bundle(self, index: int) -> list[bytes]:
        width = tiles.width(tiles.ENTRIES, index, self.checkpoint.size)
        tile = Tile(tiles.ENTRIES, index, width)
        return tiles.parse_bundle(self._read(tile.path, tiles.BUNDLE_BYTES_MAX), width)

    def rows(self, after: int, limit: int) -> Sequence[Row]:
        """Entries after a position, with the columns a store would have: they are what the entries say."""
        found: list[Row] = []
        position = after
        while position < self.checkpoint.size and len(found) < limit:
            index, offset = divmod(position, tiles.TILE_WIDTH)
            for entry in self._bundle(index)[offset:]:
                position += 1
                found.append(row_of(position, entry))
        return found[:limit]

    def checkpoint_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, bytes]]:
        """The one checkpoint there is."""
        size = self.checkpoint.size
        return [(size, self.note)] if after < size and (upto is None or size <= upto) else []

    def cosignature_rows(self) -> Sequence[tuple[int, str, str]]:
        """The lines under it."""
        return [(self.checkpoint.size, line.name, str(line)) for line in self.cosigned]

    def tile_rows(self) -> Iterator[tuple[int, int, bytes, bytes]]:
        """Full hash tiles; those that are not full are compared by `partial_tiles`."""
        for tile in tiles.hash_tiles(self.checkpoint.size):
            if tile.width == tiles.TILE_WIDTH:
                content = self._read(tile.path, tiles.TILE_WIDTH * 32)
                hashes = [content[i : i + 32] for i in range(0, len(content), 32)]
                yield tile.level, tile.index, content, merkle.root(hashes)

    def partial_tiles(self) -> dict[int, bytes]:
        """The last tile of each level, where it is not full."""
        partial = (tile for tile in tiles.hash_tiles(self.checkpoint.size) if tile.width < tiles.TILE_WIDTH)
        return {tile.level: self._read(tile.path, tiles.TILE_WIDTH * 32) for tile in partial}

    def section_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, str, bytes]]:
        """Sections are not exported."""
        return []

    def wrap_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, str, str, bytes]]:
        """Neither are their wrapped keys."""
        return []

    def stray_rows(self) -> Sequence[tuple[int, str]]:
        """A folder has no rows."""
        return []

    def stream_entries(self, stream: str) -> Sequence[tuple[int, bytes]]:
        """The entries of a stream; the folder is gone through once to know where they are."""
        if self._streams is None:
            self._streams = {}
            for row in self.rows(0, self.checkpoint.size):
                self._streams.setdefault(row[2], []).append(row[0])
        return [self._at(position) for position in self._streams.get(stream, ())]

    def _at(self, position: int) -> tuple[int, bytes]:
        index, offset = divmod(position - 1, tiles.TILE_WIDTH)
        return position, self._bundle(index)[offset]

    def entry_by_event(self, event_id: str) -> tuple[int, bytes] | None:
        """The entry of an event id, by looking through all of them: read only for links and cases."""
        found = (row for row in self.rows(0, self.checkpoint.size) if row[1] == event_id)
        row = next(found, None)
        return (row[0], row[5]) if row else None
