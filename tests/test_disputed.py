"""What a stolen key said stays and counts, and no figure is shown without what of it is disputed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from api.cli.figures import explain_screen, figures_screen
from api.cli.words import Words
from ledger.events.keys import KeyRing
from ledger.formats.entry import parse_instant
from ledger.store.mapper import event_of
from projections.differences import reconcile
from projections.disputed import Disputes, turns_of
from projections.fact import Fact
from tests.story import DAY, DETECTION, Story, correction, told_in

FR_DAY = date(2015, 8, 27)


@pytest.fixture
def story(tmp_path: Path, store_url: str) -> Iterator[Story]:
    with told_in(tmp_path, store_url) as told:
        yield told


def disputed(story: Story, nation: str = "GB", as_of: int | None = None, day: date = DAY) -> dict[str, int]:
    answer = story.moment(nation, as_of).figures(day)
    values = {**answer["figures"], **answer["beside"]}
    assert all(0 < count <= values[code] for code, count in answer["disputed"].items())
    found: dict[str, int] = answer["disputed"]
    return found


def withdrawn(story: Story, as_of: int | None = None) -> dict[str, int]:
    found: dict[str, int] = story.moment("GB", as_of).figures(DAY)["disputed_withdrawn"]
    return found


def test_what_a_stolen_key_said_counts_and_is_shown_until_its_nation_stands_by_it(story: Story) -> None:
    first = story.add("interception.recorded", "A", {**DETECTION, "persons": 2})
    suspect = story.add("interception.recorded", "B", DETECTION)
    also = story.add("interception.recorded", "C", {**DETECTION, "persons": 1})
    unreported = story.clock.now
    story.compromised("BF", story.position(suspect))
    reported = story.clock.now
    assert (story.g1(), disputed(story)) == (8, {"G1": 6})
    story.reaffirmed("BF", suspect)
    halfway = story.clock.now
    story.reaffirmed("BF", also)
    for at, wanted in ((unreported, {}), (reported, {"G1": 6}), (halfway, {"G1": 1}), (None, {})):
        assert (story.g1(as_of=at), disputed(story, as_of=at)) == (8, wanted)
    lines = story.moment(as_of=reported).explain("G1", DAY)["lines"]
    assert {line["event"]: line["disputed"] for line in lines} == {first: False, suspect: True, also: True}
    assert disputed(story, "FR", reported, FR_DAY) == {}
    story.home.projector("GB").rebuild()
    assert disputed(story, as_of=reported) == {"G1": 6}


def test_a_retraction_ends_the_dispute(story: Story) -> None:
    suspect = story.add("interception.recorded", "B", DETECTION)
    story.compromised("BF", story.position(suspect))
    before = story.clock.now
    gb = story.authority("GB")
    story.record(story.compose("correction.recorded", "B", correction(suspect, "amend", {"persons": 4}), gb))
    assert (story.g1(), disputed(story)) == (4, {"G1": 4})
    story.record(story.compose("correction.recorded", "B", correction(suspect, "retract"), gb))
    assert (story.g1(), disputed(story), withdrawn(story)) == (0, {}, {})
    assert (story.g1(as_of=before), disputed(story, as_of=before)) == (5, {"G1": 5})


def test_paris_is_shown_its_own_and_so_is_whoever_reads_the_other_nations_events(story: Story) -> None:
    story.add("interception.recorded", "B", DETECTION)
    taken = story.add("interception.handed_over", "B", {"from": "BF", "to": "PAF", "accepted": 5}, "PAF")
    story.compromised("PAF", story.position(taken))
    assert disputed(story, "FR", day=FR_DAY) == {"F3": 5}
    assert disputed(story) == {}


def test_a_sealed_statement_is_disputed_by_its_own_key_and_in_its_own_reading(story: Story) -> None:
    sealed = story.inner("interception.recorded", "B", DETECTION)
    story.seal(sealed)
    sealer = story.home.key("sealer-GB")
    story.says("GB", "key.compromised", {"key": sealer.key_id, "suspect_from_position": 1})
    assert disputed(story) == {}
    story.compromised("BF", 1)
    assert (disputed(story), disputed(story, "FR", day=FR_DAY)) == ({"G1": 5}, {})
    assert story.moment().explain("G1", DAY)["lines"][0]["disputed"]


def test_a_stolen_key_that_corrects_disputes_what_it_corrected(story: Story) -> None:
    """The statement itself was made before; the number that stands rests on the thief's word."""
    true = story.add("interception.recorded", "B", DETECTION)
    raised = story.record(story.correct(true, "B", "amend", {"persons": 50}))
    story.compromised("BF", story.position(raised))
    assert (story.g1(), disputed(story)) == (50, {"G1": 50})
    gb = story.authority("GB")
    # A later correction of something else leaves the thief's number in force.
    story.record(story.compose("correction.recorded", "B", correction(true, "amend", {"route": "coach"}), gb))
    assert disputed(story) == {"G1": 50}
    story.record(story.compose("correction.recorded", "B", correction(true, "amend", {"minors": 1}), gb))
    assert story.moment().figures(DAY)["disputed_people"] == {"minors_found": 1}
    story.record(story.compose("correction.recorded", "B", correction(raised, "retract"), gb))
    assert (story.g1(), disputed(story)) == (5, {})


def test_a_correction_of_a_correction_disputes_what_is_corrected_in_the_end(story: Story) -> None:
    true = story.add("interception.recorded", "B", DETECTION)
    right = story.record(story.correct(true, "B", "amend", {"persons": 6}))
    wrong = story.record(story.correct(right, "B", "amend", {"persons": 60}))
    story.compromised("BF", story.position(wrong))
    assert (story.g1(), disputed(story)) == (60, {"G1": 60})
    gb = story.authority("GB")
    story.record(story.compose("correction.recorded", "B", correction(true, "amend", {"route": "coach"}), gb))
    assert (story.g1(), disputed(story)) == (60, {"G1": 60})
    story.reaffirmed("BF", wrong)
    assert (story.g1(), disputed(story)) == (60, {})


def test_what_a_stolen_key_withdrew_is_shown_as_well(story: Story) -> None:
    true = story.add("interception.recorded", "B", DETECTION)
    story.add("interception.recorded", "C", {**DETECTION, "persons": 1})
    gone = story.record(story.correct(true, "B", "retract"))
    story.compromised("BF", story.position(gone))
    answer = story.moment().figures(DAY)
    assert (answer["figures"]["G1"], answer["disputed"], answer["disputed_withdrawn"]) == (1, {}, {"G1": 5})
    (line,) = story.moment().explain("G1", DAY)["disputed_withdrawn"]
    assert (line["event"], line["quantity"], line["ended_by"]) == (true, 5, story.position(gone))
    told = story.clock.now
    story.record(story.compose("correction.recorded", "B", correction(gone, "retract"), story.authority("GB")))
    assert (story.g1(), withdrawn(story)) == (6, {})
    assert withdrawn(story, told) == {"G1": 5}


def test_what_somebody_else_withdraws_as_well_is_gone_without_dispute(story: Story) -> None:
    false = story.add("interception.recorded", "B", DETECTION)
    gone = story.record(story.correct(false, "B", "retract"))
    story.compromised("BF", story.position(gone))
    assert withdrawn(story) == {"G1": 5}
    story.record(story.compose("correction.recorded", "B", correction(false, "retract"), story.authority("GB")))
    assert (withdrawn(story), disputed(story)) == ({}, {})


def test_what_still_stands_in_some_form_was_not_withdrawn(story: Story) -> None:
    """A stolen key lowers one count, and moves another to the day after: that day is where it is disputed."""
    lowered = story.add("interception.recorded", "B", DETECTION)
    moved = story.add("interception.recorded", "C", {**DETECTION, "persons": 3})
    first = story.record(story.correct(lowered, "B", "amend", {"persons": 2}))
    story.clock.now = parse_instant("2015-08-27T12:00:00.000000Z")
    to = {"occurred_at": "2015-08-27T10:00:00.000000Z"}
    story.record(story.correct(moved, "C", "retime", to))
    story.compromised("BF", story.position(first))
    assert (story.g1(), disputed(story), withdrawn(story)) == (2, {"G1": 2}, {"G1": 3})
    assert disputed(story, day=date(2015, 8, 27)) == {"G1": 3}


def test_what_a_stolen_key_both_said_and_withdrew_is_in_no_figure(story: Story) -> None:
    false = story.add("interception.recorded", "B", DETECTION)
    story.record(story.correct(false, "B", "retract"))
    story.compromised("BF", story.position(false))
    assert (disputed(story), withdrawn(story)) == ({}, {})


def test_what_was_withdrawn_twice_with_a_stolen_key_is_missing_once(story: Story) -> None:
    true = story.add("interception.recorded", "B", DETECTION, "PAF")
    paf = story.author("PAF")
    gone = story.record(story.compose("correction.recorded", "B", correction(true, "retract"), paf))
    fr = story.authority("FR")
    back = story.record(story.compose("correction.recorded", "B", correction(gone, "retract"), fr))
    story.record(story.compose("correction.recorded", "B", correction(back, "retract"), paf))
    story.compromised("PAF", story.position(gone))
    assert (story.g1(), withdrawn(story)) == (0, {"G1": 5})


def test_what_a_stolen_key_brought_back_is_disputed(story: Story) -> None:
    story.add("incident.opened", "I", {"kind": "small_boat_departure", "place": "CZ"}, "PAF")
    story.add("incident.departure_prevented", "I", {"persons": 7, "boats": 1, "place": "CZ"}, "PAF")
    story.add("incident.declared_unfounded", "I", {}, "PAF")
    again = story.add("incident.confirmed", "I", {}, "BF")
    story.compromised("BF", story.position(again))
    answer = story.moment().figures(DAY)
    assert (answer["figures"]["G5"], answer["disputed"]["G5"]) == (7, 7)


def test_a_false_alarm_raised_with_a_stolen_key_takes_out_what_it_ended_in_dispute(story: Story) -> None:
    story.add("incident.opened", "I", {"kind": "small_boat_departure", "place": "CZ"}, "PAF")
    story.add("incident.departure_prevented", "I", {"persons": 7, "boats": 1, "place": "CZ"}, "PAF")
    said = story.add("incident.declared_unfounded", "I", {}, "BF")
    story.compromised("BF", story.position(said))
    answer = story.moment().figures(DAY)
    assert (answer["figures"]["G5"], answer["disputed_withdrawn"]["G5"]) == (0, 7)
    story.reaffirmed("BF", said)
    assert story.moment().figures(DAY)["disputed_withdrawn"] == {}


def test_somebody_counted_once_is_not_disputed_where_another_statement_names_them_too(story: Story) -> None:
    arrest = {"measure": "arrest", "suspicion": "facilitation"}
    story.add("case.opened", "K1", {"kind": "facilitation"}, "PAF")
    story.add("case.suspect_arrested", "K1", {**arrest, "suspect": "one"}, "PAF")
    story.add("case.opened", "K2", {"kind": "facilitation"})
    again = story.add("case.suspect_arrested", "K2", {**arrest, "suspect": "one"})
    story.add("case.suspect_arrested", "K2", {**arrest, "suspect": "two"})
    story.compromised("BF", story.position(again))
    moment = story.moment()
    assert (moment.figures(DAY)["figures"]["G6"], moment.figures(DAY)["disputed"]) == (2, {"G6": 1})
    told = moment.explain("G6", DAY)
    assert (told["disputed"], [line["disputed"] for line in told["lines"]]) == (1, [False, True, True])


def test_a_reconciliation_is_the_same_with_and_without_a_dispute(story: Story) -> None:
    suspect = story.add("interception.recorded", "B", DETECTION)
    story.add("interception.handed_over", "B", {"from": "BF", "to": "PAF", "accepted": 4}, "PAF")

    def told() -> dict[str, Any]:
        answer = reconcile("P2", story.moment("GB"), DAY, story.moment("FR"), FR_DAY)
        assert answer["from"] + sum(step["delta"] for step in answer["steps"]) == answer["to"]
        assert answer["unexplained"] == 0
        return {name: answer[name] for name in ("from", "to", "steps", "told")}

    before = told()
    story.compromised("BF", story.position(suspect))
    assert disputed(story) == {"G1": 5}
    assert told() == before


def test_where_no_key_is_compromised_a_figure_asks_no_more_of_the_store(story: Story) -> None:
    story.add("interception.recorded", "B", DETECTION)
    asked: list[str] = []
    moment = story.moment()
    engine = moment.store.engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    moment.figures(DAY)
    assert sum(statement.startswith("SELECT") for statement in asked) == 2, asked
    story.compromised("BF", 1)
    asked.clear()
    story.moment().figures(DAY)
    assert sum(statement.startswith("SELECT") for statement in asked) > 2


def test_the_dispute_at_every_position_is_the_key_rings(story: Story) -> None:
    bf, paf = (story.author(name).key.key_id for name in ("BF", "PAF"))
    said = [story.add("interception.recorded", "B", DETECTION), story.add("interception.recorded", "P", DETECTION, "PAF")]
    places = {event: story.position(event) for event in said}
    story.compromised("BF", places[said[0]])
    story.reaffirmed("BF", said[1])
    story.compromised("PAF", places[said[1]] + 1)
    story.compromised("PAF", places[said[1]])
    story.reaffirmed("PAF", *said)
    story.reaffirmed("BF", said[0])
    story.compromised("BF", 1)
    ring, turns, seen = KeyRing(), [], set()
    for position, entry in story.home.ledger.entries(0, 100):
        ring.apply(event_of(bytes(entry)), position)
        turns += turns_of(event_of(bytes(entry)), position)
        for key in (bf, paf):
            for event in said:
                fact = Fact("x", "B", event, "", places[event], places[event], 0, 0, 0, "", "", "", key_id=key)
                verdict = Disputes(turns, position).cover(fact)
                assert verdict == ring.is_disputed(key, event, places[event])
                seen.add((key == bf, event == said[0], verdict))
    assert len(seen) > 5, "both verdicts were met"


def test_both_languages_show_it_beside_the_figure_and_on_its_lines(story: Story) -> None:
    suspect = story.add("interception.recorded", "B", {**DETECTION, "minors": 2})
    taken = story.add("interception.recorded", "C", {**DETECTION, "persons": 3})
    story.record(story.correct(taken, "C", "retract"))
    story.compromised("BF", story.position(suspect))
    story.reaffirmed("BF", taken)
    moment = story.moment()
    for language, said, withdrew, people, line in (
        ("en", "of which 5 disputed", "3 more withdrawn, disputed", "of which 2 disputed", "reported compromised"),
        ("fr", "dont 5 contesté(s)", "3 de plus, retrait contesté", "dont 2 contesté(s)", "signalée comme compromise"),
    ):
        words = Words(language)  # type: ignore[arg-type]
        screen = figures_screen(words, story.home, moment.figures(DAY))
        (row,) = [text for text in screen if text.strip().startswith("G1 ")]
        assert said in row
        assert withdrew in row
        assert any(people in text for text in screen)
        lines = explain_screen(words, story.home, moment.explain("G1", DAY))
        assert sum(line in text for text in lines) == 2
        assert any(said in text for text in lines)
