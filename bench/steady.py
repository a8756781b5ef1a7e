"""A service under a steady load: how long until an auditor sees what was acknowledged, and how much memory that takes.

One process serves, one follows the log for both views, clients post events over HTTP at a fixed rate, and an auditor of each
nation asks for a day's figures over and over. This process is the clients and the auditors.
"""

from __future__ import annotations

import http.client
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from api.tokens import Holder, issue
from bench.measure import Place
from bench.memory import proportional_kibibytes
from bench.nights import BEGIN
from bench.ours import new_home
from bench.over_http import body_of, served
from ledger.formats import envelope
from ledger.formats.entry import format_instant
from tests.processes import running

EVENTS_A_SECOND = 200
CLIENTS = 8
AHEAD_EVENTS = 10
LOOK_SECONDS = 0.02
WARM_UP_SECONDS = 3.0
LAST_ONES_SECONDS_MAX = 30
SAMPLES = 10
"""Of memory, spread evenly over the load: one a minute where that lasts for ten."""
FLOOR_MILLISECONDS, AIM_MILLISECONDS = 500, 100
ASKED = f"figures?day={format_instant(BEGIN)[:10]}"


def steady_lines(place: Place, store: str, seconds: float) -> Iterator[dict[str, Any]]:
    """Two rows: milliseconds from acknowledged to seen in both views, and the serving process's memory."""
    with new_home(place, store) as bench, served(bench) as (process, token):
        auditors = {n.lower(): issue(bench.home.path, Holder("auditor", "bench", n)) for n in bench.home.nations}
        with running("project", "all", "--follow", "--home", bench.home.path):
            asked = {f"{process.url}/v1/views/{view}/{ASKED}": held for view, held in auditors.items()}
            load = _Load(f"{process.url}/v1/events", token, asked)
            load.run(bench.events, WARM_UP_SECONDS, lambda: None)
            samples: list[float] = []
            sample = lambda: samples.append(proportional_kibibytes(process.process.pid) / 1024)  # noqa: E731
            sample()
            waited = load.run(bench.events, seconds, sample)
    what = f"{EVENTS_A_SECOND} events/s over HTTP, {CLIENTS} clients, {seconds:g} s"
    yield {"what": f"acknowledged to seen in both views, {what}", "store": store, "unit": "ms", **_reached(waited)}
    minutes = [at * seconds / SAMPLES / 60 for at in range(len(samples))]
    slope = statistics.linear_regression(minutes[1:], samples[1:]).slope
    yield {
        "what": f"memory of the serving process, {what}", "store": store, "unit": "MiB",
        "samples": [round(sample, 1) for sample in samples], "a_minute": round(slope, 2),
    }  # fmt: skip


def _supply(make: Callable[[int], list[envelope.Submitted]]) -> Iterator[bytes]:
    """Bodies of one event each in whole streams, a few signed ahead: ten minutes' worth would be the bench's own memory."""
    while True:
        yield from [body_of([event]) for event in make(AHEAD_EVENTS)]


def _reached(waited: list[float]) -> dict[str, Any]:
    p99 = statistics.quantiles(waited, n=100)[98] * 1000
    return {
        "events": len(waited), "p50": round(statistics.median(waited) * 1000, 1), "p99": round(p99, 1),
        "floor": FLOOR_MILLISECONDS, "aim": AIM_MILLISECONDS,
        "reached": "aim" if p99 <= AIM_MILLISECONDS else "floor" if p99 <= FLOOR_MILLISECONDS else "below floor",
    }  # fmt: skip


class _Load:
    """Clients and auditors of one service; `asked` has the auditors' questions, each with its token."""

    def __init__(self, url: str, token: str, asked: dict[str, str]) -> None:
        self.url = url
        self.token = token
        self.asked = asked

    def run(self, make: Callable[[int], list[envelope.Submitted]], seconds: float, sample: Callable[[], None]) -> list[float]:
        """State events at the rate; returns for each how long it was until both auditors had seen it, in seconds."""
        acknowledged: dict[int, float] = {}
        seen: dict[str, list[tuple[float, int]]] = {url: [] for url in self.asked}
        count = int(seconds * EVENTS_A_SECOND)
        finish = threading.Event()
        began = time.perf_counter()

        def state(client: int) -> None:
            ask, supply = _asker(self.url, self.token), _supply(make)
            for number in range(client, count, CLIENTS):
                body = next(supply)
                time.sleep(max(0.0, began + number / EVENTS_A_SECOND - time.perf_counter()))
                position = ask(body)["position"]
                acknowledged[position] = time.perf_counter()

        def look(url: str) -> None:
            ask, last = _asker(url, self.asked[url]), 0
            while not finish.wait(LOOK_SECONDS):
                position = ask()["position"]
                if position > last:
                    seen[url].append((time.perf_counter(), position))
                    last = position

        clients = [threading.Thread(target=state, args=(client,), daemon=True) for client in range(CLIENTS)]
        auditors = [threading.Thread(target=look, args=(url,), daemon=True) for url in seen]
        for thread in clients + auditors:
            thread.start()
        for number in range(1, SAMPLES + 1):
            time.sleep(max(0.0, began + seconds * number / SAMPLES - time.perf_counter()))
            sample()
        for thread in clients:
            thread.join()
        ends_at = time.perf_counter() + LAST_ONES_SECONDS_MAX
        while not all(looks and looks[-1][1] >= max(acknowledged) for looks in seen.values()):
            assert time.perf_counter() < ends_at, "the views stay behind"
            time.sleep(LOOK_SECONDS)
        finish.set()
        for thread in auditors:
            thread.join()
        assert len(acknowledged) == count, f"{count - len(acknowledged)} events were not acknowledged"
        return _waited(acknowledged, list(seen.values()))


def _waited(acknowledged: dict[int, float], seen: list[list[tuple[float, int]]]) -> list[float]:
    """For each position the time from its acknowledgement to the last of the first looks that showed it."""
    waited = []
    looks = [iter(each) for each in seen]
    at = [next(each) for each in looks]
    for position in sorted(acknowledged):
        for number, each in enumerate(looks):
            while at[number][1] < position:
                at[number] = next(each)
        waited.append(max(0.0, max(when for when, _ in at) - acknowledged[position]))
    return waited


def _asker(url: str, token: str) -> Callable[..., Any]:
    """Ask one thing over one connection: POST where there is a body."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path

    def ask(body: bytes | None = None) -> Any:
        connection.request("GET" if body is None else "POST", path, body, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status not in (http.HTTPStatus.OK, http.HTTPStatus.CREATED):
            raise RuntimeError(f"{answer.status}: {said[:500]!r}")
        return json.loads(said)

    return ask
