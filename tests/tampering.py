"""Somebody with every database right: the tables of a log, its views and its cosigners laid open, to be written as he likes.

Triggers, uniqueness, checks and NOT NULL are taken away first; primary keys stay, without which no reader's answer is defined.
A table is read whole and written whole: a change is a function from rows to rows, and undoing it writes what was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from random import Random
from typing import Any, NamedTuple

from sqlalchemy import Engine, inspect

from api.home import Home
from ledger.evidence.cosigner import STATE
from ledger.store.engines import DATABASE_ERRORS, is_sqlite, open_engine

Row = dict[str, Any]
BYTE, NUMBER_BYTES = 256, 8
FLIPPED, DROPPED, INSERTED = HOWS = ("flipped", "dropped", "inserted")
ALIKE = (0, -1)
"""Numbers whose bytes are all the same: one of them dropped makes no difference."""


class Raw(bytes):
    """The bytes of a text, which need not be one."""


class Refused(Exception):
    """The store itself cannot hold the change: bytes that are no text of its encoding, or a number beyond its column."""


class Shape(NamedTuple):
    """Columns of a table, those of its primary key, and the kind of each: `text`, `bytes` or `number`."""

    columns: tuple[str, ...]
    key: tuple[str, ...]
    kinds: dict[str, str]


class Laid:
    """One database laid open, a schema of it on PostgreSQL. `name`: `log`, the nation of a view, the site of a cosigner."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine, self.name = engine, name
        self.is_sqlite = is_sqlite(engine)
        found = inspect(engine)
        schema = None if self.is_sqlite else self._one("SELECT current_schema()")
        self.shapes: dict[str, Shape] = {}
        for table in found.get_table_names(schema):
            columns = found.get_columns(table, schema)
            names = tuple(str(column["name"]) for column in columns)
            key = tuple(found.get_pk_constraint(table, schema)["constrained_columns"]) or names
            kinds = {str(c["name"]): _kind(c["type"].python_type) for c in columns}
            self.shapes[table] = Shape(names, key, kinds)
        self._disarm()
        self.kept = {table: self.rows(table) for table in self.shapes}

    def _one(self, statement: str) -> Any:
        with closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            return cursor.fetchone()[0]  # type: ignore[index]

    # -- reading and writing -----------------------------------------------------------------------------------------------

    def rows(self, table: str) -> list[Row]:
        """Every row, by primary key."""
        shape = self.shapes[table]
        with closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute(f"SELECT {', '.join(shape.columns)} FROM {table} ORDER BY {', '.join(shape.key)}")
            found = [[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in cursor.fetchall()]
        return [dict(zip(shape.columns, row, strict=True)) for row in found]

    def write(self, changed: dict[str, list[Row]]) -> None:
        """Write these tables anew, all or none. Raises Refused where the store cannot hold it."""
        with closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            try:
                if self.is_sqlite:
                    cursor.execute("BEGIN IMMEDIATE")
                for table, rows in changed.items():
                    cursor.execute(f"DELETE FROM {table}")
                    for row in rows:
                        cursor.execute(*self._insert(table, row))
            except (*DATABASE_ERRORS, OverflowError) as wrong:
                connection.rollback()
                raise Refused(str(wrong)) from wrong
            connection.commit()

    def _insert(self, table: str, row: Row) -> tuple[str, list[Any]]:
        mark, as_text = ("?", "CAST(? AS TEXT)") if self.is_sqlite else ("%s", "convert_from(%s, 'UTF8')")
        marks = [as_text if isinstance(value, Raw) else mark for value in row.values()]
        values = [bytes(value) if isinstance(value, Raw) else value for value in row.values()]
        return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(marks)})", values

    def undo(self, tables: Sequence[str] | None = None) -> None:
        """Write what stood there before anybody came."""
        self.write({table: self.kept[table] for table in tables or self.kept})

    # -- taking away what guards ------------------------------------------------------------------------------------------

    def _disarm(self) -> None:
        with closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            for statement in self._statements():
                cursor.execute(statement)
            connection.commit()

    def _statements(self) -> list[str]:
        made = []
        for table, shape in self.shapes.items():
            if self.is_sqlite:
                kinds = {"text": "TEXT", "bytes": "BLOB", "number": "INTEGER"}
                columns = ", ".join(f"{column} {kinds[shape.kinds[column]]}" for column in shape.columns)
                made += [
                    f"ALTER TABLE {table} RENAME TO guarded",
                    f"CREATE TABLE {table} ({columns}, PRIMARY KEY ({', '.join(shape.key)}))",
                    f"INSERT INTO {table} SELECT {', '.join(shape.columns)} FROM guarded",
                    "DROP TABLE guarded",
                ]
            else:
                made.append(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
                made += [f"ALTER TABLE {table} ALTER {c} DROP NOT NULL" for c in shape.columns if c not in shape.key]
        if not self.is_sqlite and "entries" in self.shapes:
            constraints = ("entries_event_id", "entries_stream_version", "entries_count_from_one")
            made += [f"ALTER TABLE entries DROP CONSTRAINT {name}" for name in constraints]
        return made


def _kind(python_type: type) -> str:
    return {str: "text", int: "number"}.get(python_type, "bytes")


def laid_open(home: Home) -> list[Laid]:
    """The log's database, its views' and the states of its cosigners, laid open."""
    views = [Laid(home.view_store(nation).engine, nation) for nation in home.nations]
    states = [Laid(open_engine(f"sqlite:///{home.path / site / STATE}"), site) for site in home.sites]
    for state in states:
        # What it once alarmed at is nobody's but its own to know (ledger/evidence/memory.py).
        del state.shapes["alarms"]
    return [Laid(home.reader.engine, "log"), *views, *states]


# -- one value ----------------------------------------------------------------------------------------------------------------


def spoilt(value: Any, how: str, rng: Random) -> Any:
    """A value with one byte flipped in a bit, dropped or inserted: of a number those of its 64 bits, of a text its UTF-8."""
    if value in ALIKE and how == DROPPED:
        how = FLIPPED
    while True:
        if isinstance(value, int):
            body = spoilt_bytes(value.to_bytes(NUMBER_BYTES, "big", signed=True), how, rng)
            changed: Any = int.from_bytes(body[-NUMBER_BYTES:], "big", signed=True)
        elif isinstance(value, str):
            changed = Raw(spoilt_bytes(value.encode(), how, rng))
            changed = changed if changed != value.encode() else value
        else:
            changed = spoilt_bytes(value, how, rng)
        if changed != value:
            return changed


def spoilt_bytes(value: bytes, how: str, rng: Random) -> bytes:
    """The same of bytes; into nothing a byte is inserted, whatever was asked for."""
    body = bytearray(value)
    if how == INSERTED or not body:
        body.insert(rng.randrange(len(body) + 1), rng.randrange(BYTE))
    elif how == DROPPED:
        del body[rng.randrange(len(body))]
    else:
        body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    return bytes(body)


def retyped(value: Any, rng: Random) -> Any:
    """The same content as a value of another kind, or none at all. PostgreSQL's columns hold none but their own."""
    choices: list[Any] = [None]
    if isinstance(value, bytes):
        choices.append(Raw(value))
    elif isinstance(value, str):
        choices.append(value.encode())
    else:
        choices += [str(value).encode(), f"no. {value}"]
    return rng.choice(choices)
