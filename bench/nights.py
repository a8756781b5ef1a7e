"""Logs to measure on: a home with a registry, and as many signed events as are asked for, of the kinds a night has.

Events are composed and signed before a clock runs: signing is the work of the services that state them, on their machines. What
is measured begins with the bytes that arrive at the ledger.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from api import authoring
from api.exercise import Clock, Player
from api.home import Home
from api.settings import Settings
from ledger.formats import envelope
from ledger.formats.entry import format_instant, parse_instant

ORIGIN = "bench.entente.invalid/log"
BEGIN = parse_instant("2015-08-26T00:00:00.000000Z")
DAY = 86_400_000_000
EVENTS_A_DAY = 2_000
BATCH_EVENTS = 1_000

SCENARIO = {
    "title": "A bench",
    "exercise": True,
    "origin": ORIGIN,
    "authorities": [
        {"code": "DOVER", "nation": "GB", "name": "HM Coastguard Dover"},
        {"code": "BF", "nation": "GB", "name": "Border Force"},
        {"code": "GRIS-NEZ", "nation": "FR", "name": "CROSS Gris-Nez"},
        {"code": "PAF", "nation": "FR", "name": "Police aux frontières"},
    ],
    "places": [
        {"code": "STRAIT", "name": "Dover Strait", "territory": "HIGH_SEAS", "control_zone": "none"},
        {"code": "CZ-COQ", "name": "Coquelles, control zone", "territory": "FR", "control_zone": "GB"},
    ],
    # Says when the registry is made; never recorded.
    "events": [{"recorded_at": "2015-08-26T00:00:00Z"}],
}

DISTRESS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("incident.opened", "DOVER", {"kind": "small_boat_distress", "channel": "phone"}),
    ("incident.notified", "DOVER", {"to": "GRIS-NEZ", "channel": "phone"}),
    ("incident.acknowledged", "GRIS-NEZ", {"to": "DOVER"}),
    ("incident.confirmed", "GRIS-NEZ", {}),
    ("incident.updated", "GRIS-NEZ", {"persons_on_board": {"min": 9, "max": 14, "best": 10}}),
    ("incident.persons_rescued", "GRIS-NEZ", {"persons": 10, "by": "abeille", "craft": "boat-1"}),
    ("incident.persons_disembarked", "GRIS-NEZ", {"persons": 10, "side": "FR", "craft": "abeille", "landed_at": "calais"}),
    ("incident.shelter_recorded", "GRIS-NEZ", {"persons": 4}),
    ("incident.resolved", "DOVER", {"outcome": "accounted"}),
    ("incident.closed", "DOVER", {"outcome": "accounted"}),
)
DETECTION: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "interception.recorded",
        "BF",
        {"place": "CZ-COQ", "route": "freight_vehicle", "method": "co2_probe", "persons": 4, "minors": 1, "vehicle": "V2"},
    ),
    ("interception.handed_over", "BF", {"to": "PAF", "from": "BF", "accepted": 4}),
)


class BenchHome:
    """A home with genesis, keys, authorities and places on record, and a supply of further events.

    `database` is the ledger's URL; the views' databases are `gb_database` and `fr_database`, SQLite files unless given.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.clock = Clock()
        self.clock.now = BEGIN
        self.home = Home.create(folder / "home", msgspec.structs.replace(settings, origin=ORIGIN, exercise=True), self.clock)
        self.player = Player(self.home, SCENARIO, self.clock)
        self.player.set_up()
        self.clock.now = BEGIN
        self.made = 0
        self._lock = threading.Lock()

    @property
    def ledger(self) -> Any:
        """The log that is measured."""
        return self.home.ledger

    def close(self) -> None:
        """Close its databases."""
        self.home.close()

    def events(self, count: int) -> list[envelope.Submitted]:
        """`count` events, individually signed, in whole streams one after the other."""
        made = self._composed()
        return [next(made) for _ in range(count)]

    def batches(self, count: int, size: int) -> list[list[envelope.Submitted]]:
        """`count` batches of `size` events of one author each, every batch under one batch signature."""
        author = self.player.authors["BF"]
        batches = []
        for _ in range(count):
            payloads = [submitted.payload for submitted in self._detections(size)]
            signatures = envelope.batch_sign(payloads, author.key)
            batches.append(
                [
                    envelope.Submitted(payload, envelope.EVENT_TYPE, (signature,), {})
                    for payload, signature in zip(payloads, signatures, strict=True)
                ]
            )
        return batches

    def _detections(self, size: int) -> Iterator[envelope.Submitted]:
        for n in range(size):
            kind, authority, data = DETECTION[n % 2]
            if n % 2 == 0:
                stream = self._new_stream("IC")
            yield self._event(kind, authority, stream, data)

    def _composed(self) -> Iterator[envelope.Submitted]:
        while True:
            stream = self._new_stream("INC")
            for kind, authority, data in DISTRESS:
                more = {"place": "STRAIT"} if kind == "incident.opened" else {}
                yield self._event(kind, authority, stream, {**data, **more})

    def _new_stream(self, prefix: str) -> str:
        with self._lock:
            self.made += 1
            return f"{prefix}-{self.made:08d}"

    def _event(self, kind: str, authority: str, stream: str, data: dict[str, Any]) -> envelope.Submitted:
        unsigned = {
            "type": kind,
            "stream": stream,
            "occurred_at": format_instant(self.clock.now),
            "data": data,
            "source": {"kind": "radio", "ref": stream},
            "correlation_id": authoring.new_id(),
        }
        author = self.player.authors[authority]
        return authoring.compose(unsigned, author, ORIGIN, self.player.sealers, self.clock.now)


def fill(bench: BenchHome, events: int) -> None:
    """Record so many events, two thousand a day of the exercise's clock, in the ledger's largest convenient batches."""
    done = 0
    while done < events:
        some = bench.events(min(BATCH_EVENTS, events - done))
        record(bench, some)
        done += len(some)
        bench.clock.now += len(some) * DAY // EVENTS_A_DAY


def record(bench: BenchHome, some: Sequence[envelope.Submitted]) -> None:
    """Append, and raise the first refusal: a rate with refusals in it is not a rate."""
    for answer in bench.ledger.append_many(some):
        if isinstance(answer, Exception):
            raise answer
