"""What was issued: every report on record, of both nations, as the facts of a view have it. What was issued never changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import msgspec

from projections.fact import Fact
from projections.view import Moment

FIRST_STATUS, LAST_STATUS = "provisional", "settled"


def stream_of(nation: str, day: str) -> str:
    """The stream of all reports of one nation and day."""
    return f"REPORT-{nation}-{day}"


def code_version() -> str:
    """The version of the software that computes a report."""
    try:
        return version("entente")
    except PackageNotFoundError:
        return "0"


class Issued(msgspec.Struct, frozen=True, dict=True):
    """One report on record."""

    fact: Fact

    @property
    def event(self) -> str:
        """The id of its event."""
        return self.fact.event

    @property
    def nation(self) -> str:
        """Whose report it is."""
        return self.fact.party

    @property
    def day(self) -> str:
        """The reporting day, in its nation's own count."""
        return self.fact.about

    @property
    def status(self) -> str:
        """provisional, revised or settled."""
        return self.fact.code

    @cached_property
    def said(self) -> Mapping[str, Any]:
        """revision, position, ruleset, figures communicated, what is withheld, as_of."""
        found: dict[str, Any] = msgspec.json.decode(self.fact.detail)
        return found

    @property
    def revision(self) -> int:
        """0 for the first."""
        return int(self.said.get("revision", 0))

    @property
    def position(self) -> int:
        """The position it was drawn at, as it says: 0 where it says what cannot be, a position not behind it."""
        drawn = int(self.said.get("position", 0))
        return drawn if drawn < self.fact.stated else 0

    @property
    def figures(self) -> Mapping[str, int]:
        """The figures it communicates."""
        found: Mapping[str, int] = self.said.get("figures", {})
        return found

    def declared(self, code: str) -> int | None:
        """How much of a figure that it withholds is declared to be sealed; None where it does not say."""
        return next((row.get("size") for row in self.said.get("withheld", ()) if row["code"] == code), None)

    def head(self) -> dict[str, Any]:
        """How other answers name it."""
        return {
            "event": self.event, "nation": self.nation, "day": self.day, "status": self.status, "revision": self.revision,
            "position": self.position,
        }  # fmt: skip


def issued(moment: Moment) -> list[Issued]:
    """Every report issued up to this moment, of both nations, in log order."""
    facts = moment.store.of_kind(moment.generation, "report", moment.position)
    return [Issued(fact) for fact in facts if fact.reading != "shared"]


def of_day(moment: Moment, nation: str, day: str) -> list[Issued]:
    """A nation's reports of one of its days, in log order."""
    return [each for each in issued(moment) if (each.nation, each.day) == (nation, day)]
