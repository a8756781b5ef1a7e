"""From London's figure to Paris's, one dimension at a time, every unit charged to the event, stream or suspect it comes from.

withheld_by_gb → as_of → window → scope → category → withheld_by_fr. Each step recomputes every key's contribution and charges
the change; the sum telescopes. The middle steps use only facts both nations may see, so they are the same whoever computes
them. What the steps do not reach, measured against the two figures computed on their own path, is called unexplained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from projections import telling
from projections.fact import Fact
from projections.ruleset import Indicator, Ruleset, Term, term

Window = tuple[int, int]
Contributions = dict[str, int]
HOUR = 3_600_000_000
DAY = 24 * HOUR

DIMENSIONS = ("withheld_by_gb", "as_of", "window", "scope", "category", "withheld_by_fr")


@dataclass(frozen=True)
class Pair:
    """Two indicators that speak of the same thing. `scope` are London's terms once London's limits of place or authority are
    lifted to Paris's; the category step then goes to Paris's own terms. `category_reason` is why those differ: R12 where the
    point of counting moves, R03 where the unit does, else R06. `beside` are kinds of facts that neither counts and that tell
    why: of people found, those who were not taken over.
    """

    code: str
    gb: str
    fr: str
    key: Literal["event", "stream", "subject"]
    scope: tuple[Term, ...] | None = None
    category_reason: str = "R06"
    beside: tuple[str, ...] = ()


PAIRS: dict[str, Pair] = {
    p.code: p
    for p in (
        Pair("P1", "G2", "F1", "event"),
        Pair("P2", "G1", "F3", "stream", (term("detection"),), "R12", beside=("not_accepted",)),
        Pair("P3", "G6", "F8", "subject", scope=(term("arrest", about="facilitation", nation="FR"),)),
        Pair("P4", "G5", "F4", "event"),
        Pair("P5", "G9", "F7", "event", scope=(term("casualty", code="fatal", side="FR"),)),
    )
}


@dataclass(frozen=True)
class End:
    """One nation's end: its day, the position of its instant, its rules there, its own figure, and its facts.

    `own` are the facts live at `position` that the nation sees, `shared` those both may see; both must cover the windows of
    both ends. `own` is None where the nation's own facts are not at hand: its end step is then a size without items.
    """

    day: str
    position: int
    ruleset: Ruleset
    window: Window
    figure: int
    shared: Sequence[Fact]
    own: Sequence[Fact] | None


@dataclass(frozen=True)
class Count:
    """One way of counting: these facts by these terms over a window, apart by key."""

    facts: Sequence[Fact]
    terms: tuple[Term, ...]
    counting: str
    window: Window
    key: Callable[[Fact], str]

    @cached_property
    def sizes(self) -> Contributions:
        """What each key adds."""
        return contributions(self.facts, self.terms, self.counting, self.window, self.key)

    def by_key(self, keys: Iterable[str]) -> dict[str, list[Fact]]:
        """The facts that each of these keys counts by."""
        found: dict[str, list[Fact]] = {key: [] for key in keys}
        begin, end = self.window
        for fact in self.facts:
            if begin <= fact.occurred_at < end and any(t.admits(fact) for t in self.terms) and self.key(fact) in found:
                found[self.key(fact)].append(fact)
        return found


@dataclass(frozen=True)
class Charge:
    """One step: the count before and after, and how a key's reason is told."""

    dimension: str
    before: Count
    after: Count
    reason: Callable[[str, list[Fact]], str]

    @property
    def facts(self) -> list[Fact]:
        """All that either count looks at."""
        both = self.before.facts is self.after.facts
        return [*self.before.facts, *(() if both else self.after.facts)]


def reconcile(pair: Pair, gb: End, fr: End, gb_rules_at_fr: Ruleset) -> dict[str, Any]:
    """The steps between the two figures, with items, reasons and what is left unexplained (0, or a defect); `told` has the
    same by key, `about` what became of each (see `telling.about`).

    `gb_rules_at_fr` is London's ruleset in force at Paris's instant: the as_of step moves to it together with the facts.
    """
    charges, first, last = _charges(pair, gb, fr, gb_rules_at_fr)
    steps = [_step(charge, pair) for charge in charges if charge.before.sizes != charge.after.sizes]
    if gb.own is None:
        steps = _with_bare(steps, "withheld_by_gb", sum(first.sizes.values()) - gb.figure, first=True)
    if fr.own is None:
        steps = _with_bare(steps, "withheld_by_fr", fr.figure - sum(last.sizes.values()), first=False)
    unexplained = fr.figure - gb.figure - sum(s["delta"] for s in steps)
    told, about = (
        telling.told(steps, charges[0].before.sizes),
        [row for charge in charges for row in _about(charge, pair, gb, fr)],
    )
    ends = {"pair": pair.code, "from": gb.figure, "to": fr.figure}
    return {**ends, "steps": steps, "unexplained": unexplained, "told": told, "about": about}


def _charges(pair: Pair, gb: End, fr: End, gb_rules_at_fr: Ruleset) -> tuple[list[Charge], Count, Count]:
    """The steps to walk, and the first and the last count of what both may see."""
    key = KEYS[pair.key]
    london, paris = _indicator(gb.ruleset, pair.gb), _indicator(fr.ruleset, pair.fr)
    london_then = _indicator(gb_rules_at_fr, pair.gb)
    at_gb = Count(gb.shared, london.terms, london.counting, gb.window, key)
    unchanged_rules = Count(fr.shared, london.terms, london.counting, gb.window, key)
    at_fr = Count(fr.shared, london_then.terms, london_then.counting, gb.window, key)
    in_window = Count(fr.shared, london_then.terms, london_then.counting, fr.window, key)
    in_scope = Count(fr.shared, pair.scope or london_then.terms, london_then.counting, fr.window, key)
    in_category = Count(fr.shared, paris.terms, paris.counting, fr.window, key)
    charges = [
        Charge("as_of", at_gb, at_fr, _why_as_of(gb, fr, at_gb.sizes, at_fr.sizes, unchanged_rules.sizes)),
        Charge("window", at_fr, in_window, _why_window(gb.window, fr.window)),
        Charge("scope", in_window, in_scope, _why_scope),
        Charge("category", in_scope, in_category, lambda k, f: pair.category_reason),
    ]
    if gb.own is not None:
        own = Count(gb.own, london.terms, london.counting, gb.window, key)
        charges.insert(0, Charge("withheld_by_gb", own, at_gb, lambda k, f: "R07"))
    if fr.own is not None:
        own = Count(fr.own, paris.terms, paris.counting, fr.window, key)
        charges.append(Charge("withheld_by_fr", in_category, own, lambda k, f: "R07"))
    return charges, at_gb, in_category


def contributions(
    facts: Iterable[Fact], terms: tuple[Term, ...], counting: str, window: Window, key: Callable[[Fact], str]
) -> Contributions:
    """What each key adds to the figure that these terms make over a window; keys that add nothing are left out."""
    found: Contributions = {}
    begin, end = window
    for fact in facts:
        if begin <= fact.occurred_at < end and any(t.admits(fact) for t in terms):
            of = key(fact)
            if counting == "distinct":
                found[of] = 1
            else:
                found[of] = found.get(of, 0) + (1 if counting == "facts" else fact.quantity)
    return {of: n for of, n in found.items() if n}


KEYS: dict[str, Callable[[Fact], str]] = {
    "event": lambda f: f.event,
    "stream": lambda f: f.stream,
    "subject": lambda f: f.subject or f.event,
}


def _indicator(ruleset: Ruleset, code: str) -> Indicator:
    found = ruleset.indicator(code)
    assert found is not None, f"{ruleset.name} has no {code}"
    return found


def _changed(charge: Charge) -> dict[str, int]:
    before, after = charge.before.sizes, charge.after.sizes
    changes = {k: after.get(k, 0) - before.get(k, 0) for k in {**before, **after}}
    return {k: delta for k, delta in changes.items() if delta}


def _step(charge: Charge, pair: Pair) -> dict[str, Any]:
    key, changed = charge.before.key, _changed(charge)
    by_key: dict[str, list[Fact]] = {k: [] for k in changed}
    for fact in charge.facts:
        if fact.kind not in pair.beside and key(fact) in by_key:
            by_key[key(fact)].append(fact)
    items = []
    for k in sorted(changed, key=lambda k: min((f.origin for f in by_key[k]), default=0)):
        facts = by_key[k]
        items.append(
            {
                "key": k,
                "label": _label(k, facts),
                "delta": changed[k],
                "reason": charge.reason(k, facts),
                "positions": sorted({p for f in facts for p in (f.origin, f.stated)}),
            }
        )
    return {"dimension": charge.dimension, "delta": sum(changed.values()), "items": items}


def _about(charge: Charge, pair: Pair, gb: End, fr: End) -> Iterator[dict[str, Any]]:
    """What became of each key that a step changes."""
    changed = _changed(charge)
    before, after = (count.by_key(changed) for count in (charge.before, charge.after))
    beside: dict[str, list[Fact]] = {k: [] for k in changed}
    for fact in charge.after.facts:
        if fact.kind in pair.beside and charge.after.key(fact) in beside:
            beside[charge.after.key(fact)].append(fact)
    for k, delta in changed.items():
        # What Paris gains lies outside London's day, and the other way round.
        window = (gb if delta > 0 else fr).window if charge.dimension == "window" else None
        row = telling.about(before[k], after[k], delta, beside[k], window)
        yield {"dimension": charge.dimension, "key": k, **row}


def _label(key: str, facts: Sequence[Fact]) -> str:
    """An event is shown by its author's reference where it has one; a stream or suspect by itself."""
    return next((f.label for f in facts if f.event == key), key)


def _with_bare(steps: list[dict[str, Any]], dimension: str, delta: int | None, first: bool) -> list[dict[str, Any]]:
    """A withheld end step known by its size only."""
    if not delta:
        return steps
    bare = {"dimension": dimension, "delta": delta, "items": [], "not_communicated": True}
    return [bare, *steps] if first else [*steps, bare]


# -- why a key's contribution changed --------------------------------------------------------------------------------------


def _why_as_of(
    gb: End, fr: End, before: Contributions, after: Contributions, unchanged_rules: Contributions
) -> Callable[[str, list[Fact]], str]:
    """R14 other rules, R09 corrected in between, R02 first recorded in between."""
    earlier = min(gb.position, fr.position)

    def why(key: str, facts: list[Fact]) -> str:
        if before.get(key, 0) == unchanged_rules.get(key, 0) != after.get(key, 0):
            return "R14"
        corrected = any(f.origin <= earlier and (f.stated > earlier or f.ended <= max(gb.position, fr.position)) for f in facts)
        return "R09" if corrected else "R02"

    return why


def _why_window(gb: Window, fr: Window) -> Callable[[str, list[Fact]], str]:
    """R16 where a clock change or a stated imprecision decides, else R01."""
    boundaries = (*gb, *fr)
    changes = [b for w in (gb, fr) if w[1] - w[0] != DAY for b in w]

    def why(key: str, facts: list[Fact]) -> str:
        for fact in facts:
            around = fact.imprecision_seconds * 1_000_000
            if around and any(abs(fact.occurred_at - b) <= around for b in boundaries):
                return "R16"
            if any(abs(fact.occurred_at - b) < HOUR for b in changes):
                return "R16"
        return "R01"

    return why


def _why_scope(key: str, facts: list[Fact]) -> str:
    """R05 where a site operator stated it, else R04."""
    return "R05" if any(f.nation == "OPERATOR" for f in facts) else "R04"
