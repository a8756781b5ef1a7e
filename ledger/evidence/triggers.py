"""The triggers that keep the log append-only, held against those its migrations make: what an attacker takes away first.

On SQLite their statements are compared word for word with those of a database made now. On PostgreSQL a trigger only names the
function it calls, and either may be replaced alone: compared are what each fires on, for which columns and on which condition,
whether it is enabled ('O', or 'A' for always), and of its function the schema, the language and the body.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

import migrations
from ledger.store import tables
from ledger.store.engines import answering, is_sqlite
from migrations.ledger.versions.r0001_the_log import REFUSE_CHANGE

# pg_trigger.tgtype: BEFORE 2, DELETE 8, UPDATE 16, TRUNCATE 32; without 1 it fires for each statement.
NEVER_CHANGED = 2 + 16 + 32
NEVER_CHANGED_OR_DELETED = NEVER_CHANGED + 8

_SQLITE = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
_POSTGRESQL = (
    "SELECT t.tgname, c.relname, t.tgtype || ' ' || p.proname || ' ' || l.lanname || ' ' || p.prosrc FROM pg_trigger t"
    " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_language l ON l.oid = p.prolang"
    " WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND t.tgattr = ''::int2vector"
    " AND c.relnamespace = current_schema()::regnamespace AND p.pronamespace = c.relnamespace"
)


def missing_triggers(engine: Engine) -> list[str]:
    """A sentence for each trigger of the ledger's tables that is gone, disabled or another one. Raises Unavailable."""
    expected = _made_by_sqlite_migrations() if is_sqlite(engine) else _made_on_postgresql()
    with answering():
        found = _triggers(engine)
    gone = sorted(expected - found, key=lambda trigger: trigger[:2])
    return [
        f"trigger {name} on {table} is missing, disabled or changed: {table} was not append-only" for name, table, _ in gone
    ]


def _triggers(engine: Engine) -> frozenset[tuple[str, str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(text(_SQLITE if is_sqlite(engine) else _POSTGRESQL))
        return frozenset((str(name), str(table), str(how)) for name, table, how in rows)


@cache
def _made_by_sqlite_migrations() -> frozenset[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'ledger.sqlite'}"
        migrations.upgrade(url)
        engine = create_engine(url)
        try:
            return _triggers(engine)
        finally:
            engine.dispose()


def _made_on_postgresql() -> frozenset[tuple[str, str, str]]:
    kinds = [(table, "append_only", NEVER_CHANGED_OR_DELETED) for table in tables.APPEND_ONLY]
    kinds += [(table, "never_changed", NEVER_CHANGED) for table in tables.ERASABLE]
    calls = f"refuse_change plpgsql {REFUSE_CHANGE}"
    return frozenset((f"{table}_{what}", table, f"{fires_on} {calls}") for table, what, fires_on in kinds)
