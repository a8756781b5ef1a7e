"""`entente key challenge, answer`: whether a key that signs no event is its holder's, across two machines.

The holder hands over the public half (`entente key new --public`), the authority makes a challenge of it and keeps what tells
the right answer, the holder answers, the authority registers the key with the answer.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from api.cli.arguments import Commands, Parser, add_command
from ledger import errors
from ledger.formats.armour import decode64, encode64
from ledger.formats.keys import key_id

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home
    from api.registrar import Registrar
    from ledger.formats.keys import DocumentKey, SigningKey
    from ledger.formats.sealing import SealingKey
    from ledger.store.receipt import Receipt

FILE_BYTES_MAX = 65_536
FOLDER = "challenges"


class _File(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What passes between the two machines; binary members in base64."""

    type_code: str
    key_id: str
    public_key: str
    origin: str = ""
    asked: str = ""
    answer: str = ""


def add_to_keys(group: Commands[Parser]) -> None:
    """Add challenge and answer."""
    challenge = add_command(group, "challenge", run_challenge, "challenge the holder of a sealing or document key")
    challenge.add_argument("public", type=Path, metavar="PUBLIC", help="the file that entente key new --public wrote")
    challenge.add_argument("--out", type=Path, required=True, metavar="FILE", help="the challenge, for the holder")
    answer = add_command(group, "answer", run_answer, "answer a challenge with one's own private key")
    answer.add_argument("challenge", type=Path, metavar="CHALLENGE")
    answer.add_argument("--key", required=True, type=Path, metavar="KEYFILE", help="the private key that was challenged")
    answer.add_argument("--out", type=Path, required=True, metavar="FILE", help="the answer, for entente key register")


def write_public(path: Path, key: SigningKey | SealingKey | DocumentKey) -> None:
    """Write the public half of a key as a file for `entente key challenge`."""
    from api.registrar import TYPE_CODES

    _write(path, _File(TYPE_CODES[type(key)], key.key_id, encode64(key.public)))


def run_challenge(session: Session, arguments: argparse.Namespace) -> int:
    """Make a challenge; what tells the right answer stays in this home."""
    from ledger.formats import challenge
    from ledger.formats.keys import write_secret

    public = _read(arguments.public)
    with session.home() as home:
        made, expected = challenge.make(home.settings.origin, int(public.type_code, 16), decode64(public.public_key))
        kept = _kept(home, made.key_id)
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        kept.unlink(missing_ok=True)
        write_secret(kept, json.dumps({"asked": encode64(made.asked), "expected": encode64(expected)}).encode())
        asked = _File(public.type_code, made.key_id, public.public_key, made.origin, encode64(made.asked))
        _write(arguments.out, asked)
        document = {"key_id": made.key_id, "file": str(arguments.out), "exercise": home.settings.exercise}
        session.answer(
            document, lambda: [f"{arguments.out} is for the holder of {made.key_id[:16]}…; only that key answers it"]
        )
    return 0


def run_answer(session: Session, arguments: argparse.Namespace) -> int:
    """Answer a challenge."""
    from ledger.formats import challenge
    from ledger.formats.keys import DocumentKey
    from ledger.formats.sealing import SealingKey

    asked = _read(arguments.challenge)
    key = SealingKey.load(arguments.key) if asked.type_code == "10" else DocumentKey.load(arguments.key)
    made = challenge.Challenge(asked.origin, int(asked.type_code, 16), asked.key_id, decode64(asked.asked))
    asked.answer = encode64(challenge.answer(made, key))
    _write(arguments.out, asked)
    document = {"key_id": key.key_id, "file": str(arguments.out)}
    session.answer(document, lambda: [f"{arguments.out} is for whoever registers {key.key_id[:16]}…"])
    return 0


def attested(home: Home, registrar: Registrar, name: str, owner: str, nation: str, role: str) -> tuple[str, Receipt] | None:
    """Register a key that signs no event, from an answer or from the private key itself; None where it signs events.

    Raises BadSignature where the answer is not the right one, NotFound where nobody here asked.
    """
    from ledger.formats import challenge

    path = Path(name) if Path(name).is_file() else home.key_path(name.removesuffix(".pem"))
    if path.suffix == ".json":
        given = _read(path)
        kept = _kept(home, given.key_id)
        if not kept.is_file():
            raise errors.NotFound(f"no challenge was made here of {given.key_id[:16]}…", remedy="entente key challenge")
        remembered = json.loads(kept.read_bytes())
        code, public = int(given.type_code, 16), decode64(given.public_key)
        made = challenge.Challenge(home.settings.origin, code, given.key_id, decode64(remembered["asked"]))
        challenge.judge(made, decode64(remembered["expected"]), decode64(given.answer))
        receipt = registrar.attest(owner, nation, given.type_code, public)
        kept.unlink()
        return given.key_id, receipt
    key = _own(path, role) if path.is_file() else None
    return None if key is None else (key.key_id, registrar.register_held(owner, nation, key))


class Proven(NamedTuple):
    """A key whose holder is here, or will sign for it: `signing` is the private key of one that signs events."""

    type_code: str
    public: bytes
    signing: SigningKey | None = None


def read_public(path: Path) -> bytes:
    """The public key in a file that `entente key new --public` wrote, of a key that signs events. Raises Malformed."""
    found = _loaded(path)
    public = decode64(found.public_key)
    if found.type_code != "01":
        raise errors.Malformed(
            "the holder of such a key proves it", field="type_code", remedy="draft it where the private key is"
        )
    if key_id(int(found.type_code, 16), public) != found.key_id:
        raise errors.Malformed("the key id is not that of the public key", field="key_id")
    return public


def proven(home: Home, name: str, role: str) -> Proven:
    """A key to be registered: a public one that signs events, or a private one that is here, asked to prove itself."""
    from api.registrar import TYPE_CODES, require_answer
    from ledger.formats.keys import load_private

    path = Path(name) if Path(name).is_file() else home.key_path(name.removesuffix(".pem"))
    if path.suffix == ".json":
        return Proven("01", read_public(path))
    if not path.is_file():
        raise errors.NotFound(f"there is no key {name} in {path.parent}", field="NAME", remedy="entente key new")
    held = _own(path, role)
    if held is None:
        signing = load_private(path)
        return Proven("01", signing.public, signing)
    require_answer(home.settings.origin, held)
    return Proven(TYPE_CODES[type(held)], held.public)


def _own(path: Path, role: str) -> SealingKey | DocumentKey | None:
    from ledger.formats.keys import DocumentKey
    from ledger.formats.sealing import SealingKey

    if role == "sealing":
        return SealingKey.load(path)
    try:
        return DocumentKey.load(path)
    except errors.Malformed:
        return None  # a key that signs events; whoever loads it says so if it is none


def _kept(home: Home, key_id: str) -> Path:
    return home.path / FOLDER / f"{key_id}.json"


def _read(path: Path) -> _File:
    """A file about a key that signs no event. Raises NotFound or Malformed."""
    found = _loaded(path)
    if found.type_code not in ("10", "11"):
        raise errors.Malformed(
            "a key of this type signs its own registration", field="type_code", remedy="entente key register"
        )
    return found


def _loaded(path: Path) -> _File:
    if not path.is_file():
        raise errors.NotFound(f"there is no file {path}")
    if path.stat().st_size > FILE_BYTES_MAX:
        raise errors.TooLarge(f"{path} has more than {FILE_BYTES_MAX} bytes")
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise errors.Malformed(str(wrong), field=path.name) from None
    if len(found.key_id) != 64 or not set(found.key_id) <= set("0123456789abcdef"):
        raise errors.Malformed("a key id has 64 hexadecimal digits", field="key_id")
    return found


def _write(path: Path, content: _File) -> None:
    if path.exists():
        raise errors.BadQuestion(f"{path} is there already", remedy="name another file")
    fields: dict[str, Any] = msgspec.to_builtins(content)
    path.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")
