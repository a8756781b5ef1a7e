"""Two ledgers that differ in what London sealed and in nothing else: to whoever may not know it, they answer alike.

What formats.md section 4 leaves visible is the same in both: that there is so much, where, since when, in which padded size.
Identifiers, digests, keys and signatures are random in either, and are compared by their length.
"""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from api.authoring import compose
from api.exercise import Clock
from api.home import SITES, Home
from api.settings import Settings, load, save
from ledger.events.examples import DATA
from ledger.formats.entry import format_instant
from ledger.formats.envelope import Submitted
from tests.canaries import NATIONS, PLACE, Marked
from tests.matrix import Matrix, shorten_streams, told_at
from tests.questions import PARIS, Question
from tests.served import serving
from tests.story import ORIGIN
from tests.unpacked import columns

ASKS_ALL = "FR auditor"
BLIND = (ASKS_ALL, "FR official", "FR dpo", "oversight", "BF", "ET", "reader", PARIS, "administrator", "joint")
"""Who may know nothing of what London sealed. Whom both appointed has its size beside a difference: of that he is not asked."""
SIZE_BYTES = 1_792
FILLED = ("officer", "role", "grading", "correlation_id", "causation_id")
RANDOM = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<![0-9a-z])[0-9a-f]{32,64}(?![0-9a-z])|[A-Za-z0-9+/]{43,}={0,2}|cnry[0-9]{6}"
)
# What a process counts of its own requests and of the time they took.
OWN = re.compile(r"^(?:# .*|.*(?:seconds|requests|created|disk).*)$", re.MULTILINE)


class Said(NamedTuple):
    """A statement that London seals."""

    type: str
    stream: str
    data: dict[str, Any]


def first(night: Marked) -> list[Said]:
    """Detections, a boat, a correction of what both know, and a case."""
    joint = night.streams["joint"]["interception.recorded"], night.ids["joint"]["interception.recorded"]
    retracted = {"target": joint[1], "kind": "retract", "reason_code": "transcription"}
    return [
        Said("interception.recorded", "IC-A", {**DATA["interception.recorded"], "place": PLACE, "persons": 7}),
        Said("interception.recorded", "IC-A", {**DATA["interception.recorded"], "place": PLACE, "persons": 700}),
        Said("incident.opened", "INC-A", {"kind": "small_boat_distress", "place": PLACE}),
        Said("correction.recorded", joint[0], retracted),
        Said("case.suspect_arrested", "CASE-A", DATA["case.suspect_arrested"]),
    ]


def second(night: Marked) -> list[Said]:
    """As many statements of other types, on streams that both know of, some of which nobody would have admitted."""
    of = night.streams["joint"]
    return [
        Said("incident.attempt_recorded", of["incident.opened"], {"outcomes": {"repelled": 999}}),
        Said("incident.closed", of["incident.opened"], {"outcome": "accounted"}),
        Said("interception.handed_over", of["interception.recorded"], {"from": "BF", "to": "PAF", "accepted": 3}),
        Said("key.revoked", "KEYS", {"key": night.story.author("PAF").key.key_id}),
        Said("incident.casualty_recorded", of["incident.opened"], {**DATA["incident.casualty_recorded"], "count": 9}),
    ]


def sealed(night: Marked, said: Said, now: int) -> Submitted:
    """It, sealed in just so many bytes: what fills it up stands in fields of the header inside."""
    story = night.story
    for filled in range(0, 128 * len(FILLED) + 1, 64):
        header = {name: "x" * min(128, filled - at * 128) for at, name in enumerate(FILLED) if filled > at * 128}
        unsigned = {
            **header, "type": said.type, "stream": said.stream, "occurred_at": format_instant(now), "data": said.data,
            "releasable_to": ["GB"],
        }  # fmt: skip
        submitted = compose(unsigned, story.author("BF"), ORIGIN, story.player.sealers, now)
        if len(submitted.sections["inner"].ciphertext) >= SIZE_BYTES:
            break
    assert len(submitted.sections["inner"].ciphertext) == SIZE_BYTES + 16, "all of one padded size"
    return submitted


class Twins(NamedTuple):
    """The two, each with the questions as they are put to it."""

    one: Matrix
    other: Matrix


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def twins(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    """A night told once, copied, and gone on with in two ways."""
    folder = tmp_path_factory.mktemp("twins")
    with ExitStack() as stack:
        shorten_streams(stack.enter_context(pytest.MonkeyPatch.context()))
        server = None if request.param == "sqlite" else request.getfixturevalue("postgres_server")
        url = "" if server is None else stack.enter_context(server.database())
        night = told_at(folder / "home", url)
        night.story.home.close()
        made = []
        for name, told in (("one", first), ("other", second)):
            shutil.copytree(folder / "home", folder / name)
            if server is not None:
                copy = stack.enter_context(server.database(url.rpartition("/")[2].partition("?")[0]))
                save(folder / name, Settings(ORIGIN, True, copy, copy, copy))
            assert load(folder / name, {}).origin == ORIGIN
            made.append(_gone_on(stack, folder / name, night, told(night), night.story.clock.now))
        yield Twins(*made)


def _gone_on(stack: ExitStack, path: Path, night: Marked, told: list[Said], now: int) -> Matrix:
    """A copy, in which London seals what is told, and then goes on as the other does."""
    clock = Clock()
    home = stack.enter_context(Home.open(path, clock))
    for said in told:
        clock.now = now = now + 1_000_000
        home.ledger.append(sealed(night, said, now))
    for nation in NATIONS:
        home.projector(nation).follow()
    for site in SITES:
        home.cosign(site)
    service = stack.enter_context(serving(home))
    service.limit(caller_requests_burst=10**9, address_requests_burst=10**9)
    return Matrix(service, night, path / "service.log", frozenset())


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
