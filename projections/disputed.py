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

Window = tuple[int, int]
Beside = dict[str, dict[str, int]]
NOTHING: Beside = {"disputed": {}, "disputed_people": {}, "disputed_withdrawn": {}}

CORRECTION, STEP = "correction", "step"
CHANGING_STEPS = frozenset({"unfounded", "confirmed"})
"""Steps that end, or give back, what others stated of a stream. Corrections do so too."""


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
    """Which facts live at a position rest on a disputed statement, and which are gone by one.

    `told` are the live facts of disputed statements that change others, `now` all live facts of their streams, `before` the
    facts that they ended.
    """

    def __init__(self, disputes: Disputes, told: Sequence[Fact], now: Sequence[Fact], before: Sequence[Fact]) -> None:
        self._disputes = disputes
        self._changed_at = {f.stated for f in told}
        corrections = {f.event: f.subject for f in now if f.kind == CORRECTION}
        self._corrected: set[str] = set()
        for fact in told:
            target = fact.subject
            while target in corrections:  # a correction of a correction: what it corrects in the end
                target = corrections[target]
            self._corrected.add(target)
        # What somebody else retracts as well is gone without dispute.
        retractions = (f for f in now if f.kind == CORRECTION and f.code == "retract" and f not in told)
        settled = {f.subject for f in retractions}
        self._gone = [f for f in before if f.event not in settled and not disputes.cover(f)]

    def cover(self, fact: Fact) -> bool:
        """Whether a live fact is disputed: its own statement, or one that restated it."""
        return fact.stated in self._changed_at or fact.event in self._corrected or self._disputes.cover(fact)

    def gone(self, facts: Sequence[Fact], kinds: frozenset[str], window: Window) -> list[Fact]:
        """What a disputed statement took out of a window; not what still stands there in some form (`facts` are its facts)."""
        standing = {(f.event, f.kind) for f in facts}
        within = (f for f in self._gone if f.kind in kinds and window[0] <= f.occurred_at < window[1])
        return [f for f in within if (f.event, f.kind) not in standing]


def beside(ruleset: Ruleset, groups: Sequence[Group], facts: Sequence[Fact], window: Window, doubts: Doubts) -> Beside:
    """What of a day's figures is disputed; `groups` are the facts of its window added up.

    {"disputed": {code: quantity}, "disputed_people": {name: quantity}, "disputed_withdrawn": {code: quantity}}: what the figure
    would be less by without its disputed statements, and what they took out of it. Only where there is some.
    """
    rest = figures.without(groups, figures.groups_of(f for f in facts if doubts.cover(f)))
    more = [*groups, *figures.groups_of(doubts.gone(facts, figures.kinds_of(ruleset), window))]
    values = _values(ruleset, groups)
    return {
        "disputed": _difference(values, _values(ruleset, rest)),
        "disputed_people": _difference(_people(groups), _people(rest)),
        "disputed_withdrawn": _difference(_values(ruleset, more), values),
    }


def explained(indicator: Indicator, facts: Sequence[Fact], window: Window, doubts: Doubts | None) -> dict[str, Any]:
    """The lines behind a figure, each disputed or not; and, where any are, the lines that disputed statements took out of it.

    {"lines", "disputed": as in `beside`, "disputed_withdrawn": [lines]}.
    """
    if doubts is None:
        return {"lines": figures.lines(indicator, facts), "disputed": 0, "disputed_withdrawn": []}
    whole, rest = (figures.value(indicator, figures.groups_of(part)) for part in (facts, _undisputed(facts, doubts)))
    gone = figures.lines(indicator, doubts.gone(facts, indicator.kinds, window), lambda fact: True)
    return {"lines": figures.lines(indicator, facts, doubts.cover), "disputed": whole - rest, "disputed_withdrawn": gone}


def _undisputed(facts: Sequence[Fact], doubts: Doubts) -> list[Fact]:
    return [f for f in facts if not doubts.cover(f)]


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
