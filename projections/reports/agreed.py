"""What became of the reconciliations on record: who agreed to what, what is disputed, declared, signed by both, and still open.

A reconciliation that leaves something unexplained says so for ever: nobody agrees it away, and a declaration made afterwards
explains nothing that was recorded as unexplained. Where later events move an end, a new reconciliation is due.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from ledger import errors
from ledger.formats.entry import format_instant
from projections.fact import Fact
from projections.reports.issued import Issued, issued
from projections.reports.moved import moved
from projections.reports.reconciled import BARE, ENDS, Answer, between, digest
from projections.sentences import sentences
from projections.view import SHARED, Moment

AGREED, DISPUTED, OPEN, UNEXPLAINED = "agreed", "disputed", "open", "unexplained"
R00 = "R00"
TOLD_BY: Mapping[str, Any] = {
    "steps": [], "told": {}, "about": [], "names": {}, "not_stated": [], "declared": {}, "declared_later": {},
}  # fmt: skip
"""What sentences are made of, and what that is where nothing can be computed."""
NATIONS = tuple(ENDS)
Row = dict[str, Any]


class Recorded(msgspec.Struct, frozen=True, dict=True):
    """One reconciliation on record."""

    fact: Fact

    @cached_property
    def said(self) -> Mapping[str, Any]:
        """gb, fr, steps, unexplained, position, content_sha256: as its event says them."""
        found: dict[str, Any] = msgspec.json.decode(self.fact.detail)
        return found

    @property
    def pair(self) -> str:
        """The code of the pair of figures."""
        return self.fact.code

    @property
    def days(self) -> tuple[str, str]:
        """London's day, Paris's day."""
        return self.said["gb"]["day"], self.said["fr"]["day"]


def recorded(now: Moment) -> list[Recorded]:
    """Every reconciliation on record that both nations see, in log order."""
    return [Recorded(fact) for fact in now.store.of_kind(now.generation, "reconciliation", now.position) if _is_shared(fact)]


def find(now: Moment, event: str) -> Recorded:
    """One of them, by the id of its event. Raises NotFound."""
    for record in recorded(now):
        if record.fact.event == event:
            return record
    raise errors.NotFound(
        f"no reconciliation {event} is on record", field="reconciliation", remedy="the list of reconciliations has their ids"
    )


def rows(now: Moment, days: tuple[str | None, str | None] = (None, None)) -> list[Row]:
    """The reconciliations of these days (of any, where one is None), without their items."""
    wanted = [r for r in recorded(now) if all(d in (None, has) for d, has in zip(days, r.days, strict=True))]
    left_out = ("items", *TOLD_BY, "sentences")
    context = _Context(now)
    return [{name: value for name, value in context.state(each).items() if name not in left_out} for each in wanted]


def state(now: Moment, record: Recorded) -> Row:
    """All that is on record of one, and what follows from it now."""
    return _Context(now).state(record)


class _Context:
    """What several reconciliations are told from."""

    def __init__(self, now: Moment) -> None:
        self.now = now
        self.reports = {report.event: report for report in issued(now)}
        self.all = recorded(now)
        self.steps = [f for f in now.store.of_kind(now.generation, "reconciliation_step", now.position) if _is_shared(f)]

    def state(self, record: Recorded) -> Row:
        """See `state`."""
        fact, said = record.fact, record.said
        steps = [f for f in self.steps if f.subject == fact.event]
        ends = self._ends(record)
        computed = self._computed(record, ends)
        answer = _as_recorded(computed, said) if computed is not None else None
        declared = _declared(steps, answer)
        shown = (
            {}
            if answer is None
            else {
                **answer,
                "declared": declared["sized"],
                "not_stated": declared["silent"],
                "declared_later": declared["later"],
            }
        )
        items = [] if answer is None else _items(shown, steps)
        later = next(
            (r for r in reversed(self.all) if (r.pair, r.days) == (record.pair, record.days) and r is not record), None
        )
        is_followed = later is not None and later.fact.origin > fact.origin
        stands = computed is not None and _is_same(computed, said)
        unexplained = said.get("unexplained", 0)
        return {
            "event": fact.event, "pair": record.pair, "position": fact.origin, "recorded_at": format_instant(fact.recorded_at),
            "by": fact.authority, "nation": fact.nation, "stream": fact.stream,
            "gb": {**said["gb"], **(answer["gb"] if answer is not None else {})},
            "fr": {**said["fr"], **(answer["fr"] if answer is not None else {})},
            "from": said["gb"]["value"], "to": said["fr"]["value"],
            "stands": stands,
            "unexplained": unexplained,
            "beyond_declared": declared["beyond"],
            "red": bool(unexplained or declared["beyond"] or not stands),
            "residues": {
                "explained": sum(s["delta"] for s in shown.get("steps", ()) if s["items"]),
                "size_declared": declared["sizes"], "size_not_stated": declared["not_stated"], "unexplained": unexplained,
            },
            "counts": _counts(items),
            "signed_off": [_signed_off(f, shown, steps, unexplained) for f in steps if f.code == "signed_off"],
            "due": [] if is_followed or computed is None or ends is None else moved(self.now, record.pair, ends),
            "followed_by": later.fact.event if later is not None and is_followed else None,
            "items": items,
            **{name: shown.get(name, nothing) for name, nothing in TOLD_BY.items()},
            "sentences": {lang: sentences(shown, lang) if shown else [] for lang in ("en", "fr")},
        }  # fmt: skip

    def _ends(self, record: Recorded) -> tuple[Issued, Issued] | None:
        """The reports it names, where they are what it says they are."""
        found = []
        for nation, side in ENDS.items():
            report = self.reports.get(record.said[side].get("report") or "")
            day = record.said[side]["day"]
            if report is None or (report.nation, report.day) != (nation, day) or report.fact.origin > record.fact.origin:
                return None
            found.append(report)
        return found[0], found[1]

    def _computed(self, record: Recorded, ends: tuple[Issued, Issued] | None) -> Answer | None:
        if ends is None:
            return None
        try:
            return between(self.now, record.pair, ends)
        except errors.BadQuestion:  # a pair, a ruleset or a report that this version cannot draw
            return None


def _is_shared(fact: Fact) -> bool:
    return fact.reading in SHARED


def _is_same(computed: Answer, said: Mapping[str, Any]) -> bool:
    """Whether what was recorded is what both nations compute."""
    ends = (computed["from"], computed["to"]) == (said["gb"]["value"], said["fr"]["value"])
    middle = [s for s in said.get("steps", ()) if s["dimension"] not in BARE.values()]
    told = [{"dimension": s["dimension"], "delta": s["delta"]} for s in computed["steps"] if s["items"]]
    return ends and middle == told and said.get("content_sha256") == digest(computed)


def _as_recorded(computed: Answer, said: Mapping[str, Any]) -> Answer:
    """What both compute, with what the record says of the two ends: how much is withheld, how much unexplained."""
    bare = {s["dimension"]: s["delta"] for s in said.get("steps", ()) if s["dimension"] in BARE.values() and s["delta"]}
    sized = {d: {"dimension": d, "delta": n, "items": [], "not_communicated": True} for d, n in bare.items()}
    first, last = ([sized[BARE[nation]]] if BARE[nation] in sized else [] for nation in NATIONS)
    middle = [step for step in computed["steps"] if step["items"]]
    return {**computed, "steps": [*first, *middle, *last], "unexplained": said.get("unexplained", 0)}


# -- what is not communicated ------------------------------------------------------------------------------------------------


def _declared(steps: Sequence[Fact], answer: Answer | None) -> dict[str, Any]:
    """By nation: `sizes` declared, `beyond` what a declaration leaves of a size that was recorded; who stated none."""
    found: dict[str, Any] = {"sizes": {}, "beyond": {}, "sized": {}, "not_stated": [], "later": {}, "silent": []}
    if answer is None:
        return found
    bare = {s["dimension"]: s["delta"] for s in answer["steps"] if not s["items"]}
    said = {
        f.party: msgspec.json.decode(f.detail or b"{}").get("size")
        for f in steps
        if f.code == "declared" and f.party == f.nation
    }
    for nation in NATIONS:
        size, known = bare.get(BARE[nation], 0), nation not in answer["not_stated"]
        if said.get(nation) is not None:
            found["sizes"][nation] = said[nation]
            if not known:
                found["later"][nation] = said[nation]
            elif said[nation] != size:
                found["beyond"][nation] = size - said[nation]
        elif nation in said or not known:
            found["sized"][nation] = False
            found["not_stated"].append(nation)
            found["silent"] += [] if known else [nation]
        elif size:
            found["sizes"][nation] = size
    return found


# -- what is said of each item -----------------------------------------------------------------------------------------------


def _items(answer: Answer, steps: Sequence[Fact]) -> list[Row]:
    """Each event, stream or suspect of the difference, each size without items, and what is unexplained, with who said what."""
    told = [entry for name in ("counted", "neither", "both") for entry in answer["told"][name]]
    bare = [
        {"key": s["dimension"], "label": s["dimension"], "net": s["delta"], "size": abs(s["delta"]), "steps": [s]}
        for s in answer["steps"] if not s["items"]
    ]  # fmt: skip
    rows = []
    for entry in [*told, *bare]:
        shown = [{name: s[name] for name in ("dimension", "delta", "reason") if name in s} for s in entry["steps"]]
        said = {
            nation: _positions(entry, [f for f in steps if f.about == entry["key"] and f.nation == nation])
            for nation in NATIONS
        }
        stances = {said[nation]["stance"] for nation in NATIONS}
        whole = DISPUTED if DISPUTED in stances else AGREED if stances == {AGREED} else OPEN
        rows.append({"key": entry["key"], "label": entry["label"], "net": entry["net"], "size": entry["size"],
                     "steps": shown, "state": whole, **said})  # fmt: skip
    if answer["unexplained"]:
        said = {
            nation: {"stance": OPEN, "said": _said(f for f in steps if f.about == R00 and f.nation == nation)}
            for nation in NATIONS
        }
        rows.append({"key": R00, "label": R00, "net": answer["unexplained"], "size": abs(answer["unexplained"]),
                     "steps": [], "state": UNEXPLAINED, **said})  # fmt: skip
    return rows


def _positions(entry: Mapping[str, Any], facts: Sequence[Fact]) -> Row:
    """Where one nation stands on an item: what it said last of each step; what it agreed to of another size is no agreement."""
    stances = {step["dimension"]: OPEN for step in entry["steps"]}
    for fact in facts:
        if fact.code not in (AGREED, DISPUTED):
            continue
        said = msgspec.json.decode(fact.detail or b"{}")
        dimension = said.get("dimension")
        size = (
            entry["net"]
            if dimension is None
            else next((s["delta"] for s in entry["steps"] if s["dimension"] == dimension), None)
        )
        stance = OPEN if fact.code == AGREED and said.get("delta", size) != size else fact.code
        for each in stances if dimension is None else {dimension} & stances.keys():
            stances[each] = stance
    found = set(stances.values())
    stance = DISPUTED if DISPUTED in found else AGREED if found == {AGREED} else OPEN
    return {"stance": stance, "said": _said(facts)}


def _said(facts: Any) -> list[Row]:
    """Each statement of an official, in log order; its words stand in its own text, not here."""
    rows = []
    for fact in facts:
        if fact.code in (AGREED, DISPUTED):
            more = msgspec.json.decode(fact.detail or b"{}")
            rows.append({
                "stance": fact.code, "event": fact.event, "position": fact.origin, "by": fact.authority,
                "at": format_instant(fact.recorded_at), "has_comment": bool(more.get("has_text")),
                **{name: more[name] for name in ("dimension", "delta", "reason_code") if name in more},
            })  # fmt: skip
    return rows


def _counts(items: Sequence[Row]) -> dict[str, int]:
    return {name: sum(item["state"] == name for item in items) for name in (AGREED, DISPUTED, OPEN)}


def _signed_off(fact: Fact, answer: Answer, steps: Sequence[Fact], unexplained: int) -> Row:
    """What both signed: how it stood then stays beside it, whatever is agreed later."""
    before = [f for f in steps if f.origin < fact.origin]
    counts = _counts(_items(answer, before)) if answer else {AGREED: 0, DISPUTED: 0, OPEN: 0}
    beyond = _declared(before, answer or None)["beyond"]
    is_whole = bool(answer) and not (counts[DISPUTED] or counts[OPEN] or unexplained or beyond)
    return {
        "event": fact.event, "position": fact.origin, "at": format_instant(fact.recorded_at), **counts,
        "unexplained": unexplained, "beyond_declared": beyond, "whole": is_whole,
    }  # fmt: skip
