"""`entente situation`: what is open, not confirmed safe, unacknowledged, unanswered, contradictory and owed, at an instant."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_as_of, add_command, add_view
from api.cli.frame import banner, document, headed, moment, standing
from api.cli.rendering import Cell
from api.cli.words import Words
from projections.nations import FIRST
from projections.wording.situations import FLAGS, HEADINGS

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home


def add_to(commands: Commands[Parser]) -> None:
    """Add situation."""
    parser = add_command(
        commands, "situation", run, "what is open, unconfirmed, unacknowledged and contradictory at an instant"
    )
    add_view(parser)
    add_as_of(parser)


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Print the situation."""
    with session.home() as home:
        answer = moment(session, home, arguments.view, arguments.as_of).situation()
        if arguments.as_of is None:
            answer["tail"] = answer["checkpoint"]["tail"]
        words = Words(session.language(arguments.view))
        session.answer(document(home, answer), lambda: situation_screen(words, home, answer))
    return 0


def situation_screen(words: Words, home: Home, answer: Mapping[str, Any]) -> list[str]:
    """The situation as a screen: people in danger first."""
    nation = answer["view"]
    lines = banner(words, home, FIRST[nation].marking)
    lines += [f"* {words(f'view {nation}')} · {words('situation')}", *standing(words, answer, nation)]
    lines += [
        "",
        *_counted(words, "open_distress", answer),
        *(_distress_lines(words, answer, nation) or [f"  {words('none')}"]),
    ]
    unconfirmed = [_flagged(words, stream, answer) for stream in answer["unconfirmed_distress"]]
    lines += [
        *_counted(words, "unconfirmed_distress", answer),
        *([f"  {stream}" for stream in unconfirmed] or [f"  {words('none')}"]),
    ]
    if unconfirmed:
        lines.append("  " + words("not believed safe"))
    lines += [*_counted(words, "open_incidents", answer), "  " + (", ".join(answer["open_incidents"]) or words("none"))]
    for name in ("unacknowledged", "unanswered", "opening_not_on_record"):
        rows = [_waiting_row(words, row, nation) for row in answer[name]]
        lines += _section(
            words, name, rows, (words("ref"), words("no."), words("stream"), words("from whom"), words("since"), "")
        )
    lines += _section(words, "contradictions", [_contradiction_row(words, row) for row in answer["contradictions"]])
    owed: list[list[Cell]] = [
        [row["label"], row["position"], row["stream"], said(words, row), words.short(row["since"], nation)]
        for row in answer["obligations"]
    ]
    lines += _section(words, "obligations", owed)
    sealed: list[list[Cell]] = [
        [row["label"], row["position"], row["stream"], f"{words.spaced(said(words, row) + ':')} {row['reason']}"]
        for row in answer["breaches"]
    ]
    lines += headed(f"{words('breaches')} ({len(sealed)})", sealed, (), "lr")
    if answer["parked"]:
        lines += ["", "! " + words("parked", count=len(answer["parked"]))]
    return lines


def heading(words: Words, name: str) -> str:
    """The heading of one part of a situation."""
    return HEADINGS[name][words.column]


def said(words: Words, row: Mapping[str, Any]) -> str:
    """What a row says, in this language."""
    return str(row["what"] if words.language == "en" else row["quoi"])


def _counted(words: Words, name: str, answer: Mapping[str, Any]) -> list[str]:
    return [f"* {heading(words, name)} ({len(answer[name])})"]


def _section(words: Words, name: str, rows: list[list[Cell]], head: tuple[str, ...] = ()) -> list[str]:
    return headed(f"{heading(words, name)} ({len(rows)})", rows, head, "lr")


def _flagged(words: Words, stream: str, answer: Mapping[str, Any]) -> str:
    return " · ".join([stream, *(FLAGS[flag][words.column] for flag in answer["flags"].get(stream, ()))])


def _distress_lines(words: Words, answer: Mapping[str, Any], nation: str) -> list[str]:
    coordinators = {row["stream"]: row for row in answer["coordination"]}
    silent = {row["stream"]: row for row in answer["silent"]}
    lines = []
    for stream in answer["open_distress"]:
        parts = [_flagged(words, stream, answer)]
        coordinator = coordinators.get(stream, {})
        if coordinator.get("by"):
            since = words.short(coordinator["since"], nation)
            parts.append(words("coordinated", by=coordinator["by"], since=since))
        else:
            parts.append(words("nobody coordinates"))
        if stream in silent:
            parts.append(words("silent", minutes=silent[stream]["minutes"]))
        lines.append("  " + " · ".join(parts))
    return lines


def _waiting_row(words: Words, row: Mapping[str, Any], nation: str) -> list[Cell]:
    to = row.get("to") or row.get("asset")
    whom = f"{row['authority']} → {to}" if to else row["authority"]
    remark = words("claimed") if row.get("claimed") else ""
    return [row["label"], row["position"], row["stream"], whom, words.short(row["since"], nation), remark]


def _contradiction_row(words: Words, row: Mapping[str, Any]) -> list[Cell]:
    events = ", ".join(f"{e['label']} ({words('no.').lower()} {e['position'] or '?'})" for e in row["events"])
    return [row["code"], said(words, row), events, words("who can end", who=", ".join(row["who_can_end"]))]
