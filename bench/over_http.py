"""Appends over HTTP: one service process on loopback, asked by as many clients as wait for an answer each."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

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
TIMEOUT_SECONDS = 60.0
READ_BYTES = 262_144
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
FREE = 1_000_000
"""Requests a second that a caller may make here: what is measured is not the limit."""


def http_appends(store: str, clients: int, items: int) -> Side:
    """Clients that each post `items` signed events, wait for their receipts with proofs, and post the next."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        with new_home(place, store) as bench, served(bench) as (process, token):
            address = urlsplit(process.url)
            supply = Supply(
                clients, lambda count: [request_of(address.netloc, token, bench.events(items)) for _ in range(count)], items
            )
            local = threading.local()
            yield lambda seconds: supply.measure(seconds, lambda request: _post(local, address, request))

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


def request_of(host: str, token: str, events: list[envelope.Submitted]) -> bytes:
    """A whole request as it is sent."""
    body = body_of(events)
    head = f"POST /v1/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _post(local: threading.local, address: SplitResult, request: bytes) -> None:
    """Send it and take the answer, on a connection a thread. The client is no part of what is measured, so it does no more."""
    connection: socket.socket | None = getattr(local, "connection", None)
    if connection is None:
        connection = local.connection = socket.create_connection((address.hostname, address.port), TIMEOUT_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(request)
    head, _, body = connection.recv(READ_BYTES).partition(b"\r\n\r\n")
    missing = int(_LENGTH.search(head)[1]) - len(body)  # type: ignore[index]
    while missing > 0:
        missing -= len(connection.recv(READ_BYTES))
    if not head.startswith(b"HTTP/1.1 201 "):
        raise RuntimeError(f"{head!r} {body[:500]!r}")


def http_rows() -> list[Row]:
    """Over HTTP against in this process, events a second."""
    unit = "events/s"
    return [
        Row("HTTP, 64 clients, one event each : in process", "postgresql", unit, 0.2, 0.4,
            http_appends("postgresql", CLIENTS, 1), appends("postgresql", CLIENTS)),
        Row("HTTP, 64 clients, 50 events each : in process", "postgresql", unit, 0.6, 0.8,
            http_appends("postgresql", CLIENTS, 50), appends("postgresql", CLIENTS)),
    ]  # fmt: skip
