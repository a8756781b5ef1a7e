"""`entente append`: JSON lines of unsigned events, signed with the author's key, spooled, appended; one receipt a line.

What was signed is kept in the home's spool under the event's id until the end of time or of the home: the same line sent again
sends the same bytes, so that an append whose answer was lost is resolved by sending the file again.
"""

from __future__ import annotations

import argparse
import hashlib
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from api.cli.arguments import Commands, Parser, Usage, add_command, instant
from ledger import errors

if TYPE_CHECKING:
    from api.authoring import Author
    from api.cli.session import Session
    from api.home import Home
    from ledger.formats.envelope import Submitted
    from ledger.formats.keys import SigningKey

SPOOL = "spool.sqlite"
LINE_BYTES_MAX = 1_048_576
REFUSED = 3
_SCHEMA = "CREATE TABLE IF NOT EXISTS spooled (id TEXT PRIMARY KEY, unsigned_sha256 BLOB NOT NULL, item BLOB NOT NULL)"


def add_to(commands: Commands[Parser]) -> None:
    """Add append."""
    more = (
        "A line needs type, stream, occurred_at and data; the domain's defaults fill in the rest. A line with an id may be "
        "sent again: the receipt is the same. A refused line does not keep the others out."
    )
    parser = add_command(commands, "append", run, "sign and record JSON lines of unsigned events", more)
    parser.add_argument("file", metavar="FILE|-", help="JSON lines, or - for standard input")
    parser.add_argument(
        "--key", metavar="KEYFILE", action="append", required=True,
        help="the author's private key (a file, or its name in the home's keys); again for parties who sign as well",
    )  # fmt: skip
    parser.add_argument("--at", type=instant, metavar="INSTANT", help="the time it is, in an exercise (a live ledger refuses)")
    parser.add_argument("--url", metavar="URL", help=argparse.SUPPRESS)


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Append; 3 where anything was refused."""
    from api.home import Home

    if arguments.url is not None:
        raise Usage(arguments.command, "--url is not in this release: there is no service to send to yet, name a --home")
    clock = None if arguments.at is None else lambda: arguments.at
    receipts, refused = [], []
    with Home.open(session.path, clock) as home, session.progress("lines") as progress:
        keys = [find_key(home, name) for name in arguments.key]
        author = author_of(home, keys[0])
        with closing(Spool(home.path / SPOOL)) as spool:
            for number, line in read_lines(arguments.file):
                try:
                    receipt = append_line(home, spool, author, keys[1:], line)
                except errors.Refused as wrong:
                    refused.append({"line": number, "code": wrong.code, "reason": str(wrong)})
                    session.remark(f"{arguments.command}: line {number}: {wrong}")
                    continue
                # A sealed event's receipt names its outside; the line number says which one it answers.
                receipt |= {"exercise": home.settings.exercise, "line": number}
                receipts.append(receipt)
                if not session.is_json:
                    session.tell([msgspec.json.encode(receipt).decode()])
                progress(number)
    if session.is_json:
        session.answer({"receipts": receipts, "refused": refused}, list)
    return REFUSED if refused else 0


def read_lines(file: str) -> Iterator[tuple[int, bytes]]:
    """(line number, line) of a file or of standard input, empty lines left out. Raises Malformed for one that is too long."""
    source = sys.stdin.buffer if file == "-" else open(file, "rb")  # noqa: SIM115  (closed below)
    with source:
        number = 0
        while line := source.readline(LINE_BYTES_MAX + 1):
            number += 1
            if len(line) > LINE_BYTES_MAX:
                raise errors.TooLarge(f"longer than {LINE_BYTES_MAX} bytes", field=f"line {number}")
            if line.strip():
                yield number, line


def append_line(home: Home, spool: Spool, author: Author, others: Sequence[SigningKey], line: bytes) -> dict[str, Any]:
    """Sign one line, spool it, record it; returns its receipt. Raises Refused."""
    from api import authoring
    from api.registrar import sealers
    from ledger.formats import envelope

    unsigned = parse_line(line)
    digest = hashlib.sha256(msgspec.json.encode(unsigned, order="sorted")).digest()
    event_id = unsigned.get("id")
    submitted: Submitted | None = spool.find(event_id, digest) if isinstance(event_id, str) else None
    if submitted is None:
        now = home.clock() if home.clock else None
        submitted = authoring.compose(unsigned, author, home.settings.origin, sealers(home), now)
        submitted = authoring.countersign(submitted, others)
        if isinstance(event_id, str):
            spool.keep(event_id, digest, envelope.format_item(submitted))
    try:
        return home.ledger.append(submitted).as_dict()
    except errors.Refused:
        if isinstance(event_id, str):
            spool.forget(event_id, home.ledger.entry_by_event(event_id) is not None)
        raise


def parse_line(line: bytes) -> Mapping[str, Any]:
    """A line's JSON object. Raises Malformed."""
    try:
        unsigned = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise errors.Malformed(f"not JSON: {wrong}", remedy="one object a line") from None
    if not isinstance(unsigned, dict):
        raise errors.Malformed("not a JSON object", remedy="one object a line")
    return unsigned


def find_key(home: Home, name: str) -> SigningKey:
    """A private key by file, or by its name in the home's keys. Raises NotFound or Malformed."""
    from ledger.formats.keys import load_private

    path = Path(name)
    return load_private(path) if path.is_file() else home.key(name.removesuffix(".pem"))


def author_of(home: Home, key: SigningKey) -> Author:
    """Who speaks with a key, as the log has it registered. Raises KeyNotInForce."""
    from api.authoring import Author

    found = home.ledger.keys.keys.get(key.key_id)
    if found is None:
        raise errors.KeyNotInForce(
            f"the key {key.key_id[:16]}… is not registered in this log", field="--key", remedy="entente key register"
        )
    return Author(found.owner, found.nation, key)


class Spool:
    """What this home signed, by event id, with the digest of what it was asked to sign."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.execute(_SCHEMA)

    def find(self, event_id: str, digest: bytes) -> Submitted | None:
        """What was signed under an id. Raises EventIdReused where it was asked to say something else then."""
        from ledger.formats import envelope

        row = self.connection.execute("SELECT unsigned_sha256, item FROM spooled WHERE id = ?", (event_id,)).fetchone()
        if row is None:
            return None
        if bytes(row[0]) != digest:
            raise errors.EventIdReused(
                "this id was signed before with other content", field="id", remedy="a new event needs a new id"
            )
        return envelope.parse_item(bytes(row[1]))

    def keep(self, event_id: str, digest: bytes, item: Mapping[str, Any]) -> None:
        """Put what was signed on disk, before it is sent."""
        self.connection.execute("INSERT INTO spooled VALUES (?, ?, ?)", (event_id, digest, msgspec.json.encode(item)))

    def forget(self, event_id: str, is_recorded: bool) -> None:
        """Let go of what was refused, so that a mended line may use its id; never of what is on record."""
        if not is_recorded:
            self.connection.execute("DELETE FROM spooled WHERE id = ?", (event_id,))

    def close(self) -> None:
        """Close the file."""
        self.connection.close()
