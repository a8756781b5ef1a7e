"""Proofs from the index of streams: what a stream's last version is at a size of the log, or that there is no such stream.

A proof carries one leaf, the stream's own; or, where there is none, the one or two leaves beside which it would stand. It leads
to the root of an `index.committed` entry, which is proven in the log like any other. docs/format.md, section 8.4.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from ledger import errors
from ledger.formats import merkle, strict
from ledger.formats.armour import decode64, encode64
from ledger.formats.streamindex import Leaf, hash_leaf

PATH_HASHES_MAX = 53
LEAVES_MAX = 2

_Count = Annotated[int, msgspec.Meta(ge=0, le=strict.INTEGER_MAX)]
_Stream = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._:-]{1,128}$(?!\n)")]


@dataclass(frozen=True)
class ProvenLeaf:
    """A leaf, where it stands in the index, and its audit path from the leaf up."""

    leaf_index: int
    leaf: Leaf
    path: tuple[bytes, ...]


@dataclass(frozen=True)
class StreamProof:
    """The answer for one stream at a size of the log, in an index of so many streams."""

    stream: str
    size: int
    streams: int
    leaves: tuple[ProvenLeaf, ...]


def prove_stream(leaves: Sequence[Leaf], size: int, stream: str) -> StreamProof:
    """The proof for a stream from all leaves at a size, sorted by stream."""
    at = bisect_left(leaves, Leaf(stream, 0, 0))
    is_there = at < len(leaves) and leaves[at].stream == stream
    shown = [at] if is_there else [index for index in (at - 1, at) if 0 <= index < len(leaves)]
    read = merkle.hash_reader([hash_leaf(leaf) for leaf in leaves])
    proven = (ProvenLeaf(i, leaves[i], tuple(merkle.prove_inclusion(i, len(leaves), read))) for i in shown)
    return StreamProof(stream, size, len(leaves), tuple(proven))


def verify_stream(proof: StreamProof, size: int, root: bytes) -> Leaf | None:
    """The stream's leaf at a size of the log, or None where the proof shows that there is none. Raises BadProof.

    `size` and `root` are those of an `index.committed` entry, whose own place in the log is the caller's to verify.
    """
    if proof.size != size:
        raise errors.BadProof(f"the proof is for size {proof.size}, the index for {size}")
    for proven in proof.leaves:
        merkle.verify_inclusion(hash_leaf(proven.leaf), proven.leaf_index, proof.streams, proven.path, root)
        if not 1 <= proven.leaf.version <= proven.leaf.position <= size:
            raise errors.BadProof(f"the leaf of {proven.leaf.stream} speaks of an entry beyond {size}")
    if len(proof.leaves) == 1 and proof.leaves[0].leaf.stream == proof.stream:
        return proof.leaves[0].leaf
    _require_gap(proof, root)
    return None


def _require_gap(proof: StreamProof, root: bytes) -> None:
    """Raise BadProof unless the leaves shown stand next to each other, or at an end, with the stream missing between."""
    if not proof.leaves:
        if proof.streams or proof.size or root != merkle.EMPTY_ROOT:
            raise errors.BadProof("no leaf is shown, and the index is not empty")
        return
    first, last = proof.leaves[0], proof.leaves[-1]
    before, after = first.leaf.stream < proof.stream, proof.stream < last.leaf.stream
    if len(proof.leaves) == LEAVES_MAX:
        is_gap = before and after and last.leaf_index == first.leaf_index + 1
    else:
        is_gap = (before and first.leaf_index == proof.streams - 1) or (after and last.leaf_index == 0)
    if not is_gap:
        raise errors.BadProof(f"the leaves shown do not leave {proof.stream} out")


# -- bytes ------------------------------------------------------------------------------------------------------------------


class _Leaf(msgspec.Struct, forbid_unknown_fields=True):
    index: _Count
    path: Annotated[list[str], msgspec.Meta(max_length=PATH_HASHES_MAX)]
    position: _Count
    stream: _Stream
    version: _Count


class _Proof(msgspec.Struct, forbid_unknown_fields=True):
    leaves: Annotated[list[_Leaf], msgspec.Meta(max_length=LEAVES_MAX)]
    size: _Count
    stream: _Stream
    streams: _Count


_read = msgspec.json.Decoder(_Proof).decode


def format_stream_proof(proof: StreamProof) -> bytes:
    """The proof as canonical JSON (formats/strict.py)."""
    leaves = [
        _Leaf(proven.leaf_index, [encode64(part) for part in proven.path], leaf.position, leaf.stream, leaf.version)
        for proven in proof.leaves
        for leaf in (proven.leaf,)
    ]
    return strict.format(msgspec.to_builtins(_Proof(leaves, proof.size, proof.stream, proof.streams)))


def parse_stream_proof(body: bytes) -> StreamProof:
    """Read a proof; nothing in it is verified. Raises BadProof naming the field."""
    try:
        strict.check(body)
        read = _read(body)
        leaves = tuple(
            ProvenLeaf(leaf.index, Leaf(leaf.stream, leaf.version, leaf.position), tuple(map(decode64, leaf.path)))
            for leaf in read.leaves
        )
    except (errors.Malformed, msgspec.ValidationError) as wrong:
        raise errors.BadProof(f"not a proof of the index of streams: {wrong}") from None
    return StreamProof(read.stream, read.size, read.streams, leaves)
