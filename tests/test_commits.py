"""Where a commit of a live ledger ends can be told from the entries: nobody takes a checkpoint away unseen."""

from __future__ import annotations

import time

from sqlalchemy import text

from ledger.evidence.verify import verify
from ledger.formats import note, policy
from ledger.store.application import Ledger
from ledger.store.audit import StoredRows
from migrations import upgrade
from tests.scribe import LOG_KEY, ORIGIN, SET_UP_ENTRIES, Scribe
from tests.test_tampering import disarm

COMMITS = 20


def test_a_checkpoint_deleted_between_two_quick_commits_is_missed(store_url, monkeypatch):
    """The clock stands still, or is coarse: both commits would be recorded at the same microsecond."""
    stopped = time.time_ns()
    monkeypatch.setattr("ledger.store.sqlite.time.time_ns", lambda: stopped)
    upgrade(store_url)
    scribe = Scribe()
    log = note.VerifierKey(ORIGIN, note.ED25519_NOTE, LOG_KEY.public)
    trusted = policy.Policy((policy.Log(log),), {}, {}, policy.NO_QUORUM)
    with Ledger.open(store_url, log_key=LOG_KEY, origin=ORIGIN) as ledger:
        for submitted in (scribe.genesis(exercise=False), *scribe.registrations()):
            ledger.append(submitted)
        for number in range(COMMITS):
            ledger.append(scribe.opening(f"INC-{number}"))
        instants = [ledger.recorded_at(position) for position in range(1, ledger.head() + 1)]
        assert instants == sorted(set(instants))
        rows = StoredRows(ledger.engine)
        assert verify(rows, trusted, {}, workers=1)["problems"] == []
        disarm(ledger.engine)
        for size in range(1, SET_UP_ENTRIES + COMMITS):
            with ledger.engine.begin() as connection:
                kept = connection.execute(text("SELECT note FROM checkpoints WHERE size = :size"), {"size": size}).scalar_one()
                connection.execute(text("DELETE FROM checkpoints WHERE size = :size"), {"size": size})
            problems = verify(rows, trusted, {}, workers=1)["problems"]
            with ledger.engine.begin() as connection:
                connection.execute(text("INSERT INTO checkpoints VALUES (:size, :note)"), {"size": size, "note": kept})
            assert [problem["position"] for problem in problems] == [size], size
