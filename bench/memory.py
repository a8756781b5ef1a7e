"""How much memory long work needs: the peak of a process of its own and of every process it starts.

Sampled from the kernel's proportional set size, which shares out what several processes have in common. The peak that the
kernel keeps itself (ru_maxrss) is no use here: a started process inherits its parent's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from api.home import Home
from bench.measure import Place
from bench.nights import BEGIN
from bench.ours import FilledLogs
from ledger.evidence import verify as evidence
from ledger.store.audit import StoredRows

SAMPLE_SECONDS = 0.05


def peak_mebibytes(logs: FilledLogs, place: Place, store: str) -> dict[str, float]:
    """The peak memory of rebuilding one view, and of verifying the log with all its processes, in MiB."""
    with logs.open(place, store) as bench:
        return {work.__name__: _peak_of(work, bench.home.path) for work in (rebuild, verify)}


def rebuild(home: Path) -> None:
    """Rebuild the British view."""
    with Home.open(home, lambda: BEGIN) as opened:
        opened.projector("GB").rebuild()


def verify(home: Path) -> None:
    """Verify the whole log."""
    with Home.open(home, lambda: BEGIN) as opened:
        assert evidence.verify(StoredRows(opened.ledger.engine), opened.policy(), {})["ok"]


def _peak_of(work: Callable[[Path], None], argument: Any) -> float:
    # Started from nothing: a forked process would count our own memory.
    process = get_context("spawn").Process(target=work, args=(argument,))
    process.start()
    peak, samples = 0, 0
    while process.is_alive():
        peak = max(peak, sum(map(proportional_kibibytes, _family(process.pid or 0))))
        samples += 1
        time.sleep(SAMPLE_SECONDS)
    assert process.exitcode == 0, f"{work.__name__} failed"
    assert samples > 1, f"{work.__name__} was over before it was looked at: take more events"
    return round(peak / 1024, 1)


def _family(process: int) -> list[int]:
    """A process and all that descend from it; one that is gone has nobody."""
    try:
        started = [child for task in Path(f"/proc/{process}/task").glob("*/children") for child in task.read_text().split()]
    except OSError:
        return [process]
    return [process, *(one for child in started for one in _family(int(child)))]


def proportional_kibibytes(process: int) -> int:
    """What a process has in memory, its share of what it has in common with others; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
