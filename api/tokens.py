"""Bearer tokens: who asks, in what role, and for which nation.

Only a token's digest is kept; the token itself is shown once, when it is made. Mirrors, monitors and services hold one each; in
embedded use people do too.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from ledger import errors
from ledger.formats.keys import write_secret

FILE = "tokens"
TOKEN_BYTES = 32

Role = Literal[
    "mirror", "reader", "service", "administrator", "official", "duty_officer", "auditor", "liaison", "dpo", "joint",
    "inquiry", "oversight",
]  # fmt: skip
ROLES: tuple[Role, ...] = get_args(Role)
VIEWERS: tuple[Role, ...] = ("official", "duty_officer", "auditor", "liaison")
"""Roles of people who read their own nation's view."""
OF_A_NATION: tuple[Role, ...] = (*VIEWERS, "dpo")
"""Roles of people of a nation."""
MANDATED: tuple[Role, ...] = ("inquiry", "oversight")
"""Roles that read what a mandate on record says, as long as it says so."""
BY_EVENT: tuple[Role, ...] = ("joint", *MANDATED)
"""Roles of people of no nation, which a recorded event gives to who holds them."""
NATIONS = ("GB", "FR")
NOBODYS = "-"

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}").fullmatch
_LINE = re.compile(rf"([0-9a-f]{{64}}) ({'|'.join(ROLES)}) (GB|FR|{NOBODYS}) ([A-Za-z0-9._-]{{1,64}})").fullmatch


class Holder(NamedTuple):
    """Who holds a token.

    A `mirror` (its site is the name) reads entries and its nation's sections, a `reader` only hashes. A `service` (its name is
    its authority's code) appends, and reads what its authority stated. An `administrator` sees how the service runs and nothing
    that it holds. `joint` is somebody whom both nations appointed, who sees both ends of a difference without what either
    sealed; an `inquiry` and an `oversight` body read what their mandate on record says. The others are people of one nation; a
    `dpo`, its data protection officer, reads who looked at what, and no content.
    """

    role: Role
    name: str
    nation: str = ""


def issue(home: Path, holder: Holder) -> str:
    """Make a token for somebody and remember its digest.

    Raises BadQuestion for a name that is none, for a person of no nation, and for a machine of one.
    """
    if not _NAME(holder.name):
        raise errors.BadQuestion("a name has 1 to 64 letters, digits, dots, dashes", field="name")
    if (holder.role in OF_A_NATION) != (holder.nation in NATIONS):
        needs = "is of one nation" if holder.role in OF_A_NATION else "is of no nation"
        raise errors.BadQuestion(f"the role {holder.role} {needs}", field="nation", remedy="GB or FR, for people")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with (home / FILE).open("a", encoding="ascii") as file:
        file.write(f"{_digest(token)} {holder.role} {holder.nation or NOBODYS} {holder.name}\n")
    return token


def save(token: str, path: Path) -> None:
    """Write a token into a file of its own that nobody else reads. The file must not exist."""
    write_secret(path, token.encode() + b"\n")


class Tokens:
    """The tokens of a home as its file has them now: it is read again as soon as it is another than it was."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._read: tuple[tuple[int, int, int] | None, dict[str, Holder]] = (None, {})

    def holder_of(self, token: str) -> Holder | None:
        """Who holds this token, or None. Looked up by its digest, so that the time it takes tells nothing about tokens.

        Raises UnsafeSetting where the file has a line that is none.
        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        state = (found.st_mtime_ns, found.st_size, found.st_ino)
        if self._read[0] != state:
            # What was asked first is what is kept: a line that is added meanwhile makes it another state.
            self._read = state, _holders(self._path.read_text(encoding="ascii"))
        return self._read[1].get(_digest(token))


def holder_of(home: Path, token: str) -> Holder | None:
    """Who holds a token of a home, or None, asked once (see Tokens)."""
    return Tokens(home).holder_of(token)


def _holders(text: str) -> dict[str, Holder]:
    """Holders by the digests of their tokens."""
    holders: dict[str, Holder] = {}
    for line in text.splitlines():
        found = _LINE(line)
        if found is None:
            raise errors.UnsafeSetting(
                "a line of the file of tokens is not `digest role nation name`", remedy="take it out and make the token again"
            )
        role = next(role for role in ROLES if role == found[2])
        holders.setdefault(found[1], Holder(role, found[4], found[3].replace(NOBODYS, "")))
    return holders


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
