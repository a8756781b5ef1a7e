"""`entente ledger`: freeze it, thaw it, close it, and open the log that continues a closed one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import NATIONS, Commands, Parser, add_command, add_group
from api.cli.exercise import DATABASES, add_databases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.cli.session import Session


def add_to(commands: Commands[Parser]) -> None:
    """Add ledger freeze, thaw, close, succeed."""
    group = add_group(commands, "ledger", "freeze, thaw or close the log, and open its successor")
    freeze = add_command(
        group, "freeze", run_freeze, "from the next entry on record only holds, keys and corrections; either nation may"
    )
    freeze.add_argument("--nation", choices=NATIONS, required=True, help="which nation says so")
    thaw = add_command(group, "thaw", run_thaw, "end a freeze, signed by both nations")
    close = add_command(group, "close", run_close, "write the last entry of this log, signed by both nations")
    close.add_argument("--successor", metavar="ORIGIN", help="the name of the log that will continue it")
    for parser in (freeze, thaw, close):
        parser.add_argument("--reason", required=True, metavar="TEXT", help="why; kept sealed to both nations")
    succeed = add_command(
        group, "succeed", run_succeed, "open, in an empty home, the log that continues a closed one",
        "Its first entry names the closed log, its size, root and open streams. Authorities, places and the keys held in the "
        "old home are stated anew; openings are for those who know them to state again.",
    )  # fmt: skip
    succeed.add_argument("--from", dest="old", type=Path, required=True, metavar="HOME", help="the home of the closed log")
    succeed.add_argument("--origin", metavar="NAME", help="the new log's name (default: what the closed log names)")
    add_databases(succeed)


def run_freeze(session: Session, arguments: argparse.Namespace) -> int:
    """Freeze."""
    what = "frozen: only holds, keys and corrections are recorded until both nations thaw it"
    return _state(session, "ledger.frozen", {"reason": arguments.reason}, (NATIONS[arguments.nation],), what)


def run_thaw(session: Session, arguments: argparse.Namespace) -> int:
    """Thaw."""
    return _state(session, "ledger.thawed", {"reason": arguments.reason}, tuple(NATIONS.values()), "thawed")


def run_close(session: Session, arguments: argparse.Namespace) -> int:
    """Close."""
    data = {"reason": arguments.reason, **({"successor": arguments.successor} if arguments.successor else {})}
    what = "closed: nothing follows; let both nations cosign it, then open its successor (entente ledger succeed)"
    return _state(session, "ledger.closed", data, tuple(NATIONS.values()), what)


def _state(session: Session, type_name: str, data: dict[str, Any], nations: Sequence[str], what: str) -> int:
    from api.registrar import LEDGER, Registrar

    with session.home() as home:
        receipt = Registrar(home).state(type_name, LEDGER, data, nations)
        document = {"type": type_name, "receipt": receipt.as_dict(), "exercise": home.settings.exercise}
        session.answer(document, lambda: [f"{home.settings.origin} is {what} (entry {receipt.position})"])
    return 0


def run_succeed(session: Session, arguments: argparse.Namespace) -> int:
    """Open a successor."""
    from api.home import Home
    from api.settings import Settings
    from api.succession import ended, open_successor
    from ledger import errors

    with Home.open(arguments.old) as old:
        origin = arguments.origin or ended(old).successor
        if origin is None:
            raise errors.BadQuestion("the closed log names no successor", field="--origin", remedy="name the new log")
        urls = {name: getattr(arguments, name) for name in DATABASES}
        settings = Settings(origin, old.settings.exercise, title=old.settings.title, **urls)
        home, end, others = open_successor(session.path, old, settings)
        with home:
            for nation in home.nations:
                home.projector(nation).follow()
            for site in home.sites:
                home.cosign(site)
            document = {
                "home": str(home.path), "origin": origin, "predecessor": end.predecessor.origin, "size": end.predecessor.size,
                "root": end.predecessor.root, "open_streams": dict(end.predecessor.open_streams),
                "to_register": [{"key_id": key.key_id, "owner": key.owner, "role": key.role} for key in others],
                "entries": home.ledger.head(), "exercise": home.settings.exercise,
            }  # fmt: skip
            session.answer(document, lambda: _told(document))
    return 0


def _told(document: dict[str, Any]) -> list[str]:
    size, still_open = document["size"], document["open_streams"]
    lines = [f"{document['origin']} continues {document['predecessor']} from its entry {size}, in {document['home']}."]
    if still_open:
        names = ", ".join(still_open)
        lines.append(f"{len(still_open)} streams go on; state the opening of each again before its next step: {names}")
    if document["to_register"]:
        owners = ", ".join(f"{row['owner']} ({row['key_id'][:16]}…)" for row in document["to_register"])
        lines.append(f"These keys are not held here and must be registered by their holders: {owners}")
    return lines
