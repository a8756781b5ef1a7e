"""What a report is bound to: everything that its computed part follows from, beside the log itself.

The same terms over the same log give the same content, byte for byte, on any machine and either store (figures, section 4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Literal

import msgspec

from ledger import errors
from ledger.events.report import ReportIssued, Withheld
from ledger.formats.entry import format_instant, parse_instant
from projections.fact import NEVER, Fact
from projections.ruleset import Ruleset, tzdata_version
from projections.view import OWN, SHARED, Moment
from projections.wording import verifying as wording
from projections.wording.typography import Words

Edition = Literal["shared", "national"]
READINGS = {"shared": SHARED, "national": OWN}
PEOPLE = "people"
"""What an official names to have people told, in the shared edition, from what both nations may see alone."""

GB_MARKINGS = ("OFFICIAL", "OFFICIAL-SENSITIVE")
FR_MARKINGS = ("non protégé", "DIFFUSION RESTREINTE")


class Log(msgspec.Struct, frozen=True):
    """What a report asks of the log itself.

    root(size) -> hex; places(position) -> registered code: (longitude_e6, latitude_e6); markings(positions) -> the markings
    of the entries there; `origin` and, for an exercise, its title.
    """

    origin: str
    exercise: bool
    title: str
    root: Callable[[int], str]
    places: Callable[[int], Mapping[str, tuple[int, int]]]
    markings: Callable[[Iterable[int]], Iterable[tuple[str, str]]]


class Terms(msgspec.Struct, frozen=True):
    """A report's terms. `as_of` in microseconds; `final_size` is how much of the log both nations had co-signed by then."""

    nation: str
    day: date
    status: str
    revision: int
    position: int
    as_of: int
    ruleset: str
    tzdata: str
    code: str
    final_size: int
    withheld: tuple[Withheld, ...] = ()
    supersedes: str | None = None

    @property
    def withheld_codes(self) -> frozenset[str]:
        """Codes of what its nation does not communicate."""
        return frozenset(each.code for each in self.withheld)

    @staticmethod
    def of(said: ReportIssued) -> Terms:
        """The terms of a report on record, as its event names them. Raises BadQuestion where it names too few."""
        if said.as_of is None or said.final_size is None:
            raise errors.BadQuestion("this report does not say what it is bound to", remedy="its figures alone can be checked")
        return Terms(
            said.nation, date.fromisoformat(said.day), said.status, said.revision, said.position, parse_instant(said.as_of),
            said.ruleset, said.tzdata, said.code, said.final_size, said.withheld, said.supersedes,
        )  # fmt: skip

    def moment(self, now: Moment) -> Moment:
        """The view at the position and instant of these terms."""
        at = now.view.at_position(self.position)
        return Moment(at.view, at.generation, at.position, self.as_of, at.settled, at.carried)

    def unknown_here(self, ruleset: Ruleset) -> Words | None:
        """Why it cannot be computed again here: other rules, or other time zones than it was computed by. None where it can."""
        if ruleset.name != self.ruleset:
            return wording.OTHER_RULES.format(there=ruleset.name, named=self.ruleset)
        if self.tzdata != tzdata_version():
            return wording.OTHER_ZONES.format(named=self.tzdata, here=tzdata_version())
        return None

    def require_known(self, ruleset: Ruleset) -> None:
        """Refuse to recompute by other rules or time zones than it was computed by. Raises BadQuestion."""
        if (unknown := self.unknown_here(ruleset)) is not None:
            field, remedy = ("ruleset", None) if ruleset.name != self.ruleset else ("tzdata", f"install tzdata {self.tzdata}")
            raise errors.BadQuestion(unknown.en, field=field, remedy=remedy)

    def written(self, log: Log, moment: Moment, facts: Iterable[Fact]) -> dict[str, Any]:
        """The terms as a report's content carries them."""
        return {
            "position": self.position,
            "root": log.root(self.position),
            "final_size": self.final_size,
            "as_of": format_instant(self.as_of),
            "recorded_at": format_instant(moment.store.recorded_at(moment.generation, self.position)),
            "ruleset": self.ruleset,
            "tzdata": self.tzdata,
            "code": self.code,
            "facts_sha256": facts_digest(facts),
        }


def facts_digest(facts: Iterable[Fact]) -> str:
    """SHA-256, hex, over the sorted RFC 8785 lines of facts live at a position, as they were known there: without `ordinal`,
    `ended` and `reading`, which differ between views of the same log.
    """
    encode = msgspec.json.Encoder(order="sorted").encode
    # How many facts of one position came before differs from view to view, where one of them was sealed.
    same = (msgspec.structs.replace(fact, ordinal=0, ended=NEVER, reading="both") for fact in facts)
    return hashlib.sha256(b"".join(line + b"\n" for line in sorted(encode(fact) for fact in same))).hexdigest()


def strictest(markings: Iterable[tuple[str, str]], gb: str = GB_MARKINGS[0], fr: str = FR_MARKINGS[0]) -> dict[str, str]:
    """The markings of both nations, never weaker than the strictest of these. One raises the other: they are equal."""
    level = max(GB_MARKINGS.index(gb), FR_MARKINGS.index(fr))
    for british, french in markings:
        level = max(level, GB_MARKINGS.index(british), FR_MARKINGS.index(french))
    return {"gb": GB_MARKINGS[level], "fr": FR_MARKINGS[level]}
