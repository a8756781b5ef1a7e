"""Play a scenario into a home on either store, and ask it what the scenario asks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api import exercise
from api.authoring import instant
from api.home import Home
from api.settings import Settings
from ledger.formats.entry import parse_instant
from projections.differences import reconcile

ROOT = Path(__file__).resolve().parent.parent
OWN_NIGHTS = ROOT / "tests" / "nights"
FIRST_NIGHT = ROOT / "api" / "nights" / "first-night.json"
SHARED = ROOT.parent / "shared" / "scenarios"


def scenarios() -> list[Path]:
    """The project's own nights, and those beside the clone where there are any."""
    return sorted([*OWN_NIGHTS.glob("*.json"), *(SHARED.glob("*.json") if SHARED.is_dir() else ())])


def each_scenario() -> pytest.MarkDecorator:
    """Run a test once a scenario."""
    return pytest.mark.parametrize("path", scenarios(), ids=lambda p: p.stem)


def load(path: Path) -> dict[str, Any]:
    """A scenario file."""
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def play(home: Path, scenario: dict[str, Any], store_url: str) -> Home:
    """Play into a fresh home: on PostgreSQL the log and both views are in one database, each in a schema of its own."""
    settings = Settings(str(scenario["origin"]), True)
    if store_url.startswith("postgresql"):
        settings = Settings(str(scenario["origin"]), True, store_url, store_url, store_url)
    return exercise.run(home, scenario, settings)


@pytest.fixture(scope="session")
def first_night_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first night, played once on SQLite: whoever wants a night of its own copies the folder."""
    folder = tmp_path_factory.mktemp("first-night") / "home"
    play(folder, load(FIRST_NIGHT), "sqlite://").close()
    return folder


@pytest.fixture
def first_night(tmp_path: Path, store_url: str, request: pytest.FixtureRequest) -> Iterator[Home]:
    """The first night with its four reports, on the store at hand; its clock stands at the last entry."""
    if store_url.startswith("sqlite"):
        home = Home.open(shutil.copytree(request.getfixturevalue("first_night_once"), tmp_path / "night"))
    else:
        home = play(tmp_path / "night", load(FIRST_NIGHT), store_url)
    last = home.reader.recorded_at(home.reader.head())
    home.clock = lambda: last
    with home:
        yield home


@pytest.fixture
def home_of(tmp_path: Path, store_url: str) -> Iterator[Any]:
    """A function that plays a scenario into a home on the store at hand; closed afterwards."""
    homes: list[Home] = []

    def start(scenario: dict[str, Any]) -> Home:
        homes.append(play(tmp_path / f"home-{len(homes)}", scenario, store_url))
        return homes[-1]

    yield start
    for home in homes:
        home.close()


def at(text: str | None) -> int | None:
    """Microseconds of an instant as scenarios write it."""
    return parse_instant(instant(text)) if text else None


def figures(home: Home, view: str, day: str, as_of: str | None) -> dict[str, Any]:
    """The answer of `entente figures`."""
    return home.view(view).at(at(as_of)).figures(date.fromisoformat(day))


def situation(home: Home, view: str, as_of: str | None) -> dict[str, Any]:
    """The answer of `entente situation`."""
    return home.view(view).at(at(as_of)).situation()


def difference(home: Home, pair: str, gb_day: str, gb_as_of: str | None, fr_day: str, fr_as_of: str | None) -> dict[str, Any]:
    """The answer of `entente reconcile`."""
    gb, fr = home.view("GB").at(at(gb_as_of)), home.view("FR").at(at(fr_as_of))
    return reconcile(pair, gb, date.fromisoformat(gb_day), fr, date.fromisoformat(fr_day))


def steps(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Steps as scenarios write them: items by label."""
    return [
        {"dimension": s["dimension"], "delta": s["delta"], "items": {i["label"]: i["delta"] for i in s["items"]}}
        for s in answer["steps"]
    ]
