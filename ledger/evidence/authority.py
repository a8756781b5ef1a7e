"""Asking time-stamping authorities over HTTP (RFC 3161, section 3.4): all at once, each under its own limits.

Only the address that was configured is asked: no redirect is followed, no proxy of the environment is used. What comes back is
bytes from a stranger; timestamping.py says whether they are a token.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import httpx2

from ledger import errors
from ledger.evidence.stamps import CLOCKS_APART_SECONDS_MAX
from ledger.evidence.timestamping import MICROSECONDS, RESPONSE_BYTES_MAX, Roots, Token, make_request, verify_response
from ledger.formats.entry import format_instant

CONNECT_SECONDS_MAX = 5.0
SILENT_SECONDS_MAX = 10.0
ANSWER_SECONDS_MAX = 20.0
"""From asking to the last byte of the answer, name look-up and a trickle of headers included."""

HEADERS = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "Accept-Encoding": "identity",
    "User-Agent": "entente",
}


@dataclass(frozen=True)
class Wanted:
    """A token that is wanted of one authority: over these bytes, under these certificates."""

    url: str
    stamped: bytes
    roots: Roots


@dataclass(frozen=True)
class Stamped:
    """An authority's response, as it came, and what it says, verified."""

    response: bytes
    token: Token


Answer = Stamped | errors.EntenteError


def obtain(wanted: Mapping[str, Wanted], clock: Callable[[], int]) -> dict[str, Answer]:
    """Ask every authority, by its name, for its token; each one's answer, verified, or what is wrong with it.

    `clock` is this machine's, in microseconds: a token that is further from it than CLOCKS_APART_SECONDS_MAX is refused, for
    one of the two clocks is wrong. Returns after ANSWER_SECONDS_MAX at the latest: who is slow does not hold up the others.
    """
    answered: queue.SimpleQueue[tuple[str, Answer]] = queue.SimpleQueue()
    for name, each in wanted.items():
        # Daemons: one that hangs in a name look-up is left behind and keeps no program from ending.
        threading.Thread(target=_obtain_for, args=(answered, name, each, clock), daemon=True).start()
    answers: dict[str, Answer] = {}
    deadline = time.monotonic() + ANSWER_SECONDS_MAX
    while len(answers) < len(wanted):
        try:
            name, answer = answered.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        answers[name] = answer
    late = errors.Unavailable(f"it gave no answer within {ANSWER_SECONDS_MAX:.0f} s")
    return {name: answers.get(name, late) for name in wanted}


def _obtain_for(answered: queue.SimpleQueue[tuple[str, Answer]], name: str, wanted: Wanted, clock: Callable[[], int]) -> None:
    try:
        request = make_request(wanted.stamped)
        response = ask(wanted.url, request.as_bytes())
        token = verify_response(response, wanted.stamped, wanted.roots, request.nonce)
        if abs(token.at - clock()) > CLOCKS_APART_SECONDS_MAX * MICROSECONDS:
            raise errors.BadTimestamp(
                f"the token is of {format_instant(token.at)}, more than {CLOCKS_APART_SECONDS_MAX} s from this machine's clock"
            )
        answered.put((name, Stamped(response, token)))
    except errors.EntenteError as wrong:
        answered.put((name, wrong))


def ask(url: str, body: bytes) -> bytes:
    """One authority's whole answer to a request; what it says is not looked at.

    Raises Unavailable, or BadQuestion for what is no address.
    """
    require_address(url)
    timeout = httpx2.Timeout(SILENT_SECONDS_MAX, connect=CONNECT_SECONDS_MAX)
    try:
        with (
            httpx2.Client(timeout=timeout, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", url, content=body, headers=HEADERS) as response,
        ):
            if response.status_code != HTTPStatus.OK:
                raise errors.Unavailable(f"it answered with status {response.status_code}")
            return _read(response, time.monotonic() + ANSWER_SECONDS_MAX)
    except httpx2.InvalidURL as wrong:
        raise errors.BadQuestion(f"{url} is no address: {wrong}", field="timestamp_urls") from None
    except (httpx2.HTTPError, httpx2.StreamError) as wrong:
        raise errors.Unavailable(f"it could not be asked: {type(wrong).__name__} {wrong}".rstrip()) from None


def _read(response: httpx2.Response, deadline: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > RESPONSE_BYTES_MAX:
            raise errors.Unavailable(f"it sent more than {RESPONSE_BYTES_MAX} bytes")
        if time.monotonic() > deadline:
            raise errors.Unavailable(f"it was still sending after {ANSWER_SECONDS_MAX:.0f} s")
    return bytes(body)


def require_address(url: str) -> None:
    """Raise BadQuestion for what is no HTTP address, or holds a password."""
    if not url.startswith(("http://", "https://")) or "@" in url:
        raise errors.BadQuestion(
            f"{url.rpartition('@')[2]} is no address", field="timestamp_urls", remedy="write http://HOST/…"
        )
