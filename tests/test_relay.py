"""A relay on this machine and the spool's commands: what a service in another language is answered, and who is turned away."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.client import Ledger
from api.client.relay import create_relay, token_beside
from tests.coast import AT, Coast, coast_at
from tests.processes import running

CLOSING = {"type": "interception.closed", "stream": "IC-1", "occurred_at": AT, "data": {}}


def statement(persons: int = 3, stream: str = "INC-1", **more: Any) -> dict[str, Any]:
    """So many at the fence, with a remark."""
    data = {"outcomes": {"repelled": persons}, "note": "CANARY at the fence"}
    return {"type": "incident.attempt_recorded", "stream": stream, "occurred_at": AT, "data": data, **more}


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Coast]:
    """A coast on SQLite."""
    with coast_at(tmp_path, "sqlite") as made:
        yield made


@pytest.fixture
def relay(alone: Coast) -> Iterator[tuple[TestClient, Ledger]]:
    """A relay before it, asked by who holds its token."""
    with alone.ledger() as ledger:
        token, _ = token_beside(ledger.spool.path)
        with TestClient(create_relay(ledger, token), headers={"Authorization": f"Bearer {token}"}) as client:
            yield client, ledger


def test_unsigned_json_becomes_a_signed_event_with_a_receipt(relay: Any, alone: Coast) -> None:
    client, _ = relay
    answer = client.post("/v1/statements?wait=recorded", json=statement())
    assert answer.status_code == 202, answer.text
    found = answer.json()
    assert found["state"] == "recorded" and found["receipt"]["position"] == alone.home.reader.head()
    alone.cosign()
    again = client.post("/v1/statements?wait=final&seconds=20", json=statement(id=found["id"]))
    assert again.status_code == 409  # the same id, and an id that was not said the first time: another statement
    one = statement(id="01900000-0000-7000-8000-000000000001", stream="INC-2")
    first = client.post("/v1/statements?wait=recorded", json=one).json()
    alone.cosign()
    final = client.post("/v1/statements?wait=final&seconds=20", json=one).json()
    assert final["state"] == "final" and final["receipt"] == first["receipt"]
    assert client.get(f"/v1/statements/{one['id']}/proof").text.startswith("c2sp.org/tlog-proof@v1\n")


def test_many_are_answered_each_for_itself_and_a_wrong_one_keeps_none_out(relay: Any) -> None:
    client, _ = relay
    items = [statement(1), {"type": "incident.picnic"}, statement(2)]
    answer = client.post("/v1/statements?wait=recorded", json={"items": items}, headers={"Accept-Language": "fr"})
    rows = answer.json()["results"]
    assert [row["status"] for row in rows] == [202, 400, 202]
    assert [rows[0]["statement"]["receipt"]["version"], rows[2]["statement"]["receipt"]["version"]] == [1, 2]
    assert rows[1]["problem"]["field"] and rows[1]["problem"]["title"].isprintable()


def test_what_was_refused_is_shown_until_it_is_withdrawn(relay: Any) -> None:
    client, _ = relay
    said = client.post("/v1/statements?wait=recorded", json=CLOSING).json()
    assert said["state"] == "parked" and said["problem"]["status"] == 422
    assert [row["id"] for row in client.get("/v1/parked").json()["parked"]] == [said["id"]]
    assert client.get("/v1/standing").json()["statements"]["parked"] == 1
    again = client.post(f"/v1/statements/{said['id']}/resubmit").json()
    assert again["state"] in ("waiting", "parked")
    while client.get(f"/v1/statements/{said['id']}").json()["state"] == "waiting":
        pass
    assert client.post(f"/v1/statements/{said['id']}/withdraw").json()["state"] == "withdrawn"
    assert client.get("/v1/parked").json()["parked"] == []


def test_while_the_link_is_cut_it_says_so_and_keeps_what_it_is_told(relay: Any, alone: Coast) -> None:
    client, ledger = relay
    client.post("/v1/statements?wait=recorded", json=statement(1))
    alone.link.cut()
    said = client.post("/v1/statements?wait=recorded&seconds=0.5", json=statement(2)).json()
    assert said["state"] == "waiting"
    while ledger.trouble is None:
        pass
    told = client.get("/v1/standing").json()
    assert told["trouble"]["code"] == "unavailable" and told["waiting_since"]
    alone.link.heal()
    ledger.receipt(said["id"]).wait("recorded", 20)


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Basic e30="])
def test_another_user_of_the_machine_states_nothing(relay: Any, token: str) -> None:
    client, ledger = relay
    answer = client.post("/v1/statements", json=statement(), headers={"Authorization": token})
    assert answer.status_code == 401 and not ledger.spool.counts()["waiting"]
    assert stat.S_IMODE(token_beside(ledger.spool.path)[1].stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "text/plain", 400), (b"[]", "application/json", 400), (b"{", "application/json", 400),
        (b'{"items":[]}', "application/json", 400), (b'{"items":[1]}', "application/json", 400),
        (b'{"a":1,"a":2}', "application/json", 400), (b"\xff", "application/json", 400),
    ],
)  # fmt: skip
def test_what_is_no_statement_is_a_problem_and_nothing_is_spooled(relay: Any, body: bytes, kind: str, status: int) -> None:
    client, ledger = relay
    answer = client.post("/v1/statements", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"
    assert not ledger.spool.counts()["waiting"]


# -- the commands --------------------------------------------------------------------------------------------------------------


def words(coast: Coast, *more: Any) -> list[Any]:
    """What every command that reaches the service is given."""
    token = coast.folder / "token"
    token.write_text(coast.tokens["BF"])
    return [
        "--url", coast.link.url, "--token-file", token, "--policy", coast.home.policy_path,
        "--key", coast.home.key_path("service-BF"), "--spool", coast.folder / "s.sqlite", *more,
    ]  # fmt: skip


def test_a_file_is_appended_to_a_service_and_again_gives_the_same(coast: Coast, run: Callable[..., Any]) -> None:
    file = coast.folder / "events.jsonl"
    said = [statement(n, id=f"01900000-0000-7000-8000-00000000000{n}") for n in range(3)]
    file.write_text("".join(json.dumps(each) + "\n" for each in (*said, CLOSING)))
    code, out, err = run("append", file, *words(coast))
    assert code == 3 and "line 4" in err and "not-in-this-state" not in out
    receipts = [json.loads(line) for line in out.splitlines()]
    assert [receipt["version"] for receipt in receipts] == [1, 2, 3]
    assert run("append", file, *words(coast))[1] == out


def test_a_service_that_is_away_leaves_the_file_in_the_spool(alone: Coast, run: Callable[..., Any]) -> None:
    file = alone.folder / "events.jsonl"
    file.write_text(json.dumps(statement(1)) + "\n")
    assert run("append", file, *words(alone))[0] == 0
    alone.link.cut()
    file.write_text(json.dumps(statement(2)) + "\n")
    code, _, err = run("append", file, *words(alone, "--patience", "1"))
    assert code == 4 and "does not answer" in err
    code, out, _ = run("spool", "list", "--spool", alone.folder / "s.sqlite", "--json")
    assert code == 0 and json.loads(out)["statements"]["waiting"] == 1
    alone.link.heal()
    file.write_text(json.dumps(statement(3)) + "\n")
    assert run("append", file, *words(alone))[0] == 0
    assert len(alone.entries("INC-1")) == 3


def test_what_is_parked_is_listed_with_its_reason_and_can_be_given_up(alone: Coast, run: Callable[..., Any]) -> None:
    with alone.ledger(spool="s.sqlite") as ledger:
        parked = ledger.state(CLOSING)
        while parked.status == "waiting":
            pass
    spool = ("--spool", alone.folder / "s.sqlite")
    code, out, _ = run("spool", "list", *spool)
    assert code == 1 and parked.id in out and "interception" in out
    assert run("spool", "resubmit", parked.id, *spool)[0] == 0
    assert run("spool", "resubmit", parked.id, *spool)[0] == 2
    with alone.ledger(spool="s.sqlite") as ledger:
        while not ledger.parked():
            pass
    assert run("spool", "withdraw", parked.id, *spool)[0] == 0
    assert run("spool", "list", *spool)[0] == 0
    code, _, err = run("spool", "list", "--spool", alone.folder / "nothing")
    assert code == 2 and "there is no spool" in err


def test_a_relay_listens_on_this_machine_alone(alone: Coast, run: Callable[..., Any]) -> None:
    code, _, err = run("relay", *words(alone, "--host", "0.0.0.0"))
    assert code == 2 and "not this machine alone" in err


def test_a_relay_as_a_process_takes_statements_in(alone: Coast) -> None:
    import httpx2

    with running("relay", *words(alone, "--port", "0")) as process:
        token = (alone.folder / "s.sqlite.token").read_text().strip()
        answer = httpx2.post(
            f"{process.url}/v1/statements?wait=recorded", json=statement(), headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 202 and answer.json()["state"] == "recorded"
    assert len(alone.entries("INC-1")) == 1
    assert not any("CANARY" in line for line in process.said)
