"""Questions to one nation's view, answered in the shapes that the command line and the HTTP service give out.

Every answer carries the position it was computed at, the checkpoint that covers it, and the ruleset it was computed by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property
from typing import Any

import msgspec

from ledger import errors
from ledger.formats.entry import format_instant
from projections import disputed
from projections import figures as figure
from projections import reconciliation as reconciling
from projections.breaches import BREACH
from projections.breaches import rows as breach_rows
from projections.carried import turns_in
from projections.disputed import Disputes, Doubts
from projections.fact import NEVER, Fact
from projections.figures import kinds_of
from projections.nations import ruleset_in_force
from projections.ruleset import Indicator, Ruleset, overlapping_day
from projections.situation import situation
from projections.tables import Generation
from projections.viewstore import ViewStore

OWN = ("both", "own")
SHARED = ("both", "shared")
LINK_ROUNDS_MAX = 100

Covering = Callable[[int], dict[str, Any]]


class View:
    """One nation's reading, at any past instant. `covering(position)` gives the checkpoint that covers a position."""

    def __init__(self, store: ViewStore, covering: Covering) -> None:
        self.store = store
        self.nation = store.nation
        self.covering = covering

    def at(self, as_of: int | None) -> Moment:
        """The view as it was known at an instant (microseconds), or now."""
        generation = self.store.live()
        progress = self.store.progress(generation)
        if progress is None:
            raise errors.NotFound(f"the {self.nation} view is empty", remedy="run entente project all")
        position = self.store.position_as_of(generation, as_of)
        instant = as_of if as_of is not None else self.store.recorded_at(generation, progress.position)
        settled = as_of is not None and position < progress.position
        return Moment(self, generation, position, instant, settled, progress.state)

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
        self._carried = carried

    @cached_property
    def _disputes(self) -> Disputes:
        return Disputes(turns_in(self._carried), self.position)

    def _doubts(self, kinds: frozenset[str], window: tuple[int, int], facts: Sequence[Fact]) -> Doubts:
        """What of these facts, all there are of these kinds in a window, rests on disputed statements."""
        ended = self.store.ended(self.generation, kinds, window, self.position)
        now = self.store.of_streams(self.generation, disputed.streams_of_changes(facts, ended), self.position)
        return Doubts(self._disputes, facts, ended, now)

    def ruleset(self, nation: str | None = None) -> Ruleset:
        """The ruleset in force at this position."""
        return ruleset_in_force(nation or self.nation, self.store.of_kind(self.generation, "ruleset", self.position))

    def _frame(self) -> dict[str, Any]:
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
            **self._frame(),
            "day": day.isoformat(),
            "window": {"from": format_instant(window[0]), "to": format_instant(window[1])},
            "ruleset": ruleset.name,
            "figures": values,
            "beside": beside,
            "people": figure.people(groups),
            **self._disputed(ruleset, groups, window),
        }

    def _disputed(self, ruleset: Ruleset, groups: Sequence[figure.Group], window: tuple[int, int]) -> disputed.Beside:
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
        indicator = ruleset.indicator(code)
        if indicator is None:
            known = ", ".join(i.code for i in ruleset.indicators)
            raise errors.BadQuestion(f"{ruleset.name} has no figure {code}", field="code", remedy=f"one of {known}")
        window = ruleset.window(day)
        facts = self.store.of_kinds(self.generation, indicator.kinds, window, self.position, OWN)
        doubts = self._doubts(indicator.kinds, window, facts) if self._disputes.suspect else None
        return {
            **self._frame(),
            "day": day.isoformat(),
            "code": code,
            "name": {"en": indicator.en, "fr": indicator.fr},
            "ruleset": ruleset.name,
            "value": self.value(indicator, window),
            "unit": indicator.unit,
            **disputed.explained(indicator, facts, doubts),
        }

    def situation_facts(self) -> list[Fact]:
        """The live facts of every stream that may have something to show, and of those linked with it."""
        known: set[str] = set()
        new = set(self.store.attention(self.generation, self.position))
        facts: list[Fact] = []
        for _ in range(LINK_ROUNDS_MAX):
            if not new:
                break
            known |= new
            found = self.store.of_streams(self.generation, sorted(new), self.position)
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
        facts = self.situation_facts()
        if shared:
            joint = [msgspec.structs.replace(f, reading="both") for f in facts if f.reading in SHARED]
            return {**self._frame(), **situation(joint, self.instant, self.nation), "breaches": [], "parked": []}
        parked = [p for p in self.store.parked(self.generation) if p["position"] <= self.position]
        shown = situation(facts, self.instant, self.nation)
        breaches = breach_rows(self.store.of_kind(self.generation, BREACH, self.position))
        return {**self._frame(), **shown, "breaches": breaches, "parked": parked}


def reconcile(pair_code: str, gb: Moment, gb_day: date, fr: Moment, fr_day: date | None = None) -> dict[str, Any]:
    """London's figure to Paris's, jointly: both views are at hand. Raises BadQuestion for an unknown pair."""
    pair = reconciling.PAIRS.get(pair_code)
    if pair is None:
        known = ", ".join(reconciling.PAIRS)
        raise errors.BadQuestion(f"there is no pair {pair_code}", field="pair", remedy=f"one of {known}")
    london, paris = gb.ruleset(), fr.ruleset()
    fr_day = fr_day or overlapping_day(london, gb_day, paris)
    windows = london.window(gb_day), paris.window(fr_day)
    span = min(w[0] for w in windows), max(w[1] for w in windows)
    then = fr.ruleset("GB")
    kinds = _kinds(pair, london, then, paris)

    def end(moment: Moment, ruleset: Ruleset, code: str, day: date, window: tuple[int, int]) -> reconciling.End:
        indicator = ruleset.indicator(code)
        assert indicator is not None
        shared = moment.store.of_kinds(moment.generation, kinds, span, moment.position, SHARED)
        own = moment.store.of_kinds(moment.generation, kinds, span, moment.position, OWN)
        value = moment.value(indicator, window)
        return reconciling.End(day.isoformat(), moment.position, ruleset, window, value, shared, own)

    gb_end = end(gb, london, pair.gb, gb_day, windows[0])
    fr_end = end(fr, paris, pair.fr, fr_day, windows[1])
    result = reconciling.reconcile(pair, gb_end, fr_end, then)
    ends = {"gb": _end(gb, gb_day, london, pair.gb), "fr": _end(fr, fr_day, paris, pair.fr)}
    return {"pair": pair.code, **ends, **result, "told": reconciling.told(result)}


def _kinds(pair: reconciling.Pair, *rulesets: Ruleset) -> Sequence[str]:
    kinds = {t.kind for t in pair.scope or ()}
    for ruleset in rulesets:
        for indicator in ruleset.indicators:
            if indicator.code in (pair.gb, pair.fr):
                kinds |= indicator.kinds
    return sorted(kinds)


def _end(moment: Moment, day: date, ruleset: Ruleset, code: str) -> dict[str, Any]:
    return {
        "day": day.isoformat(),
        "code": code,
        "ruleset": ruleset.name,
        "as_of": format_instant(moment.instant),
        "position": moment.position,
        "checkpoint": moment.view.covering(moment.position),
        "settled": moment.settled,
    }
