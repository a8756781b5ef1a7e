"""`entente report verify`: a report held against the log, figure by figure, and its documents against what it commits to."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command, add_view
from api.cli.frame import banner, document, moment
from api.cli.rendering import table
from api.cli.words import Words
from projections.wording import issuing as wording
from projections.wording.verifying import looked_at

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home

QUIET = frozenset({"ok"})


def add_to(group: Commands[Parser]) -> None:
    """Add verify."""
    verify = add_command(
        group, "verify", run, "compute a report again from the log alone, and hold everything it says to that",
        "From its own nation's view every figure is checked; from the other's, what both may see, the rest being told as not "
        "communicated.",
    )  # fmt: skip
    add_view(verify)
    verify.add_argument("report", metavar="REPORT|all", help="its event id, DAY for the newest of this view's day, or all")


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Verify; 1 where something is not as the log has it."""
    from api import reporting
    from projections.reports.issued import issued

    with session.home() as home:
        at = moment(session, home, arguments.view, None)
        found = issued(at) if arguments.report == "all" else [reporting.find(at, arguments.report)]
        with session.progress("reports") as progress:
            answers = []
            for number, report in enumerate(found, start=1):
                answers.append(reporting.verify(home, at, report))
                progress(number, len(found))
        is_sound = all(answer["ok"] for answer in answers)
        words = Words(session.language(arguments.view))
        told = {"view": at.nation, "ok": is_sound, "reports": answers}
        session.answer(document(home, told), lambda: _screen(words, home, answers))
    return 0 if is_sound else 1


def _screen(words: Words, home: Home, answers: list[dict[str, Any]]) -> list[str]:
    lines = banner(words, home)
    for answer in answers:
        status = words.of(wording.STATUS[answer["status"]])
        lines += ["", f"* {answer['nation']} {answer['day']} · {status}, {words('revision').lower()} {answer['revision']}"]
        lines += table([_row(words, check) for check in answer["checks"] if check["state"] not in QUIET])
        verdict = wording.STANDS if answer["ok"] else wording.FAILS
        sound = sum(check["state"] in QUIET for check in answer["checks"])
        lines.append(words.of(verdict).format(checks=words.number(sound)))
    return lines


def _row(words: Words, check: Mapping[str, Any]) -> list[str]:
    return [words.of(looked_at(check["what"])), words.of(wording.STATES[check["state"]]), check["told"][words.language]]
