"""Cases: what becomes of people and vehicles in law, on six independent tracks.

A French *interpellation* is not a British *arrest*; a *retenue* or an *audition libre* makes nobody a suspect. The original of
a decision that is withdrawn, appealed or replaced still counts on its day.
"""

from __future__ import annotations

from typing import Literal

from ledger.errors import Malformed
from ledger.events.base import Data, Steps, event_type
from ledger.events.values import (
    Code,
    Decisions,
    Instant,
    Laws,
    Money,
    OneOrMorePersons,
    Persons,
    Reference,
    References,
    Track,
)

ANY_STATE = Steps()

CaseKind = Literal[
    "facilitation",
    "rail_intrusion",
    "civil_penalty",
    "irregular_entry",
    "document_fraud",
    "violence",
    "death_investigation",
]
Decision = Literal[
    "civil_penalty",
    "oqtf",
    "placement_en_retention",
    "oqtf_and_cra",
    "refused_leave",
    "removal",
    "charge",
    "deferrement",
    "conviction",
    "acquittal",
    "no_further_action",
    "no_action",
]
CONCERN_ONE_PERSON = frozenset({"oqtf", "placement_en_retention", "oqtf_and_cra", "refused_leave", "removal"})
"""Decisions on liberty, entry or removal. Collective expulsion is prohibited (ECHR, Protocol 4, article 4)."""


@event_type(
    "case.opened",
    en="Case opened",
    fr="Ouverture de dossier",
    steps=Steps(moves={"unopened": "open"}, refused_elsewhere=True),
    makes_facts=True,
)
class CaseOpened(Data, frozen=True):
    """A case begins; `links` are the incidents and detections it comes from."""

    kind: CaseKind
    subject_vehicle: Code | None = None
    links: References = ()
    law: Laws = ()


@event_type("case.suspect_arrested", en="Suspect arrested", fr="Interpellation", steps=ANY_STATE, makes_facts=True)
class CaseSuspectArrested(Data, frozen=True):
    """`suspect` is a random token made for this case; `count` where one token stands for several people (default one)."""

    suspect: Code
    suspicion: Code
    measure: Literal["arrest", "garde_a_vue"]
    count: OneOrMorePersons | None = None


@event_type("case.person_heard", en="Voluntary interview", fr="Audition libre", steps=ANY_STATE, makes_facts=True)
class CasePersonHeard(Data, frozen=True):
    """Somebody is heard without being held; nobody's suspect."""

    person: Code
    measure: Literal["audition_libre"] = "audition_libre"


@event_type("case.person_retained", en="Held for status check", fr="Retenue", steps=ANY_STATE, makes_facts=True)
class CasePersonRetained(Data, frozen=True):
    """Somebody is held to verify their right of residence: administrative, nobody's suspect."""

    person: Code
    measure: Literal["retenue_vds"] = "retenue_vds"


@event_type("case.suspect_released", en="Measure lifted", fr="Levée de la mesure", steps=ANY_STATE, makes_facts=True)
class CaseSuspectReleased(Data, frozen=True):
    """The suspect is no longer held. The words of the ground are text; `ground_code` is for what is counted."""

    suspect: Code | None = None
    count: OneOrMorePersons | None = None
    ground_code: Code | None = None
    law: Laws = ()
    court: Code | None = None


@event_type("case.charged", en="Charged", fr="Poursuites engagées", steps=ANY_STATE, makes_facts=True)
class CaseCharged(Data, frozen=True):
    """Proceedings are brought."""

    suspect: Code | None = None
    count: OneOrMorePersons | None = None
    ground_code: Code | None = None
    law: Laws = ()
    court: Code | None = None


@event_type("case.deferred", en="Brought before the prosecutor", fr="Défèrement", steps=ANY_STATE, makes_facts=True)
class CaseDeferred(Data, frozen=True):
    """The suspect is brought before the prosecutor (*défèrement*; nothing is put off)."""

    suspect: Code | None = None
    count: OneOrMorePersons | None = None
    ground_code: Code | None = None
    law: Laws = ()
    court: Code | None = None


@event_type(
    "case.decision_recorded",
    en="Decision",
    fr="Décision",
    text=("rationale",),
    steps=ANY_STATE,
    makes_facts=True,
)
class CaseDecisionRecorded(Data, frozen=True):
    """A decision, deciding to do nothing included. On liberty, entry, removal or asylum it concerns one person."""

    decision: Decision
    track: Track | None = None
    decided_by: Code | None = None
    count: Decisions | None = None
    individual: bool | None = None
    amount: Money | None = None
    law: Laws = ()
    notified_at: Instant | None = None
    interpreter: Code | None = None
    remedy_until: Instant | None = None

    def check(self) -> None:
        several = self.count is not None and self.count > 1
        if several and not self.individual and (self.decision in CONCERN_ONE_PERSON or self.track == "asylum"):
            raise Malformed(
                f"a decision {self.decision} concerns one person, and {self.count} are counted",
                field="data.individual",
                remedy="record one event a person, or say `individual: true` where so many individual decisions were made",
            )


@event_type(
    "case.decision_withdrawn",
    en="Decision withdrawn",
    fr="Décision retirée",
    text=("ground",),
    steps=ANY_STATE,
    makes_facts=True,
)
class CaseDecisionWithdrawn(Data, frozen=True):
    """The decision stated by event `target` is withdrawn; it still counts on its day."""

    target: Reference


@event_type(
    "case.decision_appealed",
    en="Decision appealed",
    fr="Recours formé",
    text=("ground",),
    steps=ANY_STATE,
    makes_facts=True,
)
class CaseDecisionAppealed(Data, frozen=True):
    """An appeal is lodged against the decision stated by event `target`."""

    target: Reference
    court: Code | None = None


@event_type(
    "case.decision_substituted",
    en="Decision replaced",
    fr="Décision remplacée",
    text=("ground",),
    steps=ANY_STATE,
    makes_facts=True,
)
class CaseDecisionSubstituted(Data, frozen=True):
    """Another decision takes the place of the one stated by event `target`; `replacement` is the event that states it."""

    target: Reference
    replacement: Reference | None = None


@event_type(
    "case.network_dismantled",
    schema=2,
    en="Suspected network dismantled",
    fr="Filière présumée démantelée",
    steps=ANY_STATE,
    makes_facts=True,
)
class CaseNetworkDismantled(Data, frozen=True):
    """A *filière* has no legal definition: provisional until somebody is brought before a prosecutor."""

    persons: Persons
    law: Laws = ()
    provisional: bool = True


def _said_provisional(old: CaseNetworkDismantled1) -> CaseNetworkDismantled:
    """Schema 1 had no word for it; until somebody says otherwise a network is provisional."""
    return CaseNetworkDismantled(persons=old.persons, law=old.law, provisional=True)


@event_type(
    "case.network_dismantled",
    schema=1,
    en="Suspected network dismantled",
    fr="Filière présumée démantelée",
    steps=ANY_STATE,
    makes_facts=True,
    upgrade=_said_provisional,
)
class CaseNetworkDismantled1(Data, frozen=True):
    """Schema 1 of case.network_dismantled, which did not say whether it was provisional."""

    persons: Persons
    law: Laws = ()


@event_type(
    "case.final",
    en="Track final",
    fr="Décision devenue définitive",
    steps=Steps(moves={"open": "open", "closed": "closed"}, refused_elsewhere=True),
    makes_facts=True,
)
class CaseFinal(Data, frozen=True):
    """Nothing can be appealed any more on this track; each track becomes final once, on its own."""

    track: Track
    outcome: Code | None = None


@event_type(
    "case.closed",
    en="Case closed",
    fr="Clôture",
    steps=Steps(moves={"open": "closed"}, refused_elsewhere=True),
    makes_facts=True,
)
class CaseClosed(Data, frozen=True):
    """Nothing more is expected of this case."""

    track: Track | None = None
    outcome: Code | None = None
