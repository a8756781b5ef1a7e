"""Lives: administrative steps out of order are refused with the way out, facts about people never are."""

from __future__ import annotations

import msgspec
import pytest

from ledger import errors, events
from ledger.events.base import NEWEST, Event
from ledger.events.examples import DATA, example_payload
from ledger.events.lives import FINISHED, STATES, UNBORN, Life, either, fold, follow, step

ADMINISTRATIVE = {
    "incident.opened",
    "incident.confirmed",
    "incident.declared_unfounded",
    "incident.resolved",
    "incident.closed",
    "incident.reopened",
    "interception.closed",
    "case.opened",
    "case.final",
    "case.closed",
}
# What domain.md lists as never refused, able to open a stream and to reopen a closed incident.
ABOUT_PEOPLE = [
    "incident.updated",
    "incident.attempt_recorded",
    "incident.notified",
    "incident.acknowledged",
    "incident.assistance_requested",
    "incident.assistance_accepted",
    "incident.assistance_declined",
    "incident.coordination_assumed",
    "incident.coordination_offered",
    "incident.coordination_accepted",
    "incident.coordination_declined",
    "incident.persons_rescued",
    "incident.persons_disembarked",
    "incident.casualty_recorded",
    "incident.shelter_recorded",
    "interception.protection_need_recorded",
    "interception.handed_over",
    "interception.released",
]
EVERY_LIFE = [
    *(Life("incident", state, "fence_breach", "BF") for state in STATES["incident"][1:]),
    *(Life("interception", state, "", "BF") for state in STATES["interception"][1:]),
    *(Life("case", state, "facilitation", "BF") for state in STATES["case"][1:]),
    *(Life(family) for family in STATES),
    UNBORN,
]


def told(name: str, authority: str = "BF", **data: object) -> Event:
    """The example of a type, said by an authority, with other data where given."""
    event = events.decode(example_payload(name, NEWEST[name].schema))
    typed = events.convert_data(name, NEWEST[name].schema, data) if data else event.data
    return Event(msgspec.structs.replace(event.header, authority=authority), typed)


def after(*steps: Event) -> Life:
    """The life after lawful steps."""
    life = UNBORN
    for event in steps:
        life, _ = step(life, event)
    return life


def opened(kind: str = "fence_breach", authority: str = "BF") -> Event:
    return told("incident.opened", authority, kind=kind, place="SEA-FR")


def at_home(name: str, life: Life) -> bool:
    row = NEWEST[name]
    return row.family not in STATES or life.family in ("", row.family, *row.also_on)


@pytest.mark.parametrize("life", EVERY_LIFE, ids=lambda life: f"{life.family or 'none'}-{life.state}")
@pytest.mark.parametrize("name", sorted(NEWEST))
def test_nothing_but_an_administrative_step_is_ever_refused(name, life):
    if at_home(name, life) and name not in ADMINISTRATIVE:
        after_it, out_of_order = step(life, told(name))
        family = NEWEST[name].family
        assert not after_it.family or after_it.state in STATES[after_it.family]
        if family not in STATES:
            assert (after_it, out_of_order) == (life, False)
        elif life.state in FINISHED.get(life.family, ()):
            assert out_of_order


@pytest.mark.parametrize("life", [life for life in EVERY_LIFE if life.family in ("", "incident")], ids=lambda life: life.state)
@pytest.mark.parametrize("name", [name for name in ABOUT_PEOPLE if "handed" not in name and "released" not in name])
def test_people_are_never_kept_out_by_the_state_of_an_incident(name, life):
    after_it, out_of_order = step(life, told(name))
    assert out_of_order == (life.state in ("unopened", "closed", "unfounded"))
    assert after_it.state == ("reopened" if life.state == "closed" else life.state)


@pytest.mark.parametrize("name", ["interception.handed_over", "interception.released", "interception.protection_need_recorded"])
@pytest.mark.parametrize("state", STATES["interception"])
def test_people_are_never_kept_out_by_the_state_of_a_detection(name, state):
    life = Life("interception", state, "", "BF")
    assert step(life, told(name)) == (life, state in ("unopened", "closed"))


def test_facts_may_come_before_the_opening_which_is_then_still_possible():
    life = after(told("incident.persons_rescued", "CROSS-GN"), opened("small_boat_distress", "HMCG-DOVER"))
    assert life == Life("incident", "reported", "small_boat_distress", "HMCG-DOVER")
    assert after(told("interception.handed_over"), told("interception.recorded")).state == "found"


def test_two_services_never_open_one_stream():
    with pytest.raises(errors.NotInThisState) as caught:
        step(after(opened(authority="CROSS-GN")), opened(authority="HMCG-DOVER"))
    assert "CROSS-GN" in str(caught.value) and "link" in (caught.value.remedy or "")
    with pytest.raises(errors.NotInThisState, match="opened already by PAF"):
        step(after(told("case.opened", "PAF")), told("case.opened", "OCRIEST"))


def test_two_services_never_find_the_same_people_on_one_stream():
    found = after(told("interception.recorded", "BF"))
    assert step(found, told("interception.recorded", "BF")) == (found, False)
    with pytest.raises(errors.NotInThisState, match="opened by BF"):
        step(found, told("interception.recorded", "KENTPOL"))


def test_what_one_service_searched_another_may_find_people_in():
    life = after(told("interception.search_recorded", "ET"), told("interception.recorded", "BF"))
    assert (life.state, life.authority) == ("found", "ET")


@pytest.mark.parametrize(
    "state, name",
    [
        ("unopened", "incident.confirmed"),
        ("unopened", "incident.closed"),
        ("unopened", "incident.resolved"),
        ("unopened", "incident.reopened"),
        ("confirmed", "incident.confirmed"),
        ("confirmed", "incident.reopened"),
        ("unfounded", "incident.resolved"),
        ("unfounded", "incident.declared_unfounded"),
        ("resolved", "incident.resolved"),
        ("resolved", "incident.declared_unfounded"),
        ("closed", "incident.closed"),
        ("closed", "incident.confirmed"),
        ("closed", "incident.resolved"),
    ],
)
def test_a_step_out_of_order_is_told_where_it_stands_and_where_it_could(state, name):
    life = Life("incident", state, "fence_breach", "BF")
    with pytest.raises(errors.NotInThisState) as caught:
        step(life, told(name))
    said = str(caught.value)
    assert name in said and state in said and caught.value.remedy
    assert all(possible in said for possible in NEWEST[name].steps.moves)


@pytest.mark.parametrize(
    "states",
    [
        ["reported", "confirmed", "resolved", "closed", "reopened", "resolved", "closed"],
        ["reported", "resolved", "closed"],
        ["reported", "unfounded", "confirmed", "closed"],
        ["reported", "unfounded", "closed"],
        ["reported", "closed", "reopened", "confirmed"],
        ["reported", "resolved", "reopened", "unfounded"],
    ],
)
def test_the_ways_an_incident_goes_are_open(states):
    names = {"reported": "opened", "unfounded": "declared_unfounded"}
    life = UNBORN
    for state in states:
        event = opened() if state == "reported" else told(f"incident.{names.get(state, state)}")
        life, out_of_order = step(life, event)
        assert life.state == state and not out_of_order


def test_a_boat_is_not_closed_because_something_else_was_rescued():
    boat = after(opened("small_boat_distress"), told("incident.persons_rescued"))
    for outcome in ("rescued", "duplicate", None):
        said = {"outcome": outcome} if outcome else {"decided_by": "officer-3"}
        with pytest.raises(errors.NotInThisState, match="accounted or closed_without_confirmation"):
            step(boat, told("incident.closed", **said))
    assert step(boat, told("incident.closed", outcome="accounted"))[0].state == "closed"
    assert (
        step(boat, told("incident.closed", outcome="closed_without_confirmation", decided_by="officer-3"))[0].state == "closed"
    )
    with pytest.raises(errors.Malformed, match="names who decided"):
        told("incident.closed", outcome="closed_without_confirmation")


def test_a_late_casualty_reopens_a_closed_incident_and_it_can_be_closed_again():
    closed = after(opened(), told("incident.closed", outcome="dispersed"))
    life, out_of_order = step(closed, told("incident.casualty_recorded"))
    assert (life.state, out_of_order) == ("reopened", True)
    assert step(life, told("incident.reopened"))[0].state == "reopened"
    assert step(life, told("incident.closed", outcome="dispersed"))[0].state == "closed"


def test_each_track_of_a_case_becomes_final_once_and_on_its_own():
    life = after(told("case.opened"), told("case.final", track="asylum"), told("case.final", track="criminal_fr"))
    assert life.finals == ("asylum", "criminal_fr") and life.state == "open"
    with pytest.raises(errors.NotInThisState, match="asylum is final already"):
        step(life, told("case.final", track="asylum"))
    closed = step(life, told("case.closed"))[0]
    assert step(closed, told("case.final", track="criminal_gb"))[0].finals[-1] == "criminal_gb"
    with pytest.raises(errors.NotInThisState, match="only from open"):
        step(closed, told("case.closed"))


@pytest.mark.parametrize("name", sorted(name for name in NEWEST if NEWEST[name].family in STATES))
def test_a_stream_belongs_to_one_family(name):
    for family, state in (("incident", "reported"), ("interception", "found"), ("case", "open")):
        life = Life(family, state, "", "BF")
        if at_home(name, life):
            continue
        with pytest.raises(errors.NotInThisState) as caught:
            step(life, told(name))
        assert family in caught.value.message and "link" in (caught.value.remedy or "")


def test_a_protection_need_claims_no_stream_for_its_family():
    life = after(told("interception.protection_need_recorded"))
    assert life == UNBORN
    assert after(told("interception.protection_need_recorded"), opened()).family == "incident"


def test_folding_keeps_going_where_a_step_does_not_follow():
    """A correction may take an opening back: what came after it is still on record."""
    life = fold([told("incident.confirmed"), told("incident.persons_rescued"), opened(), told("incident.confirmed")])
    assert life.state == "confirmed"
    same, _, breach = follow(UNBORN, told("incident.confirmed"))
    assert same == UNBORN and breach is not None and "unopened" in breach.message


def test_no_retraction_blocks_a_stream():
    """An opening, or a closing, taken back: what goes on from where it stood is admitted, and so is doing it again."""
    boat, close = opened("small_boat_distress"), told("incident.closed", outcome="accounted")
    without_opening = either(fold([]), fold([boat]))
    assert not without_opening.opened
    assert step(without_opening, boat)[0] == fold([boat])
    assert step(without_opening, told("incident.confirmed"))[0].state == "confirmed"
    assert step(without_opening, close)[0].state == "closed"
    with pytest.raises(errors.NotInThisState, match="accounted"):
        step(without_opening, told("incident.closed", outcome="dispersed"))
    reopened_by_retraction = either(fold([boat]), fold([boat, close]))
    assert step(reopened_by_retraction, close)[0].state == "closed"
    assert step(reopened_by_retraction, told("incident.reopened"))[0].state == "reopened"
    assert step(reopened_by_retraction, told("incident.updated")) == (reopened_by_retraction, False)
    with pytest.raises(errors.NotInThisState):
        step(reopened_by_retraction, boat)


def test_a_life_nobody_corrected_has_one_reading():
    life = fold([opened(), told("incident.confirmed")])
    assert either(life, life) == life
    assert either(UNBORN, UNBORN) == UNBORN


def test_the_night_s_own_streams_live_their_lives():
    boat = fold([opened("small_boat_distress", "HMCG-DOVER"), told("incident.linked", **DATA["incident.linked"])])
    assert boat == Life("incident", "reported", "small_boat_distress", "HMCG-DOVER")
    assert fold([told("case.opened"), told("case.suspect_arrested"), told("case.decision_recorded")]).state == "open"
