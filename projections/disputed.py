"""What rests on a key that was reported compromised: it stays and counts, and is shown as disputed beside every figure.

A statement is disputed from the position at which its key was reported compromised, where it stands at or behind the position
from which that key is suspect, until its nation reaffirms it or it is retracted. So is what a disputed statement restated; and
what one took out of a figure is shown as well, for a stolen key may withdraw what is true. Clause: formats.md section 8. Pure.

A sealed statement goes by the key of the service that stated it, at the position of its outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ledger.events.base import Event
from ledger.events.key_types import KeyCompromised, KeyReaffirmed
from projections import figures
from projections.fact import Fact
from projections.figures import Group
from projections.ruleset import Indicator, Ruleset

Beside = dict[str, dict[str, int]]
NOTHING: Beside = {"disputed": {}, "disputed_people": {}, "disputed_withdrawn": {}}

CORRECTION = "correction"


class Turn(msgspec.Struct, frozen=True):
    """A key reported compromised from a position on (`suspect_from`, else 0), or `events` of it reaffirmed; at `position`."""

    position: int
    key: str
    suspect_from: int = 0
    events: tuple[str, ...] = ()


def turns_of(event: Event, position: int) -> list[Turn]:
    """What an event says of disputes: nothing but for two types."""
    match event.data:
        case KeyCompromised(key=key, suspect_from_position=suspect_from):
            return [Turn(position, key, suspect_from)]
        case KeyReaffirmed(key=key, events=events):
            return [Turn(position, key, events=events)]
    return []


class Disputes:
    """Which statements were disputed at a position, as the turns up to it say."""

    def __init__(self, turns: Iterable[Turn], position: int) -> None:
        self.suspect: dict[str, int] = {}
        self.reaffirmed: set[tuple[str, str]] = set()
        for turn in turns:
            if turn.position <= position:
                if turn.suspect_from:
                    self.suspect[turn.key] = turn.suspect_from
                self.reaffirmed |= {(turn.key, event) for event in turn.events}

    def cover(self, fact: Fact) -> bool:
        """Whether the statement that makes a fact is disputed (as KeyRing.is_disputed at that position)."""
        since = self.suspect.get(fact.key_id)
        return since is not None and fact.origin >= since and (fact.key_id, fact.event) not in self.reaffirmed


class Doubts:
    """Which facts of a window rest on a disputed statement, and which are gone by one (`gone`).

    `facts` are those live at the position, `ended` those ended up to it, `now` the live facts of every stream in which some
    statement changed one of either.
    """

    def __init__(self, disputes: Disputes, facts: Sequence[Fact], ended: Sequence[Fact], now: Sequence[Fact]) -> None:
        self._disputes = disputes
        told = [f for f in now if disputes.cover(f)]
        self._told_at = {f.origin for f in told}
        corrections = {f.event: f.subject for f in now if f.kind == CORRECTION}
        self._corrected: set[str] = set()
        for fact in told:
            target = fact.subject if fact.kind == CORRECTION else ""
            while target in corrections:  # a correction of a correction: what it corrects in the end
                target = corrections[target]
            self._corrected.add(target)
        # What somebody else retracts as well is gone without dispute; what stands in some form is not gone.
        settled = {f.subject for f in now if (f.kind, f.code) == (CORRECTION, "retract") and f.origin not in self._told_at}
        standing = {(f.event, f.kind) for f in facts}
        last = {(f.event, f.kind): f.ended for f in sorted(ended, key=lambda f: f.ended)}
        self.gone = [
            f
            for f in ended
            if f.ended in self._told_at and f.ended == last[f.event, f.kind] and (f.event, f.kind) not in standing
            if f.event not in settled and not disputes.cover(f)
        ]

    def cover(self, fact: Fact) -> bool:
        """Whether a live fact is disputed: its own statement, or one that restated it."""
        is_restated = fact.stated != fact.origin and fact.stated in self._told_at
        return is_restated or fact.event in self._corrected or self._disputes.cover(fact)


def streams_of_changes(facts: Iterable[Fact], ended: Iterable[Fact]) -> list[str]:
    """The streams in which some statement changed one of these facts."""
    return sorted({f.stream for f in facts if f.stated != f.origin} | {f.stream for f in ended})


def beside(ruleset: Ruleset, groups: Sequence[Group], facts: Iterable[Fact], doubts: Doubts) -> Beside:
    """What of a day's figures is disputed; `groups` are the facts of its window added up.

    {"disputed": {code: quantity}, "disputed_people": {name: quantity}, "disputed_withdrawn": {code: quantity}}: what the figure
    would be less by without its disputed statements, and what they took out of it. Only where there is some.
    """
    rest = figures.without(groups, figures.groups_of(f for f in facts if doubts.cover(f)))
    more = [*groups, *figures.groups_of(doubts.gone)]
    values = _values(ruleset, groups)
    return {
        "disputed": _difference(values, _values(ruleset, rest)),
        "disputed_people": _difference(_people(groups), _people(rest)),
        "disputed_withdrawn": _difference(_values(ruleset, more), values),
    }


def explained(indicator: Indicator, facts: Sequence[Fact], doubts: Doubts | None) -> dict[str, Any]:
    """The lines behind a figure, each disputed or not; and, where any are, the lines that disputed statements took out of it.

    {"lines", "disputed": as in `beside`, "disputed_withdrawn": [lines]}.
    """
    if doubts is None:
        return {"lines": figures.lines(indicator, facts), "disputed": 0, "disputed_withdrawn": []}
    undisputed = [f for f in facts if not doubts.cover(f)]
    whole, rest = (figures.value(indicator, figures.groups_of(part)) for part in (facts, undisputed))
    gone = figures.lines(indicator, doubts.gone, lambda fact: True)
    return {"lines": figures.lines(indicator, facts, doubts.cover), "disputed": whole - rest, "disputed_withdrawn": gone}


def _values(ruleset: Ruleset, groups: Sequence[Group]) -> dict[str, int]:
    values, others = figures.figures(ruleset, groups)
    return {**values, **others}


def _people(groups: Sequence[Group]) -> dict[str, int]:
    found = figures.people(groups)
    return {name: _total(value) for name, value in found.items()}


def _total(value: Any) -> int:
    if isinstance(value, int):
        return value
    return int(value["total"] if "total" in value else value["stated"] if "stated" in value else sum(value.values()))


def _difference(more: Mapping[str, int], less: Mapping[str, int]) -> dict[str, int]:
    return {name: value - less[name] for name, value in more.items() if value != less[name]}
