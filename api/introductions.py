"""A service is told whom its key speaks for, and to which keys it seals what both nations may read."""

from __future__ import annotations

import base64
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from api.home import NATIONS, Home
from api.identity import Author
from api.receipts import proven
from ledger import errors

NOT_KEPT = {"Cache-Control": "private, no-store"}
KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]

routes = APIRouter(prefix="/v1")


@routes.get("/introductions/{key_id}", response_model=None)
def introduction(request: Request, author: Author, key_id: KeyId) -> Response:
    """Of a key: its authority and nation, and for each nation the entry that registers its sealing key, with its proof.

    A service asks after the keys of its own authority.
    """
    home: Home = request.app.state.home
    ring = home.ledger.keys
    found = ring.keys.get(key_id)
    if found is None or (author.role == "service" and found.owner != author.name):
        raise errors.KeyNotInForce("no key of yours with this id is registered here", field="key_id")
    sealing = {nation: key.since for nation in NATIONS if (key := ring.sealing_key(nation)) is not None}
    document = {
        "authority": found.owner,
        "nation": found.nation,
        "sealing": {nation: _registered(home, position) for nation, position in sealing.items()},
    }
    return Response(msgspec.json.encode(document), 200, NOT_KEPT, "application/json")


def _registered(home: Home, position: int) -> dict[str, Any]:
    _, carried = proven(home, position)
    entry = home.held.entry(position)
    return {"position": position, "entry": base64.b64encode(entry).decode(), "proof": base64.b64encode(carried).decode()}
