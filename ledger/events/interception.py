"""Detections (types `interception.*`; at sea "interception" means something else in English, so pages say Detection).

A *contrôle* is not a search. A stream may begin with a search or with people found; hand-over is stated by who receives.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ledger.errors import Malformed
from ledger.events.base import Data, Steps, event_type
from ledger.events.values import (
    Code,
    Identifier,
    Persons,
    SubjectCategory,
    Value,
)

Method = Literal[
    "body_detection_dog",
    "co2_probe",
    "heartbeat",
    "pmmw",
    "gamma_xray",
    "visual_manual",
    "cctv",
    "thermal",
    "operator_security",
    "driver_report",
    "intelligence",
]
Route = Literal["freight_vehicle", "freight_shuttle", "passenger_vehicle", "coach", "foot_train", "ferry", "small_boat"]
NotAcceptedReason = Literal["hospital", "minor", "released", "escaped", "refused", "other"]
CountryCode = Annotated[str, Meta(pattern=r"^([A-Z]{2,3}|unknown|stateless)$(?!\n)", description="ISO 3166")]

ABOUT_PEOPLE = Steps()


@event_type(
    "interception.search_recorded",
    en="Vehicle search",
    fr="Fouille de véhicule",
    steps=Steps(moves={"unopened": "searched", "searched": "searched", "found": "found"}),
    makes_facts=True,
)
class InterceptionSearchRecorded(Data, frozen=True):
    """One search of one vehicle by one method. `vehicle` is a keyed pseudonym whose key is destroyed after 31 days."""

    vehicle: Code
    method: Method
    result: Literal["positive", "negative", "inconclusive"]


@event_type(
    "interception.recorded",
    en="Persons detected",
    fr="Découverte de personnes",
    steps=Steps(moves={"unopened": "found", "searched": "found", "found": "found"}, one_opener=True),
    makes_facts=True,
)
class InterceptionRecorded(Data, frozen=True):
    """People found. Minors are claimed, nationalities self-declared; neither is searched by."""

    place: Identifier
    route: Route
    method: Method
    persons: Persons
    minors: Persons | None = None
    nationalities: dict[CountryCode, Persons] | tuple[CountryCode, ...] | None = None
    vehicle: Code | None = None

    def check(self) -> None:
        if (self.minors or 0) > self.persons:
            raise Malformed(
                f"{self.minors} minors among {self.persons} persons", field="data.minors", remedy="minors ≤ persons"
            )
        if isinstance(self.nationalities, dict) and sum(self.nationalities.values()) > self.persons:
            raise Malformed("more nationalities declared than persons found", field="data.nationalities")


class NotAccepted(Value, frozen=True):
    """People found and not taken over, and why."""

    count: Persons
    reason: NotAcceptedReason


@event_type(
    "interception.handed_over",
    en="Handed over to another authority",
    fr="Remise à une autre autorité",
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class InterceptionHandedOver(Data, frozen=True):
    """Stated by the receiver: how many it took over, how many it did not and why."""

    from_: Identifier = msgspec.field(name="from")
    to: Identifier
    accepted: Persons
    minors_accepted: Persons | None = None
    not_accepted: Annotated[tuple[NotAccepted, ...], Meta(max_length=16)] = ()

    def check(self) -> None:
        if (self.minors_accepted or 0) > self.accepted:
            raise Malformed("more minors accepted than persons accepted", field="data.minors_accepted")


@event_type(
    "interception.handover_disputed",
    en="Hand-over disputed",
    fr="Remise contestée",
    text=("reason",),
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class InterceptionHandoverDisputed(Data, frozen=True):
    """Stated by the giver: the count it says it handed over."""

    count: Persons


@event_type(
    "interception.protection_need_recorded",
    en="Protection need stated",
    fr="Besoin de protection signalé",
    regime="GENERAL",
    steps=Steps(moves={"closed": "reopened"}),
    also_on=("incident",),
    makes_facts=True,
)
class InterceptionProtectionNeedRecorded(Data, frozen=True):
    """Somebody says they need protection; without a referral or an outcome in four hours it is shown as owed."""

    need: Literal["asylum", "unaccompanied_minor", "trafficking", "medical", "family"]
    count: Persons
    referred_to: Code | None = None
    outcome: Code | None = None


@event_type(
    "interception.person_registered",
    en="Person registered",
    fr="Enregistrement d'une personne",
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class InterceptionPersonRegistered(Data, frozen=True):
    """Who it is stands in the `personal:` section; here only the category of subject and whether a minor."""

    category: SubjectCategory
    minor: bool | None = None


@event_type("interception.released", en="Released", fr="Fin de prise en charge", steps=ABOUT_PEOPLE, makes_facts=True)
class InterceptionReleased(Data, frozen=True):
    """People no longer in anybody's care under this detection."""

    count: Persons
    ground_code: Code | None = None


@event_type("interception.retained", en="Retained", fr="Maintien", steps=ABOUT_PEOPLE, makes_facts=True)
class InterceptionRetained(Data, frozen=True):
    """People kept, on a ground."""

    count: Persons
    ground_code: Code | None = None


@event_type("interception.transferred", en="Transferred", fr="Transfert", steps=ABOUT_PEOPLE, makes_facts=True)
class InterceptionTransferred(Data, frozen=True):
    """People moved to another place or authority."""

    count: Persons
    ground_code: Code | None = None
    to: Code | None = None


@event_type(
    "interception.closed",
    en="Closed",
    fr="Clos",
    steps=Steps(moves={"searched": "closed", "found": "closed"}, refused_elsewhere=True),
    makes_facts=True,
)
class InterceptionClosed(Data, frozen=True):
    """Nothing more is expected of this detection."""

    count: Persons | None = None
    ground_code: Code | None = None
    outcome: Code | None = None
