"""The library's own suites, run on our recorders, factory and mapper, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import Mapper, ProgrammingError, StoredEvent
from eventsourcing.tests import persistence as suites
from eventsourcing.utils import Environment

from ledger import errors
from ledger.store import recorder as ours
from ledger.store.engines import open_engine
from ledger.store.factory import Factory
from ledger.store.mapper import EntryMapper

# Neither a suite of the library nor its test cases may be collected on their own.
AggregateSuite = suites.AggregateRecorderTestCase
ApplicationSuite = suites.ApplicationRecorderTestCase
TrackingSuite = suites.TrackingRecorderTestCase
ProcessSuite = suites.ProcessRecorderTestCase
NonInterleavingSuite = suites.NonInterleavingNotificationIDsBaseCase
FactorySuite = suites.InfrastructureFactoryTestCase
for suite in (AggregateSuite, ApplicationSuite, TrackingSuite, ProcessSuite, NonInterleavingSuite, FactorySuite):
    suite.__test__ = False


class OnSQLite:
    """Gives a suite a fresh SQLite file. (The suites are unittest cases, which take no parametrised fixtures.)"""

    __test__ = True
    url: str

    @pytest.fixture(autouse=True)
    def _fresh_store(self, tmp_path) -> None:
        self.url = f"sqlite:///{tmp_path / 'events.sqlite'}"


class OnPostgreSQL:
    """Gives a suite a fresh PostgreSQL database."""

    __test__ = True
    url: str

    @pytest.fixture(autouse=True)
    def _fresh_store(self, postgres_url) -> None:
        self.url = postgres_url


class MakesRecorders:
    """What the recorder suites ask for: a recorder on an empty store, and string originator ids."""

    recorder_class: ClassVar[type[ours.Recorder]]
    url: str

    @pytest.fixture(autouse=True)
    def _engine(self, _fresh_store) -> Iterator[None]:
        self.engine = open_engine(self.url)
        yield
        self.engine.dispose()

    def new_originator_id(self) -> UUID | str:
        return str(uuid4())

    def create_recorder(self) -> Any:
        recorder = self.recorder_class(self.engine)
        recorder.create_table()
        return recorder


class AggregateRecorders(MakesRecorders):
    recorder_class = ours.AggregateRecorder


class ApplicationRecorders(MakesRecorders):
    recorder_class = ours.ApplicationRecorder

    def test_insert_subscribe(self) -> None:
        """Optional in the library, where its SQLite recorder has no subscriptions; ours has them on both stores."""
        self.optional_test_insert_subscribe()


class TrackingRecorders(MakesRecorders):
    recorder_class = ours.TrackingRecorder


class ProcessRecorders(MakesRecorders):
    recorder_class = ours.ProcessRecorder


class OtherTracking(ours.TrackingRecorder):
    pass


class Factories:
    url: str

    def setUp(self) -> None:
        self.env = Environment("Test")
        self.env[Factory.PERSISTENCE_MODULE] = "ledger.store.factory"
        self.env[Factory.STORE_URL] = self.url
        super().setUp()  # type: ignore[misc]

    def expected_factory_class(self) -> Any:
        return Factory

    def expected_aggregate_recorder_class(self) -> Any:
        return ours.AggregateRecorder

    def expected_application_recorder_class(self) -> Any:
        return ours.ApplicationRecorder

    def expected_tracking_recorder_class(self) -> Any:
        return ours.TrackingRecorder

    def tracking_recorder_subclass(self) -> Any:
        return OtherTracking

    def expected_process_recorder_class(self) -> Any:
        return ours.ProcessRecorder

    def test_a_factory_without_a_database_says_what_to_set(self) -> None:
        with pytest.raises(OSError, match="STORE_URL"):
            Factory(Environment("Test"))

    def test_our_mapper_is_made_only_when_it_is_named(self) -> None:
        assert type(self.factory.mapper()) is Mapper
        self.env[Factory.MAPPER_TOPIC] = "ledger.store.mapper:EntryMapper"
        assert type(self.factory.mapper()) is EntryMapper

    def test_our_mapper_refuses_to_compress_what_was_hashed(self) -> None:
        self.env[Factory.MAPPER_TOPIC] = "ledger.store.mapper:EntryMapper"
        self.env[Factory.COMPRESSOR_TOPIC] = "zlib"
        with pytest.raises(errors.UnsafeSetting):
            self.factory.mapper()


class TestAggregateRecorderOnSQLite(OnSQLite, AggregateRecorders, AggregateSuite):
    pass


class TestAggregateRecorderOnPostgreSQL(OnPostgreSQL, AggregateRecorders, AggregateSuite):
    pass


class TestApplicationRecorderOnSQLite(OnSQLite, ApplicationRecorders, ApplicationSuite):
    pass


class TestApplicationRecorderOnPostgreSQL(OnPostgreSQL, ApplicationRecorders, ApplicationSuite):
    pass


class TestTrackingRecorderOnSQLite(OnSQLite, TrackingRecorders, TrackingSuite):
    pass


class TestTrackingRecorderOnPostgreSQL(OnPostgreSQL, TrackingRecorders, TrackingSuite):
    pass


class TestProcessRecorderOnSQLite(OnSQLite, ProcessRecorders, ProcessSuite):
    pass


class TestProcessRecorderOnPostgreSQL(OnPostgreSQL, ProcessRecorders, ProcessSuite):
    pass


class TestNonInterleavingOnSQLite(OnSQLite, ApplicationRecorders, NonInterleavingSuite):
    test_insert_subscribe = None


class TestNonInterleavingOnPostgreSQL(OnPostgreSQL, ApplicationRecorders, NonInterleavingSuite):
    test_insert_subscribe = None


class TestFactoryOnSQLite(OnSQLite, Factories, FactorySuite):
    pass


class TestFactoryOnPostgreSQL(OnPostgreSQL, Factories, FactorySuite):
    pass


def test_nothing_enters_the_ledgers_own_table_through_its_recorder(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with pytest.raises(ProgrammingError, match=r"Ledger\.append"):
        ours.LedgerRecorder(engine).insert_events([StoredEvent("INC-A3", 1, "incident.opened", b"{}")])
    engine.dispose()


def test_the_mapper_imports_nothing_from_stored_text():
    """A topic that would be an import path for the library's own mapper is a name and nothing else for ours."""
    mapper = EntryMapper(transcoder=None)  # type: ignore[arg-type]
    stored = StoredEvent("INC-A3", 1, "os:system", b"\x00exact bytes")
    assert mapper.to_stored_event(mapper.to_domain_event(stored)) == stored
