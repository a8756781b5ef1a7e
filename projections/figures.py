"""Facts + ruleset + an instant -> figures, what stands beside them, people, and the lines behind each.

Pure. The only path from facts to a number: a sum or a distinct count over facts live at a position within a window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from ledger.formats.entry import format_instant
from projections.fact import NEVER, Fact
from projections.ruleset import Indicator, Ruleset

PENCE = 100


class Group(msgspec.Struct, frozen=True, gc=False):
    """Facts alike in every column a condition reads, added up by the store: `quantity` their sum, `count` how many."""

    kind: str
    code: str
    about: str
    side: str
    zone: str
    territory: str
    nation: str
    authority: str
    party_path: str
    party: str
    subject: str
    detail: str
    quantity: int
    count: int


GROUPED_BY = Group.__struct_fields__[:-2]
# Subjects tell groups apart only where something is counted once each; details only where `people` asks for an answer.
DISTINCT_KINDS = frozenset({"arrest", "search", "disembarked"})
DETAILED_KINDS = frozenset({"protection_need"})

PEOPLE_KINDS = frozenset(
    {"rescued", "disembarked", "sheltered", "casualty", "minors_found", "minors_received", "protection_need"}
)
CHILD_PROTECTION = "|:child_protection|"
SEVERITIES = {"fatal": "dead", "missing": "missing", "serious": "seriously_injured", "slight": "slightly_injured"}


def groups_of(facts: Iterable[Fact]) -> list[Group]:
    """Facts as groups of one each, with what the store leaves out of its groups left out."""
    made = []
    for fact in facts:
        columns = {name: getattr(fact, name) for name in GROUPED_BY}
        columns["subject"] = fact.subject if fact.kind in DISTINCT_KINDS else ""
        columns["detail"] = fact.detail if fact.kind in DETAILED_KINDS else ""
        made.append(Group(**columns, quantity=fact.quantity, count=1))
    return made


def without(groups: Iterable[Group], others: Iterable[Group]) -> list[Group]:
    """What is left of groups once others, which are part of them, are taken out."""
    left = {_key(g): g for g in groups}
    for other in others:
        g = left[_key(other)]
        less = msgspec.structs.replace(g, quantity=g.quantity - other.quantity, count=g.count - other.count)
        left[_key(other)] = less
    return [g for g in left.values() if g.count]


def _key(group: Group) -> tuple[str, ...]:
    return tuple(getattr(group, name) for name in GROUPED_BY)


def kinds_of(ruleset: Ruleset) -> frozenset[str]:
    """Every kind of fact that a ruleset's figures and people read."""
    return PEOPLE_KINDS.union(*(i.kinds for i in ruleset.indicators))


def value(indicator: Indicator, groups: Iterable[Group]) -> int:
    """An indicator's value over groups of live facts within its window."""
    admitted = [g for g in groups if indicator.admits(g)]
    match indicator.counting:
        case "distinct":
            return len({g.subject for g in admitted if g.subject})
        case "facts":
            return sum(g.count for g in admitted)
        case "pounds":
            return sum(g.quantity for g in admitted) // PENCE
        case _:
            return sum(g.quantity for g in admitted)


def figures(ruleset: Ruleset, groups: Sequence[Group]) -> tuple[dict[str, int], dict[str, int]]:
    """(figures, what stands beside them and is never netted), by indicator code."""
    by_kind: dict[str, list[Group]] = {}
    for group in groups:
        by_kind.setdefault(group.kind, []).append(group)

    def relevant(indicator: Indicator) -> list[Group]:
        return [g for kind in indicator.kinds for g in by_kind.get(kind, ())]

    values = {i.code: (i.beside, value(i, relevant(i))) for i in ruleset.indicators}
    return ({c: v for c, (b, v) in values.items() if not b}, {c: v for c, (b, v) in values.items() if b})


def people(groups: Iterable[Group]) -> dict[str, Any]:
    """Protected and harmed: the counts printed before every figure. Persons, as stated; one may be counted several times."""
    found: dict[str, Any] = {
        "rescued": 0,
        "disembarked": {"GB": 0, "FR": 0, "OTHER": 0},
        "sheltered": 0,
        "dead": {},
        "missing": {},
        "seriously_injured": {},
        "slightly_injured": {},
        "minors_found": 0,
        "minors_received": 0,
        "protection_needs": {"stated": 0, "referred": 0, "answered": 0},
    }
    for g in groups:
        match g.kind:
            case "rescued" | "sheltered" | "minors_found":
                found[g.kind] += g.quantity
            case "minors_received":
                found[g.kind] += g.quantity if CHILD_PROTECTION in g.party_path else 0
            case "disembarked":
                found["disembarked"][g.side] += g.quantity
            case "casualty":
                by_who = found[SEVERITIES[g.code]]
                by_who[g.about or "unstated"] = by_who.get(g.about or "unstated", 0) + g.quantity
            case "protection_need":
                found["protection_needs"]["stated"] += g.quantity
                found["protection_needs"]["referred"] += g.quantity if g.party else 0
                found["protection_needs"]["answered"] += g.quantity if '"outcome"' in g.detail else 0
    for name in SEVERITIES.values():
        found[name] = {"total": sum(found[name].values()), **dict(sorted(found[name].items()))}
    return found


def lines(
    indicator: Indicator, facts: Iterable[Fact], is_disputed: Callable[[Fact], bool] = lambda fact: False
) -> list[dict[str, Any]]:
    """The facts behind a figure, one a line, whose quantities add up to its value.

    A subject counted once gives 1 on its first line and 0 on the next; pounds carry the running remainder of pence.
    """
    made: list[dict[str, Any]] = []
    counted: dict[str, str] = {}
    pence = 0
    for fact in sorted((f for f in facts if indicator.admits(f)), key=lambda f: (f.occurred_at, f.origin, f.ordinal)):
        quantity, why = fact.quantity, _why(fact)
        match indicator.counting:
            case "distinct":
                quantity = 1 if fact.subject and fact.subject not in counted else 0
                if not fact.subject:
                    why += "; names nothing that could be counted once"
                else:
                    why += f"; {fact.subject} is counted once, at {counted[fact.subject]}" if not quantity else ""
                    counted.setdefault(fact.subject, fact.label)
            case "facts":
                quantity = 1
            case "pounds":
                quantity = (pence + fact.quantity) // PENCE - pence // PENCE
                pence += fact.quantity
        made.append({**_line(indicator, fact, quantity, why), "disputed": is_disputed(fact)})
    return made


def left_out(indicator: Indicator, facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """Facts of the kinds that an indicator reads and that it does not count, as lines: what they would add, and why not."""
    kinds = indicator.kinds
    rest = (f for f in facts if f.kind in kinds and not indicator.admits(f))
    found = sorted(rest, key=lambda f: (f.occurred_at, f.origin, f.ordinal))
    return [_line(indicator, fact, _alone(indicator, fact), _why_not(indicator, fact)) for fact in found]


def _alone(indicator: Indicator, fact: Fact) -> int:
    match indicator.counting:
        case "distinct" | "facts":
            return 1
        case "pounds":
            return fact.quantity // PENCE
        case _:
            return fact.quantity


def _why_not(indicator: Indicator, fact: Fact) -> str:
    """Which condition keeps a fact out, of each term of its kind."""
    reasons = []
    for term in indicator.terms:
        if term.kind == fact.kind:
            wrong = [(c, " or ".join(sorted(v))) for c, v in term.where.items() if getattr(fact, c) not in v]
            wrong += [(c, v) for c, v in term.within.items() if f"|{v}|" not in getattr(fact, c)]
            reasons += [f"{column} is {getattr(fact, column) or 'not stated'}, not {wanted}" for column, wanted in wrong]
    return f"{fact.kind}: " + "; ".join(dict.fromkeys(reasons))


def _line(indicator: Indicator, fact: Fact, quantity: int, why: str) -> dict[str, Any]:
    return {
        "event": fact.event,
        "label": fact.label,
        "position": fact.origin,
        "quantity": quantity,
        "unit": indicator.unit,
        "stated_by": fact.stated,
        "ended_by": None if fact.ended == NEVER else fact.ended,
        "why": why,
        "stream": fact.stream,
        "subject": fact.subject or None,
        "authority": fact.authority,
        "place": fact.place or None,
        "occurred_at": format_instant(fact.occurred_at),
        "recorded_at": format_instant(fact.recorded_at),
        "sealed": fact.reading == "own",
    }


def _why(fact: Fact) -> str:
    """Which column values let a fact in, in the order a reader asks: what, how it ended, where, who."""
    named = (fact.kind, fact.code, fact.about, fact.place, fact.zone and f"zone {fact.zone}", fact.side, fact.authority)
    return ", ".join(n for n in named if n and n != "zone none") + (
        f"; corrected at {fact.stated}" if fact.stated != fact.origin else ""
    )
