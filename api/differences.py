"""The difference between the two capitals over HTTP, to whoever may have it.

One nation's people are answered from their own view alone: of the other's end they get what the other has signed, and of what
their own nation sealed its size, unless they say why they look. The role `joint` is answered from both views, without what is
sealed; where both are kept, at Calais.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.access import Reason
from api.home import NATIONS
from api.identity import Known
from api.instants import day_of, instant_of
from api.looking import Eyes, reason_of
from api.tokens import VIEWERS, Holder
from api.views import answer_of, view_of
from ledger import errors
from projections.differences import reconcile, reconcile_alone

routes = APIRouter(prefix="/v1/reconciliations")


def require_reconciler(holder: Known) -> Holder:
    """A person of a nation, or of both. Raises NotAllowed."""
    if holder.role not in (*VIEWERS, "joint"):
        raise errors.NotAllowed(f"the role {holder.role} reads no figures", remedy="a nation's people do, and the role joint")
    return holder


Reconciler = Annotated[Holder, Depends(require_reconciler)]
LondonDay = Annotated[str, Query(max_length=10, description="London's reporting day")]
ParisDay = Annotated[str | None, Query(max_length=10, description="Paris's bulletin; else the one that overlaps longest")]
Why = Annotated[Reason | None, Depends(reason_of)]
At = Annotated[str | None, Query(max_length=64, description="that side as known at an instant with its zone; now if left out")]


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
    joint = reconcile(pair, gb.at(instants[0]), london, fr.at(instants[1]), paris, with_sealed=False)
    return answer_of(home, joint)
