"""Tables as lines of text: JSON lines, RFC 4180 CSV, and the CSV that a French Excel opens by a double click.

A text that a spreadsheet would take for a formula is preceded by an apostrophe; JSON lines have it as it is.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from api.exports.table import Column, Table, moment_of
from ledger.formats.entry import parse_instant
from projections.wording.tables import MARKS

FORMULAIC = ("=", "+", "-", "@", "\t", "\r", "\n")
BOM = "\ufeff"


def as_json_lines(table: Table) -> bytes:
    """A row a line; SHA-256 of the file is the digest of the rows."""
    return b"".join(table.lines())


def as_csv(table: Table) -> bytes:
    """RFC 4180 in UTF-8: one header, the codes of the columns; instants as RFC 3339, flags as true and false."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(column.code for column in table.columns)
    for values in table.values():
        writer.writerow(_plain(column, value) for column, value in zip(table.columns, values, strict=True))
    return out.getvalue().encode()


def as_french_excel(table: Table) -> bytes:
    """Semicolons, a byte order mark, decimal commas, jj/mm/aaaa, oui and non; the codes stand under French headers."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(column.header("fr") for column in table.columns)
    writer.writerow(column.code for column in table.columns)
    for values in table.values():
        writer.writerow(_french(column, value) for column, value in zip(table.columns, values, strict=True))
    return (BOM + out.getvalue()).encode()


def inert(text: str) -> str:
    """Text that no spreadsheet computes."""
    return "'" + text if text.startswith(FORMULAIC) else text


def _plain(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.kind == "flag":
        return "true" if value else "false"
    return inert(str(value)) if column.kind == "text" else str(value)


def _french(column: Column, value: Any) -> str:
    if value is None:
        return ""
    match column.kind:
        case "flag":
            return MARKS["yes" if value else "no"].fr
        case "decimal":
            return str(value).replace(".", ",")
        case "instant":
            return f"{moment_of(parse_instant(value)):%d/%m/%Y %H:%M:%S}"
        case _:
            return _plain(column, value)
