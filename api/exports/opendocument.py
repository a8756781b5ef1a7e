"""A workbook as ODS (OpenDocument 1.3): the few elements that a table of text, numbers, dates and sums needs.

Written here, because the libraries there are have not been kept for years or take minutes for what this takes a second for
(docs/decisions/0015). The same sheets give the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from api.exports.sheet import Cell, Same, Sheet, SumIfs, clipped
from api.exports.table import Column, moment_of
from ledger.formats.entry import parse_instant

MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
FIXED = (1980, 1, 1, 0, 0, 0)

_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAMES = (
    " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in (
            *(("office", "office"), ("table", "table"), ("text", "text"), ("style", "style")),
            *(("number", "datastyle"), ("fo", "xsl-fo-compatible"), ("meta", "meta"), ("manifest", "manifest")),
        )
    )
    + ' xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2"'
)
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_STYLES = (
    '<office:automatic-styles><number:date-style style:name="N1">'
    '<number:year number:style="long"/><number:text>-</number:text>'
    '<number:month number:style="long"/><number:text>-</number:text>'
    '<number:day number:style="long"/><number:text> </number:text>'
    '<number:hours number:style="long"/><number:text>:</number:text><number:minutes number:style="long"/><number:text>:'
    '</number:text><number:seconds number:style="long"/></number:date-style>'
    '<style:style style:name="date" style:family="table-cell" style:data-style-name="N1"/>'
    '<style:style style:name="bold" style:family="table-cell"><style:text-properties fo:font-weight="bold"/></style:style>'
    "</office:automatic-styles>"
)
_MANIFEST = (
    f'{_HEAD}<manifest:manifest {_NAMES} manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{MIMETYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    '<manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


def as_ods(sheets: Sequence[Sheet], title: str, created: datetime) -> bytes:
    """The file. Text is written as text, whatever it begins with; what XML cannot hold is replaced by U+FFFD."""
    at = f"{created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    meta = f"<meta:creation-date>{at}</meta:creation-date><meta:generator>Entente</meta:generator>"
    tables = "".join(part for sheet in sheets for part in _table(sheet))
    opening = f'{_NAMES} office:version="1.3"'
    files = {
        "mimetype": MIMETYPE,
        "content.xml": f"{_HEAD}<office:document-content {opening}>{_STYLES}<office:body><office:spreadsheet>{tables}"
        "</office:spreadsheet></office:body></office:document-content>",
        "meta.xml": f"{_HEAD}<office:document-meta {opening}><office:meta>{meta}</office:meta></office:document-meta>",
        "META-INF/manifest.xml": _MANIFEST,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            how = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, FIXED), content, how)
    return out.getvalue()


def _table(sheet: Sheet) -> Iterator[str]:
    yield f"<table:table table:name={quoteattr(_xml(sheet.name))}>"
    yield f'<table:table-column table:number-columns-repeated="{max(1, len(sheet.columns))}"/>'
    for note in sheet.notes:
        yield _row([_text(note)])
    if sheet.columns:
        yield _row(_text(header, "bold") for header in sheet.headers)
        yield _row(_text(column.code) for column in sheet.columns)
    for row in sheet.rows:
        yield _row(_cell(value, sheet.columns[n] if sheet.columns else Column("")) for n, value in enumerate(row))
    yield "</table:table>"


def _row(cells: Any) -> str:
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def _cell(value: Any, of: Column) -> str:
    match value:
        case None:
            return "<table:table-cell/>"
        case SumIfs():
            return _computed(formula(value), f'office:value-type="float" office:value="{value.value}"')
        case Same():
            return _computed(formula(value), f'office:value-type="string" office:string-value={quoteattr(_xml(value.value))}')
        case bool():
            return f'<table:table-cell office:value-type="boolean" office:boolean-value="{str(value).lower()}"/>'
        case int():
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        case _ if of.kind == "decimal":
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        case _ if of.kind == "instant":
            return _date(f"{moment_of(parse_instant(value)):%Y-%m-%dT%H:%M:%S}")
        case _ if of.kind == "local":
            return _date(value)
        case _:
            return _text(value)


def _computed(text: str, value: str) -> str:
    return f"<table:table-cell table:formula={quoteattr('of:' + _xml(text))} {value}/>"


def _date(text: str) -> str:
    return f'<table:table-cell table:style-name="date" office:value-type="date" office:date-value="{text}"/>'


def _text(value: Any, style: str = "") -> str:
    named = f' table:style-name="{style}"' if style else ""
    content = escape(_xml(clipped(value)))
    return f'<table:table-cell{named} office:value-type="string"><text:p>{content}</text:p></table:table-cell>'


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def formula(value: SumIfs | Same) -> str:
    """A formula as OpenFormula has it."""
    if isinstance(value, Same):
        return f'=IF({_at(value.left)}={_at(value.right)};"ok";"{value.differs}")'
    first, last = value.rows

    def span(column: str) -> str:
        return f"[$'{value.sheet}'.${column}${first}:.${column}${last}]"

    conditions = [
        f"{span(column)};{_at(v) if isinstance(v, Cell) else f'{chr(34)}{v}{chr(34)}'}" for column, v in value.conditions
    ]
    return f"=SUMIFS({span(value.column)};{';'.join(conditions)})"


def _at(cell: Cell) -> str:
    return f"[.{cell.column}{cell.row}]"
