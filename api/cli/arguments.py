"""What every command shares on the command line: its parser, its options, and how instants, days and nations are written."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, NoReturn

from api.instants import day_of, instant_of
from ledger import errors

if TYPE_CHECKING:
    from projections.wording.typography import Language

NATIONS = {"gb": "GB", "fr": "FR"}
LANGUAGES: dict[str, Language] = {"GB": "en", "FR": "fr"}


class Usage(Exception):
    """The command line is not one that this program understands."""

    def __init__(self, command: str, message: str) -> None:
        self.command = command
        self.message = message
        super().__init__(f"{message} (see {command} --help)")


class Parser(argparse.ArgumentParser):
    """A parser that raises Usage instead of leaving the process, and never guesses at abbreviations."""

    def __init__(self, **settings: object) -> None:
        super().__init__(allow_abbrev=False, **settings)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Raise Usage."""
        raise Usage(self.prog, message)


Commands = argparse._SubParsersAction  # noqa: SLF001  (argparse gives its type no public name)


def instant(text: str) -> int:
    """An instant with its zone, as microseconds since 1970 UTC."""
    try:
        return instant_of(text)
    except errors.BadQuestion as wrong:
        raise argparse.ArgumentTypeError(f"{wrong.message}; {wrong.remedy}") from None


def day(text: str) -> date:
    """A calendar day."""
    try:
        return day_of(text)
    except errors.BadQuestion as wrong:
        raise argparse.ArgumentTypeError(f"{wrong.message}; {wrong.remedy}") from None


def nation(text: str) -> str:
    """GB or FR."""
    found = NATIONS.get(text.lower())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no view; write gb or fr")
    return found


def count(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def add_shared(parser: argparse.ArgumentParser, *, is_first: bool = False) -> None:
    """--home, --json and --lang: before the command, or after it, where they win."""
    default = None if is_first else argparse.SUPPRESS
    shared = parser.add_argument_group("everywhere")
    shared.add_argument(
        "--home", metavar="DIR", default=default, help="the ledger's folder ($ENTENTE_HOME, else ./entente-home)"
    )
    shared.add_argument(
        "--json", action="store_true", default=False if is_first else argparse.SUPPRESS, help="one JSON document"
    )
    shared.add_argument("--lang", choices=("en", "fr"), default=default, help="language (by default that of the view)")


def add_command(commands: Commands[Parser], name: str, run: Callable[..., int], about: str, more: str = "") -> Parser:
    """One command: its parser, with what all share. `run(session, arguments)` returns the exit code."""
    parser = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}. {more}".strip())
    add_shared(parser)
    parser.set_defaults(run=run, command=parser.prog)
    return parser


def add_group(commands: Commands[Parser], name: str, about: str) -> Commands[Parser]:
    """A command that has commands of its own."""
    parser = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
    return parser.add_subparsers(metavar="COMMAND", required=True, title="commands")


def add_view(parser: Parser) -> None:
    """Whose reading is asked."""
    parser.add_argument("view", type=nation, metavar="{gb|fr}", help="the British or the French view")


def add_as_of(parser: Parser) -> None:
    """The instant at which a view is asked."""
    parser.add_argument(
        "--as-of", type=instant, metavar="INSTANT", help="as known then, e.g. 2015-08-27T02:12:00Z (default: now)"
    )
