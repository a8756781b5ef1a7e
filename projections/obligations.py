"""What the situation owes to people: deaths and missing persons to be followed up, protection needs to be answered.

Pure. Nothing here is closed by time: an obligation ends when the event that discharges it is on record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ledger.formats.entry import format_instant
from projections.fact import Fact
from projections.incidents import Incident, Scene, details, lost
from projections.wording.facts import word
from projections.wording.situations import OBLIGATIONS

HOUR = 3_600_000_000
ANSWER_HOURS = 4
"""How long a stated need for protection may wait for an answer, from when it was stated to have arisen."""

# Authorities are registered under codes of their own; one that is, or is part of, a prosecutor's or coroner's office says so.
MAGISTRATES = ("PARQUET", "PROCUREUR", "PROSECUTOR", "CORONER")
DEATH_INVESTIGATION = "death_investigation"


def obligations(scene: Scene, instant: int) -> list[dict[str, Any]]:
    """Obligations open at an instant (microseconds), in log order.

    Rows: {code, stream, event, label, position, authority, count, since, what, quoi}.
    """
    investigated = _investigated(scene)
    found = [row for incident in scene.incidents.values() for row in _of(incident, instant, investigated)]
    return sorted(found, key=lambda row: (row["position"], row["code"]))


def _of(incident: Incident, instant: int, investigated: dict[str, int]) -> Iterator[dict[str, Any]]:
    told = [f for f in incident.of("notified") if _is_magistrate(f)]
    for casualty in lost(incident.of("casualty")):
        severity = word("casualty", casualty.code)
        if not any(f.origin > casualty.origin for f in told):
            yield _row("inform_prosecutor_or_coroner", casualty, casualty.quantity, severity=severity)
        if investigated.get(incident.stream, 0) < casualty.origin:
            yield _row("open_investigation", casualty, casualty.quantity, severity=severity)
    for need, count in unanswered_needs(incident):
        hours = (instant - need.occurred_at) // HOUR
        if hours >= ANSWER_HOURS:
            yield _row("answer_protection_need", need, count, need=word("protection_need", need.code), hours=hours)


def _row(code: str, fact: Fact, count: int, **values: Any) -> dict[str, Any]:
    said = OBLIGATIONS[code].format(count=count, **values)
    return {
        "code": code,
        "stream": fact.stream,
        "event": fact.event,
        "label": fact.label,
        "position": fact.origin,
        "authority": fact.authority,
        "count": count,
        "since": format_instant(fact.occurred_at),
        "what": said.en,
        "quoi": said.fr,
    }


def _is_magistrate(notified: Fact) -> bool:
    """Whether the information went to a prosecutor or a coroner, by whom it is addressed to or by its channel."""
    named = f"{notified.party}{notified.party_path}{details(notified).get('channel', '')}".upper()
    return any(name in named for name in MAGISTRATES)


def _investigated(scene: Scene) -> dict[str, int]:
    """For each stream that the opening of a death investigation links, the latest position of such an opening."""
    latest: dict[str, int] = {}
    for case in scene.incidents.values():
        for link in case.of("link"):
            if (link.code, link.about) == ("case", DEATH_INVESTIGATION):
                latest[link.subject] = max(link.origin, latest.get(link.subject, 0))
    return latest


def unanswered_needs(incident: Incident) -> list[tuple[Fact, int]]:
    """Statements of a need that have no outcome, each with how many persons still wait.

    A later statement of the same need with an outcome answers the earlier ones, oldest first, as far as its count goes.
    """
    waiting: dict[str, list[list[Any]]] = {}
    for fact in incident.of("protection_need"):
        of_need = waiting.setdefault(fact.code, [])
        if "outcome" not in details(fact):
            of_need.append([fact, fact.quantity])
            continue
        answered = fact.quantity
        for one in of_need:
            taken = min(answered, one[1])
            one[1] -= taken
            answered -= taken
    return [(fact, count) for of_need in waiting.values() for fact, count in of_need if count]
