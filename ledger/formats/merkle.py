"""The Merkle tree of RFC 6962 section 2.1 (the same as RFC 9162), over SHA-256: roots, inclusion and consistency proofs.

A hash reader maps complete subtrees (level, index) to their hashes: level 0 are the leaves, and (level, index) covers leaves
index·2^level up to (index + 1)·2^level. Proofs are made from any reader, so from tiles, a table or a list alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from ledger import errors

HashReader = Callable[[list[tuple[int, int]]], list[bytes]]

EMPTY_ROOT = sha256(b"").digest()
HASH_BYTES = 32


def hash_leaf(entry: bytes) -> bytes:
    """The 32-byte hash of a leaf."""
    return sha256(b"\x00" + entry).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """The 32-byte hash of a node over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root of the tree over these leaf hashes, EMPTY_ROOT where there are none."""
    frontier = Frontier()
    frontier.extend(leaf_hashes)
    return frontier.root()


class Frontier:
    """The right edge of a growing tree: the roots of its complete subtrees, widest first, one for each bit set in its size.

    It is all that is needed to append and to know the root: at most 64 hashes however large the log is.
    """

    __slots__ = ("_roots", "_size")

    def __init__(self) -> None:
        self._size = 0
        self._roots: list[bytes] = []

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf; on average one node is hashed."""
        roots = self._roots
        size = self._size
        self._size = size + 1
        while size & 1:
            leaf_hash = sha256(b"\x01" + roots.pop() + leaf_hash).digest()
            size >>= 1
        roots.append(leaf_hash)

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Add leaves in order."""
        roots = self._roots
        size = self._size
        for leaf_hash in leaf_hashes:
            rest = size
            while rest & 1:
                leaf_hash = sha256(b"\x01" + roots.pop() + leaf_hash).digest()
                rest >>= 1
            roots.append(leaf_hash)
            size += 1
        self._size = size

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        if not self._roots:
            return EMPTY_ROOT
        result = self._roots[-1]
        for left in self._roots[-2::-1]:
            result = sha256(b"\x01" + left + result).digest()
        return result

    def copy(self) -> Frontier:
        """An independent frontier of the same tree, for appends that may yet be rolled back."""
        twin = Frontier()
        twin._size = self._size
        twin._roots = self._roots[:]
        return twin

    def to_bytes(self) -> bytes:
        """uint64 size, then the hashes."""
        return self._size.to_bytes(8, "big") + b"".join(self._roots)

    @classmethod
    def from_bytes(cls, stored: bytes) -> Frontier:
        """Read what `to_bytes` wrote. Raises BadProof where the number of hashes is not that of the size."""
        size = int.from_bytes(stored[:8], "big")
        if len(stored) != 8 + HASH_BYTES * size.bit_count():
            raise errors.BadProof("the stored frontier does not have the hashes its size needs")
        frontier = cls()
        frontier._size = size
        frontier._roots = [stored[at : at + HASH_BYTES] for at in range(8, len(stored), HASH_BYTES)]
        return frontier


def hash_reader(leaf_hashes: Sequence[bytes]) -> HashReader:
    """A reader over leaf hashes held in memory, computing each level once; for batches and small trees."""
    levels: list[Sequence[bytes]] = [leaf_hashes]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([hash_node(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])

    def read(wanted: list[tuple[int, int]]) -> list[bytes]:
        return [levels[level][index] for level, index in wanted]

    return read


# -- proofs: which subtrees they need ----------------------------------------------------------------------------------------


def _split(size: int) -> int:
    """The largest power of two below `size` (RFC 6962's k); size > 1."""
    return 1 << (size - 1).bit_length() - 1


def subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """The complete subtrees that cover leaves start..end-1, left to right; `start` begins a subtree as wide as the range."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        assert start & (1 << level) - 1 == 0, "ranges of a proof begin where a subtree begins"
        found.append((level, start >> level))
        start += 1 << level
    return found


def _read_ranges(ranges: list[tuple[int, int]], read_hashes: HashReader) -> list[bytes]:
    """The hash of each range of leaves, read in one call so that a reader can fetch every tile at once."""
    wanted = [subtrees(start, end) for start, end in ranges]
    hashes = iter(read_hashes([place for places in wanted for place in places]))
    results = []
    for places in wanted:
        parts = [next(hashes) for _ in places]
        result = parts.pop()
        while parts:
            result = hash_node(parts.pop(), result)
        results.append(result)
    return results


def range_roots(ranges: list[tuple[int, int]], read_hashes: HashReader) -> list[bytes]:
    """Hashes of ranges (start, end) of leaves, `end` past the last; (0, size) gives the root of the first `size` leaves."""
    return _read_ranges(ranges, read_hashes)


def prove_inclusion(leaf_index: int, size: int, read_hashes: HashReader) -> list[bytes]:
    """The audit path of a leaf in the tree of `size` leaves, from the leaf up (RFC 9162 section 2.1.3.1)."""
    assert 0 <= leaf_index < size, "only a leaf of the tree can be proven"
    start, end = 0, size
    ranges = []
    while end - start > 1:
        middle = start + _split(end - start)
        if leaf_index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return _read_ranges(ranges[::-1], read_hashes)


def prove_consistency(old_size: int, size: int, read_hashes: HashReader) -> list[bytes]:
    """The proof that the tree of `old_size` leaves is the beginning of that of `size` (RFC 9162 section 2.1.4.1).

    Empty where old_size is 0 or equals size.
    """
    assert 0 <= old_size <= size, "a log does not shrink"
    if old_size in (0, size):
        return []
    start, end, known = 0, size, True
    ranges = []
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
            known = False
    if not known:
        # The verifier knows the old root only where it is itself a node; here it is not, so the node comes along.
        ranges.append((start, end))
    return _read_ranges(ranges[::-1], read_hashes)


# -- proofs: what they lead to -----------------------------------------------------------------------------------------------


def root_from_inclusion(leaf_hash: bytes, leaf_index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that an audit path leads to (RFC 9162 section 2.1.3.2). Raises BadProof where it is too long or too short."""
    if not 0 <= leaf_index < size:
        raise errors.BadProof(f"leaf {leaf_index} is not in a tree of {size}")
    at, last = leaf_index, size - 1
    result = leaf_hash
    for part in proof:
        if last == 0:
            raise errors.BadProof("the inclusion proof is too long")
        if len(part) != HASH_BYTES:
            raise errors.BadProof("a hash of the proof does not have 32 bytes")
        if at & 1 or at == last:
            result = hash_node(part, result)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            result = hash_node(result, part)
        at >>= 1
        last >>= 1
    if last:
        raise errors.BadProof("the inclusion proof is too short")
    return result


def verify_inclusion(leaf_hash: bytes, leaf_index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise BadProof unless the proof shows this leaf at this index of the tree with this size and root."""
    if root_from_inclusion(leaf_hash, leaf_index, size, proof) != root:
        raise errors.BadProof("the inclusion proof leads to another root")


def verify_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Raise BadProof unless the tree (old_size, old_root) is the beginning of (size, root) (RFC 9162 section 2.1.4.2)."""
    if not 0 <= old_size <= size:
        raise errors.BadProof(f"a tree of {size} does not begin with one of {old_size}")
    if old_size in (0, size):
        if proof:
            raise errors.BadProof("the consistency proof is too long")
        if old_root != (root if old_size == size else EMPTY_ROOT):
            raise errors.BadProof("the roots do not agree")
        return
    if any(len(part) != HASH_BYTES for part in proof):
        raise errors.BadProof("a hash of the proof does not have 32 bytes")
    # Where the old tree is one complete subtree its root is not sent: it is the first node of the path.
    path = list(proof) if old_size & old_size - 1 else [old_root, *proof]
    if not path:
        raise errors.BadProof("the consistency proof is too short")
    found_old, found = _climb(old_size - 1, size - 1, path)
    if found_old != old_root:
        raise errors.BadProof("the consistency proof leads to another old root")
    if found != root:
        raise errors.BadProof("the consistency proof leads to another root")


def _climb(at: int, last: int, path: list[bytes]) -> tuple[bytes, bytes]:
    while at & 1:
        at >>= 1
        last >>= 1
    old = new = path[0]
    for part in path[1:]:
        if last == 0:
            raise errors.BadProof("the consistency proof is too long")
        if at & 1 or at == last:
            old = hash_node(part, old)
            new = hash_node(part, new)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            new = hash_node(new, part)
        at >>= 1
        last >>= 1
    if last:
        raise errors.BadProof("the consistency proof is too short")
    return old, new
