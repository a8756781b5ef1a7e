"""Readiness and counts: what is wrong is named to whoever keeps the service running, and nothing of what it holds is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api import readiness
from api.limits import Limits
from api.settings import Settings
from ledger import errors
from ledger.store.application import Ledger
from tests.served import HOLDERS, Service, item, serving
from tests.story import Story, told_in


def ready(service: Service, who: str = "administrator") -> tuple[int, dict[str, Any]]:
    answer = service.get("/readyz", who)
    return answer.status_code, answer.json()


def counted(service: Service) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    answer = service.get("/metrics", "administrator")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.text)
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


@pytest.fixture
def followed(tmp_path: Path, store_url: str) -> Iterator[tuple[Service, Story]]:
    """Calais with both views up to the head, everything final."""
    with told_in(tmp_path, store_url) as story:
        for nation in ("GB", "FR"):
            story.home.projector(nation).follow()
        for site in ("london", "paris"):
            story.home.cosign(site)
        with serving(story.home) as service:
            yield service, story


def within(service: Service, monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    changed = {name: getattr(service.home.settings, name) for name in service.home.settings.__struct_fields__}
    monkeypatch.setattr(service.home, "settings", Settings(**{**changed, "limits": Limits(**limits)}))


def test_counts_and_reasons_are_for_administrators_who_are_told_nothing_else(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    for who in (*HOLDERS, "nobody"):
        expected = 200 if who == "administrator" else 401 if who == "nobody" else 403
        assert service.get("/metrics", who).status_code == expected, who
        assert set(ready(service, who)[1]) == ({"ready"} | ({"reasons", "away", "waiting"} if expected == 200 else set()))
    for path in ("/checkpoint", "/tile/entries/000", "/v1/views/gb/situation", "/v1/streams/INC-A1", "/companions/000"):
        assert service.get(path, "administrator").status_code in (200, 403), path
    assert service.get("/v1/streams/INC-A1", "administrator").status_code == 403
    assert service.post({}, "administrator").status_code == 403


def test_a_site_with_nothing_wrong_is_ready(followed: tuple[Service, Story]) -> None:
    service, _ = followed
    assert ready(service) == (200, {"ready": True, "reasons": [], "away": [], "waiting": []})
    counts = counted(service)
    assert counts["entente_ready",] == 1 and counts["entente_tail_entries",] == 0
    assert counts["entente_log_entries",] == service.home.reader.head()
    assert counts["entente_view_behind_entries", "gb"] == counts["entente_view_behind_entries", "fr"] == 0


def test_a_view_that_is_left_behind_makes_a_site_unready(
    followed: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, story = followed
    for _ in range(5):
        service.post(item(story))
    assert ready(service)[0] == 200, "a moment's lag is none"
    story.home.projector("FR").follow()
    within(service, monkeypatch, view_behind_seconds=3)
    status, said = ready(service)
    assert (status, said["reasons"]) == (503, ["the GB view is 5 entries and 4 s behind the log"])
    counts = counted(service)
    assert counts["entente_view_behind_entries", "gb"] == 5 and counts["entente_view_behind_seconds", "gb"] == 4
    assert counts["entente_view_behind_entries", "fr"] == 0 and counts["entente_ready",] == 0


def test_what_is_not_final_is_said_and_keeps_nobody_out(
    followed: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, story = followed
    since, *_ = [service.post(item(story)).json()["recorded_at"] for _ in range(3)]
    service.home.cosign("london")
    within(service, monkeypatch, final_behind_seconds=1)
    status, said = ready(service)
    assert (status, said["ready"]) == (200, True)
    assert said["waiting"] == [f"3 entries are not final since {since}: paris did not co-sign them"]
    assert counted(service)["entente_tail_entries",] == 3 and counted(service)["entente_tail_seconds",] == 2


class Usage(NamedTuple):
    free: int


def test_a_disk_that_is_nearly_full_is_told_before_it_is_full(
    followed: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, _ = followed
    megabytes = shutil.disk_usage(service.home.path).free // 1_000_000
    within(service, monkeypatch, disk_free_megabytes=megabytes * 2)
    status, said = ready(service)
    assert status == 503 and said["reasons"][0].startswith("the disk is nearly full")
    assert ready(service, "nobody") == (503, {"ready": False})
    assert counted(service)["entente_disk_free_bytes",] > 0


def test_a_store_that_does_not_answer_is_a_reason_and_leaves_the_process_alive(
    followed: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, _ = followed

    def away(*_: object) -> int:
        raise errors.StoreFailed

    monkeypatch.setattr(service.home.reader, "head", away)
    status, said = ready(service)
    assert (status, said["reasons"]) == (503, ["The store does not answer as it should; what it says is for its operator."])
    assert service.get("/healthz", "nobody").text == "ok\n"
    assert counted(service)["entente_ready",] == 0 and counted(service)["entente_log_entries",] != 0


def test_a_views_database_that_is_gone_is_a_reason(followed: tuple[Service, Story]) -> None:
    service, _ = followed
    rename(service, "view_head", "view_gone")
    said = ready(service)[1]["reasons"]
    rename(service, "view_gone", "view_head")
    assert said == ["the FR view's database does not answer"] and ready(service)[0] == 200


def rename(service: Service, old: str, new: str) -> None:
    with service.home.view_store("FR").engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")


def test_a_clock_that_is_behind_the_log_is_a_reason(followed: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch) -> None:
    """A live ledger's: an exercise stands at its own last entry."""
    service, _ = followed
    changed = {name: getattr(service.home.settings, name) for name in service.home.settings.__struct_fields__}
    monkeypatch.setattr(service.home, "settings", Settings(**{**changed, "exercise": False}))
    at = service.home.reader.recorded_at(service.home.reader.head())
    monkeypatch.setattr(readiness.time, "time_ns", lambda: (at - 5_000_000) * 1_000)
    status, said = ready(service)
    assert (status, said["reasons"]) == (503, ["the clock is 5.0 s behind the last entry: appends wait until it is right"])


def test_what_was_done_is_counted_once(calais: tuple[Service, Story]) -> None:
    service, story = calais
    first, second = item(story), item(story)
    service.post(first)
    service.post({"items": [first, second, {"envelope": {}}, item(story, expected_version=7)]})
    service.post(item(story), query="?check=1")
    service.get("/v1/streams/INC-HTTP")
    service.get("/v1/nowhere")
    counts = counted(service)
    assert counts["entente_events_appended_total",] == 2 and counts["entente_events_repeated_total",] == 1
    refused = {key[1]: value for key, value in counts.items() if key[0] == "entente_events_refused_total"}
    assert refused == {"malformed": 1, "stream-moved": 1}
    assert counts["entente_append_seconds_count",] == 3
    assert counts["entente_requests_total", "GET", "/v1/streams/{stream}", "200"] == 1
    assert counts["entente_requests_total", "GET", "none", "404"] == 1


def test_failures_and_those_kept_out_are_counted(calais: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch) -> None:
    service, story = calais

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Ledger, "append", fails)
    assert service.post(item(story)).status_code == 500
    service.limit(caller_requests_burst=1, caller_requests_per_second=1)
    assert [service.get("/v1/schemas").status_code for _ in range(2)] == [200, 429]
    counts = counted(service)
    assert counts["entente_requests_failed_total", "500"] == 1 and counts["entente_requests_limited_total", "too-many"] == 1


def test_no_label_takes_what_a_caller_chose(calais: tuple[Service, Story]) -> None:
    """Otherwise a caller could read another's streams off the counts, or fill the memory with names."""
    service, story = calais
    service.post(item(story, stream="INC-CANARY"))
    for n in range(50):
        service.get(f"/v1/streams/CANARY-{n}?x=CANARY")
        service.get(f"/CANARY/{n}")
        service.client.request(f"CANARY{n}", "/v1/schemas")
        service.get("/v1/schemas", **{"X-Request-Id": f"CANARY{n}", "User-Agent": "CANARY"})
    text = service.get("/metrics", "administrator").text
    assert "CANARY" not in text and "BF" not in text and len(text.splitlines()) < 120
