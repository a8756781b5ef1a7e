"""Which entries answer a question, so that a bundle carries those and no others: and the answer as they give it.

Beside what was asked for, a bundle needs whatever its checks ask: every entry about keys, authorities, places and rules; the
neighbours of a range, which show that it begins and ends where it must; the originals of what was corrected in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from ledger import errors, events
from ledger.events.base import Header
from ledger.events.report import ReportIssued
from ledger.evidence.bundle_claims import RESTATING
from ledger.evidence.bundle_entries import is_of_registry
from ledger.evidence.bundle_manifest import (
    FUTURE_TOLERANCE_SECONDS,
    FigureAnswer,
    Line,
    NotOpened,
    OfFigure,
    OfPeriod,
    OfReport,
    OfStream,
    Positions,
    Question,
    ReportAnswer,
    Versions,
    Window,
)
from ledger.formats.entry import format_instant, parse_instant, split_entry
from projections.refold import Inner, Refold
from projections.ruleset import Ruleset

MICROSECONDS = 1_000_000
ENTRIES_MAX = 32_000
"""Full entries in one bundle: each has two files, and a bundle holds 65,000."""
ENTRIES_AT_ONCE = 2_000


class Log(Protocol):
    """What picking reads of a log."""

    def entries(self, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """(position, entry) from after + 1 on, in order."""

    def entry(self, position: int) -> bytes:
        """The exact bytes at a position."""

    def stream_entries(self, stream: str) -> Sequence[tuple[int, bytes]]:
        """(position, entry) of one stream, in order."""

    def entry_by_event(self, event_id: str) -> tuple[int, bytes] | None:
        """(position, entry) of an event id, or None."""

    def positions_of(self, is_wanted: Callable[[str], bool], upto: int) -> list[int]:
        """Positions up to one, of the types that are wanted."""

    def position_as_of(self, instant: int) -> int:
        """The last position recorded at or before an instant."""


IsWithheld = Callable[[Header], bool]
"""Whether an entry is not shown, going by what it says of itself."""


@dataclass
class Picked:
    """What a bundle carries for a question: what is claimed, the positions of its entries, and those needed for the checks,
    which cannot be withheld.
    """

    complete: Positions | Versions
    positions: set[int] = field(default_factory=set)
    needed: set[int] = field(default_factory=set)

    @property
    def in_order(self) -> list[int]:
        """Every position, those needed for the checks included."""
        return sorted(self.positions | self.needed)


def pick(question: Question, log: Log, size: int, is_withheld: IsWithheld = lambda header: False) -> Picked:
    """The entries of a log of `size` entries that answer a question. Raises NotFound or BadQuestion.

    Neighbours of a range that are withheld become part of it, up to one that is shown: when they were recorded, nobody sees.
    """
    picked: Picked
    match question:
        case OfStream():
            picked = _of_stream(question.stream, log, size)
        case OfPeriod():
            picked = _of_period(question, log, size)
        case OfFigure():
            at = last_upto(parse_instant(question.as_of), log, size)
            picked = _of_range(log, _first_of(window_of(question.view, question.day, log, at), log), at)
        case OfReport():
            position, issued = find_report(question, log, size)
            window = window_of(issued.nation, issued.day, log, issued.position)
            picked = _of_range(log, _first_of(window, log), issued.position)
            picked.needed.add(position)
    if isinstance(picked.complete, Positions):
        first, last = picked.complete.first, picked.complete.last
        while first > 1 and is_withheld(_header(log, first - 1)):
            first -= 1
        # Where an answer stands is not moved; a period may show that it ends further on.
        while isinstance(question, OfPeriod) and last < size and is_withheld(_header(log, last + 1)):
            last += 1
        picked.complete = Positions(first, last)
        picked.positions |= set(range(first, last + 1))
        picked.needed |= {first - 1} - {0}
        if last < size and not isinstance(question, OfReport):
            picked.needed.add(last + 1)
    picked.needed |= set(log.positions_of(is_of_registry, size))
    if len(picked.in_order) > ENTRIES_MAX:
        raise errors.BadQuestion(
            f"{len(picked.in_order)} entries, more than the {ENTRIES_MAX} a bundle holds",
            remedy="ask for a shorter period, or as of an earlier instant",
        )
    return picked


def _of_stream(stream: str, log: Log, size: int) -> Picked:
    versions = {position: split_entry(entry)[2] for position, entry in log.stream_entries(stream) if position <= size}
    if not versions:
        raise errors.NotFound(f"nothing of {stream} stands under the checkpoint of {size} entries", field="--stream")
    return Picked(Versions(stream, max(versions.values())), set(versions))


def _of_period(question: OfPeriod, log: Log, size: int) -> Picked:
    begin, end = parse_instant(question.from_), parse_instant(question.to)
    if begin > end:
        raise errors.BadQuestion("the period ends before it begins", field="--to")
    first, last = (min(log.position_as_of(instant - 1), size) for instant in (begin, end))
    return Picked(Positions(first + 1, last), set(range(first + 1, last + 1)))


def _of_range(log: Log, first: int, last: int) -> Picked:
    """From first to last, with the whole streams of whatever changes in it what was said before."""
    first = min(first, last + 1)  # as of an instant before the window there is nothing, and that is what is shown
    picked = Picked(Positions(first, last), set(range(first, last + 1)))
    for _, entry in _range(log, first, last):
        _, stream, _, payload = split_entry(entry)
        if events.decode_header(payload).type in RESTATING:
            picked.positions |= {position for position, _ in log.stream_entries(stream) if position <= last}
    return picked


def _header(log: Log, position: int) -> Header:
    return events.decode_header(split_entry(log.entry(position))[3])


def _range(log: Log, first: int, last: int) -> Iterator[tuple[int, bytes]]:
    after = first - 1
    while after < last and (chunk := log.entries(after, min(ENTRIES_AT_ONCE, last - after))):
        yield from chunk
        after = chunk[-1][0]


def last_upto(instant: int, log: Log, size: int) -> int:
    """The last position recorded at or before an instant. Raises BadQuestion where the checkpoint does not reach so far."""
    position = log.position_as_of(instant)
    if position > size:
        raise errors.BadQuestion(
            f"entries {size + 1} to {position} of that instant are not under the checkpoint of {size} entries yet",
            field="AS_OF",
            remedy="let both nations co-sign, or ask as of an earlier instant",
        )
    return position


def window_of(nation: str, day: str, log: Log, position: int) -> tuple[int, int]:
    """[from, to) of a nation's reporting day by the rules in force at a position. Raises BadQuestion."""
    reading = refold(nation, ((p, log.entry(p)) for p in log.positions_of(is_of_registry, position)), _closed)
    return reading.ruleset().window(_day(day))


def _first_of(window: tuple[int, int], log: Log) -> int:
    """The first position that could speak of a window."""
    return log.position_as_of(window[0] - FUTURE_TOLERANCE_SECONDS * MICROSECONDS - 1) + 1


def find_report(question: OfReport, log: Log, size: int) -> tuple[int, ReportIssued]:
    """Where a report stands, and what it says. Raises NotFound."""
    found = log.entry_by_event(question.report)
    if found is not None and found[0] <= size:
        data = events.decode(split_entry(found[1])[3]).data
        if isinstance(data, ReportIssued):
            return found[0], data
    raise errors.NotFound(f"no report {question.report} stands under the checkpoint", field="--report")


# -- the answer ---------------------------------------------------------------------------------------------------------------


def figure(
    question: OfFigure, entries: Iterable[tuple[int, bytes]], last: int, not_opened: NotOpened, inner: Inner
) -> FigureAnswer:
    """A figure as these entries, none of them behind `last`, give it. Raises BadQuestion for rules or a code not known here."""
    return _figure(question, refold(question.view, entries, inner), last, not_opened)


def report(issued: ReportIssued, entries: Iterable[tuple[int, bytes]], not_opened: NotOpened, inner: Inner) -> ReportAnswer:
    """The figures that a report communicates, as these entries, none of them behind its position, give them.

    Raises BadQuestion where its rules are not known here.
    """
    reading = refold(issued.nation, entries, inner)
    ruleset = reading.ruleset()
    figures = reading.figures(ruleset, _day(issued.day))
    told = {code: figures.get(code, 0) for code in issued.figures}
    return ReportAnswer(told, not_opened, issued.position, ruleset.name, _window(ruleset, issued.day))


def _figure(question: OfFigure, reading: Refold, last: int, not_opened: NotOpened) -> FigureAnswer:
    ruleset = reading.ruleset()
    indicator = ruleset.indicator(question.code)
    if indicator is None:
        known = ", ".join(i.code for i in ruleset.indicators)
        raise errors.BadQuestion(f"{ruleset.name} has no figure {question.code}", field="CODE", remedy=f"one of {known}")
    lines = tuple(
        Line(line["event"], line["position"], line["quantity"])
        for line in reading.lines(ruleset, indicator, _day(question.day))
    )
    value = sum(line.quantity for line in lines)
    window = _window(ruleset, question.day)
    return FigureAnswer(lines, not_opened, last, ruleset.name, indicator.unit, value, window)


def refold(nation: str, entries: Iterable[tuple[int, bytes]], inner: Inner) -> Refold:
    """A nation's reading of these entries, which are in order."""
    reading = Refold(nation, inner)
    for position, entry in entries:
        reading.take(position, entry)
    return reading


def _window(ruleset: Ruleset, day: str) -> Window:
    begin, end = ruleset.window(_day(day))
    return Window(format_instant(begin), format_instant(end))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise errors.BadQuestion(f"{text} is no day", field="DAY") from None


def _closed(position: int, outer: events.Event) -> bytes:
    raise errors.BadSection("nothing is opened of it here", field="sections.inner")
