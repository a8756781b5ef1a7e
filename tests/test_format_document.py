"""docs/format.md is what strangers verify by: its vectors are made again here, and must stand in it."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from ledger.formats import (
    cosignature,
    entry,
    envelope,
    keys,
    merkle,
    note,
    policy,
    sealing,
    streamindex,
    streamproof,
    strict,
    tiles,
)
from ledger.formats.keys import SigningKey
from tests.bundles import FIGURE, STREAM

DOCUMENT = (Path(__file__).parent.parent / "docs" / "format.md").read_text()
# Long hex is broken into lines and groups in the document; what is compared has neither.
PACKED = "".join(DOCUMENT.split())
S0, S1 = SigningKey(bytes(range(32))), SigningKey(bytes(range(32, 64)))
PAYLOADS = [b'{"seq":%d}' % n for n in range(3)]
ALONE, BATCH = envelope.sign(PAYLOADS[1], S0), envelope.batch_sign(PAYLOADS, S1)
ENTRY = entry.format_entry("2015-08-27T01:16:00.000000Z", "CASE-A3", 2, [ALONE, BATCH[1]], PAYLOADS[1])
TREE = [merkle.hash_leaf(bytes.fromhex(h)) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
TREE.append(merkle.hash_leaf(bytes(range(0x60, 0x70))))
CHECKPOINT = note.Checkpoint("ledger.example/joint", 8, merkle.root(TREE))
TEXT = note.format_checkpoint(CHECKPOINT)
LONDON = cosignature.Cosigner("london.example/cosigner", S1)
LATTICE = cosignature.Cosigner("london.example/cosigner-pq", cosignature.LatticeKey(bytes(range(64, 96))))
SEALED, SECTION = sealing.seal("text", b'{"note":"deux adultes, un enfant"}', "o", "e", {}, bytes(range(32)))
SEALING = sealing.SealingKey(bytes(range(96)))
STREAMS = [streamindex.Leaf(*leaf) for leaf in (("CASE-A3", 2, 6), ("INC-A10", 1, 5), ("INC-A3", 3, 7), ("LEDGER", 1, 1))]

VECTORS = {
    "public keys": [key.public.hex() for key in (S0, S1)],
    "key ids": [key.key_id for key in (S0, S1)],
    "signature": [ALONE.sig.hex(), envelope.sign(PAYLOADS[1], S0, "application/vnd.calais.event.v1+json").sig.hex()],
    "encoding": [envelope.pae(envelope.EVENT_TYPE, PAYLOADS[1]).decode().replace(" ", "")],
    "batch": [BATCH[0].sig.hex(), *(part.hex() for part in BATCH[1].batch.path)],
    "entry": ["".join(ENTRY.decode().split()), merkle.hash_leaf(ENTRY).hex(), f"{len(ENTRY)}bytes"],
    "roots": [merkle.root(TREE[:size]).hex() for size in range(9)],
    "inclusion": [part.hex() for part in merkle.prove_inclusion(5, 8, merkle.hash_reader(TREE))],
    "consistency": [merkle.prove_consistency(6, 8, merkle.hash_reader(TREE))[0].hex()],
    "note": [
        "".join(note.add_lines(note.sign_checkpoint(CHECKPOINT, S0), [LONDON.cosign(TEXT, 1_445_000_000)]).decode().split())
    ],
    "verifier keys": [str(LONDON.key), str(note.VerifierKey("ledger.example/joint", 1, S0.public))],
    "lattice": [
        hashlib.sha256(LATTICE.key.public).hexdigest(),
        LATTICE.key.key_id.hex(),
        cosignature.ml_dsa_message(LATTICE.name, 1_445_000_000, CHECKPOINT).hex(),
    ],
    "section": [SEALED["sha256"], SEALED["key_sha256"], SECTION.ciphertext[:16].hex(), SECTION.ciphertext[-16:].hex()],
    "sealing key": [SEALING.key_id, hashlib.sha256(SEALING.public).hexdigest()],
    "limits": [
        f"{limit:,}"
        for limit in (
            strict.PAYLOAD_BYTES_MAX,
            entry.ENTRY_BYTES_MAX,
            envelope.SIGNATURE_BYTES_MAX,
            envelope.SECTIONS_BYTES_MAX,
            sealing.SECTION_BYTES_MAX,
            sealing.WRAP_BYTES,
            note.NOTE_BYTES_MAX,
            keys.ALGORITHMS[keys.ML_KEM_SEALING].public_bytes,
        )
    ],
    "index": [
        streamindex.hash_leaf(STREAMS[0]).hex(),
        streamindex.root(STREAMS).hex(),
        streamproof.format_stream_proof(streamproof.prove_stream(STREAMS, 7, "CASE-A3")).decode(),
        f"{streamindex.BEHIND_ENTRIES_MAX + 1:,}",
    ],
    "small order": [key.hex() for key in keys.SMALL_ORDER if key[-1] < 0x80],
    "batch of one": [base64.b64encode(envelope.batch_sign(PAYLOADS[1:2], S1)[0].sig).decode() + "batch10"],
    "successor": [hashlib.sha256(S1.key_id.encode()).hexdigest()],
    "bundles": [hashlib.sha256(bundle).hexdigest() for bundle in (STREAM, FIGURE)],
    "tiles": [tiles.Tile(0, 1_234_067).path.removeprefix("tile/0/")],
}


@pytest.mark.parametrize("vectors", VECTORS.values(), ids=VECTORS.keys())
def test_the_document_does_not_lag_behind_the_code(vectors):
    for vector in vectors:
        assert vector in PACKED


def test_every_key_type_and_keyword_is_described():
    for row in keys.ALGORITHMS.values():
        assert f"| `{row.type_code:02x}` |" in DOCUMENT
    for code in cosignature.VERIFIERS:
        assert f"| `{code:02x}` |" in DOCUMENT
    assert sealing.PEM_LABEL in DOCUMENT
    assert f"quorum <name | {policy.NO_QUORUM}>" in DOCUMENT
    assert base64.b64encode(ALONE.sig).decode() in DOCUMENT
