"""The index of streams: a stream left out, a version withheld, a root at another size, a gap that is none."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import errors
from ledger.formats import merkle, streamindex, streamproof
from ledger.formats.streamindex import Leaf, StreamIndex
from ledger.formats.streamproof import ProvenLeaf, StreamProof, prove_stream, verify_stream
from tests.test_merkle import naive_root

NIGHT = ("LEDGER", "INC-A3", "CASE-A3", "INC-A3", "INC-A10", "CASE-A3", "INC-A3")


def naive(streams):
    """Count versions and remember positions in a plain dictionary, then sort: the definition, word for word."""
    last = {}
    for position, stream in enumerate(streams, 1):
        version = last.get(stream, (0, 0))[0] + 1
        last[stream] = (version, position)
    return [(stream, *last[stream]) for stream in sorted(last, key=lambda name: name.encode())]


def naive_root_of(streams):
    """The root of the definition, by the recursion of RFC 6962."""
    leaves = [f"entente.stream.v1\nstream: {s}\nversion: {v}\nposition: {p}\n".encode() for s, v, p in naive(streams)]
    return naive_root([hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves])


def told(streams):
    """The index after these entries."""
    index, versions = StreamIndex(), {}
    for position, stream in enumerate(streams, 1):
        versions[stream] = versions.get(stream, 0) + 1
        index.take(position, stream, versions[stream])
    return index


def test_the_bytes_of_a_leaf_are_for_good():
    leaf = Leaf("CASE-A3", 2, 6)
    assert streamindex.format_leaf(leaf) == b"entente.stream.v1\nstream: CASE-A3\nversion: 2\nposition: 6\n"
    assert streamindex.hash_leaf(leaf).hex() == "f8f93ac86c1114a4b3aeb95968659c7692b263de74693e55f61ce1a62dfd021e"
    assert told(NIGHT).root(7).hex() == "b01a32a14595e0b1baeb57312be5941ec06bc4560f9b9dda145547a26485990a"


def test_streams_are_sorted_by_their_bytes():
    assert told(NIGHT).leaves(7) == [("CASE-A3", 2, 6), ("INC-A10", 1, 5), ("INC-A3", 3, 7), ("LEDGER", 1, 1)]
    assert told(("a", "Z", "a.b", "a-b", "a:", "a1")).leaves(6) == naive(("a", "Z", "a.b", "a-b", "a:", "a1"))


# Names of one letter come back often, so that streams grow; the others are new ones, before, between and behind them.
LOGS = st.lists(st.one_of(st.sampled_from("ABC"), st.from_regex(r"[A-Za-z0-9._:-]{1,3}", fullmatch=True)), max_size=60)


@given(LOGS, st.lists(st.integers(0, 60), max_size=6))
@settings(max_examples=200, deadline=None)
def test_whatever_was_asked_before_the_root_is_that_of_the_definition(streams, sizes):
    index = told(streams)
    for size in [*sizes, len(streams)]:
        if size <= len(streams):
            assert index.leaves(size) == naive(streams[:size])
            assert index.root(size) == naive_root_of(streams[:size]) == streamindex.root(index.leaves(size))


def test_blocks_are_hashed_anew_wherever_something_changed_or_moved():
    """Four blocks of leaves: later versions, insertions in front, between and behind, and both at once."""
    chance = random.Random(7)
    streams = [f"S{number:05d}" for number in range(4_096)]
    index, versions, log = StreamIndex(), {}, []
    turns = [streams, ["S00001"], ["S02000x"], ["A"], ["Z"], ["S04095", "S04095", "B"], ["S01023"], ["S01024"], []]
    turns += [[chance.choice(streams) + chance.choice(("", "", "y")) for _ in range(5)] for _ in range(8)]
    for turn in turns:
        for stream in turn:
            log.append(stream)
            versions[stream] = versions.get(stream, 0) + 1
            index.take(len(log), stream, versions[stream])
        assert index.root(len(log)) == streamindex.root(Leaf(*leaf) for leaf in naive(log))


def test_only_what_changed_or_moved_is_hashed_anew(monkeypatch):
    """Or the index of a million streams would cost a million hashes each day."""
    blocks, leaves = [], []
    real_root, real_leaf = merkle.root, merkle.hash_leaf
    monkeypatch.setattr(merkle, "root", lambda hashes: (blocks.append(hashes), real_root(hashes))[1])
    monkeypatch.setattr(merkle, "hash_leaf", lambda leaf: (leaves.append(leaf), real_leaf(leaf))[1])
    index, position = StreamIndex(), 0
    for turn, hashed in (
        ([f"S{number:05d}" for number in range(4_096)], (4, 4_096)),
        ([], (0, 0)),
        (["S00001"], (1, 1)),
        (["S01023x"], (3, 1)),  # the first of the second block: what stands in front of it has not moved
        (["S00002", "S04000"], (2, 2)),
        (["Z"], (0, 1)),
    ):
        for stream in turn:
            position += 1
            index.take(position, stream, 1)
        index.root(position)
        assert (len(blocks), len(leaves)) == hashed
        blocks.clear()
        leaves.clear()


def test_an_index_speaks_of_the_size_it_names_and_not_of_what_came_since():
    index = told(NIGHT)
    roots = [index.root(size) for size in range(len(NIGHT) + 1)]
    assert roots == [told(NIGHT[:size]).root(size) for size in range(len(NIGHT) + 1)]
    assert len(set(roots)) == len(roots) and roots[0] == merkle.EMPTY_ROOT


def test_no_index_of_what_is_still_to_come_nor_of_what_is_long_past(monkeypatch):
    with pytest.raises(errors.BadProof, match="speaks of 8 entries, and there are 7"):
        told(NIGHT).root(8)
    with pytest.raises(errors.BadProof, match="speaks of 1 entries, and there are 0"):
        StreamIndex().root(1)
    monkeypatch.setattr(streamindex, "BEHIND_ENTRIES_MAX", 3)
    index = told(NIGHT)
    assert len(index._recent) == 3
    assert index.root(4) == naive_root_of(NIGHT[:4])
    with pytest.raises(errors.BadProof, match="speaks of 3 entries, too long past for entry 8"):
        index.root(3)


# -- proofs -----------------------------------------------------------------------------------------------------------------


@given(LOGS, st.from_regex(r"[A-Za-z0-9._:-]{1,3}", fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_every_stream_is_proven_to_be_there_or_not(streams, other):
    leaves, size, root = told(streams).leaves(len(streams)), len(streams), told(streams).root(len(streams))
    known = {leaf.stream: leaf for leaf in leaves}
    for stream in [*known, other]:
        proof = prove_stream(leaves, size, stream)
        body = streamproof.format_stream_proof(proof)
        assert streamproof.parse_stream_proof(body) == proof
        assert verify_stream(proof, size, root) == known.get(stream)


def test_the_bytes_of_a_proof_are_for_good():
    index = told(NIGHT)
    proof = prove_stream(index.leaves(7), 7, "CASE-A3")
    assert streamproof.format_stream_proof(proof).decode() == (
        '{"leaves":[{"index":0,"path":["XAeJn3CXN8NcVfiiIvFHwQ67km4I+cI1S6UaaIEs0Q8=",'
        '"2QU6r4tqHVmaZP16kHEOO8/J0/a/dmTaEcTbiER9PjU="'
        '],"position":6,"stream":"CASE-A3","version":2}],"size":7,"stream":"CASE-A3","streams":4}'
    )


def true_leaves(leaves):
    """Every leaf with its one path: what anybody can show without breaking SHA-256."""
    read = merkle.hash_reader([streamindex.hash_leaf(leaf) for leaf in leaves])
    return [(leaf, tuple(merkle.prove_inclusion(i, len(leaves), read))) for i, leaf in enumerate(leaves)]


@pytest.mark.parametrize("count", range(1, 12))
def test_no_stream_that_is_there_can_be_shown_to_be_missing(count):
    """The number of leaves is not in the root: whoever lies about it, and about where leaves stand, still hides nothing."""
    streams = [f"S{number:02d}" for number in range(count)]
    leaves = told(streams).leaves(count)
    root = streamindex.root(leaves)
    true = true_leaves(leaves)
    claimed = {}
    for total in range(1, 2 * count + 3):
        claimed[total] = []
        for leaf, path in true:
            for at in range(total):
                try:
                    merkle.verify_inclusion(streamindex.hash_leaf(leaf), at, total, path, root)
                except errors.BadProof:
                    continue
                claimed[total].append(ProvenLeaf(at, leaf, path))
    assert count < 3 or sum(map(len, claimed.values())) > count, "lies about the number must have been among the claims"
    for total, proven in claimed.items():
        for shown in [(one,) for one in proven] + [(one, two) for one in proven for two in proven]:
            for stream in streams:
                if shown[0].leaf.stream == stream and len(shown) == 1:
                    continue
                with pytest.raises(errors.BadProof, match=f"do not leave {stream} out"):
                    verify_stream(StreamProof(stream, count, total, shown), count, root)


def test_a_proof_is_for_its_stream_its_size_and_its_root():
    index = told(NIGHT)
    leaves, root = index.leaves(7), index.root(7)
    proof = prove_stream(leaves, 7, "INC-A3")
    assert verify_stream(proof, 7, root) == Leaf("INC-A3", 3, 7)
    with pytest.raises(errors.BadProof, match="for size 7, the index for 6"):
        verify_stream(proof, 6, root)
    with pytest.raises(errors.BadProof, match="another root"):
        verify_stream(proof, 7, told(NIGHT[:6]).root(6))
    with pytest.raises(errors.BadProof, match="do not leave INC-A4 out"):
        verify_stream(replace(proof, stream="INC-A4"), 7, root)
    older = replace(proof.leaves[0], leaf=Leaf("INC-A3", 2, 4))
    with pytest.raises(errors.BadProof, match="another root"):
        verify_stream(replace(proof, leaves=(older,)), 7, root)


def test_neighbours_that_are_not_neighbours_show_no_gap():
    index = told(NIGHT)
    leaves, root = index.leaves(7), index.root(7)
    for left, right in pairwise(leaves):
        gap = prove_stream(leaves, 7, f"{left.stream}-")
        assert [proven.leaf for proven in gap.leaves] == [left, right]
        assert verify_stream(gap, 7, root) is None
        for shown in (gap.leaves[:1], gap.leaves[1:], gap.leaves[::-1]):
            if len(shown) == 1 and shown[0].leaf_index in (0, 3):
                continue
            with pytest.raises(errors.BadProof):
                verify_stream(replace(gap, leaves=shown), 7, root)
    wide = (prove_stream(leaves, 7, "CASE-A3").leaves[0], prove_stream(leaves, 7, "LEDGER").leaves[0])
    with pytest.raises(errors.BadProof, match="do not leave INC-A9 out"):
        verify_stream(StreamProof("INC-A9", 7, 4, wide), 7, root)


def test_an_empty_answer_is_for_an_empty_log_alone():
    assert verify_stream(prove_stream([], 0, "A"), 0, merkle.EMPTY_ROOT) is None
    for size, streams, root in ((0, 0, bytes(32)), (1, 0, merkle.EMPTY_ROOT), (0, 1, merkle.EMPTY_ROOT)):
        with pytest.raises(errors.BadProof, match="no leaf is shown"):
            verify_stream(StreamProof("A", size, streams, ()), size, root)


def test_a_leaf_beyond_the_size_is_refused_even_under_the_root():
    """An index of a later size, passed off under the root that it has: no leaf may point past what it speaks of."""
    leaves = told(NIGHT).leaves(7)
    proof = replace(prove_stream(leaves, 7, "INC-A3"), size=6)
    with pytest.raises(errors.BadProof, match="an entry beyond 6"):
        verify_stream(proof, 6, streamindex.root(leaves))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"size":7', b'"size":07', "malformed|invalid"),
        (b'"size":7', b'"size":7.0', "float"),
        (b'"size":7', b'"size":-7', "size"),
        (b'"size":7,', b'"size":7,"spare":1,', "spare"),
        (b'"stream":"CASE-A3","streams"', b'"stream":"CASE A3","streams"', "stream"),
        (b'"stream":"CASE-A3","streams"', b'"stream":"CASE-A3\\n","streams"', "stream"),
        (b'"version":2', b'"version":"2"', "version"),
        (b'"version":2', b'"version":2 ', "RFC 8785"),
        (b'"path":["', b'"path":["AA', "base64"),
        (b'{"leaves":[', b'{"leaves":[1,', "leaves"),
    ],
)
def test_a_proof_in_another_form_is_refused_naming_the_field(old, new, said):
    body = streamproof.format_stream_proof(prove_stream(told(NIGHT).leaves(7), 7, "CASE-A3"))
    assert body.count(old) == 1
    with pytest.raises(errors.BadProof, match=rf"(?i)not a proof of the index of streams: .*({said})"):
        streamproof.parse_stream_proof(body.replace(old, new))


def test_a_flipped_bit_of_a_proof_never_shows_anything_else():
    index = told(NIGHT)
    leaves, root = index.leaves(7), index.root(7)
    for stream, answer in (("INC-A3", Leaf("INC-A3", 3, 7)), ("INC-A4", None)):
        body = streamproof.format_stream_proof(prove_stream(leaves, 7, stream))
        kept = 0
        for at in range(len(body)):
            for bit in range(8):
                changed = body[:at] + bytes([body[at] ^ 1 << bit]) + body[at + 1 :]
                try:
                    proof = streamproof.parse_stream_proof(changed)
                    found = verify_stream(proof, 7, root)
                except errors.VerificationFailed:
                    continue
                # A changed name may fall into the same gap, and the number of streams may be another that fits.
                assert found == (answer if proof.stream == stream else None)
                assert proof.stream not in {leaf.stream for leaf in leaves} - {stream}
                kept += 1
        assert kept < 200
