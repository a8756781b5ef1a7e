"""The difference between the two capitals over HTTP, to whoever may have it.

One nation's people are answered from their own view alone: of the other's end they get what the other has signed, and of what
their own nation sealed its size, unless they say why they look. The role `joint` is answered from both views, and of what is
sealed by the size that may be stated; where both are kept, at Calais.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.access import Reason
from api.grants import Mandate
from api.home import NATIONS, Home
from api.identity import Known, beyond, grants_of
from api.instants import day_of, instant_of
from api.looking import Eyes, reason_of
from api.tokens import MANDATED, VIEWERS, Holder
from api.views import answer_of, view_of
from ledger import errors
from projections.differences import reconcile_alone, reconcile_jointly, reconcile_opening
from projections.reports import agreed
from projections.view import Moment

ROWS_MAX = 200

routes = APIRouter(prefix="/v1/reconciliations")

Moments = tuple[Moment, Moment]
Days = tuple[date, date | None]


def require_reconciler(request: Request, holder: Known) -> Holder:
    """A person of a nation, one whom both appointed, or one with a mandate over both views. Raises NotAllowed."""
    if holder.role in VIEWERS or (holder.role == "joint" and grants_of(request).is_joint(holder)):
        return holder
    if holder.role in MANDATED and mandate_over_both(request, holder) is not None:
        return holder
    raise errors.NotAllowed(
        f"the role {holder.role} reads no figures", remedy="a nation's people do, and whom both nations appointed on record"
    )


def mandate_over_both(request: Request, holder: Holder) -> Mandate | None:
    """The widest mandate of somebody that opens both views."""
    running = grants_of(request).mandates_of(holder)
    return next((each for each in running if set(each.views) == set(NATIONS)), None)


Reconciler = Annotated[Holder, Depends(require_reconciler)]
LondonDay = Annotated[str, Query(max_length=10, description="London's reporting day")]
ParisDay = Annotated[str | None, Query(max_length=10, description="Paris's bulletin; else the one that overlaps longest")]
OneDay = Annotated[str | None, Query(max_length=10, description="of this reporting day alone")]
Why = Annotated[Reason | None, Depends(reason_of)]
At = Annotated[str | None, Query(max_length=64, description="that side as known at an instant with its zone; now if left out")]


@routes.get("", response_model=None)
def on_record(request: Request, holder: Reconciler, gb_day: OneDay = None, fr_day: OneDay = None) -> Response:
    """The reconciliations on record, of all days or of these: how each stands, and whether a new one is due."""
    home, now, mandate = _seen(request, holder)
    days = [None if day is None else day_of(day, field).isoformat() for day, field in ((gb_day, "gb_day"), (fr_day, "fr_day"))]
    found = [row for row in agreed.rows(now, (days[0], days[1])) if mandate is None or _covers(now, mandate, row)]
    return answer_of(home, {"position": now.position, "rows": found[-ROWS_MAX:], "left_off": max(0, len(found) - ROWS_MAX)})


@routes.get("/recorded/{event_id}", response_model=None)
def one_on_record(request: Request, holder: Reconciler, event_id: str) -> Response:
    """One reconciliation on record: its sentences in both languages, its items, who said what of each, what both signed."""
    home, now, mandate = _seen(request, holder)
    found = agreed.state(now, agreed.find(now, event_id))
    if mandate is not None and not _covers(now, mandate, found):
        raise beyond(mandate)
    return answer_of(home, {"at": now.position, **found})


def _seen(request: Request, holder: Holder) -> tuple[Home, Moment, Mandate | None]:
    """The view that somebody is told from: what both nations may see is the same in either."""
    home, view = view_of(request, holder.nation or NATIONS[0])
    mandate = mandate_over_both(request, holder) if not holder.nation and holder.role in MANDATED else None
    return home, view.at(None), mandate


def _covers(now: Moment, mandate: Mandate, row: dict[str, Any]) -> bool:
    windows = (now.ruleset(nation).window(date.fromisoformat(row[nation.lower()]["day"])) for nation in NATIONS)
    return all(mandate.covers_window(*window) for window in windows)


@routes.get("/{pair}", response_model=None)
def one_pair(
    request: Request,
    holder: Reconciler,
    pair: str,
    gb_day: LondonDay,
    gb_as_of: At = None,
    fr_day: ParisDay = None,
    fr_as_of: At = None,
    reason: Why = None,
) -> Response:
    """From London's figure to Paris's, step by step, every unit with the event, detection or suspect it comes from."""
    london, paris = day_of(gb_day, "gb_day"), None if fr_day is None else day_of(fr_day, "fr_day")
    instants = [None if at is None else instant_of(at, field) for at, field in ((gb_as_of, "gb_as_of"), (fr_as_of, "fr_as_of"))]
    if holder.nation:
        home, view = view_of(request, holder.nation)
        days = london, paris
        answer, opened = reconcile_alone(
            pair, (view.at(instants[0]), view.at(instants[1])), days, with_sealed=reason is not None
        )
        if reason is not None:
            Eyes(request, holder, holder.nation, reason).record(opened)
        return answer_of(home, answer)
    (home, gb), (_, fr) = (view_of(request, nation) for nation in NATIONS)
    moments = gb.at(instants[0]), fr.at(instants[1])
    mandate = mandate_over_both(request, holder) if holder.role in MANDATED else None
    if mandate is None:
        return answer_of(home, reconcile_jointly(pair, moments, (london, paris)))
    return answer_of(home, _mandated(request, holder, mandate, reason, pair, moments, (london, paris)))


def _mandated(
    request: Request, holder: Holder, mandate: Mandate, reason: Reason | None, pair: str, moments: Moments, days: Days
) -> dict[str, Any]:
    """The exact difference for an inquiry: with what either nation sealed, where it says why, on record with both."""
    answer, opened = reconcile_opening(pair, moments, days, with_sealed=reason is not None)
    for moment, side in zip(moments, ("gb", "fr"), strict=True):
        window = moment.ruleset().window(date.fromisoformat(answer[side]["day"]))
        if not mandate.covers_window(*window):
            raise beyond(mandate)
    for nation in NATIONS if reason is not None else ():
        Eyes(request, holder, nation, reason, mandate).record(opened[nation])
    return answer
