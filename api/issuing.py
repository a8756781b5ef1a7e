"""A report issued: its documents set, signed, kept beside the log, and its event recorded; all of it or nothing.

What the official signs is the event, which commits to each document's digest before and after its own signature. The documents
are in place before the event is on record: a report never promises a document that nobody has.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from api import authoring, reporting
from api.authoring import LANGUAGES, Author
from api.home import Home
from api.registrar import sealers
from api.renewing import newest_form
from api.report_files import NATIONAL, digest, document_of, file_kind, from_reports, kept
from ledger import errors, events
from ledger.formats import strict
from ledger.formats.envelope import Submitted
from ledger.store.receipt import Receipt
from projections.reports.bound import Edition
from projections.reports.draft import Draft, Wanted
from projections.reports.issued import Issued
from projections.wording.typography import Language

Sign = Callable[[bytes], bytes]


class Prepared(msgspec.Struct, frozen=True):
    """A draft with the document of each edition, as it was set; unsigned."""

    draft: Draft
    documents: Mapping[Edition, bytes]
    renderer: str


def prepare(home: Home, nation: str, wanted: Wanted, as_of: int | None = None, *, with_documents: bool = True) -> Prepared:
    """What an official would issue now, ready to be read and signed. Raises BadQuestion, or Unavailable without a renderer.

    Without documents its content alone is committed to.
    """
    made = reporting.draft(home, nation, wanted, as_of)
    if not with_documents:
        return Prepared(made, {}, "")
    return Prepared(made, {edition: pdf_of(made, edition, LANGUAGES[nation]) for edition in made.editions}, renderer())


def pdf_of(made: Draft, edition: Edition, language: str) -> bytes:
    """The document of one edition. An official's own words are in their nation's own alone."""
    own_words = made.lines_to_take if edition == NATIONAL else ()
    body: bytes = setter().pdf(made.editions[edition], "fr" if language == "fr" else "en", own_words)
    return body


def renderer() -> str:
    """What sets the documents, with its version."""
    found: str = setter().renderer()
    return found


def setter(name: str = "document") -> Any:
    """The module that sets documents, or pages. Raises Unavailable where its library is not installed."""
    try:
        return importlib.import_module(f"projections.publishing.{name}")
    except ModuleNotFoundError as missing:
        raise errors.Unavailable(
            f"documents cannot be set here: there is no {missing.name}", remedy="install entente[reports]"
        ) from None


def is_set_here() -> bool:
    """Whether documents can be set on this machine."""
    try:
        setter()
    except errors.Unavailable:
        return False
    return True


def issue(home: Home, prepared: Prepared, official: Author, sign: Sign | None, at: str) -> tuple[Receipt, Submitted]:
    """Sign the documents, keep them, and record the event. `sign` is None for documents that nobody signs.

    Raises the ledger's refusal; nothing is kept then.
    """
    unsigned, documents = signed_by(home, prepared, sign, at)
    submitted = authoring.compose(unsigned, official, home.settings.origin, sealers(home), home.now())
    event_id = events.decode_header(submitted.payload).id
    with kept(home, event_id, documents):
        return home.ledger.append(submitted), submitted


def signed_by(home: Home, prepared: Prepared, sign: Sign | None, at: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """(the event that issues it, unsigned; every file that it commits to, by kind)."""
    files: dict[str, bytes] = {}
    digests: dict[str, dict[str, str]] = {}
    for edition, body in prepared.documents.items():
        files[file_kind(edition, "unsigned.pdf")] = body
        files[file_kind(edition, "content.json")] = strict.format(prepared.draft.editions[edition])
        digests[edition] = {"unsigned_pdf_sha256": digest(body)}
        if sign is not None:
            files[file_kind(edition, "signed.pdf")] = signed = sign(body)
            digests[edition]["signed_pdf_sha256"] = digest(signed)
    if "shared" in digests:
        digests["shared"]["renderer"] = prepared.renderer
    return reporting.unsigned(home, prepared.draft, digests, at), files


def signer_of(home: Home, official: str, key: Path | None, certificate: Path | None, passphrase: Path | None = None) -> Sign:
    """What signs an official's documents: their key in a file, or in an exercise the one that its own authority certified.

    Raises NotFound or Malformed naming what is missing, Unavailable without the libraries or the clock.
    """
    documents, keys, exercises = (from_reports(name) for name in ("documents", "document_keys", "exercise_documents"))
    if key is not None and certificate is not None:
        signer = keys.in_file(key, certificate, passphrase)
    elif home.settings.exercise:
        signer = exercises.signer(home, official)
    else:
        raise errors.NotFound(
            "no document key is given", field="--document-key", remedy="name it and its --certificate, or issue --unsigned"
        )
    means = documents.means_of(home)
    shown = {"reason": "report.issued", "location": home.settings.origin, "name": official}
    return lambda pdf: bytes(means.sign(pdf, signer, shown).pdf)


def document_in(home: Home, report: Issued, edition: str, form: str, language: str | None) -> tuple[bytes, bool]:
    """(a document of a report, whether it is the one that was signed or, unsigned, committed to).

    `form` is pdf, html or json. Without a language, or with its nation's own, the PDF is the one kept, as it was renewed last;
    all else is made again from the content kept. Raises NotFound where none is kept here, Unavailable where it cannot be set
    here.
    """
    if form == "pdf" and language in (None, LANGUAGES[report.nation]):
        for kind in ("signed.pdf", "unsigned.pdf"):
            found = newest_form(home, report.event, file_kind(edition, kind))
            if found is not None:
                return found, kind == "signed.pdf"
    content = document_of(home, report.event, file_kind(edition, "content.json"))
    if content is None:
        raise errors.NotFound(
            f"no document of the {edition} edition of this report is kept here", field="--edition", remedy="ask at its own site"
        )
    if form == "json":
        return content, False
    made = msgspec.json.decode(content)
    own = (reporting.own_edition(home, report) or {}).get("lines_to_take", ()) if edition == NATIONAL else ()
    spoken: Language = "fr" if (language or LANGUAGES[report.nation]) == "fr" else "en"
    if form == "html":
        return setter("page").html(made, spoken, tuple(own)).encode(), False
    return setter().pdf(made, spoken, tuple(own)), False
