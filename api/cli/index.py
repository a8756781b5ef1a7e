"""`entente index`: commit to the daily index of streams, and prove from it that a stream has no more, or that there is none."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command, add_group, instant
from api.cli.frame import not_final
from api.cli.log import exercise_line
from api.cli.words import Words
from ledger import errors

if TYPE_CHECKING:
    from api.cli.session import Session

STREAM = re.compile(r"[A-Za-z0-9._:-]{1,128}").fullmatch


def add_to(commands: Commands[Parser]) -> None:
    """Add index commit, prove."""
    group = add_group(commands, "index", "the daily index of streams: what is there, and that there is no more")
    commit = add_command(
        group, "commit", run_commit, "make the index of everything recorded so far and commit to it, in the centre's name",
        "Both nations' cosigners make it again before they co-sign a checkpoint that covers it.",
    )  # fmt: skip
    commit.add_argument("--due", action="store_true", help="only where none was committed to yet on this UTC day")
    commit.add_argument("--key", metavar="KEYFILE", help="the centre's private key (a file, or its name in the home's keys)")
    commit.add_argument("--at", type=instant, metavar="INSTANT", help="the time it is, in an exercise (a live ledger refuses)")
    prove = add_command(
        group, "prove", run_prove, "prove a stream's last version, or that there is no such stream, from the newest index"
    )
    prove.add_argument("stream", metavar="STREAM")
    prove.add_argument("--out", metavar="FILE", type=Path, help="write the proof there (docs/format.md, section 8.4)")


def run_commit(session: Session, arguments: argparse.Namespace) -> int:
    """Commit to an index, unless it is not due."""
    from api import indexing
    from api.cli.append import find_key
    from api.home import Home

    clock = None if arguments.at is None else lambda: arguments.at
    with Home.open(session.path, clock) as home:
        exercise = home.settings.exercise
        if arguments.due and not indexing.is_due(home):
            document: dict[str, Any] = {"committed": False, "exercise": exercise}
            session.answer(document, lambda: ["An index of streams was committed to on this UTC day already."])
            return 0
        receipt = indexing.commit(home, None if arguments.key is None else find_key(home, arguments.key))
        newest = indexing.newest_index(home.reader)
        assert newest is not None, "it was just recorded"
        document = {
            "committed": True, "position": receipt.position, "size": newest.size, "root": newest.root.hex(),
            "exercise": exercise,
        }  # fmt: skip
        line = f"entry {receipt.position} commits to every stream of the first {newest.size} entries: {newest.root.hex()}"
        session.answer(document, lambda: [*exercise_line(exercise=exercise), line])
    return 0


def run_prove(session: Session, arguments: argparse.Namespace) -> int:
    """Prove a stream's last version, or its absence."""
    from api import indexing
    from ledger.formats import strict
    from ledger.formats.streamproof import format_stream_proof, verify_stream

    if not STREAM(arguments.stream):
        raise errors.BadQuestion("a stream's name has 1 to 128 of A-Z a-z 0-9 . _ : -", field="STREAM")
    with session.home() as home:
        newest, proof = indexing.prove(home, arguments.stream)
        body = format_stream_proof(proof)
        if arguments.out is not None:
            arguments.out.write_bytes(body)
        leaf = verify_stream(proof, newest.size, newest.root)
        if leaf is None:
            told = f"{arguments.stream}: no such stream among the first {newest.size} entries"
        else:
            told = f"{leaf.stream}: {leaf.version} entries up to entry {newest.size}, the last at position {leaf.position}"
        document = {
            "stream": arguments.stream, "version": leaf.version if leaf else 0, "position": leaf.position if leaf else 0,
            "index": {"position": newest.position, "size": newest.size, "root": newest.root.hex()},
            "proof": strict.parse(body), **home.finality().standing(), "exercise": home.settings.exercise,
        }  # fmt: skip
        shown = [*exercise_line(exercise=home.settings.exercise), f"{told}; proven in the index of entry {newest.position}"]
        words = Words(session.language())
        shown += not_final(words, document, words.nation)
        session.answer(document, lambda: shown)
    return 0
