"""How a report's content is spoken in one language: numbers, instants in the nation's own time, units, people. Pure."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from projections.nations import FIRST
from projections.wording.differences import CAPITALS
from projections.wording.names import ONE, PEOPLE, PEOPLE_PARTS, UNITS
from projections.wording.reports import PARTS
from projections.wording.typography import Language, Words, format_day, format_number, format_time, french, is_one, numbered

LOST = ("dead", "missing")
HARMED = ("dead", "missing", "seriously_injured", "slightly_injured")


class Spoken:
    """One language, and the clock of one nation's capital."""

    def __init__(self, language: Language, nation: str) -> None:
        self.language: Language = language
        self.zone = zoneinfo.ZoneInfo(FIRST[nation].zone)
        self.capital = self.of(CAPITALS[nation])

    def of(self, row: Words, **values: object) -> str:
        """A row of words with its fields filled in."""
        text = row[0 if self.language == "en" else 1].format(**values)
        return text if self.language == "en" else french(text)

    def spaced(self, text: str) -> str:
        """A text put together from phrases, with French spaces where they are asked for."""
        return text if self.language == "en" else french(text)

    def counted(self, row: Words, count: int, **values: object) -> str:
        """The same of a count, the plural set or left out."""
        return numbered(self.of(row, count=self.number(count), **values), count, self.language)

    def pick(self, row: Mapping[str, Any], en: str = "en", fr: str = "fr") -> str:
        """The column of a row of content that is in this language."""
        return str(row[en if self.language == "en" else fr])

    def number(self, value: int) -> str:
        """A whole number, grouped, with a real minus sign."""
        return ("−" if value < 0 else "") + format_number(abs(value), self.language)

    def signed(self, value: int) -> str:
        """+2, −1, ="""
        return "=" if value == 0 else ("+" if value > 0 else "") + self.number(value)

    def day(self, text: str) -> str:
        """A calendar day."""
        return format_day(date.fromisoformat(text), self.language)

    def _local(self, text: str) -> datetime:
        return datetime.fromisoformat(text).astimezone(self.zone)

    def clock(self, text: str) -> str:
        """An instant as the time of day in the nation's capital."""
        return format_time(self._local(text), self.language)

    def day_of(self, text: str) -> str:
        """The calendar day of an instant in the nation's capital."""
        return format_day(self._local(text).date(), self.language)

    def moment(self, text: str) -> str:
        """An instant in the nation's own time."""
        return f"{self.day_of(text)}{', ' if self.language == 'en' else ' à '}{self.clock(text)}"

    def instant(self, text: str) -> str:
        """An instant in the nation's own time, with the time in UTC beside it."""
        return f"{self.moment(text)} ({format_time(datetime.fromisoformat(text), self.language)} UTC)"

    def short(self, text: str) -> str:
        """An instant in the nation's own time, for a column of a table: 27/08/2015 03:12."""
        return f"{self._local(text):%d/%m/%Y %H:%M}"

    def unit(self, code: str, quantity: int = 2) -> str:
        """A unit's name as it stands after a quantity."""
        rows = {**UNITS, **ONE} if is_one(quantity, self.language) else UNITS
        return self.of(rows[code]) if code in rows else code

    def people(self, people: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Protected and harmed, each with its parts: {"name", "value", "parts", "grave"}."""
        sides, needs = people["disembarked"], people["protection_needs"]
        rows: list[tuple[str, int, Mapping[str, int]]] = [
            ("rescued", people["rescued"], {}),
            ("disembarked", sum(sides.values()), sides),
            ("sheltered", people["sheltered"], {}),
        ]
        rows += [(name, people[name]["total"], {k: n for k, n in people[name].items() if k != "total"}) for name in HARMED]
        rows += [(name, people[name], {}) for name in ("minors_found", "minors_received")]
        rows.append(("protection_needs", needs["stated"], {part: needs[part] for part in ("referred", "answered")}))
        return [
            {
                "name": self.of(PEOPLE[name]),
                "value": self.number(value),
                "parts": self._parts(parts),
                "grave": name in LOST and value > 0,
            }
            for name, value, parts in rows
        ]

    def _parts(self, parts: Mapping[str, int]) -> str:
        rows = {**PEOPLE_PARTS, **PARTS}
        told = [(self.of(rows[k]) if k in rows else k, n) for k, n in parts.items() if n]
        return ", ".join(f"{self.number(n)} {numbered(name, n, self.language)}" for name, n in told)
