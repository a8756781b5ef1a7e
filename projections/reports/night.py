"""What a report tells beside its figures: the day's timeline, what was known at signature outside the day, what is open, what
was decided and what was not. Over the facts that an edition's readers see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from ledger.formats.entry import format_instant
from projections.fact import Fact
from projections.incidents import LOST, details
from projections.questions.knew import NOT_TO_ACT
from projections.replay import said_of
from projections.reports.bound import READINGS, Edition
from projections.reports.issued import Issued
from projections.situation import situation
from projections.view import Moment
from projections.wording.typography import Words

ROWS_MAX = 200
"""Rows of the timeline: beyond, the largest are told and how many are left out."""
GRAVE = LOST | {"serious"}

TOLD_KINDS = frozenset(
    {"incident", "attempt", "detection", "handover", "arrest", "casualty", "rescued", "disembarked", "sheltered", "decision"}
    | {"departure_prevented", "disruption", "network", "protection_need", "decision_step"}
)
OPEN_LISTS = ("open_distress", "unconfirmed_distress")
OPEN_ROWS = ("contradictions", "obligations", "unanswered", "unacknowledged")
ESTIMATED_KINDS = frozenset({"incident", "update", "attempt"})

Window = tuple[int, int]
Row = dict[str, Any]


class Night:
    """The facts around one reporting day, as one edition's readers see them."""

    def __init__(self, moment: Moment, edition: Edition, window: Window) -> None:
        self.moment, self.window = moment, window
        self.readings = READINGS[edition]

    def _of(self, kinds: Iterable[str], window: Window) -> list[Fact]:
        m = self.moment
        found = m.store.of_kinds(m.generation, kinds, window, m.position, self.readings)
        return [msgspec.structs.replace(f, reading="both") for f in found] if "own" not in self.readings else found

    def timeline(self) -> tuple[list[Row], int]:
        """(one row an event of the day, by when it occurred; how many more there are)."""
        facts = sorted(self._of(TOLD_KINDS, self.window), key=lambda f: (f.occurred_at, f.origin, f.ordinal))
        rows = [_row(list(of_event)) for _, of_event in groupby(facts, key=lambda f: (f.occurred_at, f.origin))]
        if len(rows) <= ROWS_MAX:
            return rows, 0
        largest = sorted(rows, key=lambda row: (row["grave"], row["quantity"]), reverse=True)[:ROWS_MAX]
        kept = {(row["event"], row["occurred_at"]) for row in largest}
        return [row for row in rows if (row["event"], row["occurred_at"]) in kept], len(rows) - ROWS_MAX

    def outside(self, since: int) -> list[Row]:
        """Deaths, missing persons and serious injuries known at signature that did not occur in the reporting day.

        What occurred after it, and what occurred before it and became known after position `since`, that of the last report.
        """
        before, after = (0, self.window[0]), (self.window[1], self.moment.instant + 1)
        found = [f for f in self._of({"casualty"}, before) if since and f.stated > since] + self._of({"casualty"}, after)
        grave = sorted((f for f in found if f.code in GRAVE), key=lambda f: (f.occurred_at, f.origin))
        return [{**_row([f]), "code": f.code, "count": f.quantity, "who": f.about or "unstated"} for f in grave]

    def open(self) -> dict[str, Any]:
        """What is open at signature: boats, contradictions, obligations, what waits for an answer."""
        m = self.moment
        facts = m.situation_facts(self.readings)
        if "own" not in self.readings:
            facts = [msgspec.structs.replace(f, reading="both") for f in facts]
        shown = situation(facts, m.instant, m.nation)
        first: dict[str, Fact] = {}
        for fact in facts:
            first.setdefault(fact.stream, fact)
        lists = {name: [_stream(stream, first) for stream in shown[name]] for name in OPEN_LISTS}
        return {**lists, **{name: shown[name] for name in OPEN_ROWS}}

    def decisions(self) -> list[Row]:
        """Decisions of the day, those not to act among them; whether reasons were given is told, the reasons are not."""
        facts = sorted(self._of({"decision"}, self.window), key=lambda f: (f.occurred_at, f.origin))
        return [
            {**_row([f]), "code": f.code, "not_to_act": f.code in NOT_TO_ACT, "has_rationale": bool(details(f).get("has_text"))}
            for f in facts
        ]

    def estimates(self) -> list[Row]:
        """Numbers stated as a range: no figure uses them."""
        found = []
        for fact in self._of(ESTIMATED_KINDS, self.window):
            said = details(fact).get("persons_on_board") or details(fact).get("estimate")
            if isinstance(said, Mapping) and said.get("min") != said.get("max"):
                found.append({**_row([fact]), "min": said.get("min"), "max": said.get("max"), "best": said.get("best")})
        return found

    def places(self, registered: Mapping[str, tuple[int, int]]) -> list[Row]:
        """Registered places where something was told of, named, with how many events; shelters are on no map."""
        counts: dict[str, int] = {}
        for fact in self._of(TOLD_KINDS - {"sheltered", "protection_need"}, self.window):
            if fact.place in registered:
                counts[fact.place] = counts.get(fact.place, 0) + 1
        named = self.moment.view.named(self.moment.position) if counts else {}
        rows = []
        for code in sorted(counts):
            longitude, latitude = registered[code]
            at = {"longitude_e6": longitude, "latitude_e6": latitude}
            rows.append({"place": code, "name": named.get(code, code), **at, "events": counts[code]})
        return rows


def since_of(earlier: Sequence[Issued], nation: str) -> int:
    """The position of the nation's last report before, of any day; 0 where there is none."""
    return max((each.position for each in earlier if each.nation == nation), default=0)


def _row(facts: Sequence[Fact]) -> Row:
    """An event as a report tells it: when, where, by whom, in both languages."""
    first = facts[0]
    told: Words = said_of(facts)
    return {
        "occurred_at": format_instant(first.occurred_at),
        "recorded_at": format_instant(first.recorded_at),
        "event": first.event,
        "label": first.label,
        "position": first.origin,
        "stream": first.stream,
        "authority": first.authority,
        "kind": first.kind,
        # Where people were sheltered is not for a report that travels.
        "place": (first.place or None) if first.kind != "sheltered" else None,
        "quantity": sum(f.quantity for f in facts),
        "grave": any(f.kind == "casualty" and f.code in GRAVE for f in facts),
        "what": told.en,
        "quoi": told.fr,
        "sealed": any(f.reading == "own" for f in facts),
    }


def _stream(stream: str, first: Mapping[str, Fact]) -> Row:
    fact = first.get(stream)
    return {"stream": stream, "since": format_instant(fact.occurred_at) if fact is not None else None}
