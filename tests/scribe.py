"""A scribe for tests of the store: opens an exercise ledger with both nations, one service on each side, and signs events."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from api.authoring import Author, Sealers, compose, countersign
from ledger.formats.entry import format_instant
from ledger.formats.envelope import Submitted
from ledger.formats.keys import SigningKey
from ledger.formats.sealing import SealingKey
from ledger.store.application import Ledger
from migrations import upgrade

ORIGIN = "test.example/joint"
LOG_KEY = SigningKey(bytes(range(32)))
BEGAN = 1_440_633_600_000_000  # 2015-08-27T00:00:00Z


def _seeded(number: int) -> SigningKey:
    return SigningKey(number.to_bytes(32, "big"))


class Scribe:
    """Speaks for GB, FR and the services BF (GB) and PAF (FR). `now` is what the authors' clocks say, in microseconds."""

    def __init__(self, now: Callable[[], int] | None = None) -> None:
        self.now = now or itertools.count(BEGAN).__next__
        self.authors = {
            code: Author(code, nation, _seeded(number))
            for number, (code, nation) in enumerate((("GB", "GB"), ("FR", "FR"), ("BF", "GB"), ("PAF", "FR")), 1)
        }
        self.sealing = {nation: SealingKey(bytes([number]) * 96) for number, nation in enumerate(("GB", "FR"), 1)}
        self.sealers = Sealers(
            {nation: key.public for nation, key in self.sealing.items()}, {"GB": _seeded(11), "FR": _seeded(12)}
        )

    def event(self, type_name: str, stream: str, data: Mapping[str, Any], author: str = "BF", **header: Any) -> Submitted:
        """A signed event; free text in `data` goes to the text section, a national one is sealed."""
        at = self.now()
        unsigned = {"occurred_at": format_instant(at), **header, "type": type_name, "stream": stream, "data": data}
        return compose(unsigned, self.authors[author], ORIGIN, self.sealers, at)

    def opening(self, stream: str, **more: Any) -> Submitted:
        """An incident is opened."""
        return self.event("incident.opened", stream, {"kind": "tunnel_walk", "place": "CZ-COQ"}, **more)

    def attempt(self, stream: str, **more: Any) -> Submitted:
        """Ten tried, none passed: a fact about people, admitted in any state."""
        outcomes = {"outcomes": {"repelled": 10}}
        return self.event("incident.attempt_recorded", stream, outcomes, **more)

    def closing(self, stream: str, **more: Any) -> Submitted:
        """An administrative step, which a life may refuse."""
        return self.event("incident.closed", stream, {"outcome": "accounted"}, **more)

    def genesis(self, *, exercise: bool = True) -> Submitted:
        """Position 1, signed by both nations."""
        keys = [{"nation": n, "key_id": self._key(n).key_id, "public_key": _base64(self._key(n).public)} for n in ("GB", "FR")]
        data = {"origin": ORIGIN, "exercise": exercise, "rules": 1, "authority_keys": keys}
        return countersign(self.event("ledger.opened", "LEDGER", data, "GB"), [self._key("FR")])

    def registrations(self) -> Iterator[Submitted]:
        """Services, their keys, the sealers' and one place."""
        for nation in ("GB", "FR"):
            yield self.key_registered(nation, nation, "sealer", self.sealers.sealer[nation])
        for code, nation in (("BF", "GB"), ("PAF", "FR")):
            yield self.event("authority.registered", "REGISTRY", {"code": code, "nation": nation, "name": code}, nation)
            yield self.key_registered(code, nation, "service", self._key(code))
        place = {"code": "CZ-COQ", "name": "Coquelles", "territory": "FR", "control_zone": "GB", "srr": "none"}
        yield countersign(self.event("place.registered", "REGISTRY", place, "GB"), [self._key("FR")])

    def key_registered(self, owner: str, nation: str, role: str, key: SigningKey) -> Submitted:
        """A key is registered by its nation and by itself."""
        data = {"registered": key.key_id, "type_code": "01", "public_key": _base64(key.public)}
        data |= {"owner": owner, "role": role, "nation": nation}
        return countersign(self.event("key.registered", "KEYS", data, nation), [key])

    def key_revoked(self, author: str) -> Submitted:
        """A service's key is revoked by its nation."""
        return self.event("key.revoked", "KEYS", {"key": self._key(author).key_id}, self.authors[author].nation)

    def _key(self, author: str) -> SigningKey:
        return self.authors[author].key


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


SET_UP_ENTRIES = 8


@contextmanager
def opened(url: str, clock: Callable[[], int] | None = None) -> Iterator[tuple[Ledger, Scribe]]:
    """A new ledger, set up to the eighth entry, and the scribe who did it."""
    upgrade(url)
    scribe = Scribe()
    with Ledger.open(url, log_key=LOG_KEY, origin=ORIGIN, clock=clock) as ledger:
        for submitted in (scribe.genesis(), *scribe.registrations()):
            ledger.append(submitted)
        yield ledger, scribe
