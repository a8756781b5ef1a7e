"""Admission's first stage: what can be said of a submission without knowing the log. Stateless; runs on all cores.

In two halves, so that signatures may be verified somewhere else while the rest is looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from ledger import errors
from ledger.events import decode_strictly
from ledger.events.base import CATALOGUE, Event, EventType, Header
from ledger.events.keys import named_publics
from ledger.events.stating import require_header, require_sections
from ledger.formats import envelope
from ledger.formats.proven import Proven

SIGNATURES_MAX = 8

PublicKeys = Callable[[str], bytes | None]


class Unverified(msgspec.Struct, frozen=True, gc=False):
    """A submission whose bytes and fields are right; nobody has looked at its signatures yet."""

    submitted: envelope.Submitted
    event: Event
    row: EventType
    occurred_at: int


class Checked(msgspec.Struct, frozen=True, gc=False):
    """A submission whose bytes, fields and known signatures are right; nothing is said yet of whether it may enter.

    `signed_by` holds the key ids whose signatures verified; `unverified` those whose key nobody knew yet.
    """

    submitted: envelope.Submitted
    header: Header
    event: Event
    row: EventType
    payload_sha256: bytes
    occurred_at: int
    signed_by: frozenset[str]
    unverified: frozenset[str] = frozenset()


def check(submitted: envelope.Submitted, public_keys: PublicKeys, proven: Proven | None = None) -> Checked:
    """Size, strict form, fields, sections, and every signature whose key is known. Stateless; runs on all cores.

    Raises Malformed, TooLarge, MarkingTooHigh, BadSignature, WeakKey or BadSection.
    """
    return verify(read(submitted), public_keys, proven)


def read(submitted: envelope.Submitted) -> Unverified:
    """The first half of `check`: everything but the signatures. Raises Malformed, TooLarge, MarkingTooHigh or BadSection."""
    if submitted.payload_type != envelope.EVENT_TYPE:
        raise errors.Malformed(f"payloadType must be {envelope.EVENT_TYPE}", field="payloadType")
    header, data = decode_strictly(submitted.payload)
    occurred_at = require_header(header)
    if data is None:
        raise errors.Malformed(f"there is no event type {header.type} with schema {header.schema}", field="type")
    data.check()
    require_sections(header, submitted)
    signatures = submitted.signatures
    if not 1 <= len(signatures) <= SIGNATURES_MAX or len({s.keyid for s in signatures}) != len(signatures):
        raise errors.Malformed(f"1 to {SIGNATURES_MAX} signatures, each key once", field="signatures")
    return Unverified(submitted, Event(header, data), CATALOGUE[header.type, header.schema], occurred_at)


def verify(unverified: Unverified, public_keys: PublicKeys, proven: Proven | None = None) -> Checked:
    """The second half of `check`: every signature whose key is known. Raises BadSignature or WeakKey.

    `public_keys` resolves a key id to its public key; ids are digests of keys, so the answer never changes once given.
    """
    submitted, event = unverified.submitted, unverified.event
    own = {key_id: public for key_id, code, public in named_publics(event) if code == "01"}
    signed, unknown = [], []
    for signature in submitted.signatures:
        public = own.get(signature.keyid) or public_keys(signature.keyid)
        if public is None:
            unknown.append(signature.keyid)
        else:
            envelope.verify_signature(submitted.payload_type, submitted.payload, signature, public, proven)
            signed.append(signature.keyid)
    digest = hashlib.sha256(submitted.payload).digest()
    signed_by, unverified_ids = frozenset(signed), frozenset(unknown)
    return Checked(submitted, event.header, event, unverified.row, digest, unverified.occurred_at, signed_by, unverified_ids)
