"""The difference between the capitals over HTTP: whole to nobody who may not have it, and always adding up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.tokens import VIEWERS
from ledger.formats.entry import format_instant
from projections.differences import reconcile
from tests.playing import at, load
from tests.served import HOLDERS, Service, appoint, serving
from tests.story import DAY, DETECTION, Story, told_in

NIGHT = load(Path(__file__).resolve().parent.parent / "api" / "nights" / "first-night.json")
ENDS = "gb_day=2015-08-26&gb_as_of=2015-08-27T05:00:00Z&fr_day=2015-08-27&fr_as_of=2015-08-27T07:00:00Z"
WHY = {"Entente-Purpose": "audit", "Entente-Motif": "the night of 26 August"}
FR_DAY = date(2015, 8, 27)


@pytest.fixture
def night(home_of: Any) -> Iterator[Service]:
    """The first night, with both nations' reports, on either store."""
    home = home_of(NIGHT)
    appoint(home)
    with serving(home) as service:
        yield service


@pytest.fixture
def sealed(tmp_path: Path, store_url: str) -> Iterator[tuple[Service, Story]]:
    """Five found whom both know of and seven that London sealed; London then signs its report, or does not."""
    with told_in(tmp_path, store_url) as story, serving(story.home) as service:
        story.add("interception.recorded", "IC-1", DETECTION)
        story.seal(story.inner("interception.recorded", "IC-CANARY", {**DETECTION, "persons": 7}))
        for nation in ("GB", "FR"):
            story.home.projector(nation).follow()
        yield service, story


def asked(service: Service, pair: str, ends: str, who: str) -> dict[str, Any]:
    answer = service.get(f"/v1/reconciliations/{pair}?{ends}", who, **WHY)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sizes(answer: dict[str, Any]) -> list[tuple[str, int]]:
    return [(step["dimension"], step["delta"]) for step in answer["steps"]]


def test_who_sees_both_sides_gets_what_the_command_line_says(night: Service) -> None:
    for pair in ("P1", "P2", "P3", "P4", "P5"):
        gb, fr = (night.home.view(n).at(at(i)) for n, i in (("GB", "2015-08-27T05:00:00Z"), ("FR", "2015-08-27T07:00:00Z")))
        said, told = reconcile(pair, gb, DAY, fr, FR_DAY), asked(night, pair, ENDS, "joint")
        by_event = {"told": None, "about": None, "names": None}
        more = {**by_event, "exercise": True, "fewer_than_five": []}
        assert {**told, "steps": sizes(told), **by_event} == {**said, "steps": sizes(said), **more}
        is_whole = all(not step["dimension"].startswith("withheld") for step in said["steps"])
        assert is_whole == (told["steps"] == said["steps"]) and (told["told"] == said["told"] or not is_whole)


def test_each_nation_alone_comes_to_what_both_have_signed(night: Service) -> None:
    """From London's figure to what Paris has signed, and the other way round, by the same steps."""
    for who in ("GB auditor", "FR liaison"):
        for pair in ("P1", "P2", "P3", "P4", "P5"):
            alone, joint = asked(night, pair, ENDS, who), asked(night, pair, ENDS, "joint")
            assert alone["unexplained"] == 0 and alone["not_stated"] == []
            other = "fr" if who[:2] == "GB" else "gb"
            assert alone[other]["report"]["value"] == joint["to" if other == "fr" else "from"], (who, pair)
            if pair == "P2":
                assert (alone["from"], alone["to"]) == (10, 31) and alone["told"] == joint["told"]


def test_paris_learns_no_size_that_london_has_not_signed(sealed: tuple[Service, Story]) -> None:
    service, story = sealed
    ends = "gb_day=2015-08-26&fr_day=2015-08-27"
    before = service.get(f"/v1/reconciliations/P2?{ends}", "FR auditor")
    assert "CANARY" not in before.text and before.json()["not_stated"] == ["GB"] and before.json()["gb"]["report"] is None
    assert before.json()["from"] == 5 and before.json()["unexplained"] == 0
    moment = story.moment("GB")
    story.player.direct({"do": "issue_report", "nation": "GB", "day": "2015-08-26", "status": "provisional", "at": _now(story)})
    story.home.projector("FR").follow()
    after = service.get(f"/v1/reconciliations/P2?{ends}", "FR auditor")
    assert "CANARY" not in after.text and after.json()["from"] == 12 == moment.figures(DAY)["figures"]["G1"]
    first = after.json()["steps"][0]
    assert first == {"dimension": "withheld_by_gb", "delta": -7, "items": [], "not_communicated": True}
    own = asked(service, "P2", ends, "GB auditor")["steps"][0]
    assert (own["dimension"], own["delta"], own["items"][0]["key"]) == ("withheld_by_gb", -7, "IC-CANARY")
    (look,) = service.get("/v1/views/gb/access").json()["rows"]
    assert len(look["objects"]) == 1 and look["who"] == "auditor-GB"
    covered = service.get(f"/v1/reconciliations/P2?{ends}", "GB auditor")
    assert covered.json()["steps"][0] == first and "CANARY" not in covered.text


def test_who_sees_both_sides_sees_of_what_is_sealed_its_size_alone(sealed: tuple[Service, Story]) -> None:
    service, _ = sealed
    appoint(service.home)
    answer = service.get("/v1/reconciliations/P2?gb_day=2015-08-26", "joint")
    assert "CANARY" not in answer.text and answer.json()["from"] == 12 and answer.json()["fewer_than_five"] == []
    assert answer.json()["steps"][0] == {"dimension": "withheld_by_gb", "delta": -7, "items": [], "not_communicated": True}


def test_a_reconciliation_is_for_people_of_the_two_nations(sealed: tuple[Service, Story]) -> None:
    appoint(sealed[0].home)
    for who in (*HOLDERS, "nobody"):
        answer = sealed[0].get("/v1/reconciliations/P2?gb_day=2015-08-26", who)
        allowed = who == "joint" or (who in HOLDERS and HOLDERS[who].role in VIEWERS)
        assert answer.status_code == (200 if allowed else 401 if who == "nobody" else 403), who
    for path in ("figures?day=2015-08-26", "incidents", "situation"):
        assert sealed[0].get(f"/v1/views/gb/{path}", "joint").status_code == 403


def test_a_senseless_reconciliation_names_its_field(sealed: tuple[Service, Story]) -> None:
    appoint(sealed[0].home)
    for path, field in (
        ("P9?gb_day=2015-08-26", "pair"),
        ("P2", "gb_day"),
        ("P2?gb_day=x", "gb_day"),
        ("P2?gb_day=2015-08-26&fr_day=x", "fr_day"),
        ("P2?gb_day=2015-08-26&fr_as_of=x", "fr_as_of"),
    ):
        for who in ("GB auditor", "joint"):
            answer = sealed[0].get(f"/v1/reconciliations/{path}", who)
            assert (answer.status_code, answer.json()["field"]) == (400, field), path


def _now(story: Story) -> str:
    return format_instant(story.clock.now)
