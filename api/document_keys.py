"""Who signs a document: an official's P-256 key with the certificate of the ministry's authority, in a file or on a card.

It is another key than the Ed25519 one that signs the official's events, for readers of PDF know nothing of a log's registry.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pkcs11
from asn1crypto import keys as asn1_keys
from asn1crypto import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign.general import SigningError
from pyhanko.sign.pkcs11 import PKCS11Signer
from pyhanko.sign.signers import Signer, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from ledger import errors
from ledger.formats.keys import read_secret
from projections.publishing.trust import read_certificates

DER, PKCS8, PLAIN = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
POINT = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo


def in_file(key: Path, certificate: Path, passphrase: Path | None = None) -> Signer:
    """A key in a PEM file that only its owner may read, encrypted with what is in `passphrase` where that is given.

    `certificate` is PEM: the signer's own first, then those on the way to the authority. Raises NotFound, Malformed.
    """
    secret = _line(passphrase) if passphrase is not None else None
    body = read_secret(_there(key))
    try:
        private = serialization.load_pem_private_key(body, secret)
    except TypeError:
        what = "is encrypted: name a file with its passphrase" if secret is None else "is not encrypted"
        raise errors.Malformed(f"this key {what}", field=key.name) from None
    except (ValueError, UnsupportedAlgorithm):
        raise errors.Malformed("not a PEM private key, or the passphrase is another", field=key.name) from None
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
        raise errors.Malformed("not a P-256 private key", field=key.name)
    own, *between = _chain(certificate)
    if private.public_key().public_bytes(*POINT) != own.public_key.dump():
        raise errors.Malformed("this certificate is of another key", field=certificate.name)
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple(between)
    return SimpleSigner(own, asn1_keys.PrivateKeyInfo.load(private.private_bytes(DER, PKCS8, PLAIN)), store)


@contextmanager
def on_card(module: Path, token: str, key: str, pin: Path, certificate: Path | None = None) -> Iterator[Signer]:
    """A key on a card or in a hardware module, by PKCS #11, for as long as the block lasts; the key never leaves it.

    `module` is the maker's library, `token` and `key` labels in it, `pin` a file that only its owner may read. Without a
    `certificate` file the one of the key's label is taken from the card. Raises NotFound, NotAllowed, Unavailable.
    """
    chain = _chain(certificate) if certificate is not None else []
    secret = _line(pin).decode("utf-8", errors="replace")
    try:
        session = pkcs11.lib(str(_there(module))).get_token(token_label=token).open(user_pin=secret)
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange):
        raise errors.NotAllowed("the card refuses this PIN; after some more it locks itself", field=pin.name) from None
    except pkcs11.NoSuchToken:
        raise errors.NotFound(f"there is no card {token}", field="--token", remedy="is it in the reader?") from None
    except (pkcs11.PKCS11Error, SigningError) as wrong:
        raise errors.Unavailable(f"the card does not answer: {type(wrong).__name__} {wrong}".rstrip()) from None
    try:
        with session:
            yield _of_session(session, key, chain)
    except (pkcs11.PKCS11Error, SigningError) as wrong:
        raise errors.Unavailable(f"the card does not sign: {type(wrong).__name__} {wrong}".rstrip()) from None


def _of_session(session: pkcs11.Session, key: str, chain: list[x509.Certificate]) -> Signer:
    try:
        session.get_key(pkcs11.ObjectClass.PRIVATE_KEY, label=key)
    except pkcs11.NoSuchKey:
        raise errors.NotFound(f"there is no key {key} on the card", field="--key-label") from None
    own, *between = chain or [None]
    # Cards sign a digest; that they can also make one is not to be relied on.
    signer = PKCS11Signer(session, signing_cert=own, ca_chain=between, key_label=key, use_raw_mechanism=True)
    try:
        found = signer.signing_cert
    except pkcs11.PKCS11Error:
        found = None
    if found is None:
        raise errors.NotFound(f"there is no certificate {key} on the card", remedy="give its file with --certificate")
    if found.public_key.algorithm != "ec":
        raise errors.Malformed("not a P-256 key", field="--key-label")
    return signer


def _chain(path: Path) -> list[x509.Certificate]:
    try:
        return list(read_certificates(_there(path).read_bytes()))
    except errors.Malformed as wrong:
        wrong.field = path.name
        raise


def _line(path: Path) -> bytes:
    return read_secret(_there(path)).rstrip(b"\r\n")


def _there(path: Path) -> Path:
    if not path.is_file():
        raise errors.NotFound(f"there is no file {path}", field=path.name)
    return path
