"""What is remembered of a bundle's entries: which of them every bundle carries, what was opened of them, whom they rest on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pytest

from ledger.events.registry import Adopted
from ledger.evidence.bundle import verify
from ledger.evidence.bundle_claims import Claims
from ledger.evidence.bundle_entries import Seen, is_of_registry
from ledger.formats import sealing
from ledger.formats.entry import parse_instant
from tests.bundle_forging import altered, forged
from tests.bundles import FIGURE, assert_refused, files_of, key
from tests.test_bundle_forgeries import BF, ENTRIES, FOUND, SEALED, at, behind, said, search
from tests.test_bundle_rules import OF_NO_USE


def seen_in(content: bytes) -> tuple[Mapping[int, Seen], Claims]:
    """What is remembered of each entry of a sound bundle, and its claims."""
    told: list[Claims] = []

    def stamps(claims: Claims) -> list[dict[str, str]]:
        told.append(claims)
        return []

    verify(lambda at, count: content[at : at + count], len(content), stamped=stamps)
    (claims,) = told
    return claims.seen, claims


@pytest.mark.parametrize(
    ("name", "is_carried"),
    [
        *((name, True) for name in ("ledger.opened", "key.revoked", "authority.registered", "place.registered")),
        *((name, True) for name in ("rules.adopted", "ruleset.adopted", "policy.adopted", "ledger.to_come")),
        *((name, False) for name in ("index.committed", "incident.opened", "keyring.seen", "authority.seen", "weather.key.")),
    ],
)
def test_every_bundle_carries_what_keys_and_places_are_read_from(name: str, is_carried: bool) -> None:
    assert is_of_registry(name) == is_carried


def test_of_an_entry_its_place_and_whose_it_is_are_remembered() -> None:
    seen, claims = seen_in(FIGURE)
    at_15 = parse_instant("2015-08-26T02:00:01.000000Z")
    detection = ("01900000-0000-7000-8000-000000000015", "interception.recorded", "LE", "IC-1", 1, at_15, key("BF").key_id)
    assert seen[FOUND] == Seen(FOUND, *detection)
    opened, closed = seen[SEALED], seen[20]
    assert (opened.nation, opened.is_opened, opened.inner_id) == ("GB", True, "01900000-0000-7000-8000-000000000019")
    assert (closed.nation, closed.is_opened, closed.inner_id) == ("FR", False, "")
    assert list(seen) == [position for position in range(1, 25) if position != 21]
    assert claims.entries.signatures == 33 and claims.entries.signed[key("GB").key_id] == 9


def test_a_sealed_event_that_is_not_sound_inside_has_no_id() -> None:
    opened = bytes(range(32))
    commitment, section = sealing.seal("inner", b"not a wire item", "o", "e", {}, opened)
    entries = at(SEALED, altered(ENTRIES[SEALED - 1], ["sealer-GB"], sections=[dict(commitment)]))
    more = [(f"sections/{SEALED}-0.sealed", section.ciphertext), (f"sections/{SEALED}-0.key", opened)]
    seen, _ = seen_in(forged(entries, more))
    assert (seen[SEALED].is_opened, seen[SEALED].inner_id) == (True, "")


@pytest.mark.parametrize(("since", "is_disputed"), [(1, True), (18, True), (19, False), (21, False)])
def test_a_key_in_doubt_puts_in_doubt_what_it_said_from_there_on(since: int, is_disputed: bool) -> None:
    """Border Force's last entry is the eighteenth."""
    _, claims = seen_in(forged(behind(said("key.compromised", BF | {"suspect_from_position": since}, "GB"))))
    assert claims.entries.has_disputed() == is_disputed


def test_a_key_that_was_only_revoked_puts_nothing_in_doubt() -> None:
    _, claims = seen_in(forged(behind(search("BF"), said("key.revoked", BF, "GB"))))
    assert not claims.entries.has_disputed()


def test_a_key_that_signs_no_events_does_not_sign_its_own_registration() -> None:
    assert_refused(forged(OF_NO_USE), "signature")


def test_a_policy_is_adopted_from_a_size_behind_the_last_one() -> None:
    steps = [
        said("policy.adopted", {"sha256": digit * 64, "from_size": size}, "GB", "FR") for digit, size in (("a", 90), ("b", 95))
    ]
    digest = hashlib.sha256(dict(files_of(FIGURE))["policy.txt"]).hexdigest()
    first = said("policy.adopted", {"sha256": digest, "from_size": 1}, "GB", "FR")
    _, claims = seen_in(forged(behind(first, *steps)))
    assert claims.entries.registry.policies == (
        Adopted(digest, 1, 21),
        Adopted("a" * 64, 90, 22),
        Adopted("b" * 64, 95, 23),
    )
    assert_refused(forged(behind(first, *reversed(steps))), "key-rule")


def test_only_what_is_sealed_to_a_nation_has_an_event_inside() -> None:
    """A joint statement may call a section by the same name: it is opened, and nothing in it is an event."""
    opened = bytes(range(32))
    commitment, section = sealing.seal("inner", b"anything", "o", "e", {}, opened)
    entries = at(FOUND, altered(ENTRIES[FOUND - 1], ["BF"], sections=[dict(commitment)]))
    more = [(f"sections/{FOUND}-0.sealed", section.ciphertext), (f"sections/{FOUND}-0.key", opened)]
    seen, claims = seen_in(forged(entries, more))
    assert (claims.entries.opened, claims.entries.inner_sound, claims.entries.inner_unsound) == (1, 0, 0)
    assert (seen[FOUND].is_opened, seen[FOUND].inner_id) == (False, "")
