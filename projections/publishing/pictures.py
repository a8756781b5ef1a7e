"""The pictures of a report, as SVG: the Strait with the places where something was recorded, and the day on a line. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from projections.publishing.spoken import Spoken

WEST, EAST, SOUTH, NORTH = 0.75, 2.35, 50.55, 51.55
WIDTH, HEIGHT = 720, 700
FLATTENED = 0.63
"""How much shorter a degree of longitude is than one of latitude here."""
INK, COAST, SEA, GRAVE = "#1b1f24", "#6b7785", "#eef3f7", "#a4262c"
FONT = 'font-family="Libertinus Serif, Georgia, serif"'
TICK_HOURS = 3
LANES = (
    frozenset({"rescued", "disembarked", "sheltered", "casualty", "protection_need"}),
    frozenset({"detection", "handover"}),
    frozenset({"attempt", "incident", "departure_prevented", "disruption"}),
)


@cache
def _coasts() -> list[list[tuple[float, float]]]:
    found = json.loads(Path(__file__).with_name("strait.json").read_text(encoding="utf-8"))
    return [[(x / 10_000, y / 10_000) for x, y in line] for line in found["lines"]]


def _at(longitude: float, latitude: float) -> tuple[float, float]:
    x = (longitude - WEST) / (EAST - WEST) * WIDTH
    scale = WIDTH / ((EAST - WEST) * FLATTENED)
    return round(x, 1), round((NORTH - latitude) * scale, 1)


def strait(places: Sequence[Mapping[str, Any]], accent: str, names: tuple[str, str]) -> str:
    """The coasts, named, and each registered place with how many events were recorded there; what lies outside is left out."""
    height = _at(EAST, SOUTH)[1]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        f'<rect width="{WIDTH}" height="{height}" fill="{SEA}"/>',
    ]
    for line in _coasts():
        points = " ".join(f"{x},{y}" for x, y in (_at(*point) for point in line))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{COAST}" stroke-width="2" stroke-linejoin="round"/>')
    for name, left, top in ((names[0], 90, 330), (names[1], 600, 560)):
        parts.append(
            f'<text x="{left}" y="{top}" font-size="26" {FONT} font-style="italic" fill="{COAST}">{escape(name)}</text>'
        )
    taken: list[float] = []
    shown = [p for p in places if WEST < p["longitude_e6"] / 1e6 < EAST and SOUTH < p["latitude_e6"] / 1e6 < NORTH]
    for place in sorted(shown, key=lambda p: -int(p["latitude_e6"])):
        x, y = _at(place["longitude_e6"] / 1e6, place["latitude_e6"] / 1e6)
        label = _free(taken, y)
        side = 14 if x < WIDTH * 0.72 else -14
        anchor = "start" if side > 0 else "end"
        size = min(14.0, 5 + place["events"] ** 0.5 * 2)
        parts.append(f'<circle cx="{x}" cy="{y}" r="{size:.1f}" fill="{accent}" fill-opacity="0.55"/>')
        parts.append(f'<line x1="{x}" y1="{y}" x2="{x + side * 3}" y2="{label}" stroke="{COAST}" stroke-width="0.8"/>')
        text = f"{escape(_plain(place['place']))} · {place['events']}"
        parts.append(
            f'<text x="{x + side * 3.3:.1f}" y="{label + 6:.1f}" font-size="20" {FONT} text-anchor="{anchor}" fill="{INK}">'
            f"{text}</text>"
        )
    return "".join([*parts, "</svg>"])


def _free(taken: list[float], y: float) -> float:
    """A height for a label that no other label has."""
    while any(abs(y - other) < 24 for other in taken):
        y += 8
    taken.append(y)
    return y


def timeline(rows: Sequence[Mapping[str, Any]], window: Mapping[str, str], spoken: Spoken, accent: str) -> str:
    """The events of a reporting day on a line of its own time: people above, detections, then the rest; deaths in red."""
    begin, end = (datetime.fromisoformat(window[edge]) for edge in ("from", "to"))
    span = (end - begin).total_seconds()
    width, height, lane = 1000, 190, 46
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">']
    at = begin
    while at <= end:
        x = 20 + (at - begin).total_seconds() / span * (width - 40)
        parts.append(f'<line x1="{x:.1f}" y1="8" x2="{x:.1f}" y2="150" stroke="#c9d1d9" stroke-width="1"/>')
        told = escape(spoken.clock(at.isoformat()))
        parts.append(f'<text x="{x:.1f}" y="176" font-size="19" {FONT} text-anchor="middle" fill="{INK}">{told}</text>')
        at += timedelta(hours=TICK_HOURS)
    for row in rows:
        x = 20 + (datetime.fromisoformat(row["occurred_at"]) - begin).total_seconds() / span * (width - 40)
        y = 30 + lane * next((n for n, kinds in enumerate(LANES) if row["kind"] in kinds), len(LANES) - 1)
        size = min(16.0, 4 + int(row["quantity"]) ** 0.5)
        fill = GRAVE if row["grave"] else accent
        parts.append(f'<circle cx="{x:.1f}" cy="{y}" r="{size:.1f}" fill="{fill}" fill-opacity="0.6"/>')
    return "".join([*parts, "</svg>"])


def _plain(text: str) -> str:
    """A code as a picture may carry it: nothing that a renderer of XML would refuse."""
    return "".join(c for c in text if c.isprintable())
