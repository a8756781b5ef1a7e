"""What a nation sealed and states jointly later is one statement: it never counts twice, and what was said in between stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import cast

import msgspec
import pytest

from ledger import errors
from ledger.admission import Admitted
from ledger.evidence.sealed import decode_inner
from ledger.formats import envelope, sealing, strict
from projections.fact import NEVER, Fact
from projections.replay import replay
from tests import oracle
from tests.memory import MemoryHome, play_in_memory
from tests.story import DAY, DETECTION, Story, correction, id_of, told_in
from tests.test_nights_agree import digests

FLOOR = 3
"""Sealed statements of a random night that admission must have taken jointly, for it to show anything."""


@pytest.fixture
def story(tmp_path: Path, store_url: str) -> Iterator[Story]:
    with told_in(tmp_path, store_url) as told:
        yield told


def own(story: Story, nation: str = "GB") -> list[Fact]:
    """The live facts of a nation's own reading."""
    store = story.moment(nation).store
    return [f for f in store.all_facts(store.live()) if f.ended == NEVER and f.reading != "shared"]


def counts(story: Story) -> tuple[int, int]:
    """(G1 as London reads it, people found as both may see)."""
    assert story.joint("GB") == story.joint("FR")
    return story.g1(), story.joint("GB")


def test_what_was_sealed_and_is_stated_jointly_counts_once(story: Story) -> None:
    sealed = story.inner("interception.recorded", "S", DETECTION)
    story.seal(sealed)
    known = story.clock.now
    assert counts(story) == (5, 0)
    event = story.record(story.jointly(sealed))
    assert counts(story) == (5, 5)
    assert (story.g1(as_of=known), story.g1()) == (5, 5)
    (fact,) = [f for f in own(story) if f.kind == "detection"]
    assert (fact.event, fact.origin, fact.reading) == (event, story.position(event), "both")
    story.seal(sealed)
    assert counts(story) == (5, 5)
    assert story.parked() == ["sealed: already on record"]


def test_the_joint_form_stands_where_it_says_something_else(story: Story) -> None:
    sealed = story.inner("interception.recorded", "S", {**DETECTION, "minors": 2})
    story.seal(sealed)
    known = story.clock.now
    story.record(story.jointly(sealed, persons=4, minors=1))
    assert counts(story) == (4, 4)
    assert (story.g1(as_of=known), story.moment().figures(DAY)["people"]["minors_found"]) == (5, 1)


def test_a_sealed_correction_made_in_between_still_corrects_it_for_its_nation(story: Story) -> None:
    sealed = story.inner("interception.recorded", "S", DETECTION)
    target = story.seal(sealed)
    amended = story.inner("correction.recorded", "S", correction(target, "amend", {"persons": 7}))
    story.seal(amended)
    assert counts(story) == (7, 0)
    story.record(story.jointly(sealed))
    assert counts(story) == (7, 5)
    story.record(story.jointly(amended))
    assert counts(story) == (7, 7)
    assert [f.origin for f in own(story) if f.kind == "correction"] == [story.position(id_of(amended))]
    story.record(story.correct(target, "S", "amend", {"persons": 8}))
    assert counts(story) == (8, 8)


def test_a_sealed_retraction_made_in_between_still_retracts_it_for_its_nation(story: Story) -> None:
    sealed = story.inner("interception.recorded", "S", DETECTION)
    target = story.seal(sealed)
    retracted = story.inner("correction.recorded", "S", correction(target, "retract"))
    story.seal(retracted)
    story.record(story.jointly(sealed))
    assert counts(story) == (0, 5)
    again = story.inner("correction.recorded", "S", correction(id_of(retracted), "retract"))
    story.seal(again)
    assert counts(story) == (5, 5)


def test_a_correction_sealed_first_and_stated_jointly_later_corrects_once_in_its_joint_place(story: Story) -> None:
    target = story.add("interception.recorded", "S", DETECTION)
    sealed = story.inner("correction.recorded", "S", correction(target, "amend", {"persons": 7, "minors": 3}))
    story.seal(sealed)
    story.record(story.correct(target, "S", "amend", {"persons": 8}))
    assert counts(story) == (8, 8)
    story.record(story.jointly(sealed, patch={"persons": 9}))
    assert counts(story) == (9, 9)
    assert not [f for f in own(story) if f.kind == "minors_found"], "only the joint form of the correction stands"


def test_a_false_alarm_in_between_ends_what_was_sealed_before_it_and_not_what_is_said_after_it(story: Story) -> None:
    story.add("incident.opened", "I", {"kind": "lorry_boarding", "place": "CZ"})
    sealed = story.inner("incident.attempt_recorded", "I", {"outcomes": {"repelled": 3}})
    story.seal(sealed)
    story.add("incident.declared_unfounded", "I", {})
    assert not [f for f in own(story) if f.kind == "attempt"]
    story.record(story.jointly(sealed))
    assert [(f.quantity, f.reading) for f in own(story) if f.kind == "attempt"] == [(3, "both")]
    story.add("incident.confirmed", "I", {})
    assert [(f.quantity, f.reading) for f in own(story) if f.kind == "attempt"] == [(3, "both")]


def test_stated_jointly_on_another_stream_it_leaves_the_one_it_was_sealed_on(story: Story) -> None:
    beside = story.add("interception.recorded", "OLD", {**DETECTION, "persons": 1})
    sealed = story.inner("interception.recorded", "OLD", DETECTION)
    target = story.seal(sealed)
    known = story.clock.now
    story.record(story.jointly(sealed, "NEW", persons=4))
    assert counts(story) == (5, 5)
    # What corrects the old stream afterwards brings nothing back, and a sealed correction there comes to nothing.
    story.record(story.correct(beside, "OLD", "amend", {"persons": 2}))
    story.seal(story.inner("correction.recorded", "OLD", correction(target, "amend", {"persons": 50})))
    assert counts(story) == (6, 6)
    assert [row["code"] for row in story.moment().situation()["breaches"]] == ["left_out"]
    story.record(story.correct(target, "NEW", "amend", {"persons": 10}))
    assert counts(story) == (12, 12)
    assert story.g1(as_of=known) == 6


def test_a_false_alarm_sealed_on_the_wrong_stream_lets_go_of_it_when_stated_on_the_right_one(story: Story) -> None:
    for stream in ("WRONG", "RIGHT"):
        story.add("incident.opened", stream, {"kind": "lorry_boarding", "place": "CZ"})
        story.add("incident.attempt_recorded", stream, {"outcomes": {"repelled": 3}})
    sealed = story.inner("incident.declared_unfounded", "WRONG", {})
    story.seal(sealed)
    assert [f.stream for f in own(story) if f.kind == "attempt"] == ["RIGHT"]
    story.record(story.jointly(sealed, "RIGHT"))
    assert [f.stream for f in own(story) if f.kind == "attempt"] == ["WRONG"]


def test_telling_it_jointly_is_no_lowered_count(story: Story) -> None:
    sealed = story.inner("interception.recorded", "S", DETECTION)
    story.seal(sealed)
    story.record(story.jointly(sealed))
    other = story.inner("interception.recorded", "T", DETECTION)
    story.seal(other)
    story.record(story.jointly(other, persons=3))
    store = story.moment().store
    rows = replay(store.changed(store.live(), 0, NEVER - 1), 0, NEVER - 1)
    told = [(row["type"], [c["lowered"] for c in row["changes"]]) for row in rows if row["kind"] == "detection"]
    assert told == [("statement", []), ("statement", []), ("statement", []), ("correction", [True])]


@pytest.mark.parametrize("seed", [2, 5, 9])
def test_of_a_random_night_stated_jointly_in_the_end_nothing_counts_twice(seed: int, tmp_path: Path) -> None:
    home = play_in_memory(tmp_path, oracle.random_night(seed, 80))
    rng, ledger = Random(seed), home.ledger
    outers = [a for a in ledger.admitted if a.checked.header.type == "sealed.recorded"]
    rng.shuffle(outers)
    placed: dict[str, int] = {}
    for outer in outers:
        home.clock.now += 1_000_000
        fields = json.loads(inside(home, outer)) | {"releasable_to": ["FR", "GB"]}
        payload = strict.format(fields)
        signature = envelope.sign(payload, home.key(f"service-{fields['authority']}"))
        try:
            admitted = ledger.append(envelope.Submitted(payload, envelope.EVENT_TYPE, (signature,), {}))
        except errors.Refused:  # what was sealed out of order is not admitted jointly
            continue
        placed[fields["id"]] = admitted.position
        if rng.random() < 0.3:
            home.projector(rng.choice(("GB", "FR"))).follow()
    assert len(placed) >= FLOOR
    for nation in ("GB", "FR"):
        home.projector(nation).follow()
        store = home.stores[nation]
        live = [f for f in store.all_facts(store.live()) if f.ended == NEVER and f.reading != "shared"]
        origins: dict[str, set[int]] = {}
        for fact in live:
            origins.setdefault(fact.event, set()).add(fact.origin)
        assert [event for event, made in origins.items() if len(made) > 1] == []
        assert {event: made for event, made in origins.items() if event in placed and made != {placed[event]}} == {}
    digests(home)
    home.close()


def inside(home: MemoryHome, outer: Admitted) -> bytes:
    """The payload that a sealed event holds."""
    header, nation = outer.checked.header, outer.checked.event.data.nation
    commitment = cast(sealing.Commitment, msgspec.to_builtins(header.sections[0]))
    key = sealing.SealingKey.load(home.key_path(f"sealing-{nation}"))
    section = outer.checked.submitted.sections["inner"]
    opened = sealing.open_section(commitment, section, header.origin, header.id, nation, key)
    return decode_inner(opened)[1].payload
