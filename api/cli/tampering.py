"""The demonstration's attacker: every right on the database, and care to leave it looking as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from ledger import errors

WAS, BECAME = 14, 13


def tamper(ledger: Path, position: int) -> list[str]:
    """Make 14 persons 13 in one stored entry of a SQLite ledger, behind its triggers; returns the statements used.

    Only ever called on a copy made for the demonstration. Raises NotFound where the entry does not say 14.
    """
    done: list[str] = []
    with closing(sqlite3.connect(ledger, isolation_level=None)) as database:
        triggers = database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'entries'"
        ).fetchall()
        entry = bytes(database.execute("SELECT entry FROM entries WHERE position = ?", (position,)).fetchone()[0])
        changed = entry.replace(f'"persons":{WAS}'.encode(), f'"persons":{BECAME}'.encode())
        if changed == entry:
            raise errors.NotFound(f"entry {position} does not say {WAS} persons", field="position")
        for name, _ in triggers:
            done.append(f"DROP TRIGGER {name};")
            database.execute(done[-1])
        database.execute("UPDATE entries SET entry = ? WHERE position = ?", (changed, position))
        replaced = f"replace(entry, '\"persons\":{WAS}', '\"persons\":{BECAME}')"
        done.append(f"UPDATE entries SET entry = {replaced} WHERE position = {position};")
        for name, sql in triggers:
            database.execute(sql)
            done.append(f"CREATE TRIGGER {name} …;")
    return done
