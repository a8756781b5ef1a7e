"""A relay for services in other languages: unsigned JSON in on this machine, signed, spooled and sent; receipts out.

It speaks with the service's key, so it listens on this machine alone and answers only who holds its token: a page in a browser,
or another user of the machine, is nobody here.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
import msgspec
from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.responses import Response

from api import problems
from api.app import NO_TELEMETRY
from api.bodies import read_body
from api.client.ledger import Ledger
from api.client.receipt import Receipt
from api.client.spool import Row
from api.language import language_of
from api.limits import Limits
from api.walls import Walls
from ledger import errors
from ledger.formats import strict
from ledger.formats.entry import format_instant
from ledger.formats.keys import read_secret, write_secret

ITEMS_MAX = 1_000
BODY_BYTES_MAX = 16 * 1_048_576
WAIT_SECONDS_MAX = 60.0
LIMITS = Limits(body_bytes=BODY_BYTES_MAX, answer_seconds=int(WAIT_SECONDS_MAX) + 30)
JSON = "application/json"
NOT_KEPT = {"Cache-Control": "no-store"}

routes = APIRouter(prefix="/v1")


def token_beside(spool: Path) -> tuple[str, Path]:
    """The relay's own token and its file, made when it is first asked for; nobody else may read it."""
    path = spool.with_name(f"{spool.name}.token")
    if not path.exists():
        write_secret(path, secrets.token_urlsafe(32).encode() + b"\n")
    return read_secret(path).decode("ascii").strip(), path


def create_relay(ledger: Ledger, token: str) -> Walls:
    """The relay of one service, within the service's walls. `ledger` is open, and sends beside it."""
    app = FastAPI(
        title="Entente relay", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, telemetry=NO_TELEMETRY
    )  # fmt: skip
    app.state.ledger = ledger
    app.state.token = token
    problems.add_to(app)
    app.include_router(routes, dependencies=[Depends(require_token)])
    app.add_api_route("/healthz", lambda: Response("ok\n", media_type="text/plain"), methods=["GET"])
    return Walls(app, LIMITS)


def require_token(request: Request) -> None:
    """Whoever holds the relay's token. Raises NotKnown."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    known = secrets.compare_digest(given.strip().encode(), str(request.app.state.token).encode())
    if scheme.lower() != "bearer" or not known:
        raise errors.NotKnown(remedy="send Authorization: Bearer with the token in the file beside the relay's spool")


def ledger_of(request: Request) -> Ledger:
    """The ledger that the relay states events to."""
    found: Ledger = request.app.state.ledger
    return found


Relayed = Annotated[Ledger, Depends(ledger_of)]
Seconds = Annotated[float, Query(ge=0, le=WAIT_SECONDS_MAX)]


@routes.post("/statements", response_model=None)
async def state(request: Request, ledger: Relayed, wait: str = "", seconds: Seconds = 10.0) -> Response:
    """State one event, or `{"items": [1..1000]}` in order: `type`, `stream`, `occurred_at`, `data` with its free text, …

    202 once all that can be said is on disk; with `wait=recorded` or `wait=final` after at most so many `seconds`. One
    statement is answered with where it stands or a problem; several with `results`, each `{status, statement}` or
    `{status, problem}`.
    """
    if wait not in ("", "recorded", "final"):
        raise errors.BadQuestion("a statement is waited for until it is recorded or final", field="wait")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise errors.Malformed("statements are sent as application/json", field="Content-Type")
    body = await read_body(request, BODY_BYTES_MAX)
    language = language_of(request)

    def work() -> Response:
        sent = strict.read_request(body, BODY_BYTES_MAX)
        items = _items_of(sent)
        said = [_said(ledger, item) for item in ([sent] if items is None else items)]
        if wait:
            _wait(said, wait, seconds)
        return _answer(said, language, alone=items is None)

    return await anyio.to_thread.run_sync(work)


@routes.get("/statements/{statement_id}", response_model=None)
def one_statement(ledger: Relayed, statement_id: str) -> Response:
    """Where a statement stands."""
    return _json(_document(_row(ledger, statement_id)))


@routes.get("/statements/{statement_id}/proof", response_model=None)
def proof(ledger: Relayed, statement_id: str) -> Response:
    """The tlog-proof of a final event."""
    return Response(ledger.proof(statement_id), 200, NOT_KEPT, "text/plain; charset=utf-8")


@routes.post("/statements/{statement_id}/resubmit", response_model=None)
def resubmit(ledger: Relayed, statement_id: str) -> Response:
    """Send what is parked again as it is."""
    ledger.resubmit(statement_id)
    return _json(_document(_row(ledger, statement_id)))


@routes.post("/statements/{statement_id}/withdraw", response_model=None)
def withdraw(ledger: Relayed, statement_id: str) -> Response:
    """Give up what is parked."""
    ledger.withdraw(statement_id)
    return _json(_document(_row(ledger, statement_id)))


@routes.get("/parked", response_model=None)
def parked(ledger: Relayed) -> Response:
    """What was refused and waits for somebody to resubmit or withdraw it."""
    return _json({"parked": [_document(row) for row in ledger.parked()]})


@routes.get("/standing", response_model=None)
def standing(ledger: Relayed) -> Response:
    """How much waits, since when, what is in the way, and how far this clock is ahead of the ledger's."""
    return _json(standing_of(ledger))


def standing_of(ledger: Ledger) -> dict[str, Any]:
    """The same, for who asks in the process."""
    oldest, wrong, clock = ledger.spool.oldest_waiting(), ledger.trouble, ledger.clock
    return {
        "statements": ledger.spool.counts(),
        "waiting_since": None if oldest is None else format_instant(oldest),
        "trouble": None if wrong is None else {"code": wrong.code, "detail": str(wrong)},
        "clock": None if clock is None else clock._asdict(),
    }


def _items_of(sent: dict[str, Any]) -> list[dict[str, Any]] | None:
    if "items" not in sent:
        return None
    items = sent["items"]
    if len(sent) > 1 or not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise errors.Malformed("a list of statements, each an object, and nothing else", field="items")
    if len(items) > ITEMS_MAX:
        raise errors.TooLarge(f"{len(items)} statements, more than {ITEMS_MAX}", field="items", remedy="send fewer at a time")
    return items


def _said(ledger: Ledger, statement: Mapping[str, Any]) -> Receipt | errors.EntenteError:
    try:
        return ledger.state(statement)
    except errors.EntenteError as wrong:
        return wrong


def _wait(said: list[Receipt | errors.EntenteError], standing: str, seconds: float) -> None:
    """Wait for all of them together; who has not got there when the time is over is answered as it stands."""
    deadline = time.monotonic() + seconds
    for receipt in said:
        if isinstance(receipt, Receipt):
            try:
                receipt.wait("final" if standing == "final" else "recorded", max(0.0, deadline - time.monotonic()))
            except (errors.Parked, errors.Unavailable):
                continue


def _answer(said: list[Receipt | errors.EntenteError], language: str, *, alone: bool) -> Response:
    rows: list[dict[str, Any]] = []
    for each in said:
        if isinstance(each, errors.EntenteError):
            problem = problems.document_of(each, language)
            rows.append({"status": problem["status"], "problem": problem})
        else:
            rows.append({"status": int(HTTPStatus.ACCEPTED), "statement": _document(each.row)})
    if not alone:
        return _json({"results": rows}, HTTPStatus.ACCEPTED)
    (row,) = rows
    if "problem" in row:
        return Response(msgspec.json.encode(row["problem"]), row["status"], NOT_KEPT, problems.MEDIA_TYPE)
    return _json(row["statement"], HTTPStatus.ACCEPTED)


def _row(ledger: Ledger, statement_id: str) -> Row:
    return ledger.receipt(statement_id).row


def _document(row: Row) -> dict[str, Any]:
    """Where a statement stands, with the ledger's receipt or its problem."""
    found: dict[str, Any] = {"id": row.id, "event_id": row.event_id, "stream": row.stream, "type": row.type, "state": row.state}
    found["said_at"] = format_instant(row.said_at)
    found |= {name: msgspec.Raw(body) for name, body in (("receipt", row.receipt), ("problem", row.problem)) if body}
    return found


def _json(value: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(msgspec.json.encode(value), status, NOT_KEPT, JSON)
