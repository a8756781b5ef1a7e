"""Two histories of one log: found where checkpoints are compared, proven to anybody, kept as a file.

Only what is proven is called equivocation. A source that does not answer, or serves tiles that are not those of its checkpoint,
is unavailable, whatever the reason: the log has signed nothing that contradicts itself then.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Protocol

from ledger import errors
from ledger.formats import equivocation, merkle, note
from ledger.formats.equivocation import Equivocation, Proven
from ledger.formats.note import Checkpoint
from ledger.formats.policy import Policy

FOLDER = "equivocation"
PROOFS_MAX = 64


class Log(Protocol):
    """What is read of the log held here."""

    def head(self) -> int:
        """How many entries are held."""

    def newest_checkpoint(self) -> tuple[int, bytes] | None:
        """(size, note) of the newest checkpoint kept."""

    def root(self, size: int) -> bytes:
        """The root over the first entries."""

    def prove_consistency(self, old_size: int, size: int) -> list[bytes]:
        """The proof that the log at `old_size` is the beginning of that at `size`."""


def against_held(log: Log, signed: bytes, policy: Policy) -> Equivocation | None:
    """Compare a checkpoint with the log held here, which reaches that far; returns the proof where they are two histories.

    Raises BadNote where no log of the policy signed it, Unavailable where the entries held do not reach that far, or no signed
    checkpoint does yet.
    """
    checkpoint = policy.verify(signed).checkpoint
    if checkpoint.size > log.head():
        raise errors.Unavailable(f"{log.head()} entries are held here, too few to compare size {checkpoint.size}")
    if log.root(checkpoint.size) == checkpoint.root:
        return None
    newest = log.newest_checkpoint()
    if newest is None or newest[0] < checkpoint.size:
        raise errors.Unavailable(f"no checkpoint is kept here yet that reaches size {checkpoint.size}")
    proof = log.prove_consistency(checkpoint.size, newest[0])
    return equivocation.of_prefix(signed, newest[1], log.root(checkpoint.size), proof)


def against_tiles(log: Log, signed: bytes, policy: Policy, read_hashes: merkle.HashReader) -> Equivocation | None:
    """Compare a checkpoint beyond what is held here with the newest one kept, through the tiles of its own tree.

    Returns the proof where the larger tree begins otherwise. Raises Unavailable where the tiles are not that tree's.
    """
    checkpoint = policy.verify(signed).checkpoint
    _authentic(checkpoint, log.head(), read_hashes)
    newest = log.newest_checkpoint()
    if newest is None:
        return None
    return between(newest[1], signed, read_hashes)


def between(first: bytes, second: bytes, read_hashes: merkle.HashReader) -> Equivocation | None:
    """Compare two checkpoints that a log signed, the smaller one first, through the tiles of the larger one's tree.

    Returns the proof where that tree begins otherwise. Raises Unavailable where the tiles are not that tree's.
    """
    smaller, larger = (note.parse_checkpoint(note.split_note(signed)[0]) for signed in (first, second))
    if smaller.size == larger.size:
        return None if larger.root == smaller.root else equivocation.of_prefix(first, second, larger.root)
    root, proof = _authentic(larger, smaller.size, read_hashes)
    return None if root == smaller.root else equivocation.of_prefix(first, second, root, proof)


def _authentic(checkpoint: Checkpoint, size: int, read_hashes: merkle.HashReader) -> tuple[bytes, list[bytes]]:
    """The root over a tree's first entries as tiles have it, and the proof that it is so. Raises Unavailable without one."""
    try:
        (root,) = merkle.range_roots([(0, size)], read_hashes)
        proof = merkle.prove_consistency(size, checkpoint.size, read_hashes)
        merkle.verify_consistency(size, root, checkpoint.size, checkpoint.root, proof)
    except errors.BadProof:
        raise errors.Unavailable(f"the tiles served are not those of the checkpoint of size {checkpoint.size}") from None
    return root, proof


def keep(folder: Path, found: Equivocation, policy: Policy) -> tuple[Path, Proven]:
    """Verify a proof and keep it as a file named after its content; returns where, and what it proves.

    Where PROOFS_MAX are kept already, the first of them serves for what is found after: one is enough. Raises BadProof or
    BadNote for what proves nothing.
    """
    proven = equivocation.verify(found, policy)
    content = equivocation.format_equivocation(found)
    folder.mkdir(mode=0o700, exist_ok=True)
    kept = sorted(folder.glob("*.json"))
    path = folder / f"{hashlib.sha256(content).hexdigest()[:16]}.json"
    if len(kept) >= PROOFS_MAX and path not in kept:
        return kept[0], proven
    if path not in kept:
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    return path, proven


def told(proven: Proven, path: Path) -> str:
    """What to say of a proof that is kept."""
    a, b = proven.first, proven.second
    return f"{a.origin} signed two histories, at sizes {a.size} and {b.size}; the proof is {path}"
