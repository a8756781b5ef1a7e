"""Incidents, continued: the response. Help asked for and answered, who coordinates, which assets, what traffic suffers."""

from __future__ import annotations

from ledger.events.base import Data, event_type
from ledger.events.incident import ABOUT_PEOPLE, ANY_STATE
from ledger.events.values import Code, Instant


@event_type(
    "incident.assistance_requested",
    en="Assistance requested",
    fr="Concours demandé",
    text=("reason",),
    regime="GENERAL",
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class IncidentAssistanceRequested(Data, frozen=True):
    """An asset is asked for. Past `expires_at` without an answer it is shown as unanswered (resté sans réponse)."""

    asset: Code
    expires_at: Instant | None = None


@event_type(
    "incident.assistance_accepted",
    en="Assistance granted",
    fr="Concours accordé",
    text=("reason",),
    regime="GENERAL",
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class IncidentAssistanceAccepted(Data, frozen=True):
    """The asset asked for is granted."""

    asset: Code
    expires_at: Instant | None = None


@event_type(
    "incident.assistance_declined",
    en="Assistance declined",
    fr="Concours refusé",
    text=("reason",),
    regime="GENERAL",
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class IncidentAssistanceDeclined(Data, frozen=True):
    """The asset asked for is refused."""

    asset: Code
    expires_at: Instant | None = None


@event_type(
    "incident.coordination_assumed",
    en="Coordination assumed",
    fr="Prise de coordination",
    regime="GENERAL",
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class IncidentCoordinationAssumed(Data, frozen=True):
    """From now on `by` coordinates."""

    by: Code
    to: Code | None = None


@event_type(
    "incident.coordination_offered",
    en="Transfer of coordination offered",
    fr="Transfert de coordination proposé",
    regime="GENERAL",
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class IncidentCoordinationOffered(Data, frozen=True):
    """`by` proposes that `to` take over; until that is accepted nothing changes hands."""

    by: Code
    to: Code | None = None


@event_type(
    "incident.coordination_accepted",
    en="Transfer of coordination accepted",
    fr="Transfert de coordination accepté",
    regime="GENERAL",
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class IncidentCoordinationAccepted(Data, frozen=True):
    """`by` takes over, in its own name."""

    by: Code
    to: Code | None = None


@event_type(
    "incident.coordination_declined",
    en="Transfer of coordination declined",
    fr="Transfert de coordination refusé",
    regime="GENERAL",
    steps=ABOUT_PEOPLE,
    makes_facts=True,
)
class IncidentCoordinationDeclined(Data, frozen=True):
    """`by` does not take over: whoever coordinated still does."""

    by: Code
    to: Code | None = None


@event_type(
    "incident.asset_tasked",
    en="Asset tasked",
    fr="Moyen engagé",
    regime="GENERAL",
    steps=ANY_STATE,
    makes_facts=True,
)
class IncidentAssetTasked(Data, frozen=True):
    """An asset is on its way, sent by `by`."""

    asset: Code
    by: Code


@event_type(
    "incident.asset_on_scene",
    en="Asset on scene",
    fr="Moyen sur zone",
    regime="GENERAL",
    steps=ANY_STATE,
    makes_facts=True,
)
class IncidentAssetOnScene(Data, frozen=True):
    """An asset has arrived."""

    asset: Code
    by: Code


@event_type(
    "incident.asset_stood_down",
    en="Asset stood down",
    fr="Moyen désengagé",
    regime="GENERAL",
    steps=ANY_STATE,
    makes_facts=True,
)
class IncidentAssetStoodDown(Data, frozen=True):
    """An asset is released from the incident."""

    asset: Code
    by: Code


@event_type(
    "incident.disruption_started",
    en="Traffic disruption: start",
    fr="Perturbation du trafic\u202f: début",
    steps=ANY_STATE,
    makes_facts=True,
)
class IncidentDisruptionStarted(Data, frozen=True):
    """A service is interrupted or slowed."""

    service: Code


@event_type(
    "incident.disruption_ended",
    en="Traffic disruption: end",
    fr="Perturbation du trafic\u202f: fin",
    steps=ANY_STATE,
    makes_facts=True,
)
class IncidentDisruptionEnded(Data, frozen=True):
    """The service runs again."""

    service: Code
