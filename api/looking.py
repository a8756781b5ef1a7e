"""What rests on sealed content is shown to its nation's people for a reason, and not before that is on record.

Whoever asks says why in headers of the request: `Entente-Purpose` (a code), `Entente-Motif` (in words, percent-encoded UTF-8),
or `Entente-Emergency: true` where there is no time. Without a reason such rows are covered: how much they count stays, so that
sums still add up; what they say does not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import unquote

import msgspec
from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import Response

from api.access import REVIEW, AccessLog, Looked, Reason
from api.grants import Mandate
from api.home import Home
from api.identity import Known, OwnView, Seeing, beyond
from api.tokens import Holder
from ledger import errors
from ledger.formats.entry import parse_instant

EMERGENCY = "emergency"
MOTIF_CHARACTERS_MAX = 1_000
SHOWN_ALWAYS = ("position", "recorded_at", "quantity", "unit", "stated_by", "ended_by", "sealed")
PAGE_ROWS_MAX = 500
NOT_KEPT = {"Cache-Control": "private, no-store"}
MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
CODE = re.compile(r"[A-Za-z0-9._:-]{1,128}").fullmatch

routes = APIRouter(prefix="/v1/views/{view}")


class Eyes:
    """Who looks, at which nation's content, and why: without a `reason`, what is sealed stays covered."""

    def __init__(
        self, request: Request, holder: Holder, nation: str, reason: Reason | None, mandate: Mandate | None = None
    ) -> None:
        self.request = request
        self.holder = holder
        self.nation = nation
        self.reason = reason
        self.mandate = mandate

    def require_window(self, begin: int, end: int) -> None:
        """Refuse what happened in [begin, end), in microseconds, where a mandate does not cover all of it."""
        if self.mandate is not None and not self.mandate.covers_window(begin, end):
            raise beyond(self.mandate)

    def within(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Of these rows, those that a mandate covers: all where there is none."""
        mandate = self.mandate
        if mandate is None:
            return list(rows)
        return [row for row in rows if mandate.covers(str(row["stream"]), parse_instant(row["occurred_at"]))]

    def uncovered(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows as they may be shown; those that are sealed only once it is on record that they were.

        Raises what keeps it from being put on record: then nothing is shown.
        """
        sealed = [row for row in rows if row.get("sealed")]
        if not sealed:
            return list(rows)
        if self.reason is None:
            return [covered(row) if row.get("sealed") else row for row in rows]
        self.record(str(row["event"]) for row in sealed)
        return list(rows)

    def record(self, objects: Iterable[str]) -> None:
        """Put on record that these events are looked at, for the reason given."""
        assert self.reason is not None, "what is covered is not recorded as seen"
        known = sorted(set(objects))
        if known:
            to = self.mandate
            verb = "access.consulted" if to is None else "access.disclosed"
            given = {} if to is None else {"recipient": self.holder.name, "transfer_basis": to.code}
            asked = f"{self.request.method} {self.request.url.path}?{self.request.url.query}".encode()
            log_of(self.request, self.nation).record(
                self.holder, known, self.reason, verb, query_sha256=hashlib.sha256(asked).hexdigest(), **given
            )


def covered(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of a sealed row for who gave no reason."""
    return {name: row[name] for name in SHOWN_ALWAYS if name in row} | {"covered": True}


def log_of(request: Request, nation: str) -> AccessLog:
    """A nation's access log at this site. Raises NotFound where it is not kept here."""
    found: AccessLog | None = request.app.state.access.get(nation)
    if found is None:
        raise errors.NotFound(f"the {nation} access log is not kept here", field="view", remedy="ask at that nation's own site")
    return found


def reason_of(
    purpose: Annotated[str, Header(alias="Entente-Purpose", max_length=128)] = "",
    motif: Annotated[str, Header(alias="Entente-Motif", max_length=6_000)] = "",
    emergency: Annotated[bool, Header(alias="Entente-Emergency")] = False,
) -> Reason | None:
    """Why somebody looks; None where nothing was said. Raises BadQuestion where it is said by half."""
    said = unquote(motif, errors="replace").strip()
    if len(said) > MOTIF_CHARACTERS_MAX or not said.isprintable():
        raise errors.BadQuestion(f"the motif is at most {MOTIF_CHARACTERS_MAX} printable characters", field="Entente-Motif")
    if purpose and not CODE(purpose):
        raise errors.BadQuestion("the purpose is a code of letters, digits, dots, dashes", field="Entente-Purpose")
    if emergency:
        return Reason(purpose or EMERGENCY, said, emergency=True)
    if bool(purpose) != bool(said):
        missing = "Entente-Motif" if purpose else "Entente-Purpose"
        raise errors.BadQuestion("a look at sealed content needs a purpose and a motif", field=missing, remedy="give both")
    return Reason(purpose, said) if purpose else None


Why = Annotated[Reason | None, Depends(reason_of)]


def eyes_within(request: Request, holder: Known, sight: Seeing, reason: Why) -> Eyes:
    """Who looks, and why; whoever asks for this holds each answer against the mandate, where there is one."""
    return Eyes(request, holder, sight.nation, reason, sight.mandate)


def eyes_of(eyes: Annotated[Eyes, Depends(eyes_within)], nation: OwnView) -> Eyes:
    """Who looks at all of a view, and why."""
    assert eyes.nation == nation, "one view is asked for"
    return eyes


Looking = Annotated[Eyes, Depends(eyes_of)]
LookingWithin = Annotated[Eyes, Depends(eyes_within)]

# -- who looked ----------------------------------------------------------------------------------------------------------------


def require_overseer(view: str, holder: Known) -> str:
    """The nation whose access log is asked for, of its data protection officer or its auditor. Raises NotAllowed."""
    nation = {"gb": "GB", "fr": "FR"}.get(view)
    if nation is None or holder.nation != nation or holder.role not in ("dpo", "auditor"):
        raise errors.NotAllowed(
            "an access log is read by its own nation's data protection officer or auditor", field="view", remedy="ask them"
        )
    return nation


Overseen = Annotated[str, Depends(require_overseer)]
Month = Annotated[str | None, Query(pattern=MONTH, description="yyyy-mm; all there are where it is left out")]
Name = Annotated[str, Query(max_length=64)]
Object = Annotated[str, Query(max_length=128, description="the id of an event")]


@routes.get("/access", response_model=None)
def access(
    request: Request, nation: Overseen, who: Name = "", event: Object = "", month: Month = None, unreviewed: bool = False
) -> Response:
    """Who looked at what: at one `event`, by one person (`who`), or all; `unreviewed`: emergencies nobody has reviewed yet."""
    log = log_of(request, nation)
    months = None if month is None else [each for each in log.months() if each == month]
    found = list(log.looked(who=who, event=event, months=months))
    if unreviewed:
        reviewed = {each for row in log.looked() if row.purpose == REVIEW for each in row.objects}
        found = [row for row in found if row.emergency and row.event_id not in reviewed]
    rows = [row._asdict() for row in found[-PAGE_ROWS_MAX:]]
    return _json({"view": nation, "rows": rows, "left_off": max(0, len(found) - PAGE_ROWS_MAX)})


@routes.post("/access/{event_id}/review", response_model=None)
def review(
    request: Request,
    nation: Overseen,
    holder: Known,
    reason: Why,
    event_id: Annotated[str, Path(max_length=64)],
) -> Response:
    """Put on record that a data protection officer has reviewed an emergency; the motif says what was found."""
    if holder.role != "dpo":
        raise errors.NotAllowed("emergencies are reviewed by the data protection officer")
    if reason is None or not reason.motif:
        raise errors.BadQuestion("a review says what was found", field="Entente-Motif", remedy="send purpose and motif")
    log = log_of(request, nation)
    if not any(row.event_id == event_id and row.emergency for row in log.looked()):
        raise errors.NotFound(f"no emergency {event_id} is on record", field="event_id")
    (made,) = log.record(holder, [event_id], Reason(REVIEW, reason.motif))
    return _json({"view": nation, "reviewed": event_id, "by": made})


def logs_of(home: Home) -> dict[str, AccessLog]:
    """The access logs that are kept at a site."""
    return {nation: AccessLog(home, nation) for nation in home.nations}


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), 200, NOT_KEPT, "application/json")


__all__ = ["Eyes", "Looked", "Looking", "logs_of", "routes"]
