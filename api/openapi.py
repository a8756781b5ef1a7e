"""The service's own OpenAPI 3.1 document, made from the routes that there are: parameters by FastAPI, answers by our shapes.

A route says nothing of its answers itself; ANSWERS does, by its path. A route that is missing there fails a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from fastapi.routing import APIRoute, iter_route_contexts

from api import bundles, inquiry, reports, shapes, traces, view_shapes
from api.exports.answer import TYPES
from api.exports.routes import FILES
from api.identity import Known, require_holder
from api.language import LANGUAGES
from api.log import BYTES, LINES, NOTE
from api.problems import MEDIA_TYPE as PROBLEM
from api.schemas import EXAMPLE_SEED, schema_document
from api.walls import EVENT_STREAM
from ledger.formats import submission

VERSION = "1"
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
METRICS = "text/plain; version=0.0.4; charset=utf-8"
PATH = "/v1/openapi.json"
EXAMPLE_TYPE = "interception.recorded"
Answer = Mapping[str, type[msgspec.Struct] | None]

# What a 200 is, by its media type; None is what is no JSON.
ANSWERS: Mapping[str, Answer] = {
    "/v1/events": {JSON: shapes.Results},
    "/v1/events/{event_id}": {JSON: shapes.Event, BYTES: None},
    "/v1/streams/{stream}": {JSON: shapes.Stream},
    "/v1/receipts/{event_id}": {JSON: shapes.Receipt},
    "/v1/bundles": {bundles.MEDIA_TYPE: None},
    "/v1/introductions/{key_id}": {JSON: shapes.Introduction},
    "/v1/schemas": {JSON: shapes.Types},
    "/v1/schemas/{type_name}": {JSON: shapes.TypeSchema},
    "/v1/views/{view}/figures": {JSON: view_shapes.Figures},
    "/v1/views/{view}/figures/{code}/lines": {JSON: view_shapes.Lines},
    "/v1/views/{view}/situation": {JSON: view_shapes.Situation},
    "/v1/views/{view}/timeline": {JSON: view_shapes.Timeline},
    **{f"/v1/views/{{view}}/{of}": {JSON: view_shapes.Listing} for of in ("incidents", "interceptions", "cases")},
    "/v1/reconciliations": {JSON: view_shapes.Reconciled},
    "/v1/reconciliations/recorded/{event_id}": {JSON: view_shapes.ReconciledInFull},
    "/v1/reconciliations/{pair}": {JSON: view_shapes.Reconciliation},
    **{f"/v1/views/{{view}}/{of}.{{suffix}}": {TYPES[form]: None for form in forms} for of, forms in FILES.items()},
    "/v1/views/{view}/figures/{code}/series": {JSON: view_shapes.Series},
    "/v1/views/{view}/comparison": {JSON: view_shapes.Comparison},
    "/v1/views/{view}/questions": {JSON: view_shapes.Questions},
    "/v1/views/{view}/questions/{question}": {JSON: view_shapes.Answered},
    "/v1/views/{view}/questions/{question}/document": dict.fromkeys(inquiry.MEDIA_TYPES.values()),
    "/v1/views/{view}/reports": {JSON: view_shapes.Reports},
    "/v1/views/{view}/reports/drift": {JSON: view_shapes.Drift},
    "/v1/views/{view}/reports/drafts": {JSON: view_shapes.ReportDraft},
    "/v1/views/{view}/reports/{report}": {JSON: view_shapes.OneReport},
    "/v1/views/{view}/reports/{report}/verification": {JSON: view_shapes.Verification},
    "/v1/views/{view}/reports/{report}/document": dict.fromkeys(reports.MEDIA_TYPES.values()),
    "/v1/views/{view}/reports/{report}/documents/{kind}": {JSON: view_shapes.HandedIn},
    "/v1/completeness": {JSON: view_shapes.Completeness},
    "/v1/views/{view}/changes": {EVENT_STREAM: None},
    "/v1/views/{view}/access": {JSON: view_shapes.Looks},
    "/v1/views/{view}/access/{event_id}/review": {JSON: view_shapes.Reviewed},
    "/checkpoint": {NOTE: None},
    "/checkpoints/{which}": {NOTE: None},
    "/tile/{path}": {BYTES: None},
    "/tile/entries/{path}": {BYTES: None},
    "/companions/{path}": {LINES: None},
    "/{origin_hash}/checkpoint": {NOTE: None},
    "/add-checkpoint": {TEXT: None},
    "/healthz": {TEXT: None},
    "/readyz": {JSON: shapes.Readiness},
    "/metrics": {METRICS: None},
    PATH: {JSON: None},
}
# Beside what any request may meet: 400, 404, 405, 408, 413, 429, 431, 500 and 503, and with a token 401 and 403.
ANY_REFUSAL = {
    400: "it cannot be answered as it was put",
    404: "there is no such thing here",
    405: "no such method here",
    408: "it did not come to its end",
    413: "too large",
    429: "too many; wait Retry-After seconds",
    431: "too many headers",
    500: "the service failed",
    503: "not now; send the same again after Retry-After seconds",
}
OF_A_TOKEN = {401: "no token, or one that is not known", 403: "not for this role"}
OF_AN_APPEND = {
    401: "a signature does not verify",
    403: "the key may not say this",
    409: "other bytes have this id, or the stream moved on",
    422: "the life of the stream does not allow it, or it is from the future",
    423: "the log is frozen or closed",
    424: "another of the same atomic batch was refused",
    507: "the store is full",
}

routes = APIRouter()


@routes.get(PATH, response_model=None)
def openapi(request: Request, holder: Known) -> Response:
    """This document."""
    app: FastAPI = request.app
    if not hasattr(app.state, "openapi"):
        app.state.openapi = msgspec.json.encode(document_of(app))
    return Response(app.state.openapi, media_type=JSON)


def document_of(app: FastAPI) -> dict[str, Any]:
    """The document of an application."""
    contexts = [context for context in iter_route_contexts(app.routes) if isinstance(context.original_route, APIRoute)]
    found = get_openapi(
        title="Entente",
        version=VERSION,
        openapi_version="3.1.0",
        summary="One signed history of the Strait of Dover, and two national readings of it.",
        description="Errors are problem documents (RFC 9457) in English or French, by Accept-Language.",
        routes=app.routes,
    )
    for context in contexts:
        route = context.original_route
        assert isinstance(route, APIRoute)
        for method in route.methods or ():
            _complete(found["paths"][route.path_format][method.lower()], route)
    _, components = msgspec.json.schema_components(_shapes(), ref_template="#/components/schemas/{name}")
    found["components"] = {
        "schemas": components,
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "made by `entente token new`"}},
    }
    found["servers"] = [{"url": "/"}]
    return found


def _shapes() -> list[type[msgspec.Struct]]:
    named = [shape for answer in ANSWERS.values() for shape in answer.values() if shape is not None]
    return [shapes.Problem, shapes.Item, shapes.Items, bundles.Wanted, reports.Asked, *named]


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    """Say of one operation what FastAPI cannot know."""
    needs_token = any(dependant.call is require_holder for dependant in _dependants(route.dependant))
    operation["security"] = [{"token": []}] if needs_token else []
    operation["summary"] = (route.endpoint.__doc__ or route.name).strip().splitlines()[0]
    operation["parameters"] = [*operation.get("parameters", []), _LANGUAGE, _REQUEST_ID]
    refusals = ANY_REFUSAL | (OF_A_TOKEN if needs_token else {})
    answer: Answer = ANSWERS.get(route.path_format, {JSON: None})
    responses = {"200": _response("Successful", answer)}
    if route.path_format == "/v1/events":
        operation["requestBody"] = _append_body()
        both = {JSON: {"schema": {"oneOf": [_ref(shapes.Receipt), _ref(shapes.Results)]}}}
        responses = {status: {**_response(said, {}), "content": both} for status, said in _RECORDED.items()}
        refusals |= OF_AN_APPEND
    elif route.path_format == "/v1/bundles":
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": _ref(bundles.Wanted)}}}
    elif route.path_format.endswith("/reports/drafts"):
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": _ref(reports.Asked)}}}
    elif route.path_format.endswith("/documents/{kind}"):
        operation["requestBody"] = {"required": True, "content": {BYTES: {}}}
    elif route.path_format == "/add-checkpoint":
        body = {"type": "string", "maxLength": submission.SUBMISSION_BYTES_MAX}
        operation["requestBody"] = {"required": True, "content": {TEXT: {"schema": body}}}
        refusals |= {409: "another size was cosigned last", 422: "the checkpoint does not follow from what is held"}
    elif route.path_format == "/readyz":
        responses["503"] = _response("Not ready, or not now", answer)
    for status, said in sorted(refusals.items()):
        shown = responses.get(str(status), _response(said, {}))
        shown["content"] = {**shown.get("content", {}), PROBLEM: {"schema": _ref(shapes.Problem), "example": _problem(status)}}
        if route.path_format == "/add-checkpoint":
            shown["content"][TEXT] = {}
        if route.path_format == "/v1/events":
            shown["content"][JSON] = {"schema": _ref(shapes.Results)}
        responses[str(status)] = shown
    operation["responses"] = responses


_RECORDED = {"200": "nothing was new: as answered before, or a dry run", "201": "recorded"}
_LANGUAGE = {
    "name": "Accept-Language", "in": "header", "required": False, "description": "of what goes wrong",
    "schema": {"type": "string", "examples": list(LANGUAGES)},
}  # fmt: skip
_REQUEST_ID = {
    "name": traces.HEADER, "in": "header", "required": False, "description": "8 to 64 hexadecimal digits and dashes",
    "schema": {"type": "string"},
}  # fmt: skip


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _dependants(inner)


def _response(said: str, answer: Answer) -> dict[str, Any]:
    id_ = {"description": "the request's id", "required": True, "schema": {"type": "string"}}
    content = {media_type: {} if shape is None else {"schema": _ref(shape)} for media_type, shape in answer.items()}
    return {"description": said, "headers": {traces.HEADER: id_}, **({"content": content} if content else {})}


def _ref(shape: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _problem(status: int) -> dict[str, Any]:
    return {"type": "urn:entente:bad-question", "title": "The question cannot be answered as put", "status": status}


def _append_body() -> dict[str, Any]:
    item = schema_document(EXAMPLE_TYPE)["example"]["item"]
    about = f"signed with the key whose seed is {EXAMPLE_SEED.hex()}, which no log knows"
    examples = {
        "one": {"summary": f"one item, {about}", "value": item},
        "several": {"summary": "a list of one", "value": {"items": [item]}},
    }
    return {
        "required": True,
        "content": {JSON: {"schema": {"oneOf": [_ref(shapes.Item), _ref(shapes.Items)]}, "examples": examples}},
    }
