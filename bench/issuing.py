"""How long it takes from an official's "issue" to the signed document, on a filled log: drawn, set, signed B-LTA."""

from __future__ import annotations

import statistics
import time
from datetime import date
from typing import Any

from api import issuing
from bench.measure import Place
from bench.ours import FilledLogs
from projections.reports.draft import Wanted

DAY = date(2015, 8, 26)
TURNS = 5


def issuing_line(logs: FilledLogs, place: Place, store: str) -> dict[str, Any]:
    """The row of one store: median seconds of each part over some turns; the clock of time-stamps is in the process."""
    with logs.open(place, store) as bench:
        home = bench.home
        home.projector("GB").follow()
        sign = issuing.signer_of(home, "GB-SRO", None, None)
        drawn, signed = [], []
        for _ in range(TURNS):
            began = time.perf_counter()
            prepared = issuing.prepare(home, "GB", Wanted(DAY, "provisional"))
            drawn.append(time.perf_counter() - began)
            for body in prepared.documents.values():
                sign(body)
            signed.append(time.perf_counter() - began)
        entries = home.ledger.head()
    return {
        "what": f"from issue to signed document, {entries} entries", "store": store, "unit": "seconds", "turns": TURNS,
        "drawn_and_set": round(statistics.median(drawn), 2), "signed": round(statistics.median(signed), 2),
        "slowest": round(max(signed), 2), "lines": sum(len(f["lines"]) for f in prepared.draft.editions["shared"]["figures"]),
    }  # fmt: skip
