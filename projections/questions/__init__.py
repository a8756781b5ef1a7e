"""The fifteen inquiry questions (domain, section 6), each a pure function over `Asked`.

`ask(asked, "4", {"minutes": "60"})` answers {"question", "name", "asks", "parameters", "answer": [rows]}. A question
is named by its number or by its name; parameters are given as text and repeated in the answer as they were understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger import errors
from ledger.formats.entry import format_instant
from projections.questions import changed, knew, seen
from projections.questions.asked import Asked, Told
from projections.questions.inquiry import Answer, Inquiry, Kind, Parameter, Question, read, written
from projections.wording.questions import ASKS, PARAMETERS

__all__ = ["QUESTIONS", "Asked", "Question", "Told", "ask", "find"]


def _parameters(*names: str, **defaults: str) -> dict[str, Parameter]:
    """Parameters by name; a trailing `!` makes one required, a keyword gives a default."""
    kinds: dict[str, Kind] = {"at": "instant", "from": "instant", "to": "instant", "day": "day", "minutes": "number"}
    made = {}
    for given in (*names, *defaults):
        name = given.rstrip("!")
        made[name] = Parameter(kinds.get(name, "text"), PARAMETERS[name], defaults.get(name), required=given.endswith("!"))
    return made


def _question(number: int, name: str, answer: Answer, *names: str, **defaults: str) -> Question:
    return Question(number, name, ASKS[number], _parameters(*names, **defaults), answer)


QUESTIONS: Mapping[int, Question] = {
    q.number: q
    for q in (
        _question(1, "shown", seen.what_was_shown, "at", "day"),
        _question(2, "believed", seen.what_is_believed, "at!", "day"),
        _question(3, "knew", knew.who_knew, "from", "to", "stream"),
        _question(4, "late", changed.late_entries, "from", "to", "stream", minutes="30"),
        _question(5, "changes", changed.changes, "from", "to", "stream", "code", "lowered"),
        _question(6, "entries", changed.entries_by, "authority", "officer", "role", "key_id", "from", "to", "stream"),
        _question(7, "decisions", knew.decisions_without_rationale, "from", "to"),
        _question(8, "merged", knew.treated_as_one, "from", "to", "stream"),
        _question(9, "unanswered", knew.unanswered, "at"),
        _question(10, "silent", changed.silent_intervals, "from", "to", "stream", minutes="15"),
        _question(11, "read-by", changed.who_read, "from", "to", "stream"),
        _question(12, "complete", changed.nothing_removed, "from", "to"),
        _question(13, "rules", seen.which_rules, "day!", "code", "at"),
        _question(14, "contradictions", seen.contradictions_open, "at"),
        _question(15, "uncertain", seen.uncertain_near_a_boundary, "at"),
    )
}


def find(named: str) -> Question:
    """A question by number or name. Raises BadQuestion with those there are."""
    for question in QUESTIONS.values():
        if named.strip().lower() in (str(question.number), question.name):
            return question
    known = ", ".join(f"{q.number} {q.name}" for q in QUESTIONS.values())
    raise errors.BadQuestion(f"there is no question {named}", field="question", remedy=f"one of {known}")


def ask(asked: Asked, named: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Put a question to a view. Raises BadQuestion for an unknown question or parameter, and for what is not recorded yet."""
    question = find(named)
    values = read(question, given)
    answer = question.answer(Inquiry(asked, values))
    repeated = {n: format_instant(v) if question.parameters[n].kind == "instant" else v for n, v in written(values).items()}
    return {
        "question": question.number,
        "name": question.name,
        "asks": {"en": question.asks.en, "fr": question.asks.fr},
        "view": asked.nation,
        "position": asked.position_at(None),
        "parameters": repeated,
        "answer": list(answer),
    }
