"""`entente key`: private keys made, and what the log says of public ones: registered, rotated, revoked, listed."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command, add_group
from api.cli.rendering import table
from ledger import errors

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home
    from ledger.events.keys import Key, KeyRing

ROLES = ("service", "officer", "official", "sealer")
KEY_ID = re.compile(r"[0-9a-f]{8,64}").fullmatch
KEY_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}").fullmatch


def add_to(commands: Commands[Parser]) -> None:
    """Add key new, register, rotate, revoke, list."""
    group = add_group(commands, "key", "make keys, and say in the log whose they are")
    new = add_command(group, "new", run_new, "make a private key", "It speaks for nobody until it is registered.")
    new.add_argument("name", metavar="NAME", help="its name in the home's keys, e.g. service-BF-2")
    new.add_argument("--out", metavar="FILE", type=Path, help="write it here instead")
    register = add_command(group, "register", run_register, "register a key, signed by itself and by its owner's nation")
    register.add_argument("name", metavar="NAME", help="the private key: a file, or its name in the home's keys")
    register.add_argument("--owner", required=True, metavar="AUTHORITY", help="the authority whose key it is")
    register.add_argument("--role", choices=ROLES, default="service")
    register.add_argument(
        "--may-append", action="append", default=[], metavar="TYPE", help="types it may state, e.g. incident.*"
    )
    rotate = add_command(group, "rotate", run_rotate, "replace a key by a new one, signed by both, in the same role and scope")
    rotate.add_argument("old", metavar="OLD", help="the private key replaced: a file, or its name")
    rotate.add_argument("new", metavar="NEW", help="its successor's private key: a file, or its name")
    revoke = add_command(group, "revoke", run_revoke, "end a key: it says nothing more from the next position on")
    revoke.add_argument("key", metavar="KEY", help="its name, file or key id")
    revoke.add_argument("--reason", required=True, metavar="TEXT", help="why; kept sealed to both nations beside the event")
    listed = add_command(group, "list", run_list, "the keys of this log, as they stand at its last position")
    listed.add_argument("--all", action="store_true", help="those no longer in force as well")


def run_new(session: Session, arguments: argparse.Namespace) -> int:
    """Make a key."""
    from ledger.formats.keys import SigningKey, save_private

    if arguments.out is None and not KEY_NAME(arguments.name):
        raise errors.BadQuestion("a key's name is letters, digits, dots, dashes", field="NAME", remedy="or give --out FILE")
    key = SigningKey.generate()
    if arguments.out is None:
        with session.home() as home:
            path = home.key_path(arguments.name)
    else:
        path = arguments.out
    if path.exists():
        raise errors.BadQuestion(
            f"{path} is there already, and a key is never overwritten", field="NAME", remedy="another name"
        )
    save_private(path, key)
    document = {"key_id": key.key_id, "public_key": key.public.hex(), "file": str(path)}
    session.answer(
        document, lambda: [f"key id  {key.key_id}", f"file    {path} (mode 0600; keep a copy where only its owner can)"]
    )
    return 0


def run_register(session: Session, arguments: argparse.Namespace) -> int:
    """Register a key."""
    from api.cli.append import find_key
    from api.registrar import Registrar

    with session.home() as home:
        nation = home.ledger.sequencer.head.registry.nation_of(arguments.owner)
        if nation is None:
            raise errors.NotFound(
                f"{arguments.owner} is not registered in this log", field="--owner",
                remedy="append its authority.registered first, signed with its nation's authority key",
            )  # fmt: skip
        key = find_key(home, arguments.name)
        receipt = Registrar(home).register(arguments.owner, nation, arguments.role, key, arguments.may_append)
        return _recorded(session, home, "registered", key.key_id, receipt.as_dict())


def run_rotate(session: Session, arguments: argparse.Namespace) -> int:
    """Rotate a key."""
    from api.cli.append import author_of, find_key
    from api.registrar import Registrar

    with session.home() as home:
        old, new = find_key(home, arguments.old), find_key(home, arguments.new)
        receipt = Registrar(home).rotate(author_of(home, old), new)
        return _recorded(session, home, "rotated to", new.key_id, receipt.as_dict())


def run_revoke(session: Session, arguments: argparse.Namespace) -> int:
    """Revoke a key."""
    from api.registrar import KEYS, Registrar, signing_nations

    with session.home() as home:
        registrar = Registrar(home)
        key = _named(home, registrar.keys, arguments.key)
        data = {"key": key.key_id, "reason": arguments.reason}
        receipt = registrar.state("key.revoked", KEYS, data, signing_nations(key.nation))
        return _recorded(session, home, "revoked", key.key_id, receipt.as_dict())


def run_list(session: Session, arguments: argparse.Namespace) -> int:
    """List keys."""
    with session.home() as home:
        ring = home.ledger.keys
        shown = [_row(home, key) for key in ring.keys.values() if arguments.all or not key.until]
        head = ("Key id", "Owner", "Nation", "Role", "Since", "State", "Private key here")
        columns = ("owner", "nation", "role", "since", "state", "held_as")
        rows = [[f"{row['key_id'][:16]}…", *(row[c] for c in columns)] for row in shown]
        session.answer({"keys": shown, "position": home.ledger.head()}, lambda: table(rows, head, "llllrll"))
    return 0


def _row(home: Home, key: Key) -> dict[str, Any]:
    state = "in force"
    if key.suspended:
        state = "suspended"
    elif key.until:
        state = f"until {key.until - 1}" + (f", then {key.successor[:16]}…" if key.successor else "")
    held = next((name for name in _file_names(key) if _is_held(home, name, key)), "")
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
        "state": state,
        "successor": key.successor or None,
        "suspect_from": key.suspect_from or None,
        "held_as": held,
    }


def _file_names(key: Key) -> tuple[str, ...]:
    return (f"service-{key.owner}", f"authority-{key.owner}", f"sealer-{key.owner}", f"sealing-{key.owner}")


def _is_held(home: Home, name: str, key: Key) -> bool:
    if not home.key_path(name).exists():
        return False
    if key.type_code == "10":
        sealing = home.sealing_key(key.owner) if name.startswith("sealing-") else None
        return sealing is not None and sealing.key_id == key.key_id
    return not name.startswith("sealing-") and home.key(name).key_id == key.key_id


def _named(home: Home, ring: KeyRing, name: str) -> Key:
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


def _recorded(session: Session, home: Home, what: str, key_id: str, receipt: dict[str, Any]) -> int:
    line = f"{what} {key_id[:16]}… at position {receipt['position']}"
    document = {"key_id": key_id, "receipt": receipt, "exercise": home.settings.exercise}
    session.answer(document, lambda: [line])
    return 0
