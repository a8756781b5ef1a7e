"""The log as it is served (C2SP tlog-tiles): checkpoint, tiles of hashes, and for mirrors entries and their companions.

Hashes and checkpoints are for whoever has a token and may be cached anywhere; entries are for mirrors; companions are kept by
nobody on the way, because a section may be erased. `app.state.offer(nation)` is what is served, `known(token)` says to whom.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse

from api.home import SITES
from api.identity import Known
from ledger import errors
from ledger.evidence.offering import Offering
from ledger.evidence.source import NEWEST
from ledger.formats import tiles
from ledger.formats.note import SIZE_MAX
from ledger.formats.tiles import TILE_WIDTH

NOTE = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
LINES = "application/jsonl"
FOR_A_YEAR = "max-age=31536000, immutable"
PARTIAL = "public, max-age=60"
NOT_KEPT = "private, no-store"

routes = APIRouter()


def offered(request: Request, holder: Known) -> Offering:
    """What anybody with a token may have: hashes. Raises NotKnown."""
    found: Offering = request.app.state.offer("")
    return found


def offered_to_mirror(request: Request, holder: Known) -> Offering:
    """What a site's mirror may have. Raises NotKnown, or NotAllowed for who is no mirror."""
    if holder.role != "mirror" or holder.name not in SITES:
        raise errors.NotAllowed("entries are for mirrors", remedy="use a token made by entente token new mirror")
    found: Offering = request.app.state.offer(SITES[holder.name])
    return found


Offered = Annotated[Offering, Depends(offered)]
OfferedToMirror = Annotated[Offering, Depends(offered_to_mirror)]
After = Annotated[int, Query(ge=0, le=SIZE_MAX)]


@routes.get("/checkpoint")
def checkpoint(offering: Offered) -> Response:
    """The newest checkpoint with every cosignature known."""
    return as_note(offering.checkpoint(NEWEST))


@routes.get("/checkpoints/{which}")
def one_checkpoint(which: str, offering: Offered) -> Response:
    """The newest final checkpoint (`final`), or the newest that a witness of the policy cosigned (its name)."""
    return as_note(offering.checkpoint(which))


@routes.get("/tile/entries/{path:path}")
def entry_tile(path: str, offering: OfferedToMirror) -> Response:
    """A tile of entries."""
    content = offering.tile(tiles.parse_path(f"tile/entries/{path}"))
    return Response(content, media_type=BYTES, headers={"Cache-Control": f"private, {FOR_A_YEAR}"})


@routes.get("/tile/{path:path}")
def hash_tile(path: str, offering: Offered) -> Response:
    """A tile of hashes."""
    tile = tiles.parse_path(f"tile/{path}")
    kept = f"public, {FOR_A_YEAR}" if tile.width == TILE_WIDTH else PARTIAL
    return Response(offering.tile(tile), media_type=BYTES, headers={"Cache-Control": kept})


@routes.get("/companions/{path:path}")
def companion_lines(path: str, offering: OfferedToMirror, after: After = 0) -> Response:
    """What stands beside a tile of entries, for the nation that asks; a line for each position beyond `after`."""
    lines = offering.companions(tiles.parse_path(f"tile/entries/{path}"), after)
    return StreamingResponse(lines, media_type=LINES, headers={"Cache-Control": NOT_KEPT})


def as_note(signed: bytes | None) -> Response:
    """A signed note as an answer. Raises NotFound where there is none."""
    if signed is None:
        raise errors.NotFound("there is no such checkpoint yet", field="path")
    return Response(signed, media_type=NOTE, headers={"Cache-Control": "no-cache"})
