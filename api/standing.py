"""Standing questions over HTTP: a figure over days with what was reported of it, and two instants of a view compared."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.instants import day_of, instant_of
from api.looking import LookingWithin
from api.views import AsOf, Day, answer_of, moment_of, view_of
from projections.reports.series import comparison, series

routes = APIRouter(prefix="/v1/views/{view}")

FirstDay = Annotated[str, Query(alias="from", max_length=10, description="the first reporting day")]
LastDay = Annotated[str, Query(alias="to", max_length=10, description="the last reporting day, at most 400 in all")]
Then = Annotated[str, Query(alias="from", max_length=64, description="an instant with its zone")]
Later = Annotated[str | None, Query(alias="to", max_length=64, description="a later one; now where it is left out")]


@routes.get("/figures/{code}/series", response_model=None)
def over_days(request: Request, eyes: LookingWithin, code: str, first: FirstDay, last: LastDay, as_of: AsOf = None) -> Response:
    """One figure day by day: as first reported, as revised, as now believed."""
    home, moment = moment_of(request, eyes.nation, as_of)
    begin, end = day_of(first, "from"), day_of(last, "to")
    ruleset = moment.ruleset()
    eyes.require_window(ruleset.window(begin)[0], ruleset.window(end)[1])
    return answer_of(home, {**moment.frame(), "code": code, "rows": series(moment, code, begin, end)})


@routes.get("/comparison", response_model=None)
def compared(request: Request, eyes: LookingWithin, day: Day, then: Then, later: Later = None) -> Response:
    """The figures of a day that differ between two instants, with the events between."""
    home, view = view_of(request, eyes.nation)
    before, after = view.at(instant_of(then, "from")), view.at(None if later is None else instant_of(later, "to"))
    on = day_of(day, "day")
    eyes.require_window(*after.ruleset().window(on))
    rows = comparison(before, after, on)
    for row in rows:
        row["events"] = eyes.uncovered(row["events"])
    return answer_of(home, {**after.frame(), "day": on.isoformat(), "since": before.frame(), "rows": rows})
