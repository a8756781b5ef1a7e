"""The stores our rates are held against, each as it comes, with durable settings, unsigned, with events of 600 bytes.

- UmaDB, whose server is inside its wheel: appends from many writers. It syncs each of its own group commits.
- eventsourcing's recorders for PostgreSQL (psycopg 3) and SQLite, its DCB recorder for PostgreSQL, its `Application.save`, and
  its ProjectionRunner following a log into a view that keeps nothing but its position.

Every writer is a thread with its own connection, as our callers are. PostgreSQL is reached over a port of this machine by all:
psycopg 3's pipelines stop for good on a Unix socket when a thousand events do not fit into its buffer.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import umadb
from eventsourcing.application import Application
from eventsourcing.dcb.api import DCBEvent, DCBRecorder
from eventsourcing.dcb.postgres_tt import PostgresTTDCBFactory
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import StoredEvent, Tracking, TrackingRecorder
from eventsourcing.postgres import PostgresFactory, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.utils import Environment, get_topic
from sqlalchemy.engine import make_url

from bench.events import make_payload
from bench.measure import Measure, Place, Side, drive
from ledger.store import recorder
from tests.postgres import free_port

STREAM_EVENTS = 10
SERVER_START_SECONDS_MAX = 30
RUNNER_SECONDS_MAX = 600


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
    port = free_port()
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
    """The default application recorder of eventsourcing for PostgreSQL: `insert_events` of `batch` events by each writer."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        with (
            place.postgres.database() as url,
            PostgresFactory(Environment("bench", _postgres_settings(url, writers))) as factory,
        ):
            events = factory.application_recorder()

            def step() -> int:
                events.insert_events(_stored_events(batch))
                return batch

            yield lambda seconds: drive(writers, seconds, lambda _: step)

    return open_side


def dcb_appends(writers: int) -> Side:
    """The DCB recorder of eventsourcing for PostgreSQL: single events, without a condition, tagged with their stream."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        with (
            place.postgres.database() as url,
            PostgresTTDCBFactory(Environment("bench", _postgres_settings(url, writers))) as factory,
        ):
            events: DCBRecorder = factory.dcb_recorder()

            def step() -> int:
                events.append([DCBEvent("incident.updated", make_payload(0), [f"stream-{uuid.uuid4()}"])])
                return 1

            yield lambda seconds: drive(writers, seconds, lambda _: step)

    return open_side


# -- eventsourcing's application and projection -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Happened(DomainEvent):
    """An event of about 600 bytes, as an application of eventsourcing declares it."""

    text: str


def _happened(number: int) -> Happened:
    now = datetime.now(tz=UTC)
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


def _empty_projection(last: int, is_done: threading.Event) -> type[Projection[Any]]:
    """A view that keeps nothing but how far it has read: the least that ProjectionRunner can do."""

    class Empty(Projection[TrackingRecorder]):
        name = "empty"
        topics = (get_topic(Happened),)

        def process_event(self, domain_event: Any, tracking: Tracking) -> None:
            """Record the position, in its own transaction, as every projection of the library does."""
            self.view.insert_tracking(tracking)
            # The runner's own wait() looks again at growing intervals, which would be measured with the rest.
            if tracking.notification_id >= last:
                is_done.set()

    return Empty


def projection_runs(store: str) -> Side:
    """ProjectionRunner with an empty view, over events written beforehand.

    On PostgreSQL everything is eventsourcing's own. Its SQLite module cannot subscribe, so that SQLite runs on our recorder.
    """

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        def measure(seconds: float) -> float:
            events = max(100, int(seconds * 1000))
            if store == "sqlite":
                url = f"sqlite:///{place.new_folder() / 'events.sqlite'}"
                return _follow(
                    {"PERSISTENCE_MODULE": "ledger.store.factory", "STORE_URL": url}, recorder.TrackingRecorder, events
                )
            with place.postgres.database() as url:
                return _follow(_postgres_settings(url, 10), PostgresTrackingRecorder, events)

        yield measure

    return open_side


def _follow(settings: dict[str, str], view: type[Any], events: int) -> float:
    application: Application[uuid.UUID] = Application(settings)
    last = [recording.notification.id for recording in application.save(*map(_happened, range(events)))][-1]
    application.close()
    is_done = threading.Event()
    began = time.perf_counter()
    runner = ProjectionRunner(
        application_class=Application, projection_class=_empty_projection(last, is_done), view_class=view, env=settings
    )
    with runner:
        if not is_done.wait(RUNNER_SECONDS_MAX):
            raise TimeoutError(f"ProjectionRunner did not read {events} events in {RUNNER_SECONDS_MAX} s")
        return events / (time.perf_counter() - began)
