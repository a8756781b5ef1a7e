"""Replay: what became known, in the order it became known.

Pure, over the facts stated or ended in a range of positions. A statement is told as it was first made; a correction with the
old and the new value; a withdrawal with what no longer stands; an entry recorded long after it happened is flagged late.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import msgspec

from ledger.formats.entry import format_instant
from projections.breaches import BREACH
from projections.fact import Fact
from projections.wording.facts import COLUMNS, KINDS, word
from projections.wording.replays import (
    CHANGE,
    CORRECTED,
    COUNTED_AS,
    EXTRAS,
    JOINED,
    NAMED,
    NOTHING,
    NUMBERED_UNITS,
    RESTORED,
    STATEMENT,
    WITHDRAWN,
)
from projections.wording.typography import LANGUAGES, Words, format_amount, format_number, numbered

MINUTE = 60_000_000
LATE_MINUTES = 30
"""Beyond this a reason is asked for (domain, section 2); its absence is shown and never a reason to refuse."""

INSTANTS = frozenset({"occurred_at", "occurred_until"})
# Facts that say what an event does to others; the facts it changes stand beside them.
SPEAKING_OF_OTHERS = frozenset({"correction", "link_withdrawn", "step"})
COUNTS_OF_PEOPLE = frozenset(
    {"rescued", "disembarked", "unaccounted", "casualty", "sheltered", "minors_found", "minors_received", "detection"}
    | {"handover", "not_accepted", "protection_need", "arrest", "measure", "care", "attempt"}
)
"""A lowered count of any of these is listed: people held, harmed, rescued, found, taken over, or minors."""


class Change(msgspec.Struct, frozen=True):
    """One column of one earlier statement, before and after. `old` or `new` is None where there was, or is, no such fact."""

    old: Fact | None
    new: Fact | None
    column: str

    @property
    def fact(self) -> Fact:
        """The fact as it now is, or was."""
        found = self.new or self.old
        assert found is not None, "a change is of something"
        return found

    @property
    def values(self) -> tuple[Any, Any]:
        """(from, to): numbers as they are, instants and details in their written form, None for nothing."""
        return _value(self.old, self.column), _value(self.new, self.column)

    @property
    def is_lowered(self) -> bool:
        """A count of people is less than it was, or gone."""
        if self.column != "quantity" or self.fact.kind not in COUNTS_OF_PEOPLE:
            return False
        return (self.new.quantity if self.new else 0) < (self.old.quantity if self.old else 0)


def replay(facts: Iterable[Fact], after: int, upto: int, stream: str | None = None) -> list[dict[str, Any]]:
    """What became known in (after, upto], one row a position.

    `facts` are all that were stated or ended in the range. Rows: {position, recorded_at, event, label, stream, authority, kind,
    type: statement|correction|withdrawal|restored, what (English), quoi (French), occurred_at, late_minutes (0 unless late),
    sealed, changes: [{event, label, kind, code, column, from, to, lowered}]}.
    """
    stated: dict[int, list[Fact]] = {}
    ended: dict[int, list[Fact]] = {}
    for fact in facts:
        if fact.reading != "shared" and (stream is None or fact.stream == stream):
            if after < fact.stated <= upto:
                stated.setdefault(fact.stated, []).append(fact)
            if after < fact.ended <= upto:
                ended.setdefault(fact.ended, []).append(fact)
    rows = (_row(p, stated.get(p, []), ended.get(p, [])) for p in sorted(stated.keys() | ended.keys()))
    return [row for row in rows if row is not None]


def _row(position: int, stated: Sequence[Fact], ended: Sequence[Fact]) -> dict[str, Any] | None:
    made = [f for f in stated if f.origin == position]
    changes = list(changes_of(ended, restated_by(position, stated, ended)))
    spoken = made[0] if made else None
    if spoken is None:
        return None  # an event without facts of its own in this reading changes nothing in it either
    late = (spoken.recorded_at - spoken.occurred_at) // MINUTE
    said = said_of(made, changes)
    return {
        "position": position,
        "recorded_at": format_instant(spoken.recorded_at),
        "event": spoken.event,
        "label": spoken.label,
        "stream": spoken.stream,
        "authority": spoken.authority,
        "kind": spoken.kind,
        "type": _type(changes),
        "what": said.en,
        "quoi": said.fr,
        "occurred_at": format_instant(spoken.occurred_at),
        "late_minutes": late if late > LATE_MINUTES else 0,
        "sealed": spoken.reading == "own",
        "changes": [row_of_change(change) for change in changes],
    }


def _type(changes: Sequence[Change]) -> str:
    """What an event did to earlier ones: corrected some, took some away, gave some back; else it only stated its own."""
    if any(c.old and c.new for c in changes):
        return "correction"
    if any(c.old for c in changes):
        return "withdrawal"
    return "restored" if changes else "statement"


# -- what changed --------------------------------------------------------------------------------------------------------------


def restated_by(position: int, stated: Sequence[Fact], ended: Sequence[Fact]) -> list[Fact]:
    """Facts stated at a position in the place of earlier ones: of other events, or of the same one that was sealed before."""
    again = {f.event for f in ended}
    return [f for f in stated if f.origin != position or f.event in again]


def changes_of(ended: Sequence[Fact], restated: Sequence[Fact]) -> Iterator[Change]:
    """Pair the facts that ended with those that stand in their place, and tell them apart column by column.

    Facts of one event pair by kind and code first, so that each outcome of an attempt meets itself, then by kind in order.
    """
    left, new = ([f for f in facts if f.kind != BREACH] for facts in (ended, restated))
    pairs: list[tuple[Fact, Fact]] = []
    for columns in (("event", "kind", "code", "subject"), ("event", "kind", "code"), ("event", "kind")):
        for fact in list(new):
            twin = next((f for f in left if all(getattr(f, c) == getattr(fact, c) for c in columns)), None)
            if twin is not None:
                left.remove(twin)
                new.remove(fact)
                pairs.append((twin, fact))
    found = [(old.origin, old.ordinal, Change(old, made, column)) for old, made in pairs for column in _differing(old, made)]
    found += [(old.origin, old.ordinal, Change(old, None, "quantity")) for old in left]
    found += [(made.origin, made.ordinal, Change(None, made, "quantity")) for made in new]
    yield from (change for _, _, change in sorted(found, key=lambda f: f[:2]))


def _differing(old: Fact, new: Fact) -> list[str]:
    return [column for column in COLUMNS if getattr(old, column) != getattr(new, column)]


def row_of_change(change: Change) -> dict[str, Any]:
    """A change as rows carry it."""
    fact, (before, after) = change.fact, change.values
    return {
        "event": fact.event,
        "label": fact.label,
        "kind": fact.kind,
        "code": fact.code,
        "column": change.column,
        "from": before,
        "to": after,
        "lowered": change.is_lowered,
    }


def _value(fact: Fact | None, column: str) -> Any:
    if fact is None:
        return None
    value = getattr(fact, column)
    if column in INSTANTS:
        return format_instant(value) if value else None
    if column == "detail":
        return msgspec.json.decode(value) if value else {}
    return value


# -- in words ------------------------------------------------------------------------------------------------------------------


def said_of(made: Sequence[Fact], changes: Sequence[Change] = ()) -> Words:
    """All of an event in one sentence. Facts of one kind are told under one name."""
    told: list[Words] = []
    for kind, facts in groupby(made, key=lambda f: f.kind):
        name = KINDS.get(kind, Words(kind, kind))
        parts = [_particulars(f) for f in facts]
        joined = Words(*(JOINED[n].join(p[n] for p in parts if p[n]) for n in (0, 1)))
        told.append(STATEMENT.format(name=name, parts=joined) if joined.en else name)
    told += [_describe_change(c) for c in changes]
    return Words(*(JOINED[n].join(t[n] for t in told) for n in (0, 1)))


def _particulars(fact: Fact) -> Words:
    """What a fact says beyond its name: its category, its count, and whom or what it concerns; empty where that is all."""
    extras = [str(getattr(fact, c)) for c in EXTRAS.get(fact.kind, ()) if getattr(fact, c)]
    phrases = []
    for category, lang in zip(word(fact.kind, fact.code), LANGUAGES, strict=True):
        category = numbered(category, fact.quantity, lang)
        if fact.kind == "amount":
            parts = [format_amount(fact.quantity, fact.code, lang)]
        else:
            number = format_number(fact.quantity, lang) if fact.unit in NUMBERED_UNITS else ""
            parts = [f"{number} {category}".strip()] if fact.kind in COUNTED_AS else [p for p in (number, category) if p]
        told = ", ".join(parts)
        phrases.append(f"{told} ({', '.join(extras)})".strip() if extras else told)
    return Words(*phrases)


def _describe_change(change: Change) -> Words:
    fact, (before, after) = change.fact, change.values
    if change.old is None or change.new is None:
        template = RESTORED if change.old is None else WITHDRAWN
        return template.format(label=fact.label, what=said_of([fact], []))
    if change.column == "detail":
        before, after = (", ".join(f"{k} {v}" for k, v in sorted(side.items())) or None for side in (before, after))
    told = {name: NOTHING if v in (None, "") else v for name, v in (("before", before), ("after", after))}
    name = KINDS.get(fact.kind, Words(fact.kind, fact.kind))
    if fact.code and change.column != "code":
        name = NAMED.format(name=name, code=word(fact.kind, fact.code))
    return CORRECTED.format(label=fact.label, what=CHANGE.format(name=name, column=COLUMNS[change.column], **told))
