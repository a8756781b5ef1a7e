"""`entente serve`: this site's service over HTTP. `entente token`: who may do what there."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from api.cli.arguments import Commands, Parser, Usage, add_command, add_group

if TYPE_CHECKING:
    from api.app import Parts
    from api.cli.session import Session

HOST, PORT = "127.0.0.1", 8000
PLACES = "URL, or for a peer a folder with its checkpoint"


def add_to(commands: Commands[Parser]) -> None:
    """Add serve and token."""
    parser = add_command(
        commands, "serve", run, "serve the log over HTTP, and have the witnesses cosign it",
        "Listens on this machine alone unless told otherwise; put a reverse proxy with TLS in front of it.",
    )  # fmt: skip
    parser.add_argument("--host", default=HOST, help=f"where to listen (default {HOST})")
    parser.add_argument("--port", type=int, default=PORT, help=f"0 for a free one, which is printed (default {PORT})")
    for name, dest, about in (
        ("witness", "witnesses", "asked to cosign"),
        ("peer", "peers", "compared with, of its checkpoints"),
    ):
        parser.add_argument(
            f"--{name}", dest=dest, action="append", default=[], metavar="NAME=URL",
            help=f"{about} ({PLACES}), beside those in entente.toml",
        )  # fmt: skip
    tokens = add_group(commands, "token", "bearer tokens of mirrors, services and people")
    new = add_command(
        tokens, "new", run_new, "make a token; it is shown once",
        "A mirror reads entries, a reader hashes alone. A service appends and reads what its authority stated. An "
        "administrator sees how the service runs. joint, inquiry and oversight read what an event on record gives their "
        "holder. The others are people of one nation, and read its view.",
    )  # fmt: skip
    new.add_argument(
        "role",
        metavar="ROLE",
        help="mirror, reader, service, administrator, official, duty_officer, auditor, liaison, dpo, joint, inquiry, oversight",
    )
    new.add_argument("name", help="who holds it; a mirror's is its site (london, paris), a service's its authority's code")
    new.add_argument("--nation", choices=("gb", "fr"), help="of a person")
    new.add_argument("--out", type=Path, metavar="FILE", help="write it here, for its holder alone, instead of showing it")


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from api.app import log_parts

    with session.home() as home:
        if home.settings.site:
            raise Usage(arguments.command, f"this is {home.settings.site}'s home: it serves with entente mirror --listen")
        witnesses = home.settings.witnesses | named(arguments.witnesses, arguments.command)
        peers = home.settings.peers | named(arguments.peers, arguments.command)
        return answer(session, log_parts(home, witnesses, peers), f"{arguments.host}:{arguments.port}")


def named(given: list[str], command: str) -> dict[str, str]:
    """NAME=URL, several of them."""
    found = dict(each.partition("=")[::2] for each in given)
    if not all(name and where for name, where in found.items()):
        raise Usage(command, "write NAME=URL")
    return found


def answer(session: Session, parts: Parts, address: str) -> int:
    """Serve these parts on an address; prints where once it answers."""
    from api import traces
    from api.app import create_app
    from api.serving import bind, serve, url_of

    settings = parts.home.settings
    traces.start(parts.home.path / settings.service_log if settings.service_log else None)
    with bind(address) as bound:
        url = url_of(bound)

        def ready() -> None:
            session.answer({"url": url}, lambda: [f"listening on {url}"])
            session.out.flush()  # whoever started this in a pipe waits for it

        serve(create_app(parts), bound, ready)
    return 0


def run_new(session: Session, arguments: argparse.Namespace) -> int:
    """Make a token."""
    from api.home import SITES
    from api.tokens import ROLES, Holder, issue, save

    if arguments.role not in ROLES:
        raise Usage(arguments.command, f"a role is one of {', '.join(ROLES)}")
    if arguments.role == "mirror" and arguments.name not in SITES:
        raise Usage(arguments.command, "a mirror's name is its site: london or paris")
    holder = Holder(arguments.role, arguments.name, (arguments.nation or "").upper())
    with session.home() as home:
        token = issue(home.path, holder)
    document = {"role": holder.role, "name": holder.name} | ({"nation": holder.nation} if holder.nation else {})
    if arguments.out is not None:
        save(token, arguments.out)
        session.answer(
            document | {"file": str(arguments.out)}, lambda: [f"the token of {arguments.name} is in {arguments.out}"]
        )
    else:
        session.answer(document | {"token": token}, lambda: [token])
    return 0
