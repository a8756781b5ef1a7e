"""Authorities of documents for tests, made by certomancer: some that certify officials, one for time-stamping, their lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from asn1crypto import tsp, x509
from asn1crypto.crl import CertificateList
from certomancer.registry import CertLabel, CertomancerConfig, KeyLabel, ServiceLabel
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign.signers import SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from projections.publishing.trust import Trust

ALWAYS = {"valid-from": "2000-01-01T00:00:00+0000", "valid-to": "2100-01-01T00:00:00+0000"}
CA = {
    "basic_constraints": {"ca": True},
    "key_usage": ["digital_signature", "key_cert_sign", "crl_sign"],
}
OFFICIAL = {"key_usage": ["digital_signature", "non_repudiation"]}
REVOKED_AT = "2015-08-20T00:00:00+0000"
ENDS_AT = "2040-01-01T00:00:00+0000"


SCHEMAS = {"key_usage": "key-usage", "crl_distribution_points": "crl-dist-url"}


def _extensions(said: dict[str, Any]) -> list[dict[str, Any]]:
    critical = ("basic_constraints", "key_usage", "extended_key_usage")
    return [
        {
            "id": name,
            "critical": name in critical,
            **({"smart-value": {"schema": SCHEMAS[name], "params": value}} if name in SCHEMAS else {"value": value}),
        }
        for name, value in said.items()
    ]


def _certificate(subject: str, issuer: str, said: dict[str, Any], **more: Any) -> dict[str, Any]:
    if subject != issuer:
        said = {**said, "crl_distribution_points": {"crl-repo-names": [issuer]}}
    authority = {"subject": subject, "issuer": issuer, "validity": ALWAYS, "extensions": _extensions(said)}
    return {**authority, **more}


NAMES = {
    "home-office": "Home Office Documents",
    "interieur": "Ministère de l'Intérieur, documents",
    "stranger": "Somebody Else",
    "clock": "Clock Authority",
    "clock-signer": "Clock",
    "official": "Alexandra O'Neill (official)",
    "former": "Former Official",
    "short": "Official until 2040",
    "auditor": "An Auditor",
    "imposter": "Alexandra O'Neill (official)",
}
AUTHORITIES = ("home-office", "interieur", "stranger", "clock")
STAMPING = {"key_usage": ["digital_signature"], "extended_key_usage": ["time_stamping"]}
REVOKED = {"revoked-since": REVOKED_AT, "reason": "key_compromise"}
CERTIFICATES = {
    **{name: _certificate(name, name, CA) for name in AUTHORITIES},
    "official": _certificate("official", "home-office", OFFICIAL),
    "short": _certificate("short", "home-office", OFFICIAL, validity={**ALWAYS, "valid-to": ENDS_AT}),
    "former": _certificate("former", "home-office", OFFICIAL, revocation=REVOKED),
    "auditor": _certificate("auditor", "home-office", {"key_usage": ["key_agreement"]}),
    "imposter": _certificate("imposter", "stranger", OFFICIAL),
    "clock-signer": _certificate("clock-signer", "clock", STAMPING),
}


@cache
def architecture() -> Any:
    """All of it, with keys of its own."""
    with TemporaryDirectory() as folder:
        form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        for name in NAMES:
            (Path(folder) / f"{name}.pem").write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(*form))
        lists = {"simulated-update-schedule": "P3650D", "crl-type": "mixed"}
        config = {
            "keysets": {"keys": {"keys": {name: {"path": f"{name}.pem"} for name in NAMES}}},
            "pki-architectures": {
                "documents": {
                    "keyset": "keys",
                    "entities": {name: {"country-name": "GB", "common-name": said} for name, said in NAMES.items()},
                    "certs": CERTIFICATES,
                    "services": {
                        "time-stamping": {"clock": {"signing-cert": "clock-signer"}},
                        "crl-repo": {name: {"for-issuer": name, "signing-key": name, **lists} for name in AUTHORITIES},
                    },
                }
            },
        }
        return CertomancerConfig(config, key_search_dir=folder).get_pki_arch("documents")


def certificate(name: str) -> x509.Certificate:
    """Somebody's."""
    found: x509.Certificate = architecture().get_cert(CertLabel(name))
    return found


def crl(authority: str, at: datetime | None = None) -> CertificateList:
    """What an authority has revoked by an instant."""
    found: CertificateList = architecture().service_registry.get_crl(ServiceLabel(authority), at or datetime.now(UTC))
    return found


def trust(
    *crls: str, roots: tuple[str, ...] = ("home-office",), clocks: tuple[str, ...] = ("clock",), at: datetime | None = None
) -> Trust:
    """Whom to believe: by default London's officials and the clock, with both their lists as they are at an instant."""
    lists = tuple(crl(name, at) for name in crls or ("home-office", "clock"))
    return Trust(tuple(map(certificate, roots)), tuple(map(certificate, clocks)), (), lists)


def signer(name: str = "official") -> SimpleSigner:
    """Somebody with a key."""
    private = architecture().key_set.get_private_key(KeyLabel(name))
    return SimpleSigner(certificate(name), private, SimpleCertificateStore())


def clock(at: datetime | None = None) -> Callable[[bytes], bytes]:
    """The time-stamping authority, asked in process; at another instant than now if told so."""
    authority = architecture().service_registry.summon_timestamper(ServiceLabel("clock"), at)
    return lambda query: authority.request_tsa_response(tsp.TimeStampReq.load(query)).dump()
