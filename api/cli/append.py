"""`entente append`: JSON lines of unsigned events, signed with the author's key, spooled, appended; one receipt a line.

To a home on this machine, or with --url to a service. What was signed is kept in a spool: the same line sent again sends the
same bytes, so that an append whose answer was lost is resolved by sending the file again.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from api.cli.arguments import Commands, Parser, Usage, add_command, count, instant
from ledger import errors

if TYPE_CHECKING:
    from api.authoring import Author
    from api.cli.session import Session
    from api.client import Ledger
    from api.home import Home
    from ledger.formats.keys import SigningKey

SPOOL = "spool.sqlite"
LINE_BYTES_MAX = 1_048_576
LINES_AT_ONCE = 200
REFUSED = 3
PATIENCE_SECONDS = 30


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
    add_remote(parser)
    parser.add_argument(
        "--patience", type=count, default=PATIENCE_SECONDS, metavar="SECONDS",
        help=f"how long to try a service that does not answer (default {PATIENCE_SECONDS}); what is left stays in the spool",
    )  # fmt: skip


def add_remote(parser: Parser, *, is_required: bool = False) -> None:
    """How a service is reached: its address, a token, the policy it is verified by, and the spool of whoever sends."""
    parser.add_argument("--url", metavar="URL", required=is_required, help="send to the service there, not to a home")
    parser.add_argument("--token-file", metavar="FILE", type=Path, help="the token that says who sends, with --url")
    parser.add_argument("--policy", metavar="FILE", type=Path, help="the policy by which receipts are verified, with --url")
    parser.add_argument(
        "--spool", metavar="FILE", type=Path, default=Path("entente-spool.sqlite"),
        help="where what was signed is kept until it is final, with --url (default ./entente-spool.sqlite)",
    )  # fmt: skip
    add_roots(parser, "with --url")


def add_roots(parser: Parser, when: str) -> None:
    """Whose word is taken on who answers at an address with TLS."""
    parser.add_argument(
        "--tls-roots", metavar="FILE", type=Path,
        help=f"the certificates (PEM) that the other end's must lead to, {when} (unless given, those this machine trusts)",
    )  # fmt: skip


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Append; 3 where anything was refused."""
    receipts: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    with opened(session, arguments) as (ledger, more), session.progress("lines") as progress:
        lines = read_lines(arguments.file)
        while chunk := list(itertools.islice(lines, LINES_AT_ONCE)):
            for number, receipt in _appended(ledger, chunk, arguments.patience, refused):
                # A sealed event's receipt names its outside; the line number says which one it answers.
                receipts.append(receipt | more | {"line": number})
                if not session.is_json:
                    session.tell([msgspec.json.encode(receipts[-1]).decode()])
            for row in refused:
                if row.pop("is_new", False):
                    session.remark(f"{arguments.command}: line {row['line']}: {row['reason']}")
            progress(chunk[-1][0])
    if session.is_json:
        session.answer({"receipts": receipts, "refused": refused}, list)
    return REFUSED if refused else 0


@contextmanager
def opened(session: Session, arguments: argparse.Namespace) -> Iterator[tuple[Ledger, dict[str, Any]]]:
    """Where to append, and what its receipts say besides: a home's ledger, or with --url a service's."""
    from api.client import Ledger
    from api.client.at_home import AtHome
    from api.home import Home

    if arguments.url is not None:
        with over_http(arguments) as ledger:
            yield ledger, {}
        return
    clock = None if arguments.at is None else lambda: arguments.at
    with Home.open(session.path, clock) as home:
        key, *others = [find_key(home, name) for name in arguments.key]
        held = {nation: home.key(name) for nation in home.nations if home.key_path(name := f"sealer-{nation}").exists()}
        ledger = Ledger(
            key=key, policy=home.policy(), spool=home.path / SPOOL, sealers=held, also_signing=others,
            site=AtHome(home), now=clock,
        )  # fmt: skip
        try:
            ledger.introduced()
            yield ledger.begin(), {"exercise": home.settings.exercise}
        finally:
            ledger.close()


@contextmanager
def over_http(arguments: argparse.Namespace) -> Iterator[Ledger]:
    """The ledger behind --url, whose spool nobody else sends from. Raises Usage for what is missing beside it."""
    from api.client import Ledger

    for name in ("token_file", "policy"):
        if getattr(arguments, name) is None:
            raise Usage(arguments.command, f"--url needs --{name.replace('_', '-')} as well")
    if getattr(arguments, "at", None) is not None:
        raise Usage(arguments.command, "--at is for a home: a service has a clock of its own")
    key, *others = [Path(name) for name in arguments.key]
    token = arguments.token_file.read_text(encoding="ascii", errors="replace").strip()
    ledger = Ledger(
        arguments.url, token=token, key=key, policy=arguments.policy, spool=arguments.spool, also_signing=others,
        tls_roots=arguments.tls_roots,
    )  # fmt: skip
    try:
        yield ledger.begin()
    finally:
        ledger.close()


def _appended(
    ledger: Ledger, lines: list[tuple[int, bytes]], patience: int, refused: list[dict[str, Any]]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, receipt) of each line on record at the end; what was refused goes to `refused` and out of the spool."""
    said: list[tuple[int, str]] = []
    for number, line in lines:
        try:
            said.append((number, ledger.state(parse_line(line)).id))
        except errors.Refused as wrong:
            refused.append(_refusal(number, wrong.code, str(wrong)))
    ours = {statement_id: number for number, statement_id in said}
    while True:
        ledger.drain(patience)
        parked = [row for row in ledger.parked() if row.id in ours]
        if not parked:
            break
        for row in parked:
            refused.append(_refusal(ours[row.id], *_told(msgspec.json.decode(row.problem or b"{}"))))
            ledger.withdraw(row.id)
    for number, statement_id in said:
        receipt = ledger.receipt(statement_id)
        if receipt.status in ("recorded", "final"):
            yield number, receipt.document()


def _refusal(number: int, code: str, reason: str) -> dict[str, Any]:
    return {"line": number, "code": code, "reason": reason, "is_new": True}


def _told(problem: Mapping[str, Any]) -> tuple[str, str]:
    return str(problem.get("type", "refused")).removeprefix("urn:entente:"), str(errors.Parked(problem=problem))


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
