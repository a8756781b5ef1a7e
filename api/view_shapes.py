"""What a view's answers look like over HTTP: as of when, at which position, under which checkpoint, and what is asked for.

As in api/shapes.py a shape is the least that is there.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from api.shapes import Checkpoint, Count, Instant, Named, Position


class Window(Struct):
    """[from, to) of a reporting day."""

    begins: Annotated[str, Meta(description="inclusive")] = msgspec.field(name="from")
    to: str


class Frame(Struct):
    """As of when an answer is, at which position, under which checkpoint (null while there is no entry)."""

    view: Literal["GB", "FR"]
    as_of: str
    position: Position
    checkpoint: Checkpoint | None
    exercise: bool


class Figures(Frame):
    """Every figure of a reporting day."""

    settled: bool
    day: str
    window: Window
    ruleset: str
    figures: dict[str, int]
    beside: dict[str, int]
    people: dict[str, Any]


class Line(Struct):
    """What a figure is made of. What is sealed is `covered` for who gave no reason: how much it counts stays."""

    position: Position
    quantity: int
    unit: str
    sealed: bool
    event: str | UnsetType = UNSET
    label: str | UnsetType = UNSET
    why: str | UnsetType = UNSET
    covered: bool | UnsetType = UNSET


class Lines(Frame):
    """One figure, opened; the quantities of its lines add up to `value`."""

    settled: bool
    day: str
    code: str
    name: Named
    ruleset: str
    value: int
    unit: str
    lines: list[Line]


class Situation(Frame):
    """What is open, unacknowledged, unanswered and contradictory."""

    settled: bool
    open_distress: list[Any]
    unconfirmed_distress: list[Any]
    open_incidents: list[Any]
    unacknowledged: list[Any]
    unanswered: list[Any]
    contradictions: list[Any]
    obligations: list[Any]
    covered: Annotated[int, Meta(ge=0, description="streams with sealed content that is not shown without a reason")]


class TimelineRow(Struct):
    """What became known at a position."""

    position: Position
    recorded_at: Instant
    sealed: bool
    event: str | UnsetType = UNSET
    stream: str | UnsetType = UNSET
    what: Annotated[str, Meta(description="in English; `quoi` in French")] | UnsetType = UNSET
    quoi: str | UnsetType = UNSET
    covered: bool | UnsetType = UNSET


class Timeline(Frame):
    """What became known, in the order it became known; `next` is what to go on from."""

    after: Position
    stream: str | None
    rows: list[TimelineRow]
    next: Position | None


class Listed(Struct):
    """A stream as a view has it; what else there is to say depends on what it is of."""

    stream: str
    event: str
    position: Position
    state: Literal["open", "closed", "unfounded"]
    occurred_at: Instant
    recorded_at: Instant
    sealed: bool


class Listing(Frame):
    """Incidents, detections or cases, a stream a row; `covered` streams have more on them for who gives a reason."""

    settled: bool
    day: str | None
    state: str | None
    rows: list[Listed]
    covered: Count
    next: Annotated[str, Meta(description="the cursor to go on from")] | None


class Side(Struct):
    """One end of a reconciliation."""

    day: str
    code: str
    position: Position
    checkpoint: Checkpoint | None


class Step(Struct):
    """What one difference between the two rulesets makes."""

    dimension: str
    delta: int
    items: list[dict[str, Any]]


class Reconciliation(Struct):
    """From London's figure to Paris's: `from` and the steps' deltas add up to `to`, and nothing is left over."""

    pair: str
    gb: Side
    fr: Side
    begins: int | None = msgspec.field(name="from")
    to: int | None
    steps: list[Step]
    unexplained: int | None
    exercise: bool
    fewer_than_five: Annotated[
        list[Literal["GB", "FR"]], Meta(description="to the role joint: whose figure lacks a part that it sealed, undeclared")
    ] = []


class OnRecord(Struct):
    """A reconciliation on record, and how it stands. `red`: something is unexplained, and stays so."""

    event: str
    pair: str
    position: Position
    recorded_at: Instant
    by: str
    stands: bool
    unexplained: int
    red: bool
    residues: dict[str, Any]
    counts: dict[str, Count]
    signed_off: list[dict[str, Any]]
    due: list[dict[str, Any]]
    followed_by: str | None


class Reconciled(Struct):
    """The reconciliations on record, newest last; `left_off` before these are not shown."""

    position: Position
    rows: list[OnRecord]
    left_off: Count
    exercise: bool


class ReconciledInFull(OnRecord):
    """One of them: every item with who agreed to it or disputed it, and all in sentences in both languages."""

    at: Position
    items: list[dict[str, Any]]
    steps: list[Step]
    sentences: dict[str, list[str]]
    exercise: bool


class Completeness(Struct):
    """Gaps in authors' numbering, and control totals that are not what the log has."""

    position: Position
    sequences: list[dict[str, Any]]
    totals: dict[str, Any]
    exercise: bool


class Looks(Struct):
    """Who looked at what, newest last; `left_off` rows before these are not shown."""

    view: Literal["GB", "FR"]
    rows: list[dict[str, Any]]
    left_off: Count


class Reviewed(Struct):
    """An emergency that was reviewed, and the entry that says so."""

    view: Literal["GB", "FR"]
    reviewed: str
    by: Any


class Issued(Struct):
    """A report on record. One that was sealed is `covered` for who gave no reason."""

    position: Position
    recorded_at: str
    sealed: bool
    event: str | UnsetType = UNSET
    nation: str | UnsetType = UNSET
    day: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    revision: int | UnsetType = UNSET
    steps: list[dict[str, Any]] | UnsetType = UNSET
    covered: bool | UnsetType = UNSET


class Reports(Frame):
    """Reports issued, in log order; `left_off` older ones are not among them."""

    rows: list[Issued]
    left_off: Count


class Drift(Frame):
    """Reports whose figures are believed otherwise now, each change with the events that caused it."""

    revision_due: bool
    rows: list[dict[str, Any]]


class OneReport(Frame):
    """A report: what its event says, which documents of it are kept here, and which of its figures have moved."""

    report: Issued
    said: dict[str, Any] | UnsetType = UNSET
    documents: list[str] | UnsetType = UNSET
    drifted: list[str] | UnsetType = UNSET


class Verification(Frame):
    """A report held against the log. `ok` where nothing is wrong."""

    event: str
    ok: bool
    checks: list[dict[str, Any]]


class ReportDraft(Struct):
    """What would be issued: the unsigned event, each edition with its document, and what rests on sealed facts."""

    view: str
    covered: bool
    unsigned: dict[str, Any] | None
    sealed: dict[str, Any]
    documents: list[dict[str, Any]]
    exercise: bool


class HandedIn(Struct):
    """A document that is kept now."""

    view: str
    report: str
    kind: str
    sha256: str
    exercise: bool


class Series(Frame):
    """One figure over days: what was reported of each, and what is now believed."""

    code: str
    rows: list[dict[str, Any]]


class Comparison(Frame):
    """Figures of a day that differ between two instants, each with the events between."""

    day: str
    since: dict[str, Any]
    rows: list[dict[str, Any]]


class Questions(Struct):
    """The questions that an inquiry asks."""

    view: Literal["GB", "FR"]
    questions: list[dict[str, Any]]


class Answered(Frame):
    """A question's answer; `covered` counts streams of which more is shown for a reason, `next` is null on the last page."""

    question: Count
    name: str
    asks: dict[str, str]
    parameters: dict[str, Any]
    answer: list[dict[str, Any]]
    covered: Count
    next: str | None
