"""What was found to be signed already, so that nothing is verified twice.

A thousand events under one batch signature cost one verification, and neighbours in a batch share most of their audit paths:
what the last of them proved of the tree, the next need not hash again. Only successes are remembered, up to a limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple

from ledger.formats.merkle import HASH_BYTES

BLOCK_HEIGHT = 8
"""One climb is remembered for each 2^BLOCK_HEIGHT events of a batch: as many threads each have their own neighbours."""

Signed = tuple[bytes, bytes, bytes]
"""Public key, the exact bytes that were signed, signature."""


class _Climb(NamedTuple):
    """The way from one leaf up: `nodes[k]` is the hash over the 2^k leaves of a complete subtree that it is in."""

    leaf_index: int
    path: tuple[bytes, ...]
    nodes: list[bytes]


class Proven:
    """Signatures that verified, and nodes of batches that lead to a root that was signed. Safe to share among threads."""

    def __init__(self, entries_max: int = 4_096) -> None:
        self._signed: dict[Signed, None] = {}
        self._climbs: dict[tuple[bytes, bytes, int, int], _Climb] = {}
        self._elsewhere: frozenset[Signed] = frozenset()
        self._entries_max = entries_max

    def __contains__(self, signed: Signed) -> bool:
        return signed in self._signed or signed in self._elsewhere

    def add(self, signed: Signed) -> None:
        """Remember a signature as verified."""
        _keep(self._signed, signed, None, self._entries_max)

    def with_more(self, signed: Iterable[Signed]) -> Proven:
        """The same memory, and for as long as the result lives these signatures, which somebody trusted has verified."""
        twin = Proven(self._entries_max)
        twin._signed, twin._climbs, twin._elsewhere = self._signed, self._climbs, frozenset(signed)
        return twin

    # -- nodes of a batch ----------------------------------------------------------------------------------------------------

    def is_under(self, public: bytes, sig: bytes, leaf_hash: bytes, n: int, index: int, path: tuple[bytes, ...]) -> bool:
        """Whether a leaf of a batch of `n` meets on its way up a node proven under this very signature, and shares the rest.

        False says only that it has to be verified from the leaf to the root. Within a complete subtree the steps of all leaves
        are alike, so that the first `height` hashes of a path lead to the node that both are under.
        """
        key = (public, sig, n, index >> BLOCK_HEIGHT)
        known = self._climbs.get(key)
        if known is None:
            return False
        height = (index ^ known.leaf_index).bit_length()
        if height >= len(known.nodes) or len(path) != len(known.path) or path[height:] != known.path[height:]:
            return False
        nodes = _climb(leaf_hash, index, path[:height])
        if not nodes or nodes[-1] != known.nodes[height]:
            return False
        self._climbs[key] = _Climb(index, path, nodes + known.nodes[height + 1 :])
        return True

    def climbed(self, public: bytes, sig: bytes, leaf_hash: bytes, n: int, index: int, path: tuple[bytes, ...]) -> None:
        """Remember the nodes above a leaf whose whole path was verified."""
        height = 0
        while height < min(BLOCK_HEIGHT, len(path)) and ((index >> height + 1) + 1) << height + 1 <= n:
            height += 1
        nodes = _climb(leaf_hash, index, path[:height])
        key = (public, sig, n, index >> BLOCK_HEIGHT)
        _keep(self._climbs, key, _Climb(index, path, nodes), self._entries_max)


def _climb(node: bytes, index: int, path: tuple[bytes, ...]) -> list[bytes]:
    """The hashes from a leaf up through complete subtrees, the leaf's first; none where a step does not have 32 bytes."""
    nodes = [node]
    for part in path:
        if len(part) != HASH_BYTES:
            return []
        node = sha256(b"\x01" + part + node if index & 1 else b"\x01" + node + part).digest()
        nodes.append(node)
        index >>= 1
    return nodes


def _keep(memory: dict[Any, Any], key: Any, value: Any, entries_max: int) -> None:
    memory[key] = value
    while len(memory) > entries_max:
        # Another thread may be forgetting the same one.
        memory.pop(next(iter(memory)), None)
