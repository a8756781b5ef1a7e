"""Whether a site should be sent requests, and how it stands: the same numbers for `/readyz` and for `/metrics`."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from typing import Any

from api.home import Home
from ledger import errors
from ledger.formats.entry import parse_instant
from ledger.store.engines import DATABASE_ERRORS
from ledger.store.group import CLOCK_AHEAD_MICROSECONDS_MAX

MICROSECONDS = 1_000_000
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class ViewStanding:
    """A nation's view: entries of the log that it has not taken in, and since how many seconds the oldest of them waits.

    `has_begun` is false for a view that nobody keeps here.
    """

    entries: int
    seconds: float
    has_begun: bool


@dataclass(frozen=True)
class Standing:
    """How a site stands. `reasons` are why it is not ready; `waiting` is what its readers wait for, and holds up nobody.

    What the store did not tell is None.
    """

    disk_free_bytes: int
    head: int | None = None
    clock_behind_seconds: float | None = None
    tail_entries: int | None = None
    tail_seconds: float | None = None
    views: dict[str, ViewStanding] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


def standing_of(home: Home) -> Standing:
    """How a home stands now. What is wrong with a database is a reason, and nothing is raised for it."""
    limits = home.settings.limits
    free = shutil.disk_usage(home.path).free
    reasons = []
    if free < limits.disk_free_megabytes * MEGABYTE:
        reasons.append(f"the disk is nearly full: {free // MEGABYTE} megabytes free, {limits.disk_free_megabytes} wanted")
    try:
        head = home.reader.head()
        # An exercise is told the time, and it stands at its last entry.
        now = home.reader.recorded_at(head) if home.settings.exercise and head else time.time_ns() // 1_000
        behind = _clock_behind(home, head, now)
        tail, waiting = _tail(home, head, now)
    except errors.EntenteError as wrong:
        return Standing(free, reasons=[*reasons, str(wrong)])
    if behind > CLOCK_AHEAD_MICROSECONDS_MAX / MICROSECONDS:
        reasons.append(f"the clock is {behind:.1f} s behind the last entry: appends wait until it is right")
    views: dict[str, ViewStanding] = {}
    for nation in home.nations:
        try:
            views[nation] = found = _view(home, nation, head, now)
        except DATABASE_ERRORS:
            reasons.append(f"the {nation} view's database does not answer")
            continue
        if found.has_begun and found.seconds > limits.view_behind_seconds:
            reasons.append(f"the {nation} view is {found.entries} entries and {found.seconds:.0f} s behind the log")
    return Standing(free, head, behind, *tail, views, reasons, waiting)


def _clock_behind(home: Home, head: int, now: int) -> float:
    """By how many seconds the last entry is ahead of this machine's clock; an exercise is told the time."""
    if home.settings.exercise or not head:
        return 0.0
    return max(0.0, (home.reader.recorded_at(head) - now) / MICROSECONDS)


def _tail(home: Home, head: int, now: int) -> tuple[tuple[int, float], list[str]]:
    """(entries that are not final, seconds since the oldest of them was recorded), and the same in words once it is long."""
    if not head:
        return (0, 0.0), []
    found: dict[str, Any] = home.finality().standing()
    entries, since = found["tail"]["entries"], found["tail"]["since"]
    if since is None:
        return (0, 0.0), []
    seconds = max(0.0, (now - parse_instant(since)) / MICROSECONDS)
    if seconds <= home.settings.limits.final_behind_seconds:
        return (entries, seconds), []
    missing = ", ".join(sorted(found["behind"])) or "nobody"
    return (entries, seconds), [f"{entries} entries are not final since {since}: {missing} did not co-sign them"]


def _view(home: Home, nation: str, head: int, now: int) -> ViewStanding:
    store = home.view_store(nation)
    progress = store.progress(store.live())
    position = progress.position if progress is not None else 0
    if position >= head:
        return ViewStanding(0, 0.0, has_begun=True)
    seconds = max(0.0, (now - home.reader.recorded_at(position + 1)) / MICROSECONDS)
    return ViewStanding(head - position, seconds, has_begun=progress is not None)


def document_of(standing: Standing, reasons: list[str], away: list[str]) -> dict[str, Any]:
    """What an administrator is told: `ready`, and why not; who is away, and what waits, which make nobody unready."""
    every = [*standing.reasons, *reasons]
    return {"ready": not every, "reasons": every, "away": away, "waiting": standing.waiting}
