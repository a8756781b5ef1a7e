"""Challenges to keys that sign no event: what their holder must be able to do before an authority attests that they are theirs.

A sealing key opens what was sealed to it; a document key signs what it was given. Both are bound to the log and to the key, so
that no answer serves elsewhere. Pure.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from ledger import errors
from ledger.formats import keys, sealing

SECRET_BYTES = 32


@dataclass(frozen=True)
class Challenge:
    """What is handed to who says that a key is theirs; `asked` is a wrap for a sealing key, random bytes for a document key."""

    origin: str
    type_code: int
    key_id: str
    asked: bytes


def make(origin: str, type_code: int, public: bytes) -> tuple[Challenge, bytes]:
    """A new challenge, and what tells a right answer (`judge`), which the authority keeps. Raises Malformed or WeakKey."""
    key_id = keys.key_id(type_code, public)
    secret = secrets.token_bytes(SECRET_BYTES)
    if type_code == keys.ML_KEM_SEALING:
        return Challenge(origin, type_code, key_id, sealing.wrap(secret, public, _about(origin, key_id))), _digest(secret)
    if type_code == keys.P256_DOCUMENT:
        keys.require_point(public)
        return Challenge(origin, type_code, key_id, secret), public
    raise errors.BadQuestion("this key signs its own registration", field="type_code")


def answer(challenge: Challenge, key: sealing.SealingKey | keys.DocumentKey) -> bytes:
    """The answer of the key's holder. Raises BadSection where this is not the key that was asked."""
    if key.key_id != challenge.key_id:
        raise errors.BadSection("this is not the key that was challenged")
    about = _about(challenge.origin, challenge.key_id)
    if isinstance(key, sealing.SealingKey):
        return _digest(key.unwrap(challenge.asked, about))
    return key.sign(about + challenge.asked)


def judge(challenge: Challenge, expected: bytes, given: bytes) -> None:
    """Raise BadSignature unless this answers the challenge; `expected` is what `make` gave beside it."""
    if challenge.type_code == keys.P256_DOCUMENT:
        keys.verify_document(expected, _about(challenge.origin, challenge.key_id) + challenge.asked, given)
    elif not secrets.compare_digest(expected, given):
        raise errors.BadSignature("this does not answer the challenge")


def _about(origin: str, key_id: str) -> bytes:
    return f"entente.challenge.v1\n{origin}\n{key_id}\n".encode()


def _digest(secret: bytes) -> bytes:
    """What shows that a secret was read, without showing the secret."""
    return hashlib.sha256(b"entente.answer.v1\n" + secret).digest()
