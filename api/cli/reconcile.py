"""`entente reconcile`: from London's figure to Paris's, told as one sum and then step by step, every unit with its reason."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command, day, instant
from api.cli.frame import banner, capitalised, document, headed, moment
from api.cli.rendering import Cell, paragraph
from api.cli.words import Words
from projections.nations import RULESETS
from projections.wording.names import DIMENSIONS

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home

TERMS_MAX = 12


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
    """The two ends, the sentence, the steps."""
    lines = banner(words, home)
    lines.append(f"* {answer['pair']} · {words('reconciliation')}")
    for side, nation in (("gb", "GB"), ("fr", "FR")):
        lines += _end_lines(words, answer[side], nation, answer["from" if side == "gb" else "to"])
    lines += ["", *paragraph(sentence(words, answer), 0)]
    for step in answer["steps"]:
        title = capitalised(words.of(DIMENSIONS[step["dimension"]])) + " " + signed(words, step["delta"])
        rows = [_item_row(words, item, step["delta"]) for item in step["items"]]
        bare: list[list[Cell]] = [[words("size only"), signed(words, step["delta"])]]
        lines += headed(title, rows or bare, align="lrll")
    left = answer["unexplained"]
    return [*lines, "", words("all explained") if not left else words("unexplained", count=signed(words, left))]


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


def sentence(words: Words, answer: Mapping[str, Any]) -> str:
    """The difference told per event: the sum in figures, then what each part is, then what neither counts."""
    told = answer["told"]
    parts = _parts(words, told["counted"], answer)
    total = "".join(f" {'−' if n < 0 else '+'} {words.number(abs(n))}" for n, _ in parts)
    text = f"{words.number(answer['from'])}{total} = {words.number(answer['from'] + sum(n for n, _ in parts))}"
    ends = words("London says, Paris says", london=words.number(answer["from"]), paris=words.number(answer["to"]))
    clauses = "; ".join(f"{signed(words, n)} {what}" for n, what in parts) or words("same")
    neither = ", ".join(f"{words.number(e['size'])} ({e['label']})" for e in told["neither"])
    more = f"; {words('neither')} {neither}" if neither else ""
    return words.spaced(f"{text}. {ends} {clauses}{more}.")


def _parts(words: Words, counted: Sequence[Mapping[str, Any]], answer: Mapping[str, Any]) -> list[tuple[int, str]]:
    """(size, what it is) of each key, or of each reason where there are too many keys; sizes without items at the end."""
    parts = [(e["net"], f"{_why(words, e['steps'])} ({e['label']})") for e in counted]
    if len(parts) > TERMS_MAX:
        by_reason: dict[str, int] = {}
        for entry in counted:
            for step in entry["steps"]:
                what = reason(words, step["reason"], step["delta"])
                by_reason[what] = by_reason.get(what, 0) + step["delta"]
        parts = [(n, what) for what, n in by_reason.items()]
    parts += [(s["delta"], words.of(DIMENSIONS[s["dimension"]])) for s in answer["steps"] if not s["items"]]
    return parts


def _why(words: Words, steps: Sequence[Mapping[str, Any]]) -> str:
    told = dict.fromkeys(reason(words, step["reason"], step["delta"]) for step in steps)
    return f" {words('and')} ".join(told)


def reason(words: Words, code: str, delta: int) -> str:
    """A reason in words; which of two ways it reads depends on whether it adds or takes away."""
    return words(f"{code}+" if delta > 0 else f"{code}-")


def _item_row(words: Words, item: Mapping[str, Any], delta: int) -> list[Cell]:
    where = ", ".join(str(position) for position in item["positions"])
    why = f"{item['reason']} {reason(words, item['reason'], item['delta'])}"
    return [item["label"], signed(words, item["delta"]), why, f"{words('no.').lower()} {where}"]


def signed(words: Words, value: int) -> str:
    """+11, −1."""
    return f"+{words.number(value)}" if value > 0 else words.number(value)
