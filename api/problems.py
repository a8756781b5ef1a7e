"""What goes wrong, as an RFC 9457 problem document in the caller's language, with the status that says whose turn it is."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api import traces
from api.language import language_of
from api.wording import TITLES
from ledger import errors
from ledger.store.engines import DATABASE_ERRORS, translated

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2

# The first class that an error is of decides.
STATUSES: tuple[tuple[type[errors.EntenteError], HTTPStatus], ...] = (
    (errors.NotFound, HTTPStatus.NOT_FOUND),
    (errors.BadQuestion, HTTPStatus.BAD_REQUEST),
    (errors.MethodNotKnown, HTTPStatus.METHOD_NOT_ALLOWED),
    (errors.TooMany, HTTPStatus.TOO_MANY_REQUESTS),
    (errors.Unfinished, HTTPStatus.REQUEST_TIMEOUT),
    (errors.HeadTooLarge, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    (errors.NotHttp, HTTPStatus.BAD_REQUEST),
    (errors.TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (errors.Malformed, HTTPStatus.BAD_REQUEST),
    (errors.BadSignature, HTTPStatus.UNAUTHORIZED),
    (errors.NotKnown, HTTPStatus.UNAUTHORIZED),
    (errors.NotAllowed, HTTPStatus.FORBIDDEN),
    (errors.Conflict, HTTPStatus.CONFLICT),
    (errors.LedgerFrozen, HTTPStatus.LOCKED),
    (errors.NotInThisState, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.FromTheFuture, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.BadSection, HTTPStatus.BAD_REQUEST),
    (errors.Refused, HTTPStatus.FAILED_DEPENDENCY),
    (errors.DiskFull, HTTPStatus.INSUFFICIENT_STORAGE),
    (errors.Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.EntenteError, HTTPStatus.INTERNAL_SERVER_ERROR),
)

_log = logging.getLogger(__name__)


def status_of(wrong: errors.EntenteError) -> HTTPStatus:
    """The status of an answer that is this error."""
    return next(status for kind, status in STATUSES if isinstance(wrong, kind))


def document_of(wrong: errors.EntenteError, language: str) -> dict[str, Any]:
    """The problem document of an error: its kind in words of the language asked for, the particulars in English.

    `instance` is the request's id, under which the service's own log has a line. What a store says of itself (where it is,
    what it was asked) is in that log alone.
    """
    status = status_of(wrong)
    document: dict[str, Any] = {
        "type": f"urn:entente:{wrong.code}",
        "title": TITLES[wrong.code][language],
        "status": int(status),
        "detail": wrong.message,
    }
    if isinstance(wrong, errors.StoreFailed):
        _log.error("%s", wrong)
        document["detail"] = errors.StoreFailed().message
    document |= {name: said for name, said in (("field", wrong.field), ("remedy", wrong.remedy)) if said}
    if isinstance(wrong, errors.StreamMoved):
        document["current_version"] = wrong.current_version
    return document | _instance()


def _instance() -> dict[str, str]:
    request = traces.current()
    return {"instance": f"urn:entente:request:{request}"} if request else {}


def add_to(app: FastAPI) -> None:
    """Answer whatever goes wrong in an application with a problem document."""
    app.add_exception_handler(errors.EntenteError, as_problem)
    app.add_exception_handler(RequestValidationError, _as_bad_question)
    app.add_exception_handler(HTTPException, _as_http_problem)
    app.add_exception_handler(Exception, _as_defect)
    for kind in DATABASE_ERRORS:
        app.add_exception_handler(kind, _as_failed_store)


async def as_problem(request: Request, wrong: Exception) -> JSONResponse:
    """The answer to a request that met an error of our tree."""
    assert isinstance(wrong, errors.EntenteError)
    return answer_of(request, wrong)


def answer_of(request: Request, wrong: errors.EntenteError) -> JSONResponse:
    """The same, wherever it is met."""
    language = language_of(request)
    document = document_of(wrong, language)
    headers = {}
    if document["status"] == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if document["status"] == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if isinstance(wrong, errors.TooMany):
        headers["Retry-After"] = str(math.ceil(wrong.retry_seconds))
    return _answer(document, language, headers)


def nothing_here() -> errors.NotFound:
    """What is said of a path that there is not."""
    return errors.NotFound("there is nothing at this path", field="path")


async def _as_failed_store(request: Request, wrong: Exception) -> JSONResponse:
    """A database that fails a question, as the ledger's own reader tells it."""
    return answer_of(request, translated(wrong))


async def _as_bad_question(request: Request, wrong: Exception) -> JSONResponse:
    """A parameter that is not what it must be; its value is not said again."""
    assert isinstance(wrong, RequestValidationError)
    first = wrong.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:]) or None
    return answer_of(request, errors.BadQuestion(str(first["msg"]), field=field))


async def _as_http_problem(request: Request, wrong: Exception) -> JSONResponse:
    """What the framework itself refuses: no such path, no such method; anything else is a request it cannot read."""
    assert isinstance(wrong, HTTPException)
    if wrong.status_code == HTTPStatus.NOT_FOUND:
        return answer_of(request, nothing_here())
    if wrong.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        found = answer_of(request, errors.MethodNotKnown())
        found.headers["Allow"] = (wrong.headers or {}).get("Allow", "")
        return found
    return answer_of(request, errors.BadQuestion("the request cannot be read"))


async def _as_defect(request: Request, wrong: Exception) -> JSONResponse:
    """Our own mistake: the log says where, under the request's id, and neither says what was sent."""
    _log.error("defect: %s at %s in request %s", type(wrong).__name__, traces.place_of(wrong.__traceback__), traces.current())
    language = language_of(request)
    document = {"type": "urn:entente:defect", "title": TITLES["defect"][language], "status": 500} | _instance()
    return _answer(document, language, {})


def _answer(document: Mapping[str, Any], language: str, headers: Mapping[str, str]) -> JSONResponse:
    kept = {"Cache-Control": "no-store", "Content-Language": language, "Vary": "Accept-Language"}
    return JSONResponse(document, document["status"], {**kept, **headers}, MEDIA_TYPE)
