"""Policies one after another: a checkpoint is held to those that governed when it was made, and to no others."""

from __future__ import annotations

import hashlib

import pytest

from ledger import errors
from ledger.formats import note, policies, policy
from ledger.formats.keys import SigningKey
from ledger.formats.note import Checkpoint
from ledger.formats.policies import Span

ORIGIN = "ledger.example/joint"
LOGS = [SigningKey(bytes([n]) * 32) for n in range(3)]
FILES = [f"log {note.VerifierKey(ORIGIN, note.ED25519_NOTE, key.public)}\nquorum none\n".encode() for key in LOGS]
DIGESTS = [hashlib.sha256(file).hexdigest() for file in FILES]
POLICIES = [policy.parse_policy(file) for file in FILES]
FROM = (10, 20, 30)
ADOPTED = list(zip(DIGESTS, FROM, strict=True))


def whole() -> policies.Succession:
    spans = [Span(size, sha256, found) for (sha256, size), found in zip(ADOPTED, POLICIES, strict=True)]
    return policies.succession(spans)


def signed(size: int, key: SigningKey) -> bytes:
    return note.sign_checkpoint(Checkpoint(ORIGIN, size, bytes(32)), key)


@pytest.mark.parametrize(
    ("size", "governs"), [(0, 0), (9, 0), (10, 0), (19, 0), (20, 1), (29, 1), (30, 2), (31, 2), (10_000, 2)]
)
def test_a_checkpoint_is_verified_under_the_policy_of_its_size_and_no_other(size: int, governs: int) -> None:
    found = whole()
    assert found.at(size) is POLICIES[governs]
    assert policies.adopted_at(ADOPTED, size) == DIGESTS[governs]
    for number, key in enumerate(LOGS):
        if number == governs:
            assert found.verify(signed(size, key)).checkpoint.size == size
        else:
            with pytest.raises(errors.BadNote):
                found.verify(signed(size, key))


def test_the_newest_policy_is_what_a_succession_is() -> None:
    found = whole()
    newest = POLICIES[-1]
    assert (found.logs, found.witnesses, found.groups, found.quorum) == (
        newest.logs,
        newest.witnesses,
        newest.groups,
        newest.quorum,
    )
    assert found.periods() == [(0, POLICIES[0]), (20, POLICIES[1]), (30, POLICIES[2])]


def test_nothing_on_record_governs_nothing() -> None:
    assert policies.adopted_at([], 7) is None


def test_a_policy_is_known_by_the_digest_of_its_file() -> None:
    assert [policies.digest(file) for file in FILES] == DIGESTS


def test_a_holders_own_policy_decides_alone_where_it_is_none_of_those_adopted() -> None:
    """Whatever the log says was adopted: whom one trusts is one's own."""
    own = FILES[2]
    found = policies.trusted(ADOPTED[:2], dict(zip(DIGESTS, FILES, strict=True)), own)
    assert found == POLICIES[2] and not isinstance(found, policies.Succession)
    with pytest.raises(errors.BadNote):
        found.verify(signed(5, LOGS[0]))


def test_what_was_adopted_later_than_the_policy_that_is_held_governs_nothing() -> None:
    """A holder who trusts the second policy does not trust the third because the log has it."""
    found = policies.trusted(ADOPTED, dict(zip(DIGESTS, FILES, strict=True)), FILES[1])
    assert isinstance(found, policies.Succession)
    assert [span.from_size for span in found.spans] == [10, 20]
    assert found.at(1_000).logs == POLICIES[1].logs


def test_what_was_adopted_and_is_not_held_governs_nothing() -> None:
    found = policies.trusted(ADOPTED, {DIGESTS[0]: FILES[0]}, FILES[2])
    assert isinstance(found, policies.Succession)
    assert [(span.from_size, span.sha256) for span in found.spans] == [(10, DIGESTS[0]), (30, DIGESTS[2])]
    assert found.at(25).logs == POLICIES[0].logs


def test_a_policy_adopted_twice_governs_until_its_last_time() -> None:
    again = [*ADOPTED[:2], (DIGESTS[0], 40)]
    found = policies.trusted(again, {DIGESTS[1]: FILES[1]}, FILES[0])
    assert isinstance(found, policies.Succession)
    assert [found.at(size).logs for size in (15, 25, 45)] == [POLICIES[0].logs, POLICIES[1].logs, POLICIES[0].logs]
