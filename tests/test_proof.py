"""Proofs to carry away: one entry, its path, its checkpoint; nothing else passes for it."""

from __future__ import annotations

import pytest

from ledger import errors
from ledger.formats import merkle, note, policy, proof
from ledger.formats.keys import SigningKey
from ledger.formats.note import Checkpoint

LOG = SigningKey(bytes(range(32)))
LOG_KEY = note.VerifierKey("ledger.example/joint", note.ED25519_NOTE, LOG.public)
POLICY = policy.parse_policy(f"log {LOG_KEY}\nquorum none\n".encode())
HASHES = [merkle.hash_leaf(b"%d" % n) for n in range(13)]
READ = merkle.hash_reader(HASHES)
SIGNED = note.sign_checkpoint(Checkpoint("ledger.example/joint", 13, merkle.root(HASHES)), LOG)
PROVEN = proof.format_proof(5, merkle.prove_inclusion(5, 13, READ), SIGNED)


def test_a_proof_is_written_as_the_specification_shows():
    lines = PROVEN.decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 5"]
    assert lines[6] == ""
    assert PROVEN.endswith(SIGNED)
    assert proof.format_proof(5, [], SIGNED, extra=b"x").decode().split("\n")[1] == "extra eA=="


@pytest.mark.parametrize("extra", [None, b"", b"context"])
def test_every_entry_is_proven(extra):
    for index in range(13):
        content = proof.format_proof(index, merkle.prove_inclusion(index, 13, READ), SIGNED, extra)
        parsed = proof.parse_proof(content)
        assert (parsed.leaf_index, parsed.checkpoint, parsed.extra) == (index, SIGNED, extra)
        verified = proof.verify_proof(parsed, HASHES[index], POLICY)
        assert verified.checkpoint.size == 13
        assert verified.final
        for other in (HASHES[index - 1], bytes(32)):
            with pytest.raises(errors.BadProof):
                proof.verify_proof(parsed, other, POLICY)


def test_the_first_entry_of_a_log_needs_no_path():
    signed = note.sign_checkpoint(Checkpoint("ledger.example/joint", 1, HASHES[0]), LOG)
    proof.verify_proof(proof.parse_proof(proof.format_proof(0, [], signed)), HASHES[0], POLICY)


def test_every_flipped_bit_of_a_proof_is_refused():
    for bit in range(8 * len(PROVEN)):
        flipped = bytearray(PROVEN)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises((errors.BadProof, errors.BadNote)):
            proof.verify_proof(proof.parse_proof(bytes(flipped)), HASHES[5], POLICY)


def test_every_truncated_proof_is_refused():
    for length in range(len(PROVEN)):
        with pytest.raises((errors.BadProof, errors.BadNote)):
            proof.parse_proof(PROVEN[:length])


MALFORMED = {
    "empty": b"",
    "another header": PROVEN.replace(b"@v1", b"@v2"),
    "nothing but a header": b"c2sp.org/tlog-proof@v1\n\n" + SIGNED,
    "no index": PROVEN.replace(b"index 5\n", b""),
    "index after the path": PROVEN.replace(b"index 5\n", b"").replace(b"\n\n", b"\nindex 5\n\n", 1),
    "a leading zero": PROVEN.replace(b"index 5", b"index 05"),
    "a negative index": PROVEN.replace(b"index 5", b"index -5"),
    "extra twice": PROVEN.replace(b"index 5", b"extra eA==\nextra eA==\nindex 5"),
    "extra not base64": PROVEN.replace(b"index 5", b"extra x\nindex 5"),
    "extra too long": proof.format_proof(5, [], SIGNED, bytes(proof.EXTRA_BYTES_MAX + 1)),
    "a short hash": proof.format_proof(5, [bytes(31)], SIGNED),
    "a path without end": proof.format_proof(5, [bytes(32)] * 64, SIGNED),
    "carriage returns": PROVEN.replace(b"\n", b"\r\n"),
    "not ASCII": PROVEN.replace(b"index", "índex".encode()),
    "no note": PROVEN.partition(b"\n\n")[0] + b"\n\n",
    "too long": PROVEN + b"x" * proof.PROOF_BYTES_MAX,
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_proof_is_refused(content):
    with pytest.raises((errors.BadProof, errors.BadNote)):
        proof.parse_proof(content)


def test_a_path_and_what_stands_beside_it_may_be_as_long_as_the_format_says():
    """They are read, though they prove nothing yet."""
    path = (bytes(32),) * proof.PATH_HASHES_MAX
    longest = proof.parse_proof(proof.format_proof(5, path, SIGNED, bytes(proof.EXTRA_BYTES_MAX)))
    assert (longest.path, longest.extra) == (path, bytes(proof.EXTRA_BYTES_MAX))
    for some in (path, ()):
        assert proof.path_under(proof.format_proof(5, some, SIGNED), 5, SIGNED) == some


def test_a_proof_under_a_checkpoint_of_another_log_is_refused():
    signed = note.sign_checkpoint(Checkpoint("ledger.example/joint", 13, merkle.root(HASHES)), SigningKey(bytes(32)))
    parsed = proof.parse_proof(proof.format_proof(5, merkle.prove_inclusion(5, 13, READ), signed))
    with pytest.raises(errors.BadNote):
        proof.verify_proof(parsed, HASHES[5], POLICY)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body.replace(b"index 5", b"index 6"),
        lambda body: body.replace(b"index 5\n", b"index 5\n\n"),
        lambda body: body.replace(b"@v1\n", b"@v1\nextra eA==\n"),
        lambda body: body.replace(b"=\n", b"\n", 1),
        lambda body: body.replace(b"=\n", b"==\n", 1),
        lambda body: body.replace(b"=\n", b"= \n", 1),
        lambda body: body.replace(b"index 5\n", b"index 5\n" + b"A" * 43 + b"=\n" * 1 + b"AAAA\n"),
        lambda body: body.replace(b"index 5\n", b"index 5\n" + (b"A" * 43 + b"=\n") * 61),
        lambda body: body.replace(b"=\n", b"\xff\n", 1),
        lambda body: body + b"\n",
        lambda body: body[:-1],
        lambda body: b"c2sp.org/tlog-proof@v1\nindex 5\n" + SIGNED,
        lambda body: b"",
    ],
    ids=range(13),
)
def test_under_one_checkpoint_a_proof_has_one_spelling(spoil):
    assert proof.path_under(PROVEN, 5, SIGNED) == proof.parse_proof(PROVEN).path
    with pytest.raises(errors.BadProof):
        proof.path_under(spoil(PROVEN), 5, SIGNED)
