"""What one batch of positions changes in a view, written in one transaction: all of it, or nothing of it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, bindparam, delete, insert, update
from sqlalchemy.exc import IntegrityError

from projections.fact import NEVER, Fact
from projections.tables import FACT_COLUMNS, Generation


class Progress(msgspec.Struct, frozen=True):
    """How far a generation has followed the log: position, Merkle frontier up to it, and the fold's own memory."""

    position: int
    frontier: bytes
    state: bytes


class Batch(msgspec.Struct):
    """Everything one batch of positions changes in a view; written in one transaction."""

    progress: Progress
    stated: list[Fact] = []
    ended: list[tuple[int, int, int]] = []
    """(stated, ordinal, ended) of facts written earlier."""
    instants: list[tuple[int, int]] = []
    entering: list[tuple[int, str]] = []
    leaving: list[tuple[int, str, int]] = []
    """(since, stream, until)"""
    snapshots: list[tuple[int, list[str]]] = []
    sealed: list[tuple[int, str, str]] = []
    parked: list[tuple[int, str, str, str]] = []


def write(engine: Engine, g: Generation, after: int, batch: Batch) -> bool:
    """All of a batch, or nothing of it; False, and nothing, where the generation does not stand at `after`.

    The row that says how far the generation is comes first: whoever else writes the same view waits for it, and then finds
    that it has moved.
    """
    with engine.begin() as connection:
        if not _advance(connection, g, after, batch.progress):
            return False
        _insert_facts(connection, g, batch.stated)
        f = g.facts.c
        _many(
            connection,
            update(g.facts).where(f.stated == bindparam("s"), f.ordinal == bindparam("o")).values(ended=bindparam("e")),
            [{"s": s, "o": o, "e": e} for s, o, e in batch.ended],
        )
        if batch.instants:  # events at one instant may be spread over two batches
            connection.execute(delete(g.instants).where(g.instants.c.recorded_at == batch.instants[0][0]))
        _many(connection, insert(g.instants), [{"recorded_at": r, "position": p} for r, p in batch.instants])
        _many(connection, insert(g.attention), [{"since": s, "stream": n, "until": NEVER} for s, n in batch.entering])
        a = g.attention.c
        _many(
            connection,
            update(g.attention).where(a.since == bindparam("s"), a.stream == bindparam("n")).values(until=bindparam("u")),
            [{"s": s, "n": n, "u": u} for s, n, u in batch.leaving],
        )
        taken = [{"position": p, "streams": msgspec.json.encode(streams).decode()} for p, streams in batch.snapshots]
        _many(connection, insert(g.snapshots), taken)
        _many(connection, insert(g.sealed), [{"position": p, "event": e, "stream": s} for p, e, s in batch.sealed])
        parked = [{"position": p, "stream": s, "event": e, "reason": r} for p, s, e, r in batch.parked]
        _many(connection, insert(g.parked), parked)
        return True


def _advance(connection: Connection, g: Generation, after: int, progress: Progress) -> bool:
    """Move a generation on from a position; False where it does not stand there (at 0: where somebody has begun it)."""
    values = {"position": progress.position, "frontier": progress.frontier, "state": progress.state}
    if after:
        return connection.execute(update(g.progress).where(g.progress.c.position == after).values(**values)).rowcount == 1
    try:
        connection.execute(insert(g.progress).values(one=1, **values))
    except IntegrityError:
        return False
    return True


def _many(connection: Connection, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)


def _insert_facts(connection: Connection, g: Generation, facts: Sequence[Fact]) -> None:
    """The bulk of a rebuild: COPY on PostgreSQL, one prepared statement on SQLite."""
    if not facts:
        return
    cursor = connection.connection.cursor()
    columns = ", ".join(FACT_COLUMNS)
    if connection.dialect.name == "postgresql":
        cursor.copy_expert(f"COPY {g.facts.name} ({columns}) FROM STDIN", io.StringIO(_copy_lines(facts)))
    else:
        marks = ", ".join("?" * len(FACT_COLUMNS))
        statement = f"INSERT INTO {g.facts.name} ({columns}) VALUES ({marks})"
        cursor.executemany(statement, [msgspec.structs.astuple(fact) for fact in facts])
    cursor.close()


_LINE = "\t".join(["%s"] * len(FACT_COLUMNS)) + "\n"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _copy_lines(facts: Sequence[Fact]) -> str:
    """Facts as lines of COPY's text form. What has to be escaped is rare, and looked for in all of them at once."""
    rows = [msgspec.structs.astuple(fact) for fact in facts]
    lines = "".join([_LINE % row for row in rows])
    is_plain = lines.count("\n") == len(rows) and lines.count("\t") == (len(FACT_COLUMNS) - 1) * len(rows)
    if is_plain and "\\" not in lines and "\r" not in lines:
        return lines
    return "".join([_LINE % tuple([str(value).translate(_ESCAPES) for value in row]) for row in rows])
