"""An inquiry's question answered from a home: bound to a position and its checkpoint, and written as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from api.asking import AskedView
from api.issuing import setter
from api.reporting import log_of
from ledger.formats.entry import format_instant
from projections.questions import ask
from projections.reports.bound import strictest
from projections.wording.typography import Language

STREAM_LISTS = ("open_distress", "unconfirmed_distress", "open_incidents")


def answered(asked: AskedView, question: str, given: Mapping[str, str]) -> dict[str, Any]:
    """A question's answer with what it is bound to: as of when, at which position, under which checkpoint. Raises as `ask`."""
    answer = ask(asked, question, given)
    home, settings, position = asked.home, asked.home.settings, asked.now.position
    return {
        **answer,
        "position": position,
        "as_of": format_instant(asked.now.instant),
        "checkpoint": home.covering(position) if position else None,
        "origin": settings.origin,
        "exercise": settings.exercise,
        "title": settings.title,
    }


def sealed_in(asked: AskedView, answer: Mapping[str, Any]) -> list[str]:
    """The sealed events that an answer speaks of, by their ids, labels or streams."""
    told = set(_strings(answer["answer"]))
    return sorted(event for event, names in asked.sealed.items() if told.intersection(names))


def document_of(asked: AskedView, answer: Mapping[str, Any], form: str, language: Language | None) -> bytes:
    """The answer as pdf or html, in its nation's language unless another is named. Raises Unavailable without the extra."""
    publishing = setter("answers")
    spoken: Language = language or ("en" if asked.nation == "GB" else "fr")
    marking = strictest(log_of(asked.home).markings(_positions(asked, answer)))
    made = publishing.pdf(answer, spoken, marking) if form == "pdf" else publishing.html(answer, spoken, marking).encode()
    return bytes(made)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def _positions(asked: AskedView, answer: Mapping[str, Any]) -> set[int]:
    """The positions of the entries that an answer speaks of, those of the streams that it lists among them."""
    position = answer["position"]
    found = {at for at in _named(answer["answer"]) if 0 < at <= position}
    lists = [row[name] for row in answer["answer"] if row.get("shown") == "situation" for name in STREAM_LISTS]
    streams = sorted({stream for each in lists for stream in each})
    moment = asked.now
    return found | {fact.origin for fact in moment.store.of_streams(moment.generation, streams, position)}


def _named(value: Any, name: str = "") -> Iterator[int]:
    if isinstance(value, Mapping):
        for inner_name, inner in value.items():
            yield from _named(inner, inner_name)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _named(inner, name)
    elif name in ("position", "stated", "stated_at") and isinstance(value, int):
        yield value
