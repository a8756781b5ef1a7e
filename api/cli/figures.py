"""`entente figures` and `entente explain`: a day's figures, people first, and what one of them is made of."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_as_of, add_command, add_view, day
from api.cli.frame import banner, document, headed, moment, standing
from api.cli.rendering import Cell, table
from api.cli.words import Words
from projections.nations import RULESETS
from projections.wording.names import HEADINGS, PEOPLE, PEOPLE_PARTS, PLAIN, SECTIONS

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home
    from projections.ruleset import Indicator

HARMED = ("dead", "missing", "seriously_injured", "slightly_injured")


def add_to(commands: Commands[Parser]) -> None:
    """Add figures, explain."""
    figures = add_command(commands, "figures", run_figures, "every figure of a reporting day, people first")
    add_view(figures)
    figures.add_argument("--day", type=day, required=True, help="the reporting day (the bulletin's date for Paris)")
    add_as_of(figures)
    explain = add_command(commands, "explain", run_explain, "what a figure is made of, line by line, and their sum")
    add_view(explain)
    explain.add_argument("code", metavar="CODE", help="a figure's code, e.g. G1 or F3")
    explain.add_argument("--day", type=day, required=True, help="the reporting day")
    add_as_of(explain)


def run_figures(session: Session, arguments: argparse.Namespace) -> int:
    """Print a day's figures."""
    with session.home() as home:
        answer = moment(session, home, arguments.view, arguments.as_of).figures(arguments.day)
        words = Words(session.language(arguments.view))
        session.answer(document(home, answer), lambda: figures_screen(words, home, answer))
    return 0


def run_explain(session: Session, arguments: argparse.Namespace) -> int:
    """Print the lines behind a figure."""
    from api.relays import with_relays

    with session.home() as home:
        answer = moment(session, home, arguments.view, arguments.as_of).explain(arguments.code, arguments.day)
        answer = {**answer, "lines": with_relays(home, answer["lines"])}
        words = Words(session.language(arguments.view))
        session.answer(document(home, answer), lambda: explain_screen(words, home, answer))
    return 0


# -- figures ---------------------------------------------------------------------------------------------------------------


def figures_screen(words: Words, home: Home, answer: Mapping[str, Any]) -> list[str]:
    """A day's figures as a screen."""
    nation, ruleset = answer["view"], RULESETS[answer["ruleset"]]
    lines = banner(words, home, ruleset.marking) + day_lines(words, answer)
    lines += ["", "* " + words.of(SECTIONS["people"]), *people_lines(words, answer["people"], answer["disputed_people"])]
    for heading, families in HEADINGS.items():
        shown = [i for i in ruleset.indicators if i.code.split(".")[0] in families and not i.beside]
        title = words.of(SECTIONS[heading])
        lines += headed(title, [_figure_row(words, i, answer, "figures") for i in shown], align="lrll")
    beside = [i for i in ruleset.indicators if i.beside]
    lines += headed(words.of(SECTIONS["beside"]), [_figure_row(words, i, answer, "beside") for i in beside], align="lrll")
    example = next((code for code, value in answer["figures"].items() if value), next(iter(answer["figures"])))
    command = f"entente explain {nation.lower()} {example} --day {answer['day']} --as-of {answer['as_of']}"
    return [*lines, "", words("several times"), f"{words.label('deeper')} {command}"]


def day_lines(words: Words, answer: Mapping[str, Any]) -> list[str]:
    """Whose day it is, from when to when, by which rules, and where the answer stands."""
    nation = answer["view"]
    title = f"{words(f'view {nation}')} · {words('reporting day', day=words.day(date.fromisoformat(answer['day'])))}"
    lines = ["* " + title]
    if "window" in answer:
        begin, end = (words.instant(answer["window"][edge], nation) for edge in ("from", "to"))
        lines.append(f"{words('window', begin=begin, end=end)} · {words('rules', ruleset=answer['ruleset'])}")
    return lines + standing(words, answer, nation)


def people_lines(words: Words, people: Mapping[str, Any], disputed: Mapping[str, int]) -> list[str]:
    """Protected and harmed, each with its parts and with what of it is disputed."""
    rows: list[list[Cell]] = [["rescued", people["rescued"], ""]]
    sides = people["disembarked"]
    rows.append(
        ["disembarked", sum(sides.values()), " · ".join(f"{_part(words, side)} {words.number(n)}" for side, n in sides.items())]
    )
    rows.append(["sheltered", people["sheltered"], ""])
    for name in HARMED:
        who = {k: n for k, n in people[name].items() if k != "total"}
        rows.append([name, people[name]["total"], " · ".join(f"{_part(words, k)} {words.number(n)}" for k, n in who.items())])
    rows += [[name, people[name], ""] for name in ("minors_found", "minors_received")]
    needs = people["protection_needs"]
    parts = [f"{_part(words, part)} {words.number(needs[part])}" for part in ("referred", "answered")]
    rows.append(["protection_needs", needs["stated"], " · ".join(parts)])
    for row in rows:
        if row[0] in disputed:
            row[2] = " · ".join(filter(None, [str(row[2]), words("disputed", count=words.number(disputed[str(row[0])]))]))
    return table([[words.of(PEOPLE[str(name)]), words.number(int(n or 0)), more] for name, n, more in rows], align="lrl")


def _part(words: Words, code: str) -> str:
    return words.of(PEOPLE_PARTS[code]) if code in PEOPLE_PARTS else code


def _figure_row(words: Words, indicator: Indicator, answer: Mapping[str, Any], part: str) -> list[Cell]:
    code = indicator.code
    value = answer[part][code]
    counts = ((name, answer[name].get(code)) for name in ("disputed", "disputed_withdrawn"))
    disputed = [words(name.replace("_", " "), count=words.number(count)) for name, count in counts if count]
    said = " · ".join([named(words, indicator), *disputed])
    return [code, words.number(value), words.unit(indicator.unit, value), said]


def named(words: Words, indicator: Indicator) -> str:
    """An indicator's name in this language."""
    return indicator.en if words.language == "en" else indicator.fr


# -- explain ---------------------------------------------------------------------------------------------------------------


def explain_screen(words: Words, home: Home, answer: Mapping[str, Any]) -> list[str]:
    """A figure, its lines and their sum."""
    nation = answer["view"]
    value, unit = answer["value"], words.unit(answer["unit"], answer["value"])
    lines = banner(words, home, RULESETS[answer["ruleset"]].marking) + day_lines(words, answer)
    lines += ["", f"* {answer['code']} · {answer['name'][words.language]} = {words.number(value)} {unit}"]
    head = tuple(words(key) for key in ("ref", "no.", "when", "recorded", "who", "quantity", "why"))
    rows: list[list[Cell]] = [_line_row(words, line, nation) for line in answer["lines"]]
    total = sum(line["quantity"] for line in answer["lines"])
    remark = ", ".join([unit, *([words("disputed", count=words.number(answer["disputed"]))] if answer["disputed"] else [])])
    rows.append(["", "", "", "", words("sum"), words.number(total), remark])
    lines += table(rows, head, "lrlllrl") if answer["lines"] else [words("no lines")]
    gone = [_line_row(words, line, nation) for line in answer["disputed_withdrawn"]]
    return lines + headed(words("disputed gone"), gone, head, "lrlllrl")


def _line_row(words: Words, line: Mapping[str, Any], nation: str) -> list[Cell]:
    why = line["why"] + (f" ({words.of(PLAIN['sealed'])})" if line["sealed"] else "")
    why += f" ({words('disputed because')})" if line["disputed"] else ""
    why += f" ({words('relayed')})" if line.get("relayed") else ""
    happened, recorded = (words.short(line[name], nation) for name in ("occurred_at", "recorded_at"))
    return [line["label"], line["position"], happened, recorded, line["authority"], words.number(line["quantity"]), why]
