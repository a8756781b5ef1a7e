"""A stretch of a log on its way into a mirror: entries, checkpoints signed on the way, and the sections this nation holds.

Sections of the other nation alone are known by the hash in the entry and by nothing else; one that comes all the same is not
kept. A section that is missing or does not match is an alarm: the history stands without it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, cast

import msgspec

from ledger import errors, events
from ledger.evidence.checks import Problem, row_of
from ledger.evidence.source import Source
from ledger.formats import companions, merkle, sealing, tiles
from ledger.formats.companions import Companions
from ledger.formats.entry import split_entry
from ledger.formats.sealing import SealedSection
from ledger.formats.tiles import ENTRIES, TILE_WIDTH, Tile
from ledger.store.held import Note, Section, Wrap
from ledger.store.writer import Row

TILES_AT_ONCE = 8
COMPANION_BYTES_AT_ONCE = 33_554_432
WRAP_BYTES_MAX = 8_192
WRAPS_MAX = 16


class Fetched(NamedTuple):
    """Consecutive entries after a position and what came beside them; nothing of it is verified."""

    after: int
    entries: list[bytes]
    leaf_hashes: list[bytes]
    beside: dict[int, Companions]


class Stretch(NamedTuple):
    """The same as one nation keeps it: rows, sections and wraps, checkpoints signed on the way, and what is amiss."""

    rows: list[Row]
    sections: list[Section]
    wraps: list[Wrap]
    notes: list[Note]
    alarms: list[Problem]


def fetch(source: Source, after: int, size: int) -> Fetched:
    """The entries after a position of a log of `size`: some tiles of them. Raises Unavailable, also for what is no tile."""
    entries: list[bytes] = []
    beside: dict[int, Companions] = {}
    companion_bytes = 0
    try:
        for tile in _tiles(after, size):
            bundle = tiles.parse_bundle(source.tile(tile), tile.width)
            entries += bundle[max(0, after - tile.index * TILE_WIDTH) :]
            for line in source.companions(tile, after):
                found = companions.parse_line(line)
                beside[found.position] = found
                companion_bytes += len(line)
            if companion_bytes > COMPANION_BYTES_AT_ONCE:
                break
    except (errors.BadEntry, errors.Malformed) as wrong:
        raise errors.Unavailable(f"what is served is not a log's: {wrong}") from None
    return Fetched(after, entries, [merkle.hash_leaf(entry) for entry in entries], beside)


def keepable(fetched: Fetched, nation: str) -> Stretch:
    """What a nation's mirror keeps of entries that the log has signed. Raises VerificationFailed for one that is no entry."""
    stretch = Stretch([], [], [], [], [])
    for position, entry in enumerate(fetched.entries, fetched.after + 1):
        _take(stretch, position, entry, fetched.beside.get(position) or Companions(position), nation)
    return stretch


def _tiles(after: int, size: int) -> Sequence[Tile]:
    first = after // TILE_WIDTH
    last = min(first + TILES_AT_ONCE, -(-size // TILE_WIDTH))
    return [Tile(ENTRIES, index, tiles.width(ENTRIES, index, size)) for index in range(first, last)]


def _take(stretch: Stretch, position: int, entry: bytes, beside: Companions, nation: str) -> None:
    row = Row(*row_of(position, entry))
    if not row.version:
        raise errors.VerificationFailed(f"entry {position} cannot be read", remedy="keep the tile: the log signed it")
    stretch.rows.append(row)
    if beside.checkpoint:
        stretch.notes.append((position, beside.checkpoint))
    header = events.decode_header(split_entry(entry)[3])
    committed = {section.name: section for section in header.sections}
    for name, commitment in committed.items():
        section = beside.sections.get(name)
        if nation not in companions.recipients(name, header.releasable_to):
            if section is not None:
                stretch.alarms.append((position, f"section {name} is not for {nation} and was not kept"))
        else:
            _keep(stretch, position, cast(sealing.Commitment, msgspec.to_builtins(commitment)), section)
    for name in beside.sections.keys() - committed.keys():
        stretch.alarms.append((position, f"section {name} is not one that the entry commits to, and was not kept"))


def _keep(stretch: Stretch, position: int, commitment: sealing.Commitment, section: SealedSection | None) -> None:
    name = commitment["name"]
    if section is None:
        stretch.alarms.append((position, f"section {name} did not come with the entry"))
        return
    try:
        sealing.require_committed(commitment, section.ciphertext)
    except errors.BadSection as wrong:
        stretch.alarms.append((position, f"section {name} was not kept: {wrong.message}"))
        return
    stretch.sections.append((position, name, section.ciphertext))
    stretch.wraps.extend((position, name, recipient, wrap) for recipient, wrap in _sound(section.wraps).items())


def lacking(entry: bytes, nation: str, held: Collection[str]) -> list[sealing.Commitment]:
    """What an entry commits to that is for a nation and not among the names held."""
    header = events.decode_header(split_entry(entry)[3])
    of_ours = [section for section in header.sections if nation in companions.recipients(section.name, header.releasable_to)]
    return [cast(sealing.Commitment, msgspec.to_builtins(section)) for section in of_ours if section.name not in held]


def asked_again(source: Source, position: int, size: int) -> Companions:
    """What stands beside one entry of a log of `size`, as a source has it now. Raises Unavailable."""
    index = (position - 1) // TILE_WIDTH
    tile = Tile(ENTRIES, index, tiles.width(ENTRIES, index, size))
    try:
        for line in source.companions(tile, position - 1):
            found = companions.parse_line(line)
            if found.position >= position:
                return found if found.position == position else Companions(position)
    except errors.NotFound:
        pass
    except errors.Malformed as wrong:
        raise errors.Unavailable(f"what is served is not a log's: {wrong}") from None
    return Companions(position)


def came_late(position: int, wanted: Sequence[sealing.Commitment], beside: Companions) -> Stretch:
    """Those of the sections that are wanted which came now, and what is amiss with the others."""
    stretch = Stretch([], [], [], [], [])
    for commitment in wanted:
        _keep(stretch, position, commitment, beside.sections.get(commitment["name"]))
    return stretch


def _sound(wraps: Mapping[str, bytes]) -> dict[str, bytes]:
    return {recipient: wrap for recipient, wrap in sorted(wraps.items())[:WRAPS_MAX] if len(wrap) <= WRAP_BYTES_MAX}
