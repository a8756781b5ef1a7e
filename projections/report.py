"""Daily reports as far as figures go: what an official signs, and what has drifted since.

`draft` returns the unsigned data of a `report.issued` event, bound to a position and to the rules and code that recompute it.
What was issued never changes; that a revision is due is derived here, from the figures as now believed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import msgspec

from ledger.formats import strict
from projections.fact import Fact
from projections.ruleset import tzdata_version
from projections.view import Moment


def stream_of(nation: str, day: str) -> str:
    """The stream of all reports of one nation and day."""
    return f"REPORT-{nation}-{day}"


def code_version() -> str:
    """The version of the software that computes a report."""
    try:
        return version("entente")
    except PackageNotFoundError:
        return "0"


def issued(moment: Moment) -> list[Fact]:
    """Every report issued up to this moment, of both nations, in log order."""
    return moment.store.of_kind(moment.generation, "report", moment.position)


def draft(moment: Moment, day: date, status: str) -> dict[str, Any]:
    """The data of a `report.issued` event: figures, people, digests and what they are bound to."""
    answer = moment.figures(day)
    earlier = [f for f in issued(moment) if (f.party, f.about) == (moment.nation, day.isoformat())]
    data = {
        "nation": moment.nation,
        "day": day.isoformat(),
        "status": status,
        "revision": len(earlier),
        "position": moment.position,
        "ruleset": answer["ruleset"],
        "tzdata": tzdata_version(),
        "code": f"entente/{code_version()}",
        "figures": answer["figures"],
        "people": answer["people"],
        "checkpoint_root": answer["checkpoint"]["root"],
        "content_sha256": figures_digest(answer["figures"]),
    }
    if earlier:
        data["supersedes"] = earlier[-1].event
    return data


def figures_digest(figures: dict[str, int]) -> str:
    """SHA-256 of the RFC 8785 form of the figures object, hex."""
    return hashlib.sha256(strict.format(figures)).hexdigest()


def drift(now: Moment) -> list[dict[str, Any]]:
    """Reports of this nation whose figures are believed otherwise now: each change with the events that caused it."""
    latest: dict[str, Fact] = {}
    for fact in issued(now):
        if fact.party == now.nation:
            latest[fact.about] = fact
    found = []
    for day, fact in sorted(latest.items()):
        reported = msgspec.json.decode(fact.detail)
        believed = now.figures(date.fromisoformat(day))["figures"]
        changes = [
            {
                "code": code,
                "reported": value,
                "now": believed.get(code, 0),
                "events": _causes(now, day, code, reported["position"]),
            }
            for code, value in reported["figures"].items()
            if believed.get(code, 0) != value
        ]
        if changes:
            report = {"event": fact.event, "day": day, "status": fact.code, "revision": reported.get("revision", 0)}
            found.append({**report, "position": reported["position"], "changes": changes})
    return found


def changes_since(now: Moment, then: Moment, day: date) -> list[dict[str, Any]]:
    """Each event that changed a figure of a day between two moments of one view, with the figure before and now."""
    before, after = (moment.figures(day)["figures"] for moment in (then, now))
    found = []
    for code, value in after.items():
        old = before.get(code, 0)
        if value != old:
            sums = {"figure": code, "before": old, "now": value, "delta": value - old}
            causes = _changed(now, day.isoformat(), code, then.position)
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
    return [{"event": f.event, "label": f.label, "position": f.stated} for f in _changed(now, day, code, since)]


def _changed(now: Moment, day: str, code: str, since: int) -> list[Fact]:
    """A fact of each event, after a position, whose facts of this figure were stated or ended."""
    ruleset = now.ruleset()
    indicator = ruleset.indicator(code)
    if indicator is None:
        return []
    window = ruleset.window(date.fromisoformat(day))
    changed: Sequence[Fact] = now.store.changed(now.generation, since, now.position)
    causes = {f.event: f for f in changed if indicator.admits(f) and window[0] <= f.occurred_at < window[1]}
    return list(causes.values())
