"""A workbook as XLSX, by XlsxWriter, in memory: the same sheets give the same bytes. Needs the extra `reports`."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from api.exports.sheet import Cell, Same, Sheet, SumIfs, clipped
from api.exports.table import Column, moment_of
from ledger.formats.entry import parse_instant

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

WIDTHS = {"text": 24, "integer": 11, "decimal": 12, "flag": 9, "instant": 20, "local": 20}


def as_xlsx(sheets: Sequence[Sheet], title: str, created: datetime) -> bytes:
    """The file. Text is written as text, whatever it begins with. Raises ImportError where the extra is not installed."""
    from xlsxwriter import Workbook

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(out, options) as book:
        book.set_properties({"title": title, "created": created.astimezone(UTC).replace(tzinfo=None)})
        writer = _Writer(book)
        for sheet in sheets:
            writer.write(sheet)
    return out.getvalue()


class _Writer:
    """One workbook being written."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.bold: Format = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self.code: Format = book.add_format({"italic": True, "font_color": "#555555"})
        self.date: Format = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})

    def write(self, sheet: Sheet) -> None:
        """Add a sheet."""
        made: Worksheet = self.book.add_worksheet(sheet.name)
        at = 0
        for note in sheet.notes:
            made.write_string(at, 0, clipped(note))
            at += 1
        if sheet.columns:
            for n, (column, header) in enumerate(zip(sheet.columns, sheet.headers, strict=True)):
                made.set_column(n, n, WIDTHS[column.kind])
                made.write_string(at, n, header, self.bold)
                made.write_string(at + 1, n, column.code, self.code)
            at += 2
            made.freeze_panes(at, 0)
            made.autofilter(at - 1, 0, max(at, at + len(sheet.rows) - 1), len(sheet.columns) - 1)
        else:
            made.set_column(0, 0, 100)
        for row in sheet.rows:
            for n, value in enumerate(row):
                self._cell(made, at, n, value, sheet.columns[n] if sheet.columns else Column("", "text"))
            at += 1

    def _cell(self, sheet: Worksheet, row: int, column: int, value: Any, of: Column) -> None:
        match value:
            case None:
                return
            case SumIfs() | Same():
                sheet.write_formula(row, column, formula(value), None, value.value)
            case bool():
                sheet.write_boolean(row, column, value)
            case int():
                sheet.write_number(row, column, value)
            case _ if of.kind == "decimal":
                sheet.write_number(row, column, float(value))
            case _ if of.kind == "instant":
                sheet.write_datetime(row, column, moment_of(parse_instant(value)).replace(tzinfo=None), self.date)
            case _ if of.kind == "local":
                sheet.write_datetime(row, column, datetime.fromisoformat(value), self.date)
            case _:
                sheet.write_string(row, column, clipped(value))


def formula(value: SumIfs | Same) -> str:
    """A formula as XLSX has it, in English whatever the reader's language."""
    if isinstance(value, Same):
        return f'=IF({_at(value.left)}={_at(value.right)},"ok","{value.differs}")'
    first, last = value.rows

    def span(column: str) -> str:
        return f"'{value.sheet}'!${column}${first}:${column}${last}"

    conditions = [
        f"{span(column)},{_at(v) if isinstance(v, Cell) else f'{chr(34)}{v}{chr(34)}'}" for column, v in value.conditions
    ]
    return f"=SUMIFS({span(value.column)},{','.join(conditions)})"


def _at(cell: Cell) -> str:
    return f"{cell.column}{cell.row}"
