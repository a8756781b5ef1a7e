"""A table: columns with stable codes, rows of plain values, and where all of it comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from ledger.formats import strict
from projections.wording.tables import HEADERS
from projections.wording.typography import Language

Kind = Literal["text", "integer", "decimal", "flag", "instant", "local"]
"""Values of rows: text, integer; decimal: digits with a point, as text; flag: True or False; instant: RFC 3339 in UTC; local:
a wall-clock time without a zone, as text. None wherever there is nothing."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Column:
    """One column: its code, and what its values are."""

    code: str
    kind: Kind = "text"

    def header(self, language: Language) -> str:
        """Its words."""
        words = HEADERS[self.code]
        return words.fr if language == "fr" else words.en


def columns(text: str) -> tuple[Column, ...]:
    """Columns as one writes them down: `event label position:integer`."""
    found = (word.partition(":") for word in text.split())
    return tuple(Column(code, kind or "text") for code, _, kind in found)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Table:
    """Rows under columns. `places` are the points of a map by their code; `frame` is what an answer says first."""

    name: str
    columns: tuple[Column, ...]
    rows: Sequence[Mapping[str, Any]]
    frame: Mapping[str, Any]
    covered: int = 0
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def values(self) -> Iterator[list[Any]]:
        """Each row's values in the order of the columns."""
        codes = [column.code for column in self.columns]
        for row in self.rows:
            yield [row.get(code) for code in codes]

    def lines(self) -> Iterator[bytes]:
        """Each row as RFC 8785 JSON with every column in it, and a line feed."""
        codes = [column.code for column in self.columns]
        for row in self.rows:
            yield strict.format({code: row.get(code) for code in codes}) + b"\n"

    def digest(self) -> str:
        """SHA-256 over these lines, hex: the same in every format and language."""
        hasher = hashlib.sha256()
        for line in self.lines():
            hasher.update(line)
        return hasher.hexdigest()


def decimal(scaled: int | None, digits: int) -> str | None:
    """An integer of so many decimal digits, written out: 1812000 of 6 is 1.812000."""
    if scaled is None:
        return None
    whole, rest = divmod(abs(scaled), 10**digits)
    return f"{'-' if scaled < 0 else ''}{whole}.{rest:0{digits}d}"


def moment_of(microseconds: int) -> datetime:
    """A UTC datetime, exactly."""
    return _EPOCH + timedelta(microseconds=microseconds)
