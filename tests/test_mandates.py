"""What is read by an event: mandates of inquiries and oversight bodies, and whom both nations appoint; and no further."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.access import AccessLog
from api.exercise import Clock
from ledger import errors
from ledger.formats.entry import parse_instant
from tests.served import Service, appoint, both_say, serving
from tests.story import DETECTION, Story, told_in

LATER = "2016-08-26T00:00:00.000000Z"
NIGHT = {"from": "2015-08-25T23:00:00.000000Z", "to": "2015-08-26T23:00:00.000000Z"}
"""London's reporting day of 26 August."""
DAY = "day=2015-08-26"
WHOLE = [
    f"figures?{DAY}", f"figures/G1/lines?{DAY}", "situation", "timeline", "incidents", "interceptions", "cases",
    f"figures.csv?{DAY}", "timeline.jsonl", "interceptions.geojson",
]  # fmt: skip
WHY = {"Entente-Purpose": "inquiry", "Entente-Motif": "what%20was%20known"}


class Night:
    """A night at Calais of which an inquiry will ask."""

    def __init__(self, service: Service, story: Story) -> None:
        self.service, self.story = service, story
        self.sealed = ""

    def mandate(self, code: str = "M-1", nation: str = "GB", **more: Any) -> None:
        """The nation, or both, give the holder of the inquiry's token a mandate."""
        views = ["GB", "FR"] if nation == "JOINT" else [nation]
        data = {
            "mandate": code, "kind": "inquiry", "holder": "inquiry-1", "nation": nation, "views": views,
            "scope": {"everything": True}, "expires_at": LATER,
        }  # fmt: skip
        self.says("mandate.granted", nation, data | more)

    def says(self, what: str, nation: str, data: dict[str, Any], stream: str = "MANDATES") -> None:
        if nation == "JOINT":
            both_say(self.story.home, what, data, stream)
        else:
            self.story.record(self.story.compose(what, stream, data, self.story.authority(nation)))

    def get(self, path: str, who: str = "inquiry", view: str = "gb", **headers: str) -> Any:
        return self.service.get(f"/v1/views/{view}/{path}", who, **headers)

    def status(self, path: str, who: str = "inquiry", view: str = "gb", **headers: str) -> int:
        return int(self.get(path, who, view, **headers).status_code)

    def log(self, who: str = "GB dpo", view: str = "gb") -> list[dict[str, Any]]:
        answer = self.get("access", who, view)
        assert answer.status_code == 200
        return list(answer.json()["rows"])


@pytest.fixture
def night(tmp_path: Path, store_url: str) -> Iterator[Night]:
    """Two detections that both know of, and one that London sealed, on either store."""
    with told_in(tmp_path, store_url) as story, serving(story.home) as service:
        found = Night(service, story)
        story.add("interception.recorded", "IC-1", DETECTION)
        story.add("interception.recorded", "IC-2", {**DETECTION, "persons": 3})
        found.sealed = story.seal(story.inner("interception.recorded", "IC-CANARY", {**DETECTION, "persons": 7}))
        for nation in ("GB", "FR"):
            story.home.projector(nation).follow()
        story.home.cosign("london")
        story.home.cosign("paris")
        yield found


# -- as far as it reaches ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", WHOLE)
def test_an_inquiry_reads_the_view_that_its_mandate_opens_from_the_moment_it_is_given(night: Night, path: str) -> None:
    assert night.status(path) == 403
    night.mandate()
    assert night.status(path) == 200
    assert night.status(path, view="fr") == 403
    assert night.status(path, "oversight") == 403, "another body's mandate"
    night.says("mandate.ended", "GB", {"mandate": "M-1", "nation": "GB"})
    assert night.status(path) == 403


def test_a_mandate_that_expires_opens_nothing_any_more(night: Night) -> None:
    night.mandate(expires_at="2015-08-26T21:00:00.000000Z")
    assert night.status("timeline") == 200
    assert isinstance(night.story.clock, Clock)
    night.story.clock.now = parse_instant("2015-08-26T21:00:00.000000Z")
    assert night.status("timeline") == 403


def test_a_mandate_of_both_nations_opens_both_views(night: Night) -> None:
    night.mandate(nation="JOINT")
    assert night.status("timeline") == 200 and night.status("timeline", view="fr") == 200


@pytest.mark.parametrize("nation", ["GB", "FR"])
def test_a_nation_gives_no_mandate_over_the_others_view(night: Night, nation: str) -> None:
    with pytest.raises(errors.Malformed, match="its own view alone"):
        night.mandate(nation=nation, views=["GB", "FR"])
    with pytest.raises(errors.NotAllowed, match="signature"):
        night.story.record(
            night.story.compose(
                "mandate.granted", "MANDATES",
                {"mandate": "M", "kind": "court", "holder": "inquiry-1", "nation": "JOINT", "views": ["GB", "FR"],
                 "scope": {"everything": True}, "expires_at": LATER},
                night.story.authority(nation),
            )
        )  # fmt: skip
    assert night.status("timeline") == night.status("timeline", view="fr") == 403


def test_a_mandate_over_a_period_reads_what_happened_in_it(night: Night) -> None:
    night.mandate(scope={"period": NIGHT})
    assert night.status(f"figures?{DAY}") == 200 and night.status(f"figures/G1/lines?{DAY}") == 200
    assert night.status("situation?as_of=2015-08-26T20:00:02Z") == 200
    assert len(night.get("timeline").json()["rows"]) == len(night.get("timeline", "GB auditor").json()["rows"])
    assert night.status("figures?day=2015-08-27") == night.status("figures/G1/lines?day=2015-08-25") == 403
    assert night.status("situation?as_of=2015-08-27T20:00:02Z") == 403
    for path in ("changes", "incidents", "interceptions", "timeline.csv", f"figures.xlsx?{DAY}"):
        assert night.status(path) == 403, path


def test_of_a_period_before_it_nothing_of_the_night_is_told(night: Night) -> None:
    night.mandate(scope={"period": {"from": "2015-08-01T00:00:00.000000Z", "to": "2015-08-02T00:00:00.000000Z"}})
    assert night.get("timeline", **WHY).json()["rows"] == []
    assert night.service.get("/v1/streams/IC-1", "inquiry").status_code == 404


def test_a_mandate_over_one_stream_reads_that_and_nothing_beside_it(night: Night) -> None:
    night.mandate(scope={"streams": ["IC-1"]})
    rows = night.get("timeline", **WHY).json()["rows"]
    assert {row["stream"] for row in rows} == {"IC-1"}
    assert night.service.get("/v1/streams/IC-1", "inquiry").status_code == 200
    assert night.service.get("/v1/streams/IC-2", "inquiry").status_code == 404
    (event,) = (row["event"] for row in rows)
    assert night.service.get(f"/v1/events/{event}", "inquiry").status_code == 200
    assert night.service.get(f"/v1/receipts/{event}", "inquiry").status_code == 200
    for path in WHOLE:
        assert path == "timeline" or night.status(path) == 403, path
    assert bundle(night, {"stream": "IC-1"}) == 200
    assert bundle(night, {"stream": "IC-2"}) == bundle(night, {"figure": "gb:G1:2015-08-26"}) == 403
    assert bundle(night, {"from": NIGHT["from"], "to": NIGHT["to"]}) == 403
    assert night.service.get("/v1/completeness", "inquiry").status_code == 403


def bundle(night: Night, asked: dict[str, Any]) -> int:
    headers = {"Authorization": f"Bearer {night.service.tokens['inquiry']}"}
    return int(night.service.client.post("/v1/bundles", json=asked, headers=headers).status_code)


def test_a_mandate_over_everything_takes_evidence_of_the_view_it_opens(night: Night) -> None:
    night.mandate()
    assert bundle(night, {"stream": "IC-2"}) == bundle(night, {"figure": "gb:G1:2015-08-26"}) == 200
    assert bundle(night, {"figure": "fr:F1:2015-08-26"}) == 403
    assert night.service.get("/v1/completeness", "inquiry").status_code == 200


def test_of_several_mandates_the_widest_counts_unless_one_is_named(night: Night) -> None:
    night.mandate("M-1", scope={"streams": ["IC-1"]})
    night.mandate("M-2")
    assert night.status("incidents") == 200
    assert night.status("incidents", **{"Entente-Mandate": "M-1"}) == 403
    assert {row["stream"] for row in night.get("timeline", **{"Entente-Mandate": "M-1"}).json()["rows"]} == {"IC-1"}
    assert night.status("timeline", **{"Entente-Mandate": "M-3"}) == 403


# -- its own searches ----------------------------------------------------------------------------------------------------------


def test_what_an_inquiry_looks_at_is_told_to_those_it_inquires_into_when_its_mandate_has_ended(night: Night) -> None:
    night.mandate()
    answer = night.get("timeline", **WHY)
    assert "IC-CANARY" in answer.text
    assert night.log() == [] and night.get("access?event=" + night.sealed, "GB auditor").json()["rows"] == []
    assert list(AccessLog(night.story.home, "GB").looked()) == [], "the command line tells no more than the service"
    night.says("mandate.ended", "GB", {"mandate": "M-1", "nation": "GB"})
    (row,) = night.log()
    assert (row["verb"], row["who"], row["role"], row["mandate"]) == ("disclosed", "inquiry-1", "inquiry", "M-1")
    assert night.sealed in row["objects"] and row["motif"] == "what was known"


def test_without_a_reason_an_inquiry_sees_covered_rows_as_everybody_does(night: Night) -> None:
    night.mandate()
    assert "IC-CANARY" not in night.get("timeline").text
    night.says("mandate.ended", "GB", {"mandate": "M-1", "nation": "GB"})
    assert night.log() == []


def test_a_nations_own_looks_are_told_while_an_inquiry_goes_on(night: Night) -> None:
    night.mandate()
    night.get("timeline", **WHY)
    night.get("timeline", "GB auditor", **WHY)
    assert [row["who"] for row in night.log()] == ["auditor-GB"]


# -- both ends of a difference -------------------------------------------------------------------------------------------------

PAIR = f"/v1/reconciliations/P2?gb_{DAY}"


def test_whom_both_nations_appointed_on_record_reads_both_ends_until_it_ends(night: Night) -> None:
    assert night.service.get(PAIR, "joint").status_code == 403, "a token that says joint is no appointment"
    appoint(night.story.home)
    assert night.service.get(PAIR, "joint").status_code == 200
    assert night.status("timeline", "joint") == 403
    night.says("role.ended", "JOINT", {"role": "joint", "holder": "both", "nation": "JOINT"}, "ROLES")
    assert night.service.get(PAIR, "joint").status_code == 403


def test_an_appointment_that_expires_reads_nothing_any_more(night: Night) -> None:
    until = "2015-08-26T21:00:00.000000Z"
    night.says("role.granted", "JOINT", {"role": "joint", "holder": "both", "nation": "JOINT", "expires_at": until}, "ROLES")
    assert night.service.get(PAIR, "joint").status_code == 200
    night.story.clock.now = parse_instant(until)
    assert night.service.get(PAIR, "joint").status_code == 403


def test_one_nation_alone_appoints_nobody_to_read_both_ends(night: Night) -> None:
    with pytest.raises(errors.Malformed, match="both nations"):
        night.says("role.granted", "GB", {"role": "joint", "holder": "both", "nation": "GB"}, "ROLES")
    assert night.service.get(PAIR, "joint").status_code == 403


def test_an_inquiry_of_both_nations_has_the_exact_difference_on_record_with_each(night: Night) -> None:
    night.mandate(nation="JOINT")
    covered, whole = night.service.get(PAIR, "inquiry"), night.service.get(PAIR, "inquiry", **WHY)
    assert covered.status_code == whole.status_code == 200
    keys = [{item["key"] for step in answer.json()["steps"] for item in step["items"]} for answer in (covered, whole)]
    assert keys[0] != keys[1] and len(keys[0]) <= len(keys[1])
    night.says("mandate.ended", "JOINT", {"mandate": "M-1", "nation": "JOINT"})
    (row,) = night.log()
    assert row["objects"] == [night.sealed] and row["mandate"] == "M-1"
    assert night.log("FR dpo", "fr") == [], "nothing that Paris sealed was opened"


@pytest.mark.parametrize("scope", [{"streams": ["IC-1"]}, {"period": {**NIGHT, "to": "2015-08-26T22:00:00.000000Z"}}])
def test_a_narrower_mandate_of_both_nations_has_no_difference(night: Night, scope: dict[str, Any]) -> None:
    night.mandate(nation="JOINT", scope=scope)
    answer = night.service.get(PAIR, "inquiry", **WHY)
    assert answer.status_code == 403 and "does not cover" in answer.json()["detail"]


def test_an_inquiry_of_one_nation_has_no_difference(night: Night) -> None:
    night.mandate()
    assert night.service.get(PAIR, "inquiry").status_code == 403
