"""The files of a report: its documents and their content, kept beside the log in the home, each under its event's id."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from api.home import Home
from ledger import errors
from ledger.formats.keys import P256_DOCUMENT, key_id
from projections.wording.typography import NARROW, Words

KINDS = ("unsigned.pdf", "signed.pdf", "content.json")
FOLDER = "reports"
NATIONAL = "national"
DOCUMENT_BYTES_MAX = 16 << 20


def file_kind(edition: str, kind: str) -> str:
    """`signed.pdf`, or `national.signed.pdf` for a nation's own edition."""
    return f"{NATIONAL}.{kind}" if edition == NATIONAL else kind


def path_of(home: Home, event_id: str, kind: str) -> Path:
    """Where a document of a report is kept."""
    return home.path / FOLDER / f"{event_id}.{kind}"


def document_of(home: Home, event_id: str, kind: str) -> bytes | None:
    """A kept document, or None."""
    path = path_of(home, event_id, kind)
    return path.read_bytes() if path.is_file() else None


@contextmanager
def kept(home: Home, event_id: str, files: Mapping[str, bytes]) -> Iterator[None]:
    """Keep a report's files for as long as what follows succeeds; a refusal leaves none."""
    written: list[Path] = []
    try:
        for kind, body in files.items():
            written.append(path_of(home, event_id, kind))
            keep(home, event_id, kind, body)
        yield
    except errors.Unavailable:
        raise  # whether it is on record is not known: its documents stay until that is
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def keep(home: Home, event_id: str, kind: str, body: bytes) -> None:
    """Keep one document of a report, all of it or nothing."""
    path = path_of(home, event_id, kind)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(body)
    beside.chmod(0o600)
    beside.replace(path)


def digest(body: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(body).hexdigest()


class Judged(NamedTuple):
    """What the signature of a document is worth: whether it holds, what is said of it, and the id of the key that made it."""

    ok: bool
    told: Words
    key_id: str


def signature_of(home: Home, pdf: bytes) -> Judged | None:
    """What a document's signature is worth; None where it cannot be judged here."""
    try:
        verdict = from_reports("documents").verify(home, pdf)
    except (errors.NotFound, errors.Unavailable):
        return None
    made_by = key_id(P256_DOCUMENT, verdict.signer_key) if verdict.signer_key else ""
    if not verdict.problems:
        return Judged(verdict.ok, Words(*(f"{verdict.level}, {verdict.signer}",) * 2), made_by)
    told = "; ".join(problem.en for problem in verdict.problems), f"{NARROW}; ".join(p.fr for p in verdict.problems)
    return Judged(verdict.ok, Words(*told), made_by)


def from_reports(name: str) -> Any:
    """A module of ours that needs the libraries of the `reports` extra. Raises Unavailable without them."""
    try:
        return importlib.import_module(f"api.{name}")
    except ModuleNotFoundError as missing:
        raise errors.Unavailable(
            f"documents are not signed here: there is no {missing.name}", remedy="install entente[reports]"
        ) from None
