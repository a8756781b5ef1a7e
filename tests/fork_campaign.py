"""The campaign of forks: whoever has the log's key tells another history, forked after every size from 1 to 200."""

from __future__ import annotations

import logging
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from typing import Any

from tests.forks import require_refused_everywhere
from tests.playing import load
from tests.postgres import Postgres
from tests.sites import NIGHT, Sites

FORKED_AFTER_MAX = 200
BEYOND = 40


def forks(seed: int, server: Postgres | None = None) -> dict[str, Any]:
    """Shorter, as long or longer than what they hold: both cosigners refuse each, and keep a proof that anybody can check.

    What they hold is on SQLite, or on a PostgreSQL where one is given.
    """
    logging.getLogger("ledger").setLevel(logging.CRITICAL)  # each refusal is said there too, eight hundred times
    rng = Random(seed)
    refused = 0
    with tempfile.TemporaryDirectory(prefix="entente-campaign-") as folder, ExitStack() as kept:
        new_database = (lambda: "") if server is None else (lambda: kept.enter_context(server.database()))
        sites = kept.enter_context(closing(Sites(Path(folder), new_database, load(NIGHT), server)))
        sites.tell(FORKED_AFTER_MAX + 10 - sites.calais.ledger.head())
        for site in sites.homes:
            sites.mirror(site)
        for size in range(1, FORKED_AFTER_MAX + 1):
            length = rng.randrange(size + 1, FORKED_AFTER_MAX + BEYOND)
            refused += require_refused_everywhere(sites, size, length, Path(folder))
    assert refused == FORKED_AFTER_MAX * len(sites.homes)
    return {"row": "forks", "forks": FORKED_AFTER_MAX, "refused": refused}
