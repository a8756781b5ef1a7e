"""A nation's view as it changes: server-sent events, resumable by position.

Each row of the timeline is an event of the name `change` whose id is its position; `position` says how far the view has come
where nothing changed in it. Who comes back with `Last-Event-ID` misses nothing and sees nothing twice. What is sealed is
covered as everywhere (looking.py).
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
import anyio.to_thread
import msgspec
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from api.home import Home
from api.looking import Eyes, Looking
from api.relays import with_relays
from ledger import errors
from projections.replay import replay

MEDIA_TYPE = "text/event-stream"
POSITIONS_AT_ONCE = 500
EVERY_SECONDS = 0.5
QUIET_SECONDS_MAX = 15.0
"""After which a comment says that the line is still alive."""
STREAM_SECONDS_MAX = 3_600.0
"""After which a stream ends, so that whoever lost the right to it comes back and is refused."""
STREAMS_MAX = 64

routes = APIRouter(prefix="/v1/views/{view}")
Position = Annotated[int | None, Query(ge=0, le=2**53 - 1, description="the position after which to begin; now where left out")]
LastId = Annotated[str, Header(alias="Last-Event-ID", max_length=20, pattern=r"^[0-9]*$")]


class Changes:
    """The streams that are open at a site."""

    def __init__(self) -> None:
        self.open = 0

    def require_room(self) -> None:
        """Raise Busy where there are STREAMS_MAX."""
        if self.open >= STREAMS_MAX:
            raise errors.Busy(f"{STREAMS_MAX} streams of changes are open", remedy="come back later, or ask for the timeline")


@routes.get("/changes", response_model=None)
def changes(request: Request, eyes: Looking, after: Position = None, last: LastId = "") -> StreamingResponse:
    """What becomes known from a position on, as it becomes known."""
    home: Home = request.app.state.home
    if eyes.nation not in home.nations:
        raise errors.NotFound(f"the {eyes.nation} view is not kept here", field="view", remedy="ask at that nation's own site")
    newest = home.view(eyes.nation).at(None).position
    begin = int(last) if last else newest if after is None else after
    if begin > newest:
        raise errors.BadQuestion(f"the view has come to position {newest}", field="after", remedy="begin there, or before")
    open_now: Changes = request.app.state.changes
    open_now.require_room()
    return StreamingResponse(_stream(home, eyes, begin, open_now), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


async def _stream(home: Home, eyes: Eyes, after: int, open_now: Changes) -> AsyncIterator[bytes]:
    # Counted from here: a stream whose caller left before it began is never begun, and would never be counted off.
    open_now.open += 1
    try:
        end = time.monotonic() + STREAM_SECONDS_MAX
        yield b"retry: 2000\n\n"
        quiet_since = time.monotonic()
        while time.monotonic() < end:
            came, said = await anyio.to_thread.run_sync(_since, home, eyes, after)
            if came > after:
                after, quiet_since = came, time.monotonic()
                yield said
                continue
            if time.monotonic() - quiet_since > QUIET_SECONDS_MAX:
                quiet_since = time.monotonic()
                yield b": alive\n\n"
            await anyio.sleep(EVERY_SECONDS)
    finally:
        open_now.open -= 1


def _since(home: Home, eyes: Eyes, after: int) -> tuple[int, bytes]:
    """(position, events) of what became known after a position, as far as one answer goes."""
    moment = home.view(eyes.nation).at(None)
    upto = min(after + POSITIONS_AT_ONCE, moment.position)
    if upto <= after:
        return after, b""
    rows = eyes.uncovered(with_relays(home, replay(moment.store.changed(moment.generation, after, upto), after, upto)))
    said = [event("change", int(row["position"]), row) for row in rows]
    if not rows or rows[-1]["position"] < upto:
        said.append(event("position", upto, {"position": upto}))
    return upto, b"".join(said)


def event(name: str, position: int, data: object) -> bytes:
    """One server-sent event; its data is one line of JSON."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (position, name.encode(), msgspec.json.encode(data))
