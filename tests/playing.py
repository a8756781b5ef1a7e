"""Play a scenario into a home on either store, and ask it what the scenario asks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy.engine import make_url

from api import exercise
from api import settings as settings_file
from api.authoring import instant
from api.home import Home
from api.settings import Settings
from ledger.formats.entry import parse_instant
from projections.differences import reconcile
from tests.postgres import Postgres

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


class Copies:
    """Nights played once each, and copied for whoever wants one of their own: the folder, and on PostgreSQL the database."""

    def __init__(self, folder: Path, server: Callable[[], Postgres]) -> None:
        self._folder = folder
        self._server = server
        self._played: dict[tuple[str, bool], tuple[Path, int]] = {}

    def copy(self, scenario: dict[str, Any], to: Path, store_url: str) -> Home:
        """A night in a home of its own, as `play` leaves it; on PostgreSQL in the database of that URL, made anew."""
        is_sqlite = store_url.startswith("sqlite")
        key = json.dumps(scenario, sort_keys=True), is_sqlite
        if key not in self._played:
            self._played[key] = self._play(scenario, is_sqlite)
        folder, now = self._played[key]
        shutil.copytree(folder, to)
        if not is_sqlite:
            settings = settings_file.load(folder)
            self._server().replace_database(store_url, str(make_url(settings.database).database))
            moved = msgspec.structs.replace(settings, database=store_url, gb_database=store_url, fr_database=store_url)
            settings_file.save(to, moved)
        clock = exercise.Clock()
        clock.now = now
        return Home.open(to, clock)

    def _play(self, scenario: dict[str, Any], is_sqlite: bool) -> tuple[Path, int]:
        folder = self._folder / f"night-{len(self._played)}"
        url = "sqlite://" if is_sqlite else self._server().keep_database()
        with closing(play(folder, scenario, url)) as home:
            return folder, home.now()


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Copies:
    """Nights that are played once in each test process."""
    return Copies(tmp_path_factory.mktemp("nights"), lambda: request.getfixturevalue("postgres_server"))


@pytest.fixture
def first_night(tmp_path: Path, store_url: str, copies: Copies) -> Iterator[Home]:
    """The first night with its four reports, on the store at hand; its clock stands at the last entry."""
    with closing(copies.copy(load(FIRST_NIGHT), tmp_path / "night", store_url)) as home:
        last = home.reader.recorded_at(home.reader.head())
        home.clock = lambda: last
        yield home


@pytest.fixture
def home_of(tmp_path: Path, store_url: str, copies: Copies) -> Iterator[Any]:
    """A function that gives a home with a scenario played, on the store at hand; closed afterwards."""
    homes: list[Home] = []

    def start(scenario: dict[str, Any]) -> Home:
        homes.append(copies.copy(scenario, tmp_path / f"home-{len(homes)}", store_url))
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
