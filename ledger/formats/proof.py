"""Proofs to carry away (C2SP tlog-proof): one entry's index, its inclusion proof and the checkpoint it leads to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ledger import errors
from ledger.formats import merkle, note
from ledger.formats.armour import decode64, encode64
from ledger.formats.policy import Policy, Verified

HEADER = "c2sp.org/tlog-proof@v1"
PROOF_BYTES_MAX = note.NOTE_BYTES_MAX + 16_384
EXTRA_BYTES_MAX = 4_096
PATH_HASHES_MAX = 63

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,15})").fullmatch


@dataclass(frozen=True)
class Proof:
    """A parsed proof. `checkpoint` is the note's exact bytes; `extra` is not authenticated by anything."""

    leaf_index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def format_proof(leaf_index: int, path: Sequence[bytes], checkpoint: bytes, extra: bytes | None = None) -> bytes:
    """The proof's bytes."""
    lines = [HEADER]
    if extra is not None:
        lines.append(f"extra {encode64(extra)}")
    lines.append(f"index {leaf_index}")
    lines += [encode64(part) for part in path]
    return "".join([f"{line}\n" for line in lines]).encode("ascii") + b"\n" + checkpoint


def parse_proof(content: bytes) -> Proof:
    """Read a proof; nothing in it is verified. Raises BadProof, or BadNote where the note in it is not one."""
    if len(content) > PROOF_BYTES_MAX:
        raise errors.BadProof(f"the proof has {len(content)} bytes, more than {PROOF_BYTES_MAX}")
    head, gap, checkpoint = content.partition(b"\n\n")
    try:
        header, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise errors.BadProof("the head of the proof is not ASCII") from None
    if not gap or header != HEADER:
        raise errors.BadProof(f"a proof begins with {HEADER}")
    try:
        extra = decode64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
        found = _INDEX(lines.pop(0)) if lines else None
        path = tuple([decode64(line) for line in lines])
    except errors.Malformed as wrong:
        raise errors.BadProof(wrong.message) from None
    if found is None:
        raise errors.BadProof("the index line is missing or not a decimal number")
    if len(path) > PATH_HASHES_MAX or any(len(part) != merkle.HASH_BYTES for part in path):
        raise errors.BadProof(f"the path is at most {PATH_HASHES_MAX} hashes of 32 bytes")
    if extra is not None and len(extra) > EXTRA_BYTES_MAX:
        raise errors.BadProof(f"more than {EXTRA_BYTES_MAX} extra bytes")
    note.split_note(checkpoint)
    return Proof(int(found[1]), path, checkpoint, extra)


def path_under(content: bytes, leaf_index: int, checkpoint: bytes) -> tuple[bytes, ...]:
    """The audit path of a proof of this very index under this very checkpoint, without extra data. Raises BadProof.

    For whoever holds many proofs under one checkpoint, which is verified once: any other spelling is refused.
    """
    head, tail = f"{HEADER}\nindex {leaf_index}\n".encode("ascii"), b"\n" + checkpoint
    lines = content[len(head) : len(content) - len(tail)]
    if not content.startswith(head) or not content.endswith(tail) or len(content) < len(head) + len(tail):
        raise errors.BadProof("not a proof of this index under this checkpoint")
    parts = lines.split(b"\n")
    if parts.pop() or len(parts) > PATH_HASHES_MAX:
        raise errors.BadProof(f"the path is lines, and at most {PATH_HASHES_MAX}")
    try:
        path = tuple([decode64(part.decode("ascii", "replace")) for part in parts])
    except errors.Malformed as wrong:
        raise errors.BadProof(wrong.message) from None
    if any(len(part) != merkle.HASH_BYTES for part in path):
        raise errors.BadProof("a line of the path is not a hash")
    return path


def verify_proof(proof: Proof, leaf_hash: bytes, policy: Policy) -> Verified:
    """Verify that a leaf is in the log at the proof's index, under a policy's keys. Raises BadNote or BadProof.

    The answer says whether the checkpoint is final; whether it must be is the caller's to decide.
    """
    verified = policy.verify(proof.checkpoint)
    merkle.verify_inclusion(leaf_hash, proof.leaf_index, verified.checkpoint.size, proof.path, verified.checkpoint.root)
    return verified
