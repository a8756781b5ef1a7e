"""What is sealed inside an event that a bundle opens: sound or not, by what every verifier can ask (docs/format.md, 12.9).

A nation's own reading asks more of it (sealed.py), for it knows the types. Pure.
"""

from __future__ import annotations

from typing import cast

import msgspec

from ledger import errors
from ledger.events.base import Event, SectionCommitment
from ledger.events.keys import KeyRing
from ledger.events.registry import Registry
from ledger.evidence.bundle_reading import read_event, require_signed
from ledger.evidence.sealed import GOVERNING
from ledger.formats import envelope, sealing, strict


def require_inner(plaintext: bytes, outer: Event, keys: KeyRing, registry: Registry) -> str:
    """The id of the event inside. Raises a refusal where it is not sound under the key ring and registry of its position."""
    submitted = envelope.parse_item(plaintext)
    if strict.format(msgspec.json.decode(plaintext)) != plaintext:
        raise errors.Malformed("an inner event is a wire item in canonical JSON")
    if submitted.payload_type != envelope.EVENT_TYPE:
        raise errors.Malformed(f"payloadType must be {envelope.EVENT_TYPE}", field="payloadType")
    inner = read_event(submitted.payload)
    header = inner.header
    if header.type.startswith(GOVERNING) or header.expected_version is not None:
        raise errors.NotAllowed(f"{header.type} is never said to one nation", field="type")
    if (header.origin, header.releasable_to) != (outer.header.origin, outer.header.releasable_to):
        raise errors.NotAllowed("the inner event is made out to others than the outer one", field="releasable_to")
    signed_by = _verified(submitted, keys)
    _require_sections(submitted, header.sections)
    if not registry.is_of_nation(header.authority, outer.data.nation):
        raise errors.NotAllowed(f"only {outer.data.nation} seals what its own authorities state", field="authority")
    require_signed(inner, signed_by, keys, registry)
    return header.id


def _verified(submitted: envelope.Submitted, keys: KeyRing) -> frozenset[str]:
    """The key ids that signed: each names another registered key, and verifies."""
    key_ids = frozenset(signature.keyid for signature in submitted.signatures)
    if len(key_ids) != len(submitted.signatures):
        raise errors.Malformed("signed by one key twice", field="signatures")
    for signature in submitted.signatures:
        public = keys.public(signature.keyid)
        if public is None:
            raise errors.KeyNotInForce("the inner event's key is not registered", field="signatures")
        envelope.verify_signature(submitted.payload_type, submitted.payload, signature, public)
    return key_ids


def _require_sections(submitted: envelope.Submitted, committed: tuple[SectionCommitment, ...]) -> None:
    """The sections beside the inner event are those it commits to, and no others."""
    if len(committed) != len(submitted.sections):
        raise errors.BadSection("there are other sections than those committed to")
    for commitment in committed:
        if commitment.name not in submitted.sections:
            raise errors.BadSection(f"the section {commitment.name} is not there")
        promised = cast(sealing.Commitment, msgspec.to_builtins(commitment))
        sealing.require_committed(promised, submitted.sections[commitment.name].ciphertext)
