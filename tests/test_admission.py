"""What may not enter: wrongs that a reviewer proved, each told as the story of somebody who tries."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.authoring import new_id
from api.exercise import Clock
from ledger import admission, errors
from ledger.admission import Admitted
from ledger.events import correction
from ledger.events.correction import Corrections, Statement
from ledger.formats import envelope, strict
from tests import oracle
from tests.memory import MemoryLog, play_in_memory
from tests.scribe import BEGAN, Scribe

SEEDS = range(40)
DISTRESS = {"kind": "small_boat_distress", "place": "CZ-COQ"}
FOUND = {"place": "CZ-COQ", "route": "freight_vehicle", "method": "visual_manual", "persons": 10}
MINUTE = 60_000_000


class Desk:
    """A log in memory and whoever writes to it; BF is British, PAF is French. Every statement is a minute after the last."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.clock.now = BEGAN
        self.scribe = Scribe(lambda: self.clock.now)
        self.log = MemoryLog(self.clock)
        for submitted in (self.scribe.genesis(), *self.scribe.registrations()):
            self.log.append(submitted)

    def says(self, author: str, type_name: str, stream: str, data: dict[str, Any] | None = None, **header: Any) -> Admitted:
        self.clock.now += MINUTE
        return self.log.append(self.scribe.event(type_name, stream, data or {}, author, **header))

    def corrects(self, target: Admitted, kind: str, patch: dict[str, Any] | None = None, **header: Any) -> Admitted:
        data = {"target": id_of(target), "kind": kind, "reason_code": "transcription", **({"patch": patch} if patch else {})}
        return self.says("BF", "correction.recorded", target.stream, data, **header)

    def proposes(self, target: str, stream: str, patch: dict[str, Any]) -> Admitted:
        return self.says("PAF", "correction.proposed", stream, {"target": target, "kind": "amend", "patch": patch})

    def links(self, stream: str, to: str) -> Admitted:
        said = {"relation": "duplicate_of", "to": to, "confidence": "high", "basis": "fact"}
        return self.says("BF", "incident.linked", stream, said)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def id_of(admitted: Admitted) -> str:
    return admitted.checked.header.id


def rebuilt(log: MemoryLog, stream: str) -> admission.Life:
    return admission.fold_life(log.statements(stream))


# -- one life, however long the writer has been running ---------------------------------------------------------------------


def test_a_restarted_writer_decides_as_the_one_that_never_stopped(desk: Desk) -> None:
    """A retraction leaves two readings of a stream; a step after it used to forget one of them."""
    desk.says("BF", "incident.opened", "INC", {"kind": "other", "place": "CZ-COQ"})
    unfounded = desk.says("BF", "incident.declared_unfounded", "INC")
    desk.corrects(unfounded, "retract")
    desk.says("BF", "incident.resolved", "INC")
    assert desk.log.stream("INC").life == rebuilt(desk.log, "INC")
    assert (rebuilt(desk.log, "INC").state, rebuilt(desk.log, "INC").as_recorded) == ("resolved", "unfounded")
    desk.says("BF", "incident.confirmed", "INC")
    assert desk.log.stream("INC").life == rebuilt(desk.log, "INC")


@pytest.mark.parametrize("taken_back", range(5))
def test_whatever_step_is_taken_back_both_lives_go_on_alike(desk: Desk, taken_back: int) -> None:
    steps = ("opened", "confirmed", "resolved", "closed", "reopened")
    data: dict[str, dict[str, Any]] = {"opened": DISTRESS, "closed": {"outcome": "accounted"}}
    told = [desk.says("BF", f"incident.{name}", "INC", data.get(name)) for name in steps]
    desk.corrects(told[taken_back], "retract")
    admitted = 0
    for name in ("updated", "confirmed", "resolved", "declared_unfounded", "updated", "confirmed", "resolved", "closed"):
        try:
            desk.says("BF", f"incident.{name}", "INC", data.get(name))
            admitted += 1
        except errors.NotInThisState:
            continue
        assert desk.log.stream("INC").life == rebuilt(desk.log, "INC"), name
    assert admitted >= 5


@pytest.mark.parametrize("seed", SEEDS)
def test_on_any_night_the_life_followed_is_the_life_rebuilt(seed: int, tmp_path: Path) -> None:
    home = play_in_memory(tmp_path, oracle.random_night(seed, 40))
    for stream, admitted in home.ledger.by_stream.items():
        statements = [a.statement for a in admitted]
        for length, entry in enumerate(admitted, 1):
            assert entry.life == admission.fold_life(statements[:length]), (stream, length)
    home.close()


# -- corrections ------------------------------------------------------------------------------------------------------------


def test_a_link_long_withdrawn_blocks_no_correction(desk: Desk) -> None:
    opening = desk.says("BF", "incident.opened", "A", DISTRESS)
    desk.says("BF", "incident.opened", "B", DISTRESS)
    link = desk.links("A", "B")
    desk.says("BF", "incident.link_withdrawn", "A", {"withdraws": id_of(link)})
    desk.links("B", "A")
    assert desk.corrects(opening, "relocate", {"place": "SEA-FR"}).stream == "A"


def test_withdrawing_a_link_does_not_revive_an_older_one_into_a_circle(desk: Desk) -> None:
    """A was of B, then of C; B came to be of A; taking back `of C` would make A of B again."""
    for stream in ("A", "B", "C"):
        desk.says("BF", "incident.opened", stream, DISTRESS)
    desk.links("A", "B")
    newer = desk.links("A", "C")
    desk.links("B", "A")
    with pytest.raises(errors.NotInThisState, match="duplicate of itself"):
        desk.says("BF", "incident.link_withdrawn", "A", {"withdraws": id_of(newer)})
    with pytest.raises(errors.NotInThisState, match="duplicate of itself"):
        desk.corrects(newer, "retract")
    with pytest.raises(errors.NotInThisState, match="duplicate of itself"):
        desk.corrects(newer, "amend", {"to": "B"})


def test_a_chain_of_retractions_exhausts_no_stack(desk: Desk) -> None:
    found = desk.says("BF", "interception.recorded", "INT", FOUND)
    chain = [desk.corrects(found, "retract").statement]
    for number in range(3_000):
        before = chain[-1]
        data = msgspec.structs.replace(before.event.data, target=before.event.header.id)
        header = msgspec.structs.replace(before.event.header, id=f"retraction-{number}")
        chain.append(Statement(before.position + 1, 0, correction.Event(header, data)))
    assert Corrections([found.statement, *chain]).amend(found.statement).event is None  # 3,001 of them: an odd number
    assert Corrections([found.statement, *chain[:-1]]).amend(found.statement).event is not None


def test_a_chain_of_amendments_exhausts_no_stack(desk: Desk) -> None:
    found = desk.says("BF", "interception.recorded", "INT", FOUND)
    chain = [desk.corrects(found, "amend", {"persons": 11}).statement]
    for number in range(3_000):
        before = chain[-1]
        data = msgspec.structs.replace(before.event.data, target=before.event.header.id, patch={"persons": number})
        header = msgspec.structs.replace(before.event.header, id=f"amendment-{number}")
        chain.append(Statement(before.position + 1, 0, correction.Event(header, data)))
    effective = Corrections([found.statement, *chain]).amend(found.statement).event
    assert effective is not None and effective.data.persons == 2_999


def test_a_retime_moves_nothing_into_the_future_and_nothing_to_end_before_it_begins(desk: Desk) -> None:
    found = desk.says("BF", "interception.recorded", "INT", FOUND)
    with pytest.raises(errors.FromTheFuture):
        desk.corrects(found, "retime", {"occurred_at": "2016-08-26T20:00:00.000000Z"})
    with pytest.raises(errors.NotInThisState, match="ends before it begins"):
        desk.corrects(found, "retime", {"occurred_until": "2014-01-01T00:00:00.000000Z"})
    earlier = desk.corrects(found, "retime", {"occurred_at": "2015-08-26T20:00:00.000000Z"})
    with pytest.raises(errors.FromTheFuture):
        desk.corrects(earlier, "amend", {"occurred_at": "2016-08-26T20:00:00.000000Z"})


@pytest.mark.parametrize(
    "patch", [{"remark": "Jean Dupont, born 3 May 1990"}, {"Jean Dupont": None}, {"minors": {"Jean Dupont": None}}]
)
def test_a_patch_carries_no_name_into_the_permanent_record(desk: Desk, patch: dict[str, Any]) -> None:
    """Proposed, recorded, or said in an amendment of a correction that no longer counts."""
    found = desk.says("BF", "interception.recorded", "INT", FOUND)
    live, dead, late = (
        desk.corrects(found, kind, value)
        for kind, value in (
            ("amend", {"persons": 11}),
            ("amend", {"persons": 12}),
            ("retime", {"occurred_at": "2015-08-26T20:00:00.000000Z"}),
        )
    )
    desk.corrects(dead, "retract")
    with pytest.raises(errors.EntenteError) as caught:
        desk.proposes(id_of(found), "INT", patch)
    assert caught.value.field == "data.patch"
    for target in (found, live, dead, late):
        for said in (patch, {"patch": patch}, {"patch": {"persons": 13}, **patch}):
            with pytest.raises(errors.EntenteError) as caught:
                desk.corrects(target, "amend", said)
            assert caught.value.field == "data.patch"


def test_a_field_that_may_be_there_may_be_removed(desk: Desk) -> None:
    found = desk.says("BF", "interception.recorded", "INT", {**FOUND, "minors": 3})
    assert desk.proposes(id_of(found), "INT", {"minors": None}).version == 2
    assert desk.corrects(found, "amend", {"minors": None}).version == 3


def test_nothing_is_proposed_about_a_statement_nobody_made(desk: Desk) -> None:
    desk.says("BF", "interception.recorded", "INT", FOUND)
    with pytest.raises(errors.NotInThisState) as caught:
        desk.proposes("nothing", "INT", {"persons": 1})
    assert caught.value.field == "data.target"


def test_nobody_accepts_their_own_proposal(desk: Desk) -> None:
    found = desk.says("BF", "interception.recorded", "INT", FOUND)
    proposal = {"proposal": id_of(desk.proposes(id_of(found), "INT", {"persons": 1}))}
    for answer in ("correction.accepted", "correction.rejected"):
        with pytest.raises(errors.NotAllowed):
            desk.says("PAF", answer, "INT", proposal)
        with pytest.raises(errors.NotInThisState):
            desk.says("BF", answer, "INT", {"proposal": "nothing"})
        with pytest.raises(errors.NotInThisState, match="proposes nothing"):
            desk.says("BF", answer, "INT", {"proposal": id_of(found)})
        desk.says("BF", answer, "INT", proposal)


# -- purpose ----------------------------------------------------------------------------------------------------------------


def test_a_case_is_not_tied_to_a_rescue_by_claiming_its_regime_or_by_a_correction(desk: Desk) -> None:
    desk.says("BF", "incident.opened", "RESCUE", DISTRESS)
    tied = {"kind": "facilitation", "links": ["RESCUE"]}
    with pytest.raises(errors.NotAllowed):
        desk.says("BF", "case.opened", "CASE-1", tied, regime="GENERAL")
    case = desk.says("BF", "case.opened", "CASE-1", {"kind": "facilitation"})
    with pytest.raises(errors.NotAllowed):
        desk.corrects(case, "amend", {"links": ["RESCUE"]})
    other = desk.says("BF", "access.combined", "ACCESS", {"objects": ["ANOTHER"], "purpose": "criminal"})
    with pytest.raises(errors.NotAllowed):
        desk.corrects(case, "amend", {"links": ["RESCUE"]}, causation_id=id_of(other))
    basis = desk.says("BF", "access.combined", "ACCESS", {"objects": ["RESCUE", "CASE-1"], "purpose": "criminal"})
    desk.corrects(case, "amend", {"links": ["RESCUE"]}, causation_id=id_of(basis))
    desk.corrects(case, "amend", {"kind": "facilitation"})
    desk.says("BF", "case.opened", "CASE-2", tied, causation_id=id_of(basis))


def test_a_case_cannot_be_tied_to_a_rescue_by_arriving_before_it(desk: Desk) -> None:
    tied = {"kind": "facilitation", "links": ["RESCUE"]}
    with pytest.raises(errors.NotInThisState) as caught:
        desk.says("BF", "case.opened", "CASE-1", tied)
    assert caught.value.field == "data.links"
    case = desk.says("BF", "case.opened", "CASE-1", {"kind": "facilitation"})
    with pytest.raises(errors.NotInThisState):
        desk.corrects(case, "amend", {"links": ["RESCUE"]})
    desk.says("BF", "incident.opened", "RESCUE", DISTRESS)
    with pytest.raises(errors.NotAllowed):
        desk.corrects(case, "amend", {"links": ["RESCUE"]})


@pytest.mark.parametrize("is_told_first", [True, False])
def test_whichever_is_recorded_first_a_case_is_tied_to_what_its_opening_says(desk: Desk, is_told_first: bool) -> None:
    """People rescued from a lorry on a motorway: a fact under general law in an incident that is not a rescue."""
    opening = ("incident.opened", {"kind": "lorry_boarding", "place": "CZ-COQ"})
    rescue = ("incident.persons_rescued", {"persons": 3, "by": "BF", "craft": "none"})
    tied = {"kind": "facilitation", "links": ["LORRY"]}
    for type_name, data in (opening, rescue) if is_told_first else (rescue, opening):
        desk.says("BF", type_name, "LORRY", data)
        if type_name != "incident.opened" and not is_told_first:
            with pytest.raises(errors.NotInThisState):
                desk.says("BF", "case.opened", "CASE-1", tied)
    assert desk.says("BF", "case.opened", "CASE-1", tied)


def test_a_rescue_is_one_by_whatever_name_it_is_linked_and_whatever_its_opening_claims(desk: Desk) -> None:
    opening = desk.says("BF", "incident.opened", "RESCUE", DISTRESS)
    desk.says("BF", "incident.opened", "CLAIMED", DISTRESS, regime="LE")
    departure = desk.says("BF", "incident.opened", "BELIEVED", {"kind": "small_boat_departure", "place": "CZ-COQ"})
    desk.corrects(departure, "reclassify", {"kind": "small_boat_distress"})
    for linked in (id_of(opening), "CLAIMED", "BELIEVED"):
        with pytest.raises(errors.NotAllowed) as caught:
            desk.says("BF", "case.opened", "CASE-1", {"kind": "facilitation", "links": [linked]})
        assert caught.value.field == "data.links"


def test_a_rescue_is_not_tied_to_a_case_from_its_own_side(desk: Desk) -> None:
    desk.says("BF", "incident.opened", "RESCUE", DISTRESS)
    desk.says("BF", "case.opened", "CASE-1", {"kind": "facilitation"})
    with pytest.raises(errors.NotInThisState) as caught:
        desk.says(
            "BF", "incident.linked", "RESCUE", {"relation": "part_of", "to": "CASE-1", "confidence": "high", "basis": "fact"}
        )
    assert caught.value.field == "data.to"


# -- decisions ----------------------------------------------------------------------------------------------------------------

ON_DECISIONS = ("case.decision_withdrawn", "case.decision_appealed", "case.decision_substituted")


@pytest.mark.parametrize("step", ON_DECISIONS)
def test_a_decision_nobody_took_is_not_undone(desk: Desk, step: str) -> None:
    opening = desk.says("BF", "case.opened", "CASE-1", {"kind": "civil_penalty"})
    desk.says("BF", "case.opened", "CASE-2", {"kind": "civil_penalty"})
    elsewhere = desk.says("BF", "case.decision_recorded", "CASE-2", {"decision": "civil_penalty"})
    for target in ("01900000-0000-7000-8000-000000000009", id_of(opening), id_of(elsewhere), "other.example/log#D1"):
        with pytest.raises(errors.NotInThisState) as caught:
            desk.says("BF", step, "CASE-1", {"target": target})
        assert caught.value.field == "data.target"
    decision = desk.says("BF", "case.decision_recorded", "CASE-1", {"decision": "civil_penalty"})
    said = desk.says("BF", step, "CASE-1", {"target": id_of(decision)})
    with pytest.raises(errors.NotInThisState):
        desk.corrects(said, "amend", {"target": id_of(opening)})


def test_a_decision_is_not_replaced_by_what_is_none(desk: Desk) -> None:
    opening = desk.says("BF", "case.opened", "CASE-1", {"kind": "civil_penalty"})
    first, second = (desk.says("BF", "case.decision_recorded", "CASE-1", {"decision": "civil_penalty"}) for _ in range(2))
    with pytest.raises(errors.NotInThisState) as caught:
        desk.says("BF", "case.decision_substituted", "CASE-1", {"target": id_of(first), "replacement": id_of(opening)})
    assert caught.value.field == "data.replacement"
    desk.says("BF", "case.decision_substituted", "CASE-1", {"target": id_of(first), "replacement": id_of(second)})


# -- what is sealed, and what is marked -------------------------------------------------------------------------------------


def sealed(desk: Desk, **changed: Any) -> envelope.Submitted:
    """A conforming sealed event with some outer fields said otherwise, signed again."""
    outer = desk.scribe.event("interception.recorded", "INT", FOUND, releasable_to=["GB"])
    payload = strict.format({**json.loads(outer.payload), **changed})
    signature = envelope.sign(payload, desk.scribe.sealers.sealer["GB"])
    return envelope.Submitted(payload, outer.payload_type, (signature,), outer.sections)


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("stream", {"stream": "INT"}),
        ("releasable_to", {"data": {"nation": "FR"}}),
        ("officer", {"officer": "officer-3"}),
        ("role", {"role": "watch"}),
        ("source.ref", {"source": {"kind": "system", "ref": "E1"}}),
        ("source.record_id", {"source": {"kind": "system", "record_id": "77"}}),
        ("author_seq", {"author_seq": 4}),
        ("causation_id", {"causation_id": "E1"}),
        ("correlation_id", {"correlation_id": "E1"}),
        ("expected_version", {"expected_version": 0}),
        ("occurred_until", {"occurred_until": "2016-01-01T00:00:00.000000Z"}),
        ("stated_time", {"stated_time": {"text": "22:50", "zone": "Europe/Paris", "precision": "minute"}}),
    ],
)
def test_the_outside_of_a_seal_tells_nothing_of_the_inside(desk: Desk, field: str, changed: dict[str, Any]) -> None:
    desk.log.append(sealed(desk))
    with pytest.raises(errors.Malformed) as caught:
        desk.log.append(sealed(desk, **changed))
    assert caught.value.field == field


def test_two_sealed_events_never_share_a_stream(desk: Desk) -> None:
    stream = new_id()
    desk.log.append(sealed(desk, stream=stream))
    with pytest.raises(errors.Malformed) as caught:
        desk.log.append(sealed(desk, stream=stream))
    assert caught.value.field == "stream"


@pytest.mark.parametrize(
    "caveat",
    [
        *("UK EYES ONLY", "UK  EYES ONLY", "uk-eyes-only", "UK EYES ONLY.", "SPECIAL  FRANCE", "Spécial France"),
        unicodedata.normalize("NFD", "Spécial France"),
        "ＵＫ ＥＹＥＳ ＯＮＬＹ",  # full-width letters
    ],
)
def test_no_spelling_brings_a_national_caveat_into_the_joint_log(desk: Desk, caveat: str) -> None:
    marking = {"gb": "OFFICIAL", "fr": "non protégé", "caveats": [caveat]}
    with pytest.raises(errors.MarkingTooHigh):
        desk.says("BF", "interception.recorded", "INT", FOUND, marking=marking)
