"""A nation's own site: every route that it serves, asked by everybody, has nothing of what the other nation sealed."""

from __future__ import annotations

import re
import shutil
from typing import Any

from fastapi.testclient import TestClient

from api.app import create_app, mirror_parts
from api.following import Follower
from api.openapi import document_of
from api.tokens import issue
from ledger.evidence.source import FolderSource
from tests.matrix import shorten_streams
from tests.served import HOLDERS
from tests.sites import Sites
from tests.unpacked import unpacked

OWN, OTHERS = "INC-CANARY-LONDON", "INC-CANARY-PARIS"
WHY = {"Entente-Purpose": "audit", "Entente-Motif": "the night"}
NAMES = {
    "view": ("gb", "fr"), "code": ("G1",), "pair": ("P2",), "suffix": ("csv", "xlsx", "provenance.json"), "which": ("final",),
    "stream": (OWN, OTHERS), "type_name": ("sealed.recorded",), "path": ("000",), "key_id": ("0" * 64,),
}  # fmt: skip
ASKED = "day=2026-01-05&gb_day=2026-01-05&after=0"


def test_londons_site_has_nothing_of_what_paris_sealed(sites: Sites, monkeypatch: Any) -> None:
    shorten_streams(monkeypatch)
    for stream, nation in ((OWN, "GB"), (OTHERS, "FR")):
        sites.tell(stream=stream, releasable_to=[nation])
    ids = {nation: entry_of(sites, nation) for nation in ("GB", "FR")}
    sites.mirror("london")
    london = sites.london
    shutil.copy(sites.calais.key_path("authority-GB"), london.key_path("authority-GB"))
    london.projector("GB").follow()
    (own, _), (others, event) = ids["GB"], ids["FR"]
    assert london.reader.sections(own) and not london.reader.sections(others), "what Paris sealed never came here"
    follower = Follower(london.mirror(), FolderSource(sites.folder / "nowhere"), london.now, cosign=False)
    walls = create_app(mirror_parts(london, follower, {}))
    tokens: dict[str, str] = {who: issue(london.path, holder) for who, holder in HOLDERS.items()} | {"nobody": ""}
    client, told = TestClient(walls, raise_server_exceptions=False), set()
    for method, path in paths(document_of(walls.app), event):
        for who, token in tokens.items():
            headers = {**WHY, "Authorization": f"Bearer {token}"} if token else WHY
            answer = client.request(method, f"{path}?{ASKED}", headers=headers, content=b"old 0\n\nnothing")
            said = "\n".join([str(answer.headers), *unpacked(answer.content)])
            assert answer.status_code < 500, (path, who)
            assert OTHERS not in said or OTHERS in path, (path, who)
            told |= {who} if OWN in said and OWN not in path else set()
    assert told == {f"GB {role}" for role in ("official", "duty_officer", "auditor", "liaison")}


def entry_of(sites: Sites, nation: str) -> tuple[int, str]:
    """(position, event id) of what was sealed to a nation last."""
    rows = sites.calais.ledger.entries(0, 10_000)
    found = [
        position
        for position, entry in rows
        if b'"type":"sealed.recorded"' in entry and f'"nation":"{nation}"'.encode() in entry
    ]
    (event,) = re.findall(rb'"id":"([0-9a-f-]{36})"', sites.calais.ledger.entry(found[-1]))[:1]
    return found[-1], event.decode()


def paths(document: dict[str, Any], event: str) -> list[tuple[str, str]]:
    """Each method and path of a document, with every name in the place of its parameters."""
    found = []
    for path, operations in document["paths"].items():
        filled = [path]
        for name in re.findall(r"{(\w+)}", path):
            values = NAMES.get(name, (event,))
            filled = [each.replace(f"{{{name}}}", value) for each in filled for value in values]
        found += [(method, each) for method in operations for each in filled]
    return found
