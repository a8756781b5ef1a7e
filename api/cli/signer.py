"""`entente signer`: an official's own keys on the official's own machine; what is signed is shown in words first."""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli import drafts as draft_commands
from api.cli.arguments import Commands, Parser, Usage, add_command, add_group
from api.cli.signer_screen import screen, told
from api.cli.words import Words
from ledger import errors

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.documents import Means
    from api.signing_requests import Request

LEVELS = ("B-LTA", "B-T", "B-B")


def add_to(commands: Commands[Parser]) -> None:
    """Add signer and both that it does."""
    group = add_group(commands, "signer", "your own key on your own machine: read what is to be signed, and sign it")
    more = "FILE is a report's request, with its documents, or a draft (entente draft)."
    show = add_command(group, "show", run_show, "what is to be signed, in words", more)
    show.add_argument("--read", metavar="DIR", type=Path, help="write its documents there, to be read")
    sign = add_command(group, "sign", run_sign, "read what is to be signed, then sign all of it", more)
    whose = sign.add_mutually_exclusive_group(required=True)
    whose.add_argument("--key", metavar="KEYFILE", help="your key for events: a file, or its name in the home")
    whose.add_argument(
        "--browser",
        metavar="DRAFT",
        type=Path,
        help="your browser has it: write what it is to sign there, for entente signer page",
    )
    sign.add_argument("--out", required=True, metavar="FILE", type=Path, help="what was signed, to be sent back")
    sign.add_argument("--yes", action="store_true", help="it was read (entente signer show): do not ask")
    join = add_command(
        group, "join", run_join, "what was prepared with --browser, with the event as the browser signed it",
    )  # fmt: skip
    join.add_argument("--out", required=True, metavar="FILE", type=Path, help="what was signed, to be sent back")
    page = add_command(
        group, "page", run_page, "write the page by which a browser signs",
        "The key is made in the browser and cannot be read out of it, by this page or any other.",
    )  # fmt: skip
    page.add_argument("--out", required=True, metavar="FILE", type=Path)
    for parser in (show, sign, join):
        parser.add_argument("file", metavar="FILE", type=Path)
    join.add_argument("draft", metavar="DRAFT", type=Path, help="the draft as the browser gave it back")
    _add_document_key(sign)


def _add_document_key(sign: Parser) -> None:
    """Where the key for documents is, and whom to believe: from the home's settings where nothing is named."""
    key = sign.add_argument_group("the key for documents", "A file, or a card by PKCS #11; in an exercise the exercise's own.")
    key.add_argument("--document-key", metavar="PEM", type=Path, help="its file, readable by you alone")
    key.add_argument("--passphrase-file", metavar="FILE", type=Path, help="where that is encrypted")
    key.add_argument("--certificate", metavar="PEM", type=Path, help="its certificate, and those on the way to the authority")
    key.add_argument("--pkcs11", metavar="MODULE", type=Path, help="the library of the card's maker")
    key.add_argument("--token", metavar="LABEL", help="which card")
    key.add_argument("--key-label", metavar="LABEL", help="which key on it")
    key.add_argument("--pin-file", metavar="FILE", type=Path, help="its PIN, readable by you alone")
    trust = sign.add_argument_group("whom to believe", "By default what the home's settings name.")
    for name, what in (
        ("--roots", "who certifies officials"),
        ("--timestamp-roots", "who certifies the clocks"),
        ("--crl", "what they have revoked"),
    ):
        trust.add_argument(name, metavar="FILE", type=Path, action="append", default=[], help=what)
    trust.add_argument("--timestamp-url", metavar="URL", action="append", default=[], help="a time-stamping authority")
    trust.add_argument("--level", choices=LEVELS, default=LEVELS[0], help="less than B-LTA ends with the certificate")


def run_show(session: Session, arguments: argparse.Namespace) -> int:
    """Show."""
    if not zipfile.is_zipfile(arguments.file):
        arguments.draft = arguments.file
        return draft_commands.run_show(session, arguments)
    from api import signing_requests

    request = signing_requests.read(arguments.file)
    written = []
    if arguments.read is not None:
        arguments.read.mkdir(parents=True, exist_ok=True)
        for kind in sorted(request.files):
            (arguments.read / kind).write_bytes(request.files[kind])
            written.append(str(arguments.read / kind))
    answer = {"request": told(request), "files": written}
    session.answer(answer, lambda: screen(Words(session.language(request.terms.nation)), request, written))
    return 0


def run_sign(session: Session, arguments: argparse.Namespace) -> int:
    """Sign."""
    from api import drafts, signing_requests
    from projections.wording import signer as wording

    if arguments.out.exists():
        raise errors.BadQuestion(f"{arguments.out} is there already", field="--out", remedy="name another file")
    key = None if arguments.browser is not None else _event_key(session, arguments.key)
    if not zipfile.is_zipfile(arguments.file):
        if key is None:
            raise errors.BadQuestion(
                "a draft is signed in the browser as it is", field="--browser", remedy="entente signer page"
            )
        items = drafts.read(arguments.file)
        _confirm(session, arguments, lambda: draft_commands.lines_of(session, items))
        drafts.write(arguments.out, drafts.sign(items, key))
        session.answer({"file": str(arguments.out), "key_id": key.key_id}, lambda: [f"{arguments.out}: {key.key_id[:16]}…"])
        return 0
    request = signing_requests.read(arguments.file)
    words = Words(session.language(request.terms.nation))
    _confirm(session, arguments, lambda: screen(words, request, []))
    made: list[Any] = []
    with _document_signer(session, arguments, request) as (means, document_signer):

        def sign(pdf: bytes) -> bytes:
            made.append(means.sign(pdf, document_signer, request.terms.shown.as_dict(), arguments.level))
            body: bytes = made[-1].pdf
            return body

        completed = signing_requests.complete(request, key, sign)
    signing_requests.write_completed(arguments.out, completed)
    if key is None:
        drafts.write(arguments.browser, [completed.item])
    level, signer = made[0].level, made[0].verdict.signer
    answer = {
        "file": str(arguments.out),
        "key_id": request.terms.key_id,
        "level": level,
        "signer": signer,
        "documents": len(made),
        "event_signed": key is not None,
    }
    said = [words.of(wording.SIGNED).format(file=arguments.out), words.of(wording.BY).format(signer=signer, level=level)]
    said += [words.of(wording.TO_BROWSER).format(draft=arguments.browser)] if key is None else []
    session.answer(answer, lambda: said)
    return 0


def run_join(session: Session, arguments: argparse.Namespace) -> int:
    """Join."""
    from api import drafts, signing_requests

    if arguments.out.exists():
        raise errors.BadQuestion(f"{arguments.out} is there already", field="--out", remedy="name another file")
    items = drafts.read(arguments.draft)
    if len(items) != 1:
        raise errors.Malformed("a report is one event", field="DRAFT")
    signed = signing_requests.join(signing_requests.read_prepared(arguments.file), items[0])
    signing_requests.write_completed(arguments.out, signed)
    answer = {"file": str(arguments.out), "signed_by": [each.keyid for each in signed.item.signatures]}
    session.answer(answer, lambda: [str(arguments.out)])
    return 0


def run_page(session: Session, arguments: argparse.Namespace) -> int:
    """Write the page."""
    import hashlib

    from api.signerpage import signer_page

    page = signer_page()
    arguments.out.write_bytes(page)
    answer = {"file": str(arguments.out), "sha256": hashlib.sha256(page).hexdigest()}
    session.answer(answer, lambda: [f"{answer['sha256']}  {answer['file']}"])
    return 0


def _event_key(session: Session, name: str) -> Any:
    from ledger.formats.keys import load_private

    if Path(name).is_file():
        return load_private(Path(name))
    with session.home() as home:
        return home.key(name.removesuffix(".pem"))


def _confirm(session: Session, arguments: argparse.Namespace, lines: Any) -> None:
    """Show it and ask, unless it was read. Raises Usage, or BadQuestion for no."""
    if arguments.yes:
        return
    if not sys.stdin.isatty():
        raise Usage(arguments.command, "read it first (entente signer show), then say --yes")
    session.tell(lines())
    sys.stderr.write("Sign this? [yes/no] ")
    if sys.stdin.readline().strip() != "yes":
        raise errors.BadQuestion("nothing was signed")


# -- with which key, believing whom --------------------------------------------------------------------------------------------


@contextmanager
def _document_signer(session: Session, arguments: argparse.Namespace, request: Request) -> Iterator[tuple[Means, Any]]:
    from api import document_keys, exercise_documents

    if arguments.pkcs11 is not None:
        named = {"--token": arguments.token, "--key-label": arguments.key_label, "--pin-file": arguments.pin_file}
        if missing := [name for name, given in named.items() if given is None]:
            raise Usage(arguments.command, f"--pkcs11 takes {' and '.join(missing)} too")
        card = arguments.pkcs11, arguments.token, arguments.key_label, arguments.pin_file, arguments.certificate
        with document_keys.on_card(*card) as signer:
            yield _means(session, arguments), signer
    elif arguments.document_key is not None:
        if arguments.certificate is None:
            raise Usage(arguments.command, "--document-key takes --certificate too")
        signer = document_keys.in_file(arguments.document_key, arguments.certificate, arguments.passphrase_file)
        yield _means(session, arguments), signer
    else:
        if not request.terms.exercise:
            raise Usage(arguments.command, "name the key for documents: --document-key or --pkcs11")
        with session.home() as home:
            signer = exercise_documents.signer(home, request.terms.authority)
            yield _means(session, arguments), signer


def _means(session: Session, arguments: argparse.Namespace) -> Means:
    from api.documents import Given, means_of

    if arguments.roots or arguments.timestamp_roots or arguments.crl or arguments.timestamp_url:
        urls = {url: url for url in arguments.timestamp_url}
        return Given(arguments.roots, arguments.timestamp_roots, arguments.crl, urls).means()
    with session.home() as home:
        return means_of(home)
