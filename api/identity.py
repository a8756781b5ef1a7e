"""Who asks over HTTP, and what that lets them do. Nothing is answered to whom nobody knows.

`app.state.known(token)` says who holds a bearer token. A refusal tells nothing about what there is: what somebody may not see
is not there.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api.tokens import VIEWERS, Holder
from ledger import errors


def holder_of(request: Request) -> Holder | None:
    """Whoever asks, with a bearer token that is known here; None for anybody else."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    found: Holder | None = request.app.state.known(token.strip()) if scheme.lower() == "bearer" and token else None
    request.state.caller = found  # the service's log says in which role somebody asked
    return found


def require_holder(request: Request) -> Holder:
    """Whoever asks with a bearer token that is known here. Raises NotKnown."""
    found = holder_of(request)
    if found is None:
        raise errors.NotKnown(remedy="send Authorization: Bearer with a token made by entente token new")
    return found


Known = Annotated[Holder, Depends(require_holder)]


def require_author(holder: Known) -> Holder:
    """A service, or an official: who may append. What they say is decided by its signatures, not here. Raises NotAllowed."""
    if holder.role not in ("service", "official"):
        raise errors.NotAllowed(f"the role {holder.role} states no events", remedy="a service or an official does")
    return holder


def require_reader(holder: Known) -> Holder:
    """A person of a nation, or a service for what is its own. Raises NotAllowed."""
    if holder.role != "service" and holder.role not in VIEWERS:
        raise errors.NotAllowed(f"the role {holder.role} reads no events", remedy="a person or a service does")
    return holder


def require_own_view(view: str, holder: Known) -> str:
    """The nation whose view is asked for, of somebody of that nation. Raises NotAllowed, the same for every other view."""
    nation = {"gb": "GB", "fr": "FR"}.get(view)
    if nation is None or holder.nation != nation or holder.role not in VIEWERS:
        raise errors.NotAllowed("a view is read by its own nation's people", field="view", remedy="ask for your own nation's")
    return nation


def require_administrator(holder: Known) -> Holder:
    """Whoever keeps the service running, and sees how it runs and nothing that it holds. Raises NotAllowed."""
    if holder.role != "administrator":
        raise errors.NotAllowed("how the service runs is for administrators", remedy="entente token new administrator NAME")
    return holder


Administrator = Annotated[Holder, Depends(require_administrator)]
Author = Annotated[Holder, Depends(require_author)]
Reader = Annotated[Holder, Depends(require_reader)]
OwnView = Annotated[str, Depends(require_own_view)]
