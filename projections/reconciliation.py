"""From London's figure to Paris's, one dimension at a time, every unit charged to the event, stream or suspect it comes from.

withheld_by_gb → as_of → window → scope → category → withheld_by_fr. Each step recomputes every key's contribution and charges
the change; the sum telescopes. The middle steps use only facts both nations may see, so they are the same whoever computes
them. What the steps do not reach, measured against the two figures computed on their own path, is called unexplained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

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
    point of counting moves, R03 where the unit does, else R06.
    """

    code: str
    gb: str
    fr: str
    key: Literal["event", "stream", "subject"]
    scope: tuple[Term, ...] | None = None
    category_reason: str = "R06"


PAIRS: dict[str, Pair] = {
    p.code: p
    for p in (
        Pair("P1", "G2", "F1", "event"),
        Pair("P2", "G1", "F3", "stream", scope=(term("detection"),), category_reason="R12"),
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
class Charge:
    """One step: contributions before and after, the facts each rests on, and how a key's reason is told."""

    dimension: str
    before: Contributions
    after: Contributions
    facts: Sequence[Fact]
    reason: Callable[[str, list[Fact]], str]


def reconcile(pair: Pair, gb: End, fr: End, gb_rules_at_fr: Ruleset) -> dict[str, Any]:
    """The steps between the two figures, with items, reasons and what is left unexplained (0, or a defect).

    `gb_rules_at_fr` is London's ruleset in force at Paris's instant: the as_of step moves to it together with the facts.
    """
    key = KEYS[pair.key]
    london, paris = _indicator(gb.ruleset, pair.gb), _indicator(fr.ruleset, pair.fr)
    london_then = _indicator(gb_rules_at_fr, pair.gb)
    scoped = pair.scope or london_then.terms
    scope_changes = scoped != london_then.terms

    def counted(facts: Sequence[Fact], terms: tuple[Term, ...], counting: str, window: Window) -> Contributions:
        return contributions(facts, terms, counting, window, key)

    at_gb = counted(gb.shared, london.terms, london.counting, gb.window)
    unchanged_rules = counted(fr.shared, london.terms, london.counting, gb.window)
    at_fr = counted(fr.shared, london_then.terms, london_then.counting, gb.window)
    in_window = counted(fr.shared, london_then.terms, london_then.counting, fr.window)
    in_scope = counted(fr.shared, scoped, london_then.counting, fr.window) if scope_changes else in_window
    in_category = counted(fr.shared, paris.terms, paris.counting, fr.window)
    charges = [
        Charge("as_of", at_gb, at_fr, [*gb.shared, *fr.shared], _why_as_of(gb, fr, at_gb, at_fr, unchanged_rules)),
        Charge("window", at_fr, in_window, fr.shared, _why_window(gb.window, fr.window)),
        Charge("scope", in_window, in_scope, fr.shared, _why_scope),
        Charge("category", in_scope, in_category, fr.shared, lambda k, f: pair.category_reason),
    ]
    withheld_by_gb = withheld_by_fr = None
    if gb.own is not None:
        own = counted(gb.own, london.terms, london.counting, gb.window)
        charges.insert(0, Charge("withheld_by_gb", own, at_gb, [*gb.own, *gb.shared], lambda k, f: "R07"))
    else:
        withheld_by_gb = sum(at_gb.values()) - gb.figure
    if fr.own is not None:
        own = counted(fr.own, paris.terms, paris.counting, fr.window)
        charges.append(Charge("withheld_by_fr", in_category, own, [*fr.own, *fr.shared], lambda k, f: "R07"))
    else:
        withheld_by_fr = fr.figure - sum(in_category.values())
    steps = [_step(charge, key) for charge in charges if charge.before != charge.after]
    steps = _with_bare(steps, "withheld_by_gb", withheld_by_gb, first=True)
    steps = _with_bare(steps, "withheld_by_fr", withheld_by_fr, first=False)
    unexplained = fr.figure - gb.figure - sum(s["delta"] for s in steps)
    return {"pair": pair.code, "from": gb.figure, "to": fr.figure, "steps": steps, "unexplained": unexplained}


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


def _step(charge: Charge, key: Callable[[Fact], str]) -> dict[str, Any]:
    changed = [k for k in {**charge.before, **charge.after} if charge.before.get(k, 0) != charge.after.get(k, 0)]
    by_key: dict[str, list[Fact]] = {k: [] for k in changed}
    for fact in charge.facts:
        if key(fact) in by_key:
            by_key[key(fact)].append(fact)
    items = []
    for k in sorted(changed, key=lambda k: min((f.origin for f in by_key[k]), default=0)):
        facts = by_key[k]
        items.append(
            {
                "key": k,
                "label": _label(k, facts),
                "delta": charge.after.get(k, 0) - charge.before.get(k, 0),
                "reason": charge.reason(k, facts),
                "positions": sorted({p for f in facts for p in (f.origin, f.stated)}),
            }
        )
    return {"dimension": charge.dimension, "delta": sum(i["delta"] for i in items), "items": items}


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


# -- told per event, not per step ------------------------------------------------------------------------------------------


def told(result: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The difference by key over all steps: {"counted": [...], "neither": [...]}.

    A key whose steps cancel is told once, under `neither`, with the size it had on the way.
    """
    by_key: dict[str, dict[str, Any]] = {}
    for step in result["steps"]:
        for item in step["items"]:
            entry = by_key.setdefault(item["key"], {"key": item["key"], "label": item["label"], "net": 0, "steps": []})
            entry["net"] += item["delta"]
            entry["steps"].append({"dimension": step["dimension"], "delta": item["delta"], "reason": item["reason"]})
    entries = list(by_key.values())
    for entry in entries:
        entry["size"] = max(abs(s["delta"]) for s in entry["steps"])
    return {"counted": [e for e in entries if e["net"]], "neither": [e for e in entries if not e["net"]]}
