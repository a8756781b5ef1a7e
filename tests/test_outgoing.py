"""No request leaves for an address that nobody configured: not for what callers send, not for what the environment says."""

from __future__ import annotations

import ast
import asyncio
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app, log_parts
from api.settings import Settings
from tests.hostile import hostile
from tests.hostile_campaign import besieged, put
from tests.story import told_in
from tests.test_house import ROOMS, imports, name, sources

ASKS = {"ledger/evidence/remote.py", "ledger/evidence/authority.py", "api/client/site.py", "api/providers.py"}
"""The only files that ask anybody over a network: other sites, time-stamping authorities, a service's ledger, providers."""
CALLERS = {
    "httpx2",
    "httpx",
    "requests",
    "urllib.request",
    "http.client",
    "aiohttp",
    "urllib3",
    "ftplib",
    "smtplib",
    "xmlrpc.client",
}

_asked: list[Any] | None = None


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _asked is not None and event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        _asked.append(arguments[1] if event == "socket.connect" else arguments[:2])


@contextmanager
def watched() -> Iterator[list[Any]]:
    """Every address that this process connects to, and every name that it looks up, while the block lasts."""
    global _asked  # noqa: PLW0603 - an audit hook cannot be taken away again
    _asked = found = []
    try:
        yield found
    finally:
        _asked = None


sys.addaudithook(_note)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def test_the_watch_sees_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, watched() as asked:
        socket.create_connection(listening.getsockname()).close()
    assert [address[0] for address in asked][-1] == "127.0.0.1"


def test_nothing_that_a_caller_sends_makes_the_service_ask_anybody(tmp_path: Path) -> None:
    """Addresses stand in bodies, queries, paths and headers of these requests; none is looked up, none is called."""
    canary = f"http://canary.invalid:{free_port()}/canary"
    with besieged(tmp_path, "", canary) as found:

        async def besiege() -> int:
            asked = 0
            for one in hostile(7, 600, found.walls.app, found.material):
                asked += "canary" in f"{one.path}{one.query}" or b"canary" in one.body
                await put(found.walls, one)
            return asked

        with watched() as connected:
            assert asyncio.run(besiege()) >= 10, "hardly any request had the address in it"
    assert connected == []


def test_a_running_service_asks_its_witnesses_peers_and_authorities_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are away: what else would be tried instead is seen. A proxy that the environment names is not used."""
    witness, peer, authority, proxy = (free_port() for _ in range(4))
    for variable in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy}")
    with told_in(tmp_path, "") as story:
        home = story.home
        given = {field: getattr(home.settings, field) for field in home.settings.__struct_fields__}
        home.settings = Settings(**{**given, "timestamp_urls": {"ours": f"http://127.0.0.1:{authority}/tsr"}})
        monkeypatch.setattr("api.daily.FIRST_SECONDS", 0.01)
        parts = log_parts(home, {"london": f"http://127.0.0.1:{witness}"}, {"paris": f"http://127.0.0.1:{peer}"})
        with watched() as asked, TestClient(create_app(parts)) as client:
            end = time.monotonic() + 10
            while time.monotonic() < end and not {witness, peer} <= _ports(asked):
                assert client.get("/healthz").status_code == 200
                time.sleep(0.05)
    assert {witness, peer} <= _ports(asked) <= {witness, peer, authority}, asked
    assert {str(address[0]) for address in asked} == {"127.0.0.1"}


def _ports(asked: list[Any]) -> set[int]:
    return {int(address[1]) for address in asked}


def test_no_other_file_can_ask_anybody() -> None:
    found = {
        name(path)
        for path in sources(*ROOMS)
        for _, module in imports(ast.parse(path.read_text()))
        if module in CALLERS or module.split(".")[0] in CALLERS
    }
    assert found == ASKS, "a file that asks over a network is one more to watch: say so here, and bound what it asks"
    opened = [
        name(path)
        for path in sources(*ROOMS)
        if "create_connection(" in path.read_text() or "open_connection(" in path.read_text()
    ]
    assert opened == []
