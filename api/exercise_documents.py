"""Authorities of documents for an exercise, in its own home: who certifies officials, and who makes time-stamps; nobody outside
is asked. Each certificate says that it is an exercise's; neither authority is believed by anybody who did not choose to.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.signers import Signer

from api import document_keys
from api.home import Home
from ledger import errors
from ledger.formats.keys import write_secret
from projections.publishing.trust import Trust, read_trust

FOLDER = "documents"
OFFICIALS, CLOCKS, CLOCK = "authority", "clock-authority", "clock"
NAMES = {OFFICIALS: "Documents", CLOCKS: "Time-stamping authority", CLOCK: "Clock"}
LASTS = timedelta(days=36_500)
SINCE = timedelta(days=1)
EXERCISE = "EXERCISE"
POLICY = "2.999.3161"
"""Under the arc of examples: the policy of a clock that nobody should rely on."""
PEM = serialization.Encoding.PEM
SHA256 = "sha256"


def folder(home: Home) -> Path:
    """Where an exercise's authorities are, made where they are not there yet. Raises BadQuestion outside of an exercise."""
    if not home.settings.exercise:
        raise errors.BadQuestion(
            "only an exercise has authorities of its own", remedy="the ministry's authority certifies an official's key"
        )
    found = home.path / "keys" / FOLDER
    if not (found / f"{CLOCK}.crt").exists():
        found.mkdir(mode=0o700, exist_ok=True)
        for root in (OFFICIALS, CLOCKS):
            _make(found, root, root)
            _revoke(found, root)
        _make(found, CLOCK, CLOCKS)
    return found


def signer(home: Home, official: str) -> Signer:
    """An official's document key, with the exercise's certificate; made where it is not there yet."""
    place = folder(home)
    path = place / f"{official}.pem"
    if official in NAMES or not official.replace("-", "").replace(".", "").isalnum():
        raise errors.Malformed("no name of an official", field="official")
    if not path.exists():
        _make(place, official, OFFICIALS)
    return document_keys.in_file(path, path.with_suffix(".crt"))


def trust(home: Home) -> Trust:
    """Both authorities, with what they have revoked."""
    place = folder(home)
    roots, clocks = ([(place / f"{name}.crt").read_bytes()] for name in (OFFICIALS, CLOCKS))
    return read_trust(roots, clocks, crls=[(place / f"{name}.crl").read_bytes() for name in (OFFICIALS, CLOCKS)])


def clock(home: Home, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Callable[[bytes], bytes]:
    """The exercise's time-stamping authority: takes a request and answers with a token of this machine's time (RFC 3161)."""
    place = folder(home)
    certificate = asn1_x509.Certificate.load(_certificate(place, CLOCK).public_bytes(serialization.Encoding.DER))
    key = _key(place, CLOCK)
    return lambda query: _respond(query, certificate, key, now())


# -- certificates -------------------------------------------------------------------------------------------------------------


def _make(place: Path, name: str, issuer: str) -> None:
    """A key and its certificate: an authority's own, an official's, or the clock's."""
    key = ec.generate_private_key(ec.SECP256R1())
    is_root = name == issuer
    now = datetime.now(UTC)
    usages = ("key_cert_sign", "crl_sign") if is_root else ("digital_signature", "content_commitment")
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    usage = {each: each in usages for each in (*every, "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")}
    building = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SINCE)
        .not_valid_after(now + LASTS)
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if name == CLOCK:
        building = building.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    signing = key if is_root else _key(place, issuer)
    body = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_secret(place / f"{name}.pem", body)
    (place / f"{name}.crt").write_bytes(building.sign(signing, hashes.SHA256()).public_bytes(PEM))


def _revoke(place: Path, authority: str, *certificates: x509.Certificate) -> None:
    """The list of what an authority has revoked: nothing, unless told."""
    now = datetime.now(UTC)
    building = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(_name(authority))
        .last_update(now - SINCE)
        .next_update(now + LASTS)
        .add_extension(x509.CRLNumber(1), critical=False)
    )
    for each in certificates:
        revoked = x509.RevokedCertificateBuilder().serial_number(each.serial_number).revocation_date(now - SINCE)
        building = building.add_revoked_certificate(revoked.build())
    (place / f"{authority}.crl").write_bytes(building.sign(_key(place, authority), hashes.SHA256()).public_bytes(PEM))


def _name(name: str) -> x509.Name:
    said = f"{EXERCISE} – {NAMES.get(name, name)}"
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, EXERCISE), x509.NameAttribute(NameOID.COMMON_NAME, said)])


def _key(place: Path, name: str) -> ec.EllipticCurvePrivateKey:
    found = serialization.load_pem_private_key((place / f"{name}.pem").read_bytes(), None)
    assert isinstance(found, ec.EllipticCurvePrivateKey)
    return found


def _certificate(place: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((place / f"{name}.crt").read_bytes())


# -- time-stamps --------------------------------------------------------------------------------------------------------------


def _respond(query: bytes, certificate: asn1_x509.Certificate, key: ec.EllipticCurvePrivateKey, at: datetime) -> bytes:
    """A response to a request: granted, over the digest in it, at an instant (RFC 3161, 2.4.2)."""
    asked = tsp.TimeStampReq.load(query, strict=True)
    info = {
        "version": "v1",
        "policy": POLICY,
        "message_imprint": asked["message_imprint"],
        "serial_number": secrets.randbits(63) | 1 << 62,
        "gen_time": at,
        "tsa": asn1_x509.GeneralName("directory_name", certificate.subject),
    }
    if asked["nonce"].native is not None:
        info["nonce"] = asked["nonce"]
    content = tsp.TSTInfo(info).dump()
    own = tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(certificate.dump()).digest()})
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(content).digest()]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [own]})]}),
        ]
    )
    digest = algos.DigestAlgorithm({"algorithm": SHA256})
    named = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier({"issuer_and_serial_number": cms.IssuerAndSerialNumber(named)}),
        "digest_algorithm": digest,
        "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
    }
    signed = {
        "version": "v3",
        "digest_algorithms": [digest],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
        "certificates": [certificate],
        "signer_infos": [signer],
    }
    token = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})
    granted = {"status": {"status": "granted"}, "time_stamp_token": token}
    body: bytes = tsp.TimeStampResp(granted).dump()
    return body
