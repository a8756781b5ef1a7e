"""The one way in: order, idempotency, group commit, refusals that are their own caller's, and answers that are durable."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest
from eventsourcing.persistence import Tracking
from eventsourcing.projection import Projection, ProjectionRunner
from sqlalchemy import text

from ledger import errors
from ledger.formats import merkle, note
from ledger.formats.keys import SigningKey
from ledger.store import sequencer as sequencing
from ledger.store.application import Ledger
from ledger.store.audit import StoredRows
from ledger.store.cosignatures import Cosignatures
from ledger.store.engines import is_sqlite, translated
from ledger.store.factory import Factory
from ledger.store.mapper import Recorded, ToRecord
from ledger.store.receipt import Receipt
from ledger.store.recorder import TrackingRecorder
from migrations import upgrade
from tests.postgres import connection_string
from tests.scribe import BEGAN, LOG_KEY, ORIGIN, SET_UP_ENTRIES, Scribe, opened
from tests.soundness import assert_sound


@pytest.fixture
def ledger_and_scribe(store_url) -> Iterator[tuple[Ledger, Scribe]]:
    with opened(store_url) as both:
        yield both


@pytest.fixture
def ledger(ledger_and_scribe) -> Ledger:
    return ledger_and_scribe[0]


@pytest.fixture
def scribe(ledger_and_scribe) -> Scribe:
    return ledger_and_scribe[1]


@contextmanager
def reopened(url: str, **how) -> Iterator[Ledger]:
    with Ledger.open(url, **{"log_key": LOG_KEY, "origin": ORIGIN, **how}) as ledger:
        yield ledger


# -- what a caller gets -----------------------------------------------------------------------------------------------------


def test_a_receipt_says_where_the_event_stands_and_can_be_proven(ledger, scribe):
    submitted = scribe.opening("INC-A3")
    receipt = ledger.append(submitted)
    entry = ledger.entry(receipt.position)
    assert (receipt.position, receipt.stream, receipt.version) == (SET_UP_ENTRIES + 1, "INC-A3", 1)
    assert receipt.leaf_hash == merkle.hash_leaf(entry)
    assert entry.endswith(submitted.payload)
    assert ledger.receipt(receipt.event_id) == ledger.append(submitted)
    assert ledger.by_id(receipt.event_id).event.header.id == receipt.event_id
    for position in range(1, ledger.head() + 1):
        for size in range(position, ledger.head() + 1):
            leaf_hash = merkle.hash_leaf(ledger.entry(position))
            found = ledger.checkpoint_upto(size)
            if found is not None and found[0] == size:
                merkle.verify_inclusion(leaf_hash, position - 1, size, ledger.prove(position, size), found[1])


def test_the_same_bytes_again_get_the_same_receipt(ledger, scribe):
    """Whatever happened since: the stream moved on, the key was revoked, the signature is another one."""
    submitted = scribe.opening("INC-A3", expected_version=0)
    first = ledger.append(submitted)
    ledger.append(scribe.attempt("INC-A3"))
    ledger.append(scribe.key_revoked("BF"))
    with pytest.raises(errors.KeyNotInForce):
        ledger.append(scribe.attempt("INC-A3"))
    again = ledger.append(submitted)
    assert first.is_new
    assert not again.is_new
    assert again.as_dict() == first.as_dict()
    assert again.size == first.size
    assert ledger.head() == SET_UP_ENTRIES + 3


def test_the_same_id_with_other_bytes_is_a_conflict(ledger, scribe):
    first = ledger.append(scribe.opening("INC-A3"))
    with pytest.raises(errors.EventIdReused):
        ledger.append(scribe.opening("INC-A4", id=first.event_id))


def test_one_batch_knows_its_own_ids(ledger, scribe):
    submitted = scribe.opening("INC-A3")
    first = ledger.append_many([submitted, submitted, scribe.opening("INC-A4")])
    other = ledger.append_many([scribe.opening("INC-A5", id=first[0].event_id), scribe.attempt("INC-A4")])
    assert [receipt.is_new for receipt in first] == [True, False, True]
    assert first[0].position == first[1].position
    assert isinstance(other[0], errors.EventIdReused)
    assert (other[1].stream, other[1].version) == ("INC-A4", 2)


def test_an_event_sees_those_before_it_in_its_batch(ledger, scribe):
    """A key registered two places earlier signs, a stream opened one place earlier moves on."""
    scribe.authors["KENT"] = type(scribe.authors["BF"])("KENT", "GB", SigningKey(bytes(31) + b"\x77"))
    answers = ledger.append_many(
        [
            scribe.event("authority.registered", "REGISTRY", {"code": "KENT", "nation": "GB", "name": "Kent Police"}, "GB"),
            scribe.key_registered("KENT", "GB", "service", scribe.authors["KENT"].key),
            scribe.opening("INC-A3", author="KENT"),
            scribe.attempt("INC-A3", expected_version=1),
            scribe.attempt("INC-A3", expected_version=1),
            scribe.closing("INC-A3", author="KENT"),
        ]
    )
    assert [type(answer) for answer in answers] == [Receipt, Receipt, Receipt, Receipt, errors.StreamMoved, Receipt]
    assert answers[4].current_version == 2


def test_a_refusal_is_its_own_callers(ledger, scribe):
    answers = ledger.append_many([scribe.opening("INC-A3"), scribe.closing("INC-NONE"), scribe.attempt("INC-A3")])
    assert [type(answer) for answer in answers] == [Receipt, errors.NotInThisState, Receipt]
    assert [answers[0].position, answers[2].position] == [SET_UP_ENTRIES + 1, SET_UP_ENTRIES + 2]


def test_a_bad_signature_never_reaches_the_queue(ledger, scribe):
    good, other = scribe.opening("INC-A3"), scribe.opening("INC-A4")
    forged = type(good)(good.payload, good.payload_type, other.signatures, good.sections)
    with pytest.raises(errors.BadSignature):
        ledger.append(forged)
    assert [type(a) for a in ledger.append_many([forged, other])] == [errors.BadSignature, Receipt]


# -- all or none, and none --------------------------------------------------------------------------------------------------


def test_an_atomic_batch_is_recorded_whole_or_not_at_all(ledger, scribe):
    head = ledger.head()
    events = [scribe.opening("INC-A3"), scribe.closing("INC-NONE"), scribe.attempt("INC-A3")]
    refused = ledger.append_many(events, atomic=True)
    assert [type(answer) for answer in refused] == [errors.Refused, errors.NotInThisState, errors.Refused]
    assert "event 2" in str(refused[0])
    assert ledger.head() == head
    recorded = ledger.append_many([events[0], events[2]], atomic=True)
    assert [receipt.version for receipt in recorded] == [1, 2]
    assert recorded[0].size == recorded[1].size == head + 2


def test_keys_of_a_refused_atomic_batch_were_never_there(ledger, scribe):
    answers = ledger.append_many([scribe.key_revoked("BF"), scribe.closing("INC-NONE")], atomic=True)
    assert not any(isinstance(answer, Receipt) for answer in answers)
    assert ledger.append(scribe.opening("INC-A3")).version == 1


def test_a_dry_run_answers_and_records_nothing(ledger, scribe):
    head, commits = ledger.head(), ledger.sequencer.commits
    events = [scribe.opening("INC-A3"), scribe.attempt("INC-A3"), scribe.closing("INC-NONE")]
    answers = ledger.append_many(events, dry_run=True)
    assert [a.status for a in answers[:2]] == ["admissible", "admissible"]
    assert isinstance(answers[2], errors.NotInThisState)
    assert (ledger.head(), ledger.sequencer.commits) == (head, commits)
    assert [a.is_new for a in ledger.append_many(events[:2])] == [True, True]


# -- order ------------------------------------------------------------------------------------------------------------------


def test_many_threads_fill_positions_without_a_gap_and_share_transactions(ledger, scribe):
    """What was acknowledged before another append began stands before it; many events share one durable transaction."""
    threads, each = 16, 12
    lists = [[scribe.opening(f"INC-{n}")] + [scribe.attempt(f"INC-{n}") for _ in range(each - 1)] for n in range(threads)]
    done: list[tuple[float, float, int]] = []
    refused: list[BaseException] = []

    def append(events) -> None:
        for submitted in events:
            began = time.monotonic()
            done.append((began, (receipt := ledger.append(submitted)) and time.monotonic(), receipt.position))
            with pytest.raises(errors.NotInThisState):
                refused.append(ledger.append(scribe.closing(f"INC-NONE-{receipt.position}")))

    before = ledger.sequencer.commits
    running = [threading.Thread(target=append, args=(events,)) for events in lists]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    positions = sorted(position for _, _, position in done)
    assert positions == list(range(SET_UP_ENTRIES + 1, SET_UP_ENTRIES + 1 + threads * each))
    assert all(a[2] < b[2] for a in done for b in done if a[1] < b[0])
    assert not refused
    assert ledger.sequencer.commits - before <= threads * each // 2, "events that wait together are recorded together"
    assert assert_sound(ledger) == SET_UP_ENTRIES + threads * each


def write_from_another_process(url: str, number: int, each: int, pipe) -> None:
    scribe = Scribe()
    with reopened(url) as ledger:
        pipe.send("ready")
        pipe.recv()
        positions = [ledger.append(scribe.opening(f"INC-{number}")).position]
        while len(positions) < each:
            some = [scribe.attempt(f"INC-{number}") for _ in range(min(1 + len(positions) % 5, each - len(positions)))]
            positions += [receipt.position for receipt in ledger.append_many(some)]
        # Every process adds to one stream, so that each must see what the others did to it.
        positions += [ledger.append(scribe.attempt("INC-SHARED")).position for _ in range(5)]
        pipe.send(positions)
        pipe.recv()  # pytest's own exit handlers are not this process's to run


def test_several_processes_fill_positions_without_a_gap(store_url):
    """Each keeps a state of its own at the head, and catches up with what the others wrote."""
    context = multiprocessing.get_context("fork")
    processes, each = 3, 300
    with opened(store_url) as (ledger, scribe):
        ledger.append(scribe.opening("INC-SHARED"))
        # A process that forks with connections open would share their sockets.
    ends = []
    for number in range(processes):
        ours, theirs = context.Pipe()
        child = context.Process(target=write_from_another_process, args=(store_url, number, each, theirs), daemon=True)
        child.start()
        ends.append((ours, child))
    assert [pipe.recv() for pipe, _ in ends] == ["ready"] * processes
    for pipe, _ in ends:
        pipe.send("go")
    positions = [pipe.recv() for pipe, _ in ends]
    for pipe, child in ends:
        pipe.send("leave")
        child.join(10)
    assert all(found == sorted(found) for found in positions)
    flat = sorted(position for found in positions for position in found)
    assert flat == list(range(SET_UP_ENTRIES + 2, SET_UP_ENTRIES + 2 + processes * (each + 5)))
    with reopened(store_url) as ledger:
        assert assert_sound(ledger) == flat[-1]
        assert len(ledger.stream("INC-SHARED")) == 1 + 5 * processes
        assert any(a != b + 1 for found in positions for b, a in itertools.pairwise(found)), "they took turns"


def test_a_full_queue_refuses_rather_than_grows(ledger, scribe, monkeypatch):
    monkeypatch.setattr(sequencing, "QUEUE_ITEMS_MAX", 3)
    answers = ledger.append_many([scribe.opening(f"INC-{n}") for n in range(5)])
    assert {type(answer) for answer in answers} == {errors.Unavailable}
    assert len(ledger.append_many([scribe.opening(f"INC-{n}") for n in range(3)])) == 3


# -- the tree ---------------------------------------------------------------------------------------------------------------


def test_tiles_fill_and_every_proof_holds_across_them(ledger, scribe):
    """Past a full tile of tiles' worth of leaves proofs come from tiles, partial ones and entries alike."""
    answers = ledger.append_many([scribe.opening(f"INC-{n}") for n in range(800)])
    size = assert_sound(ledger)
    assert all(isinstance(answer, Receipt) for answer in answers)
    root = ledger.checkpoint_upto(size)[1]
    with reopened(ledger.engine.url.render_as_string(hide_password=False), log_key=None) as reader:
        for log in (ledger, reader):
            for position in (1, 2, 255, 256, 257, 300, 511, 512, 513, 768, size - 1, size):
                leaf_hash = merkle.hash_leaf(log.entry(position))
                merkle.verify_inclusion(leaf_hash, position - 1, size, log.prove(position, size), root)
                found = log.checkpoint_upto(position)
                merkle.verify_consistency(found[0], found[1], size, root, log.prove_consistency(found[0], size))
    with pytest.raises(errors.NotFound):
        ledger.prove(size + 1)


def test_a_writer_starts_from_any_size(store_url):
    """The tree's edge, the keys and the lives are read back as they were, at sizes around a tile's."""
    with opened(store_url) as (ledger, scribe):
        ledger.append_many([scribe.opening(f"INC-{n}") for n in range(252 - SET_UP_ENTRIES)])
    for number in range(8):
        with reopened(store_url) as ledger:
            ledger.append(scribe.attempt(f"INC-{number}"))
            with pytest.raises(errors.NotInThisState):
                ledger.append(scribe.opening(f"INC-{number}"))
            assert ledger.append(scribe.attempt(f"INC-{number}", expected_version=2)).version == 3
    with reopened(store_url) as ledger:
        assert assert_sound(ledger) == 252 + 16


def change_behind_its_back(ledger: Ledger, position: int, entry: bytes) -> None:
    """As somebody with every database right would: out with the trigger, change, and the trigger is there again."""
    statement = text("UPDATE entries SET entry = :entry WHERE position = :position")
    with ledger.engine.begin() as connection:
        if is_sqlite(ledger.engine):
            trigger = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'entries_no_update'")).scalar()
            connection.execute(text("DROP TRIGGER entries_no_update"))
        else:
            connection.execute(text("ALTER TABLE entries DISABLE TRIGGER ALL"))
        connection.execute(statement, {"entry": entry, "position": position})
        connection.execute(text(trigger if is_sqlite(ledger.engine) else "ALTER TABLE entries ENABLE TRIGGER ALL"))


def test_a_tree_that_is_not_its_checkpoints_is_not_appended_to(store_url):
    with opened(store_url) as (ledger, scribe):
        ledger.append(scribe.opening("INC-A3"))
        change_behind_its_back(ledger, 9, ledger.entry(9).replace(b'"tunnel_walk"', b'"fence_breac"'))
    with pytest.raises(errors.VerificationFailed, match="do not lead to the newest checkpoint"):
        Ledger.open(store_url, log_key=LOG_KEY)


# -- ambiguity --------------------------------------------------------------------------------------------------------------


NAP = """
CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER nap AFTER INSERT ON checkpoints DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION nap()
"""


def cut_in_mid_commit(ledger: Ledger, url: str, submitted, cut) -> errors.EntenteError:
    """Append while COMMIT takes 0.4 s on the server, and cut something half-way through it."""
    with psycopg2.connect(connection_string(url)) as connection, connection.cursor() as cursor:
        cursor.execute(NAP)
    failed: list[errors.EntenteError] = []

    def append() -> None:
        try:
            ledger.append(submitted)
        except errors.EntenteError as error:
            failed.append(error)

    thread = threading.Thread(target=append)
    thread.start()
    time.sleep(0.2)
    cut(ledger.sequencer._writer._connection)
    thread.join()
    with psycopg2.connect(connection_string(url)) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER nap ON checkpoints")
    return failed[0]


def test_a_commit_whose_answer_was_lost_is_found_again_by_its_id(postgres_url):
    """The connection is cut while the server commits: the append fails, and yet it is on record."""
    with opened(postgres_url) as (ledger, scribe):
        submitted = scribe.opening("INC-A3")

        def cut(connection) -> None:
            with socket.socket(fileno=os.dup(connection.fileno())) as wire:
                wire.shutdown(socket.SHUT_RDWR)

        assert type(cut_in_mid_commit(ledger, postgres_url, submitted, cut)) is errors.StoreFailed
        again = ledger.append(submitted)
        assert not again.is_new
        assert ledger.append(scribe.attempt("INC-A3")).position == again.position + 1
        assert assert_sound(ledger) == SET_UP_ENTRIES + 2


def test_a_commit_that_was_killed_is_simply_sent_again(postgres_url):
    """The server's process is killed while it commits: the append fails, and nothing is on record."""
    with opened(postgres_url) as (ledger, scribe):
        submitted = scribe.opening("INC-A3")

        def cut(connection) -> None:
            with psycopg2.connect(connection_string(postgres_url)) as other, other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))

        assert type(cut_in_mid_commit(ledger, postgres_url, submitted, cut)) is errors.StoreFailed
        assert ledger.append(submitted).is_new
        assert assert_sound(ledger) == SET_UP_ENTRIES + 1


def test_a_writers_idle_connection_may_die_without_anybody_noticing(postgres_url):
    with opened(postgres_url) as (ledger, scribe):
        pid = ledger.sequencer._writer._connection.info.backend_pid
        with psycopg2.connect(connection_string(postgres_url)) as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", (pid,))
        assert ledger.append(scribe.opening("INC-A3")).is_new


def test_everybody_in_a_failed_batch_is_told_and_the_state_is_as_before(ledger, scribe, monkeypatch):
    """A commit that fails leaves no trace in memory: neither the key it revoked nor the stream it opened."""
    writer = ledger.sequencer._writer
    real, broken = writer.commit, []

    def commit(batch) -> None:
        broken.append(len(batch.rows))
        raise psycopg2.OperationalError("the connection is gone")

    monkeypatch.setattr(writer, "commit", commit)
    answers = ledger.append_many([scribe.opening("INC-A3"), scribe.key_revoked("BF")])
    assert [type(answer) for answer in answers] == [errors.StoreFailed] * 2
    assert broken == [2]
    monkeypatch.setattr(writer, "commit", real)
    assert ledger.append(scribe.opening("INC-A3")).version == 1
    assert assert_sound(ledger) == SET_UP_ENTRIES + 1


def test_a_mistake_of_ours_leaves_nobody_waiting(ledger, scribe, monkeypatch):
    def commit(batch) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(ledger.sequencer._writer, "commit", commit)
        with pytest.raises(ZeroDivisionError):
            ledger.append(scribe.opening("INC-A3"))
    with monkeypatch.context() as patched:
        patched.setattr("ledger.admission.require_step", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ledger.append(scribe.opening("INC-A3"))
    assert ledger.append(scribe.opening("INC-A3")).version == 1


def test_a_full_disk_has_an_error_of_its_own():
    assert type(translated(Exception("database or disk is full"))) is errors.DiskFull
    assert type(translated(Exception("no such table: entries"))) is errors.StoreFailed


def test_a_full_disk_refuses_and_recovers_without_repair(tmp_path):
    """SQLite's own page limit stands in for the disk's: refused before any acknowledgement, then as if nothing had been."""
    with opened(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as (ledger, scribe):
        connection = ledger.sequencer._writer._connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 2}")
        answers = ledger.append_many([scribe.opening(f"INC-{n}") for n in range(100)])
        assert {type(answer) for answer in answers} == {errors.DiskFull}
        assert ledger.head() == SET_UP_ENTRIES
        connection = ledger.sequencer._writer._connection
        connection.execute("PRAGMA max_page_count=1073741823")
        assert ledger.append(scribe.opening("INC-A3")).is_new
        assert assert_sound(ledger) == SET_UP_ENTRIES + 1


# -- time -------------------------------------------------------------------------------------------------------------------


def test_an_exercise_is_told_the_time_and_never_goes_back(store_url):
    clock = [BEGAN]
    with opened(store_url, clock=lambda: clock[0]) as (ledger, scribe):
        clock[0] += 60_000_000
        later = ledger.append(scribe.opening("INC-A3"))
        clock[0] -= 1_500_000
        assert ledger.append(scribe.attempt("INC-A3")).recorded_at == later.recorded_at
        clock[0] -= 1_000_000
        with pytest.raises(errors.ClockUnsound):
            ledger.append(scribe.attempt("INC-A3"))
        assert ledger.append_many([scribe.attempt("INC-A3")] * 2)[1].code == "clock-unsound"
        # A retry is answered whatever the clock says.
        assert ledger.receipt(later.event_id).position == later.position
        assert ledger.recorded_at(later.position) == BEGAN + 60_000_000
        assert ledger.position_as_of(BEGAN) == SET_UP_ENTRIES
        assert ledger.position_as_of(BEGAN - 1) == 0
        assert ledger.position_as_of(BEGAN + 60_000_000) == ledger.head()


def test_positions_as_of_an_instant_are_those_of_a_plain_search(store_url):
    clock = [BEGAN]
    with opened(store_url, clock=lambda: clock[0]) as (ledger, scribe):
        for number in range(150):
            clock[0] += number % 3 * 1_000_000
            ledger.append(scribe.opening(f"INC-{number}"))
        instants = [ledger.recorded_at(position) for position in range(1, ledger.head() + 1)]
        for instant in range(BEGAN - 1_000_000, clock[0] + 2_000_000, 500_000):
            assert ledger.position_as_of(instant) == sum(1 for at in instants if at <= instant)


def test_a_live_ledger_is_never_told_the_time(store_url):
    upgrade(store_url)
    scribe = Scribe()
    with reopened(store_url, clock=lambda: BEGAN) as ledger, pytest.raises(errors.NotAllowed, match="exercise"):
        ledger.append(scribe.genesis(exercise=False))
    with reopened(store_url) as ledger:
        ledger.append(scribe.genesis(exercise=False))
    with pytest.raises(errors.UnsafeSetting, match="clock"):
        Ledger.open(store_url, log_key=LOG_KEY, clock=lambda: BEGAN)


# -- settings ---------------------------------------------------------------------------------------------------------------


def test_only_the_logs_own_key_and_origin_open_it(store_url):
    with opened(store_url):
        pass
    with pytest.raises(errors.UnsafeSetting, match="log_key"):
        Ledger.open(store_url, log_key=SigningKey(bytes(32)))
    with pytest.raises(errors.UnsafeSetting, match="origin"):
        Ledger.open(store_url, log_key=LOG_KEY, origin="another.example/joint")


def test_without_the_key_a_ledger_only_reads(store_url):
    with opened(store_url) as (_, scribe):
        pass
    with Ledger.open(store_url) as reader:
        assert reader.head() == SET_UP_ENTRIES
        with pytest.raises(errors.Unavailable, match="key"):
            reader.append(scribe.opening("INC-A3"))


def test_a_schema_of_another_version_is_not_opened(store_url):
    with pytest.raises(errors.Unavailable, match="revision none"):
        Ledger.open(store_url)


# -- as the library uses it -------------------------------------------------------------------------------------------------


def test_save_goes_through_admission_like_everything_else(ledger, scribe):
    opening, attempt = scribe.opening("INC-A3"), scribe.attempt("INC-A3")
    recordings = ledger.save(ToRecord("INC-A3", 1, opening), ToRecord("INC-A3", 2, attempt))
    assert [recording.notification.id for recording in recordings] == [SET_UP_ENTRIES + 1, SET_UP_ENTRIES + 2]
    assert recordings[0].domain_event.entry == ledger.entry(SET_UP_ENTRIES + 1)
    with pytest.raises(errors.StreamMoved):
        ledger.save(ToRecord("INC-A3", 2, scribe.attempt("INC-A3")))
    with pytest.raises(errors.NotInThisState):
        ledger.save(ToRecord("INC-A3", 3, scribe.attempt("INC-A3")), ToRecord("INC-NONE", 1, scribe.closing("INC-NONE")))
    assert ledger.head() == SET_UP_ENTRIES + 2


def test_the_repository_folds_a_stream_from_its_exact_entries(ledger, scribe):
    receipts = ledger.append_many([scribe.opening("INC-A3"), scribe.attempt("INC-A3")])

    def fold(state, recorded):
        return [*(state or []), *((r.position, r.originator_version, r.event.header.type) for r in recorded)] or None

    assert ledger.repository.get("INC-A3", projector_func=fold) == [
        (receipts[0].position, 1, "incident.opened"),
        (receipts[1].position, 2, "incident.attempt_recorded"),
    ]
    assert "INC-NONE" not in {row.stream for row in StoredRows(ledger.engine).rows(0, 100)}


class Counting(TrackingRecorder):
    """A view of nothing but its position, and a list of what passed by."""

    def __init__(self, engine, purpose="events") -> None:
        super().__init__(engine, purpose)
        self.seen: list[tuple[int, str, str]] = []


class CountingProjection(Projection[Counting]):
    topics = ("incident.opened", "incident.attempt_recorded")

    def process_event(self, domain_event: Recorded, tracking: Tracking) -> None:
        self.view.seen.append((tracking.notification_id, domain_event.type, domain_event.event.header.id))
        self.view.insert_tracking(tracking)


def test_a_stock_projection_runner_follows_the_ledger(store_url):
    """By the environment alone, without the log's key, from the first position on and past what is appended meanwhile."""
    with opened(store_url) as (ledger, scribe):
        ledger.append_many([scribe.opening("INC-A3"), scribe.attempt("INC-A3")])
        env = {Factory.PERSISTENCE_MODULE: "ledger.store.factory", Factory.STORE_URL: store_url}
        with ProjectionRunner(
            application_class=Ledger, projection_class=CountingProjection, view_class=Counting, env=env
        ) as runner:
            runner.wait(SET_UP_ENTRIES + 2, timeout=10)
            last = ledger.append(scribe.attempt("INC-A3"))
            runner.wait(last.position, timeout=10)
            seen = runner.projection.view.seen
    assert [number for number, _, _ in seen] == [SET_UP_ENTRIES + 1, SET_UP_ENTRIES + 2, SET_UP_ENTRIES + 3]
    assert seen[-1] == (last.position, "incident.attempt_recorded", last.event_id)


# -- beside the log ---------------------------------------------------------------------------------------------------------


def test_sections_are_kept_beside_the_entry_and_come_back(ledger, scribe):
    submitted = scribe.event(
        "incident.updated", "INC-A3", {"persons_on_board": {"min": 10, "max": 12}, "situation": "taking on water"}
    )
    receipt = ledger.append(submitted)
    kept = ledger.sections(receipt.position)
    assert kept == submitted.sections
    assert set(kept["text"].wraps) == {"GB", "FR"}
    assert ledger.sections_of([receipt.position]) == {receipt.position: kept}
    assert b"water" not in ledger.entry(receipt.position)
    many = [scribe.event("incident.updated", "INC-A3", {"situation": str(n)}) for n in range(20)]
    positions = [r.position for r in ledger.append_many(many)]
    assert [ledger.sections(p) for p in positions] == [s.sections for s in many]
    stored = StoredRows(ledger.engine)
    assert len(stored.wrap_rows(0, None)) == 42 == 2 * len(stored.section_rows(0, None))


def test_the_first_cosignature_of_a_name_stands(ledger):
    size, signed = ledger.newest_checkpoint()
    text_of_note = note.split_note(signed)[0]
    lines = [note.sign_line("london", SigningKey(bytes(31) + bytes([n])), text_of_note) for n in (1, 2)]
    cosignatures = Cosignatures(ledger.engine)
    for line in (lines[0], lines[0], lines[1]):
        cosignatures.add(size, [line])
    assert ledger.signed_checkpoint(size) == signed + f"{lines[0]}\n".encode()
    assert StoredRows(ledger.engine).cosignature_rows() == [(size, "london", str(lines[0]))]
    with pytest.raises(errors.NotFound):
        cosignatures.add(size + 1, lines)


def test_bulk_reads_are_the_entries_in_order(ledger, scribe):
    ledger.append_many([scribe.opening(f"INC-{n}") for n in range(30)])
    assert ledger.entries(0, 1000) == [(row.position, row.entry) for row in StoredRows(ledger.engine).rows(0, 1000)]
    assert [position for position, _ in ledger.entries(10, 5)] == [11, 12, 13, 14, 15]
    assert ledger.entries(ledger.head(), 5) == []
