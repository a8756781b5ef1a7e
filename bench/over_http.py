"""Appends over HTTP: one service process on loopback, asked by as many clients as wait for an answer each."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import msgspec

from api import settings as settings_file
from api.limits import Limits
from api.tokens import Holder, issue
from bench.measure import Measure, Place, Row, Side
from bench.nights import BenchHome
from bench.ours import Supply, appends, new_home
from ledger.formats import envelope
from tests.processes import Process, running

CLIENTS = 64
FREE = 1_000_000
"""Requests a second that a caller may make here: what is measured is not the limit."""


def http_appends(store: str, clients: int, items: int) -> Side:
    """Clients that each post `items` signed events, wait for their receipts with proofs, and post the next."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        with new_home(place, store) as bench, served(bench) as (process, token):
            supply = Supply(clients, lambda count: [body_of(bench.events(items)) for _ in range(count)], items)
            local = threading.local()
            yield lambda seconds: supply.measure(seconds, lambda body: _post(local, process.url, token, body))

    return open_side


@contextmanager
def served(bench: BenchHome) -> Iterator[tuple[Process, str]]:
    """The home's service in a process of its own, with no limit on how often it is asked, and a token to append with."""
    home = bench.home
    limits = msgspec.structs.replace(
        Limits(), caller_requests_per_second=FREE, caller_requests_burst=FREE,
        address_requests_per_second=FREE, address_requests_burst=FREE,
    )  # fmt: skip
    settings_file.save(home.path, msgspec.structs.replace(home.settings, limits=limits))
    token = issue(home.path, Holder("service", "BF"))
    with running("serve", "--home", home.path, "--port", 0) as process:
        yield process, token


def body_of(events: list[envelope.Submitted]) -> bytes:
    """What is posted: one item alone, or several in a list."""
    items = [envelope.format_item(event) for event in events]
    return json.dumps(items[0] if len(items) == 1 else {"items": items}).encode()


def _post(local: Any, url: str, token: str, body: bytes) -> None:
    connection = getattr(local, "connection", None)
    if connection is None:
        connection = local.connection = http.client.HTTPConnection(urlsplit(url).netloc)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/events", body, headers)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != http.HTTPStatus.CREATED:
        raise RuntimeError(f"{answer.status}: {said[:500]!r}")


def http_rows() -> list[Row]:
    """Over HTTP against in this process, events a second."""
    unit = "events/s"
    return [
        Row("HTTP, 64 clients, one event each : in process", "postgresql", unit, 0.2, 0.4,
            http_appends("postgresql", CLIENTS, 1), appends("postgresql", CLIENTS)),
        Row("HTTP, 64 clients, 50 events each : in process", "postgresql", unit, 0.6, 0.8,
            http_appends("postgresql", CLIENTS, 50), appends("postgresql", CLIENTS)),
    ]  # fmt: skip
