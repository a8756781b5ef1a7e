"""Two ledgers that differ in what London sealed and in nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
from tests.postgres import Postgres
from tests.served import serving
from tests.story import ORIGIN

SIZE_BYTES = 1_792
FILLED = ("officer", "role", "grading", "correlation_id", "causation_id")


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


@contextmanager
def twins_in(folder: Path, server: Postgres | None = None) -> Iterator[Twins]:
    """A night told once, copied, and gone on with in two ways; on SQLite unless a server is given."""
    with ExitStack() as stack:
        shorten_streams(stack.enter_context(pytest.MonkeyPatch.context()))
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
