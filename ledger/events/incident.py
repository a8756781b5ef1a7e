"""Incidents: what happened at a fence, in a tunnel, on a platform, at sea; and the life of an incident.

The states: reported → confirmed | unfounded; resolved → closed → reopened. Administrative steps out of order are refused; facts
about people never are, and reopen an incident that was closed (domain, section 2). A *tentative* is an attempt, not a person.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.errors import Malformed
from ledger.events.base import Data, Steps, event_type
from ledger.events.values import (
    Code,
    Estimate,
    Identifier,
    PersonAttempts,
    Position,
    Reference,
    Value,
)

DISTRESS = "small_boat_distress"
CLOSED_WITHOUT_CONFIRMATION = "closed_without_confirmation"
DISTRESS_OUTCOMES = ("accounted", CLOSED_WITHOUT_CONFIRMATION)
"""The only two ways a distress closes: its people are accounted for, or a named person decided without knowing."""

IncidentKind = Literal[
    "perimeter_intrusion",
    "fence_breach",
    "lorry_boarding",
    "tunnel_walk",
    "small_boat_distress",
    "small_boat_departure",
    "public_order",
    "infrastructure_obstruction",
    "other",
]

# A fact about people is admitted in every state, and an incident that was closed is open again.
ABOUT_PEOPLE = Steps(moves={"closed": "reopened"})
ANY_STATE = Steps()


class Methane(Value, frozen=True):
    """First report of a major incident, in the order rescue services give it; its place and position are the event's own."""

    major_incident: bool | None = None
    type: Code | None = None
    hazards: Annotated[tuple[Code, ...], Meta(max_length=16)] = ()
    access: Code | None = None
    casualties: Estimate | None = None
    services: Annotated[tuple[Code, ...], Meta(max_length=16)] = ()


@event_type(
    "incident.opened",
    en="Incident opened",
    fr="Ouverture d'incident",
    steps=Steps(moves={"unopened": "reported"}, refused_elsewhere=True),
    makes_facts=True,
)
class IncidentOpened(Data, frozen=True):
    """An incident is reported. Another service that knows of the same one opens its own and links them."""

    kind: IncidentKind
    place: Identifier
    channel: Code | None = None
    position: Position | None = None
    persons_on_board: Estimate | None = None
    methane: Methane | None = None


@event_type(
    "incident.confirmed",
    en="Incident confirmed",
    fr="Incident confirmé",
    text=("evidence", "reason"),
    steps=Steps(moves={"reported": "confirmed", "unfounded": "confirmed", "reopened": "confirmed"}, refused_elsewhere=True),
    makes_facts=True,
)
class IncidentConfirmed(Data, frozen=True):
    """Somebody saw for themselves that the incident is real. After an incident was declared unfounded, it revives it."""


@event_type(
    "incident.declared_unfounded",
    en="Report declared unfounded",
    fr="Alerte infondée (levée de doute)",
    text=("evidence", "reason"),
    steps=Steps(moves={"reported": "unfounded", "confirmed": "unfounded", "reopened": "unfounded"}, refused_elsewhere=True),
    makes_facts=True,
)
class IncidentDeclaredUnfounded(Data, frozen=True):
    """There was no incident: the facts of this stream end, until it is confirmed or this declaration is retracted."""


@event_type(
    "incident.updated",
    en="Situation update",
    fr="Point de situation",
    text=("situation",),
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class IncidentUpdated(Data, frozen=True):
    """What is now known of where it is and how many are aboard."""

    position: Position | None = None
    persons_on_board: Estimate | None = None


class Outcomes(Value, frozen=True):
    """How the attempts ended, in person-attempts: one person who tries three times is three."""

    repelled: PersonAttempts = 0
    stopped_inside: PersonAttempts = 0
    arrested: PersonAttempts = 0
    passed: PersonAttempts = 0
    unknown: PersonAttempts = 0


@event_type(
    "incident.attempt_recorded",
    en="Intrusion attempt recorded",
    fr="Tentative d'intrusion constatée",
    text=("note",),
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class IncidentAttemptRecorded(Data, frozen=True):
    """An attempt to get in, counted by how it ended. The estimate stands beside the count and no figure uses it."""

    outcomes: Outcomes
    estimate: Estimate | None = None
    believed_same_group_as: Reference | None = None


@event_type("incident.notified", en="Information passed on", fr="Information transmise", steps=ABOUT_PEOPLE, makes_facts=True)
class IncidentNotified(Data, frozen=True):
    """An authority was told. `acknowledged` is the sender's claim only: the recipient's own event acknowledges."""

    to: Identifier
    channel: Code | None = None
    acknowledged: bool | None = None


@event_type("incident.acknowledged", en="Receipt acknowledged", fr="Réception confirmée", steps=ABOUT_PEOPLE, makes_facts=True)
class IncidentAcknowledged(Data, frozen=True):
    """The recipient says, in its own name, that it was told; `to` is whom it acknowledges to."""

    to: Identifier | None = None
    channel: Code | None = None
    acknowledged: bool | None = None
    notification: Reference | None = None


@event_type(
    "incident.linked",
    en="Linked (duplicate of, part of, possibly the same as)",
    fr="Rattachement (doublon de, partie de, peut-être le même que)",
    text=("evidence",),
    steps=ANY_STATE,
    makes_facts=True,
)
class IncidentLinked(Data, frozen=True):
    """Two incidents are, or may be, one. On a distress, a duplicate that rests on assessment is admitted and flagged."""

    relation: Literal["duplicate_of", "part_of", "possibly_same_as"]
    to: Reference
    confidence: Code
    basis: Literal["fact", "assessment", "estimate"]


@event_type(
    "incident.link_withdrawn",
    en="Link withdrawn",
    fr="Rattachement retiré",
    text=("reason",),
    steps=ANY_STATE,
    makes_facts=True,
)
class IncidentLinkWithdrawn(Data, frozen=True):
    """The link stated by event `withdraws` no longer holds; either nation may say so."""

    withdraws: Reference


@event_type(
    "incident.resolved",
    en="Response ended",
    fr="Fin d'intervention",
    steps=Steps(moves={"reported": "resolved", "confirmed": "resolved", "reopened": "resolved"}, refused_elsewhere=True),
    makes_facts=True,
)
class IncidentResolved(Data, frozen=True):
    """The response on the ground is over."""

    outcome: Code | None = None
    decided_by: Code | None = None


@event_type(
    "incident.closed",
    en="Closed",
    fr="Clos",
    steps=Steps(
        moves={
            "reported": "closed",
            "confirmed": "closed",
            "unfounded": "closed",
            "resolved": "closed",
            "reopened": "closed",
        },
        refused_elsewhere=True,
    ),
    makes_facts=True,
)
class IncidentClosed(Data, frozen=True):
    """Nothing more is expected. A distress closes on accounted persons, or on the decision of somebody who is named."""

    outcome: Code | None = None
    decided_by: Code | None = None

    def check(self) -> None:
        if self.outcome == CLOSED_WITHOUT_CONFIRMATION and self.decided_by is None:
            raise Malformed(
                "closing without confirmation names who decided it",
                field="data.decided_by",
                remedy="give `decided_by`, the pseudonym or post of the decision-maker",
            )


@event_type(
    "incident.reopened",
    en="Reopened",
    fr="Rouvert",
    steps=Steps(moves={"resolved": "reopened", "closed": "reopened", "reopened": "reopened"}, refused_elsewhere=True),
    makes_facts=True,
)
class IncidentReopened(Data, frozen=True):
    """The incident goes on. After a late fact about people has reopened it, this says so in somebody's name."""

    outcome: Code | None = None
