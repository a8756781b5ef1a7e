"""An exported folder of tiles, read as verification reads a store: what a stranger holds who was given only the files.

What is checked is entries, signatures, key rules, lives, tiles, checkpoints and co-signatures; sections where the folder was
made for a mirror and has them. The policy ought to come from elsewhere: with the one in the folder the verdict is only that it
fits together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ledger import errors
from ledger.evidence import folder as files
from ledger.evidence.checks import Problem, Row, row_of
from ledger.evidence.source import FINAL
from ledger.formats import merkle, note, tiles
from ledger.formats.note import SignatureLine
from ledger.formats.policy import POLICY_BYTES_MAX, Policy, Verified
from ledger.formats.tiles import Tile
from ledger.store.mapper import event_of

CHECKPOINT_BYTES_MAX = note.NOTE_BYTES_MAX


class ExportedLog:
    """One folder in the layout of tlog-tiles. Raises NotFound where it is none, BadNote naming a checkpoint that is not one."""

    has_store = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.signed = self._read(files.CHECKPOINT, CHECKPOINT_BYTES_MAX)
        self.checkpoint, self.note, self.cosigned = _parted(self.signed, files.CHECKPOINT)
        self._streams: dict[str, list[int]] | None = None

    def _read(self, path: str, bytes_max: int) -> bytes:
        file = self.folder / path
        if not file.is_file():
            raise errors.NotFound(f"{path} is not in {self.folder}", remedy="name a folder made by entente export tiles")
        if file.stat().st_size > bytes_max:
            raise errors.TooLarge(f"{path} has more than {bytes_max} bytes")
        return file.read_bytes()

    def unreadable(self) -> list[Problem]:
        """What keeps this folder from being an export of its checkpoint's log; nothing else is checked then."""
        problems = files.unreadable(self.folder, self.checkpoint.size)
        for name, signed in self._others():
            try:
                _parted(signed, name)
            except errors.EntenteError as wrong:
                problems.append((0, str(wrong)))
        return problems

    def _others(self) -> list[tuple[str, bytes]]:
        """(name, note) of the older checkpoints that stand in the folder by name."""
        paths = sorted(path for path in (self.folder / files.CHECKPOINTS).glob("*") if path.is_file())
        names = [f"{files.CHECKPOINTS}/{path.name}" for path in paths]
        return [(name, self._read(name, CHECKPOINT_BYTES_MAX)) for name in names]

    # -- what verification reads of any log ----------------------------------------------------------------------------------

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
        """The folder's own checkpoint, and those that stand beside entries."""
        size = self.checkpoint.size
        last = size if upto is None else min(upto, size)
        found = {size: self.note} if after < size <= last else {}
        for index in range(after // tiles.TILE_WIDTH, -(-last // tiles.TILE_WIDTH)):
            tile = Tile(tiles.ENTRIES, index, tiles.width(tiles.ENTRIES, index, size))
            beside = (line for line in files.read_companions(self.folder, tile) if after < line.position <= last)
            found |= {line.position: line.checkpoint for line in beside if line.checkpoint and line.position != size}
        return sorted(found.items())

    def cosignature_rows(self) -> Sequence[tuple[int, str, str]]:
        """The lines under the folder's own checkpoint."""
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
        """Of sections it is not asked that all are there: `beside` checks those that are."""
        return []

    def wrap_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, str, str, bytes]]:
        """Nor of their wrapped keys."""
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

    # -- what only a folder has ------------------------------------------------------------------------------------------------

    def beside(self, policy: Policy, given: bytes) -> list[Problem]:
        """What is wrong with the rest of the folder, under the policy whose file was `given`: its own policy, that it is not
        final, the checkpoints that stand there by name, sections beside entries.
        """
        problems = self._policy(given) + self._final(policy)
        tree = tiles.hash_reader(lambda tile: self._read(tile.path, tiles.TILE_WIDTH * 32), self.checkpoint.size)
        for name, signed in self._others():
            problems += self._other(name, signed, policy, tree)
        for tile in tiles.entry_tiles(self.checkpoint.size):
            if files.has_companions(self.folder, tile):
                problems += files.check_sections(self.folder, tile, self._bundle(tile.index))
        return problems

    def _policy(self, given: bytes) -> list[Problem]:
        """The folder's own policy is the one given, or one that the log says both nations adopted."""
        own = self._read(files.POLICY, POLICY_BYTES_MAX)
        if own == given or hashlib.sha256(own).hexdigest() in self._adopted():
            return []
        return [(0, f"{files.POLICY} is neither the policy given nor one that the log says both nations adopted")]

    def _adopted(self) -> set[str]:
        """The digests of the policies that the log says both nations adopted; an unreadable entry is told elsewhere."""
        found = set()
        for tile in tiles.entry_tiles(self.checkpoint.size):
            for row in self.rows(tile.index * tiles.TILE_WIDTH, tile.width):
                with suppress(errors.EntenteError):
                    if row[4] == "policy.adopted":
                        found.add(event_of(row[5]).data.sha256)
        return found

    def _final(self, policy: Policy) -> list[Problem]:
        """A folder is handed over as a proof: what not all have cosigned proves nobody's word but the log's."""
        try:
            verified = policy.at(self.checkpoint.size).verify(self.signed)
        except errors.BadNote:
            return []  # said where checkpoint and lines are checked
        if verified.final:
            return []
        who = ", ".join(sorted(_missing(policy.at(self.checkpoint.size), verified)))
        return [(self.checkpoint.size, f"not final under this policy: no cosignature by {who}")]

    def _other(self, name: str, signed: bytes, policy: Policy, tree: merkle.HashReader) -> list[Problem]:
        """A checkpoint of the same log, by whom its name says, with no line by anybody else than the policy knows."""
        checkpoint, _, lines = _parted(signed, name)
        size = checkpoint.size
        if not 0 < size <= self.checkpoint.size:
            return [(self.checkpoint.size, f"{name} is of size {size}, beyond this folder's log")]
        if size == self.checkpoint.size and signed != self.signed:
            return [(size, f"{name} and {files.CHECKPOINT} are of one size and differ")]
        try:
            verified = policy.at(size).verify(signed)
        except errors.BadNote as wrong:
            return [(size, f"{name}: {wrong}")]
        if merkle.range_roots([(0, size)], tree)[0] != checkpoint.root:
            return [(size, f"{name} has another root than the entries up to {size}")]
        which = name.rpartition("/")[2]
        if (which == FINAL and not verified.final) or (which != FINAL and which not in verified.cosigned):
            return [(size, f"{name} is not cosigned as its name says")]
        if len(verified.cosigned) != len(lines):
            return [(size, f"{name} has a line by nobody whom the policy knows")]
        return []


def _missing(policy: Policy, verified: Verified) -> list[str]:
    return [party for party in policy.parties() if not policy.has_witnessed(party, verified.cosigned)]


def _parted(signed: bytes, name: str) -> tuple[note.Checkpoint, bytes, list[SignatureLine]]:
    """(checkpoint, the note as the log signed it, everybody else's lines). Raises BadNote naming the file."""
    try:
        text, lines = note.split_note(signed)
        checkpoint = note.parse_checkpoint(text)
        if len(set(map(str, lines))) != len(lines):
            raise errors.BadNote("a signature line stands there twice")
    except errors.BadNote as wrong:
        raise errors.BadNote(wrong.message, field=name) from None
    own = [line for line in lines if line.name == checkpoint.origin]
    return checkpoint, note.format_note(text, own), [line for line in lines if line.name != checkpoint.origin]
