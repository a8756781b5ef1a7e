"""The table of what is measured: ours, the other, the ratio that is owed and the one that is aimed at."""

from __future__ import annotations

from bench import limits, ours, peers
from bench.measure import Row
from bench.ours import FilledLogs
from bench.over_http import http_rows

STORES = ("sqlite", "postgresql")


def append_rows() -> list[Row]:
    """Appends: from one caller to sixty-four, and batches of a thousand."""
    pg = "postgresql"
    a_second, batch = "events/s", 1_000
    return [
        Row("64 callers : UmaDB, 64 writers", pg, a_second, 1.0, 2.0, ours.appends(pg, 64), peers.umadb_appends(64)),
        Row("64 callers : eventsourcing DCB, 64 writers", pg, a_second, 8, 16, ours.appends(pg, 64), peers.dcb_appends(64)),
        Row(
            "8 callers : eventsourcing recorder, 8 writers", pg, a_second, 3, 6, ours.appends(pg, 8), peers.recorder_inserts(8)
        ),
        Row("1 caller : Application.save", pg, a_second, 2.0, 4, ours.appends(pg, 1), peers.application_saves(pg)),
        Row(
            "1 caller : Application.save",
            "sqlite",
            a_second,
            0.8,
            1.2,
            ours.appends("sqlite", 1),
            peers.application_saves("sqlite"),
        ),
        Row(
            "batch of 1,000 individually signed : insert_events(1000)",
            *(pg, a_second, 1.0, 1.5),
            ours.batches(pg, batch, batch_signed=False),
            peers.recorder_inserts(1, batch),
        ),
        Row(
            "batch of 1,000 under one signature : insert_events(1000)",
            *(pg, a_second, 2.5, 4),
            ours.batches(pg, batch, batch_signed=True),
            peers.recorder_inserts(1, batch),
        ),
    ]


def rebuild_rows(logs: FilledLogs) -> list[Row]:
    """Rebuilding both views, against a projection that does nothing and against writing the same rows."""
    rows = [
        Row(
            "rebuild of both views : ProjectionRunner, empty view",
            *(store, "events/s", 60, 280),
            ours.rebuilds(logs, store),
            peers.projection_runs(store),
        )
        for store in STORES
    ]
    pg = "postgresql"
    copying = Row(
        "rebuild of both views : COPY of the same rows",
        *(pg, "events/s", 0.1, 0.45),
        ours.rebuilds(logs, pg),
        ours.copies_of_views(logs),
    )
    return [*rows, copying]


def verify_rows(logs: FilledLogs) -> list[Row]:
    """Full verification against libsodium alone, and the tree."""
    verify = "full verification : libsodium's verify on all cores"
    return [
        Row(verify, store, "signatures/s", 0.7, 0.85, ours.verifications(logs, store), limits.libsodium_verifies())
        for store in STORES
    ] + [
        Row("Merkle root of 1,000,000 entries from the store", store, "s", 6, 3, ours.merkle_roots(logs, store), None)
        for store in STORES
    ]


def query_rows(logs: FilledLogs) -> list[Row]:
    """Questions as of any instant, 99th percentile."""
    questions = {
        "figures of a day": (ours.ask_figures, 50, 15),
        "explain": (ours.ask_explanation, 50, 15),
        "situation": (ours.ask_situation, 50, 15),
        "reconciliation of a pair": (ours.ask_reconciliation, 150, 40),
    }
    return [
        Row(f"{name} at {logs.events} events, p99", store, "ms", floor, aim, ours.answers(logs, store, ask), None)
        for name, (ask, floor, aim) in questions.items()
        for store in STORES
    ]


def all_rows(logs: FilledLogs) -> dict[str, list[Row]]:
    """Every row, by the name of its group on the command line."""
    return {
        "append": append_rows(),
        "rebuild": rebuild_rows(logs),
        "verify": verify_rows(logs),
        "query": query_rows(logs),
        "http": http_rows(),
    }
