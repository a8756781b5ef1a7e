"""The inspection of a log by whoever vouches for it: bytes, signatures, key rules and lives of each entry, chunk by chunk.

It goes on from where an earlier run ended. What is kept of a run is small: the position, the tree's frontier there, and a
digest over the entries up to there that govern admission. Keys and registry are made again from those entries, which must
still be the same; versions, lives and event ids of the rest are looked up as they are needed (walk.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from ledger import errors, events
from ledger.events.keys import KeyRing
from ledger.events.registry import Registry
from ledger.evidence.checks import Job, Problem, check_chunk, row_of
from ledger.evidence.walk import Standing, Streams, Walk
from ledger.formats import merkle
from ledger.formats.entry import split_entry
from ledger.store.tables import GOVERNING

ENTRIES_AT_ONCE = 2_000
REMEMBERED_ENTRIES_MAX = 500_000
"""Entries after which streams and ids are no longer remembered but looked up."""


class Log(Streams, Protocol):
    """What an inspection reads."""

    def entries(self, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """(position, entry) from after + 1 on."""

    def governing(self, upto: int) -> Sequence[tuple[int, bytes]]:
        """(position, entry) of all that governs admission, up to a position."""

    def places_of(self, event_ids: Sequence[str]) -> Mapping[str, int]:
        """The first position of each of these event ids that is recorded."""

    def streams_of(self, names: Collection[str]) -> Mapping[str, Sequence[tuple[int, bytes]]]:
        """(position, entry) of each of these streams that has any, in order of version."""


class Kept(NamedTuple):
    """What is kept of an inspection between runs; `recorded_at` is the last entry's instant in microseconds."""

    position: int
    recorded_at: int
    frontier: bytes
    governing: bytes


class Wrong(errors.VerificationFailed):
    """An entry that could never have been admitted."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(f"entry {position}: {what}", remedy="do not sign; run entente verify")
        self.problem: Problem = (position, what)


def digest(governing: Sequence[tuple[int, bytes]]) -> hashlib._Hash:
    """The running digest over (position, entry) of all that governs admission, in order."""
    return hashlib.sha256(b"".join(_placed(position, merkle.hash_leaf(entry)) for position, entry in governing))


def _placed(position: int, leaf_hash: bytes) -> bytes:
    return position.to_bytes(8, "big", signed=True) + leaf_hash  # a number below 1 is no reason to stumble


class Inspection:
    """One inspection of one log. After it raised it must not be used again: begin from what was kept."""

    def __init__(self, log: Log, kept: Kept | None) -> None:
        """Raises VerificationFailed where what governs admission is no longer what was inspected."""
        self.log = log
        self._governing = hashlib.sha256()
        self.frontier = merkle.Frontier()
        self._walk = Walk(log)
        if kept is not None:
            self._resume(kept)

    @property
    def position(self) -> int:
        """The last position inspected."""
        return self._walk.position

    def kept(self) -> Kept:
        """What a later run needs to go on from here."""
        return Kept(self.position, self._walk.recorded_at, self.frontier.to_bytes(), self._governing.digest())

    def _resume(self, kept: Kept) -> None:
        governing = self.log.governing(kept.position)
        self._governing = digest(governing)
        if self._governing.digest() != kept.governing:
            raise errors.VerificationFailed("the entries that govern admission are no longer those inspected before")
        ring, registry = KeyRing(), Registry()
        for position, entry in governing:
            event = events.decode(split_entry(entry)[3])
            ring.apply(event, position)
            registry.apply(event, position)
        self.frontier = merkle.Frontier.from_bytes(kept.frontier)
        self._walk = Walk(self.log, Standing(kept.position, kept.recorded_at, ring, registry, self.log.entries))

    def advance(self, size: int) -> list[Problem]:
        """Inspect the next entries, at most ENTRIES_AT_ONCE and up to a size; returns what alarms and does not block.

        Raises Wrong naming the first entry that blocks, VerificationFailed where one is missing.
        """
        after, limit = self.position, min(ENTRIES_AT_ONCE, size - self.position)
        chunk = self.log.entries(after, limit)
        if not chunk or [position for position, _ in chunk] != list(range(after + 1, after + 1 + len(chunk))):
            raise errors.VerificationFailed(f"entry {after + 1} is missing")
        rows = [row_of(position, entry) for position, entry in chunk]
        if self._walk.since:
            places = self.log.places_of([row[1] for row in rows])
            self._walk.foresee(places, self.log.streams_of(self._walk.strangers(row[2] for row in rows)))
        found = [problem for position, entry in chunk for problem in self._walk.take(position, entry)]
        outcome = check_chunk(Job(rows, self._walk.publics(), (), (), (), (), {}, has_sections=False))
        wrong = min([*outcome.problems, *((f.position, f.what) for f in found if f.blocking)], default=None)
        if wrong is not None:
            raise Wrong(*wrong)
        self.frontier.extend(outcome.leaves)
        for row, leaf_hash in zip(rows, outcome.leaves, strict=True):
            if row[4] in GOVERNING:
                self._governing.update(_placed(row[0], leaf_hash))
        if self.position - self._walk.since > REMEMBERED_ENTRIES_MAX:
            self._walk.forget()
        return sorted([*outcome.alarms, *((f.position, f.what) for f in found)])
