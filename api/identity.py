"""Who asks over HTTP, and what that lets them do. Nothing is answered to whom nobody knows.

`app.state.known(token)` says who holds a bearer token, asking its provider where it has one; `app.state.tokens` knows those
that were made here; `app.state.grants` is what the log gives them. What waits for nothing is asynchronous, and takes no thread.
A refusal tells nothing about what there is: what somebody may not see is not there.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import Depends, Header, Request
from fastapi.concurrency import run_in_threadpool

from api.grants import Grants, Mandate
from api.tokens import MANDATED, VIEWERS, Holder
from ledger import errors


def holder_of(request: Request) -> Holder | None:
    """Whoever asks, with a bearer token that is known here; None for anybody else."""
    token = _token_of(request)
    return _noted(request, request.app.state.known(token) if token else None)


def _token_of(request: Request) -> str:
    """The bearer token that came with a request, or nothing."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _noted(request: Request, holder: Holder | None) -> Holder | None:
    request.state.caller = holder  # the service's log says in which role somebody asked
    return holder


async def require_holder(request: Request) -> Holder:
    """Whoever asks with a bearer token that is known here. Raises NotKnown."""
    token = _token_of(request)
    found = _noted(request, request.app.state.tokens.holder_of(token) if token else None)
    if found is None and token:
        found = await run_in_threadpool(holder_of, request)
    if found is None:
        raise errors.NotKnown(
            remedy="send Authorization: Bearer with a token of your ministry, or one made by entente token new"
        )
    return found


Known = Annotated[Holder, Depends(require_holder)]


async def require_author(holder: Known) -> Holder:
    """A service, or an official: who may append. What they say is decided by its signatures, not here. Raises NotAllowed."""
    if holder.role not in ("service", "official"):
        raise errors.NotAllowed(f"the role {holder.role} states no events", remedy="a service or an official does")
    return holder


async def require_reader(holder: Known) -> Holder:
    """A person of a nation, one with a mandate for what it covers, or a service for what is its own. Raises NotAllowed."""
    if holder.role not in ("service", *VIEWERS, *MANDATED):
        raise errors.NotAllowed(f"the role {holder.role} reads no events", remedy="a person or a service does")
    return holder


class Sight(NamedTuple):
    """The view somebody may read: all of it, or under a mandate what that covers."""

    nation: str
    mandate: Mandate | None = None


Wanted = Annotated[str, Header(alias="Entente-Mandate", max_length=128, description="which of several mandates it is under")]


def grants_of(request: Request) -> Grants:
    """What the log says of mandates and appointments."""
    found: Grants = request.app.state.grants
    return found


def sight_of(request: Request, view: str, holder: Known, mandate: Wanted = "") -> Sight:
    """The view that is asked for, of somebody of that nation or with a mandate. Raises NotAllowed, the same for any other."""
    nation = {"gb": "GB", "fr": "FR"}.get(view, "")
    if nation and holder.nation == nation and holder.role in VIEWERS:
        return Sight(nation)
    if nation and holder.role in MANDATED:
        running = grants_of(request).mandates_of(holder)
        found = next((each for each in running if nation in each.views and mandate in ("", each.code)), None)
        if found is not None:
            return Sight(nation, found)
    raise errors.NotAllowed("a view is read by its own nation's people", field="view", remedy="ask for your own nation's")


Seeing = Annotated[Sight, Depends(sight_of)]


async def require_own_view(sight: Seeing) -> str:
    """The nation whose view is asked for, all of it. Raises NotAllowed."""
    if sight.mandate is not None and not sight.mandate.is_whole:
        raise beyond(sight.mandate)
    return sight.nation


def beyond(mandate: Mandate) -> errors.NotAllowed:
    """What is said of what a mandate does not cover, whether it is there or not."""
    return errors.NotAllowed(f"the mandate {mandate.code} does not cover this", remedy="ask within its scope")


async def require_administrator(holder: Known) -> Holder:
    """Whoever keeps the service running, and sees how it runs and nothing that it holds. Raises NotAllowed."""
    if holder.role != "administrator":
        raise errors.NotAllowed("how the service runs is for administrators", remedy="entente token new administrator NAME")
    return holder


Administrator = Annotated[Holder, Depends(require_administrator)]
Author = Annotated[Holder, Depends(require_author)]
Reader = Annotated[Holder, Depends(require_reader)]
OwnView = Annotated[str, Depends(require_own_view)]
