"""Serving over HTTP: uvicorn on one address, within the limits of its application."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from api.connections import BoundedProtocol, Configuration
from api.walls import Walls
from ledger import errors

SHUTDOWN_SECONDS_MAX = 5
WAITING_MAX = 128


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


def configuration(app: Walls) -> uvicorn.Config:
    """How uvicorn serves an application here: bounded, and telling nobody about itself."""
    limits = app.limits
    found = Configuration(
        app,
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=app.trusted_proxies,
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS_MAX,
        h11_max_incomplete_event_size=limits.head_bytes,
    )
    found.limits = limits
    return found


def serve(app: Walls, bound: socket.socket, ready: Callable[[], None]) -> None:
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
