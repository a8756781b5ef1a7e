"""Replay: what became known, in the order it became known, corrections with both values, late entries flagged."""

import msgspec
import pytest

from projections.fact import NEVER
from projections.replay import replay
from tests.facts_by_hand import Story


@pytest.fixture
def night():
    return Story()


def told(night, after=0, upto=None, **asked):
    return replay(night.facts, after, night.position if upto is None else upto, **asked)


def test_events_are_told_in_the_order_they_were_recorded(night):
    night.at("03:01").says("CROSS", "rescued", "FR-1", quantity=14, subject="BOAT-1", occurred="02:55", label="A37")
    night.at("02:00").says("PAF", "attempt", "INC-1", "repelled", 60, label="A02")
    first, second = told(night)
    assert (first["label"], first["what"]) == ("A37", "Persons rescued: 14 (BOAT-1)")
    assert first["quoi"] == "Personnes secourues\u202f: 14 (BOAT-1)"
    assert (second["label"], second["what"]) == ("A02", "Intrusion attempt: 60 repelled")
    assert first["type"] == "statement" and first["changes"] == []


def test_facts_of_one_event_are_told_together(night):
    first = night.says("PAF", "attempt", "INC-1", "repelled", 70)
    night.facts.append(msgspec.structs.replace(first, ordinal=1, code="arrested", quantity=10))
    [row] = told(night)
    assert row["what"] == "Intrusion attempt: 70 repelled; 10 followed by arrest"
    assert row["quoi"].replace("\u202f", " ") == "Tentative d'intrusion : 70 repoussées ; 10 suivies d'interpellation"


def test_a_late_entry_is_flagged_and_an_ordinary_one_is_not(night):
    night.at("06:10").says("BF", "detection", "IC-6", quantity=2, occurred="01:00")
    night.at("06:10").says("BF", "detection", "IC-7", quantity=2, occurred="05:40")
    late, ordinary = told(night)
    assert (late["late_minutes"], ordinary["late_minutes"]) == (310, 0)


def test_a_correction_is_told_with_both_values(night):
    landed = night.says("CROSS", "disembarked", "FR-1", quantity=14, label="A39")
    night.corrects(landed, quantity=13)
    row = told(night)[-1]
    assert row["type"] == "correction"
    assert [(c["label"], c["column"], c["from"], c["to"], c["lowered"]) for c in row["changes"]] == [
        ("A39", "quantity", 14, 13, True)
    ]
    assert "A39 corrected: Persons disembarked, count 14 → 13" in row["what"]
    assert "A39 rectifié\u202f: Personnes débarquées, nombre 14 → 13" in row["quoi"]


def test_a_correction_of_one_outcome_leaves_the_others_alone(night):
    repelled = night.says("PAF", "attempt", "INC-1", "repelled", 70)
    stopped = msgspec.structs.replace(repelled, ordinal=1, code="stopped_inside", quantity=40)
    arrested = msgspec.structs.replace(repelled, ordinal=2, code="arrested", quantity=10)
    night.facts += [stopped, arrested]
    night.says("PAF", "correction", "INC-1", "amend", subject=repelled.event)
    for fact, quantity in ((stopped, 42), (arrested, 8)):
        night.ends(fact)
        night.facts.append(msgspec.structs.replace(fact, quantity=quantity, stated=night.position))
    changes = told(night)[-1]["changes"]
    assert [(c["code"], c["from"], c["to"]) for c in changes] == [("stopped_inside", 40, 42), ("arrested", 10, 8)]


def test_a_category_corrected_is_one_change_and_not_two(night):
    found = night.says("BF", "attempt", "INC-1", "passed", 5)
    night.corrects(found, code="repelled")
    [change] = told(night)[-1]["changes"]
    assert (change["column"], change["from"], change["to"]) == ("code", "passed", "repelled")


def test_a_time_corrected_is_told_as_an_instant(night):
    found = night.says("BF", "detection", "IC-1", quantity=4)
    night.corrects(found, occurred_at=found.occurred_at - 3_600_000_000)
    [change] = told(night)[-1]["changes"]
    assert (change["from"], change["to"]) == ("2015-08-27T01:00:00.000000Z", "2015-08-27T00:00:00.000000Z")


def test_a_retraction_tells_what_no_longer_stands(night):
    rescued = night.says("CROSS", "rescued", "FR-1", quantity=14, label="A37")
    night.corrects(rescued)
    row = told(night)[-1]
    assert row["type"] == "withdrawal"
    assert [(c["from"], c["to"], c["lowered"]) for c in row["changes"]] == [(14, None, True)]
    assert "A37 no longer stands: Persons rescued: 14" in row["what"]


def test_what_stands_again_is_told_so(night):
    rescued = night.says("CROSS", "rescued", "FR-1", quantity=14, label="A37")
    night.corrects(rescued)
    night.says("CROSS", "correction", "FR-1", "retract", subject="event-2")
    night.facts.append(msgspec.structs.replace(rescued, stated=night.position, ended=NEVER))
    row = told(night)[-1]
    assert (row["type"], row["changes"][0]["to"]) == ("restored", 14)
    assert "A37 stands again" in row["what"]


def test_a_false_alarm_takes_what_was_stated_away(night):
    opening = night.distress("FR-1", "CROSS", label="A33")
    night.says("CROSS", "step", "FR-1", "unfounded")
    night.ends(opening)
    assert told(night)[-1]["type"] == "withdrawal"


def test_a_range_and_a_stream_are_kept_to(night):
    for stream in ("A-1", "B-1", "A-1"):
        night.says("CROSS", "update", stream)
    assert [row["position"] for row in told(night, 1, 2)] == [2]
    assert [row["position"] for row in told(night, stream="A-1")] == [1, 3]


def test_what_was_ended_after_the_range_is_told_as_it_stood(night):
    landed = night.says("CROSS", "disembarked", "FR-1", quantity=14)
    night.corrects(landed, quantity=13)
    [row] = told(night, 0, 1)
    assert row["what"] == "Persons disembarked: 14"


def test_a_sealed_statement_says_that_it_is(night):
    night.facts.append(msgspec.structs.replace(night.says("PAF", "arrest", "CASE-1", "garde_a_vue"), reading="own", ordinal=1))
    assert [row["sealed"] for row in told(night)] == [False]
    night.facts.pop(0)
    assert [row["sealed"] for row in told(night)] == [True]
