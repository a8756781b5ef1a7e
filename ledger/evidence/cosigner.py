"""A nation's cosigner: it vouches for a checkpoint only after re-hashing every entry itself, and never goes back.

What it cosigned is kept in a database of its own; the newest is checked and the next one stored in one transaction. A cosigner
that lost its state must not invent one: it gets a new key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from ledger import errors
from ledger.formats import cosignature, keys, merkle, note
from ledger.formats.policy import Policy

STATE = "cosigner.sqlite"
KINDS = ("ed", "pq")
ENTRIES_AT_ONCE = 5_000
AHEAD_SECONDS_MAX = 120
MICROSECONDS = 1_000_000

_SCHEMA = "CREATE TABLE cosigned (size INTEGER PRIMARY KEY, root BLOB NOT NULL, frontier BLOB NOT NULL, time INTEGER NOT NULL)"


class Log(Protocol):
    """What a cosigner reads of a log, and where it leaves its lines."""

    def newest_checkpoint(self) -> tuple[int, bytes] | None:
        """(size, note) of the newest checkpoint."""

    def entries(self, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """(position, entry) from after + 1 on."""

    def recorded_at(self, position: int) -> int:
        """When an entry was recorded, microseconds."""

    def add_cosignature(self, size: int, name: str, line: str) -> None:
        """Keep a cosignature line with the checkpoint of a size."""


def create(folder: Path, name: str) -> None:
    """Make a cosigner: one Ed25519 and one ML-DSA-44 key for this role, and an empty state."""
    keys.save_private(folder / "ed.pem", keys.SigningKey.generate())
    cosignature.LatticeKey.generate().save(folder / "pq.pem")
    (folder / "name").write_text(name + "\n", encoding="utf-8")
    with sqlite3.connect(folder / STATE) as state:
        state.execute("PRAGMA journal_mode=WAL")
        state.execute(_SCHEMA)
    state.close()


def load(folder: Path) -> dict[str, cosignature.Cosigner]:
    """The two cosigners of a folder by kind, named `<name>-ed` and `<name>-pq`. Raises NotFound."""
    if not (folder / "name").exists():
        raise errors.NotFound(f"there is no cosigner in {folder}", remedy="give the home that holds it")
    name = (folder / "name").read_text(encoding="utf-8").strip()
    return {
        "ed": cosignature.Cosigner(f"{name}-ed", keys.load_private(folder / "ed.pem")),
        "pq": cosignature.Cosigner(f"{name}-pq", cosignature.LatticeKey.load(folder / "pq.pem")),
    }


class Cosigner:
    """One nation's cosigner on one log."""

    def __init__(self, folder: Path, policy: Policy) -> None:
        self.folder = folder
        self.policy = policy
        self.signers = load(folder)

    def cosigned(self) -> list[tuple[int, bytes, int]]:
        """Everything this cosigner vouched for: (size, root, Unix time in seconds), oldest first."""
        with self._state() as state:
            return [(s, bytes(r), t) for s, r, t in state.execute("SELECT size, root, time FROM cosigned ORDER BY size")]

    def cosign_newest(self, log: Log, now: int) -> int:
        """Re-hash what is new, check it against the newest checkpoint and cosign that; returns its size.

        `now` is this site's own clock in microseconds. Raises VerificationFailed where the log does not follow from what was
        cosigned before, and Unavailable where its newest entry is from the future; nothing is stored or signed then.
        """
        newest = log.newest_checkpoint()
        if newest is None:
            raise errors.NotFound("the log has no checkpoint yet")
        size, signed = newest
        checkpoint = self.policy.verify(signed).checkpoint
        if checkpoint.size != size:
            raise errors.BadNote(f"the checkpoint kept for size {size} is for size {checkpoint.size}")
        if log.recorded_at(size) > now + AHEAD_SECONDS_MAX * MICROSECONDS:
            raise errors.Unavailable(f"entry {size} is more than {AHEAD_SECONDS_MAX} s ahead of this site's clock")
        with self._state() as state:
            state.execute("BEGIN IMMEDIATE")
            row = state.execute("SELECT size, root, frontier FROM cosigned ORDER BY size DESC LIMIT 1").fetchone()
            done, root, saved = row or (0, merkle.EMPTY_ROOT, b"")
            if size < done or (size == done and checkpoint.root != root):
                raise errors.VerificationFailed(
                    f"this cosigner vouched for another history: size {done}, not {size}",
                    remedy="keep both checkpoints: they prove that the log told two stories",
                )
            frontier = merkle.Frontier.from_bytes(saved) if row else merkle.Frontier()
            _extend(frontier, log, done, size)
            if frontier.root() != checkpoint.root:
                raise errors.VerificationFailed(f"entries {done + 1} to {size} do not lead to the checkpoint of size {size}")
            time = now // MICROSECONDS
            if size > done:
                state.execute("INSERT INTO cosigned VALUES (?, ?, ?, ?)", (size, checkpoint.root, frontier.to_bytes(), time))
            else:
                time = state.execute("SELECT time FROM cosigned WHERE size = ?", (size,)).fetchone()[0]
            state.execute("COMMIT")
        text, _ = note.split_note(signed)
        for signer in self.signers.values():
            log.add_cosignature(size, signer.name, str(signer.cosign(text, time)))
        return size

    @contextmanager
    def _state(self) -> Iterator[sqlite3.Connection]:
        path = self.folder / STATE
        if not path.exists():
            raise errors.Unavailable(f"{path} is lost", remedy="a cosigner that lost its state needs a new key")
        state = sqlite3.connect(path, isolation_level=None)
        try:
            state.execute("PRAGMA synchronous=FULL")
            yield state
        finally:
            if state.in_transaction:
                state.execute("ROLLBACK")
            state.close()


def _extend(frontier: merkle.Frontier, log: Log, done: int, size: int) -> None:
    """Hash entries done + 1 to size into the frontier. Raises VerificationFailed where one is missing."""
    while done < size:
        entries = log.entries(done, min(ENTRIES_AT_ONCE, size - done))
        if not entries or [p for p, _ in entries] != list(range(done + 1, done + 1 + len(entries))):
            raise errors.VerificationFailed(f"entry {done + 1} is missing")
        frontier.extend([merkle.hash_leaf(entry) for _, entry in entries])
        done += len(entries)
