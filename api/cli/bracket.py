"""`entente bracket`: when an entry came into the log, by both nations' clocks, and what that proves and does not prove."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command
from api.cli.frame import not_final
from api.cli.rendering import paragraph
from api.cli.words import Words

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home

NO = 1


def add_to(commands: Commands[Parser]) -> None:
    """Add bracket."""
    parser = add_command(
        commands, "bracket", run, "when an entry came into the log, by both nations' clocks, and what that proves"
    )
    parser.add_argument("entry", metavar="POSITION|EVENT", help="an entry's number, or the id of its event")


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Print the bracket of an entry; 1 where the ledger's own time lies outside."""
    from api import stamping
    from ledger.evidence.bracket import find_bracket

    with session.home() as home:
        position = position_of(home, arguments.entry)
        stamped = stamping.stamped_by(home, position)
        document = {
            **find_bracket(home.finality(), position).as_dict(),
            "stamped": stamped.as_dict(stamping.now()) if stamped else None,
            **home.finality().standing(),
            "exercise": home.settings.exercise,
        }
        words = Words(session.language())
        session.answer(document, lambda: bracket_lines(document, words))
    return 0 if document["inside"] else NO


def position_of(home: Home, which: str) -> int:
    """The position of an entry, given that or its event's id. Raises NotFound."""
    return int(which) if which.isascii() and which.isdigit() else int(home.reader.by_id(which).position)


def bracket_lines(document: Mapping[str, Any], words: Words) -> Iterable[str]:
    """The bracket in sentences, with what it proves and what it does not."""
    from api.home import SITES

    said = [words("exercise")] if document["exercise"] else []
    position, after, before = document["position"], document["not_after"], document["not_before"]
    said.append(words("bracket recorded", position=position, at=document["recorded_at"]))
    for side, name in ((before, "before"), (after, "after")):
        for nation, word in side["by"].items():
            who = words(f"capital {SITES[nation]}") if nation in SITES else nation
            said.append(words(f"bracket {name} by", who=who, at=second(word["at"]), size=word["size"]))
        if side["at"]:
            said.append(words(f"bracket {name}", at=second(side["at"])))
        elif name == "after":
            said.append(words("bracket not yet"))
    if stamp := document["stamped"]:
        said.append(words("bracket stamped", who=stamp["authority"], at=second(stamp["at"]), size=stamp["size"]))
    said.append(words("bracket inside" if document["inside"] else "bracket outside", seconds=document["tolerance_seconds"]))
    if document["exercise"]:
        said.append(words("bracket exercise"))
    said.append(words("bracket proves"))
    said += not_final(words, document, words.nation)
    return [line for sentence in said for line in paragraph(sentence)]


def second(at: str) -> str:
    """The time of a co-signature, which is in whole seconds."""
    return at.replace(".000000", "")
