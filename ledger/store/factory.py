"""The infrastructure factory that `eventsourcing` constructs everything with: `PERSISTENCE_MODULE=ledger.store.factory`.

`STORE_URL` is the SQLAlchemy URL. As in the library's own factories, `CREATE_TABLE=no` leaves tables to migrations, and
`MAPPER_TOPIC`, `APPLICATION_RECORDER_TOPIC`, `TRACKING_RECORDER_TOPIC` and `PROCESS_RECORDER_TOPIC` name other classes.
Topics come from the environment of whoever starts the program, never from the database.
"""

from __future__ import annotations

from typing import Any, TypeVar

from eventsourcing.persistence import InfrastructureFactory
from eventsourcing.utils import Environment, EnvType, resolve_topic, strtobool

from ledger.store import recorder as recorders
from ledger.store.engines import open_engine

R = TypeVar("R", bound=recorders.Recorder)


class Factory(InfrastructureFactory[recorders.TrackingRecorder]):
    """Recorders of this package on one engine."""

    STORE_URL = "STORE_URL"
    CREATE_TABLE = "CREATE_TABLE"

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        url = self.env.get(self.STORE_URL)
        if not url:
            names = ", ".join(self.env.create_keys(self.STORE_URL))
            raise OSError(f"no database: set one of {names} to sqlite:///PATH or postgresql+psycopg2://…")
        self.engine = open_engine(url)

    def aggregate_recorder(self, purpose: str = "events") -> recorders.AggregateRecorder:
        """A recorder of stored events, or of snapshots, by aggregate."""
        return self._made(recorders.AggregateRecorder, purpose)

    def application_recorder(self) -> recorders.ApplicationRecorder:
        """A recorder of one application's sequence."""
        return self._made(self._named(self.APPLICATION_RECORDER_TOPIC, recorders.ApplicationRecorder))

    def tracking_recorder(self, tracking_recorder_class: type[Any] | None = None) -> Any:
        """A recorder of progress: the class given, or the one the environment names, or the plain one."""
        return self._made(
            tracking_recorder_class or self._named(self.TRACKING_RECORDER_TOPIC, recorders.TrackingRecorder),
        )

    def process_recorder(self) -> recorders.ProcessRecorder:
        """A recorder of events together with progress."""
        return self._made(self._named(self.PROCESS_RECORDER_TOPIC, recorders.ProcessRecorder))

    def _named(self, variable: str, plain: type[R]) -> type[R]:
        topic = self.env.get(variable)
        if not topic:
            return plain
        named: type[R] = resolve_topic(topic)
        assert issubclass(named, plain), f"{variable} names {named}, which is no {plain.__name__}"
        return named

    def _made(self, recorder_class: type[R], purpose: str = "events") -> R:
        recorder = recorder_class(self.engine, purpose)
        if strtobool(self.env.get(self.CREATE_TABLE, "yes") or "yes"):
            recorder.create_table()
        return recorder

    def close(self) -> None:
        """Close every connection that is not in use."""
        self.engine.dispose()
