"""Alembic migrations of the ledger's schema and of the views', forward only: an append-only ledger has no downgrade.

`upgrade(url)` brings a store to the newest revision; `revision(url)` says where it stands. Both take the URL as an argument
and read no configuration file, so that the command line, the service and the tests share one way of making a schema. Alembic
takes a third of a second to import: only where there is something to migrate is it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import column, create_engine, event, inspect, select, table
from sqlalchemy.engine import Engine, make_url

if TYPE_CHECKING:
    from alembic.config import Config

Schema = Literal["ledger", "view"]
HERE = Path(__file__).parent
VERSION_TABLE = {"ledger": "ledger_revision", "view": "view_revision"}


class ForwardOnly(Exception):
    """An append-only ledger has no downgrade: undoing a schema could only lose what was recorded under it."""


def upgrade(url: str, schema: Schema = "ledger", *, namespace: str | None = None) -> str | None:
    """Bring the database at `url` to the newest revision of a schema; nothing happens when it is there already.

    Returns the revision it was at, None where it was never made.

    `namespace` is the PostgreSQL schema to work in, made if need be (a view may share its database with another);
    SQLite has none.
    """
    engine = _engine(url, namespace)
    try:
        before = revision(engine, schema)
        if before == newest(schema):
            return before
        from alembic import command

        config = config_of(schema)
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            config.attributes["version_table"] = VERSION_TABLE[schema]
            command.upgrade(config, "head")
        return before
    finally:
        engine.dispose()


def revision(engine: Engine, schema: Schema = "ledger") -> str | None:
    """The revision a database says it stands at (all of them where it says several), or None where it was never made."""
    name = VERSION_TABLE[schema]
    with engine.connect() as connection:
        if not inspect(connection).has_table(name):
            return None
        found: Iterable[object] = connection.scalars(select(column("version_num")).select_from(table(name)))
        return ", ".join(sorted(map(str, found))) or None


def newest(schema: Schema = "ledger") -> str:
    """The revision this version of the code was written for: that of its last file."""
    last = max(path.name for path in (HERE / schema / "versions").glob("r[0-9]*.py"))
    return last[1:].partition("_")[0]


def config_of(schema: Schema) -> Config:
    """What Alembic is told of a schema's migrations."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE / schema).replace("%", "%%"))
    return config


def refuse_downgrade() -> None:
    """What every migration's `downgrade` calls."""
    raise ForwardOnly((ForwardOnly.__doc__ or "").strip())


def _engine(url: str, namespace: str | None) -> Engine:
    engine = create_engine(url)
    if make_url(url).get_backend_name() == "sqlite":

        @event.listens_for(engine, "connect")
        def _(connection: object, record: object) -> None:
            # The driver would otherwise open transactions of its own and commit before each CREATE.
            connection.isolation_level = None  # type: ignore[attr-defined]
            connection.execute("PRAGMA journal_mode=WAL")  # type: ignore[attr-defined]

        @event.listens_for(engine, "begin")
        def _(connection: object) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

    elif namespace is not None:
        quoted = '"' + namespace.replace('"', '""') + '"'

        @event.listens_for(engine, "connect")
        def _(connection: object, record: object) -> None:
            with connection.cursor() as cursor:  # type: ignore[attr-defined]
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted}; SET search_path TO {quoted}")
            connection.commit()  # type: ignore[attr-defined]

    return engine
