"""`entente relay`: a service's spool behind an address on this machine. `entente spool`: what is in it, parked or waiting."""

from __future__ import annotations

import argparse
import ipaddress
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from api.cli.append import add_remote, over_http
from api.cli.arguments import Commands, Parser, Usage, add_command, add_group
from api.cli.rendering import table
from ledger import errors

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.client.spool import Row, Spool, State

HOST, PORT = "127.0.0.1", 8010
SHOWN: tuple[State, ...] = ("waiting", "parked")


def add_to(commands: Commands[Parser]) -> None:
    """Add relay and spool."""
    relay = add_command(
        commands, "relay", run_relay, "take unsigned JSON in on this machine, sign it, spool it, send it",
        "For services in other languages: POST /v1/statements with the token in the file beside the spool.",
    )  # fmt: skip
    relay.add_argument("--key", metavar="KEYFILE", action="append", required=True, help="the service's private key")
    add_remote(relay, is_required=True)
    relay.add_argument("--host", default=HOST, help=f"an address of this machine alone (default {HOST})")
    relay.add_argument("--port", type=int, default=PORT, help=f"0 for a free one, which is printed (default {PORT})")
    relay.add_argument("--control-totals", action="store_true", help="state each hour how many events of each type were stated")
    spool = add_group(commands, "spool", "what a service said and the ledger has not finally answered")
    for name, run, about in (
        ("list", run_list, "what waits and what is parked, with the reason"),
        ("resubmit", run_resubmit, "let what is parked be sent again"),
        ("withdraw", run_withdraw, "give up what is parked; its number stays empty for all to see"),
    ):
        parser = add_command(spool, name, run, about)
        if name != "list":
            parser.add_argument("id", metavar="ID", help="the statement's id, as `entente spool list` shows it")
        parser.add_argument(
            "--spool", metavar="FILE", type=Path, default=Path("entente-spool.sqlite"), help="default ./entente-spool.sqlite"
        )


def run_relay(session: Session, arguments: argparse.Namespace) -> int:
    """Relay until interrupted."""
    from api import traces
    from api.client.relay import create_relay, token_beside
    from api.serving import bind, serve, url_of

    if not _is_loopback(arguments.host):
        raise Usage(arguments.command, f"a relay speaks with the service's key: {arguments.host} is not this machine alone")
    with over_http(arguments) as ledger, bind(f"{arguments.host}:{arguments.port}") as bound:
        token, path = token_beside(arguments.spool)
        url = url_of(bound)

        def ready() -> None:
            session.answer({"url": url, "token_file": str(path)}, lambda: [f"listening on {url}; the token is in {path}"])
            session.out.flush()

        traces.start(None)
        ledger.control_totals = arguments.control_totals
        ledger.start()
        serve(create_relay(ledger, token), bound, ready)
    return 0


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def run_list(session: Session, arguments: argparse.Namespace) -> int:
    """Say what is in a spool; 1 where something is parked."""
    with closing(_spool(arguments.spool)) as spool:
        rows = [row for state in SHOWN for row in spool.in_state(state)]
        counts = spool.counts()
    document = {"statements": counts, "rows": [_document(row) for row in rows]}
    session.answer(document, lambda: _told(counts, rows))
    return 1 if counts["parked"] else 0


def run_resubmit(session: Session, arguments: argparse.Namespace) -> int:
    """Let a parked statement wait again."""
    with closing(_spool(arguments.spool)) as spool:
        _require(spool.resubmit(arguments.id), arguments.id)
    session.answer(
        {"id": arguments.id, "state": "waiting"}, lambda: [f"{arguments.id} waits again; it is sent with the others"]
    )
    return 0


def run_withdraw(session: Session, arguments: argparse.Namespace) -> int:
    """Give a parked statement up."""
    with closing(_spool(arguments.spool)) as spool:
        _require(spool.withdraw(arguments.id), arguments.id)
    session.answer({"id": arguments.id, "state": "withdrawn"}, lambda: [f"{arguments.id} is withdrawn"])
    return 0


def _spool(path: Path) -> Spool:
    from api.client.spool import Spool

    if not path.is_file():
        raise errors.NotFound(f"there is no spool {path}", field="--spool", remedy="name the one that append or relay uses")
    return Spool(path)


def _require(found: object, statement_id: str) -> None:
    if not found:
        raise errors.NotFound(f"nothing is parked under {statement_id}", field="ID", remedy="entente spool list")


def _document(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {"id": row.id, "state": row.state, "type": row.type, "stream": row.stream}
    return found | ({"problem": msgspec.json.decode(row.problem)} if row.problem else {})


def _told(counts: Mapping[str, int], rows: list[Row]) -> list[str]:
    said = [" · ".join(f"{number} {state}" for state, number in counts.items())]
    cells = [(row.state, row.id, row.stream, row.type, _reason(row)) for row in rows]
    return said + (["", *table(cells, ("state", "id", "stream", "type", "reason"))] if cells else [])


def _reason(row: Row) -> str:
    problem = msgspec.json.decode(row.problem) if row.problem else {}
    return str(problem.get("detail", ""))
