"""The service's log: it says what happened, and in no line who asked for what, not even when the program itself fails."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api import appending, traces
from api.settings import load, save
from api.tokens import issue
from tests.processes import running
from tests.served import HOLDERS, Service, item
from tests.story import Story, told_in

CANARIES = ("INC-CANARY", "canary-query", "canary-header", "canaryname", "CANARY-TOKEN", "canary text", "canary-defect")

PATHS = ("streams/INC-CANARY", "events/canaryname", "views/canaryname/figures?day=canary-query", "schemas/canary")


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Any]:
    """Read what the service's log has, as it stands in a file."""
    path = tmp_path / "service.log"
    root, was = logging.getLogger(), (logging.getLogger().handlers[:], logging.getLogger().level)
    hooks = threading.excepthook, traces.sys.excepthook
    traces.start(path)
    yield lambda: [json.loads(line) for line in path.read_text().splitlines()]
    root.handlers[:], root.level = was[0], was[1]
    threading.excepthook, traces.sys.excepthook = hooks


def test_each_request_has_one_line_that_says_no_more_than_it_may(calais: tuple[Service, Story], lines: Any) -> None:
    service, story = calais
    service.post(item(story, stream="INC-CANARY"))
    service.get("/v1/streams/INC-CANARY?after=0&who=canary-query", **{"User-Agent": "canary-header"})
    service.client.get("/v1/canaryname/nowhere")
    service.client.request("CANARYNAME", "/v1/schemas", headers={"Authorization": "Bearer CANARY-TOKEN"})
    found = [line for line in lines() if line["logger"] == "api.traces.requests"]
    assert [(line["method"], line["route"], line["status"], line["role"]) for line in found] == [
        ("POST", "/v1/events", 201, "service"),
        ("GET", "/v1/streams/{stream}", 200, "auditor"),
        ("GET", "none", 404, None),
        ("other", "/v1/schemas", 405, None),
    ]
    assert all(0 < line["ms"] < 60_000 and line["request"] for line in found)
    assert not any(canary in json.dumps(found) for canary in CANARIES)


def test_a_request_is_known_by_one_id_everywhere(calais: tuple[Service, Story], lines: Any) -> None:
    service, _ = calais
    given = "0af7651916cd43dd8448eb211c80319c"
    answer = service.get("/v1/events/no-id", **{"X-Request-Id": given})
    assert answer.headers["x-request-id"] == given and answer.json()["instance"].endswith(given)
    assert [line["request"] for line in lines()] == [given]


def test_an_id_that_might_say_something_is_not_taken_up(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    for given in ("", "short", "maria.dupont.1980", "a" * 65, "12345678;rm", "é" * 10, "-" * 10):
        found = service.client.get("/healthz", headers={"X-Request-Id": given.encode()}).headers["x-request-id"]
        assert found != given and len(found) == 32, given


def test_a_failure_of_ours_is_placed_and_not_quoted(
    calais: tuple[Service, Story], lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, story = calais

    def fails(sent: Any) -> None:
        raise ZeroDivisionError(f"canary-defect {sent}")

    monkeypatch.setattr(appending, "parse_item", fails)
    answer = service.post(item(story, stream="INC-CANARY"))
    assert answer.status_code == 500 and not any(canary in answer.text for canary in CANARIES)
    with pytest.raises(ZeroDivisionError) as raised:
        fails("INC-CANARY")
    about = (raised.type, raised.value, raised.tb)
    threading.excepthook(threading.ExceptHookArgs((*about, None)))
    traces.sys.excepthook(*about)
    logging.getLogger("asyncio").error("Task exception was never retrieved: canary-defect", exc_info=about)
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=about)
    found = lines()
    assert len(found) == 6 and sum(line.get("raised") == "ZeroDivisionError" for line in found) == 4
    assert f"tests.test_traces:{fails.__code__.co_firstlineno + 1}" in json.dumps(found)
    assert not any(canary in json.dumps(found) for canary in CANARIES)


def test_a_whole_session_leaves_nothing_of_its_callers_in_the_log(tmp_path: Path) -> None:
    """`entente serve` itself, asked rightly and wrongly by everybody: what it wrote is JSON and has no canary."""
    with told_in(tmp_path, "") as story:
        home = story.home.path
        tokens = {who: issue(home, holder) for who, holder in HOLDERS.items()}
        good = item(story, stream="INC-CANARY", source={"ref": "canaryname"})
        forged = json.loads(json.dumps(good))
        forged["envelope"]["signatures"][0]["sig"] = "AAAA"
        save(home, load(home, {}))
    bodies = [
        *(json.dumps(one).encode() for one in (good, forged, {"items": [good, forged]}, {"canary-query": "canary text"})),
        *(b'{"canary text"', b"\xff canary text", b"canary text" * 1_000_000),
    ]
    with running("serve", "--port", "0", "--home", home) as process, httpx2.Client(base_url=process.url) as client:
        asked = 0
        for token in (*tokens.values(), "CANARY-TOKEN"):
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "User-Agent": "canary-header"}
            for path in (
                "streams/INC-CANARY",
                "events/canaryname",
                "views/canaryname/figures?day=canary-query",
                "schemas/canary",
            ):
                client.get(f"/v1/{path}", headers=headers)
            for body in bodies:
                client.post("/v1/events", content=body, headers=headers)
            asked += len(PATHS) + len(bodies)
    said = process.said
    found = [json.loads(line) for line in said]
    assert len([line for line in found if line["logger"] == "api.traces.requests"]) == asked > 100
    held = [canary for canary in (*CANARIES, *tokens.values()) if canary in "".join(said)]
    assert not held
