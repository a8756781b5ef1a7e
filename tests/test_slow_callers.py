"""Slow callers, over raw sockets against `entente serve`: they are cut off in time, told why, and keep nobody else waiting."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest

from api.limits import Limits
from api.settings import load, save
from api.tokens import Holder, issue
from tests.processes import Process, running
from tests.story import told_in

SECONDS = 2
CONNECTIONS = 20


class Served(NamedTuple):
    """A running service, where it listens, and a service's token."""

    process: Process
    address: tuple[str, int]
    token: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("slow")
    with told_in(folder, "") as story:
        path: Path = story.home.path
        limits = Limits(request_seconds=SECONDS, stalled_seconds=SECONDS, connections=CONNECTIONS)
        save(path, load(path, {}).__class__(**{**_fields(path), "limits": limits}))
        token = issue(path, Holder("service", "BF"))
    with running("serve", "--port", "0", "--home", path) as process:
        host, port = process.url.removeprefix("http://").split(":")
        yield Served(process, (host, int(port)), token)


def _fields(path: Path) -> dict[str, object]:
    settings = load(path, {})
    return {name: getattr(settings, name) for name in settings.__struct_fields__}


POST = (
    b"POST /v1/events HTTP/1.1\r\nHost: a\r\nAccept-Language: fr\r\nAuthorization: Bearer TOKEN\r\n"
    b"Content-Type: application/json\r\n"
)


def until_closed(slow: socket.socket, dripping: bytes = b"") -> tuple[bytes, float]:
    """What was answered until the other end closed, and after how many seconds; meanwhile a byte is sent now and then."""
    began, said = time.monotonic(), b""
    slow.settimeout(0.2)
    while time.monotonic() - began < SECONDS * 5:
        try:
            slow.sendall(dripping)
            part = slow.recv(65_536)
        except TimeoutError:
            continue
        except OSError:
            break
        if not part:
            break
        said += part
    return said, time.monotonic() - began


SLOW = {
    "says nothing": (b"", b"", b""),
    "a head drop by drop": (b"GET /checkpoint HTTP/1.1\r\nX-A: ", b"a", b"408"),
    "half a head": (b"GET /checkpoint HT", b"", b"408"),
    "headers without end": (b"GET /checkpoint HTTP/1.1\r\n", b"X-A: a\r\n", b"408"),
    "half a body": (b"%sContent-Length: 50\r\n\r\n{" % POST, b"", b"408"),
    "a body drop by drop": (b"%sContent-Length: 5000\r\n\r\n" % POST, b" ", b"408"),
    "chunks drop by drop": (b"%sTransfer-Encoding: chunked\r\n\r\n" % POST, b"1\r\n \r\n", b"408"),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_request_that_does_not_end_is_cut_off_and_told_so(served: Served, name: str) -> None:
    said, dripping, status = SLOW[name]
    with socket.create_connection(served.address) as slow:
        slow.sendall(said.replace(b"TOKEN", served.token.encode()))
        answer, seconds = until_closed(slow, dripping)
    assert SECONDS - 0.5 < seconds < SECONDS + 2
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head[9:12] == status
    if status:
        problem = json.loads(body)
        assert problem["type"] == "urn:entente:unfinished" and b"nosniff" in head
        assert problem["title"] == ("Requête inachevée" if b"fr" in said else "The request did not come to its end")


def test_a_reader_who_takes_nothing_is_hung_up_on(served: Served) -> None:
    """Answers wait in this process and in the system's buffers; neither is his to fill for ever."""
    request = f"GET /v1/schemas HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {served.token}\r\n\r\n".encode()
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.connect(served.address)
        slow.settimeout(0.5)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            asks_for_ever(slow, request * 20, 20)


def asks_for_ever(slow: socket.socket, requests: bytes, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            slow.sendall(requests)
        except TimeoutError:
            continue


def test_a_reader_who_is_merely_slow_gets_all_of_it(served: Served) -> None:
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.connect(served.address)
        slow.sendall(
            f"GET /v1/schemas HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {served.token}\r\n\r\n".encode()
        )
        said = b""
        while part := slow.recv(500):
            said += part
            time.sleep(0.1)
    head, _, body = said.partition(b"\r\n\r\n")
    assert int(re.findall(rb"content-length: (\d+)", head)[0]) == len(body)


def test_slow_callers_on_every_connection_keep_nobody_else_out(served: Served) -> None:
    """Whoever has sent half a head for longest makes room for who is quick."""
    with ExitStack() as kept:
        for _ in range(CONNECTIONS * 2):
            slow = kept.enter_context(socket.create_connection(served.address))
            slow.sendall(b"GET /checkpoint HTTP/1.1\r\nX-A: ")
        began = time.monotonic()
        for _ in range(10):
            answer = httpx2.get(f"{served.process.url}/v1/schemas", headers={"Authorization": f"Bearer {served.token}"})
            assert answer.status_code == 200
        assert time.monotonic() - began < SECONDS


NO_HTTP = {
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400", "not-http"),
    "a space in the path": (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", b"400", "not-http"),
    "two lengths": (
        b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"400",
        "not-http",
    ),
    "a folded header": (b"GET / HTTP/1.1\r\nHost: a\r\n X: b\r\n\r\n", b"", ""),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", b"400", "not-http"),
    "a head too large": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", b"431", "head-too-large"),
    "a path too long": (b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"431", "head-too-large"),
    "another version": (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", b"", ""),
    "HTTP/2's beginning": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"", ""),
}


@pytest.mark.parametrize("name", NO_HTTP)
def test_what_is_no_request_is_refused_as_everything_else_is(served: Served, name: str) -> None:
    sent, status, code = NO_HTTP[name]
    with socket.create_connection(served.address) as caller:
        caller.sendall(sent)
        caller.settimeout(SECONDS * 2)
        answer = caller.recv(65_536)
        head, _, body = answer.partition(b"\r\n\r\n")
        while len(body) < int(re.findall(rb"content-length: (\d+)", head)[0]):
            body += caller.recv(65_536)
    assert head[9:10] == b"4", answer
    assert b"nosniff" in head and b"uvicorn" not in answer.lower() and b"h11" not in answer
    if status:
        assert head[9:12] == status and json.loads(body)["type"] == f"urn:entente:{code}"
