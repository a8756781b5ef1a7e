"""The key ring: which key may say what, at which position. Validity goes by position in the log, never by a clock.

Pure: `KeyRing.apply` is fed every event that touches keys, in log order; a past ring is the ring fed up to there.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

import msgspec

from ledger import errors
from ledger.events.approvals import NATIONS, approving, nations_of, owner_nation
from ledger.events.base import Event, EventType
from ledger.events.key_types import (
    KeyCompromised,
    KeyReaffirmed,
    KeyRegistered,
    KeyReinstated,
    KeyRevoked,
    KeyRotated,
    KeySuspended,
    LedgerClosed,
    LedgerFrozen,
    LedgerOpened,
    LedgerThawed,
)
from ledger.events.registry import Registry
from ledger.events.registry_types import AuthorityRegistered

OPERATOR = "OPERATOR"
JOINT = "JOINT"
SEALER_TYPES = ("sealed.recorded",)
# What a frozen ledger still records: holds, keys and corrections, and the thaw itself.
OPEN_WHILE_FROZEN = ("hold.", "key.", "correction.", "ledger.thawed", "ledger.closed")


class Key(msgspec.Struct, frozen=True):
    """One registered key. `until` is the first position at which it may no longer sign (0 while it may)."""

    key_id: str
    type_code: str
    public: bytes
    owner: str
    nation: str
    role: str
    may_append: tuple[str, ...]
    since: int
    until: int = 0
    suspended: bool = False
    successor: str = ""
    next_key_digest: str = ""
    suspect_from: int = 0

    def may_say(self, type_name: str) -> bool:
        """Whether the key's scope covers a type; an empty scope covers every ordinary type."""
        if not self.may_append:
            return True
        return any(type_name == s or (s.endswith(".*") and type_name.startswith(s[:-1])) for s in self.may_append)


def key_id_of(type_code: str, public: bytes) -> str:
    """Hex SHA-256(type code byte ‖ public key)."""
    return hashlib.sha256(bytes.fromhex(type_code) + public).hexdigest()


class KeyRing:
    """The keys of one log as they stand at a position. Mutable: copy() before trying events that may be rolled back."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}
        self.authority_key: dict[str, str] = {}
        self.reaffirmed: set[tuple[str, str]] = set()
        self.frozen = False
        self.closed = False
        self.exercise = False
        self.origin = ""

    def copy(self) -> KeyRing:
        """An independent ring; Key values are immutable and shared."""
        other = KeyRing()
        other.__dict__.update(self.__dict__)
        other.keys, other.authority_key, other.reaffirmed = dict(self.keys), dict(self.authority_key), set(self.reaffirmed)
        return other

    def public(self, key_id: str) -> bytes | None:
        """The public key a key id stands for, in force or not: key ids are digests, so this never changes once known."""
        key = self.keys.get(key_id)
        return key.public if key is not None and key.type_code == "01" else None

    def of(self, owner: str, role: str, type_code: str = "01") -> list[Key]:
        """Keys in force of an owner in a role."""
        return [k for k in self.keys.values() if (k.owner, k.role, k.type_code, k.until) == (owner, role, type_code, 0)]

    def sealing_key(self, nation: str) -> Key | None:
        """The newest sealing key in force of a nation."""
        found = self.of(nation, "sealing", "10")
        return found[-1] if found else None

    def is_disputed(self, key_id: str, event_id: str, position: int) -> bool:
        """Whether an event rests on a key reported compromised before it, and nobody reaffirmed it since."""
        key = self.keys.get(key_id)
        return bool(key and key.suspect_from and position >= key.suspect_from and (key_id, event_id) not in self.reaffirmed)

    # -- who must have signed -------------------------------------------------------------------------------------------

    def require_in_force(self, event: Event, row: EventType, signed_by: frozenset[str], registry: Registry) -> None:
        """Refuse an event unless the keys its type asks for have signed it and are in force here.

        `signed_by` holds key ids whose signatures over the payload have been verified. Raises NotAllowed, KeyNotInForce or
        LedgerFrozen. Clause: domain.md section 2, check 2; formats.md section 8.
        """
        header = event.header
        if self.closed:
            raise errors.LedgerFrozen("this log is closed", remedy="append to its successor")
        if self.frozen and not header.type.startswith(OPEN_WHILE_FROZEN):
            raise errors.LedgerFrozen(remedy="wait until both nations thaw the ledger")
        if self.origin and header.origin != self.origin:
            raise errors.NotAllowed("the event is made out to another log", field="origin", remedy=f"this log is {self.origin}")
        if row.signers == "author":
            self._require_author(event, signed_by, registry)
        elif row.signers == "official":
            self._require_author(event, signed_by, registry)
            self._require_official(event)
        elif row.signers == "centre":
            self._require_author(event, signed_by, registry)
            _require_centre(event, registry)
        elif row.signers == "sealer":
            self._require_sealer(event, signed_by)
        elif row.signers == "old_and_new_key":
            self._require_old_and_new(event, signed_by)
        else:
            self._require_parties(event, row.signers, signed_by, registry)

    def _in_force(self, key_id: str) -> Key:
        key = self.keys.get(key_id)
        if key is None:
            raise errors.KeyNotInForce("this key is not registered", field="key_id", remedy="entente key register")
        if key.until:
            raise errors.KeyNotInForce("this key is revoked or rotated", field="key_id", remedy="sign with its successor")
        if key.suspended:
            raise errors.KeyNotInForce("this key is suspended", field="key_id", remedy="both nations must reinstate it")
        return key

    def _signing_for(self, key_id: str, signed_by: frozenset[str]) -> Key:
        """The key a payload names, where it has signed and is in force.

        What was spooled before a key ended may be signed again, under the same id, by its successor or by its national
        authority. Raises KeyNotInForce or NotAllowed.
        """
        named = self.keys.get(key_id)
        if named is not None and named.until:
            successor = self.keys.get(named.successor)
            while successor is not None and successor.until:
                successor = self.keys.get(successor.successor)
            authority = self.keys.get(self.authority_key.get(named.nation, ""))
            for other in (successor, authority):
                if other is not None and not other.until and not other.suspended and other.key_id in signed_by:
                    return named
        key = self._in_force(key_id)
        if key_id not in signed_by:
            raise errors.NotAllowed("the key named in the payload has not signed it", field="key_id")
        return key

    def _require_author(self, event: Event, signed_by: frozenset[str], registry: Registry) -> None:
        header = event.header
        key = self._signing_for(header.key_id, signed_by)
        if key.role not in ("service", "officer", "official", "national_authority"):
            raise errors.NotAllowed(f"a {key.role} key states no events of its own", field="key_id")
        if key.role == "national_authority" and not registry.is_of_nation(header.authority, key.nation):
            raise errors.NotAllowed("a national authority key speaks for its own nation's authorities", field="authority")
        if key.role != "national_authority" and key.owner != header.authority:
            raise errors.NotAllowed(f"this key belongs to {key.owner}", field="authority", remedy=f"state it as {key.owner}")
        if not key.may_say(header.type):
            raise errors.NotAllowed(f"this key may not state {header.type}", field="type", remedy="use another key")

    def _require_official(self, event: Event) -> None:
        key = self.keys[event.header.key_id]
        nation = getattr(event.data, "nation", None) or key.nation
        if key.role != "official" or key.nation != nation:
            raise errors.NotAllowed(f"this is for the official of {nation} to sign", field="key_id")

    def _require_old_and_new(self, event: Event, signed_by: frozenset[str]) -> None:
        self._in_force(event.data.old)
        if not {event.data.old, event.data.registered} <= signed_by:
            raise errors.NotAllowed("a rotation is signed by the key replaced and by its successor", field="signatures")

    def _require_sealer(self, event: Event, signed_by: frozenset[str]) -> None:
        key = self._in_force(event.header.key_id)
        if key.role != "sealer" or key.nation != event.data.nation or event.header.key_id not in signed_by:
            raise errors.NotAllowed("a sealed event is signed by the sealer key of its nation", field="key_id")

    def _require_parties(self, event: Event, signers: str, signed_by: frozenset[str], registry: Registry) -> None:
        nations = {n for n in NATIONS if self._authority_has_signed(n, event, signed_by)}
        header = event.header
        if header.authority not in nations or self._speaker_of(event) != header.key_id or header.key_id not in signed_by:
            raise errors.NotAllowed("is stated by a national authority, under its own key, in its own name", field="authority")
        if signers == "both_nations":
            needed = set(NATIONS)
        elif signers == "either_nation":
            needed = {header.authority}
        else:
            needed = self._owners_nations(event, registry)
        if not needed <= nations:
            missing = ", ".join(sorted(needed - nations))
            raise errors.NotAllowed(
                f"{header.type} needs the signature of the national authority of {missing}", field="signatures"
            )
        if signers == "new_key_and_owner" and event.data.type_code != "10" and event.data.registered not in signed_by:
            raise errors.NotAllowed("the new key has not signed its own registration", field="signatures")

    def _speaker_of(self, event: Event) -> str:
        """The national authority key of the authority that states a registry event."""
        if isinstance(event.data, LedgerOpened):
            return next((k.key_id for k in event.data.authority_keys if k.nation == event.header.authority), "")
        return self.authority_key.get(event.header.authority, "")

    def _authority_has_signed(self, nation: str, event: Event, signed_by: frozenset[str]) -> bool:
        if isinstance(event.data, LedgerOpened):
            return any(k.nation == nation and k.key_id in signed_by for k in event.data.authority_keys)
        key = self.keys.get(self.authority_key.get(nation, ""))
        if key is None or key.until or key.key_id not in signed_by:
            return False
        # A suspended authority key says one thing only: that it agrees to be reinstated.
        return not key.suspended or (isinstance(event.data, KeyReinstated) and event.data.key == key.key_id)

    def _owners_nations(self, event: Event, registry: Registry) -> set[str]:
        """Whose authorities must sign, by the registry of this position; never by what the event says of itself."""
        data = event.data
        if isinstance(data, KeyRegistered):
            return nations_of(owner_nation(data, registry))
        if isinstance(data, AuthorityRegistered):
            return approving(data, registry)
        named = getattr(data, "key", None) or getattr(data, "old", None)
        if named is not None:
            key = self.keys.get(named)
            if key is None:
                raise errors.NotAllowed("no such key is registered", field="data.key")
            return nations_of(key.nation)
        return nations_of(getattr(data, "nation", None) or event.header.authority)

    # -- how the ring changes -------------------------------------------------------------------------------------------

    def require_step(self, event: Event, position: int) -> None:
        """Refuse a key event that does not follow from the ring: raises NotAllowed or Malformed naming the field."""
        data = event.data
        if isinstance(data, LedgerOpened) != (position == 1):
            raise errors.NotAllowed("ledger.opened is the first entry of a log, and only that", field="type")
        if isinstance(data, LedgerOpened) and {k.nation for k in data.authority_keys} != set(NATIONS):
            raise errors.Malformed("one authority key of each nation is needed", field="data.authority_keys")
        for key_id, code, public in named_publics(event):
            if key_id_of(code, public) != key_id:
                raise errors.Malformed("the key id is not SHA-256(type code ‖ public key)", field="data.registered")
            if key_id in self.keys:
                raise errors.NotAllowed("this key is already registered", field="data.registered")
        if isinstance(data, KeyRotated):
            old = self.keys.get(data.old)
            if old is None or old.until:
                raise errors.KeyNotInForce("the key to be rotated is not in force", field="data.old")
            if old.next_key_digest and old.next_key_digest != hashlib.sha256(data.registered.encode()).hexdigest():
                raise errors.NotAllowed("the new key is not the one its predecessor committed to", field="data.registered")
        named = getattr(data, "key", None)
        if event.header.type.startswith("key.") and named is not None and named not in self.keys:
            raise errors.NotAllowed("no such key is registered", field="data.key")

    def apply(self, event: Event, position: int) -> None:
        """Take one admitted event into the ring; events that touch no key leave it alone."""
        data = event.data
        match data:
            case LedgerOpened():
                self.exercise, self.origin = data.exercise, data.origin
                for entry in data.authority_keys:
                    public = base64.b64decode(entry.public_key)
                    self.keys[entry.key_id] = Key(
                        entry.key_id, "01", public, entry.nation, entry.nation, "national_authority", (), position
                    )
                    self.authority_key[entry.nation] = entry.key_id
            case KeyRegistered():
                self._register(data, event, position)
            case KeyRotated():
                old = self.keys[data.old]
                self._change(data.old, until=position + 1, successor=data.registered)
                self.keys[data.registered] = msgspec.structs.replace(
                    old,
                    key_id=data.registered,
                    public=base64.b64decode(data.public_key),
                    since=position,
                    until=0,
                    successor="",
                    next_key_digest=data.next_key_digest or "",
                    suspect_from=0,
                )
                if self.authority_key.get(old.nation) == data.old:
                    self.authority_key[old.nation] = data.registered
            case KeyRevoked():
                self._change(data.key, until=position + 1)
            case KeySuspended():
                self._change(data.key, suspended=True)
            case KeyReinstated():
                self._change(data.key, suspended=False)
            case KeyCompromised():
                self._change(data.key, until=self.keys[data.key].until or position + 1, suspect_from=data.suspect_from_position)
            case KeyReaffirmed():
                self.reaffirmed |= {(data.key, event_id) for event_id in data.events}
            case LedgerFrozen():
                self.frozen = True
            case LedgerThawed():
                self.frozen = False
            case LedgerClosed():
                self.closed = True

    def _register(self, data: KeyRegistered, event: Event, position: int) -> None:
        nation = data.nation or OPERATOR  # admission held it against the registry
        self.keys[data.registered] = Key(
            data.registered,
            data.type_code,
            base64.b64decode(data.public_key),
            data.owner,
            nation,
            data.role,
            data.may_append or (SEALER_TYPES if data.role == "sealer" else ()),
            position,
            next_key_digest=data.next_key_digest or "",
        )

    def _change(self, key_id: str, **what: object) -> None:
        self.keys[key_id] = msgspec.structs.replace(self.keys[key_id], **what)


def _require_centre(event: Event, registry: Registry) -> None:
    if registry.nation_of(event.header.authority) != JOINT:
        raise errors.NotAllowed(f"{event.header.type} is for the joint centre to state", field="authority")


def named_publics(event: Event) -> Iterable[tuple[str, str, bytes]]:
    """Key ids an event itself introduces, each with its type code and public key, so that its signatures can be verified."""
    data = event.data
    if isinstance(data, LedgerOpened):
        return [(k.key_id, "01", base64.b64decode(k.public_key)) for k in data.authority_keys]
    if isinstance(data, KeyRegistered | KeyRotated):
        return [(data.registered, data.type_code, base64.b64decode(data.public_key))]
    return []
