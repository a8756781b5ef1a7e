"""A service is killed while it states and sends, and the ledger under it: nothing is lost, doubled or overtaken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.coast import Coast
from tests.processes import ROOT

KILLS = 80
SPOOLED_MIN, IN_DOUBT_MIN, SERVER_KILLS_MIN = 200, 10, 8


def campaign(folder: Path, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    made = Coast(folder, url)
    token = folder / "token"
    token.write_text(made.tokens["BF"])
    made.home.close()
    command = [sys.executable, "-m", "tests.spooling", str(made.home.path), str(token), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1_200, check=False)


@pytest.mark.crash
@pytest.mark.slow
def test_every_event_is_recorded_once_and_in_order_whoever_is_killed(tmp_path: Path, store_url: str) -> None:
    ran = campaign(tmp_path, store_url, "--kills", str(KILLS), "--seed", "7")
    assert ran.returncode == 0, ran.stderr[-4_000:]
    found: dict[str, Any] = json.loads(ran.stdout)
    print(found)
    assert found["client_kills"] == KILLS and found["server_kills"] >= SERVER_KILLS_MIN, found
    assert found["spooled"] >= SPOOLED_MIN and found["in_doubt"] >= IN_DOUBT_MIN, found


@pytest.mark.crash
def test_a_service_that_sends_without_a_spool_is_found_out(tmp_path: Path) -> None:
    """The defect that the campaign is there for: what was said is gone when the process is."""
    ran = campaign(tmp_path, "sqlite", "--kills", "20", "--seed", "7", "--plant")
    assert ran.returncode != 0 and "are not on record" in ran.stderr, ran.stderr[-2_000:]
