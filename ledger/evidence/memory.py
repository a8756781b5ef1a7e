"""What a cosigner remembers, as it stands: that it can be read, and that what it inspected is the log which is held here.

What it cosigned is held against the log's checkpoints in `beside`. Of its list of alarms nothing is said: whoever can write the
state can shorten it, and what is wrong with an entry verification finds again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from sqlalchemy import Column, Engine, Integer, LargeBinary, MetaData, Table, Text, select

from ledger import errors
from ledger.evidence import inspection
from ledger.evidence.beside import Vouched
from ledger.evidence.checks import Problem
from ledger.evidence.cosigner import STATE
from ledger.evidence.equivocation import FOLDER
from ledger.evidence.inspection import Kept
from ledger.formats import merkle
from ledger.store.engines import answering, open_engine
from ledger.store.misfits import illegible, misfits

_tables = MetaData()
_cosigned = Table(
    "cosigned", _tables, *(Column(n, t) for n, t in (("size", Integer), ("root", LargeBinary), ("time", Integer)))
)
_inspected = Table(
    "inspected",
    _tables,
    *(Column(name, Integer) for name in ("one", "position", "recorded_at")),
    *(Column(name, LargeBinary) for name in ("frontier", "governing")),
)
_alarms = Table("alarms", _tables, Column("position", Integer), Column("what", Text))
_stopped = Table("stopped", _tables, Column("one", Integer), Column("why", Text))


class Log(inspection.Log, Protocol):
    """What is read of the log held here."""

    def head(self) -> int:
        """How many entries are held."""

    def root(self, size: int) -> bytes:
        """The root over the first entries."""

    def recorded_at(self, position: int) -> int:
        """When an entry was recorded, microseconds."""


def recall(folder: Path, site: str, log: Log) -> tuple[Vouched | None, list[Problem]]:
    """All that the cosigner in a folder vouched for, None where that cannot be read, and what is wrong with its state."""
    path = folder / STATE
    if not path.is_file():
        return None, [(0, f"the state of cosigner {site} is lost: it needs a new key")]
    engine = open_engine(f"sqlite:///{path}")
    try:
        with answering():
            wrong = misfits(engine, _tables.sorted_tables) or illegible(engine, _tables.sorted_tables)
            if wrong:
                return None, [(position, f"cosigner {site}: {what}") for position, what in wrong]
            return _recalled(engine, folder, site, log)
    except errors.Unavailable as unread:
        return None, [(0, f"the state of cosigner {site} cannot be read: {unread}")]
    finally:
        engine.dispose()


def _recalled(engine: Engine, folder: Path, site: str, log: Log) -> tuple[Vouched, list[Problem]]:
    with engine.connect() as connection:
        vouched = [(s, bytes(r), t) for s, r, t in connection.execute(select(_cosigned).order_by(_cosigned.c.size))]
        inspected = connection.execute(select(_inspected)).all()
        stopped = connection.execute(select(_stopped.c.why)).scalars().all()
    problems = [(0, f"cosigner {site} signs nothing any more: {why}") for why in stopped]
    if not stopped and any((folder.parent / FOLDER).glob("*.json")):
        problems.append((0, f"a proof of two histories is kept, and cosigner {site} has not stopped"))
    newest = vouched[-1][0] if vouched else 0
    numbers = [row.one for row in inspected]
    if numbers != [1] and (numbers or newest):
        problems.append((newest, f"cosigner {site} keeps what it inspected under {numbers or 'nothing'}, not under 1 alone"))
    kept = [Kept(position, at, bytes(frontier), bytes(governing)) for _, position, at, frontier, governing in inspected]
    return vouched, [*problems, *(problem for each in kept for problem in _compare(each, newest, site, log))]


def _compare(kept: Kept, newest: int, site: str, log: Log) -> Sequence[Problem]:
    """An inspection that went as far as what was cosigned, over the entries held here."""
    said = f"cosigner {site} inspected up to position {kept.position}"
    if not max(1, newest) <= kept.position <= log.head():
        return [(newest, f"{said}; it cosigned {newest}, and {log.head()} entries are here")]
    try:
        frontier = merkle.Frontier.from_bytes(kept.frontier)
        is_same = {
            "another tree": (frontier.size, frontier.root()) == (kept.position, log.root(kept.position)),
            "another time": log.recorded_at(kept.position) == kept.recorded_at,
            "other keys and rules": inspection.digest(log.governing(kept.position)).digest() == kept.governing,
        }
    except errors.EntenteError as wrong:
        return [(kept.position, f"{said}, which cannot be compared: {wrong}")]
    return [(kept.position, f"{said} {what} than what is held here") for what, same in is_same.items() if not same]
