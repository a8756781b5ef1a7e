"""Shared values of event data: counts with units, references, positions, money, law, scopes.

Every alias carries its limits and, where it counts something, its unit; the generated documentation and the JSON Schemas read
both from here. Limits of size are ours (every thing has a limit), the shapes are the domain's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ledger.events.base import IDENTIFIER, INSTANT, INTEGER_MAX, Nation, Printable

COUNT_MAX = 1_000_000
LIST_MAX = 512

# -- strings ------------------------------------------------------------------------------------------------------------

Code = Printable
"""A word of the author's service that no table of ours enumerates: printable, 1 to 128 characters, not a sentence."""

Identifier = Annotated[str, Meta(pattern=IDENTIFIER, description="registered code or identifier")]
Reference = Annotated[
    str,
    Meta(
        pattern=r"^(?:[A-Za-z0-9._:/-]{1,255}#)?[A-Za-z0-9._:-]{1,128}$(?!\n)",
        description="id of an event or a stream; `origin#id` for one of another log",
    ),
]
Origin = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:/-]{1,255}$(?!\n)", description="origin of a log")]
Instant = Annotated[str, Meta(pattern=INSTANT, description="instant, UTC, microseconds", extra={"calendar": True})]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)", description="calendar day", extra={"calendar": True})]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="SHA-256, hexadecimal")]
FigureCode = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._]{0,63}$(?!\n)", description="code of a figure")]
TypePattern = Annotated[str, Meta(pattern=r"^[a-z_]+\.(\*|[a-z_]+)$(?!\n)", description="event type or `family.*`")]
SectionName = Annotated[
    str, Meta(pattern=r"^(text|gb|fr|inner|personal:[A-Za-z0-9._:-]{1,128})$(?!\n)", description="name of a section")
]

# -- numbers, each with its unit ------------------------------------------------------------------------------------------

Count = Annotated[int, Meta(ge=0, le=COUNT_MAX)]
Persons = Annotated[int, Meta(ge=0, le=COUNT_MAX, extra={"unit": "person"})]
OneOrMorePersons = Annotated[int, Meta(ge=1, le=COUNT_MAX, extra={"unit": "person"})]
PersonAttempts = Annotated[int, Meta(ge=0, le=COUNT_MAX, extra={"unit": "person-attempt"})]
Decisions = Annotated[int, Meta(ge=1, le=COUNT_MAX, extra={"unit": "decision"})]
Boats = Annotated[int, Meta(ge=0, le=COUNT_MAX, extra={"unit": "boat"})]
Size = Annotated[int, Meta(ge=0, le=INTEGER_MAX, extra={"unit": "entry"})]
AtPosition = Annotated[int, Meta(ge=1, le=INTEGER_MAX, description="position in the log, from 1")]
Quantity = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]
Delta = Annotated[int, Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]
LatitudeE6 = Annotated[int, Meta(ge=-90_000_000, le=90_000_000, extra={"unit": "microdegree"})]
LongitudeE6 = Annotated[int, Meta(ge=-180_000_000, le=180_000_000, extra={"unit": "microdegree"})]
RadiusMetres = Annotated[int, Meta(ge=0, le=1_000_000, extra={"unit": "metre"})]
Microseconds = Annotated[int, Meta(ge=-(10**13), le=10**13, extra={"unit": "microsecond"})]

# -- enumerations used by several families ----------------------------------------------------------------------------------

Side = Literal["GB", "FR", "OTHER"]
Track = Literal["administrative_gb", "administrative_fr", "criminal_gb", "criminal_fr", "asylum", "civil_penalty"]
SubjectCategory = Literal["suspect", "convicted", "victim", "witness", "contact", "rescued", "other"]


def require_calendar(value: str) -> None:
    """Raise ValueError where the digits of an instant or a day name no date there ever was."""
    datetime.fromisoformat(value)


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """Base of a structured value inside `data`."""


class Position(Value, frozen=True):
    """A position at sea, with the radius it is sure to, when it held and where it comes from."""

    lat_e6: LatitudeE6
    lon_e6: LongitudeE6
    radius_m: RadiusMetres | None = None
    at: Instant | None = None
    source: Code | None = None

    def __post_init__(self) -> None:
        if self.at is not None:
            require_calendar(self.at)


class Estimate(Value, frozen=True):
    """A number nobody counted: min ≤ best ≤ max. No figure uses it."""

    min: Count
    max: Count
    best: Count | None = None

    def __post_init__(self) -> None:
        if not self.min <= (self.min if self.best is None else self.best) <= self.max:
            raise ValueError("an estimate has min ≤ best ≤ max")


class Money(Value, frozen=True):
    """An amount in the currency's smallest unit (12,000 pounds is 1200000 of GBP)."""

    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217")]
    minor_units: Annotated[int, Meta(ge=0, le=INTEGER_MAX, extra={"unit": "minor unit of the currency"})]


class Law(Value, frozen=True):
    """A legal reference as the author wrote it, and the day it must have been in force where that is not the event's day."""

    nation: Literal["GB", "FR", "EU", "INT"]
    reference: Code
    on: Day | None = None

    def __post_init__(self) -> None:
        if self.on is not None:
            require_calendar(self.on)


LegalRef = Code | Law
Laws = Annotated[tuple[Law, ...], Meta(max_length=32)]
References = Annotated[tuple[Reference, ...], Meta(max_length=LIST_MAX)]
Sections = Annotated[tuple[SectionName, ...], Meta(max_length=64)]
Nations = Annotated[tuple[Nation, ...], Meta(min_length=1, max_length=2)]


class Period(Value, frozen=True):
    """From (included) to (not included), by `occurred_at`."""

    from_: Instant = msgspec.field(name="from")
    to: Instant

    def __post_init__(self) -> None:
        require_calendar(self.from_)
        require_calendar(self.to)
        if self.from_ > self.to:
            raise ValueError("a period ends after it begins")


class Scope(Value, frozen=True):
    """What a hold, a restriction or a mandate covers: exactly one of streams, subjects, a period, everything."""

    streams: References = ()
    subjects: Annotated[tuple[Code, ...], Meta(max_length=LIST_MAX)] = ()
    period: Period | None = None
    everything: Literal[True] | None = None

    def __post_init__(self) -> None:
        if sum((bool(self.streams), bool(self.subjects), self.period is not None, self.everything is not None)) != 1:
            raise ValueError("a scope is exactly one of streams, subjects, period, everything")
