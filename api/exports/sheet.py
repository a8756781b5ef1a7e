"""Sheets of a workbook, before anybody decides in which format they are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.exports.table import Column

TEXT_MAX = 32_000
"""Characters of one cell: a workbook takes some 32,767."""


@dataclass(frozen=True)
class SumIfs:
    """The sum of one column of a sheet over the rows in which others have these values; `value` is what it comes to.

    A condition's value is a text, or a Cell. Rows count from 1, as a reader of the workbook sees them.
    """

    sheet: str
    column: str
    rows: tuple[int, int]
    conditions: tuple[tuple[str, str | Cell], ...]
    value: int


@dataclass(frozen=True)
class Same:
    """`ok` where two cells of this sheet have the same number, else `differs`; `value` is which."""

    left: Cell
    right: Cell
    differs: str
    value: str


@dataclass(frozen=True)
class Cell:
    """A cell of the same sheet."""

    column: str
    row: int


@dataclass(frozen=True)
class Sheet:
    """Headers in words, codes under them where there are columns, then rows whose values are as their columns say.

    `notes` stand above the headers, one a row.
    """

    name: str
    columns: tuple[Column, ...]
    headers: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    notes: tuple[str, ...] = ()

    @property
    def first_row(self) -> int:
        """The row of the first value, counted from 1."""
        return len(self.notes) + (3 if self.columns else 1)


def letter(index: int) -> str:
    """The name of a column, counted from 0: A … Z, AA …"""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def clipped(value: Any) -> str:
    """A text as a cell holds it."""
    text = str(value)
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…"
