"""What a ruleset is: one nation's window, indicators, language and marking, all of it data.

An indicator is a list of terms; a term names a kind of fact, the conditions it must meet, and how it counts. The same terms
are evaluated over single facts (the lines behind a figure) and over sums grouped by the columns that conditions read.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, Protocol

# The system's own files would be preferred to the pinned package, and two machines would disagree about a past night.
zoneinfo.reset_tzpath(())

MICROSECONDS = 1_000_000
Counting = Literal["sum", "facts", "distinct", "pounds"]


class Measured(Protocol):
    """What a condition reads: a fact, or a group of facts alike in these columns."""

    @property
    def kind(self) -> str: ...
    @property
    def quantity(self) -> int: ...
    @property
    def subject(self) -> str: ...


@dataclass(frozen=True)
class Term:
    """Facts of one kind that meet every condition: `column` in the values, or a path column containing an authority."""

    kind: str
    where: Mapping[str, frozenset[str]] = field(default_factory=dict)
    within: Mapping[str, str] = field(default_factory=dict)

    def admits(self, fact: Measured) -> bool:
        """Whether a fact (or group) belongs to this term."""
        if fact.kind != self.kind:
            return False
        for column, values in self.where.items():
            if getattr(fact, column) not in values:
                return False
        return all(f"|{code}|" in getattr(fact, column) for column, code in self.within.items())


def term(kind: str, within: Mapping[str, str] | None = None, **where: str | tuple[str, ...]) -> Term:
    """A term as one reads it: of kind "casualty", with code="fatal" and side="FR"."""
    values = {k: frozenset((v,) if isinstance(v, str) else v) for k, v in where.items()}
    return Term(kind, values, within or {})


@dataclass(frozen=True)
class Indicator:
    """One row of a ruleset: code, names in both languages, unit, terms, and how they are counted.

    sum: quantities · facts: each fact once · distinct: each subject once · pounds: minor units, whole pounds.
    """

    code: str
    en: str
    fr: str
    unit: str
    terms: tuple[Term, ...]
    counting: Counting = "sum"
    beside: bool = False

    def admits(self, fact: Measured) -> bool:
        """Whether a fact counts for this indicator."""
        return any(t.admits(fact) for t in self.terms)

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of facts this indicator reads."""
        return frozenset(t.kind for t in self.terms)


@dataclass(frozen=True)
class Ruleset:
    """A nation's definitions. The hours are parameters; `begins` is the local time at which a reporting day begins, and
    `day_offset` the days to go back for it (0: a civil day; 1: the bulletin of D covers from D−1). `headline` names the
    figures of a report's first page.
    """

    name: str
    nation: str
    zone: str
    begins: time
    day_offset: int
    provisional_at: time
    provisional_after_days: int
    language: str
    marking: str
    indicators: tuple[Indicator, ...]
    headline: tuple[str, ...] = ()

    def window(self, day: date) -> tuple[int, int]:
        """[from, to) of a reporting day in microseconds UTC; 23 or 25 hours long when the clocks change."""
        first = day - timedelta(days=self.day_offset)
        return _local_instant(first, self.begins, self.zone), _local_instant(first + timedelta(days=1), self.begins, self.zone)

    def indicator(self, code: str) -> Indicator | None:
        """The indicator of a code, or None."""
        return next((i for i in self.indicators if i.code == code), None)

    def provisional_instant(self, day: date) -> int:
        """When the provisional report of a day is due, in microseconds UTC."""
        return _local_instant(day + timedelta(days=self.provisional_after_days), self.provisional_at, self.zone)


@lru_cache(maxsize=4096)
def _local_instant(day: date, at: time, zone: str) -> int:
    """A local wall-clock time as microseconds UTC; the first of the two where the clocks go back."""
    local = datetime.combine(day, at, tzinfo=zoneinfo.ZoneInfo(zone))
    return round(local.timestamp()) * MICROSECONDS


def overlapping_day(own: Ruleset, day: date, other: Ruleset) -> date:
    """The other nation's reporting day whose window overlaps this one's longest (the earlier one on a tie)."""
    begin, end = own.window(day)

    def overlap(candidate: date) -> int:
        other_begin, other_end = other.window(candidate)
        return min(end, other_end) - max(begin, other_begin)

    return max((day + timedelta(days=n) for n in (-1, 0, 1, 2)), key=lambda d: (overlap(d), -d.toordinal()))


def tzdata_version() -> str:
    """The pinned time-zone data a window rests on."""
    import tzdata  # type: ignore[import-untyped]  # data only; nobody types it

    return str(tzdata.IANA_VERSION)
