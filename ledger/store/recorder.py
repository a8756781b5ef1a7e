"""Recorders for `eventsourcing` on SQLAlchemy Core, for SQLite and PostgreSQL alike.

They are written over a table and the names of its columns: the library's own suites run them on a plain `stored_events`
table, and the ledger reads its `entries` through the same classes (`LedgerRecorder`, which refuses to insert: the sequencer
is the only way in). Notification ids are positions: 1, 2, 3 …, in commit order, because a writer holds a lock until it
has committed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from eventsourcing import persistence
from eventsourcing.persistence import Notification, StoredEvent, Subscription, Tracking
from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    MetaData,
    Select,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy import exc as sqlalchemy_errors
from sqlalchemy.engine import Connection, Engine

from ledger.store import tables
from ledger.store.engines import is_sqlite, writing

POLL_SECONDS = 0.05
SUBSCRIPTION_ROWS = 500
# Any two 32-bit numbers will do, as long as nobody else in the database uses the same two: "Ente" and a table's number.
ADVISORY_LOCK_SPACE = 0x456E7465

TRANSLATED = (
    (sqlalchemy_errors.IntegrityError, persistence.IntegrityError),
    (sqlalchemy_errors.OperationalError, persistence.OperationalError),
    (sqlalchemy_errors.ProgrammingError, persistence.ProgrammingError),
    (sqlalchemy_errors.DataError, persistence.DataError),
    (sqlalchemy_errors.InternalError, persistence.InternalError),
    (sqlalchemy_errors.NotSupportedError, persistence.NotSupportedError),
    (sqlalchemy_errors.InterfaceError, persistence.InterfaceError),
    (sqlalchemy_errors.DBAPIError, persistence.DatabaseError),
    (sqlalchemy_errors.SQLAlchemyError, persistence.PersistenceError),
)


@contextmanager
def library_errors() -> Iterator[None]:
    """Raise the library's errors instead of SQLAlchemy's."""
    try:
        yield
    except sqlalchemy_errors.SQLAlchemyError as wrong:
        for theirs, librarys in TRANSLATED:
            if isinstance(wrong, theirs):
                raise librarys(str(wrong)) from wrong
        raise


def events_table(name: str, metadata: MetaData, *, numbered: bool) -> Table:
    """A plain table of stored events; `numbered` ones have an application sequence, the others one sequence an aggregate."""
    columns: list[Column[Any]] = [
        Column("originator_id", Text, nullable=False, primary_key=not numbered),
        Column("originator_version", BigInteger, nullable=False, primary_key=not numbered, autoincrement=False),
        Column("topic", Text, nullable=False),
        Column("state", LargeBinary, nullable=False),
    ]
    if not numbered:
        return Table(name, metadata, *columns)
    number: Column[int] = Column("notification_id", tables.POSITION, primary_key=True, autoincrement=False)
    unique = UniqueConstraint("originator_id", "originator_version", name=f"{name}_originator")
    return Table(name, metadata, number, *columns, unique)


def tracking_table(metadata: MetaData) -> Table:
    """One row for each upstream application: the notification processed last."""
    return Table(
        "tracking",
        metadata,
        Column("application_name", Text, primary_key=True),
        Column("notification_id", BigInteger, nullable=False),
    )


class Recorder(persistence.Recorder):
    """What all recorders have: an engine, their tables, and one transaction at a time that writes."""

    def __init__(self, engine: Engine, purpose: str = "events") -> None:
        self.engine = engine
        self.metadata = MetaData()
        self.define(purpose)

    def define(self, purpose: str) -> None:
        """Define the tables of this recorder in `self.metadata`."""

    def create_table(self) -> None:
        """Create what is missing. The ledger's own tables are made by migrations instead."""
        with library_errors():
            self.metadata.create_all(self.engine)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that no other writer of the same tables overlaps: locked before it reads the head, until committed."""
        with library_errors(), writing(self.engine) as connection:
            if not is_sqlite(self.engine):
                lock = text("SELECT pg_advisory_xact_lock(:space, hashtext(:table))")
                connection.execute(lock, {"space": ADVISORY_LOCK_SPACE, "table": ",".join(sorted(self.metadata.tables))})
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with library_errors(), self.engine.connect() as connection:
            yield connection


class AggregateRecorder(Recorder, persistence.AggregateRecorder):
    """Stored events by aggregate; no order between aggregates."""

    table: Table
    originator_id: Column[Any]
    originator_version: Column[Any]
    topic: Column[Any]
    state: Column[Any]
    numbered = False

    def define(self, purpose: str) -> None:
        """A table `stored_<purpose>`."""
        super().define(purpose)
        self.table = events_table(f"stored_{purpose}", self.metadata, numbered=self.numbered)
        columns = self.table.c
        self.originator_id, self.originator_version = columns.originator_id, columns.originator_version
        self.topic, self.state = columns.topic, columns.state

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Record all of the events or none. Raises the library's IntegrityError where a version is taken."""
        with self._writing() as connection:
            return self._insert(connection, stored_events, **kwargs)

    def _insert(self, connection: Connection, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        if stored_events:
            connection.execute(insert(self.table), [self._values(stored) for stored in stored_events])
        return None

    def _values(self, stored: StoredEvent) -> dict[str, Any]:
        return {
            self.originator_id.name: str(stored.originator_id),
            self.originator_version.name: stored.originator_version,
            self.topic.name: stored.topic,
            self.state.name: stored.state,
        }

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Events of one aggregate by version, those above `gt` up to `lte`, newest first where `desc`."""
        version = self.originator_version
        query = self._selected().where(self.originator_id == str(originator_id))
        if gt is not None:
            query = query.where(version > gt)
        if lte is not None:
            query = query.where(version <= lte)
        query = query.order_by(version.desc() if desc else version)
        if limit is not None:
            query = query.limit(limit)
        with self._reading() as connection:
            return [self._stored(row) for row in connection.execute(query)]

    def _selected(self) -> Select[Any]:
        return select(self.originator_id, self.originator_version, self.topic, self.state)

    def _stored(self, row: Any) -> StoredEvent:
        return StoredEvent(row[0], row[1], row[2], bytes(row[3]))


class ApplicationRecorder(AggregateRecorder, persistence.ApplicationRecorder):
    """Stored events by aggregate and in one gapless sequence, in the order they were committed."""

    position: Column[Any]
    numbered = True

    def define(self, purpose: str) -> None:
        """A numbered table `stored_<purpose>`."""
        super().define(purpose)
        self.position = self.table.c.notification_id

    def _insert(self, connection: Connection, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        head = connection.execute(select(func.max(self.position))).scalar() or 0
        numbers = range(head + 1, head + 1 + len(stored_events))
        rows = [{self.position.name: number, **self._values(s)} for number, s in zip(numbers, stored_events, strict=True)]
        if rows:
            connection.execute(insert(self.table), rows)
        return list(numbers)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events of the sequence from `start` (or after it) to `stop`, at most `limit`, of these topics where any are given."""
        query = self._selected().add_columns(self.position)
        if start is not None:
            query = query.where(self.position >= start if inclusive_of_start else self.position > start)
        if stop is not None:
            query = query.where(self.position <= stop)
        if topics:
            query = query.where(self.topic.in_(topics))
        with self._reading() as connection:
            rows = connection.execute(query.order_by(self.position).limit(limit))
            return [Notification(row[0], row[1], row[2], bytes(row[3]), row[4]) for row in rows]

    def max_notification_id(self) -> int | None:
        """The last position, or None while nothing is recorded."""
        with self._reading() as connection:
            found: int | None = connection.execute(select(func.max(self.position))).scalar()
            return found

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> PollingSubscription:
        """Recorded events after `gt`, then those recorded later, each once and in order, until stopped."""
        return PollingSubscription(self, gt, topics)


class PollingSubscription(Subscription[ApplicationRecorder]):
    """Follows a sequence by asking for what is new. No NOTIFY: inside an appending transaction that takes a global lock."""

    def __init__(self, recorder: ApplicationRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        super().__init__(recorder, gt, topics)
        self._found: Iterator[Notification] = iter(())
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Stop the subscription; a thread waiting in `next` returns within the polling interval or at once."""
        super().stop()
        self._stopped.set()

    def __next__(self) -> Notification:
        """The next notification; blocks until there is one. StopIteration once stopped."""
        while not self._has_been_stopped:
            notification = next(self._found, None)
            if notification is not None:
                self._last_notification_id = notification.id
                return notification
            notifications = self._recorder.select_notifications(
                self._last_notification_id, SUBSCRIPTION_ROWS, topics=self._topics, inclusive_of_start=False
            )
            self._found = iter(notifications)
            if not notifications:
                self._stopped.wait(POLL_SECONDS)
        raise StopIteration


class TrackingRecorder(Recorder, persistence.TrackingRecorder):
    """Which notification of each upstream application was processed last."""

    tracking: Table

    def define(self, purpose: str) -> None:
        """A table `tracking`."""
        super().define(purpose)
        self.tracking = tracking_table(self.metadata)

    def insert_tracking(self, tracking: Tracking) -> None:
        """Record progress. Raises the library's IntegrityError unless it is beyond what was recorded."""
        with self._writing() as connection:
            self._track(connection, tracking)

    def _track(self, connection: Connection, tracking: Tracking) -> None:
        name, number = self.tracking.c.application_name, self.tracking.c.notification_id
        moved = connection.execute(
            update(self.tracking)
            .where(name == tracking.application_name, number < tracking.notification_id)
            .values(notification_id=tracking.notification_id)
        )
        if moved.rowcount == 0:
            # Either the first of this application, or not beyond the last one: the primary key refuses that.
            values = {"application_name": tracking.application_name, "notification_id": tracking.notification_id}
            connection.execute(insert(self.tracking), [values])

    def max_tracking_id(self, application_name: str) -> int | None:
        """The notification processed last, or None while none was."""
        query = select(self.tracking.c.notification_id).where(self.tracking.c.application_name == application_name)
        with self._reading() as connection:
            found: int | None = connection.execute(query).scalar()
            return found


class ProcessRecorder(TrackingRecorder, ApplicationRecorder, persistence.ProcessRecorder):
    """New events and the progress they result from, in one transaction."""

    def _insert(self, connection: Connection, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        numbers = super()._insert(connection, stored_events, **kwargs)
        tracking: Tracking | None = kwargs.get("tracking")
        if tracking is not None:
            self._track(connection, tracking)
        return numbers


class LedgerRecorder(ApplicationRecorder):
    """The ledger's own table, read as an application sequence: stream, version, type name, and the exact entry as state."""

    def define(self, purpose: str) -> None:
        """The table `entries`, as the migrations make it."""
        self.table = tables.entries
        columns = self.table.c
        self.position, self.originator_id, self.originator_version = columns.position, columns.stream, columns.version
        self.topic, self.state = columns.type, columns.entry

    def create_table(self) -> None:
        """Nothing: the ledger's tables are made by its migrations."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Refused: an event enters the ledger through admission and the sequencer, or not at all."""
        raise persistence.ProgrammingError("events enter the ledger through Ledger.append or Ledger.save only")

    def _selected(self) -> Select[Any]:
        return super()._selected().add_columns(self.position)

    def _stored(self, row: Any) -> StoredEvent:
        return Notification(row[0], row[1], row[2], bytes(row[3]), row[4])
