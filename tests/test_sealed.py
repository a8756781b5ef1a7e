"""What is sealed to one nation is held to the checks of what is joint, counted once, and never in the way of what is joint."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.authoring import Author, Sealers, countersign, seal_to
from api.exercise import Clock
from ledger import errors
from ledger.formats import envelope
from ledger.formats.keys import SigningKey
from projections.fact import Fact
from projections.facts import Fold
from tests import oracle
from tests.memory import MemoryHome, play_in_memory
from tests.story import DETECTION, MARKING, ORIGIN, Story
from tests.test_nights_agree import digests


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    clock = Clock()
    told = Story(MemoryHome(tmp_path, clock, ORIGIN), clock)
    yield told
    told.check()
    told.home.close()


def foreign(story: Story) -> envelope.Submitted:
    return story.inner("interception.recorded", "S", DETECTION, Author("BF", "GB", story.author("PAF").key))


def of_the_other_nation(story: Story) -> envelope.Submitted:
    return story.inner("interception.recorded", "S", DETECTION, "PAF")


def revoked(story: Story) -> envelope.Submitted:
    author = Author("GB", "GB", story.home.key("authority-GB"))
    story.home.ledger.append(story.compose("key.revoked", "KEYS", {"key": story.author("BF").key.key_id}, author))
    return story.inner("interception.recorded", "S", DETECTION)


def cosigned_by_nobody(story: Story) -> envelope.Submitted:
    return countersign(story.inner("interception.recorded", "S", DETECTION), [SigningKey.generate()])


def badly_signed(story: Story) -> envelope.Submitted:
    one, other = (story.inner("interception.recorded", "S", DETECTION) for _ in range(2))
    return envelope.Submitted(one.payload, one.payload_type, other.signatures, {})


def header(**other: Any) -> Callable[[Story], envelope.Submitted]:
    return lambda story: story.inner("interception.recorded", "S", DETECTION, **other)


def contradicting(story: Story) -> envelope.Submitted:
    sound, author = story.inner("interception.recorded", "S", {**DETECTION, "minors": 5}), story.author("BF")
    payload = sound.payload.replace(b'"persons":5', b'"persons":1')
    return envelope.Submitted(payload, sound.payload_type, (envelope.sign(payload, author.key),), {})


def of_type(type_name: str, data: dict[str, Any]) -> Callable[[Story], envelope.Submitted]:
    return lambda story: story.inner(type_name, "S", data, Author("GB", "GB", story.home.key("authority-GB")))


PLACE = {"code": "CZ", "name": "x", "territory": "FR", "control_zone": "none"}
FAULTY = {
    "signed by a key of the other nation": (foreign, "belongs to"),
    "stated by the other nation": (of_the_other_nation, "its own authorities"),
    "signed by a revoked key": (revoked, "revoked"),
    "cosigned by an unknown key": (cosigned_by_nobody, "not registered"),
    "signed for other bytes": (badly_signed, ""),
    "another log": (header(origin="other.example/log"), "another log"),
    "for both": (header(releasable_to=["GB", "FR"]), "releasable_to"),
    "an id of its own making": (header(id="1"), "version 7"),
    "no instant": (header(occurred_at="yesterday"), "occurred_at"),
    "held to a version": (header(expected_version=3), "expected_version"),
    "marked too high": (header(marking={**MARKING, "caveats": ["UK EYES ONLY"]}), "marking"),
    "data that contradict": (contradicting, "data"),
    "a key event": (of_type("key.revoked", {"key": "0" * 64}), "never said"),
    "a registry event": (of_type("place.registered", PLACE), "never said"),
}


@pytest.mark.parametrize("make, reason", FAULTY.values(), ids=FAULTY)
def test_a_faulty_sealed_event_is_parked_alone(story: Story, make: Callable[[Story], Any], reason: str) -> None:
    story.add("interception.recorded", "S", {**DETECTION, "persons": 2})
    last = story.compose("interception.recorded", "S", {**DETECTION, "persons": 3})
    if make is not revoked:
        story.seal(make(story))
        story.home.ledger.append(last)
    else:
        story.home.ledger.append(last)
        story.seal(make(story))
    assert story.g1() == story.joint("FR") == 5
    (told,) = story.parked()
    assert told.startswith("sealed: ") and reason in told
    assert story.parked("FR") == []


def test_a_sound_sealed_event_counts_in_its_nation_alone_even_when_its_key_ends_later(story: Story) -> None:
    sealed = story.inner("interception.recorded", "S", DETECTION)
    story.seal(sealed)
    assert (story.g1(), story.joint("FR")) == (5, 0)
    target = json.loads(sealed.payload)["id"]
    amended = {"target": target, "kind": "amend", "patch": {"persons": 7}, "reason_code": "transcription"}
    correction = story.inner("correction.recorded", "S", amended, Author("BF", "GB", story.author("BF").key))
    story.seal(correction)
    story.seal(revoked(story))
    assert (story.g1(), story.joint("FR")) == (7, 0)
    assert len(story.parked()) == 1


def test_a_statement_sealed_again_counts_once(story: Story) -> None:
    joint, sealed = (
        story.compose("interception.recorded", "S", DETECTION),
        story.inner("interception.recorded", "S", {**DETECTION, "persons": 1}),
    )
    story.home.ledger.append(joint)
    for statement in (joint, sealed, sealed):
        story.seal(statement)
    assert story.g1() == 6
    story.seal(sealed)  # and once followed
    story.add("interception.recorded", "S", {**DETECTION, "persons": 10})
    assert story.g1() == 16
    assert story.parked() == ["sealed: already on record"] * 3


@pytest.mark.parametrize("patch", [{"persons": "many"}, {"persons": None}])
def test_a_sealed_correction_that_fits_nothing_hides_no_joint_one(story: Story, patch: dict[str, Any]) -> None:
    target = story.add("interception.recorded", "S", DETECTION)
    story.seal(story.inner("correction.recorded", "S", {"target": target, "kind": "amend", "patch": patch}))
    amended = {"target": target, "kind": "amend", "patch": {"persons": 60}, "reason_code": "transcription"}
    story.add("correction.recorded", "S", amended)
    assert story.g1() == story.joint("FR") == 60
    assert len(story.parked()) == 1


def test_a_sealed_correction_that_a_joint_one_contradicts_is_left_out(story: Story) -> None:
    target = story.add("interception.recorded", "S", DETECTION)
    of = {"target": target, "kind": "amend", "reason_code": "transcription"}
    story.seal(story.inner("correction.recorded", "S", {**of, "patch": {"minors": 4}}))
    assert story.g1() == 5
    story.add("correction.recorded", "S", {**of, "patch": {"persons": 2}})
    assert story.g1() == story.joint("FR") == 2
    assert story.parked() == []


def test_a_correction_keeps_the_territory_and_zone_of_the_place_it_leaves_alone(story: Story) -> None:
    target = story.add("interception.recorded", "S", DETECTION)
    story.player.registrar.state("place.registered", "REGISTRY", PLACE, ["GB", "FR"])
    assert story.g1() == 5
    of = {"target": target, "reason_code": "transcription"}
    story.add("correction.recorded", "S", {**of, "kind": "amend", "patch": {"minors": 1}})
    assert story.g1() == 5
    elsewhere = story.add("correction.recorded", "S", {**of, "kind": "relocate", "patch": {"place": "NOWHERE"}})
    assert story.g1() == 0
    story.add("correction.recorded", "S", {**of, "target": elsewhere, "kind": "retract"})
    assert story.g1() == 5
    story.add("correction.recorded", "S", {**of, "kind": "retract"})
    story.add("interception.recorded", "S", {**DETECTION, "persons": 9})
    assert story.g1() == 0


@pytest.mark.parametrize("wrong", [errors.Malformed, errors.Unfoldable, RecursionError])
def test_a_joint_event_that_cannot_be_folded_holds_up_its_stream_alone(
    monkeypatch: pytest.MonkeyPatch, story: Story, wrong: type[Exception]
) -> None:
    take = Fold.take

    def failing(fold: Fold, statement: Any, past: Any) -> Any:
        if statement.event.header.stream == "S" and statement.event.data.persons == 5:
            raise wrong("no")
        return take(fold, statement, past)

    with monkeypatch.context() as broken:
        broken.setattr(Fold, "take", failing)
        story.add("interception.recorded", "S", DETECTION)
        story.add("interception.recorded", "S", {**DETECTION, "persons": 3})
        story.add("interception.recorded", "OTHER", {**DETECTION, "persons": 2})
        story.g1()  # what waits still waits when the projector starts again
        story.add("interception.recorded", "S", {**DETECTION, "persons": 3})
        assert story.g1() == story.joint("FR") == 2
        assert story.parked() == ["no", *["behind a parked event of this stream"] * 2]
    for nation in ("GB", "FR"):  # once the cause is mended, reading the log again mends the view
        story.home.projector(nation).rebuild()
    assert story.g1() == 13


def test_a_store_that_does_not_answer_parks_nothing(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.seal(story.inner("interception.recorded", "S", DETECTION))

    def down(position: int) -> Any:
        raise errors.Unavailable

    with monkeypatch.context() as broken:
        broken.setattr(story.home.ledger, "sections", down)
        with pytest.raises(errors.Unavailable):
            story.g1()
    assert story.g1() == 5
    assert story.parked() == []


@pytest.mark.parametrize("seed", [3, 8])
def test_a_random_night_sealed_again_and_followed_by_faults_reads_as_before(seed: int, tmp_path: Path) -> None:
    scenario = oracle.random_night(seed, 30)
    home = play_in_memory(tmp_path, scenario)
    told = [a.checked.submitted for a in home.ledger.admitted if a.checked.header.type != "sealed.recorded"]
    views = {nation: _facts(home, nation) for nation in ("GB", "FR")}
    for nation in ("GB", "FR"):
        sealing = home.ledger.keys.sealing_key(nation)
        assert sealing is not None
        sealers = Sealers({nation: sealing.public}, {nation: home.key(f"sealer-{nation}")})
        for submitted in told[-12:]:
            home.ledger.append(seal_to(nation, submitted, str(scenario["origin"]), home.clock.now, MARKING, sealers))
    for nation in ("GB", "FR"):
        home.projector(nation).follow()
        assert _facts(home, nation) == views[nation]
        assert len(home.view(nation).parked()) == 12
    digests(home)
    home.close()


def _facts(home: MemoryHome, nation: str) -> list[Fact]:
    store = home.stores[nation]
    return list(store.all_facts(store.live()))
