"""Random lawful nights: every figure, situation and reconciliation against a deliberately naive second calculation.

The oracle recomputes everything from scratch over plain lists, from the written rules, without sight of the projections. A few
nights run on every test run, thousands in the campaign (`python -m tests.campaign`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from projections import british
from projections.nations import FIRST
from projections.ruleset import term
from tests import oracle
from tests.memory import MemoryHome, play_in_memory
from tests.oracle.scene import days_of, instants_of
from tests.playing import difference, play, situation, steps
from tests.playing import figures as answer

SEEDS = range(12)
EVENTS_A_NIGHT = 40
PAIRS = ("P1", "P2", "P3", "P4", "P5")
# Where the rule leaves room the two calculations name more or fewer of the events involved; hand-written stories tell those
# apart instead (test_contradictions.py).
EXACT = ("C4", "C7")


def positions(scenario: dict[str, Any], last: int) -> list[tuple[int, dict[str, Any]]]:
    """The scenario's events with the positions they took: after the registry, in order of recording, ties in file order."""
    ordered = sorted(scenario["events"], key=lambda e: e["recorded_at"])
    return [(last - len(ordered) + 1 + n, event) for n, event in enumerate(ordered)]


def disagreements(home: Any, scenario: dict[str, Any], last: int, rng: Random, questions: int) -> list[str]:
    """What the two calculations tell differently, of so many instants and pairs drawn at random."""
    night = oracle.night_of(scenario, positions(scenario, last))
    days, instants = days_of(scenario), instants_of(scenario)
    told = [row for nation in ("GB", "FR") for row in home.view(nation).parked()]
    found = [f"parked: {row}" for row in told]
    for view in ("GB", "FR"):
        for at in [*rng.sample(instants, min(questions, len(instants))), instants[-1]]:
            for day in days:
                found += _figures(home, night, view, day, at)
            found += _situation(home, night, view, at)
    for _ in range(questions):
        ends = (rng.choice(days), rng.choice(instants), rng.choice(days), rng.choice(instants))
        for pair in PAIRS:
            got, want = difference(home, pair, *ends), oracle.reconcile(night, pair, *ends)
            mine = {"from": got["from"], "to": got["to"], "steps": steps(got), "unexplained": got["unexplained"]}
            if mine != want:
                found.append(f"{pair} {ends}: {mine} is not {want}")
    return found


def _figures(home: Any, night: Any, view: str, day: str, at: str) -> list[str]:
    got = answer(home, view, day, at)
    people = {}
    for name, value in got["people"].items():
        people[name] = value if name == "disembarked" or isinstance(value, int) else value.get("total", value.get("stated"))
    people.pop("minors_received")
    wanted = {
        "figures": oracle.figures(night, view, day, at),
        "beside": oracle.beside(night, view, day, at),
        "people": oracle.people(night, view, day, at),
    }
    mine = {"figures": got["figures"], "beside": got["beside"], "people": people}
    return [
        f"{name} {view} {day} as of {at}: {mine[name]} is not {wanted[name]}" for name in wanted if mine[name] != wanted[name]
    ]


def _situation(home: Any, night: Any, view: str, at: str) -> list[str]:
    got, want = situation(home, view, at), oracle.situation(night, view, at)
    found = []
    for name, rows in want.items():
        mine = sorted(row["label"] if isinstance(row, dict) else row for row in got[name])
        if mine != rows:
            found.append(f"{name} {view} as of {at}: {mine} is not {rows}")
    shown = sorted((c["code"], sorted(e["label"] for e in c["events"])) for c in got["contradictions"] if c["code"] in EXACT)
    wanted = [c for c in oracle.contradictions(night, view, at) if c[0] in EXACT]
    return found if shown == wanted else [*found, f"contradictions {view} as of {at}: {shown} is not {wanted}"]


@pytest.mark.parametrize("seed", SEEDS)
def test_two_independent_calculations_tell_the_same_night(seed: int, tmp_path: Path) -> None:
    scenario = oracle.random_night(seed, EVENTS_A_NIGHT)
    home = play_in_memory(tmp_path, scenario)
    assert disagreements(home, scenario, home.ledger.position, Random(seed), questions=4) == []
    digests(home)
    home.close()


def digests(home: MemoryHome) -> None:
    """Followed in pieces and rebuilt at once must be the same, byte for byte."""
    for nation in ("GB", "FR"):
        projector = home.projector(nation)
        followed = projector.digest()
        projector.rebuild()
        assert projector.digest() == followed


def test_two_independent_calculations_tell_the_same_night_from_either_store(tmp_path: Path, store_url: str) -> None:
    scenario = oracle.random_night(7, 60)
    home = play(tmp_path / "home", scenario, store_url)
    assert disagreements(home, scenario, home.ledger.head(), Random(7), questions=6) == []
    home.close()


def test_a_planted_defect_in_a_figure_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself can fail: deaths counted on one side only are noticed."""
    wrong = [figures_without_side(i) for i in british.GB1.indicators]
    monkeypatch.setattr("projections.nations.FIRST", {**_first(), "GB": _with(british.GB1, tuple(wrong))})
    monkeypatch.setattr("projections.nations.RULESETS", {"gb/1": _with(british.GB1, tuple(wrong)), "fr/1": _first()["FR"]})
    found: list[str] = []
    for seed in SEEDS:
        folder = tmp_path / str(seed)
        folder.mkdir()
        scenario = oracle.random_night(seed, EVENTS_A_NIGHT)
        home = play_in_memory(folder, scenario)
        found += disagreements(home, scenario, home.ledger.position, Random(seed), questions=2)
        home.close()
        if found:
            break
    assert any("figures GB" in line for line in found)


def figures_without_side(indicator: Any) -> Any:
    """G9 as it would be if it counted the French side only."""
    if indicator.code != "G9":
        return indicator
    return type(indicator)(
        indicator.code, indicator.en, indicator.fr, indicator.unit, (term("casualty", code="fatal", side="FR"),)
    )


def _with(ruleset: Any, indicators: tuple[Any, ...]) -> Any:
    return replace(ruleset, indicators=indicators)


def _first() -> dict[str, Any]:
    return dict(FIRST)


def test_every_figure_is_the_sum_of_its_lines(tmp_path: Path) -> None:
    scenario = oracle.random_night(3, 60)
    home = play_in_memory(tmp_path, scenario)
    asked = 0
    for nation in ("GB", "FR"):
        moment = home.view(nation).at(None)
        for day in days_of(scenario):
            values = moment.figures(date.fromisoformat(day))
            for code, value in {**values["figures"], **values["beside"]}.items():
                told = moment.explain(code, date.fromisoformat(day))
                assert sum(line["quantity"] for line in told["lines"]) == told["value"] == value, (nation, day, code)
                asked += bool(value)
    assert asked > 10, "some figures must have had a value"
    home.close()
