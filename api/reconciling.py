"""Reconciliations on their way to the log: what is computed at a home becomes an event that an official signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from api import reporting
from api.home import Home
from ledger import errors
from projections.reconciliation import PAIRS
from projections.reports import agreed, reconciled
from projections.reports.agreed import Recorded
from projections.reports.issued import Issued, issued
from projections.reports.reconciled import Answer
from projections.view import Moment

NATIONS = ("GB", "FR")


class Computed(msgspec.Struct, frozen=True):
    """A pair of figures of two reports, reconciled here and not on record yet."""

    answer: Answer
    position: int

    def unsigned(self, at: str) -> dict[str, Any]:
        """The event that records it."""
        pair, days = self.answer["pair"], (self.answer["gb"]["day"], self.answer["fr"]["day"])
        data = reconciled.data_of(self.answer, self.position)
        return _event("reconciliation.recorded", reconciled.stream_of(pair, *days), data, at)


def compute(
    home: Home, nation: str, ends: tuple[date | str, date | str], pairs: Sequence[str] = tuple(PAIRS), *, jointly: bool = False
) -> list[Computed]:
    """Two reports, London's and Paris's, reconciled by one nation from its own view; `jointly` also from the other's, where it
    is kept here. Each is named by its event, or by its day for the newest of it. Raises NotFound where a report is missing,
    BadQuestion for an unknown pair, or a report of the other nation.
    """
    moments = {nation: home.view(nation).at(None)}
    if jointly:
        moments |= {other: home.view(other).at(None) for other in home.nations if other != nation}
    now = moments[nation]
    reports = tuple(_report(now, of, named) for of, named in zip(NATIONS, ends, strict=True))
    found = []
    for pair in pairs:
        answer = reconciled.between(now, pair, (reports[0], reports[1]))
        for of, report in zip(NATIONS, reports, strict=True):
            if of in moments:
                answer = reconciled.with_own(answer, moments[of], pair, report)
        found.append(Computed(answer, now.position))
    return found


def _report(now: Moment, nation: str, named: date | str) -> Issued:
    if isinstance(named, date):
        return reporting.find_of(now, nation, named.isoformat())
    field = f"--{nation.lower()}-report"
    found = next((report for report in issued(now) if report.event == named), None)
    if found is None:
        raise errors.NotFound(
            f"there is no report {named} in this view", field=field, remedy="entente report list has their ids"
        )
    if found.nation != nation:
        raise errors.BadQuestion(f"the report {named} is {found.nation}'s", field=field)
    return found


def on_record(now: Moment, name: str) -> Recorded:
    """A reconciliation by the id of its event. Raises NotFound."""
    return agreed.find(now, name)


def said(record: Recorded, what: str, data: Mapping[str, Any], at: str) -> dict[str, Any]:
    """What is said of a reconciliation on record, unsigned; `what` is the second half of the type's name."""
    return _event(f"reconciliation.{what}", record.fact.stream, {"reconciliation": record.fact.event, **data}, at)


def _event(name: str, stream: str, data: Mapping[str, Any], at: str) -> dict[str, Any]:
    return {"type": name, "stream": stream, "occurred_at": at, "data": dict(data)}
