"""Cosignatures on checkpoints (C2SP tlog-cosignature): Ed25519 (type 0x04) and ML-DSA-44 (type 0x06), each bearing a time.

A nation cosigns with both, under two keys: Ed25519 for whom it satisfies today, ML-DSA for whoever must still believe it when
Ed25519 has fallen.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mldsa

from ledger import errors
from ledger.formats import note
from ledger.formats.keys import SigningKey, read_secret, write_secret
from ledger.formats.note import Checkpoint, NoteVerifier, SignatureLine, Verifier, VerifierKey, note_key_id, verify_ed25519

ED25519_COSIGNATURE = 0x04
ML_DSA_COSIGNATURE = 0x06
TIME_BYTES = 8
ML_DSA_PUBLIC_BYTES = 1_312
ML_DSA_SIGNATURE_BYTES = 2_420
NAME_BYTES_MAX = 255
TIME_MAX = 2**63 - 1
TOLERANCE_SECONDS = 120
"""How far two sound clocks may be apart: a nation co-signs nothing that is further ahead of its own."""
MICROSECONDS = 1_000_000


def is_late(recorded_at: int, cosigned_at: int) -> bool:
    """Whether an entry says that it was recorded (microseconds) after somebody had co-signed it (seconds)."""
    return recorded_at >= (cosigned_at + 1 + TOLERANCE_SECONDS) * MICROSECONDS


def is_early(recorded_at: int, cosigned_at: int) -> bool:
    """Whether an entry says that it was recorded (microseconds) when somebody co-signed the log without it (seconds)."""
    return recorded_at < (cosigned_at - TOLERANCE_SECONDS) * MICROSECONDS


class LatticeKey:
    """An ML-DSA-44 private key, made from its 32-byte seed. Its public key has 1,312 bytes."""

    __slots__ = ("_private", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        assert len(seed) == 32, "an ML-DSA seed has 32 bytes"
        self.seed = seed
        self._private = mldsa.MLDSA44PrivateKey.from_seed_bytes(seed)
        self.public: bytes = self._private.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> LatticeKey:
        """A new key from the system's randomness."""
        return cls(secrets.token_bytes(32))

    @classmethod
    def load(cls, path: Path) -> LatticeKey:
        """Read a PEM PKCS #8 file written by `save`. Raises Malformed."""
        try:
            private = serialization.load_pem_private_key(read_secret(path), password=None)
        except (ValueError, TypeError) as wrong:
            raise errors.Malformed("not an unencrypted PEM private key", field=path.name) from wrong
        if not isinstance(private, mldsa.MLDSA44PrivateKey):
            raise errors.Malformed("not an ML-DSA-44 private key", field=path.name)
        return cls(private.private_bytes_raw())

    def save(self, path: Path) -> None:
        """Write the seed as PEM PKCS #8, mode 0600. The file must not exist."""
        pem = self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_secret(path, pem)

    def sign(self, message: bytes) -> bytes:
        """A 2,420-byte signature with empty context."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        # A seed must never reach a log through somebody's debug print.
        return "LatticeKey(…)"


# -- what is signed -----------------------------------------------------------------------------------------------------------


def ed25519_message(text: bytes, time: int) -> bytes:
    """What a 0x04 cosignature is over: a header, the time, the checkpoint's whole text. `time` in Unix seconds."""
    return b"cosignature/v1\ntime %d\n" % time + text


def ml_dsa_message(name: str, time: int, checkpoint: Checkpoint) -> bytes:
    """What a 0x06 cosignature is over: the cosigner's name, the time, and the tree from leaf 0 to its size."""
    return b"".join(
        (
            b"subtree/v1\n\x00",
            _short(name),
            time.to_bytes(8, "big"),
            _short(checkpoint.origin),
            (0).to_bytes(8, "big"),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )


def _short(text: str) -> bytes:
    data = text.encode()
    if not 0 < len(data) <= NAME_BYTES_MAX:
        raise errors.BadNote(f"a name in a cosignature has 1 to {NAME_BYTES_MAX} bytes")
    return bytes([len(data)]) + data


# -- cosigning ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cosigner:
    """A name and a private key; the key's kind decides the kind of cosignature. A key is for this role only."""

    name: str
    private: SigningKey | LatticeKey

    @property
    def key(self) -> VerifierKey:
        """The public half, as policies list it."""
        code = ML_DSA_COSIGNATURE if isinstance(self.private, LatticeKey) else ED25519_COSIGNATURE
        return VerifierKey(self.name, code, self.private.public)

    def cosign(self, text: bytes, time: int) -> SignatureLine:
        """The signature line over a checkpoint's text at a Unix time in seconds. Raises BadNote if the text is none."""
        assert 0 < time <= TIME_MAX, "a cosignature bears a time"
        checkpoint = note.parse_checkpoint(text)
        if isinstance(self.private, LatticeKey):
            message = ml_dsa_message(self.name, time, checkpoint)
        else:
            message = ed25519_message(text, time)
        key = self.key
        return SignatureLine(self.name, key.key_id, time.to_bytes(TIME_BYTES, "big") + self.private.sign(message))


# -- verifying ----------------------------------------------------------------------------------------------------------------


class Ed25519Cosignature:
    """Verifies cosignatures of type 0x04."""

    __slots__ = ("key",)

    def __init__(self, key: VerifierKey) -> None:
        note.require_strong(key)
        self.key = key

    def verify(self, text: bytes, signature: bytes) -> int:
        """The cosigner's Unix time in seconds. Raises BadNote."""
        note.parse_checkpoint(text)
        time, rest = _split_time(self.key, signature)
        verify_ed25519(self.key, ed25519_message(text, time), rest)
        return time


class LatticeCosignature:
    """Verifies cosignatures of type 0x06."""

    __slots__ = ("_public", "key")

    def __init__(self, key: VerifierKey) -> None:
        if len(key.public) != ML_DSA_PUBLIC_BYTES:
            raise errors.BadNote(f"verifier key {key.name}: an ML-DSA-44 key has {ML_DSA_PUBLIC_BYTES} bytes")
        self.key = key
        self._public = mldsa.MLDSA44PublicKey.from_public_bytes(key.public)

    def verify(self, text: bytes, signature: bytes) -> int:
        """The cosigner's Unix time in seconds. Raises BadNote."""
        time, rest = _split_time(self.key, signature)
        message = ml_dsa_message(self.key.name, time, note.parse_checkpoint(text))
        try:
            self._public.verify(rest, message)
        except InvalidSignature:
            raise errors.BadNote(f"the signature of {self.key.name} does not verify") from None
        return time


def _split_time(key: VerifierKey, signature: bytes) -> tuple[int, bytes]:
    wanted = TIME_BYTES + (ML_DSA_SIGNATURE_BYTES if key.type_code == ML_DSA_COSIGNATURE else 64)
    time = int.from_bytes(signature[:TIME_BYTES], "big")
    if len(signature) != wanted or time > TIME_MAX:
        raise errors.BadNote(f"the cosignature of {key.name} is not a time and a signature")
    return time, signature[TIME_BYTES:]


VERIFIERS: dict[int, Callable[[VerifierKey], Verifier]] = {
    note.ED25519_NOTE: NoteVerifier,
    ED25519_COSIGNATURE: Ed25519Cosignature,
    ML_DSA_COSIGNATURE: LatticeCosignature,
}


def verifier(key: VerifierKey) -> Verifier:
    """The verifier of a key by its type code. Raises BadNote for a type this log does not use, and for weak keys."""
    make = VERIFIERS.get(key.type_code)
    if make is None:
        raise errors.BadNote(f"verifier key {key.name} is of an unknown type {key.type_code:#04x}")
    return make(key)


def verify(text: bytes, line: SignatureLine, key: VerifierKey) -> int:
    """The time of one signature line over a checkpoint's text under the key it must name. Raises BadNote."""
    if (line.name, line.key_id) != (key.name, note_key_id(key.name, key.type_code, key.public)):
        raise errors.BadNote(f"the signature line is not by {key.name}")
    return verifier(key).verify(text, line.signature)
