"""Questions to one nation's view, answered in the shapes that the command line and the HTTP service give out.

Every answer carries the position it was computed at, the checkpoint that covers it, and the ruleset it was computed by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

import msgspec

from ledger import errors
from ledger.formats.entry import format_instant
from projections import disputed
from projections import figures as figure
from projections.batch import Progress
from projections.breaches import BREACH
from projections.breaches import rows as breach_rows
from projections.carried import turns_in
from projections.disputed import Disputes, Doubts
from projections.fact import NEVER, Fact
from projections.figures import kinds_of
from projections.lists import Listing, Row, rows_of
from projections.nations import ruleset_in_force
from projections.ruleset import Indicator, Ruleset
from projections.situation import situation
from projections.tables import Generation
from projections.viewstore import ViewStore

OWN = ("both", "own")
SHARED = ("both", "shared")
LINK_ROUNDS_MAX = 100

Covering = Callable[[int], dict[str, Any]]
Named = Callable[[int], Mapping[str, str]]


class View:
    """One nation's reading, at any past instant. `covering(position)` gives the checkpoint that covers a position, and
    `named(position)` what authorities and places were registered as by then, by code.
    """

    def __init__(self, store: ViewStore, covering: Covering, named: Named = lambda position: {}) -> None:
        self.store = store
        self.nation = store.nation
        self.covering = covering
        self.named = named

    def at(self, as_of: int | None) -> Moment:
        """The view as it was known at an instant (microseconds), or now."""
        generation, progress = self._live()
        position = self.store.position_as_of(generation, as_of)
        instant = as_of if as_of is not None else self.store.recorded_at(generation, progress.position)
        settled = as_of is not None and position < progress.position
        return Moment(self, generation, position, instant, settled, progress.state)

    def at_position(self, position: int) -> Moment:
        """The view behind one position of the log, whatever came since. Raises BadQuestion for one that it has not reached."""
        generation, progress = self._live()
        if not 0 < position <= progress.position:
            raise errors.BadQuestion(
                f"the {self.nation} view is at {progress.position}", field="position", remedy="ask for less"
            )
        instant = self.store.recorded_at(generation, position)
        return Moment(self, generation, position, instant, position < progress.position, progress.state)

    def _live(self) -> tuple[Generation, Progress]:
        generation = self.store.live()
        progress = self.store.progress(generation)
        if progress is None:
            raise errors.NotFound(f"the {self.nation} view is empty", remedy="run entente project all")
        return generation, progress

    def parked(self) -> list[dict[str, Any]]:
        """Streams that could not be folded, shown and never skipped in silence."""
        return self.store.parked(self.store.live())

    def breaches(self) -> list[dict[str, Any]]:
        """What this nation sealed and joint admission would have refused: it counts, and is shown to this nation alone."""
        return breach_rows(self.store.of_kind(self.store.live(), BREACH, NEVER - 1))


class Moment:
    """A view at one position: what everything is computed from."""

    def __init__(self, view: View, generation: Generation, position: int, instant: int, settled: bool, carried: bytes) -> None:
        self.view, self.store, self.generation = view, view.store, generation
        self.nation = view.nation
        self.position = position
        self.instant = instant
        self.settled = settled
        self.carried = carried

    @cached_property
    def _disputes(self) -> Disputes:
        return Disputes(turns_in(self.carried), self.position)

    def _doubts(self, kinds: frozenset[str], window: tuple[int, int], facts: Sequence[Fact]) -> Doubts:
        """What of these facts, all there are of these kinds in a window, rests on disputed statements."""
        ended = self.store.ended(self.generation, kinds, window, self.position)
        now = self.store.of_streams(self.generation, disputed.streams_of_changes(facts, ended), self.position)
        return Doubts(self._disputes, facts, ended, now)

    def ruleset(self, nation: str | None = None) -> Ruleset:
        """The ruleset in force at this position."""
        return ruleset_in_force(nation or self.nation, self.store.of_kind(self.generation, "ruleset", self.position))

    def frame(self) -> dict[str, Any]:
        """What every answer says first: whose view, as of when, at which position, under which checkpoint."""
        return {
            "view": self.nation,
            "as_of": format_instant(self.instant),
            "position": self.position,
            "checkpoint": self.view.covering(self.position),
            "settled": self.settled,
        }

    def figures(self, day: date) -> dict[str, Any]:
        """Every figure, what stands beside them, and people, of one reporting day."""
        ruleset = self.ruleset()
        window = ruleset.window(day)
        groups = self.store.groups(self.generation, kinds_of(ruleset), window, self.position)
        values, beside = figure.figures(ruleset, groups)
        return {
            **self.frame(),
            "day": day.isoformat(),
            "window": {"from": format_instant(window[0]), "to": format_instant(window[1])},
            "ruleset": ruleset.name,
            "figures": values,
            "beside": beside,
            "people": figure.people(groups),
            **self.disputed_in(ruleset, groups, window),
        }

    def disputed_in(self, ruleset: Ruleset, groups: Sequence[figure.Group], window: tuple[int, int]) -> disputed.Beside:
        """What of a day's figures is disputed: nothing where no key was reported compromised, as nearly always."""
        if not self._disputes.suspect:
            return disputed.NOTHING
        kinds = kinds_of(ruleset)
        facts = self.store.of_kinds(self.generation, kinds, window, self.position, OWN)
        return disputed.beside(ruleset, groups, facts, self._doubts(kinds, window, facts))

    def value(self, indicator: Indicator, window: tuple[int, int]) -> int:
        """One figure, on the same path as all of them."""
        return figure.value(indicator, self.store.groups(self.generation, indicator.kinds, window, self.position))

    def explain(self, code: str, day: date) -> dict[str, Any]:
        """The lines behind a figure; their quantities add up to its value. Raises BadQuestion for an unknown code."""
        ruleset = self.ruleset()
        indicator = self._indicator(ruleset, code)
        window = ruleset.window(day)
        facts = self.store.of_kinds(self.generation, indicator.kinds, window, self.position, OWN)
        doubts = self._doubts(indicator.kinds, window, facts) if self._disputes.suspect else None
        return {
            **self.frame(),
            "day": day.isoformat(),
            "code": code,
            "name": {"en": indicator.en, "fr": indicator.fr},
            "ruleset": ruleset.name,
            "value": self.value(indicator, window),
            "unit": indicator.unit,
            **disputed.explained(indicator, facts, doubts),
        }

    @staticmethod
    def _indicator(ruleset: Ruleset, code: str) -> Indicator:
        indicator = ruleset.indicator(code)
        if indicator is None:
            known = ", ".join(i.code for i in ruleset.indicators)
            raise errors.BadQuestion(f"{ruleset.name} has no figure {code}", field="code", remedy=f"one of {known}")
        return indicator

    def left_out(self, code: str, day: date) -> list[dict[str, Any]]:
        """What a figure reads of a day and does not count, as lines with the reason. Raises BadQuestion for an unknown code."""
        ruleset = self.ruleset()
        indicator = self._indicator(ruleset, code)
        facts = self.store.of_kinds(self.generation, indicator.kinds, ruleset.window(day), self.position, OWN)
        return figure.left_out(indicator, facts)

    def listed(
        self, listing: Listing, window: tuple[int, int], after: int, streams: int, *, shared: bool = False
    ) -> tuple[list[Row], list[Fact], int | None]:
        """(rows of a list, what of these streams was sealed to this nation, the position to go on from or None at the end).

        In the order in which streams first said something that occurred in a window, from behind a position on; it goes
        through so many streams at most. `shared`: the rows are told from what both nations may see.
        """
        found = self.store.first_positions(self.generation, listing.kinds, window, self.position, after, streams + 1)
        names = [stream for stream, _ in found[:streams]]
        facts = self._with_roots(names)
        sealed = [f for f in facts if f.reading == "own"]
        if shared and sealed:
            facts = [msgspec.structs.replace(f, reading="both") for f in self._with_roots(names, SHARED)]
        return rows_of(listing, names, facts), sealed, found[streams - 1][1] if len(found) > streams else None

    def _with_roots(self, streams: Sequence[str], readings: Sequence[str] = OWN) -> list[Fact]:
        """The live facts of these streams, and of those that their links lead to."""
        known: set[str] = set()
        new = set(streams)
        facts: list[Fact] = []
        for _ in range(LINK_ROUNDS_MAX):
            if not new:
                break
            known |= new
            found = self.store.of_streams(self.generation, sorted(new), self.position, readings)
            facts += found
            new = {f.subject for f in found if f.kind == "link" and f.code != "case"} - known
        return facts

    def situation_facts(self, readings: Sequence[str] = OWN) -> list[Fact]:
        """The live facts of every stream that may have something to show, and of those linked with it."""
        known: set[str] = set()
        new = set(self.store.attention(self.generation, self.position))
        facts: list[Fact] = []
        for _ in range(LINK_ROUNDS_MAX):
            if not new:
                break
            known |= new
            found = self.store.of_streams(self.generation, sorted(new), self.position, readings)
            facts += found
            linked = {f.subject for f in found if f.kind == "link"}
            new = (linked | self.store.linked(self.generation, sorted(new), self.position)) - known
        return sorted(facts, key=lambda f: (f.stated, f.ordinal))

    def sealed_in_situation(self) -> list[Fact]:
        """What a situation rests on that was sealed to this nation."""
        own = [fact for fact in self.situation_facts() if fact.reading == "own"]
        return [*own, *self.store.of_kind(self.generation, BREACH, self.position)]

    def situation(self, *, shared: bool = False) -> dict[str, Any]:
        """What is open, unacknowledged, unanswered and contradictory at this instant; `shared`: as both nations may see it."""
        facts = self.situation_facts(SHARED if shared else OWN)
        if shared:
            joint = [msgspec.structs.replace(f, reading="both") for f in facts]
            return {**self.frame(), **situation(joint, self.instant, self.nation), "breaches": [], "parked": []}
        parked = [p for p in self.store.parked(self.generation) if p["position"] <= self.position]
        shown = situation(facts, self.instant, self.nation)
        breaches = breach_rows(self.store.of_kind(self.generation, BREACH, self.position))
        return {**self.frame(), **shown, "breaches": breaches, "parked": parked}
