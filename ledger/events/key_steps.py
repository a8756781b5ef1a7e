"""Which event about keys, the log itself or its policy may follow which: the lives of keys, as steps by position.

Unlike a fact about people, such an event is refused where it does not follow. Clause: formats.md section 8. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from ledger import errors
from ledger.events.approvals import NATIONS
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
    LedgerOpened,
    LedgerThawed,
)
from ledger.events.keys import EVENT_KEY, NATIONAL_AUTHORITY, Key, KeyRing, named_publics
from ledger.events.national import nation_of_log
from ledger.events.registry import Registry
from ledger.events.registry_types import PolicyAdopted
from ledger.events.signers import require_key_in_force
from ledger.formats import keys, sealing


def require_key_step(ring: KeyRing, event: Event, position: int, registry: Registry) -> None:
    """Refuse an event at this position that does not follow from the keys, the freeze and the policies in front of it.

    Raises NotAllowed, KeyNotInForce, NotInThisState, Malformed or WeakKey naming the field.
    """
    data = event.data
    if isinstance(data, LedgerOpened) != (position == 1):
        raise errors.NotAllowed("ledger.opened is the first entry of a log, and only that", field="type")
    for key_id, type_code, public in named_publics(event):
        _require_public(key_id, int(type_code, 16), public)
        if key_id in ring.keys:
            raise errors.NotAllowed("this key is already registered", field="data.registered")
    rule = STEPS.get(type(data))
    if rule is not None:
        rule(ring, event, position, registry)


def _require_public(key_id: str, type_code: int, public: bytes) -> None:
    """The bytes are a key of this type that only its holder can sign under, and the id is theirs. Raises Malformed, WeakKey."""
    try:
        made = keys.key_id(type_code, public)
        if type_code == keys.ED25519_EVENT:
            keys.require_strong(public)
        elif type_code == keys.P256_DOCUMENT:
            keys.require_point(public)
        else:
            sealing.require_sealing_key(public)
    except errors.EntenteError as wrong:
        wrong.field = "data.public_key"
        raise
    if made != key_id:
        raise errors.Malformed("the key id is not SHA-256(type code ‖ public key)", field="data.registered")


def _opened(ring: KeyRing, event: Event, position: int, registry: Registry) -> None:
    alone = nation_of_log(event.data.origin)
    if event.header.authority != (alone or NATIONS[0]):
        whose = f"of {alone}" if alone else f"of {NATIONS[0]}, and signed by both"
        raise errors.NotAllowed(f"this log is opened in the name {whose}", field="authority")
    if event.data.origin != event.header.origin:
        raise errors.NotAllowed("a log is opened under its own name", field="data.origin")


def _rotated(ring: KeyRing, event: Event, position: int, registry: Registry) -> None:
    data = event.data
    old = require_key_in_force(ring, data.old, "data.old")
    if old.type_code != data.type_code:
        raise errors.NotAllowed(f"the successor is of type {old.type_code} too", field="data.type_code")
    if old.next_key_digest and old.next_key_digest != hashlib.sha256(data.registered.encode()).hexdigest():
        raise errors.NotAllowed("the new key is not the one its predecessor committed to", field="data.registered")


def _revoked(ring: KeyRing, event: Event, position: int, registry: Registry) -> None:
    key = _named(ring, event)
    if key.until:
        raise errors.KeyNotInForce(f"this key ended at position {key.until - 1}", field="data.key")
    _require_no_mute_nation(key)


def _compromised(ring: KeyRing, event: Event, position: int, registry: Registry) -> None:
    key, suspect_from = _named(ring, event), event.data.suspect_from_position
    if suspect_from > position:
        raise errors.NotAllowed(f"nothing is recorded at position {suspect_from} yet", field="data.suspect_from_position")
    if key.suspect_from and suspect_from >= key.suspect_from:
        raise errors.NotAllowed(
            f"this key is in doubt from position {key.suspect_from} on already",
            field="data.suspect_from_position",
            remedy="stand by single events with key.reaffirmed",
        )
    if not key.until:
        _require_no_mute_nation(key)


def _require_no_mute_nation(key: Key) -> None:
    """Without its authority key a nation could neither register a key nor agree to anything, the end of the log included."""
    if key.role == NATIONAL_AUTHORITY:
        raise errors.NotAllowed(
            "a national authority key ends by rotation only",
            field="data.key",
            remedy="rotate it first (key.rotated), then say this of the old one; until then either nation may suspend it",
        )


def _reaffirmed(ring: KeyRing, event: Event, position: int, registry: Registry) -> None:
    if not _named(ring, event).suspect_from:
        raise errors.NotInThisState("this key was never reported compromised", field="data.key")


def _suspended(ring: KeyRing, event: Event, position: int, registry: Registry) -> None:
    require_key_in_force(ring, event.data.key, "data.key")


def _reinstated(ring: KeyRing, event: Event, position: int, registry: Registry) -> None:
    key = _named(ring, event)
    if key.until or not key.suspended:
        raise errors.NotInThisState("this key is not suspended", field="data.key")


def _thawed(ring: KeyRing, event: Event, position: int, registry: Registry) -> None:
    if not ring.frozen:
        raise errors.NotInThisState("the ledger is not frozen", field="type")


def _closed(ring: KeyRing, event: Event, position: int, registry: Registry) -> None:
    if event.data.successor == ring.origin:
        raise errors.NotAllowed("a log does not succeed itself", field="data.successor", remedy="name the new log's origin")


def _registered(ring: KeyRing, event: Event, position: int, registry: Registry) -> None:
    data = event.data
    if data.type_code != EVENT_KEY and not data.attested:
        raise errors.NotAllowed(
            f"a {data.role} key signs no event: its authority attests that its holder answered a challenge",
            field="data.attested",
            remedy="entente key challenge, then entente key answer",
        )


def _policy_adopted(ring: KeyRing, event: Event, position: int, registry: Registry) -> None:
    """A policy governs what comes, never what is signed already; only the first may say what held from the start."""
    data = event.data
    if not registry.policies and data.from_size <= 1:
        return
    if data.from_size < position:
        raise errors.NotAllowed(
            f"the log has {position - 1} entries already, checked under another policy",
            field="data.from_size",
            remedy=f"say {position} or more",
        )
    if registry.policies and data.from_size <= registry.policies[-1].from_size:
        raise errors.NotAllowed("an earlier policy is adopted from a later size", field="data.from_size")


def _named(ring: KeyRing, event: Event) -> Key:
    key = ring.keys.get(event.data.key)
    if key is None:
        raise errors.NotAllowed("no such key is registered", field="data.key")
    return key


Step = Callable[[KeyRing, Event, int, Registry], None]
STEPS: Mapping[type, Step] = {
    LedgerOpened: _opened,
    LedgerThawed: _thawed,
    LedgerClosed: _closed,
    KeyRegistered: _registered,
    KeyRotated: _rotated,
    KeyRevoked: _revoked,
    KeyCompromised: _compromised,
    KeyReaffirmed: _reaffirmed,
    KeySuspended: _suspended,
    KeyReinstated: _reinstated,
    PolicyAdopted: _policy_adopted,
}
