"""Signatures of documents with what a home knows: whose certificates are believed, what they revoked, who makes time-stamps.

An exercise has authorities of its own (exercise_documents.py) where its settings name none. Every clock here is the machine's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pyhanko.sign.signers import Signer

from api.home import Home
from ledger import errors
from ledger.evidence.authority import ask
from projections.publishing import signing
from projections.publishing.signing import Request, Signed
from projections.publishing.trust import Level, Trust, read_trust
from projections.publishing.verdict import Verdict, lasts_until
from projections.publishing.verdict import verify as verify_document

__all__ = ["Given", "Means", "first_answering", "lasts_until", "means_of", "renew", "verify"]


@dataclass(frozen=True)
class Means:
    """What signing takes besides a key: whom to believe, and who is asked for time-stamps, the first that answers."""

    trust: Trust
    request: Request | None

    def sign(self, pdf: bytes, signer: Signer, shown: Mapping[str, str], level: Level = "B-LTA") -> Signed:
        """Sign a document; `shown` has what readers of PDF show: reason, location, name. Raises as `signing.sign`."""
        return signing.sign(
            pdf,
            signer,
            timestamper=self.request,
            trust=self.trust,
            reason=shown.get("reason", ""),
            location=shown.get("location", ""),
            name=shown.get("name", ""),
            at=datetime.now(UTC),
            level=level,
        )


def means_of(home: Home) -> Means:
    """What a home's settings name; in an exercise that names nothing, its own authorities. Raises NotFound naming it."""
    settings = home.settings
    if settings.exercise and not settings.document_roots:
        from api import exercise_documents

        return Means(exercise_documents.trust(home), exercise_documents.clock(home))
    given = {name: _files(home.path, name, getattr(settings, name)) for name in Given.TABLES}
    return Given(given["document_roots"], given["timestamp_roots"], given["revocation_lists"], settings.timestamp_urls).means()


def verify(home: Home, pdf: bytes, at: datetime | None = None) -> Verdict:
    """What the signature of a document is worth, by what this home's settings name."""
    return verify_document(pdf, means_of(home).trust, at=at)


def renew(means: Means, pdf: bytes, at: datetime) -> Signed:
    """One more time-stamp over a signed document, with the lists of today. Raises BadQuestion without a clock, BadDocument."""
    if means.request is None:
        raise errors.BadQuestion(
            "no time-stamping authority is named here", field="timestamp_urls", remedy="name one in the home's settings"
        )
    return signing.renew(pdf, timestamper=means.request, trust=means.trust, at=at)


@dataclass(frozen=True)
class Given:
    """The same from files and addresses, for a machine that has no home."""

    roots: Sequence[Path]
    timestamp_roots: Sequence[Path]
    crls: Sequence[Path]
    timestamp_urls: Mapping[str, str] = field(default_factory=dict)
    between: Sequence[Path] = ()

    TABLES = ("document_roots", "timestamp_roots", "revocation_lists")

    def means(self) -> Means:
        """Read them. Raises Malformed, or OSError naming the file."""
        read = [[path.read_bytes() for path in paths] for paths in (self.roots, self.timestamp_roots, self.between, self.crls)]
        return Means(read_trust(*read), first_answering(self.timestamp_urls) if self.timestamp_urls else None)


def first_answering(urls: Mapping[str, str]) -> Request:
    """Asks one authority after the other; who has answered once is asked for the rest too, as one signature has one clock."""
    left = list(urls.items())

    def request(query: bytes) -> bytes:
        failed: list[str] = []
        while left:
            name, url = left[0]
            try:
                return ask(url, query)
            except errors.Unavailable as wrong:
                failed.append(f"{name}: {wrong.message}")
                del left[0]
        raise errors.Unavailable("; ".join(["no time-stamping authority answers", *failed]))

    return request


def _files(home: Path, setting: str, named: Mapping[str, str]) -> list[Path]:
    found = {name: home / file for name, file in named.items()}
    for name, path in found.items():
        if not path.is_file():
            raise errors.NotFound(f"there is no file {path}", field=f"{setting}.{name}", remedy="put it there, or name another")
    return list(found.values())
