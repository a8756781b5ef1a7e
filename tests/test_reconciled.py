"""Two reports reconciled on record: nothing is agreed away, the unexplained stays red, either alone comes to the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api import authoring, drafts, reconciling, reporting
from api.home import Home
from api.registrar import Registrar, sealers
from ledger import errors, events
from ledger.formats.entry import format_instant, split_entry
from projections import nations
from projections.reports import agreed, reconciled
from projections.reports.draft import Wanted
from projections.reports.issued import issued
from projections.ruleset import Ruleset, term
from projections.sentences import sentences
from tests.served import Service, appoint, serving
from tests.story import DAY, DETECTION, Story, told_in
from tests.test_reports import append, issue, played, report

LONDON, PARIS = date(2015, 8, 26), date(2015, 8, 27)
DAYS = LONDON, PARIS
HOSPITAL, LATE, FOLKESTONE = "IC-A2", "IC-A6", "IC-A4"
Row = dict[str, Any]


@pytest.fixture
def night(first_night: Home) -> Home:
    """The first night with its reports, on either store."""
    return first_night


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The same, for whoever only asks."""
    with ExitStack() as stack:
        server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
        url = "sqlite://" if server is None else stack.enter_context(server.database())
        yield stack.enter_context(closing(played(tmp_path_factory.mktemp("reconciled") / "night", url)))


@pytest.fixture
def sealed(tmp_path: Path, store_url: str) -> Iterator[Story]:
    """Five found whom both know of, and seven that London sealed."""
    with told_in(tmp_path, store_url) as story:
        story.add("interception.recorded", "IC-1", DETECTION)
        story.seal(story.inner("interception.recorded", "IC-2", {**DETECTION, "persons": 7}))
        for nation in ("GB", "FR"):
            story.player._official(nation)
        story.player.sealers = sealers(story.home)
        yield story


def say(home: Home, nation: str, unsigned: Row) -> str:
    """What an official says, on record and in both views; its id."""
    append(home, nation, unsigned)
    for view in ("GB", "FR"):
        home.projector(view).follow()
    return events.decode_header(split_entry(home.reader.entry(home.reader.head()))[3]).id


def record(home: Home, pair: str = "P2", by: str = "GB", *, jointly: bool = False, **changed: Any) -> str:
    """A pair of the two days' newest reports put on record; `changed` replaces fields of what is signed."""
    (computed,) = reconciling.compute(home, by, DAYS, [pair], jointly=jointly)
    unsigned = computed.unsigned(format_instant(home.now()))
    unsigned["data"] |= changed
    return say(home, by, unsigned)


def stated(home: Home, by: str, event: str, what: str, **data: Any) -> str:
    found = agreed.find(home.view(by).at(None), event)
    return say(home, by, reconciling.said(found, what, data, format_instant(home.now())))


def state(home: Home, event: str, view: str = "GB") -> Row:
    now = home.view(view).at(None)
    return agreed.state(now, agreed.find(now, event))


def item(found: Row, key: str) -> Row:
    (row,) = [each for each in found["items"] if each["key"] == key]
    return dict(row)


def first_step(answer: Row) -> tuple[str, int]:
    return answer["steps"][0]["dimension"], answer["steps"][0]["delta"]


def both_issue(home: Home, withhold: dict[str, bool] | None = None, changed: Row | None = None) -> None:
    """London's report of its day and Paris's bulletin; London withholds, or signs something else than it should."""
    issue(home, "GB", Wanted(LONDON, "provisional", withhold or {}), changed)
    issue(home, "FR", Wanted(PARIS, "provisional"))
    home.projector("GB").follow()


def agree_to_all(home: Home, event: str) -> None:
    for row in state(home, event)["items"]:
        for nation in ("GB", "FR"):
            if row["key"] != agreed.R00:
                stated(home, nation, event, "item_agreed", key=row["key"], delta=row["net"])


def sign_off(home: Home, event: str) -> None:
    found = agreed.find(home.view("GB").at(None), event)
    stream = reconciled.stream_of(found.pair, *found.days)
    Registrar(home, home.now).state("reconciliation.signed_off", stream, {"reconciliation": event}, ("GB", "FR"))
    for view in ("GB", "FR"):
        home.projector(view).follow()


# -- the same from either side -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", ["P1", "P2", "P3", "P4", "P5"])
def test_each_nation_alone_and_both_together_come_to_the_same(told: Home, pair: str) -> None:
    """Not to like figures: to the same bytes, so that what one records the other can make again."""
    answers = [
        reconciling.compute(told, by, DAYS, [pair], jointly=jointly)[0].answer
        for by, jointly in (("GB", False), ("FR", False), ("GB", True))
    ]
    assert len({json.dumps(answer, sort_keys=True) for answer in answers}) == 1
    assert len({reconciled.digest(answer) for answer in answers}) == 1
    (answer, *_) = answers
    assert answer["from"] + sum(step["delta"] for step in answer["steps"]) == answer["to"] and answer["unexplained"] == 0
    assert (answer["from"], answer["to"]) == tuple(
        report(told, nation, day).figures[answer[nation.lower()]["code"]] for nation, day in (("GB", LONDON), ("FR", PARIS))
    )


def test_what_one_records_the_other_reads_item_by_item(night: Home) -> None:
    event = record(night, "P2", "FR")
    for view in ("GB", "FR"):
        found = state(night, event, view)
        assert (found["from"], found["to"], found["by"], found["stands"], found["red"]) == (10, 31, "FR-SRO", True, False)
        assert [(row["key"], row["net"]) for row in found["items"]] == [
            ("IC-A5", 11), ("IC-A3", 9), (LATE, 2), (HOSPITAL, -1), (FOLKESTONE, 0),
        ]  # fmt: skip
        assert found["counts"] == {"agreed": 0, "disputed": 0, "open": 5}
        assert "+9 found by Eurotunnel outside a UK control zone" in found["sentences"]["en"][0]
        assert "−1 hospitalisée" in found["sentences"]["fr"][0]
        assert found["residues"]["explained"] == 21


def test_what_was_recorded_and_does_not_follow_from_the_reports_is_red(night: Home) -> None:
    """A step moved, the sum kept: London's eleven after midnight are said to be late entries."""
    steps = [{"dimension": "as_of", "delta": 13}, {"dimension": "scope", "delta": 12}, {"dimension": "category", "delta": -4}]
    for changed in ({"steps": steps}, {"content_sha256": "0" * 64}):
        found = state(night, record(night, **changed))
        assert not found["stands"] and found["red"]
    ends = state(night, record(night))
    other = {**{name: ends["gb"][name] for name in ("day", "as_of", "value")}, "report": ends["fr"]["report"]}
    found = state(night, record(night, gb=other))
    assert not found["stands"] and found["red"] and found["items"] == []


# -- agreed, disputed, signed off --------------------------------------------------------------------------------------------


def test_an_item_is_agreed_when_both_have_said_so_and_not_before(night: Home) -> None:
    event = record(night)
    stated(night, "GB", event, "item_agreed", key="IC-A5", delta=11)
    assert item(state(night, event), "IC-A5")["state"] == "open"
    stated(night, "FR", event, "item_agreed", key="IC-A5", delta=11)
    assert item(state(night, event, "FR"), "IC-A5")["state"] == "agreed"
    stated(night, "FR", event, "item_disputed", key="IC-A5", comment="the clock of the lane was wrong")
    found = item(state(night, event), "IC-A5")
    assert found["state"] == "disputed" and found["GB"]["stance"] == "agreed" and found["FR"]["stance"] == "disputed"
    assert [(each["stance"], each["has_comment"]) for each in found["FR"]["said"]] == [("agreed", False), ("disputed", True)]
    assert "clock of the lane" not in json.dumps(state(night, event))


def test_agreeing_to_another_size_agrees_to_nothing(night: Home) -> None:
    event = record(night)
    for nation in ("GB", "FR"):
        stated(night, nation, event, "item_agreed", key="IC-A5", delta=10)
    assert item(state(night, event), "IC-A5")["state"] == "open"


def test_an_item_of_two_steps_is_agreed_when_both_are(night: Home) -> None:
    event = record(night, "P1")
    key = next(row["key"] for row in state(night, event)["items"] if row["label"] == "A21")
    for nation in ("GB", "FR"):
        stated(night, nation, event, "item_agreed", key=key, dimension="window", delta=25)
    assert item(state(night, event), key)["state"] == "open"
    for nation in ("GB", "FR"):
        stated(night, nation, event, "item_agreed", key=key, dimension="category", delta=95)
    assert item(state(night, event), key)["state"] == "agreed"


def test_nobody_but_an_official_takes_a_position_and_only_for_their_own_nation(night: Home) -> None:
    event = record(night)
    found = agreed.find(night.view("GB").at(None), event)
    at, bf = format_instant(night.now()), authoring.Author("BF", "GB", night.key("service-BF"))
    for what, data in (
        ("item_agreed", {"key": "IC-A5"}),
        ("item_disputed", {"key": "IC-A5"}),
        ("withheld_declared", {"nation": "GB"}),
    ):
        unsigned = reconciling.said(found, what, data, at)
        with pytest.raises(errors.NotAllowed):
            night.ledger.append(authoring.compose(unsigned, bf, night.settings.origin, sealers(night), night.now()))
    with pytest.raises(errors.NotAllowed):
        append(night, "GB", reconciling.said(found, "withheld_declared", {"nation": "FR", "size": 1}, at))
    with pytest.raises(errors.NotAllowed):
        append(night, "GB", reconciling.said(found, "signed_off", {}, at))


def test_what_both_signed_with_an_item_open_is_never_shown_as_whole(night: Home) -> None:
    event = record(night)
    sign_off(night, event)
    agree_to_all(night, event)
    sign_off(night, event)
    first, second = state(night, event, "FR")["signed_off"]
    assert (first["whole"], first["open"], first["agreed"]) == (False, 5, 0)
    assert (second["whole"], second["open"], second["agreed"]) == (True, 0, 5)


def test_a_draft_goes_from_one_nation_to_the_other_before_it_is_on_record(night: Home) -> None:
    event = record(night)
    found = agreed.find(night.view("GB").at(None), event)
    unsigned = reconciling.said(found, "signed_off", {}, format_instant(night.now()))
    item_ = drafts.state(night, unsigned, night.key("authority-GB"))
    with pytest.raises(errors.NotAllowed):
        night.ledger.append(item_)
    night.ledger.append(drafts.sign([item_], night.key("authority-FR"))[0])
    night.projector("GB").follow()
    assert len(state(night, event)["signed_off"]) == 1


# -- unexplained ---------------------------------------------------------------------------------------------------------------


def test_a_report_that_says_three_too_many_leaves_three_unexplained_for_ever(sealed: Story) -> None:
    """London signs 15 where its own facts make 12: seven are withheld, three are nobody's, and nobody declares them away."""
    home = sealed.home
    figures = sealed.moment("GB").figures(DAY)["figures"]
    both_issue(home, changed={"figures": {**figures, "G1": 15}})
    alone = reconciling.compute(home, "FR", DAYS, ["P2"])[0].answer
    assert first_step(alone) == ("withheld_by_gb", -10) and alone["unexplained"] == 0
    for by in (False, True):
        own = reconciling.compute(home, "GB", DAYS, ["P2"], jointly=by)[0].answer
        assert first_step(own) == ("withheld_by_gb", -7) and own["unexplained"] == -3
        assert sentences(own, "en")[-1] == "UNEXPLAINED (R00): −3. This is a defect."
        assert own["from"] + sum(s["delta"] for s in own["steps"]) + own["unexplained"] == own["to"]
    event = record(home)
    agree_to_all(home, event)
    for nation in ("GB", "FR"):
        stated(home, nation, event, "item_agreed", key=agreed.R00, delta=-3)
    assert state(home, event, "FR")["red"]
    stated(home, "GB", event, "withheld_declared", nation="GB", size=-7)
    assert state(home, event, "FR")["beyond_declared"] == {}
    sign_off(home, event)
    for view in ("GB", "FR"):
        found = state(home, event, view)
        assert found["red"] and found["unexplained"] == -3 and found["residues"]["unexplained"] == -3
        assert item(found, agreed.R00)["state"] == "unexplained"
        assert not found["signed_off"][0]["whole"] and found["signed_off"][0]["unexplained"] == -3


def test_what_is_declared_and_what_is_missing_are_two_things(sealed: Story) -> None:
    """Paris sees that London's figure has seven more than both may see; London declares five: two are unexplained."""
    home = sealed.home
    both_issue(home)
    event = record(home, by="FR")
    before = state(home, event, "FR")
    assert before["residues"]["size_declared"] == {"GB": -7} and not before["red"]
    stated(home, "GB", event, "withheld_declared", nation="GB", size=-5)
    found = state(home, event, "FR")
    assert (found["residues"]["size_declared"], found["beyond_declared"], found["red"]) == ({"GB": -5}, {"GB": -2}, True)
    stated(home, "GB", event, "withheld_declared", nation="GB", size=-7)
    assert not state(home, event, "FR")["red"]


# -- sealed facts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("declared", "value", "sized"), [(True, 12, {"GB": -7}), (False, 5, {})])
def test_a_withheld_figure_is_reconciled_from_each_side_and_jointly(
    sealed: Story, declared: bool, value: int, sized: dict[str, int]
) -> None:
    """Seven of London's twelve are sealed and the figure withheld: with its size it is reckoned in, without it is no zero."""
    home = sealed.home
    both_issue(home, {"G1": declared})
    answers = [
        reconciling.compute(home, by, DAYS, ["P2"], jointly=jointly)[0].answer
        for by, jointly in (("GB", False), ("FR", False), ("GB", True))
    ]
    assert len({json.dumps(answer, sort_keys=True) for answer in answers}) == 1
    event = record(home, by="FR")
    for view in ("GB", "FR"):
        found = state(home, event, view)
        assert (found["from"], found["red"], found["unexplained"]) == (value, False, 0)
        assert found["residues"]["size_declared"] == sized
        assert found["residues"]["size_not_stated"] == ([] if declared else ["GB"])
        assert "IC-2" not in json.dumps(found)
        assert ("has communicated no figure" in " ".join(found["sentences"]["en"])) is not declared
    stated(home, "GB", event, "withheld_declared", nation="GB", size=-7)
    later = state(home, event, "FR")
    assert later["residues"]["size_declared"] == {"GB": -7} and later["residues"]["size_not_stated"] == [] and not later["red"]
    assert sum("−7 is not communicated by London; its size is declared." in told for told in later["sentences"]["en"]) == 1


def test_a_sealed_position_on_a_difference_is_nobody_elses_and_counts_for_nothing(sealed: Story) -> None:
    home = sealed.home
    both_issue(home)
    event = record(home)
    key = state(home, event)["items"][0]["key"]
    said = reconciling.said(
        agreed.find(home.view("GB").at(None), event), "item_agreed", {"key": key}, format_instant(home.now())
    )
    append(home, "GB", {**said, "releasable_to": ["GB"]})
    home.projector("GB").follow()
    assert item(state(home, event, "GB"), key)["GB"]["said"] == []


# -- a new one is due ----------------------------------------------------------------------------------------------------------


def test_two_reports_are_reconciled_by_their_names_whichever_came_since(night: Home, run: Callable[..., Any]) -> None:
    """Paris revised its bulletin: what London answered to first is still to be had, and is not what came since."""
    first, second = [each for each in issued(night.view("GB").at(None)) if (each.nation, each.day) == ("FR", PARIS.isoformat())]
    london = next(each for each in issued(night.view("GB").at(None)) if (each.nation, each.day) == ("GB", LONDON.isoformat()))
    found = {name: reconciling.compute(night, "GB", (LONDON, name), ["P2"])[0].answer for name in (first.event, second.event)}
    newest = reconciling.compute(night, "GB", DAYS, ["P2"])[0].answer
    assert found[second.event] == newest and found[first.event]["fr"]["report"] == first.event
    assert found[first.event]["fr"]["position"] < newest["fr"]["position"]
    words = (
        "reconciliation",
        "record",
        "gb",
        "--gb-report",
        london.event,
        "--fr-report",
        first.event,
        "--pair",
        "P2",
        "--json",
    )
    code, said, wrong = run(*words, "--home", night.path)
    (row,) = json.loads(said)["reconciliations"] if said else [{}]
    assert code == 0 and row["fr"]["report"] == first.event, wrong
    for name, error in ((london.event, errors.BadQuestion), ("no-such", errors.NotFound)):
        with pytest.raises(error) as refused:
            reconciling.compute(night, "GB", (LONDON, name), ["P2"])
        assert refused.value.field == "--fr-report"


def test_a_late_entry_makes_a_new_reconciliation_due_and_says_why(night: Home) -> None:
    event = record(night)
    (due,) = state(night, event, "FR")["due"]
    assert (due["nation"], due["why"], due["then"], due["now"]) == ("GB", "changed", 10, 12)
    assert [cause["label"] for cause in due["events"]] == ["A19"]
    issue(night, "GB", Wanted(LONDON, "revised"))
    night.projector("FR").follow()
    assert [row["why"] for row in state(night, event, "FR")["due"]] == ["revised", "changed"]
    follower = record(night)
    found = state(night, event)
    assert found["followed_by"] == follower and found["due"] == [] and found["stands"]
    now = state(night, follower)
    assert (now["from"], now["to"], now["due"]) == (12, 31, []) and first_step(now)[0] == "window"


def test_other_rules_adopted_in_between_are_told_as_such_and_change_no_earlier_report(
    sealed: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """London counts people found anywhere from a position on: what it had reported stays, the difference is R14."""
    monkeypatch.setitem(nations.RULESETS, "gb/2", anywhere(nations.RULESETS["gb/1"]))
    home = sealed.home
    sealed.add("interception.recorded", "IC-9", {**DETECTION, "place": "ELSEWHERE", "persons": 9}, "ET")
    sealed.add("interception.handed_over", "IC-9", {"to": "PAF", "from": "ET", "accepted": 9}, "PAF")
    first = issue(home, "GB", Wanted(LONDON, "provisional"))
    sealed.says("GB", "ruleset.adopted", {"nation": "GB", "ruleset": "gb/2"})
    issue(home, "FR", Wanted(PARIS, "provisional"))
    home.projector("GB").follow()
    answer = reconciling.compute(home, "GB", DAYS, ["P2"])[0].answer
    (as_of,) = [step for step in answer["steps"] if step["dimension"] == "as_of"]
    assert [(i["key"], i["delta"], i["reason"]) for i in as_of["items"]] == [("IC-9", 9, "R14")]
    assert "comptées selon des règles adoptées" in sentences(answer, "fr")[0] and answer["unexplained"] == 0
    event = record(home)
    assert {"nation": "GB", "why": "ruleset", "from": "gb/1", "to": "gb/2"} in state(home, event, "FR")["due"]
    again = home.view("GB").at_position(first.position)
    said = reporting.verify(home, home.view("GB").at(None), first)
    assert said["ok"] and {c["state"] for c in said["checks"] if c["what"].startswith("figure")} == {"ok"}
    assert again.ruleset().name == "gb/1" and again.figures(LONDON)["figures"]["G1"] == first.figures["G1"] == 12


def anywhere(rules: Ruleset) -> Ruleset:
    from dataclasses import replace

    kept = [replace(i, terms=(term("detection"),)) if i.code == "G1" else i for i in rules.indicators]
    return replace(rules, name="gb/2", indicators=tuple(kept))


# -- asked over HTTP and at the command line -----------------------------------------------------------------------------------


def test_people_of_both_nations_are_told_the_same_of_what_is_on_record(night: Home) -> None:
    event = record(night)
    stated(night, "FR", event, "item_disputed", key=HOSPITAL, comment="CANARY of Paris")
    appoint(night)
    with serving(night) as service:
        found = {who: asked(service, who, event) for who in ("GB auditor", "FR liaison", "joint")}
        assert len({json.dumps(each, sort_keys=True) for each in found.values()}) == 1
        assert "CANARY" not in json.dumps(found) and found["joint"]["exercise"] is True
        listed = service.get("/v1/reconciliations?gb_day=2015-08-26", "FR official").json()["rows"]
        assert [(row["event"], row["counts"]["disputed"]) for row in listed] == [(event, 1)] and "items" not in listed[0]
        assert service.get("/v1/reconciliations?gb_day=2015-08-25").json()["rows"] == []
        assert service.get("/v1/reconciliations?fr_day=x").json()["field"] == "fr_day"
        assert service.get(f"/v1/reconciliations/recorded/{'0' * 32}").status_code == 404
        for who, status in (("BF", 403), ("nobody", 401), ("GB dpo", 403), ("administrator", 403)):
            assert service.get("/v1/reconciliations", who).status_code == status


def asked(service: Service, who: str, event: str) -> Row:
    answer = service.get(f"/v1/reconciliations/recorded/{event}", who)
    assert answer.status_code == 200, answer.text
    return {name: value for name, value in answer.json().items() if name != "at"}


def test_the_procedure_at_the_command_line(night: Home, run: Callable[..., Any], tmp_path: Path) -> None:
    """Recorded, agreed, disputed with a hostile comment, signed off as it stands; in words and as documents."""
    at = ("--home", night.path)
    (hostile := tmp_path / "comment.txt").write_text("=1+1 <script>{capital}</script> [x](y) #set", encoding="utf-8")
    code, out, _ = run("reconciliation", "record", "gb", "--gb-day", LONDON, "--fr-day", PARIS, "--pair", "P2", "--json", *at)
    event = json.loads(out)["reconciliations"][0]["event"]
    assert code == 0
    for view, key in (("gb", "IC-A5"), ("fr", "IC-A5"), ("gb", HOSPITAL)):
        assert run("reconciliation", "agree", view, event, key, *at)[0] == 0
    assert run("reconciliation", "dispute", "fr", event, HOSPITAL, "--comment", hostile, *at)[0] == 0
    code, out, _ = run("reconciliation", "show", "gb", event, *at)
    assert code == 0 and "=1+1 <script>{capital}</script> [x](y) #set" in out and "DISPUTED" in out
    code, out, _ = run("reconciliation", "show", "gb", event, "--lang", "fr", *at)
    assert "CONTESTÉ" in out and "Londres 10, Paris 31" in out and "hospitalisée" in out
    assert run("reconciliation", "agree", "gb", event, "IC-NONE", *at)[0] == 2
    code, _, err = run("reconciliation", "sign-off", "gb", event, *at)
    assert code == 2 and "3 open, 1 disputed" in err
    assert run("reconciliation", "sign-off", "gb", event, "--as-it-stands", *at)[0] == 0
    code, out, _ = run("reconciliation", "list", "fr", "--json", *at)
    (row,) = json.loads(out)["reconciliations"]
    assert code == 0 and row["signed_off"][0]["disputed"] == 1 and not row["signed_off"][0]["whole"]
    out_file = tmp_path / "draft.jsonl"
    assert run("reconciliation", "agree", "fr", event, LATE, "--out", out_file, *at)[0] == 0
    assert run("draft", "record", out_file, *at)[0] == 0 and run("project", "all", *at)[0] == 0
    found = json.loads(run("reconciliation", "show", "fr", event, "--json", *at)[1])
    assert item(found, LATE)["FR"]["stance"] == "agreed" and item(found, HOSPITAL)["FR"]["said"][0]["comment"].startswith(
        "=1+1"
    )
