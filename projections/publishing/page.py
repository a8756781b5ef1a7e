"""A report's document as one page for a browser: no script, nothing from elsewhere, readable on a phone and on paper.

It is made from the same model as the PDF, and is no signed document: it says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from projections.publishing.pages import pages
from projections.wording import reports as w
from projections.wording.typography import Language

STYLE = """
:root { color-scheme: light; --ink: #1b1f24; --quiet: #57606a; --rule: #c9d1d9; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; color: var(--ink); background: #fff;
  font: 1rem/1.5 system-ui, sans-serif; }
.marking { text-align: center; font-weight: 700; font-size: .9rem; }
.exercise { color: #a4262c; }
h1 { color: var(--accent); font-size: 1.7rem; line-height: 1.2; margin: 1rem 0 .3rem; }
h2 { color: var(--accent); font-size: 1.2rem; border-bottom: 2px solid var(--accent); margin: 1.6rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
.quiet { color: var(--quiet); }
.people, .headline { display: grid; gap: .2rem 1.5rem; margin: 0;
  grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); }
.people div, .headline div { display: flex; gap: .6rem; border-bottom: 1px solid var(--rule); padding: .2rem 0; }
dt { flex: 1; } dd { margin: 0; text-align: right; } dd strong { font-size: 1.25rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-top: 1px solid var(--rule);
  overflow-wrap: break-word; }
th { border-top: 0; } .right { text-align: right; white-space: nowrap; }
figure { margin: 0 0 1rem; } figure svg { width: 100%; height: auto; max-height: 30rem; }
footer { margin-top: 2rem; border-top: 1px solid var(--rule); color: var(--quiet); font-size: .85rem; }
@media print { body { max-width: none; font-size: 10pt; } h2 { break-after: avoid; } tr, figure { break-inside: avoid; } }
"""


def html(content: Mapping[str, Any], language: Language, own_words: Sequence[str] = ()) -> str:
    """The page of one edition; every word of it is data, escaped."""
    p = pages(content, language, own_words)
    title = escape(f"{p['title']} · {p['day']}")
    parts = [
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">',
        f"<title>{title}</title><style>:root {{ --accent: {p['accent']}; }}{STYLE}</style></head><body>",
        f'<header><p class="marking">{escape(p["marking"])}</p>',
        f'<p class="marking exercise">{escape(p["exercise"])}</p>' if p["exercise"] else "",
        f"</header><main><h1>{escape(p['title'])}</h1>",
        f'<p><strong>{escape(p["day"])}</strong> · {escape(p["status"])}<br><span class="quiet">',
        f"{escape(p['as_of'])} · {escape(p['edition'])}</span></p>",
        *_first_page(p),
        *(part for block in p["annexes"] for part in _block(block)),
        f"</main><footer><p>{escape(p['footer'])} {escape(w.NOT_SIGNED[0 if language == 'en' else 1])}</p>",
        f'<p>{escape(p["position"])} · {escape(p["short_root"])}…</p><p class="marking">{escape(p["marking"])}</p></footer>',
        "</body></html>\n",
    ]
    return "".join(parts)


def _first_page(p: Mapping[str, Any]) -> Iterable[str]:
    yield _heading(p["sentences"])
    yield from (f"<p>{escape(row)}</p>" for row in p["sentences"]["rows"])
    yield _heading(p["people"])
    yield '<dl class="people">'
    for row in p["people"]["rows"]:
        parts = f'<br><span class="quiet">{escape(row["parts"])}</span>' if row["parts"] else ""
        yield f"<div><dt>{escape(row['name'])}{parts}</dt><dd><strong>{escape(row['value'])}</strong></dd></div>"
    yield f"</dl>{_heading(p['outside'])}{_list(p['outside']['rows'])}"
    yield f'{_heading(p["headline"])}<dl class="headline">'
    for row in p["headline"]["rows"]:
        change = f' <span class="quiet">{escape(row["change"])}</span>' if row["change"] else ""
        yield f'<div><dt><span class="quiet">{escape(row["code"])}</span> {escape(row["name"])}</dt>'
        yield f"<dd><strong>{escape(row['value'])}</strong>{change}<br><span>{escape(row['unit'])}</span></dd></div>"
    yield f"</dl>{_heading(p['decide'])}{_list(p['decide']['rows'])}"


def _block(block: Mapping[str, Any]) -> Iterable[str]:
    yield _heading(block)
    yield from (f"<p>{escape(text)}</p>" for text in block["paragraphs"])
    if block["picture"] is not None:
        svg = block["picture"]["svg"].replace("<svg ", f'<svg role="img" aria-label="{escape(block["picture"]["alt"])}" ', 1)
        yield f"<figure>{svg}</figure>"
    for table in block["tables"]:
        yield from _table(table)


def _table(table: Mapping[str, Any]) -> Iterable[str]:
    if table["heading"]:
        yield f"<h3>{escape(table['heading'])}</h3>"
    side = [' class="right"' if each == "right" else "" for each in table["align"]]
    # A wide table is scrolled by itself, by keyboard as well.
    yield f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(table["heading"] or "—")}"><table>'
    if table["head"]:
        cells = "".join(f'<th scope="col"{side[n]}>{escape(cell)}</th>' for n, cell in enumerate(table["head"]))
        yield f"<thead><tr>{cells}</tr></thead>"
    yield "<tbody>"
    for row in table["rows"]:
        yield f"<tr>{''.join(f'<td{side[n]}>{escape(cell)}</td>' for n, cell in enumerate(row))}</tr>"
    yield "</tbody></table></div>"


def _heading(block: Mapping[str, Any]) -> str:
    return f"<h2>{escape(block['heading'])}</h2>"


def _list(rows: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(row)}</li>' for row in rows)}</ul>"
