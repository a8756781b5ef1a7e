"""The pictures of a report, as SVG: the Strait with the places where something was recorded, and the day on a line. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from html import escape
from itertools import combinations
from pathlib import Path
from typing import Any

from projections.publishing.spoken import Spoken
from projections.wording import reports as w

WEST, EAST, SOUTH, NORTH = 0.75, 2.35, 50.55, 51.55
WIDTH = 720
FLATTENED = 0.63
"""How much shorter a degree of longitude is than one of latitude here."""
DEGREE = WIDTH / ((EAST - WEST) * FLATTENED)
HEIGHT = round((NORTH - SOUTH) * DEGREE)
KILOMETRES_A_DEGREE = 111.2
SCALE_KILOMETRES = 20

SPACES = "\u202f\u00a0"
"""Spaces of French typography, which the fonts of pictures may lack: plain ones there."""
INK, QUIET, COAST, SEA, LAND, GRAVE = "#1b1f24", "#57606a", "#8a94a0", "#e6eef4", "#f7f5ef", "#a4262c"
FONT = 'font-family="Libertinus Serif, Georgia, serif"'
HALO = 'stroke="#fff" stroke-width="4" stroke-linejoin="round" stroke-opacity="0.85" paint-order="stroke"'

LABELS_MAX = 24
"""Labels on the map: of more places the smaller have a mark alone, and stand in the table like all."""
LINE, LETTER, AWAY = 23, 11, 42
TICK_HOURS = 3
LANES = (
    frozenset({"rescued", "disembarked", "sheltered", "casualty", "protection_need"}),
    frozenset({"detection", "handover"}),
)
"""Kinds of facts by lane; all others are in one below."""

Point = tuple[float, float]
Named = tuple[float, float, str]


@cache
def _lands() -> list[list[Point]]:
    found = json.loads(Path(__file__).with_name("strait.json").read_text(encoding="utf-8"))
    return [[(x / 10_000, y / 10_000) for x, y in land] for land in found["lands"]]


def _at(longitude: float, latitude: float) -> Point:
    return round((longitude - WEST) * FLATTENED * DEGREE, 1), round((NORTH - latitude) * DEGREE, 1)


def _opening(width: float, height: float) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'


def _text(x: float, y: float, text: str, size: int, more: str = "") -> str:
    shown = escape("".join(c if c.isprintable() else " " for c in text if c.isprintable() or c in SPACES))
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" {FONT} fill="{INK}" {more}>{shown}</text>'


# -- the Strait --------------------------------------------------------------------------------------------------------------


def strait(places: Sequence[Mapping[str, Any]], accent: str, names: tuple[str, str]) -> str:
    """The coasts, named, and each registered place with how many events were recorded there; what lies outside is left out."""
    parts = [_opening(WIDTH, HEIGHT), f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{SEA}"/>']
    for land in _lands():
        points = " ".join(f"{x},{y}" for x, y in (_at(*point) for point in land))
        parts.append(f'<polygon points="{points}" fill="{LAND}" stroke="{COAST}" stroke-width="2" stroke-linejoin="round"/>')
    for name, at in zip(names, ((0.86, 51.22), (2.02, 50.6)), strict=True):
        parts.append(_text(*_at(*at), name, 26, f'font-style="italic" fill-opacity="0.55" {HALO}'))
    parts += _scale()
    shown = [p for p in places if WEST < p["longitude_e6"] / 1e6 < EAST and SOUTH < p["latitude_e6"] / 1e6 < NORTH]
    found = [(*_at(p["longitude_e6"] / 1e6, p["latitude_e6"] / 1e6), p) for p in shown]
    largest = sorted(found, key=lambda each: (-int(each[2]["events"]), each[2]["place"]))[:LABELS_MAX]
    labels = list(_labels([(x, y, f"{p['place']} · {p['events']}") for x, y, p in largest]))
    parts += [line for line, _ in labels]
    for x, y, place in found:
        size = min(14.0, 5 + place["events"] ** 0.5 * 2)
        parts.append(f'<circle cx="{x}" cy="{y}" r="{size:.1f}" fill="{accent}" fill-opacity="0.7" stroke="#fff"/>')
    return "".join([*parts, *(text for _, text in labels), "</svg>"])


def _scale() -> list[str]:
    length = SCALE_KILOMETRES / KILOMETRES_A_DEGREE * DEGREE
    left, y = 30, HEIGHT - 30
    return [
        f'<line x1="{left}" y1="{y}" x2="{left + length:.1f}" y2="{y}" stroke="{QUIET}" stroke-width="3"/>',
        _text(left, y - 9, f"{SCALE_KILOMETRES} km", 18),
    ]


def _labels(points: Sequence[Named]) -> Iterator[tuple[str, str]]:
    """(the line to a label, the label) of each point: those of points close together stand below one another."""
    for stack in _stacks(points):
        for n, (x, y, label) in enumerate(stack.points):
            at = stack.top + (n + 0.5) * LINE
            line = f'<line x1="{x}" y1="{y}" x2="{stack.edge:.1f}" y2="{at:.1f}" stroke="{QUIET}" stroke-width="1"/>'
            anchor, side = ("start", 4) if stack.is_right else ("end", -4)
            yield line, _text(stack.edge + side, at + 6, label, 20, f'text-anchor="{anchor}" {HALO}')


class _Stack:
    """Labels below one another, beside the points that they name."""

    def __init__(self, points: Sequence[Named]) -> None:
        self.points = sorted(points, key=lambda point: (point[1], point[0]))
        across = [x for x, _, _ in points]
        width = max(len(label) for _, _, label in points) * LETTER
        self.is_right = max(across) + AWAY + width < WIDTH
        self.edge = max(across) + AWAY if self.is_right else min(across) - AWAY
        self.left = self.edge if self.is_right else self.edge - width
        self.right = self.left + width
        height = len(points) * LINE
        middle = sum(y for _, y, _ in points) / len(points)
        self.top = max(10.0, min(middle - height / 2, HEIGHT - 10.0 - height))
        self.bottom = self.top + height

    def overlaps(self, other: _Stack) -> bool:
        """Whether labels of both would stand on one another."""
        beside = self.right < other.left or other.right < self.left
        return not (beside or self.bottom <= other.top or other.bottom <= self.top)


def _stacks(points: Sequence[Named]) -> list[_Stack]:
    """A stack of labels for each point, put together until none stands on another."""
    stacks = [_Stack([point]) for point in points]
    while found := next(((a, b) for a, b in combinations(stacks, 2) if a.overlaps(b)), None):
        stacks = [each for each in stacks if each not in found] + [_Stack([*found[0].points, *found[1].points])]
    return stacks


# -- the day -----------------------------------------------------------------------------------------------------------------

LEFT, RIGHT, TOP, LANE = 225, 965, 16, 46


def timeline(rows: Sequence[Mapping[str, Any]], window: Mapping[str, str], spoken: Spoken, accent: str) -> str:
    """The events of a reporting day on a line of its own time, each kind on its lane; deaths are red diamonds."""
    begin, end = (datetime.fromisoformat(window[edge]) for edge in ("from", "to"))
    span = (end - begin).total_seconds()
    bottom = TOP + LANE * len(w.LANES)

    def across(at: datetime) -> float:
        return LEFT + (at - begin).total_seconds() / span * (RIGHT - LEFT)

    parts = [_opening(1000, bottom + 56)]
    for n, lane in enumerate(w.LANES):
        y = TOP + LANE * (n + 0.5)
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{RIGHT}" y2="{y}" stroke="#e1e5ea" stroke-width="14"/>')
        parts.append(_text(LEFT - 14, y + 6, spoken.of(lane), 17, 'text-anchor="end"'))
    parts += _ticks(begin, end, across, bottom, spoken)
    for row in rows:
        x = across(datetime.fromisoformat(row["occurred_at"]))
        y = TOP + LANE * (next((n for n, kinds in enumerate(LANES) if row["kind"] in kinds), len(LANES)) + 0.5)
        size = min(17.0, 4 + max(int(row["quantity"]), 0) ** 0.5)
        parts.append(_mark(x, y, size + 2, GRAVE) if row["grave"] else _circle(x, y, size, accent))
    return "".join([*parts, "</svg>"])


def _ticks(begin: datetime, end: datetime, across: Any, bottom: int, spoken: Spoken) -> Iterator[str]:
    at, day = begin, ""
    while at <= end:
        x = across(at)
        yield f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom + 4}" stroke="#c9d1d9" stroke-width="1"/>'
        yield _text(x, bottom + 24, spoken.clock(at.isoformat()), 17, 'text-anchor="middle"')
        told = spoken.day_of(at.isoformat())
        if told != day and at < end:
            # A day's name stands where it begins to be told; the last tick has no room for it.
            yield _text(x, bottom + 46, told, 17, 'text-anchor="middle" font-style="italic"')
        day = told
        at += timedelta(hours=TICK_HOURS)


def _circle(x: float, y: float, size: float, fill: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="{fill}" fill-opacity="0.6" stroke="#fff"/>'


def _mark(x: float, y: float, size: float, fill: str) -> str:
    points = f"{x:.1f},{y - size:.1f} {x + size:.1f},{y:.1f} {x:.1f},{y + size:.1f} {x - size:.1f},{y:.1f}"
    return f'<polygon points="{points}" fill="{fill}" stroke="#fff"/>'
