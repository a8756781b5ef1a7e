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
from typing import Any

from tests.postgres import Postgres

ROUNDS_MIN = 5
SYNCS = 50  # writes with fsync that tell how fast this disk makes something durable

Measure = Callable[[float], float]


@dataclass(frozen=True)
class Place:
    """Where a side may work: a folder on the disk that is measured, and a PostgreSQL on the same disk."""

    folder: Path
    postgres: Postgres

    def new_folder(self) -> Path:
        """An empty folder of one's own."""
        return Path(tempfile.mkdtemp(dir=self.folder))


Side = Callable[[Place], AbstractContextManager[Measure]]


@dataclass(frozen=True)
class Row:
    """One line of the table: what is compared, the ratio that is owed (`floor`) and the one that is aimed at (`aim`)."""

    what: str
    store: str
    unit: str
    floor: float
    aim: float
    ours: Side
    other: Side


def drive(writers: int, seconds: float, make_step: Callable[[int], Callable[[], int]]) -> float:
    """Events per second of `writers` threads that each repeat their step until the time is over.

    `make_step(writer)` is called before the clock starts; a step returns how many events it made durable. The first error of
    any writer is raised: a rate with failures in it is not a rate.
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
            while time.perf_counter() < ends_at[0]:
                counts[writer] += step()
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
    with ExitStack() as opened:
        ours = opened.enter_context(row.ours(place))
        other = opened.enter_context(row.other(place))
        ours(seconds / 4)
        other(seconds / 4)
        pairs = [(ours(seconds), other(seconds)) for _ in range(rounds)]
    ratios = [a / b for a, b in pairs]
    ratio = statistics.median(ratios)
    return {
        "what": row.what,
        "store": row.store,
        "unit": row.unit,
        "ours": round(statistics.median(a for a, _ in pairs), 1),
        "other": round(statistics.median(b for _, b in pairs), 1),
        "ratio": round(ratio, 3),
        "spread": [round(min(ratios), 3), round(max(ratios), 3)],
        "rounds": rounds,
        "floor": row.floor,
        "aim": row.aim,
        "reached": "aim" if ratio >= row.aim else "floor" if ratio >= row.floor else "below floor",
    }


def observe(name: str, side: Side, place: Place, seconds: float, rounds: int) -> dict[str, Any]:
    """The rate of one side alone, for looking at a peer or at ourselves."""
    with side(place) as measure:
        measure(seconds / 4)
        rates = [measure(seconds) for _ in range(rounds)]
    return {"what": name, "rate": round(statistics.median(rates), 1), "spread": [round(min(rates), 1), round(max(rates), 1)]}


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
