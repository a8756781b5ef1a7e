"""The difference between the two capitals, asked of their views: jointly where both are at hand, or by one nation alone.

One nation alone has what both may see, and of the other's end what the other has signed: a report's figure. The last step is
then a size without items, or, where nothing is signed, a size that nobody has stated (figures, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from ledger import errors
from ledger.formats.entry import format_instant
from projections import reconciliation as reconciling
from projections.reconciliation import End, Pair
from projections.released import Released, released
from projections.reports.issued import of_day
from projections.ruleset import Ruleset, overlapping_day
from projections.view import OWN, SHARED, Moment, View

Days = tuple[date, date]


def reconcile(pair_code: str, gb: Moment, gb_day: date, fr: Moment, fr_day: date | None = None) -> dict[str, Any]:
    """London's figure to Paris's, with both views at hand. Raises BadQuestion for an unknown pair."""
    return reconcile_opening(pair_code, (gb, fr), (gb_day, fr_day), with_sealed=True)[0]


def reconcile_jointly(pair_code: str, at: tuple[Moment, Moment], on: tuple[date, date | None]) -> dict[str, Any]:
    """The same for whom both nations appointed: of what a nation sealed, the size that may be stated, without items.

    Where fewer than five more or less are sealed, undeclared, the nation is named in `fewer_than_five` and its figure is given
    without them; from there the steps still add up (projections/released.py).
    """
    pair = pair_of(pair_code)
    (gb, fr), (gb_day, fr_day) = at, on
    found = gb_day, fr_day or overlapping_day(gb.ruleset(), gb_day, fr.ruleset())
    stated: list[Released] = []
    for moment, code, day in zip(at, (pair.gb, pair.fr), found, strict=True):
        indicator = moment.ruleset().indicator(code)
        assert indicator is not None
        stated.append(released(moment, indicator, day, reconciling.KEYS[pair.key]))
    answer, _ = reconcile_opening(pair_code, at, on, with_sealed=False, stated=stated)
    return {**answer, "fewer_than_five": [nation for nation, its in zip(("GB", "FR"), stated, strict=True) if its.lacks]}


def reconcile_opening(
    pair_code: str,
    at: tuple[Moment, Moment],
    on: tuple[date, date | None],
    *,
    with_sealed: bool,
    stated: Sequence[Released | None] = (None, None),
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The same, and by nation the sealed events that items of the answer speak of.

    Without what is sealed, what a nation withholds is told by its size alone: by the exact one, or as `stated`.
    """
    (gb, fr), (gb_day, fr_day) = at, on
    pair = pair_of(pair_code)
    london, paris = gb.ruleset(), fr.ruleset()
    days = gb_day, fr_day or overlapping_day(london, gb_day, paris)
    then = fr.ruleset("GB")
    kinds, span = kinds_of(pair, london, then, paris), span_of(london, paris, days)

    def end(moment: Moment, ruleset: Ruleset, code: str, day: date, may: Released | None) -> End:
        indicator = ruleset.indicator(code)
        assert indicator is not None
        window = ruleset.window(day)
        shared = moment.store.of_kinds(moment.generation, kinds, span, moment.position, SHARED)
        own = moment.store.of_kinds(moment.generation, kinds, span, moment.position, OWN) if with_sealed else None
        value = moment.value(indicator, window) if may is None else may.value
        return End(day.isoformat(), moment.position, ruleset, window, value, shared, own)

    may_gb, may_fr = stated
    gb_end, fr_end = end(gb, london, pair.gb, days[0], may_gb), end(fr, paris, pair.fr, days[1], may_fr)
    ends = {"gb": end_of(gb, gb_end, pair.gb), "fr": end_of(fr, fr_end, pair.fr)}
    answer = answer_of(pair, ends, reconciling.reconcile(pair, gb_end, fr_end, then), gb.view)
    return answer, {"GB": _opened(pair, answer, gb_end), "FR": _opened(pair, answer, fr_end)}


def reconcile_alone(
    pair_code: str, at: tuple[Moment, Moment], days: tuple[date, date | None], *, with_sealed: bool = True
) -> tuple[dict[str, Any], list[str]]:
    """The same by one nation, of its own view and nothing else, at London's instant and at Paris's. The second value
    names the sealed events that items of the answer speak of.

    The other's end is its report of that day, the last one on record at its instant, at the position that the report is drawn
    at: its entry in the answer names it as `report`. Where none gives the figure `report` is null, the end counts what both may
    see, and `not_stated` names the nation: what it withholds has no size here. Raises BadQuestion for an unknown pair.
    """
    pair = pair_of(pair_code)
    moments, view = list(at), at[0].view
    rulesets = [moment.ruleset(nation) for moment, nation in zip(moments, ("GB", "FR"), strict=True)]
    found: Days = days[0], days[1] or overlapping_day(rulesets[0], days[0], rulesets[1])
    other = 1 if view.nation == "GB" else 0
    code, nation = (pair.gb, pair.fr)[other], ("GB", "FR")[other]
    report = _signed(moments[other], nation, found[other], code)
    if report is not None:
        moments[other] = view.at_position(report["position"])
        rulesets[other] = moments[other].ruleset(nation)
    then = moments[1].ruleset("GB")
    kinds, span = kinds_of(pair, rulesets[0], then, rulesets[1]), span_of(rulesets[0], rulesets[1], found)
    ends = []
    for end, moment in enumerate(moments):
        indicator, window = rulesets[end].indicator((pair.gb, pair.fr)[end]), rulesets[end].window(found[end])
        assert indicator is not None
        shared = moment.store.of_kinds(moment.generation, kinds, span, moment.position, SHARED)
        own = None
        if end != other and with_sealed:
            own = moment.store.of_kinds(moment.generation, kinds, span, moment.position, OWN)
        if end != other:
            value = moment.value(indicator, window)
        elif report is not None and report["value"] is not None:
            value = report["value"]
        else:
            key = reconciling.KEYS[pair.key]
            value = sum(reconciling.contributions(shared, indicator.terms, indicator.counting, window, key).values())
            value += report["withheld_size"] if report is not None else 0
        ends.append(End(found[end].isoformat(), moment.position, rulesets[end], window, value, shared, own))
    told = {
        name: end_of(moment, its, code)
        for name, moment, its, code in zip(("gb", "fr"), moments, ends, (pair.gb, pair.fr), strict=True)
    }
    told[nation.lower()]["report"] = report
    answer = answer_of(pair, told, reconciling.reconcile(pair, ends[0], ends[1], then), view)
    return {**answer, "not_stated": [] if report is not None else [nation]}, _opened(pair, answer, *ends)


def _opened(pair: Pair, answer: dict[str, Any], *ends: End) -> list[str]:
    """The sealed events of these ends that items of an answer speak of."""
    shown = {item["key"] for step in answer["steps"] for item in step["items"]}
    key = reconciling.KEYS[pair.key]
    return sorted({f.event for its in ends for f in its.own or () if f.reading == "own" and key(f) in shown})


def _signed(moment: Moment, nation: str, day: date, code: str) -> dict[str, Any] | None:
    """What a nation has signed of a figure: {"event", "status", "revision", "position", "value"}, or None.

    Where it withholds the figure and says how much of it, `value` is None and `withheld_size` that.
    """
    reports = of_day(moment, nation, day.isoformat())
    if not reports or not reports[-1].position:
        return None
    head = {name: value for name, value in reports[-1].head().items() if name not in ("nation", "day")}
    if code in reports[-1].figures:
        return {**head, "value": reports[-1].figures[code]}
    size = reports[-1].declared(code)
    return None if size is None else {**head, "value": None, "withheld_size": size}


def pair_of(code: str) -> Pair:
    """A pair of figures by its code. Raises BadQuestion."""
    pair = reconciling.PAIRS.get(code)
    if pair is None:
        known = ", ".join(reconciling.PAIRS)
        raise errors.BadQuestion(f"there is no pair {code}", field="pair", remedy=f"one of {known}")
    return pair


def span_of(london: Ruleset, paris: Ruleset, days: Days) -> tuple[int, int]:
    """From the earlier beginning of two reporting days to the later end."""
    windows = london.window(days[0]), paris.window(days[1])
    return min(w[0] for w in windows), max(w[1] for w in windows)


def kinds_of(pair: Pair, *rulesets: Ruleset) -> Sequence[str]:
    """The kinds of facts that tell a pair's difference under these rulesets."""
    kinds = {t.kind for t in pair.scope or ()} | set(pair.beside)
    for ruleset in rulesets:
        for indicator in ruleset.indicators:
            if indicator.code in (pair.gb, pair.fr):
                kinds |= indicator.kinds
    return sorted(kinds)


def end_of(moment: Moment, end: End, code: str) -> dict[str, Any]:
    """How an answer names one end."""
    return {
        "day": end.day,
        "code": code,
        "ruleset": end.ruleset.name,
        "as_of": format_instant(moment.instant),
        "position": moment.position,
        "checkpoint": moment.view.covering(moment.position),
        "settled": moment.settled,
    }


def answer_of(pair: Pair, ends: dict[str, Any], result: dict[str, Any], view: View) -> dict[str, Any]:
    """The answer, with what the authorities and places that it speaks of are called."""
    used = {code for row in result["about"] for code in (*row["by"], *row["at"])}
    names = view.named(max(end["position"] for end in ends.values())) if used else {}
    return {"pair": pair.code, **ends, **result, "names": {code: names[code] for code in sorted(used) if code in names}}
