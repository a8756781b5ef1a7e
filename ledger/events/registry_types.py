"""Registry: authorities, places, roles, rules, watches, clocks, control totals, and the heads of other logs.

What a figure takes from the registry (territory, control zone, membership) it takes as registered at the position that states
the fact: later changes restate nothing.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ledger.errors import Malformed
from ledger.events.base import Data, Nation, event_type
from ledger.events.rules import RULES
from ledger.events.values import (
    Code,
    Day,
    Identifier,
    Instant,
    LatitudeE6,
    LongitudeE6,
    Microseconds,
    Origin,
    Quantity,
    Reference,
    References,
    Sha256,
    Size,
)

Function = Literal[
    "border",
    "police",
    "prosecutor",
    "coroner",
    "prefecture",
    "coastguard",
    "rescue",
    "child_protection",
    "operator",
    "centre",
    "other",
]
Role = Literal[
    "official",
    "duty_officer",
    "auditor",
    "dpo",
    "liaison",
    "joint",
    "inquiry",
    "oversight",
    "administrator",
]
Grantor = Literal["GB", "FR", "JOINT"]
TypeCounts = Annotated[dict[str, Quantity], Meta(max_length=256, description="event type → events")]

READ_AT_ITS_POSITION = "facts take it up where they are stated; it states none itself"
ACCESS_ONLY = "says who may read or sign, nothing that is counted"
EVIDENCE_ONLY = "evidence about the log itself, compared by the completeness page and by verify"


@event_type(
    "authority.registered",
    en="Authority registered",
    fr="Autorité enregistrée",
    signers="owner_nation",
    exempt=READ_AT_ITS_POSITION,
)
class AuthorityRegistered(Data, frozen=True):
    """A service that states events. OPERATOR is a site operator, of neither nation; JOINT is the centre itself.

    `functions` say what it does, so that "received by a child-protection authority" can be told from any other hand-over.
    """

    code: Identifier
    nation: Literal["GB", "FR", "OPERATOR", "JOINT"]
    name: Code
    part_of: Identifier | None = None
    functions: Annotated[tuple[Function, ...], Meta(max_length=8)] = ()
    valid_from: Instant | None = None
    valid_to: Instant | None = None


@event_type(
    "place.registered",
    en="Place registered",
    fr="Lieu enregistré",
    signers="both_nations",
    exempt=READ_AT_ITS_POSITION,
)
class PlaceRegistered(Data, frozen=True):
    """Whose soil it is (territory), whose officers act there (control_zone), whose search and rescue region (srr)."""

    code: Identifier
    name: Code
    territory: Literal["GB", "FR", "BE", "HIGH_SEAS", "UNKNOWN"]
    control_zone: Literal["GB", "FR", "none"]
    srr: Literal["GB", "FR", "BE", "none"] = "none"
    longitude_e6: LongitudeE6 | None = None
    latitude_e6: LatitudeE6 | None = None
    valid_from: Instant | None = None
    valid_to: Instant | None = None


@event_type("role.granted", en="Role granted", fr="Rôle attribué", signers="owner_nation", exempt=ACCESS_ONLY)
class RoleGranted(Data, frozen=True):
    """`holder` is a pseudonym. A JOINT role (the role `joint`, an inquiry of both nations) is given by both."""

    role: Role
    holder: Code
    nation: Grantor
    expires_at: Instant | None = None

    def check(self) -> None:
        if self.role == "joint" and self.nation != "JOINT":
            raise Malformed("the role joint is given by both nations", field="data.nation", remedy="say JOINT; both sign")


@event_type("role.ended", en="Role ended", fr="Rôle retiré", signers="owner_nation", exempt=ACCESS_ONLY)
class RoleEnded(Data, frozen=True):
    """The holder no longer has the role."""

    role: Role
    holder: Code
    nation: Grantor
    grant: Reference | None = None


@event_type(
    "rules.adopted",
    en="Admission rules adopted",
    fr="Règles d'admission adoptées",
    signers="both_nations",
    exempt="governs what is recorded after it",
)
class RulesAdopted(Data, frozen=True):
    """From the next position on, admission follows this version of the rules (rules.py)."""

    rules: Annotated[int, Meta(ge=1, le=1_000_000, description="version of the admission rules")]

    def check(self) -> None:
        if self.rules not in RULES:
            known = ", ".join(str(version) for version in RULES)
            raise Malformed(
                f"this software knows no rules {self.rules}, only {known}", field="data.rules", remedy="upgrade it first"
            )


@event_type("ruleset.adopted", en="Ruleset adopted", fr="Jeu de règles adopté", signers="owner_nation", makes_facts=True)
class RulesetAdopted(Data, frozen=True):
    """From the next position on, this nation's figures follow this ruleset, e.g. `gb/1`."""

    nation: Nation
    ruleset: Code
    sha256: Sha256 | None = None
    tzdata: Code | None = None
    from_day: Day | None = None


@event_type(
    "policy.adopted",
    en="Witness policy adopted",
    fr="Politique de contreseing adoptée",
    signers="both_nations",
    exempt=EVIDENCE_ONLY,
)
class PolicyAdopted(Data, frozen=True):
    """Digest of the policy file that decides, from this size on, for the log's and the cosigners' keys."""

    sha256: Sha256
    from_size: Size


@event_type("watch.opened", en="Watch opened", fr="Prise de quart", makes_facts=True)
class WatchOpened(Data, frozen=True):
    """An officer (a pseudonym) takes the watch at a desk."""

    incoming: Code
    desk: Code | None = None
    open_items: References = ()


@event_type("watch.handed_over", en="Watch handed over", fr="Relève", makes_facts=True)
class WatchHandedOver(Data, frozen=True):
    """From one officer to the next, with what is still open."""

    outgoing: Code
    incoming: Code
    desk: Code | None = None
    open_items: References = ()


@event_type("watch.closed", en="Watch closed", fr="Fin de quart", makes_facts=True)
class WatchClosed(Data, frozen=True):
    """The watch ends and nobody takes over."""

    outgoing: Code
    desk: Code | None = None
    open_items: References = ()


@event_type("clock.checked", en="Clock checked", fr="Horloge vérifiée", exempt=EVIDENCE_ONLY)
class ClockChecked(Data, frozen=True):
    """How far a service's clock was from a reference; positive means the service was ahead."""

    offset_microseconds: Microseconds
    uncertainty_microseconds: Microseconds | None = None
    reference: Code | None = None


@event_type("service.control_total", en="Control total", fr="Total de contrôle", exempt=EVIDENCE_ONLY)
class ServiceControlTotal(Data, frozen=True):
    """How many events of each type a service sent in an hour: the log is compared with it."""

    from_: Instant = msgspec.field(name="from")
    to: Instant
    counts: TypeCounts

    def check(self) -> None:
        if self.from_ > self.to:
            raise Malformed("ends before it begins", field="data.to")


@event_type(
    "head.committed",
    en="Head of another log committed",
    fr="Tête d'un autre journal consignée",
    exempt=EVIDENCE_ONLY,
)
class HeadCommitted(Data, frozen=True):
    """The size and root (hex) of another log, such as a month of a nation's access log, fixed in this one."""

    log: Origin
    size: Size
    root: Sha256


@event_type(
    "index.committed",
    en="Stream index committed",
    fr="Index des fils consigné",
    signers="centre",
    exempt=EVIDENCE_ONLY,
)
class IndexCommitted(Data, frozen=True):
    """Merkle root (hex) over sorted (stream, last version, last position) at this size, recomputed before it is cosigned.

    Only the centre says it: nobody cosigns behind a wrong one, so whoever could say it could stop a log.
    """

    size: Size
    root: Sha256
