"""Incidents, continued: people rescued, brought ashore, kept from leaving, harmed, sheltered.

Facts about people: admitted in every state of an incident. A rescue is never evidence-gathering: the regime is GENERAL.
"""

from __future__ import annotations

from typing import Literal

from ledger.errors import Malformed
from ledger.events.base import Data, event_type
from ledger.events.incident import ABOUT_PEOPLE, ANY_STATE
from ledger.events.values import Boats, Code, Identifier, Persons, Position, Side


@event_type(
    "incident.persons_rescued",
    en="Persons rescued",
    fr="Personnes secourues",
    regime="GENERAL",
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class IncidentPersonsRescued(Data, frozen=True):
    """People taken out of danger, by whom and from which craft. They are not yet ashore."""

    persons: Persons
    by: Code
    craft: Code
    position: Position | None = None


@event_type(
    "incident.persons_disembarked",
    en="Persons disembarked",
    fr="Personnes débarquées",
    regime="GENERAL",
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class IncidentPersonsDisembarked(Data, frozen=True):
    """People brought ashore, on which side, from which craft; `unaccounted` are those believed aboard and not found."""

    persons: Persons
    side: Side
    craft: Code
    landed_at: Code
    unaccounted: Persons | None = None


@event_type("incident.departure_prevented", en="Departure prevented", fr="Départ empêché", steps=ANY_STATE, makes_facts=True)
class IncidentDeparturePrevented(Data, frozen=True):
    """A departure by sea that did not take place; with `equipment_only` nobody was there."""

    place: Identifier
    persons: Persons = 0
    boats: Boats = 0
    equipment_only: bool | None = None

    def check(self) -> None:
        if self.equipment_only and self.persons:
            raise Malformed("equipment only, and yet persons are counted", field="data.equipment_only")


@event_type(
    "incident.casualty_recorded",
    en="Casualty recorded",
    fr="Bilan humain",
    regime="GENERAL",
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class IncidentCasualtyRecorded(Data, frozen=True):
    """Dead, seriously or slightly injured, missing. `person` is an opaque token, meaningful in this incident only."""

    severity: Literal["fatal", "serious", "slight", "missing"]
    count: Persons
    who: Literal["migrant", "officer", "staff", "driver"]
    side: Side
    person: Code | None = None


@event_type(
    "incident.shelter_recorded",
    en="Persons sheltered",
    fr="Mise à l'abri",
    regime="GENERAL",
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class IncidentShelterRecorded(Data, frozen=True):
    """People given shelter; where is never said, so that no map can show it."""

    persons: Persons
    vulnerable: Persons | None = None

    def check(self) -> None:
        if (self.vulnerable or 0) > self.persons:
            raise Malformed("more vulnerable persons than persons", field="data.vulnerable")
