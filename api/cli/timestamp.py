"""`entente timestamp`: have the newest final checkpoint stamped by outside authorities; renew, list and verify their tokens."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command, count
from api.cli.log import exercise_line
from api.cli.rendering import table

if TYPE_CHECKING:
    from api.cli.session import Session

DONE, NO, UNAVAILABLE = 0, 1, 4
STATES = {
    "good": "good",
    "lapsed": "lapsed: its certificate has ended and nobody renewed it in time",
    "unchecked": "unchecked: there are no certificates of this authority under [timestamp_roots]",
}


def add_to(commands: Commands[Parser]) -> None:
    """Add timestamp."""
    more = (
        "Once a UTC day by each authority under [timestamp_urls] in entente.toml, so that it may be run as often as you like. "
        "One that does not answer keeps no other from stamping."
    )
    parser = add_command(commands, "timestamp", run, "have the newest final checkpoint stamped by outside authorities", more)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--all", action="store_true", help="ask also those who have stamped today")
    what.add_argument("--renew", action="store_true", help="renew tokens before their certificates end")
    what.add_argument("--list", action="store_true", help="the tokens there are, by when, and until when they are believed")
    what.add_argument("--verify", action="store_true", help="verify every token; 1 where one does not hold any more")
    parser.add_argument("--within", type=count, metavar="DAYS", help="with --renew: those ending within so many days (90)")


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Stamp, or what the options ask for."""
    from api import stamping

    with session.home() as home:
        exercise = home.settings.exercise
        if arguments.list or arguments.verify:
            chains, problems = stamping.verify(home)
            at = stamping.now()
            document = {
                "ok": not problems and all(chain.state(at) == "good" for chain in chains),
                "timestamps": [chain.as_dict(at) for chain in chains],
                "problems": [{"position": size, "what": what} for size, what in problems],
                "exercise": exercise,
            }
            session.answer(document, lambda: listed(document))
            return NO if arguments.verify and not document["ok"] else DONE
        if arguments.renew:
            rows = stamping.renew(home, arguments.within or stamping.RENEW_DAYS)
        else:
            rows = stamping.stamp(home, everyone=arguments.all)
        session.answer({"answers": rows, "exercise": exercise}, lambda: [*exercise_line(exercise=exercise), *answered(rows)])
    for row in rows:
        if row["state"] == "failed":
            session.remark(f"{arguments.command}: {row['authority']}, checkpoint {row['size']}: {row['why']}")
    return UNAVAILABLE if rows and all(row["state"] == "failed" for row in rows) else DONE


def answered(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Who stamped what, and when."""
    if not rows:
        return ["Nothing is due to be renewed."]
    said = {"stamped": "stamped", "already": "had stamped already", "failed": "DID NOT STAMP"}
    return table([[row["authority"], said[row["state"]], f"checkpoint {row['size']}", row["at"]] for row in rows])


def listed(document: Mapping[str, Any]) -> list[str]:
    """The tokens there are, then what is wrong."""
    lines = exercise_line(exercise=document["exercise"])
    rows = [
        [row["size"], row["authority"], row["at"], row["tokens"], row["expires_at"], STATES[row["state"]]]
        for row in document["timestamps"]
    ]
    if not rows and not document["problems"]:
        return [*lines, "No checkpoint has been stamped."]
    lines += table(rows, ("Checkpoint", "Authority", "Stamped", "Tokens", "Believed until", ""), "r") if rows else []
    wrong = [[f"no. {problem['position']}", problem["what"]] for problem in document["problems"]]
    return [*lines, *(["", "* WRONG", *table(wrong)] if wrong else [])]
