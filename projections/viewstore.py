"""Where a view is kept: one transaction a batch, two generations, and the few queries everything else is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    Engine,
    and_,
    case,
    create_engine,
    delete,
    event,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.engine import make_url

from ledger.store.engines import TO_POSTGRESQL
from projections.batch import Batch, Progress, write
from projections.fact import NEVER, Fact
from projections.figures import DETAILED_KINDS, DISTINCT_KINDS, GROUPED_BY, Group
from projections.tables import FACT_COLUMNS, GENERATION, GENERATIONS, Generation, metadata, view_head

SNAPSHOT_EVERY_POSITIONS = 4_096
FACTS_AT_ONCE = 10_000
NAMES_AT_ONCE = 5_000
SEALED_FAULT = "sealed: "
"""How the reason of a parked sealed event begins; no field of an event is called that."""


def namespace(nation: str) -> str:
    """The PostgreSQL schema of a nation's view, so that views may share a database and still be granted apart."""
    return f"view_{nation.lower()}"


def open_engine(url: str, nation: str) -> Engine:
    """An engine for a view's database. SQLite: WAL, so that readers never wait for the projector.

    Nothing waits for the disk here: a view says itself how far it is, and what a crash takes back is read from the log again.
    """
    is_sqlite = make_url(url).get_backend_name() == "sqlite"
    options = f"-csearch_path={namespace(nation)} -csynchronous_commit=off"
    arguments: dict[str, Any] = {} if is_sqlite else {**TO_POSTGRESQL, "options": options}
    engine = create_engine(url, pool_pre_ping=not is_sqlite, connect_args=arguments)
    if is_sqlite:

        @event.listens_for(engine, "connect")
        def _settings(connection: Any, record: Any) -> None:
            connection.isolation_level = None
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=20000", "cache_size=-65536"):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN")

    return engine


class ViewStore:
    """One nation's view in its own database."""

    def __init__(self, url: str, nation: str) -> None:
        self.engine = open_engine(url, nation)
        self.nation = nation
        self.is_postgresql = self.engine.dialect.name == "postgresql"

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    # -- generations ---------------------------------------------------------------------------------------------------

    def live(self) -> Generation:
        """The generation that is read now."""
        with self.engine.connect() as connection:
            name = connection.execute(select(view_head.c.live).where(view_head.c.nation == self.nation)).scalar()
        return GENERATION[name or GENERATIONS[0]]

    def idle(self) -> Generation:
        """The other one."""
        return GENERATION[GENERATIONS[1 - GENERATIONS.index(self.live().name)]]

    def switch_to(self, generation: Generation) -> None:
        """Read this generation from now on and empty the other; one transaction, so that a reader sees the old or the new."""
        other = GENERATION[GENERATIONS[1 - GENERATIONS.index(generation.name)]]
        with self.engine.begin() as connection:
            for table in other.all:
                connection.execute(delete(table))
            connection.execute(delete(view_head).where(view_head.c.nation == self.nation))
            connection.execute(insert(view_head).values(nation=self.nation, live=generation.name))

    def empty(self, generation: Generation) -> None:
        """Clear an idle generation for a rebuild, without the indexes that filling it does not need."""
        with self.engine.begin() as connection:
            for index in generation.indexes:
                if not index.name or not index.name.endswith("_restated"):
                    index.drop(connection, checkfirst=True)
            for table in generation.all:
                connection.execute(delete(table))

    def complete(self, generation: Generation) -> None:
        """Make the indexes that queries need, once filled."""
        with self.engine.begin() as connection:
            for index in generation.indexes:
                index.create(connection, checkfirst=True)
            if self.is_postgresql:
                connection.exec_driver_sql(f"ANALYZE {generation.facts.name}")

    def progress(self, generation: Generation) -> Progress | None:
        """How far this generation is, or None where it has not begun."""
        t = generation.progress
        with self.engine.connect() as connection:
            row = connection.execute(select(t.c.position, t.c.frontier, t.c.state)).first()
        return Progress(row[0], bytes(row[1]), bytes(row[2])) if row else None

    def write(self, generation: Generation, after: int, batch: Batch) -> bool:
        """All of a batch, or nothing of it; False where another process has moved the generation on from `after`."""
        return write(self.engine, generation, after, batch)

    # -- reading ---------------------------------------------------------------------------------------------------------

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            yield connection

    def _facts(self, statement: Any) -> list[Fact]:
        with self._connection() as connection:
            return [Fact(*row) for row in connection.execute(statement)]

    @staticmethod
    def _all_of(g: Generation) -> Any:
        return select(*(g.facts.c[c] for c in FACT_COLUMNS))

    @staticmethod
    def _live_at(g: Generation, position: int) -> Any:
        return and_(g.facts.c.stated <= position, g.facts.c.ended > position)

    def of_origins(self, g: Generation, origins: Sequence[int]) -> list[Fact]:
        """Every fact, live or ended, that events at these positions make."""
        f = g.facts.c
        found: list[Fact] = []
        for part in _parts(origins):
            where = or_(and_(f.stated.in_(part), f.origin == f.stated), and_(f.origin.in_(part), f.origin != f.stated))
            found += self._facts(self._all_of(g).where(where).order_by(f.stated, f.ordinal))
        return found

    def of_streams(
        self, g: Generation, streams: Sequence[str], position: int, readings: Sequence[str] = ("both", "own")
    ) -> list[Fact]:
        """The facts of these streams live at a position, in the nation's own reading or in that of both."""
        f = g.facts.c
        found: list[Fact] = []
        for part in _parts(streams):
            statement = self._all_of(g).where(f.stream.in_(part), self._live_at(g, position), f.reading.in_(readings))
            found += self._facts(statement.order_by(f.stated, f.ordinal))
        return found

    def linked(self, g: Generation, streams: Sequence[str], position: int) -> set[str]:
        """Streams whose links, live at a position, point to any of these."""
        f = g.facts.c
        found: set[str] = set()
        with self._connection() as connection:
            for part in _parts(streams):
                where = and_(f.kind == literal_column("'link'"), f.subject.in_(part), self._live_at(g, position))
                found |= {row[0] for row in connection.execute(select(f.stream).where(where))}
        return found

    def of_kinds(
        self, g: Generation, kinds: Iterable[str], window: tuple[int, int], position: int, readings: Sequence[str]
    ) -> list[Fact]:
        """Facts of these kinds that occurred within [from, to) and are live at a position, in these readings."""
        f = g.facts.c
        begin, end = window
        where = and_(f.kind.in_(sorted(kinds)), f.occurred_at >= begin, f.occurred_at < end, f.reading.in_(readings))
        return self._facts(self._all_of(g).where(where, self._live_at(g, position)).order_by(f.stated, f.ordinal))

    def first_positions(
        self, g: Generation, kinds: Iterable[str], window: tuple[int, int], position: int, after: int, limit: int
    ) -> list[tuple[str, int]]:
        """(stream, origin) of the first fact of these kinds in a window, in any reading, for each stream that has one live at a
        position; in the order of the log, from after an origin on.
        """
        f = g.facts.c
        begin, end = window
        first = func.min(f.origin)
        where = and_(f.kind.in_(sorted(kinds)), f.occurred_at >= begin, f.occurred_at < end)
        found = select(f.stream, first).where(where, self._live_at(g, position)).group_by(f.stream).having(first > after)
        with self._connection() as connection:
            return [tuple(row) for row in connection.execute(found.order_by(first, f.stream).limit(limit))]

    def of_kind(self, g: Generation, kind: str, position: int, code: str | None = None) -> list[Fact]:
        """Every live fact of one (rare) kind, whenever it occurred."""
        f = g.facts.c
        where = [f.kind == kind, self._live_at(g, position)] + ([f.code == code] if code else [])
        return self._facts(self._all_of(g).where(*where).order_by(f.stated, f.ordinal))

    def ended(
        self,
        g: Generation,
        kinds: Iterable[str],
        window: tuple[int, int],
        position: int,
        readings: Sequence[str] = ("both", "own"),
    ) -> list[Fact]:
        """Facts of these kinds that occurred within [from, to) and were ended up to a position, in these readings."""
        f = g.facts.c
        begin, end = window
        where = and_(f.kind.in_(sorted(kinds)), f.occurred_at >= begin, f.occurred_at < end, f.reading.in_(readings))
        return self._facts(self._all_of(g).where(where, f.ended <= position).order_by(f.stated, f.ordinal))

    def changed(self, g: Generation, after: int, upto: int) -> list[Fact]:
        """Facts stated or ended in (after, upto]."""
        f = g.facts.c
        where = or_(and_(f.stated > after, f.stated <= upto), and_(f.ended > after, f.ended <= upto))
        return self._facts(self._all_of(g).where(where, f.reading != "shared").order_by(f.stated, f.ordinal))

    def groups(self, g: Generation, kinds: Iterable[str], window: tuple[int, int], position: int) -> list[Group]:
        """Sums over the nation's own live facts of a window, by every column a condition reads."""
        f = g.facts.c
        begin, end = window
        columns: dict[str, Any] = {c: f[c] for c in GROUPED_BY}
        columns["subject"] = case((f.kind.in_(sorted(DISTINCT_KINDS)), f.subject), else_=literal(""))
        columns["detail"] = case((f.kind.in_(sorted(DETAILED_KINDS)), f.detail), else_=literal(""))
        where = and_(f.kind.in_(sorted(kinds)), f.occurred_at >= begin, f.occurred_at < end, f.reading.in_(("both", "own")))
        keys = [columns[c].label(f"by_{c}") for c in GROUPED_BY]
        inner = select(*keys, f.quantity).where(where, self._live_at(g, position)).subquery()
        by = [inner.c[f"by_{c}"] for c in GROUPED_BY]
        statement = select(*by, func.sum(inner.c.quantity), func.count()).group_by(*by)
        with self._connection() as connection:
            rows = [tuple(row) for row in connection.execute(statement)]
        # PostgreSQL adds up bigints as numeric.
        return [Group(*(*row[:-2], int(row[-2]), row[-1])) for row in rows]

    def position_as_of(self, g: Generation, instant: int | None) -> int:
        """The last position recorded at or before an instant (the last of all for None); 0 where there is none."""
        t = g.instants.c
        statement = select(func.max(t.position))
        if instant is not None:
            statement = select(t.position).where(t.recorded_at <= instant).order_by(t.recorded_at.desc()).limit(1)
        with self._connection() as connection:
            return connection.execute(statement).scalar() or 0

    def recorded_at(self, g: Generation, position: int) -> int:
        """When the position was recorded, microseconds; 0 where it is not in the view."""
        t = g.instants.c
        statement = select(t.recorded_at).where(t.position >= position).order_by(t.recorded_at).limit(1)
        with self._connection() as connection:
            return connection.execute(statement).scalar() or 0

    def attention(self, g: Generation, position: int) -> dict[str, int]:
        """Streams that may have something to show at a position, with the position since which; flat in the log's size."""
        a, s = g.attention.c, g.snapshots.c
        with self._connection() as connection:
            latest = select(s.position, s.streams).where(s.position <= position).order_by(s.position.desc()).limit(1)
            row = connection.execute(latest).first()
            taken, names = (row[0], msgspec.json.decode(row[1])) if row else (0, [])
            streams: dict[str, int] = dict.fromkeys(names, 0)
            left = select(a.stream).where(a.until > taken, a.until <= position)
            for (name,) in connection.execute(left):
                streams.pop(name, None)
            entered = select(a.stream, a.since).where(a.since > taken, a.since <= position, a.until > position)
            streams.update((name, since) for name, since in connection.execute(entered))
        return streams

    def open_attention(self, g: Generation) -> dict[str, int]:
        """Streams in attention at the head, with the position since which (what the projector carries on from)."""
        a = g.attention.c
        with self._connection() as connection:
            return dict(map(tuple, connection.execute(select(a.stream, a.since).where(a.until == NEVER))))

    def sealed_positions(self, g: Generation, stream: str) -> list[int]:
        """Outer positions of this nation's sealed statements in a stream."""
        with self._connection() as connection:
            found = connection.execute(select(g.sealed.c.position).where(g.sealed.c.stream == stream))
            return sorted(row[0] for row in found)

    def sealed_events(self, g: Generation) -> dict[str, int]:
        """Ids of this nation's sealed statements, with the outer positions where they stand."""
        with self._connection() as connection:
            return dict(map(tuple, connection.execute(select(g.sealed.c.event, g.sealed.c.position))))

    def parked_streams(self, g: Generation) -> set[str]:
        """Streams that wait behind a joint event; a sealed one waits alone."""
        t = g.parked.c
        with self._connection() as connection:
            found = connection.execute(select(t.stream).where(~t.reason.startswith(SEALED_FAULT)).distinct())
            return {row[0] for row in found}

    def parked(self, g: Generation) -> list[dict[str, Any]]:
        """Events that could not be folded, and those behind them in their streams."""
        t = g.parked.c
        with self._connection() as connection:
            rows = connection.execute(select(t.position, t.stream, t.event, t.reason).order_by(t.position))
            return [dict(zip(("position", "stream", "event", "reason"), row, strict=True)) for row in rows]

    def all_facts(self, g: Generation) -> Iterator[Fact]:
        """Every fact, live and ended, by (stated, ordinal); streamed."""
        f = g.facts.c
        with self._connection() as connection:
            statement = self._all_of(g).order_by(f.stated, f.ordinal).execution_options(yield_per=FACTS_AT_ONCE)
            for row in connection.execute(statement):
                yield Fact(*row)


def digest(facts: Iterable[Fact], parked: Iterable[dict[str, Any]]) -> str:
    """View digest: SHA-256 over the RFC 8785 lines of all facts by (stated, ordinal), then of parked events by position."""
    hasher = hashlib.sha256()
    encode = msgspec.json.Encoder(order="sorted").encode
    for fact in facts:
        hasher.update(encode(fact) + b"\n")
    for row in parked:
        hasher.update(encode({k: row[k] for k in ("position", "stream", "event")}) + b"\n")
    return hasher.hexdigest()


def create(engine: Engine) -> None:
    """Make the tables outright; migrations/ does the same for an installed ledger, and a test shows that they agree."""
    metadata.create_all(engine)


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for at in range(0, len(values), NAMES_AT_ONCE):
        yield values[at : at + NAMES_AT_ONCE]
