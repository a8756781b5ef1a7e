"""RFC 3161 time-stamp tokens on final checkpoints: what is stamped, how a token is verified, and a chain of renewals.

Stamped is the whole signed note, text and every signature line, byte for byte as it is kept beside the token. So a token shows
not only that a root existed by its time but that the log and both nations had signed it by then: keys stolen later sign nothing
that has a token of before. And whoever holds the two files needs neither the log nor this program:

    openssl ts -verify -data 52.checkpoint -in 52.dfn.1.tsr -CAfile dfn.pem

A token is worth as much as the certificate it was signed under, which ends. A renewal is a further token, made before that end,
over the note and all responses of the chain so far (their bytes one after the other), so that the first token's time is
believed for as long as the newest certificate lives. Nothing here is fetched: revocation is not asked for. docs/format.md, 8.5.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, VerificationError, VerifierBuilder, decode_timestamp_response
from rfc3161_client.tsp import PKIStatus, TimeStampRequest, TimeStampResponse

from ledger import errors
from ledger.formats.entry import format_instant

RESPONSE_BYTES_MAX = 65_536
ROOTS_BYTES_MAX = 1_048_576
RENEWALS_MAX = 1_000
SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
MICROSECONDS = 1_000_000

Roots = tuple[x509.Certificate, ...]

# What the readers of ASN.1 and of certificates raise for bytes that somebody else chose.
UNREADABLE = (
    *(ValueError, TypeError, UnsupportedAlgorithm),
    *(x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType),
)


@dataclass(frozen=True)
class Token:
    """What a verified token says: the authority's time, and when the certificate it signed under ends; both in microseconds."""

    at: int
    expires_at: int
    signer: str


def read_roots(pem: bytes) -> Roots:
    """The certificates that an authority's tokens must lead to: PEM, roots and any between them. Raises Malformed."""
    if len(pem) > ROOTS_BYTES_MAX:
        raise errors.TooLarge(f"more than {ROOTS_BYTES_MAX} bytes of certificates")
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError:
        raise errors.Malformed("no PEM certificates", remedy="give the time-stamping authority's root certificate") from None


def stamped_bytes(note: bytes, earlier: Sequence[bytes]) -> bytes:
    """What a token is over: the note and, in a renewal, every response of the chain before it."""
    return note + b"".join(earlier)


def make_request(stamped: bytes) -> TimeStampRequest:
    """A request over the SHA-256 of these bytes, with a fresh nonce, for a token that carries its certificate."""
    return TimestampRequestBuilder(data=stamped, hash_algorithm=HashAlgorithm.SHA256, nonce=True, cert_req=True).build()


def verify_response(response: bytes, stamped: bytes, roots: Roots, nonce: int | None = None) -> Token:
    """Verify an authority's whole response, as it came over the wire, over these bytes. Raises BadTimestamp.

    `nonce` is that of the request, for who has just made one: later nobody knows it, and nothing rests on it. The certificate
    must have been good at the token's own time; whether it still is, is for the chain to say.
    """
    if len(response) > RESPONSE_BYTES_MAX:
        raise errors.BadTimestamp(f"the response has {len(response)} bytes, more than {RESPONSE_BYTES_MAX}")
    try:
        parsed = decode_timestamp_response(response)
        if parsed.status != PKIStatus.GRANTED:
            raise errors.BadTimestamp(f"the authority did not grant it: {_status(parsed)}")
        info = parsed.tst_info
        if info.message_imprint.hash_algorithm != SHA256:
            raise errors.BadTimestamp("the token is over a digest other than SHA-256")
        if info.message_imprint.message != hashlib.sha256(stamped).digest():
            raise errors.BadTimestamp("the token is over other bytes")
        if nonce is not None and info.nonce != nonce:
            raise errors.BadTimestamp("the token answers another request: its nonce is not the one sent")
        _require_roots(roots)
        VerifierBuilder(roots=list(roots)).build().verify(parsed, hashlib.sha256(stamped).digest())
        signer = _signer(parsed)
        return Token(_microseconds(info.gen_time), _microseconds(signer.not_valid_after_utc), signer.subject.rfc4514_string())
    except VerificationError:
        # What OpenSSL says here is a stack of its own function names.
        raise errors.BadTimestamp(
            "the token's signature does not verify, or its certificate was not good for time-stamping at its time, or does not "
            "lead to the certificates given for this authority"
        ) from None
    except UNREADABLE as wrong:
        if "InvalidSetOrdering" in str(wrong):
            raise errors.BadTimestamp(
                "the certificates in the token are not in DER's order, which cannot be read here"
            ) from None
        raise errors.BadTimestamp("not a time-stamp response (RFC 3161)") from None


def verify_chain(note: bytes, responses: Sequence[bytes], roots: Roots) -> list[Token]:
    """Verify a token and its renewals, oldest first, each made while the certificate of the one before it was good.

    The time proven is the first token's; until when it is believed, the last one's `expires_at`. Raises BadTimestamp.
    """
    tokens: list[Token] = []
    for number, response in enumerate(responses, 1):
        try:
            token = verify_response(response, stamped_bytes(note, responses[: number - 1]), roots)
        except errors.BadTimestamp as wrong:
            raise errors.BadTimestamp(f"token {number}: {wrong.message}") from None
        if tokens and not tokens[-1].at <= token.at <= tokens[-1].expires_at:
            raise errors.BadTimestamp(
                f"token {number} is of {format_instant(token.at)}, and renews one of {format_instant(tokens[-1].at)} whose "
                f"certificate ended at {format_instant(tokens[-1].expires_at)}"
            )
        tokens.append(token)
    return tokens


def _status(parsed: TimeStampResponse) -> str:
    known = {status.value: status.name.lower().replace("_", " ") for status in PKIStatus}
    return known.get(parsed.status, f"status {parsed.status}")


def _require_roots(roots: Roots) -> None:
    if not roots:
        raise errors.BadTimestamp("no certificates are given for this authority")


def _signer(parsed: TimeStampResponse) -> x509.Certificate:
    """The one certificate in the token that its signature names.

    Were there two of the same issuer and number, the library could look at one and OpenSSL verify under the other.
    """
    signers = list(parsed.signed_data.signer_infos)
    if len(signers) != 1:
        raise errors.BadTimestamp(f"{len(signers)} signatures in the token instead of one")
    certificates = [x509.load_der_x509_certificate(der) for der in parsed.signed_data.certificates]
    named = [c for c in certificates if (c.issuer, c.serial_number) == (signers[0].issuer, signers[0].serial_number)]
    if len(named) != 1:
        raise errors.BadTimestamp(f"{len(named)} certificates in the token are the one its signature names, instead of one")
    return named[0]


def _microseconds(at: datetime) -> int:
    return round(at.timestamp() * MICROSECONDS)
