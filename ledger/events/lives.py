"""The lives of streams: which administrative step may follow which. Pure; the tables are in the types' own declarations.

Facts about people and everything else are admitted in any state, flagged `out_of_order` where the stream is unopened or
finished; one about people reopens an incident that was closed. Only administrative steps are ever refused (domain, section 2).
A stream belongs to the family of the first event that has a life; corrections, annotations and the registry's families have
none and are at home on every stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from ledger.errors import NotInThisState
from ledger.events.base import Event, EventType
from ledger.events.incident import DISTRESS, DISTRESS_OUTCOMES

UNOPENED = "unopened"
STATES: Mapping[str, tuple[str, ...]] = {
    "incident": (UNOPENED, "reported", "confirmed", "unfounded", "resolved", "closed", "reopened"),
    "interception": (UNOPENED, "searched", "found", "closed"),
    "case": (UNOPENED, "open", "closed"),
}
FINISHED: Mapping[str, frozenset[str]] = {
    "incident": frozenset({"unfounded", "closed"}),
    "interception": frozenset({"closed"}),
    "case": frozenset({"closed"}),
}


class Life(msgspec.Struct, frozen=True, gc=False):
    """Where one stream stands. `authority` opened it; `kind` is what it was opened as; `finals` are a case's final tracks.

    `as_recorded` is where it would stand had no step been retracted, if that is somewhere else (see `either`).
    """

    family: str = ""
    state: str = UNOPENED
    kind: str = ""
    authority: str = ""
    finals: tuple[str, ...] = ()
    as_recorded: str = ""

    @property
    def opened(self) -> bool:
        """Whether an opening is on record."""
        return self.state != UNOPENED

    @property
    def finished(self) -> bool:
        """Whether nothing more was expected."""
        return self.state in FINISHED.get(self.family, ())


UNBORN = Life()

Condition = Callable[[Life, Any], str | None]


def _closes_a_distress(life: Life, data: Any) -> str | None:
    if life.kind == DISTRESS and data.outcome not in DISTRESS_OUTCOMES:
        return f"a distress closes with outcome {' or '.join(DISTRESS_OUTCOMES)} (the latter names decided_by)"
    return None


def _becomes_final_once(life: Life, data: Any) -> str | None:
    return f"the track {data.track} is final already" if data.track in life.finals else None


CONDITIONS: Mapping[str, Condition] = {"incident.closed": _closes_a_distress, "case.final": _becomes_final_once}
"""What a step asks beyond the state: a sentence where it is not so, None where it is."""


def step(life: Life, event: Event) -> tuple[Life, bool]:
    """The life of the stream after this event, and whether the event came out of order.

    Raises NotInThisState naming the state, the step and the states it is possible from.
    """
    data = event.data
    row: EventType = data.kind_of_event
    family = row.family
    if family not in STATES:
        return life, False
    if life.family and family != life.family and life.family not in row.also_on:
        raise NotInThisState(
            f"{row.name} cannot stand on a stream that is {_article(life.family)}",
            field="stream",
            remedy="record it on a stream of its own and link the two",
        )
    steps = row.steps
    state = _after(life, row, life.state)
    if state is None:
        state = steps.moves.get(life.as_recorded) if steps.refused_elsewhere else life.state
    if state is None:
        raise _out_of_order(life, row)
    authority = event.header.authority
    if steps.one_opener and state == life.state and life.authority != authority:
        raise NotInThisState(
            f"{row.name}: this stream was opened by {life.authority}",
            field="stream",
            remedy="two services never open one stream: record it on a stream of your own and link the two",
        )
    condition = CONDITIONS.get(row.name)
    said = condition(life, data) if condition is not None else None
    if said is not None:
        raise NotInThisState(f"{row.name}: {said}", field="type")
    after, out_of_order = _moved(life, row, state, authority, data)
    return _recorded_too(after, life, row), out_of_order


def _after(life: Life, row: EventType, state: str) -> str | None:
    after = row.steps.moves.get(state)
    # A type of several families moves only those lives that have the state.
    return None if row.also_on and after not in STATES.get(life.family, ()) else after


def _recorded_too(after: Life, before: Life, row: EventType) -> Life:
    """`after` with the state by recorded steps, where that is another one; administrative steps move it along."""
    if not before.as_recorded:
        return after
    moved = _after(before, row, before.as_recorded) if row.steps.refused_elsewhere else None
    recorded = moved or before.as_recorded
    return msgspec.structs.replace(after, as_recorded="" if recorded == after.state else recorded)


def _moved(life: Life, row: EventType, state: str, authority: str, data: Any) -> tuple[Life, bool]:
    """The life in its next state; what opens a stream leaves its authority and kind."""
    if life.state == UNOPENED:
        family = life.family or ("" if row.also_on else row.family)
        if state == UNOPENED:
            return (life if family == life.family else Life(family)), True
        if UNOPENED in row.steps.moves:
            return Life(family, state, getattr(data, "kind", ""), authority), False
    out_of_order = life.finished and not row.steps.refused_elsewhere
    finals = (*life.finals, data.track) if row.name == "case.final" else life.finals
    if state == life.state and finals is life.finals:
        return life, out_of_order
    return Life(life.family, state, life.kind, life.authority, finals), out_of_order


def either(effective: Life, recorded: Life) -> Life:
    """The life of a stream some of whose steps were retracted: `effective` without them, `recorded` with them.

    A step that was taken back leaves its stream where it stood before, and yet everybody saw it taken: an administrative step
    is admitted where either reading makes it possible, so that no correction can block a stream.
    """
    if not recorded.opened or (effective.state == recorded.state and effective.finals == recorded.finals):
        return effective
    kind, authority = effective.kind or recorded.kind, effective.authority or recorded.authority
    as_recorded = "" if recorded.state == effective.state else recorded.state
    return Life(recorded.family, effective.state, kind, authority, effective.finals, as_recorded)


def follow(life: Life, event: Event) -> tuple[Life, bool, NotInThisState | None]:
    """As `step`, for readers that refuse nothing: what does not follow leaves the life alone and is returned as a breach."""
    try:
        after, out_of_order = step(life, event)
    except NotInThisState as breach:
        return life, False, breach
    return after, out_of_order, None


def fold(events: Iterable[Event]) -> Life:
    """The life that these events make, in order. Steps that do not follow leave it alone (see `follow`)."""
    life = UNBORN
    for event in events:
        life = follow(life, event)[0]
    return life


def fold_amended(told: Iterable[tuple[Event | None, Event]]) -> Life:
    """The life of a corrected stream: of each event the effective form (None where it was retracted) and the recorded one.

    Both readings move in step, as `step` moves them: a writer that saw the correction and one that starts afterwards agree.
    """
    life = UNBORN
    for effective, recorded in told:
        if effective is not None:
            after, _, breach = follow(life, effective)
            if breach is None:
                life = after
                continue
        as_it_was = life if not life.as_recorded else msgspec.structs.replace(life, state=life.as_recorded, as_recorded="")
        life = either(life, follow(as_it_was, recorded)[0])
    return life


def _article(family: str) -> str:
    return f"an {family}" if family[0] in "aeiou" else f"a {family}"


def _out_of_order(life: Life, row: EventType) -> NotInThisState:
    possible = " or ".join(row.steps.moves)
    remedy = "read the stream again" if life.opened else "the opening is not yet on record"
    if life.opened and UNOPENED in row.steps.moves:
        by = f" by {life.authority}" if life.authority else ""
        return NotInThisState(
            f"{row.name}: this stream is opened already{by} (state {life.state}); possible from {possible}",
            field="type",
            remedy="two services never open one stream: open your own and link the two",
        )
    return NotInThisState(
        f"{row.name} is not possible in state {life.state}, only from {possible}", field="type", remedy=remedy
    )
