"""A slice of the crash campaign: kill -9 of the writer a few hundred times on each store, and crashes of the server itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ledger import errors
from ledger.store.receipt import Receipt
from tests.postgres import URL_VARIABLE, running_postgres
from tests.scribe import SET_UP_ENTRIES, opened
from tests.soundness import assert_sound

ROOT = Path(__file__).resolve().parent.parent
KILLS = 220
SERVER_CRASHES = 2


@pytest.mark.crash
@pytest.mark.slow
def test_a_killed_writer_loses_nothing_that_was_acknowledged(store_url):
    """The floors are asserted: a campaign in which nothing was killed in the act shows nothing."""
    seed = int.from_bytes(os.urandom(4), "big")
    command = [sys.executable, "-m", "tests.crashing", store_url, "--kills", str(KILLS), "--seed", str(seed)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert told.returncode == 0, f"seed {seed}\n{told.stdout}{told.stderr}"
    assert "writer:" not in told.stderr, told.stderr
    result = json.loads(told.stdout)
    print(result)
    assert result["kills"] == KILLS
    assert result["acknowledged"] >= 3 * KILLS
    assert result["in_doubt"] >= KILLS // 2
    assert result["found_on_record"] >= 5
    assert result["entries"] == SET_UP_ENTRIES + result["acknowledged"]


@pytest.mark.crash
def test_the_campaign_finds_a_writer_that_lies(tmp_path):
    """One batch in three is acknowledged and not committed: a campaign that passes then would pass with anything."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    command = [sys.executable, "-m", "tests.crashing", url, "--kills", "12", "--seed", "1", "--plant"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert told.returncode != 0
    assert "AssertionError" in told.stderr


@pytest.mark.crash
@pytest.mark.slow
def test_a_crashed_server_loses_nothing_that_was_acknowledged(monkeypatch):
    """PostgreSQL is stopped at once, as by a crash, while three threads append; they send again until they are answered."""
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    with running_postgres() as server, server.database() as url, opened(url) as (ledger, scribe):
        events = [[scribe.attempt(f"INC-{n}-{i % 5}") for i in range(900)] for n in range(3)]
        receipts: list[Receipt] = []
        failed: list[errors.Unavailable] = []
        finish = threading.Event()

        def append(submitted) -> None:
            for item in submitted:
                if finish.is_set():
                    return
                while True:
                    try:
                        receipts.append(ledger.append(item))
                        break
                    except errors.Unavailable as error:
                        failed.append(error)
                        time.sleep(0.02)

        threads = [threading.Thread(target=append, args=(items,)) for items in events]
        for thread in threads:
            thread.start()
        for _ in range(SERVER_CRASHES):
            time.sleep(0.25)
            server.cluster.stop(signal.SIGQUIT)
            server.cluster.start()
        time.sleep(0.1)
        finish.set()
        for thread in threads:
            thread.join()
        positions = sorted(receipt.position for receipt in receipts)
        assert positions == list(range(SET_UP_ENTRIES + 1, SET_UP_ENTRIES + 1 + len(receipts)))
        assert assert_sound(ledger) == positions[-1]
        assert len(receipts) >= 100
        assert len(failed) >= SERVER_CRASHES
