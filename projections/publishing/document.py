"""Documents as PDF: tagged, PDF/A-3a and PDF/UA-1. A report has its content and the events behind each figure attached.

The same content gives the same bytes under the same renderer, whose name and version the report's event records; the fonts
are those that the renderer embeds. What the content says is handed over as data, never as source.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import segno
import typst

from ledger.formats import strict
from projections.publishing.pages import pages, readable
from projections.wording import reports as w
from projections.wording.typography import Language

HERE = Path(__file__).parent
STANDARDS: list[Literal["a-3a", "ua-1"]] = ["a-3a", "ua-1"]
LINE = ("figure", "quantity", "event", "label", "position", "stream", "authority", "place", "occurred_at", "sealed")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take a cell for a formula by."""


def renderer() -> str:
    """What sets documents here, with its version."""
    return f"typst-{version('typst')}"


def pdf(content: Mapping[str, Any], language: Language, own_words: Sequence[str] = ()) -> bytes:
    """The document of one edition, unsigned. `own_words` are the official's lines to take."""
    model = pages(content, language, own_words)
    model["qr"]["svg"] = _code(model["qr"]["text"])
    model["attachments"] = [
        {"name": name, "type": kind, "about": about[0 if language == "en" else 1], "body": body}
        for name, kind, about, body in (
            ("content.json", "application/json", w.ATTACHED_CONTENT, strict.format(content).decode()),
            ("lines.csv", "text/csv", w.ATTACHED_LINES, lines_csv(content)),
        )
    ]
    return typeset("report.typ", model, content["bound"]["as_of"])


def typeset(template: str, model: Mapping[str, Any], as_of: str) -> bytes:
    """A model as its template sets it; `as_of` is the only time in it."""
    made = _compiler(template).compile(
        sys_inputs={"pages": json.dumps(model, ensure_ascii=False)},
        format="pdf",
        pdf_standards=[*STANDARDS],
        timestamp=int(datetime.fromisoformat(as_of).timestamp()),
    )
    assert isinstance(made, bytes), "a document of several pages is one file"
    return made


@cache
def _compiler(template: str) -> typst.Compiler:
    return typst.Compiler(HERE / template, root=HERE, ignore_system_fonts=True)


def lines_csv(content: Mapping[str, Any]) -> str:
    """The events behind each figure, one a row; no cell is one that a spreadsheet would compute."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(LINE)
    for figure in content["figures"]:
        for line in figure["lines"]:
            writer.writerow([_cell(figure["code"]), *(_cell(line[name]) for name in LINE[1:])])
    return out.getvalue()


def _cell(value: Any) -> str | int:
    if isinstance(value, int):
        return int(value)
    text = readable(str(value or ""))
    return f"'{text}" if text.startswith(FORMULA) else text


def _code(text: str) -> str:
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", xmldecl=False, svgns=True, border=2)
    return out.getvalue().decode()
