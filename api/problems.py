"""What goes wrong, as an RFC 9457 problem document with the status that says whose turn it is."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Request
from fastapi.responses import JSONResponse

from ledger import errors

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2

# The first class that an error is of decides.
STATUSES: tuple[tuple[type[errors.EntenteError], HTTPStatus], ...] = (
    (errors.NotFound, HTTPStatus.NOT_FOUND),
    (errors.BadQuestion, HTTPStatus.BAD_REQUEST),
    (errors.TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (errors.Malformed, HTTPStatus.BAD_REQUEST),
    (errors.NotKnown, HTTPStatus.UNAUTHORIZED),
    (errors.NotAllowed, HTTPStatus.FORBIDDEN),
    (errors.Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.EntenteError, HTTPStatus.INTERNAL_SERVER_ERROR),
)


async def as_problem(request: Request, wrong: Exception) -> JSONResponse:
    """The answer to a request that met an error of our tree."""
    assert isinstance(wrong, errors.EntenteError)
    status = next(status for kind, status in STATUSES if isinstance(wrong, kind))
    headers = {"Cache-Control": "no-store"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    document = {"type": f"urn:entente:{wrong.code}", "title": wrong.code, "status": status, "detail": wrong.message}
    document |= {name: said for name, said in (("field", wrong.field), ("remedy", wrong.remedy)) if said}
    return JSONResponse(document, status, headers, MEDIA_TYPE)
