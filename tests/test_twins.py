"""Two ledgers that differ in what London sealed and in nothing else: to whoever may not know it, they answer alike.

What formats.md section 4 leaves visible is the same in both: that there is so much, where, since when, in which padded size.
Identifiers, digests, keys and signatures are random in either, and are compared by their length.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.questions import PARIS, Question
from tests.twins import Twins, twins_in
from tests.unpacked import columns

ASKS_ALL = "FR auditor"
BLIND = (ASKS_ALL, "FR official", "FR dpo", "oversight", "BF", "ET", "reader", PARIS, "administrator", "joint")
"""Who may know nothing of what London sealed. Whom both appointed has its size beside a difference: of that he is not asked."""
RANDOM = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<![0-9a-z])[0-9a-f]{32,64}(?![0-9a-z])|[A-Za-z0-9+/]{43,}={0,2}|cnry[0-9]{6}"
)
# What a process counts of its own requests and of the time they took.
OWN = re.compile(r"^(?:# .*|.*(?:seconds|requests|created|disk).*)$", re.MULTILINE)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def twins(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    """The two, on either store."""
    server = None if request.param == "sqlite" else request.getfixturevalue("postgres_server")
    with twins_in(tmp_path_factory.mktemp("twins"), server) as made:
        yield made


def test_nobody_else_can_tell_two_ledgers_apart_that_differ_in_what_london_sealed(twins: Twins) -> None:
    compared, asked = 0, set()
    for one, other in zip(twins.one.questions, twins.other.questions, strict=True):
        for who in BLIND:
            if (one.to and who not in one.to) or (who != ASKS_ALL and (one.route, who) in asked):
                continue
            if who == "joint" and one.route == "/v1/reconciliations/{pair}":
                continue
            asked.add((one.route, who))
            for reason in (False, True) if one.looks else (False,):
                answers = [shape(twin.ask(who, its, reason=reason)) for twin, its in zip(twins, (one, other), strict=True)]
                assert answers[0] == answers[1], (who, reason, one.path)
                compared += 1
    assert compared > 300


def test_london_tells_them_apart(twins: Twins) -> None:
    """What is not seen is there: its own people are told two stories."""
    for path in ("timeline", "situation", "figures?day=2015-08-26", "interceptions"):
        question = Question("", f"/v1/views/gb/{path}", frozenset())
        answers = [shape(twin.ask("GB auditor", question, reason=True)) for twin in twins]
        assert answers[0][0] == answers[1][0] == 200 and answers[0] != answers[1], path


def shape(answer: Any) -> tuple[int, list[tuple[str, str]], list[str]]:
    """(status, headers, body) without what is random; of what is packed its members, for its length depends on its bytes."""
    is_packed = answer.content[:2] == b"PK" or answer.content[:4] == b"PAR1"
    headers = [
        (name, plain(value)) for name, value in answer.headers.multi_items() if not (is_packed and name == "content-length")
    ]
    if answer.headers["content-type"] == "application/octet-stream" and answer.request.url.path.startswith("/tile/"):
        return answer.status_code, headers, [str(len(answer.content))]
    if answer.headers["content-type"].startswith("text/plain; version"):
        return answer.status_code, [], [OWN.sub("", answer.text)]
    return answer.status_code, headers, list(_parts(answer.content))


def _parts(content: bytes) -> Iterator[str]:
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield plain(name)
                yield from _parts(archive.read(name))
    elif content[:4] == b"PAR1":
        yield plain(columns(content))
    else:
        yield plain(content.decode("latin-1"))


def plain(text: str) -> str:
    """A text with what is random in it replaced, length by length."""
    return RANDOM.sub(lambda found: "x" * len(found[0]), text)
