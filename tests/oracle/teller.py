"""Tells events one after another: the clock, the references, who may read them, and the lives that a lawful night respects."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from tests.oracle.lives import OPEN, after
from tests.oracle.scene import NATION, UTC, boundaries, written

Event = dict[str, Any]


@dataclass
class Stream:
    """One thread of events; `only` is the nation that holds it alone, `rank` keeps links from closing a cycle."""

    name: str
    family: str
    rank: float
    only: str | None = None
    state: str = "none"
    kind: str = ""
    suspects: list[str] = field(default_factory=list)


class Teller:
    def __init__(self, rng: Random, size: int, first: date, days: float) -> None:
        self.rng = rng
        self.size = size
        self.clock = datetime.combine(first, time(rng.randrange(8, 20), rng.randrange(60)), UTC)
        self.mean_step = timedelta(days=days) / size
        self.boundaries = boundaries(first)
        self.events: list[Event] = []
        self.streams: list[Stream] = []

    # Time

    def advance(self) -> None:
        """On to the next recording instant: the same one, a little later, or exactly a boundary that lies between."""
        chance = self.rng.random()
        if chance < 0.18:
            return
        step = timedelta(seconds=self.rng.randrange(1, 90)) if chance < 0.3 else self.mean_step * (2 * self.rng.random())
        later = (self.clock + step).replace(microsecond=0)
        between = [b for b in self.boundaries if self.clock < b <= later]
        self.clock = between[0] if between and self.rng.random() < 0.25 else later

    def occurrence(self) -> datetime:
        """When it happened: just now, a little in the future of a hasty clock, long ago, or right beside a boundary."""
        chance = self.rng.random()
        if chance < 0.6:
            return self.clock - timedelta(seconds=self.rng.randrange(0, 900))
        if chance < 0.66:
            return self.clock + timedelta(seconds=self.rng.randrange(0, 121))
        if chance < 0.8:
            return self.clock - timedelta(seconds=self.rng.randrange(1800, 100_000))
        return self.beside_a_boundary(self.clock)

    def beside_a_boundary(self, not_after: datetime) -> datetime:
        passed = [b for b in self.boundaries if b <= not_after - timedelta(seconds=1)]
        boundary = passed[-1 - int(min(self.rng.expovariate(1.2), len(passed) - 1))]
        return boundary + timedelta(seconds=self.rng.choice((-1, 0, 0, 1)))

    # Streams

    def new_stream(self, family: str, only: str | None = None) -> Stream:
        number = 1 + sum(stream.family == family for stream in self.streams)
        stream = Stream(f"{family}-{number}", family, self.rng.random(), only)
        self.streams.append(stream)
        return stream

    def some_stream(self, family: str, states: tuple[str, ...] = (), nation: str | None = None) -> Stream | None:
        """A stream an authority of that nation may append to, in one of those states (any, when none is named)."""
        fit = [
            stream
            for stream in self.streams
            if stream.family == family
            and (not states or stream.state in states)
            and (stream.only is None or nation is None or stream.only == nation)
        ]
        return self.rng.choice(fit) if fit else None

    def open_incident(self, nation: str | None = None) -> Stream | None:
        return self.some_stream("INC", OPEN, nation)

    # Events

    def readers(self, stream: Stream, authority: str, sealed: float = 0.12) -> list[str]:
        """Both nations mostly; its own alone for a sealed stream, and now and then on a joint one."""
        nation = NATION[authority]
        if stream.only:
            return [stream.only]
        if nation in ("GB", "FR") and self.rng.random() < sealed:
            return [nation]
        return ["GB", "FR"]

    def tell(
        self,
        stream: Stream,
        kind: str,
        authority: str,
        data: dict[str, Any],
        readers: list[str] | None = None,
        occurred: datetime | None = None,
    ) -> Event | None:
        """Record one event, unless its life refuses it. A sealed event on a joint stream leaves the joint life alone."""
        to_whom = readers if readers is not None else self.readers(stream, authority)
        if stream.only and (NATION[authority] != stream.only or to_whom != [stream.only]):
            return None
        sealed_on_joint = len(to_whom) == 1 and stream.only is None
        state = after(stream.state, kind)
        if state is None and not sealed_on_joint:
            return None
        if sealed_on_joint and stream.state == "none":
            return None  # a joint stream is opened by a joint event
        self.advance()
        if state is not None and not sealed_on_joint:
            stream.state = state
        happened = min(occurred or self.occurrence(), self.clock + timedelta(minutes=2))
        event: Event = {
            "ref": f"E{len(self.events) + 1:03d}",
            "recorded_at": written(self.clock),
            "occurred_at": written(happened),
            "stream": stream.name,
            "type": kind,
            "authority": authority,
            "releasable_to": to_whom,
            "data": data,
        }
        if self.clock - happened > timedelta(minutes=30):
            event["late_reason"] = "handheld offline"
        self.events.append(event)
        return event

    def stream_of(self, event: Event) -> Stream:
        return next(stream for stream in self.streams if stream.name == event["stream"])

    def of_type(self, *kinds: str) -> list[Event]:
        return [event for event in self.events if event["type"] in kinds]
