"""A night told statement by statement, jointly or sealed to one nation, into a log in memory or a home on either store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from api.authoring import Author, compose, seal_to
from api.exercise import Clock, Player
from api.home import Home
from api.settings import Settings
from ledger.formats import envelope, strict
from ledger.formats.entry import format_instant, parse_instant
from projections.fact import NEVER
from tests.memory import MemoryHome
from tests.test_key_rules import NIGHT
from tests.test_nights_agree import digests

ORIGIN = str(NIGHT["origin"])
MARKING = {"gb": "OFFICIAL", "fr": "non protégé"}
DETECTION = {"place": "CZ", "route": "freight_vehicle", "method": "co2_probe", "persons": 5}
DAY = date(2015, 8, 26)


class Story:
    """A night in which GB seals what it likes."""

    def __init__(self, home: MemoryHome | Home, clock: Clock) -> None:
        self.clock = clock
        self.home: Any = home
        self.player = Player(self.home, NIGHT, clock)
        self.player.set_up()
        self.clock.now = parse_instant("2015-08-26T20:00:00.000000Z")

    def author(self, authority: str) -> Author:
        return self.player.authors[authority]

    def compose(self, type_name: str, stream: str, data: dict[str, Any], author: str | Author = "BF") -> envelope.Submitted:
        """A joint event, not yet sent."""
        self.clock.now += 1_000_000
        unsigned = {"type": type_name, "stream": stream, "occurred_at": format_instant(self.clock.now), "data": data}
        speaker = self.author(author) if isinstance(author, str) else author
        return compose(unsigned, speaker, ORIGIN, self.player.sealers, self.clock.now)

    def add(self, type_name: str, stream: str, data: dict[str, Any], author: str = "BF") -> str:
        """A joint event on record; returns its id."""
        return self.record(self.compose(type_name, stream, data, author))

    def record(self, submitted: envelope.Submitted) -> str:
        """What was composed, on record; returns its id."""
        self.home.ledger.append(submitted)
        return id_of(submitted)

    def correct(self, target: str, stream: str, kind: str, patch: dict[str, Any] | None = None) -> envelope.Submitted:
        """A joint correction by BF, not yet sent."""
        return self.compose("correction.recorded", stream, correction(target, kind, patch))

    def inner(
        self, type_name: str, stream: str, data: dict[str, Any], author: str | Author = "BF", **other: Any
    ) -> envelope.Submitted:
        """A statement for GB alone, signed by its service; `other` replaces header fields."""
        speaker = self.author(author) if isinstance(author, str) else author
        fields = json.loads(self.compose(type_name, stream, data, speaker).payload)
        payload = strict.format({**fields, "releasable_to": ["GB"], **other})
        return envelope.Submitted(payload, envelope.EVENT_TYPE, (envelope.sign(payload, speaker.key),), {})

    def seal(self, inner: envelope.Submitted) -> str:
        """Seal it to GB and record it; returns the id inside."""
        self.clock.now += 1_000_000
        self.home.ledger.append(seal_to("GB", inner, ORIGIN, self.clock.now, MARKING, self.player.sealers))
        return id_of(inner)

    def jointly(self, sealed: envelope.Submitted, stream: str | None = None, **data: Any) -> envelope.Submitted:
        """A sealed statement as its author states it to both nations, under the same id; `data` replaces fields."""
        self.clock.now += 1_000_000
        fields = json.loads(sealed.payload) | {"releasable_to": ["FR", "GB"]}
        fields["data"] |= data
        payload = strict.format(fields | ({"stream": stream} if stream else {}))
        key = self.author(fields["authority"]).key
        return envelope.Submitted(payload, envelope.EVENT_TYPE, (envelope.sign(payload, key),), {})

    def authority(self, nation: str) -> Author:
        """A national authority, in its own name."""
        return Author(nation, nation, self.home.key(f"authority-{nation}"))

    def says(self, nation: str, type_name: str, data: dict[str, Any]) -> None:
        """What a national authority says of keys."""
        self.record(self.compose(type_name, "KEYS", data, self.authority(nation)))

    def compromised(self, authority: str, since: int) -> None:
        """An authority's key is reported compromised by its nation, from a position on."""
        author = self.author(authority)
        self.says(author.nation, "key.compromised", {"key": author.key.key_id, "suspect_from_position": since})

    def reaffirmed(self, authority: str, *events: str) -> None:
        """Its nation stands by these events."""
        author = self.author(authority)
        self.says(author.nation, "key.reaffirmed", {"key": author.key.key_id, "events": list(events)})

    def position(self, event: str) -> int:
        """Where an event stands in the log."""
        return int(self.home.ledger.entry_by_event(event)[0])

    def moment(self, nation: str = "GB", as_of: int | None = None) -> Any:
        """A nation's reading of all that is on record, as of an instant."""
        self.home.projector(nation).follow()
        return self.home.view(nation).at(as_of)

    def g1(self, nation: str = "GB", as_of: int | None = None) -> int:
        """People found in the control zones."""
        return int(self.moment(nation, as_of).figures(DAY)["figures"]["G1"])

    def joint(self, nation: str) -> int:
        """People found, in what both nations may see, as this one holds it."""
        self.home.projector(nation).follow()
        store = self.home.view(nation).store
        facts = store.of_kind(store.live(), "detection", NEVER - 1)
        return sum(fact.quantity for fact in facts if fact.reading != "own")

    def parked(self, nation: str = "GB") -> list[str]:
        self.home.projector(nation).follow()
        return [row["reason"] for row in self.home.view(nation).parked()]

    def check(self) -> None:
        """What must hold at the end of every story: one shared reading, and a view rebuilt is the view followed."""
        assert self.joint("GB") == self.joint("FR")
        digests(self.home)


def id_of(submitted: envelope.Submitted) -> str:
    """The id inside a payload."""
    return str(json.loads(submitted.payload)["id"])


def correction(target: str, kind: str, patch: dict[str, Any] | None = None) -> dict[str, Any]:
    """The data of a correction."""
    data = {"target": target, "kind": kind, "reason_code": "transcription"}
    return data | ({"patch": patch} if patch is not None else {})


@contextmanager
def told_in(folder: Path, store_url: str) -> Iterator[Story]:
    """A story in a home on the store at hand, checked at its end."""
    clock = Clock()
    urls = ("", "", "") if store_url.startswith("sqlite") else (store_url,) * 3
    with Home.create(folder / "home", Settings(ORIGIN, True, *urls), clock) as home:
        told = Story(home, clock)
        yield told
        told.check()
