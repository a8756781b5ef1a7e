"""`entente report series, compare`: a figure over days with its revisions; two instants with the events between."""

from __future__ import annotations

import argparse
from datetime import date
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_as_of, add_command, add_view, day, instant
from api.cli.frame import banner, document, headed, moment
from api.cli.rendering import table
from api.cli.words import Words
from projections.wording import issuing as wording

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home


def add_to(group: Commands[Parser]) -> None:
    """Add series and compare."""
    series = add_command(group, "series", run_series, "one figure day by day: as reported, revised, and now believed")
    add_view(series)
    series.add_argument("code", metavar="CODE")
    series.add_argument("--from", dest="first", type=day, required=True, metavar="DAY")
    series.add_argument("--to", dest="last", type=day, required=True, metavar="DAY")
    add_as_of(series)
    compare = add_command(group, "compare", run_compare, "the figures of a day at two instants, and the events between")
    add_view(compare)
    compare.add_argument("--day", type=day, required=True, metavar="DAY")
    compare.add_argument("--from", dest="then", type=instant, required=True, metavar="INSTANT")
    compare.add_argument("--to", dest="now", type=instant, metavar="INSTANT", help="default: now")


def run_series(session: Session, arguments: argparse.Namespace) -> int:
    """Tell a series."""
    from projections.reports.series import series

    with session.home() as home:
        at = moment(session, home, arguments.view, arguments.as_of)
        rows = series(at, arguments.code, arguments.first, arguments.last)
        words = Words(session.language(arguments.view))
        answer = {**at.frame(), "code": arguments.code, "rows": rows}
        session.answer(document(home, answer), lambda: _series(words, home, rows))
    return 0


def run_compare(session: Session, arguments: argparse.Namespace) -> int:
    """Compare two instants."""
    from projections.reports.series import comparison

    with session.home() as home:
        then, now = (moment(session, home, arguments.view, at) for at in (arguments.then, arguments.now))
        rows = comparison(then, now, arguments.day)
        words = Words(session.language(arguments.view))
        answer = {"view": now.nation, "day": arguments.day.isoformat(), "from": then.frame(), "to": now.frame(), "rows": rows}
        session.answer(document(home, answer), lambda: _comparison(words, home, rows))
    return 0


def _series(words: Words, home: Home, rows: list[dict[str, Any]]) -> list[str]:
    head = [words.of(each) for each in (wording.DAY, wording.FIRST_REPORTED, wording.REVISIONS, wording.NOW)]
    return [*banner(words, home), *table([_day(words, row) for row in rows], head, "lrlr")]


def _day(words: Words, row: dict[str, Any]) -> list[str]:
    told = [words.of(wording.WITHHELD) if r["value"] is None else words.number(r["value"]) for r in row["reported"]]
    first = told[0] if told else "—"
    return [words.day(date.fromisoformat(row["day"])), first, " → ".join(told[1:]), words.number(row["now"])]


def _comparison(words: Words, home: Home, rows: list[dict[str, Any]]) -> list[str]:
    lines = banner(words, home)
    for row in rows:
        change = f"{words.number(row['before'])} → {words.number(row['after'])}"
        title = f"{row['code']} {row['en' if words.language == 'en' else 'fr']}: {change}"
        told = [[e["label"], e["what" if words.language == "en" else "quoi"]] for e in row["events"]]
        lines += headed(words.spaced(title), told) or ["", f"* {words.spaced(title)}"]
    return lines if rows else [*lines, words.of(wording.SAME_FIGURES)]
