"""Counts of a sealed kind below five are told to nobody whom its nation has not told: not by a size, a sum or a difference."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ledger.formats.entry import format_instant
from projections.differences import reconcile, reconcile_jointly
from projections.released import FEWEST
from tests.served import Service, appoint, serving
from tests.story import DAY, DETECTION, Story, correction, told_in

PARIS_DAY = date(2015, 8, 27)
PATH = "/v1/reconciliations/P2?gb_day=2015-08-26"


@pytest.fixture
def story(tmp_path: Path, store_url: str) -> Iterator[Story]:
    """Five found at Coquelles, whom both nations know of."""
    with told_in(tmp_path, store_url) as made:
        made.add("interception.recorded", "IC-1", DETECTION)
        yield made


def seal(story: Story, persons: int, stream: str = "IC-S", **more: Any) -> str:
    """London seals that so many were found."""
    return story.seal(story.inner("interception.recorded", stream, {**DETECTION, "persons": persons}, **more))


def told(story: Story, as_of: int | None = None, pair: str = "P2") -> dict[str, Any]:
    """What whoever both appointed is told."""
    gb, fr = story.moment("GB", as_of), story.moment("FR", as_of)
    return reconcile_jointly(pair, (gb, fr), (DAY, PARIS_DAY))


def size(answer: dict[str, Any]) -> int:
    """How much of London's figure is told to be sealed."""
    return -sum(step["delta"] for step in answer["steps"] if step["dimension"] == "withheld_by_gb")


def truth(story: Story, as_of: int | None = None) -> int:
    """How much of it is."""
    gb, fr = story.moment("GB", as_of), story.moment("FR", as_of)
    return size(reconcile("P2", gb, DAY, fr, PARIS_DAY))


def issue(story: Story, day: str = "2015-08-26") -> None:
    """London signs its report of what is on record now."""
    story.clock.now += 1_000_000
    at = format_instant(story.clock.now)
    story.moment("GB")
    story.player.direct({"do": "issue_report", "nation": "GB", "day": day, "status": "provisional", "at": at})
    story.clock.now += 1_000_000


def assert_adds_up(answer: dict[str, Any]) -> None:
    assert answer["from"] + sum(step["delta"] for step in answer["steps"]) == answer["to"] and answer["unexplained"] == 0


@pytest.mark.parametrize("persons", range(1, 8))
def test_a_small_count_is_in_no_number_of_the_answer(story: Story, persons: int) -> None:
    before = told(story)
    seal(story, persons)
    answer = told(story)
    assert_adds_up(answer)
    if persons < FEWEST:
        assert answer["fewer_than_five"] == ["GB"] and size(answer) == 0
        assert {name: answer[name] for name in ("from", "to", "steps", "told", "about", "names")} == {
            name: before[name] for name in ("from", "to", "steps", "told", "about", "names")
        }
    else:
        assert answer["fewer_than_five"] == [] and size(answer) == persons == truth(story)


def test_over_the_service_it_is_the_same_and_one_small_count_looks_like_another(tmp_path: Path, store_url: str) -> None:
    with told_in(tmp_path, store_url) as made, serving(made.home) as service:
        appoint(made.home)
        made.add("interception.recorded", "IC-1", DETECTION)
        seal(made, 1)
        one = asked(service, made)
        seal(made, 3)
        four = asked(service, made)
        assert one["fewer_than_five"] == four["fewer_than_five"] == ["GB"]
        assert [one[name] for name in ("from", "to", "steps")] == [four[name] for name in ("from", "to", "steps")]
        assert made.moment("GB").figures(DAY)["figures"]["G1"] == 9


def asked(service: Service, story: Story) -> dict[str, Any]:
    for nation in ("GB", "FR"):
        story.home.projector(nation).follow()
    answer = service.get(PATH, "joint")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_asking_before_and_after_tells_no_small_change(story: Story) -> None:
    """Each answer by itself would be allowed: it is their difference that tells what came in between."""
    instants, counts = [], (7, 1, 2, 1, 2, 4, 4, 9)
    for number, persons in enumerate(counts):
        seal(story, persons, f"IC-{number}")
        instants.append(story.clock.now)
    sizes = [size(told(story, as_of)) for as_of in instants]
    assert [truth(story, as_of) for as_of in instants] == [sum(counts[: n + 1]) for n in range(len(counts))]
    assert sizes == [7, 7, 7, 7, 13, 13, 21, 30]
    for before, after in pairwise(sizes):
        assert after == before or abs(after - before) >= FEWEST
    lacks = [bool(told(story, as_of)["fewer_than_five"]) for as_of in instants]
    assert lacks == [told_ != true for told_, true in zip(sizes, [truth(story, as_of) for as_of in instants], strict=True)]


def test_what_is_told_of_an_instant_stays_what_was_told(story: Story) -> None:
    """Later entries and corrections change what is told of later instants alone."""
    seal(story, 6)
    event = seal(story, 2, "IC-2")
    instant = story.clock.now
    first = told(story, instant)
    story.seal(story.inner("correction.recorded", "IC-2", correction(event, "amend", {"persons": 9})))
    seal(story, 8, "IC-3")
    again = told(story, instant)
    assert [first[name] for name in ("from", "to", "steps", "fewer_than_five")] == [
        again[name] for name in ("from", "to", "steps", "fewer_than_five")
    ]
    assert size(first) == 6 and size(told(story)) == truth(story) == 23


def test_a_sealed_correction_that_takes_few_away_is_as_little_told(story: Story) -> None:
    event = story.add("interception.recorded", "IC-2", {**DETECTION, "persons": 9})
    story.seal(story.inner("correction.recorded", "IC-2", correction(event, "amend", {"persons": 6})))
    answer = told(story)
    assert truth(story) == -3 and size(answer) == 0 and answer["fewer_than_five"] == ["GB"]
    assert_adds_up(answer)


def test_what_a_nation_has_signed_is_told_and_what_came_since_is_not(story: Story) -> None:
    """Its official saw what the figure rests on, and signed it."""
    seal(story, 2)
    assert size(told(story)) == 0
    issue(story)
    answer = told(story)
    assert size(answer) == 2 and answer["fewer_than_five"] == []
    assert_adds_up(answer)
    seal(story, 1, "IC-LATER")
    answer = told(story)
    assert size(answer) == 2 and answer["fewer_than_five"] == ["GB"]
    seal(story, 4, "IC-LATEST")
    assert size(told(story)) == truth(story) == 7


@pytest.mark.parametrize(("declared", "stated"), [(2, 2), (None, 0), (3, 0)])
def test_a_figure_that_is_withheld_is_told_as_far_as_its_size_is_declared(
    story: Story, declared: int | None, stated: int
) -> None:
    """A size that is not what is sealed is nobody's to believe."""
    seal(story, 2)
    moment = story.moment("GB")
    figures = {code: n for code, n in moment.figures(DAY)["figures"].items() if code != "G1"}
    withheld = {"code": "G1"} if declared is None else {"code": "G1", "size": declared}
    report = {
        "nation": "GB", "day": DAY.isoformat(), "status": "provisional", "revision": 0, "position": moment.position,
        "ruleset": moment.ruleset().name, "tzdata": "2025b", "code": "entente/0", "figures": figures, "withheld": [withheld],
    }  # fmt: skip
    story.record(story.compose("report.issued", f"REPORT-GB-{DAY}", report, story.player._official("GB")))
    answer = told(story)
    assert size(answer) == stated and bool(answer["fewer_than_five"]) == (stated != 2)


def test_a_suspect_who_becomes_known_to_both_is_told_as_no_longer_sealed(story: Story) -> None:
    """Somebody counted once: what London sealed becomes nothing by what is said to both."""
    opened = {"kind": "facilitation"}
    arrest = {"suspect": "S-1", "suspicion": "facilitation", "measure": "arrest"}
    story.add("case.opened", "CASE-1", opened)
    story.seal(story.inner("case.suspect_arrested", "CASE-1", arrest))
    assert told(story, pair="P3")["fewer_than_five"] == ["GB"]
    story.add("case.suspect_arrested", "CASE-1", arrest)
    answer = told(story, pair="P3")
    assert answer["fewer_than_five"] == [] and answer["from"] == 1
