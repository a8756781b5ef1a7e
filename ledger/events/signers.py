"""Who must have signed an event: held against the key ring and the registry of its position.

`require_signers` is asked in the same words by admission, by verification and by whoever opens a sealed event. Clauses:
domain.md section 2, check 2; formats.md section 8. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set

from ledger import errors
from ledger.events.approvals import NATIONS, approving, nations_of, owner_nation
from ledger.events.base import Event, EventType, Header
from ledger.events.key_types import KeyRegistered, KeyReinstated, LedgerOpened
from ledger.events.keys import EVENT_KEY, JOINT, NATIONAL_AUTHORITY, Key, KeyRing
from ledger.events.national import nation_of_log
from ledger.events.registry import Registry
from ledger.events.registry_types import AuthorityRegistered

AUTHORS = ("service", "officer", "official", NATIONAL_AUTHORITY)
# What a frozen ledger still records: holds, keys (those of the log and its cosigners too) and corrections, and its own end.
FAMILIES_WHILE_FROZEN = ("hold.", "key.", "correction.")
TYPES_WHILE_FROZEN = ("policy.adopted", "ledger.thawed", "ledger.closed")


def require_signers(ring: KeyRing, event: Event, row: EventType, signed_by: Set[str], registry: Registry) -> None:
    """Refuse an event unless the log takes it and the keys its type asks for have signed it and are in force here.

    `signed_by` holds key ids whose signatures over the payload have been verified. Raises NotAllowed, KeyNotInForce or
    LedgerFrozen.
    """
    require_open(ring, event.header)
    RULES_OF_SIGNERS[row.signers](ring, event, row, signed_by, registry)


def require_open(ring: KeyRing, header: Header) -> None:
    """Refuse what a closed or frozen log does not take, and what is made out to another. Raises LedgerFrozen or NotAllowed."""
    if ring.closed:
        raise errors.LedgerFrozen("this log is closed", remedy="append to its successor")
    if ring.frozen and not (header.type.startswith(FAMILIES_WHILE_FROZEN) or header.type in TYPES_WHILE_FROZEN):
        raise errors.LedgerFrozen(remedy="wait until both nations thaw the ledger")
    if ring.origin and header.origin != ring.origin:
        raise errors.NotAllowed("the event is made out to another log", field="origin", remedy=f"this log is {ring.origin}")


# -- one key speaks ---------------------------------------------------------------------------------------------------------


def _author(ring: KeyRing, event: Event, row: EventType, signed_by: Set[str], registry: Registry) -> None:
    header = event.header
    key = _speaking(ring, header.key_id, signed_by)
    if key.role not in AUTHORS:
        raise errors.NotAllowed(f"a {key.role} key states no events of its own", field="key_id")
    if key.role == NATIONAL_AUTHORITY and not registry.is_of_nation(header.authority, key.nation):
        raise errors.NotAllowed("a national authority key speaks for its own nation's authorities", field="authority")
    if key.role != NATIONAL_AUTHORITY and key.owner != header.authority:
        raise errors.NotAllowed(f"this key belongs to {key.owner}", field="authority", remedy=f"state it as {key.owner}")
    _require_in_scope(key, header)


def _official(ring: KeyRing, event: Event, row: EventType, signed_by: Set[str], registry: Registry) -> None:
    _author(ring, event, row, signed_by, registry)
    key = ring.keys[event.header.key_id]
    nation = getattr(event.data, "nation", None) or key.nation
    if key.role != "official" or key.nation != nation:
        raise errors.NotAllowed(f"this is for the official of {nation} to sign", field="key_id")


def _centre(ring: KeyRing, event: Event, row: EventType, signed_by: Set[str], registry: Registry) -> None:
    _author(ring, event, row, signed_by, registry)
    if registry.nation_of(event.header.authority) != JOINT:
        raise errors.NotAllowed(f"{event.header.type} is for the joint centre to state", field="authority")


def _sealer(ring: KeyRing, event: Event, row: EventType, signed_by: Set[str], registry: Registry) -> None:
    key = _speaking(ring, event.header.key_id, signed_by)
    if key.role != "sealer" or key.nation != event.data.nation:
        raise errors.NotAllowed("a sealed event is signed by the sealer key of its nation", field="key_id")
    _require_in_scope(key, event.header)


def _speaking(ring: KeyRing, key_id: str, signed_by: Set[str]) -> Key:
    """The key a payload names, where it has signed and is in force.

    What was spooled before a key ended may be signed again, under the same id, by its newest successor or by its national
    authority (`KeyRing.is_relayed` tells which). Raises KeyNotInForce or NotAllowed.
    """
    named = ring.keys.get(key_id)
    if named is not None and named.until:
        *_, newest = named, *ring.heirs(key_id)
        authority = ring.keys.get(ring.authority_key.get(named.nation, ""))
        if any(k is not None and k.in_force and k.key_id in signed_by for k in (newest, authority)):
            return named
    key = require_key_in_force(ring, key_id)
    if key_id not in signed_by:
        raise errors.NotAllowed("the key named in the payload has not signed it", field="key_id")
    return key


def require_key_in_force(ring: KeyRing, key_id: str, field: str = "key_id") -> Key:
    """The registered key of this id. Raises KeyNotInForce where there is none, it has ended or is suspended."""
    key = ring.keys.get(key_id)
    if key is None:
        raise errors.KeyNotInForce("this key is not registered", field=field, remedy="entente key register")
    if key.until:
        raise errors.KeyNotInForce("this key is revoked or rotated", field=field, remedy="sign with its successor")
    if key.suspended:
        raise errors.KeyNotInForce("this key is suspended", field=field, remedy="both nations must reinstate it")
    return key


def _require_in_scope(key: Key, header: Header) -> None:
    if not key.may_say(header.type):
        raise errors.NotAllowed(f"this key may not state {header.type}", field="type", remedy="use another key")


# -- several parties speak --------------------------------------------------------------------------------------------------


def _old_and_new_key(ring: KeyRing, event: Event, row: EventType, signed_by: Set[str], registry: Registry) -> None:
    header, data = event.header, event.data
    old = require_key_in_force(ring, data.old, "data.old")
    if not {data.old, data.registered} <= signed_by:
        raise errors.NotAllowed("a rotation is signed by the key replaced and by its successor", field="signatures")
    if header.key_id != data.old or header.authority != old.owner:
        raise errors.NotAllowed("a rotation is stated by the owner of the key, under the key that is replaced", field="key_id")


def _both_nations(ring: KeyRing, event: Event, row: EventType, signed_by: Set[str], registry: Registry) -> None:
    _require_nations(ring, event, signed_by, set(NATIONS))


def _either_nation(ring: KeyRing, event: Event, row: EventType, signed_by: Set[str], registry: Registry) -> None:
    _require_nations(ring, event, signed_by, {event.header.authority})


def _owner_nation(ring: KeyRing, event: Event, row: EventType, signed_by: Set[str], registry: Registry) -> None:
    _require_nations(ring, event, signed_by, _nations_concerned(ring, event, registry))


def _new_key_and_owner(ring: KeyRing, event: Event, row: EventType, signed_by: Set[str], registry: Registry) -> None:
    _require_nations(ring, event, signed_by, _nations_concerned(ring, event, registry))
    if event.data.type_code == EVENT_KEY and event.data.registered not in signed_by:
        raise errors.NotAllowed("the new key has not signed its own registration", field="signatures")


def _require_nations(ring: KeyRing, event: Event, signed_by: Set[str], needed: set[str]) -> None:
    """The national authorities of these nations have signed, and one of them states it under its own key."""
    header = event.header
    signing = {nation for nation in NATIONS if _authority_has_signed(ring, nation, event, signed_by)}
    alone = nation_of_log(header.origin)
    needed = {alone} if alone else needed
    if header.authority not in signing or header.key_id not in _keys_of_authority(ring, event):
        raise errors.NotAllowed("is stated by a national authority, under its own key, in its own name", field="authority")
    if not needed <= signing:
        missing = ", ".join(sorted(needed - signing))
        raise errors.NotAllowed(f"{header.type} needs the signature of the national authority of {missing}", field="signatures")


def _keys_of_authority(ring: KeyRing, event: Event) -> set[str]:
    """Under which key ids the stating authority may say it: its key, or one that its key succeeded since it was spooled."""
    authority = event.header.authority
    if isinstance(event.data, LedgerOpened):
        return {key.key_id for key in event.data.authority_keys if key.nation == authority}
    return {key.key_id for key in ring.keys.values() if (key.owner, key.role) == (authority, NATIONAL_AUTHORITY)}


def _authority_has_signed(ring: KeyRing, nation: str, event: Event, signed_by: Set[str]) -> bool:
    if isinstance(event.data, LedgerOpened):
        return any(key.nation == nation and key.key_id in signed_by for key in event.data.authority_keys)
    key = ring.keys.get(ring.authority_key.get(nation, ""))
    if key is None or key.until or key.key_id not in signed_by:
        return False
    # A suspended authority key says one thing only: that it agrees to be reinstated.
    return not key.suspended or (isinstance(event.data, KeyReinstated) and event.data.key == key.key_id)


def _nations_concerned(ring: KeyRing, event: Event, registry: Registry) -> set[str]:
    """Whose authorities must sign, by the registry of this position; never by what the event says of itself."""
    data = event.data
    if isinstance(data, KeyRegistered):
        return nations_of(owner_nation(data, registry))
    if isinstance(data, AuthorityRegistered):
        return approving(data, registry)
    named = getattr(data, "key", None)
    if named is not None:
        key = ring.keys.get(named)
        if key is None:
            raise errors.NotAllowed("no such key is registered", field="data.key")
        return nations_of(key.nation)
    return nations_of(getattr(data, "nation", None) or event.header.authority)


Rule = Callable[[KeyRing, Event, EventType, Set[str], Registry], None]
RULES_OF_SIGNERS: Mapping[str, Rule] = {
    "author": _author,
    "official": _official,
    "centre": _centre,
    "sealer": _sealer,
    "old_and_new_key": _old_and_new_key,
    "both_nations": _both_nations,
    "either_nation": _either_nation,
    "owner_nation": _owner_nation,
    "new_key_and_owner": _new_key_and_owner,
}
"""base.SIGNERS says the same in words; a test holds that none is missing."""
