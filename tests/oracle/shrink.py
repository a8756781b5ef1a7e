"""A failing night made small: events are dropped one by one while the night stays lawful and still fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.oracle.lives import breaches


def smaller(scenario: dict[str, Any], fails: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The night with as few events as dropping can reach. `fails(scenario)` is True while the disagreement is still there."""
    changed = True
    while changed:
        changed = False
        for event in reversed(scenario["events"]):
            fewer = {**scenario, "events": without(scenario["events"], event["ref"])}
            if fewer["events"] and not breaches(fewer) and fails(fewer):
                scenario, changed = fewer, True
                break
    return scenario


def without(events: list[dict[str, Any]], ref: str) -> list[dict[str, Any]]:
    """The events without one, and without those that name it, and those that name these."""
    gone = {ref}
    kept = []
    for event in events:
        names = {str(event["data"].get(field, "")).removeprefix("@") for field in ("target", "withdraws", "proposal")}
        if event["ref"] in gone or names & gone:
            gone.add(event["ref"])
        else:
            kept.append(event)
    return kept
