"""Text for a terminal: aligned tables, wrapped paragraphs, and nothing from the data that a terminal would obey."""

from __future__ import annotations

import json
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

WIDTH = 118
"""Columns that a table or a paragraph is laid out for; a pipe gets the same, so that two runs can be compared."""

# Escape sequences and what reorders or hides text: C0 but the line feed, DEL, C1, bidirectional and zero-width characters.
# U+202F, the narrow space of French typography, is none of them.
_OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")

Cell = str | int | None


def plain(text: str) -> str:
    r"""The text with every character that a terminal would obey spelt out (`\x1b`), line feeds apart."""
    return _OBEYED.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)


def json_document(value: Any) -> str:
    """One JSON document, indented, in which no character is left for a terminal to obey."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return _OBEYED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def width(text: str) -> int:
    """Columns a text takes: two for a wide character, none for one that combines with the character before."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def table(rows: Iterable[Sequence[Cell]], head: Sequence[str] = (), align: str = "", indent: int = 2) -> list[str]:
    """Rows as aligned columns, two spaces apart. `align` has one letter a column: l or r (l where it is too short).

    Line feeds inside a cell become spaces: a row stays a row.
    """
    body = [["" if cell is None else plain(str(cell)).replace("\n", " ") for cell in row] for row in rows]
    lines = ([list(head)] if head else []) + body
    if not body:
        return []
    columns = max(len(line) for line in lines)
    widths = [max((width(line[c]) for line in lines if c < len(line)), default=0) for c in range(columns)]
    laid = [_row(line, widths, align, indent) for line in lines]
    if head:
        rule = ["─" * w if c < len(head) and head[c] else "" for c, w in enumerate(widths)]
        laid.insert(1, _row(rule, widths, align, indent))
    return laid


def _row(cells: Sequence[str], widths: Sequence[int], align: str, indent: int) -> str:
    padded = []
    for column, cell in enumerate(cells):
        space = " " * (widths[column] - width(cell))
        padded.append(space + cell if align[column : column + 1] == "r" else cell + space)
    return (" " * indent + "  ".join(padded)).rstrip()


def paragraph(text: str, indent: int = 2) -> list[str]:
    """A text wrapped to the screen's width; narrow no-break spaces never end a line."""
    return textwrap.wrap(
        plain(text).replace("\n", " "), WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def sides(left: str, right: str) -> str:
    """One line with a text at each end."""
    return (left + " " * max(2, WIDTH - width(left) - width(right)) + right).rstrip()
