"""Engines for both stores: how a connection is opened so that what is acknowledged is on disk.

The hot paths use the DBAPI connections beneath (psycopg2, sqlite3) through `raw_connection`; everything else is Core.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from sqlalchemy import create_engine, event, text
from sqlalchemy import exc as sqlalchemy_errors
from sqlalchemy.engine import URL, Connection, Engine, make_url

from ledger import errors

LOCK_WAIT_SECONDS = 60
"""How long a writer waits for another process's transaction before it says that the store is unavailable."""
CONNECT_SECONDS_MAX = 10
TO_POSTGRESQL = {
    "connect_timeout": CONNECT_SECONDS_MAX, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}  # fmt: skip
"""In seconds, the last in milliseconds: a server whose machine is gone says nothing, and is given up after half a minute."""
POOL_CONNECTIONS = 5
POOL_OVERFLOW_CONNECTIONS = 15
SQLITE_CACHE_KIB = 65_536

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={LOCK_WAIT_SECONDS * 1000}",
    f"PRAGMA cache_size=-{SQLITE_CACHE_KIB}",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
)


def open_engine(url: str | URL) -> Engine:
    """An engine on SQLite (`sqlite:///path`) or PostgreSQL (`postgresql+psycopg2://…`). Connects when first used.

    Raises UnsafeSetting for a driver or a kind of SQLite database that cannot keep the ledger's promises.
    """
    parsed = make_url(url)
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return _sqlite_engine(parsed)
    if parsed.drivername == "postgresql+psycopg2":
        return _postgresql_engine(parsed)
    raise errors.UnsafeSetting(
        f"the driver {parsed.drivername} is not one the ledger was tested with",
        field="database",
        remedy="write sqlite:///PATH or postgresql+psycopg2://…",
    )


def is_sqlite(engine: Engine) -> bool:
    """Whether an engine is SQLite's; the other kind is PostgreSQL's."""
    return engine.dialect.name == "sqlite"


def _sqlite_engine(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise errors.UnsafeSetting(
            "a database in memory is lost with the process", field="database", remedy="name a file: sqlite:///PATH"
        )
    engine = create_engine(
        url,
        connect_args={"timeout": LOCK_WAIT_SECONDS, "isolation_level": None, "check_same_thread": False},
        pool_size=POOL_CONNECTIONS,
        max_overflow=POOL_OVERFLOW_CONNECTIONS,
    )

    @event.listens_for(engine, "connect")
    def _(connection: Any, record: object) -> None:
        for pragma in SQLITE_PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _postgresql_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        connect_args={**TO_POSTGRESQL, "application_name": "entente"},
        pool_size=POOL_CONNECTIONS,
        max_overflow=POOL_OVERFLOW_CONNECTIONS,
        isolation_level="READ COMMITTED",
    )

    @event.listens_for(engine, "connect")
    def _(connection: Any, record: object) -> None:
        # Whatever the server's default is, this session waits until its commits are on disk.
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit TO on")
            cursor.execute("SET bytea_output TO hex")
            cursor.execute(f"SET lock_timeout TO '{LOCK_WAIT_SECONDS}s'")
        connection.commit()

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that takes SQLite's write lock at its start, where waiting for it is still possible."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


DISK_FULL_PGCODES = ("53100", "58030")  # disk_full, io_error
DISK_FULL_WORDS = ("database or disk is full", "no space left")


def translated(wrong: BaseException) -> errors.Unavailable:
    """The refusal of our tree for a database error: DiskFull where there is no room, else StoreFailed."""
    said = str(wrong).strip()
    pgcode = getattr(getattr(wrong, "orig", wrong), "pgcode", None)
    if pgcode in DISK_FULL_PGCODES or any(words in said.lower() for words in DISK_FULL_WORDS):
        return errors.DiskFull(remedy="make room; nothing needs repair, appends resume by themselves")
    return errors.StoreFailed(f"the store failed: {said.splitlines()[0] if said else type(wrong).__name__}")


DATABASE_ERRORS = (sqlite3.Error, psycopg2.Error, sqlalchemy_errors.SQLAlchemyError)


@contextmanager
def answering() -> Iterator[None]:
    """Turn database errors inside the block into StoreFailed or DiskFull."""
    try:
        yield
    except DATABASE_ERRORS as wrong:
        raise translated(wrong) from wrong


def scalar(engine: Engine, statement: str) -> Any:
    """One value of one row, for settings and heads."""
    with engine.connect() as connection:
        return connection.execute(text(statement)).scalar()
