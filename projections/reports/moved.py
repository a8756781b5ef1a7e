"""What has moved since two reports were reconciled: why a new reconciliation is due, told from what both nations may see."""

from __future__ import annotations

from datetime import date
from typing import Any

from projections import figures as figure
from projections.figures import groups_of
from projections.reconciliation import PAIRS
from projections.reports.issued import Issued, of_day
from projections.ruleset import Indicator, Ruleset
from projections.view import SHARED, Moment

Row = dict[str, Any]


def moved(now: Moment, pair_code: str, reports: tuple[Issued, Issued]) -> list[Row]:
    """Each reason: a report was `revised`, its rules are others (`ruleset`), or its figure is `changed`, with the events."""
    pair = PAIRS[pair_code]
    found = []
    for report, code in zip(reports, (pair.gb, pair.fr), strict=True):
        of = {"nation": report.nation}
        newest = of_day(now, report.nation, report.day)[-1]
        if newest.event != report.event:
            found.append({**of, "why": "revised", "report": newest.event, "position": newest.fact.origin})
        then = now.view.at_position(report.position)
        old, new = then.ruleset(report.nation), now.ruleset(report.nation)
        if old.name != new.name:
            found.append({**of, "why": "ruleset", "from": old.name, "to": new.name})
        before, after = _seen(then, old, code, report.day), _seen(now, new, code, report.day)
        if before != after:
            events = _causes(now, new, code, report)
            found.append({**of, "why": "changed", "code": code, "then": before, "now": after, "events": events})
    return found


def _seen(moment: Moment, ruleset: Ruleset, code: str, day: str) -> int:
    """A figure over what both nations may see."""
    indicator = _indicator(ruleset, code)
    window = ruleset.window(date.fromisoformat(day))
    facts = moment.store.of_kinds(moment.generation, indicator.kinds, window, moment.position, SHARED)
    return figure.value(indicator, groups_of(facts))


def _causes(now: Moment, ruleset: Ruleset, code: str, report: Issued) -> list[Row]:
    """The events since a report's position whose facts of a figure were stated or ended."""
    indicator, (begin, end) = _indicator(ruleset, code), ruleset.window(date.fromisoformat(report.day))
    facts = now.store.changed(now.generation, report.position, now.position)
    counted = (f for f in facts if f.reading in SHARED and begin <= f.occurred_at < end and indicator.admits(f))
    causes = {f.event: {"event": f.event, "label": f.label, "position": f.stated} for f in counted}
    return list(causes.values())


def _indicator(ruleset: Ruleset, code: str) -> Indicator:
    found = ruleset.indicator(code)
    assert found is not None, f"{ruleset.name} has no {code}"
    return found
