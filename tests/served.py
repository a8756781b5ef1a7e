"""Calais' service in this process, on a home of either store: asked as services and people ask it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app, log_parts
from api.authoring import Author, Sealers, compose, countersign
from api.exercise import Clock
from api.home import Home
from api.limits import Limits
from api.tokens import Holder, issue
from api.walls import Walls
from ledger.formats import envelope
from ledger.formats.armour import decode64
from ledger.formats.entry import format_instant
from tests.story import Story, told_in

HOLDERS = {
    "BF": Holder("service", "BF"),
    "ET": Holder("service", "ET"),
    "reader": Holder("reader", "monitor"),
    "mirror": Holder("mirror", "london"),
    "administrator": Holder("administrator", "ops"),
    **{
        f"{nation} {role}": Holder(role, f"{role}-{nation}", nation)
        for nation in ("GB", "FR")
        for role in ("official", "duty_officer", "auditor", "liaison", "dpo")
    },
    "joint": Holder("joint", "both"),
    "inquiry": Holder("inquiry", "inquiry-1"),
    "oversight": Holder("oversight", "oversight-1"),
}
"""Who may ask, by the name that tests call them by."""


def both_say(home: Home, what: str, data: Mapping[str, Any], stream: str = "ROLES") -> None:
    """Both nations' authorities say something, and it is on record."""
    london, paris = (Author(nation, nation, home.key(f"authority-{nation}")) for nation in ("GB", "FR"))
    now = home.now()
    unsigned = {"type": what, "stream": stream, "occurred_at": format_instant(now), "data": dict(data)}
    said = compose(unsigned, london, home.settings.origin, Sealers({}, {}), now)
    home.ledger.append(countersign(said, [paris.key]))


def appoint(home: Home) -> None:
    """Both nations appoint the holder of the token that HOLDERS calls joint."""
    both_say(home, "role.granted", {"role": "joint", "holder": HOLDERS["joint"].name, "nation": "JOINT"})


class Service:
    """One site's service. `post` and `get` answer with the response; `who` is a name of HOLDERS, or nobody."""

    def __init__(self, home: Home, client: TestClient) -> None:
        self.home = home
        self.client = client
        self.walls: Walls = client.app  # type: ignore[assignment]
        self.tokens = {name: issue(home.path, holder) for name, holder in HOLDERS.items()}

    def limit(self, **limits: int) -> None:
        """Serve within other limits than those that come with a home; what was counted so far is forgotten."""
        self.walls = Walls(self.walls.app, Limits(**limits), counts=self.walls.counts)
        self.walls.state.limits = self.walls.limits
        self.client.app = self.walls
        self.client._transport.app = self.walls  # type: ignore[attr-defined]

    def _headers(self, who: str, headers: Mapping[str, str]) -> dict[str, str]:
        known = {"Authorization": f"Bearer {self.tokens[who]}"} if who in self.tokens else {}
        # One id for all: two answers to who may not tell them apart are compared byte by byte.
        return {**known, "X-Request-Id": "0" * 32, **headers}

    def get(self, path: str, who: str = "GB auditor", **headers: str) -> Any:
        """GET a path."""
        return self.client.get(path, headers=self._headers(who, headers))

    def post(self, body: Any, who: str = "BF", query: str = "", **headers: str) -> Any:
        """POST to /v1/events, as JSON where the body is not bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        said = {"Content-Type": "application/json", **headers}
        return self.client.post(f"/v1/events{query}", content=content, headers=self._headers(who, said))


@contextmanager
def serving(home: Home) -> Iterator[Service]:
    """The service of a home, for as long as the block lasts."""
    with TestClient(create_app(log_parts(home, {}, {})), raise_server_exceptions=False) as client:
        yield Service(home, client)


@pytest.fixture
def calais(tmp_path: Path, store_url: str) -> Iterator[tuple[Service, Story]]:
    """The service at Calais and the story of its night, on either store."""
    with told_in(tmp_path, store_url) as story, serving(story.home) as service:
        yield service, story


def item(story: Story, persons: int = 5, stream: str = "INC-HTTP", author: str = "BF", **header: Any) -> dict[str, Any]:
    """A wire item of a detection, signed and not yet sent."""
    assert isinstance(story.clock, Clock)
    story.clock.now += 1_000_000
    unsigned = {
        "type": "interception.recorded",
        "stream": stream,
        "occurred_at": format_instant(story.clock.now),
        "data": {"place": "CZ", "route": "freight_vehicle", "method": "co2_probe", "persons": persons},
        **header,
    }
    author_ = story.author(author)
    return envelope.format_item(compose(unsigned, author_, story.home.settings.origin, story.player.sealers, story.clock.now))


def ids(items: Sequence[dict[str, Any]]) -> list[str]:
    """The event ids of wire items."""
    return [str(payload(one)["id"]) for one in items]


def payload(one: dict[str, Any]) -> dict[str, Any]:
    """The signed payload of a wire item."""
    found: dict[str, Any] = json.loads(decode64(one["envelope"]["payload"]))
    return found
