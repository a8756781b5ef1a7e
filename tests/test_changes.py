"""A view as it changes, over a real connection: nothing missed, nothing twice, nothing sealed without a reason."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from api import changes
from api.tokens import Holder, issue
from tests.coast import Service
from tests.story import DETECTION, Story, told_in

SECONDS = 20
WHY = {"Entente-Purpose": "watch", "Entente-Motif": "night%20watch"}


@pytest.fixture
def live(tmp_path: Path, store_url: str) -> Iterator[tuple[Service, Story, dict[str, str]]]:
    """A night at Calais, served to the end of a socket, and the tokens of London's duty officer and others."""
    with told_in(tmp_path, store_url) as story:
        story.add("interception.recorded", "IC-0", DETECTION)
        follow(story)
        holders = {
            "GB": Holder("duty_officer", "d", "GB"),
            "FR": Holder("duty_officer", "e", "FR"),
            "dpo": Holder("dpo", "p", "GB"),
        }
        tokens = {name: issue(story.home.path, holder) for name, holder in holders.items()}
        service = Service(story.home.path)
        service.home.clock = story.home.clock
        yield service, story, tokens
        service.kill()


def follow(story: Story) -> None:
    for nation in ("GB", "FR"):
        story.home.projector(nation).follow()


class Stream:
    """An open stream, read event by event."""

    def __init__(self, connection: socket.socket) -> None:
        self.file = connection.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        while self.file.readline().strip():
            pass

    def event(self) -> dict[str, str]:
        """The next event that is one; chunk sizes and comments are passed over."""
        found: dict[str, str] = {}
        while True:
            line = self.file.readline().decode().rstrip("\r\n")
            name, colon, value = line.partition(": ")
            if colon and name in ("id", "event", "data"):
                found[name] = value
            elif not line and "data" in found:
                return found

    def change(self) -> dict[str, Any]:
        """The row of the next change."""
        while True:
            found = self.event()
            if found["event"] == "change":
                row: dict[str, Any] = json.loads(found["data"])
                assert int(found["id"]) == row["position"]
                return row


@contextmanager
def streaming(service: Service, token: str, query: str = "", view: str = "gb", **headers: str) -> Iterator[Stream]:
    """The stream of changes, as whoever holds a token asks for it."""
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
        lines = [f"GET /v1/views/{view}/changes{query} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {token}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        stream = Stream(connection)
        try:
            yield stream
        finally:
            stream.file.close()


def test_what_becomes_known_arrives_and_who_comes_back_misses_nothing(live: Any) -> None:
    service, story, tokens = live
    with streaming(service, tokens["GB"]) as stream:
        assert stream.status == 200
        story.add("interception.recorded", "IC-1", DETECTION)
        follow(story)
        first = stream.change()
        assert first["stream"] == "IC-1"
    for stream_name in ("IC-2", "IC-3", "IC-4"):
        story.add("interception.recorded", stream_name, DETECTION)
    follow(story)
    with streaming(service, tokens["GB"], **{"Last-Event-ID": str(first["position"])}) as stream:
        assert [stream.change()["stream"] for _ in range(3)] == ["IC-2", "IC-3", "IC-4"]


def test_what_is_sealed_arrives_covered_and_for_a_reason_whole_and_on_record(live: Any) -> None:
    service, story, tokens = live
    with streaming(service, tokens["GB"]) as covered, streaming(service, tokens["GB"], **WHY) as whole:
        story.seal(story.inner("interception.recorded", "IC-CANARY", DETECTION))
        follow(story)
        row = covered.change()
        assert row["covered"] and "CANARY" not in json.dumps(row)
        assert whole.change()["stream"] == "IC-CANARY"
    assert [each.who for each in service.server.config.app.state.access["GB"].looked()] == ["d"]


def test_the_other_nation_learns_only_how_far_its_view_has_come(live: Any) -> None:
    service, story, tokens = live
    with streaming(service, tokens["FR"], view="fr") as stream:
        story.seal(story.inner("interception.recorded", "IC-CANARY", DETECTION))
        follow(story)
        told = stream.event()
        assert told["event"] == "position" and json.loads(told["data"]) == {"position": story.home.ledger.head()}


@pytest.mark.parametrize(
    ("who", "view", "query", "headers", "status"),
    [
        ("FR", "gb", "", {}, 403),
        ("dpo", "gb", "", {}, 403),
        ("GB", "gb", "?after=9007199254740991", {}, 400),
        ("GB", "gb", "", {"Last-Event-ID": "x"}, 400),
        ("GB", "gb", "", {"Last-Event-ID": "9" * 20}, 400),
        ("GB", "gb", "?after=-1", {}, 400),
        ("GB", "gb", "", {"Entente-Purpose": "watch"}, 400),
    ],
)
def test_who_may_not_see_or_asks_wrongly_gets_no_stream(
    live: Any, who: str, view: str, query: str, headers: dict[str, str], status: int
) -> None:
    service, _, tokens = live
    with streaming(service, tokens[who], query, view, **headers) as stream:
        assert stream.status == status
    assert service.server.config.app.state.changes.open == 0


def test_there_are_only_so_many_streams_and_each_leaves_its_place(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    service, story, tokens = live
    monkeypatch.setattr(changes, "STREAMS_MAX", 1)
    monkeypatch.setattr(changes, "EVERY_SECONDS", 0.05)
    with streaming(service, tokens["GB"]) as first:
        assert first.status == 200
        with streaming(service, tokens["GB"]) as second:
            assert second.status == 503
    story.add("interception.recorded", "IC-1", DETECTION)
    follow(story)
    open_now = service.server.config.app.state.changes
    deadline = time.monotonic() + SECONDS
    while open_now.open and time.monotonic() < deadline:
        time.sleep(0.01)
    with streaming(service, tokens["GB"]) as third:
        assert third.status == 200


def test_a_line_that_is_quiet_says_that_it_is_alive_and_ends_in_time(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    service, _, tokens = live
    monkeypatch.setattr(changes, "EVERY_SECONDS", 0.02)
    monkeypatch.setattr(changes, "QUIET_SECONDS_MAX", 0.1)
    monkeypatch.setattr(changes, "STREAM_SECONDS_MAX", 1.0)
    with streaming(service, tokens["GB"]) as stream:
        said = stream.file.read()
    assert said.count(b": alive") > 1


def test_an_event_is_one_line_of_json_whatever_is_in_it() -> None:
    assert changes.event("change", 7, {"a": "b\nid: 8\r\n"}) == b'id: 7\nevent: change\ndata: {"a":"b\\nid: 8\\r\\n"}\n\n'
