"""`entente report`: what was issued, what one report said, and how far a view has moved since."""

from __future__ import annotations

import argparse
from datetime import date
from typing import TYPE_CHECKING, Any

from api.cli import report_check, report_follow, report_issue, report_renew, report_series
from api.cli.arguments import Commands, Parser, add_as_of, add_command, add_group, add_view
from api.cli.frame import banner, below, document, headed, moment, under
from api.cli.rendering import table
from api.cli.words import Words
from ledger import errors
from projections.nations import RULESETS
from projections.wording.issuing import STATUS

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home
    from projections.reports.issued import Issued
    from projections.view import Moment


def add_to(commands: Commands[Parser]) -> None:
    """Add report and all that it does."""
    group = add_group(commands, "report", "the daily reports that were issued, and what has moved since")
    listed = add_command(group, "list", run_list, "every report issued, of both nations")
    add_view(listed)
    add_as_of(listed)
    show = add_command(group, "show", run_show, "the figures of one report, as issued")
    add_view(show)
    show.add_argument("report", metavar="REPORT", help="its event id, or DAY for the newest of this view's day")
    add_as_of(show)
    drift = add_command(
        group, "drift", run_drift, "figures believed otherwise now than reported, and the events that caused it"
    )
    add_view(drift)
    add_as_of(drift)
    for module in (report_issue, report_follow, report_check, report_series, report_renew):
        module.add_to(group)


def run_list(session: Session, arguments: argparse.Namespace) -> int:
    """List reports."""
    with session.home() as home:
        at = moment(session, home, arguments.view, arguments.as_of)
        reports = issued(at)
        words = Words(session.language(arguments.view))
        rows = [
            [r["nation"], r["day"], _status(words, r), r["revision"], r["position"], r["based_on"], r["event"]] for r in reports
        ]
        head = (
            words("view"),
            words("day"),
            words("status"),
            words("revision"),
            words("no."),
            words("based on"),
            words("event"),
        )
        answer = {"view": at.nation, "position": at.position, **under(at), "reports": reports}
        lines = [
            *banner(words, home),
            *(table(rows, head, "lllrrrl") or [words("no reports")]),
            *below(words, answer, at.nation),
        ]
        session.answer(document(home, answer), lambda: lines)
    return 0


def issued(at: Moment) -> list[dict[str, Any]]:
    """Every report on record at a moment: whose, for which day, how often revised, on which position it rests."""
    from projections.reports.issued import issued as on_record

    return [_described(report) for report in on_record(at)]


def _described(report: Issued) -> dict[str, Any]:
    return {
        "event": report.event,
        "nation": report.nation,
        "day": report.day,
        "status": report.status,
        "revision": report.revision,
        "position": report.fact.stated,
        "based_on": report.said.get("position"),
        "ruleset": report.said.get("ruleset"),
        "figures": report.figures,
        "withheld": report.said.get("withheld", []),
    }


def run_show(session: Session, arguments: argparse.Namespace) -> int:
    """Show a report."""
    with session.home() as home:
        at = moment(session, home, arguments.view, arguments.as_of)
        words = Words(session.language(arguments.view))
        found = _find(at, arguments.report)
        answer = {"view": at.nation, **found}
        session.answer(document(home, answer), lambda: show_screen(words, home, found))
    return 0


def _find(at: Moment, name: str) -> dict[str, Any]:
    for report in reversed(issued(at)):
        if report["event"] == name or (report["nation"], report["day"]) == (at.nation, name):
            return dict(report)
    raise errors.NotFound(
        f"there is no report {name} in the {at.nation} view", field="REPORT", remedy=f"entente report list {at.nation.lower()}"
    )


def show_screen(words: Words, home: Home, report: dict[str, Any]) -> list[str]:
    """One report's figures."""
    ruleset = RULESETS.get(report["ruleset"] or "")
    day = words.day(date.fromisoformat(report["day"]))
    title = f"{words('report of', day=day)} · {_status(words, report)}, {words('revision').lower()} {report['revision']}"
    lines = [*banner(words, home, ruleset.marking if ruleset else ""), f"* {title}"]
    lines.append(words("bound to", position=report["based_on"], ruleset=report["ruleset"]))
    rows = []
    for code, value in report["figures"].items():
        indicator = ruleset.indicator(code) if ruleset else None
        unit = words.unit(indicator.unit, value) if indicator else ""
        rows.append(
            [code, words.number(value), unit, (indicator.en if words.language == "en" else indicator.fr) if indicator else ""]
        )
    return lines + table(rows, align="lrll")


def run_drift(session: Session, arguments: argparse.Namespace) -> int:
    """Show what has moved; 1 where a revision is due."""
    from projections.reports.drift import drift

    with session.home() as home:
        at = moment(session, home, arguments.view, arguments.as_of)
        words = Words(session.language(arguments.view))
        found = drift(at)
        answer = {"view": at.nation, "position": at.position, **under(at), "revision_due": bool(found), "reports": found}
        lines = [*banner(words, home), *drift_lines(words, at.nation, found), *below(words, answer, at.nation)]
        session.answer(document(home, answer), lambda: lines)
    return 1 if found else 0


def drift_lines(words: Words, nation: str, found: list[dict[str, Any]]) -> list[str]:
    """Each report that is believed otherwise now: figure, reported, now, and because of which events."""
    if not found:
        return [words("no drift")]
    lines: list[str] = []
    for row in found:
        title = words("revision due", day=words.day(date.fromisoformat(row["day"])), position=row["position"])
        rows = []
        for change in row["changes"]:
            causes = ", ".join(f"{e['label']} ({words('no.').lower()} {e['position']})" for e in change["events"])
            rows.append([change["code"], words.number(change["reported"]), words.number(change["now"]), causes])
        head = (words("code"), words("reported"), words("believed now"), words("because of"))
        lines += headed(title, rows, head, "lrrl")
    return lines


def _status(words: Words, report: dict[str, Any]) -> str:
    pair = STATUS.get(report["status"])
    return words.of(pair) if pair else str(report["status"])
