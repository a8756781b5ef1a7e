"""The access log / Journal des accès: the six verbs of the law, and who, when, which objects, for what purpose.

Objects are references only: reading about a person never writes more about them. The purpose is a code; the *motif* in words is
asked of both nations (French law requires it, British law no longer does) and goes to the text section. One log a nation a
month, with its own origin and keys; the joint log holds its heads (head.committed).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ledger.events.base import Data, event_type
from ledger.events.values import Code, LegalRef, Reference, Sections, Sha256

Objects = Annotated[tuple[Reference, ...], Meta(min_length=1, max_length=512)]

A_LOOK = "a trace of a look at the record; nobody and nothing is counted by it"


class Access(Data, frozen=True):
    """What every access says. `emergency` access is possible and always reviewed."""

    objects: Objects
    purpose: Code
    who: Code | None = None
    sections: Sections = ()
    query_sha256: Sha256 | None = None
    recipient: Code | None = None
    transfer_basis: LegalRef | None = None
    emergency: bool | None = None


@event_type("access.collected", en="Collection", fr="Collecte", text=("motif",), exempt=A_LOOK)
class AccessCollected(Access, frozen=True):
    """Personal data was collected."""


@event_type("access.altered", en="Alteration", fr="Modification", text=("motif",), exempt=A_LOOK)
class AccessAltered(Access, frozen=True):
    """Personal data was changed."""


@event_type("access.consulted", en="Consultation", fr="Consultation", text=("motif",), exempt=A_LOOK)
class AccessConsulted(Access, frozen=True):
    """Personal or sealed data was read."""


@event_type("access.disclosed", en="Disclosure", fr="Communication", text=("motif",), exempt=A_LOOK)
class AccessDisclosed(Access, frozen=True):
    """Data was given to somebody: `recipient`, and for a transfer its legal basis."""


@event_type("access.combined", en="Combination", fr="Interconnexion", text=("motif",), exempt=A_LOOK)
class AccessCombined(Access, frozen=True):
    """Records were joined, such as a rescue with a case; the legal basis is in `transfer_basis` or the motif."""


@event_type("access.erased", en="Erasure", fr="Effacement", text=("motif",), exempt=A_LOOK)
class AccessErased(Access, frozen=True):
    """Personal data was erased."""
