"""The answers of a nation's view as files, at their own paths with a suffix: `figures.xlsx`, `incidents.geojson`.

The same position, question, language and reason give the same bytes, as long as no better checkpoint covers the position.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.exports import asked
from api.exports.answer import BOOKS, PROVENANCE, file_of, require_suffix
from api.exports.book import Asked, lines_table, sheets
from api.exports.provenance import provenance_of
from api.exports.table import Table
from api.home import Home
from api.instants import day_of, instant_of
from api.language import language_of
from api.lists import Asked as Filtered
from api.looking import Eyes, Looking
from api.views import AsOf, Day, view_of
from ledger import errors
from projections.view import Moment
from projections.wording.typography import Language

PLAIN = ("csv", "jsonl", "parquet", *BOOKS, PROVENANCE)
MAPPED = (*PLAIN, "geojson")
FILES = {
    "figures": PLAIN,
    "figures/{code}/lines": MAPPED,
    "situation": PLAIN,
    "timeline": PLAIN,
    "incidents": MAPPED,
    "interceptions": MAPPED,
    "cases": PLAIN,
}
"""The forms that each answer has, by its path."""


At = Annotated[int | None, Query(ge=1, le=2**53 - 1, description="a position of the log, in place of an instant")]
Form = Annotated[Literal["excel-fr"] | None, Query(description="CSV as a French Excel opens it")]
Tongue = Annotated[Literal["en", "fr"] | None, Query(description="of the headers; as Accept-Language says where left out")]
Since = Annotated[str | None, Query(max_length=64, description="the workbook says what changed since this instant")]

routes = APIRouter(prefix="/v1/views/{view}")


@routes.get("/figures.{suffix}", response_model=None)
def figures(
    request: Request, eyes: Looking, suffix: str, day: Day, as_of: AsOf = None, position: At = None, form: Form = None,
    lang: Tongue = None, since: Since = None,
) -> Response:  # fmt: skip
    """The figures of a day; as a workbook, with all the facts they are made of and live sums over them."""
    require_suffix(suffix, FILES["figures"])
    home, moment = _moment(eyes, as_of, position)
    on = day_of(day, "day")
    if suffix not in BOOKS:
        return _file(request, home, moment, suffix, asked.figures(moment, on), form, lang)
    then = None if since is None else home.view(eyes.nation).at(instant_of(since, "since"))
    if then is not None and then.position > moment.position:
        raise errors.BadQuestion("what changed is asked of an earlier instant", field="since", remedy="ask of an earlier one")
    book = Asked(eyes, home, moment, on, then, lang or _language(request))
    table = lines_table(book)
    made = provenance_of(home, moment, table, _path(request), _query(request))
    return file_of(suffix, table, made, form, book.language, lambda: sheets(book, table, made))


@routes.get("/figures/{code}/lines.{suffix}", response_model=None)
def lines(
    request: Request, eyes: Looking, code: str, suffix: str, day: Day, as_of: AsOf = None, position: At = None,
    form: Form = None, lang: Tongue = None,
) -> Response:  # fmt: skip
    """What one figure is made of."""
    require_suffix(suffix, FILES["figures/{code}/lines"])
    home, moment = _moment(eyes, as_of, position)
    table = asked.lines(eyes, home, moment, code, day_of(day, "day"))
    return _file(request, home, moment, suffix, table, form, lang)


@routes.get("/situation.{suffix}", response_model=None)
def situation(
    request: Request, eyes: Looking, suffix: str, as_of: AsOf = None, position: At = None, form: Form = None,
    lang: Tongue = None,
) -> Response:  # fmt: skip
    """What is open, unacknowledged, unanswered and contradictory, a row each."""
    require_suffix(suffix, FILES["situation"])
    home, moment = _moment(eyes, as_of, position)
    return _file(request, home, moment, suffix, asked.situation(eyes, home, moment), form, lang)


@routes.get("/timeline.{suffix}", response_model=None)
def timeline(
    request: Request, eyes: Looking, suffix: str, stream: str | None = None, as_of: AsOf = None, position: At = None,
    form: Form = None, lang: Tongue = None,
) -> Response:  # fmt: skip
    """What became known, in the order it became known."""
    require_suffix(suffix, FILES["timeline"])
    home, moment = _moment(eyes, as_of, position)
    return _file(request, home, moment, suffix, asked.timeline(eyes, home, moment, stream), form, lang)


def _add_list(name: str) -> None:
    def listed(
        request: Request, eyes: Looking, suffix: str, filters: Filtered, position: At = None, form: Form = None,
        lang: Tongue = None,
    ) -> Response:  # fmt: skip
        require_suffix(suffix, FILES[name])
        home, moment = _moment(eyes, filters.as_of, position)
        return _file(request, home, moment, suffix, asked.listed(eyes, home, moment, name, filters), form, lang)

    listed.__doc__ = f"All {name} that the filters leave."
    routes.add_api_route(f"/{name}.{{suffix}}", listed, methods=["GET"], response_model=None, name=f"{name}_file")


for _name in ("incidents", "interceptions", "cases"):
    _add_list(_name)


def _moment(eyes: Eyes, as_of: str | None, position: int | None) -> tuple[Home, Moment]:
    """Raises BadQuestion, also where the log had nothing yet."""
    home, view = view_of(eyes.request, eyes.nation)
    if position is not None:
        if as_of is not None:
            raise errors.BadQuestion("an instant is asked for, or a position", field="position", remedy="leave out as_of")
        return home, view.at_position(position)
    moment = view.at(None if as_of is None else instant_of(as_of, "as_of"))
    if not moment.position:
        raise errors.BadQuestion("nothing was on record yet", field="as_of", remedy="ask for a later instant")
    return home, moment


def _file(
    request: Request, home: Home, moment: Moment, suffix: str, table: Table, form: str | None, lang: Language | None
) -> Response:
    made = provenance_of(home, moment, table, _path(request), _query(request))
    return file_of(suffix, table, made, form, lang or _language(request))


def _language(request: Request) -> Language:
    return "fr" if language_of(request) == "fr" else "en"


def _path(request: Request) -> str:
    """The path of the answer in JSON: without the suffix."""
    head, _, last = request.url.path.rpartition("/")
    return f"{head}/{last.partition('.')[0]}"


def _query(request: Request) -> dict[str, str]:
    """What was asked, without what only says how it is written down, and without an instant: the position stands for it."""
    return {name: value for name, value in request.query_params.items() if name not in ("form", "lang", "as_of", "position")}
