"""`entente report renew`: a further time-stamp over signed documents, before the certificate of their last one ends."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command
from api.cli.frame import banner, document
from api.cli.rendering import Cell, table
from api.cli.words import Words
from ledger import errors
from projections.wording import issuing as wording

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home
    from api.renewing import Renewal

SECONDS = "%Y-%m-%dT%H:%M:%SZ"
DAYS_MAX = 36_500


def add_to(group: Commands[Parser]) -> None:
    """Add renew."""
    from api.renewing import DAYS_BEFORE

    renew = add_command(
        group, "renew", run, "time-stamp signed documents once more, so that they can be verified for longer",
        "What was signed stays as it is; the renewed form stands beside it and is the one handed out. Due is what lasts for "
        "fewer days than named.",
    )  # fmt: skip
    renew.add_argument("report", metavar="REPORT|all", help="its event id, or all that are kept here")
    renew.add_argument("--within", metavar="DAYS", type=int, default=DAYS_BEFORE, help=f"default {DAYS_BEFORE}")


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Renew; 1 where something is due and could not be."""
    from api import renewing

    if not 0 <= arguments.within <= DAYS_MAX:
        raise errors.BadQuestion(f"days are 0 to {DAYS_MAX}", field="--within")
    with session.home() as home:
        event = "" if arguments.report == "all" else arguments.report
        if event and not list(renewing.signed_documents(home, event)):
            raise errors.NotFound(
                f"no signed document of a report {event} is kept here",
                field="REPORT",
                remedy="entente report list has their ids",
            )
        found = renewing.renew(home, event, arguments.within)
        words = Words(session.language())
        answer = document(home, {"documents": [_row(each) for each in found]})
        session.answer(answer, lambda: _screen(words, home, found))
    return 1 if any(each.problem for each in found) else 0


def _row(each: Renewal) -> dict[str, Any]:
    ends = {name: getattr(each, name) for name in ("lasted_until", "lasts_until")}
    written = {name: None if at is None else f"{at:{SECONDS}}" for name, at in ends.items()}
    problem = each.problem or None
    return {"event": each.event, "kind": each.kind, **written, "sha256": each.sha256 or None, "problem": problem}


def _screen(words: Words, home: Home, found: list[Renewal]) -> list[str]:
    rows: list[list[Cell]] = [[each.event, each.kind, _told(words, each)] for each in found]
    return [*banner(words, home), *(table(rows) or [words.of(wording.NOTHING_SIGNED)])]


def _told(words: Words, each: Renewal) -> str:
    if each.problem:
        return words.of(wording.NOT_RENEWED).format(why=each.problem)
    row = wording.RENEWED if each.lasts_until is not None else wording.NOT_DUE
    until = each.lasts_until or each.lasted_until
    return words.of(row).format(day="–" if until is None else words.day(until.date()))
