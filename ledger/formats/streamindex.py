"""The index of streams: a Merkle tree over every stream's last version and position, so that "these are all" can be proven.

One leaf a stream, sorted by the stream's name; the log commits to size and root once a day (`index.committed`). A stream's leaf
shows how many versions it has; two neighbouring leaves show that no stream stands between them. Absence needs no number of
leaves committed to beside the root: that one leaf is the next one's left neighbour shows in the turns of their two paths, and
those the root holds. docs/format.md, section 8.4.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from ledger import errors
from ledger.formats import merkle

BEHIND_ENTRIES_MAX = 65_536
"""How many entries may stand between the size an index speaks of and the entry that commits to it: what a checker remembers."""

_BLOCK_LEVEL = 10
_VERSION_BITS = 54


class Leaf(NamedTuple):
    """A stream's last version, and the position where it stands."""

    stream: str
    version: int
    position: int


def format_leaf(leaf: Leaf) -> bytes:
    """The bytes of a leaf: four lines."""
    return b"entente.stream.v1\nstream: %b\nversion: %d\nposition: %d\n" % (leaf.stream.encode("ascii"), *leaf[1:])


def hash_leaf(leaf: Leaf) -> bytes:
    """The hash of a leaf in the tree."""
    return merkle.hash_leaf(format_leaf(leaf))


def root(leaves: Iterable[Leaf]) -> bytes:
    """The root over leaves that are sorted by stream."""
    return merkle.root(map(hash_leaf, leaves))


class StreamIndex:
    """The streams of a log as its entries are taken in order, and the roots of their index at the sizes just past.

    The last BEHIND_ENTRIES_MAX entries can be undone, for an index is committed to some entries after the size it speaks of.
    From one root to the next only the leaves that changed are hashed, and the blocks of 1,024 leaves that they change or move.
    """

    def __init__(self) -> None:
        self.position = 0
        # A stream's mark is position << 54 | version: one object a stream, not three, and never the same twice.
        self._marks: dict[str, int] = {}
        self._recent: deque[tuple[int, str, int]] = deque(maxlen=BEHIND_ENTRIES_MAX)
        self._forget()

    def _forget(self) -> None:
        """Begin the tree anew: every stream is one that it does not hold yet."""
        self._size = 0
        self._changed = set(self._marks)
        self._names: list[str] = []
        self._hashes: list[bytes] = []
        self._blocks: list[bytes] = []

    def take(self, position: int, stream: str, version: int) -> None:
        """The next entry of the log."""
        self._recent.append((position, stream, self._marks.get(stream, 0)))
        self._marks[stream] = position << _VERSION_BITS | version
        self._changed.add(stream)
        self.position = position

    def leaves(self, size: int) -> list[Leaf]:
        """Every stream's leaf at a size, sorted. Raises BadProof for a size not reached yet, or more entries ago than kept."""
        marks = {**self._marks, **self._since(size)}
        return [_leaf(name, marks[name]) for name in sorted(marks) if marks[name]]

    def root(self, size: int) -> bytes:
        """The root of the index at a size. Raises BadProof as `leaves` does."""
        since = self._since(size)
        if size < self._size:
            self._forget()
        marks = ((name, since[name] if name in since else self._marks[name]) for name in sorted(self._changed))
        self._merge([(name, hash_leaf(_leaf(name, mark))) for name, mark in marks if mark])
        self._changed = set(since)
        self._size = size
        above = merkle.Frontier()
        above.extend(self._blocks)
        # A frontier over blocks is one over their leaves, ten levels down: the same hashes, the size times 1,024.
        done = len(self._blocks) << _BLOCK_LEVEL
        frontier = merkle.Frontier.from_bytes(done.to_bytes(8, "big") + above.to_bytes()[8:])
        frontier.extend(self._hashes[done:])
        return frontier.root()

    def _since(self, size: int) -> dict[str, int]:
        """What changed after a size: the marks that these streams had then, 0 for those that were not there."""
        if size > self.position:
            raise errors.BadProof(f"the index speaks of {size} entries, and there are {self.position} in front of it")
        if self.position - size > BEHIND_ENTRIES_MAX:
            raise errors.BadProof(
                f"the index speaks of {size} entries, too long past for entry {self.position + 1} to commit to"
            )
        then: dict[str, int] = {}
        for position, stream, before in reversed(self._recent):
            if position <= size:
                break
            then[stream] = before
        return then

    def _merge(self, changed: list[tuple[str, bytes]]) -> None:
        """Put leaf hashes, sorted by stream, in place of those they follow or between those they come between."""
        names: list[str] = []
        hashes: list[bytes] = []
        touched: set[int] = set()
        came: list[int] = []
        done = 0
        for name, leaf_hash in changed:
            at = bisect_left(self._names, name, done)
            names += self._names[done:at]
            hashes += self._hashes[done:at]
            done = at
            if at < len(self._names) and self._names[at] == name:
                done += 1
            else:
                came.append(len(names))
            touched.add(len(names) >> _BLOCK_LEVEL)
            names.append(name)
            hashes.append(leaf_hash)
        self._names, self._hashes = names + self._names[done:], hashes + self._hashes[done:]
        full = len(self._hashes) >> _BLOCK_LEVEL
        if came:  # and every leaf behind the first of them has moved
            touched.update(range(came[0] >> _BLOCK_LEVEL, full))
        for number in sorted(touched):
            if number < full:
                block = merkle.root(self._hashes[number << _BLOCK_LEVEL : (number + 1) << _BLOCK_LEVEL])
                self._blocks[number : number + 1] = [block]  # a new one is the next


def _leaf(stream: str, mark: int) -> Leaf:
    return Leaf(stream, mark & (1 << _VERSION_BITS) - 1, mark >> _VERSION_BITS)
