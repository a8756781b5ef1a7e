"""`entente access`: who looked at what, each nation's log of a month begun, and its head put into the joint log."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command, add_group, add_view
from api.cli.rendering import table
from ledger import errors

if TYPE_CHECKING:
    from api.access import Looked
    from api.cli.session import Session

MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])").fullmatch


def month(text: str) -> str:
    """A month as yyyy-mm."""
    if not MONTH(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no month; write 2015-08")
    return text


def add_to(commands: Commands[Parser]) -> None:
    """Add access and all that it does."""
    group = add_group(commands, "access", "who looked at sealed and personal content, and why")
    listed = add_command(group, "list", run_list, "who looked at what, in order")
    add_view(listed)
    listed.add_argument("--who", default="", metavar="NAME", help="what this person looked at")
    listed.add_argument("--event", default="", metavar="ID", help="who looked at this event")
    listed.add_argument("--month", type=month, metavar="YYYY-MM", help="of this month alone")
    opened = add_command(
        group, "open", run_open, "begin a nation's access log of a month",
        "Signed by the nation's authority. Where its key is in the home, the service does this by itself.",
    )  # fmt: skip
    add_view(opened)
    opened.add_argument("--month", type=month, required=True, metavar="YYYY-MM", help="which month")
    opened.add_argument("--key", metavar="KEYFILE", help="the national authority's private key (default: the home's)")
    add_command(group, "commit", run_commit, "put the heads of the access logs into the joint log")


def run_list(session: Session, arguments: argparse.Namespace) -> int:
    """List."""
    from api.access import AccessLog

    with session.home() as home:
        log = AccessLog(home, arguments.view)
        months = None if arguments.month is None else [m for m in log.months() if m == arguments.month]
        rows = list(log.looked(who=arguments.who, event=arguments.event, months=months))
    document = {"view": arguments.view, "rows": [row._asdict() for row in rows]}
    session.answer(document, lambda: _told(rows))
    return 0


def _told(rows: list[Looked]) -> list[str]:
    def cells(row: Looked) -> tuple[Any, ...]:
        marked = f"{row.purpose} (emergency)" if row.emergency else row.purpose
        return (row.recorded_at[:19], row.who, row.role, row.verb, marked, row.motif or "–", ", ".join(row.objects))

    head = ("recorded", "who", "role", "did", "purpose", "motif", "events")
    return table([cells(row) for row in rows], head) if rows else ["nobody has looked at anything that is logged"]


def run_open(session: Session, arguments: argparse.Namespace) -> int:
    """Begin a month's log."""
    from api.access import AccessLog
    from api.cli.append import find_key

    with session.home() as home:
        log = AccessLog(home, arguments.view)
        if arguments.month in log.months():
            raise errors.BadQuestion(f"there is one of {arguments.month} already", field="--month")
        key = None if arguments.key is None else find_key(home, arguments.key)
        origin = log.begin(arguments.month, key)
    session.answer({"origin": origin}, lambda: [f"{origin} is begun"])
    return 0


def run_commit(session: Session, arguments: argparse.Namespace) -> int:
    """Commit the heads."""
    from api.access import commit_heads

    with session.home() as home:
        said = commit_heads(home)
    session.answer(
        {"committed": said}, lambda: [f"{name}: its head is in the joint log" for name in said] or ["nothing is new"]
    )
    return 0
