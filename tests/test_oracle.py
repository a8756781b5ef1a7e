"""The second calculation against answers found by other means: the shared night at Calais, and nights reckoned by hand."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.oracle import beside, contradictions, figures, night_of, nights, people, random_night, reconcile, situation
from tests.oracle.lives import breaches
from tests.oracle.scene import days_of, instants_of
from tests.oracle.shrink import smaller

ROOT = Path(__file__).parent.parent
SHARED = sorted((ROOT.parent / "shared" / "scenarios").glob("*.json"))  # beside the repository, where there is one
BY_HAND = sorted((ROOT / "tests" / "nights").glob("*.json"))


def questions():
    """(file, kind of question, the question with its expected answer), one test each."""
    for path in (*SHARED, *BY_HAND):
        for kind, asked in json.loads(path.read_text())["expected"].items():
            for number, question in enumerate(asked):
                yield pytest.param(path, kind, question, id=f"{path.stem}-{kind}-{number}")


@pytest.mark.parametrize(("path", "kind", "question"), list(questions()))
def test_every_expected_answer(path, kind, question):
    night = night_of(json.loads(path.read_text()))
    if kind == "figures":
        asked = (night, question["view"], question["day"], question["as_of"])
        assert figures(*asked) == question["figures"]
        assert beside(*asked).items() >= question.get("beside", {}).items()
        assert people(*asked).items() >= question.get("people", {}).items()
    elif kind == "situation":
        answer = situation(night, question["view"], question["as_of"])
        assert {name: answer[name] for name in question if name in answer} == {
            name: value for name, value in question.items() if name in answer
        }
    elif kind == "contradictions":
        answer = contradictions(night, question["view"], question["as_of"])
        assert [list(pair) for pair in answer] == question["contradictions"]
    else:
        gb, fr = question["gb"], question["fr"]
        answer = reconcile(night, question["pair"], gb["day"], gb["as_of"], fr["day"], fr["as_of"])
        assert answer == {name: question[name] for name in ("from", "to", "steps", "unexplained")}


def test_there_are_nights_reckoned_by_hand():
    assert len(BY_HAND) >= 10


@pytest.mark.parametrize("path", BY_HAND, ids=lambda path: path.stem)
def test_a_night_reckoned_by_hand_is_lawful_and_says_why(path):
    scenario = json.loads(path.read_text())
    assert breaches(scenario) == []
    assert scenario["note"]


@pytest.mark.parametrize("seed", range(40))
def test_a_random_night_is_lawful_and_the_same_for_the_same_seed(seed):
    night = random_night(seed, 10 + seed)
    assert breaches(night) == []
    assert len(night["events"]) == 10 + seed
    assert night == random_night(seed, 10 + seed)


def test_random_nights_contain_what_they_are_for():
    events = [event for seed in range(60) for event in random_night(seed, 60)["events"]]
    refused = {"incident.reopened": 1, "correction.accepted": 1, "incident.link_withdrawn": 1}
    counts = {kind: sum(event["type"] == kind for event in events) for kind in {event["type"] for event in events}}
    assert all(counts.get(kind, 0) >= floor for kind, floor in refused.items())
    kinds = [event["data"]["kind"] for event in events if event["type"] == "correction.recorded"]
    assert all(kinds.count(kind) >= 20 for kind in ("retract", "retime", "relocate", "amend", "reclassify"))
    assert sum(len(event["releasable_to"]) == 1 for event in events) >= 200


@pytest.mark.parametrize("seed", range(12))
def test_the_oracle_agrees_with_itself(seed):
    """What must hold of any night: the ends of a reconciliation are the figures, parts add up, both settle after everything."""
    scenario = random_night(1000 + seed, 40)
    night, last = night_of(scenario), instants_of(scenario)[-1]
    ends = {"P1": ("G2", "F1"), "P2": ("G1", "F3"), "P3": ("G6", "F8"), "P4": ("G5", "F4"), "P5": ("G9", "F7")}
    for day in days_of(scenario):
        british, french = figures(night, "GB", day, last), figures(night, "FR", day, last)
        assert british["G5"] == british["G5.prevented"] + british["G5.rescued_landed_fr"]
        assert french["F1"] == sum(value for code, value in french.items() if code.startswith("F1."))
        for pair, (of_london, of_paris) in ends.items():
            answer = reconcile(night, pair, day, last, day, last)
            assert (answer["from"], answer["to"], answer["unexplained"]) == (british[of_london], french[of_paris], 0)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(nights(max_size=25))
def test_nights_drawn_by_hypothesis_are_lawful(night):
    assert breaches(night) == []
    for as_of in instants_of(night)[:5]:
        situation(night_of(night), "FR", as_of)
        contradictions(night_of(night), "FR", as_of)


def test_a_failing_night_shrinks_to_what_fails():
    """A planted disagreement: a rule that forgets Paris's deaths is found out by a night of one event."""
    scenario = next(n for n in map(random_night, range(100)) if deaths(n))
    small = smaller(scenario, lambda night: deaths(night) > 0)
    assert [event["type"] for event in small["events"]] == ["incident.casualty_recorded"]
    assert len(scenario["events"]) == 30


def deaths(scenario):
    last = instants_of(scenario)[-1]
    return sum(figures(night_of(scenario), "FR", day, last)["F7"] for day in days_of(scenario))
