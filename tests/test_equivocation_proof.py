"""Proofs that a log told two histories: every two are proven, one never is, and nothing else passes for a proof."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger import errors
from ledger.formats import equivocation, merkle, note
from ledger.formats.cosignature import Cosigner
from ledger.formats.keys import SigningKey
from ledger.formats.note import Checkpoint
from ledger.formats.policy import Group, Log, Policy, Witness
from ledger.formats.proof import Proof

ORIGIN = "ledger.example/joint"
KEY, OTHER = SigningKey(bytes(32)), SigningKey(bytes([1]) * 32)
LEAVES = [merkle.hash_leaf(b"%d" % n) for n in range(20)]
FALSE = [merkle.hash_leaf(b"false %d" % n) for n in range(20)]


def signed(leaves: list[bytes], key: SigningKey = KEY, origin: str = ORIGIN) -> bytes:
    return note.sign_checkpoint(Checkpoint(origin, len(leaves), merkle.root(leaves)), key)


def policy_of(*keys: SigningKey, origin: str = ORIGIN) -> Policy:
    witness = Cosigner("w", SigningKey(bytes([9]) * 32))
    logs = tuple(Log(note.VerifierKey(origin, note.ED25519_NOTE, key.public)) for key in keys)
    return Policy(logs, {"w": Witness(witness.key)}, {"g": Group(1, ("w",))}, "g")


def prefix_proof(size: int, leaves: list[bytes]) -> tuple[bytes, list[bytes]]:
    return merkle.root(leaves[:size]), merkle.prove_consistency(size, len(leaves), merkle.hash_reader(leaves))


def leaf_proof(index: int, leaves: list[bytes]) -> Proof:
    return Proof(index, tuple(merkle.prove_inclusion(index, len(leaves), merkle.hash_reader(leaves))), signed(leaves))


@pytest.mark.parametrize("size", range(1, 21))
@pytest.mark.parametrize("fork", [1, 8, 19, 20])
def test_every_two_forks_are_proven(size: int, fork: int) -> None:
    other = [*LEAVES[: fork - 1], *FALSE[fork - 1 :]]
    found = equivocation.of_prefix(signed(other[:size]), signed(LEAVES), *prefix_proof(size, LEAVES))
    content = equivocation.format_equivocation(found)
    assert equivocation.parse_equivocation(content) == found
    if size < fork:
        with pytest.raises(errors.BadProof, match="one history"):
            equivocation.verify(found, policy_of(KEY))
    else:
        assert equivocation.verify(found, policy_of(KEY)).kind == "prefix"


def test_two_leaves_at_one_index_are_a_proof() -> None:
    other = [*LEAVES[:4], FALSE[4], *LEAVES[5:18]]
    found = equivocation.of_proofs(leaf_proof(4, other), other[4], leaf_proof(4, LEAVES), LEAVES[4])
    assert equivocation.parse_equivocation(equivocation.format_equivocation(found)) == found
    assert equivocation.verify(found, policy_of(KEY)).kind == "leaves"
    same = equivocation.of_proofs(leaf_proof(3, other), other[3], leaf_proof(3, LEAVES), LEAVES[3])
    with pytest.raises(errors.BadProof, match="same leaf"):
        equivocation.verify(same, policy_of(KEY))


def test_what_another_key_signed_proves_nothing_against_the_log() -> None:
    root, path = prefix_proof(7, LEAVES)
    found = equivocation.of_prefix(signed(FALSE[:7], OTHER), signed(LEAVES), root, path)
    with pytest.raises(errors.BadNote):
        equivocation.verify(found, policy_of(KEY))
    elsewhere = equivocation.of_prefix(signed(FALSE[:7], origin="another.example"), signed(LEAVES), root, path)
    with pytest.raises(errors.BadNote):
        equivocation.verify(elsewhere, policy_of(KEY))


def test_two_logs_of_one_policy_do_not_contradict_each_other() -> None:
    both = Policy((*policy_of(KEY).logs, *policy_of(KEY, origin="another.example").logs), {}, {}, "none")
    found = equivocation.of_prefix(signed(FALSE[:7], origin="another.example"), signed(LEAVES), *prefix_proof(7, LEAVES))
    with pytest.raises(errors.BadProof, match="two logs"):
        equivocation.verify(found, both)


def test_every_changed_digit_of_a_proof_is_noticed() -> None:
    """No single change of a proof of one history makes it one of two, and a changed proof of two proves nothing."""
    found = equivocation.of_prefix(signed(FALSE[:7]), signed(LEAVES), *prefix_proof(7, LEAVES))
    content = equivocation.format_equivocation(found)
    honest = equivocation.format_equivocation(
        equivocation.of_prefix(signed(LEAVES[:7]), signed(LEAVES), *prefix_proof(7, LEAVES))
    )
    survived = 0
    for body, is_proof in ((content, True), (honest, False)):
        for at in range(len(body)):
            changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
            try:
                equivocation.verify(equivocation.parse_equivocation(changed), policy_of(KEY))
            except errors.EntenteError:
                continue
            survived += 1
            assert is_proof, f"a change at {at} makes a lie of one history"
            assert changed.strip() == body.strip() or body[at : at + 1].isspace(), at
    assert survived < 20


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{}", b"[]", b"null", b'{"format":"entente.equivocation.v1"}', b"\xff", b"{" * 2000),
        *(b'{"format":"entente.equivocation.v1","notes":["a"],"prefix":{}}', b'{"format":1,"notes":[1,2],"leaves":3}'),
        b'{"format":"entente.equivocation.v1","notes":["a","b"],"prefix":{"root":"AA==","path":[]},"leaves":{}}',
        b'{"format":"entente.equivocation.v1","notes":["a","b"],"notes":["a","b"],"prefix":{"root":"","path":[]}}',
        b'{"format":"entente.equivocation.v1","notes":["a","b"],"leaves":{"index":true,"first":{},"second":{}}}',
        b" " * (equivocation.PROOF_BYTES_MAX + 1),
    ],
)
def test_what_is_no_proof_is_refused_naming_what_is_wrong(body: bytes) -> None:
    with pytest.raises(errors.Refused):
        equivocation.parse_equivocation(body)


def written(found: equivocation.Equivocation) -> Any:
    return json.loads(equivocation.format_equivocation(found))


def of_prefix() -> Any:
    return written(equivocation.of_prefix(signed(FALSE[:7]), signed(LEAVES), *prefix_proof(7, LEAVES)))


def of_leaves() -> Any:
    other = [*LEAVES[:4], FALSE[4], *LEAVES[5:18]]
    return written(equivocation.of_proofs(leaf_proof(4, other), other[4], leaf_proof(4, LEAVES), LEAVES[4]))


def changed(value: Any, *path: Any, to: Any) -> Any:
    """The same with one field replaced; taken away where `to` is Ellipsis."""
    at = value
    for name in path[:-1]:
        at = at[name]
    if to is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return value


HASH = "A" * 43 + "="


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (changed(of_prefix(), "format", to="entente.equivocation.v2"), "format"),
        (changed(of_prefix(), "format", to=...), "format"),
        *((changed(of_prefix(), "notes", to=notes), "notes") for notes in (1, {}, ["a"], ["a", "b", "c"], ["a", 1], [1, "a"])),
        (changed(of_prefix(), "notes", to=...), "notes"),
        *((changed(of_prefix(), "prefix", to=prefix), "prefix") for prefix in (1, [], {"root": HASH}, "ab")),
        (changed(of_prefix(), "prefix", "more", to=1), "prefix"),
        *((changed(of_prefix(), "prefix", "root", to=root), "prefix.root") for root in (1, None, "", "AAAA", "AAAA" + HASH)),
        *((changed(of_prefix(), "prefix", "path", to=path), "prefix.path") for path in (1, {}, "", [1], [""], [HASH] * 64)),
        *((changed(of_leaves(), "leaves", to=leaves), "leaves") for leaves in (1, [], {"index": 1}, "x")),
        (changed(of_leaves(), "leaves", "more", to=1), "leaves"),
        *((changed(of_leaves(), "leaves", "index", to=index), "leaves") for index in (True, "1", None)),
        *((changed(of_leaves(), "leaves", leaf, to=1), f"leaves.{leaf}") for leaf in ("first", "second")),
        *((changed(of_leaves(), "leaves", leaf, "more", to=1), f"leaves.{leaf}") for leaf in ("first", "second")),
        *((changed(of_leaves(), "leaves", at, "leaf_hash", to=1), f"leaves.{at}.leaf_hash") for at in ("first", "second")),
        *((changed(of_leaves(), "leaves", at, "path", to=1), f"leaves.{at}.path") for at in ("first", "second")),
        (changed(of_prefix(), "leaves", to=of_leaves()["leaves"]), None),
        (changed(of_prefix(), "more", to=1), None),
        (changed(of_prefix(), "prefix", to=...), None),
    ],
)
def test_the_refusal_names_the_field(value: Any, field: str | None) -> None:
    with pytest.raises(errors.Malformed) as refused:
        equivocation.parse_equivocation(json.dumps(value).encode())
    assert refused.value.field == field


def test_a_path_may_have_as_many_hashes_as_a_tree_has_levels() -> None:
    value = changed(of_prefix(), "prefix", "path", to=[HASH] * 63)
    shown = equivocation.parse_equivocation(json.dumps(value).encode()).shown
    assert isinstance(shown, equivocation.Prefix) and shown.path == (bytes(32),) * 63


def test_what_is_proven_names_the_keys_and_both_states() -> None:
    both = policy_of(KEY, OTHER)
    keys = tuple(log.key for log in both.logs)
    prefix = equivocation.of_prefix(signed(FALSE[:7], OTHER), signed(LEAVES), *prefix_proof(7, LEAVES))
    proven = equivocation.verify(prefix, both)
    assert proven.keys == (keys[1], keys[0])
    assert (proven.first.size, proven.first.root, proven.second.size) == (7, merkle.root(FALSE[:7]), 20)
    other = [*LEAVES[:4], FALSE[4], *LEAVES[5:18]]
    proven = equivocation.verify(equivocation.of_proofs(leaf_proof(4, other), other[4], leaf_proof(4, LEAVES), LEAVES[4]), both)
    assert proven.keys == (keys[0], keys[0]) and (proven.first.size, proven.second.size) == (18, 20)


def test_a_proof_is_written_to_be_read() -> None:
    """One field a line, indented by one: the file that the document shows."""
    content = equivocation.format_equivocation(
        equivocation.of_prefix(signed(FALSE[:7]), signed(LEAVES), *prefix_proof(7, LEAVES))
    )
    assert content.startswith(b'{\n "format": "entente.equivocation.v1",\n "notes": [\n  "') and content.endswith(b"}\n")
