"""What did they see, and what is believed now: questions 1, 2, 13, 14 and 15."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from ledger import errors
from ledger.formats.entry import format_instant
from projections.fact import Fact
from projections.figures import kinds_of
from projections.incidents import details
from projections.nations import FIRST, RULESETS, ruleset_in_force
from projections.questions.inquiry import Inquiry, Row, row_of_fact
from projections.ruleset import Ruleset, tzdata_version
from projections.situation import RELEVANT_KINDS, situation

SECOND = 1_000_000
DAYS_AROUND = (-1, 0, 1, 2)
# Lists of a situation that are compared stream by stream.
LISTS = ("open_distress", "unconfirmed_distress", "open_incidents")


def what_was_shown(inquiry: Inquiry) -> list[Row]:
    """1: the situation at an instant as the view showed it then, and the figures of a reporting day."""
    at = inquiry.instant("at")
    shown = inquiry.asked.situation(at)
    rows: list[Row] = [{"shown": "situation", **shown}]
    day = inquiry.day("day")
    if day is not None:
        rows.append({"shown": "figures", **inquiry.asked.figures(day, at)})
    return rows


def what_is_believed(inquiry: Inquiry) -> list[Row]:
    """2: what the view showed of an instant then, beside what is known of it now: lists and figures that differ, both values.

    The situation as now believed is made of the facts live now that had happened by then, at that instant.
    """
    at = inquiry.instant("at")
    assert at is not None, "the parameter is required"
    asked = inquiry.asked
    now = asked.position_at(None)
    facts = [f for f in asked.live(now, RELEVANT_KINDS) if f.occurred_at <= at]
    then, believed = asked.situation(at), situation(facts, at, asked.nation)
    rows: list[Row] = [
        _compared("situation", name, then[name], believed[name]) for name in LISTS if then[name] != believed[name]
    ]
    day = inquiry.day("day")
    if day is not None:
        before, after = asked.figures(day, at)["figures"], asked.figures(day, None)["figures"]
        codes = (code for code in {**before, **after} if before.get(code) != after.get(code))
        rows += [_compared("figures", code, before.get(code), after.get(code)) for code in codes]
    return [{**row, "position": asked.position_at(at), "position_now": now} for row in rows]


def _compared(what: str, name: str, then: Any, now: Any) -> Row:
    return {"of": what, "name": name, "then": then, "now": now}


def which_rules(inquiry: Inquiry) -> list[Row]:
    """13: the rules, code and time-zone data behind a figure, and what reports of that day were bound to."""
    day, at, code = inquiry.day("day"), inquiry.instant("at"), inquiry.text("code")
    assert day is not None, "the parameter is required"
    asked = inquiry.asked
    position = asked.position_at(at)
    adopted = sorted(asked.live(position, {"ruleset"}), key=lambda f: f.origin)
    ruleset = ruleset_in_force(asked.nation, adopted)
    frame = asked.figures(day, at)
    row: Row = {
        "ruleset": ruleset.name,
        "adopted_by": [row_of_fact(f) for f in adopted if f.about == asked.nation],
        "code": asked.code_version,
        "tzdata": tzdata_version(),
        "position": position,
        "checkpoint": frame.get("checkpoint"),
        "window": frame.get("window"),
    }
    if code is not None:
        row["figure"] = _definition(ruleset, code)
        row["value"] = frame["figures"].get(code, frame.get("beside", {}).get(code))
    reports = [f for f in asked.live(position, {"report"}) if (f.party, f.about) == (asked.nation, day.isoformat())]
    return [row, *(_bound(f, code) for f in sorted(reports, key=lambda f: f.origin))]


def _bound(report: Fact, code: str | None) -> Row:
    """What a report was bound to when it was issued, and the figure that it gave."""
    said = details(report)
    bound = {name: said.get(name) for name in ("revision", "ruleset")}
    given = {} if code is None else {"value": said.get("figures", {}).get(code)}
    return row_of_fact(report, day=report.about, bound_to=said.get("position"), **bound, **given)


def _definition(ruleset: Ruleset, code: str) -> Row:
    indicator = ruleset.indicator(code)
    if indicator is None:
        known = ", ".join(i.code for i in ruleset.indicators)
        raise errors.BadQuestion(f"{ruleset.name} has no figure {code}", field="code", remedy=f"one of {known}")
    terms = [
        {"kind": t.kind, "where": {c: sorted(v) for c, v in t.where.items()}, "within": dict(t.within)} for t in indicator.terms
    ]
    names = {"en": indicator.en, "fr": indicator.fr}
    return {"code": code, "name": names, "unit": indicator.unit, "counting": indicator.counting, "terms": terms}


def contradictions_open(inquiry: Inquiry) -> list[Row]:
    """14: contradictions still open at an instant."""
    rows: list[Mapping[str, Any]] = inquiry.asked.situation(inquiry.instant("at"))["contradictions"]
    return [dict(row) for row in rows]


def uncertain_near_a_boundary(inquiry: Inquiry) -> list[Row]:
    """15: statements that figures count, whose stated imprecision reaches across the beginning or end of a reporting day."""
    kinds = frozenset[str]().union(*(kinds_of(r) for r in RULESETS.values()))
    position = inquiry.asked.position_at(inquiry.instant("at"))
    rows: dict[tuple[str, str], Row] = {}
    for fact in sorted(inquiry.asked.live(position, kinds), key=lambda f: (f.origin, f.ordinal)):
        for nation, boundary in _boundaries_within(fact):
            minutes = abs(fact.occurred_at - boundary) // (60 * SECOND)
            more = {"imprecision_minutes": fact.imprecision_seconds // 60, "minutes_away": minutes}
            rows.setdefault(
                (fact.event, nation), row_of_fact(fact, boundary=format_instant(boundary), reporting_day_of=nation, **more)
            )
    return list(rows.values())


def _boundaries_within(fact: Fact) -> Iterator[tuple[str, int]]:
    """Beginnings of reporting days, of either nation, that the time of a fact may really be on the other side of."""
    around = fact.imprecision_seconds * SECOND
    if not around:
        return
    day = datetime.fromtimestamp(fact.occurred_at // SECOND, UTC).date()
    for nation, ruleset in FIRST.items():
        for offset in DAYS_AROUND:
            begin, _ = ruleset.window(date.fromordinal(day.toordinal() + offset))
            if abs(fact.occurred_at - begin) <= around:
                yield nation, begin
