"""Keys: which algorithm a type code names, how a key is identified, and Ed25519 with one verdict everywhere.

RFC 8032 leaves room in which libraries differ: OpenSSL takes public keys of small order, under which anybody can sign.
Every verifier of a log must say the same, so what they differ about is refused here before a library is asked:
keys that are not canonical encodings of a point or are of small order, S >= L, and R of small order.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nacl.bindings
import nacl.exceptions
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

from ledger import errors

ED25519_EVENT = 0x01
ML_KEM_SEALING = 0x10
P256_DOCUMENT = 0x11

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P

# The y coordinates of the points of order 1, 2, 4 and 8, and what else decodes to them when y is not reduced modulo p.
_ORDER_8 = (
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
)
SMALL_ORDER = frozenset(
    (y | sign << 255).to_bytes(32, "little") for y in (0, 1, _P - 1, _P, _P + 1, *_ORDER_8) for sign in (0, 1)
)


@dataclass(frozen=True)
class Algorithm:
    """One row of the table: what keys of this type are for, and the sizes of what they make, in bytes (0: not fixed)."""

    type_code: int
    name: str
    public_bytes: int
    signature_bytes: int


ALGORITHMS = {
    row.type_code: row
    for row in (
        Algorithm(ED25519_EVENT, "Ed25519", 32, 64),
        Algorithm(ML_KEM_SEALING, "ML-KEM-768 with X25519 (HPKE MLKEM768_X25519)", 1_216, 0),
        Algorithm(P256_DOCUMENT, "ECDSA P-256 over documents", 65, 64),
    )
}


def key_id(type_code: int, public: bytes) -> str:
    """Lower-case hex SHA-256 of the type code byte and the public key. Raises Malformed for an unknown code or a wrong size."""
    algorithm = ALGORITHMS.get(type_code)
    if algorithm is None:
        raise errors.Malformed(f"there is no key type {type_code:#04x}", field="type_code")
    if len(public) != algorithm.public_bytes:
        raise errors.Malformed(
            f"a public key of type {type_code:#04x} has {algorithm.public_bytes} bytes, not {len(public)}", field="public_key"
        )
    return hashlib.sha256(bytes([type_code]) + public).hexdigest()


class SigningKey:
    """An Ed25519 private key, made from its 32-byte seed."""

    __slots__ = ("_expanded", "key_id", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        assert len(seed) == 32, "an Ed25519 seed has 32 bytes"
        self.seed = seed
        self.public: bytes
        self.public, self._expanded = nacl.bindings.crypto_sign_seed_keypair(seed)
        self.key_id = key_id(ED25519_EVENT, self.public)

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the system's randomness."""
        return cls(secrets.token_bytes(32))

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature, deterministic as in RFC 8032."""
        return nacl.bindings.crypto_sign(message, self._expanded)[:64]

    def __repr__(self) -> str:
        # A seed must never reach a log through somebody's debug print.
        return f"SigningKey({self.key_id[:16]}…)"


def require_strong(public: bytes) -> None:
    """Raise WeakKey unless these are the 32 canonical bytes of a curve point that is not of small order."""
    fault = _weakness(public)
    if fault:
        raise errors.WeakKey(fault, field="public_key")


@lru_cache(maxsize=65_536)
def _weakness(public: bytes) -> str:
    if len(public) != 32:
        return f"an Ed25519 public key has 32 bytes, not {len(public)}"
    if public in SMALL_ORDER:
        return "the public key is of small order; anybody could sign under it"
    y = int.from_bytes(public, "little") & (1 << 255) - 1
    if y >= _P:
        return "the public key is not in canonical form"
    # x^2 = (y^2 - 1) / (d y^2 + 1) must be a square. Euler's criterion on numerator times denominator spares the inversion.
    if pow((y * y - 1) * (_D * y * y + 1), (_P - 1) // 2, _P) != 1:
        return "the public key is not a point of the curve"
    return ""


def _require_signature(signature: bytes) -> None:
    if len(signature) != 64:
        raise errors.BadSignature(f"an Ed25519 signature has 64 bytes, not {len(signature)}")
    if signature[:32] in SMALL_ORDER:
        raise errors.BadSignature("R is of small order")
    # Below 2^252 < L nothing needs computing; an honest S is there but for one chance in 2^125.
    if signature[63] > 0x0F and int.from_bytes(signature[32:], "little") >= _L:
        raise errors.BadSignature("S is not reduced modulo the group order")


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Verify an Ed25519 signature through libsodium, which releases the interpreter lock while it works.

    Raises WeakKey for a key nobody should trust (the verdict is cached), BadSignature otherwise.
    """
    require_strong(public)
    _require_signature(signature)
    try:
        nacl.bindings.crypto_sign_open(signature + message, public)
    except nacl.exceptions.CryptoError:
        raise errors.BadSignature from None


def verify_with_openssl(public: bytes, message: bytes, signature: bytes) -> None:
    """The same verdict from another library, for whoever wants a second opinion and for tests of that sameness."""
    require_strong(public)
    _require_signature(signature)
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise errors.BadSignature from None


# -- document keys --------------------------------------------------------------------------------------------------------


class DocumentKey:
    """A P-256 private key, for signing documents outside the log."""

    __slots__ = ("_private", "key_id", "public")

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        assert isinstance(private.curve, ec.SECP256R1), "a document key is of P-256"
        self._private = private
        form = serialization.PublicFormat.UncompressedPoint
        self.public = private.public_key().public_bytes(serialization.Encoding.X962, form)
        self.key_id = key_id(P256_DOCUMENT, self.public)

    @classmethod
    def generate(cls) -> DocumentKey:
        """A new key from the system's randomness."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def load(cls, path: Path) -> DocumentKey:
        """Read a key written by `save` or by openssl. Raises Malformed."""
        private = _load_pem(path)
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise errors.Malformed("not a P-256 private key", field=path.name)
        return cls(private)

    def save(self, path: Path) -> None:
        """Write PEM PKCS #8, mode 0600. The file must not exist."""
        write_secret(path, _pem(self._private))

    def sign(self, message: bytes) -> bytes:
        """ECDSA with SHA-256: r ‖ s, 32 bytes each."""
        r, s = utils.decode_dss_signature(self._private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def __repr__(self) -> str:
        return f"DocumentKey({self.key_id[:16]}…)"


def require_point(public: bytes) -> None:
    """Raise WeakKey unless these are the 65 bytes of an uncompressed point of P-256."""
    _point(public)


def verify_document(public: bytes, message: bytes, signature: bytes) -> None:
    """ECDSA P-256 with SHA-256; the signature is r ‖ s, 32 bytes each, as browsers make it. Raises WeakKey or BadSignature."""
    point = _point(public)
    if len(signature) != 64:
        raise errors.BadSignature(f"a P-256 signature has 64 bytes, not {len(signature)}")
    encoded = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        point.verify(encoded, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise errors.BadSignature from None


def _point(public: bytes) -> ec.EllipticCurvePublicKey:
    try:
        if len(public) == ALGORITHMS[P256_DOCUMENT].public_bytes:
            return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    except ValueError:
        pass  # told below, as a wrong length is
    raise errors.WeakKey("the public key is not a point of P-256", field="public_key")


# -- private key files ----------------------------------------------------------------------------------------------------


def save_private(path: Path, key: SigningKey) -> None:
    """Write a private key as PEM PKCS #8, mode 0600. The file must not exist: a key is never overwritten."""
    write_secret(path, _pem(ed25519.Ed25519PrivateKey.from_private_bytes(key.seed)))


def load_private(path: Path) -> SigningKey:
    """Read an Ed25519 private key written by `save_private` or by openssl. Raises Malformed naming the file's fault."""
    private = _load_pem(path)
    if not isinstance(private, ed25519.Ed25519PrivateKey):
        raise errors.Malformed("not an Ed25519 private key", field=path.name)
    return SigningKey(private.private_bytes_raw())


def _pem(private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _load_pem(path: Path) -> object:
    try:
        return serialization.load_pem_private_key(read_secret(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        raise errors.Malformed("not an unencrypted PEM private key", field=path.name) from wrong


def write_secret(path: Path, body: bytes) -> None:
    """Create a file that only its owner may read, and have it on disk before returning."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(body)
            file.flush()
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_secret(path: Path) -> bytes:
    """Read a private key file. Raises Malformed where others than its owner may read it."""
    if path.stat().st_mode & 0o077:
        raise errors.Malformed("others than its owner may read this key", field=path.name, remedy=f"chmod 600 {path.name}")
    return path.read_bytes()
