"""Settings of the store that would break a promise: found at start-up, named with the remedy, and refused.

`findings` looks at everything and is what `entente doctor` prints; `require_safe` refuses to go on with what is unsafe.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection, Engine

from ledger import errors
from ledger.store import tables
from ledger.store.engines import answering, is_sqlite

CLOCK_DIFFERENCE_SECONDS_MAX = 2
SQLITE_VERSION_MIN = (3, 35, 0)
POSTGRESQL_VERSION_MIN = 130_000


@dataclass(frozen=True)
class Finding:
    """One setting looked at: what it is, whether the ledger may run with it, and what to do where it may not.

    `is_fatal` is false for what deserves attention but breaks no promise by itself.
    """

    setting: str
    value: str
    is_safe: bool
    remedy: str = ""
    is_fatal: bool = True


def findings(engine: Engine) -> list[Finding]:
    """Every setting of a store that a promise of the ledger rests on. Raises Unavailable when the store does not answer."""
    with answering(), engine.connect() as connection:
        checks = SQLITE_CHECKS if is_sqlite(engine) else POSTGRESQL_CHECKS
        return [finding for check in checks for finding in check(connection)]


def require_safe(engine: Engine) -> None:
    """Raise UnsafeSetting for the first setting the ledger does not run with."""
    for finding in findings(engine):
        if finding.is_fatal and not finding.is_safe:
            raise errors.UnsafeSetting(f"is {finding.value}", field=finding.setting, remedy=finding.remedy)


# -- SQLite ------------------------------------------------------------------------------------------------------------------


def _pragma(connection: Connection, name: str) -> str:
    return str(connection.exec_driver_sql(f"PRAGMA {name}").scalar())


def _journal_mode(connection: Connection) -> Iterator[Finding]:
    mode = _pragma(connection, "journal_mode")
    yield Finding(
        "journal_mode", mode, mode == "wal", "keep the file on a local disk where SQLite can use WAL (not a network share)"
    )


def _synchronous(connection: Connection) -> Iterator[Finding]:
    names = {"0": "OFF", "1": "NORMAL", "2": "FULL", "3": "EXTRA"}
    level = _pragma(connection, "synchronous")
    yield Finding("synchronous", names.get(level, level), level in ("2", "3"), "open the ledger through this program alone")


def _sqlite_version(connection: Connection) -> Iterator[Finding]:
    said = str(connection.exec_driver_sql("SELECT sqlite_version()").scalar())
    version = tuple(int(part) for part in said.split("."))
    yield Finding("sqlite_version", said, version >= SQLITE_VERSION_MIN, "install SQLite 3.35 or later")


# -- PostgreSQL --------------------------------------------------------------------------------------------------------------


def _show(connection: Connection, name: str) -> str:
    return str(connection.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar())


def _durability(connection: Connection) -> Iterator[Finding]:
    for name in ("fsync", "full_page_writes"):
        value = _show(connection, name)
        yield Finding(name, value, value == "on", f"set {name} = on in postgresql.conf and reload")


def _synchronous_commit(connection: Connection) -> Iterator[Finding]:
    # The ledger's sessions set it on for themselves; only a server that refuses that, or a proxy that resets it, is caught.
    value = _show(connection, "synchronous_commit")
    yield Finding(
        "synchronous_commit",
        value,
        value in ("on", "remote_apply"),
        "let the ledger's sessions set synchronous_commit = on (no proxy that resets settings)",
    )


def _is_primary(connection: Connection) -> Iterator[Finding]:
    standby = bool(connection.execute(text("SELECT pg_is_in_recovery()")).scalar())
    yield Finding("pg_is_in_recovery", str(standby).lower(), not standby, "connect to the primary")


def _encoding(connection: Connection) -> Iterator[Finding]:
    value = _show(connection, "server_encoding")
    yield Finding("server_encoding", value, value == "UTF8", "create the database with ENCODING 'UTF8'")


def _postgresql_version(connection: Connection) -> Iterator[Finding]:
    number = int(_show(connection, "server_version_num"))
    yield Finding("server_version", _show(connection, "server_version"), number >= POSTGRESQL_VERSION_MIN, "use 13 or later")


def _server_clock(connection: Connection) -> Iterator[Finding]:
    before = time.time()
    server = float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar() or 0)
    difference = max(before - server, server - time.time(), 0.0)
    yield Finding(
        "clock",
        f"{difference:.3f} s from this machine's",
        difference <= CLOCK_DIFFERENCE_SECONDS_MAX,
        "synchronise both machines' clocks (chrony); the server's is the one that is recorded",
        is_fatal=False,
    )


def _grants(connection: Connection) -> Iterator[Finding]:
    """A role that owns the tables can drop the triggers; production writes under one that may only insert and select."""
    if not inspect(connection).has_table("entries"):
        return
    may = [
        what
        for what in ("UPDATE", "DELETE", "TRUNCATE")
        if connection.execute(text("SELECT has_table_privilege('entries', :what)"), {"what": what}).scalar()
    ]
    yield Finding(
        "grants",
        "this role may " + (", ".join(may) if may else "only append and read"),
        not may,
        "connect as a role made by migrations/grants.sql",
        is_fatal=False,
    )


def _row_security(connection: Connection) -> Iterator[Finding]:
    """COPY, by which sections come in, does not pass row security, and the writer reads them all anyway."""
    if not inspect(connection).has_table("sections"):
        return
    asked = text("SELECT row_security_active('sections') AND has_table_privilege('sections', 'INSERT')")
    is_kept_out = bool(connection.execute(asked).scalar())
    yield Finding(
        "row security",
        "in the way of appending" if is_kept_out else "not in the way",
        not is_kept_out,
        "ALTER ROLE … BYPASSRLS for the login that appends (migrations/grants.sql)",
    )


# -- both --------------------------------------------------------------------------------------------------------------------


def _triggers(connection: Connection) -> Iterator[Finding]:
    if not inspect(connection).has_table("entries"):
        return
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'").scalars()
    else:
        rows = connection.execute(
            text(
                "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
                " WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND c.relnamespace = current_schema()::regnamespace"
            )
        ).scalars()
    guarded = set(rows)
    missing = [table for table in (*tables.APPEND_ONLY, *tables.ERASABLE) if table not in guarded]
    yield Finding(
        "append-only triggers",
        f"missing or disabled on {', '.join(missing)}" if missing else "in place",
        not missing,
        "find out who took them away, run `entente verify`, and restore the schema from its migrations",
    )


Check = Callable[[Connection], Iterator[Finding]]
SQLITE_CHECKS: tuple[Check, ...] = (_journal_mode, _synchronous, _sqlite_version, _triggers)
POSTGRESQL_CHECKS: tuple[Check, ...] = (
    _durability,
    _synchronous_commit,
    _is_primary,
    _encoding,
    _postgresql_version,
    _server_clock,
    _triggers,
    _grants,
    _row_security,
)
