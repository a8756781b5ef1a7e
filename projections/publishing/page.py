"""A document as one page for a browser: no script, nothing from elsewhere, readable on a phone and on paper.

It is made from the same model as the PDF, and is no signed document: it says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from projections.publishing.pages import pages
from projections.wording import reports as w
from projections.wording.typography import Language

DIGEST = re.compile(r"[0-9a-f]{64}")
LOCALES = {"en": "en-GB", "fr": "fr-FR"}
SHORT_ROWS = 2
"""So few columns fit on a phone."""


def html(content: Mapping[str, Any], language: Language, own_words: Sequence[str] = ()) -> str:
    """The page of one edition; every word of it is data, escaped."""
    p = pages(content, language, own_words)
    main = [
        f"<p><strong>{escape(p['day'])}</strong> · {escape(p['status'])}</p>",
        f'<p class="note">{escape(p["as_of"])}<br>{escape(p["window"])}</p>',
        *_first_page(p),
        f'<h2 class="annexes">{escape(p["annex"])}</h2>',
        *(part for each in p["annexes"] for part in block(each)),
    ]
    last = [
        f"<p>{escape(p['footer'])} {escape(w.NOT_SIGNED[0 if language == 'en' else 1])}</p>",
        f"<p>{escape(p['size'])} · <code>{escape(p['short_root'])}…</code></p>",
    ]
    return framed(p, main, last)


def framed(p: Mapping[str, Any], main: Iterable[str], last: Iterable[str]) -> str:
    """A page with what every document of ours has: its markings, its title, for whom it is."""
    title = escape(f"{p['title']} · {p['day']}")
    exercise = f'<p class="marking exercise">{escape(p["exercise"])}</p>' if p["exercise"] else ""
    face = "face national" if p["is_national"] else "face"
    parts = [
        f'<!doctype html><html lang="{LOCALES[p["language"]]}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">',
        f"<title>{title}</title><style>:root {{ --accent: {p['accent']}; }}{_style()}{_margins(p)}</style></head><body>",
        f'<header><p class="marking">{escape(p["marking"])}</p>{exercise}</header>',
        f"<main><h1>{escape(p['title'])}</h1>",
        f'<p class="{face}">{escape(p["edition"])}</p>',
        *main,
        f'</main><footer>{"".join(last)}<p class="marking">{escape(p["marking"])}</p></footer>',
        "</body></html>\n",
    ]
    return "".join(parts)


@cache
def _style() -> str:
    return Path(__file__).with_name("page.css").read_text(encoding="utf-8")


def _margins(p: Mapping[str, Any]) -> str:
    """On paper every page bears the markings, above and below."""
    above = f"{p['marking']} – {p['exercise']}" if p["exercise"] else p["marking"]
    boxes = f"@top-center {{ content: {_quoted(above)}; }} @bottom-center {{ content: {_quoted(p['marking'])}; }}"
    return f"@page {{ size: A4; margin: 20mm 16mm; font: bold 9pt system-ui, sans-serif; {boxes} }}"


def _quoted(text: str) -> str:
    """A string of a style sheet: every character by its number, so that none has a meaning."""
    return '"' + "".join(f"\\{ord(c):06x}" for c in text) + '"'


def _first_page(p: Mapping[str, Any]) -> Iterable[str]:
    yield _heading(p["sentences"])
    yield from (f"<p><strong>{escape(row['label'])}.</strong> {escape(row['text'])}</p>" for row in p["sentences"]["rows"])
    yield _heading(p["people"])
    yield '<dl class="people">'
    for row in p["people"]["rows"]:
        parts = f' <span class="note">({escape(row["parts"])})</span>' if row["parts"] else ""
        grave = ' class="grave"' if row["grave"] else ""
        yield f"<div><dt>{escape(row['name'])}{parts}</dt><dd><strong{grave}>{escape(row['value'])}</strong></dd></div>"
    yield f"</dl>{_notes(p['people'])}{_heading(p['outside'])}{_list(p['outside']['rows'])}"
    yield f'{_heading(p["headline"])}<dl class="headline">'
    told = p["headline"]["head"][-1]
    for row in p["headline"]["rows"]:
        change = f'<span class="change" title="{escape(told)}">{escape(row["change"])}</span>' if row["change"] else ""
        yield f'<div><dt><span class="code quiet">{escape(row["code"])}</span> {escape(row["name"])}</dt>'
        yield f'<dd><strong>{escape(row["value"])}</strong> <span class="unit">{escape(row["unit"])}</span> {change}</dd></div>'
    yield f"</dl>{_notes(p['headline'])}{_heading(p['decide'])}{_list(p['decide']['rows'])}"


def block(each: Mapping[str, Any], level: int = 3) -> Iterable[str]:
    """A block of a document, as annexes.py describes it."""
    yield f"<section{' class=own' if each['is_own'] else ''}><h{level}>{escape(each['heading'])}</h{level}>"
    yield from (f"<p>{escape(text)}</p>" for text in each["paragraphs"])
    if each["picture"] is not None:
        yield _picture(each["picture"], each["heading"])
    for table in each["tables"]:
        yield from _table(table, level + 1)
    yield "</section>"


def _picture(picture: Mapping[str, Any], heading: str) -> str:
    svg = picture["svg"].replace("<svg ", f'<svg role="img" aria-label="{escape(picture["alt"])}" ', 1)
    caption = f'<figcaption class="note">{escape(picture["caption"])}</figcaption>' if picture["caption"] else ""
    kind = "line" if picture["caption"] else "map"
    return f'<figure class="{kind}">{_scroll(heading)}{svg}</div>{caption}</figure>'


def _scroll(name: str) -> str:
    """What is wide is scrolled by itself, by keyboard as well."""
    return f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(name)}">'


def _table(table: Mapping[str, Any], level: int) -> Iterable[str]:
    if table["heading"]:
        yield f"<h{level}>{escape(table['heading'])}</h{level}>"
    side = [' class="right"' if each == "right" else "" for each in table["align"]]
    is_short = len(table["widths"]) <= SHORT_ROWS
    yield f"{_scroll(table['label'])}<table{' class=short' if is_short else ''}><colgroup>"
    total = sum(table["widths"])
    yield "".join(f'<col style="width: {100 * part / total:.1f}%">' for part in table["widths"])
    yield "</colgroup>"
    if table["head"]:
        cells = "".join(f'<th scope="col"{side[n]}>{escape(cell)}</th>' for n, cell in enumerate(table["head"]))
        yield f"<thead><tr>{cells}</tr></thead>"
    yield "<tbody>"
    for row in table["rows"]:
        yield f"<tr>{''.join(f'<td{side[n]}>{_cell(cell)}</td>' for n, cell in enumerate(row))}</tr>"
    yield "</tbody></table></div>"


def _cell(text: str) -> str:
    return f"<code>{text}</code>" if DIGEST.fullmatch(text) else escape(text)


def _heading(block: Mapping[str, Any]) -> str:
    return f"<h2>{escape(block['heading'])}</h2>"


def _list(rows: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(row)}</li>' for row in rows)}</ul>"


def _notes(block: Mapping[str, Any]) -> str:
    return "".join(f'<p class="note">{escape(row)}</p>' for row in block["notes"])
