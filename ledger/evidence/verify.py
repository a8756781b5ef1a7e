"""Full verification of a stored log: every entry re-hashed, every signature, key rule and life re-checked, columns compared.

Two passes run side by side. Worker processes take chunks and do what needs no state (bytes, signatures, columns, sections,
checkpoints' signatures); this process goes through the same chunks in order with the state that admission would have had. The
tree ties them together. What is wrong is named with its position, not raised: an audit reports all it finds.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, Protocol

from ledger.evidence.beside import FullTiles, check_adopted, check_cosignatures
from ledger.evidence.bracket import Instants
from ledger.evidence.checks import Job, Outcome, Problem, Row, check_chunk
from ledger.evidence.exported import ExportedLog
from ledger.evidence.walk import Walk
from ledger.formats import merkle
from ledger.formats.policy import Policy
from ledger.formats.sealing import SealingKey

CHUNK_ENTRIES = 4_000
CHUNKS_IN_FLIGHT = 4
"""At least two: what a chunk ends with is known when the next has been walked."""
INLINE_ENTRIES = 2_000
PROBLEMS_MAX = 10_000


class StoredLog(Protocol):
    """What verification reads: every row of every table, as it stands.

    `has_store` is false for an exported folder, which has neither sections nor the checkpoints in between.
    """

    @property
    def has_store(self) -> bool: ...

    def rows(self, after: int, limit: int) -> Sequence[Row]:
        """(position, event_id, stream, version, type, entry) in order of position."""

    def checkpoint_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, bytes]]:
        """(size, note) with after < size <= upto, in order."""

    def cosignature_rows(self) -> Iterable[tuple[int, str, str]]:
        """(size, name, line)."""

    def tile_rows(self) -> Iterable[tuple[int, int, bytes, bytes]]:
        """(level, tile index, hashes, root) by level and index."""

    def section_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, str, bytes]]:
        """(position, name, ciphertext)."""

    def wrap_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, str, str, bytes]]:
        """(position, name, recipient, wrap)."""

    def stray_rows(self) -> Iterable[tuple[int, str]]:
        """(position, what) of rows that stand where none of the above asks for any."""

    def stream_entries(self, stream: str) -> Sequence[tuple[int, bytes]]:
        """(position, entry) of a stream, in order of version."""

    def entry_by_event(self, event_id: str) -> tuple[int, bytes] | None:
        """(position, entry) of an event id."""


def verify(
    log: StoredLog,
    policy: Policy,
    remembered: Mapping[str, Sequence[tuple[int, bytes, int]]],
    openers: Mapping[str, SealingKey] | None = None,
    progress: Callable[[int], None] = lambda position: None,
    workers: int | None = None,
    holder: str = "",
) -> dict[str, Any]:
    """Verify a stored log from its first entry to its last.

    `remembered` holds what each cosigner itself knows that it vouched for: {key name prefix: [(size, root, time)]}. With the
    nations' private sealing keys in `openers` every section's wrap is opened too; without them wraps are only counted. `holder`
    is the nation whose mirror this is: sections of the other alone are not there, and not missed.
    Returns {"ok", "entries", "checked": {...}, "problems": [{"position", "what"}]}.
    """
    run = _Verification(log, policy, openers or {}, workers, holder)
    run.go(progress)
    run.check_tail()
    cosigned, times, wrong = check_cosignatures(log, policy, run.walk.position, remembered)
    if not run.walk.keys.exercise:  # an exercise is told the time, and its cosigners may live in another
        wrong |= run.instants.check(times, policy)
    tiles, misplaced = run.tiles.compare(log.tile_rows(), run.walk.position)
    if isinstance(log, ExportedLog):
        misplaced |= run.tiles.compare_partial(log.partial_tiles(), run.walk.position)
    problems = sorted(run.problems | wrong | misplaced | check_adopted(policy, run.walk.registry))
    counts = run.counts
    return {
        "ok": not problems,
        "entries": run.walk.position,
        "checked": {
            "entries": run.walk.position,
            "signatures": counts["signatures"],
            "keys": len(run.walk.keys.keys),
            "lives": run.walk.lives,
            "indexes": run.walk.indexes,
            "checkpoint": run.checkpoints > 0 and not run.root_wrong,
            "checkpoints": run.checkpoints,
            "cosignatures": cosigned,
            "cosigned_times": 0 if run.walk.keys.exercise else len(times),
            "columns": counts["columns"],
            "sections": counts["sections"],
            "wraps_opened": counts["wraps"],
            "tiles": tiles,
        },
        "problems": [{"position": position, "what": what} for position, what in problems[:PROBLEMS_MAX]],
    }


class _Verification:
    """One run."""

    def __init__(
        self, log: StoredLog, policy: Policy, openers: Mapping[str, SealingKey], workers: int | None, holder: str
    ) -> None:
        self.log, self.policy, self.holder = log, policy, holder
        self.openers = {nation: key.seed for nation, key in openers.items()}
        self.workers = workers or os.cpu_count() or 1
        self.walk = Walk(log)
        self.frontier = merkle.Frontier()
        self.problems: set[Problem] = set()
        self.counts = {"signatures": 0, "columns": 0, "sections": 0, "wraps": 0}
        self.checkpoints = 0
        self.ends: set[int] = set()
        self.last_size = 0
        self.root_wrong = False
        self.tiles = FullTiles()
        self.instants = Instants(size for size, _, _ in log.cosignature_rows())

    # -- the two passes --------------------------------------------------------------------------------------------------

    def go(self, progress: Callable[[int], None]) -> None:
        """Chunk by chunk: hand out what needs no state, walk the same chunk with it, then take the answers in order."""
        first = self.log.rows(0, INLINE_ENTRIES)
        if len(first) < INLINE_ENTRIES or self.workers == 1:
            self._each_chunk(lambda job: _done(check_chunk(job)), progress)
            return
        with ProcessPoolExecutor(self.workers, mp_context=get_context("forkserver")) as pool:
            self._each_chunk(lambda job: pool.submit(check_chunk, job), progress)

    def _each_chunk(self, submit: Callable[[Job], Future[Outcome]], progress: Callable[[int], None]) -> None:
        waiting: list[tuple[Future[Outcome], Sequence[tuple[int, bytes]]]] = []
        after = 0
        while rows := self.log.rows(after, CHUNK_ENTRIES):
            upto = rows[-1][0]
            publics = self._walk(rows)
            notes = self.log.checkpoint_rows(after, upto)
            sections, wraps = self.log.section_rows(after, upto), self.log.wrap_rows(after, upto)
            log_keys = [(first, [str(log.key) for log in policy.logs]) for first, policy in self.policy.periods()]
            job = Job(rows, publics, notes, log_keys, sections, wraps, self.openers, self.log.has_store, self.holder)
            waiting.append((submit(job), notes))
            if len(waiting) >= CHUNKS_IN_FLIGHT:
                self._take(*waiting.pop(0))
                progress(upto)
            after = upto
        for future, notes in waiting:
            self._take(future, notes)

    def _walk(self, rows: Sequence[Row]) -> dict[str, bytes]:
        """What the walk finds in this chunk; returns the public keys its signatures name."""
        for position, _, _, _, _, entry in rows:
            before = self.walk.recorded_at
            self.problems |= {(found.position, found.what) for found in self.walk.take(position, entry)}
            if position in self.instants.wanted:
                self.instants.note(position, self.walk.recorded_at)
            if self.walk.recorded_at > before and position > 1:
                self._boundary(position - 1)
        return self.walk.publics()

    def _boundary(self, size: int) -> None:
        """Entries of one commit share their instant: where it changes a commit ended, and a commit stores its checkpoint.

        No two commits of a live ledger share an instant (store/group.py). In an exercise, which is told the time, several may:
        of those only the last one's end is known, and a checkpoint deleted between them is missed if it was cosigned.
        """
        if not self.log.has_store:
            return
        self.ends.add(size)

    def _take(self, future: Future[Outcome], notes: Sequence[tuple[int, bytes]]) -> None:
        outcome = future.result()
        self.problems |= {*outcome.problems, *outcome.alarms}
        for name, count in outcome.counts.items():
            self.counts[name] += count
        leaves = outcome.leaves
        signed = dict(outcome.roots)
        first = self.frontier.size
        done = 0
        for size in sorted(signed):
            self.frontier.extend(leaves[done : size - first])
            done = size - first
            self._compare_root(size, signed[size])
        self.frontier.extend(leaves[done:])
        self.checkpoints += len(signed)
        present = {size for size, _ in notes}
        # The next chunk is walked already, or there is none: whether a commit ended with this one's last entry is known.
        ended = {size for size in self.ends if size <= self.frontier.size}
        self.ends -= ended
        for size in ended - present:
            self._problem(size, f"the checkpoint of size {size} is missing: a commit ended there")
        self.last_size = max([self.last_size, *present])
        self.tiles.extend(leaves)

    def _compare_root(self, size: int, root: bytes) -> None:
        if self.root_wrong or self.frontier.root() == root:
            return
        self.root_wrong = True
        self._problem(size, f"the entries up to {size} do not lead to the root of the checkpoint of that size")

    def _problem(self, position: int, what: str) -> None:
        self.problems.add((position, what))

    # -- what lies beside the entries -----------------------------------------------------------------------------------------

    def check_tail(self) -> None:
        """Nothing may stand beyond the newest checkpoint; no checkpoint, section or wrap beyond the entries or before them."""
        self.problems |= set(self.log.stray_rows())
        if self.walk.position > self.last_size:
            self._problem(
                self.walk.position, f"entries {self.last_size + 1} to {self.walk.position} are beyond the newest checkpoint"
            )
        for size, _ in self.log.checkpoint_rows(self.walk.position, None):
            self._problem(size, f"there is a checkpoint of size {size}, but only {self.walk.position} entries")
        for position, name, _ in self.log.section_rows(self.walk.position, None):
            self._problem(position, f"section {name} belongs to no entry")
        for position, name, recipient, _ in self.log.wrap_rows(self.walk.position, None):
            self._problem(position, f"the wrap of {name} for {recipient} belongs to no entry")


def _done(outcome: Outcome) -> Future[Outcome]:
    future: Future[Outcome] = Future()
    future.set_result(outcome)
    return future
