"""From London's figure to Paris's, one dimension at a time, every key's change named (figures.md, section 3).

Seven answers to the same question, each as {key: contribution}; the difference of two neighbours is the step between them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from tests.oracle.figures import (
    OUTCOMES,
    Between,
    attempts,
    by_nation,
    casualties,
    disembarked,
    facilitation_arrests,
    found,
    found_in_control_zone,
    handed_to_paf,
    outcome,
)
from tests.oracle.model import BOTH, FR, GB, Log, Night, dated, seen, window

Contributions = dict[str, int]
Rules = Callable[[Night, Log, Between], Contributions]


def reconcile(night: Night, pair: str, gb_day: str, gb_as_of: str, fr_day: str, fr_as_of: str) -> dict[str, Any]:
    """{"from", "to", "steps": [{"dimension", "delta", "items": {label: delta}}], "unexplained"}, done jointly."""
    london, scoped, paris = PAIRS[pair]
    london_day, paris_day = window(GB, gb_day), window(FR, fr_day)
    rulings = [
        ("", london(night, seen(night, GB, gb_as_of), london_day)),
        ("withheld_by_gb", london(night, seen(night, BOTH, gb_as_of), london_day)),
        ("as_of", london(night, seen(night, BOTH, fr_as_of), london_day)),
        ("window", london(night, seen(night, BOTH, fr_as_of), paris_day)),
        ("scope", scoped(night, seen(night, BOTH, fr_as_of), paris_day)),
        ("category", paris(night, seen(night, BOTH, fr_as_of), paris_day)),
        ("withheld_by_fr", paris(night, seen(night, FR, fr_as_of), paris_day)),
    ]
    steps = []
    for (_, before), (dimension, after) in itertools.pairwise(rulings):
        changes = {key: after.get(key, 0) - before.get(key, 0) for key in {*before, *after}}
        items = {key: changes[key] for key in sorted(changes) if changes[key] != 0}
        if items:
            steps.append({"dimension": dimension, "delta": sum(items.values()), "items": items})
    first, last = sum(rulings[0][1].values()), sum(rulings[-1][1].values())
    return {"from": first, "to": last, "steps": steps, "unexplained": last - first - sum(s["delta"] for s in steps)}


def add(pairs: list[tuple[str, int]]) -> Contributions:
    result: Contributions = {}
    for key, quantity in pairs:
        result[key] = result.get(key, 0) + quantity
    return result


# P1: G2 <-> F1, key: event


def stopped(night: Night, log: Log, between: Between) -> Contributions:
    return add([(e["ref"], outcome(e, "stopped_inside") + outcome(e, "arrested")) for e in attempts(log, between)])


def attempted(night: Night, log: Log, between: Between) -> Contributions:
    return add([(e["ref"], sum(outcome(e, name) for name in OUTCOMES)) for e in attempts(log, between)])


# P2: G1 <-> F3, key: interception stream


def in_control_zones(night: Night, log: Log, between: Between) -> Contributions:
    return add([(e["stream"], e["data"]["persons"]) for e in found_in_control_zone(night, log, between)])


def anywhere(night: Night, log: Log, between: Between) -> Contributions:
    return add([(e["stream"], e["data"]["persons"]) for e in found(log, between)])


def accepted_by_paf(night: Night, log: Log, between: Between) -> Contributions:
    return add([(e["stream"], e["data"]["accepted"]) for e in handed_to_paf(night, log, between)])


# P3: G6 <-> F8, key: suspect, each counted once


def suspected(night: Night, log: Log, between: Between) -> Contributions:
    return {e["data"]["suspect"]: 1 for e in facilitation_arrests(log, between)}


def suspected_by_french(night: Night, log: Log, between: Between) -> Contributions:
    return {e["data"]["suspect"]: 1 for e in by_nation(night, facilitation_arrests(log, between), FR)}


# P4: G5 <-> F4, key: event


def prevented_or_landed(night: Night, log: Log, between: Between) -> Contributions:
    prevented = [(e["ref"], e["data"].get("persons", 0)) for e in dated(log, "incident.departure_prevented", between)]
    return {**add(prevented), **landed_in_france(night, log, between)}


def landed_in_france(night: Night, log: Log, between: Between) -> Contributions:
    return add([(e["ref"], e["data"]["persons"]) for e in disembarked(log, between, "FR")])


# P5: G9 <-> F7, key: event


def dead(night: Night, log: Log, between: Between) -> Contributions:
    return add([(e["ref"], e["data"]["count"]) for e in casualties(log, between, "fatal")])


def dead_on_french_side(night: Night, log: Log, between: Between) -> Contributions:
    fatal = casualties(log, between, "fatal")
    return add([(e["ref"], e["data"]["count"]) for e in fatal if e["data"].get("side") == "FR"])


PAIRS: dict[str, tuple[Rules, Rules, Rules]] = {  # London's rules, the same with Paris's scope, Paris's rules
    "P1": (stopped, stopped, attempted),
    "P2": (in_control_zones, anywhere, accepted_by_paf),
    "P3": (suspected, suspected_by_french, suspected_by_french),
    "P4": (prevented_or_landed, prevented_or_landed, landed_in_france),
    "P5": (dead, dead_on_french_side, dead_on_french_side),
}
