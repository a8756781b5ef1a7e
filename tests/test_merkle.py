"""The tree: known answers, a naive recursive definition beside it, and proofs that must fail."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import errors
from ledger.formats import merkle

LEAVES = [
    bytes.fromhex(h)
    for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [merkle.hash_leaf(leaf) for leaf in LEAVES]
SIZE_MAX = 40
MANY = [merkle.hash_leaf(b"%d" % n) for n in range(SIZE_MAX)]
READ = merkle.hash_reader(MANY)


def naive_root(leaves):
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m, leaves):
    """RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m, leaves, whole):
    """RFC 6962 section 2.1.2."""
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def test_the_known_roots():
    for size, root in enumerate(ROOTS):
        assert merkle.root(HASHES[:size]).hex() == root
    assert merkle.EMPTY_ROOT.hex() == ROOTS[0]
    assert merkle.hash_leaf(LEAVES[0]).hex() == ROOTS[1]


def test_the_known_proofs():
    read = merkle.hash_reader(HASHES)
    path = merkle.prove_inclusion(5, 8, read)
    assert [part.hex() for part in path] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        ROOTS[4],
    ]
    merkle.verify_inclusion(HASHES[5], 5, 8, path, bytes.fromhex(ROOTS[8]))
    proof = merkle.prove_consistency(6, 8, read)
    assert [part.hex() for part in proof] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        ROOTS[4],
    ]
    merkle.verify_consistency(6, bytes.fromhex(ROOTS[6]), 8, bytes.fromhex(ROOTS[8]), proof)


def test_roots_are_those_of_the_recursive_definition():
    frontier = merkle.Frontier()
    for size in range(SIZE_MAX + 1):
        assert frontier.size == size
        assert frontier.root() == naive_root(MANY[:size]) == merkle.root(MANY[:size])
        if size < SIZE_MAX:
            frontier.append(MANY[size])


@given(st.integers(0, 300), st.lists(st.integers(0, 60), max_size=5))
def test_a_frontier_forgets_nothing_when_stored_and_taken_up_again(start, growths):
    hashes = [merkle.hash_leaf(b"%d" % n) for n in range(600)]
    frontier = merkle.Frontier()
    frontier.extend(hashes[:start])
    size = start
    for growth in growths:
        frontier = merkle.Frontier.from_bytes(frontier.to_bytes())
        before = frontier.copy()
        frontier.extend(hashes[size : size + growth])
        assert before.size == size
        assert before.root() == naive_root(hashes[:size])
        size += growth
        assert frontier.root() == naive_root(hashes[:size])


@pytest.mark.parametrize(
    "stored", [b"", bytes(7), (1).to_bytes(8, "big"), (3).to_bytes(8, "big") + bytes(32), bytes(8) + bytes(32)]
)
def test_a_stored_frontier_that_does_not_fit_its_size_is_refused(stored):
    if stored == b"":
        stored = bytes(5)
    with pytest.raises(errors.BadProof):
        merkle.Frontier.from_bytes(stored)


def spoiled(proof):
    """Every proof that is not this one: shorter, longer, in another order, with a flipped bit, with a torn hash."""
    for at in range(len(proof)):
        yield proof[:at] + proof[at + 1 :]
        for bit in (0, 7, 255):
            flipped = bytearray(proof[at])
            flipped[bit // 8] ^= 1 << bit % 8
            yield [*proof[:at], bytes(flipped), *proof[at + 1 :]]
        yield [*proof[:at], proof[at][:31], *proof[at + 1 :]]
        yield [*proof[:at], proof[at] + b"\x00", *proof[at + 1 :]]
        yield [*proof[:at], proof[at], *proof[at:]]
    for extra in (bytes(32), MANY[0], *proof[-1:]):
        yield [*proof, extra]
        yield [extra, *proof]
    if len(set(proof)) > 1:
        yield proof[::-1]


def test_every_inclusion_is_proven_and_every_other_proof_fails():
    for size in range(1, SIZE_MAX + 1):
        root = naive_root(MANY[:size])
        for index in range(size):
            proof = merkle.prove_inclusion(index, size, READ)
            assert proof == naive_path(index, MANY[:size])
            merkle.verify_inclusion(MANY[index], index, size, proof, root)
            if size in (1, 2, 3, 7, 8, 9, 13, 31, 32, 33, SIZE_MAX):
                for wrong in spoiled(proof):
                    with pytest.raises(errors.BadProof):
                        merkle.verify_inclusion(MANY[index], index, size, wrong, root)


def test_a_proof_for_another_place_or_leaf_fails():
    for size in (1, 2, 5, 8, 21, SIZE_MAX):
        root = naive_root(MANY[:size])
        for index in range(size):
            proof = merkle.prove_inclusion(index, size, READ)
            for other in range(-1, SIZE_MAX + 2):
                if other != index:
                    with pytest.raises(errors.BadProof):
                        merkle.verify_inclusion(MANY[index], other, size, proof, root)
            with pytest.raises(errors.BadProof):
                merkle.verify_inclusion(MANY[index - 1] if size > 1 else bytes(32), index, size, proof, root)
            with pytest.raises(errors.BadProof):
                merkle.verify_inclusion(MANY[index], index, size, proof, bytes(32))


def test_every_growth_is_proven_and_every_other_proof_fails():
    for size in range(SIZE_MAX + 1):
        root = naive_root(MANY[:size])
        for old_size in range(size + 1):
            old_root = naive_root(MANY[:old_size])
            proof = merkle.prove_consistency(old_size, size, READ)
            if old_size > 0:
                assert proof == naive_subproof(old_size, MANY[:size], True)
            merkle.verify_consistency(old_size, old_root, size, root, proof)
            if size in (0, 1, 2, 3, 6, 7, 8, 9, 21, 32, SIZE_MAX):
                for wrong in spoiled(proof):
                    with pytest.raises(errors.BadProof):
                        merkle.verify_consistency(old_size, old_root, size, root, wrong)


def test_a_fork_is_not_a_growth():
    for size in (2, 7, 8, 33):
        root = naive_root(MANY[:size])
        for old_size in range(size + 1):
            proof = merkle.prove_consistency(old_size, size, READ)
            forked = naive_root([*MANY[: max(old_size - 1, 0)], bytes(32)])
            with pytest.raises(errors.BadProof):
                merkle.verify_consistency(old_size, forked, size, root, proof)
            if old_size:  # every tree begins with the empty one, so that says nothing of the new root
                with pytest.raises(errors.BadProof):
                    merkle.verify_consistency(old_size, naive_root(MANY[:old_size]), size, forked, proof)
    with pytest.raises(errors.BadProof):
        merkle.verify_consistency(8, ROOTS, 7, ROOTS, [])
    with pytest.raises(errors.BadProof):
        merkle.verify_consistency(-1, bytes(32), 7, bytes(32), [])


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**40), st.integers(1, 2**40), st.lists(st.binary(min_size=32, max_size=32), max_size=45))
def test_numbers_beyond_any_log_end_in_a_refusal(index, size, proof):
    with pytest.raises(errors.BadProof):
        merkle.verify_inclusion(bytes(32), index, size, proof, b"\x01" * 32)
    with pytest.raises(errors.BadProof):
        merkle.verify_consistency(index, bytes(32), size, b"\x01" * 32, proof)


def test_a_proof_is_read_in_one_call():
    """Readers over tiles and tables fetch everything at once; one call a proof is the promise they rely on."""
    calls = []

    def read(wanted):
        calls.append(wanted)
        return READ(wanted)

    merkle.prove_inclusion(13, 37, read)
    merkle.prove_consistency(13, 37, read)
    assert merkle.range_roots([(0, 37), (0, 13)], read) == [naive_root(MANY[:37]), naive_root(MANY[:13])]
    assert len(calls) == 3


def test_the_root_over_a_complete_tree_is_read_from_its_top():
    for size in (1, 2, 4, 8):
        assert merkle.range_roots([(0, size)], merkle.hash_reader(HASHES[:size])) == [bytes.fromhex(ROOTS[size])]
