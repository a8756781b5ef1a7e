"""How a question is put: its number, its names, its parameters, and the reading of what was asked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec

from ledger import errors
from ledger.formats.entry import format_instant, parse_instant
from projections.fact import Fact
from projections.questions.asked import Asked, Told
from projections.wording.typography import Words

Kind = Literal["instant", "day", "text", "number"]
Row = dict[str, Any]


class Parameter(msgspec.Struct, frozen=True):
    """One parameter: what it is read as, what it means, and the value it has where none is given."""

    kind: Kind
    meaning: Words
    default: str | None = None
    required: bool = False


class Inquiry:
    """A question as it was put to a view: the view, and the parameters as values."""

    def __init__(self, asked: Asked, values: Mapping[str, Any]) -> None:
        self.asked = asked
        self.values = values

    def instant(self, name: str) -> int | None:
        """An instant in microseconds, or None where it was not given."""
        found: int | None = self.values.get(name)
        return found

    def text(self, name: str) -> str | None:
        """A text or code, or None where it was not given."""
        found: str | None = self.values.get(name)
        return found

    def number(self, name: str) -> int:
        """A number; the parameter has a default."""
        return int(self.values[name])

    def day(self, name: str) -> date | None:
        """A reporting day, or None where it was not given."""
        found: date | None = self.values.get(name)
        return found

    def positions(self) -> tuple[int, int]:
        """(after, upto] of the instants `from` and `to`, both included; the whole log where neither was given."""
        begin = self.instant("from")
        after = 0 if begin is None else self.asked.position_at(begin - 1)
        return after, self.asked.position_at(self.instant("to"))

    def changed(self) -> list[Fact]:
        """Facts stated or ended within `from` and `to`, in log order, of `stream` alone where one was named."""
        stream = self.text("stream")
        facts = [f for f in self.asked.changed(*self.positions()) if stream in (None, f.stream) and f.reading != "shared"]
        return sorted(facts, key=lambda f: (f.stated, f.ordinal))

    def told(self) -> list[Told]:
        """Entries recorded within `from` and `to`, of `stream` alone where one was named."""
        stream = self.text("stream")
        return [t for t in self.asked.told(*self.positions()) if stream in (None, t.stream)]


Answer = Callable[[Inquiry], Sequence[Row]]


class Question(msgspec.Struct, frozen=True):
    """One of the fifteen: its number, the name it is asked by, what it asks, its parameters, and the function that answers."""

    number: int
    name: str
    asks: Words
    parameters: Mapping[str, Parameter]
    answer: Answer


def read(question: Question, given: Mapping[str, str]) -> dict[str, Any]:
    """Parameters as values. Raises BadQuestion for one that is unknown, missing or unreadable, naming it."""
    unknown = sorted(given.keys() - question.parameters.keys())
    if unknown:
        known = ", ".join(question.parameters) or "none"
        raise errors.BadQuestion(f"{question.name} has no parameter {unknown[0]}", field=unknown[0], remedy=f"known: {known}")
    values: dict[str, Any] = {}
    for name, parameter in question.parameters.items():
        text = given.get(name, parameter.default)
        if text is not None:
            values[name] = _value(name, parameter.kind, text)
        elif parameter.required:
            raise errors.BadQuestion(f"{question.name} asks for {name}", field=name, remedy=parameter.meaning.en)
    return values


def _value(name: str, kind: Kind, text: str) -> Any:
    try:
        match kind:
            case "instant":
                return parse_instant(_whole(text))
            case "day":
                return date.fromisoformat(text)
            case "number":
                return int(text)
    except (ValueError, errors.Malformed):
        written = {"instant": "2015-08-27T02:12:00Z", "day": "2015-08-27", "number": "30"}[kind]
        raise errors.BadQuestion(f"{text!r} is not {kind}", field=name, remedy=f"write it as {written}") from None
    return text


def _whole(text: str) -> str:
    """An instant with its six digits of microseconds, which people leave out."""
    body = text.removesuffix("Z")
    if not text.endswith("Z"):
        return text
    head, _, fraction = body.partition(".")
    return f"{head}.{fraction:0<6}Z"


def written(values: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as an answer repeats them."""
    return {name: _written(value) for name, value in values.items()}


def _written(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return value


def row_of_fact(fact: Fact, **more: Any) -> Row:
    """What every row about a fact carries: which event, where it stands, when recorded and when it happened, by whom."""
    return {
        "event": fact.event,
        "label": fact.label,
        "position": fact.origin,
        "recorded_at": format_instant(fact.recorded_at),
        "occurred_at": format_instant(fact.occurred_at),
        "stream": fact.stream,
        "authority": fact.authority,
        "kind": fact.kind,
        "code": fact.code,
        **more,
    }


def row_of_entry(told: Told, **more: Any) -> Row:
    """What every row about an entry carries."""
    return {
        "event": told.event,
        "label": told.label,
        "position": told.position,
        "recorded_at": format_instant(told.recorded_at),
        "occurred_at": format_instant(told.occurred_at),
        "stream": told.stream,
        "authority": told.authority,
        "type": told.type,
        **more,
    }
