"""`entente report draft, issue`: from a view to a signed report on record."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command, add_view, day, instant
from api.cli.frame import banner, document
from api.cli.rendering import paragraph, table
from api.cli.words import Words
from ledger import errors
from projections.wording import issuing as wording

if TYPE_CHECKING:
    from api.authoring import Author
    from api.cli.session import Session
    from api.home import Home
    from api.issuing import Prepared
    from ledger.store.receipt import Receipt
    from projections.reports.draft import Draft, Wanted

TEXT_BYTES_MAX = 65_536


def add_to(group: Commands[Parser]) -> None:
    """Add draft and issue."""
    draft = add_command(
        group, "draft", run_draft, "what would be issued now, and which of its figures rest on sealed facts",
        "Nothing is recorded. With --out the documents and their content are written, to be read before signing.",
    )  # fmt: skip
    issue = add_command(
        group, "issue", run_issue, "set, sign and record a report",
        "The first of a day is provisional; what was issued never changes, a revision follows it.",
    )  # fmt: skip
    ask = add_command(
        group, "request", run_request, "what an official's own machine is asked to sign: the event and its documents",
        "Read and signed there by entente signer; entente report record takes it back.",
    )  # fmt: skip
    for parser in (draft, issue, ask):
        add_view(parser)
        parser.add_argument("--day", type=day, required=True, metavar="DAY", help="the reporting day (the bulletin's date)")
        parser.add_argument("--status", default="", choices=("provisional", "revised", "settled"), help="default: what is next")
        parser.add_argument(
            "--withhold", metavar="CODE[:size]", action="append", default=[],
            help="a figure not communicated to the other nation; with :size it is declared how much of it is sealed",
        )  # fmt: skip
        parser.add_argument("--lines-to-take", metavar="FILE", type=Path, help="the official's own words, a paragraph a line")
        parser.add_argument("--at", type=instant, metavar="INSTANT", help="the time it is, in an exercise")
    draft.add_argument("--out", metavar="DIR", type=Path, help="write the documents there")
    ask.add_argument(
        "--official", metavar="KEY", required=True, help="the official's registered key, by its id or a part of it"
    )
    ask.add_argument("--out", metavar="FILE", type=Path, required=True, help="the request, for entente signer")
    record = add_command(group, "record", run_record, "record the report that an official has signed (entente signer sign)")
    add_view(record)
    record.add_argument("file", metavar="SIGNED", type=Path)
    record.add_argument("--at", type=instant, metavar="INSTANT", help="the time it is, in an exercise")
    add_key(issue)
    issue.add_argument("--document-key", metavar="PEM", type=Path, help="the official's key for documents, P-256")
    issue.add_argument("--certificate", metavar="PEM", type=Path, help="its certificate, and those on the way to the authority")
    issue.add_argument("--passphrase-file", metavar="FILE", type=Path, help="of the document key")
    issue.add_argument("--unsigned", action="store_true", help="documents that nobody signs")
    issue.add_argument("--without-documents", action="store_true", help="figures and content alone, no PDF")


def add_key(parser: Parser) -> None:
    """Whose key signs."""
    parser.add_argument(
        "--key",
        metavar="KEYFILE",
        help="who signs: a file, or a name in the home's keys (in an exercise the official's)",
    )


# -- drafting and issuing ------------------------------------------------------------------------------------------------------


def run_draft(session: Session, arguments: argparse.Namespace) -> int:
    """Draft."""
    from api import issuing, report_files, reporting
    from ledger.formats import strict

    with opened(session, arguments) as home:
        wanted = _wanted(home, arguments)
        made = reporting.draft(home, arguments.view, wanted)
        written = []
        if arguments.out is not None:
            arguments.out.mkdir(parents=True, exist_ok=True)
            for edition, content in made.editions.items():
                body = issuing.pdf_of(made, edition, session.language(arguments.view))
                files = {"unsigned.pdf": body, "content.json": strict.format(content)}
                for kind, each in files.items():
                    path = arguments.out / f"{arguments.view}-{arguments.day}-{report_files.file_kind(edition, kind)}"
                    path.write_bytes(each)
                    written.append(str(path))
        words = Words(session.language(arguments.view))
        answer = {"view": arguments.view, "data": made.data({}), "sealed": made.sealed, "files": written}
        session.answer(document(home, answer), lambda: _draft_screen(words, home, made, written))
    return 0


def run_issue(session: Session, arguments: argparse.Namespace) -> int:
    """Issue."""
    from api import issuing, report_files
    from ledger.formats.entry import format_instant

    with opened(session, arguments) as home:
        official = author(home, arguments, f"service-{arguments.view}-SRO")
        wanted = _wanted(home, arguments)
        prepared = issuing.prepare(home, arguments.view, wanted, with_documents=not arguments.without_documents)
        sign = None
        if not (arguments.unsigned or arguments.without_documents):
            given = arguments.document_key, arguments.certificate, arguments.passphrase_file
            sign = issuing.signer_of(home, official.authority, *given)
        receipt, _ = issuing.issue(home, prepared, official, sign, format_instant(home.now()))
        home.projector(arguments.view).follow()
        words = Words(session.language(arguments.view))
        files = sorted((home.path / report_files.FOLDER).glob(f"{receipt.event_id}.*"))
        answer = {
            "view": arguments.view,
            "receipt": receipt_row(receipt),
            "sealed": prepared.draft.sealed,
            "documents": [str(path) for path in files],
        }
        session.answer(document(home, answer), lambda: _issued_screen(words, home, prepared, answer))
    return 0


def run_request(session: Session, arguments: argparse.Namespace) -> int:
    """Write a request."""
    from api import issuing, signing_requests
    from api.cli.key_names import named
    from ledger.formats.entry import format_instant

    with opened(session, arguments) as home:
        prepared = issuing.prepare(home, arguments.view, _wanted(home, arguments))
        official = named(home, home.ledger.keys, arguments.official)
        shown = {"reason": "report.issued", "location": home.settings.origin, "name": official.owner}
        request = signing_requests.of(home, prepared, official.key_id, format_instant(home.now()), shown)
        signing_requests.write(arguments.out, request)
        words = Words(session.language(arguments.view))
        answer = {"view": arguments.view, "file": str(arguments.out), "sealed": prepared.draft.sealed}
        session.answer(document(home, answer), lambda: _draft_screen(words, home, prepared.draft, [str(arguments.out)]))
    return 0


def run_record(session: Session, arguments: argparse.Namespace) -> int:
    """Record what was signed."""
    from api import signing_requests

    with opened(session, arguments) as home:
        receipt = signing_requests.record(home, signing_requests.read_completed(arguments.file))
        home.projector(arguments.view).follow()
        session.answer(document(home, {"receipt": receipt_row(receipt)}), lambda: [receipt.event_id])
    return 0


def _wanted(home: Home, arguments: argparse.Namespace) -> Wanted:
    from projections.reports.draft import STATUSES, Wanted
    from projections.reports.issued import of_day

    at = home.view(arguments.view).at(None)
    head = home.ledger.head()
    if at.position < head:
        raise errors.BadQuestion(
            f"the {arguments.view} view is {head - at.position} entries behind the log", field="view",
            remedy=f"bring it up to date: entente project {arguments.view.lower()}",
        )  # fmt: skip
    withhold = {}
    for text in arguments.withhold:
        code, _, declared = text.partition(":")
        if declared not in ("", "size"):
            raise errors.BadQuestion(f"{text} is neither CODE nor CODE:size", field="--withhold")
        withhold[code] = declared == "size"
    said = text_of(arguments.lines_to_take) if arguments.lines_to_take is not None else ""
    own = tuple(line for line in said.splitlines() if line.strip())
    first, following, _ = STATUSES
    reported = of_day(at, arguments.view, arguments.day.isoformat())
    return Wanted(arguments.day, arguments.status or (following if reported else first), withhold, own)


def text_of(path: Path | str) -> str:
    """A text file, or standard input for -. Raises TooLarge or Malformed."""
    body = sys.stdin.buffer.read(TEXT_BYTES_MAX + 1) if str(path) == "-" else Path(path).read_bytes()
    if len(body) > TEXT_BYTES_MAX:
        raise errors.TooLarge(f"a text has at most {TEXT_BYTES_MAX} bytes", field=str(path))
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise errors.Malformed("this is not UTF-8 text", field=str(path)) from None


def author(home: Home, arguments: argparse.Namespace, default: str) -> Author:
    """Who speaks: the owner of --key; in an exercise home the official. Raises NotFound, KeyNotInForce."""
    from api.cli.append import author_of, find_key

    if arguments.key is None and not home.settings.exercise:
        raise errors.NotFound("no key is given", field="--key", remedy="name the official's private key")
    return author_of(home, find_key(home, arguments.key or default))


def receipt_row(receipt: Receipt) -> dict[str, Any]:
    """A receipt as a command prints it."""
    return {
        "event_id": receipt.event_id,
        "position": receipt.position,
        "stream": receipt.stream,
        "version": receipt.version,
        "recorded_at": receipt.recorded_at,
        "leaf_hash": receipt.leaf_hash.hex(),
        "status": receipt.status,
    }


@contextmanager
def opened(session: Session, arguments: argparse.Namespace) -> Iterator[Home]:
    """The home; in an exercise its clock stands where --at puts it, else at the last entry."""
    from api.home import Home

    with Home.open(session.path, None if arguments.at is None else lambda: arguments.at) as home:
        if home.settings.exercise and home.clock is None:
            last = home.reader.recorded_at(home.reader.head())
            home.clock = lambda: last
        yield home


def _draft_screen(words: Words, home: Home, made: Draft, written: list[str]) -> list[str]:
    lines = [*banner(words, home, _marking(made)), f"* {_title(words, made)}"]
    lines += paragraph(words.of(wording.DRAFTED).format(position=made.terms.position), 0)
    return [*lines, *_figure_lines(words, made), *_sealed_lines(words, made), *(f"  {path}" for path in written)]


def _issued_screen(words: Words, home: Home, prepared: Prepared, answer: Mapping[str, Any]) -> list[str]:
    made, receipt = prepared.draft, answer["receipt"]
    told = words.of(wording.ISSUED).format(
        status=words.of(wording.STATUS[made.terms.status]), revision=made.terms.revision, position=receipt["position"]
    )
    lines = [*banner(words, home, _marking(made)), f"* {_title(words, made)}", told, f"  {receipt['event_id']}"]
    lines += _figure_lines(words, made) + _sealed_lines(words, made)
    return [*lines, *(f"  {path}" for path in answer["documents"])]


def _title(words: Words, made: Draft) -> str:
    return f"{words('report of', day=words.day(made.terms.day))} · {words.of(wording.STATUS[made.terms.status])}"


def _marking(made: Draft) -> str:
    return " / ".join(made.marking.values())


def _figure_lines(words: Words, made: Draft) -> list[str]:
    rows = []
    for row in made.editions["shared"]["figures"]:
        name = row["en"] if words.language == "en" else row["fr"]
        if row["value"] is None:
            told = words.of(wording.WITHHELD if row["size"] is None else wording.WITHHELD_SIZE).format(size=row["size"])
            rows.append([row["code"], "—", told, name])
        else:
            rows.append([row["code"], words.number(row["value"]), words.unit(row["unit"], row["value"]), name])
    return table(rows, align="lrll")


def _sealed_lines(words: Words, made: Draft) -> list[str]:
    if not made.sealed:
        return ["", words.of(wording.NOTHING_SEALED)]
    told = words.of(wording.OF_WHICH)
    rows = [
        [code, told.format(count=words.number(row["value"] - row["communicated"]), value=words.number(row["value"]))]
        for code, row in made.sealed.items()
    ]
    return ["", *paragraph(words.of(wording.SEALED_BASIS), 0), *table(rows)]
