"""Another site over HTTP: its log as a source, and its witness. Everything that goes wrong on the way is Unavailable.

Answers are read under a limit and a time; no redirect is followed, no proxy or setting of the environment is used, and a token
goes to the one address it was given for.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import httpx2

from ledger import errors
from ledger.evidence.source import NEWEST, Source, checkpoint_path
from ledger.formats import companions, note, submission, tiles
from ledger.formats.submission import Submission
from ledger.formats.tiles import Tile

CONNECT_SECONDS_MAX = 3.0
SILENT_SECONDS_MAX = 10.0
ANSWER_SECONDS_MAX = 60.0
CHUNK_BYTES = 65_536


def connection(url: str, token: str, silent_seconds: float = SILENT_SECONDS_MAX, roots: Path | None = None) -> httpx2.Client:
    """What asks at a URL with a bearer token: its own time limits, no redirect, nothing from the environment.

    Over TLS the other end's certificate must lead to one of those in the file `roots`, and to no other; without such a file to
    one that this machine trusts. Raises BadQuestion for what is no address, UnsafeSetting for a file of no certificates.
    """
    if not url.startswith(("http://", "https://")):
        raise errors.BadQuestion(f"{url} is no address", field="url", remedy="write http://HOST:PORT or https://…")
    headers = {"Accept-Encoding": "identity", "User-Agent": "entente"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    timeout = httpx2.Timeout(silent_seconds, connect=CONNECT_SECONDS_MAX)
    verify = _trusting(roots) if url.startswith("https://") else False  # without TLS certificates need not be read first
    try:
        return httpx2.Client(
            base_url=url.rstrip("/") + "/", headers=headers, timeout=timeout, trust_env=False, verify=verify
        )  # fmt: skip
    except httpx2.InvalidURL as wrong:
        raise errors.BadQuestion(f"{url} is no address: {wrong}", field="url") from None


def _trusting(roots: Path | None) -> ssl.SSLContext | bool:
    if roots is None:
        return True
    try:
        return ssl.create_default_context(cafile=roots)
    except OSError as wrong:  # an ssl.SSLError too
        raise errors.UnsafeSetting(
            f"{roots} has no certificates that can be read", field="tls_roots", remedy="name a file of certificates in PEM"
        ) from wrong


def away(url: str, wrong: httpx2.HTTPError) -> errors.Unavailable:
    """What it is called that nobody answers at a URL, or somebody whose certificate is not trusted there."""
    cause: BaseException | None = wrong
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return errors.Unavailable(
                f"{url} is not trusted: {cause.verify_message}",
                remedy="name the certificates that its own leads to (tls_roots in entente.toml, --tls-roots)",
            )
        cause = cause.__cause__ or cause.__context__
    return errors.Unavailable(f"{url} does not answer: {' '.join(str(wrong).split()) or type(wrong).__name__}")


class RemoteSource(Source):
    """A log at a URL, for one thread at a time. Raises BadQuestion for what is no HTTP address."""

    def __init__(self, url: str, token: str = "", roots: Path | None = None) -> None:
        self.url = url
        self._http = connection(url, token, roots=roots)

    def checkpoint(self, which: str = NEWEST) -> bytes | None:
        return self._get(checkpoint_path(which), note.NOTE_BYTES_MAX)

    def tile(self, tile: Tile) -> bytes:
        content = self._get(tile.path, tiles.BUNDLE_BYTES_MAX)
        if content is None:
            raise errors.Unavailable(f"{self.url} has no {tile.path}")
        return content

    def companions(self, tile: Tile, after: int) -> Iterator[bytes]:
        line = b""
        for chunk in self._stream(companions.path(tile), {"after": str(after)}):
            *whole, line = (line + chunk).split(b"\n")
            yield from whole
            if len(line) > companions.LINE_BYTES_MAX:
                raise errors.Unavailable(f"{self.url} sent a line of more than {companions.LINE_BYTES_MAX} bytes")
        if line:
            raise errors.Unavailable(f"{self.url} broke off in the middle of a line")

    def _get(self, path: str, bytes_max: int) -> bytes | None:
        """The body, or None where there is nothing at this path."""
        body = bytearray()
        try:
            for chunk in self._stream(path):
                body += chunk
                if len(body) > bytes_max:
                    raise errors.Unavailable(f"{self.url}/{path} has more than {bytes_max} bytes")
        except errors.NotFound:
            return None
        return bytes(body)

    def _stream(self, path: str, query: dict[str, str] | None = None) -> Iterator[bytes]:
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        try:
            with self._http.stream("GET", path, params=query) as response:
                if response.status_code == HTTPStatus.NOT_FOUND:
                    raise errors.NotFound(f"{self.url} has no {path}")
                if response.status_code != HTTPStatus.OK:
                    remedy = "the token file says who asks" if response.status_code in (401, 403) else None
                    raise errors.Unavailable(f"{self.url}/{path} answered {response.status_code}", remedy=remedy)
                for chunk in response.iter_raw(CHUNK_BYTES):
                    if time.monotonic() > deadline:
                        raise errors.Unavailable(f"{self.url}/{path} took longer than {ANSWER_SECONDS_MAX:g} s")
                    yield chunk
        except httpx2.HTTPError as wrong:
            raise away(self.url, wrong) from None


class RemoteWitness:
    """A witness at a URL (C2SP tlog-witness), for one thread at a time."""

    def __init__(self, url: str, roots: Path | None = None) -> None:
        self.url = url
        self._http = connection(url, "", roots=roots)

    def ask(self, asked: Submission) -> bytes:
        """The signature lines of its answer. Raises CosignerMoved saying what it cosigned last, Unavailable where it is away or
        busy, VerificationFailed where it refuses: the checkpoint does not follow from what it holds.
        """
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        body = bytearray()
        try:
            content = submission.format_submission(asked)
            with self._http.stream("POST", "add-checkpoint", content=content) as response:
                for chunk in response.iter_raw(CHUNK_BYTES):
                    body += chunk
                    if len(body) > submission.ANSWER_BYTES_MAX or time.monotonic() > deadline:
                        raise errors.Unavailable(f"{self.url} answers too much or too slowly")
        except httpx2.HTTPError as wrong:
            raise away(self.url, wrong) from None
        if response.status_code == HTTPStatus.OK:
            return bytes(body)
        if response.status_code == HTTPStatus.CONFLICT and response.headers.get("content-type") == submission.SIZE_TYPE:
            raise errors.CosignerMoved(size=submission.parse_size(bytes(body)))
        said = bytes(body[:500]).decode("utf-8", "replace").strip()
        if response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise errors.VerificationFailed(f"{self.url} refuses: {said}")
        raise errors.Unavailable(f"{self.url} answered {response.status_code}: {said}")
