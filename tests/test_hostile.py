"""Whatever is asked and sent: an answer in time that names what was wrong, and a log that is none the worse."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile_campaign import besieged, campaign

SEED = 3
"""One of which the first 200 have sound appends among them."""
REQUESTS = {"sqlite": 1_000, "postgresql": 200}


@pytest.mark.slow
def test_a_thousand_hostile_requests_do_no_harm(tmp_path: Path, store_url: str) -> None:
    number = REQUESTS[store_url.split(":", maxsplit=1)[0].split("+", maxsplit=1)[0]]
    with besieged(tmp_path, store_url) as found:
        reached = campaign(SEED, number, found)
    assert reached["requests"] == number and reached["accepted"] >= number // 200
    assert {200, 400, 401, 403, 404, 405, 413} <= set(reached["statuses"]) or number < 1_000, reached
