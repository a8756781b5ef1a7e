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

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home

OBLIGATIONS = ("prosecutor_or_coroner", "investigation", "protection_need_answer")


def add_to(commands: Commands[Parser]) -> None:
    """situation."""
    parser = add_command(commands, "situation", run, "what is open, unconfirmed, unacknowledged and contradictory at an instant")
    add_view(parser)
    add_as_of(parser)


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Print the situation."""
    from api.cli.log import newest

    with session.home() as home:
        answer = moment(session, home, arguments.view, arguments.as_of).situation()
        if arguments.as_of is None:
            answer["tail"] = newest(home)["tail"]
        words = Words(session.language(arguments.view))
        session.answer(document(home, answer), lambda: situation_screen(words, home, answer))
    return 0


def situation_screen(words: Words, home: Home, answer: Mapping[str, Any]) -> list[str]:
    """The situation as a screen: people in danger first."""
    nation = answer["view"]
    lines = banner(words, home, FIRST[nation].marking)
    lines += [f"* {words(f'view {nation}')} · {words('situation')}", *standing(words, answer, nation)]
    lines += ["", "* " + words("open distress", count=len(answer["open_distress"]))]
    lines += _distress_lines(words, answer, nation) or ["  " + words("no distress")]
    unconfirmed = answer["unconfirmed_distress"]
    lines.append("* " + words("unconfirmed distress", count=len(unconfirmed)))
    lines.append("  " + (", ".join(unconfirmed) + f" – {words('not believed safe')}" if unconfirmed else words("none")))
    lines.append("* " + words("open incidents", count=len(answer["open_incidents"])))
    lines.append("  " + (", ".join(answer["open_incidents"]) or words("none")))
    for name in ("unacknowledged", "unanswered"):
        head = (words("ref"), words("no."), words("stream"), words("from whom"), words("since"), "")
        rows = [_waiting_row(words, row, nation) for row in answer[name]]
        lines += headed(words, words(name), rows, head, "lr")
    lines += headed(words, words("contradictions"), [_contradiction_row(words, row) for row in answer["contradictions"]])
    rows = [_obligation_row(words, row, nation) for row in answer["obligations"]]
    lines += headed(words, words("obligations"), rows, align="lrlll")
    if answer["parked"]:
        lines += ["", "! " + words("parked", count=len(answer["parked"]))]
    tail = answer.get("tail")
    if tail and tail["entries"]:
        lines += ["", words("tail", count=tail["entries"], since=words.instant(tail["since"], nation))]
    return lines


def _distress_lines(words: Words, answer: Mapping[str, Any], nation: str) -> list[str]:
    coordinators = {row["stream"]: row for row in answer.get("coordination", ())}
    silent = {row["stream"]: row for row in answer.get("silent", ())}
    lines = []
    for stream in answer["open_distress"]:
        said = [stream]
        coordinator = coordinators.get(stream, {})
        if coordinator.get("by"):
            since = words.short(coordinator["since"], nation)
            said.append(words("coordinated", by=coordinator["by"], since=since))
        else:
            said.append(words("nobody coordinates"))
        if stream in silent:
            said.append(words("silent", minutes=silent[stream]["minutes"]))
        if "partly_disembarked" in answer.get("flags", {}).get(stream, ()):
            said.append(words("partly disembarked"))
        lines.append("  " + " · ".join(said))
    return lines


def _waiting_row(words: Words, row: Mapping[str, Any], nation: str) -> list[Cell]:
    whom = f"{row['by']} → {row.get('to') or row.get('asset') or '?'}"
    remark = words("claimed") if row.get("claimed_acknowledged") else ""
    return [row["label"], row["position"], row["stream"], whom, words.short(row["since"], nation), remark]


def _contradiction_row(words: Words, row: Mapping[str, Any]) -> list[Cell]:
    events = ", ".join(f"{e['label']} ({words('no.').lower()} {e['position']})" for e in row["events"])
    what = row["what"] if words.language == "en" else row.get("quoi", row["what"])
    return [row["code"], what, events, words("who can end", who=", ".join(row["who_can_end"]))]


def _obligation_row(words: Words, row: Mapping[str, Any], nation: str) -> list[Cell]:
    what = words(row["obligation"]) if row["obligation"] in OBLIGATIONS else row["obligation"]
    return [row["label"], row["position"], row["stream"], what, words.short(row["since"], nation)]
