"""Who sees what: role by path by event, everything asked by everybody of a night on which every word is marked.

The questions are those of every route that OpenAPI names, the statements those of every type that the catalogue has: a route
without a question fails here, and a new type is said and looked for by itself.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api import identity, looking, records
from api.authoring import compose
from api.openapi import PATH
from ledger import events
from ledger.events import NEWEST
from ledger.formats import envelope
from ledger.formats.companions import parse_line
from ledger.formats.entry import format_instant, split_entry
from tests.canaries import NATIONS, TYPES
from tests.matrix import Matrix, leaks
from tests.questions import NEVER_ID, PARIS, Question
from tests.story import ORIGIN
from tests.unpacked import unpacked

# -- the matrix ----------------------------------------------------------------------------------------------------------------


def test_no_route_is_without_a_question(matrix: Matrix) -> None:
    document = matrix.service.get(PATH, "BF").json()
    routes = {(path, method) for path, operations in document["paths"].items() for method in operations}
    assert routes == {(question.route, question.method) for question in matrix.questions}


def test_everybody_is_answered_what_is_for_them_and_refused_the_rest(matrix: Matrix) -> None:
    wrong = [
        (answer.question.path, answer.question.body, answer.who, answer.reason, answer.status)
        for answer in matrix.answers
        if (answer.status == 200) != (answer.who in answer.question.to) or answer.status >= 500
    ]
    assert not wrong, wrong[:20]


def test_nobody_is_told_what_is_not_theirs(matrix: Matrix) -> None:
    """No canary in any answer to somebody whose it is not: not in a row, an error, a header, a file, a bundle or a stream."""
    found = leaks(matrix, matrix.answers)
    assert not found, found[:20]


def test_everybody_is_told_what_is_theirs(matrix: Matrix) -> None:
    """Of each route, in all its answers together, whoever may ask has what it is there to show."""
    of = matrix.night.canaries.of
    shown: dict[tuple[str, str, bool], set[str]] = {}
    owed: dict[tuple[str, str, bool], set[str]] = {}
    for answer in matrix.answers:
        if answer.who in answer.question.to:
            key = answer.question.route, answer.who, answer.reason
            shown.setdefault(key, set()).update(of[mark] for mark in answer.found)
            due = answer.question.shows if answer.reason or not answer.question.looks else answer.question.shows_covered
            owed.setdefault(key, set()).update(due)
    missing = [(key, sorted(due - shown[key])) for key, due in owed.items() if due - shown[key]]
    assert not missing, missing[:20]
    assert sum(map(len, owed.values())) > 300


def test_each_kind_of_sealed_fact_is_shown_to_its_own_nation(matrix: Matrix) -> None:
    """The canaries that are looked for are those that there is something to leak of: nearly all that makes facts is seen."""
    for nation in NATIONS:
        told = {mark for a in matrix.answers if a.who == f"{nation} auditor" and a.reason for mark in a.found}
        # What both nations sign is never sealed to one: it is left out of either's view.
        makes = [name for name in TYPES if NEWEST[name].makes_facts and NEWEST[name].signers != "both_nations"]
        unseen = [name for name in makes if matrix.night.streams[nation][name] not in told]
        assert not unseen, unseen


def test_the_services_log_has_nothing_of_the_night(matrix: Matrix) -> None:
    assert matrix.answers
    lines = matrix.log.read_text()
    assert lines.count("\n") >= len(matrix.answers)
    assert not matrix.night.canaries.found_in(lines)
    assert not [who for who, token in matrix.tokens.items() if token in lines]


# -- what is not told by silence -----------------------------------------------------------------------------------------------


def test_what_is_sealed_is_to_the_other_nation_as_if_it_were_not_there(matrix: Matrix) -> None:
    """Asked for by its id or its stream, in a path, a filter, a bundle or a statement: the answer is that of what never was."""
    for own, other in (("GB", "FR"), ("FR", "GB")):
        for who in (f"{other} auditor", f"{other} official", "BF", "ET", "oversight" if own == "GB" else "inquiry", "joint"):
            for question in naming(own, other, matrix):
                hidden, missing = (masked(matrix, who, question, own, is_sealed=each) for each in (True, False))
                assert hidden == missing, (who, question)


def naming(own: str, other: str, matrix: Matrix) -> Iterator[str | dict[str, Any]]:
    """Paths and bodies that name {id} or {stream}."""
    yield from ("/v1/events/{id}", "/v1/receipts/{id}", "/v1/streams/{stream}")
    view = f"/v1/views/{other.lower()}"
    yield from (f"{view}/timeline?stream={{stream}}", f"{view}/timeline.jsonl?stream={{stream}}", f"{view}/access?event={{id}}")
    yield {"stream": "{stream}"}
    yield {"report": "{id}"}
    yield {"stream": matrix.night.streams["joint"]["interception.recorded"], "basis": "{id}"}
    for name, data in (
        ("incident.linked", {"relation": "duplicate_of", "to": "{stream}", "confidence": "high", "basis": "fact"}),
        ("case.opened", {"kind": "facilitation", "links": ["{stream}"]}),
        ("annotation.added", {"target": "{id}"}),
        ("correction.recorded", {"target": "{id}", "kind": "retract", "reason_code": "transcription"}),
        ("incident.link_withdrawn", {"withdraws": "{id}"}),
        ("release.requested", {"targets": ["{id}"], "by": "GB", "sections": ["text"], "purpose": "x"}),
    ):
        yield {"type": name, "stream": "{stream}", "data": data}


def masked(matrix: Matrix, who: str, asked: str | dict[str, Any], own: str, *, is_sealed: bool) -> tuple[int, str, str]:
    """(status, headers, body) of a question that names what is sealed to `own` or what never was, without its name."""
    night = matrix.night
    found = night.ids[own]["interception.recorded"], night.streams[own]["interception.recorded"]
    names = dict(zip(("{id}", "{stream}"), found if is_sealed else (NEVER_ID, "cnry999998"), strict=True))
    text = asked if isinstance(asked, str) else json.dumps(asked)
    for name, value in names.items():
        text = text.replace(name, value)
    question = Question("", text, frozenset())
    if isinstance(asked, dict) and "type" in asked:
        said = json.loads(text) | {"occurred_at": format_instant(night.story.clock.now), "id": NEVER_ID[:-1] + "8"}
        submitted = compose(said, night.story.author("BF"), ORIGIN, night.story.player.sealers, night.story.clock.now)
        body = json.dumps(envelope.format_item(submitted)).encode()
        question = Question("", "/v1/events?check=1", frozenset(), "post", {"Content-Type": "application/json"}, body)
    elif isinstance(asked, dict):
        question = Question("", "/v1/bundles", frozenset(), "post", body=text.encode())
    answer = matrix.ask(who, question)
    shown = [f"{answer.headers}", "\n".join(unpacked(answer.content))]
    for name, value in names.items():
        shown = [each.replace(value, name) for each in shown]
    # A digest is over the name that was asked for, or over a salt and a signature that differ each time.
    return answer.status_code, *(re.sub(r"[0-9a-f]{64}", "digest", each) for each in shown)


def test_a_nations_mirror_is_given_no_section_that_is_for_the_other_alone(matrix: Matrix) -> None:
    size = matrix.service.home.ledger.head()
    for who, own, other in (("mirror", "GB", "FR"), (PARIS, "FR", "GB")):
        kinds: set[str] = set()
        for tile in (*(f"{index:03d}" for index in range(size // 256)), f"{size // 256:03d}.p/{size % 256}"):
            lines = matrix.ask(who, Question("", f"/companions/{tile}", frozenset())).content.splitlines()
            for found in map(parse_line, lines):
                header = events.decode_header(split_entry(matrix.service.home.ledger.entry(found.position))[3])
                assert not found.sections or own in header.releasable_to, "what is sealed to the other stays where it is"
                kinds |= {name.partition(":")[0] for name in found.sections}
        assert kinds == {"text", "personal", "inner", own.lower()} and other.lower() not in kinds


# -- the matrix itself ---------------------------------------------------------------------------------------------------------


def uncovered(patch: pytest.MonkeyPatch, matrix: Matrix) -> None:
    """Sealed rows are shown to who gives no reason."""
    patch.setattr(looking, "covered", dict)


def opened(patch: pytest.MonkeyPatch, matrix: Matrix) -> None:
    """A view is shown to both nations."""

    def sight(view: str) -> identity.Sight:
        return identity.Sight(view.upper())

    patch.setitem(matrix.service.walls.app.dependency_overrides, identity.sight_of, sight)


def unfiltered(patch: pytest.MonkeyPatch, matrix: Matrix) -> None:
    """A service reads what other authorities stated."""
    patch.setattr(records, "seen_by", lambda *given: lambda header: True)


@pytest.mark.parametrize(
    ("plant", "route", "who", "leaked"),
    [
        (uncovered, "/v1/views/{view}/timeline", "GB auditor", "sealed GB"),
        (opened, "/v1/views/{view}/incidents.{suffix}", "FR auditor", "sealed GB"),
        (unfiltered, "/v1/events/{event_id}", "ET", "shared BF"),
    ],
)
def test_a_leak_is_found(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, plant: Callable[..., None], route: str, who: str, leaked: str
) -> None:
    """Each of these was a wall; without it the matrix says who was told what."""
    plant(monkeypatch, matrix)
    asked = [question for question in matrix.questions if question.route == route]
    found = leaks(matrix, [matrix.answer(who, question) for question in asked])
    found += leaks(matrix, [matrix.answer(who, question, reason=True) for question in asked if question.looks])
    assert any(leaked in told for *_, told in found)


def test_a_payload_in_the_log_is_found(matrix: Matrix) -> None:
    logging.getLogger("api.looking").warning("looked at %s", matrix.night.streams["GB"])
    assert {matrix.night.canaries.of[mark] for mark in matrix.night.canaries.found_in(matrix.log.read_text())} == {"sealed GB"}
