"""Who looked at what: sealed content is shown for a reason, and not before the look is on record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from api.access import AccessLog, Reason, commit_heads
from api.authoring import Author, Sealers, compose, compose_alone
from api.registrar import in_base64
from api.tokens import Holder
from ledger import errors, events
from ledger.events.national import access_origin, nation_of_log
from ledger.formats.entry import format_instant, split_entry
from ledger.store.application import Ledger
from tests.served import HOLDERS, Service, serving
from tests.story import DAY, DETECTION, Story, told_in

LINES = "/v1/views/gb/figures/G1/lines?day=2015-08-26"
TIMELINE = "/v1/views/gb/timeline"
SITUATION = "/v1/views/gb/situation"
WHY = {"Entente-Purpose": "inquiry-7", "Entente-Motif": quote("vérification de l'embarcation — CANARY-MOTIF")}
MONTH = "2015-08"


@pytest.fixture
def calais(tmp_path: Path, store_url: str) -> Iterator[tuple[Service, Story]]:
    """Calais after a detection that both nations know of and one that London has sealed, on either store."""
    with told_in(tmp_path, store_url) as story, serving(story.home) as service:
        story.add("interception.recorded", "IC-1", DETECTION)
        story.seal(story.inner("interception.recorded", "IC-CANARY", {**DETECTION, "persons": 7}))
        for nation in ("GB", "FR"):
            story.home.projector(nation).follow()
        yield service, story


def sealed_event(service: Service) -> str:
    """The id of what London sealed, looked up by somebody whose look is not counted here."""
    return str(next(line["event"] for line in service.home.view("GB").at(None).explain("G1", DAY)["lines"] if line["sealed"]))


def looked(service: Service, query: str = "", who: str = "GB dpo") -> list[dict[str, Any]]:
    answer = service.get(f"/v1/views/gb/access{query}", who)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["rows"])


# -- nothing is shown without a trace ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [LINES, TIMELINE, SITUATION])
def test_without_a_reason_nothing_sealed_is_shown_and_nothing_is_logged(calais: tuple[Service, Story], path: str) -> None:
    service, _ = calais
    answer = service.get(path)
    assert answer.status_code == 200 and "CANARY" not in answer.text and sealed_event(service) not in answer.text
    assert looked(service) == []


def test_a_covered_line_still_counts(calais: tuple[Service, Story]) -> None:
    """Who gives no reason sees that there is more, and that the sum is right."""
    service, _ = calais
    answer = service.get(LINES).json()
    assert sum(line["quantity"] for line in answer["lines"]) == answer["value"] == 12
    (hidden,) = [line for line in answer["lines"] if line.get("covered")]
    assert hidden["sealed"] and not {"event", "label", "stream", "place", "authority", "why"} & hidden.keys()
    assert service.get(SITUATION).json()["covered"] in (0, 1)


@pytest.mark.parametrize("path", [LINES, TIMELINE])
def test_a_look_for_a_reason_is_on_record_with_its_motif(calais: tuple[Service, Story], path: str) -> None:
    service, _ = calais
    answer = service.get(path, **WHY)
    assert "IC-CANARY" in answer.text
    (row,) = looked(service)
    assert (row["who"], row["role"], row["verb"], row["purpose"]) == ("auditor-GB", "auditor", "consulted", "inquiry-7")
    assert row["motif"] == "vérification de l'embarcation — CANARY-MOTIF" and row["emergency"] is False
    assert sealed_event(service) in row["objects"] and row["month"] == MONTH


def test_what_cannot_be_put_on_record_is_not_shown(calais: tuple[Service, Story]) -> None:
    """The nation's access log cannot be begun: its authority's key is gone."""
    service, story = calais
    story.home.key_path("authority-GB").rename(story.home.path / "elsewhere.pem")
    answer = service.get(LINES, **WHY)
    assert answer.status_code == 404 and "CANARY" not in answer.text
    (story.home.path / "elsewhere.pem").rename(story.home.key_path("authority-GB"))
    assert "IC-CANARY" in service.get(LINES, **WHY).text and len(looked(service)) == 1


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"Entente-Purpose": "inquiry-7"}, "Entente-Motif"),
        ({"Entente-Motif": "because"}, "Entente-Purpose"),
        ({"Entente-Purpose": "a b", "Entente-Motif": "because"}, "Entente-Purpose"),
        ({"Entente-Purpose": "x", "Entente-Motif": "%00%1b"}, "Entente-Motif"),
        ({"Entente-Purpose": "x", "Entente-Motif": "x" * 1_001}, "Entente-Motif"),
    ],
)
def test_a_reason_said_by_half_opens_nothing(calais: tuple[Service, Story], headers: dict[str, str], field: str) -> None:
    service, _ = calais
    answer = service.get(LINES, **headers)
    assert answer.status_code == 400 and answer.json()["field"] == field
    assert looked(service) == []


def test_in_an_emergency_it_is_shown_at_once_and_waits_for_review(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    assert "IC-CANARY" in service.get(LINES, "GB duty_officer", **{"Entente-Emergency": "true"}).text
    (waiting,) = looked(service, "?unreviewed=true")
    assert waiting["emergency"] and (waiting["purpose"], waiting["motif"]) == ("emergency", "")
    path = f"/v1/views/gb/access/{waiting['event_id']}/review"
    headers = {"Authorization": f"Bearer {service.tokens['GB dpo']}", **WHY}
    assert (
        service.client.post(path, headers={**headers, "Authorization": f"Bearer {service.tokens['GB auditor']}"}).status_code
        == 403
    )
    assert service.client.post(path, headers={"Authorization": headers["Authorization"]}).status_code == 400
    assert service.client.post(f"{path.replace(waiting['event_id'], 'nothing')}", headers=headers).status_code == 404
    assert service.client.post(path, headers=headers).status_code == 200
    assert looked(service, "?unreviewed=true") == []


# -- two questions -------------------------------------------------------------------------------------------------------------


def test_who_looked_at_this_record_and_what_did_this_officer_look_at(calais: tuple[Service, Story]) -> None:
    service, story = calais
    service.get(LINES, "GB auditor", **WHY)
    service.get(TIMELINE, "GB official", **WHY)
    story.seal(story.inner("interception.recorded", "IC-OTHER", {**DETECTION, "persons": 2}))
    story.home.projector("GB").follow()
    service.get(LINES, "GB official", **WHY)
    first = sealed_event(service)
    assert [row["who"] for row in looked(service, f"?event={first}")] == ["auditor-GB", "official-GB", "official-GB"]
    assert [len(row["objects"]) for row in looked(service, "?who=official-GB")] == [1, 2]
    assert looked(service, "?who=nobody") == [] and looked(service, "?month=2016-01") == []
    assert len(looked(service, f"?month={MONTH}", "GB auditor")) == 3


def test_an_access_log_is_for_its_own_nations_overseers(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    service.get(LINES, **WHY)
    for who in (*HOLDERS, "nobody"):
        answer = service.get("/v1/views/gb/access", who)
        expected = 200 if who in ("GB dpo", "GB auditor") else 401 if who == "nobody" else 403
        assert answer.status_code == expected, who
        assert expected == 200 or "CANARY" not in answer.text
    assert service.get("/v1/views/fr/access", "FR dpo").json()["rows"] == []


def test_a_data_protection_officer_sees_no_content(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    for path in (LINES, TIMELINE, SITUATION, "/v1/views/gb/figures?day=2015-08-26", "/v1/streams/IC-1"):
        assert service.get(path, "GB dpo", **WHY).status_code == 403


def test_motifs_are_sealed_to_their_nation(calais: tuple[Service, Story], tmp_path: Path) -> None:
    service, story = calais
    service.get(LINES, **WHY)
    log = AccessLog(story.home, "GB")
    with log.reading(MONTH) as reader:
        entries = b"".join(entry for _, entry in reader.entries(0, 100))
    assert b"CANARY" not in entries and b"inquiry-7" in entries
    kept = story.home.key_path("sealing-GB").rename(tmp_path / "elsewhere.pem")
    assert [row.motif for row in log.looked()] == [""]
    kept.rename(story.home.key_path("sealing-GB"))


# -- the log itself ------------------------------------------------------------------------------------------------------------


def test_heads_of_the_access_logs_stand_in_the_joint_log(calais: tuple[Service, Story]) -> None:
    service, story = calais
    assert commit_heads(story.home) == []
    service.get(LINES, **WHY)
    name = access_origin(story.home.settings.origin, "GB", MONTH)
    assert commit_heads(story.home) == [name] and commit_heads(story.home) == []
    service.get(LINES, **WHY)
    assert commit_heads(story.home) == [name]
    data: Any = [events.decode(split_entry(e)[3]).data for _, e in story.home.reader.stream_entries("ACCESS-HEADS-GB")]
    size, root = AccessLog(story.home, "GB").head(MONTH)
    assert [each.log for each in data] == [name, name] and (data[-1].size, data[-1].root) == (size, root)


def test_a_new_month_has_a_log_of_its_own(calais: tuple[Service, Story]) -> None:
    service, story = calais
    service.get(LINES, **WHY)
    story.clock.now += 20 * 86_400 * 1_000_000
    service.get(LINES, **WHY)
    assert AccessLog(story.home, "GB").months() == [MONTH, "2015-09"]
    assert [row["month"] for row in looked(service)] == [MONTH, "2015-09"]
    assert len(looked(service, "?month=2015-09")) == 1


def test_many_events_seen_at_once_are_all_named(calais: tuple[Service, Story]) -> None:
    _, story = calais
    log = AccessLog(story.home, "GB")
    ids = [f"01900000-0000-7000-8000-{n:012d}" for n in range(1_100)]
    assert len(log.record(Holder("auditor", "ann", "GB"), ids, Reason("audit", "all of them"))) == 3
    assert [each for row in log.looked() for each in row.objects] == ids
    log.close()


@pytest.mark.parametrize(
    "origin", ["a/access/GB/2015-8", "a/access/UK/2015-08", "access/GB/2015-08", "a/access/GB/2015-13", "joint"]
)
def test_only_the_name_of_an_access_log_makes_a_log_national(origin: str) -> None:
    assert nation_of_log(origin) == ""
    assert nation_of_log("log.example/joint/access/FR/2015-12") == "FR"


def test_a_national_log_is_opened_by_its_nation_alone_and_takes_only_what_is_for_it(tmp_path: Path, store_url: str) -> None:
    with told_in(tmp_path, store_url) as story:
        log = AccessLog(story.home, "GB")
        log.record(Holder("auditor", "ann", "GB"), ["IC-1"], Reason("audit", "because"))
        log.close()
        origin = access_origin(story.home.settings.origin, "GB", MONTH)
        url, _ = log._place(MONTH)
        with pytest.raises(errors.Malformed, match="of GB alone"):
            _open_as(story, "FR", origin)
        ledger = Ledger.open(url, log_key=story.home.key("access-log-GB"), origin=origin, clock=story.home.clock)
        for releasable_to in (["GB", "FR"], ["FR"]):
            said = _said(story, origin, releasable_to)
            with pytest.raises(errors.Malformed, match="for GB alone"):
                ledger.append(said)
        ledger.append(_said(story, origin, ["GB"]))
        ledger.close()


def _said(story: Story, origin: str, releasable_to: list[str]) -> Any:
    author = Author("GB", "GB", story.home.key("access-GB"))
    unsigned = {
        "type": "access.consulted", "stream": "ACCESS-ann", "occurred_at": format_instant(story.clock.now),
        "data": {"objects": ["IC-1"], "purpose": "audit"}, "releasable_to": releasable_to,
    }  # fmt: skip
    return compose_alone(unsigned, author, origin, Sealers({}, {}), story.clock.now)


def _open_as(story: Story, nation: str, origin: str) -> None:
    key = story.home.key(f"authority-{nation}")
    data = {
        "origin": origin, "exercise": True, "rules": 1,
        "authority_keys": [{"nation": nation, "key_id": key.key_id, "public_key": in_base64(key.public)}],
    }  # fmt: skip
    unsigned = {"type": "ledger.opened", "stream": "LEDGER", "occurred_at": format_instant(story.clock.now), "data": data}
    compose(unsigned, Author(nation, nation, key), origin, Sealers({}, {}), story.clock.now)


def test_the_command_line_lists_begins_and_commits(calais: tuple[Service, Story], run: Any) -> None:
    service, story = calais
    service.get(LINES, **WHY)
    home = story.home.path
    code, out, _ = run("--home", home, "access", "list", "gb", "--json")
    assert code == 0 and [row["who"] for row in json.loads(out)["rows"]] == ["auditor-GB"]
    code, out, _ = run("--home", home, "access", "list", "gb", "--who", "auditor-GB")
    assert code == 0 and "inquiry-7" in out and "CANARY-MOTIF" in out
    assert run("--home", home, "access", "open", "gb", "--month", MONTH)[0] == 2
    assert run("--home", home, "access", "open", "fr", "--month", "2015-09", "--json")[0] == 0
    assert "2015-09" in AccessLog(story.home, "FR").months()
    assert json.loads(run("--home", home, "access", "list", "fr", "--json")[1])["rows"] == []
