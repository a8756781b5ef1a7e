"""The fifteen inquiry questions over HTTP: which there are, and each answered of a view as pages of data or as a document.

Without a reason a question is answered from what both nations may see; `covered` counts the streams on which there is more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response

from api.answering import answered, document_of, sealed_in
from api.asking import AskedView
from api.instants import instant_of
from api.looking import Eyes, Looking
from api.reports import HTML, INERT, PDF
from api.views import answer_of, view_of
from ledger import errors
from ledger.formats.entry import format_instant
from projections.questions import QUESTIONS, find
from projections.wording.questions import PARAMETERS

ROWS_MAX = 500
POSITIONS_MAX = 100_000
"""Positions of the log that a question asked over HTTP goes through."""
AT_ONCE_MAX = 4
"""Questions that one process answers at a time: each may go through all of those positions."""
WHO_LOOKED = 11
NEXT = r"^[0-9]{1,15}\.[0-9]{1,9}$"
MEDIA_TYPES = {"pdf": PDF, "html": HTML}

_turns = threading.BoundedSemaphore(AT_ONCE_MAX)

routes = APIRouter(prefix="/v1/views/{view}")

Question = Annotated[str, Path(max_length=32, description="its number or its name")]
Form = Annotated[Literal["pdf", "html"], Query(description="a tagged PDF with the data attached, or one page for a browser")]
Lang = Annotated[Literal["en", "fr"] | None, Query(description="another language than the nation's")]
Limit = Annotated[int, Query(ge=1, le=ROWS_MAX, description="rows at most")]
Cursor = Annotated[
    str | None, Query(max_length=64, pattern=r"^[0-9]{1,15}\.[0-9]{1,9}$", description="`next` of the answer before")
]


def _meant(name: str) -> Any:
    return Query(alias=name, max_length=64, description=PARAMETERS[name].en)


def given_of(
    at: Annotated[str | None, _meant("at")] = None,
    begin: Annotated[str | None, _meant("from")] = None,
    end: Annotated[str | None, _meant("to")] = None,
    day: Annotated[str | None, _meant("day")] = None,
    stream: Annotated[str | None, _meant("stream")] = None,
    code: Annotated[str | None, _meant("code")] = None,
    minutes: Annotated[str | None, _meant("minutes")] = None,
    lowered: Annotated[str | None, _meant("lowered")] = None,
    authority: Annotated[str | None, _meant("authority")] = None,
    officer: Annotated[str | None, _meant("officer")] = None,
    role: Annotated[str | None, _meant("role")] = None,
    key_id: Annotated[str | None, _meant("key_id")] = None,
) -> dict[str, str]:
    """The parameters of a question that were given, instants in the ledger's own form. Raises BadQuestion."""
    instants = {"at": at, "from": begin, "to": end}
    told = {name: format_instant(instant_of(text, name)) for name, text in instants.items() if text is not None}
    rest = {
        "day": day, "stream": stream, "code": code, "minutes": minutes, "lowered": lowered, "authority": authority,
        "officer": officer, "role": role, "key_id": key_id,
    }  # fmt: skip
    return told | {name: text for name, text in rest.items() if text is not None}


Given = Annotated[dict[str, str], Depends(given_of)]


@routes.get("/questions", response_model=None)
def questions(eyes: Looking) -> Response:
    """The questions that an inquiry asks: what each wants to know, and with which parameters."""
    home, _ = view_of(eyes.request, eyes.nation)
    rows = [
        {
            "question": each.number,
            "name": each.name,
            "asks": each.asks._asdict(),
            "parameters": {
                name: {"kind": p.kind, "meaning": p.meaning._asdict(), "default": p.default, "required": p.required}
                for name, p in each.parameters.items()
            },
        }
        for each in QUESTIONS.values()
    ]
    return answer_of(home, {"view": eyes.nation, "questions": rows})


@routes.get("/questions/{question}", response_model=None)
def question(eyes: Looking, question: Question, given: Given, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """A question answered, a page of rows at a time; the pages of one answer are of one position, whatever comes meanwhile."""
    position, after = (None, 0) if cursor is None else (int(part) for part in cursor.split("."))
    home, _ = view_of(eyes.request, eyes.nation)
    asked, answer, hidden = _answered(eyes, question, given, position)
    rows = answer["answer"][after : after + limit]
    more = after + limit < len(answer["answer"])
    if eyes.reason is not None:
        eyes.record(sealed_in(asked, {"answer": rows}))
    told = {**answer, "answer": rows, "covered": hidden, "next": f"{answer['position']}.{after + limit}" if more else None}
    return answer_of(home, told)


@routes.get("/questions/{question}/document", response_model=None)
def document(eyes: Looking, question: Question, given: Given, form: Form = "pdf", lang: Lang = None) -> Response:
    """The whole answer as a document, with what it is bound to; it is computed, and signed by nobody."""
    asked, answer, _ = _answered(eyes, question, given, None)
    if eyes.reason is not None:
        eyes.record(sealed_in(asked, answer))
    with _turn():
        body = document_of(asked, answer, form, lang)
    name = f'inline; filename="{eyes.nation.lower()}-{answer["name"]}-{answer["position"]}.{form}"'
    return Response(body, 200, {**INERT, "Content-Disposition": name}, MEDIA_TYPES[form])


def _answered(eyes: Eyes, question: str, given: dict[str, str], position: int | None) -> tuple[AskedView, dict[str, Any], int]:
    """(the view as it was asked, the answer, of how many streams something is covered). Raises BadQuestion, NotAllowed."""
    if find(question).number == WHO_LOOKED and (eyes.holder.role != "auditor" or eyes.holder.nation != eyes.nation):
        raise errors.NotAllowed(
            "who looked at what is for its own nation's auditor", field="question", remedy="ask them, or /access as its dpo"
        )
    home, _ = view_of(eyes.request, eyes.nation)
    asked = AskedView(home, eyes.nation, position, POSITIONS_MAX, shared=eyes.reason is None)
    with _turn():
        answer = answered(asked, question, given)
    covered = {stream for _, _, stream in asked.sealed.values()} if asked.is_shared else set()
    return asked, answer, len(covered)


@contextmanager
def _turn() -> Iterator[None]:
    """One of the turns there are. Raises Busy where all are taken."""
    if not _turns.acquire(blocking=False):
        raise errors.Busy(remedy="other questions are being answered: ask again after a moment")
    try:
        yield
    finally:
        _turns.release()
