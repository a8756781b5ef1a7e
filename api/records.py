"""What is on record, over HTTP: events and streams as they were signed, receipts with their proofs, the types there are.

A person of either nation reads what both nations may: of what is sealed to one, that it is there, since when and how large. A
service reads what its own authority stated, and of anything else is told what it would be told if there were nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from api.home import Home
from api.identity import Known, Reader, grants_of
from api.receipts import receipt_now
from api.schemas import schema_document
from api.tokens import MANDATED, Holder
from ledger import errors, events
from ledger.events import NEWEST, Header
from ledger.formats import merkle
from ledger.formats.entry import parse_instant, split_entry
from ledger.store.writer import Placed

JSON = "application/json"
EXACT = "application/octet-stream"
PAGE_EVENTS_MAX = 500
NOT_KEPT = {"Cache-Control": "private, no-store"}

EventId = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Stream = Annotated[str, Path(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
After = Annotated[int, Query(ge=0, le=2**53 - 1, description="the version after which to go on: `next` of the answer before")]
Limit = Annotated[int, Query(ge=1, le=PAGE_EVENTS_MAX)]

routes = APIRouter(prefix="/v1")


@routes.get("/events/{event_id}", response_model=None)
def event(request: Request, reader: Reader, event_id: EventId) -> Response:
    """One event, decoded; with `Accept: application/octet-stream` the exact bytes of its entry."""
    found = _found(request, reader, event_id)
    if EXACT in request.headers.get("accept", ""):
        return Response(found[1], 200, NOT_KEPT, EXACT)
    return _json(decoded(found))


@routes.get("/streams/{stream}", response_model=None)
def one_stream(request: Request, reader: Reader, stream: Stream, after: After = 0, limit: Limit = 100) -> Response:
    """A stream's events in order of version, from `after` on; `next` is what to go on from, null at the end."""
    may_see = seen_by(request, reader)
    found = [placed for placed in _home(request).reader.stream_entries(stream) if may_see(_header(placed))]
    if not found:
        raise errors.NotFound(f"there is no stream {stream} here", field="stream")
    rows = [row for placed in found if (row := decoded(placed))["version"] > after]
    more = rows[limit - 1]["version"] if len(rows) > limit else None
    return _json({"stream": stream, "events": rows[:limit], "next": more})


@routes.get("/receipts/{event_id}", response_model=None)
def receipt(request: Request, reader: Reader, event_id: EventId) -> Response:
    """A receipt as it stands now, with its tlog-proof under the first final checkpoint, else the first that covers it."""
    _found(request, reader, event_id)
    return _json(receipt_now(_home(request), event_id))


@routes.get("/schemas", response_model=None)
def schemas(request: Request, holder: Known) -> Response:
    """Every type of event, with its newest schema's number and its names in both languages."""
    rows = [{"type": name, "schema": row.schema, "en": row.en, "fr": row.fr} for name, row in sorted(NEWEST.items())]
    return _json({"types": rows})


@routes.get("/schemas/{type_name}", response_model=None)
def schema(request: Request, holder: Known, type_name: str) -> Response:
    """The JSON Schema of one type's payload, which of its fields are free text, and an example signed with a known key."""
    return _json(schema_document(type_name))


def _home(request: Request) -> Home:
    home: Home = request.app.state.home
    return home


def _found(request: Request, reader: Holder, event_id: str) -> Placed:
    """An event that the reader may see. Raises NotFound, the same for one that is not there and one that is not his."""
    found = _home(request).reader.entry_by_event(event_id)
    if found is None or not seen_by(request, reader)(_header(found)):
        raise errors.NotFound(f"no event {event_id} is recorded here", field="event_id")
    return found


def seen_by(request: Request, reader: Holder) -> Callable[[Header], bool]:
    """What a reader may see: a person every entry as it stands in the log, which says nothing of what is sealed in it; a
    service its own; somebody with mandates what one of them covers.
    """
    if reader.role in MANDATED:
        mandates = grants_of(request).mandates_of(reader)
        return lambda header: any(each.covers(header.stream, parse_instant(header.occurred_at)) for each in mandates)
    return lambda header: reader.role != "service" or header.authority == reader.name


def decoded(placed: Placed) -> dict[str, Any]:
    """An entry in JSON: its place and instant, the payload as it was signed, the leaf hash, its exact bytes (base64)."""
    position, entry = placed
    recorded_at, stream, version, payload = split_entry(entry)
    return {
        "position": position,
        "recorded_at": recorded_at,
        "stream": stream,
        "version": version,
        "leaf_hash": merkle.hash_leaf(entry).hex(),
        "payload": msgspec.Raw(payload),
        "entry": base64.b64encode(entry).decode(),
    }


def _header(placed: Placed) -> Header:
    return events.read_header(split_entry(placed[1])[3])


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), 200, NOT_KEPT, JSON)
