"""What a nation's view has of incidents, detections and cases, one row a stream, a part at a time.

Whoever goes on from `next` is answered at the position of the first part: nothing moves under him, whatever is recorded
meanwhile. Without a reason rows are told from what both nations may see, and `covered` counts the streams with more on them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from api.asking import ALL_TIME
from api.instants import day_of, instant_of
from api.looking import Eyes, Looking
from api.relays import with_relays
from api.views import AsOf, answer_of, view_of
from ledger import errors
from ledger.formats.entry import format_instant
from projections.lists import LISTINGS, Listing
from projections.view import Moment

STREAMS_MAX = 500
"""Streams that one answer goes through, whatever of them the filters leave."""

_CURSOR = re.compile(r"([1-9][0-9]{0,15})\.([1-9][0-9]{0,15})").fullmatch

State = Annotated[Literal["open", "closed", "unfounded"] | None, Query(description="only streams that stand so")]
OneDay = Annotated[str | None, Query(max_length=10, description="streams of which something happened on that reporting day")]
From = Annotated[str | None, Query(alias="from", max_length=64, description="something happened at or after this instant")]
To = Annotated[str | None, Query(max_length=64, description="something happened before this instant")]
Limit = Annotated[int, Query(ge=1, le=STREAMS_MAX, description="how many streams one answer goes through")]
Cursor = Annotated[str | None, Query(max_length=40, description="`next` of the answer before; all else as it was")]

routes = APIRouter(prefix="/v1/views/{view}")


@dataclass(frozen=True)
class Filters:
    """What is asked of a list, as it was asked."""

    day: str | None = None
    begin: str | None = None
    end: str | None = None
    as_of: str | None = None
    state: str | None = None

    def window(self, moment: Moment) -> tuple[int, int]:
        """[from, to) in microseconds: a reporting day, or two instants, or all time. Raises BadQuestion."""
        if self.day is not None:
            if self.begin is not None or self.end is not None:
                raise errors.BadQuestion("a day is asked for, or instants", field="day", remedy="leave out from and to")
            return moment.ruleset().window(day_of(self.day, "day"))
        begin = ALL_TIME[0] if self.begin is None else instant_of(self.begin, "from")
        return begin, ALL_TIME[1] if self.end is None else instant_of(self.end, "to")


def filters_of(day: OneDay = None, begin: From = None, to: To = None, as_of: AsOf = None, state: State = None) -> Filters:
    """The filters of a request."""
    return Filters(day, begin, to, as_of, state)


Asked = Annotated[Filters, Depends(filters_of)]


@routes.get("/incidents", response_model=None)
def incidents(eyes: Looking, asked: Asked, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Incidents, and streams that speak of one without its opening; with what became of the people in each."""
    return _list(eyes, "incidents", asked, limit, cursor)


@routes.get("/interceptions", response_model=None)
def interceptions(eyes: Looking, asked: Asked, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Detections: how many were found, how, where, and who took them over."""
    return _list(eyes, "interceptions", asked, limit, cursor)


@routes.get("/cases", response_model=None)
def cases(eyes: Looking, asked: Asked, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Cases: what they are of, and how many were arrested, charged and decided on."""
    return _list(eyes, "cases", asked, limit, cursor)


def _list(eyes: Eyes, name: str, filters: Filters, limit: int, cursor: str | None) -> Response:
    home, view = view_of(eyes.request, eyes.nation)
    moment = view.at(None if filters.as_of is None else instant_of(filters.as_of, "as_of"))
    after = 0
    if cursor is not None:
        position, after = _parse(cursor)
        if filters.as_of is None:
            moment = view.at_position(position)
        elif moment.position != position:
            raise errors.BadQuestion("the cursor is of another instant", field="cursor", remedy="send what `as_of` was then")
    rows, covered, more = part_of(eyes, moment, LISTINGS[name], filters, after, limit)
    asked = {"day": filters.day, "from": filters.begin, "to": filters.end, "state": filters.state}
    answer = {
        **_frame(moment),
        **asked,
        "rows": rows,
        "covered": covered,
        "next": None if more is None else f"{moment.position}.{more}",
    }
    return answer_of(home, answer)


def part_of(
    eyes: Eyes, moment: Moment, listing: Listing, filters: Filters, after: int, limit: int
) -> tuple[list[dict[str, Any]], int, int | None]:
    """(the rows of one part of a list, on how many streams there is more for who gives a reason, the position to go on from).

    Raises BadQuestion.
    """
    rows, sealed, more = moment.listed(listing, filters.window(moment), after, limit, shared=eyes.reason is None)
    if eyes.reason is not None:
        eyes.record(fact.event for fact in sealed)
    hidden = 0 if eyes.reason is not None else len({fact.stream for fact in sealed})
    return (
        with_relays(eyes.request.app.state.home, (row for row in rows if filters.state in (None, row["state"]))),
        hidden,
        more,
    )


def _frame(moment: Moment) -> Mapping[str, Any]:
    if moment.position:
        return moment.frame()
    return {"view": moment.nation, "as_of": format_instant(moment.instant), "position": 0, "checkpoint": None, "settled": True}


def _parse(cursor: str) -> tuple[int, int]:
    found = _CURSOR(cursor)
    if found is None:
        raise errors.BadQuestion("this is no cursor", field="cursor", remedy="send `next` of the answer before as it was")
    return int(found[1]), int(found[2])
