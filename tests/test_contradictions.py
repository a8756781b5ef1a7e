"""C1 to C8: each names both sides and who can end it, and ends when somebody does."""

import pytest

from projections.apart import distance
from tests.facts_by_hand import Story


@pytest.fixture
def night():
    return Story()


def only(night, code, clock=None):
    """The one contradiction of a code."""
    [row] = [row for row in night.now(clock)["contradictions"] if row["code"] == code]
    assert row["what"] and row["quoi"] and len(row["events"]) >= 2
    return row


def labels(row):
    return [event["label"] for event in row["events"]]


# -- C1 ---------------------------------------------------------------------------------------------------------------------


def test_c1_one_nation_closes_what_the_other_opened(night):
    night.distress("FR-1", "CROSS", label="opened")
    night.says("DOVER", "step", "FR-1", "closed", detail={"decided_by": "officer-7"}, label="closed")
    row = only(night, "C1")
    assert labels(row) == ["opened", "closed"]
    assert row["who_can_end"] == ["CROSS", "DOVER"]
    assert "closed for GB, open for FR" in row["what"]
    assert "« clos » pour GB" in row["quoi"].replace("\u202f", " ")


@pytest.mark.parametrize("answer", [("acknowledged", ""), ("step", "closed")])
def test_c1_ends_when_the_other_nation_agrees(night, answer):
    night.distress("FR-1", "CROSS")
    night.says("DOVER", "step", "FR-1", "closed", detail={"decided_by": "officer-7"})
    night.says("CROSS", answer[0], "FR-1", answer[1])
    assert "C1" not in night.codes()


def test_c1_one_nation_merges_what_the_other_opened(night):
    night.distress("FR-1", "CROSS")
    night.distress("GB-1", "DOVER")
    link = night.links("CROSS", "GB-1", "FR-1")
    assert only(night, "C1")["streams"] == ["GB-1"]
    night.withdraws("DOVER", link)
    assert "C1" not in night.codes()


def test_c1_perhaps_the_same_boat_safe_for_one_and_open_for_the_other(night):
    """The obvious conflict between information that nobody was made to look at."""
    night.distress("FR-1", "CROSS")
    night.distress("GB-1", "DOVER", label="still at sea")
    night.links("DOVER", "GB-1", "FR-1", code="possibly_same_as", basis="assessment")
    assert "C1" not in night.codes()
    night.says("CROSS", "rescued", "FR-1", quantity=14)
    night.says("CROSS", "disembarked", "FR-1", quantity=14, label="landed")
    row = only(night, "C1")
    assert row["streams"] == ["FR-1", "GB-1"]
    assert labels(row) == ["still at sea", "landed"]


def test_c1_is_silent_where_a_nation_merged_its_own_boat(night):
    night.distress("FR-1", "CROSS")
    night.distress("GB-1", "DOVER")
    night.links("DOVER", "GB-1", "FR-1")
    night.says("CROSS", "rescued", "FR-1", quantity=14)
    night.says("CROSS", "disembarked", "FR-1", quantity=14)
    assert "C1" not in night.codes()


# -- C2, C3, C4 -------------------------------------------------------------------------------------------------------------


def test_c2_more_rescued_than_landed(night):
    night.distress("FR-1", "CROSS")
    night.says("SNSM", "rescued", "FR-1", quantity=14, label="rescue")
    assert night.codes() == []
    landed = night.says("CROSS", "disembarked", "FR-1", quantity=13, label="landing")
    row = only(night, "C2")
    assert labels(row) == ["rescue", "landing"]
    assert row["who_can_end"] == ["CROSS", "SNSM"]
    night.corrects(landed, quantity=14)
    assert night.codes() == []


def test_c2_people_who_were_rescued_and_never_landed_before_it_was_closed(night):
    night.distress("FR-1", "CROSS")
    night.says("SNSM", "rescued", "FR-1", quantity=14)
    night.says("CROSS", "step", "FR-1", "closed", detail={"outcome": "accounted"})
    assert night.codes() == ["C2"]


def test_c2_adds_up_over_boats_that_were_merged(night):
    night.distress("FR-1", "CROSS")
    night.distress("GB-1", "DOVER")
    night.says("DOVER", "rescued", "GB-1", quantity=5)
    night.says("CROSS", "rescued", "FR-1", quantity=4)
    night.says("CROSS", "disembarked", "FR-1", quantity=9)
    assert night.codes() == ["C2"]
    night.links("DOVER", "GB-1", "FR-1")
    assert night.codes() == []


def test_c3_more_stated_aboard_than_accounted_for(night):
    night.distress("FR-1", "CROSS", aboard=15, label="fifteen aboard")
    assert night.codes() == []
    night.says("CROSS", "disembarked", "FR-1", quantity=14, label="landing")
    row = only(night, "C3")
    assert labels(row) == ["fifteen aboard", "landing"]
    assert "15 stated aboard, 14 accounted for" in row["what"]
    night.says("CROSS", "casualty", "FR-1", "missing")
    assert night.codes() == []


def test_c3_a_merged_boat_brings_its_own_number(night):
    """Thirty on the boat that was merged away, fourteen landed: the very thing that must not be overlooked."""
    night.distress("FR-1", "CROSS")
    night.distress("GB-1", "DOVER", aboard=30)
    night.links("DOVER", "GB-1", "FR-1")
    night.says("CROSS", "rescued", "FR-1", quantity=14)
    night.says("CROSS", "disembarked", "FR-1", quantity=14)
    assert only(night, "C3")["streams"] == ["FR-1", "GB-1"]


def test_c4_found_is_not_what_was_handed_over(night):
    night.says("BF", "detection", "IC-1", quantity=6, label="found")
    night.says("PAF", "handover", "IC-1", quantity=4, party="PAF", label="taken over")
    row = only(night, "C4")
    assert labels(row) == ["found", "taken over"]
    assert "6 found, 4 accepted and 0 not accepted" in row["what"]
    night.says("PAF", "not_accepted", "IC-1", "hospital", 2)
    assert night.codes() == []


# -- C5, C7 -----------------------------------------------------------------------------------------------------------------


def perhaps_one(night):
    night.at("02:00").distress("FR-1", "CROSS")
    night.distress("GB-1", "DOVER")
    return night.at("02:33").links("DOVER", "GB-1", "FR-1", code="possibly_same_as", basis="assessment")


def test_c5_perhaps_the_same_waits_half_an_hour(night):
    perhaps_one(night)
    assert "C5" not in night.codes("03:02")
    row = only(night, "C5", "03:03")
    assert row["streams"] == ["FR-1", "GB-1"]
    assert row["who_can_end"] == ["CROSS", "DOVER"]


@pytest.mark.parametrize("code", ["duplicate_of", "part_of"])
@pytest.mark.parametrize(("stream", "to"), [("GB-1", "FR-1"), ("FR-1", "GB-1")])
def test_c5_ends_with_a_decision(night, code, stream, to):
    perhaps_one(night)
    night.links("CROSS", stream, to, code=code)
    assert "C5" not in night.codes("04:00")


def test_c5_ends_when_the_link_is_withdrawn(night):
    night.withdraws("CROSS", perhaps_one(night))
    assert "C5" not in night.codes("04:00")


def test_c5_is_about_boats(night):
    night.says("PAF", "incident", "INC-1", "fence_breach")
    night.says("PAF", "incident", "INC-2", "fence_breach")
    night.links("PAF", "INC-2", "INC-1", code="possibly_same_as")
    assert "C5" not in night.codes("09:00")


def test_c7_a_proposed_correction_waits_for_whoever_made_the_statement(night):
    found = night.says("BF", "detection", "IC-1", quantity=6, label="found")
    proposal = night.says("PAF", "correction_proposal", "IC-1", "proposed", subject=found.event, label="five, we think")
    row = only(night, "C7")
    assert labels(row) == ["found", "five, we think"]
    assert row["who_can_end"] == ["BF"]
    night.says("BF", "correction_proposal", "IC-1", "rejected", subject=proposal.event)
    assert night.codes() == []


def test_c7_names_a_target_that_makes_no_fact(night):
    night.says("PAF", "correction_proposal", "IC-1", "proposed", subject="gone", detail={"target_label": "A12"})
    row = only(night, "C7")
    assert labels(row)[0] == "A12"
    assert row["who_can_end"] == ["GB"]


# -- C6 ---------------------------------------------------------------------------------------------------------------------


def at_sea(lat_e6, lon_e6, **more):
    return {"position": {"lat_e6": lat_e6, "lon_e6": lon_e6, **more}}


def test_c6_one_boat_cannot_be_in_two_places(night):
    night.at("02:00").says(
        "CROSS", "incident", "FR-1", "small_boat_distress", detail=at_sea(51_000_000, 1_600_000), label="here"
    )
    night.at("02:10").says("DOVER", "update", "FR-1", detail=at_sea(51_300_000, 1_600_000), label="there")
    row = only(night, "C6")
    assert labels(row) == ["here", "there"]
    assert "10 minutes apart" in row["what"]


def test_c6_a_boat_moves_and_a_position_is_not_exact(night):
    night.at("02:00").says("CROSS", "incident", "FR-1", "small_boat_distress", detail=at_sea(51_000_000, 1_600_000))
    night.at("04:00").says("DOVER", "update", "FR-1", detail=at_sea(51_300_000, 1_600_000))
    night.says("DOVER", "update", "FR-1", detail=at_sea(51_600_000, 1_600_000, radius_m=40_000))
    assert night.codes() == []


def test_c6_two_boats_merged_into_one_must_have_been_near_each_other(night):
    night.says("CROSS", "incident", "FR-1", "small_boat_distress", detail=at_sea(51_000_000, 1_600_000))
    night.says("DOVER", "incident", "GB-1", "small_boat_distress", detail=at_sea(51_300_000, 1_600_000))
    assert night.codes() == []
    night.links("DOVER", "GB-1", "FR-1")
    assert only(night, "C6")["streams"] == ["FR-1", "GB-1"]


def test_a_degree_of_latitude_is_sixty_nautical_miles():
    here, there = {"lat_e6": 51_000_000, "lon_e6": 1_600_000}, {"lat_e6": 52_000_000, "lon_e6": 1_600_000}
    assert distance(here, there) == pytest.approx(60 * 1852, rel=0.002)


# -- C8 ---------------------------------------------------------------------------------------------------------------------


def test_c8_two_authorities_count_one_landing_differently(night):
    landing = {"subject": "BOAT-1", "side": "FR", "detail": {"landed_at": "Calais"}}
    night.says("CROSS", "disembarked", "FR-1", quantity=14, label="fourteen", **landing)
    night.says("PREF62", "disembarked", "FR-1", quantity=13, label="thirteen", **landing)
    row = only(night, "C8")
    assert labels(row) == ["fourteen", "thirteen"]
    assert row["who_can_end"] == ["CROSS", "PREF62"]


def test_c8_two_landings_of_one_boat_are_two_things(night):
    night.says("CROSS", "disembarked", "FR-1", quantity=8, subject="BOAT-1", side="FR", detail={"landed_at": "Calais"})
    night.says("DOVER", "disembarked", "FR-1", quantity=6, subject="BOAT-1", side="GB", detail={"landed_at": "Dover"})
    assert night.codes() == []


def test_c8_no_number_aboard_fits_both(night):
    night.distress("FR-1", "CROSS", aboard=12)
    night.says("DOVER", "update", "FR-1", detail={"persons_on_board": {"min": 10, "max": 15}})
    assert night.codes() == []
    night.says("DOVER", "update", "FR-1", detail={"persons_on_board": {"min": 20, "max": 25}})
    assert "CROSS says 12, DOVER says 20" in only(night, "C8")["what"]


def test_c8_a_disputed_hand_over(night):
    night.says("BF", "detection", "IC-1", quantity=4)
    night.says("PAF", "handover", "IC-1", quantity=4, party="PAF", label="four")
    night.says("BF", "handover_disputed", "IC-1", quantity=5, label="five")
    assert labels(only(night, "C8")) == ["four", "five"]


def test_every_contradiction_keeps_its_stream_in_attention(night):
    """What is kept is judged stream by stream: one of those a contradiction names must ask for attention by itself."""
    test_c6_two_boats_merged_into_one_must_have_been_near_each_other(night)
    night.at("03:00").says("CROSS", "step", "FR-1", "closed", detail={"decided_by": "officer-7"})
    night.says("DOVER", "step", "GB-1", "closed", detail={"decided_by": "officer-7"})
    for row in night.now()["contradictions"]:
        assert any(night.pending(stream) for stream in row["streams"])
    assert "C6" in night.codes()
