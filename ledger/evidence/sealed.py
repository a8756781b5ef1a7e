"""The inside of a sealed event, held to what admission asks of a joint one.

Admission never saw it: the sealer vouches for the outside, the service for the inside. Whoever opens it, a nation's own reading
or whoever was given the section's key, judges it by the same rules, under the key ring and the registry of its position. Pure.
"""

from __future__ import annotations

import msgspec

from ledger import admission, errors, events
from ledger.events.base import Nation
from ledger.events.keys import KeyRing
from ledger.events.registry import Registry
from ledger.events.signers import require_signers
from ledger.formats import envelope, strict

SEALED, INNER = "sealed.recorded", "inner"
# Families that govern the log for both nations: said in secret, they would change how one of them reads what is joint.
GOVERNING = tuple(
    f"{family}."
    for family in (
        "ledger",
        "key",
        "sealed",
        "authority",
        "place",
        "role",
        "rules",
        "ruleset",
        "policy",
        "hold",
        "head",
        "index",
    )
)

BOTH: tuple[Nation, ...] = ("FR", "GB")


def decode_inner(plaintext: bytes) -> tuple[events.Event, envelope.Submitted]:
    """The event inside, and as its service handed it to the sealer; nothing is verified yet. Raises Malformed, TooLarge."""
    submitted = envelope.parse_item(plaintext)
    if submitted.payload_type != envelope.EVENT_TYPE:
        raise errors.Malformed(f"payloadType must be {envelope.EVENT_TYPE}", field="payloadType")
    strict.check(submitted.payload)
    return events.decode(submitted.payload), submitted


def require_sound(
    inner: events.Event,
    submitted: envelope.Submitted,
    outer: events.Event,
    keys: KeyRing,
    registry: Registry | None,
) -> None:
    """Hold an inner event to what admission asks of a joint one. Raises a refusal. Clause: domain.md section 2; formats.md 8.

    With the registry (and the key ring) of its position its author is judged. Without, it is read again after it was judged;
    keys may have ended since.
    """
    header, nation = inner.header, outer.data.nation
    if header.type.startswith(GOVERNING):
        raise errors.NotAllowed(f"{header.type} is never said to one nation", field="type")
    if header.releasable_to != (nation,):
        raise errors.Malformed(f"a statement sealed to {nation} is releasable to it alone", field="releasable_to")
    if header.origin != outer.header.origin:
        raise errors.NotAllowed("the inner event is made out to another log", field="origin")
    if header.expected_version is not None:
        raise errors.Malformed("nobody holds a sealed statement to a version of its stream", field="expected_version")
    # Admission knows events for both nations and sealed ones; all else it asks of a header holds for this one too.
    admission.require_header(msgspec.structs.replace(header, releasable_to=BOTH))
    admission.require_sections(header, submitted)
    signed_by = _verified(submitted, keys)
    if registry is not None:
        require_signers(keys, inner, events.event_type_of(header.type, header.schema), signed_by, registry)
        if not registry.is_of_nation(header.authority, nation):
            raise errors.NotAllowed(f"only {nation} seals what its own authorities state", field="authority")


def _verified(submitted: envelope.Submitted, keys: KeyRing) -> frozenset[str]:
    """The key ids that signed: every signature must verify under a key that is registered."""
    signatures = submitted.signatures
    key_ids = frozenset(s.keyid for s in signatures)
    if not 1 <= len(signatures) <= admission.SIGNATURES_MAX or len(key_ids) != len(signatures):
        raise errors.Malformed(f"1 to {admission.SIGNATURES_MAX} signatures, each key once", field="signatures")
    for signature in signatures:
        public = keys.public(signature.keyid)
        if public is None:
            raise errors.KeyNotInForce("the inner event's key is not registered", field="sections.inner")
        envelope.verify_signature(submitted.payload_type, submitted.payload, signature, public)
    return key_ids
