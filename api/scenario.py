"""What a scenario file holds. `parse` says what is wrong with one before anything is recorded."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec

from ledger import errors

Nation = Literal["GB", "FR"]


class Authority(msgspec.Struct):
    """Who states events; each gets a key of its own for the run."""

    code: str
    nation: Literal["GB", "FR", "OPERATOR", "JOINT"]
    name: str


class Place(msgspec.Struct):
    """Where things happen: on whose soil, under whose control."""

    code: str
    name: str
    territory: str


class ScenarioEvent(msgspec.Struct):
    """One event as its author would state it; further header fields may stand beside these."""

    recorded_at: str
    occurred_at: str
    stream: str
    type: str
    authority: str
    data: dict[str, Any]
    ref: str | None = None
    releasable_to: list[Nation] | None = None


class Directive(msgspec.Struct):
    """Something the centre does at an instant: an official issues a report."""

    at: str
    do: Literal["issue_report"]
    nation: Nation
    day: date
    status: Literal["provisional", "revised", "settled"]


class Scenario(msgspec.Struct):
    """The whole of a night. Only an exercise may be played."""

    origin: str
    exercise: Literal[True]
    authorities: list[Authority]
    places: list[Place]
    events: list[ScenarioEvent]
    title: str = ""
    directives: list[Directive] = []


def parse(body: bytes) -> dict[str, Any]:
    """A scenario from JSON, as plain values. Raises BadQuestion saying where it is not one."""
    try:
        scenario = msgspec.json.decode(body, type=dict[str, Any])
        msgspec.convert(scenario, Scenario)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise errors.BadQuestion(
            f"this is not a scenario: {wrong}", remedy="compare it with api/nights/first-night.json"
        ) from None
    return scenario
