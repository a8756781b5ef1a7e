"""Our side of every row: signed events, verified, life-checked, in the Merkle tree and under a signed checkpoint when answered.

What is measured begins with the signed bytes that reach the ledger, as a service's do (bench/nights.py signs them beforehand).
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from api.home import NATIONS, Home
from api.settings import Settings
from bench.limits import copy_seconds
from bench.measure import Measure, Place, Side, drive
from bench.nights import BEGIN, DAY, EVENTS_A_DAY, ORIGIN, BenchHome, fill, record
from ledger.evidence import verify as evidence
from ledger.formats import envelope, merkle
from ledger.store.audit import StoredRows
from projections import view as views
from projections.viewstore import namespace

FIRST_GUESS_A_SECOND = 2_000
READ_ENTRIES = 10_000
QUERIES_MIN = 100


@contextmanager
def new_home(place: Place, store: str) -> Iterator[BenchHome]:
    """A home of its own in a fresh database of one kind, the views beside the log."""
    folder = place.new_folder()
    if store == "sqlite":
        bench = BenchHome(folder, Settings(ORIGIN))
        try:
            yield bench
        finally:
            bench.close()
        return
    with place.postgres.database() as url:
        bench = BenchHome(folder, Settings(ORIGIN, database=url, gb_database=url, fr_database=url))
        try:
            yield bench
        finally:
            bench.close()


# -- appending ----------------------------------------------------------------------------------------------------------------


class Supply:
    """Signed events made ready before the clock runs, as many as the last rate lets one expect, and a half more."""

    def __init__(self, writers: int, make: Callable[[int], list[Any]], unit_events: int) -> None:
        self.writers = writers
        self.make = make
        self.unit_events = unit_events
        self.rate = float(FIRST_GUESS_A_SECOND)

    def measure(self, seconds: float, append: Callable[[Any], None]) -> float:
        """Events per second; the writers stop when the time is over or their supply is used up, whichever is first."""
        units_each = int(self.rate * 1.5 * seconds / self.unit_events / self.writers) + 2
        supplies = [self.make(units_each) for _ in range(self.writers)]

        def make_step(writer: int) -> Callable[[], int]:
            waiting = iter(supplies[writer])

            def step() -> int:
                unit = next(waiting, None)
                if unit is None:
                    return 0
                append(unit)
                return self.unit_events

            return step

        # What waits here would be searched by every full garbage collection, which no ledger has to bear.
        gc.collect()
        gc.freeze()
        try:
            self.rate = drive(self.writers, seconds, make_step)
        finally:
            gc.unfreeze()
        return self.rate


def appends(store: str, callers: int) -> Side:
    """Callers that each append one signed event and wait for its receipt; every caller tells incidents of its own."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        with new_home(place, store) as bench:
            supply = Supply(callers, bench.events, 1)
            yield lambda seconds: supply.measure(seconds, bench.ledger.append)

    return open_side


def batches(store: str, size: int, *, batch_signed: bool) -> Side:
    """One caller that appends `size` events at a time, each with its own signature or all under one batch signature."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        with new_home(place, store) as bench:

            def individually(count: int) -> list[list[envelope.Submitted]]:
                return [bench.events(size) for _ in range(count)]

            def together(count: int) -> list[list[envelope.Submitted]]:
                return bench.batches(count, size)

            supply = Supply(1, together if batch_signed else individually, size)
            yield lambda seconds: supply.measure(seconds, lambda unit: record(bench, unit))

    return open_side


# -- reading ------------------------------------------------------------------------------------------------------------------


class FilledLogs:
    """Logs of a wanted size, filled once for each kind of store and then shared by all rows that only read."""

    def __init__(self, events: int) -> None:
        self.events = events
        self._filled: dict[str, BenchHome] = {}

    @contextmanager
    def open(self, place: Place, store: str) -> Iterator[BenchHome]:
        """The filled home; it is closed with the place it was made on."""
        if store not in self._filled:
            bench = place.keep(new_home(place, store))
            fill(bench, self.events)
            self._filled[store] = bench
        yield self._filled[store]


def rebuilds(logs: FilledLogs, store: str) -> Side:
    """Events per second at which both views are rebuilt beside the live ones, one process each."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        # Processes that start from nothing: forked ones would share our connections.
        pool = ProcessPoolExecutor(len(NATIONS), mp_context=get_context("spawn"))
        with logs.open(place, store) as bench, pool:

            def measure(_: float) -> float:
                began = time.perf_counter()
                done = [pool.submit(_rebuild, bench.home.path, nation) for nation in NATIONS]
                positions = [task.result() for task in done]
                return min(positions) / (time.perf_counter() - began)

            yield measure

    return open_side


def _rebuild(home: Path, nation: str) -> int:
    with Home.open(home, lambda: BEGIN) as opened:
        return opened.projector(nation).rebuild()


def copies_of_views(logs: FilledLogs) -> Side:
    """Events per second at which COPY alone would write the rows of both views (the other side of a rebuild, on PostgreSQL)."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        with logs.open(place, "postgresql") as bench:
            for nation in NATIONS:
                bench.home.projector(nation).rebuild()
            events = bench.ledger.head()

            def measure(_: float) -> float:
                # Asked each time: a rebuild switches to the other tables.
                live = {nation: bench.home.view_store(nation).live().all for nation in NATIONS}
                tables = [f"{namespace(nation)}.{table.name}" for nation, found in live.items() for table in found]
                return events / copy_seconds(bench.home.ledger_url, tables, rows_min=events)

            yield measure

    return open_side


def verifications(logs: FilledLogs, store: str) -> Side:
    """Signatures per second of a full verification of the stored log: entries, lives, columns, tree, checkpoints and all."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        with logs.open(place, store) as bench:

            def measure(_: float) -> float:
                began = time.perf_counter()
                told = evidence.verify(StoredRows(bench.ledger.engine), bench.home.policy(), {})
                assert told["ok"], told["problems"]
                signatures: int = told["checked"]["signatures"]
                return signatures / (time.perf_counter() - began)

            yield measure

    return open_side


def merkle_roots(logs: FilledLogs, store: str) -> Side:
    """Seconds to hash a million stored entries into their root, scaled from the size of the log at hand."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        with logs.open(place, store) as bench:

            def measure(_: float) -> float:
                began = time.perf_counter()
                frontier, after = merkle.Frontier(), 0
                while rows := bench.ledger.entries(after, READ_ENTRIES):
                    frontier.extend([merkle.hash_leaf(entry) for _, entry in rows])
                    after = rows[-1][0]
                found = bench.ledger.checkpoint_upto(after)
                assert found == (after, frontier.root())
                return (time.perf_counter() - began) * 1_000_000 / after

            yield measure

    return open_side


# -- asking -------------------------------------------------------------------------------------------------------------------

Question = Callable[[Home, int], Any]


def answers(logs: FilledLogs, store: str, question: Question) -> Side:
    """The 99th percentile in milliseconds of a question put to the followed views, as of instants all over the log."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        with logs.open(place, store) as bench:
            for nation in NATIONS:
                bench.home.projector(nation).follow()
            days = max(1, logs.events // EVENTS_A_DAY)

            def measure(seconds: float) -> float:
                times: list[float] = []
                ends_at = time.perf_counter() + seconds
                while len(times) < QUERIES_MIN or time.perf_counter() < ends_at:
                    instant = BEGIN + (len(times) * 7919 % (days * 24)) * DAY // 24 + DAY // 2
                    began = time.perf_counter()
                    question(bench.home, instant)
                    times.append((time.perf_counter() - began) * 1000)
                return statistics.quantiles(times, n=100)[98]

            yield measure

    return open_side


def _day(instant: int) -> date:
    return date.fromordinal(date(1970, 1, 1).toordinal() + instant // DAY)


def ask_figures(home: Home, instant: int) -> Any:
    """The figures of the day of an instant, as known at that instant."""
    return home.view("GB").at(instant).figures(_day(instant))


def ask_explanation(home: Home, instant: int) -> Any:
    """The lines behind one figure of that day."""
    return home.view("GB").at(instant).explain("G1", _day(instant))


def ask_situation(home: Home, instant: int) -> Any:
    """What was open at an instant."""
    return home.view("FR").at(instant).situation()


def ask_reconciliation(home: Home, instant: int) -> Any:
    """One pair of figures explained, both as known at that instant."""
    gb, fr = home.view("GB").at(instant), home.view("FR").at(instant)
    return views.reconcile("P1", gb, _day(instant), fr, _day(instant))
