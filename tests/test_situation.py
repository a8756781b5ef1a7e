"""The situation, told as short stories: nothing is believed safe because something else was."""

import pytest

from projections.situation import ENTERING_KINDS, RELEVANT_KINDS, TRIGGER_KINDS, pending, situation
from tests.facts_by_hand import Story, instant


@pytest.fixture
def night():
    return Story()


def merged(night):
    """Two boats reported, of twelve and of nine; Dover makes its own a duplicate of the French one, with evidence."""
    night.at("01:47").distress("FR-1", "CROSS", aboard=12)
    night.at("02:08").distress("GB-1", "DOVER", aboard=9)
    return night.at("03:14").links("DOVER", "GB-1", "FR-1")


# -- boats in distress ------------------------------------------------------------------------------------------------------


def test_two_boats_are_two_until_somebody_says_otherwise(night):
    night.distress("FR-1", "CROSS")
    night.distress("GB-1", "DOVER")
    night.links("DOVER", "GB-1", "FR-1", code="possibly_same_as", basis="assessment")
    assert night.now()["open_distress"] == ["FR-1", "GB-1"]


def test_merged_boats_are_shown_once_under_the_root(night):
    merged(night)
    assert night.now()["open_distress"] == ["FR-1"]


def test_a_chain_of_links_leads_to_one_root(night):
    for stream in ("C-1", "B-1", "A-1"):
        night.distress(stream, "DOVER")
    night.links("DOVER", "C-1", "B-1")
    night.links("DOVER", "B-1", "A-1")
    assert night.now()["open_distress"] == ["A-1"]


def test_the_latest_link_wins(night):
    for stream in ("A-1", "B-1", "C-1"):
        night.distress(stream, "DOVER")
    night.links("DOVER", "C-1", "A-1")
    night.links("DOVER", "C-1", "B-1")
    night.says("CROSS", "rescued", "A-1", quantity=4)
    night.says("CROSS", "disembarked", "A-1", quantity=4)
    assert night.now()["open_distress"] == ["B-1"]


def test_a_ring_of_links_loses_no_boat(night):
    night.distress("A-1", "CROSS")
    night.distress("B-1", "DOVER")
    night.links("CROSS", "A-1", "B-1")
    night.links("DOVER", "B-1", "A-1")
    night.links("DOVER", "B-1", "B-1")
    assert night.now()["open_distress"] == ["B-1"]


def test_a_link_withdrawn_brings_the_incident_back(night):
    link = merged(night)
    night.at("03:20").withdraws("CROSS", link)
    assert night.now()["open_distress"] == ["FR-1", "GB-1"]


def test_a_group_leaves_once_everybody_rescued_has_landed(night):
    night.distress("FR-1", "CROSS")
    night.says("CROSS", "rescued", "FR-1", quantity=14)
    assert night.now()["open_distress"] == ["FR-1"]
    night.says("CROSS", "disembarked", "FR-1", quantity=14)
    assert night.now()["open_distress"] == []


def test_a_landing_that_is_not_complete_is_flagged(night):
    night.distress("FR-1", "CROSS")
    night.says("CROSS", "rescued", "FR-1", quantity=14)
    night.says("CROSS", "disembarked", "FR-1", quantity=9)
    told = night.now()
    assert told["open_distress"] == ["FR-1"]
    assert told["flags"] == {"FR-1": ["partly_disembarked"]}


@pytest.mark.parametrize(("kind", "code"), [("casualty", "fatal"), ("casualty", "missing"), ("unaccounted", "")])
def test_the_dead_the_missing_and_the_unaccounted_explain_who_did_not_land(night, kind, code):
    night.distress("FR-1", "CROSS")
    night.says("CROSS", "rescued", "FR-1", quantity=14)
    night.says("CROSS", "disembarked", "FR-1", quantity=13)
    night.says("CROSS", kind, "FR-1", code)
    assert night.now()["open_distress"] == []


def test_a_group_does_not_close_with_its_root_alone(night):
    merged(night)
    night.says("CROSS", "step", "FR-1", "closed", detail={"outcome": "accounted"})
    assert night.now()["open_distress"] == ["FR-1"]
    night.says("DOVER", "step", "GB-1", "closed", detail={"outcome": "accounted"})
    assert night.now()["open_distress"] == []


def test_a_boat_closed_is_open_again_when_something_is_said_of_its_people(night):
    night.distress("FR-1", "CROSS")
    night.says("CROSS", "step", "FR-1", "closed", detail={"decided_by": "officer-7"})
    assert night.now()["open_distress"] == night.now()["unconfirmed_distress"] == night.now()["open_incidents"] == []
    night.says("SNSM", "casualty", "FR-1", "slight")
    told = night.now()
    assert told["open_distress"] == told["unconfirmed_distress"] == told["open_incidents"] == ["FR-1"]


def test_a_correction_of_an_earlier_statement_does_not_reopen(night):
    night.distress("FR-1", "CROSS")
    rescued = night.says("CROSS", "rescued", "FR-1", quantity=14)
    night.says("CROSS", "step", "FR-1", "closed", detail={"decided_by": "officer-7"})
    night.corrects(rescued, quantity=13)
    assert night.now()["open_incidents"] == []


# -- not confirmed ----------------------------------------------------------------------------------------------------------


def test_a_boat_stays_on_the_list_until_its_own_people_are_accounted_for(night):
    night.distress("FR-1", "CROSS", aboard=12)
    night.says("CROSS", "disembarked", "FR-1", quantity=11)
    assert night.now()["unconfirmed_distress"] == ["FR-1"]
    night.says("CROSS", "casualty", "FR-1", "fatal")
    assert night.now()["unconfirmed_distress"] == []


def test_a_rescue_of_another_boat_does_not_clear_this_one(night):
    merged(night)
    night.says("CROSS", "rescued", "FR-1", quantity=21)
    night.says("CROSS", "disembarked", "FR-1", quantity=21)
    told = night.now()
    assert told["open_distress"] == []
    assert told["unconfirmed_distress"] == ["GB-1"]


def test_nobody_is_accounted_for_by_being_called_unaccounted(night):
    night.distress("FR-1", "CROSS", aboard=12)
    night.says("CROSS", "disembarked", "FR-1", quantity=10)
    night.says("CROSS", "unaccounted", "FR-1", quantity=2)
    assert night.now()["unconfirmed_distress"] == ["FR-1"]


def test_a_boat_of_unknown_number_takes_a_closing(night):
    night.distress("FR-1", "CROSS")
    night.says("CROSS", "rescued", "FR-1", quantity=14)
    night.says("CROSS", "disembarked", "FR-1", quantity=14)
    assert night.now()["unconfirmed_distress"] == ["FR-1"]
    night.says("CROSS", "step", "FR-1", "closed", detail={"outcome": "accounted"})
    assert night.now()["unconfirmed_distress"] == []


def test_the_last_number_stated_aboard_counts(night):
    night.distress("FR-1", "CROSS", aboard=12)
    night.says("CROSS", "disembarked", "FR-1", quantity=12)
    night.says("SNSM", "update", "FR-1", detail={"persons_on_board": {"min": 12, "max": 20, "best": 15}})
    assert night.now()["unconfirmed_distress"] == ["FR-1"]
    night.says("CROSS", "disembarked", "FR-1", quantity=3)
    assert night.now()["unconfirmed_distress"] == []


@pytest.mark.parametrize(("detail", "unconfirmed"), [({"decided_by": "officer-7"}, []), ({}, ["FR-1"])])
def test_closing_without_anybodys_name_confirms_nothing(night, detail, unconfirmed):
    night.distress("FR-1", "CROSS")
    night.says("CROSS", "step", "FR-1", "closed", detail={"outcome": "closed_without_confirmation", **detail})
    assert night.now()["unconfirmed_distress"] == unconfirmed


@pytest.mark.parametrize("stream", ["GB-1", "FR-1"])
def test_a_merge_counts_once_the_other_coastguard_acknowledges_it(night, stream):
    merged(night)
    assert night.now()["flags"] == {"GB-1": ["merge_not_acknowledged"]}
    night.says("CROSS", "acknowledged", stream)
    told = night.now()
    assert told["unconfirmed_distress"] == ["FR-1"]
    assert told["flags"] == {}


@pytest.mark.parametrize("authority", ["DOVER", "KENTPOL", "ET"])
def test_ones_own_side_cannot_acknowledge_ones_own_merge(night, authority):
    merged(night)
    night.says(authority, "acknowledged", "GB-1")
    assert night.now()["unconfirmed_distress"] == ["FR-1", "GB-1"]


def test_an_acknowledgement_before_the_merge_is_of_something_else(night):
    night.distress("FR-1", "CROSS")
    night.distress("GB-1", "DOVER")
    night.says("CROSS", "acknowledged", "GB-1")
    night.links("DOVER", "GB-1", "FR-1")
    assert night.now()["unconfirmed_distress"] == ["FR-1", "GB-1"]


def test_an_acknowledgement_that_names_another_message_does_not_clear_a_boat(night):
    link = merged(night)
    night.says("CROSS", "acknowledged", "GB-1", detail={"notification": "event-99"})
    assert night.now()["unconfirmed_distress"] == ["FR-1", "GB-1"]
    night.says("CROSS", "acknowledged", "GB-1", detail={"notification": link.event})
    assert night.now()["unconfirmed_distress"] == ["FR-1"]


@pytest.mark.parametrize(("basis", "has_text"), [("assessment", True), ("estimate", True), ("fact", False)])
def test_a_merge_on_assessment_or_without_evidence_clears_nothing(night, basis, has_text):
    night.distress("FR-1", "CROSS")
    night.distress("GB-1", "DOVER")
    night.links("DOVER", "GB-1", "FR-1", basis=basis, has_text=has_text)
    night.says("CROSS", "acknowledged", "GB-1")
    told = night.now()
    assert told["unconfirmed_distress"] == ["FR-1", "GB-1"]
    assert told["flags"] == {"GB-1": ["merge_not_acknowledged" if basis == "fact" else "merged_on_assessment"]}


def test_a_withdrawn_merge_puts_the_boat_back_on_the_list(night):
    link = merged(night)
    night.says("CROSS", "acknowledged", "GB-1")
    night.withdraws("DOVER", link)
    assert night.now()["unconfirmed_distress"] == ["FR-1", "GB-1"]


# -- messages and requests --------------------------------------------------------------------------------------------------


def test_the_senders_claim_of_acknowledgement_does_not_count(night):
    night.distress("FR-1", "CROSS")
    night.at("01:50").says("CROSS", "notified", "FR-1", party="DOVER", detail={"acknowledged": True}, occurred="01:48")
    [row] = night.now("02:12")["unacknowledged"]
    assert (row["to"], row["claimed"], row["since"]) == ("DOVER", True, "2015-08-27T01:48:00.000000Z")
    night.says("CROSS", "acknowledged", "FR-1")
    assert len(night.now()["unacknowledged"]) == 1
    night.says("DOVER", "acknowledged", "FR-1")
    assert night.now()["unacknowledged"] == []


def test_an_acknowledgement_answers_what_came_before_it_only(night):
    night.says("CROSS", "notified", "FR-1", party="DOVER", label="first")
    night.says("DOVER", "acknowledged", "FR-1")
    night.says("CROSS", "notified", "FR-1", party="DOVER", label="second")
    assert [row["label"] for row in night.now()["unacknowledged"]] == ["second"]


def test_an_acknowledgement_that_names_a_message_answers_that_one(night):
    first = night.says("CROSS", "notified", "FR-1", party="DOVER", label="first")
    night.says("CROSS", "notified", "FR-1", party="DOVER", label="second")
    night.says("DOVER", "acknowledged", "FR-1", detail={"notification": first.event})
    assert [row["label"] for row in night.now()["unacknowledged"]] == ["second"]


def test_a_request_is_unanswered_from_its_expiry_until_it_is_answered(night):
    expires = {"expires_at": "2015-08-27T02:30:00.000000Z"}
    night.at("02:00").distress("FR-1", "CROSS")
    night.says("CROSS", "assistance", "FR-1", "requested", subject="helicopter", detail=expires)
    assert night.now("02:29")["unanswered"] == []
    assert [row["asset"] for row in night.now("02:30")["unanswered"]] == ["helicopter"]
    night.says("DOVER", "assistance", "FR-1", "declined", subject="lifeboat")
    assert len(night.now("02:30")["unanswered"]) == 1
    night.says("DOVER", "assistance", "FR-1", "declined", subject="helicopter")
    assert night.now("02:30")["unanswered"] == []


def test_who_coordinates_is_said_and_an_offer_changes_nothing(night):
    night.distress("FR-1", "CROSS")
    assert night.now()["coordination"] == [{"stream": "FR-1", "by": None, "since": None}]
    night.at("02:00").says("CROSS", "coordination", "FR-1", "assumed", party="CROSS")
    night.at("02:10").says("CROSS", "coordination", "FR-1", "offered", party="CROSS", detail={"to": "DOVER"})
    [row] = night.now()["coordination"]
    assert (row["by"], row["offered_to"]) == ("CROSS", "DOVER")
    night.at("02:20").says("DOVER", "coordination", "FR-1", "accepted", party="DOVER")
    assert night.now()["coordination"] == [{"stream": "FR-1", "by": "DOVER", "since": "2015-08-27T02:20:00.000000Z"}]


def test_a_quarter_of_an_hour_without_an_entry_is_silence(night):
    night.at("02:00").distress("FR-1", "CROSS")
    assert night.now("02:14")["silent"] == []
    assert night.now("02:15")["silent"] == [{"stream": "FR-1", "since": "2015-08-27T02:00:00.000000Z", "minutes": 15}]


# -- openings ---------------------------------------------------------------------------------------------------------------


def test_people_without_an_opening_are_not_lost(night):
    night.says("CROSS", "rescued", "FR-1", quantity=5, label="first heard")
    told = night.now()
    assert told["open_incidents"] == ["FR-1"]
    assert [row["label"] for row in told["opening_not_on_record"]] == ["first heard"]
    night.distress("FR-1", "CROSS")
    assert night.now()["opening_not_on_record"] == []


def test_a_retracted_opening_takes_the_incident_out(night):
    opening = night.distress("FR-1", "CROSS")
    night.says("CROSS", "rescued", "FR-1", quantity=5)
    night.says("CROSS", "correction", "FR-1", "retract", subject=opening.event, about="incident.opened")
    night.ends(opening)
    told = night.now()
    assert told["open_distress"] == told["open_incidents"] == told["opening_not_on_record"] == []


def test_what_is_said_after_a_false_alarm_shows(night):
    opening = night.distress("FR-1", "CROSS")
    night.says("PAF", "step", "FR-1", "unfounded")
    night.ends(opening)
    assert night.now()["open_incidents"] == night.now()["opening_not_on_record"] == []
    night.says("SNSM", "rescued", "FR-1", quantity=3, label="three in the water")
    assert [row["label"] for row in night.now()["opening_not_on_record"]] == ["three in the water"]


def test_a_false_alarm_that_was_reopened_is_open_though_its_facts_are_gone(night):
    opening = night.distress("FR-1", "CROSS")
    night.says("PAF", "step", "FR-1", "unfounded")
    night.ends(opening)
    night.says("CROSS", "step", "FR-1", "closed")
    night.says("CROSS", "step", "FR-1", "reopened")
    assert night.now()["open_incidents"] == ["FR-1"]
    assert [row["stream"] for row in night.now()["opening_not_on_record"]] == ["FR-1"]
    assert night.pending("FR-1")


# -- obligations ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("severity", ["fatal", "missing"])
def test_a_death_opens_an_obligation(night, severity):
    night.says("PAF", "incident", "INC-1", "tunnel_walk")
    night.at("04:52").says("PAF", "casualty", "INC-1", severity, label="the death")
    owed = night.now()["obligations"]
    assert {(row["code"], row["label"]) for row in owed} == {
        ("inform_prosecutor_or_coroner", "the death"),
        ("open_investigation", "the death"),
    }
    assert all(row["what"] and row["quoi"] for row in owed)


def test_an_obligation_ends_with_the_event_that_discharges_it(night):
    night.says("PAF", "incident", "INC-1", "tunnel_walk")
    night.says("PAF", "casualty", "INC-1", "fatal")
    night.says("PAF", "notified", "INC-1", party="PARQUET-BLM")
    assert [row["code"] for row in night.now()["obligations"]] == ["open_investigation"]
    night.says("PAF", "link", "CASE-1", "case", subject="INC-1", about="violence")
    assert [row["code"] for row in night.now()["obligations"]] == ["open_investigation"]
    night.says("PAF", "link", "CASE-2", "case", subject="INC-1", about="death_investigation")
    assert night.now()["obligations"] == []
    night.says("PAF", "casualty", "INC-1", "fatal")
    assert len(night.now()["obligations"]) == 2


def test_an_injury_opens_none(night):
    night.says("PAF", "casualty", "INC-1", "serious")
    assert night.now()["obligations"] == []


def test_a_need_for_protection_waits_four_hours_at_most(night):
    night.at("02:00").says("PAF", "protection_need", "IC-1", "asylum", 3, party="PREF62")
    assert night.now("05:59")["obligations"] == []
    [row] = night.now("06:00")["obligations"]
    assert (row["code"], row["count"]) == ("answer_protection_need", 3)
    night.says("PREF62", "protection_need", "IC-1", "trafficking", 3, detail={"outcome": "accepted"})
    night.says("PREF62", "protection_need", "IC-1", "asylum", 2, detail={"outcome": "accepted"})
    assert [row["count"] for row in night.now("06:00")["obligations"]] == [1]
    night.says("PREF62", "protection_need", "IC-1", "asylum", 1, detail={"outcome": "refused"})
    assert night.now("06:00")["obligations"] == []


# -- what may leave attention -----------------------------------------------------------------------------------------------


def test_a_stream_leaves_attention_only_when_nothing_can_show_any_more(night):
    night.distress("FR-1", "CROSS", aboard=2)
    assert night.pending("FR-1")
    night.says("CROSS", "rescued", "FR-1", quantity=2)
    night.says("CROSS", "disembarked", "FR-1", quantity=2)
    assert night.pending("FR-1")
    night.says("CROSS", "step", "FR-1", "closed", detail={"outcome": "accounted"})
    assert not night.pending("FR-1")


def test_a_detection_needs_no_attention_until_a_hand_over_disagrees(night):
    night.says("BF", "detection", "IC-1", quantity=4)
    assert not night.pending("IC-1")
    night.says("PAF", "handover", "IC-1", quantity=3, party="PAF")
    assert night.pending("IC-1")
    night.says("PAF", "not_accepted", "IC-1", "hospital", 1)
    assert not night.pending("IC-1")


def test_what_only_time_brings_keeps_a_stream_in_attention(night):
    night.says("PAF", "protection_need", "IC-1", "asylum", 1)
    assert night.now()["obligations"] == []
    assert night.pending("IC-1")


def test_a_duplicate_with_people_of_its_own_keeps_attention_though_closed(night):
    merged(night)
    night.says("DOVER", "step", "GB-1", "closed", detail={"decided_by": "officer-7"})
    assert night.pending("GB-1")


def test_kinds_that_enter_or_trigger_are_kinds_that_are_read():
    assert ENTERING_KINDS | TRIGGER_KINDS <= RELEVANT_KINDS


def test_nothing_pending_shows_nothing():
    assert not pending([])
    told = situation([], instant("03:12"), "FR")
    assert not any(told.values())


def test_what_only_both_may_see_is_never_read_twice(night):
    import msgspec

    own = night.says("CROSS", "rescued", "FR-1", quantity=14)
    night.facts.append(msgspec.structs.replace(own, reading="shared", ordinal=1))
    night.facts[0] = msgspec.structs.replace(own, reading="own")
    night.distress("FR-1", "CROSS")
    night.says("CROSS", "disembarked", "FR-1", quantity=14)
    assert night.now()["open_distress"] == []
