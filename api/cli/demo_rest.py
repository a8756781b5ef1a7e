"""The rest of the demonstration: every figure of both nations, all pairs, the situation through the night, the questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from api.cli.arguments import instant
from api.cli.figures import figures_screen
from api.cli.reconcile import reconcile_screen
from api.cli.replay import answer_screen
from api.cli.situation import situation_screen

if TYPE_CHECKING:
    from api.cli.demo import Demo

# Questions that need no more than the log, in their own order.
ASKED = ("knew", "late", "changes", "decisions", "merged", "unanswered", "complete", "contradictions")


def rest(demo: Demo, scenario: Mapping[str, Any]) -> Iterator[str]:
    """Screen after screen, as the night's own list of questions has them."""
    from api.asking import AskedView
    from projections.differences import reconcile
    from projections.questions import QUESTIONS, ask

    home, words, asked = demo.home, demo.words, scenario["questions"]
    yield from ("", f"* {demo.told('rest')}")
    for question in asked["figures"]:
        yield ""
        moment = home.view(question["view"]).at(instant(question["as_of"]))
        yield from figures_screen(words, home, moment.figures(date.fromisoformat(question["day"])))
    yield from ("", f"* {demo.told('all pairs')}")
    for question in asked["reconciliations"]:
        yield ""
        gb, fr = (home.view(side.upper()).at(instant(question[side]["as_of"])) for side in ("gb", "fr"))
        days = {side: date.fromisoformat(question[side]["day"]) for side in ("gb", "fr")}
        yield from reconcile_screen(words, home, reconcile(question["pair"], gb, days["gb"], fr, days["fr"]))
    yield from ("", f"* {demo.told('through')}")
    for question in asked["situation"]:
        yield ""
        yield from situation_screen(words, home, home.view(question["view"]).at(instant(question["as_of"])).situation())
    yield from ("", f"* {demo.told('questions')}")
    asked_view = AskedView(home, "GB")
    for question in QUESTIONS.values():
        if question.name in ASKED:
            yield ""
            yield from answer_screen(words, home, ask(asked_view, question.name, {}))
