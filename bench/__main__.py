"""`python -m bench [GROUP ...]`: one JSON line a row on standard output, progress on standard error.

Groups are append, http, rebuild, verify, query, memory, disk, report, final, steady; all of them unless some are named.
BENCH_SECONDS (2) is how long one turn of a rate lasts, BENCH_ROUNDS (5, and no fewer) how many turns are taken, BENCH_EVENTS
(100000) the size of the log that is read, BENCH_STEADY_SECONDS (600) how long the steady load lasts. Exit 1 if a row stays
below its floor: floors are owed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.disk import disk_line
from bench.finality import catch_up_line, final_line
from bench.issuing import issuing_line
from bench.measure import ROUNDS_MIN, Place, compare, machine
from bench.memory import peak_mebibytes
from bench.ours import FilledLogs
from bench.rows import STORES, all_rows
from bench.steady import steady_lines
from tests.postgres import running_postgres

CATCH_UP_EVENTS_MAX = 20_000
GROUPS = ("append", "http", "rebuild", "verify", "query", "memory", "disk", "report", "final", "steady")
# A server that is measured gets room, the same for both sides of a row.
POSTGRES_SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "8GB"}


def main() -> int:
    """Measure what is asked for; the exit code says whether every floor was reached."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--only", default="", metavar="TEXT", help="rows whose name contains this")
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("BENCH_SECONDS", "2")))
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("BENCH_ROUNDS", str(ROUNDS_MIN))))
    parser.add_argument("--events", type=int, default=int(os.environ.get("BENCH_EVENTS", "100000")))
    parser.add_argument("--steady-seconds", type=float, default=float(os.environ.get("BENCH_STEADY_SECONDS", "600")))
    asked = parser.parse_args()
    if unknown := set(asked.groups) - set(GROUPS):
        parser.error(f"no such group: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    is_below = False
    for line in measure(asked):
        print(json.dumps(line), flush=True)
        is_below |= line.get("reached") == "below floor"
    return int(is_below)


def measure(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One result a row, each with the machine it was measured on."""
    logs = FilledLogs(asked.events)
    with ExitStack() as kept:
        postgres = kept.enter_context(running_postgres(POSTGRES_SETTINGS, loopback=True))
        folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="entente-bench-")))
        place = Place(folder, postgres, kept.enter_context(ExitStack()))
        here = machine(place)
        groups = all_rows(logs)
        for group in asked.groups or GROUPS:
            for row in groups.get(group, []):
                if asked.only in row.what:
                    print(f"{row.what} ({row.store}) ...", file=sys.stderr, flush=True)
                    yield {**compare(row, place, asked.seconds, asked.rounds), "machine": here}
            if group == "final":
                for store in STORES:
                    yield {**final_line(place, store, asked.seconds * asked.rounds), "machine": here}
                    yield {**catch_up_line(place, store, min(asked.events, CATCH_UP_EVENTS_MAX)), "machine": here}
            if group == "steady":
                for line in steady_lines(place, "postgresql", asked.steady_seconds):
                    yield {**line, "machine": here}
            if group == "disk":
                for store in STORES:
                    yield {**disk_line(logs, place, store), "machine": here}
            if group == "report":
                for store in STORES:
                    yield {**issuing_line(logs, place, store), "machine": here}
            if group == "memory":
                for store in STORES:
                    peaks = peak_mebibytes(logs, place, store)
                    yield {
                        "what": f"peak memory, {asked.events} events",
                        "store": store,
                        "unit": "MiB",
                        **peaks,
                        "machine": here,
                    }


if __name__ == "__main__":
    sys.exit(main())
