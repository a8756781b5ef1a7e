"""Evidence bundles over HTTP: a question in, one zip of plain files out that answers it and proves the answer.

Nothing sealed is opened in one that is made here: what is sealed is in it as it stands in the log, and counted as not opened. A
figure is asked for by its own nation's people. Whoever gets a bundle checks it without us.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import anyio.to_thread
import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from msgspec import Meta

from api import bundling
from api.bodies import read_body
from api.grants import Mandate
from api.home import Home
from api.identity import Known, grants_of
from api.instants import day_of, instant_of
from api.tokens import MANDATED, VIEWERS, Holder
from ledger import errors
from ledger.evidence.bundle_manifest import OfFigure, OfPeriod, OfReport, OfStream, Question
from ledger.formats import strict
from ledger.formats.entry import format_instant, parse_instant

BODY_BYTES_MAX = 65_536
AT_ONCE_MAX = 2
CHUNK_BYTES = 65_536
MEDIA_TYPE = "application/zip"

_turns = threading.BoundedSemaphore(AT_ONCE_MAX)
routes = APIRouter(prefix="/v1")

Text = Annotated[str, Meta(min_length=1, max_length=128)]
Ground = Annotated[str, Meta(min_length=1, max_length=500)]


class Wanted(msgspec.Struct, forbid_unknown_fields=True, rename={"begin": "from", "end": "to"}):
    """One question (`stream`; `from` and `to`; `figure` as VIEW:CODE:DAY[:AS_OF]; `report`), and what is withheld and why.

    `withhold` has positions, or `cases` or `rescues`; `basis` is the recorded event that allows rescues beside cases.
    """

    stream: Text | None = None
    begin: Text | None = None
    end: Text | None = None
    figure: Text | None = None
    report: Text | None = None
    withhold: Annotated[dict[str, Ground], Meta(max_length=1_000)] = {}
    basis: Text | None = None


def require_asker(holder: Known) -> Holder:
    """A person of a nation, or one with a mandate. Raises NotAllowed."""
    if holder.role not in (*VIEWERS, *MANDATED):
        raise errors.NotAllowed(f"the role {holder.role} takes no evidence away", remedy="a person of a nation does")
    return holder


Asker = Annotated[Holder, Depends(require_asker)]


@routes.post("/bundles", response_model=None)
async def make_bundle(request: Request, holder: Asker) -> StreamingResponse:
    """An evidence bundle under the newest final checkpoint, verified before it is handed over."""
    body = await read_body(request, BODY_BYTES_MAX)
    home: Home = request.app.state.home

    def work() -> Path:
        wanted = _read(body)
        size = bundling.size_for(home)
        question = _question(wanted, holder, home, size)
        if holder.role in MANDATED:
            _require_mandate(question, grants_of(request).mandates_of(holder))
        if not _turns.acquire(blocking=False):
            raise errors.Busy(f"{AT_ONCE_MAX} bundles are being made", remedy="ask again in a moment")
        folder = Path(tempfile.mkdtemp(prefix="entente-bundle-"))
        try:
            bundling.create(home, question, folder / "bundle.zip", _asked(wanted), size)
        except BaseException:
            _remove(folder)
            raise
        finally:
            _turns.release()
        return folder

    folder = await anyio.to_thread.run_sync(work)
    length = (folder / "bundle.zip").stat().st_size
    headers = {
        "Content-Disposition": 'attachment; filename="bundle.zip"', "Content-Length": str(length),
        "Cache-Control": "private, no-store",
    }  # fmt: skip
    return StreamingResponse(_sent(folder), media_type=MEDIA_TYPE, headers=headers)


def _sent(folder: Path) -> Iterator[bytes]:
    try:
        with (folder / "bundle.zip").open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    (folder / "bundle.zip").unlink(missing_ok=True)
    folder.rmdir()


def _read(body: bytes) -> Wanted:
    try:
        return msgspec.convert(strict.read_request(body, BODY_BYTES_MAX), Wanted)
    except msgspec.ValidationError as wrong:
        said, _, place = str(wrong).partition(" - at `")
        raise errors.BadQuestion(said, field=place.rpartition("$")[2].strip(".`[]") or None) from None


def _require_mandate(question: Question, mandates: Sequence[Mandate]) -> None:
    """Refuse evidence that no mandate covers: of a stream or a period within one, and anything under one over everything."""
    for mandate in mandates:
        match question:
            case OfStream(stream) if mandate.is_whole or stream in mandate.scope.streams:
                return
            case OfPeriod(begin, end) if mandate.covers_window(parse_instant(begin), parse_instant(end)):
                return
            case OfFigure(view) if mandate.is_whole and view in mandate.views:
                return
            case OfReport() if mandate.is_whole:
                return
    raise errors.NotAllowed("no mandate of yours covers this", remedy="ask within its scope")


def _question(wanted: Wanted, holder: Holder, home: Home, size: int) -> Question:
    """The question asked. Raises BadQuestion for none or two, NotAllowed for the other nation's figure."""
    spans = wanted.begin is not None and wanted.end is not None
    given = [wanted.stream is not None, spans, wanted.figure is not None, wanted.report is not None]
    if given.count(True) != 1 or (not spans and (wanted.begin or wanted.end)):
        raise errors.BadQuestion("ask one question: stream, from with to, figure, or report")
    if wanted.stream is not None:
        return OfStream(wanted.stream)
    if wanted.begin is not None and wanted.end is not None:
        return OfPeriod(format_instant(instant_of(wanted.begin, "from")), format_instant(instant_of(wanted.end, "to")))
    if wanted.report is not None:
        return OfReport(wanted.report)
    return _figure(str(wanted.figure), holder, home, size)


def _figure(text: str, holder: Holder, home: Home, size: int) -> OfFigure:
    view, _, rest = text.partition(":")
    code, _, rest = rest.partition(":")
    on, _, as_of = rest.partition(":")
    nation = {"gb": "GB", "fr": "FR"}.get(view.lower())
    if nation is None or (holder.role not in MANDATED and nation != holder.nation):
        raise errors.NotAllowed("a figure is asked for by its own nation's people", field="figure")
    known = format_instant(instant_of(as_of, "figure")) if as_of else bundling.newest_instant(home, size)
    return OfFigure("GB" if nation == "GB" else "FR", code, day_of(on, "figure").isoformat(), known)


def _asked(wanted: Wanted) -> bundling.Asked:
    kinds = {what: ground for what, ground in wanted.withhold.items() if what in bundling.KINDS}
    positions: dict[int, str] = {}
    for what, ground in wanted.withhold.items():
        if what in kinds:
            continue
        if not (what.isascii() and what.isdigit() and len(what) < 16):
            known = ", ".join(bundling.KINDS)
            raise errors.BadQuestion(f"a position, or one of {known}, is withheld", field="withhold")
        positions[int(what)] = ground
    return bundling.Asked(positions, kinds, (), wanted.basis)
