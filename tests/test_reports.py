"""A report is what its official said, bound to a past moment: it can be made again by anybody entitled, and never changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api import authoring, issuing, report_files, reporting
from api.home import Home
from api.registrar import sealers
from ledger import errors
from ledger.formats.entry import format_instant
from projections.reports import content as contents
from projections.reports.draft import Wanted
from projections.reports.drift import drift
from projections.reports.issued import Issued, issued
from projections.wording.verifying import looked_at
from tests.playing import FIRST_NIGHT, OWN_NIGHTS, load, play
from tests.sites import Sites
from tests.story import Story, told_in

LONDON, PARIS = date(2015, 8, 26), date(2015, 8, 27)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The same, for whoever only asks."""
    with ExitStack() as stack:
        server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
        url = "sqlite://" if server is None else stack.enter_context(server.database())
        yield stack.enter_context(closing(played(tmp_path_factory.mktemp("told") / "night", url)))


def played(folder: Path, store_url: str) -> Home:
    home = play(folder, load(FIRST_NIGHT), store_url)
    last = home.reader.recorded_at(home.reader.head())
    home.clock = lambda: last
    return home


def report(home: Home, nation: str, day: date, view: str = "") -> Issued:
    """The newest report of a day, as a view has it."""
    home.projector(view or nation).follow()
    return reporting.find_of(home.view(view or nation).at(None), nation, day.isoformat())


def issue(home: Home, nation: str, wanted: Wanted, changed: dict[str, Any] | None = None) -> Issued:
    """Issue a report without documents; `changed` replaces fields of what is signed."""
    home.projector(nation).follow()
    prepared = issuing.prepare(home, nation, wanted, with_documents=False)
    unsigned, _ = issuing.signed_by(home, prepared, None, format_instant(home.now()))
    unsigned["data"] |= changed or {}
    append(home, nation, unsigned)
    return report(home, nation, wanted.day)


def append(home: Home, nation: str, unsigned: dict[str, Any], code: str = "SRO") -> None:
    author = authoring.Author(f"{nation}-{code}", nation, home.key(f"service-{nation}-{code}"))
    home.ledger.append(authoring.compose(unsigned, author, home.settings.origin, sealers(home), home.now()))


def wrong(home: Home, found: Issued, view: str = "") -> list[str]:
    """What of a report the log contradicts, as its own nation's view has it or another's."""
    home.projector(view or found.nation).follow()
    answer = reporting.verify(home, home.view(view or found.nation).at(None), found)
    assert answer["ok"] == all(check["state"] != "wrong" for check in answer["checks"])
    for check in answer["checks"]:
        assert bool(check["told"]["en"]) == bool(check["told"]["fr"]) and all(looked_at(check["what"]))
    return [check["what"] for check in answer["checks"] if check["state"] == "wrong"]


def communicated(home: Home, found: Issued, view: str) -> dict[str, str]:
    home.projector(view).follow()
    answer = reporting.verify(home, home.view(view).at(None), found)
    return {check["what"]: check["told"]["en"] for check in answer["checks"] if check["state"] == "not_communicated"}


# -- what was issued stays ----------------------------------------------------------------------------------------------------


def test_a_late_event_changes_what_is_believed_and_never_what_was_issued(told: Home) -> None:
    said_ten = report(told, "GB", LONDON)
    assert said_ten.figures["G1"] == 10
    now = told.view("GB").at(None)
    assert now.figures(LONDON)["figures"]["G1"] == 12
    (moved,) = [row for row in drift(now) if row["day"] == LONDON.isoformat()]
    (change,) = moved["changes"]
    assert (change["code"], change["reported"], change["now"]) == ("G1", 10, 12)
    assert [event["label"] for event in change["events"]] == ["A19"]
    assert wrong(told, said_ten) == []


def test_every_report_of_the_night_stands_from_either_side(told: Home) -> None:
    for view in ("GB", "FR"):
        found = issued(told.view(view).at(None))
        assert [(each.nation, each.day, each.revision) for each in found] == [
            ("GB", "2015-08-26", 0), ("FR", "2015-08-27", 0), ("FR", "2015-08-27", 1), ("GB", "2015-08-27", 0),
        ]  # fmt: skip
        assert [wrong(told, each, view) for each in found] == [[]] * 4


def test_a_death_after_londons_midnight_is_on_the_first_page_of_the_day_before(told: Home) -> None:
    said = report(told, "GB", LONDON)
    _, made = reporting.recompute(told, told.view("GB").at(None), said)
    shared = made["shared"]
    assert shared["people"]["dead"]["total"] == 0
    (death,) = [row for row in shared["outside"] if row["code"] == "fatal"]
    assert death["count"] == 1 and death["occurred_at"] > shared["window"]["to"]


def test_a_revision_names_each_change_and_the_event_behind_it(first_night: Home) -> None:
    revised = issue(first_night, "GB", Wanted(LONDON, "revised"))
    assert revised.revision == 1 and revised.figures["G1"] == 12
    _, made = reporting.recompute(first_night, first_night.view("GB").at(None), revised)
    (row,) = [row for row in made["shared"]["figures"] if row["change"]]
    assert (row["code"], row["previous"], row["value"], [r["label"] for r in row["reasons"]]) == ("G1", 10, 12, ["A19"])
    assert not [row for row in drift(first_night.view("GB").at(None)) if row["day"] == LONDON.isoformat()]
    # Nothing of that day is sealed: there is one edition, and it is for both.
    assert made.keys() == {"shared"} and reporting.own_edition(first_night, revised) is None


def test_the_same_report_is_made_again_on_another_store_by_its_nation_alone(tmp_path: Path, request: Any) -> None:
    """Calais keeps its log in SQLite, London its copy in PostgreSQL: content and digests are the same, byte for byte."""
    urls = iter([request.getfixturevalue("postgres_url"), "", ""])  # of London, Paris and Calais, in this order
    sites = Sites(tmp_path, lambda: next(urls), load(FIRST_NIGHT))
    try:
        sites.mirror("london")
        at_calais, in_london = sites.calais, sites.london
        for home in (at_calais, in_london):
            home.projector("GB").follow()
        found = {home: issued(home.view("GB").at(None)) for home in (at_calais, in_london)}
        assert len(found[in_london]) == 4
        for here, there in zip(found[at_calais], found[in_london], strict=True):
            assert wrong(in_london, there, "GB") == []
            if here.nation == "GB":
                a, b = (reporting.recompute(h, h.view("GB").at(None), r)[1] for h, r in ((at_calais, here), (in_london, there)))
                assert a and {e: contents.digest(c) for e, c in a.items()} == {e: contents.digest(c) for e, c in b.items()}
    finally:
        sites.close()


# -- what an official could get wrong, or want to ------------------------------------------------------------------------------


WRONG: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({"figures": {"G1": 9}}, {"figure G1", "content_sha256"}),
    ({"people": {"rescued": 99}}, {"people"}),
    ({"checkpoint_root": "0" * 64}, {"checkpoint_root"}),
    ({"facts_sha256": "0" * 64}, {"facts_sha256"}),
    ({"document_sha256": "0" * 64}, {"document_sha256"}),
    ({"position": 60}, {"as_of", "checkpoint_root", "facts_sha256", "document_sha256"}),
    ({"as_of": "2015-08-26T20:00:00.000000Z"}, {"as_of", "document_sha256"}),
    ({"final_size": 1}, {"document_sha256"}),
)


def test_what_a_report_says_otherwise_than_the_log_is_found(first_night: Home) -> None:
    for changed, named in WRONG:
        said = issue(first_night, "GB", Wanted(LONDON, "revised"), changed)
        assert named <= set(wrong(first_night, said)), changed
        # Nobody draws a report at an old position under a new instant: what was recorded in between would be missing.
        assert ("as_of" in wrong(first_night, said, "FR")) == ("as_of" in named)


def test_the_first_report_is_provisional_and_only_the_first(told: Home) -> None:
    for day, status, remedy in ((LONDON, "provisional", "revised"), (date(2015, 8, 25), "revised", "provisional")):
        with pytest.raises(errors.BadQuestion) as refused:
            issue(told, "GB", Wanted(day, status))
        assert refused.value.field == "status" and remedy in (refused.value.remedy or "")


def test_two_who_revise_at_once_do_not_both_have_revised(first_night: Home) -> None:
    first_night.projector("GB").follow()
    made = [issuing.prepare(first_night, "GB", Wanted(LONDON, "revised"), with_documents=False) for _ in range(2)]
    unsigned = [issuing.signed_by(first_night, each, None, format_instant(first_night.now()))[0] for each in made]
    append(first_night, "GB", unsigned[0])
    with pytest.raises(errors.StreamMoved):
        append(first_night, "GB", unsigned[1])


def test_nobody_issues_the_other_nations_report(told: Home) -> None:
    told.projector("GB").follow()
    made = issuing.prepare(told, "GB", Wanted(LONDON, "revised"), with_documents=False)
    unsigned, _ = issuing.signed_by(told, made, None, format_instant(told.now()))
    with pytest.raises(errors.NotAllowed):
        append(told, "FR", unsigned)


def test_a_refused_report_leaves_no_document_behind(told: Home) -> None:
    def refuse() -> None:
        with report_files.kept(told, "an-event", {"unsigned.pdf": b"%PDF-"}):
            assert report_files.document_of(told, "an-event", "unsigned.pdf") == b"%PDF-"
            raise errors.NotAllowed("no")

    with pytest.raises(errors.NotAllowed):
        refuse()
    assert list((told.path / "reports").iterdir()) == []


# -- what rests on sealed facts ----------------------------------------------------------------------------------------------


def test_before_issuing_the_official_sees_what_rests_on_sealed_facts(told: Home) -> None:
    told.projector("FR").follow()
    made = reporting.draft(told, "FR", Wanted(PARIS, "revised"))
    assert {code: (row["value"], row["communicated"]) for code, row in made.sealed.items()} == {"F2": (10, 9), "F8": (2, 1)}
    shared = json.dumps(made.editions["shared"])
    for row in made.sealed.values():
        for event in row["events"]:
            assert event not in shared and event in json.dumps(made.editions["national"])


def test_a_withheld_figure_is_in_its_own_nations_edition_alone(first_night: Home) -> None:
    for declared in (True, False):
        said = issue(first_night, "FR", Wanted(PARIS, "revised", {"F8": declared, "F2": False}))
        event = reporting.said_by(first_night, said)
        assert not {"F8", "F2"} & event.figures.keys()
        assert [(w.code, w.size) for w in event.withheld] == [("F2", None), ("F8", 1 if declared else None)]
        own = reporting.own_edition(first_night, said)
        assert own is not None and (own["figures"]["F8"], own["figures"]["F2"]) == (2, 10)
        assert wrong(first_night, said) == [] == wrong(first_night, said, "GB")
        assert communicated(first_night, said, "GB").keys() == {"figure F8", "figure F2"}
        assert [section.wraps.keys() for section in first_night.ledger.sections(said.fact.origin).values()] == [{"FR"}]


def test_what_is_issued_with_sealed_facts_in_it_is_told_to_the_other_side_as_a_size(told: Home) -> None:
    said = report(told, "FR", PARIS)
    sizes = communicated(told, said, "GB")
    assert sizes.keys() == {"figure F2", "figure F8"} and "+1" in sizes["figure F8"]


def test_nothing_is_withheld_that_the_other_nation_computes_itself(told: Home) -> None:
    with pytest.raises(errors.BadQuestion) as refused:
        issue(told, "FR", Wanted(PARIS, "revised", {"F1": False}))
    assert refused.value.field == "withhold"


def test_one_part_of_a_sum_is_not_withheld_alone(tmp_path: Path, store_url: str) -> None:
    """Who knows the total and every other part knows it."""
    with told_in(tmp_path, store_url) as story:
        attempt = {"outcomes": {"repelled": 5, "passed": 2}}
        story.seal(story.inner("incident.attempt_recorded", "INC-S", attempt))
        _official(story)
        with pytest.raises(errors.BadQuestion) as refused:
            sealed_draft(story, {"G5": False})
        assert refused.value.field == "withhold"


def test_people_are_told_from_what_both_see_where_anything_is_withheld(tmp_path: Path, store_url: str) -> None:
    """Otherwise the count of the dead would give away the figure that is withheld."""
    with told_in(tmp_path, store_url) as story:
        dead = {"severity": "fatal", "count": 1, "who": "migrant", "side": "FR"}
        story.add("incident.casualty_recorded", "INC-A", dead)
        story.seal(story.inner("incident.casualty_recorded", "INC-B", dead))
        _official(story)
        open_draft, kept_back = sealed_draft(story, {}), sealed_draft(story, {"G9": False})
        assert open_draft.editions["shared"]["people"]["dead"]["total"] == 2
        assert kept_back.editions["shared"]["people"]["dead"]["total"] == 1
        assert kept_back.editions["national"]["people"]["dead"]["total"] == 2
        assert '"value":2' not in msgspec.json.encode(kept_back.editions["shared"]["figures"]).decode()


def _official(story: Story) -> None:
    story.player._official("GB")


def sealed_draft(story: Story, withhold: dict[str, bool]) -> Any:
    story.home.projector("GB").follow()
    return reporting.draft(story.home, "GB", Wanted(LONDON, "provisional", withhold))


# -- who has it ----------------------------------------------------------------------------------------------------------------


def test_the_other_official_receives_and_comments_and_blocks_nothing(first_night: Home) -> None:
    said = report(first_night, "GB", LONDON, "FR")
    at = format_instant(first_night.now())
    for name, data in (
        ("report.received", {"report": said.event, "sha256": "0" * 64}),
        ("report.observation", {"report": said.event, "figure": "G1", "observation": "Nous en comptons 31."}),
    ):
        append(first_night, "FR", {"type": name, "stream": said.fact.stream, "occurred_at": at, "data": data})
    for view in ("GB", "FR"):
        first_night.projector(view).follow()
        moment = first_night.view(view).at(None)
        assert [row["step"] for row in reporting.steps(moment, said)] == ["received", "observed"]
    assert issue(first_night, "GB", Wanted(LONDON, "revised")).revision == 1


def test_each_own_night_gives_a_report_of_every_day(home_of_own: Any) -> None:
    """23 and 25 hours, late entries, corrections, withdrawn links: none keeps a report from being drawn and standing."""
    for path in sorted(OWN_NIGHTS.glob("*.json")):
        home = home_of_own(load(path))
        days = {row["day"] for row in load(path)["expected"].get("figures", ())}
        for nation in ("GB", "FR"):
            home.projector(nation).follow()
            for day in sorted(days):
                made = reporting.draft(home, nation, Wanted(date.fromisoformat(day), "provisional"))
                figures = {row["code"]: row["value"] for row in made.editions["shared"]["figures"] if not row["beside"]}
                assert figures == home.view(nation).at(None).figures(date.fromisoformat(day))["figures"]


@pytest.fixture
def home_of_own(tmp_path: Path) -> Iterator[Any]:
    homes: list[Home] = []

    def start(scenario: dict[str, Any]) -> Home:
        homes.append(play(tmp_path / f"own-{len(homes)}", scenario, "sqlite://"))
        return homes[-1]

    yield start
    for home in homes:
        home.close()
