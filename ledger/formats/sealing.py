"""Sections: parts of an event that some may read, or nobody any more.

A section travels beside the signed payload, which commits to its ciphertext and to its key. The key is random and used once,
so the nonce may be zero; it is wrapped with HPKE for each recipient. The payload's commitment to the key keeps one ciphertext
from opening to two texts for two readers, which AES-GCM alone would allow. Deleting wraps and ciphertext leaves every proof
valid.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite

from ledger import errors
from ledger.formats.armour import format_pem, parse_pem
from ledger.formats.keys import ML_KEM_SEALING, key_id, read_secret, write_secret

PADDING_BYTES = 256
SECTION_BYTES_MAX = 262_144
GCM_TAG_BYTES = 16
SECTION_KEY_BYTES = 32
MLKEM_PUBLIC_BYTES = 1_184
MLKEM_SEED_BYTES = 64
# HPKE's encapsulated key (ML-KEM ciphertext, X25519 share), the wrapped 32-byte key and its tag.
WRAP_BYTES = 1_088 + 32 + SECTION_KEY_BYTES + GCM_TAG_BYTES
PEM_LABEL = "ENTENTE MLKEM768-X25519 PRIVATE KEY"

_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_NONCE = bytes(12)


class Commitment(TypedDict):
    """What the payload says of a section: hex digest of the ciphertext, its size in bytes, hex digest of its key."""

    name: str
    sha256: str
    bytes: int
    key_sha256: str


class SealedSection(msgspec.Struct, frozen=True):
    """A ciphertext and the wrap of its key for each recipient."""

    ciphertext: bytes
    wraps: dict[str, bytes]


class SealingKey:
    """An ML-KEM-768 and X25519 private key: 64 and 32 bytes of seed. Its public half is 1,216 bytes, ML-KEM's first."""

    __slots__ = ("_private", "key_id", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        assert len(seed) == MLKEM_SEED_BYTES + 32, "a sealing key's seed has 96 bytes"
        self.seed = seed
        lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(seed[:MLKEM_SEED_BYTES])
        curve = x25519.X25519PrivateKey.from_private_bytes(seed[MLKEM_SEED_BYTES:])
        self._private = MLKEM768X25519PrivateKey(lattice, curve)
        self.public: bytes = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        self.key_id = key_id(ML_KEM_SEALING, self.public)

    @classmethod
    def generate(cls) -> SealingKey:
        """A new key from the system's randomness."""
        return cls(secrets.token_bytes(MLKEM_SEED_BYTES + 32))

    @classmethod
    def load(cls, path: Path) -> SealingKey:
        """Read a key written by `save`. Raises Malformed."""
        seed = parse_pem(read_secret(path).decode("ascii", "replace"), PEM_LABEL)
        if len(seed) != MLKEM_SEED_BYTES + 32:
            raise errors.Malformed("a sealing key has 96 bytes", field=path.name)
        return cls(seed)

    def save(self, path: Path) -> None:
        """Write the seeds, PEM-armoured, mode 0600. The file must not exist.

        No standard form holds both halves yet, so the label names ours.
        """
        write_secret(path, format_pem(self.seed, PEM_LABEL).encode("ascii"))

    def unwrap(self, wrap: bytes, info: bytes) -> bytes:
        """The section key in a wrap made for this key. Raises BadSection."""
        try:
            return _SUITE.decrypt(wrap, self._private, info)
        except (InvalidTag, ValueError):
            raise errors.BadSection("the wrapped key does not open under this sealing key") from None

    def __repr__(self) -> str:
        return f"SealingKey({self.key_id[:16]}…)"


def require_sealing_key(public: bytes) -> MLKEM768X25519PublicKey:
    """The public key in HPKE's form. Raises WeakKey where the bytes are not one."""
    if len(public) != MLKEM_PUBLIC_BYTES + 32:
        raise errors.WeakKey(f"a sealing key has {MLKEM_PUBLIC_BYTES + 32} bytes, not {len(public)}", field="public_key")
    try:
        lattice = mlkem.MLKEM768PublicKey.from_public_bytes(public[:MLKEM_PUBLIC_BYTES])
        curve = x25519.X25519PublicKey.from_public_bytes(public[MLKEM_PUBLIC_BYTES:])
    except ValueError:
        raise errors.WeakKey("the bytes are not a sealing key", field="public_key") from None
    return MLKEM768X25519PublicKey(lattice, curve)


def section_info(name: str, origin: str, event_id: str) -> bytes:
    """HPKE's info: binds a wrap to its log, event and section, so that it cannot be moved to another."""
    return f"entente.section.v1\n{origin}\n{event_id}\n{name}".encode()


def key_digest(key: bytes) -> str:
    """The hex commitment to a section's key."""
    return hashlib.sha256(b"entente.key.v1\n" + key).hexdigest()


def pad256(plaintext: bytes) -> bytes:
    """Pad with 0x80 and zeros to the next multiple of 256 bytes, so that the size tells only a class of sizes.

    A full block is padded by another: the padding is never ambiguous.
    """
    return plaintext + b"\x80" + bytes(-(len(plaintext) + 1) % PADDING_BYTES)


def unpad256(padded: bytes) -> bytes:
    """Undo `pad256`. Raises BadSection unless the padding is exactly what it makes."""
    plaintext = padded.rpartition(b"\x80")[0]
    if pad256(plaintext) != padded:
        raise errors.BadSection("the padding is not canonical")
    return plaintext


def seal(
    name: str, plaintext: bytes, origin: str, event_id: str, recipients: Mapping[str, bytes], key: bytes | None = None
) -> tuple[Commitment, SealedSection]:
    """Seal a section to the public sealing keys of its recipients; returns the payload's commitment and what travels beside.

    `key` is drawn at random; only tests with known answers give one. Raises TooLarge or WeakKey.
    """
    section_key = secrets.token_bytes(SECTION_KEY_BYTES) if key is None else key
    ciphertext = AESGCM(section_key).encrypt(_NONCE, pad256(plaintext), None)
    if len(ciphertext) > SECTION_BYTES_MAX:
        raise errors.TooLarge(f"the section has more than {SECTION_BYTES_MAX} bytes", field=f"sections.{name}")
    info = section_info(name, origin, event_id)
    wraps = {recipient: wrap(section_key, public, info) for recipient, public in sorted(recipients.items())}
    commitment: Commitment = {
        "name": name,
        "sha256": hashlib.sha256(ciphertext).hexdigest(),
        "bytes": len(ciphertext),
        "key_sha256": key_digest(section_key),
    }
    return commitment, SealedSection(ciphertext, wraps)


def wrap(section_key: bytes, public: bytes, info: bytes) -> bytes:
    """Wrap a section's key to one public sealing key (WRAP_BYTES long). Raises WeakKey."""
    recipient = require_sealing_key(public)
    try:
        return _SUITE.encrypt(section_key, recipient, info)
    except ValueError:
        # An X25519 share of small order is seen only here: the secret shared with it would be known to all.
        raise errors.WeakKey("the sealing key is of small order", field="public_key") from None


def require_committed(commitment: Commitment, ciphertext: bytes) -> None:
    """Raise BadSection unless the ciphertext is the one the signed payload commits to."""
    if len(ciphertext) != commitment["bytes"] or hashlib.sha256(ciphertext).hexdigest() != commitment["sha256"]:
        raise errors.BadSection("the ciphertext is not the one committed to", field=f"sections.{commitment['name']}")


def open_section(
    commitment: Commitment, section: SealedSection, origin: str, event_id: str, recipient: str, key: SealingKey
) -> bytes:
    """The plaintext of a section, opened with a recipient's private key. Raises BadSection where anything does not fit."""
    require_committed(commitment, section.ciphertext)
    name = commitment["name"]
    wrapped = section.wraps.get(recipient)
    if wrapped is None:
        raise errors.BadSection(f"the section is not wrapped to {recipient}", field=f"sections.{name}")
    return open_with_key(commitment, section.ciphertext, key.unwrap(wrapped, section_info(name, origin, event_id)))


def open_with_key(commitment: Commitment, ciphertext: bytes, section_key: bytes) -> bytes:
    """The plaintext of a section, opened with its revealed key. Raises BadSection where anything does not fit."""
    field = f"sections.{commitment['name']}"
    require_committed(commitment, ciphertext)
    if len(section_key) != SECTION_KEY_BYTES or key_digest(section_key) != commitment["key_sha256"]:
        raise errors.BadSection("the key is not the one committed to", field=field)
    try:
        padded = AESGCM(section_key).decrypt(_NONCE, ciphertext, None)
    except InvalidTag:
        raise errors.BadSection("the ciphertext does not open under its key", field=field) from None
    return unpad256(padded)


def reveal(
    commitment: Commitment, section: SealedSection, origin: str, event_id: str, recipient: str, key: SealingKey
) -> bytes:
    """The section's own key K, as a recipient finds it; checked, so that what is handed on opens the section. BadSection."""
    wrapped = section.wraps.get(recipient)
    if wrapped is None:
        raise errors.BadSection(f"the section is not wrapped to {recipient}", field=f"sections.{commitment['name']}")
    section_key = key.unwrap(wrapped, section_info(commitment["name"], origin, event_id))
    open_with_key(commitment, section.ciphertext, section_key)
    return section_key
