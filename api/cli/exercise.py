"""`entente exercise run`: an invented night from a file, played into a new ledger, co-signed and projected."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command, add_group, instant
from ledger import errors

if TYPE_CHECKING:
    from api.cli.session import Session

DATABASES = ("database", "gb_database", "fr_database")


def add_to(commands: Commands[Parser]) -> None:
    """Add exercise run."""
    group = add_group(commands, "exercise", "play an invented night")
    parser = add_command(group, "run", run, "play a scenario into a new exercise ledger, through to co-signed and projected")
    parser.add_argument("scenario", metavar="SCENARIO.json", type=Path)
    parser.add_argument("--until", type=instant, metavar="INSTANT", help="stop before what is recorded after this")
    parser.add_argument("--documents", action="store_true", help="set and sign each report's document as well")
    add_databases(parser)


def add_databases(parser: Parser) -> None:
    """Where the joint log and each view are kept."""
    for name, what in zip(DATABASES, ("the joint log", "the British view", "the French view"), strict=True):
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, metavar="URL", default="", help=f"SQLAlchemy URL of {what} (default: SQLite in the home)")


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Play the scenario."""
    from api import exercise
    from api.settings import Settings

    scenario = read_scenario(arguments.scenario)
    settings = Settings(str(scenario["origin"]), True, **{name: getattr(arguments, name) for name in DATABASES})
    with session.progress("playing") as progress:
        home = exercise.run(
            session.path, scenario, settings, arguments.until, progress, documents=arguments.documents
        )  # fmt: skip
    with home:
        checkpoint = home.covering(home.ledger.head())
        document = {
            "home": str(home.path), "origin": home.settings.origin, "exercise": True, "title": home.settings.title,
            "entries": home.ledger.head(), "checkpoint": checkpoint,
        }  # fmt: skip
        state = "co-signed by London and Paris, final" if checkpoint["final"] else "not final"
        lines = [
            f"EXERCISE – invented · {home.settings.title}",
            f"{document['entries']} entries in {home.path}; checkpoint {checkpoint['size']} {state}; both views up to date.",
        ]
        session.answer(document, lambda: lines)
    return 0


def read_scenario(path: Path) -> dict[str, Any]:
    """A scenario file. Raises BadQuestion naming the file and what is wrong in it."""
    from api import scenario

    try:
        return scenario.parse(path.read_bytes())
    except errors.BadQuestion as wrong:
        wrong.field = str(path)
        raise
