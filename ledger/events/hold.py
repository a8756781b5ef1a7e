"""Hold, restriction, rights, erasure, retention / Gel (interdiction de détruire), limitation, droits, effacement, conservation.

Precedence: a hold of an inquiry or a criminal case > restriction for evidence > archives visa > duty to erase > retention
expiry. No proof breaks and no published figure moves by an erasure: counts never needed the identity.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.errors import Malformed
from ledger.events.base import Data, Nation, event_type
from ledger.events.values import Code, Count, Day, Identifier, Instant, LegalRef, Reference, Scope, Sections

Targets = Annotated[tuple[Reference, ...], Meta(min_length=1, max_length=512)]
Right = Literal["access", "rectification", "erasure", "restriction", "objection"]

KEEPING_ONLY = "says what is kept, restricted or erased; counts never needed the identity"


@event_type(
    "hold.placed", en="Hold placed", fr="Gel décidé (interdiction de détruire)", signers="either_nation", exempt=KEEPING_ONLY
)
class HoldPlaced(Data, frozen=True):
    """Nothing in the scope is destroyed, whoever asks, until the hold is lifted."""

    scope: Scope
    authority: Identifier
    legal_ref: LegalRef | None = None
    kind: Literal["inquiry", "criminal", "civil", "other"] | None = None


@event_type("hold.extended", en="Hold extended", fr="Gel étendu", signers="either_nation", exempt=KEEPING_ONLY)
class HoldExtended(Data, frozen=True):
    """The hold covers more."""

    hold: Reference
    scope: Scope
    authority: Identifier
    legal_ref: LegalRef | None = None


@event_type("hold.lifted", en="Hold lifted", fr="Gel levé", signers="either_nation", exempt=KEEPING_ONLY)
class HoldLifted(Data, frozen=True):
    """The authority that placed the hold ends it."""

    hold: Reference
    authority: Identifier
    legal_ref: LegalRef | None = None


@event_type(
    "restriction.applied", en="Restriction applied", fr="Limitation appliquée", signers="either_nation", exempt=KEEPING_ONLY
)
class RestrictionApplied(Data, frozen=True):
    """Kept and no longer used, because evidence needs it (instead of erasing) or a right is being examined."""

    scope: Scope
    authority: Identifier
    request: Reference | None = None
    legal_ref: LegalRef | None = None


@event_type("restriction.lifted", en="Restriction lifted", fr="Limitation levée", signers="either_nation", exempt=KEEPING_ONLY)
class RestrictionLifted(Data, frozen=True):
    """The restriction ends."""

    restriction: Reference
    authority: Identifier
    legal_ref: LegalRef | None = None


@event_type("rights.requested", en="Right exercised", fr="Exercice d'un droit", regime="GENERAL", exempt=KEEPING_ONLY)
class RightsRequested(Data, frozen=True):
    """Somebody exercises a right over what is held of them; `subject` is the token of their personal section."""

    right: Right
    subject: Code | None = None
    targets: Targets | None = None
    due_at: Instant | None = None


@event_type("rights.answered", en="Request answered", fr="Réponse à la demande", regime="GENERAL", exempt=KEEPING_ONLY)
class RightsAnswered(Data, frozen=True):
    """What was answered. Each nation answers an erasure for itself; "kept" names the hold it is kept under."""

    request: Reference
    answer: Literal["granted", "partly_granted", "refused", "erased", "restricted", "kept", "nothing_held"]
    nation: Nation | None = None
    hold: Reference | None = None
    legal_ref: LegalRef | None = None

    def check(self) -> None:
        if self.answer == "kept" and self.hold is None:
            raise Malformed("what is kept is kept under a hold", field="data.hold", remedy="name the hold")


@event_type("erasure.executed", en="Erasure executed", fr="Effacement exécuté", signers="either_nation", exempt=KEEPING_ONLY)
class ErasureExecuted(Data, frozen=True):
    """A nation destroyed, on its own authority, its own keys and copies of these sections; the other is told at once.

    A French record is eliminated only with the reference of an archives visa.
    """

    targets: Targets
    nation: Nation
    authority: Identifier
    sections: Sections = ()
    legal_ref: LegalRef | None = None
    archives_visa: Code | None = None
    request: Reference | None = None
    keys_destroyed: Count | None = None
    copies_destroyed: Count | None = None


@event_type("retention.review_due", en="Retention review due", fr="Réexamen de conservation à faire", exempt=KEEPING_ONLY)
class RetentionReviewDue(Data, frozen=True):
    """A retention period reached its review."""

    scope: Scope
    due_on: Day
    rule: Code | None = None


@event_type("retention.reviewed", en="Retention reviewed", fr="Conservation réexaminée", exempt=KEEPING_ONLY)
class RetentionReviewed(Data, frozen=True):
    """What the review decided."""

    review: Reference
    decision: Literal["keep", "restrict", "erase"]
    next_review_on: Day | None = None
    legal_ref: LegalRef | None = None
