"""Whom the signature of a document rests on: certificates of authorities, and the lists of what they have revoked.

Two kinds of authority are kept apart: who certifies the officials, and who certifies the time-stamping. Neither is believed for
the other's work. Nothing is fetched, here or anywhere beside: what is not given is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from asn1crypto import pem, x509
from asn1crypto.crl import CertificateList

from ledger import errors

TEXT_CHARACTERS_MAX = 200
FILE_BYTES_MAX = 16 * 1024 * 1024

Level = Literal["B-B", "B-T", "B-LT", "B-LTA"]
LEVELS: tuple[Level, ...] = ("B-B", "B-T", "B-LT", "B-LTA")
"""Of PAdES (ETSI EN 319 142-1): signed; at a proven time; with all that verifying needs; and that under a time-stamp itself."""

BEGIN = b"-----BEGIN"


@dataclass(frozen=True)
class Trust:
    """Authorities' certificates and lists, read.

    `roots` certify officials and `timestamp_roots` time-stamping; `between` are certificates on the way to either, believed
    for nothing by themselves. `crls` are revocation lists of any of these authorities.
    """

    roots: tuple[x509.Certificate, ...]
    timestamp_roots: tuple[x509.Certificate, ...] = ()
    between: tuple[x509.Certificate, ...] = ()
    crls: tuple[CertificateList, ...] = ()


def read_trust(
    roots: Iterable[bytes],
    timestamp_roots: Iterable[bytes] = (),
    between: Iterable[bytes] = (),
    crls: Iterable[bytes] = (),
) -> Trust:
    """Each of these files' bytes: PEM with any number of certificates or lists, or one in DER. Raises Malformed."""
    of_officials, of_stamps, others = (
        tuple(each for file in files for each in read_certificates(file)) for files in (roots, timestamp_roots, between)
    )
    return Trust(of_officials, of_stamps, others, tuple(each for file in crls for each in read_lists(file)))


def read_certificates(file: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a file, PEM or DER, in their order. Raises Malformed, TooLarge."""
    return tuple(_read(der, x509.Certificate, "certificate") for der in _unarmoured(file, "CERTIFICATE"))


def read_lists(file: bytes) -> tuple[CertificateList, ...]:
    """The revocation lists of a file, PEM or DER. Raises Malformed, TooLarge."""
    return tuple(_read(der, CertificateList, "revocation list") for der in _unarmoured(file, "X509 CRL"))


def name_of(subject: x509.Name) -> str:
    """A subject for people to read: its common name, or all of it where there is none."""
    native: Mapping[str, object] = subject.native
    return str(native.get("common_name") or subject.human_friendly)


def plain(text: str) -> str:
    """One short line of what can be printed: nothing that steers a reader's screen or turns the direction of its text."""
    spaced = " ".join(text.split())
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in spaced)[:TEXT_CHARACTERS_MAX]


def _unarmoured(file: bytes, label: str) -> list[bytes]:
    if len(file) > FILE_BYTES_MAX:
        raise errors.TooLarge(f"more than {FILE_BYTES_MAX} bytes of certificates or revocation lists")
    if not file.lstrip().startswith(BEGIN):
        return [file]
    try:
        found = [der for kind, _, der in pem.unarmor(file, multiple=True) if kind == label]
    except ValueError:
        found = []
    if not found:
        raise errors.Malformed(f"there is no {label} in this PEM file")
    return found


def _read(der: bytes, kind: Any, what: str) -> Any:
    try:
        found = kind.load(der, strict=True)
        _ = found.native  # all of it is read now, so that nothing of it fails later
    except (ValueError, TypeError, KeyError, OverflowError) as wrong:
        raise errors.Malformed(f"this is no {what} (X.509, PEM or DER)") from wrong
    return found
