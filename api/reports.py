"""Reports over HTTP: what was issued, what followed, how far it drifted, its documents; and what an official would issue.

The service signs nothing: it drafts, the official's own machine signs the documents and the event (`POST /v1/events`), and the
signed documents are handed in afterwards, each held to the digest that the event commits to.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import anyio.to_thread
import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from msgspec import Meta

from api import issuing, report_files, reporting
from api.bodies import read_body
from api.home import Home
from api.identity import Known, OwnView
from api.instants import day_of
from api.looking import Eyes, LookingWithin, Why, covered
from api.views import AsOf, answer_of, moment_of
from ledger import errors
from ledger.formats import strict
from ledger.formats.entry import format_instant
from projections.reports.draft import STATUSES, Wanted
from projections.reports.drift import drift, drift_of
from projections.reports.issued import Issued, issued
from projections.view import Moment

routes = APIRouter(prefix="/v1/views/{view}/reports")

ROWS_MAX = 500
BODY_BYTES_MAX = 262_144
AT_ONCE_MAX = 2
PDF, HTML, JSON = "application/pdf", "text/html; charset=utf-8", "application/json"
MEDIA_TYPES = {"pdf": PDF, "html": HTML, "json": JSON}
# A page that somebody may open from here runs nothing and asks nothing of anybody.
INERT = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cache-Control": "private, no-store",
}
COMMITTED = {
    "unsigned.pdf": "unsigned_pdf_sha256",
    "signed.pdf": "signed_pdf_sha256",
    "content.json": "document_sha256",
}

_turns = threading.BoundedSemaphore(AT_ONCE_MAX)

DayOnly = Annotated[str | None, Query(max_length=10, description="reports of this reporting day alone")]
Report = Annotated[str, Path(max_length=64, description="the id of the event that issued it")]
Form = Annotated[Literal["pdf", "html", "json"], Query(description="the PDF kept here, or made again as a page or as data")]
Edition = Annotated[Literal["shared", "national"], Query(description="for both nations, or its own nation's")]
Lang = Annotated[Literal["en", "fr"] | None, Query(description="another language than its nation's: made again, unsigned")]
Text = Annotated[str, Meta(min_length=1, max_length=64)]


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """What an official would issue. `withhold`: by figure, whether the size of what is withheld is declared."""

    day: Text
    status: Text = STATUSES[0]
    withhold: Annotated[dict[str, bool], Meta(max_length=256)] = {}
    lines_to_take: Annotated[list[Annotated[str, Meta(max_length=2_000)]], Meta(max_length=64)] = []


@routes.get("", response_model=None)
def listed(request: Request, eyes: LookingWithin, day: DayOnly = None, as_of: AsOf = None) -> Response:
    """Every report issued, of both nations, the newest last; with what followed each."""
    home, moment = moment_of(request, eyes.nation, as_of)
    found = [each for each in issued(moment) if day is None or each.day == day_of(day, "day").isoformat()]
    rows = eyes.uncovered(eyes.within([_row(moment, each) for each in found[-ROWS_MAX:]]))
    return _framed(home, moment, {"rows": rows, "left_off": max(0, len(found) - ROWS_MAX)})


@routes.get("/drift", response_model=None)
def drifted(request: Request, eyes: LookingWithin, as_of: AsOf = None) -> Response:
    """Reports of this nation that are believed otherwise now: a revision of each is due, because of the events named."""
    home, moment = moment_of(request, eyes.nation, as_of)
    _require_whole(eyes)
    rows = drift(moment)
    named = {row["event"] for row in rows} | {cause["event"] for row in rows for cause in _causes(row)}
    sealed = named & set(moment.store.sealed_events(moment.generation))
    if sealed and eyes.reason is not None:
        eyes.record(sealed)
    elif sealed:
        rows = [row for row in rows if row["event"] not in sealed]
        for change in (change for row in rows for change in row["changes"]):
            change["events"] = [covered({**e, "sealed": True}) if e["event"] in sealed else e for e in change["events"]]
    return _framed(home, moment, {"revision_due": bool(rows), "rows": rows})


@routes.get("/{report}", response_model=None)
def one(request: Request, eyes: LookingWithin, report: Report, as_of: AsOf = None) -> Response:
    """What a report said, what followed it, which documents of it are kept here, and how far it has drifted."""
    home, moment = moment_of(request, eyes.nation, as_of)
    found = _find(moment, eyes, report)
    (row,) = eyes.uncovered([_row(moment, found)])
    if found.fact.reading == "own":  # sealed whole: its row, covered or not, is all there is of it here
        return _framed(home, moment, {"report": row})
    said = msgspec.to_builtins(reporting.said_by(home, found))
    kinds = [kind for edition in _editions(eyes, found) for kind in _kept(home, found, edition)]
    moved = drift_of(moment, found) if found.nation == eyes.nation else None
    codes = [change["code"] for change in (moved or {}).get("changes", ())]
    return _framed(home, moment, {"report": row, "said": said, "documents": kinds, "drifted": codes})


@routes.get("/{report}/verification", response_model=None)
def verified(request: Request, eyes: LookingWithin, report: Report) -> Response:
    """A report held against the log: each thing it says, as the log has it or not, or not communicated to this nation."""
    home, moment = moment_of(request, eyes.nation, None)
    found = _find(moment, eyes, report)
    if found.fact.reading == "own":
        raise errors.NotFound("what was sealed is verified at its nation's own site", field="report")
    return _framed(home, moment, reporting.verify(home, moment, found))


@routes.get("/{report}/document", response_model=None)
def document(
    request: Request,
    eyes: LookingWithin,
    report: Report,
    form: Form = "pdf",
    edition: Edition = "shared",
    language: Lang = None,
) -> Response:
    """A document of a report. A nation's own edition is its own people's alone, for a reason that is put on record."""
    home, moment = moment_of(request, eyes.nation, None)
    found = _find(moment, eyes, report)
    if edition not in _editions(eyes, found):
        raise errors.NotFound(f"there is no {edition} edition for this view", field="edition")
    if edition == report_files.NATIONAL or found.fact.reading == "own":
        if eyes.reason is None:
            raise errors.BadQuestion(
                "a look at sealed content needs a purpose and a motif", field="Entente-Purpose", remedy="send both"
            )
        eyes.record([found.event])
    body, _ = issuing.document_in(home, found, edition, form, language)
    name = f'inline; filename="{found.nation}-{found.day}-{found.revision}.{form}"'
    return Response(body, 200, {**INERT, "Content-Disposition": name}, MEDIA_TYPES[form])


# -- an official's own -------------------------------------------------------------------------------------------------------


def require_official(holder: Known, nation: OwnView) -> str:
    """The nation of its official. Raises NotAllowed."""
    if holder.role != "official" or holder.nation != nation:
        raise errors.NotAllowed(f"a report is its own nation's official's, not the role {holder.role}'s", field="view")
    return nation


Official = Annotated[str, Depends(require_official)]


@routes.post("/drafts", response_model=None)
async def draft(request: Request, nation: Official, holder: Known, reason: Why) -> Response:
    """What would be issued now, unsigned: the event, its documents, and which figures rest on sealed facts.

    Without a reason a draft with a national edition is `covered`: the shared edition alone, and no event to sign.
    """
    body = await read_body(request, BODY_BYTES_MAX)
    home: Home = request.app.state.home
    return await anyio.to_thread.run_sync(lambda: _drafted(home, Eyes(request, holder, nation, reason), body))


def _drafted(home: Home, eyes: Eyes, body: bytes) -> Response:
    try:
        asked = msgspec.convert(strict.read_request(body, BODY_BYTES_MAX), Asked)
    except msgspec.ValidationError as wrong:
        raise errors.Malformed(str(wrong), field="body", remedy="day, and perhaps status, withhold, lines_to_take") from None
    wanted = Wanted(day_of(asked.day, "day"), asked.status, asked.withhold, tuple(asked.lines_to_take))
    if not _turns.acquire(blocking=False):
        raise errors.Busy(f"{AT_ONCE_MAX} reports are being drawn", remedy="ask again in a moment")
    try:
        prepared = issuing.prepare(home, eyes.nation, wanted)
    finally:
        _turns.release()
    unsigned, _ = issuing.signed_by(home, prepared, None, format_instant(home.now()))
    sealed, is_covered = prepared.draft.sealed, report_files.NATIONAL in prepared.documents and eyes.reason is None
    if eyes.reason is not None:
        eyes.record(event for row in sealed.values() for event in row["events"])
    documents = [
        {
            "edition": edition,
            "sha256": report_files.digest(made),
            "pdf": base64.b64encode(made).decode(),
            "content": prepared.draft.editions[edition],
        }
        for edition, made in prepared.documents.items()
        if not (is_covered and edition == report_files.NATIONAL)
    ]
    answer = {
        "view": eyes.nation,
        "covered": is_covered,
        "unsigned": None if is_covered else unsigned,
        "sealed": {code: {**row, "events": []} for code, row in sealed.items()} if eyes.reason is None else sealed,
        "documents": documents,
    }
    return answer_of(home, answer)


@routes.put("/{report}/documents/{kind}", response_model=None)
async def hand_in(request: Request, nation: Official, report: Report, kind: Annotated[str, Path(max_length=32)]) -> Response:
    """Hand in a document that a report of this nation commits to; any other is refused."""
    body = await read_body(request, report_files.DOCUMENT_BYTES_MAX)
    home: Home = request.app.state.home

    def work() -> Response:
        moment = home.view(nation).at(None)
        found = reporting.find(moment, report, "report")
        if found.nation != nation or found.event != report or found.fact.reading == "own":
            raise errors.NotFound(f"there is no report {report} of {nation}", field="report")
        if report_files.digest(body) not in _promised(home, found, kind):
            raise errors.Malformed(f"this is not the {kind} that the report commits to", field="body")
        report_files.keep(home, found.event, kind, body)
        return answer_of(home, {"view": nation, "report": found.event, "kind": kind, "sha256": report_files.digest(body)})

    return await anyio.to_thread.run_sync(work)


# -- pieces ------------------------------------------------------------------------------------------------------------------


def _require_whole(eyes: Eyes) -> None:
    if eyes.mandate is not None and not eyes.mandate.is_whole:
        raise errors.NotAllowed("a drift is told of a whole view", remedy="ask for the figures of a day")


def _find(moment: Moment, eyes: Eyes, report: str) -> Issued:
    """A report by its event's id alone, within a mandate where there is one. Raises NotFound."""
    for found in issued(moment):
        place = {"stream": found.fact.stream, "occurred_at": format_instant(found.fact.occurred_at)}
        if found.event == report and eyes.within([place]):
            return found
    raise errors.NotFound("there is no such report in this view", field="report", remedy="the list of reports has their ids")


def _row(moment: Moment, report: Issued) -> dict[str, Any]:
    fact = report.fact
    return {
        **report.head(),
        "position": fact.origin,
        "drawn_at": report.position,
        "as_of": report.said.get("as_of"),
        "ruleset": report.said.get("ruleset"),
        "withheld": report.said.get("withheld", []),
        "stream": fact.stream,
        "authority": fact.authority,
        "occurred_at": format_instant(fact.occurred_at),
        "recorded_at": format_instant(fact.recorded_at),
        "sealed": fact.reading == "own",
        "steps": reporting.steps(moment, report),
    }


def _editions(eyes: Eyes, report: Issued) -> tuple[str, ...]:
    return ("shared", report_files.NATIONAL) if report.nation == eyes.nation else ("shared",)


def _kept(home: Home, report: Issued, edition: str) -> list[str]:
    kinds = (report_files.file_kind(edition, kind) for kind in report_files.KINDS)
    return [kind for kind in kinds if report_files.path_of(home, report.event, kind).is_file()]


def _promised(home: Home, report: Issued, kind: str) -> frozenset[str]:
    """The digest that a report commits to for a kind of document; none for a kind that there is not."""
    own, name = kind.startswith(f"{report_files.NATIONAL}."), kind.removeprefix(f"{report_files.NATIONAL}.")
    said: Mapping[str, Any] = msgspec.to_builtins(reporting.said_by(home, report))
    promised = ((reporting.own_edition(home, report) or {}) if own else said).get(COMMITTED.get(name, ""))
    return frozenset({promised} if promised else ())


def _causes(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [cause for change in row["changes"] for cause in change["events"]]


def _framed(home: Home, moment: Moment, answer: Mapping[str, Any]) -> Response:
    checkpoint = moment.view.covering(moment.position) if moment.position else None
    frame = {
        "view": moment.nation,
        "as_of": format_instant(moment.instant),
        "position": moment.position,
        "checkpoint": checkpoint,
    }
    return answer_of(home, {**frame, **answer})
