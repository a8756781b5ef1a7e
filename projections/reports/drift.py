"""What has moved since a report was issued: that a revision is due is derived here, from the figures as now believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from projections.fact import Fact
from projections.reports.issued import Issued, issued
from projections.view import Moment


def drift(now: Moment) -> list[dict[str, Any]]:
    """Reports of this nation whose figures are believed otherwise now: each change with the events that caused it.

    A withheld figure is compared with what it was at the report's own position: its nation knows it.
    """
    latest: dict[str, Issued] = {each.day: each for each in issued(now) if each.nation == now.nation}
    return [row for _, report in sorted(latest.items()) if (row := drift_of(now, report)) is not None]


def drift_of(now: Moment, report: Issued) -> dict[str, Any] | None:
    """How far one report of this nation's is from what is believed now; None where it still stands."""
    day = date.fromisoformat(report.day)
    reported = dict(report.figures)
    if report.said.get("withheld") and report.position:
        at_the_time = now.view.at_position(report.position).figures(day)["figures"]
        reported |= {row["code"]: at_the_time.get(row["code"], 0) for row in report.said["withheld"]}
    believed: Mapping[str, int] = now.figures(day)["figures"]
    changes = [
        {
            "code": code,
            "reported": value,
            "now": believed.get(code, 0),
            "events": _causes(now, report.day, code, report.position),
        }
        for code, value in reported.items()
        if believed.get(code, 0) != value
    ]
    if not changes:
        return None
    head = {"event": report.event, "day": report.day, "status": report.status, "revision": report.revision}
    return {**head, "position": report.position, "changes": changes}


def changes_since(now: Moment, then: Moment, day: date) -> list[dict[str, Any]]:
    """Each event that changed a figure of a day between two moments of one view, with the figure before and now."""
    before, after = (moment.figures(day)["figures"] for moment in (then, now))
    found = []
    for code, value in after.items():
        old = before.get(code, 0)
        if value != old:
            sums = {"figure": code, "before": old, "now": value, "delta": value - old}
            causes = changed(now, day.isoformat(), code, then.position)
            found += [
                {
                    **sums,
                    "event": f.event,
                    "label": f.label,
                    "position": f.origin,
                    "stream": f.stream,
                    "sealed": f.reading == "own",
                }
                for f in causes
            ]
    return found


def _causes(now: Moment, day: str, code: str, since: int) -> list[dict[str, Any]]:
    """The events, after the report's position, whose facts of this figure were stated or ended."""
    return [{"event": f.event, "label": f.label, "position": f.stated} for f in changed(now, day, code, since)]


def changed(now: Moment, day: str, code: str, since: int) -> list[Fact]:
    """A fact of each event, after a position, whose facts of this figure were stated or ended."""
    ruleset = now.ruleset()
    indicator = ruleset.indicator(code)
    if indicator is None:
        return []
    window = ruleset.window(date.fromisoformat(day))
    facts: Sequence[Fact] = now.store.changed(now.generation, since, now.position)
    causes = {f.event: f for f in facts if indicator.admits(f) and window[0] <= f.occurred_at < window[1]}
    return list(causes.values())
