"""How a key is named on the command line, and how its row and what was recorded of it are told."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from ledger import errors
from ledger.formats import strict

if TYPE_CHECKING:
    from api.cli.arguments import Parser
    from api.cli.session import Session
    from api.home import Home
    from ledger.events.keys import Key, KeyRing
    from ledger.store.receipt import Receipt

KEY_ID = re.compile(r"[0-9a-f]{8,64}").fullmatch
KEY_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}").fullmatch


ROLES = ("service", "officer", "official", "sealer", "sealing")


def add_owner(parser: Parser) -> None:
    """Whose a key is that is registered, and what it may say."""
    parser.add_argument("--owner", required=True, metavar="AUTHORITY", help="the authority whose key it is")
    parser.add_argument("--role", choices=ROLES, default="service")
    parser.add_argument("--may-append", action="append", default=[], metavar="TYPE", help="types it may state, e.g. incident.*")


def named(home: Home, ring: KeyRing, name: str) -> Key:
    """A registered key by its id (8 digits of it are enough where no other begins so), its file, or its name in the home."""
    if KEY_ID(name):
        found = [key for key_id, key in ring.keys.items() if key_id.startswith(name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise errors.BadQuestion(f"{len(found)} keys begin with {name}", field="KEY", remedy="give more of it")
    else:
        from api.cli.append import find_key

        key_id = find_key(home, name).key_id
        if key_id in ring.keys:
            return ring.keys[key_id]
    raise errors.NotFound(f"no key {name} is registered in this log", field="KEY", remedy="entente key list --all")


def successor_digest(home: Home, name: str) -> str:
    """What a key commits to: hex SHA-256 of its successor's key id, named by that id or by its private key."""
    from api.cli.append import find_key

    key_id = name if KEY_ID(name) and len(name) == 64 else find_key(home, name).key_id
    return hashlib.sha256(key_id.encode()).hexdigest()


def recorded(session: Session, home: Home, what: str, key_id: str, receipt: Receipt) -> int:
    """Print that an event about a key was recorded."""
    line = f"{what} {key_id[:16]}… at position {receipt.position}"
    document = {"key_id": key_id, "receipt": receipt.as_dict(), "exercise": home.settings.exercise}
    session.answer(document, lambda: [line])
    return 0


def row_of(key: Key) -> dict[str, Any]:
    """A key as the log has it at a position, and nothing else: the same on any machine that has the log."""
    return {
        "key_id": key.key_id,
        "type_code": key.type_code,
        "public_key": key.public.hex(),
        "owner": key.owner,
        "nation": key.nation,
        "role": key.role,
        "may_append": list(key.may_append),
        "since": key.since,
        "until": key.until or None,
        "suspended": key.suspended,
        "state": _state(key),
        "successor": key.successor or None,
        "next_key_digest": key.next_key_digest or None,
        "suspect_from": key.suspect_from or None,
    }


def key_set_digest(rows: list[dict[str, Any]]) -> str:
    """Hex SHA-256 of the RFC 8785 form of all rows, in the order in which the log introduces the keys."""
    return hashlib.sha256(strict.format(rows)).hexdigest()


def _state(key: Key) -> str:
    if key.until:
        return f"until {key.until - 1}" + (f", then {key.successor[:16]}…" if key.successor else "")
    return "suspended" if key.suspended else "in force"
