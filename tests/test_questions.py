"""The fifteen inquiry questions over a night made by hand: what they saw, who knew, what changed, was late, is missing."""

import json
from datetime import date

import msgspec
import pytest

from ledger import errors
from ledger.formats.entry import format_instant as written
from projections.questions import QUESTIONS, Told, ask, find
from projections.questions.asked import Look
from projections.situation import situation
from projections.wording.questions import PLAINLY
from tests.facts_by_hand import Story, instant


class Asked:
    """A view made of facts by hand. Each event is an entry; entries without facts are added by `enters`."""

    nation = "GB"
    code_version = "entente/test"

    def __init__(self, night):
        self.night = night
        self.more = []
        self.looked = []

    def enters(self, **fields):
        """An entry as it stands in the log."""
        self.night.position += 1
        position = self.night.position
        told = {"position": position, "event": f"event-{position}", "label": f"E{position}", "recorded_at": self.night.clock}
        made = {"occurred_at": self.night.clock, "type": "annotation.added", "stream": "INC-1", "authority": "BF"}
        self.more.append(Told(**{**told, **made, **fields}))

    def _moments(self):
        return sorted({(f.origin, f.recorded_at) for f in self.night.facts} | {(t.position, t.recorded_at) for t in self.more})

    def position_at(self, as_of):
        return max((p for p, recorded_at in self._moments() if as_of is None or recorded_at <= as_of), default=0)

    def instant_at(self, as_of):
        return self.night.clock if as_of is None else as_of

    def live(self, position, kinds):
        return [f for f in self.night.live(position) if f.kind in kinds]

    def changed(self, after, upto):
        return [f for f in self.night.facts if after < f.stated <= upto or after < f.ended <= upto]

    def told(self, after, upto):
        return [t for t in self.more if after < t.position <= upto]

    def figures(self, day, as_of):
        found = [f for f in self.night.live(self.position_at(as_of)) if f.kind == "detection"]
        return {"day": day.isoformat(), "figures": {"G1": sum(f.quantity for f in found)}, "window": {}, "checkpoint": {}}

    def situation(self, as_of):
        return situation(self.night.live(self.position_at(as_of)), self.instant_at(as_of), self.nation)

    def looks(self, begin, end):
        return [x for x in self.looked if (begin is None or x.at >= begin) and (end is None or x.at <= end)]

    def prove(self, first, last):
        return [{"ok": True, "first": first, "last": last}]


@pytest.fixture
def night():
    return Story()


@pytest.fixture
def asked(night):
    return Asked(night)


def rows(asked, question, **given):
    answer = ask(asked, question, {name.rstrip("_"): value for name, value in given.items()})
    json.dumps(answer)  # what is answered can be printed
    return answer["answer"]


# -- how a question is put --------------------------------------------------------------------------------------------------


def test_there_are_fifteen_and_each_is_found_by_number_and_by_name():
    assert list(QUESTIONS) == list(range(1, 16))
    for number, question in QUESTIONS.items():
        assert find(str(number)) is find(question.name) is question
        assert question.asks.en.endswith("?") and question.asks.fr.endswith("\u202f?")


def test_five_plain_words_lead_to_all_of_them():
    assert sorted(n for _, numbers in PLAINLY.values() for n in numbers) == list(range(1, 16))


def test_an_answer_repeats_what_was_asked(asked, night):
    night.distress("FR-1", "CROSS")
    answer = ask(asked, "shown", {"at": "2015-08-27T02:12:00Z"})
    assert (answer["question"], answer["name"], answer["view"]) == (1, "shown", "GB")
    assert answer["parameters"] == {"at": "2015-08-27T02:12:00.000000Z"}


@pytest.mark.parametrize(
    ("question", "given", "field"),
    [
        ("16", {}, "question"),
        ("shown", {"when": "now"}, "when"),
        ("shown", {"at": "three o'clock"}, "at"),
        ("shown", {"at": "2015-02-30T00:00:00Z"}, "at"),
        ("shown", {"day": "27/08/2015"}, "day"),
        ("late", {"minutes": "half an hour"}, "minutes"),
        ("believed", {}, "at"),
        ("entries", {}, None),
        ("changes", {"code": "G99"}, "code"),
        ("rules", {"day": "2015-08-26", "code": "G99"}, "code"),
    ],
)
def test_a_question_that_cannot_be_put_says_what_to_do(asked, question, given, field):
    with pytest.raises(errors.BadQuestion) as refused:
        ask(asked, question, given)
    assert refused.value.field == field
    assert refused.value.remedy


def test_who_read_a_record_is_told_of_each_look_at_it(asked):
    asked.looked = [
        Look(
            instant("03:00"),
            "event-1",
            "consulted",
            "A. Smith",
            "auditor",
            "audit",
            "yearly",
            stream="IC-1",
            label="A1",
            position=1,
        ),
        Look(instant("04:00"), "event-9", "consulted", "B. Jones", "official", "report", "", emergency=True),
    ]
    first, last = ask(asked, "11", {})["answer"]
    assert (first["who"], first["stream"], first["motif"], first["mandate"]) == ("A. Smith", "IC-1", "yearly", None)
    assert (last["event"], last["label"], last["position"], last["emergency"]) == ("event-9", "event-9", None, True)
    assert [row["who"] for row in ask(asked, "11", {"stream": "IC-1"})["answer"]] == ["A. Smith"]
    assert ask(asked, "read-by", {"from": written(instant("03:30")), "to": written(instant("03:40"))})["answer"] == []


# -- what did they see ------------------------------------------------------------------------------------------------------


def test_what_was_shown_then_is_not_what_is_believed_now(asked, night):
    night.at("01:00").says("BF", "detection", "IC-1", quantity=10)
    night.at("02:00").distress("GB-1", "DOVER")
    night.at("06:10").says("BF", "detection", "IC-6", quantity=2, occurred="00:50")
    night.says("SNSM", "rescued", "FR-9", quantity=3, occurred="01:30")
    [situation_then, figures_then] = rows(asked, "1", at="2015-08-27T05:00:00Z", day="2015-08-27")
    assert situation_then["open_incidents"] == ["GB-1"]
    assert figures_then["figures"]["G1"] == 10
    believed = {(row["of"], row["name"]): (row["then"], row["now"]) for row in rows(
        asked, "2", at="2015-08-27T05:00:00Z", day="2015-08-27"
    )}  # fmt: skip
    assert believed[("figures", "G1")] == (10, 12)
    assert believed[("situation", "open_incidents")] == (["GB-1"], ["FR-9", "GB-1"])


def test_which_rules_and_which_code_made_a_figure(asked, night):
    night.says("BF", "detection", "IC-1", quantity=10)
    detail = {"revision": 0, "position": 1, "ruleset": "gb/1", "figures": {"G1": 10}}
    night.says("DOVER", "report", "REPORT-GB", "provisional", party="GB", about="2015-08-26", detail=detail)
    rules, report = rows(asked, "13", day="2015-08-26", code="G1")
    assert (rules["ruleset"], rules["code"], rules["value"]) == ("gb/1", "entente/test", 10)
    assert rules["figure"]["terms"] == [{"kind": "detection", "where": {"zone": ["GB"]}, "within": {}}]
    assert (report["bound_to"], report["revision"], report["value"]) == (1, 0, 10)


def test_contradictions_open_at_an_instant(asked, night):
    night.at("02:00").distress("FR-1", "CROSS")
    night.says("CROSS", "rescued", "FR-1", quantity=14)
    night.at("03:00").says("CROSS", "disembarked", "FR-1", quantity=13)
    assert rows(asked, "14", at="2015-08-27T02:30:00Z") == []
    assert [row["code"] for row in rows(asked, "14")] == ["C2"]


def test_a_time_that_is_not_sure_near_a_boundary(asked, night):
    """London's day begins at 23:00 UTC in August, the Paris bulletin at 06:00."""
    for clock, seconds, label in (("22:50", 900, "near"), ("22:40", 900, "far"), ("22:59", 0, "sure")):
        fact = night.says("BF", "detection", "IC-1", quantity=1, label=label, occurred=f"2015-08-26T{clock}:00.000000Z")
        night.facts[-1] = msgspec.structs.replace(fact, imprecision_seconds=seconds)
    [row] = rows(asked, "15")
    assert (row["label"], row["reporting_day_of"], row["minutes_away"]) == ("near", "GB", 10)


# -- who knew ---------------------------------------------------------------------------------------------------------------


def test_when_one_desk_knew_and_when_the_other_acknowledged(asked, night):
    night.at("01:47").distress("FR-1", "CROSS")
    night.at("01:50").says("CROSS", "notified", "FR-1", party="DOVER", detail={"acknowledged": True}, label="A34")
    [row] = rows(asked, "3", stream="FR-1")
    assert (row["label"], row["to"], row["claimed"], row["acknowledged_by"]) == ("A34", "DOVER", True, None)
    night.at("02:30").says("DOVER", "acknowledged", "FR-1", label="at last")
    [row] = rows(asked, "3")
    assert (row["acknowledged_by"]["label"], row["minutes"]) == ("at last", 43)
    assert rows(asked, "3", stream="INC-9") == []


def test_a_decision_without_reasons_and_a_decision_not_to_act(asked, night):
    night.says("PAF", "decision", "CASE-1", "oqtf", label="bare")
    night.says("PAF", "decision", "CASE-1", "charge", detail={"has_text": True}, label="reasoned")
    night.says("PAF", "decision", "CASE-1", "no_action", detail={"has_text": True, "decided_by": "officer-7"}, label="nothing")
    found = {row["label"]: (row["has_rationale"], row["not_to_act"], row["decided_by"]) for row in rows(asked, "7")}
    assert found == {"bare": (False, False, None), "nothing": (True, True, "officer-7")}


def test_when_two_boats_were_treated_as_one_and_whether_it_was_undone(asked, night):
    night.distress("FR-1", "CROSS")
    night.distress("GB-1", "DOVER")
    link = night.links("DOVER", "GB-1", "FR-1", basis="assessment", has_text=False)
    [row] = rows(asked, "8")
    assert (row["to"], row["basis"], row["has_evidence"], row["stands"], row["undone_by"]) == (
        *("FR-1", "assessment", False, True),
        None,
    )
    assert row["unconfirmed"]
    night.withdraws("CROSS", link)
    [row] = rows(asked, "merged")
    assert (row["stands"], row["undone_by"]["authority"]) == (False, "CROSS")
    night.says("PAF", "link", "CASE-1", "case", subject="FR-1", about="facilitation")
    assert len(rows(asked, "8")) == 1


def test_requests_are_unanswered_even_if_nobody_set_them_a_limit(asked, night):
    night.at("02:00").says("CROSS", "assistance", "FR-1", "requested", subject="helicopter", label="asked")
    night.says("CROSS", "notified", "FR-1", party="DOVER", label="told")
    assert asked.situation(None)["unanswered"] == []
    assert [(row["label"], row["waits_for"]) for row in rows(asked, "9")] == [("asked", "helicopter"), ("told", "DOVER")]


def test_all_entries_of_an_officer_a_role_an_authority_or_a_shift(asked, night):
    asked.enters(officer="o-1", role="duty", authority="BF")
    night.at("03:00")
    asked.enters(officer="o-2", role="duty", authority="PAF")
    assert [row["label"] for row in rows(asked, "6", officer="o-1")] == ["E1"]
    assert [row["label"] for row in rows(asked, "6", role="duty", authority="PAF")] == ["E2"]
    assert [row["label"] for row in rows(asked, "6", from_="2015-08-27T02:00:00Z")] == ["E2"]


# -- what changed, what was late, what is missing ---------------------------------------------------------------------------


def test_what_was_recorded_long_after_it_happened(asked, night):
    night.at("06:10")
    asked.enters(occurred_at=instant("01:10"), late_reason_given=True)
    asked.enters(occurred_at=instant("00:10"))
    asked.enters(occurred_at=instant("05:40"))
    assert [(row["label"], row["minutes"], row["reason_given"]) for row in rows(asked, "4")] == [
        ("E2", 360, False),
        ("E1", 300, True),
    ]
    assert [row["label"] for row in rows(asked, "late", minutes="301")] == ["E2"]


def test_every_lowered_count_of_people(asked, night):
    landed = night.says("CROSS", "disembarked", "FR-1", quantity=14, label="A39", side="FR")
    found = night.says("BF", "detection", "IC-1", quantity=4, zone="GB", label="A06")
    night.corrects(landed, quantity=13)
    night.corrects(found, quantity=5)
    [lowered, raised] = rows(asked, "5")
    assert (lowered["label"], lowered["from"], lowered["to"], lowered["lowered"]) == ("A39", 14, 13, True)
    assert (lowered["changed_by"], lowered["position"], lowered["stated_at"]) == ("event-3", 3, 1)
    assert [row["label"] for row in rows(asked, "5", lowered="yes")] == ["A39"]
    assert [row["label"] for row in rows(asked, "5", code="G1")] == ["A06"]
    assert not raised["lowered"]


def test_a_change_within_a_time(asked, night):
    landed = night.at("01:00").says("CROSS", "disembarked", "FR-1", quantity=14)
    night.at("06:50").corrects(landed, quantity=13)
    assert rows(asked, "5", to="2015-08-27T06:00:00Z") == []
    assert len(rows(asked, "5", from_="2015-08-27T06:50:00Z", to="2015-08-27T06:50:00Z")) == 1


def test_when_nothing_was_heard_of_a_boat(asked, night):
    night.at("01:47").distress("FR-1", "CROSS")
    night.at("01:50").says("CROSS", "notified", "FR-1", party="DOVER", label="last word")
    night.at("03:01").says("CROSS", "rescued", "FR-1", quantity=14, label="next word")
    night.at("03:10").says("CROSS", "disembarked", "FR-1", quantity=14)
    night.at("06:00").says("PREF62", "sheltered", "FR-1", quantity=14)
    [row] = rows(asked, "10")
    assert (row["stream"], row["minutes"]) == ("FR-1", 71)
    assert (row["last_entry"]["label"], row["next_entry"]["label"]) == ("last word", "next word")
    assert rows(asked, "10", minutes="72") == []
    assert rows(asked, "10", stream="GB-1") == []


def test_a_silence_that_goes_on_has_no_end(asked, night):
    night.at("01:47").distress("FR-1", "CROSS")
    night.at("02:30")
    assert rows(asked, "10") == [{"stream": "FR-1", "from": "2015-08-27T01:47:00.000000Z", "to": None, "minutes": 43}]


def test_a_word_on_a_merged_boat_ends_the_silence_on_both(asked, night):
    night.at("02:00").distress("FR-1", "CROSS")
    night.distress("GB-1", "DOVER")
    night.at("02:10").links("DOVER", "GB-1", "FR-1")
    night.at("02:30").says("CROSS", "update", "FR-1")
    assert [(row["stream"], row["minutes"]) for row in rows(asked, "10")] == [("FR-1", 20)]


def test_a_range_is_proven_by_whoever_keeps_the_log(asked, night):
    night.at("01:00").says("BF", "detection", "IC-1")
    night.at("02:00").says("BF", "detection", "IC-2")
    assert rows(asked, "12", from_="2015-08-27T02:00:00Z") == [{"ok": True, "first": 2, "last": 2}]


def test_figures_asked_for_a_day_are_asked_for_that_day(asked, night):
    night.says("BF", "detection", "IC-1", quantity=10)
    assert rows(asked, "1", day=date(2015, 8, 26).isoformat())[1]["day"] == "2015-08-26"
