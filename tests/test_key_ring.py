"""The key ring: which key may sign where, who speaks for whom after it ended, and what a compromise puts in doubt."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from ledger import errors
from ledger.events.base import Event
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
from ledger.events.keys import Key, KeyRing, named_publics
from ledger.formats.armour import encode64
from ledger.formats.keys import DocumentKey, SigningKey
from ledger.formats.sealing import SealingKey

ORIGIN = "ledger.example/joint"


def key(number: int) -> SigningKey:
    return SigningKey(bytes([number]) * 32)


GB, FR, BF, BF2, BF3, SR = (key(n).key_id for n in range(1, 7))


def said(data: Any) -> Event:
    return Event(cast(Any, SimpleNamespace(authority="GB", origin=ORIGIN)), data)


def opened(**more: Any) -> LedgerOpened:
    held = ((nation, key(n)) for nation, n in (("GB", 1), ("FR", 2)))
    told = tuple(AuthorityKey(nation, one.key_id, encode64(one.public)) for nation, one in held)  # type: ignore[arg-type]
    return LedgerOpened(**{"origin": ORIGIN, "exercise": True, "rules": 1, "authority_keys": told, **more})


def registered(number: int = 3, **more: Any) -> KeyRegistered:
    one = key(number)
    what = {"type_code": "01", "owner": "BF", "role": "service", "nation": "GB", "public_key": encode64(one.public)}
    return KeyRegistered(**{"registered": one.key_id, **what, **more})  # type: ignore[arg-type]


def rotated(old: int = 3, new: int = 4, **more: Any) -> KeyRotated:
    one = key(new)
    return KeyRotated(old=key(old).key_id, registered=one.key_id, type_code="01", public_key=encode64(one.public), **more)


def ring_of(*more: Any) -> KeyRing:
    """An opening at 1, a service's key at 2, and what is said from 3 on."""
    ring = KeyRing()
    for position, data in enumerate((opened(), registered(), *more), 1):
        ring.apply(said(data), position)
    return ring


# -- from where to where a key may sign ----------------------------------------------------------------------------------------


def test_a_log_begins_with_the_authority_key_of_each_nation() -> None:
    ring = KeyRing()
    assert (ring.keys, ring.authority_key, ring.exercise, ring.origin) == ({}, {}, False, "")
    assert (ring.frozen, ring.closed, ring.reaffirmed) == (False, False, set())
    ring.apply(said(opened()), 1)
    assert ring.authority_key == {"GB": GB, "FR": FR} and ring.exercise is True and ring.origin == ORIGIN
    for nation, number in (("GB", 1), ("FR", 2)):
        one = key(number)
        assert ring.keys[one.key_id] == Key(one.key_id, "01", one.public, nation, nation, "national_authority", (), 1)
    assert ring.keys[GB].in_force and ring.keys[GB].may_say("anything.at_all")
    live = KeyRing()
    live.apply(said(opened(exercise=False)), 1)
    assert live.exercise is False


def test_a_registered_key_is_its_owners_from_its_position_on() -> None:
    ring = ring_of(registered(5, owner="ET", role="officer", may_append=("incident.*",), next_key_digest=BF2))
    assert ring.keys[BF] == Key(BF, "01", key(3).public, "BF", "GB", "service", (), 2)
    expected = Key(BF3, "01", key(5).public, "ET", "GB", "officer", ("incident.*",), 3, next_key_digest=BF2)
    assert ring.keys[BF3] == expected


def test_a_key_of_nobodys_nation_is_the_operators() -> None:
    assert ring_of(registered(5, nation=None)).keys[BF3].nation == "OPERATOR"


def test_a_sealer_may_say_sealed_events_alone_unless_told_otherwise() -> None:
    assert ring_of(registered(5, role="sealer")).keys[BF3].may_append == ("sealed.recorded",)
    assert ring_of(registered(5, role="sealer", may_append=("x.*",))).keys[BF3].may_append == ("x.*",)


@pytest.mark.parametrize(
    ("scope", "type_name", "may"),
    [
        ((), "incident.opened", True),
        (("incident.opened",), "incident.opened", True),
        (("incident.opened",), "incident.opened_twice", False),
        (("incident.opened",), "incident", False),
        (("incident.*",), "incident.opened", True),
        (("incident.*",), "incident", False),
        (("incident.*",), "incidental.opened", False),
        (("case.*", "incident.opened"), "incident.opened", True),
        (("case.*", "incident.opened"), "interception.recorded", False),
        (("incident*",), "incident.opened", False),
    ],
)
def test_a_scope_covers_what_it_names_and_nothing_beside(scope: tuple[str, ...], type_name: str, may: bool) -> None:
    assert Key(BF, "01", b"", "BF", "GB", "service", scope, 2).may_say(type_name) is may


@pytest.mark.parametrize("data", [KeyRevoked(key=BF), KeyCompromised(key=BF, suspect_from_position=2)])
def test_an_ended_key_says_its_own_end_and_nothing_after_it(data: Any) -> None:
    ended = ring_of(data).keys[BF]
    assert ended.until == 4 and not ended.in_force
    assert [ended.has_ended(position) for position in (1, 3, 4, 5)] == [False, False, True, True]
    assert not Key(BF, "01", b"", "BF", "GB", "service", (), 2).has_ended(99)
    assert ended.suspect_from == (2 if isinstance(data, KeyCompromised) else 0)
    assert not Key(BF, "01", b"", "BF", "GB", "service", (), 2, until=1).has_ended(0)
    assert Key(BF, "01", b"", "BF", "GB", "service", (), 2, until=1).has_ended(1)


@pytest.mark.parametrize("data", [KeyRevoked(key=BF), KeyCompromised(key=BF, suspect_from_position=2)])
def test_what_ended_once_does_not_end_later(data: Any) -> None:
    assert ring_of(KeyRevoked(key=BF), data).keys[BF].until == 4


def test_a_suspended_key_is_still_there_and_signs_nothing_until_reinstated() -> None:
    suspended = ring_of(KeySuspended(key=BF)).keys[BF]
    assert (suspended.suspended, suspended.until, suspended.in_force) == (True, 0, False)
    back = ring_of(KeySuspended(key=BF), KeyReinstated(key=BF)).keys[BF]
    assert (back.suspended, back.in_force) == (False, True)


def test_a_successor_takes_over_everything_but_what_is_its_own() -> None:
    before = registered(5, owner="ET", role="officer", may_append=("incident.*",), next_key_digest=BF2)
    ring = ring_of(before, KeySuspended(key=BF3), rotated(5, 4, next_key_digest=SR))
    assert ring.keys[BF2] == Key(BF2, "01", key(4).public, "ET", "GB", "officer", ("incident.*",), 5, next_key_digest=SR)
    old = ring.keys[BF3]
    assert (old.until, old.successor, old.suspended, old.next_key_digest) == (6, BF2, True, BF2)
    assert ring_of(rotated()).keys[BF2].next_key_digest == ""


def test_a_successor_of_a_suspect_key_is_not_suspect_itself() -> None:
    ring = ring_of(KeyCompromised(key=BF, suspect_from_position=2), rotated())
    assert (ring.keys[BF2].suspect_from, ring.keys[BF2].until, ring.keys[BF2].in_force) == (0, 0, True)
    assert ring.keys[BF].suspect_from == 2


def test_a_chain_of_successors_begins_anew_at_each() -> None:
    ring = ring_of(rotated(3, 4), rotated(4, 5))
    assert (ring.keys[BF].successor, ring.keys[BF2].successor, ring.keys[BF3].successor) == (BF2, BF3, "")


def test_a_nation_speaks_by_the_successor_of_its_authority_key() -> None:
    ring = ring_of(rotated(1, 6))
    assert ring.authority_key == {"GB": SR, "FR": FR}
    assert ring_of(rotated(3, 4)).authority_key == {"GB": GB, "FR": FR}


def test_a_log_is_frozen_thawed_and_closed() -> None:
    assert (ring_of().frozen, ring_of().closed) == (False, False)
    assert ring_of(LedgerFrozen()).frozen is True
    thawed = ring_of(LedgerFrozen(), LedgerThawed())
    assert thawed.frozen is False and thawed.closed is False
    closed = ring_of(LedgerClosed())
    assert closed.closed is True and closed.frozen is False


def test_an_event_that_touches_no_key_leaves_the_ring_alone() -> None:
    ring, before = ring_of(), ring_of()
    ring.apply(said(SimpleNamespace(key=BF)), 3)
    assert ring.__dict__ == before.__dict__


def test_what_is_tried_on_a_copy_is_not_done() -> None:
    ring = ring_of(LedgerFrozen())
    other = ring.copy()
    assert other.__dict__ == ring.__dict__
    for data in (rotated(1, 6), KeyReaffirmed(key=BF, events=("e",)), LedgerThawed()):
        other.apply(said(data), 4)
    assert ring.__dict__ == ring_of(LedgerFrozen()).__dict__ != other.__dict__


# -- who is asked for ----------------------------------------------------------------------------------------------------------


def test_a_public_key_is_told_of_event_keys_alone_and_stays_known() -> None:
    sealing, document = SealingKey(bytes(96)), DocumentKey.generate()
    more = [
        registered(registered=sealing.key_id, type_code="10", role="sealing", owner="GB", public_key=encode64(sealing.public)),
        registered(registered=document.key_id, type_code="11", role="official", public_key=encode64(document.public)),
    ]
    ring = ring_of(*more, KeyRevoked(key=BF))
    assert ring.public(BF) == key(3).public and ring.public(GB) == key(1).public
    assert ring.public(sealing.key_id) is None and ring.public(document.key_id) is None and ring.public(SR) is None


def test_keys_are_found_by_owner_role_and_type() -> None:
    ring = ring_of(registered(4, role="officer"), registered(5, owner="ET"), registered(6))
    assert [k.key_id for k in ring.of("BF", "service")] == [BF, SR]
    assert [k.key_id for k in ring.of("BF", "officer")] == [BF2]
    assert ring.of("BF", "service", "10") == [] and ring.of("BF", "official") == []
    assert [k.key_id for k in ring_of(registered(6), KeyRevoked(key=BF)).of("BF", "service")] == [SR]
    assert [k.key_id for k in ring_of(KeySuspended(key=BF)).of("BF", "service")] == [BF]


def test_what_is_sealed_to_a_nation_is_sealed_to_its_newest_key_in_force() -> None:
    first, second = SealingKey(bytes(96)), SealingKey(bytes([1]) * 96)
    told = [
        registered(registered=each.key_id, type_code="10", role="sealing", owner="GB", public_key=encode64(each.public))
        for each in (first, second)
    ]
    assert ring_of().sealing_key("GB") is None

    def newest(*more: Any) -> str:
        found = ring_of(*told, *more).sealing_key("GB")
        assert found is not None
        return found.key_id

    assert newest() == second.key_id
    assert newest(KeySuspended(key=second.key_id)) == first.key_id == newest(KeyRevoked(key=second.key_id))
    assert ring_of(*told, KeyRevoked(key=first.key_id), KeySuspended(key=second.key_id)).sealing_key("GB") is None
    assert ring_of(*told).sealing_key("FR") is None


# -- after its end -------------------------------------------------------------------------------------------------------------


def test_heirs_are_told_one_after_the_other_and_each_once() -> None:
    ring = ring_of(rotated(3, 4), rotated(4, 5))
    assert [k.key_id for k in ring.heirs(BF)] == [BF2, BF3]
    assert [k.key_id for k in ring.heirs(BF2)] == [BF3] and list(ring.heirs(BF3)) == [] and list(ring.heirs(SR)) == []
    for back in (BF, BF2, BF3):
        ring.keys[BF3] = msgspec.structs.replace(ring.keys[BF3], successor=back)
        assert [k.key_id for k in ring.heirs(BF)] == [BF2, BF3]


def test_a_successor_that_nobody_knows_ends_the_line() -> None:
    ring = ring_of(rotated(3, 4))
    del ring.keys[BF2]
    assert list(ring.heirs(BF)) == []


def test_what_a_suspect_key_said_is_in_doubt_from_the_position_named_until_reaffirmed() -> None:
    ring = ring_of(KeyCompromised(key=BF, suspect_from_position=7))
    assert [ring.is_disputed(BF, "e", position) for position in (6, 7, 8)] == [False, True, True]
    assert ring.is_disputed(GB, "e", 8) is False and ring.is_disputed(SR, "e", 8) is False
    ring.apply(said(KeyReaffirmed(key=BF, events=("e", "f"))), 9)
    assert [ring.is_disputed(BF, event, 8) for event in ("e", "f", "g")] == [False, False, True]
    ring.apply(said(KeyReaffirmed(key=BF, events=("g",))), 10)
    assert ring.reaffirmed == {(BF, "e"), (BF, "f"), (BF, "g")}
    other = ring_of(KeyCompromised(key=BF, suspect_from_position=1), KeyReaffirmed(key=GB, events=("e",)))
    assert other.is_disputed(BF, "e", 2) is True


def test_an_event_is_relayed_where_the_authority_signs_for_a_key_that_had_ended() -> None:
    ring = ring_of(KeyRevoked(key=BF))
    assert ring.is_relayed(BF, {GB}, 4) is True and ring.is_relayed(BF, {BF, GB}, 9) is True
    assert ring.is_relayed(BF, {GB}, 3) is False, "it had not ended yet"
    assert ring.is_relayed(BF, {FR}, 4) is False, "the other nation vouches for nothing of this one"
    assert ring.is_relayed(BF, {BF}, 4) is False and ring.is_relayed(BF, set(), 4) is False
    assert ring.is_relayed(SR, {GB}, 4) is False and ring.is_relayed(BF, {SR}, 4) is False
    assert ring_of().is_relayed(BF, {GB}, 4) is False
    service = ring_of(registered(5, owner="ET"), KeyRevoked(key=BF))
    assert service.is_relayed(BF, {BF3}, 9) is False, "a service is no authority"


def test_what_a_successor_signs_is_not_relayed() -> None:
    ring = ring_of(rotated(3, 4), rotated(4, 5))
    assert ring.is_relayed(BF, {GB}, 9) is True
    assert ring.is_relayed(BF, {GB, BF2}, 9) is False and ring.is_relayed(BF, {GB, BF3}, 9) is False


# -- what an event names -------------------------------------------------------------------------------------------------------


def test_an_event_names_the_keys_that_it_brings() -> None:
    assert named_publics(said(opened())) == [(GB, "01", key(1).public), (FR, "01", key(2).public)]
    assert named_publics(said(registered(5, type_code="01"))) == [(BF3, "01", key(5).public)]
    assert named_publics(said(rotated())) == [(BF2, "01", key(4).public)]
    assert named_publics(said(KeyRevoked(key=BF))) == []


@pytest.mark.parametrize("data", [registered(5, public_key="AAA=="), opened(authority_keys=(AuthorityKey("GB", GB, "AAA=="),))])
def test_a_public_key_that_is_no_base64_is_named(data: Any) -> None:
    for take in (named_publics, lambda event: KeyRing().apply(event, 1)):
        with pytest.raises(errors.Malformed) as refused:
            list(take(said(data)) or ())
        assert refused.value.field == "data.public_key"
