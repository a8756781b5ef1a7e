"""The key ring: which keys there are, who they speak for and where in the log each begins and ends.

Validity goes by position in the log, never by a clock. `KeyRing.apply` is fed every event that touches keys, in log order; a
past ring is the ring fed up to there. Who must have signed what is in signers.py, which key event may follow which in
key_steps.py. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

import msgspec

from ledger import errors
from ledger.events.base import Event
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
from ledger.formats.armour import decode64

OPERATOR = "OPERATOR"
JOINT = "JOINT"
EVENT_KEY, SEALING_KEY, DOCUMENT_KEY = "01", "10", "11"
NATIONAL_AUTHORITY = "national_authority"
SEALER_TYPES = ("sealed.recorded",)


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

    @property
    def in_force(self) -> bool:
        """Whether it may sign now."""
        return not self.until and not self.suspended

    def has_ended(self, position: int) -> bool:
        """Whether it had ended at a position."""
        return 0 < self.until <= position

    def may_say(self, type_name: str) -> bool:
        """Whether the key's scope covers a type; an empty scope covers every ordinary type."""
        if not self.may_append:
            return True
        return any(type_name == s or (s.endswith(".*") and type_name.startswith(s[:-1])) for s in self.may_append)


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

    # -- what is asked of it --------------------------------------------------------------------------------------------

    def public(self, key_id: str) -> bytes | None:
        """The public key a key id stands for, in force or not: key ids are digests, so this never changes once known."""
        key = self.keys.get(key_id)
        return key.public if key is not None and key.type_code == EVENT_KEY else None

    def of(self, owner: str, role: str, type_code: str = EVENT_KEY) -> list[Key]:
        """Keys in force of an owner in a role."""
        return [k for k in self.keys.values() if (k.owner, k.role, k.type_code, k.until) == (owner, role, type_code, 0)]

    def sealing_key(self, nation: str) -> Key | None:
        """The newest sealing key in force of a nation."""
        found = [key for key in self.of(nation, "sealing", SEALING_KEY) if key.in_force]
        return found[-1] if found else None

    def heirs(self, key_id: str) -> Iterator[Key]:
        """The successors of a key, one after the other, each once: a log that nobody admitted may run in circles."""
        key, seen = self.keys.get(key_id), {key_id}
        while key is not None and key.successor and key.successor not in seen:
            seen.add(key.successor)
            key = self.keys.get(key.successor)
            if key is not None:
                yield key

    def is_disputed(self, key_id: str, event_id: str, position: int) -> bool:
        """Whether an event that names a key reported compromised stands where it is in doubt, and nobody reaffirmed it since.

        That another key signed it in this one's place changes nothing: who vouches for what it says, reaffirms it.
        """
        key = self.keys.get(key_id)
        return bool(key and key.suspect_from and position >= key.suspect_from and (key_id, event_id) not in self.reaffirmed)

    def is_relayed(self, key_id: str, signed_by: Set[str], position: int) -> bool:
        """Whether the national authority alone vouches for an event: the key it names had ended, and no successor signed.

        The mark stands in no field. It follows from the entry's signature lines and from the keys in front of it.
        """
        named = self.keys.get(key_id)
        if named is None or not named.has_ended(position) or any(heir.key_id in signed_by for heir in self.heirs(key_id)):
            return False
        signers = (self.keys.get(signer) for signer in signed_by)
        return any(k is not None and (k.role, k.nation) == (NATIONAL_AUTHORITY, named.nation) for k in signers)

    # -- how it changes -------------------------------------------------------------------------------------------------

    def apply(self, event: Event, position: int) -> None:
        """Take one admitted event into the ring; events that touch no key leave it alone.

        Raises KeyError or Malformed for one that nobody admitted.
        """
        data = event.data
        match data:
            case LedgerOpened():
                self._open(data, position)
            case KeyRegistered():
                self._register(data, position)
            case KeyRotated():
                self._rotate(data, position)
            case KeyRevoked():
                self._change(data.key, until=self.keys[data.key].until or position + 1)
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

    def _open(self, data: LedgerOpened, position: int) -> None:
        self.exercise, self.origin = data.exercise, data.origin
        for entry in data.authority_keys:
            public = _public(entry.public_key)
            self.keys[entry.key_id] = Key(
                entry.key_id, EVENT_KEY, public, entry.nation, entry.nation, NATIONAL_AUTHORITY, (), position
            )
            self.authority_key[entry.nation] = entry.key_id

    def _register(self, data: KeyRegistered, position: int) -> None:
        nation = data.nation or OPERATOR  # admission held it against the registry
        self.keys[data.registered] = Key(
            data.registered,
            data.type_code,
            _public(data.public_key),
            data.owner,
            nation,
            data.role,
            data.may_append or (SEALER_TYPES if data.role == "sealer" else ()),
            position,
            next_key_digest=data.next_key_digest or "",
        )

    def _rotate(self, data: KeyRotated, position: int) -> None:
        old = self.keys[data.old]
        self._change(data.old, until=position + 1, successor=data.registered)
        self.keys[data.registered] = msgspec.structs.replace(
            old,
            key_id=data.registered,
            public=_public(data.public_key),
            since=position,
            until=0,
            suspended=False,
            successor="",
            next_key_digest=data.next_key_digest or "",
            suspect_from=0,
        )
        if self.authority_key.get(old.nation) == data.old:
            self.authority_key[old.nation] = data.registered

    def _change(self, key_id: str, **what: object) -> None:
        self.keys[key_id] = msgspec.structs.replace(self.keys[key_id], **what)


def named_publics(event: Event) -> Iterable[tuple[str, str, bytes]]:
    """Key ids an event itself introduces, each with its type code and public key, so that its signatures can be verified.

    Nobody has said yet that an id is that of its key (`key_steps` does). Raises Malformed.
    """
    data = event.data
    if isinstance(data, LedgerOpened):
        return [(k.key_id, EVENT_KEY, _public(k.public_key)) for k in data.authority_keys]
    if isinstance(data, KeyRegistered | KeyRotated):
        return [(data.registered, data.type_code, _public(data.public_key))]
    return []


def _public(text: str) -> bytes:
    try:
        return decode64(text)
    except errors.Malformed as wrong:
        wrong.field = "data.public_key"
        raise
