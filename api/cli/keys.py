"""`entente key`: private keys made, and what the log says of public ones: registered, rotated, revoked, listed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli import key_challenges, key_policies, key_states
from api.cli.arguments import Commands, Parser, Usage, add_command, add_group, count
from api.cli.key_names import KEY_NAME, add_owner, key_set_digest, named, recorded, row_of, successor_digest
from api.cli.rendering import table
from ledger import errors

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home
    from ledger.events.keys import Key, KeyRing

KINDS = ("event", "sealing", "document")


def add_to(commands: Commands[Parser]) -> None:
    """Add key and all that it does."""
    group = add_group(commands, "key", "make keys, and say in the log whose they are")
    new = add_command(group, "new", run_new, "make a private key", "It speaks for nobody until it is registered.")
    new.add_argument("name", metavar="NAME", help="its name in the home's keys, e.g. service-BF-2")
    new.add_argument(
        "--type", choices=KINDS, default="event", help="what it is for: to sign events, open sections, or sign documents"
    )
    new.add_argument("--out", metavar="FILE", type=Path, help="write it here instead")
    new.add_argument("--public", metavar="FILE", type=Path, help="write its public half here, for entente key challenge")
    register = add_command(group, "register", run_register, "register a key, signed by itself and by its owner's nation")
    register.add_argument(
        "name",
        metavar="NAME|ANSWER",
        help="the private key (a file, or its name in the home's keys), or the answer to a challenge",
    )
    add_owner(register)
    register.add_argument("--next", metavar="KEY", help="commit to its successor now: its key id or private key")
    rotate = add_command(
        group, "rotate", run_rotate, "replace a key by a new one, signed by both, in the same role and scope",
        "`rotate log`, `rotate london` and `rotate paris` make a new key of the log, or pair of a cosigner, that signs beside "
        "the old one under a policy both nations adopt, until `entente key retire`.",
    )  # fmt: skip
    rotate.add_argument("old", metavar="OLD|log|london|paris", help="the private key replaced: a file, or its name")
    rotate.add_argument("new", metavar="NEW", nargs="?", help="its successor's private key: a file, or its name")
    rotate.add_argument("--next", metavar="KEY", help="commit to the successor's own successor: its key id or private key")
    rotate.add_argument("--witnesses", metavar="FILE", type=Path, help="of a site: the new keys, as its own home named them")
    key_policies.add_to_keys(group)
    revoke = add_command(group, "revoke", run_revoke, "end a key: it says nothing more from the next position on")
    revoke.add_argument("key", metavar="KEY", help="its name, file or key id")
    revoke.add_argument("--reason", required=True, metavar="TEXT", help="why; kept sealed to both nations beside the event")
    key_states.add_to_keys(group)
    key_challenges.add_to_keys(group)
    listed = add_command(group, "list", run_list, "the keys of this log as they stand at a position, made from the log alone")
    listed.add_argument("--all", action="store_true", help="those no longer in force as well")
    listed.add_argument("--at", type=count, metavar="POSITION", help="behind this entry (default: the last one)")


def run_new(session: Session, arguments: argparse.Namespace) -> int:
    """Make a key."""
    from ledger.formats.keys import DocumentKey, SigningKey, save_private
    from ledger.formats.sealing import SealingKey

    if arguments.out is None and not KEY_NAME(arguments.name):
        raise errors.BadQuestion("a key's name is letters, digits, dots, dashes", field="NAME", remedy="or give --out FILE")
    if arguments.out is None:
        with session.home() as home:
            path = home.key_path(arguments.name)
    else:
        path = arguments.out
    if path.exists():
        raise errors.BadQuestion(
            f"{path} is there already, and a key is never overwritten", field="NAME", remedy="another name"
        )
    key: SigningKey | SealingKey | DocumentKey
    if arguments.type == "event":
        key = SigningKey.generate()
        save_private(path, key)
    else:
        key = SealingKey.generate() if arguments.type == "sealing" else DocumentKey.generate()
        key.save(path)
    if arguments.public is not None:
        key_challenges.write_public(arguments.public, key)
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
        registrar = Registrar(home)
        attested = key_challenges.attested(home, registrar, arguments.name, arguments.owner, nation, arguments.role)
        if attested is not None:
            return recorded(session, home, "registered", *attested)
        key = find_key(home, arguments.name)
        following = successor_digest(home, arguments.next) if arguments.next else ""
        receipt = registrar.register(arguments.owner, nation, arguments.role, key, arguments.may_append, following)
        return recorded(session, home, "registered", key.key_id, receipt)


def run_rotate(session: Session, arguments: argparse.Namespace) -> int:
    """Rotate a key."""
    from api.cli.append import author_of, find_key
    from api.registrar import Registrar

    if arguments.new is None:
        if arguments.old not in key_policies.ROTATED:
            raise Usage(arguments.command, "name the successor as well: rotate OLD NEW")
        return key_policies.run_rotate(session, arguments)
    with session.home() as home:
        old, new = find_key(home, arguments.old), find_key(home, arguments.new)
        following = successor_digest(home, arguments.next) if arguments.next else ""
        receipt = Registrar(home).rotate(author_of(home, old), new, following)
        return recorded(session, home, "rotated to", new.key_id, receipt)


def run_revoke(session: Session, arguments: argparse.Namespace) -> int:
    """Revoke a key."""
    from api.registrar import KEYS, Registrar, signing_nations

    with session.home() as home:
        registrar = Registrar(home)
        key = named(home, registrar.keys, arguments.key)
        data = {"key": key.key_id, "reason": arguments.reason}
        receipt = registrar.state("key.revoked", KEYS, data, signing_nations(key.nation))
        return recorded(session, home, "revoked", key.key_id, receipt)


def run_list(session: Session, arguments: argparse.Namespace) -> int:
    """List keys."""
    with session.home() as home:
        head = home.reader.head()
        position = head if arguments.at is None else arguments.at
        if position > head:
            raise errors.BadQuestion(f"the log has {head} entries", field="--at", remedy=f"name a position up to {head}")
        ring, registry = home.reader.standing_at(position)
        rows = [row_of(key) for key in ring.keys.values()]
        policy = (
            {"sha256": registry.policies[-1].sha256, "from_size": registry.policies[-1].from_size}
            if registry.policies
            else None
        )
        document = {
            "position": position, "key_set_sha256": key_set_digest(rows), "frozen": ring.frozen, "closed": ring.closed,
            "rules": registry.rules, "policy": policy,
        }  # fmt: skip
        shown = [
            _held(home, key, row) for key, row in zip(ring.keys.values(), rows, strict=True) if arguments.all or not key.until
        ]
        session.answer({**document, "keys": shown}, lambda: _told(ring, document, shown))
    return 0


def _told(ring: KeyRing, document: dict[str, Any], shown: list[dict[str, Any]]) -> list[str]:
    head = ("Key id", "Owner", "Nation", "Role", "Since", "State", "Private key here")
    columns = ("owner", "nation", "role", "since", "state", "held_as")
    rows = [[f"{row['key_id'][:16]}…", *(row[c] for c in columns)] for row in shown]
    state = "The log is closed." if ring.closed else "The log is frozen." if ring.frozen else ""
    digest = f"Key set behind entry {document['position']}: {document['key_set_sha256']}"
    return [*table(rows, head, "llllrll"), "", *([state] if state else []), digest]


def _held(home: Home, key: Key, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "held_as": next((name for name in _file_names(key) if _is_held(home, name, key)), "")}


def _file_names(key: Key) -> tuple[str, ...]:
    return (f"service-{key.owner}", f"authority-{key.owner}", f"sealer-{key.owner}", f"sealing-{key.owner}")


def _is_held(home: Home, name: str, key: Key) -> bool:
    if not home.key_path(name).exists():
        return False
    if key.type_code == "10":
        sealing = home.sealing_key(key.owner) if name.startswith("sealing-") else None
        return sealing is not None and sealing.key_id == key.key_id
    return not name.startswith("sealing-") and home.key(name).key_id == key.key_id
