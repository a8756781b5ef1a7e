"""Evidence over HTTP: one question in, one bundle out that verifies elsewhere, with nothing sealed opened in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api import bundles, bundling
from ledger.formats.policy import parse_policy
from tests.served import HOLDERS, Service, serving
from tests.story import DETECTION, Story, told_in

VIEWERS = ("official", "duty_officer", "auditor", "liaison")


@pytest.fixture
def calais(tmp_path: Path, store_url: str) -> Iterator[tuple[Service, Story]]:
    """Calais after a detection that both nations know of and one that London has sealed, co-signed, on either store."""
    with told_in(tmp_path, store_url) as story, serving(story.home) as service:
        story.add("interception.recorded", "IC-1", DETECTION)
        story.seal(story.inner("interception.recorded", "IC-CANARY", {**DETECTION, "persons": 7}))
        for nation in ("GB", "FR"):
            story.home.projector(nation).follow()
        for site in ("london", "paris"):
            story.home.cosign(site)
        yield service, story


def asked(service: Service, wanted: Any, who: str = "GB auditor") -> Any:
    return service.client.post("/v1/bundles", json=wanted, headers={"Authorization": f"Bearer {service.tokens.get(who, 'x')}"})


@pytest.mark.parametrize(
    "wanted",
    [
        {"stream": "IC-1"},
        {"from": "2015-08-26T19:00:00Z", "to": "2015-08-27T00:00:00Z"},
        {"figure": "gb:G1:2015-08-26"},
        {"stream": "IC-1", "withhold": {"rescues": "rescue, not law enforcement"}},
    ],
)
def test_a_bundle_verifies_elsewhere_and_opens_nothing_sealed(
    calais: tuple[Service, Story], tmp_path: Path, wanted: dict[str, Any]
) -> None:
    service, story = calais
    answer = asked(service, wanted)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip", answer.text
    assert b"CANARY" not in answer.content and int(answer.headers["content-length"]) == len(answer.content)
    (tmp_path / "b.zip").write_bytes(answer.content)
    verdict = bundling.verify_file(tmp_path / "b.zip", parse_policy(story.home.policy_path.read_bytes()))
    assert verdict.word == "proven", verdict.document
    if "figure" in wanted:
        assert verdict.document["answer"]["value"] == 5  # what is sealed is counted as not opened, and not in the sum


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({}, 400),
        ({"stream": "IC-1", "report": "x"}, 400),
        ({"from": "2015-08-26T19:00:00Z"}, 400),
        ({"stream": ""}, 400),
        ({"stream": 7}, 400),
        ({"stream": "IC-1", "more": 1}, 400),
        ({"stream": "IC-1", "withhold": {"everything": "because"}}, 400),
        ({"stream": "IC-NOTHING"}, 404),
        ({"report": "01900000-0000-7000-8000-000000000001"}, 404),
        ({"figure": "fr:F1:2015-08-26"}, 403),
        ({"figure": "gb:G1:yesterday"}, 400),
        ({"figure": "gb:NONE:2015-08-26"}, 400),
    ],
)
def test_a_question_that_is_none_is_a_problem_and_leaves_nothing_behind(
    calais: tuple[Service, Story], wanted: dict[str, Any], status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    service, _ = calais
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = sorted(tmp_path.iterdir())
    answer = asked(service, wanted)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json" and sorted(tmp_path.iterdir()) == before


def test_evidence_is_taken_away_by_people_alone(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    for who in (*HOLDERS, "nobody"):
        expected = 401 if who == "nobody" else 200 if who.partition(" ")[2] in VIEWERS else 403
        assert asked(service, {"stream": "IC-1"}, who).status_code == expected, who


def test_only_so_many_are_made_at_once(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    for _ in range(bundles.AT_ONCE_MAX):
        assert bundles._turns.acquire(blocking=False)
    assert asked(service, {"stream": "IC-1"}).status_code == 503
    for _ in range(bundles.AT_ONCE_MAX):
        bundles._turns.release()
    assert asked(service, {"stream": "IC-1"}).status_code == 200
