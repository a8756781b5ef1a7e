"""A difference told by event instead of by step: what happened in each, who said so and where, and what its steps come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from projections.fact import Fact


def about(
    before: Sequence[Fact], after: Sequence[Fact], delta: int, beside: Sequence[Fact], window: tuple[int, int] | None
) -> dict[str, Any]:
    """What became of a key: {"did": kinds of facts, "by": authorities, "at": places, "when"?, "refused"?: [[code, count]]}.

    `before` and `after` are the facts that its key counts by on either side of the step, `window` the reporting day that it
    lies outside of: `when` says on which side. `refused` are the people found whom nobody took over, by why.
    """
    gone, new = [f for f in before if f not in after], [f for f in after if f not in before]
    made = (new if delta > 0 else gone) or new or gone or [*after, *before]
    found: dict[str, Any] = {
        "did": _each(f"{f.kind}.{f.code}" if f.kind == "attempt" else f.kind for f in made),
        "by": _each(f.authority for f in made),
        "at": _each(f.place for f in made if f.place),
    }
    if window is not None and made:
        if all(f.occurred_at >= window[1] for f in made):
            found["when"] = "after"
        elif all(f.occurred_at < window[0] for f in made):
            found["when"] = "before"
    if delta < 0 and beside:
        refused: dict[str, int] = {}
        for fact in {(f.event, f.ordinal, f.code): f for f in beside}.values():
            refused[fact.code] = refused.get(fact.code, 0) + fact.quantity
        found["refused"] = [[code, count] for code, count in sorted(refused.items())]
    return found


def _each(values: Any) -> list[str]:
    return list(dict.fromkeys(values))


def told(steps: Sequence[Mapping[str, Any]], begins: Mapping[str, int]) -> dict[str, list[dict[str, Any]]]:
    """The difference by key over all steps: {"counted": [...], "neither": [...], "both": [...]}; the largest first.

    A key whose steps cancel is told once, with the size it had on the way: under `both` where London's figure counts it (by
    `begins`, what each key adds there) and so does Paris's, by another route; else under `neither`.
    """
    by_key: dict[str, dict[str, Any]] = {}
    for step in steps:
        for item in step["items"]:
            entry = by_key.setdefault(item["key"], {"key": item["key"], "label": item["label"], "net": 0, "steps": []})
            entry["net"] += item["delta"]
            entry["steps"].append({"dimension": step["dimension"], "delta": item["delta"], "reason": item["reason"]})
    entries = list(by_key.values())
    for entry in entries:
        entry["size"] = max(abs(s["delta"]) for s in entry["steps"])
    entries.sort(key=lambda e: -abs(e["net"] or e["size"]))
    even = [e for e in entries if not e["net"]]
    return {
        "counted": [e for e in entries if e["net"]],
        "neither": [e for e in even if not begins.get(e["key"])],
        "both": [e for e in even if begins.get(e["key"])],
    }
