"""Whether this process lives, whether this site is ready, and what it counts: for whoever keeps it running.

`app.state.counts` counts; `app.state.parts` says what of the site is away or wrong.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from api.counts import MEDIA_TYPE, Counts
from api.identity import Administrator, holder_of
from api.readiness import document_of, standing_of
from api.workers import Workers
from ledger import errors

if TYPE_CHECKING:
    from api.app import Parts

routes = APIRouter()


@routes.get("/healthz")
def alive() -> PlainTextResponse:
    """That this process answers, no more: what restarts it need not know of any store."""
    return PlainTextResponse("ok\n")


@routes.get("/readyz", response_model=None)
def ready(request: Request) -> Response:
    """Whether this site should be sent requests: 200 or 503. Why not, who is away and what waits is for administrators."""
    parts: Parts = request.app.state.parts
    workers: Workers = request.app.state.workers
    document = document_of(standing_of(parts.home), [*parts.reasons(), *workers.problems()], parts.away())
    holder = None
    with suppress(errors.NotKnown, errors.Unavailable):  # whoever that is, he may know whether we are ready
        holder = holder_of(request)
    if holder is None or holder.role != "administrator":
        document = {"ready": document["ready"]}
    return JSONResponse(document, HTTPStatus.OK if document["ready"] else HTTPStatus.SERVICE_UNAVAILABLE)


@routes.get("/metrics", response_model=None)
def metrics(request: Request, holder: Administrator) -> Response:
    """What this process counts, as Prometheus reads it; for administrators."""
    parts: Parts = request.app.state.parts
    counts: Counts = request.app.state.counts
    standing = standing_of(parts.home)
    workers: Workers = request.app.state.workers
    is_ready = not (standing.reasons or parts.reasons() or workers.problems())
    running = request.app.state.walls.running
    return Response(counts.text(standing, running, workers.standing(), is_ready=is_ready), media_type=MEDIA_TYPE)
