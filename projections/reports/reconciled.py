"""Two reports reconciled as a procedure: what was recorded of each pair of figures, what either nation has said of each item
since, what both signed, and what nobody can explain.

All of it is told from what both nations may see and from what their reports communicate, so that it is the same whoever asks.
One nation alone adds what it knows of its own end: what of it is withheld, and what is simply wrong (figures, section 3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from ledger import errors
from ledger.formats import strict
from ledger.formats.entry import format_instant
from projections import reconciliation as reconciling
from projections.differences import answer_of, kinds_of, pair_of, span_of
from projections.fact import Fact
from projections.reconciliation import End, Pair
from projections.reports.issued import Issued
from projections.ruleset import Ruleset
from projections.view import SHARED, Moment

ENDS = {"GB": "gb", "FR": "fr"}
BARE = {"GB": "withheld_by_gb", "FR": "withheld_by_fr"}
Answer = dict[str, Any]


def between(now: Moment, pair_code: str, reports: tuple[Issued, Issued]) -> Answer:
    """London's report to Paris's, as both nations compute it: the ends are what they communicate, drawn where they were drawn.

    What lies between such a figure and what both may see is a size; `declared` says by nation whether it is one that its nation
    stated, `not_stated` names who stated none. Raises BadQuestion for an unknown pair, or a report that cannot be drawn again.
    """
    pair = pair_of(pair_code)
    moments = tuple(_drawn(now, report) for report in reports)
    rulesets = [m.ruleset(report.nation) for m, report in zip(moments, reports, strict=True)]
    then = moments[1].ruleset("GB")
    days = _day(reports[0]), _day(reports[1])
    kinds, span = kinds_of(pair, rulesets[0], then, rulesets[1]), span_of(rulesets[0], rulesets[1], days)
    ends, told, declared, not_stated = [], {}, {}, []
    for report, moment, ruleset, code in zip(reports, moments, rulesets, (pair.gb, pair.fr), strict=True):
        shared = moment.store.of_kinds(moment.generation, kinds, span, moment.position, SHARED)
        window = ruleset.window(_day(report))
        seen = _count(pair, ruleset, code, window, shared)
        value, is_stated = _communicated(report, code, seen)
        if not is_stated:
            not_stated.append(report.nation)
        elif value != seen:
            declared[report.nation] = True
        ends.append(End(report.day, moment.position, ruleset, window, value, shared, None))
        told[ENDS[report.nation]] = {
            "day": report.day, "code": code, "ruleset": ruleset.name, "as_of": _as_of(report, moment),
            "position": moment.position, "report": report.event, "value": value,
        }  # fmt: skip
    answer = answer_of(pair, told, reconciling.reconcile(pair, ends[0], ends[1], then), now.view)
    return {**answer, "declared": declared, "not_stated": not_stated}


def with_own(answer: Answer, now: Moment, pair_code: str, report: Issued) -> Answer:
    """The same with what one nation knows of its own end: what its report says beyond its own facts is unexplained."""
    pair = pair_of(pair_code)
    code = pair.gb if report.nation == "GB" else pair.fr
    if code not in report.figures:
        return answer
    moment = _drawn(now, report)
    ruleset = moment.ruleset()
    indicator = ruleset.indicator(code)
    assert indicator is not None
    counted = moment.value(indicator, ruleset.window(_day(report)))
    wrong = report.figures[code] - counted
    if not wrong:
        return answer
    # London's end is where the walk begins: what is too much there is missing on the way.
    wrong = -wrong if report.nation == "GB" else wrong
    steps = [
        {**step, "delta": step["delta"] - wrong} if step["dimension"] == BARE[report.nation] else step
        for step in answer["steps"]
    ]
    if all(step["dimension"] != BARE[report.nation] for step in steps):
        bare = {"dimension": BARE[report.nation], "delta": -wrong, "items": [], "not_communicated": True}
        steps = [bare, *steps] if report.nation == "GB" else [*steps, bare]
    steps = [step for step in steps if step["items"] or step["delta"]]
    return {**answer, "steps": steps, "unexplained": answer["unexplained"] + wrong}


def digest(answer: Answer) -> str:
    """SHA-256, hex, of what both nations compute alike: the two ends, and the steps between them by event."""
    ends = {side: answer[side] for side in ("gb", "fr")}
    middle = [step for step in answer["steps"] if step["dimension"] not in BARE.values()]
    content = {"pair": answer["pair"], **ends, "from": answer["from"], "to": answer["to"], "steps": middle}
    return hashlib.sha256(strict.format(content)).hexdigest()


def data_of(answer: Answer, position: int) -> dict[str, Any]:
    """The data of `reconciliation.recorded`."""
    ends = {side: {name: answer[side][name] for name in ("day", "as_of", "value", "report")} for side in ("gb", "fr")}
    steps = [{"dimension": step["dimension"], "delta": step["delta"]} for step in answer["steps"]]
    data = {"pair": answer["pair"], **ends, "position": position, "content_sha256": digest(answer)}
    return data | ({"steps": steps} if steps else {}) | ({"unexplained": n} if (n := answer["unexplained"]) else {})


def stream_of(pair: str, gb_day: str, fr_day: str) -> str:
    """The stream of all that is said of one pair of figures of two days."""
    return f"RECONCILIATION-{pair}-{gb_day}-{fr_day}"


def _communicated(report: Issued, code: str, seen: int) -> tuple[int, bool]:
    """(what a report communicates of a figure, whether that is all of it); what both may see where it says nothing."""
    if code in report.figures:
        return report.figures[code], True
    size = report.declared(code)
    return seen + (size or 0), size is not None


def _drawn(now: Moment, report: Issued) -> Moment:
    if not report.position:
        raise errors.BadQuestion(f"the report {report.event} does not say where it was drawn", field="report")
    return now.view.at_position(report.position)


def _as_of(report: Issued, moment: Moment) -> str:
    return str(report.said.get("as_of") or format_instant(moment.instant))


def _day(report: Issued) -> date:
    return date.fromisoformat(report.day)


def _count(pair: Pair, ruleset: Ruleset, code: str, window: tuple[int, int], facts: Sequence[Fact]) -> int:
    indicator = ruleset.indicator(code)
    assert indicator is not None
    key = reconciling.KEYS[pair.key]
    return sum(reconciling.contributions(facts, indicator.terms, indicator.counting, window, key).values())
