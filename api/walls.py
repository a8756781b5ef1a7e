"""What every request passes on its way in and every answer on its way out, whatever answers it.

In: an id, the rates, how many are answered at once, how long that may take. Out: the headers that tell a browser to do nothing
with what it gets, and the line in the log. What the application itself raises ends here, so that no server prints it.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers, State
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Message, Receive, Scope, Send

from api import problems, traces
from api.counts import Counts
from api.limits import Limits, Rate, network_of
from ledger import errors

HARDENING: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
"""Set on every answer that does not say otherwise itself. No header lets another origin read one."""
EVENT_STREAM = "text/event-stream"


class Walls:
    """An application behind its walls; itself an ASGI application."""

    def __init__(self, app: FastAPI, limits: Limits, trusted_proxies: str = "", counts: Counts | None = None) -> None:
        """`trusted_proxies`: the addresses, with commas, whose word on who asks is taken (X-Forwarded-For)."""
        app.state.walls = self
        self.counts = counts
        self.app = app
        self.limits = limits
        self.trusted_proxies = trusted_proxies
        self.running = 0
        self._callers = Rate(limits.caller_requests_per_second, limits.caller_requests_burst)
        self._addresses = Rate(limits.address_requests_per_second, limits.address_requests_burst)

    @property
    def state(self) -> State:
        """What the application's parts share."""
        return self.app.state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is no request (the service's own beginning and end) is the application's alone."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # HEAD is answered as GET and sent without its body; the server counts and drops that by its own scope.
        inner = dict(scope, method="GET") if scope["method"] == "HEAD" else dict(scope)
        inner["state"] = dict(scope.get("state", {}))
        # What Starlette's routing hands to an exception's handler has to know the application too.
        inner["app"] = self.app
        passage = _Passage(self, inner, send, scope["method"])
        try:
            await passage.go(receive)
        finally:
            passage.note()

    def refusal(self, scope: Scope) -> errors.EntenteError | None:
        """Why a request is not even looked at, or None."""
        if _head_bytes(scope) > self.limits.head_bytes:
            return errors.HeadTooLarge()
        now = time.monotonic()
        client = scope.get("client")
        early = self._addresses.wait(network_of(client[0]) if client else "", now)
        given = Headers(scope=scope).get("authorization", "")
        if not early and given:
            # Of what was sent only the digest stays in memory.
            early = self._callers.wait(hashlib.sha256(given.encode()).digest(), now)
        if early:
            return errors.TooMany(retry_seconds=early)
        if self.running >= self.limits.requests_at_once:
            return errors.Busy(remedy="send the same bytes again after a moment")
        return None

    def allowed(self, scope: Scope) -> set[str]:
        """The methods that a path knows; empty where there is nothing at it."""
        routes = [context.original_route for context in iter_route_contexts(self.app.routes)]
        here = [route for route in routes if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE]
        found = {method for route in here for method in route.methods or ()}
        return found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set()) if found else found


def _head_bytes(scope: Scope) -> int:
    """What a server that was sent all of a head at once has read of it."""
    line = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
    return line + sum(len(name) + len(value) for name, value in scope["headers"])


class _Passage:
    """One request on its way."""

    def __init__(self, walls: Walls, scope: Scope, send: Send, method: str) -> None:
        self.walls = walls
        self.scope = scope
        self.method = method
        self._send = send
        self._began = time.perf_counter()
        self._status = 0
        self._is_over = False
        self._is_stream = False
        self._holds_a_place = False
        self.id = traces.begin(Headers(scope=scope).get(traces.HEADER.lower(), ""))

    async def go(self, receive: Receive) -> None:
        """Refuse it, or have it answered in time."""
        refusal = self.walls.refusal(self.scope)
        if refusal is not None:
            if self.walls.counts is not None:
                self.walls.counts.request_limited(refusal.code)
            await self._answer(problems.answer_of(Request(self.scope), refusal))
        elif self.method == "OPTIONS":
            await self._answer(self._options())
        else:
            self._holds_a_place = True
            self.walls.running += 1
            self._task = asyncio.ensure_future(self.walls.app(self.scope, receive, self._from_within))
            self._task.add_done_callback(self._leave)
            await self._in_time(self._task)

    async def _in_time(self, task: asyncio.Future[None]) -> None:
        seconds = self.walls.limits.answer_seconds
        try:
            done, _ = await asyncio.wait({task}, timeout=seconds)
            if not done and not self._status:
                # A thread cannot be stopped: what it still does is counted until it ends, and what it answers is dropped.
                late = errors.Unavailable(f"there was no answer within {seconds} s; the same bytes sent again tell")
                await self._answer(problems.answer_of(Request(self.scope), late))
                self._is_over = True
                return
            await task
        except asyncio.CancelledError:
            if not (task.cancelled() and self._is_over):
                task.cancel()
                raise
        except Exception:  # noqa: BLE001 - named in the log by problems.py; the server would print its message
            if self._is_over:
                return
            raise errors.Unavailable("an answer broke off") from None

    async def _from_within(self, message: Message) -> None:
        if self._is_over:
            return
        await self._out(message)
        if self._is_stream and self.method == "HEAD":
            # There is no body to wait for, and a stream would make one for as long as it lasts.
            await self._out({"type": "http.response.body", "body": b""})
            self._task.cancel()

    async def _out(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = list(message["headers"])
            named = {name.lower() for name, _ in headers}
            headers += [(name, value) for name, value in HARDENING if name not in named]
            headers.append((traces.HEADER.lower().encode(), self.id.encode()))
            self._is_stream = Headers(raw=headers).get("content-type", "").startswith(EVENT_STREAM)
            if self._is_stream:
                self._leave()  # it may last for hours: connections are what bounds these
            message = {**message, "headers": headers}
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self._is_over = True
        await self._send(message)

    async def _answer(self, response: Response) -> None:
        await response(self.scope, _nothing_more, self._out)

    def _options(self) -> Response:
        allowed = self.walls.allowed(self.scope)
        if not allowed:
            return problems.answer_of(Request(self.scope), problems.nothing_here())
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": ", ".join(sorted(allowed))})

    def _leave(self, _: object = None) -> None:
        if self._holds_a_place:
            self._holds_a_place = False
            self.walls.running -= 1

    def note(self) -> None:
        """Write the request's line. Only the route's own text is in it, and a method only where it is one."""
        caller = self.scope["state"].get("caller")
        fields: dict[str, Any] = {
            "request": self.id,
            "method": self.method if self.method in traces.METHODS else "other",
            "route": route_of(self.scope),
            "status": self._status,
            "ms": round((time.perf_counter() - self._began) * 1_000, 1),
            "role": caller.role if caller is not None else None,
        }
        traces.requests.info("request", extra={"fields": fields})
        if self.walls.counts is not None:
            self.walls.counts.request_answered(fields["method"], fields["route"], self._status)


def route_of(scope: Scope) -> str:
    """The path as its route spells it, `/v1/events/{event_id}`; `none` where there is no route."""
    return str(getattr(scope.get("route"), "path", "none"))


async def _nothing_more() -> Message:
    return {"type": "http.disconnect"}
