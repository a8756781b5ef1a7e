"""The long campaigns: `python -m tests.campaign --hours 2`, also `make campaign HOURS=2`.

Its time is shared over the rows: random nights told by two calculations, the log forked at every size, bundles spoilt bit by
bit, spoilt bundles before both verifiers, what is stored (at Calais, at a mirror, by cosigners) and exported changed by whoever
has every right, writers, services and servers killed with -9, and the service asked by nobody who means well, on both stores.
Each turn prints one JSON line a row with its seed, what it reached, and the floors it holds itself to; a failure ends the
campaign with exit 1. After each turn follows what all campaigns at this commit reached together, each seed counted once: it is
kept in bench/results/, a file a commit, and not at all where the tree is not as the commit has it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from typing import Any

from tests import oracle
from tests.agreement_campaign import agreement
from tests.bundle_campaign import bundles
from tests.fork_campaign import forks
from tests.hostile_campaign import besieged
from tests.hostile_campaign import campaign as hostile_requests
from tests.memory import play_in_memory
from tests.playing import load
from tests.postgres import Postgres, running_postgres
from tests.reached import RESULTS, Reached
from tests.sites import NIGHT, Sites
from tests.tamper_campaign import tampering, tampering_with_a_mirror
from tests.tamper_files import tampering_with_files
from tests.test_client_crash import campaign as spooling_at
from tests.test_nights_agree import digests, disagreements
from tests.test_openapi import ROLES, asked_by_the_book, conform

ROOT = Path(__file__).resolve().parent.parent
NIGHTS_A_TURN = 40
KILLS_A_TURN = 100
TAMPERED_A_TURN = 500
MIRRORED_A_TURN = 500
FILES_A_TURN = 1_200
SERVICES_A_TURN = 300
HOSTILE_A_TURN = 5_000
BY_THE_BOOK_EACH = 100
ACKNOWLEDGED_A_KILL_MIN = 3


def nights(seed: int) -> dict[str, Any]:
    """Nights of 10 to 100 events: every figure, situation and reconciliation twice; followed = rebuilt."""
    asked = 0
    for n in range(NIGHTS_A_TURN):
        rng = Random(seed + n)
        scenario = oracle.random_night(seed + n, rng.randrange(10, 100))
        with tempfile.TemporaryDirectory(prefix="entente-campaign-") as folder:
            home = play_in_memory(Path(folder), scenario)
            found = disagreements(home, scenario, home.ledger.position, rng, questions=8)
            assert not found, f"night {seed + n}: {found[0]}"
            digests(home)
            home.close()
        asked += 1
    assert asked == NIGHTS_A_TURN
    return {"row": "nights", "nights": asked}


def kills(seed: int, url: str) -> dict[str, Any]:
    """A writer killed at random moments: nothing acknowledged lost, no gap, every doubt resolved."""
    command = [sys.executable, "-m", "tests.crashing", url, "--kills", str(KILLS_A_TURN), "--seed", str(seed)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    result: dict[str, Any] = json.loads(told.stdout)
    assert result["kills"] == KILLS_A_TURN
    assert result["acknowledged"] >= ACKNOWLEDGED_A_KILL_MIN * KILLS_A_TURN
    return {"row": "kills", **result}


def services(seed: int, folder: Path, url: str) -> dict[str, Any]:
    """A service and the ledger it sends to killed at random moments: every event once, in order."""
    folder.mkdir()
    told = spooling_at(folder, url, "--kills", str(SERVICES_A_TURN), "--seed", str(seed))
    assert told.returncode == 0, told.stdout + told.stderr
    result: dict[str, Any] = json.loads(told.stdout)
    assert result["client_kills"] == SERVICES_A_TURN and result["in_doubt"], result
    return {"row": "services", **result}


def besieging(seed: int, folder: Path, url: str) -> dict[str, Any]:
    """Requests that nobody means well by: answered in time, nothing half done, nothing told, no memory kept."""
    folder.mkdir()
    with besieged(folder, url) as found:
        return hostile_requests(seed, HOSTILE_A_TURN, found)


def by_the_book(seed: int) -> dict[str, Any]:
    """All that our OpenAPI document allows, asked by each role: answered as it says."""
    statuses: Counter[int] = Counter()
    with tempfile.TemporaryDirectory(prefix="entente-campaign-") as folder, asked_by_the_book(Path(folder)) as served:
        for who in ROLES:
            statuses += conform(served, who, seed, BY_THE_BOOK_EACH)
    return {"row": "openapi", "requests": statuses.total(), "statuses": dict(sorted(statuses.items()))}


def tamperings(seed: int, folder: Path, new_database: Callable[[], str]) -> Iterator[dict[str, Any]]:
    """What is stored, by Calais and by a mirror, and what is exported, changed at random: all of it found and named."""
    folder.mkdir()
    with closing(Sites(folder / "sites", new_database, load(NIGHT))) as sites:
        yield tampering_with_a_mirror(seed, sites, MIRRORED_A_TURN)
    yield tampering(seed, folder / "stored", new_database(), TAMPERED_A_TURN)
    yield tampering_with_files(seed, folder / "exported", new_database(), FILES_A_TURN)


def rows(seed: int, server: Postgres) -> Iterator[dict[str, Any]]:
    """One turn, a row after the other."""
    for row in (nights, bundles, agreement, by_the_book):
        yield row(seed)
    yield {"store": "sqlite", **forks(seed)}
    yield {"store": "postgresql", **forks(seed, server)}
    with tempfile.TemporaryDirectory(prefix="entente-campaign-") as folder, ExitStack() as databases:
        for store in ("sqlite", "postgresql"):
            new_database = _databases(server, databases) if store == "postgresql" else lambda: ""
            yield {"store": store, **kills(seed, new_database() or f"sqlite:///{Path(folder) / 'ledger.sqlite'}")}
            yield {"store": store, **services(seed, Path(folder) / f"services-{store}", new_database() or store)}
            yield {"store": store, **besieging(seed, Path(folder) / f"hostile-{store}", new_database() or "sqlite")}
            for row in tamperings(seed, Path(folder) / store, new_database):
                yield {"store": store, **row}


def _databases(server: Postgres, kept: ExitStack) -> Callable[[], str]:
    return lambda: kept.enter_context(server.database())


def main() -> int:
    """Take turns until the time is up; exit 1 at the first failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    asked = parser.parse_args()
    end = time.monotonic() + asked.hours * 3600
    turn, reached = 0, Reached(RESULTS)
    with running_postgres() as server:
        while turn == 0 or time.monotonic() < end:
            seed, began = asked.seed + turn * 1000, time.monotonic()
            try:
                for row in rows(seed, server):
                    took = round(time.monotonic() - began, 1)
                    print(json.dumps({"turn": turn, "seed": seed, **row, "took_seconds": took}), flush=True)
                    reached.add(seed, row)
                    began = time.monotonic()
            except AssertionError as wrong:
                print(json.dumps({"seed": seed, "failed": str(wrong)[-2000:]}), flush=True)
                return 1
            turn += 1
            for line in reached.so_far():
                print(json.dumps(line), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
