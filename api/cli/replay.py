"""`entente replay` and `entente ask`: what became known and when, and the questions that an inquiry asks."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command, add_view, instant
from api.cli.figures import figures_screen
from api.cli.frame import banner, document, frame_of, moment, not_final, standing
from api.cli.rendering import Cell, table, width
from api.cli.situation import said, situation_screen
from api.cli.words import Words
from ledger import errors
from ledger.formats.entry import format_instant
from projections.nations import FIRST
from projections.wording.names import PLAIN
from projections.wording.questions import PARAMETERS

if TYPE_CHECKING:
    from api.asking import AskedView
    from api.cli.session import Session
    from api.home import Home
    from projections.questions import Question
    from projections.wording.typography import Language

TABLE_WIDTH_MAX = 150
CELL_CHARACTERS_MAX = 100
NOTHING = "–"
DOCUMENTS = ("pdf", "html")
NO = 1
INSTANTS = ("at", "from", "to")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z").fullmatch


def add_to(commands: Commands[Parser]) -> None:
    """Add replay and ask."""
    replay = add_command(commands, "replay", run_replay, "what became known, in the order it became known")
    add_view(replay)
    replay.add_argument("--from", type=instant, dest="begin", metavar="INSTANT", help="recorded from then on")
    replay.add_argument("--to", type=instant, dest="end", metavar="INSTANT", help="recorded up to then")
    replay.add_argument("--stream", metavar="STREAM", help="one incident, interception or case alone")
    about = "the questions an inquiry asks, by number or name"
    ask = add_command(commands, "ask", run_ask, about, "Without a question: those there are, and what each wants to know.")
    add_view(ask)
    ask.add_argument("question", nargs="?", metavar="QUESTION", help="1 to 15, or its name")
    ask.add_argument("--out", metavar="FILE", type=Path, help="write the answer there as well: .pdf or .html")
    for name, meaning in PARAMETERS.items():
        kind = instant if name in INSTANTS else str
        ask.add_argument(f"--{name.replace('_', '-')}", dest=f"asks_{name}", metavar="VALUE", type=kind, help=meaning.en)


# -- replay ------------------------------------------------------------------------------------------------------------------


def run_replay(session: Session, arguments: argparse.Namespace) -> int:
    """Replay a range."""
    from api.relays import with_relays
    from projections.replay import replay

    nation = arguments.view
    with session.home() as home:
        end = moment(session, home, nation, arguments.end)
        after = 0 if arguments.begin is None else home.view(nation).at(arguments.begin - 1).position
        facts = end.store.changed(end.generation, after, end.position)
        rows = with_relays(home, replay(facts, after, end.position, arguments.stream))
        answer = {**frame_of(end), "after": after, "stream": arguments.stream, "rows": rows}
        words = Words(session.language(nation))
        session.answer(document(home, answer), lambda: replay_screen(words, home, answer))
    return 0


def replay_screen(words: Words, home: Home, answer: Mapping[str, Any]) -> list[str]:
    """What became known, one line an entry."""
    nation = answer["view"]
    lines = [*banner(words, home, FIRST[nation].marking), f"* {words(f'view {nation}')} · {words('became known')}"]
    lines += [*standing(words, answer, nation), ""]
    rows = [_replay_row(words, row, nation) for row in answer["rows"]]
    head = tuple(words(key) for key in ("recorded", "no.", "ref", "stream", "who", "what"))
    return lines + (table(rows, head, "lr") or [words("nothing known")])


def _replay_row(words: Words, row: Mapping[str, Any], nation: str) -> list[Cell]:
    remarks = []
    if row["late_minutes"]:
        remarks.append(words("late by", minutes=row["late_minutes"]))
    if row["sealed"]:
        remarks.append(words.of(PLAIN["sealed"]))
    if row.get("relayed"):
        remarks.append(words("relayed"))
    what = said(words, row) + (f" [{'; '.join(remarks)}]" if remarks else "")
    at = words.short(row["recorded_at"], nation)
    return [at, row["position"], row["label"], row["stream"], row["authority"], what]


# -- ask -----------------------------------------------------------------------------------------------------------------------


def run_ask(session: Session, arguments: argparse.Namespace) -> int:
    """Put a question, or list them; 1 where the answer is that a check failed."""
    from projections.questions import QUESTIONS

    words = Words(session.language(arguments.view))
    if arguments.question is None:
        session.answer(
            {"questions": [_listed(q) for q in QUESTIONS.values()]}, lambda: question_lines(words, QUESTIONS.values())
        )
        return 0
    from api.answering import answered
    from api.asking import AskedView

    with session.home() as home:
        moment(session, home, arguments.view, None)
        asked = AskedView(home, arguments.view)
        answer = answered(asked, arguments.question, _given(arguments))
        if arguments.out is not None:
            _write(asked, answer, arguments.out, session.arguments.lang)
        session.answer(document(home, answer), lambda: answer_screen(words, home, answer))
    return NO if any(row.get("ok") is False for row in answer["answer"]) else 0


def _write(asked: AskedView, answer: Mapping[str, Any], out: Path, language: Language | None) -> None:
    from api.answering import document_of

    form = out.suffix.removeprefix(".")
    if form not in DOCUMENTS:
        raise errors.BadQuestion(f"a document is {' or '.join(DOCUMENTS)}, not {form or 'without an ending'}", field="--out")
    out.write_bytes(document_of(asked, answer, form, language))


def _given(arguments: argparse.Namespace) -> dict[str, str]:
    """The parameters that were given, as text; instants in the ledger's own form."""
    given = {name: getattr(arguments, f"asks_{name}") for name in PARAMETERS}
    found = {name: value for name, value in given.items() if value is not None}
    return {name: format_instant(value) if name in INSTANTS else value for name, value in found.items()}


def _listed(question: Question) -> dict[str, Any]:
    parameters = {
        name: {"kind": p.kind, "meaning": p.meaning.en, "default": p.default, "required": p.required}
        for name, p in question.parameters.items()
    }
    asks = {"en": question.asks.en, "fr": question.asks.fr}
    return {"question": question.number, "name": question.name, "asks": asks, "parameters": parameters}


def question_lines(words: Words, questions: Iterable[Question]) -> list[str]:
    """Every question, with what it wants to know."""
    rows: list[list[Cell]] = []
    for question in questions:
        options = (f"--{name.replace('_', '-')}" + ("" if p.required else "?") for name, p in question.parameters.items())
        rows.append([question.number, question.name, words.of(question.asks), " ".join(options)])
    return table(rows, align="r")


def answer_screen(words: Words, home: Home, answer: Mapping[str, Any]) -> list[str]:
    """A question's answer: what it asks, what it was given, and the rows."""
    nation = answer["view"]
    lines = banner(words, home, FIRST[nation].marking)
    lines.append(f"* {answer['question']} · {answer['asks'][words.language]}")
    given = " · ".join(f"{name} {value}" for name, value in answer["parameters"].items())
    where = words("position", position=answer["position"])
    lines.append(f"{words(f'view {nation}')} · {where}" + (f" · {given}" if given else ""))
    checkpoint = answer.get("checkpoint")
    lines += not_final(words, checkpoint, nation) if checkpoint else []
    for row in answer["answer"]:
        if row.get("shown") == "situation":
            lines += ["", *situation_screen(words, home, row)[1:]]
        elif row.get("shown") == "figures":
            lines += ["", *figures_screen(words, home, row)[1:]]
    rows = [row for row in answer["answer"] if "shown" not in row]
    if not answer["answer"]:
        lines.append(words("nothing found"))
    return lines + _answer_table(words, rows, nation)


def _answer_table(words: Words, rows: Sequence[Mapping[str, Any]], nation: str) -> list[str]:
    """Rows of any question: the columns that every reader asks for first, the others as they come; ids are left to --json."""
    from projections.questions.columns import columns_of

    columns = columns_of(rows, words.language)
    if not columns:
        return []
    body = [[_cell(words, row.get(c), nation) for c in columns] for row in rows]
    lines = table(body, [words.field(c) for c in columns])
    if max(map(width, lines)) <= TABLE_WIDTH_MAX:
        return ["", *lines]
    blocks = ([[words.field(c), cell] for c, cell in zip(columns, cells, strict=True) if cell != NOTHING] for cells in body)
    return [line for block in blocks for line in ["", *table(block)]]


def _cell(words: Words, value: Any, nation: str) -> str:
    """A value as a cell; one too long for a screen is cut, and whole in --json."""
    text = _written(words, value, nation)
    return text if len(text) <= CELL_CHARACTERS_MAX else text[: CELL_CHARACTERS_MAX - 1] + "…"


def _written(words: Words, value: Any, nation: str) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return words("yes") if value else words("no")
    if isinstance(value, int):
        return words.number(value)
    if isinstance(value, Mapping):
        return (
            str(value["label"])
            if "label" in value
            else ", ".join(f"{k} {_written(words, v, nation)}" for k, v in value.items())
        )
    if isinstance(value, list | tuple):
        return ", ".join(_written(words, v, nation) for v in value) or NOTHING
    return words.short(str(value), nation) if INSTANT(str(value)) else str(value)
