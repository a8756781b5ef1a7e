"""Lists of incidents, detections and cases over HTTP: read in parts that do not move, by the nation whose view it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.formats.entry import format_instant
from tests.served import HOLDERS, Service, item, serving
from tests.story import DETECTION, Story, correction, told_in

WHY = {"Entente-Purpose": "audit", "Entente-Motif": "the night of 26 August"}
LISTS = ("incidents", "interceptions", "cases")
BOAT = {"kind": "small_boat_distress", "place": "CZ", "persons_on_board": {"best": 30, "min": 28, "max": 33}}
AFLOAT = {"lat_e6": 50_990_000, "lon_e6": 1_510_000}


@pytest.fixture
def calais(tmp_path: Path, store_url: str) -> Iterator[tuple[Service, Story]]:
    """A boat, a false alarm, four detections, a case, and what London sealed of each, on either store."""
    with told_in(tmp_path, store_url) as story, serving(story.home) as service:
        story.add("incident.opened", "INC-BOAT", {**BOAT, "position": AFLOAT})
        story.add("incident.persons_rescued", "INC-BOAT", {"persons": 30, "craft": "BOAT-1", "by": "BF"})
        story.add(
            "incident.persons_disembarked",
            "INC-BOAT",
            {"persons": 28, "side": "GB", "craft": "BOAT-1", "unaccounted": 2, "landed_at": "DOVER"},
        )
        story.add("incident.opened", "INC-ALARM", {"kind": "fence_breach", "place": "CZ"})
        story.add("incident.declared_unfounded", "INC-ALARM", {"reason": "wind"})
        for number in range(4):
            story.add("interception.recorded", f"IC-{number}", {**DETECTION, "persons": number + 1})
        story.add("interception.handed_over", "IC-3", {"from": "BF", "to": "PAF", "accepted": 3})
        story.add("case.opened", "CASE-1", {"kind": "facilitation", "links": ["IC-3"]})
        story.add("case.suspect_arrested", "CASE-1", {"suspect": "S1", "suspicion": "facilitation", "measure": "arrest"})
        story.seal(story.inner("incident.opened", "INC-CANARY", BOAT))
        story.seal(story.inner("interception.recorded", "IC-CANARY", {**DETECTION, "persons": 7}))
        follow(story)
        yield service, story


def follow(story: Story) -> None:
    for nation in ("GB", "FR"):
        story.home.projector(nation).follow()


def rows(service: Service, path: str, who: str = "GB auditor") -> list[dict[str, Any]]:
    answer = service.get(f"/v1/views/{path}", who, **WHY)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def test_an_incident_says_what_became_of_its_people(calais: tuple[Service, Story]) -> None:
    boat, alarm, sealed = rows(calais[0], "gb/incidents")
    assert (boat["stream"], boat["state"], boat["kind"], boat["distress"]) == ("INC-BOAT", "open", "small_boat_distress", True)
    assert (boat["aboard"], boat["rescued"], boat["disembarked"], boat["unaccounted"]) == (30, 30, 28, 2)
    assert (boat["longitude_e6"], boat["latitude_e6"], boat["sealed"]) == (1_510_000, 50_990_000, False)
    assert (alarm["stream"], alarm["state"], alarm["opening_on_record"]) == ("INC-ALARM", "unfounded", False)
    assert (sealed["stream"], sealed["sealed"]) == ("INC-CANARY", True)


def test_a_detection_and_a_case_say_how_many_and_who_took_them_over(calais: tuple[Service, Story]) -> None:
    found = {row["stream"]: row for row in rows(calais[0], "gb/interceptions")}
    assert (found["IC-3"]["found"], found["IC-3"]["accepted"], found["IC-3"]["place"]) == (4, 3, "CZ")
    (case,) = rows(calais[0], "gb/cases")
    assert (case["stream"], case["kind"], case["suspects"], case["arrests"]) == ("CASE-1", "facilitation", 1, 1)
    assert "S1" not in str(case)


def test_a_list_read_in_parts_does_not_move_under_new_events(calais: tuple[Service, Story]) -> None:
    """Between two parts a detection is added, one is corrected away and the view is made anew: the reader notices nothing."""
    service, story = calais
    whole = rows(service, "gb/interceptions")
    first = service.get("/v1/views/gb/interceptions?limit=2", **WHY).json()
    assert [row["stream"] for row in first["rows"]] == ["IC-0", "IC-1"]
    service.post(item(story, 100, "IC-LATE"))
    retracted = next(row["event"] for row in whole if row["stream"] == "IC-2")
    story.record(story.correct(retracted, "IC-2", "retract"))
    story.home.projector("GB").rebuild()
    found, cursor = first["rows"], first["next"]
    while cursor is not None:
        part = service.get(f"/v1/views/gb/interceptions?limit=2&cursor={cursor}", **WHY).json()
        assert part["position"] == first["position"] and part["as_of"] == first["as_of"]
        found, cursor = found + part["rows"], part["next"]
    assert found == whole
    assert {row["stream"] for row in rows(service, "gb/interceptions")} ^ {row["stream"] for row in whole} == {
        "IC-LATE",
        "IC-2",
    }


def test_filters_leave_what_was_asked_for(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    assert [row["stream"] for row in rows(service, "gb/incidents?state=unfounded")] == ["INC-ALARM"]
    assert rows(service, "gb/incidents?day=2015-08-25") == [] and len(rows(service, "gb/incidents?day=2015-08-26")) == 3
    at = rows(service, "gb/interceptions")[2]["occurred_at"]
    assert [row["stream"] for row in rows(service, f"gb/interceptions?to={at}")] == ["IC-0", "IC-1"]
    assert rows(service, f"gb/interceptions?from={at}")[0]["stream"] == "IC-2"
    assert [row["stream"] for row in rows(service, f"gb/interceptions?as_of={at}")] == ["IC-0", "IC-1", "IC-2"]
    assert rows(service, "gb/incidents?as_of=2001-01-01T00:00:00Z") == []


SENSELESS = (
    *((f"cursor={cursor}", "cursor") for cursor in ("x", "1", "1.", "0.1", "1.2.3", "-1.2", "9" * 39, "1%00.2")),
    ("cursor=999999.1", "position"),
    ("state=ajar", "state"),
    ("day=2015-08-26&from=2015-08-26T00:00:00Z", "day"),
    ("from=yesterday", "from"),
    ("to=2015-08-26", "to"),
    ("limit=0", "limit"),
    ("limit=501", "limit"),
)


def test_what_london_sealed_is_covered_until_somebody_says_why(calais: tuple[Service, Story]) -> None:
    """And the look is on record then, with what was sealed alone."""
    service, _ = calais
    for name in ("incidents", "interceptions"):
        covered = service.get(f"/v1/views/gb/{name}")
        assert covered.json()["covered"] == 1 and "CANARY" not in covered.text
        assert [row for row in rows(service, f"gb/{name}") if not row["sealed"]] == covered.json()["rows"]
    sealed = {row["event"] for name in LISTS for row in rows(service, f"gb/{name}") if row["sealed"]}
    looked = service.get("/v1/views/gb/access").json()["rows"]
    assert {event for row in looked for event in row["objects"]} == sealed and len(sealed) == 2


def test_a_sealed_correction_leaves_the_joint_row_as_it_was(calais: tuple[Service, Story]) -> None:
    service, story = calais
    before = {row["stream"]: row for row in service.get("/v1/views/gb/interceptions").json()["rows"]}
    target = before["IC-2"]["event"]
    story.seal(story.inner("correction.recorded", "IC-2", correction(target, "amend", {"persons": 1})))
    story.home.projector("GB").follow()
    covered = service.get("/v1/views/gb/interceptions").json()
    assert {row["stream"]: row for row in covered["rows"]}["IC-2"] == before["IC-2"] and covered["covered"] == 2
    assert {row["stream"]: row["found"] for row in rows(service, "gb/interceptions")}["IC-2"] == 1


def test_a_senseless_filter_names_its_field(calais: tuple[Service, Story]) -> None:
    for query, field in SENSELESS:
        answer = calais[0].get(f"/v1/views/gb/incidents?{query}")
        assert (answer.status_code, answer.json()["field"]) == (400, field), query


def test_a_cursor_is_not_mixed_with_another_instant(calais: tuple[Service, Story]) -> None:
    service, story = calais
    at = rows(service, "gb/interceptions")[2]["occurred_at"]
    cursor = service.get("/v1/views/gb/interceptions?limit=1").json()["next"]
    assert service.get(f"/v1/views/gb/interceptions?limit=1&cursor={cursor}&as_of={at}").json()["field"] == "cursor"
    now = format_instant(story.clock.now)
    assert service.get(f"/v1/views/gb/interceptions?limit=1&cursor={cursor}&as_of={now}").json()["rows"][0]["stream"] == "IC-1"


def test_a_list_is_for_its_own_nations_people(calais: tuple[Service, Story]) -> None:
    for name in LISTS:
        for who in (*HOLDERS, "nobody"):
            answer = calais[0].get(f"/v1/views/gb/{name}", who)
            allowed = who.startswith("GB ") and who != "GB dpo"
            assert answer.status_code == (200 if allowed else 401 if who == "nobody" else 403), (who, name)
            assert allowed or "IC-" not in answer.text


def test_what_london_sealed_is_on_no_list_of_paris(calais: tuple[Service, Story]) -> None:
    for name in LISTS:
        answer = calais[0].get(f"/v1/views/fr/{name}", "FR auditor", **WHY)
        assert answer.status_code == 200 and "CANARY" not in answer.text, name
        assert len(answer.json()["rows"]) == len(rows(calais[0], f"gb/{name}")) - (name != "cases")
