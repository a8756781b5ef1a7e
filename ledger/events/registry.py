"""The registry of authorities and places as it stands at a position; fed registry events in log order.

Facts take territory, control zone and membership from the registry at the position that states them: later registry changes
restate nothing.
"""

from __future__ import annotations

import msgspec

from ledger.events.base import Event
from ledger.events.key_types import LedgerOpened, Predecessor
from ledger.events.registry_types import AuthorityRegistered, PlaceRegistered, PolicyAdopted, RulesAdopted

UNKNOWN = "UNKNOWN"
NATION_AUTHORITIES = ("GB", "FR")
PART_OF_DEPTH_MAX = 16


class Authority(msgspec.Struct, frozen=True):
    """A registered authority; `path` is `|itself|parent|:function|`: membership is one substring test."""

    code: str
    nation: str
    path: str


class Place(msgspec.Struct, frozen=True):
    """A registered place; empty strings where nothing is registered."""

    territory: str = UNKNOWN
    zone: str = "none"
    longitude_e6: int | None = None
    latitude_e6: int | None = None


class Adopted(msgspec.Struct, frozen=True):
    """A policy on record: the digest (hex) of its file, the size from which it governs, the position that says so."""

    sha256: str
    from_size: int
    position: int


NOWHERE = Place("", "")
UNREGISTERED = Place()


class Registry:
    """Authorities, places, the admission rules in force, the policies adopted (in order), and the log that this one continues.

    Mutable: copy() before trying events that may be rolled back.
    """

    def __init__(self) -> None:
        self.authorities: dict[str, Authority] = {n: Authority(n, n, f"|{n}|") for n in NATION_AUTHORITIES}
        self.places: dict[str, Place] = {}
        self.rules = 1
        self.policies: tuple[Adopted, ...] = ()
        self.predecessor: Predecessor | None = None

    def copy(self) -> Registry:
        """An independent registry; its values are immutable and shared."""
        other = Registry()
        other.__dict__.update(self.__dict__)
        other.authorities, other.places = dict(self.authorities), dict(self.places)
        return other

    def nation_of(self, authority: str) -> str | None:
        """GB, FR or OPERATOR; None where the authority is not registered."""
        found = self.authorities.get(authority)
        return found.nation if found else None

    def path_of(self, authority: str | None) -> str:
        """`|itself|parent|…|`; an unregistered code is a path of its own, an absent one is empty."""
        if not authority:
            return ""
        found = self.authorities.get(authority)
        return found.path if found else f"|{authority}|"

    def is_of_nation(self, authority: str, nation: str) -> bool:
        """Whether an authority belongs to a nation."""
        return self.nation_of(authority) == nation

    def carried(self, stream: str) -> int:
        """The version a stream already had in the log that this one continues; 0 where it was not open there."""
        return self.predecessor.open_streams.get(stream, 0) if self.predecessor is not None else 0

    def place(self, code: str | None) -> Place:
        """The place as registered now; UNREGISTERED for an unknown code, NOWHERE where none is named."""
        if not code:
            return NOWHERE
        return self.places.get(code, UNREGISTERED)

    def apply(self, event: Event, position: int) -> None:
        """Take one event into the registry; events that register nothing leave it alone."""
        data = event.data
        if isinstance(data, AuthorityRegistered):
            parent = self.path_of(data.part_of) if data.part_of else "|"
            inherited = parent if parent.count("|") <= PART_OF_DEPTH_MAX else "|"
            # Functions stand in the path with a colon before them, so that one test finds a parent or a function.
            path = f"|{data.code}{inherited}" + "".join(f":{name}|" for name in data.functions)
            self.authorities[data.code] = Authority(data.code, data.nation, path)
        elif isinstance(data, PlaceRegistered):
            self.places[data.code] = Place(data.territory, data.control_zone, data.longitude_e6, data.latitude_e6)
        elif isinstance(data, RulesAdopted):
            self.rules = data.rules
        elif isinstance(data, LedgerOpened):
            self.rules, self.predecessor = data.rules, data.predecessor
        elif isinstance(data, PolicyAdopted):
            self.policies = (*self.policies, Adopted(data.sha256, data.from_size, position))
