"""Standing questions: a figure over days with what was reported of it, and two instants of one view compared."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from ledger import errors
from ledger.formats.entry import format_instant
from projections.replay import said_of
from projections.reports.drift import changed
from projections.reports.issued import Issued, issued
from projections.view import Moment

DAYS_MAX = 400


def series(now: Moment, code: str, first: date, last: date) -> list[dict[str, Any]]:
    """One figure day by day: as each report of the day had it, and as it is now believed.

    Rows: {"day", "reported": [{"event", "status", "revision", "value" (null where withheld)}], "first" and "last" reported
    (null where nothing was), "now", "moved"}. Raises BadQuestion for an unknown code, or too many days.
    """
    if not 0 <= (last - first).days < DAYS_MAX:
        raise errors.BadQuestion(f"a series has 1 to {DAYS_MAX} days, from the first to the last", field="to")
    ruleset = now.ruleset()
    indicator = ruleset.indicator(code)
    if indicator is None:
        known = ", ".join(i.code for i in ruleset.indicators)
        raise errors.BadQuestion(f"{ruleset.name} has no figure {code}", field="code", remedy=f"one of {known}")
    by_day: dict[str, list[Issued]] = {}
    for report in issued(now):
        if report.nation == now.nation and report.fact.reading == "both":
            by_day.setdefault(report.day, []).append(report)
    rows = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        reported = [_reported(report, code) for report in by_day.get(day.isoformat(), ())]
        told = [row["value"] for row in reported if row["value"] is not None]
        value = now.value(indicator, ruleset.window(day))
        rows.append(
            {
                "day": day.isoformat(),
                "reported": reported,
                "first": told[0] if told else None,
                "last": told[-1] if told else None,
                "now": value,
                "moved": bool(told) and told[-1] != value,
            }
        )
    return rows


def _reported(report: Issued, code: str) -> dict[str, Any]:
    head = {"event": report.event, "status": report.status, "revision": report.revision}
    return {**head, "value": report.figures.get(code)}


def comparison(then: Moment, now: Moment, day: date) -> list[dict[str, Any]]:
    """Each figure of a day that is another at two instants of one view, with the events between.

    Rows: {"code", "en", "fr", "before", "after", "delta", "events": [{"event", "label", "position", "recorded_at", "what",
    "quoi", "sealed"}]}.
    """
    before, after = (moment.figures(day)["figures"] for moment in (then, now))
    rows = []
    for code in dict.fromkeys([*before, *after]):
        old, new = before.get(code, 0), after.get(code, 0)
        indicator = now.ruleset().indicator(code)
        if old == new or indicator is None:
            continue
        events = [
            {
                "event": fact.event,
                "label": fact.label,
                "position": fact.origin,
                "stream": fact.stream,
                "recorded_at": format_instant(fact.recorded_at),
                "occurred_at": format_instant(fact.occurred_at),
                "what": said_of([fact]).en,
                "quoi": said_of([fact]).fr,
                "sealed": fact.reading == "own",
            }
            for fact in changed(now, day.isoformat(), code, then.position)
        ]
        head = {"code": code, "en": indicator.en, "fr": indicator.fr}
        rows.append({**head, "before": old, "after": new, "delta": new - old, "events": events})
    return rows
