"""A nation's cosigner: it vouches for a checkpoint only after re-hashing and checking every entry itself, and never goes back.

What it cosigned is kept in a database of its own; the newest is checked and the next one stored in one transaction. A cosigner
that lost its state must not invent one: it gets a new key.

Keys and registry are not kept: each time the log is walked again from its first entry, and what was vouched for before must
lead to the frontier stored then. That is linear in the log (signatures are verified of new entries alone).
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from ledger import errors
from ledger.evidence.checks import Job, Problem, check_chunk, row_of
from ledger.evidence.walk import Streams, Walk
from ledger.formats import cosignature, keys, merkle, note
from ledger.formats.policy import Policy

STATE = "cosigner.sqlite"
KINDS = ("ed", "pq")
ENTRIES_AT_ONCE = 5_000
AHEAD_SECONDS_MAX = 120
MICROSECONDS = 1_000_000

_log = logging.getLogger(__name__)

_SCHEMA = "CREATE TABLE cosigned (size INTEGER PRIMARY KEY, root BLOB NOT NULL, frontier BLOB NOT NULL, time INTEGER NOT NULL)"


class Log(Streams, Protocol):
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
    """One nation's cosigner on one log.

    `alarms` are what the last `cosign_newest` found in new entries and that does not block, (position, what); logged as well.
    """

    def __init__(self, folder: Path, policy: Policy) -> None:
        self.folder = folder
        self.policy = policy
        self.signers = load(folder)
        self.alarms: list[Problem] = []

    def cosigned(self) -> list[tuple[int, bytes, int]]:
        """Everything this cosigner vouched for: (size, root, Unix time in seconds), oldest first."""
        with self._state() as state:
            return [(s, bytes(r), t) for s, r, t in state.execute("SELECT size, root, time FROM cosigned ORDER BY size")]

    def cosign_newest(self, log: Log, now: int) -> int:
        """Re-hash and check what is new, compare it with the newest checkpoint and cosign that; returns its size.

        `now` is this site's own clock in microseconds. Raises VerificationFailed naming the first entry that is wrong, or
        where the log does not follow from what was cosigned before, and Unavailable where its newest entry is from the future;
        nothing is stored or signed then. Rule: formats.md, "A nation cosigns what it holds".
        """
        size, signed, checkpoint = self._newest(log, now)
        self.alarms = []
        with self._state() as state:
            state.execute("BEGIN IMMEDIATE")
            row = state.execute("SELECT size, root, frontier FROM cosigned ORDER BY size DESC LIMIT 1").fetchone()
            done, root, saved = row or (0, merkle.EMPTY_ROOT, merkle.Frontier().to_bytes())
            if size < done or (size == done and checkpoint.root != root):
                raise errors.VerificationFailed(
                    f"this cosigner vouched for another history: size {done}, not {size}",
                    remedy="keep both checkpoints: they prove that the log told two stories",
                )
            time = now // MICROSECONDS
            if size > done:
                frontier, self.alarms = _checked(log, done, bytes(saved), size)
                if frontier.root() != checkpoint.root:
                    raise errors.VerificationFailed(
                        f"entries {done + 1} to {size} do not lead to the checkpoint of size {size}"
                    )
                state.execute("INSERT INTO cosigned VALUES (?, ?, ?, ?)", (size, checkpoint.root, frontier.to_bytes(), time))
            else:
                time = state.execute("SELECT time FROM cosigned WHERE size = ?", (size,)).fetchone()[0]
            state.execute("COMMIT")
        for position, what in self.alarms:
            _log.warning("entry %d: %s", position, what)
        text, _ = note.split_note(signed)
        for signer in self.signers.values():
            log.add_cosignature(size, signer.name, str(signer.cosign(text, time)))
        return size

    def _newest(self, log: Log, now: int) -> tuple[int, bytes, note.Checkpoint]:
        newest = log.newest_checkpoint()
        if newest is None:
            raise errors.NotFound("the log has no checkpoint yet")
        size, signed = newest
        checkpoint = self.policy.verify(signed).checkpoint
        if checkpoint.size != size:
            raise errors.BadNote(f"the checkpoint kept for size {size} is for size {checkpoint.size}")
        if log.recorded_at(size) > now + AHEAD_SECONDS_MAX * MICROSECONDS:
            raise errors.Unavailable(f"entry {size} is more than {AHEAD_SECONDS_MAX} s ahead of this site's clock")
        return size, signed, checkpoint

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


def _checked(log: Log, done: int, saved: bytes, size: int) -> tuple[merkle.Frontier, list[Problem]]:
    """Walk the log to `size`, checking what is new since `done`; returns the tree's frontier there, and the alarms.

    Raises VerificationFailed naming the first entry that is wrong, and where 1 to `done` are no longer those vouched for.
    """
    walk, frontier = Walk(log), merkle.Frontier()
    for chunk in _chunks(log, 0, done):
        frontier.extend([merkle.hash_leaf(entry) for _, entry in chunk])
        for position, entry in chunk:
            walk.take(position, entry)
    if frontier.to_bytes() != saved:
        raise errors.VerificationFailed(f"entries 1 to {done} are no longer those that this cosigner vouched for")
    walk.publics()
    alarms: list[Problem] = []
    for chunk in _chunks(log, done, size):
        found = [problem for position, entry in chunk for problem in walk.take(position, entry)]
        rows = [row_of(position, entry) for position, entry in chunk]
        outcome = check_chunk(Job(rows, walk.publics(), (), (), (), (), {}, has_sections=False))
        wrong = min([*outcome.problems, *((f.position, f.what) for f in found if f.blocking)], default=None)
        if wrong is not None:
            raise errors.VerificationFailed(f"entry {wrong[0]}: {wrong[1]}", remedy="do not sign; run entente verify")
        alarms += sorted([*outcome.alarms, *((f.position, f.what) for f in found)])
        frontier.extend(outcome.leaves)
    return frontier, alarms


def _chunks(log: Log, after: int, upto: int) -> Iterator[Sequence[tuple[int, bytes]]]:
    """Entries after + 1 to upto, in order. Raises VerificationFailed where one is missing."""
    while after < upto:
        entries = log.entries(after, min(ENTRIES_AT_ONCE, upto - after))
        if not entries or [p for p, _ in entries] != list(range(after + 1, after + 1 + len(entries))):
            raise errors.VerificationFailed(f"entry {after + 1} is missing")
        yield entries
        after += len(entries)
