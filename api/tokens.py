"""Bearer tokens of machines: who may fetch what of the log.

Only a token's digest is kept; the token itself is shown once, when it is made.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path
from typing import Literal, NamedTuple

from ledger import errors
from ledger.formats.keys import write_secret

FILE = "tokens"
TOKEN_BYTES = 32

Role = Literal["mirror", "reader"]
ROLES: tuple[Role, ...] = ("mirror", "reader")

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}").fullmatch
_LINE = re.compile(r"([0-9a-f]{64}) (mirror|reader) ([A-Za-z0-9._-]{1,64})").fullmatch


class Holder(NamedTuple):
    """Who holds a token: a `mirror` (its site is the name) reads entries and its nation's sections, a `reader` only hashes."""

    role: Role
    name: str


def issue(home: Path, holder: Holder) -> str:
    """Make a token for somebody and remember its digest. Raises BadQuestion for a name that is none."""
    if not _NAME(holder.name):
        raise errors.BadQuestion("a name has 1 to 64 letters, digits, dots, dashes", field="name")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with (home / FILE).open("a", encoding="ascii") as file:
        file.write(f"{_digest(token)} {holder.role} {holder.name}\n")
    return token


def save(token: str, path: Path) -> None:
    """Write a token into a file of its own that nobody else reads. The file must not exist."""
    write_secret(path, token.encode() + b"\n")


def holder_of(home: Path, token: str) -> Holder | None:
    """Who holds this token, or None. Digests are compared, so that the time it takes tells nothing about tokens."""
    path = home / FILE
    if not path.exists():
        return None
    digest = _digest(token)
    for line in path.read_text(encoding="ascii").splitlines():
        found = _LINE(line)
        if found is None:
            raise errors.Malformed("a line is not `digest role name`", field=FILE, remedy="make the token again")
        if secrets.compare_digest(found[1], digest):
            return Holder("mirror" if found[2] == "mirror" else "reader", found[3])
    return None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
