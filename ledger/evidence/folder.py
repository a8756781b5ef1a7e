"""The files of an exported folder: that they are those of one export and can be read, before anything is verified in them.

An export of a log of some size has these and no other: `checkpoint`, `policy.txt`, its tiles of hashes and of entries;
`checkpoints/` for the newest final one and each witness's newest; where it was made for a mirror `companions/` beside entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import cast

import msgspec

from ledger import errors, events
from ledger.evidence.checks import Problem
from ledger.formats import companions, note, sealing, tiles
from ledger.formats.companions import Companions
from ledger.formats.entry import split_entry
from ledger.formats.merkle import HASH_BYTES
from ledger.formats.tiles import ENTRIES, TILE_WIDTH, Tile

CHECKPOINT, POLICY, CHECKPOINTS = "checkpoint", "policy.txt", "checkpoints"


def unreadable(folder: Path, size: int) -> list[Problem]:
    """What keeps a folder from being the export of a log of `size`: files missing, torn, of another length, or too many."""
    wanted = {tile.path: tile for tile in chain(tiles.entry_tiles(size), tiles.hash_tiles(size))}
    beside = {companions.path(tile) for tile in wanted.values() if tile.level == ENTRIES}
    problems = [(0, f"{POLICY} is missing")] if not (folder / POLICY).is_file() else []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_checkpoint = PurePosixPath(name).parent == PurePosixPath(CHECKPOINTS)
        if (
            path.is_file()
            and name not in wanted
            and name not in beside
            and name not in (CHECKPOINT, POLICY)
            and not is_checkpoint
        ):
            problems.append((0, f"{name} is no file of an export of {size} entries"))
    for name, tile in wanted.items():
        if wrong := _torn(folder, tile):
            problems.append((min(first_position(tile), size), f"{name} {wrong}"))
    for tile in tiles.entry_tiles(size):
        problems += _torn_companions(folder, tile)
    return problems


def first_position(tile: Tile) -> int:
    """The first position under a tile."""
    return (tile.index * TILE_WIDTH << tile.hashed_level) + 1


def _torn(folder: Path, tile: Tile) -> str:
    """What is wrong with a tile's file, or nothing."""
    path = folder / tile.path
    if not path.is_file():
        return "is missing"
    size = path.stat().st_size
    if tile.level != ENTRIES:
        return f"has {size} bytes, not {tile.width * HASH_BYTES}" if size != tile.width * HASH_BYTES else ""
    if size > tiles.BUNDLE_BYTES_MAX:
        return f"has {size} bytes, more than {tiles.BUNDLE_BYTES_MAX}"
    try:
        tiles.parse_bundle(path.read_bytes(), tile.width)
    except errors.BadEntry as wrong:
        return f"is torn: {wrong.message}"
    except OSError as wrong:
        return f"cannot be read: {wrong.strerror}"
    return ""


def _torn_companions(folder: Path, tile: Tile) -> list[Problem]:
    name, first = companions.path(tile), first_position(tile)
    before = first - 1
    try:
        for beside in read_companions(folder, tile):
            if not before < beside.position < first + tile.width:
                return [(first, f"{name} has a line of position {beside.position} after that of {before}")]
            before = beside.position
            if beside.checkpoint:
                note.parse_checkpoint(note.split_note(beside.checkpoint)[0])
    except errors.EntenteError as wrong:
        return [(before + 1, f"{name}, after position {before}: {wrong}")]
    return []


def has_companions(folder: Path, tile: Tile) -> bool:
    """Whether anything stands beside a tile of entries."""
    return (folder / companions.path(tile)).is_file()


def read_companions(folder: Path, tile: Tile) -> Iterator[Companions]:
    """What stands beside a tile of entries; nothing where there is no such file. Raises Malformed or TooLarge."""
    if not has_companions(folder, tile):
        return
    with (folder / companions.path(tile)).open("rb") as lines:
        while line := lines.readline(companions.LINE_BYTES_MAX + 1):
            if not line.endswith(b"\n"):
                raise errors.Malformed("the last line is torn")
            yield companions.parse_line(line)


def check_sections(folder: Path, tile: Tile, entries: list[bytes]) -> list[Problem]:
    """Every section that is there is one its entry commits to. One that is not there is for the mirror to miss."""
    return [
        (beside.position, what)
        for beside in read_companions(folder, tile)
        for what in _wrong_sections(entries[beside.position - first_position(tile)], beside)
    ]


def _wrong_sections(entry: bytes, beside: Companions) -> Iterator[str]:
    try:
        header = events.decode_header(split_entry(entry)[3])
    except errors.EntenteError:
        return  # the entry itself is said to be wrong
    committed = {section.name: section for section in header.sections}
    for name, section in beside.sections.items():
        if name not in committed:
            yield f"section {name} is not one that the entry commits to"
            continue
        try:
            sealing.require_committed(cast(sealing.Commitment, msgspec.to_builtins(committed[name])), section.ciphertext)
        except errors.BadSection as wrong:
            yield f"section {name}: {wrong}"
        for recipient in section.wraps.keys() - set(header.releasable_to):
            yield f"section {name} is wrapped to {recipient}, to whom it is not releasable"
