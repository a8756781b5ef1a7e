"""Serving over HTTP: uvicorn on one address, with the bounds on slow and large requests that it has not itself."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from ledger import errors

REQUEST_SECONDS_MAX = 10.0
"""From its first byte (or the connection's beginning) until the whole request has come."""
HEAD_BYTES_MAX = 16_384
CONNECTIONS_MAX = 256
KEEP_ALIVE_SECONDS = 30
SHUTDOWN_SECONDS_MAX = 5
WAITING_MAX = 128

_RECEIVING = (h11.IDLE, h11.SEND_BODY)


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 that closes a connection on which a request does not come to its end in time."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the first request its time."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Let the request go on, in the time it has left."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state not in _RECEIVING:
            self._forget()
        elif self._late is None:
            self._late = self.loop.call_later(REQUEST_SECONDS_MAX, self.transport.abort)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def bind(address: str) -> socket.socket:
    """A listening socket on HOST:PORT (port 0 for a free one). Raises BadQuestion, or Unavailable where it is taken."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65_535:
        raise errors.BadQuestion(f"{address!r} is no address", field="HOST:PORT", remedy="write 127.0.0.1:8000")
    try:
        bound = socket.create_server((host.strip("[]"), int(port)), backlog=WAITING_MAX)
        # Connections inherit it. asyncio sets it only where a socket names its protocol, which create_server's does not: then
        # the body of every answer waits some 40 ms for the acknowledgement of its head.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return bound
    except OSError as wrong:
        raise errors.Unavailable(f"cannot listen on {address}: {(wrong.strerror or str(wrong)).lower()}") from None


def url_of(bound: socket.socket) -> str:
    """Where a socket is reached."""
    host, port = bound.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def configuration(app: FastAPI) -> uvicorn.Config:
    """How uvicorn serves an application here: bounded, and telling nobody about itself."""
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS_MAX,
        h11_max_incomplete_event_size=HEAD_BYTES_MAX,
    )


def serve(app: FastAPI, bound: socket.socket, ready: Callable[[], None]) -> None:
    """Answer on a bound socket until told to stop by SIGINT or SIGTERM; `ready` is called once it answers."""
    server = _Server(configuration(app))
    server.on_ready = ready
    server.run(sockets=[bound])


class _Server(uvicorn.Server):
    """uvicorn, saying when it answers."""

    on_ready: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if not self.should_exit:
            self.on_ready()
