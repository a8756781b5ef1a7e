"""Fixtures every test may use: a PostgreSQL server, a fresh database on it, and a fresh store of either kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.cli import main
from tests.coast import coast as coast
from tests.matrix import matrix as matrix
from tests.playing import copies as copies
from tests.playing import first_night as first_night
from tests.playing import home_of as home_of
from tests.postgres import Postgres, running_postgres
from tests.served import calais as calais
from tests.sites import sites as sites


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One server for each test process. It is started when a first test asks for it, and is never skipped."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """The SQLAlchemy URL of an empty PostgreSQL database, dropped after the test."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The SQLAlchemy URL of an empty database; a test that takes this runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run one command: (exit code, standard output, standard error)."""

    def run(*argv: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(word) for word in argv])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run
