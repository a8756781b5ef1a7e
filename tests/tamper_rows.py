"""One change of one table by somebody with every database right, and where verification must place it.

A change is told by what it does to the rows, and traced: a problem found counts only if it stands at the changed row's own
position and speaks of what was changed. Of an entry that still reads well alone the tree says only under which checkpoint it
stands, so that the first checkpoint that covers it is its place as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from api.home import NATIONS
from tests.tampering import HOWS, Laid, Row, retyped, spoilt

VALUES = (*HOWS, "retyped")
ROWS = ("deleted", "swapped", "moved", "doubled", "invented")
FREE_MAX = 1_000


class Trace(NamedTuple):
    """Where a problem must stand (anywhere for None), and words it must have."""

    places: frozenset[int] | None
    words: str


class Change(NamedTuple):
    """What was done to which table, the rows that stand there then, and what tells of it."""

    kind: str
    told: str
    table: str
    rows: list[Row]
    traces: list[Trace]


def change_value(laid: Laid, table: str, column: str, how: str, rng: Random) -> Change:
    """One value of a row at random: a byte flipped, dropped or inserted, or the value made one of another kind."""
    rows = [dict(row) for row in laid.kept[table]]
    at = rng.randrange(len(rows))
    before = rows[at][column]
    rows[at][column] = retyped(before, rng) if how == "retyped" else spoilt(before, how, rng)
    told = f"{laid.name}: {table}.{column} {how}, of {keyed(laid, table, laid.kept[table][at])}: {rows[at][column]!r:.60}"
    return Change(how, told, table, rows, traced(laid, table, [laid.kept[table][at], rows[at]]))


def change_rows(laid: Laid, table: str, kind: str, rng: Random) -> Change | None:
    """Rows deleted, swapped, re-inserted elsewhere, doubled under a free key or invented; None where there are too few."""
    rows = [dict(row) for row in laid.kept[table]]
    shape = laid.shapes[table]
    if len(rows) < {"invented": 0, "swapped": 2}.get(kind, 1):
        return None
    if kind == "invented":
        changed = [_invented(laid, table, rng)]
        rows += changed
    elif kind == "swapped":
        one, other = sorted(rng.sample(range(len(rows)), 2))
        changed = [dict(rows[one]), dict(rows[other])]
        for column in set(shape.columns) - set(shape.key):
            rows[one][column], rows[other][column] = rows[other][column], rows[one][column]
        if rows == laid.kept[table]:
            return None  # they were the same but for their keys
        changed += [rows[one], rows[other]]
    else:
        at = rng.randrange(len(rows))
        changed = [dict(rows[at]), _elsewhere(laid, table, rows[at], rng)]
        if kind != "doubled":
            del rows[at]
        if kind != "deleted":
            rows.append(changed[1])
        else:
            changed.pop()
    told = f"{laid.name}: {table} {kind}: {', '.join(keyed(laid, table, row) for row in changed)}"
    return Change(kind, told, table, rows, traced(laid, table, changed))


def _elsewhere(laid: Laid, table: str, row: Row, rng: Random) -> Row:
    """The same row under a key that is free: one part of it another."""
    shape = laid.shapes[table]
    taken = {tuple(kept[column] for column in shape.key) for kept in laid.kept[table]}
    while True:
        column = rng.choice(shape.key)
        value = row[column]
        free = rng.randrange(-FREE_MAX, FREE_MAX) if isinstance(value, int) else f"{value}{rng.randrange(FREE_MAX)}"
        moved = {**row, column: free}
        if tuple(moved[column] for column in shape.key) not in taken:
            return moved


def _invented(laid: Laid, table: str, rng: Random) -> Row:
    values: dict[str, Any] = {"text": "invented", "bytes": b"invented"}
    shape = laid.shapes[table]
    return {column: values.get(shape.kinds[column], FREE_MAX + rng.randrange(FREE_MAX)) for column in shape.columns}


# -- what tells of it ---------------------------------------------------------------------------------------------------------


def keyed(laid: Laid, table: str, row: Row) -> str:
    """The key of a row, as verification writes it."""
    return "(" + ", ".join(f"{column} {row[column]}" for column in laid.shapes[table].key) + ")"


def traced(laid: Laid, table: str, rows: Sequence[Row]) -> list[Trace]:
    """Everything that would tell of a change of these rows, as they were and as they are."""
    if laid.name in NATIONS:
        return [trace for row in rows for trace in _of_view(laid, table, row)]
    made = {"entries": _of_entry, "checkpoints": _of_checkpoint, "cosignatures": _of_cosignature, "tiles": _of_tile}
    made |= {"sections": _beside, "wraps": _beside, "cosigned": _of_cosigned, "inspected": _of_state, "stopped": _of_state}
    return [trace for row in rows for trace in made.get(table, _of_revision)(laid, row)]


def _at(position: Any, words: str) -> Trace:
    """A row without a number has no place: what is found of it stands at 0."""
    return Trace(frozenset([position if isinstance(position, int) else 0]), words)


def _of_entry(laid: Laid, row: Row) -> list[Trace]:
    position = row["position"]
    traces = [_at(position, "")]
    if isinstance(position, int):
        covering = min((kept["size"] for kept in laid.kept["checkpoints"] if kept["size"] >= position), default=position)
        traces.append(_at(covering, "do not lead to the root of the checkpoint"))
        traces.append(_at(position + 1, f"positions {position} to {position} are missing"))
    return traces


def _of_checkpoint(laid: Laid, row: Row) -> list[Trace]:
    return [_at(row["size"], "checkpoint")]


def _of_cosignature(laid: Laid, row: Row) -> list[Trace]:
    return [_at(row["size"], "cosign")]


def _of_tile(laid: Laid, row: Row) -> list[Trace]:
    return [Trace(None, f"tile {row['level']}/{row['tile_index']} "), _at(0, "of tiles")]


def _beside(laid: Laid, row: Row) -> list[Trace]:
    return [_at(row["position"], "section"), _at(row["position"], "wrap")]


def _of_cosigned(laid: Laid, row: Row) -> list[Trace]:
    size = row["size"]
    return [_at(size, laid.name), Trace(None, f"{laid.name} cosigned size {size}: entries")]


def _of_state(laid: Laid, row: Row) -> list[Trace]:
    """One row a table, or none: the cosigner is its place."""
    return [Trace(None, f"cosigner {laid.name}")]


def _of_revision(laid: Laid, row: Row) -> list[Trace]:
    name = "ledger" if laid.name == "log" else laid.name
    return [Trace(None, f"schema of {name} says")]


def _of_view(laid: Laid, table: str, row: Row) -> list[Trace]:
    if table == "view_revision":
        return _of_revision(laid, row)
    view = f"view {laid.name}"
    traces = [Trace(None, f"{view}: {table} {keyed(laid, table, row)}"), Trace(None, f"{view}: {table} of the idle generation")]
    traces += [Trace(None, f"{view}: column {column} of {table}") for column in laid.shapes[table].columns]
    if table == "view_head":
        # Without its row the other generation is the one that is read.
        traces.append(Trace(None, f"{view}: view_head says"))
    if table.startswith("progress_"):
        traces.append(Trace(None, f"{view} is at position "))
    return traces


def is_named(problems: Sequence[Mapping[str, Any]], traces: Sequence[Trace]) -> bool:
    """Whether any problem found is where one of the traces says, in its words."""
    return any(
        (trace.places is None or problem["position"] in trace.places) and trace.words in problem["what"]
        for problem in problems
        for trace in traces
    )
