"""One table, or one workbook, as the answer to a request: its form, its name, and where its provenance is."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from fastapi.responses import Response

from api.exports.book import provenance_sheet
from api.exports.columnar import as_parquet
from api.exports.delimited import as_csv, as_french_excel, as_json_lines
from api.exports.excel import as_xlsx
from api.exports.geo import as_geojson
from api.exports.opendocument import MIMETYPE, as_ods
from api.exports.sheet import Sheet
from api.exports.table import Table, moment_of
from ledger import errors
from ledger.formats.entry import parse_instant
from projections.wording.tables import SHEETS
from projections.wording.typography import Language

PROVENANCE = "provenance.json"
TYPES = {
    "csv": "text/csv; charset=utf-8; header=present",
    "jsonl": "application/jsonl",
    "geojson": "application/geo+json",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": MIMETYPE,
    PROVENANCE: "application/json",
}
BOOKS = ("xlsx", "ods")
BOOK_ROWS_MAX = 10_000
BOOKS_AT_ONCE = 2
"""Workbooks that one process makes at a time: each is made in memory, some 100 MB of it at the most."""
EXCEL_FR = "excel-fr"

_turns = threading.BoundedSemaphore(BOOKS_AT_ONCE)


def require_suffix(suffix: str, allowed: Sequence[str]) -> None:
    """Refuse a form that an answer does not have. Raises NotFound."""
    if suffix not in allowed:
        raise errors.NotFound(f"there is no such form of this answer: {', '.join(allowed)}", field="suffix")


def file_of(
    suffix: str, table: Table, provenance: Mapping[str, Any], form: str | None, language: Language,
    sheets: Callable[[], list[Sheet]] | None = None,
) -> Response:  # fmt: skip
    """The file of a table; `sheets` makes those of a workbook where it has its own. Raises Unavailable, BadQuestion."""
    try:
        content = _content(suffix, table, provenance, form, language, sheets)
    except ImportError:
        remedy = "the operator installs the extra: requirements/install reports"
        raise errors.Unavailable(f"{suffix} is not installed at this service", field="suffix", remedy=remedy) from None
    return Response(content, 200, _headers(suffix, table, provenance, content), TYPES[suffix])


def _content(
    suffix: str, table: Table, provenance: Mapping[str, Any], form: str | None, language: Language,
    sheets: Callable[[], list[Sheet]] | None,
) -> bytes:  # fmt: skip
    match suffix:
        case "csv":
            return as_french_excel(table) if form == EXCEL_FR else as_csv(table)
        case "jsonl":
            return as_json_lines(table)
        case "geojson":
            return as_geojson(table, provenance)
        case "parquet":
            return as_parquet(table, provenance)
        case "xlsx" | "ods":
            if len(table.rows) > BOOK_ROWS_MAX:
                remedy = "ask for fewer, or for csv or parquet"
                raise errors.BadQuestion(f"a workbook takes {BOOK_ROWS_MAX} rows", field="suffix", remedy=remedy)
            made = sheets() if sheets is not None else _plain_book(table, provenance, language)
            return _book(suffix, made, table.name, moment_of(parse_instant(provenance["as_of"])))
        case _:
            return msgspec.json.encode(provenance)


def _book(suffix: str, sheets: Sequence[Sheet], title: str, created: datetime) -> bytes:
    if not _turns.acquire(blocking=False):
        raise errors.Busy(remedy="other workbooks are being made: ask again after a moment")
    try:
        return as_xlsx(sheets, title, created) if suffix == "xlsx" else as_ods(sheets, title, created)
    finally:
        _turns.release()


def _plain_book(table: Table, provenance: Mapping[str, Any], language: Language) -> list[Sheet]:
    words = SHEETS["data"]
    headers = tuple(column.header(language) for column in table.columns)
    data = Sheet(words.fr if language == "fr" else words.en, table.columns, headers, list(table.values()))
    return [data, provenance_sheet(language, provenance)]


def _headers(suffix: str, table: Table, provenance: Mapping[str, Any], content: bytes) -> dict[str, str]:
    """What says where a file comes from without being in it: for forms that have no place for it."""
    name = f"{provenance['view']}-{table.name}-{provenance['position']}".lower()
    companion = f"{provenance['path']}.{PROVENANCE}?{urlencode(provenance['query'])}"
    found = {
        "Cache-Control": "private, no-store",
        "Entente-Position": str(provenance["position"]),
        "Entente-Rows-SHA256": provenance["digest"]["sha256"],
        "Repr-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:",
        "Vary": "Accept-Language",
    }
    if suffix != PROVENANCE:
        found["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
    if suffix in ("csv", "jsonl"):
        found["Link"] = f'<{companion}>; rel="describedby"; type="application/json"'
    return found
