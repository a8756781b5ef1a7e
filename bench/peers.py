"""The peers our rates are held against, each as it comes, with durable settings, unsigned, with events of about 600 bytes.

- UmaDB, whose server is inside its wheel: appends from many writers. It syncs each of its own group commits.
- eventsourcing's recorders for PostgreSQL (psycopg 3) and SQLite, its DCB recorder for PostgreSQL, its `Application.save`, and its
  ProjectionRunner following a log into a view that keeps nothing but its position.
- PostgreSQL's own COPY, in its binary form through psycopg2's `copy_expert`, into a plain table without an index.
- The rate at which libsodium verifies Ed25519 signatures on all cores, one process each, through PyNaCl.

Every writer is a thread with its own connection, as our callers are.
"""

from __future__ import annotations

import io
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psycopg2
import umadb
from eventsourcing.application import Application
from eventsourcing.dcb.api import DCBEvent, DCBRecorder
from eventsourcing.dcb.postgres_tt import PostgresTTDCBFactory
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import StoredEvent, Tracking, TrackingRecorder
from eventsourcing.postgres import PostgresFactory, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.utils import Environment, get_topic
from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from sqlalchemy.engine import make_url

from bench.measure import Measure, Place, Side, drive
from tests.postgres import connection_string

EVENT_BYTES = 600
STREAM_EVENTS = 10
SERVER_START_SECONDS_MAX = 30
RUNNER_SECONDS_MAX = 600


def make_payload(number: int) -> bytes:
    """A JSON text of 600 bytes that differs for each number, in words that compress no better than ours."""
    start = f'{{"id":"{uuid.uuid4()}","number":{number},"text":"'
    return (start + os.urandom(EVENT_BYTES).hex())[: EVENT_BYTES - 2].encode() + b'"}'


# -- UmaDB ------------------------------------------------------------------------------------------------------------------


def umadb_appends(writers: int, batch: int = 1) -> Side:
    """UmaDB: each writer appends `batch` events at a time, without a condition, each tagged with its stream."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        with running_umadb(place.new_folder()) as url:
            clients = [umadb.Client(url) for _ in range(writers)]

            def make_step(writer: int) -> Callable[[], int]:
                client = clients[writer]

                def step() -> int:
                    tags = [f"stream-{uuid.uuid4()}"]
                    client.append([umadb.Event("incident.updated", make_payload(n), tags) for n in range(batch)])
                    return batch

                return step

            yield lambda seconds: drive(writers, seconds, make_step)

    return open_side


@contextmanager
def running_umadb(folder: Path) -> Iterator[str]:
    """The URL of a UmaDB server on a free port of this machine, stopped by its process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = "from umadb.umadb_server_cli import main; main()"
    command = [sys.executable, "-c", program, "--listen", f"127.0.0.1:{port}", "--db-path", str(folder / "uma.db")]
    with open(folder / "server.log", "wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for_umadb(url, process, folder)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_umadb(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + SERVER_START_SECONDS_MAX
    while True:
        try:
            umadb.Client(url).head()
            return
        except umadb.TransportError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"UmaDB did not start: {(folder / 'server.log').read_text()}") from error
            time.sleep(0.05)


# -- eventsourcing's recorders ------------------------------------------------------------------------------------------------


def _postgres_settings(url: str, connections: int) -> dict[str, str]:
    """A PostgreSQL URL as eventsourcing's settings. Its pool gets one connection a writer, or it refuses those that wait."""
    address = make_url(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": address.database or "",
        "POSTGRES_HOST": str(address.query.get("host") or address.host),
        "POSTGRES_PORT": str(address.query.get("port") or address.port or 5432),
        "POSTGRES_USER": address.username or "",
        "POSTGRES_PASSWORD": address.password or "",
        "POSTGRES_POOL_SIZE": str(connections),
        "POSTGRES_MAX_OVERFLOW": "0",
        "POSTGRES_MAX_WAITING": str(connections),
    }


def _stored_events(count: int) -> list[StoredEvent]:
    """Events in streams of ten, as an incident's are."""
    streams = [uuid.uuid4() for _ in range(count // STREAM_EVENTS + 1)]
    return [
        StoredEvent(streams[n // STREAM_EVENTS], n % STREAM_EVENTS + 1, "bench:Happened", make_payload(n)) for n in range(count)
    ]


def recorder_inserts(writers: int, batch: int = 1) -> Side:
    """eventsourcing's default application recorder for PostgreSQL: `insert_events` of `batch` events by each writer."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        with (
            place.postgres.database() as url,
            PostgresFactory(Environment("bench", _postgres_settings(url, writers))) as factory,
        ):
            recorder = factory.application_recorder()

            def step() -> int:
                recorder.insert_events(_stored_events(batch))
                return batch

            yield lambda seconds: drive(writers, seconds, lambda _: step)

    return open_side


def dcb_appends(writers: int) -> Side:
    """eventsourcing's DCB recorder for PostgreSQL: single events, without a condition, tagged with their stream."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        with (
            place.postgres.database() as url,
            PostgresTTDCBFactory(Environment("bench", _postgres_settings(url, writers))) as factory,
        ):
            recorder: DCBRecorder = factory.dcb_recorder()

            def step() -> int:
                recorder.append([DCBEvent("incident.updated", make_payload(0), [f"stream-{uuid.uuid4()}"])])
                return 1

            yield lambda seconds: drive(writers, seconds, lambda _: step)

    return open_side


# -- eventsourcing's application and projection -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Happened(DomainEvent):
    """An event of about 600 bytes, as an application of eventsourcing declares it."""

    text: str


def _happened(number: int) -> Happened:
    now = datetime.now(tz=timezone.utc)
    return Happened(originator_id=uuid.uuid4(), originator_version=1, timestamp=now, text=make_payload(number).decode())


def application_saves(store: str) -> Side:
    """`Application.save` of one event by one caller, on eventsourcing's own PostgreSQL or SQLite module."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        with _application_settings(store, place) as settings:
            application: Application[uuid.UUID] = Application(settings)

            def step() -> int:
                application.save(_happened(0))
                return 1

            try:
                yield lambda seconds: drive(1, seconds, lambda _: step)
            finally:
                application.close()

    return open_side


@contextmanager
def _application_settings(store: str, place: Place) -> Iterator[dict[str, str]]:
    if store == "sqlite":
        # Its default: a write-ahead log, and SQLite's own default of synchronous=FULL.
        yield {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(place.new_folder() / "events.sqlite")}
        return
    with place.postgres.database() as url:
        yield _postgres_settings(url, 5)


class EmptyProjection(Projection[TrackingRecorder]):
    """A view that keeps nothing but how far it has read: the least that ProjectionRunner can do."""

    name = "empty"
    topics = (get_topic(Happened),)

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Record the position, in its own transaction, as every projection of the library does."""
        self.view.insert_tracking(tracking)


def projection_runs() -> Side:
    """ProjectionRunner on PostgreSQL with an empty view, over events written beforehand. (Its SQLite module cannot subscribe.)"""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        def measure(seconds: float) -> float:
            with place.postgres.database() as url:
                return _follow(_postgres_settings(url, 10), events=max(100, int(seconds * 1000)))

        yield measure

    return open_side


def _follow(settings: dict[str, str], events: int) -> float:
    application: Application[uuid.UUID] = Application(settings)
    last = [recording.notification.id for recording in application.save(*map(_happened, range(events)))][-1]
    application.close()
    began = time.perf_counter()
    runner = ProjectionRunner(
        application_class=Application, projection_class=EmptyProjection, view_class=PostgresTrackingRecorder, env=settings
    )
    with runner:
        runner.wait(last, timeout=RUNNER_SECONDS_MAX)
        return events / (time.perf_counter() - began)


# -- PostgreSQL's COPY --------------------------------------------------------------------------------------------------------


def copies(rows: int = 100_000) -> Side:
    """Binary COPY of log rows (position, stream, version, 600 bytes) into an empty table without an index, one transaction."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        packed = _packed_rows(rows)
        with place.postgres.database() as url:
            yield lambda _: rows / copy_seconds(url, "position bigint, stream text, version bigint, payload bytea", packed)

    return open_side


def copy_seconds(url: str, columns: str, packed: bytes) -> float:
    """How long COPY takes to make `packed` (PostgreSQL's binary format) durable in a new table of these columns."""
    connection = psycopg2.connect(connection_string(url))
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS copied; CREATE TABLE copied ({columns})")
            connection.commit()
            began = time.perf_counter()
            cursor.copy_expert("COPY copied FROM STDIN WITH (FORMAT binary)", io.BytesIO(packed))
            connection.commit()
            return time.perf_counter() - began
    finally:
        connection.close()


def _packed_rows(rows: int) -> bytes:
    packed = bytearray(b"PGCOPY\n\xff\r\n\0" + bytes(8))
    for n in range(rows):
        stream, payload = b"INC-%08d" % (n // STREAM_EVENTS), make_payload(n)
        packed += struct.pack(f">hiqi{len(stream)}s", 4, 8, n + 1, len(stream), stream)
        packed += struct.pack(f">iqi{len(payload)}s", 8, n % STREAM_EVENTS + 1, len(payload), payload)
    return bytes(packed + b"\xff\xff")


# -- libsodium --------------------------------------------------------------------------------------------------------------


def libsodium_verifies() -> Side:
    """Ed25519 signatures over 600 bytes that libsodium verifies a second on all cores, in one process a core."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        del place
        cores = os.cpu_count() or 1
        with ProcessPoolExecutor(cores) as pool:
            yield lambda seconds: sum(pool.map(_verify_for, [seconds] * cores))

    return open_side


def _verify_for(seconds: float) -> float:
    keys = [crypto_sign_seed_keypair(os.urandom(32)) for _ in range(16)]
    signed = [(crypto_sign(make_payload(n), keys[n % 16][1]), keys[n % 16][0]) for n in range(256)]
    began = time.perf_counter()
    count = 0
    while time.perf_counter() - began < seconds:
        for message, public in signed:
            crypto_sign_open(message, public)
        count += len(signed)
    return count / (time.perf_counter() - began)
