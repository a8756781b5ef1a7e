"""The demonstration: its four beats show the numbers they are about, in both languages, and its commands can be typed."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from api import issuing
from api.cli import main
from api.cli.demo import NIGHT


@pytest.fixture(autouse=True)
def _without_documents(request, monkeypatch):
    """Setting and signing six documents takes longer than the night: one test has them, as who has the libraries sees it."""
    if "with_documents" not in request.keywords:
        monkeypatch.setattr(issuing, "is_set_here", lambda: False)


@pytest.fixture
def shown(capsys, tmp_path):
    """The demonstration told once: (exit code, its text with every run of white space as one space)."""

    def shown(*argv):
        capsys.readouterr()
        code = main(["demo", "--no-serve", "--home", str(tmp_path / "demo"), *argv])
        said = capsys.readouterr()
        assert said.err == "" and "\x1b" not in said.out
        return code, said.out

    return shown


def beats(text):
    parts = text.split("\n────────\n")
    return [" ".join(part.split()) for part in parts[1:]]


def test_four_beats_in_english(shown):
    code, text = shown()
    assert code == 0
    one, two, three, four = beats(text)
    assert "03:12, London" in one and "INC-A3" in one and "INC-A4" in one and "04:14" in one
    assert "report says 10" in two and "07:10" in two and "now says 12" in two and "Revision due" in two and "A19" in two
    assert "out of coverage" in two
    assert "Paris says 31" in three and "10 + 11 + 9 + 2 − 1 = 31" in three and "nothing is left over" in three
    assert "14 into 13" in four and "bad-signature" in four and "corrected to 13" in four
    assert "CROSS-GN" in four and "crew" in four
    assert all("EXERCISE" in beat for beat in (one, two, three, four))
    assert text.count("Look deeper: ") == 4
    assert "no console" in text


def test_four_beats_in_french(shown):
    code, text = shown("--lang", "fr")
    assert code == 0
    one, two, three, four = beats(text)
    assert "Londres" in one and "INC-A3" in one and "INC-A4" in one
    assert "dit 10" in two and "désormais 12" in two and "Révision à établir" in two
    assert "Paris dit 31" in three and "10 + 11 + 9 + 2 − 1 = 31" in three
    assert "14 en 13" in four and "rectifié en 13" in four
    assert all("EXERCICE – fictif" in beat for beat in (one, two, three, four))


def test_each_beat_fits_on_a_screen(shown):
    _, text = shown()
    for beat in text.split("\n────────\n")[1:]:
        assert len(beat.splitlines()) <= 40 and max(map(len, beat.splitlines())) <= 240


def test_the_attack_is_shown_statement_by_statement(shown):
    code, text = shown("--tamper")
    assert code == 0 and "DROP TRIGGER" in text and "UPDATE entries" in text and "CREATE TRIGGER" in text


def test_the_commands_to_look_deeper_can_be_typed(shown, capsys):
    _, text = shown()
    commands = [line.partition(": ")[2] for line in text.splitlines() if line.startswith("Look deeper: ")]
    commands += [line.strip() for line in text.splitlines() if line.startswith("    entente verify")]
    assert len(commands) == 5
    codes = [main(shlex.split(command)[1:]) for command in commands]
    assert codes == [0, 0, 0, 0, 1], "the last one verifies the tampered copy"
    assert "NOT OK" in capsys.readouterr().out


def test_all_tells_every_question_of_the_night(shown):
    code, text = shown("--all")
    assert code == 0
    questions = json.loads(NIGHT.read_text())["questions"]
    assert text.count("nothing is left over") == len(questions["reconciliations"]) + 1
    assert text.count("Protected and harmed") == len(questions["figures"])


def test_one_document_for_machines(shown):
    code, text = shown("--json")
    document = json.loads(text)
    assert code == 0 and document["exercise"] is True
    beats = document["beats"]
    assert beats["1"]["open_distress"] == ["INC-A3", "INC-A4"]
    assert (beats["2"]["reported"], beats["2"]["now"], beats["2"]["revision_due"]) == (10, 12, True)
    assert (beats["3"]["from"], beats["3"]["to"], beats["3"]["unexplained"]) == (10, 31, 0)
    assert beats["4"]["ok"] is False and beats["4"]["position"] in [p["position"] for p in beats["4"]["problems"]]


@pytest.mark.with_documents
def test_the_signed_document_still_says_ten(shown, tmp_path):
    _, text = shown()
    path = next((tmp_path / "demo" / "reports").glob("*.signed.pdf")).parent
    (told,) = [line for line in text.splitlines() if line.startswith("Its document, signed, still says so: ")]
    document = Path(told.split(": ")[1])
    assert document.parent == path and len(list(path.glob("*.signed.pdf"))) >= 4
    said = subprocess.run(
        ["pdftotext", "-l", "1", document, "-"], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert "clandestine detections at juxtaposed controls: 10" in " ".join(said.split())
    assert main(["report", "verify", "gb", "all", "--home", str(tmp_path / "demo")]) == 0


def test_the_night_says_that_it_is_invented():
    night = json.loads(NIGHT.read_text())
    assert night["exercise"] is True and "invented" in night["title"] and "expected" not in night
