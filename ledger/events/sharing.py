"""Sharing / Communication: releases, markings, suspension of sharing, mandates of inquiries and oversight bodies.

Releasing adds a wrap to a section; nothing already shown can be unshown, so a revocation works from its position on.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.errors import Malformed
from ledger.events.base import Data, Marking, Nation, event_type
from ledger.events.values import Code, Instant, LegalRef, Nations, Reference, Scope, Sections

Targets = Annotated[tuple[Reference, ...], Meta(min_length=1, max_length=512)]

WHO_MAY_READ = "says who may read what; counts never depend on it"


@event_type("release.requested", en="Release requested", fr="Communication demandée", text=("motif",), exempt=WHO_MAY_READ)
class ReleaseRequested(Data, frozen=True):
    """Somebody asks to read events, streams or sections kept from them."""

    targets: Targets
    by: Code
    sections: Sections = ()
    purpose: Code | None = None


@event_type("release.granted", en="Release granted", fr="Communication accordée", text=("conditions",), exempt=WHO_MAY_READ)
class ReleaseGranted(Data, frozen=True):
    """The originator lets `to` read. `until` is when it ends by itself."""

    targets: Targets
    to: Code
    request: Reference | None = None
    sections: Sections = ()
    until: Instant | None = None
    transfer_basis: Code | None = None


@event_type("release.refused", en="Release refused", fr="Communication refusée", exempt=WHO_MAY_READ)
class ReleaseRefused(Data, frozen=True):
    """The originator does not let them read."""

    request: Reference
    ground_code: Code | None = None


@event_type("release.revoked", en="Release revoked", fr="Communication retirée", exempt=WHO_MAY_READ)
class ReleaseRevoked(Data, frozen=True):
    """What was granted ends; what was read before stays read, and on record in the access log."""

    grant: Reference
    ground_code: Code | None = None


@event_type("marking.changed", en="Marking changed", fr="Marquage modifié", exempt=WHO_MAY_READ)
class MarkingChanged(Data, frozen=True):
    """The originator, and nobody else, changes how an event is marked and to whom it may be released."""

    target: Reference
    marking: Marking
    releasable_to: Nations | None = None


@event_type(
    "sharing.suspended", en="Sharing suspended", fr="Communication suspendue", signers="either_nation", exempt=WHO_MAY_READ
)
class SharingSuspended(Data, frozen=True):
    """A nation stops communicating, in whole or for a scope; what it states goes on being recorded."""

    nation: Nation
    scope: Scope | None = None
    legal_ref: LegalRef | None = None


@event_type("sharing.resumed", en="Sharing resumed", fr="Communication reprise", signers="either_nation", exempt=WHO_MAY_READ)
class SharingResumed(Data, frozen=True):
    """The nation that suspended sharing resumes it."""

    nation: Nation
    suspension: Reference | None = None


@event_type("mandate.granted", en="Mandate granted", fr="Mandat accordé", signers="owner_nation", exempt=WHO_MAY_READ)
class MandateGranted(Data, frozen=True):
    """An inquiry or an oversight body may read: within which scope, which views, until when. JOINT: both nations grant it."""

    mandate: Code
    kind: Literal["inquiry", "oversight", "court"]
    holder: Code
    nation: Literal["GB", "FR", "JOINT"]
    views: Nations
    scope: Scope
    expires_at: Instant
    legal_ref: LegalRef | None = None

    def check(self) -> None:
        if self.nation != "JOINT" and set(self.views) != {self.nation}:
            raise Malformed(
                "a nation gives a mandate over its own view alone", field="data.views", remedy="say JOINT; both nations sign"
            )


@event_type("mandate.ended", en="Mandate ended", fr="Mandat terminé", signers="owner_nation", exempt=WHO_MAY_READ)
class MandateEnded(Data, frozen=True):
    """The mandate ends before its expiry."""

    mandate: Code
    nation: Literal["GB", "FR", "JOINT"]
    grant: Reference | None = None
