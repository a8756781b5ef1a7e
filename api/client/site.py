"""The ledger as a service reaches it: what it sends events to, asks who its key is, and reads checkpoints and tiles from."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import httpx2
import msgspec

from ledger import errors
from ledger.evidence.remote import RemoteSource, away, connection
from ledger.evidence.source import Source

ANSWER_SECONDS_MAX = 60.0
ANSWER_BYTES_MAX = 64 * 1_048_576
RETRIED = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.LOCKED, HTTPStatus.TOO_MANY_REQUESTS)
"""Refusals that say something of now, not of the event."""


class Answer(NamedTuple):
    """What the ledger said to one item: its status, and its receipt or a problem document."""

    status: int
    receipt: dict[str, Any] | None
    problem: dict[str, Any] | None

    @property
    def is_final_word(self) -> bool:
        """False where the same bytes may be sent again and be answered otherwise."""
        return self.status < HTTPStatus.INTERNAL_SERVER_ERROR and self.status not in RETRIED


class Registered(NamedTuple):
    """A key's registration: its position, the entry's exact bytes, and its tlog-proof."""

    position: int
    entry: bytes
    proof: bytes


class Introduction(msgspec.Struct, frozen=True):
    """Whose key it is, and each nation's public sealing key."""

    authority: str
    nation: str
    sealing: dict[str, bytes]


Verify = Callable[[str, Registered], bytes]
"""The sealing key of a nation out of its registration, once that was found to be one."""


class Site(Protocol):
    """A ledger that takes events in. Everything raises Unavailable where it cannot be had now."""

    source: Source

    def introduce(self, key_id: str, verify: Verify) -> Introduction:
        """Whose key it is. Raises KeyNotInForce for one that is not registered, and what `verify` raises."""

    def send(self, items: Sequence[bytes]) -> list[Answer]:
        """The answer to each wire item, in order. Raises TooLarge where there are too many at once."""

    def close(self) -> None:
        """Give back what is held."""


class Throttled(errors.Unavailable):
    """The ledger asks to be left alone for a while."""

    def __init__(self, message: str = "", seconds: float = 0.0) -> None:
        super().__init__(message)
        self.seconds = seconds


class OverHttp(Site):
    """A service at a URL, asked with a bearer token, for one thread at a time."""

    def __init__(self, url: str, token: str, roots: Path | None = None) -> None:
        self.url = url.rstrip("/")
        self.source: Source = RemoteSource(url, token, roots)
        self._http = connection(f"{self.url}/v1", token, ANSWER_SECONDS_MAX, roots)

    def introduce(self, key_id: str, verify: Verify) -> Introduction:
        status, document = self._ask("GET", f"introductions/{key_id}")
        if status != HTTPStatus.OK:
            raise _refusal(status, document)
        try:
            registered = {str(nation): _registered(row) for nation, row in document["sealing"].items()}
            authority, nation = str(document["authority"]), str(document["nation"])
        except (KeyError, TypeError, ValueError, AttributeError) as wrong:
            raise errors.Unavailable(f"{self.url} introduces a key in a form that is not understood: {wrong}") from None
        return Introduction(authority, nation, {name: verify(name, found) for name, found in registered.items()})

    def send(self, items: Sequence[bytes]) -> list[Answer]:
        body = b'{"items":[' + b",".join(items) + b"]}"
        status, document = self._ask("POST", "events", body)
        results = document.get("results")
        if not isinstance(results, list) or len(results) != len(items):
            if status in (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.BAD_REQUEST):
                raise errors.TooLarge(str(document.get("detail", "the request is refused")))
            raise _refusal(status, document)
        return [_answer(row) for row in results]

    def close(self) -> None:
        self._http.close()

    def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        found = bytearray()
        try:
            with self._http.stream(method, path, content=body, headers=headers) as response:
                for chunk in response.iter_raw():
                    found += chunk
                    if len(found) > ANSWER_BYTES_MAX:
                        raise errors.Unavailable(f"{self.url} answers more than {ANSWER_BYTES_MAX} bytes")
        except httpx2.HTTPError as wrong:
            raise away(self.url, wrong) from None
        if response.status_code in RETRIED or response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            after = response.headers.get("retry-after", "")
            said = f"{self.url} answered {response.status_code}"
            raise Throttled(said, float(after)) if after.isdecimal() else errors.Unavailable(said)
        try:
            document = msgspec.json.decode(bytes(found))
        except (msgspec.DecodeError, UnicodeDecodeError):
            document = None
        if not isinstance(document, dict):
            raise errors.Unavailable(f"{self.url} answered {response.status_code} with what is not a JSON object")
        return response.status_code, document


def _answer(row: Any) -> Answer:
    if not isinstance(row, dict) or not isinstance(row.get("status"), int):
        raise errors.Unavailable("the answer to an item is not understood")
    receipt, problem = row.get("receipt"), row.get("problem")
    return Answer(row["status"], receipt if isinstance(receipt, dict) else None, problem if isinstance(problem, dict) else {})


def _registered(row: Mapping[str, Any]) -> Registered:
    return Registered(int(row["position"]), base64.b64decode(row["entry"], validate=True), base64.b64decode(row["proof"]))


def _refusal(status: int, document: Mapping[str, Any]) -> errors.EntenteError:
    """A refusal of the whole request as the error it is: who asks is not let in, or is unknown."""
    detail = str(document.get("detail") or document.get("title") or f"the ledger answered {status}")
    remedy = str(document["remedy"]) if "remedy" in document else None
    kinds: dict[int, type[errors.EntenteError]] = {
        HTTPStatus.UNAUTHORIZED: errors.NotKnown,
        HTTPStatus.FORBIDDEN: errors.NotAllowed,
        HTTPStatus.NOT_FOUND: errors.NotFound,
    }
    if document.get("type") == f"urn:entente:{errors.KeyNotInForce.code}":
        return errors.KeyNotInForce(detail, remedy=remedy)
    return kinds.get(status, errors.Unavailable)(detail, remedy=remedy)
