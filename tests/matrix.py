"""A night on which every word is marked, served: everything asked by everybody, and each answer read for what it gives away."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest

from api import changes, traces
from api.exercise import Clock
from api.home import SITES, Home
from api.settings import Settings
from api.tokens import issue
from tests.canaries import NATIONS, Marked
from tests.questions import AUTHORS, BOTH, MANDATED, MIRRORS, MORE, READERS, STRANGER, VIEWERS, WHO, Question, questions
from tests.served import Service, appoint, both_say, item, serving
from tests.story import ORIGIN, Story
from tests.unpacked import unpacked

SHARED = tuple(f"shared {author}" for author in ("BF", "GB", "GB-SRO", "FR-SRO"))

# Whoever may read a view reads it alike.
ALIKE = frozenset(who for who in READERS if not who.endswith(" auditor"))


class Answer(NamedTuple):
    """What came of a question: the canaries found in all of it, but for those that were in the question."""

    question: Question
    who: str
    reason: bool
    status: int
    found: frozenset[str]


class Matrix:
    """A night, its service, and how questions are put to it."""

    def __init__(self, service: Service, night: Marked, log: Path, alike: frozenset[str]) -> None:
        """`alike` are people of whom one asks all, and each of the others the first question of each route."""
        self.service, self.night, self.log, self.alike = service, night, log, alike
        self.tokens = service.tokens | {who: issue(service.home.path, holder) for who, holder in MORE.items()}
        self.tokens[STRANGER] = "cnry999999-of-nobody"
        self.motifs = {who: night.canaries.word(f"motif {who[:2]}" if who[:2] in NATIONS else "motif") for who in WHO}
        self.emergencies = {nation: self._emergency(nation) for nation in NATIONS}
        for nation in NATIONS:
            timeline = Question("", f"/v1/views/{nation.lower()}/timeline", frozenset())
            self.ask(f"{nation} official", timeline, reason=True)

    def _emergency(self, nation: str) -> str:
        """The id of a look for which there was no time to give a reason."""
        path = f"/v1/views/{nation.lower()}/timeline"
        self.service.get(path, f"{nation} duty_officer", **{"Entente-Emergency": "true"})
        (row,) = self.service.get(f"/v1/views/{nation.lower()}/access?unreviewed=true", f"{nation} dpo").json()["rows"]
        return str(row["event_id"])

    @cached_property
    def questions(self) -> list[Question]:
        """All there are."""
        home = self.service.home
        codes = {nation: [each.code for each in home.view(nation).at(None).ruleset().indicators] for nation in NATIONS}
        asked = questions(self.night, codes, self.emergencies, home.ledger.head())
        self.night.story.clock.now += 1_000_000
        sound = json.dumps(item(self.night.story)).encode()
        said = {"Content-Type": "application/json"}
        return [*asked, Question("/v1/events", "/v1/events?check=1", frozenset(AUTHORS), "post", said, sound)]

    @cached_property
    def answers(self) -> list[Answer]:
        """Everything asked by everybody, about views with a reason and without; the first of each route as HEAD too."""
        found: list[Answer] = []
        asked: set[Any] = set()
        for question in self.questions:
            for who in WHO:
                # Whoever is refused for what he is, is refused before the rest of the question is read.
                key = question.route, question.to, who
                is_answered = who in question.to
                if question.to and key in asked and (not is_answered or who in self.alike):
                    continue
                found.append(self.answer(who, question, reason=question.looks))
                if question.looks and is_answered:
                    found.append(self.answer(who, question))
                if question.method == "get" and is_answered and key not in asked:
                    found.append(self.answer(who, question, reason=question.looks, method="head"))
                asked.add(key)
        return found

    def ask(self, who: str, question: Question, *, reason: bool = False, method: str = "") -> Any:
        """The response itself."""
        known = {"Authorization": f"Bearer {self.tokens[who]}"} if who in self.tokens else {}
        why = {"Entente-Purpose": self.motifs[who], "Entente-Motif": f"because of {self.motifs[who]}"} if reason else {}
        headers = {**known, **why, "X-Request-Id": "0" * 32, **question.headers}
        return self.service.client.request(method or question.method, question.path, headers=headers, content=question.body)

    def answer(self, who: str, question: Question, *, reason: bool = False, method: str = "") -> Answer:
        """The same, read for canaries: headers and body, whatever that is packed in."""
        response = self.ask(who, question, reason=reason, method=method)
        told = [f"{name}: {value}" for name, value in response.headers.multi_items()]
        found = self.night.canaries.found_in("\n".join([*told, *unpacked(response.content)]))
        asked = f"{unquote(question.path)} {(question.body or b'').decode('utf-8', 'replace')}"
        return Answer(question, who, reason, response.status_code, frozenset(found - self.night.canaries.found_in(asked)))


def may_know(answer: Answer) -> set[str]:
    """Whose knowledge an answer may have (interfaces.md, section 5): of what is sealed its own nation alone, for a reason.

    What is said in texts and of persons nobody has over HTTP. How much a covered row counts stays visible to its own nation.
    """
    who = answer.who
    if who in ("BF", "ET"):
        return {f"shared {who}"}
    if who in MIRRORS:
        return set(SHARED)
    if who == "joint":  # of what either withholds its size, which may be that of one statement
        return {*SHARED, "number GB", "number FR"}
    if who.endswith(" dpo"):
        # How far authors have numbered what is for both nations is no content.
        return {f"motif {who[:2]}", f"id {who[:2]}"} | (set(SHARED) if answer.question.route == "/v1/completeness" else set())
    nations = [nation for nation in NATIONS if who in (*VIEWERS[nation], *MANDATED[nation])]
    known = {f"number {nation}" for nation in nations} | (set(SHARED) if nations else set())
    if answer.reason:
        known |= {f"{what} {nation}" for nation in nations for what in ("sealed", "id")}
    return known | ({f"motif {who[:2]}", f"id {who[:2]}"} if who.endswith(" auditor") else set())


def leaks(matrix: Matrix, answers: Sequence[Answer]) -> list[tuple[str, str, bool, int, list[str]]]:
    """What was asked, by whom, with a reason or not, the status, and whose knowledge was in the answer that should not be."""
    of = matrix.night.canaries.of
    return [
        (answer.question.path, answer.who, answer.reason, answer.status, told)
        for answer in answers
        if (told := sorted({of[mark] for mark in answer.found} - may_know(answer)))
    ]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def matrix(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """The night, told once on either store, with mandates and an appointment on record."""
    folder = tmp_path_factory.mktemp("canaries")
    with ExitStack() as stack:
        shorten_streams(stack.enter_context(pytest.MonkeyPatch.context()))
        is_sqlite = request.param == "sqlite"
        url = "" if is_sqlite else stack.enter_context(request.getfixturevalue("postgres_server").database())
        night = told_at(folder / "home", url)
        home = stack.enter_context(night.story.home)
        for nation in NATIONS:
            home.projector(nation).follow()
        for site in SITES:
            home.cosign(site)
        stack.enter_context(written_to(folder / "service.log"))
        service = stack.enter_context(serving(home))
        service.limit(caller_requests_burst=10**9, address_requests_burst=10**9)
        # Between the stores it differs how rows are read, and not in how many ways they are then written down.
        yield Matrix(service, night, folder / "service.log", ALIKE if is_sqlite else frozenset(WHO))


def told_at(path: Path, url: str) -> Marked:
    """The night in a new home, with mandates and an appointment on record."""
    clock = Clock()
    night = Marked(Story(Home.create(path, Settings(ORIGIN, True, url, url, url), clock), clock))
    night.tell()
    give_mandates(night.story.home, night.story)
    return night


def shorten_streams(patch: pytest.MonkeyPatch) -> None:
    """Streams of changes end at once, so that they can be asked for like anything else."""
    patch.setattr(changes, "STREAM_SECONDS_MAX", 0.01)
    patch.setattr(changes, "EVERY_SECONDS", 0.01)


@contextmanager
def written_to(path: Path) -> Iterator[None]:
    """The service's log is written to a file, until the block ends."""
    root = logging.getLogger()
    was = root.handlers[:], root.level, threading.excepthook, sys.excepthook
    traces.start(path)
    yield
    root.handlers[:], root.level, threading.excepthook, sys.excepthook = was


def give_mandates(home: Home, story: Story) -> None:
    """Either nation gives one over its own view, both one over both, and both appoint somebody."""
    appoint(home)
    given = {"scope": {"everything": True}, "expires_at": "2016-08-26T00:00:00.000000Z"}
    for nation, kind, holder in (("GB", "inquiry", "inquiry-1"), ("FR", "oversight", "oversight-1")):
        data = {"mandate": f"M-{nation}", "kind": kind, "holder": holder, "nation": nation, "views": [nation], **given}
        story.record(story.compose("mandate.granted", "MANDATES", data, story.authority(nation)))
    both = {"mandate": "M-BOTH", "kind": "inquiry", "holder": MORE[BOTH].name, "nation": "JOINT", "views": list(NATIONS)}
    both_say(home, "mandate.granted", both | given, "MANDATES")
