"""How two rates are compared: opened side by side, warmed up, measured in turn, and reported as a ratio with its spread.

A side is opened on a `Place` and gives a measure: called with a number of seconds, it works for about that long and returns a
rate. Both sides of a row are open at once and take turns, so that a slow minute of the machine slows both; the ratio is the
median of the ratios of each turn, and its spread the lowest and the highest of them.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.postgres import Postgres

ROUNDS_MIN = 5
SYNCS = 50  # writes with fsync that tell how fast this disk makes something durable

T = TypeVar("T")
Measure = Callable[[float], float]


@dataclass(frozen=True)
class Place:
    """Where a side may work: a folder on the disk that is measured, a PostgreSQL on the same disk, what stays open there."""

    folder: Path
    postgres: Postgres
    kept: ExitStack

    def keep(self, opened: AbstractContextManager[T]) -> T:
        """Open something that stays open as long as the place does."""
        return self.kept.enter_context(opened)

    def new_folder(self) -> Path:
        """An empty folder of one's own."""
        return Path(tempfile.mkdtemp(dir=self.folder))


Side = Callable[[Place], AbstractContextManager[Measure]]


@dataclass(frozen=True)
class Row:
    """One line of the table: what is compared, the ratio that is owed (`floor`) and the one that is aimed at (`aim`).

    Where `other` is None there is nobody to compare with: ours is a time, and `floor` and `aim` are times it must stay below.
    """

    what: str
    store: str
    unit: str
    floor: float
    aim: float
    ours: Side
    other: Side | None


def drive(writers: int, seconds: float, make_step: Callable[[int], Callable[[], int]]) -> float:
    """Events per second of `writers` threads that each repeat their step until the time is over, or a step has nothing to do.

    `make_step(writer)` is called before the clock starts; a step returns how many events it made durable, 0 when its supply
    is used up. The first error of any writer is raised: a rate with failures in it is not a rate.
    """
    counts = [0] * writers
    errors: list[BaseException] = []
    steps = [make_step(writer) for writer in range(writers)]
    start = threading.Barrier(writers + 1)
    ends_at = [0.0]

    def write(writer: int) -> None:
        step = steps[writer]
        start.wait()
        try:
            while time.perf_counter() < ends_at[0] and (done := step()):
                counts[writer] += done
        except BaseException as error:  # noqa: BLE001 (raised again below, in the thread that measures)
            errors.append(error)

    threads = [threading.Thread(target=write, args=(writer,), daemon=True) for writer in range(writers)]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    ends_at[0] = began + seconds
    start.wait()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return sum(counts) / (time.perf_counter() - began)


def compare(row: Row, place: Place, seconds: float, rounds: int) -> dict[str, Any]:
    """Measure both sides of a row in turn. Raises ValueError for fewer rounds than a median is worth."""
    if rounds < ROUNDS_MIN:
        raise ValueError(f"a median of {rounds} rounds says nothing; take {ROUNDS_MIN} or more")
    if row.other is None:
        return _against_limits(row, place, seconds, rounds)
    with ExitStack() as opened:
        ours = opened.enter_context(row.ours(place))
        other = opened.enter_context(row.other(place))
        ours(seconds / 4)
        other(seconds / 4)
        pairs = [(ours(seconds), other(seconds)) for _ in range(rounds)]
    ratios = [a / b for a, b in pairs]
    ratio = statistics.median(ratios)
    return {
        **_frame(row, rounds),
        "ours": round(statistics.median(a for a, _ in pairs), 1),
        "other": round(statistics.median(b for _, b in pairs), 1),
        "ratio": round(ratio, 3),
        "spread": [round(min(ratios), 3), round(max(ratios), 3)],
        "reached": "aim" if ratio >= row.aim else "floor" if ratio >= row.floor else "below floor",
    }


def _against_limits(row: Row, place: Place, seconds: float, rounds: int) -> dict[str, Any]:
    """Ours alone, a time; the ratio says how many times it fits into the floor."""
    with row.ours(place) as measure:
        measure(seconds / 4)
        times = [measure(seconds) for _ in range(rounds)]
    ours = statistics.median(times)
    return {
        **_frame(row, rounds),
        "ours": round(ours, 3),
        "other": None,
        "ratio": round(row.floor / ours, 3),
        "spread": [round(row.floor / max(times), 3), round(row.floor / min(times), 3)],
        "reached": "aim" if ours <= row.aim else "floor" if ours <= row.floor else "below floor",
    }


def _frame(row: Row, rounds: int) -> dict[str, Any]:
    return {"what": row.what, "store": row.store, "unit": row.unit, "rounds": rounds, "floor": row.floor, "aim": row.aim}


def machine(place: Place) -> dict[str, Any]:
    """What the figures were measured on: processor, cores, memory, kernel, Python, PostgreSQL, and the disk's sync time."""
    cluster = place.postgres.cluster
    version = ""
    if cluster is not None:
        told = subprocess.run([cluster.binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
        version = told.stdout.strip().rpartition(") ")[2]
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgresql": version,
        "sync_milliseconds": round(_sync_seconds(place.folder) * 1000, 3),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _sync_seconds(folder: Path) -> float:
    """The median time to make 4 KiB durable: group commit lives on it, and it says whether this disk syncs at all."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(SYNCS):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times)
