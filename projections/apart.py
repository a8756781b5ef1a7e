"""How far apart two positions of one incident are, and how far a boat can have gone in between.

Pure. A position is sure to its radius; a drifting or motoring dinghy covers some water. What is left over is a contradiction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec

from ledger.formats.entry import parse_instant
from projections.fact import Fact
from projections.incidents import details

EARTH_METRES = 6_371_000
SPEED_METRES_A_MINUTE = 300
"""Ten knots, rounded down: faster than an overloaded dinghy goes, so that what is flagged is not its own way."""
ALLOWANCE_METRES = 1_852
"""One nautical mile, for positions told by telephone without a radius."""
MINUTE = 60_000_000


class Apart(msgspec.Struct, frozen=True):
    """Two positions that one boat cannot have had: whole metres and minutes between them, and by how much it is too far."""

    first: Fact
    second: Fact
    metres: int
    minutes: int
    excess: int


def furthest_apart(facts: Sequence[Fact]) -> Apart | None:
    """Of positions that follow one another in time, the two that are most too far apart; None where all are possible."""
    stated = sorted(((_when(f, p), f.origin, f, p) for f in facts for p in [details(f)["position"]]), key=lambda s: s[:2])
    found = [_apart(a, b) for a, b in pairwise(stated)]
    return max((a for a in found if a.excess > 0), key=lambda a: (a.excess, -a.second.origin), default=None)


def _apart(earlier: tuple[int, int, Fact, Any], later: tuple[int, int, Fact, Any]) -> Apart:
    (at, _, first, here), (then, _, second, there) = earlier, later
    metres, minutes = round(distance(here, there)), (then - at) // MINUTE
    possible = here.get("radius_m", 0) + there.get("radius_m", 0) + ALLOWANCE_METRES + minutes * SPEED_METRES_A_MINUTE
    return Apart(first, second, metres, minutes, metres - possible)


def _when(fact: Fact, position: dict[str, Any]) -> int:
    return parse_instant(position["at"]) if "at" in position else fact.occurred_at


def distance(here: dict[str, Any], there: dict[str, Any]) -> float:
    """Metres between two {lat_e6, lon_e6} along a great circle."""
    lat_a, lon_a, lat_b, lon_b = (math.radians(p[name] / 1_000_000) for p in (here, there) for name in ("lat_e6", "lon_e6"))
    half = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_METRES * math.asin(math.sqrt(min(1.0, half)))
