"""How much of a figure may be stated to whoever sees both sides, where a nation sealed part of it and did not say how much.

What a nation sealed under one figure of one day has a size that moves as the log grows. Stated at every instant, even a large
one would tell each change of it, by asking before and after; so what is stated moves only with it by FEWEST or more at once, or
to what the nation has declared in a report. In between the rest is fewer than FEWEST, and no number of the answer holds it
(docs/decisions/0018).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import NamedTuple

from projections import reconciliation as reconciling
from projections.fact import Fact
from projections.reports.issued import of_day
from projections.ruleset import Indicator
from projections.view import OWN, SHARED, Moment

FEWEST = 5
"""Counts of a sealed kind below this are released expressly, or not at all (the domain's rule for both nations)."""
READINGS = ("both", "own", "shared")


class Released(NamedTuple):
    """What may be stated of a figure, and whether it lacks a part, of fewer than FEWEST, either way."""

    value: int
    lacks: bool


def released(moment: Moment, indicator: Indicator, day: date, key: Callable[[Fact], str]) -> Released:
    """What may be stated at this moment of its nation's figure of a day. `key` is what contributions are charged to."""
    window = moment.ruleset().window(day)
    facts = _ever(moment, indicator, window)
    # What both readings have alike is in neither's difference, except that somebody counted once may become known to both.
    moving = facts if indicator.counting == "distinct" else [f for f in facts if f.reading != "both"]

    def counted(of: Sequence[Fact], position: int, readings: Collection[str]) -> int:
        live = [f for f in of if f.stated <= position < f.ended and f.reading in readings]
        return sum(reconciling.contributions(live, indicator.terms, indicator.counting, window, key).values())

    def sealed(position: int) -> int:
        return counted(moving, position, OWN) - counted(moving, position, SHARED)

    reports = {each.fact.stated: each for each in of_day(moment, moment.nation, day.isoformat()) if each.position}
    turns = {position for f in moving for position in (f.stated, f.ended) if position <= moment.position}
    stated = 0
    for position in sorted(turns | reports.keys()):
        if position in reports:
            report = reports[position]
            if indicator.code in report.figures:  # its official signed it knowing what it rests on
                stated = report.figures[indicator.code] - counted(facts, report.position, SHARED)
            elif report.declared(indicator.code) == abs(sealed(report.position)):  # which has no sign
                stated = sealed(report.position)
        size = sealed(position)
        stated = size if abs(size - stated) >= FEWEST else stated
    return Released(counted(facts, moment.position, SHARED) + stated, stated != sealed(moment.position))


def _ever(moment: Moment, indicator: Indicator, window: tuple[int, int]) -> list[Fact]:
    """Every fact that was ever live until now, in any reading."""
    asked = indicator.kinds, window, moment.position, READINGS
    return [*moment.store.of_kinds(moment.generation, *asked), *moment.store.ended(moment.generation, *asked)]
