"""A nation's view over HTTP, for its own people: figures and their lines, the situation, what became known and when.

Every answer says as of when it is, at which position and under which checkpoint, as the command line's do; the same question as
of the same instant has the same answer for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.home import Home
from api.instants import day_of, instant_of
from api.looking import LookingWithin
from api.relays import with_relays
from ledger import errors
from ledger.formats.entry import format_instant
from projections.replay import replay
from projections.view import Moment, View

JSON = "application/json"
NOT_KEPT = {"Cache-Control": "private, no-store"}
TIMELINE_POSITIONS = 2_000
"""Positions of the log that one answer of a timeline goes through, whatever of them this view has."""

Day = Annotated[str, Query(max_length=10, description="the reporting day (the bulletin's date for Paris)")]
AsOf = Annotated[str | None, Query(max_length=64, description="an instant with its zone; now where it is left out")]
After = Annotated[int, Query(ge=0, le=2**53 - 1, description="the position after which to go on: `next` of the answer before")]

routes = APIRouter(prefix="/v1/views/{view}")


@routes.get("/figures", response_model=None)
def figures(request: Request, eyes: LookingWithin, day: Day, as_of: AsOf = None) -> Response:
    """Every figure of a reporting day, people first."""
    home, moment = moment_of(request, eyes.nation, as_of)
    on = day_of(day, "day")
    eyes.require_window(*moment.ruleset().window(on))
    return answer_of(home, moment.figures(on))


@routes.get("/figures/{code}/lines", response_model=None)
def lines(request: Request, eyes: LookingWithin, code: str, day: Day, as_of: AsOf = None) -> Response:
    """What one figure is made of, line by line; the quantities add up to it. Sealed lines are covered without a reason."""
    home, moment = moment_of(request, eyes.nation, as_of)
    on = day_of(day, "day")
    eyes.require_window(*moment.ruleset().window(on))
    answer = moment.explain(code, on)
    return answer_of(home, {**answer, "lines": eyes.uncovered(with_relays(home, answer["lines"]))})


@routes.get("/situation", response_model=None)
def situation(request: Request, eyes: LookingWithin, as_of: AsOf = None) -> Response:
    """What is open, unacknowledged, unanswered and contradictory.

    Without a reason it is told from what both nations may see, and `covered` counts the streams on which there is more.
    """
    home, moment = moment_of(request, eyes.nation, as_of)
    eyes.require_window(moment.instant, moment.instant + 1)
    sealed = moment.sealed_in_situation()
    if eyes.reason is None:
        return answer_of(home, {**moment.situation(shared=True), "covered": len({fact.stream for fact in sealed})})
    eyes.record(fact.event for fact in sealed)
    return answer_of(home, {**moment.situation(), "covered": 0})


@routes.get("/timeline", response_model=None)
def timeline(
    request: Request, eyes: LookingWithin, after: After = 0, stream: str | None = None, as_of: AsOf = None
) -> Response:
    """What became known, in the order it became known, from `after` on; `next` is what to go on from, null at the end."""
    home, moment = moment_of(request, eyes.nation, as_of)
    upto = min(after + TIMELINE_POSITIONS, moment.position)
    rows = with_relays(home, replay(moment.store.changed(moment.generation, after, upto), after, upto, stream))
    rows = eyes.uncovered(eyes.within(rows))
    frame = {"view": eyes.nation, "as_of": format_instant(moment.instant), "position": moment.position}
    checkpoint = moment.view.covering(moment.position) if moment.position else None
    more = upto if upto < moment.position else None
    return answer_of(home, {**frame, "checkpoint": checkpoint, "after": after, "stream": stream, "rows": rows, "next": more})


def moment_of(request: Request, nation: str, as_of: str | None) -> tuple[Home, Moment]:
    """The home, and the nation's view as of an instant or now. Raises BadQuestion, or NotFound where it is not kept here."""
    home, view = view_of(request, nation)
    return home, view.at(None if as_of is None else instant_of(as_of, "as_of"))


def view_of(request: Request, nation: str) -> tuple[Home, View]:
    """The home, and the nation's view. Raises NotFound where it is not kept here."""
    home: Home = request.app.state.home
    if nation not in home.nations:
        raise errors.NotFound(f"the {nation} view is not kept here", field="view", remedy="ask at that nation's own site")
    return home, home.view(nation)


def answer_of(home: Home, answer: Mapping[str, Any]) -> Response:
    """An answer in JSON: said to be an exercise where it is one, and kept by nobody on the way."""
    document = {**answer, "exercise": home.settings.exercise}
    return Response(msgspec.json.encode(document), 200, NOT_KEPT, JSON)
