"""What was stated and never arrived: gaps in the authors' own numbering, and services' control totals held against the log.

A service numbers what it states to both nations, key by key, and says each hour how many events of each type it stated. What is
missing from either shows here; nothing says why. An event counts in the hour in which its author made its id. Pure.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from typing import Any, NamedTuple

from ledger import events
from ledger.events.base import Header
from ledger.events.registry_types import ServiceControlTotal
from ledger.formats.entry import format_instant, parse_instant

GAPS_MAX = 100
"""Gaps of one key that are named; how many numbers are missing is always said."""
Span = tuple[int, int]


class Total(NamedTuple):
    """What a service says it stated in a span of time (milliseconds), at a position."""

    position: int
    authority: str
    begin: int
    end: int
    counts: dict[str, int]


class Completeness:
    """Follows the log; feed it every entry once, in order. `position` is the last it was fed."""

    def __init__(self) -> None:
        self.position = 0
        self._owner: dict[str, str] = {}
        self._seen: dict[str, list[Span]] = {}
        self._twice: dict[str, int] = {}
        self._made: dict[tuple[str, str], array[int]] = {}
        self._totals: list[Total] = []

    def apply(self, position: int, payload: bytes) -> None:
        """Take one entry's payload. Raises Malformed for what is no event."""
        header = events.decode_header(payload)
        self.position = position
        if header.author_seq is not None:
            self._owner[header.key_id] = header.authority
            self._number(header.key_id, header.author_seq)
        made = self._made.setdefault((header.authority, header.type), array("q"))
        insort(made, made_at(header.id))
        if header.type == "service.control_total":
            self._totals.append(_total(position, header))

    def _number(self, key_id: str, number: int) -> None:
        """Add a number to the spans of those seen: (first, last), in order and apart."""
        spans = self._seen.setdefault(key_id, [])
        at = bisect_left(spans, (number + 1, 0))
        if at and spans[at - 1][1] >= number:
            self._twice[key_id] = self._twice.get(key_id, 0) + 1
            return
        first, last = number, number
        if at < len(spans) and spans[at][0] == number + 1:
            last = spans.pop(at)[1]
        if at and spans[at - 1][1] == number - 1:
            first = spans.pop(at - 1)[0]
        insort(spans, (first, last))

    def answer(self) -> dict[str, Any]:
        """{"position", "sequences": [...], "totals": [...]}; only what does not fit is listed of the totals."""
        return {
            "position": self.position,
            "sequences": [self._sequence(key_id) for key_id in sorted(self._seen, key=lambda key: (self._owner[key], key))],
            "totals": {"checked": len(self._totals), "differing": [row for total in self._totals if (row := self._row(total))]},
        }

    def _sequence(self, key_id: str) -> dict[str, Any]:
        spans = self._seen[key_id]
        ends = [0, *(last for _, last in spans[:-1])]
        gaps = [(last + 1, first - 1) for last, (first, _) in zip(ends, spans, strict=True) if first > last + 1]
        return {
            "authority": self._owner[key_id],
            "key": key_id,
            "last": spans[-1][1],
            "missing": sum(last - first + 1 for first, last in gaps),
            "gaps": [list(gap) for gap in gaps[:GAPS_MAX]],
            "twice": self._twice.get(key_id, 0),
        }

    def _row(self, total: Total) -> dict[str, Any] | None:
        """A total beside what the log has of that span; None where they are the same."""
        recorded = {
            name: count
            for (authority, name), made in self._made.items()
            if authority == total.authority and (count := bisect_left(made, total.end) - bisect_left(made, total.begin))
        }
        names = sorted(total.counts.keys() | recorded.keys())
        differing = {
            name: {"stated": total.counts.get(name, 0), "recorded": recorded.get(name, 0)}
            for name in names
            if total.counts.get(name, 0) != recorded.get(name, 0)
        }
        if not differing:
            return None
        return {
            "authority": total.authority, "position": total.position, "types": differing,
            "from": format_instant(total.begin * 1_000), "to": format_instant(total.end * 1_000),
        }  # fmt: skip


def made_at(event_id: str) -> int:
    """When an author made an id, by the author's clock: milliseconds since 1970 UTC (UUID version 7)."""
    return int(event_id[:8] + event_id[9:13], 16)


def _total(position: int, header: Header) -> Total:
    data: Any = events.decode_data(header)
    assert isinstance(data, ServiceControlTotal), "the catalogue knows its own types"
    begin, end = (parse_instant(at) // 1_000 for at in (data.from_, data.to))
    return Total(position, header.authority, begin, end, dict(data.counts))
