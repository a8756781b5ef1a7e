"""The tampering row of the campaign: what somebody with every database right changes is found, and named where it stands."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from api.home import Home
from api.verifying import verify_home
from ledger.store.engines import DATABASE_ERRORS, is_sqlite
from tests.sites import Sites
from tests.tamper_home import played
from tests.tamper_rows import ROWS, VALUES, Change, change_rows, change_value, is_named, keyed
from tests.tampering import Laid, Refused, laid_open

EVENTS = 24
KIND_MIN = 2
MISSED_MAX = 20


def judged(home: Home) -> dict[str, Any]:
    """What `entente verify` says of a home whose triggers were taken away: it must find more than that."""
    return verify_home(home, workers=1, check_triggers=False)


class Tampering:
    """Changes of one home's tables, one at a time; each is undone before the next."""

    def __init__(self, home: Home, rng: Random) -> None:
        self.home, self.rng = home, rng
        self.databases = laid_open(home)
        self.found: Counter[str] = Counter()
        self.tables: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.missed: list[str] = []
        sound = judged(home)
        assert sound["ok"], sound["problems"]

    def at_random(self) -> None:
        """One change of a random kind of a random table."""
        laid = self.rng.choice(self.databases)
        self.one(laid, self.rng.choice(list(laid.shapes)), self.rng.choice((*VALUES, *ROWS)))

    def one(self, laid: Laid, table: str, kind: str) -> bool:
        """One change of this kind, where the table has rows for it and the store can hold it."""
        if kind in VALUES and not laid.kept[table]:
            return False
        column = self.rng.choice(laid.shapes[table].columns)
        change = (
            change_value(laid, table, column, kind, self.rng) if kind in VALUES else change_rows(laid, table, kind, self.rng)
        )
        if change is None or self._is_for_another(laid, change):
            return False
        try:
            laid.write({table: change.rows})
        except Refused:
            self.refused[kind] += 1
            return False
        if _is_as_it_was(laid, table):
            return False
        try:
            self._judge(laid, change)
        finally:
            laid.undo([table])
        return True

    def _is_for_another(self, laid: Laid, change: Change) -> bool:
        """Whether only what another nation can tell of was changed: a key wrapped for it, or a cosignature of its own gone.

        That nation alone can try the one, and alone remembers the other.
        """
        if change.table not in ("wraps", "cosignatures"):
            return False
        kept, rows = ({keyed(laid, change.table, row): row for row in some} for some in (laid.kept[change.table], change.rows))
        changed = [row for key, row in rows.items() if kept.get(key) != row]
        gone = [row for key, row in kept.items() if key not in rows]
        if change.table == "wraps":
            return not gone and all(row["recipient"] not in self.home.nations for row in changed)
        own = tuple(f"{self.home.settings.origin}/{site}-" for site in self.home.sites)
        return bool(gone) and not changed and not any(row["name"].startswith(own) for row in gone)

    def _judge(self, laid: Laid, change: Change) -> None:
        try:
            answer = judged(self.home)
        except Exception as wrong:  # noqa: BLE001 - whatever verification stumbles over, it did not name
            self.missed.append(f"{change.told}: {type(wrong).__name__}: {wrong}")
            return
        if answer["ok"] or not is_named(answer["problems"], change.traces):
            self.missed.append(f"{change.told}: {answer['problems'][:3]}")
            return
        self.found[change.kind] += 1
        self.tables[f"{laid.name}.{change.table}"] += 1


def _is_as_it_was(laid: Laid, table: str) -> bool:
    """Whether nothing came of a change: of a NULL in a primary key SQLite makes the next number, which may have stood there."""
    try:
        return laid.rows(table) == laid.kept[table]
    except DATABASE_ERRORS:
        return False  # a text that is none


def tampering(seed: int, folder: Path, url: str, changes: int) -> dict[str, Any]:
    """A home with everything in it: so many changes at random, then of each kind until it has fired KIND_MIN times.

    What this database cannot tell by itself is not part of it: a tail that nobody has cosigned yet, cut off with its views, is
    missed by those alone who hold its receipts; and a wrap can be tried by none but the nation that it is for.
    Returns the row that is printed.
    """
    rng = Random(seed)
    home = played(folder / "home", url, EVENTS, rng)
    told = _tampered(home, rng, changes)
    home.close()
    return {"row": f"tampering {_store(home)}", **told}


def tampering_with_a_mirror(seed: int, sites: Sites, changes: int) -> dict[str, Any]:
    """The same of a nation's own home: its copy of the log, its view, its cosigner's state, judged without Calais or Paris."""
    for events in (2, 4):
        sites.tell(events)
        for site in sites.homes:
            sites.mirror(site)
    sites.london.projector("GB").follow()
    return {"row": f"tampering {_store(sites.london)}, a mirror", **_tampered(sites.london, Random(seed), changes)}


def _store(home: Home) -> str:
    return "sqlite" if is_sqlite(home.reader.engine) else "postgresql"


def _tampered(home: Home, rng: Random, changes: int) -> dict[str, Any]:
    began = time.monotonic()
    run = Tampering(home, rng)
    for _ in range(changes):
        run.at_random()
    for kind in (*VALUES, *ROWS):
        while run.found[kind] < KIND_MIN and len(run.missed) < MISSED_MAX:
            laid = rng.choice(run.databases)
            run.one(laid, rng.choice(list(laid.shapes)), kind)
    assert not run.missed, f"{len(run.missed)} not found or not named: {run.missed[:3]}"
    sound = judged(home)
    assert sound["ok"], sound["problems"]
    return {
        "found": dict(sorted(run.found.items())),
        "refused_by_the_store": sum(run.refused.values()),
        "tables": len(run.tables),
        "seconds": round(time.monotonic() - began),
    }
