"""The command line as a user meets it: what it prints, in which form, with which exit code, and what an error tells to do."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli import main
from api.cli.demo import NIGHT
from api.cli.rendering import json_document, plain, table, width
from ledger import errors
from ledger.evidence.sample import draw_positions

ROOT = Path(__file__).resolve().parent.parent
LONDON_06, PARIS_09 = "2015-08-27T05:00:00Z", "2015-08-27T07:00:00Z"
MORNING_AFTER = "2015-08-28T08:10:00Z"
EVENT_1 = "01900000-0000-7000-8000-000000000001"
EVENT_2 = "01900000-0000-7000-8000-000000000002"


@pytest.fixture(scope="session")
def played(tmp_path_factory):
    """The night, played once. Tests that change anything take `home`, a copy of it."""
    path = tmp_path_factory.mktemp("cli") / "home"
    assert main(["--home", str(path), "exercise", "run", str(NIGHT)]) == 0
    return path


@pytest.fixture
def home(played, tmp_path):
    path = tmp_path / "home"
    shutil.copytree(played, path)
    return path


@pytest.fixture
def ask(run, played):
    """Run one command on the played night with --json: its document."""

    def ask(*argv, code=0, home=None):
        found, out, err = run("--home", home or played, *argv, "--json")
        assert found == code, err
        return json.loads(out)

    return ask


# -- figures -----------------------------------------------------------------------------------------------------------------


def test_figures_have_the_shape_that_others_rely_on(ask):
    answer = ask("figures", "gb", "--day", "2015-08-26", "--as-of", LONDON_06)
    assert {
        "view",
        "day",
        "as_of",
        "window",
        "position",
        "checkpoint",
        "ruleset",
        "settled",
        "figures",
        "people",
    } <= answer.keys()
    assert answer["view"] == "GB" and answer["figures"]["G1"] == 10 and answer["settled"] is True
    assert answer["window"] == {"from": "2015-08-25T23:00:00.000000Z", "to": "2015-08-26T23:00:00.000000Z"}
    assert answer["checkpoint"]["final"] is True and answer["exercise"] is True


def test_every_screen_of_an_exercise_says_that_it_is_one(run, played):
    for command in (
        ("figures", "gb", "--day", "2015-08-26"),
        ("explain", "gb", "G1", "--day", "2015-08-26"),
        ("situation", "gb"),
        ("reconcile", "P2", "--gb-day", "2015-08-26"),
        ("report", "list", "gb"),
        ("report", "show", "gb", "2015-08-26"),
        ("checkpoint",),
        ("verify",),
    ):
        _, out, _ = run("--home", played, *command)
        assert out.startswith("EXERCISE – invented"), command
    _, out, _ = run("--home", played, "figures", "fr", "--day", "2015-08-27")
    assert out.startswith("EXERCICE – fictif")


def test_what_is_not_final_is_said_under_every_list_and_proof(run, ask, home):
    """Whoever takes a list of reports, or a stream's last version, must know how much of the log nobody has co-signed yet."""
    event = ask("report", "list", "gb", home=home)["reports"][0]["event"]
    assert run("--home", home, "index", "commit", "--at", MORNING_AFTER)[0] == 0
    assert run("--home", home, "project", "all")[0] == 0
    for command in (
        ("report", "list", "gb"),
        ("report", "drift", "gb"),
        ("reconciliation", "list", "gb"),
        ("index", "prove", "INC-NONE"),
        ("bracket", event),
    ):
        document = json.loads(run("--home", home, *command, "--json")[1])
        tail = document.get("checkpoint", document)["tail"]
        assert tail["entries"] >= 1 and tail["since"], command
        for language, words in (("en", "not yet final"), ("fr", "non encore définitifs")):
            assert words in plain(run("--home", home, "--lang", language, *command)[1]), (command, language)


def test_people_come_before_every_figure(run, played):
    _, out, _ = run("--home", played, "figures", "gb", "--day", "2015-08-27")
    assert out.index("Protected and harmed") < out.index("G1 ")
    assert "One person may be counted several times" in out
    assert "12,000  pounds" in out
    assert "checkpoint" in out and "co-signed" in out and "position" in out


def test_each_view_speaks_its_own_language_unless_told_otherwise(run, played):
    _, french, _ = run("--home", played, "figures", "fr", "--day", "2015-08-27")
    assert "Protégé, secouru, atteint" in french and "heure de Paris" in french
    _, english, _ = run("--home", played, "figures", "fr", "--day", "2015-08-27", "--lang", "en")
    assert "Protected and harmed" in english and "Paris time" in english


def test_the_lines_of_a_figure_add_up_to_it(ask, run, played):
    answer = ask("explain", "gb", "G1", "--day", "2015-08-26")
    assert answer["value"] == 12 == sum(line["quantity"] for line in answer["lines"])
    assert {"event", "label", "position", "quantity", "unit", "stated_by", "ended_by", "why"} <= answer["lines"][0].keys()
    _, out, _ = run("--home", played, "explain", "gb", "G1", "--day", "2015-08-26")
    assert "A19" in out and "sum of the lines" in out and "= 12 person-detections" in out


def test_home_json_and_language_stand_before_or_after_the_command(run, played, monkeypatch):
    day = ("--day", "2015-08-26", "--as-of", LONDON_06)
    before = run("--json", "--home", played, "figures", "gb", *day)
    after = run("figures", "gb", *day, "--home", played, "--json")
    monkeypatch.setenv("ENTENTE_HOME", str(played))
    neither = run("figures", "gb", *day, "--json")
    assert before == after == neither


def test_an_instant_in_another_zone_is_the_same_instant(ask):
    utc = ask("figures", "gb", "--day", "2015-08-26", "--as-of", "2015-08-27T05:00:00Z")
    local = ask("figures", "gb", "--day", "2015-08-26", "--as-of", "2015-08-27T06:00+01:00")
    assert utc == local


# -- situation, reconciliation, reports ----------------------------------------------------------------------------------------


def test_situation_at_an_instant(ask, run, played):
    answer = ask("situation", "gb", "--as-of", "2015-08-27T02:12:00Z")
    assert answer["open_distress"] == ["INC-A3", "INC-A4"]
    for name in ("unconfirmed_distress", "open_incidents", "unacknowledged", "unanswered", "contradictions", "obligations"):
        assert isinstance(answer[name], list)
    _, out, _ = run("--home", played, "situation", "gb", "--as-of", "2015-08-27T02:12:00Z")
    assert "INC-A3" in out and "INC-A4" in out and "03:12" in out and "CROSS-GN → HMCG-DOVER" in out


def test_a_difference_is_told_as_one_sum_and_step_by_step(ask, run, played):
    ends = ("--gb-day", "2015-08-26", "--gb-as-of", LONDON_06, "--fr-day", "2015-08-27", "--fr-as-of", PARIS_09)
    answer = ask("reconcile", "P2", *ends)
    assert (answer["pair"], answer["from"], answer["to"], answer["unexplained"]) == ("P2", 10, 31, 0)
    assert answer["from"] + sum(step["delta"] for step in answer["steps"]) == answer["to"]
    item = answer["steps"][0]["items"][0]
    assert {"key", "label", "delta", "reason", "positions"} <= item.keys()
    _, out, _ = run("--home", played, "reconcile", "P2", *ends)
    assert "10 + 11 + 9 + 2 − 1 = 31." in out and "R01" in out and "counted by neither: 3 at " in " ".join(out.split())
    _, out, _ = run("--home", played, "reconcile", "P2", *ends, "--lang", "fr")
    assert "10 + 11 + 9 + 2 − 1 = 31." in out and "comptées par aucun" in " ".join(out.split())


@pytest.mark.parametrize("pair", ["P1", "P3", "P4", "P5"])
def test_every_pair_is_told(ask, run, played, pair):
    ends = ("--gb-day", "2015-08-26", "--gb-as-of", LONDON_06, "--fr-day", "2015-08-27", "--fr-as-of", PARIS_09)
    answer = ask("reconcile", pair, *ends)
    assert answer["from"] + sum(step["delta"] for step in answer["steps"]) == answer["to"]
    for language in ("en", "fr"):
        code, out, _ = run("--home", played, "reconcile", pair, *ends, "--lang", language)
        assert code == 0 and f"= {answer['to']}." in out


def test_a_report_that_has_drifted_asks_for_a_revision(ask, run, played):
    assert [r["day"] for r in ask("report", "list", "gb")["reports"] if r["nation"] == "GB"] == ["2015-08-26", "2015-08-27"]
    assert ask("report", "show", "gb", "2015-08-26")["figures"]["G1"] == 10
    answer = ask("report", "drift", "gb", code=1)
    change = answer["reports"][0]["changes"][0]
    assert (change["code"], change["reported"], change["now"]) == ("G1", 10, 12)
    assert [cause["label"] for cause in change["events"]] == ["A19"]
    code, out, _ = run("--home", played, "report", "drift", "gb")
    assert code == 1 and "Revision due" in out
    code, _, err = run("--home", played, "report", "show", "gb", "2015-08-20")
    assert code == 2 and "entente report list gb" in err


# -- appending ---------------------------------------------------------------------------------------------------------------


def event(**more):
    line = {
        "type": "incident.opened", "stream": "INC-T1", "occurred_at": "2015-08-28T08:00:00Z",
        "data": {"kind": "tunnel_walk", "place": "ET-PLATFORM", "note": "seen on a camera"}, "source": {"ref": "T01"},
    }  # fmt: skip
    return {**line, **more}


def lines(path, *events):
    path.write_text("".join((e if isinstance(e, str) else json.dumps(e)) + "\n" for e in events))
    return path


def test_the_same_file_again_gives_the_same_receipts(run, home, tmp_path):
    second = event(
        id=EVENT_2, type="incident.attempt_recorded", data={"outcomes": {"repelled": 3}}, occurred_at="2015-08-28T08:05:00Z"
    )
    file = lines(tmp_path / "events.jsonl", event(id=EVENT_1), second)
    arguments = ("--home", home, "append", file, "--key", "service-PAF", "--at", MORNING_AFTER)
    code, first, _ = run(*arguments)
    assert code == 0
    receipts = [json.loads(line) for line in first.splitlines()]
    assert [r["event_id"] for r in receipts] == [EVENT_1, EVENT_2]
    assert {"event_id", "position", "stream", "version", "recorded_at", "leaf_hash", "status"} <= receipts[0].keys()
    assert receipts[0]["exercise"] is True and receipts[1]["position"] == receipts[0]["position"] + 1
    assert run(*arguments) == (0, first, "")


def test_a_refused_line_is_named_and_keeps_no_other_out(run, home, tmp_path):
    file = lines(
        tmp_path / "events.jsonl",
        event(id=EVENT_1),
        "not json",
        event(data={"kind": "picnic"}),
        "",
        event(id=EVENT_2, stream="INC-T2"),
    )
    code, out, err = run("--home", home, "append", file, "--key", "service-PAF", "--at", MORNING_AFTER, "--json")
    document = json.loads(out)
    assert code == 3
    assert [r["event_id"] for r in document["receipts"]] == [EVENT_1, EVENT_2]
    assert [(r["line"], r["code"]) for r in document["refused"]] == [(2, "malformed"), (3, "malformed")]
    assert "line 2: not JSON" in err and "line 3: data.kind" in err


def test_the_same_id_with_other_content_is_a_conflict(run, home, tmp_path):
    key = ("--key", "service-PAF", "--at", MORNING_AFTER)
    assert run("--home", home, "append", lines(tmp_path / "a", event(id=EVENT_1)), *key)[0] == 0
    code, _, err = run("--home", home, "append", lines(tmp_path / "b", event(id=EVENT_1, stream="INC-T9")), *key)
    assert code == 3 and "a new event needs a new id" in err


def test_what_was_refused_may_be_mended_under_its_id(run, home, tmp_path):
    """A refusal records nothing, so the id is still free."""
    key = ("--key", "service-PAF", "--at", MORNING_AFTER)
    wrong = lines(tmp_path / "a", event(id=EVENT_1, authority="BF"))
    code, _, err = run("--home", home, "append", wrong, *key)
    assert code == 3 and "this key belongs to PAF" in err
    assert run("--home", home, "append", lines(tmp_path / "b", event(id=EVENT_1)), *key)[0] == 0


def test_a_key_that_is_not_registered_speaks_for_nobody(run, home, tmp_path):
    file = lines(tmp_path / "events.jsonl", event())
    assert run("--home", home, "key", "new", "stranger")[0] == 0
    code, _, err = run("--home", home, "append", file, "--key", "stranger")
    assert code == 3 and "not registered" in err and "entente key register" in err
    code, _, err = run("--home", home, "append", file, "--key", "nobody")
    assert code == 2 and "there is no key nobody" in err
    code, _, err = run("--home", home, "append", tmp_path / "nothing", "--key", "service-PAF")
    assert code == 2 and "no such file" in err
    code, _, err = run("--home", home, "append", file, "--key", "service-PAF", "--url", "http://127.0.0.1:1")
    assert code == 2 and "--url needs --token-file" in err


def test_free_text_never_stands_in_the_clear(run, home, tmp_path):
    file = lines(
        tmp_path / "events.jsonl", event(id=EVENT_1, data={"kind": "other", "place": "ET-PLATFORM", "note": "CANARY-NOTE"})
    )
    assert run("--home", home, "append", file, "--key", "service-PAF", "--at", MORNING_AFTER)[0] == 0
    assert not [path for path in home.rglob("*") if path.is_file() and b"CANARY-NOTE" in path.read_bytes()]


def test_a_live_ledger_is_not_told_the_time(run, tmp_path):
    home = tmp_path / "live"
    assert run("--home", home, "init")[0] == 0
    file = lines(tmp_path / "events.jsonl", event())
    code, _, err = run("--home", home, "append", file, "--key", "authority-GB", "--at", MORNING_AFTER)
    assert code == 4 and "only an exercise may be told the time" in err


def test_events_come_through_a_pipe(home, tmp_path):
    code, out, err = in_a_pipe(
        "append", "-", "--key", "service-PAF", "--at", MORNING_AFTER, home=home, sent=json.dumps(event(id=EVENT_1)) + "\n"
    )
    assert (code, err) == (0, "")
    assert json.loads(out)["event_id"] == EVENT_1


# -- the log -----------------------------------------------------------------------------------------------------------------


def test_a_new_ledger_begins_final_and_empty_views_answer(run, ask, tmp_path):
    home = tmp_path / "new"
    code, out, _ = run("--home", home, "init", "--origin", "test.example/log", "--exercise")
    assert code == 0 and out.startswith("EXERCISE – invented")
    assert ask("checkpoint", home=home)["final"] is True
    assert set(ask("figures", "gb", "--day", "2026-01-01", home=home)["figures"].values()) == {0}
    assert ask("verify", home=home)["ok"] is True
    code, _, err = run("--home", home, "init")
    assert code == 2 and "not empty" in err


def test_what_is_appended_is_final_only_when_both_have_cosigned(ask, run, home, tmp_path):
    file = lines(tmp_path / "events.jsonl", event(id=EVENT_1))
    assert run("--home", home, "append", file, "--key", "service-PAF", "--at", MORNING_AFTER)[0] == 0
    before = ask("checkpoint", home=home)
    assert before["final"] is False and before["tail"]["entries"] == 1
    assert ask("cosign", "london", home=home)["final"] is False
    assert ask("cosign", "paris", home=home)["final"] is True
    after = ask("checkpoint", home=home)
    assert after["final"] is True and after["tail"] == {"entries": 0, "since": None}
    _, _, err = run("--home", home, "figures", "gb", "--day", "2015-08-26")
    assert "1 entries behind the log" in err and "entente project gb" in err
    assert ask("project", "all", home=home)["views"][0]["position"] == after["size"]


@pytest.mark.parametrize("command", [("ask", "gb", "late"), ("replay", "gb"), ("situation", "gb")], ids=lambda words: words[0])
def test_no_answer_leaves_out_what_is_not_final_yet(ask, run, home, tmp_path, command):
    file = lines(tmp_path / "events.jsonl", event(id=EVENT_1))
    assert run("--home", home, "append", file, "--key", "service-PAF", "--at", MORNING_AFTER)[0] == 0
    ask("project", "all", home=home)
    assert ask(*command, home=home)["checkpoint"]["tail"]["entries"] == 1
    assert "1 entry is not yet final, since" in run("--home", home, *command)[1]
    for site in ("london", "paris"):
        ask("cosign", site, home=home)
    assert ask(*command, home=home)["checkpoint"]["tail"]["entries"] == 0
    assert "not yet final" not in run("--home", home, *command)[1]


def test_a_rebuilt_view_has_the_digest_of_the_one_that_followed(ask, home):
    followed = ask("project", "all", "--digest", home=home)["views"]
    rebuilt = ask("project", "all", "--rebuild", "--digest", home=home)["views"]
    assert followed == rebuilt and all(len(view["digest"]) == 64 for view in rebuilt)


def test_tiles_go_into_an_empty_folder_only(ask, run, played, tmp_path):
    answer = ask("export", "tiles", tmp_path / "tiles")
    assert (tmp_path / "tiles" / "checkpoint").exists() and (tmp_path / "tiles" / "policy.txt").exists()
    assert answer["size"] == ask("checkpoint")["size"]
    code, _, err = run("--home", played, "export", "tiles", tmp_path / "tiles")
    assert code == 2 and "not empty" in err


def test_verify_says_what_it_covered(ask):
    answer = ask("verify")
    assert answer["ok"] is True and answer["problems"] == []
    checked = answer["checked"]
    assert checked["entries"] == checked["signatures"] == checked["lives"] == checked["columns"] == answer["entries"]
    assert checked["checkpoint"] is True and checked["cosignatures"] == ["london", "paris"] and checked["views"] == ["GB", "FR"]


def test_verify_names_an_entry_changed_behind_the_ledgers_back(run, home):
    with sqlite3.connect(home / "ledger.sqlite") as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        position, entry = database.execute(
            "SELECT position, entry FROM entries WHERE type = 'interception.recorded'"
        ).fetchone()
        database.execute(
            "UPDATE entries SET entry = ? WHERE position = ?", (entry.replace(b'"persons":4', b'"persons":5'), position)
        )
    database.close()
    code, out, _ = run("verify", home, "--json")
    assert code == 1
    document = json.loads(out)
    assert document["ok"] is False and position in [problem["position"] for problem in document["problems"]]
    code, out, _ = run("verify", home)
    assert code == 1 and "NOT OK" in out and f"no. {position}" in out


def test_a_sample_is_drawn_by_the_seed_and_proven(ask, run, played):
    root = ask("checkpoint")["root"]
    one, again = ask("sample", "--n", "5", "--seed", root), ask("sample", "--n", "5", "--seed", root)
    assert one == again and one["ok"] is True and len(one["sample"]) == 5
    assert all(row["proof"]["verified"] for row in one["sample"])
    assert one["sample"] != ask("sample", "--n", "5", "--seed", "00" * 32)["sample"]
    within = ask("sample", "--n", "99", "--seed", root, "--from", "2015-08-27T00:00:00Z", "--to", "2015-08-27T02:00:00Z")
    assert within["population"] == len(within["sample"])
    assert all("2015-08-27T00" <= row["recorded_at"] < "2015-08-27T02" for row in within["sample"])
    code, _, err = run("--home", played, "sample", "--seed", "abc")
    assert code == 2 and "entente checkpoint shows one" in err


def test_the_rule_of_the_draw_is_the_published_one():
    """Worked out by hand from the rule in ledger/evidence/sample.py: whoever re-implements it must get these."""
    import hashlib

    seed = bytes(range(32))
    values = [int.from_bytes(hashlib.sha256(seed + k.to_bytes(8, "big")).digest()[:8], "big") for k in range(40)]
    expected = list(dict.fromkeys(11 + v % 10 for v in values))[:6]
    assert draw_positions(seed, 6, 11, 20) == expected
    assert sorted(draw_positions(seed, 99, 11, 20)) == list(range(11, 21))
    assert draw_positions(seed, 5, 3, 2) == []
    with pytest.raises(errors.BadQuestion):
        draw_positions(b"short", 5, 1, 9)


# -- keys and the doctor -------------------------------------------------------------------------------------------------------


def test_the_life_of_a_key(ask, run, home, tmp_path):
    made = ask("key", "new", "service-BF-2", home=home)
    assert oct(Path(made["file"]).stat().st_mode)[-3:] == "600"
    assert run("--home", home, "key", "new", "service-BF-2")[0] == 2
    assert (
        ask("key", "register", "service-BF-2", "--owner", "BF", "--may-append", "interception.*", home=home)["key_id"]
        == made["key_id"]
    )
    listed = {row["key_id"]: row for row in ask("key", "list", home=home)["keys"]}
    assert (listed[made["key_id"]]["owner"], listed[made["key_id"]]["may_append"]) == ("BF", ["interception.*"])
    code, _, err = run("--home", home, "append", lines(tmp_path / "e", event()), "--key", "service-BF-2")
    assert code == 3 and "may not state incident.opened" in err
    successor = ask("key", "new", "service-BF-3", home=home)
    assert ask("key", "rotate", "service-BF-2", "service-BF-3", home=home)["key_id"] == successor["key_id"]
    assert ask("key", "revoke", successor["key_id"][:16], "--reason", "lost", home=home)["key_id"] == successor["key_id"]
    in_force = {row["key_id"] for row in ask("key", "list", home=home)["keys"]}
    assert not in_force & {made["key_id"], successor["key_id"]}
    assert made["key_id"] in {row["key_id"] for row in ask("key", "list", "--all", home=home)["keys"]}
    assert ask("verify", home=home)["ok"] is True


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("key", "register", "service-BF", "--owner", "NOBODY"), "NOBODY is not registered"),
        (("key", "revoke", "ffffffffffffffff", "--reason", "x"), "entente key list --all"),
        (("key", "new", "../x"), "letters, digits"),
    ],
)
def test_a_key_that_is_not_there_is_named(run, played, argv, told):
    code, _, err = run("--home", played, *argv)
    assert code == 2 and told in err


def test_the_doctor_names_what_is_wrong_and_the_remedy(ask, run, home):
    assert ask("doctor", home=home)["ok"] is True
    key = home / "keys" / "service-BF.pem"
    key.chmod(0o644)
    code, out, _ = run("--home", home, "doctor")
    assert code == 1 and "WRONG" in out and f"chmod 600 {key}" in out
    key.chmod(0o600)
    with sqlite3.connect(home / "ledger.sqlite") as database:
        database.execute("DROP TRIGGER entries_no_update")
        database.execute("DROP TRIGGER entries_no_delete")
    database.close()
    (home / "policy.txt").write_text("nonsense\n")
    document = ask("doctor", code=1, home=home)
    wrong = {check["part"] for check in document["checks"] if not check["is_safe"]}
    assert "policy" in wrong and all(
        check["remedy"] for check in document["checks"] if not check["is_safe"] and check["part"] == "store"
    )


# -- errors --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        (("figures", "gb"), 2, "--day"),
        (("figures", "xx", "--day", "2015-08-26"), 2, "write gb or fr"),
        (("figures", "gb", "--day", "26/08"), 2, "write 2015-08-26"),
        (("figures", "gb", "--day", "2015-08-26", "--as-of", "yesterday"), 2, "write 2015-08-27T02:12:00Z"),
        (("figures", "gb", "--day", "2015-08-26", "--as-of", "2015-08-27T02:12"), 2, "says no zone"),
        (("explain", "gb", "G99", "--day", "2015-08-26"), 2, "one of G1"),
        (("reconcile", "P9", "--gb-day", "2015-08-26"), 2, "one of P1"),
        (("sample", "--n", "0", "--seed", "00" * 32), 2, "from 1 on"),
        (("nonsense",), 2, "there is no command nonsense"),
        (("hold",), 2, "hold is not in this release"),
        (("--home", "x", "bundle", "create"), 2, "--out"),
        ((), 2, "COMMAND"),
        (("exercise",), 2, "COMMAND"),
        (("fig", "gb"), 2, "there is no command fig"),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(run, played, monkeypatch, argv, code, told):
    monkeypatch.setenv("ENTENTE_HOME", str(played))
    found, out, err = run(*argv)
    assert (found, out) == (code, "")
    assert told in err and err.count("\n") == 1 and "Traceback" not in err


def test_a_home_that_is_not_there_is_named_with_the_remedy(run, tmp_path):
    for command in (("verify",), ("figures", "gb", "--day", "2015-08-26"), ("doctor",), ("checkpoint",)):
        code, _, err = run("--home", tmp_path / "nowhere", *command)
        assert code == 2 and "entente init" in err and err.count("\n") == 1


def test_a_database_that_does_not_answer_is_unavailable(run, home, monkeypatch):
    monkeypatch.setenv("ENTENTE_GB_DATABASE", "postgresql+psycopg2://nobody@127.0.0.1:1/none?connect_timeout=1")
    code, _, err = run("--home", home, "figures", "gb", "--day", "2015-08-26")
    assert code == 4 and err.count("\n") == 1
    monkeypatch.setenv("ENTENTE_GB_DATABASE", f"sqlite:///{home}/nothing/here.sqlite")
    assert run("--home", home, "figures", "gb", "--day", "2015-08-26")[0] == 4


def test_a_scenario_that_is_none_is_wrong_usage(run, tmp_path):
    (tmp_path / "text").write_text("hello")
    (tmp_path / "empty.json").write_text("{}")
    night = json.loads(NIGHT.read_text())
    (tmp_path / "live.json").write_text(json.dumps({**night, "exercise": False}))
    (tmp_path / "day.json").write_text(json.dumps({**night, "directives": [{**night["directives"][0], "day": "soon"}]}))
    (tmp_path / "event.json").write_text(json.dumps({**night, "events": [{"type": "incident.opened"}]}))
    for name, told in (
        ("text", "JSON is malformed"),
        ("empty.json", "origin"),
        ("missing", "no such file"),
        ("live.json", "$.exercise"),
        ("day.json", "$.directives[0].day"),
        ("event.json", "$.events[0]"),
    ):
        code, _, err = run("--home", tmp_path / "h", "exercise", "run", tmp_path / name)
        assert code == 2 and told in err and err.count("\n") == 1
        assert not (tmp_path / "h").exists()


def test_a_scenario_that_the_ledger_refuses_names_the_event(run, tmp_path):
    night = json.loads(NIGHT.read_text())
    night["events"][1]["data"] = {"outcomes": {"repelled": -1}}
    (tmp_path / "night.json").write_text(json.dumps(night))
    code, _, err = run("--home", tmp_path / "h", "exercise", "run", tmp_path / "night.json")
    assert code == 3 and "A02" in err and "outcomes" in err


def test_a_night_stops_where_it_is_told_to(run, tmp_path):
    code, out, _ = run("--home", tmp_path / "h", "exercise", "run", NIGHT, "--until", "2015-08-27T02:12:00Z", "--json")
    assert code == 0 and json.loads(out)["checkpoint"]["final"] is True
    _, out, _ = run("--home", tmp_path / "h", "situation", "gb", "--json")
    assert json.loads(out)["open_distress"] == ["INC-A3", "INC-A4"]


def test_a_night_is_told_the_same_on_postgresql(run, ask, tmp_path, postgres_url):
    """The joint log and both views in one database, each view in a schema of its own."""
    home = tmp_path / "h"
    urls = [word for name in ("database", "gb-database", "fr-database") for word in (f"--{name}", postgres_url)]
    assert run("--home", home, "exercise", "run", NIGHT, *urls)[0] == 0
    assert not list(home.glob("*.sqlite"))
    for command in (
        ("figures", "fr", "--day", "2015-08-27", "--as-of", PARIS_09),
        ("situation", "gb", "--as-of", "2015-08-27T02:12:00Z"),
        ("reconcile", "P2", "--gb-day", "2015-08-26"),
    ):
        mine, theirs = ask(*command, home=home), ask(*command)
        assert without_roots(mine) == without_roots(theirs)
    assert ask("verify", home=home)["ok"] is True
    assert ask("doctor", home=home)["ok"] is True


def without_roots(value):
    """An answer without what differs between two runs of one night: roots and random ids."""
    if isinstance(value, dict):
        return {k: without_roots(v) for k, v in value.items() if k not in ("root", "event", "key", "checkpoint")}
    return [without_roots(v) for v in value] if isinstance(value, list) else value


def test_help_is_given_and_does_not_promise_what_is_not_there(run):
    code, out, _ = run("--help")
    assert code == 0 and "reconcile" in out and "serve" in out and "\n    hold" not in out and "\n    erase" not in out
    assert run("key", "--help")[0] == 0 and run("--version")[0] == 0


# -- terminals and pipes -------------------------------------------------------------------------------------------------------


def in_a_pipe(*argv, home, sent=""):
    command = [sys.executable, "-c", "import sys; from api.cli import main; sys.exit(main())", *map(str, argv)]
    environment = {**os.environ, "ENTENTE_HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, input=sent, capture_output=True, text=True, encoding="utf-8", env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_terminal_is_shown_progress_and_nothing_is_left_of_it(tmp_path):
    """On a terminal the line that counts along is rubbed out; what remains is the answer."""
    import pty

    controller, terminal = pty.openpty()
    command = [sys.executable, "-c", "import sys; from api.cli import main; sys.exit(main())", "exercise", "run", str(NIGHT)]
    environment = {**os.environ, "ENTENTE_HOME": str(tmp_path / "h"), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, env=environment, check=False)
    os.close(terminal)
    told = os.read(controller, 65_536).decode()
    os.close(controller)
    assert done.returncode == 0 and "playing" in told and told.endswith("\r\x1b[K")
    assert b"\x1b" not in done.stdout


def test_a_pipe_gets_neither_colour_nor_progress(played):
    for command in (("figures", "gb", "--day", "2015-08-26"), ("verify",), ("situation", "fr")):
        code, out, err = in_a_pipe(*command, home=played)
        assert code == 0 and "\x1b" not in out and err == ""


def test_a_terminal_that_knows_no_accents_gets_no_traceback(played):
    command = [sys.executable, "-c", "import sys; from api.cli import main; sys.exit(main())", "situation", "fr"]
    environment = {**os.environ, "ENTENTE_HOME": str(played), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 0 and done.stderr == b"" and b"EXERCICE" in done.stdout


def test_whoever_reads_only_the_first_line_gets_no_complaint(played):
    command = (
        f"{sys.executable} -c 'import sys; from api.cli import main; sys.exit(main())' figures gb --day 2015-08-26 | head -n 1"
    )
    environment = {**os.environ, "ENTENTE_HOME": str(played), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.startswith("EXERCISE") and done.stderr == ""


def test_data_never_moves_a_cursor():
    hostile = "a\x1b[31mb\x07c\u202ed\u200be\x9bf"
    assert plain(hostile) == r"a\x1b[31mb\x07c\u202ed\u200be\x9bf"
    assert not any(c in json_document({"x": hostile}) for c in "\x1b\x07\u202e\u200b\x9b")
    assert json.loads(json_document({"x": hostile})) == {"x": hostile}
    assert table([[hostile + "\nnext row", 1]]) == [r"  a\x1b[31mb\x07c\u202ed\u200be\x9bf next row  1"]


def test_columns_stay_aligned_whatever_is_in_them():
    rows = table([["é", 1], ["e\u0301", 22], ["漢", 333]], ("Name", "n"), "lr")
    assert len({width(row) for row in rows}) == 1
