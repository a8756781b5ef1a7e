"""Envelopes: golden bytes, batches whose events stay verifiable alone, and wire items refused rather than altered."""

from __future__ import annotations

import base64
import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import errors
from ledger.formats import envelope, keys, merkle, strict
from ledger.formats.envelope import BATCH_TYPE, EVENT_TYPE, BatchPath, Signature, Submitted
from ledger.formats.keys import SigningKey
from ledger.formats.proven import Proven
from ledger.formats.sealing import SealedSection

KEY = SigningKey(bytes(range(32)))
BATCH_ROOT = "78e76d962b67006005ec345542975b6e5fd013deb2406f836db89fa4bd43f100"
BATCH_SIGNATURE = (
    "7114c830c9ce3d166de477700e9d9c650e6cbd3cfc6adbf53860c00d3a5a200f"
    "9b91c5ad16b9b16ae847a64ad67edf37a65c40d3490c3d6ec4bba2bd9a12970b"
)
PAYLOADS = [b'{"seq":%d}' % n for n in range(13)]


def test_the_known_envelope_signature():
    kind = "application/vnd.calais.event.v1+json"
    assert envelope.pae(kind, b'{"seq":1}') == b'DSSEv1 36 application/vnd.calais.event.v1+json 9 {"seq":1}'
    signature = envelope.sign(b'{"seq":1}', KEY, kind)
    assert signature.sig.hex() == (
        "d3257cf52a755ce18883bd88dafd24968e1dfc5f159314013eb0530c63810871"
        "f6a09261b2eeaaf496b099eb47d9fcfb65f2a5623fc30d7b7eaae82318367f05"
    )
    assert signature.keyid == KEY.key_id
    envelope.verify_signature(kind, b'{"seq":1}', signature, KEY.public)


def test_the_length_in_pae_is_in_bytes():
    assert envelope.pae("é", "é".encode()) == "DSSEv1 2 é 2 é".encode()


def test_an_event_cannot_pass_for_another():
    signature = envelope.sign(PAYLOADS[1], KEY)
    envelope.verify_signature(EVENT_TYPE, PAYLOADS[1], signature, KEY.public)
    for kind, payload, public in [
        (EVENT_TYPE, PAYLOADS[2], KEY.public),
        (EVENT_TYPE, PAYLOADS[1] + b" ", KEY.public),
        (BATCH_TYPE, PAYLOADS[1], KEY.public),
        (EVENT_TYPE, PAYLOADS[1], SigningKey(bytes(32)).public),
    ]:
        with pytest.raises(errors.BadSignature):
            envelope.verify_signature(kind, payload, signature, public)
    with pytest.raises(errors.WeakKey):
        envelope.verify_signature(EVENT_TYPE, PAYLOADS[1], signature, bytes(32))


# -- batches ----------------------------------------------------------------------------------------------------------------


def test_the_known_batch_signature():
    """Three events: root over the leaf hashes of their encodings, one signature over uint64 n and the root."""
    signatures = envelope.batch_sign(PAYLOADS[:3], KEY)
    leaves = [merkle.hash_leaf(envelope.pae(EVENT_TYPE, payload)) for payload in PAYLOADS[:3]]
    root = merkle.hash_node(merkle.hash_node(leaves[0], leaves[1]), leaves[2])
    assert root.hex() == BATCH_ROOT
    assert {(s.keyid, s.sig.hex()) for s in signatures} == {(KEY.key_id, BATCH_SIGNATURE)}
    keys.verify(KEY.public, envelope.pae(BATCH_TYPE, (3).to_bytes(8, "big") + root), signatures[0].sig)
    assert [s.batch for s in signatures] == [
        BatchPath(3, 0, (leaves[1], leaves[2])),
        BatchPath(3, 1, (leaves[0], leaves[2])),
        BatchPath(3, 2, (merkle.hash_node(leaves[0], leaves[1]),)),
    ]


@pytest.mark.parametrize("n", [1, 2, 3, 8, 13])
def test_each_event_of_a_batch_is_verifiable_alone(n):
    for payload, signature in zip(PAYLOADS[:n], envelope.batch_sign(PAYLOADS[:n], KEY), strict=True):
        envelope.verify_signature(EVENT_TYPE, payload, signature, KEY.public)
        for other in (p for p in PAYLOADS if p != payload):
            with pytest.raises(errors.BadSignature):
                envelope.verify_signature(EVENT_TYPE, other, signature, KEY.public)


def test_a_batch_path_cannot_be_bent():
    signatures = envelope.batch_sign(PAYLOADS, KEY)
    for payload, signature in zip(PAYLOADS, signatures, strict=True):
        n, index, path = signature.batch.n, signature.batch.index, signature.batch.path
        wrong = [BatchPath(n, other, path) for other in range(-1, n + 2) if other != index]
        wrong += [BatchPath(other, index, path) for other in (0, 1, n - 1, n + 1, 2**63, 2**64) if other != n]
        wrong += [BatchPath(n, index, path[:-1]), BatchPath(n, index, (*path, bytes(32))), BatchPath(n, index, path[::-1])]
        wrong += [BatchPath(n, index, (path[0][:31], *path[1:])), BatchPath(n, index, (bytes(32), *path[1:]))]
        for bent in wrong:
            with pytest.raises(errors.BadSignature):
                envelope.verify_signature(EVENT_TYPE, payload, Signature(KEY.key_id, signature.sig, bent), KEY.public)


def test_a_batch_signature_is_not_one_of_an_event_nor_the_reverse():
    alone, batched = envelope.sign(PAYLOADS[0], KEY), envelope.batch_sign(PAYLOADS[:1], KEY)[0]
    for crossed in (Signature(KEY.key_id, alone.sig, batched.batch), Signature(KEY.key_id, batched.sig)):
        with pytest.raises(errors.BadSignature):
            envelope.verify_signature(EVENT_TYPE, PAYLOADS[0], crossed, KEY.public)


def test_a_remembered_batch_does_not_cover_other_keys_roots_or_signatures(monkeypatch):
    cache = Proven()
    verified = []
    real = keys.verify
    monkeypatch.setattr(keys, "verify", lambda *a: (verified.append(a), real(*a)))
    signatures = envelope.batch_sign(PAYLOADS, KEY)
    for payload, signature in zip(PAYLOADS, signatures, strict=True):
        envelope.verify_signature(EVENT_TYPE, payload, signature, KEY.public, cache)
    assert len(verified) == 1
    forged = Signature(KEY.key_id, bytes(64), signatures[0].batch)
    for signature, payload, public in [
        (forged, PAYLOADS[0], KEY.public),
        (signatures[0], PAYLOADS[1], KEY.public),
        (signatures[0], PAYLOADS[0], SigningKey(bytes(32)).public),
    ]:
        for _ in range(2):  # a failure is never remembered as a success
            with pytest.raises(errors.BadSignature):
                envelope.verify_signature(EVENT_TYPE, payload, signature, public, cache)


# -- wire items -------------------------------------------------------------------------------------------------------------

SUBMITTED = Submitted(
    PAYLOADS[1],
    EVENT_TYPE,
    (envelope.sign(PAYLOADS[1], KEY), envelope.batch_sign(PAYLOADS, SigningKey(bytes(32)))[1]),
    {"text": SealedSection(b"cipher", {"GB": b"wrap", "FR": b"wrap2"}), "personal:SUBJ-1": SealedSection(b"c", {})},
)
GOLDEN_ITEM = (
    '{"envelope":{"payloadType":"application/vnd.entente.event.v1+json","payload":"eyJzZXEiOjF9","signatures":[{"keyid":"'
    'cb39f0f6d246b033068073b728cf5b70a204cda3b1ccb17d8160d12dcd1a5ae3","sig":"%s"}]},'
    '"sections":{"text":{"ciphertext":"Y2lwaGVy","wraps":{"GB":"d3JhcA=="}}}}'
)


def test_the_wire_item_to_the_byte():
    signature = envelope.sign(PAYLOADS[1], KEY)
    item = GOLDEN_ITEM % base64.b64encode(signature.sig).decode()
    submitted = Submitted(PAYLOADS[1], EVENT_TYPE, (signature,), {"text": SealedSection(b"cipher", {"GB": b"wrap"})})
    assert json.dumps(envelope.format_item(submitted), separators=(",", ":")) == item
    assert envelope.parse_item(item.encode()) == submitted
    assert KEY.key_id in item


def test_an_item_comes_back_as_it_was():
    item = envelope.format_item(SUBMITTED)
    assert envelope.parse_item(item) == SUBMITTED
    assert envelope.parse_item(json.dumps(item, indent=2).encode()) == SUBMITTED
    bare = Submitted(PAYLOADS[1], EVENT_TYPE, SUBMITTED.signatures[:1], {})
    assert "sections" not in envelope.format_item(bare)
    assert envelope.parse_item(envelope.format_item(bare)) == bare


def changed(path, value):
    """The item with one place set to a value, or removed where the value is `...`."""
    item = copy.deepcopy(envelope.format_item(SUBMITTED))
    at = item
    for name in path[:-1]:
        at = at[name]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return item


SIGNATURES = ("envelope", "signatures")
REFUSED = {
    "no envelope": (("envelope",), ..., None),
    "an unknown field": (("more",), 1, None),
    "an unknown field of the envelope": (("envelope", "more"), 1, "envelope"),
    "an algorithm named by the envelope": ((*SIGNATURES, 0, "alg"), "none", "envelope.signatures[0]"),
    "no payload": (("envelope", "payload"), ..., "envelope"),
    "a payload that is no text": (("envelope", "payload"), 1, "envelope.payload"),
    "a payload not base64": (("envelope", "payload"), "eyJ!", "envelope.payload"),
    "a payload without padding": (("envelope", "payload"), "eyJzZXEiOjEx"[:-1], "envelope.payload"),
    "a payload with a line break": (("envelope", "payload"), "eyJz\nZXEiOjF9", "envelope.payload"),
    "a payload in the URL alphabet": (("envelope", "payload"), "-_-_", "envelope.payload"),
    "a payload too long": (
        ("envelope", "payload"),
        base64.b64encode(bytes(strict.PAYLOAD_BYTES_MAX + 1)).decode(),
        "envelope.payload",
    ),
    "no type": (("envelope", "payloadType"), ..., "envelope"),
    "an empty type": (("envelope", "payloadType"), "", "envelope.payloadType"),
    "a type with a space": (("envelope", "payloadType"), "a b", "envelope.payloadType"),
    "no signature": (SIGNATURES, [], "envelope.signatures"),
    "too many signatures": (
        SIGNATURES,
        envelope.format_item(SUBMITTED)["envelope"]["signatures"][:1] * 9,
        "envelope.signatures",
    ),
    "an empty signature": ((*SIGNATURES, 0, "sig"), "", "envelope.signatures[0].sig"),
    "a key id in upper case": ((*SIGNATURES, 0, "keyid"), KEY.key_id.upper(), "envelope.signatures[0].keyid"),
    "a key id too short": ((*SIGNATURES, 0, "keyid"), KEY.key_id[1:], "envelope.signatures[0].keyid"),
    "a key id with a newline": ((*SIGNATURES, 0, "keyid"), KEY.key_id + "\n", "envelope.signatures[0].keyid"),
    "a batch of none": ((*SIGNATURES, 1, "batch", "n"), 0, "envelope.signatures[1].batch.n"),
    "a batch without end": ((*SIGNATURES, 1, "batch", "n"), 2**40, "envelope.signatures[1].batch.n"),
    "an index beyond the batch": ((*SIGNATURES, 1, "batch", "index"), 13, "envelope.signatures[1].batch"),
    "a negative index": ((*SIGNATURES, 1, "batch", "index"), -1, "envelope.signatures[1].batch.index"),
    "an index that is true": ((*SIGNATURES, 1, "batch", "index"), True, "envelope.signatures[1].batch.index"),
    "a hash too short": ((*SIGNATURES, 1, "batch", "path", 0), "AAAA", "envelope.signatures[1].batch"),
    "a path not base64": ((*SIGNATURES, 1, "batch", "path", 0), "x", "envelope.signatures[1].batch.path"),
    "a signature not base64": ((*SIGNATURES, 1, "sig"), "x", "envelope.signatures[1].sig"),
    "a path without end": (
        (*SIGNATURES, 1, "batch", "path"),
        [base64.b64encode(bytes(32)).decode()] * 25,
        "envelope.signatures[1].batch.path",
    ),
    "a section that is no object": (("sections", "text"), "x", "sections[...]"),
    "a section without wraps": (("sections", "text", "wraps"), ..., "sections[...]"),
    "a section name with a slash": (("sections", "../text"), {"ciphertext": "", "wraps": {}}, "sections"),
    "a section name with a newline": (("sections", "text\n"), {"ciphertext": "", "wraps": {}}, "sections"),
    "a section too long": (
        ("sections", "text", "ciphertext"),
        base64.b64encode(bytes(262_145)).decode(),
        "sections.text.ciphertext",
    ),
    "too many sections": (("sections",), {f"s{n}": {"ciphertext": "", "wraps": {}} for n in range(17)}, "sections"),
    "sections too long together": (
        ("sections",),
        {f"s{n}": {"ciphertext": base64.b64encode(bytes(262_144)).decode(), "wraps": {}} for n in range(5)},
        "sections",
    ),
    "a wrap too long": (("sections", "text", "wraps", "GB"), base64.b64encode(bytes(8_193)).decode(), "sections.text.wraps.GB"),
    "too many wraps": (("sections", "text", "wraps"), {f"r{n}": "" for n in range(17)}, "sections[...].wraps"),
    "sections that are null": (("sections",), None, "sections"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wire_item_not_as_specified_is_refused_by_name(name):
    path, value, field = REFUSED[name]
    item = changed(path, value)
    for sent in (item, json.dumps(item).encode()):
        with pytest.raises(errors.TooLarge if "too long" in name else errors.Malformed) as refused:
            envelope.parse_item(sent)
        assert refused.value.field == field


def test_what_is_wrong_is_told_apart_from_where():
    with pytest.raises(errors.Malformed, match=r"^Object contains unknown field `more`$"):
        envelope.parse_item(changed(("more",), 1))
    with pytest.raises(errors.Malformed, match=r"^envelope: Object contains unknown field `more`$"):
        envelope.parse_item(changed(("envelope", "more"), 1))


def test_sections_as_long_together_as_may_be_are_taken():
    sections = {f"s{n}": SealedSection(bytes(262_144), {}) for n in range(4)}
    full = Submitted(PAYLOADS[1], EVENT_TYPE, SUBMITTED.signatures, sections)
    assert sum(len(section.ciphertext) for section in sections.values()) == envelope.SECTIONS_BYTES_MAX
    assert envelope.parse_item(envelope.format_item(full)) == full


def test_a_wire_item_with_a_name_twice_is_refused():
    body = json.dumps(envelope.format_item(SUBMITTED)).encode()
    twice = body.replace(b'"payload":', b'"payload": "e30=", "payload":')
    assert json.loads(twice) == json.loads(body)
    with pytest.raises(errors.Malformed, match="given twice"):
        envelope.parse_item(twice)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_changed_byte_of_a_wire_item_is_silently_mended(data):
    """Whatever is accepted says the same when written again in the compact form."""
    body = bytearray(json.dumps(envelope.format_item(SUBMITTED), separators=(",", ":")).encode())
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        submitted = envelope.parse_item(bytes(body))
    except errors.Malformed:
        return
    assert json.loads(body) == envelope.format_item(submitted)


def test_a_batch_of_items_in_a_request_is_not_too_deep():
    """A path stands eight levels deep in {"events": [item]}: the depth limit must leave room for it."""
    body = json.dumps({"events": [envelope.format_item(SUBMITTED)]}).encode()
    items = strict.read_request(body, envelope.ITEM_BYTES_MAX)["events"]
    assert [envelope.parse_item(item) for item in items] == [SUBMITTED]
