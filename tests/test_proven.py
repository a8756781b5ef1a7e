"""What was verified once is not verified twice, and nothing passes because its neighbour did."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import errors
from ledger.formats import envelope, keys, merkle
from ledger.formats.envelope import EVENT_TYPE, BatchPath, Signature
from ledger.formats.keys import SigningKey
from ledger.formats.proven import BLOCK_HEIGHT, Proven

KEY, OTHER = SigningKey(bytes(range(32))), SigningKey(bytes(32))
Sent = tuple[bytes, Signature, bytes]


def sends(n: int) -> list[Sent]:
    payloads = [b'{"n":%d}' % i for i in range(n)]
    return [(p, s, KEY.public) for p, s in zip(payloads, envelope.batch_sign(payloads, KEY), strict=True)]


def verdict(sent: Sent, proven: Proven | None) -> bool:
    payload, signature, public = sent
    try:
        envelope.verify_signature(EVENT_TYPE, payload, signature, public, proven)
    except errors.EntenteError:
        return False
    return True


def bent(sent: Sent, how: int, where: int) -> Sent:
    payload, signature, public = sent
    batch = signature.batch
    assert batch is not None
    path = list(batch.path)
    match how:
        case 0:
            return payload + b" ", signature, public
        case 1 if path:
            part = path[where % len(path)]
            path[where % len(path)] = bytes([part[0] ^ 1]) + part[1:]
            return payload, Signature(KEY.key_id, signature.sig, BatchPath(batch.n, batch.index, tuple(path))), public
        case 2:
            return payload, Signature(KEY.key_id, signature.sig, BatchPath(batch.n, batch.index ^ 1, batch.path)), public
        case 3:
            return payload, Signature(KEY.key_id, signature.sig, BatchPath(batch.n + 1, batch.index, batch.path)), public
        case 4 if path:
            return payload, Signature(KEY.key_id, signature.sig, BatchPath(batch.n, batch.index, batch.path[:-1])), public
        case 5:
            return payload, Signature(KEY.key_id, signature.sig, BatchPath(batch.n, batch.index, (*path, bytes(32)))), public
        case 6 if len(path) > 1:  # the same bytes cut elsewhere: 31 and 33
            joined = path[0] + path[1]
            moved = (joined[:31], joined[31:], *path[2:])
            return payload, Signature(KEY.key_id, signature.sig, BatchPath(batch.n, batch.index, moved)), public
        case 7:
            return payload, Signature(KEY.key_id, bytes(64), signature.batch), public
        case 8:
            return payload, signature, OTHER.public
    return sent


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 40), seed=st.integers(0, 2**32), entries_max=st.sampled_from([1, 2, 4_096]))
def test_a_bent_event_never_passes_on_what_its_neighbours_proved(n, seed, entries_max):
    dice = random.Random(seed)
    sound = sends(n)
    proven = Proven(entries_max)
    for _ in range(4 * n):
        sent = dice.choice(sound)
        if dice.random() < 0.5:
            sent = bent(sent, dice.randrange(9), dice.randrange(16))
        assert verdict(sent, proven) == verdict(sent, None)


@pytest.mark.parametrize("n", [1, 2, 255, 256, 257, 600])
def test_neighbours_cost_one_signature_and_few_hashes(monkeypatch, n):
    verified, climbed = [], []
    real, real_root = keys.verify, envelope.merkle.root_from_inclusion
    monkeypatch.setattr(keys, "verify", lambda *a: (verified.append(a), real(*a)))
    monkeypatch.setattr(envelope.merkle, "root_from_inclusion", lambda *a: (climbed.append(a[1]), real_root(*a))[1])
    proven = Proven()
    assert all(verdict(sent, proven) for sent in sends(n))
    assert len(verified) == 1
    # Only the first of a complete subtree climbs to the root: of a block, or at a ragged right edge of what is complete there.
    assert climbed == [0, *(index for index in range(1, n) if not share(index - 1, index, n))]


def share(one: int, other: int, n: int) -> bool:
    """Whether a complete subtree of at most 256 leaves holds both."""
    return any(one >> k == other >> k and (one >> k) + 1 << k <= n for k in range(BLOCK_HEIGHT + 1))


@pytest.mark.parametrize(
    ("n", "index"), [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (5, 4), (7, 5), (13, 8), (256, 9), (600, 300)]
)
def test_nothing_is_remembered_of_a_subtree_that_is_not_complete(n, index):
    """Beyond it a step may be to the left where the index says right, and what is remembered would be no node of the tree."""
    proven = Proven()
    assert verdict(sends(n)[index], proven)
    leaves = [merkle.hash_leaf(envelope.pae(EVENT_TYPE, payload)) for payload, *_ in sends(n)]
    (climb,) = proven._climbs.values()
    complete = [k for k in range(BLOCK_HEIGHT + 1) if (index >> k) + 1 << k <= n]
    assert climb.nodes == [merkle.root(leaves[index >> k << k : (index >> k) + 1 << k]) for k in complete]


def test_what_is_remembered_is_bounded():
    for proven, entries_max in ((Proven(), 4_096), (Proven(3), 3), (Proven(3).with_more([]), 3)):
        signed = [(KEY.public, b"%d" % n, b"s") for n in range(entries_max + 1)]
        for each in signed:
            proven.add(each)
        assert [each in proven for each in (signed[0], signed[1], signed[-1])] == [False, True, True]


def test_what_another_core_verified_counts_for_that_message_key_and_signature_only():
    payload, key = b'{"n":1}', KEY
    signature = envelope.sign(payload, key)
    forged = Signature(key.key_id, bytes(64))
    vouched = (key.public, envelope.pae(EVENT_TYPE, payload), forged.sig)
    proven = Proven()
    trusting = proven.with_more([vouched])
    assert verdict((payload, forged, key.public), trusting)  # it is believed: nobody but our own child may vouch
    assert verdict((payload, signature, key.public), trusting)
    assert not verdict((payload + b" ", forged, key.public), trusting)
    assert not verdict((payload, forged, OTHER.public), trusting)
    assert not verdict((payload, forged, key.public), proven)
