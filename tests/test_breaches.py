"""What a nation seals against the rules that joint statements are held to counts, and is told to that nation alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.cli.doctor import CHECKS
from api.cli.situation import situation_screen
from api.cli.words import Words
from api.verifying import verify_home
from ledger.formats.entry import format_instant
from projections.fact import NEVER
from tests.story import DAY, DETECTION, Story, correction, id_of, told_in

SECOND = 1_000_000
DISTRESS = {"kind": "small_boat_distress", "place": "CZ"}


@pytest.fixture
def story(tmp_path: Path, store_url: str) -> Iterator[Story]:
    with told_in(tmp_path, store_url) as told:
        yield told
        assert found(told, "FR") == []


def found(story: Story, nation: str = "GB", as_of: int | None = None) -> list[tuple[str, int]]:
    """The breaches a nation is told of: (code, position)."""
    return [(row["code"], row["position"]) for row in story.moment(nation, as_of).situation()["breaches"]]


def outer(story: Story) -> int:
    """Where the entry recorded last stands."""
    return int(story.home.ledger.head())


def test_a_sealed_step_that_does_not_follow_is_told_and_still_counts(story: Story) -> None:
    story.add("incident.opened", "I", DISTRESS)
    known = story.clock.now
    story.seal(story.inner("incident.closed", "I", {"outcome": "over"}))
    assert found(story) == [("order", outer(story))]
    assert found(story, as_of=known) == []
    assert "I" not in story.moment().situation()["open_incidents"], "the closing makes its fact all the same"
    assert "I" in story.moment("FR").situation()["open_incidents"]


def test_a_life_is_what_both_said_and_what_one_sealed_in_the_order_of_the_log(story: Story) -> None:
    story.seal(story.inner("incident.opened", "I", DISTRESS))
    story.seal(story.inner("incident.confirmed", "I", {}))
    story.add("incident.persons_rescued", "I", {"persons": 2, "by": "PAF", "craft": "one"}, "PAF")
    story.seal(story.inner("incident.resolved", "I", {"outcome": "over"}))
    story.seal(story.inner("incident.closed", "I", {"outcome": "accounted"}))
    assert found(story) == []
    story.seal(story.inner("incident.closed", "I", {"outcome": "accounted"}))
    assert found(story) == [("order", outer(story))]


def test_a_retracted_step_is_none_that_a_later_one_follows(story: Story) -> None:
    story.add("incident.opened", "I", DISTRESS)
    closed = story.seal(story.inner("incident.closed", "I", {"outcome": "accounted"}))
    story.seal(story.inner("correction.recorded", "I", correction(closed, "retract")))
    story.seal(story.inner("incident.closed", "I", {"outcome": "accounted"}))
    assert found(story) == []


def test_a_statement_on_a_stream_of_another_kind_is_told_and_counts(story: Story) -> None:
    story.add("incident.opened", "I", DISTRESS)
    story.seal(story.inner("interception.recorded", "I", DETECTION))
    assert story.g1() == 5
    assert found(story) == [("order", outer(story))]


@pytest.mark.parametrize("seconds, code", [(120, []), (121, ["future"])])
def test_a_sealed_statement_from_the_future_is_told_and_counts(story: Story, seconds: int, code: list[str]) -> None:
    recorded_at = story.clock.now + 2 * SECOND
    late = format_instant(recorded_at + seconds * SECOND)
    story.seal(story.inner("interception.recorded", "S", DETECTION, occurred_at=late))
    assert story.clock.now == recorded_at
    assert story.g1() == 5
    assert [code for code, _ in found(story)] == code


def test_the_future_begins_where_the_rules_in_force_say(story: Story) -> None:
    def sealed_ahead() -> None:
        soon = format_instant(story.clock.now + 92 * SECOND)
        story.seal(story.inner("interception.recorded", "S", DETECTION, occurred_at=soon))

    sealed_ahead()
    assert found(story) == []
    story.player.registrar.state("rules.adopted", "REGISTRY", {"rules": 2}, ["GB", "FR"])
    sealed_ahead()
    assert found(story) == [("future", outer(story))]


def test_a_breach_ends_with_its_statement_or_when_that_breaks_nothing_any_more(story: Story) -> None:
    ahead = format_instant(story.clock.now + 3_600 * SECOND)
    first, second = (story.seal(story.inner("interception.recorded", "S", DETECTION, occurred_at=ahead)) for _ in range(2))
    story.seal(story.inner("correction.recorded", "S", correction(first, "amend", {"persons": 6})))
    told = story.clock.now
    assert [code for code, _ in found(story)] == ["future", "future"]
    now = {"occurred_at": format_instant(story.clock.now)}
    story.seal(story.inner("correction.recorded", "S", correction(first, "retime", now)))
    assert len(found(story)) == 1
    story.seal(story.inner("correction.recorded", "S", correction(second, "retract")))
    assert found(story) == []
    assert (story.g1(), len(found(story, as_of=told))) == (6, 2)


def test_a_sealed_correction_of_what_is_not_there_or_not_its_nations_is_told(story: Story) -> None:
    theirs = story.add("interception.recorded", "P", DETECTION, "PAF")
    story.seal(story.inner("correction.recorded", "P", correction(theirs, "amend", {"persons": 50})))
    story.seal(story.inner("correction.recorded", "S", correction(theirs, "amend", {"persons": 50})))
    assert story.g1() == 5
    rows = story.moment().situation()["breaches"]
    assert [row["code"] for row in rows] == ["left_out", "left_out"]
    assert "only the nation that stated it" in rows[0]["reason"]
    assert "nothing of that id" in rows[1]["reason"]


def test_a_sealed_correction_is_told_from_when_a_joint_one_leaves_it_out_until_it_fits_again(story: Story) -> None:
    target = story.add("interception.recorded", "S", DETECTION)
    sealed = story.seal(story.inner("correction.recorded", "S", correction(target, "amend", {"minors": 4})))
    place = outer(story)
    fits = story.clock.now
    less = story.record(story.correct(target, "S", "amend", {"persons": 2}))
    unfit = story.clock.now
    assert (story.g1(), found(story)) == (2, [("left_out", place)])
    assert story.moment().figures(DAY)["people"]["minors_found"] == 0
    story.record(story.correct(less, "S", "retract"))
    assert (story.g1(), found(story)) == (5, [])
    assert story.moment().figures(DAY)["people"]["minors_found"] == 4
    assert (found(story, as_of=fits), found(story, as_of=unfit)) == ([], [("left_out", place)])
    story.record(story.correct(target, "S", "amend", {"persons": 1}))
    story.seal(story.inner("correction.recorded", "S", correction(sealed, "retract")))
    assert found(story) == []


def test_a_sealed_retiming_into_the_future_of_a_joint_statement_is_told_and_counts(story: Story) -> None:
    target = story.add("interception.recorded", "S", DETECTION)
    ahead = {"occurred_at": format_instant(story.clock.now + 3_600 * SECOND)}
    story.seal(story.inner("correction.recorded", "S", correction(target, "retime", ahead)))
    assert found(story) == [("future", outer(story))]
    (line,) = story.moment().explain("G1", DAY)["lines"]
    assert line["occurred_at"] == ahead["occurred_at"]


def test_a_sealed_link_that_would_close_a_ring_is_told_and_left_aside(story: Story) -> None:
    for stream in ("ONE", "TWO"):
        story.add("incident.opened", stream, DISTRESS)
    link = {"relation": "duplicate_of", "confidence": "certain", "basis": "fact"}
    story.add("incident.linked", "ONE", {**link, "to": "TWO"})
    story.seal(story.inner("incident.linked", "TWO", {**link, "to": "ONE"}))
    assert found(story) == [("order", outer(story))]
    assert story.moment().situation()["open_distress"] == ["TWO"]


def test_a_sealed_case_made_of_a_rescue_is_told(story: Story) -> None:
    """Rescue is not evidence-gathering, whoever sees the case."""
    story.add("incident.opened", "BOAT", DISTRESS, "PAF")
    story.seal(story.inner("case.opened", "K", {"kind": "facilitation", "links": ["BOAT"]}))
    assert found(story) == [("not_allowed", outer(story))]


def test_what_is_sealed_by_the_rules_is_not_told(story: Story) -> None:
    target = story.add("interception.recorded", "S", DETECTION)
    story.seal(story.inner("interception.recorded", "T", DETECTION))
    story.seal(story.inner("correction.recorded", "S", correction(target, "amend", {"persons": 6})))
    story.seal(story.inner("annotation.added", "S", {"target": target}))
    story.seal(story.inner("incident.persons_rescued", "U", {"persons": 3, "by": "BF", "craft": "one"}))
    assert found(story) == []
    assert story.parked() == []


def test_a_breach_made_jointly_in_the_end_is_over(story: Story) -> None:
    ahead = format_instant(story.clock.now + 60 * SECOND * 3)
    sealed = story.inner("interception.recorded", "S", DETECTION, occurred_at=ahead)
    story.seal(sealed)
    assert len(found(story)) == 1
    story.clock.now += 600 * SECOND
    story.record(story.jointly(sealed))
    assert (story.g1(), found(story)) == (5, [])


def test_its_own_nation_is_told_everywhere_and_nobody_else_anywhere(story: Story) -> None:
    sealed = story.inner("incident.closed", "I", {"outcome": "canary"}, source={"kind": "system", "ref": "CANARY"})
    story.add("incident.opened", "I", DISTRESS)
    story.seal(sealed)
    gb, fr = (story.moment(nation).situation() for nation in ("GB", "FR"))
    (row,) = gb["breaches"]
    assert (row["event"], row["label"], row["stream"], row["authority"]) == (id_of(sealed), "CANARY", "I", "BF")
    for language, said in (("en", "does not follow in its stream"), ("fr", "ne fait pas suite")):
        words = Words(language)  # type: ignore[arg-type]
        assert any("CANARY" in line and said in line for line in situation_screen(words, story.home, gb))
        assert not any("CANARY" in line or said in line for line in situation_screen(words, story.home, fr))
    looks = {look.setting: look for look in CHECKS["views"](story.home)}
    assert (looks["GB breaches"].value, looks["GB breaches"].is_safe, looks["GB breaches"].is_fatal) == ("1", False, False)
    assert (looks["FR breaches"].value, looks["FR breaches"].is_safe) == ("0", True)
    store = story.home.view("FR").store
    facts = [f for f in store.all_facts(store.live()) if f.ended <= NEVER]
    assert facts
    assert "CANARY" not in json.dumps([fr, [str(f) for f in facts]], default=str)
    assert verify_home(story.home)["problems"] == []


def test_replay_tells_a_breach_with_the_statement_it_is_in(story: Story) -> None:
    from projections.replay import replay

    story.add("incident.opened", "I", DISTRESS)
    story.seal(story.inner("incident.closed", "I", {"outcome": "over"}))
    store = story.moment().store
    rows: list[dict[str, Any]] = replay(store.changed(store.live(), 0, NEVER - 1), 0, NEVER - 1, "I")
    assert [row["type"] for row in rows] == ["statement", "statement"]
    assert "Breach" in rows[-1]["what"]
    assert "Irrégularité" in rows[-1]["quoi"]
