"""Keys / Clés: the ledger's own life and its keys' lives, as events from position 1 on. Their state machine is in keys.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from ledger.errors import Malformed
from ledger.events.base import Data, Nation, event_type
from ledger.events.national import nation_of_log
from ledger.events.rules import RULES
from ledger.events.values import Identifier, Origin, Sha256, TypePattern

KeyId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="SHA-256 of type code and public key, hex")]
Base64 = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9+/]{4,20000}={0,2}$(?!\n)", description="base64")]
TypeCode = Literal["01", "10", "11"]
KeyRole = Literal["national_authority", "service", "officer", "official", "sealer", "sealing"]
Position = Annotated[int, msgspec.Meta(ge=1, description="position in the log, from 1")]

# What a key of each type is for: a sealing key opens sections, a document key signs what is printed, the others sign events.
ROLES_OF_TYPE: Mapping[str, tuple[str, ...]] = {
    "01": ("national_authority", "service", "officer", "official", "sealer"),
    "10": ("sealing",),
    "11": ("official",),
}

KEYS = "states who may speak in the log; keys.py reads it, no figure does"
INSIDE = "the event inside makes the facts, in the view of the nation that opens it"


class AuthorityKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key by which a nation speaks in the registry: type 01, base64 of the 32-byte public key."""

    nation: Nation
    key_id: KeyId
    public_key: Base64


class Predecessor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The closed log this one continues, and the streams still open there with their versions; `root` is hex."""

    origin: Origin
    size: Position
    root: Sha256
    open_streams: Annotated[dict[str, Position], msgspec.Meta(max_length=1_024, description="stream → version")] = {}


@event_type("ledger.opened", en="Ledger opened", fr="Ouverture du journal commun", signers="both_nations", exempt=KEYS)
class LedgerOpened(Data, frozen=True):
    """Position 1. `rules` is the version of the admission rules in force from the start."""

    origin: Origin
    exercise: bool
    rules: int
    authority_keys: Annotated[tuple[AuthorityKey, ...], msgspec.Meta(min_length=1, max_length=2)]
    predecessor: Predecessor | None = None

    def check(self) -> None:
        if self.rules not in RULES:
            raise Malformed(f"there are no admission rules {self.rules}", field="data.rules")
        alone = nation_of_log(self.origin)
        needed = {alone} if alone else {"GB", "FR"}
        found = {key.nation for key in self.authority_keys}
        if found != needed or len({key.key_id for key in self.authority_keys}) != len(needed):
            whose = f"of {alone} alone" if alone else "of each nation"
            raise Malformed(f"one authority key {whose} is needed", field="data.authority_keys")
        if self.predecessor is not None and self.predecessor.origin == self.origin:
            raise Malformed("a log does not succeed itself", field="data.predecessor.origin")


@event_type(
    "ledger.frozen", en="Ledger frozen", fr="Gel du journal commun", text=("reason",), signers="either_nation", exempt=KEYS
)
class LedgerFrozen(Data, frozen=True):
    """From here on only holds, keys and corrections are recorded, until thawed."""


@event_type(
    "ledger.thawed", en="Ledger thawed", fr="Dégel du journal commun", text=("reason",), signers="both_nations", exempt=KEYS
)
class LedgerThawed(Data, frozen=True):
    """Ends a freeze."""


@event_type(
    "ledger.closed", en="Ledger closed", fr="Clôture du journal commun", text=("reason",), signers="both_nations", exempt=KEYS
)
class LedgerClosed(Data, frozen=True):
    """The last entry of a log; `successor` is the origin of the log that continues it."""

    successor: Origin | None = None


@event_type("key.registered", en="Key registered", fr="Clé enregistrée", signers="new_key_and_owner", exempt=KEYS)
class KeyRegistered(Data, frozen=True):
    """`registered` is hex SHA-256(type code byte ‖ public key). `may_append` holds type names or families ending in `.*`.

    Sealing keys (type 10) and document keys (type 11) sign no event: the owner's national authority key alone attests that
    their holder answered a challenge, by opening what was sealed to the one, by signing with the other.
    """

    registered: KeyId
    type_code: TypeCode
    public_key: Base64
    owner: Identifier
    role: KeyRole
    may_append: Annotated[tuple[TypePattern, ...], msgspec.Meta(max_length=256)] = ()
    next_key_digest: KeyId | None = None
    nation: Nation | None = None
    attested: bool | None = None

    def check(self) -> None:
        if self.role not in ROLES_OF_TYPE[self.type_code]:
            allowed = " or ".join(ROLES_OF_TYPE[self.type_code])
            raise Malformed(f"a key of type {self.type_code} has the role {allowed}", field="data.role")


@event_type("key.rotated", en="Key rotated", fr="Clé renouvelée", signers="old_and_new_key", exempt=KEYS)
class KeyRotated(Data, frozen=True):
    """The successor takes over authority, role and scope; it must match the digest its predecessor committed to, if any."""

    old: KeyId
    registered: KeyId
    type_code: TypeCode
    public_key: Base64
    next_key_digest: KeyId | None = None


@event_type("key.revoked", en="Key revoked", fr="Clé révoquée", text=("reason",), signers="owner_nation", exempt=KEYS)
class KeyRevoked(Data, frozen=True):
    """The key says nothing more from the next position on; what it said before stands."""

    key: KeyId


@event_type("key.suspended", en="Key suspended", fr="Clé suspendue", text=("reason",), signers="either_nation", exempt=KEYS)
class KeySuspended(Data, frozen=True):
    """Either nation alone stops a key until both reinstate it."""

    key: KeyId


@event_type("key.reinstated", en="Key reinstated", fr="Clé rétablie", text=("reason",), signers="both_nations", exempt=KEYS)
class KeyReinstated(Data, frozen=True):
    """Ends a suspension."""

    key: KeyId


@event_type("key.compromised", en="Key compromised", fr="Clé compromise", text=("reason",), signers="owner_nation", exempt=KEYS)
class KeyCompromised(Data, frozen=True):
    """The key is revoked, and what it signed from `suspect_from_position` on stays, counts, and is shown as disputed."""

    key: KeyId
    suspect_from_position: Position


@event_type(
    "key.reaffirmed", en="Events reaffirmed", fr="Événements confirmés", text=("reason",), signers="owner_nation", exempt=KEYS
)
class KeyReaffirmed(Data, frozen=True):
    """The owner stands by these events of a compromised key (ids), which are disputed no longer."""

    key: KeyId
    events: Annotated[tuple[Identifier, ...], msgspec.Meta(min_length=1, max_length=512)]


@event_type("sealed.recorded", en="Sealed event", fr="Événement scellé", signers="sealer", exempt=INSIDE)
class SealedRecorded(Data, frozen=True):
    """The outside of an event for one nation only: its section `inner` holds the complete signed event."""

    nation: Nation
