"""A log is frozen, thawed and closed, and another goes on from it: nothing is recorded behind the end, nothing open is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.authoring import Author, compose
from api.cli import main
from api.home import Home
from api.registrar import Registrar, sealers
from api.settings import Settings
from api.succession import check_predecessor
from api.verifying import verify_home
from ledger import errors
from ledger.events.key_types import Predecessor
from ledger.formats.entry import format_instant
from tests.playing import OWN_NIGHTS, Copies, load

NEXT = "test.example/next"
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def old(tmp_path: Path, store_url: str, copies: Copies) -> Path:
    """An exercise with incidents, detections and cases open at its end."""
    home = copies.copy(load(OWN_NIGHTS / "penalties-withdrawn.json"), tmp_path / "old", store_url)
    path = home.path
    home.close()
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on a home; returns its document, after checking its exit code."""

    def running(home: Path, *words: str, code: int = 0) -> dict[str, Any]:
        capsys.readouterr()
        assert main([*words, "--home", str(home), "--json"]) == code, capsys.readouterr().err
        told = capsys.readouterr().out
        return json.loads(told) if told else {}

    return running


def closed(run: Run, old: Path) -> None:
    run(old, "ledger", "close", "--successor", NEXT, "--reason", "moving house")
    for site in ("london", "paris"):
        run(old, "cosign", site)


def append(home: Path, owner: str, type_name: str, stream: str, data: dict[str, Any], **header: Any) -> Any:
    with Home.open(home) as opened:
        key = opened.key(f"service-{owner}")
        author = Author(owner, opened.ledger.keys.keys[key.key_id].nation, key)
        at = opened.ledger.recorded_at(opened.ledger.head())
        unsigned = {"type": type_name, "stream": stream, "occurred_at": format_instant(at), "data": data, **header}
        return opened.ledger.append(compose(unsigned, author, opened.settings.origin, sealers(opened), at))


def test_a_ledger_is_frozen_by_one_and_thawed_by_both_from_the_command_line(old: Path, run: Run) -> None:
    run(old, "ledger", "freeze", "--nation", "fr", "--reason", "we do not recognise an entry")
    assert run(old, "key", "list")["frozen"] is True
    with pytest.raises(errors.LedgerFrozen):
        append(old, "BF", "incident.opened", "INC-X", {"kind": "other", "place": "CZ"})
    run(old, "ledger", "freeze", "--nation", "gb", "--reason", "again", code=3)
    run(old, "ledger", "thaw", "--reason", "explained")
    run(old, "ledger", "thaw", "--reason", "again", code=3)
    assert append(old, "BF", "incident.opened", "INC-X", {"kind": "other", "place": "CZ"})


def test_a_successor_names_the_closed_log_its_size_its_root_and_what_is_open(old: Path, run: Run, tmp_path: Path) -> None:
    run(tmp_path / "early", "ledger", "succeed", "--from", str(old), "--origin", NEXT, code=3)
    with Home.open(old) as before:
        versions = {name: len(before.reader.stream_entries(name)) for name in ("CASE-1", "CASE-2")}
    closed(run, old)
    told = run(tmp_path / "new", "ledger", "succeed", "--from", str(old))
    with Home.open(old) as ended, Home.open(tmp_path / "new") as home:
        assert (told["size"], told["predecessor"]) == (ended.reader.head(), ended.settings.origin)
        assert told["root"] == ended.policy().verify(ended.reader.signed_checkpoint()).checkpoint.root.hex()
        assert told["open_streams"] and versions.items() <= told["open_streams"].items()
        assert told["to_register"] == []
        assert verify_home(home, workers=1)["problems"] == []
        assert check_predecessor(home, ended) == []
    assert run(tmp_path / "new", "verify", "--predecessor", str(old))["checked"]["predecessor"] is True


def test_an_open_stream_goes_on_from_its_version_once_its_opening_is_stated_again(old: Path, run: Run, tmp_path: Path) -> None:
    append(old, "BF", "incident.opened", "INC-X", {"kind": "small_boat_distress", "place": "CZ"})
    append(old, "BF", "incident.updated", "INC-X", {})
    closed(run, old)
    new = tmp_path / "new"
    assert run(new, "ledger", "succeed", "--from", str(old))["open_streams"]["INC-X"] == 2
    with Home.open(old) as ended:
        opening = next(r.event.header.id for r in ended.ledger.stream("INC-X"))
        origin = ended.settings.origin
    with pytest.raises(errors.NotInThisState, match="resolved"):
        append(new, "BF", "incident.resolved", "INC-X", {})
    with pytest.raises(errors.StreamMoved) as caught:
        append(new, "BF", "incident.updated", "INC-X", {}, expected_version=0)
    assert caught.value.current_version == 2
    stated = {"kind": "small_boat_distress", "place": "CZ"}
    again = append(new, "BF", "incident.opened", "INC-X", stated, expected_version=2, causation_id=f"{origin}#{opening}")
    assert again.version == 3
    with Home.open(new) as home:
        for nation in home.nations:
            home.projector(nation).follow()
        assert home.view("GB").at(None).situation()["open_distress"] == ["INC-X"]
        assert verify_home(home, workers=1)["problems"] == []


def test_a_decision_of_the_closed_log_can_be_withdrawn_in_its_successor_and_no_other(
    old: Path, run: Run, tmp_path: Path
) -> None:
    append(old, "BF", "case.opened", "CASE-X", {"kind": "civil_penalty"})
    decision = append(old, "BF", "case.decision_recorded", "CASE-X", {"decision": "civil_penalty"}).event_id
    closed(run, old)
    new = tmp_path / "new"
    run(new, "ledger", "succeed", "--from", str(old))
    with Home.open(old) as ended:
        origin = ended.settings.origin
    for target in (decision, f"elsewhere.example/log#{decision}"):
        with pytest.raises(errors.NotInThisState):
            append(new, "BF", "case.decision_withdrawn", "CASE-X", {"target": target})
    with pytest.raises(errors.NotInThisState):
        append(new, "BF", "case.decision_withdrawn", "CASE-NEW", {"target": f"{origin}#{decision}"})
    assert append(new, "BF", "case.decision_withdrawn", "CASE-X", {"target": f"{origin}#{decision}"}).version == 3


def test_no_other_log_continues_a_closed_one_and_none_an_open_one(old: Path, run: Run, tmp_path: Path) -> None:
    run(old, "ledger", "close", "--successor", NEXT, "--reason", "moving house")
    run(tmp_path / "a", "ledger", "succeed", "--from", str(old), code=3)  # its end is not final yet
    for site in ("london", "paris"):
        run(old, "cosign", site)
    run(tmp_path / "b", "ledger", "succeed", "--from", str(old), "--origin", "test.example/another", code=3)
    run(old, "ledger", "close", "--successor", NEXT, "--reason", "again", code=3)
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("field", ["size", "root", "open_streams", "authority"])
def test_what_a_successor_gets_wrong_about_the_log_before_it_is_found(old: Path, run: Run, tmp_path: Path, field: str) -> None:
    closed(run, old)
    with Home.open(old) as ended:
        size = ended.reader.head()
        root = ended.policy().verify(ended.reader.signed_checkpoint()).checkpoint.root.hex()
        told = run(tmp_path / "right", "ledger", "succeed", "--from", str(old))
        said: dict[str, Any] = {
            "origin": ended.settings.origin,
            "size": size,
            "root": root,
            "open_streams": told["open_streams"],
        }
        said |= {"size": {"size": size - 1}, "root": {"root": "00" * 32}, "open_streams": {"open_streams": {}}}.get(field, {})
        with Home.create(tmp_path / "wrong", Settings(NEXT, True)) as home:
            if field != "authority":
                for nation in ("GB", "FR"):
                    name = f"authority-{nation}.pem"
                    (home.path / "keys" / name).write_bytes((old / "keys" / name).read_bytes())
                    (home.path / "keys" / name).chmod(0o600)
            Registrar(home).open_log(exercise=True, predecessor=Predecessor(**said))
            found = check_predecessor(home, ended)
    assert found and all(field.partition("_")[0] in problem["what"] for problem in found)
