"""Export of a log as static files laid out as C2SP tlog-tiles: any web server serves it, any conforming client reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from ledger import errors
from ledger.evidence.offering import Offering
from ledger.evidence.source import FINAL, checkpoint_path
from ledger.formats import companions, merkle, tiles
from ledger.formats.tiles import Tile


class Log(Protocol):
    """What an export reads."""

    def newest_checkpoint(self) -> tuple[int, bytes] | None:
        """(size, note)."""

    def signed_checkpoint(self, size: int) -> bytes:
        """The note of a size with every cosignature line kept for it."""

    def entries(self, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """(position, entry) from after + 1 on."""


def export_tiles(
    log: Log, folder: Path, policy: bytes, size: int | None = None, progress: Callable[[int, int], None] = lambda done, of: None
) -> int:
    """Write checkpoint, hash tiles, entry tiles and policy.txt into an empty folder; returns the size exported.

    The hashes are made from the entries as they are read, so that an export of a damaged store cannot look sound.
    `size` picks an older checkpoint. Raises NotFound or BadQuestion.
    """
    newest = log.newest_checkpoint()
    if newest is None:
        raise errors.NotFound("the log has no checkpoint yet")
    size = newest[0] if size is None else size
    if folder.exists() and any(folder.iterdir()):
        raise errors.BadQuestion(f"{folder} is not empty", field="DIR", remedy="name an empty or a new folder")
    levels: list[list[bytes]] = [[]]
    for tile in tiles.entry_tiles(size):
        after = tile.index * tiles.TILE_WIDTH
        entries = [entry for _, entry in log.entries(after, tile.width)]
        if len(entries) != tile.width:
            raise errors.VerificationFailed(f"entries {after + 1} to {after + tile.width} are not all there")
        _write(folder, tile, tiles.format_bundle(entries))
        levels[0] += [merkle.hash_leaf(entry) for entry in entries]
        _flush(folder, levels, 0)
        progress(after + tile.width, size)
    for level, hashes in enumerate(levels):
        if hashes:
            count = size >> tiles.TILE_HEIGHT * level
            _write(folder, Tile(level, count // tiles.TILE_WIDTH, len(hashes)), b"".join(hashes))
    (folder / "policy.txt").write_bytes(policy)
    (folder / "checkpoint").write_bytes(log.signed_checkpoint(size))
    return size


def export_companions(offering: Offering, folder: Path, size: int) -> None:
    """Write beside an export what one nation's mirror takes over with it: checkpoints on the way, and its sections."""
    for tile in tiles.entry_tiles(size):
        path = folder / companions.path(tile)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.writelines(offering.companions(tile, 0))


def export_checkpoints(offering: Offering, folder: Path) -> None:
    """Write the newest final checkpoint, and the newest that each witness cosigned: a mirror finds its own signatures there."""
    for which in (FINAL, *offering.policy.witnesses):
        signed = offering.checkpoint(which)
        if signed is not None:
            path = folder / checkpoint_path(which)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(signed)


def _flush(folder: Path, levels: list[list[bytes]], level: int) -> None:
    """Write every full tile at a level and pass its root on to the level above."""
    hashes = levels[level]
    if len(hashes) < tiles.TILE_WIDTH:
        return
    if len(levels) == level + 1:
        levels.append([])
    index = _index(levels, level)
    _write(folder, Tile(level, index), b"".join(hashes))
    levels[level + 1].append(merkle.root(hashes))
    levels[level] = []
    _flush(folder, levels, level + 1)


def _index(levels: list[list[bytes]], level: int) -> int:
    """How many full tiles of this level were written before: what the levels above hold so far."""
    return sum(len(hashes) << tiles.TILE_HEIGHT * (above - level - 1) for above, hashes in enumerate(levels) if above > level)


def _write(folder: Path, tile: Tile, content: bytes) -> None:
    path = folder / tile.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
