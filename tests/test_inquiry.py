"""An inquiry's questions over HTTP and as documents: the whole answer, of one position, nothing sealed without a reason."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from api import inquiry
from api.answering import answered
from api.asking import AskedView
from api.home import Home
from projections.publishing import answers
from projections.questions import QUESTIONS
from tests.browsing import LOCALES, chromium, visit
from tests.playing import FIRST_NIGHT, load, play
from tests.served import Service, appoint, serving
from tests.story import DETECTION, Story, told_in
from tests.test_document import HOSTILE

WHY = {"Entente-Purpose": "inquiry", "Entente-Motif": "the night of 26 August"}
NEEDED = {2: "at=2015-08-27T02:12:00Z&day=2015-08-26", 6: "authority=BF", 13: "day=2015-08-26&code=G1"}
MARKING = {"gb": "OFFICIAL", "fr": "non protégé"}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def served(first_night: Home) -> Iterator[Service]:
    appoint(first_night)
    with serving(first_night) as service:
        yield service


@pytest.fixture
def sealed(tmp_path: Path, store_url: str) -> Iterator[tuple[Service, Story]]:
    """Two late entries that both know of, and one that London sealed."""
    with told_in(tmp_path, store_url) as story, serving(story.home) as service:
        story.add("interception.recorded", "IC-1", DETECTION)
        story.add("interception.recorded", "IC-2", DETECTION)
        story.seal(story.inner("interception.recorded", "IC-CANARY", {**DETECTION, "persons": 7}))
        for nation in ("GB", "FR"):
            story.home.projector(nation).follow()
        yield service, story


def asked(service: Service, question: object, query: str = "", who: str = "GB auditor", **why: str) -> dict[str, Any]:
    answer = service.get(f"/v1/views/{who[:2].lower()}/questions/{question}?{query}", who, **why)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


# -- data --------------------------------------------------------------------------------------------------------------------


def test_every_question_is_answered_as_the_command_line_answers_it(served: Service, run: Run) -> None:
    listed = served.get("/v1/views/gb/questions").json()["questions"]
    assert [(each["question"], each["name"]) for each in listed] == [(q.number, q.name) for q in QUESTIONS.values()]
    for number in QUESTIONS:
        query = NEEDED.get(number, "")
        options = [f"--{name}={value}" for name, value in (pair.split("=") for pair in query.split("&") if pair)]
        _, said, _ = run("ask", "gb", str(number), *options, "--json", "--home", served.home.path)
        told = asked(served, number, query, **WHY)
        if QUESTIONS[number].name != "read-by":
            assert told["answer"] == json.loads(said)["answer"], number
        assert told["next"] is None and told["covered"] == 0


def test_pages_of_an_answer_are_of_one_position_whatever_comes_between(sealed: tuple[Service, Story]) -> None:
    service, story = sealed
    query = "authority=BF&limit=1"
    first = asked(service, "entries", query, **WHY)
    story.add("interception.recorded", "IC-0", DETECTION)
    story.home.projector("GB").follow()
    rows, page = list(first["answer"]), first
    while page["next"] is not None:
        page = asked(service, "entries", f"{query}&cursor={page['next']}", **WHY)
        assert page["position"] == first["position"]
        rows += page["answer"]
    assert [row["stream"] for row in rows] == ["IC-1", "IC-2", "IC-CANARY"]
    assert len(asked(service, "entries", "authority=BF", **WHY)["answer"]) == 4


def test_what_is_sealed_is_left_out_without_a_reason_and_on_record_with_one(sealed: tuple[Service, Story]) -> None:
    service, _ = sealed
    without = asked(service, "entries", "authority=BF")
    assert [row["stream"] for row in without["answer"]] == ["IC-1", "IC-2"] and without["covered"] == 1
    assert "CANARY" not in json.dumps(without)
    assert asked(service, "read-by", **WHY)["answer"] == []
    event = asked(service, "entries", "authority=BF", **WHY)["answer"][-1]["event"]
    (look,) = asked(service, "read-by", **WHY)["answer"]
    assert (look["event"], look["stream"], look["purpose"], look["motif"]) == (event, "IC-CANARY", *WHY.values())
    hidden = asked(service, "read-by")
    assert hidden["answer"] == [] and hidden["covered"] == 1


def test_another_nations_sealed_entries_are_in_no_answer(sealed: tuple[Service, Story]) -> None:
    service, _ = sealed
    for number in QUESTIONS:
        told = asked(service, number, NEEDED.get(number, "").replace("G1", "F3"), "FR auditor", **WHY)
        assert "CANARY" not in json.dumps(told) and told["covered"] == 0


def test_who_looked_is_told_to_the_nations_own_auditor_alone(served: Service) -> None:
    for who in ("GB official", "GB duty_officer", "GB liaison"):
        assert served.get("/v1/views/gb/questions/11", who, **WHY).status_code == 403
    assert served.get("/v1/views/gb/questions/read-by", "GB auditor", **WHY).status_code == 200


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("16", "question"),
        ("rules", "day"),
        ("late?minutes=soon", "minutes"),
        ("late?code=G1", "code"),
        ("shown?at=yesterday", "at"),
        ("late?cursor=99999.0", "position"),
    ],
)
def test_what_cannot_be_asked_names_its_field(served: Service, path: str, field: str) -> None:
    answer = served.get(f"/v1/views/gb/questions/{path}", **WHY)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_more_questions_than_there_are_turns_are_told_to_come_back(served: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquiry, "_turns", threading.BoundedSemaphore(1))
    assert asked(served, "late", **WHY)["answer"]
    with inquiry._turn():
        for path in ("late", "late/document"):
            answer = served.get(f"/v1/views/gb/questions/{path}", **WHY)
            assert answer.status_code == 503 and "other questions" in answer.text
    assert asked(served, "late", **WHY)["answer"]


# -- documents ---------------------------------------------------------------------------------------------------------------


def text_of(body: bytes) -> str:
    ran = subprocess.run(["pdftotext", "-layout", "-", "-"], input=body, capture_output=True, check=True, timeout=60)
    return ran.stdout.decode()


def test_an_answer_is_a_document_in_either_language_with_its_data_attached(served: Service, run: Run, tmp_path: Path) -> None:
    head = "/v1/views/fr/questions/changes/document"
    french, english = (served.get(f"{head}?lang={lang}", "FR auditor", **WHY).content for lang in ("fr", "en"))
    assert "Lecture française" in text_of(french) and "French reading" in text_of(english)
    assert text_of(french).count("INC-A") == 4 and "N°" in text_of(french) and "27/08/2015 08:50" in text_of(french)
    out = tmp_path / "changes.pdf"
    code, _, wrong = run("ask", "fr", "changes", "--out", out, "--home", served.home.path)
    assert code == 0 and out.read_bytes() == french, wrong
    held = tmp_path / "held"
    held.mkdir()
    subprocess.run(["pdfdetach", "-saveall", "-o", held, out], check=True, timeout=60, capture_output=True)
    attached = json.loads((held / "answer.json").read_text())
    assert attached["answer"] == asked(served, "changes", "", "FR auditor", **WHY)["answer"]
    code, _, wrong = run("ask", "fr", "changes", "--out", tmp_path / "changes.doc", "--home", served.home.path)
    assert code == 2 and "--out" in wrong and not (tmp_path / "changes.doc").exists()


def test_every_answer_can_be_set_in_both_languages(served: Service) -> None:
    for number in QUESTIONS:
        nation, query = ("GB", NEEDED.get(number, "")) if number % 2 else ("FR", NEEDED.get(number, "").replace("G1", "F3"))
        given = dict(pair.split("=") for pair in query.split("&") if pair)
        answer = answered(AskedView(served.home, nation), str(number), given)
        for language in ("en", "fr"):
            assert answers.pdf(answer, language, MARKING).startswith(b"%PDF-")
            assert f'lang="{LOCALES[language]}"' in answers.html(answer, language, MARKING)


def test_a_document_bears_the_strictest_marking_of_what_it_tells(sealed: tuple[Service, Story]) -> None:
    service, story = sealed
    strict = {"gb": "OFFICIAL-SENSITIVE", "fr": "DIFFUSION RESTREINTE"}
    story.record(story.inner("interception.recorded", "IC-9", DETECTION, marking=strict, releasable_to=["FR", "GB"]))
    story.home.projector("GB").follow()
    head = "/v1/views/gb/questions/entries/document?form=html&authority=BF"
    assert " / ".join(strict.values()) in service.get(head, **WHY).text
    assert "OFFICIAL / non protégé" in service.get(f"{head}&stream=IC-1", **WHY).text


def test_hostile_words_are_inert_on_paper_and_on_a_page(served: Service) -> None:
    answer = answered(AskedView(served.home, "GB"), "late", {})
    rows = [{**answer["answer"][0], "label": text, "authority": text} for text in HOSTILE]
    hostile = {**answer, "answer": rows, "title": HOSTILE[0], "parameters": {"stream": HOSTILE[2]}}
    page = answers.html(hostile, "en", MARKING)
    assert "<script" not in page and "\u202e" not in page and "\x1b" not in page
    shown = text_of(answers.pdf(hostile, "en", MARKING))
    assert '#import "@preview/evil' in shown and "\u202e" not in shown


def test_the_page_of_an_answer_is_sound_at_both_widths(tmp_path: Path) -> None:
    home = play(tmp_path / "night", load(FIRST_NIGHT), "sqlite://")
    with closing(home), chromium() as browser:
        for language, name, width in (
            ("en", "shown", 390),
            ("fr", "shown", 1440),
            ("fr", "changes", 390),
            ("en", "changes", 1440),
        ):
            file = tmp_path / f"{name}-{language}.html"
            file.write_text(answers.html(answered(AskedView(home, "GB"), name, {}), language, MARKING))
            with visit(browser, file, language, width) as seen:
                seen.require_sound()
                assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
