"""`entente draft`: what both nations sign, each on its own machine, before it is recorded."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, Usage, add_command, add_group
from api.cli.key_names import add_owner
from ledger import errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.cli.session import Session
    from api.home import Home
    from ledger.formats.envelope import Submitted


def add_to(commands: Commands[Parser]) -> None:
    """Add draft and all that it does."""
    group = add_group(commands, "draft", "what several parties sign, each on its own machine, before it is recorded")
    new = add_command(group, "new", run_new, "a draft of JSON lines of unsigned events, signed by who states them")
    new.add_argument("file", metavar="FILE|-", help="JSON lines, as entente append takes them")
    opening = add_command(
        group, "opening", run_opening, "a draft of the first entry of a log, stated by London",
        "Made in London's own home; Paris signs it next, and entente init --opening opens the log with it.",
    )  # fmt: skip
    opening.add_argument("--paris", metavar="PUBLIC", type=Path, required=True, help="what Paris' key new --public wrote")
    opening.add_argument("--exercise", action="store_true", help="the log is an exercise's")
    key = add_command(
        group, "key", run_key, "a draft of a key's registration",
        "A private key that is here signs as well; of a public one its holder signs the draft. A sealing or document key is "
        "asked here to prove itself.",
    )  # fmt: skip
    key.add_argument(
        "name", metavar="NAME|PUBLIC", help="a private key (a file, or its name in the home's keys) or a public file"
    )
    add_owner(key)
    for parser in (new, opening, key):
        parser.add_argument(
            "--key", required=True, metavar="KEYFILE", help="who states it: a file, or a name in the home's keys"
        )
        parser.add_argument("--out", required=True, metavar="DRAFT", type=Path, help="the draft, for whoever signs next")
    show = add_command(group, "show", run_show, "what a draft says, and who has signed it")
    signing = add_command(
        group, "sign", run_sign, "read a draft, and sign all of it", "Nothing in it is changed but by a signature."
    )
    signing.add_argument("--key", required=True, metavar="KEYFILE", help="a file, or a name in the home's keys")
    signing.add_argument("--yes", action="store_true", help="it was read (entente draft show): do not ask")
    record = add_command(group, "record", run_record, "record what all have signed, in the home where the log is made")
    for parser in (show, signing, record):
        parser.add_argument("draft", metavar="DRAFT", type=Path)


def run_new(session: Session, arguments: argparse.Namespace) -> int:
    """Draft events."""
    from api import drafts
    from api.cli.append import find_key, parse_line, read_lines

    with session.home() as home:
        key = find_key(home, arguments.key)
        items = [drafts.state(home, parse_line(line), key) for _, line in read_lines(arguments.file)]
        return _made(session, home, arguments.out, items)


def run_opening(session: Session, arguments: argparse.Namespace) -> int:
    """Draft the opening of a log."""
    from api import drafts
    from api.cli.append import find_key
    from api.cli.key_challenges import read_public
    from ledger.formats.entry import format_instant

    with session.home() as home:
        paris, key, at = read_public(arguments.paris), find_key(home, arguments.key), format_instant(_now(home))
        item = drafts.opening(home.settings.origin, key, paris, at, exercise=arguments.exercise)
        return _made(session, home, arguments.out, [item])


def run_key(session: Session, arguments: argparse.Namespace) -> int:
    """Draft a registration."""
    from api import drafts
    from api.cli.append import find_key
    from api.cli.key_challenges import proven
    from api.registrar import KEYS, registration
    from ledger.formats.entry import format_instant

    with session.home() as home:
        _, registry = home.reader.standing_at(home.reader.head())
        nation = registry.nation_of(arguments.owner)
        if nation is None:
            raise errors.NotFound(f"{arguments.owner} is not registered in the log held here", field="--owner")
        found = proven(home, arguments.name, arguments.role)
        data = registration(
            found.type_code, found.public, arguments.owner, nation, arguments.role, arguments.may_append
        )  # fmt: skip
        unsigned = {"type": "key.registered", "stream": KEYS, "occurred_at": format_instant(_now(home)), "data": data}
        items = [drafts.state(home, unsigned, find_key(home, arguments.key))]
        if found.signing is not None:
            items = drafts.sign(items, found.signing)
        return _made(session, home, arguments.out, items)


def run_show(session: Session, arguments: argparse.Namespace) -> int:
    """Show."""
    from api import drafts

    rows = _told(session, drafts.read(arguments.draft))
    session.answer({"items": rows}, lambda: _lines(rows))
    return 0


def run_sign(session: Session, arguments: argparse.Namespace) -> int:
    """Sign."""
    from api import drafts
    from ledger.formats.keys import load_private

    path = Path(arguments.key)
    if path.is_file():
        key = load_private(path)
    else:
        with session.home() as home:
            key = home.key(arguments.key.removesuffix(".pem"))
    items = drafts.read(arguments.draft)  # once: what was shown is what is signed
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise Usage(arguments.command, "read it first (entente draft show), then say --yes")
        session.tell(lines_of(session, items))
        sys.stderr.write("Sign this? [yes/no] ")
        if sys.stdin.readline().strip() != "yes":
            return 1
    items = drafts.sign(items, key)
    drafts.write(arguments.draft, items)
    document = {"file": str(arguments.draft), "signed": len(items), "key_id": key.key_id}
    session.answer(document, lambda: [f"{arguments.draft}: {len(items)} signed by {key.key_id[:16]}…"])
    return 0


def run_record(session: Session, arguments: argparse.Namespace) -> int:
    """Record a draft, all of it or nothing."""
    from api import drafts, policies

    items = drafts.read(arguments.draft)
    with session.home() as home:
        answers = home.ledger.append_many(items, atomic=True)
        refused = [answer for answer in answers if isinstance(answer, errors.EntenteError)]
        if refused:  # the one that is not refused for the others' sake says why
            raise next((answer for answer in refused if type(answer) is not errors.Refused), refused[0])
        receipts = [answer.as_dict() for answer in answers if not isinstance(answer, errors.EntenteError)]
        policies.keep_adopted(home)
    session.answer({"receipts": receipts}, lambda: [f"recorded at position {each['position']}" for each in receipts])
    return 0


def _now(home: Home) -> int:
    """The home's clock; before there is a log, this machine's."""
    import time

    return home.now() if home.reader.head() else time.time_ns() // 1_000


def _made(session: Session, home: Home, out: Path, items: Sequence[Submitted]) -> int:
    from api import drafts

    if out.exists():
        raise errors.BadQuestion(f"{out} is there already", field="--out", remedy="name another file")
    drafts.write(out, items)
    rows = [drafts.told(item, home) for item in items]
    session.answer({"file": str(out), "items": rows}, lambda: [*_lines(rows), "", f"{out} is for whoever signs next"])
    return 0


def _told(session: Session, items: Sequence[Submitted]) -> list[dict[str, Any]]:
    """What a draft says; its text too where a home here has a nation's sealing key."""
    from api import drafts
    from api.settings import FILE

    if not (session.path / FILE).exists():
        return [drafts.told(item, None) for item in items]
    with session.home() as home:
        return [drafts.told(item, home) for item in items]


def lines_of(session: Session, items: Sequence[Submitted]) -> list[str]:
    """What a draft says, line by line."""
    return _lines(_told(session, items))


def _lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    found = []
    for row in rows:
        found += [
            f"{row['type']} – {row['en']} / {row['fr']}",
            f"  in {row['origin']}, stream {row['stream']}, stated by {row['authority']}, of {row['occurred_at']}",
            *(f"  {line}" for line in json.dumps(row["data"], indent=2, ensure_ascii=False).splitlines()),
        ]
        if row["sections"]:
            opened = json.dumps(row["text"], ensure_ascii=False) if row["text"] else "sealed: no key here opens it"
            found.append(f"  with {', '.join(row['sections'])}: {opened}")
        found += [f"  payload SHA-256 {row['sha256']}", f"  signed by {', '.join(f'{key[:16]}…' for key in row['signed_by'])}"]
    return found
