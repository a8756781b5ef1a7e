"""The campaign of forks: whoever has the log's key tells another history, forked after every size from 1 to 200."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from random import Random
from typing import Any

from tests.forks import require_refused_everywhere
from tests.playing import load
from tests.sites import NIGHT, Sites

FORKED_AFTER_MAX = 200
BEYOND = 40


def forks(seed: int) -> dict[str, Any]:
    """Shorter, as long or longer than what they hold: both cosigners refuse each, and keep a proof that anybody can check."""
    logging.getLogger("ledger").setLevel(logging.CRITICAL)  # each refusal is said there too, eight hundred times
    rng = Random(seed)
    refused = 0
    with tempfile.TemporaryDirectory(prefix="entente-campaign-") as folder:
        sites = Sites(Path(folder), lambda: "", load(NIGHT))
        sites.tell(FORKED_AFTER_MAX + 10 - sites.calais.ledger.head())
        for site in sites.homes:
            sites.mirror(site)
        for size in range(1, FORKED_AFTER_MAX + 1):
            length = rng.randrange(size + 1, FORKED_AFTER_MAX + BEYOND)
            refused += require_refused_everywhere(sites, size, length, Path(folder))
        sites.close()
    assert refused == FORKED_AFTER_MAX * len(sites.homes)
    return {"row": "forks", "forks": FORKED_AFTER_MAX, "refused": refused}
