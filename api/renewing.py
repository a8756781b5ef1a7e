"""Signed documents kept verifiable: a further time-stamp over each before the certificate of its last one ends (PAdES B-LTA).

What was issued stays as it is, byte for byte, in `signed.pdf`, to whose digest its event commits. The renewed form stands
beside it as `renewed.pdf`: the same bytes with revisions behind them, each with the lists of its day and one more time-stamp.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from api.home import Home
from api.report_files import FOLDER, NATIONAL, digest, document_of, file_kind, from_reports, keep
from ledger import errors

SIGNED, RENEWED = "signed.pdf", "renewed.pdf"
DAYS_BEFORE = 90
"""So many days before its newest time-stamp's certificate ends a document is due."""


class Renewal(NamedTuple):
    """One document: its report's event, its kind, until when it lasted, and until when it lasts if it was renewed now.

    `problem` says why it was due and was not renewed.
    """

    event: str
    kind: str
    lasted_until: datetime | None
    lasts_until: datetime | None = None
    sha256: str = ""
    problem: str = ""


def newest_form(home: Home, event: str, kind: str) -> bytes | None:
    """A signed document as it was renewed last, or as it was signed; None where it is not kept here.

    A renewed file that does not begin with what was signed is none.
    """
    signed = document_of(home, event, kind)
    renewed = document_of(home, event, renewed_kind(kind))
    return renewed if signed is not None and renewed is not None and renewed.startswith(signed) else signed


def renewed_kind(kind: str) -> str:
    """`renewed.pdf` of `signed.pdf`, with the edition in front of it."""
    return f"{kind.removesuffix(SIGNED)}{RENEWED}"


def signed_documents(home: Home, event: str = "") -> Iterator[tuple[str, str]]:
    """(event, kind) of each signed document kept here, of one report alone where its event is named."""
    for path in sorted((home.path / FOLDER).glob(f"{event or '*'}.*{SIGNED}")):
        found, _, kind = path.name.partition(".")
        if kind in (SIGNED, file_kind(NATIONAL, SIGNED)):
            yield found, kind


def renew(home: Home, event: str = "", days: int = DAYS_BEFORE, now: datetime | None = None) -> list[Renewal]:
    """Renew what is due by what stands in it; what is not is told as well, without a new end, and not verified.

    Raises NotFound where the settings name no authorities, or no clock while something is due.
    """
    found = list(signed_documents(home, event))
    if not found:
        return []
    documents, at = from_reports("documents"), now or datetime.now(UTC)
    made, means = [], None
    for each, kind in found:
        body = newest_form(home, each, kind)
        assert body is not None, "its file was listed just now"
        lasts = documents.lasts_until(body)
        if lasts is not None and lasts - at > timedelta(days=days):
            made.append(Renewal(each, kind, lasts))
            continue
        means = means or documents.means_of(home)
        try:
            renewed = documents.renew(means, body, at)
        except errors.EntenteError as wrong:
            made.append(Renewal(each, kind, lasts, problem=str(wrong)))
            continue
        keep(home, each, renewed_kind(kind), renewed.pdf)
        made.append(Renewal(each, kind, lasts, renewed.verdict.lasts_until, digest(renewed.pdf)))
    return made
