"""Whole nights, played from signed event to reconciled figure on both stores, against answers reckoned by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.playing import difference, each_scenario, figures, load, situation, steps


@each_scenario()
def test_a_night_is_told_as_it_was_reckoned_by_hand(path: Path, home_of: Any) -> None:
    scenario = load(path)
    home = home_of(scenario)
    expected = scenario["expected"]
    for want in expected.get("figures", ()):
        got = figures(home, want["view"], want["day"], want["as_of"])
        assert got["figures"] == want["figures"], (path.stem, want["view"], want["day"], want["as_of"])
    for want in expected.get("situation", ()):
        got = situation(home, want["view"], want["as_of"])
        for name in want.keys() - {"view", "as_of"}:
            assert named(got[name]) == want[name], (path.stem, want["view"], want["as_of"], name)
    for want in expected.get("reconciliations", ()):
        got = difference(home, want["pair"], want["gb"]["day"], want["gb"]["as_of"], want["fr"]["day"], want["fr"]["as_of"])
        assert (got["from"], got["to"]) == (want["from"], want["to"])
        assert steps(got) == want["steps"], (path.stem, want["pair"])
        assert got["unexplained"] == want["unexplained"] == 0


@each_scenario()
def test_a_view_followed_event_by_event_is_the_view_rebuilt_at_once(path: Path, home_of: Any) -> None:
    scenario = load(path)
    home = home_of(scenario)
    for nation in ("GB", "FR"):
        projector = home.projector(nation)
        followed = projector.digest()
        projector.rebuild()
        assert projector.digest() == followed


def named(rows: list[Any]) -> list[Any]:
    """Lists of streams as they are; lists of events by their authors' references."""
    return [row["label"] if isinstance(row, dict) else row for row in rows]
