"""How much disk a log takes, and each nation's view of it: measured on a filled log, said for a million events."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from bench.measure import Place
from bench.nights import BenchHome
from bench.ours import FilledLogs
from ledger.store.engines import is_sqlite
from projections.viewstore import namespace

MILLION = 1_000_000
MEGABYTE = 1_000_000
TABLES = ("entries", "checkpoints", "tiles", "sections", "wraps")


def disk_line(logs: FilledLogs, place: Place, store: str) -> dict[str, Any]:
    """The row of one store: megabytes of the log and of each view once it has followed, and the bytes of what is in the log."""
    with logs.open(place, store) as bench:
        for nation in bench.home.nations:
            bench.home.projector(nation).follow()
        entries = bench.ledger.head()
        found = _sqlite(bench) if is_sqlite(bench.ledger.engine) else _postgresql(bench)
        with bench.ledger.engine.connect() as connection:
            checkpoints, notes = connection.execute(text("SELECT count(*), sum(length(note)) FROM checkpoints")).one()
            entry_bytes = connection.execute(text("SELECT sum(length(entry)) FROM entries")).scalar_one()
    return {
        "what": f"disk a million events, from {entries}", "store": store, "unit": "MB",
        **{part: round(size / entries * MILLION / MEGABYTE) for part, size in found.items()},
        "entry_bytes": round(int(entry_bytes) / entries), "checkpoint_bytes": round(int(notes) / checkpoints),
        "entries_a_checkpoint": round(entries / checkpoints),
    }  # fmt: skip


def _sqlite(bench: BenchHome) -> dict[str, int]:
    """Bytes of the files, once what waits beside each is in it."""
    engines = {"log": bench.ledger.engine, **{f"view {n}": bench.home.view_store(n).engine for n in bench.home.nations}}
    sizes = {}
    for part, engine in engines.items():
        with engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            sizes[part] = pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    return sizes


def _postgresql(bench: BenchHome) -> dict[str, int]:
    """Bytes of the tables with their indexes; the write-ahead log is beside these, and bounded by the server's settings."""
    sizes = "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class WHERE relkind = 'r' AND relnamespace ="
    with bench.ledger.engine.connect() as connection:
        ledger = sum(connection.execute(text(f"SELECT pg_total_relation_size('{name}')")).scalar_one() for name in TABLES)
        views = {
            f"view {nation}": int(connection.execute(text(f"{sizes} '{namespace(nation)}'::regnamespace")).scalar_one())
            for nation in bench.home.nations
        }
    return {"log": ledger, **views}
