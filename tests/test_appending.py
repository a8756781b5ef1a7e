"""Events over HTTP: each item has its own answer, nothing is half done, and what was sent before is answered as it was then."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api import appending
from ledger import admission, errors
from ledger.formats import merkle, proof
from tests.served import HOLDERS, Service, ids, item, payload
from tests.story import Story


def test_an_event_is_recorded_and_its_receipt_proves_it(calais: tuple[Service, Story]) -> None:
    service, story = calais
    head = service.home.ledger.head()
    sent = item(story)
    answer = service.post(sent)
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert (receipt["event_id"], receipt["position"], receipt["version"]) == (ids([sent])[0], head + 1, 1)
    assert receipt["status"] == "checkpointed"
    proven = proof.parse_proof(base64.b64decode(receipt["proof"]))
    entry = service.home.ledger.entry(head + 1)
    verified = service.home.policy().verify(proven.checkpoint)
    assert merkle.hash_leaf(entry).hex() == receipt["leaf_hash"]
    merkle.verify_inclusion(
        merkle.hash_leaf(entry), head, verified.checkpoint.size, list(proven.path), verified.checkpoint.root
    )


def test_the_same_bytes_again_are_answered_as_the_first_time(calais: tuple[Service, Story]) -> None:
    service, story = calais
    sent = item(story)
    first, again = service.post(sent), service.post(sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert {**first.json(), "proof": ""} == {**again.json(), "proof": ""}


def test_an_id_with_other_bytes_is_a_conflict(calais: tuple[Service, Story]) -> None:
    service, story = calais
    first = item(story)
    service.post(first)
    other = item(story, persons=6, id=ids([first])[0])
    answer = service.post(other)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:entente:event-id-reused")


def test_a_refused_item_keeps_no_other_out(calais: tuple[Service, Story]) -> None:
    service, story = calais
    good, stale, last = item(story), item(story, expected_version=7), item(story)
    answer = service.post({"items": [good, {"envelope": {}}, stale, good, last]})
    results = answer.json()["results"]
    assert answer.status_code == 201
    assert [row["status"] for row in results] == [201, 400, 409, 200, 201]
    assert results[1]["problem"]["field"].startswith("envelope")
    assert (results[2]["problem"]["type"], results[2]["problem"]["current_version"]) == ("urn:entente:stream-moved", 1)
    assert results[3]["receipt"]["position"] == results[0]["receipt"]["position"]


def test_all_or_none_means_none_where_one_is_refused(calais: tuple[Service, Story]) -> None:
    service, story = calais
    head = service.home.ledger.head()
    for bad in (item(story, expected_version=7), {"envelope": {}}):
        answer = service.post({"items": [item(story), bad, item(story)]}, query="?atomic=true")
        assert [row["status"] for row in answer.json()["results"]] == [424, answer.status_code, 424]
        assert answer.status_code in (400, 409)
    assert service.home.ledger.head() == head
    answer = service.post({"items": [item(story), item(story)]}, query="?atomic=true")
    assert answer.status_code == 201 and service.home.ledger.head() == head + 2


def test_a_dry_run_records_nothing_and_says_what_would_be(calais: tuple[Service, Story]) -> None:
    service, story = calais
    head = service.home.ledger.head()
    sent = [item(story), item(story, expected_version=7)]
    answer = service.post({"items": sent}, query="?check=1")
    assert answer.status_code == 200
    assert [row["status"] for row in answer.json()["results"]] == [200, 409]
    assert answer.json()["results"][0]["receipt"]["status"] == "admissible"
    assert service.post(sent[0], query="?check=1").json()["position"] == head + 1
    assert service.home.ledger.head() == head


def test_each_refusal_has_the_status_that_says_whose_turn_it_is(calais: tuple[Service, Story]) -> None:
    service, story = calais
    stranger = item(story)
    stranger["envelope"]["signatures"][0]["keyid"] = "ab" * 32
    forged = item(story)
    forged["envelope"]["signatures"][0]["sig"] = base64.b64encode(bytes(64)).decode()
    future = item(story, occurred_at="2099-01-01T00:00:00.000000Z")
    closed = item(story, type="case.closed", stream="CASE-1", data={"track": "criminal_fr", "outcome": "closed"}, author="PAF")
    for sent, status in ((stranger, 403), (forged, 401), (future, 422), (closed, 422)):
        answer = service.post(sent)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status and answer.json()["title"] and answer.json()["detail"]


def test_only_services_and_officials_append(calais: tuple[Service, Story]) -> None:
    service, story = calais
    for who in (*HOLDERS, "nobody"):
        expected = 201 if who in ("BF", "ET") or who.endswith("official") else 401 if who == "nobody" else 403
        assert service.post(item(story), who).status_code == expected, who


def test_what_went_wrong_is_said_in_the_callers_language(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    english, french = (service.post(b"{", **{"Accept-Language": language}) for language in ("en-GB", "fr-FR, en;q=0.5"))
    assert (english.json()["title"], french.json()["title"]) == ("Not well-formed", "Mal formé")
    assert french.headers["content-language"] == "fr"
    row = service.post({"items": [{}]}, **{"Accept-Language": "fr"}).json()["results"][0]
    assert row["problem"]["title"] == "Mal formé"


def test_a_list_is_a_list_of_at_most_a_thousand_items(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    for body in ({"items": []}, {"items": {}}, {"items": [1]}, {"items": [{}], "more": 1}, {"items": [[{}]]}):
        answer = service.post(body)
        assert (answer.status_code, answer.json()["field"]) == (400, "items")
    assert service.post({"items": [{}] * 1_001}).status_code == 413


HOSTILE = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a text": b'"x"',
    "NaN": b'{"items":NaN}',
    "an infinity": b'{"items":[Infinity]}',
    "a float": b'{"a":1.5}',
    "a huge integer": b'{"a":' + b"9" * 400 + b"}",
    "a name twice": b'{"envelope":{},"envelope":{}}',
    "a deep nest": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "a lone surrogate": rb'{"a":"\ud800"}',
    "a NUL": rb'{"a":"\u0000"}',
    "no UTF-8": b'{"a":"\xff"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a long text": b'{"a":"' + b"x" * 8_000_000 + b'"}',
}


def test_hostile_bytes_are_refused_and_nothing_is_recorded(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    head = service.home.ledger.head()
    for name, body in HOSTILE.items():
        answer = service.post(body)
        assert answer.status_code in (400, 413), name
        assert answer.json()["type"] in ("urn:entente:malformed", "urn:entente:too-large"), name
    assert service.home.ledger.head() == head


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    service.limit(body_bytes=1_000)
    answer = service.post(b" " * 1_001)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:entente:too-large")


def test_an_item_alone_is_no_larger_than_an_item_of_a_list(
    calais: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, story = calais
    sent = item(story)
    monkeypatch.setattr(appending, "ITEM_BYTES_MAX", 100)
    assert service.post(sent).status_code == 413
    assert service.post({"items": [sent]}).status_code == 201


def test_an_item_that_says_it_is_something_else_is_refused(calais: tuple[Service, Story]) -> None:
    service, story = calais
    assert service.post(item(story), **{"Content-Type": "text/plain"}).json()["field"] == "Content-Type"


def test_callers_at_once_are_each_recorded_once(calais: tuple[Service, Story]) -> None:
    service, story = calais
    head = service.home.ledger.head()
    sent = [item(story, stream=f"INC-{number}") for number in range(60)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(service.post, sent + sent))
    positions = {answer.json()["event_id"]: answer.json()["position"] for answer in answers}
    assert sorted(positions.values()) == list(range(head + 1, head + 61))
    assert sorted(answer.status_code for answer in answers) == [200] * 60 + [201] * 60


def test_callers_at_once_have_each_their_own_answer_in_their_own_language(calais: tuple[Service, Story]) -> None:
    """What is recorded, what was before, what is refused and what is none, from callers who come together."""
    service, story = calais
    known = item(story, stream="INC-KNOWN")
    service.post(known)
    sent: list[tuple[Any, int, str]] = []
    for number in range(24):
        sent += [
            (item(story, stream=f"INC-NEW-{number}"), 201, ""),
            (known, 200, ids([known])[0]),
            (item(story, stream=f"INC-STALE-{number}", expected_version=7), 409, ""),
            ({"envelope": {}}, 400, ""),
        ]
    languages = ["en", "fr", "fr", "en", "fr"] * len(sent)
    with ThreadPoolExecutor(32) as pool:
        asked = zip(sent, languages, strict=False)
        answers = list(pool.map(lambda one: service.post(one[0][0], **{"Accept-Language": one[1]}), asked))
    for (body, status, event), language, answer in zip(sent, languages, answers, strict=False):
        assert (answer.status_code, answer.headers["content-language"]) == (status, language), answer.text
        if status in (200, 201):
            assert answer.json()["event_id"] == (event or ids([body])[0])


def test_a_mistake_of_ours_that_one_event_meets_is_borne_by_its_caller_alone(
    calais: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, story = calais
    sent = [item(story, stream=f"INC-{number}") for number in range(20)]
    fatal = ids(sent)[7]
    read = admission.read

    def fails(one: Any) -> Any:
        if fatal.encode() in one.payload:
            raise ZeroDivisionError
        return read(one)

    monkeypatch.setattr(admission, "read", fails)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(service.post, sent))
    assert [answer.status_code for answer in answers] == [500 if number == 7 else 201 for number in range(20)]
    assert service.get(f"/v1/receipts/{fatal}", "BF").status_code == 404


def test_our_own_mistake_says_nothing_of_what_was_sent(
    calais: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A defect is answered with the request's id, under which the log says where; neither repeats the text of an event."""
    service, story = calais

    def fails(item: Any) -> None:
        raise ZeroDivisionError(json.dumps(payload(item)))

    monkeypatch.setattr(appending, "parse_item", fails)
    answer = service.post(item(story, stream="INC-SECRET"))
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:entente:defect")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("api")]
    assert any(answer.json()["instance"].rpartition(":")[2] in line for line in ours)
    assert "INC-SECRET" not in answer.text and not any("INC-SECRET" in line for line in ours)


def test_a_full_store_is_told_apart_from_one_that_is_away(
    calais: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, story = calais
    for wrong, status in ((errors.DiskFull(), 507), (errors.Unavailable(), 503), (errors.ClockUnsound(), 503)):

        def fails(_: Any, wrong: errors.EntenteError = wrong) -> None:
            raise wrong

        monkeypatch.setattr(service.home.ledger, "append", fails)
        answer = service.post(item(story))
        assert answer.status_code == status and ("retry-after" in answer.headers) == (status == 503)
