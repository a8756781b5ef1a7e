"""A log held here as others fetch it: checkpoints, tiles of hashes and of entries, companions for one nation (a Source)."""

from __future__ import annotations

from collections.abc import Iterator

from ledger import errors, events
from ledger.evidence.source import FINAL, NEWEST
from ledger.formats import companions, tiles
from ledger.formats.companions import Companions
from ledger.formats.entry import split_entry
from ledger.formats.policy import Policy
from ledger.formats.tiles import ENTRIES, TILE_WIDTH, Tile
from ledger.store.cosignatures import Finality
from ledger.store.held import HeldLog

POSITIONS_AT_ONCE = 32


class Offering:
    """What is given of one held log; `nation` is whose sections go along, none where it is empty."""

    def __init__(self, held: HeldLog, policy: Policy, nation: str = "") -> None:
        self.held = held
        self.policy = policy
        self.nation = nation

    def checkpoint(self, which: str = NEWEST) -> bytes | None:
        """A signed note with its cosignatures: the newest, the newest final one, or the newest that a witness cosigned."""
        if which == NEWEST:
            return self.held.signed_checkpoint() if self.held.newest_checkpoint() is not None else None
        if which == FINAL:
            final = Finality(self.held, self.policy).newest_final()
            return self.held.signed_checkpoint(final.checkpoint.size) if final is not None else None
        witness = self.policy.witnesses.get(which)
        return self.held.newest_cosigned(witness.key.name) if witness is not None else None

    def tile(self, tile: Tile) -> bytes:
        """The content of a tile. Raises NotFound for one that the newest checkpoint does not have."""
        self._require(tile)
        if tile.level == ENTRIES:
            after = tile.index * TILE_WIDTH
            return tiles.format_bundle([entry for _, entry in self.held.entries(after, tile.width)])
        return tiles.tile_hashes(tile, self.held.tree.read_hashes)

    def companions(self, tile: Tile, after: int) -> Iterator[bytes]:
        """The companions of a tile of entries at positions beyond `after`, a line each. Raises NotFound before the first."""
        self._require(tile)
        first = max(after, tile.index * TILE_WIDTH)
        return self._lines(first, tile.index * TILE_WIDTH + tile.width)

    def _require(self, tile: Tile) -> None:
        newest = self.held.newest_checkpoint()
        size = newest[0] if newest is not None else 0
        if not 0 < tile.width <= tiles.width(tile.level, tile.index, size):
            raise errors.NotFound("there is no such tile", field="path")

    def _lines(self, after: int, upto: int) -> Iterator[bytes]:
        while after < upto:
            last = min(after + POSITIONS_AT_ONCE, upto)
            notes = dict(self.held.checkpoints_between(after, last))
            kept = self.held.sections_of(range(after + 1, last + 1)) if self.nation else {}
            releasable = {p: _releasable_to(entry) for p, entry in self.held.entries(after, last - after) if p in kept}
            for position in sorted({*notes, *kept}):
                sections = {
                    name: section
                    for name, section in kept.get(position, {}).items()
                    if self.nation in companions.recipients(name, releasable[position])
                }
                if sections or position in notes:
                    yield companions.format_line(Companions(position, notes.get(position, b""), sections))
            after = last


def _releasable_to(entry: bytes) -> tuple[str, ...]:
    return tuple(events.decode_header(split_entry(entry)[3]).releasable_to)
