"""The answer to an inquiry's question as a document: PDF or a page for a browser, made from one model. Pure.

What it says is the answer's own rows, nothing added and nothing left out but identifiers, which are in the data attached.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from ledger.formats import strict
from projections.nations import RULESETS
from projections.publishing.annexes import block
from projections.publishing.document import typeset
from projections.publishing.page import block as block_on_page
from projections.publishing.page import framed
from projections.publishing.pages import ACCENTS, shown
from projections.publishing.spoken import Spoken
from projections.questions.columns import columns_of
from projections.wording import questions as w
from projections.wording import reports
from projections.wording.fields import field
from projections.wording.names import SECTIONS
from projections.wording.situations import FLAGS, HEADINGS
from projections.wording.typography import Language

Answer = Mapping[str, Any]
Table = dict[str, Any]
NOTHING = "–"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z").fullmatch
LEAST, MOST = 5, 30
"""Characters that a column is given at least and at most."""
ACROSS = 112
"""Characters that fit across a page: rows with more columns are set one under another."""


def pdf(answer: Answer, language: Language, marking: Mapping[str, str]) -> bytes:
    """The answer as a tagged PDF/A-3a, the data attached. `answer` as `api.answering.answered` has it."""
    model = model_of(answer, language, marking)
    body = strict.format(dict(answer)).decode()
    about = w.ATTACHED[0 if language == "en" else 1]
    model["attachments"] = [{"name": "answer.json", "type": "application/json", "about": about, "body": body}]
    return typeset("answer.typ", model, answer["as_of"])


def html(answer: Answer, language: Language, marking: Mapping[str, str]) -> str:
    """The answer as one page for a browser; every word of it is data, escaped."""
    p = model_of(answer, language, marking)
    main = [f"<p><strong>{escape(p['day'])}</strong></p>", *(f'<p class="note">{escape(row)}</p>' for row in p["bound"])]
    main += [part for each in p["blocks"] for part in block_on_page(each, 2)]
    return framed(p, main, [f"<p>{escape(p['footer'])}</p>"])


def model_of(answer: Answer, language: Language, marking: Mapping[str, str]) -> dict[str, Any]:
    """What stands on the pages, in one language: every string worded, every number written."""
    nation = answer["view"]
    s = Spoken(language, nation)
    return shown(
        {
            "language": language,
            "title": s.of(w.TITLE, number=answer["question"]),
            "day": s.pick(answer["asks"]),
            "exercise": s.of(reports.EXERCISE) + (f" · {answer['title']}" if answer["title"] else "")
            if answer["exercise"]
            else "",
            "edition": s.of(w.READINGS[nation]),
            "is_national": True,
            "marking": f"{marking['gb']} / {marking['fr']}",
            "footer": s.of(w.COMPUTED),
            "accent": ACCENTS[nation],
            "bound": list(_bound(answer, s)),
            "blocks": list(_blocks(answer, s)),
            "page": s.of(reports.PAGE, page="{page}", pages="{pages}"),
        }
    )


def _bound(answer: Answer, s: Spoken) -> Iterator[str]:
    yield s.of(reports.AS_OF, at=s.instant(answer["as_of"]))
    given = "; ".join(f"{s.of(w.PARAMETERS[name])} {_written(value, s)}" for name, value in answer["parameters"].items())
    if given:
        yield s.of(w.ASKED_WITH, told=given)
    checkpoint = answer["checkpoint"]
    if checkpoint is not None:
        named = {"origin": answer["origin"], "position": s.number(answer["position"]), "size": s.number(checkpoint["size"])}
        yield s.of(w.CHECKED, root=checkpoint["root"], final=s.of(w.FINAL[checkpoint["final"]]), **named)
        tail = checkpoint["tail"]
        if tail["entries"]:
            yield s.of(w.NOT_FINAL, entries=s.number(tail["entries"]), since=s.instant(tail["since"]))
    yield s.of(reports.TIMES_OF, capital=s.capital)


def _blocks(answer: Answer, s: Spoken) -> Iterator[dict[str, Any]]:
    rows = answer["answer"]
    if not rows:
        yield block(s.of(w.ON_RECORD), [s.of(w.NOT_ON_RECORD)])
    for row in rows:
        if row.get("shown") == "situation":
            yield from _situation(row, s)
        elif row.get("shown") == "figures":
            yield block(s.of(reports.FIGURES), [], [_figures(row, s), _people(row, s)])
    plain = [row for row in rows if "shown" not in row]
    if plain:
        yield block(s.of(w.ON_RECORD), [], list(_tables(plain, s)))


# -- rows --------------------------------------------------------------------------------------------------------------------


def _tables(rows: Sequence[Answer], s: Spoken) -> Iterator[Table]:
    """Rows as one table; where they are too wide for a page, each as a table of its own."""
    columns = columns_of(rows, s.language)
    body = [[_written(row.get(name), s) for name in columns] for row in rows]
    head = [s.of(field(name)) for name in columns]
    widths = [_width(name, [cells[at] for cells in body]) for at, name in enumerate(head)]
    if sum(widths) <= ACROSS:
        right = [all(_is_number(row.get(name)) for row in rows) and name != "position" for name in columns]
        yield _table("", head, body, widths, right)
        return
    for number, cells in enumerate(body, start=1):
        told = [[name, cell] for name, cell in zip(head, cells, strict=True) if cell != NOTHING]
        yield _table(s.of(w.ROW, number=s.number(number)), [], told, [30, 70])


def _width(heading: str, cells: Sequence[str]) -> int:
    """As many characters as the longest cell has, and as the longest word of the heading."""
    return min(max(LEAST, *map(len, heading.split()), *map(len, cells)), MOST)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _table(heading: str, head: list[str], rows: list[list[str]], widths: list[int], right: Sequence[bool] = ()) -> Table:
    align = ["right" if at < len(right) and right[at] else "left" for at in range(len(widths))]
    return {"heading": heading, "head": head, "align": align, "widths": widths, "rows": rows}


def _written(value: Any, s: Spoken) -> str:
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return s.of(w.YES[value])
    if isinstance(value, int):
        return s.number(value)
    if isinstance(value, Mapping):
        return str(value["label"]) if "label" in value else ", ".join(f"{k} {_written(v, s)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_written(each, s) for each in value)
    return s.short(value) if INSTANT(value) else str(value)


# -- what a view showed ------------------------------------------------------------------------------------------------------


def _situation(shown_then: Answer, s: Spoken) -> Iterator[dict[str, Any]]:
    """One block a part of the situation in which there is anything; people in danger first."""
    told = False
    for name, heading in HEADINGS.items():
        rows = shown_then.get(name)
        if not rows:
            continue
        told = True
        if name == "flags":
            rows = [
                {"stream": stream, "what": s.spaced("; ".join(s.of(FLAGS[f]) for f in flags))} for stream, flags in rows.items()
            ]
            tables = [_table("", [], [[row["stream"], row["what"]] for row in rows], [30, 70])]
        elif isinstance(rows[0], str):
            tables = [_table("", [], [[row] for row in rows], [100])]
        else:
            tables = list(_tables(rows, s))
        yield block(f"{s.of(heading)} ({s.number(len(rows))})", [], tables)
    if not told:
        yield block(s.of(reports.OPEN), [s.of(reports.NOTHING)])


def _figures(answer: Answer, s: Spoken) -> Table:
    rows = []
    for code, value in {**answer["figures"], **answer["beside"]}.items():
        indicator = RULESETS[answer["ruleset"]].indicator(code)
        assert indicator is not None, "a figure is one of its rules"
        rows.append(
            [code, (indicator.en, indicator.fr)[0 if s.language == "en" else 1], s.number(value), s.unit(indicator.unit, value)]
        )
    head = [s.of(reports.COLUMNS[name]) for name in ("code", "figure", "value", "unit")]
    return _table("", head, rows, [18, 44, 12, 26], (False, False, True, False))


def _people(answer: Answer, s: Spoken) -> Table:
    rows = [[row["name"] + (f" ({row['parts']})" if row["parts"] else ""), row["value"]] for row in s.people(answer["people"])]
    return _table(s.of(SECTIONS["people"]), [], rows, [80, 20], (False, True))
