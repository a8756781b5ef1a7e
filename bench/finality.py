"""Three sites as three processes on this machine: how long from an append's answer until both nations have co-signed it.

And how fast a mirror that holds nothing catches up.

Calais serves the log and asks the witnesses; London and Paris pull, inspect, co-sign. This process states the events.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from api.authoring import Author, compose
from api.registrar import sealers
from api.tokens import Holder, issue
from bench.measure import Place
from ledger.evidence.remote import RemoteSource
from ledger.formats.entry import format_instant
from ledger.formats.envelope import Submitted
from tests.playing import load
from tests.postgres import LOOPBACK, free_port
from tests.processes import Process, running
from tests.sites import NIGHT, Sites

EVENTS_A_SECOND = 200
CALLERS = 4
POLL_SECONDS = 0.01
LAST_ONES_SECONDS_MAX = 30
WARM_UP_SECONDS = 3.0
FLOOR_MILLISECONDS, AIM_MILLISECONDS = 2_000, 1_000
BATCH_EVENTS = 1_000


@contextmanager
def new_sites(place: Place, store: str) -> Iterator[Sites]:
    """Three homes, each with databases of its own."""
    with ExitStack() as stack:
        sites = Sites(
            place.new_folder(), lambda: "" if store == "sqlite" else stack.enter_context(place.postgres.database()), load(NIGHT)
        )
        stack.callback(sites.close)
        yield sites


def composed(sites: Sites, count: int) -> list[Submitted]:
    """Signed events, each on a stream of ten, made before a clock runs."""
    calais, public = sites.calais, sealers(sites.calais)
    author, now = Author("BF", "GB", calais.key("service-BF")), calais.now()
    unsigned = {"type": "incident.attempt_recorded", "occurred_at": format_instant(now), "data": {"outcomes": {"repelled": 3}}}
    return [
        compose({**unsigned, "stream": f"INC-{now}-{n // 10}"}, author, calais.settings.origin, public, now)
        for n in range(count)
    ]


def start(sites: Sites, stack: ExitStack) -> list[Process]:
    """The three services, each reaching the others directly."""
    ports = {site: free_port() for site in sites.homes}
    urls = {site: f"http://{LOOPBACK}:{port}" for site, port in ports.items()}
    witnesses = [word for site, url in urls.items() for word in ("--witness", f"{site}={url}")]
    calais = stack.enter_context(running("serve", "--port", "0", *witnesses, "--home", sites.calais.path))
    processes = [calais]
    for site, home in sites.homes.items():
        token = sites.folder / f"token-{site}"
        token.write_text(issue(sites.calais.path, Holder("mirror", site)))
        listen = ("--listen", f"{LOOPBACK}:{ports[site]}", "--home", home.path)
        words = ("mirror", site, "--from", calais.url, "--token-file", token, *listen)
        processes.append(stack.enter_context(running(*words)))
    return processes


def final_line(place: Place, store: str, seconds: float) -> dict[str, Any]:
    """The row of the table: milliseconds from acknowledged to final, of every event stated in so many seconds."""
    with new_sites(place, store) as sites, ExitStack() as stack:
        start(sites, stack)
        _state(sites, composed(sites, int(WARM_UP_SECONDS * EVENTS_A_SECOND)))
        waited = _state(sites, composed(sites, int(seconds * EVENTS_A_SECOND)))
    p99 = statistics.quantiles(waited, n=100)[98] * 1000
    return {
        "what": f"acknowledged to co-signed by both, {EVENTS_A_SECOND} events/s, three processes", "store": store, "unit": "ms",
        "events": len(waited), "p50": round(statistics.median(waited) * 1000, 1), "p99": round(p99, 1),
        "floor": FLOOR_MILLISECONDS, "aim": AIM_MILLISECONDS,
        "reached": "aim" if p99 <= AIM_MILLISECONDS else "floor" if p99 <= FLOOR_MILLISECONDS else "below floor",
    }  # fmt: skip


def _state(sites: Sites, events: list[Submitted]) -> list[float]:
    """Append at the rate, and watch the newest final checkpoint; returns for each event how long it waited, in seconds."""
    acknowledged: dict[int, float] = {}
    began = time.perf_counter()
    supply = iter(enumerate(events))
    turn = threading.Lock()

    def state() -> None:
        while True:
            with turn:
                number, event = next(supply, (0, None))
            if event is None:
                return
            time.sleep(max(0.0, began + number / EVENTS_A_SECOND - time.perf_counter()))
            position = sites.calais.ledger.append(event).position
            acknowledged[position] = time.perf_counter()

    cosignatures = sites.calais.held.cosignatures
    names = [witness.key.name for witness in sites.calais.policy().witnesses.values()]
    threads = [threading.Thread(target=state, daemon=True) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    waited: dict[int, float] = {}
    ends_at = began + len(events) / EVENTS_A_SECOND + LAST_ONES_SECONDS_MAX
    while len(waited) < len(events):
        assert time.perf_counter() < ends_at, f"{len(events) - len(waited)} events are not final"
        covered = min(cosignatures.newest_by(names))  # the collector verified them before they were kept
        now = time.perf_counter()
        for position, at in list(acknowledged.items()):
            if position <= covered and position not in waited:
                waited[position] = max(0.0, now - at)
        time.sleep(POLL_SECONDS)
    for thread in threads:
        thread.join()
    return list(waited.values())


def catch_up_line(place: Place, store: str, events: int) -> dict[str, Any]:
    """The row of a mirror that holds nothing: entries a second, pulled over HTTP, stored, inspected, co-signed."""
    with new_sites(place, store) as sites:
        for first in range(0, events, BATCH_EVENTS):
            for receipt in sites.calais.ledger.append_many(composed(sites, min(BATCH_EVENTS, events - first))):
                assert not isinstance(receipt, Exception), receipt
        token = issue(sites.calais.path, Holder("mirror", "london"))
        with running("serve", "--port", "0", "--home", sites.calais.path) as service:
            began = time.perf_counter()
            size = sites.london.mirror().follow(RemoteSource(service.url, token), sites.london.now(), cosign=True)
            took = time.perf_counter() - began
    return {
        "what": f"mirror catching up with {size} entries over HTTP", "store": store, "unit": "entries/s",
        "ours": round(size / took, 1),
    }  # fmt: skip
