"""What was stated and never arrived, on one page: told to people of either nation, of what is for both."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.home import Home
from api.identity import Known, grants_of
from api.tokens import MANDATED, OF_A_NATION
from ledger import errors
from ledger.formats.entry import split_entry
from projections.completeness import Completeness

ENTRIES_AT_ONCE = 2_000
NOT_KEPT = {"Cache-Control": "private, no-store"}

routes = APIRouter(prefix="/v1")


class Following:
    """Reads the log on from where it was read last. Threads take turns."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._state = Completeness()
        self._turn = threading.Lock()

    def answer(self) -> dict[str, Any]:
        """What is missing as of the last entry."""
        with self._turn:
            while entries := self.home.reader.entries(self._state.position, ENTRIES_AT_ONCE):
                for position, entry in entries:
                    self._state.apply(position, split_entry(entry)[3])
            return {**self._state.answer(), "exercise": self.home.settings.exercise}


@routes.get("/completeness", response_model=None)
def completeness(request: Request, holder: Known) -> Response:
    """Gaps in the authors' numbering, and control totals that are not what the log has."""
    whole = holder.role in MANDATED and any(each.is_whole for each in grants_of(request).mandates_of(holder))
    if holder.role not in OF_A_NATION and not whole:
        raise errors.NotAllowed(f"the role {holder.role} does not ask what is missing", remedy="a person of a nation does")
    following: Following = request.app.state.completeness
    return Response(msgspec.json.encode(following.answer()), 200, NOT_KEPT, "application/json")
