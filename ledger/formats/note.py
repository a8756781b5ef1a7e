"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint).

A note is a text and signature lines under it. A line counts when its (key name, key id) is known; an unknown one is ignored,
and a known one that does not verify condemns the whole note.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from ledger import errors
from ledger.formats import keys
from ledger.formats.armour import decode64, encode64

ED25519_NOTE = 0x01
NOTE_BYTES_MAX = 262_144
SIGNATURE_LINES_MAX = 64
SIZE_MAX = 2**53 - 1
KEY_ID_BYTES = 4

_DASH = "\u2014 "
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]").search
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,15}").fullmatch
_HEX8 = re.compile(r"[0-9a-f]{8}").fullmatch


@lru_cache(maxsize=1_024)
def note_key_id(name: str, type_code: int, public: bytes) -> bytes:
    """The 4 bytes by which a signature line names its key; an identifier, not a digest to rely on."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([type_code]) + public).digest()[:KEY_ID_BYTES]


@lru_cache(maxsize=1_024)
def is_key_name(name: str) -> bool:
    """Whether a name can stand in a signature line: not empty, UTF-8, no Unicode space, no plus."""
    return bool(name) and "+" not in name and not any(c.isspace() or c < " " or "\ud800" <= c <= "\udfff" for c in name)


@dataclass(frozen=True)
class VerifierKey:
    """A public key by its note name and type code; `str()` gives `name+hex8+base64`."""

    name: str
    type_code: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The 4-byte id in signature lines."""
        return note_key_id(self.name, self.type_code, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode64(bytes([self.type_code]) + self.public)}"


def parse_verifier_key(text: str) -> VerifierKey:
    """Read `name+hex8+base64`, split at the first two pluses only: base64 has pluses of its own. Raises BadNote."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not is_key_name(parts[0]) or not _HEX8(parts[1]):
        raise errors.BadNote("a verifier key is written name+hex8+base64")
    try:
        material = decode64(parts[2])
    except errors.Malformed as wrong:
        raise errors.BadNote(f"verifier key {parts[0]}: {wrong.message}") from None
    if len(material) < 2:
        raise errors.BadNote(f"verifier key {parts[0]} holds no key")
    key = VerifierKey(parts[0], material[0], material[1:])
    if key.key_id.hex() != parts[1]:
        raise errors.BadNote(f"verifier key {parts[0]}: the key id is not that of the key")
    return key


class Verifier(Protocol):
    """What checks one key's signature lines; `verify` returns the cosigner's Unix time, 0 for signatures without one."""

    @property
    def key(self) -> VerifierKey:
        """The key it verifies under."""

    def verify(self, text: bytes, signature: bytes) -> int:
        """Raise BadNote unless the signature (what follows the key id) is over this text."""


class NoteVerifier:
    """Plain Ed25519 over the note's text (type 0x01): the log's own signature."""

    __slots__ = ("key",)

    def __init__(self, key: VerifierKey) -> None:
        if key.type_code != ED25519_NOTE:
            raise errors.BadNote(f"{key.name} is not an Ed25519 note key")
        self.key = key
        require_strong(key)

    def verify(self, text: bytes, signature: bytes) -> int:
        """Raise BadNote unless the signature is over the text; 0, for it bears no time."""
        verify_ed25519(self.key, text, signature)
        return 0


def require_strong(key: VerifierKey) -> None:
    """Raise BadNote unless the key is an Ed25519 key that only its holder can sign under."""
    try:
        keys.require_strong(key.public)
    except errors.WeakKey as weak:
        raise errors.BadNote(f"verifier key {key.name}: {weak.message}") from None


def verify_ed25519(key: VerifierKey, message: bytes, signature: bytes) -> None:
    """Ed25519 under a note key. Raises BadNote."""
    try:
        keys.verify(key.public, message, signature)
    except errors.BadSignature as wrong:
        raise errors.BadNote(f"the signature of {key.name} does not verify: {wrong.message}") from None


# -- notes ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SignatureLine:
    """One signature line: key name, 4-byte key id, the bytes after it."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {encode64(self.key_id + self.signature)}"


@dataclass(frozen=True)
class Opened:
    """A note's text and who is known to have signed it: key -> the time it states (0 where it states none)."""

    text: bytes
    signed: dict[VerifierKey, int]


def split_note(note: bytes) -> tuple[bytes, list[SignatureLine]]:
    """The text (ending in a newline) and the signature lines of a note, nothing verified. Raises BadNote."""
    if len(note) > NOTE_BYTES_MAX:
        raise errors.BadNote(f"the note has {len(note)} bytes, more than {NOTE_BYTES_MAX}")
    at = note.rfind(b"\n\n")
    if at < 0 or note[-1:] != b"\n" or at + 2 == len(note):
        raise errors.BadNote("a note is a text, an empty line and signature lines")
    if _CONTROL(note):
        raise errors.BadNote("a control character in the note")
    try:
        note.decode("utf-8")
    except UnicodeDecodeError:
        raise errors.BadNote("the note is not UTF-8") from None
    lines = note[at + 2 : -1].decode("utf-8").split("\n")
    if len(lines) > SIGNATURE_LINES_MAX:
        raise errors.BadNote(f"more than {SIGNATURE_LINES_MAX} signatures")
    return note[: at + 1], [parse_signature_line(line) for line in lines]


def parse_signature_line(line: str) -> SignatureLine:
    """Read `— name base64` (no newline). Raises BadNote."""
    name, space, text = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not is_key_name(name):
        raise errors.BadNote("a signature line is written as a dash, a name and base64")
    try:
        data = decode64(text)
    except errors.Malformed as wrong:
        raise errors.BadNote(f"signature of {name}: {wrong.message}") from None
    if len(data) <= KEY_ID_BYTES:
        raise errors.BadNote(f"signature of {name}: nothing after the key id")
    return SignatureLine(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def open_note(note: bytes, verifiers: Iterable[Verifier]) -> Opened:
    """Verify a note under known keys. Raises BadNote where it is malformed, no known key signed it, or one signed it wrongly.

    Of several lines by one key all must verify; the first one's time is kept.
    """
    text, lines = split_note(note)
    known = {(v.key.name, v.key.key_id): v for v in verifiers}
    signed: dict[VerifierKey, int] = {}
    for line in lines:
        verifier = known.get((line.name, line.key_id))
        if verifier is not None:
            signed.setdefault(verifier.key, verifier.verify(text, line.signature))
    if not signed:
        raise errors.BadNote("no known key signed the note")
    return Opened(text, signed)


def sign_line(name: str, key: keys.SigningKey, text: bytes) -> SignatureLine:
    """The log's own signature line over a text that ends in a newline."""
    assert is_key_name(name), f"{name!r} cannot name a key"
    return SignatureLine(name, note_key_id(name, ED25519_NOTE, key.public), key.sign(text))


def format_note(text: bytes, lines: Iterable[SignatureLine]) -> bytes:
    """A note of a text (ending in a newline) and signature lines."""
    assert text.endswith(b"\n"), "a note's text ends in a newline"
    return text + b"\n" + "".join([f"{line}\n" for line in lines]).encode()


def add_lines(note: bytes, lines: Iterable[SignatureLine]) -> bytes:
    """The note with further signature lines under those it has."""
    return note + "".join([f"{line}\n" for line in lines]).encode()


# -- checkpoints ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checkpoint:
    """What a log commits to: its origin, its number of entries, the 32-byte root of its tree."""

    origin: str
    size: int
    root: bytes


def format_checkpoint(checkpoint: Checkpoint) -> bytes:
    """The note text of a checkpoint: three lines."""
    assert checkpoint.origin, "a log has an origin"
    assert "\n" not in checkpoint.origin, "an origin is one line"
    assert len(checkpoint.root) == 32, "a root has 32 bytes"
    return f"{checkpoint.origin}\n{checkpoint.size}\n{encode64(checkpoint.root)}\n".encode()


def parse_checkpoint(text: bytes) -> Checkpoint:
    """Read a checkpoint's text. Extension lines are refused: nobody could audit them. Raises BadNote."""
    try:
        lines = text.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise errors.BadNote("the checkpoint is not UTF-8") from None
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise errors.BadNote("a checkpoint has three lines: origin, size, root")
    if not _DECIMAL(lines[1]) or int(lines[1]) > SIZE_MAX:
        raise errors.BadNote("the size of a checkpoint is a decimal number without leading zeros")
    try:
        root = decode64(lines[2])
    except errors.Malformed as wrong:
        raise errors.BadNote(f"the root of the checkpoint: {wrong.message}") from None
    if len(root) != 32:
        raise errors.BadNote("the root of a checkpoint has 32 bytes")
    return Checkpoint(lines[0], int(lines[1]), root)


def sign_checkpoint(checkpoint: Checkpoint, *signers: keys.SigningKey) -> bytes:
    """The note of a checkpoint, signed by its log with each of its keys, which are named after its origin."""
    text = format_checkpoint(checkpoint)
    return format_note(text, [sign_line(checkpoint.origin, key, text) for key in signers])
