"""`entente reconcile`: from London's figure to Paris's, told as one sum and then step by step, every unit with its reason."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command, day, instant
from api.cli.frame import banner, capitalised, document, headed, moment
from api.cli.rendering import Cell, paragraph
from api.cli.words import Words
from projections.nations import RULESETS
from projections.sentences import TOLD_MAX, closing, phrase, sentences, signed
from projections.wording.names import DIMENSIONS

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home


def add_to(commands: Commands[Parser]) -> None:
    """Add reconcile."""
    about = "why London's figure and Paris's differ, event by event, summing exactly"
    parser = add_command(commands, "reconcile", run, about, "P1 G2↔F1, P2 G1↔F3, P3 G6↔F8, P4 G5↔F4, P5 G9↔F7.")
    parser.add_argument("pair", metavar="PAIR", help="P1 to P5")
    parser.add_argument("--gb-day", type=day, required=True, metavar="DAY", help="London's reporting day")
    parser.add_argument("--gb-as-of", type=instant, metavar="INSTANT", help="London's figure as known then (default: now)")
    parser.add_argument("--fr-day", type=day, metavar="DAY", help="Paris's bulletin (default: the one that overlaps longest)")
    parser.add_argument("--fr-as-of", type=instant, metavar="INSTANT", help="Paris's figure as known then (default: now)")


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Reconcile a pair; 1 where something is left unexplained."""
    from projections.differences import reconcile

    with session.home() as home:
        gb = moment(session, home, "GB", arguments.gb_as_of)
        fr = moment(session, home, "FR", arguments.fr_as_of)
        answer = reconcile(arguments.pair, gb, arguments.gb_day, fr, arguments.fr_day)
        words = Words(session.language())
        session.answer(document(home, answer), lambda: reconcile_screen(words, home, answer))
    return 1 if answer["unexplained"] else 0


def reconcile_screen(words: Words, home: Home, answer: Mapping[str, Any]) -> list[str]:
    """The two ends, the sum, the sentences, the steps."""
    lines = banner(words, home)
    lines.append(f"* {answer['pair']} · {words('reconciliation')}")
    for side, nation in (("gb", "GB"), ("fr", "FR")):
        lines += _end_lines(words, answer[side], nation, answer["from" if side == "gb" else "to"])
    lines += ["", f"{total(words, answer)}."]
    for text in sentences(answer, words.language, labels=True):
        lines += paragraph(text, 0)
    for step in answer["steps"]:
        title = capitalised(words.of(DIMENSIONS[step["dimension"]])) + " " + signed(step["delta"], words.language)
        rows = [_item_row(words, answer, step, item) for item in step["items"]]
        bare: list[list[Cell]] = [[words("size only"), signed(step["delta"], words.language)]]
        lines += headed(title, rows or bare, align="lrll")
    return lines if answer["unexplained"] else [*lines, "", closing(answer, words.language)]


def _end_lines(words: Words, end: Mapping[str, Any], nation: str, value: int) -> list[str]:
    indicator = RULESETS[end["ruleset"]].indicator(end["code"])
    assert indicator is not None
    name = indicator.en if words.language == "en" else indicator.fr
    checkpoint = end["checkpoint"]
    signed_by = words("co-signed" if checkpoint["final"] else "not co-signed", size=checkpoint["size"])
    known = words("as known", at=words.instant(end["as_of"], nation))
    day_of_it = words.day(date.fromisoformat(end["day"]))
    return [
        f"  {words(f'capital {nation}')} · {end['code']} {name} · {day_of_it} = {words.number(value)}",
        f"    {known} · {words('position', position=end['position'])} · {signed_by}",
    ]


def total(words: Words, answer: Mapping[str, Any]) -> str:
    """10 + 11 + 9 + 2 − 1 = 31: each event's part, or each step's where there are too many events; sizes alone at the end."""
    sizes = [entry["net"] for entry in answer["told"]["counted"]]
    if len(sizes) > TOLD_MAX:
        sizes = [step["delta"] for step in answer["steps"] if step["items"]]
    sizes += [step["delta"] for step in answer["steps"] if not step["items"]]
    parts = "".join(f" {'−' if n < 0 else '+'} {words.number(abs(n))}" for n in sizes)
    return f"{words.number(answer['from'])}{parts} = {words.number(answer['from'] + sum(sizes))}"


def _item_row(words: Words, answer: Mapping[str, Any], step: Mapping[str, Any], item: Mapping[str, Any]) -> list[Cell]:
    where = ", ".join(str(position) for position in item["positions"])
    why = f"{item['reason']} {phrase(answer, step, item, words.language)}"
    return [item["label"], signed(item["delta"], words.language), why, f"{words('no.').lower()} {where}"]
