"""What a manifest may not say is refused naming the member that says it; and what it may just say is taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ledger import errors
from ledger.errors import BadBundle
from ledger.evidence import bundle_manifest
from ledger.evidence.bundle_manifest import answer_of, format_manifest, parse_manifest
from ledger.formats import strict
from tests.bundles import FIGURE, STREAM, files_of, setting

MORNING, EVENING = "2015-08-26T06:00:00.000000Z", "2015-08-26T18:00:00.000000Z"
RANGE = {"kind": "positions", "first": 1, "last": 1}
FORMER, OTHER = ({"ground": "a", "leaf_hash": "0" * 64, "position": position} for position in (15, 16))


def body_of(content: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The manifest of a sound bundle, with something in it changed."""
    manifest = json.loads(files_of(content)[0][1])
    change(manifest)
    return strict.format(manifest)


def period(begin: str, end: str) -> Callable[[dict[str, Any]], None]:
    return setting(question={"kind": "period", "from": begin, "to": end}, complete=RANGE)


INCOHERENT = {
    "positions claimed of a stream": (STREAM, setting(complete=RANGE), "complete"),
    "versions claimed of a figure": (FIGURE, setting(complete={"kind": "stream", "stream": "IC-1", "versions": 2}), "complete"),
    "another stream claimed": (STREAM, setting(question={"kind": "stream", "stream": "IC-2"}), "complete"),
    "a period that ends before it begins": (STREAM, period(EVENING, MORNING), "question"),
    "withheld out of order": (STREAM, setting(withheld=[OTHER, FORMER]), "withheld"),
    "withheld twice": (STREAM, setting(withheld=[FORMER, FORMER]), "withheld"),
    "a version of what is no stream": (FIGURE, setting(withheld=[FORMER | {"version": 1}]), "withheld"),
    "an absent answer said to be null": (STREAM, setting(answer=None), None),
    "an absent basis said to be null": (STREAM, setting(basis=None), None),
    "a day that never was": (FIGURE, lambda m: m["question"].update(as_of="2015-02-30T00:00:00.000000Z"), None),
}


@pytest.mark.parametrize(("content", "change", "member"), INCOHERENT.values(), ids=INCOHERENT.keys())
def test_what_types_cannot_say_is_refused_by_name(
    content: bytes, change: Callable[[dict[str, Any]], None], member: str | None
) -> None:
    with pytest.raises(BadBundle, match=rf"^{member}: " if member else "^[^:]+$") as wrong:
        parse_manifest(body_of(content, change))
    assert wrong.value.problem == "manifest-form"


def test_what_just_coheres_is_taken() -> None:
    for content, change in (
        (STREAM, period(MORNING, MORNING)),
        (STREAM, setting(withheld=[FORMER | {"version": 1}, OTHER])),
        (FIGURE, setting(withheld=[FORMER, OTHER])),
    ):
        body = body_of(content, change)
        assert format_manifest(parse_manifest(body)) == body


def test_a_manifest_too_long_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    body = files_of(STREAM)[0][1]
    monkeypatch.setattr(bundle_manifest, "MANIFEST_BYTES_MAX", len(body))
    assert format_manifest(parse_manifest(body)) == body
    monkeypatch.setattr(bundle_manifest, "MANIFEST_BYTES_MAX", len(body) - 1)
    with pytest.raises(errors.TooLarge):
        format_manifest(parse_manifest(body))


def test_an_answer_is_read_by_what_was_asked() -> None:
    assert answer_of(parse_manifest(body_of(STREAM, setting()))) is None
    figure = json.loads(files_of(FIGURE)[0][1])
    answer = answer_of(parse_manifest(strict.format(figure)))
    assert isinstance(answer, bundle_manifest.FigureAnswer) and answer.value == figure["answer"]["value"]
    figure["answer"] = {name: figure["answer"][name] for name in ("not_opened", "position", "ruleset", "window")}
    figure["answer"]["figures"] = {"G1": 5}
    figure["question"] = {"kind": "report", "report": "01900000-0000-7000-8000-000000000015"}
    answer = answer_of(parse_manifest(strict.format(figure)))
    assert isinstance(answer, bundle_manifest.ReportAnswer) and answer.figures == {"G1": 5}
    figure["answer"]["window"]["to"] = figure["answer"]["window"]["from"]
    with pytest.raises(BadBundle, match=r"^answer\.window: ") as wrong:
        answer_of(parse_manifest(strict.format(figure)))
    assert wrong.value.problem == "answer-form"


def test_an_answer_stands_with_a_figure_or_a_report_alone() -> None:
    figure = json.loads(files_of(FIGURE)[0][1])
    without = {name: value for name, value in figure.items() if name != "answer"}
    for body in (strict.format(without), body_of(STREAM, setting(answer=figure["answer"]))):
        with pytest.raises(BadBundle, match="and with nothing else") as wrong:
            answer_of(parse_manifest(body))
        assert wrong.value.problem == "answer-form"
