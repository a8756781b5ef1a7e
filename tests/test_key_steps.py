"""The lives of keys, step by step: each step that does not follow is refused, and the refusal names the field."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ledger import errors
from ledger.events import approvals
from ledger.events.base import Event
from ledger.events.key_steps import require_key_step
from ledger.events.key_types import (
    AuthorityKey,
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
from ledger.events.keys import KeyRing
from ledger.events.registry import Registry
from ledger.events.registry_types import AuthorityRegistered, PolicyAdopted
from ledger.formats.armour import encode64
from ledger.formats.keys import DocumentKey, SigningKey
from ledger.formats.sealing import SealingKey

ORIGIN = "ledger.example/joint"
GB, FR, BF, BF2, BF3 = (SigningKey(bytes([n]) * 32) for n in range(1, 6))


def said(data: Any, authority: str = "GB", origin: str = ORIGIN) -> Event:
    return Event(cast(Any, SimpleNamespace(authority=authority, origin=origin)), data)


def opened(origin: str = ORIGIN) -> LedgerOpened:
    keys = [AuthorityKey(nation, key.key_id, encode64(key.public)) for nation, key in (("GB", GB), ("FR", FR))]  # type: ignore[arg-type]
    return LedgerOpened(origin=origin, exercise=True, rules=1, authority_keys=tuple(keys))


def registered(key: Any = BF, code: Any = "01", role: Any = "service", **more: Any) -> KeyRegistered:
    what = {"owner": "BF", "nation": "GB", **more}
    return KeyRegistered(registered=key.key_id, type_code=code, public_key=encode64(key.public), role=role, **what)


def rotated(old: SigningKey = BF, new: Any = BF2, code: Any = "01") -> KeyRotated:
    return KeyRotated(old=old.key_id, registered=new.key_id, type_code=code, public_key=encode64(new.public))


def ring_of(*more: Any) -> tuple[KeyRing, Registry, int]:
    """The ring after an opening, a service's key, and what is said beside; the registry, and the next position."""
    ring, registry = KeyRing(), Registry()
    for position, data in enumerate((opened(), registered(), *more), 1):
        ring.apply(said(data), position)
    return ring, registry, len(more) + 3


def adopted(*sizes: int) -> Registry:
    registry = Registry()
    for size in sizes:
        registry.policies = (*registry.policies, cast(Any, SimpleNamespace(sha256="0" * 64, from_size=size)))
    return registry


def refusal(data: Any, *before: Any, position: int = 0, registry: Registry | None = None, **header: Any) -> Any:
    ring, own, following = ring_of(*before)
    with pytest.raises(errors.EntenteError) as refused:
        require_key_step(ring, said(data, **header), position or following, registry or own)
    return type(refused.value), refused.value.field


def accepted(data: Any, *before: Any, position: int = 0, registry: Registry | None = None, **header: Any) -> None:
    ring, own, following = ring_of(*before)
    require_key_step(ring, said(data, **header), position or following, registry or own)


NOT_ALLOWED, ENDED, NOT_NOW = errors.NotAllowed, errors.KeyNotInForce, errors.NotInThisState
REVOKED, SUSPENDED = KeyRevoked(key=BF.key_id), KeySuspended(key=BF.key_id)
IN_DOUBT = KeyCompromised(key=BF.key_id, suspect_from_position=2)


def test_a_log_is_opened_once_at_its_first_entry_and_under_its_own_name() -> None:
    ring, registry = KeyRing(), Registry()
    require_key_step(ring, said(opened()), 1, registry)
    for data, position, authority, origin, field in (
        (opened(), 2, "GB", ORIGIN, "type"),
        (LedgerFrozen(), 1, "GB", ORIGIN, "type"),
        (opened(), 1, "FR", ORIGIN, "authority"),
        (opened("other.example/joint"), 1, "GB", ORIGIN, "data.origin"),
    ):
        with pytest.raises(NOT_ALLOWED) as refused:
            require_key_step(ring, said(data, authority, origin), position, registry)
        assert refused.value.field == field
    own = f"{ORIGIN}/access/FR/2015-08"
    one = LedgerOpened(origin=own, exercise=True, rules=1, authority_keys=(AuthorityKey("FR", FR.key_id, encode64(FR.public)),))
    require_key_step(ring, said(one, "FR", own), 1, registry)
    with pytest.raises(NOT_ALLOWED):
        require_key_step(ring, said(one, "GB", own), 1, registry)


def test_a_key_is_registered_once_and_is_what_its_id_says() -> None:
    accepted(registered(BF2))
    assert refusal(registered(BF)) == (NOT_ALLOWED, "data.registered")
    other = KeyRegistered(
        registered=BF3.key_id, type_code="01", public_key=encode64(BF2.public), owner="BF", role="service", nation="GB"
    )
    assert refusal(other) == (errors.Malformed, "data.registered")
    for code, public in (("01", bytes(32)), ("01", b"short"), ("10", b"\xff" * 1_216), ("11", b"\x04" + bytes(64))):
        role = {"01": "service", "10": "sealing", "11": "official"}[code]
        weak = KeyRegistered(
            registered="0" * 64, type_code=cast(Any, code), public_key=encode64(public), owner="BF", role=cast(Any, role),
            nation="GB", attested=True,
        )  # fmt: skip
        kind, field = refusal(weak)
        assert issubclass(kind, errors.WeakKey | errors.Malformed) and field == "data.public_key", code


def test_a_key_that_signs_no_event_is_attested() -> None:
    for key, code, role in ((SealingKey(bytes(96)), "10", "sealing"), (DocumentKey.generate(), "11", "official")):
        accepted(registered(key, code, role, attested=True))
        assert refusal(registered(key, code, role)) == (NOT_ALLOWED, "data.attested")
    accepted(registered(BF2))


def test_a_key_is_rotated_while_it_is_in_force_and_to_the_one_it_committed_to() -> None:
    accepted(rotated())
    assert refusal(rotated(BF3, BF2)) == (ENDED, "data.old")
    assert refusal(rotated(), REVOKED) == (ENDED, "data.old")
    assert refusal(rotated(), SUSPENDED) == (ENDED, "data.old")
    assert refusal(rotated(BF, SealingKey(bytes(96)), "10")) == (NOT_ALLOWED, "data.type_code")
    committed = registered(BF2, next_key_digest=hashlib.sha256(BF3.key_id.encode()).hexdigest())
    accepted(rotated(BF2, BF3), committed)
    assert refusal(rotated(BF2, SigningKey(bytes([9]) * 32)), committed) == (NOT_ALLOWED, "data.registered")


def test_a_key_ends_once_and_a_nations_authority_by_rotation_alone() -> None:
    accepted(REVOKED)
    assert refusal(REVOKED, REVOKED) == (ENDED, "data.key")
    assert refusal(KeyRevoked(key="0" * 64)) == (NOT_ALLOWED, "data.key")
    assert refusal(KeyRevoked(key=GB.key_id)) == (NOT_ALLOWED, "data.key")
    assert refusal(KeyCompromised(key=GB.key_id, suspect_from_position=1)) == (NOT_ALLOWED, "data.key")
    accepted(KeyCompromised(key=GB.key_id, suspect_from_position=1), rotated(GB, BF2))


def test_a_key_is_put_in_doubt_from_what_is_recorded_and_only_ever_earlier() -> None:
    accepted(IN_DOUBT)
    ring, registry, position = ring_of()
    require_key_step(ring, said(KeyCompromised(key=BF.key_id, suspect_from_position=position)), position, registry)
    later = KeyCompromised(key=BF.key_id, suspect_from_position=position + 1)
    assert refusal(later) == (NOT_ALLOWED, "data.suspect_from_position")
    for again, is_refused in ((1, False), (2, True), (3, True)):
        data = KeyCompromised(key=BF.key_id, suspect_from_position=again)
        if is_refused:
            assert refusal(data, IN_DOUBT) == (NOT_ALLOWED, "data.suspect_from_position")
        else:
            accepted(data, IN_DOUBT)
    accepted(IN_DOUBT, REVOKED)


def test_only_what_a_key_in_doubt_said_is_reaffirmed() -> None:
    stands_by = KeyReaffirmed(key=BF.key_id, events=("01900000-0000-7000-8000-000000000001",))
    accepted(stands_by, IN_DOUBT)
    assert refusal(stands_by) == (NOT_NOW, "data.key")
    assert refusal(KeyReaffirmed(key="0" * 64, events=stands_by.events)) == (NOT_ALLOWED, "data.key")


def test_a_key_is_suspended_while_in_force_and_reinstated_while_suspended() -> None:
    reinstated = KeyReinstated(key=BF.key_id)
    accepted(SUSPENDED)
    accepted(reinstated, SUSPENDED)
    assert refusal(SUSPENDED, SUSPENDED) == (ENDED, "data.key")
    assert refusal(reinstated) == (NOT_NOW, "data.key")
    assert refusal(reinstated, SUSPENDED, REVOKED) == (NOT_NOW, "data.key")
    assert refusal(KeyReinstated(key="0" * 64)) == (NOT_ALLOWED, "data.key")


def test_a_ledger_is_thawed_while_frozen_and_does_not_succeed_itself() -> None:
    accepted(LedgerThawed(), LedgerFrozen())
    assert refusal(LedgerThawed()) == (NOT_NOW, "type")
    assert refusal(LedgerThawed(), LedgerFrozen(), LedgerThawed()) == (NOT_NOW, "type")
    accepted(LedgerClosed(successor="next.example/joint"))
    accepted(LedgerClosed())
    assert refusal(LedgerClosed(successor=ORIGIN)) == (NOT_ALLOWED, "data.successor")


def test_a_policy_governs_what_comes_and_only_the_first_what_was() -> None:
    def policy(size: int) -> PolicyAdopted:
        return PolicyAdopted(sha256="0" * 64, from_size=size)

    for size in (0, 1, 3, 4):
        accepted(policy(size), position=3, registry=adopted())
    assert refusal(policy(2), position=3, registry=adopted()) == (NOT_ALLOWED, "data.from_size")
    for size, is_refused in ((1, True), (9, True), (15, True), (20, True), (21, False)):
        if is_refused:
            assert refusal(policy(size), position=3, registry=adopted(1, 10, 20)) == (NOT_ALLOWED, "data.from_size")
        else:
            accepted(policy(size), position=3, registry=adopted(1, 10, 20))


# -- whose approval is asked for -------------------------------------------------------------------------------------------


def registry_with(*authorities: tuple[str, str]) -> Registry:
    registry = Registry()
    for code, nation in authorities:
        registry.authorities[code] = cast(Any, SimpleNamespace(nation=nation, path=f"|{code}|"))
    return registry


KNOWN = registry_with(("BF", "GB"), ("PAF", "FR"), ("ET", "OPERATOR"))


def test_a_new_keys_nation_is_that_of_its_owner_as_registered() -> None:
    assert approvals.owner_nation(registered(BF), KNOWN) == "GB"
    assert approvals.owner_nation(registered(BF, owner="ET", nation=None), KNOWN) == "OPERATOR"
    assert approvals.owner_nation(registered(SealingKey(bytes(96)), "10", "sealing", owner="GB"), KNOWN) == "GB"
    assert approvals.owner_nation(registered(BF, "01", "sealer", owner="FR", nation="FR"), KNOWN) == "FR"
    for data, field in (
        (registered(BF, owner="NOBODY"), "data.owner"),
        (registered(BF, nation="FR"), "data.nation"),
        (registered(BF, nation=None), "data.nation"),
        (registered(BF, owner="ET", nation="GB"), "data.nation"),
        (registered(BF, role="national_authority", owner="GB"), "data.role"),
        (registered(BF, role="sealer"), "data.owner"),
        (registered(SealingKey(bytes(96)), "10", "sealing"), "data.owner"),
    ):
        with pytest.raises(NOT_ALLOWED) as refused:
            approvals.owner_nation(data, KNOWN)
        assert refused.value.field == field, data
    with pytest.raises(NOT_ALLOWED) as refused:
        approvals.owner_nation(registered(BF, owner="NOBODY"), KNOWN)
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("code", "nation", "part_of", "needed"),
    [
        ("NEW", "GB", None, {"GB"}),
        ("NEW", "FR", None, {"FR"}),
        ("NEW", "OPERATOR", None, {"GB", "FR"}),
        ("NEW", "JOINT", None, {"GB", "FR"}),
        ("BF", "GB", None, {"GB"}),
        ("BF", "FR", None, {"GB", "FR"}),
        ("ET", "GB", None, {"GB", "FR"}),
        ("NEW", "GB", "BF", {"GB"}),
        ("NEW", "GB", "PAF", {"GB", "FR"}),
        ("NEW", "GB", "ET", {"GB", "FR"}),
    ],
)
def test_an_authority_is_approved_by_every_nation_it_touches(
    code: str, nation: Any, part_of: str | None, needed: set[str]
) -> None:
    data = AuthorityRegistered(code=code, nation=nation, name="x", part_of=part_of)
    assert approvals.approving(data, KNOWN) == needed


def test_a_nation_itself_is_not_registered_nor_part_of_nobody() -> None:
    for code, part_of, field in (("GB", None, "data.code"), ("NEW", "NOBODY", "data.part_of")):
        with pytest.raises(NOT_ALLOWED) as refused:
            approvals.approving(AuthorityRegistered(code=code, nation="GB", name="x", part_of=part_of), KNOWN)
        assert refused.value.field == field
