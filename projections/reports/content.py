"""The content of a report: everything computed that its document shows, as one JSON object a machine can make again.

Two editions. `national` is for its own ministry, told from all that the nation sees; `shared` is what the other nation gets:
the figure table as released, everything else told from what both may see. Lines to take stand in neither: they are an
official's own words, not computed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ledger.formats import strict
from ledger.formats.entry import format_instant
from projections.differences import reconcile_alone
from projections.figures import lines
from projections.nations import NATIONS
from projections.reconciliation import PAIRS
from projections.replay import said_of
from projections.reports import issued as reports
from projections.reports.basis import Basis
from projections.reports.bound import PEOPLE, Edition, Log, Terms, strictest
from projections.reports.drift import changed
from projections.reports.night import Night, since_of
from projections.ruleset import Indicator, Ruleset, overlapping_day
from projections.view import Moment

FORMAT = "entente-report/1"
LINE = ("event", "label", "position", "quantity", "stream", "authority", "place", "occurred_at", "sealed")


def content(terms: Terms, now: Moment, log: Log, edition: Edition) -> dict[str, Any]:
    """The content of one edition. Raises BadQuestion where the rules or time zones here are not those of the terms."""
    return _Content(terms, now, log, edition).made()


def digest(made: Mapping[str, Any]) -> str:
    """SHA-256, hex, of the RFC 8785 form of a report's content."""
    return hashlib.sha256(strict.format(made)).hexdigest()


class _Content:
    def __init__(self, terms: Terms, now: Moment, log: Log, edition: Edition) -> None:
        self.terms, self.log, self.edition = terms, log, edition
        self.moment = terms.moment(now)
        self.ruleset: Ruleset = self.moment.ruleset()
        terms.require_known(self.ruleset)
        self.window = self.ruleset.window(terms.day)
        self.basis = Basis(self.moment, self.ruleset, self.window)
        self.night = Night(self.moment, edition, self.window)
        self.earlier = reports.issued(self.moment)
        self.previous = next((each for each in reversed(self.earlier) if each.event == terms.supersedes), None)
        # What the shared edition withholds is known to whoever reads the national one.
        self.hidden = terms.withheld_codes if edition == "shared" else frozenset[str]()

    def made(self) -> dict[str, Any]:
        """All of it."""
        t = self.terms
        timeline, more = self.night.timeline()
        return {
            "format": FORMAT,
            "edition": self.edition,
            "origin": self.log.origin,
            "exercise": self.log.exercise,
            "title": self.log.title,
            "nation": t.nation,
            "day": t.day.isoformat(),
            "status": t.status,
            "revision": t.revision,
            "marking": strictest(self.log.markings({f.origin for f in self.basis.facts[self.edition]})),
            "window": {"from": format_instant(self.window[0]), "to": format_instant(self.window[1]), "zone": self.ruleset.zone},
            "bound": t.written(self.log, self.moment, self.basis.facts[self.edition]),
            "tail": self._tail(),
            "previous": None if self.previous is None else self.previous.head(),
            "people": self.basis.people("shared" if t.withheld_codes and self.edition == "shared" else "national"),
            "people_withheld": bool(t.withheld_codes) and self.edition == "shared",
            "figures": [self._figure(indicator) for indicator in self.ruleset.indicators],
            "headline": list(self.ruleset.headline),
            "disputed": self._disputed(),
            "estimates": self.night.estimates(),
            "outside": self.night.outside(since_of(self.earlier, t.nation)),
            "open": self.night.open(),
            "timeline": timeline,
            "timeline_left_out": more,
            "places": self.night.places(self.log.places(t.position)),
            "decisions": self.night.decisions(),
            "differences": self._differences(),
        }

    def _tail(self) -> dict[str, Any]:
        """What both nations had not yet co-signed, with its age at signature."""
        t, m = self.terms, self.moment
        if t.final_size >= t.position:
            return {"entries": 0, "since": None, "seconds": 0}
        since = m.store.recorded_at(m.generation, t.final_size + 1)
        seconds = max(0, (t.as_of - since) // 1_000_000)
        return {"entries": t.position - t.final_size, "since": format_instant(since), "seconds": seconds}

    # -- figures -------------------------------------------------------------------------------------------------------------

    def _figure(self, indicator: Indicator) -> dict[str, Any]:
        code = indicator.code
        row: dict[str, Any] = {
            "code": code, "en": indicator.en, "fr": indicator.fr, "unit": indicator.unit, "beside": indicator.beside,
        }  # fmt: skip
        if code in self.hidden:
            size = next(each.size for each in self.terms.withheld if each.code == code)
            return {
                **row,
                "value": None,
                "withheld": True,
                "size": size,
                "previous": None,
                "change": None,
                "reasons": [],
                "lines": [],
            }
        value = self.basis.value(indicator)
        before = self._before(indicator)
        facts = self.basis.facts[self.edition]
        return {
            **row,
            "value": value,
            "withheld": code in self.terms.withheld_codes,
            "size": value - self.basis.value(indicator, "shared") if self.edition == "national" else None,
            "previous": before,
            "change": None if before is None else value - before,
            "reasons": self._reasons(code) if before not in (None, value) else [],
            "lines": [{name: line[name] for name in LINE} for line in lines(indicator, facts)],
        }

    def _before(self, indicator: Indicator) -> int | None:
        """The figure in the report that this one follows; to the other nation, as it was communicated."""
        if self.previous is None or indicator.beside:  # what stands beside is in no event's figures
            return None
        if indicator.code in self.previous.figures:
            return self.previous.figures[indicator.code]
        if self.edition == "shared" or not self.previous.position:
            return None
        then = self.moment.view.at_position(self.previous.position)
        return then.value(indicator, self.window)

    def _reasons(self, code: str) -> list[dict[str, Any]]:
        """The events, since the report before, that changed a figure; what one nation sealed is not among them for both."""
        assert self.previous is not None
        found = changed(self.moment, self.terms.day.isoformat(), code, self.previous.position)
        shown = [f for f in found if self.edition == "national" or f.reading != "own"]
        return [
            {"event": f.event, "label": f.label, "position": f.stated, "what": said_of([f]).en, "quoi": said_of([f]).fr,
             "recorded_at": format_instant(f.recorded_at), "corrected": f.stated != f.origin}
            for f in shown
        ]  # fmt: skip

    def _disputed(self) -> dict[str, Any]:
        """Of each figure and of people, how much rests on a key reported compromised; to the other nation, none withheld."""
        found = self.moment.disputed_in(self.ruleset, self.basis.stored_groups(), self.window)
        figures = {code: n for code, n in found["disputed"].items() if code not in self.hidden}
        return {"figures": figures, PEOPLE: {} if self.hidden else found["disputed_people"]}

    # -- the other side ----------------------------------------------------------------------------------------------------

    def _differences(self) -> list[dict[str, Any]]:
        """Each pair of figures beside the other nation's report of the day that overlaps longest."""
        own = self.terms.nation
        other = next(nation for nation in NATIONS if nation != own)
        day = self.terms.day
        theirs = overlapping_day(self.ruleset, day, self.moment.ruleset(other))
        days = (day, theirs) if own == "GB" else (theirs, day)
        found = []
        for pair in PAIRS.values():
            if (pair.gb if own == "GB" else pair.fr) in self.hidden:
                continue
            answer, _ = reconcile_alone(pair.code, (self.moment, self.moment), days, with_sealed=self.edition == "national")
            found.append(_told(answer))
        return found


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    """A reconciliation without what stands elsewhere in the content, or would differ from hour to hour (checkpoints)."""
    ends = {
        side: {name: value for name, value in answer[side].items() if name not in ("checkpoint", "settled")}
        for side in ("gb", "fr")
    }
    return {**answer, **ends}
