"""Our OpenAPI document is true: every route is in it, and whatever it allows to be asked is answered as it says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, Phase, given, seed, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import CHECKS

from api.app import create_app, mirror_parts
from api.following import Follower
from api.openapi import ANSWERS, PATH, document_of
from ledger.evidence.source import FolderSource
from tests.served import Service, serving
from tests.sites import Sites
from tests.story import DETECTION, told_in

HELD = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
ROLES = ("GB auditor", "BF", "mirror", "administrator", "nobody")
PASSED_ON = ("method", "url", "params", "headers", "json")
EXAMPLES_EACH = 8
SEED = 20260105


@contextmanager
def asked_by_the_book(folder: Path) -> Iterator[Service]:
    """Calais with something to ask about, on SQLite."""
    with told_in(folder, "") as story, serving(story.home) as service:
        event = story.add("interception.recorded", "IC-1", DETECTION)
        story.seal(story.inner("interception.recorded", "IC-2", DETECTION))
        for nation in ("GB", "FR"):
            story.home.projector(nation).follow()
        service.limit(caller_requests_burst=10**9, address_requests_burst=10**9)
        service.names = {  # type: ignore[attr-defined]
            "view": "gb",
            "code": "G1",
            "suffix": "csv",
            "stream": "IC-1",
            "event_id": event,
            "type_name": "case.opened",
            "day": "2015-08-26",
            "which": "london-ed",
            "key_id": story.author("BF").key.key_id,
            "as_of": "2015-08-27T03:12:00Z",
            "path": "000.p/9",
        }
        yield service


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with asked_by_the_book(tmp_path_factory.mktemp("openapi")) as service:
        yield service


def test_the_document_is_openapi(served: Service) -> None:
    document = served.get(PATH, "BF").json()
    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_a_nations_own_site_has_a_document_too(sites: Sites) -> None:
    london = sites.london
    follower = Follower(london.mirror(), FolderSource(sites.folder / "nowhere"), london.now, cosign=False)
    document = document_of(create_app(mirror_parts(london, follower, {})).app)
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert {"/add-checkpoint", "/{origin_hash}/checkpoint"} <= set(document["paths"]) <= set(ANSWERS)
    assert document["paths"]["/add-checkpoint"]["post"]["security"] == []


def test_no_route_and_no_answer_is_left_out(served: Service) -> None:
    """A new route is described by a line in api/openapi.py; what is described and gone is taken out there."""
    document = served.get(PATH, "BF").json()
    routes = {
        (c.original_route.path_format, m.lower())
        for c in iter_route_contexts(served.walls.app.routes)
        for m in c.original_route.methods
    }
    described = {(path, method) for path, operations in document["paths"].items() for method in operations}
    assert routes == described
    assert {path for path, _ in routes} <= set(ANSWERS)
    for path, method in described:
        operation = document["paths"][path][method]
        assert operation["summary"] and "429" in operation["responses"] and "500" in operation["responses"], path
        assert (operation["security"] == []) == (
            served.client.request(method, path.replace("{path}", "000")).status_code != 401
        ), path
        known = set(re.findall(r"{(\w+)}", path))
        assert known == {one["name"] for one in operation["parameters"] if one["in"] == "path"}, path


@pytest.mark.parametrize("who", ROLES)
def test_what_the_document_allows_is_answered_as_it_says(served: Service, who: str) -> None:
    asked = conform(served, who, SEED, EXAMPLES_EACH)
    assert sum(asked.values()) >= len(ANSWERS) * 3 and asked[200] >= 15, asked


def conform(served: Service, who: str, seeded: int, examples: int) -> Counter[int]:
    """Ask all that the document allows, as somebody; the statuses met. Raises for an answer that is not as it says."""
    document = served.get(PATH, "BF").json()
    schema = schemathesis.openapi.from_dict(document)
    held = CHECKS.get_by_names(HELD)
    statuses: Counter[int] = Counter()
    token = {"Authorization": f"Bearer {served.tokens[who]}"} if who in served.tokens else {}
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path.endswith("/changes"):
            continue  # a stream without an end: tests of its own follow it

        @seed(seeded)
        @settings(
            max_examples=examples, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            if statuses.total() % 2:
                _make_sensible(case, served.names)
            sent = case.as_transport_kwargs(base_url="http://testserver", headers=token)
            answer = served.client.request(**{name: sent[name] for name in PASSED_ON if name in sent}, content=sent.get("data"))
            statuses[answer.status_code] += 1
            case.validate_response(answer, checks=held)

        ask()
    return statuses


def _make_sensible(case: Any, names: Mapping[str, str]) -> None:
    """Random text is hardly ever the name of something: half of the questions are about what there is."""
    for given_ in (case.path_parameters, case.query):
        for name in given_ or {}:
            if name in names:
                given_[name] = names[name]
