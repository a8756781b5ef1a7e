"""What every request passes: no caller starves another, no browser acts on an answer, no method surprises."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from api import records
from api.limits import CALLERS_REMEMBERED_MAX, Limits, Rate, network_of
from api.settings import Settings, load, save
from api.walls import HARDENING
from ledger import errors
from tests.served import Service, item
from tests.story import Story

ANSWERS = (
    ("GET", "/v1/schemas", "GB auditor", 200),
    ("GET", "/v1/events/01900000-0000-7000-8000-00000000dead", "GB auditor", 404),
    ("GET", "/v1/events/no-id", "GB auditor", 400),
    ("GET", "/v1/schemas", "nobody", 401),
    ("GET", "/v1/views/fr/situation", "GB auditor", 403),
    ("GET", "/tile/0/000", "reader", 404),
    ("GET", "/checkpoint", "reader", 200),
    ("GET", "/nowhere", "GB auditor", 404),
    ("GET", "/healthz", "nobody", 200),
    ("GET", "/readyz", "nobody", 200),
    ("POST", "/v1/schemas", "GB auditor", 405),
    ("DELETE", "/v1/events", "BF", 405),
    ("BREW", "/v1/schemas", "GB auditor", 405),
    ("OPTIONS", "/v1/schemas", "nobody", 204),
    ("OPTIONS", "/nowhere", "nobody", 404),
    ("HEAD", "/v1/schemas", "GB auditor", 200),
    ("HEAD", "/nowhere", "GB auditor", 404),
)


def ask(service: Service, method: str, path: str, who: str, **headers: str) -> Any:
    return service.client.request(method, path, headers=service._headers(who, headers))


def test_no_answer_lets_a_browser_do_anything_with_it(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    for method, path, who, status in ANSWERS:
        about = f"{method} {path} by {who}"
        answer = ask(service, method, path, who, Origin="http://elsewhere.example")
        assert answer.status_code == status, about
        for name, value in HARDENING[:-1]:
            assert answer.headers[name.decode()] == value.decode(), about
        assert "no-store" in answer.headers["cache-control"] or path == "/checkpoint", about
        assert "server" not in answer.headers and "x-powered-by" not in answer.headers, about
        assert not [name for name in answer.headers if name.startswith("access-control-")], about
        if status >= 400 and method != "HEAD":
            assert answer.headers["content-type"] == "application/problem+json", about
            assert answer.json()["instance"] == f"urn:entente:request:{answer.headers['x-request-id']}", about


def test_a_method_that_is_not_known_is_told_those_that_are(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    refused = ask(service, "PUT", "/v1/events", "BF", **{"Accept-Language": "fr"})
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert refused.json()["title"] == "Méthode inconnue ici"
    assert ask(service, "OPTIONS", "/v1/events", "nobody").headers["allow"] == "OPTIONS, POST"
    assert ask(service, "OPTIONS", "/v1/schemas", "nobody").headers["allow"] == "GET, HEAD, OPTIONS"


def test_head_says_what_get_would_without_its_body(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    head, get = (ask(service, method, "/v1/schemas", "GB auditor") for method in ("HEAD", "GET"))
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.content))


def test_head_of_a_stream_ends(calais: tuple[Service, Story]) -> None:
    service, story = calais
    story.home.projector("GB").follow()
    answer = ask(service, "HEAD", "/v1/views/gb/changes", "GB auditor")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
    assert answer.content == b"" and service.walls.running == 0
    assert service.walls.state.changes.open == 0


# -- rates -----------------------------------------------------------------------------------------------------------------


def test_one_caller_who_asks_too_often_is_slowed_down_alone(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    service.limit(caller_requests_per_second=1, caller_requests_burst=3)
    answers = [service.get("/v1/schemas", **{"Accept-Language": "fr"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[3].headers["retry-after"] == "1"
    assert answers[3].json()["title"] == "Trop de requêtes ; ralentir"
    assert service.get("/v1/schemas", "FR auditor").status_code == 200
    time.sleep(1.05)
    assert service.get("/v1/schemas").status_code == 200


def test_one_address_that_tries_token_after_token_is_slowed_down(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    service.limit(address_requests_per_second=1, address_requests_burst=4)
    tried = [service.client.get("/v1/schemas", headers={"Authorization": f"Bearer guess{n}"}).status_code for n in range(6)]
    assert tried == [401, 401, 401, 401, 429, 429]


def test_an_address_is_a_whole_network_where_one_caller_has_that() -> None:
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::1") != network_of("2001:db8:1:3::1")
    assert network_of("192.0.2.1") != network_of("192.0.2.2") and network_of("not an address") == "not an address"


def test_strangers_without_end_do_not_fill_the_memory() -> None:
    rate = Rate(1, 1)
    for n in range(CALLERS_REMEMBERED_MAX + 500):
        rate.wait(str(n), 0.0)
    assert len(rate._left) == CALLERS_REMEMBERED_MAX
    assert rate.wait(str(CALLERS_REMEMBERED_MAX + 499), 0.0) == 1.0, "the newest is not the one forgotten"


def test_a_rate_lets_through_what_it_says_over_time() -> None:
    rate = Rate(10, 5)
    passed = sum(rate.wait("a", tick / 100) == 0 for tick in range(1_000))
    assert 5 + 98 <= passed <= 5 + 100


# -- how many, and how long ------------------------------------------------------------------------------------------------


def test_more_at_once_than_is_answered_is_told_so(calais: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch) -> None:
    service, _ = calais
    service.limit(requests_at_once=2)
    hold, held = threading.Event(), threading.Semaphore(0)

    def slow(_: str) -> dict[str, Any]:
        held.release()
        assert hold.wait(10)
        return {}

    monkeypatch.setattr(records, "schema_document", slow)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(service.get, "/v1/schemas/a") for _ in range(2)]
        assert all(held.acquire(timeout=10) for _ in waiting)
        refused = service.get("/v1/schemas/a", "FR auditor")
        hold.set()
        assert [one.result().status_code for one in waiting] == [200, 200]
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:entente:busy") and refused.headers["retry-after"]
    assert service.walls.running == 0 and service.get("/v1/schemas").status_code == 200


def test_an_answer_that_does_not_come_is_told_in_time_and_still_counted(
    calais: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread goes on: as long as it does, it takes the place of another request."""
    service, _ = calais
    service.limit(answer_seconds=1)
    hold = threading.Event()
    monkeypatch.setattr(records, "schema_document", lambda _: {"held": hold.wait(10)})
    began = time.monotonic()
    answer = service.get("/v1/schemas/a")
    assert 0.9 < time.monotonic() - began < 3
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:entente:unavailable") and answer.headers["retry-after"]
    assert service.walls.running == 1
    hold.set()
    end = time.monotonic() + 10
    while service.walls.running and time.monotonic() < end:
        time.sleep(0.01)
    assert service.walls.running == 0


# -- bodies ----------------------------------------------------------------------------------------------------------------


def test_a_compressed_body_is_refused_before_anybody_unpacks_it(calais: tuple[Service, Story]) -> None:
    service, story = calais
    head = service.home.ledger.head()
    for encoding in ("gzip", "deflate", "br", "zstd", "gzip, identity", "x"):
        answer = service.post(item(story), **{"Content-Encoding": encoding})
        assert (answer.status_code, answer.json()["field"]) == (400, "Content-Encoding"), encoding
    assert service.home.ledger.head() == head


def test_a_database_that_fails_tells_its_operator_where_and_nobody_else(
    calais: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service, _ = calais

    def fails(*_: object) -> None:
        raise errors.StoreFailed('connection to server at "10.1.2.3", port 5432 failed')

    monkeypatch.setattr(service.home, "view_store", fails)
    answer = service.get("/v1/views/gb/situation")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:entente:store-failed")
    assert "10.1.2.3" not in answer.text and any("10.1.2.3" in record.getMessage() for record in caplog.records)


# -- settings --------------------------------------------------------------------------------------------------------------


def test_every_limit_is_in_the_settings_and_in_the_book(tmp_path: Path) -> None:
    book = (Path(__file__).parent.parent / "docs" / "operations.md").read_text(encoding="utf-8")
    for name in Limits.__struct_fields__:
        assert f"| `{name}` | {getattr(Limits(), name):,} |" in book, name
    changed = Settings("a/b", limits=Limits(body_bytes=5, connections=7), service_log="service.log")
    save(tmp_path, changed)
    assert load(tmp_path, {}) == changed
    text = (tmp_path / "entente.toml").read_text()
    assert "[limits]\n" in text and "request_seconds" not in text


@pytest.mark.parametrize("line", ("body_bytes = 0", "body_bytes = -1", 'body_bytes = "8"', "body_byte = 8"))
def test_a_limit_that_is_none_keeps_the_service_from_starting(tmp_path: Path, line: str) -> None:
    (tmp_path / "entente.toml").write_text(f'origin = "a/b"\n[limits]\n{line}\n')
    with pytest.raises(errors.Malformed, match="body_byte"):
        load(tmp_path, {})
