"""HTTP/1.1 connections that nobody holds by being slow: what uvicorn reads and writes, held to the times of `[limits]`.

A request that does not come to its end in time is told so and hung up on; so is a reader who does not take an answer. Where
there are too many connections, the one that has been sending its request for longest makes room: whoever is quick is served.
"""

from __future__ import annotations

import asyncio
import json
import sys
from http import HTTPStatus
from typing import Any

import h11
import uvicorn
from starlette.datastructures import Headers
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from api import problems
from api.language import preferred
from api.limits import Limits
from api.walls import HARDENING
from ledger import errors

LINGER_SECONDS = 1.0
_RECEIVING = (h11.IDLE, h11.SEND_BODY)


class Configuration(uvicorn.Config):
    """uvicorn's, with our limits."""

    limits: Limits


class BoundedProtocol(H11Protocol):
    """One connection."""

    def __init__(self, config: Configuration, *args: Any, **settings: Any) -> None:
        super().__init__(config, *args, **settings)
        self._limits = config.limits
        self._late: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._unread = 0
        self._has_begun = False
        self._is_refused = False
        self.receiving_since = self.loop.time()

    # -- reading -----------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Make room where there is none, and give the first request its time."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            others = [one for one in self.connections if isinstance(one, BoundedProtocol) and one is not self]
            waiting = [one for one in others if one.conn.their_state in _RECEIVING]
            if waiting:
                min(waiting, key=lambda one: one.receiving_since).transport.abort()
            else:
                self._refuse(errors.Busy())
                return
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Let the request go on, in the time it has left; what was refused is read no further."""
        if self._is_refused:
            return
        self._has_begun = True
        super().data_received(data)
        if not self._is_refused:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._forget()
        if self._stalled is not None:
            self._stalled.cancel()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state not in _RECEIVING:
            self._forget()
        elif self._late is None:
            self.receiving_since = self.loop.time()
            self._late = self.loop.call_later(self._limits.request_seconds, self._end_late)

    def _forget(self) -> None:
        self._has_begun = False
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _end_late(self) -> None:
        cycle = self._open_cycle()
        if self._has_begun and not (cycle and cycle.response_started):
            self._refuse(errors.Unfinished())
        else:
            self.transport.abort()

    def _open_cycle(self) -> RequestResponseCycle | None:
        """The request that is being answered."""
        found: RequestResponseCycle | None = getattr(self, "cycle", None)
        return found if found is not None and not found.response_complete else None

    # -- refusing what never reaches the application -----------------------------------------------------------------------

    def send_400_response(self, msg: str) -> None:
        """What cannot be read as HTTP, answered as everything else that goes wrong is."""
        found = getattr(sys.exception(), "error_status_hint", HTTPStatus.BAD_REQUEST)
        is_large = found == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self._refuse(errors.HeadTooLarge() if is_large else errors.NotHttp())

    def _refuse(self, wrong: errors.EntenteError) -> None:
        """Answer outside of any application, and hang up."""
        said = Headers(raw=self.headers or []).get("accept-language", "")
        document = problems.document_of(wrong, preferred(said))
        body, status = json.dumps(document).encode(), problems.status_of(wrong)
        headers = [
            *HARDENING,
            (b"content-type", problems.MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        head = [f"HTTP/1.1 {int(status)} {status.phrase}".encode(), *(name + b": " + value for name, value in headers)]
        self.transport.write(b"\r\n".join([*head, b"", body]))
        if cycle := self._open_cycle():
            cycle.disconnected = True
            cycle.message_event.set()
        # Closed at once, what the caller is still sending would be answered with a reset, and that takes the answer from him.
        self._is_refused = True
        self.transport.write_eof()
        self._forget()
        self._late = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    # -- writing -----------------------------------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        """More waits to be taken than is kept for one reader: from now on the reader is watched."""
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        """The reader has taken nearly all."""
        super().resume_writing()
        self._unread = sys.maxsize

    def on_response_complete(self) -> None:
        """The answer is made, which does not say that it was taken."""
        super().on_response_complete()
        self._watch_reader()

    def _watch_reader(self) -> None:
        if self._stalled is None and (left := self.transport.get_write_buffer_size()):
            self._unread = left
            self._stalled = self.loop.call_later(self._limits.stalled_seconds, self._look_at_reader)

    def _look_at_reader(self) -> None:
        self._stalled = None
        left = self.transport.get_write_buffer_size()
        if left and self._unread - left < self._limits.reader_bytes_per_second * self._limits.stalled_seconds:
            self.transport.abort()
        else:
            self._watch_reader()
