"""Rows that no reader can be trusted with: what a column cannot hold by rights, and positions that nobody asks for.

SQLite stores any kind of value in any column, and calls text whatever bytes were written as such; either store holds NULL once
NOT NULL is taken away. Such a value stops whoever reads it, so that it is looked for here, without being read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Engine, LargeBinary, Table, case, cast, func, literal, null, or_, select

from ledger.store import tables
from ledger.store.engines import is_sqlite

STORED = {str: "text", int: "integer", bytes: "blob"}
PLACES = ("position", "size", "stated", "since")
NAMED_MAX = 100
"""Rows of one table that are named."""

Found = tuple[int, str]
Fault = Callable[[Column[Any]], ColumnElement[Any]]


def misfits(engine: Engine, among: Iterable[Table]) -> list[Found]:
    """(position or 0, what) of values that are of another kind than their column's, or none at all."""
    return _faults(engine, among, _other_kind if is_sqlite(engine) else _none)


def illegible(engine: Engine, among: Iterable[Table]) -> list[Found]:
    """(position or 0, what) of texts that are no UTF-8. PostgreSQL takes none."""
    return _faults(engine, among, _no_text) if is_sqlite(engine) else []


def unnumbered(engine: Engine) -> list[Found]:
    """(position, what) of rows of the log under a number below 1, which nobody reads: positions and sizes count from 1."""
    found = []
    with engine.connect() as connection:
        for table, name in ((t, name) for t in tables.metadata.sorted_tables for name in PLACES if name in t.c):
            for (number,) in connection.execute(select(table.c[name]).where(table.c[name] < 1).limit(NAMED_MAX)):
                found.append((number, f"{table.name} has a row of {name} {number}: they count from 1"))
    return found


def _faults(engine: Engine, among: Iterable[Table], fault: Fault) -> list[Found]:
    return [found for table in among for found in _faults_of(engine, table, fault)]


def _faults_of(engine: Engine, table: Table, fault: Fault) -> Sequence[Found]:
    columns = list(table.columns)
    place = next((table.c[name] for name in PLACES if name in table.c), None)
    numbered = literal(0) if place is None else func.coalesce(case((fault(place).is_(None), place), else_=None), 0)
    faults = [fault(column) for column in columns]
    with engine.connect() as connection:
        if is_sqlite(engine):
            driver: Any = connection.connection.dbapi_connection
            driver.create_function("is_utf8", 1, _is_utf8, deterministic=True)
        query = select(numbered, *faults).where(or_(*(each.is_not(None) for each in faults))).limit(NAMED_MAX)
        return [
            (position, f"column {column.name} of {table.name} holds {what}, which is not what belongs there")
            for position, *found in connection.execute(query)
            for column, what in zip(columns, found, strict=True)
            if what is not None
        ]


def _other_kind(column: Column[Any]) -> ColumnElement[Any]:
    return func.nullif(func.typeof(column), STORED.get(column.type.python_type, "blob"))


def _none(column: Column[Any]) -> ColumnElement[Any]:
    return case((column.is_(None), literal("null")), else_=null())


def _no_text(column: Column[Any]) -> ColumnElement[Any]:
    if column.type.python_type is not str:
        return null()
    return case((func.is_utf8(cast(column, LargeBinary)) == 0, literal("bytes that are no UTF-8")), else_=null())


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
