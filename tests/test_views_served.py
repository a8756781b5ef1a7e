"""A nation's view over HTTP: what the command line says, to its own people, and to nobody of the other nation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ledger.formats.entry import format_instant
from tests.served import HOLDERS, Service, item, serving
from tests.story import DAY, DETECTION, Story, told_in

PATHS = ("figures?day=2015-08-26", "figures/G1/lines?day=2015-08-26", "situation", "timeline")
PEOPLE = ("official", "duty_officer", "auditor", "liaison")
WHY = {"Entente-Purpose": "audit", "Entente-Motif": "the night of 26 August"}


@pytest.fixture
def calais(tmp_path: Path, store_url: str) -> Iterator[tuple[Service, Story]]:
    """Calais after a detection that both nations know of and one that London has sealed, on either store."""
    with told_in(tmp_path, store_url) as story, serving(story.home) as service:
        story.add("interception.recorded", "IC-1", DETECTION)
        story.seal(story.inner("interception.recorded", "IC-CANARY", {**DETECTION, "persons": 7}))
        for nation in ("GB", "FR"):
            story.home.projector(nation).follow()
        yield service, story


def test_the_service_and_the_view_say_the_same(calais: tuple[Service, Story]) -> None:
    service, story = calais
    moment = story.moment("GB")
    said = service.get("/v1/views/gb/figures?day=2015-08-26").json()
    assert said == {**moment.figures(DAY), "exercise": True} and said["figures"]["G1"] == 12
    lines = service.get("/v1/views/gb/figures/G1/lines?day=2015-08-26").json()
    assert sum(line["quantity"] for line in lines["lines"]) == lines["value"] == 12
    assert service.get("/v1/views/gb/situation", **WHY).json() == {**moment.situation(), "covered": 0, "exercise": True}


def test_an_answer_as_of_an_instant_stays_what_it_was(calais: tuple[Service, Story]) -> None:
    service, story = calais
    at = format_instant(story.clock.now)
    before = service.get(f"/v1/views/gb/figures?day=2015-08-26&as_of={at}").json()
    service.post(item(story, 100, "IC-LATE"))
    story.home.projector("GB").follow()
    after = service.get(f"/v1/views/gb/figures?day=2015-08-26&as_of={at}").json()
    assert service.get("/v1/views/gb/figures?day=2015-08-26").json()["figures"]["G1"] == 112
    for changing in ("checkpoint", "settled"):
        before.pop(changing), after.pop(changing)
    assert before == after


def test_a_timeline_is_read_in_parts_and_misses_nothing(calais: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch) -> None:
    service, _ = calais
    whole = service.get("/v1/views/gb/timeline", **WHY).json()
    assert whole["next"] is None and [row["stream"] for row in whole["rows"]][-2:] == ["IC-1", "IC-CANARY"]
    monkeypatch.setattr("api.views.TIMELINE_POSITIONS", 3)
    rows, after = [], 0
    while after is not None:
        part = service.get(f"/v1/views/gb/timeline?after={after}", **WHY).json()
        rows += part["rows"]
        after = part["next"]
    assert rows == whole["rows"]
    alone = service.get("/v1/views/gb/timeline?stream=IC-1").json()
    assert {row["stream"] for row in alone["rows"]} <= {"IC-1"}


def test_a_view_is_for_its_own_nations_people(calais: tuple[Service, Story]) -> None:
    """Whoever is not of London gets no byte of what London's view holds, and the same answer from a view that never was."""
    service, _ = calais
    for who in (*HOLDERS, "nobody"):
        for path in PATHS:
            answer = service.get(f"/v1/views/gb/{path}", who)
            if who in {f"GB {role}" for role in PEOPLE}:
                assert answer.status_code == 200, (who, path)
                continue
            assert answer.status_code == (401 if who == "nobody" else 403), (who, path)
            assert "CANARY" not in answer.text and "12" not in answer.text
            assert answer.text == service.get(f"/v1/views/xx/{path}", who).text


def test_what_london_sealed_is_in_no_answer_to_paris(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    for path in PATHS:
        answer = service.get(f"/v1/views/fr/{path.replace('G1', 'F3')}", "FR auditor")
        assert answer.status_code == 200 and "CANARY" not in answer.text, path


SENSELESS = (
    *(
        (f"day={day}", "day")
        for day in ("", "x", "2015-02-30", "20150826", "2015-W35-3", "1440547200", "2015-08-26T00", "9999-12-31", "0001-01-01")
    ),
    ("", "day"),
    *(
        (f"day=2015-08-26&as_of={at}", "as_of")
        for at in ("x", "2015-08-26T00:00:00", "9" * 30, "0001-01-01T00:00:00%2B23:00", "x" * 100)
    ),
)


def test_a_senseless_question_names_its_field(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    for query, field in SENSELESS:
        answer = service.get(f"/v1/views/gb/figures?{query}")
        assert (answer.status_code, answer.json()["field"]) == (400, field), query


def test_a_figure_nobody_defined_is_told_apart_from_one_that_is_zero(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    answer = service.get("/v1/views/gb/figures/F1/lines?day=2015-08-26")
    assert (answer.status_code, answer.json()["field"]) == (400, "code")
    assert service.get(f"/v1/views/gb/figures/G1/lines?day={date(2015, 1, 1)}").json()["value"] == 0
