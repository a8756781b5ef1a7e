"""Keys from the command line: one in doubt, one on another machine, and who vouched for what came late."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.authoring import Author, compose, countersign
from api.cli import main
from api.home import Home
from api.registrar import sealers
from ledger import errors
from ledger.formats import challenge
from ledger.formats.entry import format_instant
from ledger.formats.keys import DocumentKey
from ledger.formats.sealing import SealingKey
from tests.playing import OWN_NIGHTS, Copies, load

Run = Callable[..., dict[str, Any]]
FOUND = {"place": "CZ-COQ", "route": "freight_vehicle", "method": "co2_probe", "persons": 4}


@pytest.fixture
def home(tmp_path: Path, store_url: str, copies: Copies) -> Path:
    """An exercise, played to its end."""
    place = {"code": "CZ-COQ", "name": "Coquelles", "territory": "FR", "control_zone": "GB"}
    played = copies.copy(load(OWN_NIGHTS / "penalties-withdrawn.json") | {"places": [place]}, tmp_path / "home", store_url)
    played.close()
    return played.path


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on the home; returns its document, after checking its exit code."""

    def running(*words: str, code: int = 0) -> dict[str, Any]:
        capsys.readouterr()
        assert main([*words, "--home", str(home), "--json"]) == code, capsys.readouterr().err
        told = capsys.readouterr().out
        return json.loads(told) if told else {}

    return running


@pytest.fixture
def service(home: Path) -> str:
    """The British service of the night."""
    with Home.open(home) as opened:
        ring = opened.ledger.keys
        return next(key.owner for key in ring.keys.values() if (key.role, key.nation) == ("service", "GB"))


def detection(opened: Home, owner: str, stream: str) -> Any:
    """People found, signed by the service and not yet sent."""
    at = opened.ledger.recorded_at(opened.ledger.head())
    unsigned = {"type": "interception.recorded", "stream": stream, "occurred_at": format_instant(at), "data": FOUND}
    author = Author(owner, "GB", opened.key(f"service-{owner}"))
    return compose(unsigned, author, opened.settings.origin, sealers(opened), at)


def test_a_key_in_doubt_is_stopped_reported_and_its_events_are_stood_by_one_by_one(home: Path, run: Run, service: str) -> None:
    name = f"service-{service}"
    run("key", "suspend", name, "--nation", "fr", "--reason", "a laptop was stolen")
    (row,) = [row for row in run("key", "list")["keys"] if row["held_as"] == name]
    assert row["state"] == "suspended"
    run("key", "reinstate", name, "--reason", "it was found again")
    with Home.open(home) as opened:
        receipts = [opened.ledger.append(detection(opened, service, f"IC-{n}")) for n in range(3)]
    assert run("key", "disputed") == {"position": receipts[-1].position, "disputed": [], "exercise": True}
    run("key", "compromise", name, "--from", str(receipts[1].position), "--reason", "it was not the one that was found")
    disputed = run("key", "disputed", name, code=1)["disputed"]
    assert [entry["event"] for entry in disputed] == [receipt.event_id for receipt in receipts[1:]]
    run("key", "reaffirm", name, receipts[2].event_id, "--reason", "the officer remembers it")
    assert [entry["event"] for entry in run("key", "disputed", code=1)["disputed"]] == [receipts[1].event_id]
    run("key", "reaffirm", name, "--reason", "which?", code=2)
    run("key", "reaffirm", name, "--all", "--reason", "and this one too")
    run("key", "disputed")
    run("key", "revoke", name, "--reason", "for good", code=3)


def test_the_keys_of_any_past_entry_are_listed_from_the_log_alone(home: Path, run: Run, service: str) -> None:
    before = run("key", "list", "--all")
    run("key", "new", "spare")
    run("key", "register", "spare", "--owner", service, "--may-append", "incident.*")
    after = run("key", "list", "--all")
    assert len(after["keys"]) == len(before["keys"]) + 1 and after["key_set_sha256"] != before["key_set_sha256"]
    (home / "keys" / "log.pem").rename(home.parent / "log.pem")  # who only reads the log has the same answer
    again = run("key", "list", "--all", "--at", str(before["position"]))
    assert again == before
    assert run("key", "list", "--at", "1")["keys"][0]["role"] == "national_authority"
    assert len(run("key", "list", "--at", "1", "--all")["keys"]) == 2
    run("key", "list", "--at", str(after["position"] + 1), code=2)


def test_who_vouched_for_what_was_spooled_is_told_with_the_receipt_the_lines_the_replay_and_to_an_inquiry(
    home: Path, run: Run, service: str
) -> None:
    with Home.open(home) as opened:
        day = format_instant(opened.ledger.recorded_at(opened.ledger.head()))[:10]
        spooled = [detection(opened, service, f"IC-{n}") for n in range(2)]
    run("key", "new", "next")
    run("key", "rotate", f"service-{service}", "next")
    with Home.open(home) as opened:
        by_successor = opened.ledger.append(countersign(spooled[0], [opened.key("next")]))
        relayed = opened.ledger.append(countersign(spooled[1], [opened.key("authority-GB")]))
    run("project", "all")
    assert "relayed" not in run("receipt", by_successor.event_id)
    assert run("receipt", relayed.event_id)["relayed"] is True
    rows = {row["position"]: row.get("relayed", False) for row in run("replay", "gb")["rows"]}
    assert (rows[by_successor.position], rows[relayed.position]) == (False, True)
    asked = run("ask", "gb", "entries", "--authority", service)["answer"]
    assert [row["relayed"] for row in asked if row["position"] in (by_successor.position, relayed.position)] == [False, True]
    lines = [line for n in range(-1, 2) for line in run("explain", "gb", "G1", "--day", _shifted(day, n))["lines"]]
    told = {line["position"]: line.get("relayed", False) for line in lines}
    assert (told[by_successor.position], told[relayed.position]) == (False, True)


def _shifted(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days)).isoformat()


@pytest.mark.parametrize(("kind", "owner", "role"), [("sealing", "GB", "sealing"), ("document", None, "official")])
def test_a_key_that_signs_no_event_is_registered_across_two_machines_by_who_can_use_it(
    home: Path, run: Run, service: str, tmp_path: Path, kind: str, owner: str | None, role: str
) -> None:
    owner = owner or service
    private, public, asked, answer = (tmp_path / name for name in ("own.pem", "public.json", "asked.json", "answer.json"))
    made = run("key", "new", "own", "--type", kind, "--out", str(private), "--public", str(public))
    run("key", "challenge", str(public), "--out", str(asked))
    thief = tmp_path / "thief.pem"
    (SealingKey if kind == "sealing" else DocumentKey).generate().save(thief)
    run("key", "answer", str(asked), "--key", str(thief), "--out", str(tmp_path / "forged.json"), code=1)
    forged = json.loads(asked.read_text()) | {"answer": json.loads(asked.read_text())["asked"][:44].rstrip("=")[:43] + "="}
    (tmp_path / "forged.json").write_text(json.dumps(forged))
    assert run("key", "register", str(tmp_path / "forged.json"), "--owner", owner, "--role", role, code=3) == {}
    run("key", "answer", str(asked), "--key", str(private), "--out", str(answer))
    told = run("key", "register", str(answer), "--owner", owner, "--role", role)
    assert told["key_id"] == made["key_id"]
    (row,) = [row for row in run("key", "list")["keys"] if row["key_id"] == made["key_id"]]
    assert (row["role"], row["state"]) == (role, "in force")
    run("key", "register", str(answer), "--owner", owner, "--role", role, code=2)  # an answer serves once


def test_an_answer_to_one_logs_challenge_serves_in_no_other_log() -> None:
    key = DocumentKey.generate()
    here, expected = challenge.make("test.example/one", 0x11, key.public)
    elsewhere = challenge.Challenge("test.example/two", here.type_code, here.key_id, here.asked)
    with pytest.raises(errors.BadSignature):
        challenge.judge(here, expected, challenge.answer(elsewhere, key))
    challenge.judge(here, expected, challenge.answer(here, key))
