"""What is read of the log over HTTP: exact, provable, and to a service nothing but its own authority's."""

from __future__ import annotations

import base64
import json
from typing import Any

from ledger.events import NEWEST
from ledger.formats import merkle, proof
from ledger.formats.entry import split_entry
from tests.served import HOLDERS, Service, ids, item, payload
from tests.story import Story

NOBODYS = "01900000-0000-7000-8000-00000000dead"
NO_READERS = ("reader", "mirror", "administrator", "joint", *(who for who in HOLDERS if who.endswith(" dpo")))


def test_an_event_is_read_as_it_was_signed(calais: tuple[Service, Story]) -> None:
    service, story = calais
    sent = item(story)
    receipt = service.post(sent).json()
    (event,) = ids([sent])
    found = service.get(f"/v1/events/{event}").json()
    assert found["payload"] == payload(sent)
    assert (found["position"], found["version"], found["recorded_at"]) == (
        receipt["position"],
        receipt["version"],
        receipt["recorded_at"],
    )
    exact = service.get(f"/v1/events/{event}", Accept="application/octet-stream")
    assert exact.headers["content-type"] == "application/octet-stream"
    assert exact.content == service.home.ledger.entry(receipt["position"]) == base64.b64decode(found["entry"])
    assert merkle.hash_leaf(exact.content).hex() == receipt["leaf_hash"]


def test_a_receipt_becomes_final_and_proves_it(calais: tuple[Service, Story]) -> None:
    service, story = calais
    sent = item(story)
    service.post(sent)
    (event,) = ids([sent])
    assert service.get(f"/v1/receipts/{event}", "BF").json()["status"] == "checkpointed"
    for site in ("london", "paris"):
        service.home.cosign(site)
    final = service.get(f"/v1/receipts/{event}", "BF").json()
    proven = proof.parse_proof(base64.b64decode(final["proof"]))
    verified = service.home.policy().verify(proven.checkpoint)
    assert final["status"] == "final" and verified.final
    leaf = merkle.hash_leaf(service.home.ledger.entry(final["position"]))
    merkle.verify_inclusion(leaf, proven.leaf_index, verified.checkpoint.size, list(proven.path), verified.checkpoint.root)


def test_pages_of_a_stream_stay_where_they_are_while_it_grows(calais: tuple[Service, Story]) -> None:
    service, story = calais
    sent = [item(story) for _ in range(5)]
    service.post({"items": sent[:4]})
    first = service.get("/v1/streams/INC-HTTP?limit=2").json()
    assert [row["version"] for row in first["events"]] == [1, 2] and first["next"] == 2
    service.post(sent[4])
    second = service.get(f"/v1/streams/INC-HTTP?limit=2&after={first['next']}").json()
    last = service.get(f"/v1/streams/INC-HTTP?limit=2&after={second['next']}").json()
    rows = first["events"] + second["events"] + last["events"]
    assert [row["payload"]["id"] for row in rows] == ids(sent) and last["next"] is None


def test_a_service_reads_its_own_and_is_told_nothing_of_others(calais: tuple[Service, Story]) -> None:
    """An operator's service asks for the police's event, its receipt and its stream: the answer is that of what never was."""
    service, story = calais
    theirs, own = item(story, stream="INC-POLICE"), item(story, stream="INC-OPERATOR", author="ET")
    assert service.post(theirs).status_code == service.post(own, "ET").status_code == 201
    for path in ("events", "receipts"):
        assert service.get(f"/v1/{path}/{ids([own])[0]}", "ET").status_code == 200
        hidden, missing = (service.get(f"/v1/{path}/{event}", "ET") for event in (ids([theirs])[0], NOBODYS))
        assert hidden.status_code == missing.status_code == 404
        assert (
            hidden.text.replace(ids([theirs])[0], NOBODYS) == missing.text and hidden.headers.keys() == missing.headers.keys()
        )
    hidden, missing = (service.get(f"/v1/streams/{stream}", "ET") for stream in ("INC-POLICE", "INC-NOTHING"))
    assert hidden.status_code == 404 and hidden.text.replace("INC-POLICE", "INC-NOTHING") == missing.text
    assert [row["payload"]["authority"] for row in service.get("/v1/streams/INC-OPERATOR", "ET").json()["events"]] == ["ET"]


def test_of_what_is_sealed_only_that_it_is_there_is_read(calais: tuple[Service, Story]) -> None:
    """London seals a detection: nobody reads over HTTP more than that something of London's is there, and how large."""
    service, story = calais
    story.seal(
        story.inner("interception.recorded", "INC-CANARY", {"place": "CZ", "route": "coach", "method": "cctv", "persons": 7})
    )
    position = service.home.ledger.head()
    sealed = json.loads(split_entry(service.home.ledger.entry(position))[3])
    for who in HOLDERS:
        for path in (f"/v1/events/{sealed['id']}", f"/v1/streams/{sealed['stream']}", f"/v1/receipts/{sealed['id']}"):
            answer = service.get(path, who)
            assert "CANARY" not in answer.text
            if who in ("FR auditor", "GB auditor"):
                assert answer.status_code == 200
    assert service.get("/v1/streams/INC-CANARY").status_code == 404


def test_events_are_read_by_people_and_services_alone(calais: tuple[Service, Story]) -> None:
    service, story = calais
    service.post(item(story))
    for who in (*HOLDERS, "nobody"):
        expected = (
            401 if who == "nobody" else 403 if who in NO_READERS else 404 if who in ("ET", "inquiry", "oversight") else 200
        )
        assert service.get("/v1/streams/INC-HTTP", who).status_code == expected, who


SENSELESS = [
    *("/v1/events/x", "/v1/events/%00", "/v1/streams/a%20b", "/v1/streams/" + "x" * 200, "/v1/receipts/1"),
    *("/v1/streams/INC-HTTP?limit=0", "/v1/streams/INC-HTTP?limit=501", "/v1/streams/INC-HTTP?after=-1"),
    *(
        "/v1/streams/INC-HTTP?after=1e3",
        f"/v1/streams/INC-HTTP?after={2**70}",
        "/v1/nothing",
        "/v1/events/../../keys/log.pem",
    ),
]


def test_a_senseless_path_is_a_problem_and_no_failure(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    for path in SENSELESS:
        answer = service.get(path)
        assert answer.status_code in (400, 404), path
        assert answer.headers["content-type"] == "application/problem+json" and answer.json()["status"] == answer.status_code


def test_every_type_has_a_schema_that_its_own_example_keeps(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    listed = [row["type"] for row in service.get("/v1/schemas", "BF").json()["types"]]
    assert listed == sorted(NEWEST)
    for name in listed:
        document = service.get(f"/v1/schemas/{name}", "BF").json()
        assert document["payload"]["properties"]["type"] == {"const": name}
        example: dict[str, Any] = document["example"]
        assert payload(example["item"]) == example["payload"]
        assert set(document["payload"]["required"]) <= set(example["payload"])
    assert service.get("/v1/schemas/incident.imagined", "BF").status_code == 404
