"""A nation's cosigner: it vouches for a checkpoint only after inspecting every entry up to it, and never goes back.

It reads a log that it holds (its own mirror's, or in an embedded home the ledger's own) and remembers, in a database of its
own, how far that was inspected and everything it cosigned. What it cosigned last is compared and the next one stored in one
transaction. A cosigner that lost its state must not invent one, and one whose state was restored from an old copy is found out
by signatures of its own that it does not remember: both need a new key.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from ledger import errors
from ledger.evidence import inspection
from ledger.evidence.checks import Problem
from ledger.evidence.inspection import Inspection, Kept, Wrong
from ledger.formats import cosignature, keys, merkle, note
from ledger.formats.policy import Policy, Verified

STATE = "cosigner.sqlite"
KINDS = ("ed", "pq")
PAIRS_MAX = 64
AHEAD_SECONDS_MAX = 120
MICROSECONDS = 1_000_000

_log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE cosigned (size INTEGER PRIMARY KEY, root BLOB NOT NULL, time INTEGER NOT NULL);
CREATE TABLE inspected (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, recorded_at INTEGER NOT NULL,
    frontier BLOB NOT NULL, governing BLOB NOT NULL);
CREATE TABLE alarms (position INTEGER NOT NULL, what TEXT NOT NULL, PRIMARY KEY (position, what));
CREATE TABLE stopped (one INTEGER PRIMARY KEY CHECK (one = 1), why TEXT NOT NULL);
CREATE TRIGGER never_back BEFORE INSERT ON cosigned WHEN NEW.size <= (SELECT max(size) FROM cosigned)
    BEGIN SELECT RAISE(ABORT, 'a cosigner never goes back'); END;
"""


class Log(inspection.Log, Protocol):
    """What a cosigner reads of the log it holds, and where it leaves its lines."""

    def recorded_at(self, position: int) -> int:
        """When an entry was recorded, microseconds."""

    def newest_checkpoint(self) -> tuple[int, bytes] | None:
        """(size, note) of the newest checkpoint."""

    def prove_consistency(self, old_size: int, size: int) -> list[bytes]:
        """The proof that the log at `old_size` is the beginning of that at `size`."""

    def newest_cosigned(self, name: str) -> bytes | None:
        """The newest checkpoint that bears a line by this name, with its lines, or None."""

    def add_cosignatures(self, size: int, lines: Sequence[note.SignatureLine]) -> None:
        """Keep cosignature lines with the checkpoint of a size."""


KEEP = "INSERT OR REPLACE INTO inspected VALUES (1, ?, ?, ?, ?)"


def create(folder: Path, name: str) -> None:
    """Make a cosigner: one Ed25519 and one ML-DSA-44 key for this role, and an empty state."""
    keys.save_private(folder / "ed.pem", keys.SigningKey.generate())
    cosignature.LatticeKey.generate().save(folder / "pq.pem")
    (folder / "name").write_text(name + "\n", encoding="utf-8")
    with sqlite3.connect(folder / STATE) as state:
        state.execute("PRAGMA journal_mode=WAL")
        state.executescript(_SCHEMA)
    state.close()


def load(folder: Path) -> dict[str, cosignature.Cosigner]:
    """The cosigners of a folder by kind, named `<name>-<kind>`: `ed` and `pq`, and later pairs (`ed-2`, `pq-2`), oldest first.

    Raises NotFound.
    """
    if not (folder / "name").exists():
        raise errors.NotFound(f"there is no cosigner in {folder}", remedy="give the home that holds it")
    name = (folder / "name").read_text(encoding="utf-8").strip()
    found: dict[str, cosignature.Cosigner] = {}
    for number in range(1, PAIRS_MAX + 1):
        ed, pq = (kind if number == 1 else f"{kind}-{number}" for kind in KINDS)
        if (folder / f"{ed}.pem").exists():
            found[ed] = cosignature.Cosigner(f"{name}-{ed}", keys.load_private(folder / f"{ed}.pem"))
            found[pq] = cosignature.Cosigner(f"{name}-{pq}", cosignature.LatticeKey.load(folder / f"{pq}.pem"))
    if not found:
        raise errors.NotFound(f"there are no keys of a cosigner in {folder}", remedy="give the home that holds them")
    return found


def add_pair(folder: Path) -> list[str]:
    """Make the next pair of keys of a cosigner, which signs nothing until a policy lists it; returns their kinds."""
    number = next(n for n in range(2, PAIRS_MAX + 2) if not (folder / f"ed-{n}.pem").exists())
    if number > PAIRS_MAX:
        raise errors.BadQuestion(f"{folder} has {PAIRS_MAX} pairs of keys", remedy="move those away that no policy lists")
    keys.save_private(folder / f"ed-{number}.pem", keys.SigningKey.generate())
    cosignature.LatticeKey.generate().save(folder / f"pq-{number}.pem")
    return [f"{kind}-{number}" for kind in KINDS]


class Cosigner:
    """One nation's cosigner on one log. One thread at a time; other processes are kept apart by the state's transactions."""

    def __init__(self, folder: Path, policy: Policy) -> None:
        self.folder = folder
        self.policy = policy
        self.signers = load(folder)
        self._inspection: Inspection | None = None
        self._is_remembered = False
        self._vouched = 0

    # -- what it remembers -----------------------------------------------------------------------------------------------

    def cosigned(self) -> list[tuple[int, bytes, int]]:
        """Everything this cosigner vouched for: (size, root, Unix time in seconds), oldest first."""
        with self._state() as state:
            return [(s, bytes(r), t) for s, r, t in state.execute("SELECT size, root, time FROM cosigned ORDER BY size")]

    def newest(self) -> tuple[int, bytes]:
        """(size, root) cosigned last; that of the empty tree where none was."""
        with self._state() as state:
            return _newest(state)

    def alarms(self) -> list[Problem]:
        """(position, what) of everything found in entries, whether or not it kept this cosigner from signing."""
        with self._state() as state:
            return [(p, w) for p, w in state.execute("SELECT position, what FROM alarms ORDER BY position, what")]

    def stopped(self) -> str | None:
        """Why this cosigner signs nothing any more, or None."""
        with self._state() as state:
            return _stopped(state)

    def stop(self, why: str) -> None:
        """Sign nothing from now on. The first reason stands; there is no way back but a new key."""
        with self._state() as state:
            if state.execute("INSERT OR IGNORE INTO stopped VALUES (1, ?)", (why,)).rowcount:
                _log.error("this cosigner has stopped: %s", why)

    def alarm(self, found: Sequence[Problem]) -> None:
        """Remember what was found, and say it once."""
        if not found:
            return
        with self._state() as state:
            for position, what in found:
                if state.execute("INSERT OR IGNORE INTO alarms VALUES (?, ?)", (position, what)).rowcount:
                    _log.warning("entry %d: %s", position, what)

    def settle(self, position: int, name: str) -> None:
        """Forget the alarms at a section that was missing, or wrong: it has come."""
        begin = f"section {name} "
        with self._state() as state:
            of_it = (position, len(begin), begin)
            state.execute("DELETE FROM alarms WHERE position = ? AND substr(what, 1, ?) = ?", of_it)
        _log.warning("entry %d: section %s came later; rebuild the view that followed without it", position, name)

    # -- cosigning --------------------------------------------------------------------------------------------------------

    def cosign_newest(self, log: Log, now: int) -> int:
        """Cosign the newest checkpoint of a log; returns its size. Raises as `cosign` does, NotFound without a checkpoint."""
        newest = log.newest_checkpoint()
        if newest is None:
            raise errors.NotFound("the log has no checkpoint yet")
        size, signed = newest
        if note.parse_checkpoint(note.split_note(signed)[0]).size != size:
            raise errors.BadNote(f"the checkpoint kept for size {size} is for another size")
        self.cosign(log, signed, now)
        return size

    def cosign(self, log: Log, signed: bytes, now: int, old_size: int | None = None) -> list[note.SignatureLine]:
        """Inspect what is new up to a checkpoint, store that it was cosigned, leave the lines with the log and return them.

        `now` is this site's own clock in microseconds. `old_size`, where given, must be what was cosigned last: CosignerMoved
        says what was. Raises BadNote for a checkpoint that is not the log's, VerificationFailed naming the first entry that is
        wrong, or where it does not follow from what was cosigned before, and Unavailable where its newest entry is from the
        future; nothing is stored or signed then. Rule: formats.md, "A nation cosigns what it holds".
        """
        verified = self.policy.verify(signed)
        checkpoint = verified.checkpoint
        self._require_own_lines_remembered(log)
        self.require_remembered(verified)
        if checkpoint.size and log.recorded_at(checkpoint.size) > now + AHEAD_SECONDS_MAX * MICROSECONDS:
            raise errors.Unavailable(f"entry {checkpoint.size} is more than {AHEAD_SECONDS_MAX} s ahead of this site's clock")
        inspected = self._inspect(log, checkpoint.size)
        _require_root(log, checkpoint, inspected)
        signers = self._signing(checkpoint.size)
        with self._state() as state:
            state.execute("BEGIN IMMEDIATE")
            time = _store(state, checkpoint, now // MICROSECONDS, old_size)
            state.execute(KEEP, inspected.kept())
            state.execute("COMMIT")
        self._vouched = checkpoint.size
        text, _ = note.split_note(signed)
        lines = [signer.cosign(text, time) for signer in signers]
        if checkpoint.size:
            log.add_cosignatures(checkpoint.size, lines)
        return lines

    def _signing(self, size: int) -> list[cosignature.Cosigner]:
        """Those of its keys that the policy lists for a checkpoint of this size: both pairs while one follows the other."""
        listed = {witness.key for witness in self.policy.at(size).witnesses.values()}
        found = [signer for signer in self.signers.values() if signer.key in listed]
        if not found:
            raise errors.UnsafeSetting("the policy lists no key of this cosigner", remedy="give it the newest policy")
        return found

    # -- a state that is too old -------------------------------------------------------------------------------------------

    def _require_own_lines_remembered(self, log: Log) -> None:
        """What this run signed, and once a run what the log held here has of its signatures, must not be beyond the state."""
        self._require_not_beyond(self._vouched)
        if self._is_remembered:
            return
        for signer in self.signers.values():
            signed = log.newest_cosigned(signer.name)
            if signed is not None:
                self.require_remembered(self.policy.verify(signed))
        self._is_remembered = True

    def require_remembered(self, verified: Verified) -> None:
        """Stop where a checkpoint, from anywhere, bears a sound signature of this cosigner that is beyond its state.

        Raises VerificationFailed.
        """
        own = {signer.key for signer in self.signers.values()}
        witnesses = self.policy.at(verified.checkpoint.size).witnesses
        if not any(witnesses[name].key in own for name in verified.cosigned):
            return
        self._require_not_beyond(verified.checkpoint.size)

    def _require_not_beyond(self, vouched: int) -> None:
        size, _ = self.newest()
        if vouched > size:
            why = f"it cosigned size {vouched} and remembers {size}: its state is an old copy"
            self.stop(why)
            raise errors.VerificationFailed(f"this cosigner has stopped: {why}", remedy="it needs a new key")

    # -- the inspection -----------------------------------------------------------------------------------------------------

    def _inspect(self, log: Log, size: int) -> Inspection:
        """Inspect what was not inspected yet, up to a size, and keep how far that went. Raises VerificationFailed."""
        inspection, self._inspection = self._resumed(log), None
        try:
            while inspection.position < size:
                self.alarm(inspection.advance(size))
                if inspection.position < size:  # the rest of a long way; its end is kept with what is cosigned there
                    with self._state() as state:
                        state.execute(KEEP, inspection.kept())
        except Wrong as wrong:
            self.alarm([wrong.problem])
            raise
        self._inspection = inspection
        return inspection

    def _resumed(self, log: Log) -> Inspection:
        """The inspection at hand, or one from what is kept where there is none or another process went further meanwhile."""
        with self._state() as state:
            row = state.execute("SELECT position, recorded_at, frontier, governing FROM inspected").fetchone()
        kept = Kept(*row) if row is not None else None
        if self._inspection is not None and (kept is None or kept.position <= self._inspection.position):
            return self._inspection
        return Inspection(log, kept)

    @contextmanager
    def _state(self) -> Iterator[sqlite3.Connection]:
        path = self.folder / STATE
        if not path.exists():
            raise errors.Unavailable(f"{path} is lost", remedy="a cosigner that lost its state needs a new key")
        state = sqlite3.connect(path, isolation_level=None, timeout=60)
        try:
            state.execute("PRAGMA synchronous=FULL")
            yield state
        finally:
            if state.in_transaction:
                state.execute("ROLLBACK")
            state.close()


def _store(state: sqlite3.Connection, checkpoint: note.Checkpoint, time: int, old_size: int | None) -> int:
    """Compare with what was cosigned last and store the new one, in the transaction at hand; returns the time it bears."""
    why = _stopped(state)
    if why is not None:
        raise errors.VerificationFailed(f"this cosigner has stopped: {why}", remedy="it needs a new key")
    size, root = _newest(state)
    if old_size is not None and old_size != size:
        raise errors.CosignerMoved(size=size)
    if checkpoint.size < size:
        raise errors.VerificationFailed(
            f"this cosigner vouched for size {size} already, and does not go back to {checkpoint.size}"
        )
    if checkpoint.size == size:
        if checkpoint.root != root:
            raise errors.VerificationFailed(f"this cosigner vouched for another history of size {size}")
        kept = state.execute("SELECT time FROM cosigned WHERE size = ?", (size,)).fetchone()
        time = kept[0] if kept is not None else time
    else:
        state.execute("INSERT INTO cosigned VALUES (?, ?, ?)", (checkpoint.size, checkpoint.root, time))
    return time


def _newest(state: sqlite3.Connection) -> tuple[int, bytes]:
    row = state.execute("SELECT size, root FROM cosigned ORDER BY size DESC LIMIT 1").fetchone()
    return (row[0], bytes(row[1])) if row is not None else (0, merkle.EMPTY_ROOT)


def _stopped(state: sqlite3.Connection) -> str | None:
    row = state.execute("SELECT why FROM stopped").fetchone()
    return str(row[0]) if row is not None else None


def _require_root(log: Log, checkpoint: note.Checkpoint, inspected: Inspection) -> None:
    """The entries inspected must lead to this root; where they go beyond it, a proof to their own root shows that."""
    size, beyond = checkpoint.size, inspected.position
    proof = log.prove_consistency(size, beyond) if size < beyond else []
    try:
        merkle.verify_consistency(size, checkpoint.root, beyond, inspected.frontier.root(), proof)
    except errors.BadProof:
        raise errors.VerificationFailed(f"entries 1 to {size} do not lead to the checkpoint of size {size}") from None
