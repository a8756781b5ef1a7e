"""What a bundle's verifier reads of an event, and nothing else: so every verifier, whatever it knows of types, says the same.

The header is that of docs/format.md, section 1. Of `data` only what 9.1, 9.2 and 8.4 read is looked at, by the type's name and
whatever its schema; the rest is its author's affair, and newer versions may add to it. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from ledger import errors
from ledger.events import key_types
from ledger.events.approvals import NATIONS
from ledger.events.base import NEWEST, Data, Event, Header, Nation, Regime, SectionCommitment
from ledger.events.key_types import Base64, KeyId, KeyRole, Position, TypeCode
from ledger.events.keys import KeyRing, named_publics
from ledger.events.registry import Registry
from ledger.events.registry_types import AuthorityRegistered, IndexCommitted, PolicyAdopted
from ledger.events.signers import require_signers
from ledger.events.stating import IDENTIFIER, SALT, UUID7
from ledger.events.values import Identifier, Origin, Sha256
from ledger.evidence.sealed import INNER, SEALED
from ledger.formats import envelope, strict
from ledger.formats.entry import parse_instant

Size = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Stated(msgspec.Struct, frozen=True, gc=False):
    """The fields of a payload that a verifier reads (docs/format.md, sections 1 and 5); others are passed over."""

    id: str
    origin: str
    type: str
    schema: Annotated[int, Meta(ge=1)]
    stream: str
    occurred_at: str
    authority: str
    key_id: Annotated[str, Meta(pattern=envelope.KEY_ID_PATTERN)]
    salt: str
    regime: Regime
    releasable_to: Annotated[tuple[Nation, ...], Meta(min_length=1, max_length=2)]
    data: msgspec.Raw
    sections: Annotated[tuple[SectionCommitment, ...], Meta(max_length=16)] = ()
    expected_version: Any = None


class _OfNation(msgspec.Struct, frozen=True):
    nation: Literal["GB", "FR", "JOINT"]


class _OfOneNation(msgspec.Struct, frozen=True):
    nation: Nation


class _OfOfficial(msgspec.Struct, frozen=True):
    nation: Nation | None = None


class _AuthorityKey(msgspec.Struct, frozen=True):
    nation: Nation
    key_id: KeyId
    public_key: Base64


class _Predecessor(msgspec.Struct, frozen=True):
    open_streams: dict[str, Position] | None = None


class _Opened(msgspec.Struct, frozen=True):
    origin: Origin
    exercise: bool
    authority_keys: tuple[_AuthorityKey, ...]
    predecessor: _Predecessor | None = None


class _Closed(msgspec.Struct, frozen=True):
    successor: Origin | None = None


class _Key(msgspec.Struct, frozen=True):
    key: KeyId


class _Compromised(_Key, frozen=True):
    suspect_from_position: Position


class _Registered(msgspec.Struct, frozen=True):
    registered: KeyId
    type_code: TypeCode
    public_key: Base64
    owner: Identifier
    role: KeyRole
    may_append: tuple[str, ...] | None = None
    next_key_digest: KeyId | None = None
    nation: Nation | None = None
    attested: bool | None = None


class _Rotated(msgspec.Struct, frozen=True):
    old: KeyId
    registered: KeyId
    type_code: TypeCode
    public_key: Base64
    next_key_digest: KeyId | None = None


class _Authority(msgspec.Struct, frozen=True):
    code: Identifier
    nation: Literal["GB", "FR", "OPERATOR", "JOINT"]
    part_of: Identifier | None = None


class _Policy(msgspec.Struct, frozen=True):
    sha256: Sha256
    from_size: Size


class _Index(msgspec.Struct, frozen=True):
    size: Size
    root: Sha256


class _Nothing(msgspec.Struct, frozen=True):
    pass


def _opened(read: _Opened) -> key_types.LedgerOpened:
    keys = tuple(key_types.AuthorityKey(key.nation, key.key_id, key.public_key) for key in read.authority_keys)
    carried = None if read.predecessor is None else read.predecessor.open_streams or {}
    predecessor = None if carried is None else key_types.Predecessor("", 1, "", carried)
    return key_types.LedgerOpened(
        origin=read.origin, exercise=read.exercise, rules=1, authority_keys=keys, predecessor=predecessor
    )


def _registered(read: _Registered) -> key_types.KeyRegistered:
    return key_types.KeyRegistered(**{**msgspec.structs.asdict(read), "may_append": read.may_append or ()})


def _same(data_class: type[Data], **unread: Any) -> Callable[[Any], Data]:
    """The typed data of what was read; `unread` stands in for members that nothing here looks at."""
    return lambda read: data_class(**msgspec.structs.asdict(read), **unread)


def _itself(read: Any) -> Any:
    return read


# By type: what is read, and the form in which the rules know it. Of types that are not here they read nothing.
READ: Mapping[str, tuple[type[msgspec.Struct], Callable[[Any], Any]]] = {
    "authority.registered": (_Authority, _same(AuthorityRegistered, name="")),
    "index.committed": (_Index, _same(IndexCommitted)),
    "key.compromised": (_Compromised, _same(key_types.KeyCompromised)),
    "key.reaffirmed": (_Key, _same(key_types.KeyReaffirmed, events=())),
    "key.registered": (_Registered, _registered),
    "key.reinstated": (_Key, _same(key_types.KeyReinstated)),
    "key.revoked": (_Key, _same(key_types.KeyRevoked)),
    "key.rotated": (_Rotated, _same(key_types.KeyRotated)),
    "key.suspended": (_Key, _same(key_types.KeySuspended)),
    "ledger.closed": (_Closed, _same(key_types.LedgerClosed)),
    "ledger.frozen": (_Nothing, _same(key_types.LedgerFrozen)),
    "ledger.opened": (_Opened, _opened),
    "ledger.thawed": (_Nothing, _same(key_types.LedgerThawed)),
    "mandate.ended": (_OfNation, _itself),
    "mandate.granted": (_OfNation, _itself),
    "policy.adopted": (_Policy, _same(PolicyAdopted)),
    "report.issued": (_OfOfficial, _itself),
    "report.observation": (_OfOfficial, _itself),
    "role.ended": (_OfNation, _itself),
    "role.granted": (_OfNation, _itself),
    "ruleset.adopted": (_OfOneNation, _itself),
    "sealed.recorded": (_OfOneNation, _itself),
}
_DECODERS = {name: msgspec.json.Decoder(read).decode for name, (read, _) in READ.items()}
_decode_header = msgspec.json.Decoder(Stated).decode
# The row of any type that its author states alone.
AUTHORED = "annotation.added"


def read_event(payload: bytes) -> Event:
    """The event as the rules read it: its header is a `Stated`, its data what they look at, None where they look at nothing.

    Raises Malformed or TooLarge where the payload is not of section 1, or what is read is missing or not of its form.
    """
    strict.check(payload)
    try:
        stated = _decode_header(payload)
        _check_header(stated)
        event = Event(cast(Header, stated), _read_data(stated))  # the rules read these fields of a header, and no others
        list(named_publics(event))  # refuses keys that are no base64
        if stated.type == SEALED:
            _check_outside(stated, event.data.nation)
    except msgspec.DecodeError as wrong:
        raise errors.Malformed(str(wrong)) from None
    return event


def _check_header(stated: Stated) -> None:
    for field in (stated.stream, stated.authority):
        if not IDENTIFIER(field):
            raise errors.Malformed("not an identifier")
    if not UUID7(stated.id) or not SALT(stated.salt):
        raise errors.Malformed("id or salt is not of its form")
    parse_instant(stated.occurred_at)
    if not bytes(stated.data).startswith(b"{"):
        raise errors.Malformed("is no object", field="data")


def _check_outside(stated: Stated, nation: str) -> None:
    """What both nations see of a sealed event: that it is one nation's alone, and one section."""
    if stated.releasable_to != (nation,) or [section.name for section in stated.sections] != [INNER]:
        raise errors.Malformed("what is sealed is for its nation alone, in one section `inner`")


def _read_data(stated: Stated) -> Any:
    if stated.type not in READ:
        return None
    _, make = READ[stated.type]
    return make(_DECODERS[stated.type](stated.data))


def require_signed(event: Event, signed_by: Set[str], ring: KeyRing, registry: Registry) -> None:
    """Refuse an event unless the log takes it and those have signed who must, by its type's name alone (9.1).

    Of a type that is not known here that is its author. Raises a refusal of the tree.
    """
    if isinstance(event.data, key_types.LedgerOpened | key_types.KeyRegistered):
        event.data.check()
    if isinstance(event.data, key_types.LedgerOpened) and len(event.data.authority_keys) != len(NATIONS):
        raise errors.NotAllowed("a log is opened with one authority key for each nation", field="data.authority_keys")
    row = NEWEST.get(event.header.type, NEWEST[AUTHORED])
    require_signers(ring, event, row, signed_by, registry)
