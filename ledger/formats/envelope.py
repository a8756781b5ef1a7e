"""DSSE v1 envelopes: exact payload bytes and who signed them, alone or in a batch.

The key decides the algorithm, never the envelope. A batch signature is one signature over the root of a Merkle tree of events;
each event keeps its path and so stays verifiable alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from ledger import errors
from ledger.formats import keys, merkle, strict
from ledger.formats.armour import decode64, encode64
from ledger.formats.proven import Proven
from ledger.formats.sealing import SECTION_BYTES_MAX, SealedSection

EVENT_TYPE = "application/vnd.entente.event.v1+json"
BATCH_TYPE = "application/vnd.entente.batch.v1"

SIGNATURES_MAX = 8
SIGNATURE_BYTES_MAX = 8_192
BATCH_EVENTS_MAX = 1 << 24
SECTIONS_MAX = 16
SECTIONS_BYTES_MAX = 1_048_576
WRAPS_MAX = 16
WRAP_BYTES_MAX = 8_192
ITEM_BYTES_MAX = 2_097_152

# `$` would let a last newline pass.
KEY_ID_PATTERN = r"^[0-9a-f]{64}\Z"
NAME_PATTERN = r"^[A-Za-z0-9._:-]{1,160}\Z"


class BatchPath(msgspec.Struct, frozen=True, gc=False):
    """Where an event stands in a batch: `n` events, its index from 0, the audit path from it to the root (32 bytes each)."""

    n: int
    index: int
    path: tuple[bytes, ...]


class Signature(msgspec.Struct, frozen=True, gc=False):
    """Who signed (hex key id), the signature, and the batch it covers where it covers one."""

    keyid: str
    sig: bytes
    batch: BatchPath | None = None


class Submitted(msgspec.Struct, frozen=True):
    """An envelope as it arrived, decoded from its wire form and within limits; nothing in it is verified."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]
    sections: dict[str, SealedSection] = {}


def pae(payload_type: str, body: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is signed."""
    return b"DSSEv1 %d %b %d %b" % (len(payload_type.encode()), payload_type.encode(), len(body), body)


# -- signing and verifying ----------------------------------------------------------------------------------------------------


def sign(payload: bytes, key: keys.SigningKey, payload_type: str = EVENT_TYPE) -> Signature:
    """Sign a payload alone."""
    return Signature(key.key_id, key.sign(pae(payload_type, payload)))


def batch_body(n: int, root: bytes) -> bytes:
    """What a batch signature is over, under BATCH_TYPE: uint64 number of events, 32-byte root."""
    return n.to_bytes(8, "big") + root


def batch_sign(payloads: Sequence[bytes], key: keys.SigningKey, payload_type: str = EVENT_TYPE) -> list[Signature]:
    """Sign payloads together: one signature, each with its own path."""
    n = len(payloads)
    assert 1 <= n <= BATCH_EVENTS_MAX, f"a batch has 1 to {BATCH_EVENTS_MAX} events"
    leaves = [merkle.hash_leaf(pae(payload_type, payload)) for payload in payloads]
    sig = key.sign(pae(BATCH_TYPE, batch_body(n, merkle.root(leaves))))
    read = merkle.hash_reader(leaves)
    return [Signature(key.key_id, sig, BatchPath(n, i, tuple(merkle.prove_inclusion(i, n, read)))) for i in range(n)]


def verify_signature(
    payload_type: str, payload: bytes, signature: Signature, public: bytes, proven: Proven | None = None
) -> None:
    """Verify one signature, single or batch, under an Ed25519 public key whose id the caller has matched to `keyid`.

    `proven` is asked for what was verified before, and learns what a batch signature proves. Raises BadSignature or WeakKey.
    """
    signed, sig, batch = pae(payload_type, payload), signature.sig, signature.batch
    if batch is None:
        if proven is None or (public, signed, sig) not in proven:
            keys.verify(public, signed, sig)
        return
    leaf_hash = merkle.hash_leaf(signed)
    if proven is not None and proven.is_under(public, sig, leaf_hash, batch.n, batch.index, batch.path):
        return
    try:
        root = merkle.root_from_inclusion(leaf_hash, batch.index, batch.n, batch.path)
    except errors.BadProof as wrong:
        raise errors.BadSignature(f"the batch path does not fit: {wrong.message}") from None
    signed = pae(BATCH_TYPE, batch_body(batch.n, root))
    if proven is None:
        keys.verify(public, signed, sig)
        return
    if (public, signed, sig) not in proven:
        keys.verify(public, signed, sig)
        proven.add((public, signed, sig))
    proven.climbed(public, sig, leaf_hash, batch.n, batch.index, batch.path)


# -- the wire item ------------------------------------------------------------------------------------------------------------

_Base64 = Annotated[str, msgspec.Meta(max_length=4 * SECTION_BYTES_MAX // 3 + 4)]
_Name = Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]


class _WireBatch(msgspec.Struct, forbid_unknown_fields=True):
    n: Annotated[int, msgspec.Meta(ge=1, le=BATCH_EVENTS_MAX)]
    index: Annotated[int, msgspec.Meta(ge=0, lt=BATCH_EVENTS_MAX)]
    path: Annotated[list[_Base64], msgspec.Meta(max_length=24)]


class _WireSignature(msgspec.Struct, forbid_unknown_fields=True):
    keyid: Annotated[str, msgspec.Meta(pattern=KEY_ID_PATTERN)]
    sig: _Base64
    batch: _WireBatch | None = None


class _WireEnvelope(msgspec.Struct, forbid_unknown_fields=True, rename={"payload_type": "payloadType"}):
    payload_type: Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[!-~]+\Z")]
    payload: _Base64
    signatures: Annotated[list[_WireSignature], msgspec.Meta(min_length=1, max_length=SIGNATURES_MAX)]


class _WireSection(msgspec.Struct, forbid_unknown_fields=True):
    ciphertext: _Base64
    wraps: Annotated[dict[_Name, _Base64], msgspec.Meta(max_length=WRAPS_MAX)]


class _WireItem(msgspec.Struct, forbid_unknown_fields=True):
    envelope: _WireEnvelope
    sections: Annotated[dict[_Name, _WireSection], msgspec.Meta(max_length=SECTIONS_MAX)] = {}


def parse_item(item: bytes | dict[str, Any]) -> Submitted:
    """Decode a wire item: {"envelope": {payloadType, payload, signatures}, "sections"?}, all bytes in strict base64.

    A dict must come from `strict.read_request`, which refuses duplicate names. Raises Malformed or TooLarge naming the field.
    """
    plain = strict.read_request(item, ITEM_BYTES_MAX) if isinstance(item, bytes) else item
    try:
        wire = msgspec.convert(plain, _WireItem)
    except msgspec.ValidationError as wrong:
        # A place is told as `$.envelope`, or where a name is wrong as `key` in `$.sections`.
        said, _, place = str(wrong).partition(" - at `")
        raise errors.Malformed(said, field=place.rpartition("$")[2].strip(".`") or None) from None
    payload = _bytes(wire.envelope.payload, strict.PAYLOAD_BYTES_MAX, "envelope.payload")
    signatures = tuple(_signature(s, f"envelope.signatures[{i}]") for i, s in enumerate(wire.envelope.signatures))
    sections = {name: _section(section, f"sections.{name}") for name, section in wire.sections.items()}
    if sum(len(s.ciphertext) for s in sections.values()) > SECTIONS_BYTES_MAX:
        raise errors.TooLarge(f"the sections have more than {SECTIONS_BYTES_MAX} bytes", field="sections")
    return Submitted(payload, wire.envelope.payload_type, signatures, sections)


def format_item(submitted: Submitted) -> dict[str, Any]:
    """The wire item of a submission, ready for any JSON encoder."""
    signatures = []
    for signature in submitted.signatures:
        row: dict[str, Any] = {"keyid": signature.keyid, "sig": encode64(signature.sig)}
        if signature.batch is not None:
            path = [encode64(part) for part in signature.batch.path]
            row["batch"] = {"n": signature.batch.n, "index": signature.batch.index, "path": path}
        signatures.append(row)
    item: dict[str, Any] = {
        "envelope": {
            "payloadType": submitted.payload_type,
            "payload": encode64(submitted.payload),
            "signatures": signatures,
        }
    }
    if submitted.sections:
        item["sections"] = {
            name: {
                "ciphertext": encode64(section.ciphertext),
                "wraps": {recipient: encode64(wrap) for recipient, wrap in section.wraps.items()},
            }
            for name, section in submitted.sections.items()
        }
    return item


def _bytes(text: str, bytes_max: int, field: str) -> bytes:
    try:
        data = decode64(text)
    except errors.Malformed as wrong:
        raise errors.Malformed(wrong.message, field=field) from None
    if len(data) > bytes_max:
        raise errors.TooLarge(f"more than {bytes_max} bytes", field=field)
    return data


def _signature(wire: _WireSignature, field: str) -> Signature:
    sig = _bytes(wire.sig, SIGNATURE_BYTES_MAX, f"{field}.sig")
    if not sig:
        raise errors.Malformed("an empty signature", field=f"{field}.sig")
    if wire.batch is None:
        return Signature(wire.keyid, sig)
    path = tuple(_bytes(part, merkle.HASH_BYTES, f"{field}.batch.path") for part in wire.batch.path)
    if any(len(part) != merkle.HASH_BYTES for part in path) or wire.batch.index >= wire.batch.n:
        raise errors.Malformed("a path of 32-byte hashes from an index below n", field=f"{field}.batch")
    return Signature(wire.keyid, sig, BatchPath(wire.batch.n, wire.batch.index, path))


def _section(wire: _WireSection, field: str) -> SealedSection:
    wraps = {name: _bytes(wrap, WRAP_BYTES_MAX, f"{field}.wraps.{name}") for name, wrap in wire.wraps.items()}
    return SealedSection(_bytes(wire.ciphertext, SECTION_BYTES_MAX, f"{field}.ciphertext"), wraps)
