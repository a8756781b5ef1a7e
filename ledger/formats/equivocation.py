"""Proofs that a log has told two histories, to be checked by anybody who knows its key.

Both kinds hold two notes of one log, validly signed, and what shows that no single history has both:

- `prefix`: the tree of the larger note begins otherwise than the smaller one says. `root` is what its first entries hash to,
  shown by a consistency proof to the larger note's root, and is not the smaller note's. With equal sizes the proof is empty
  and the root the other note's own: the same size with two roots.
- `leaves`: at one leaf index the two trees have different leaves, each shown by its inclusion proof.

The file is one JSON object; docs/format.md, section 8.3, has its fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from ledger import errors
from ledger.formats import merkle, note, strict
from ledger.formats.armour import decode64, encode64
from ledger.formats.note import Checkpoint
from ledger.formats.policy import Policy
from ledger.formats.proof import Proof

FORMAT = "entente.equivocation.v1"
PROOF_BYTES_MAX = 1_048_576
PATH_HASHES_MAX = 63


class Prefix(msgspec.Struct, frozen=True):
    """The first entries of the second note's tree, as many as the first note has, hash to `root`."""

    root: bytes
    path: tuple[bytes, ...]


class Leaf(msgspec.Struct, frozen=True):
    """A leaf hash, and its audit path in one note's tree."""

    leaf_hash: bytes
    path: tuple[bytes, ...]


class Leaves(msgspec.Struct, frozen=True):
    """Two leaves at one index, in the order of the notes."""

    index: int
    first: Leaf
    second: Leaf


class Equivocation(msgspec.Struct, frozen=True):
    """Two notes and what sets them against each other; nothing is verified yet."""

    notes: tuple[bytes, bytes]
    shown: Prefix | Leaves


class Proven(msgspec.Struct, frozen=True):
    """What a proof proves: the keys that signed the two notes, the two checkpoints, and which kind of proof it is."""

    keys: tuple[note.VerifierKey, note.VerifierKey]
    first: Checkpoint
    second: Checkpoint
    kind: Literal["prefix", "leaves"]


def of_prefix(first: bytes, second: bytes, root: bytes, path: Sequence[bytes] = ()) -> Equivocation:
    """Of two notes, the smaller first: `root` and `path` are what the second's tree has at the first's size."""
    return Equivocation((first, second), Prefix(root, tuple(path)))


def of_proofs(first: Proof, first_leaf: bytes, second: Proof, second_leaf: bytes) -> Equivocation:
    """Of two carried proofs (proof.py) of different leaf hashes at one index."""
    leaves = Leaves(first.leaf_index, Leaf(first_leaf, first.path), Leaf(second_leaf, second.path))
    return Equivocation((first.checkpoint, second.checkpoint), leaves)


def verify(found: Equivocation, policy: Policy) -> Proven:
    """Verify a proof under a policy's log keys. Raises BadNote or BadProof where it proves nothing."""
    first, second = (policy.verify(signed) for signed in found.notes)
    a, b = first.checkpoint, second.checkpoint
    if a.origin != b.origin:
        raise errors.BadProof("the two notes are of two logs")
    keys = (first.log, second.log)
    if isinstance(found.shown, Prefix):
        merkle.verify_consistency(a.size, found.shown.root, b.size, b.root, found.shown.path)
        if found.shown.root == a.root:
            raise errors.BadProof("the second note continues the first: both are of one history")
        return Proven(keys, a, b, "prefix")
    leaves = found.shown
    for leaf, checkpoint in ((leaves.first, a), (leaves.second, b)):
        merkle.verify_inclusion(leaf.leaf_hash, leaves.index, checkpoint.size, leaf.path, checkpoint.root)
    if leaves.first.leaf_hash == leaves.second.leaf_hash:
        raise errors.BadProof(f"both notes have the same leaf at index {leaves.index}")
    return Proven(keys, a, b, "leaves")


# -- the file ---------------------------------------------------------------------------------------------------------------


def format_equivocation(found: Equivocation) -> bytes:
    """The bytes of the file."""
    shown = found.shown
    value: dict[str, object] = {"format": FORMAT, "notes": [signed.decode() for signed in found.notes]}
    if isinstance(shown, Prefix):
        value["prefix"] = {"root": encode64(shown.root), "path": [encode64(part) for part in shown.path]}
    else:
        value["leaves"] = {"index": shown.index, "first": _written(shown.first), "second": _written(shown.second)}
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def _written(leaf: Leaf) -> dict[str, object]:
    return {"leaf_hash": encode64(leaf.leaf_hash), "path": [encode64(part) for part in leaf.path]}


def parse_equivocation(content: bytes) -> Equivocation:
    """Read a file; nothing in it is verified. Raises Malformed naming the field, or TooLarge."""
    value = strict.read_request(content, PROOF_BYTES_MAX)
    if value.get("format") != FORMAT:
        raise errors.Malformed(f"an equivocation proof says {FORMAT}", field="format")
    notes = value.get("notes")
    if not isinstance(notes, list) or len(notes) != 2 or not all(isinstance(signed, str) for signed in notes):
        raise errors.Malformed("two signed notes are needed", field="notes")
    if value.keys() not in ({"format", "notes", "prefix"}, {"format", "notes", "leaves"}):
        raise errors.Malformed("beside the notes stands either prefix or leaves, and nothing else")
    shown = _prefix(value["prefix"]) if "prefix" in value else _leaves(value["leaves"])
    return Equivocation((notes[0].encode(), notes[1].encode()), shown)


def _prefix(value: object) -> Prefix:
    if not isinstance(value, dict) or value.keys() != {"root", "path"}:
        raise errors.Malformed("has a root and a path", field="prefix")
    return Prefix(_hash(value["root"], "prefix.root"), _path(value["path"], "prefix.path"))


def _leaves(value: object) -> Leaves:
    if not isinstance(value, dict) or value.keys() != {"index", "first", "second"} or type(value["index"]) is not int:
        raise errors.Malformed("has an index, a first and a second leaf", field="leaves")
    return Leaves(value["index"], _leaf(value["first"], "leaves.first"), _leaf(value["second"], "leaves.second"))


def _leaf(value: object, field: str) -> Leaf:
    if not isinstance(value, dict) or value.keys() != {"leaf_hash", "path"}:
        raise errors.Malformed("has a leaf hash and a path", field=field)
    return Leaf(_hash(value["leaf_hash"], f"{field}.leaf_hash"), _path(value["path"], f"{field}.path"))


def _path(value: object, field: str) -> tuple[bytes, ...]:
    if not isinstance(value, list) or len(value) > PATH_HASHES_MAX:
        raise errors.Malformed(f"a path has at most {PATH_HASHES_MAX} hashes", field=field)
    return tuple(_hash(part, field) for part in value)


def _hash(value: object, field: str) -> bytes:
    found = decode64(value) if isinstance(value, str) else b""
    if len(found) != merkle.HASH_BYTES:
        raise errors.Malformed(f"a hash is {merkle.HASH_BYTES} bytes in base64", field=field)
    return found
