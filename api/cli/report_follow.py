"""`entente report receive, observe, document`: what follows a report that was issued."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command, add_view, instant
from api.cli.frame import document
from api.cli.report_issue import add_key, author, opened, receipt_row, text_of

if TYPE_CHECKING:
    from api.cli.session import Session

FORMS = ("pdf", "html", "json")


def add_to(group: Commands[Parser]) -> None:
    """Add receive, observe and document."""
    receive = add_command(group, "receive", run_receive, "say that a report has been received, and what was received")
    observe = add_command(
        group,
        "observe",
        run_observe,
        "comment on a report, as the other official",
        "It is recorded beside it and blocks nothing.",
    )
    for parser in (receive, observe):
        add_view(parser)
        parser.add_argument("report", metavar="REPORT", help="its event id")
        parser.add_argument("--at", type=instant, metavar="INSTANT", help="the time it is, in an exercise")
        add_key(parser)
    receive.add_argument("--document", metavar="FILE", type=Path, help="the document received: its digest is recorded")
    observe.add_argument("--text", metavar="FILE|-", required=True, help="the comment")
    observe.add_argument("--figure", metavar="CODE", help="the figure it is about")
    shown = add_command(
        group, "document", run_document, "the document of a report: as it was signed, or in another form or language",
        "What is signed is the PDF in its nation's language; every other form is made again from the content and says so.",
    )  # fmt: skip
    add_view(shown)
    shown.add_argument("report", metavar="REPORT", help="its event id, or DAY for the newest of this view's day")
    shown.add_argument("--form", choices=FORMS, default="pdf")
    shown.add_argument("--edition", choices=("shared", "national"), default="shared")
    shown.add_argument("--out", metavar="FILE", type=Path, required=True)


def run_receive(session: Session, arguments: argparse.Namespace) -> int:
    """Receive."""
    from api.report_files import digest

    data = {"sha256": digest(arguments.document.read_bytes())} if arguments.document is not None else {}
    return _follow(session, arguments, "report.received", data)


def run_observe(session: Session, arguments: argparse.Namespace) -> int:
    """Observe."""
    data = {"observation": text_of(arguments.text).strip()}
    return _follow(session, arguments, "report.observation", data | ({"figure": arguments.figure} if arguments.figure else {}))


def _follow(session: Session, arguments: argparse.Namespace, name: str, data: Mapping[str, Any]) -> int:
    from api import authoring, reporting
    from api.registrar import sealers
    from ledger.formats.entry import format_instant

    with opened(session, arguments) as home:
        speaker = author(home, arguments, f"service-{arguments.view}-SRO")
        at = home.view(arguments.view).at(None)
        found = reporting.find(at, arguments.report)
        unsigned = {
            "type": name,
            "stream": found.fact.stream,
            "occurred_at": format_instant(home.now()),
            "data": {"report": found.event, **data},
        }
        receipt = home.ledger.append(
            authoring.compose(unsigned, speaker, home.settings.origin, sealers(home), home.now())
        )  # fmt: skip
        home.projector(arguments.view).follow()
        session.answer(document(home, {"receipt": receipt_row(receipt)}), lambda: [receipt.event_id])
    return 0


def run_document(session: Session, arguments: argparse.Namespace) -> int:
    """Write a document."""
    from api import issuing, report_files, reporting

    with session.home() as home:
        at = home.view(arguments.view).at(None)
        found = reporting.find(at, arguments.report)
        body, is_signed = issuing.document_in(home, found, arguments.edition, arguments.form, session.arguments.lang)
        arguments.out.write_bytes(body)
        answer = {"report": found.event, "file": str(arguments.out), "sha256": report_files.digest(body), "signed": is_signed}
        session.answer(document(home, answer), lambda: [f"{answer['file']}  {answer['sha256']}"])
    return 0
