"""The log as a plain list, who may see what in it, and the effective event (figures.md, section 1)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Event = dict[str, Any]
Log = list[tuple[int, Event]]

GB, FR, BOTH = "GB", "FR", "BOTH"  # BOTH is the middle of a reconciliation: only what both nations may see
TIMES = ("occurred_at", "occurred_until", "stated_time")


class Night(NamedTuple):
    """Who and where, and (position, event) in log order. Positions need not start at 1 nor be without gaps."""

    authorities: list[dict[str, Any]]
    places: list[dict[str, Any]]
    log: Log


def night_of(scenario: dict[str, Any], log: Log | None = None) -> Night:
    """A scenario as a night. Without `log`, events take positions 1, 2, 3 in order of recorded_at, ties in file order."""
    if log is None:
        in_order = sorted(scenario["events"], key=lambda event: instant(event["recorded_at"]))  # sorted() keeps ties
        log = [(number + 1, event) for number, event in enumerate(in_order)]
    return Night(scenario["authorities"], scenario["places"], log)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def seen(night: Night, view: str, as_of: str) -> Log:
    """What a view holds as of an instant: everything up to the last position recorded at or before it, ties included."""
    recorded = [position for position, event in night.log if instant(event["recorded_at"]) <= instant(as_of)]
    last = max(recorded, default=0)
    return [(position, event) for position, event in night.log if position <= last and may_see(event, view)]


def may_see(event: Event, view: str) -> bool:
    if view == BOTH:
        return GB in event["releasable_to"] and FR in event["releasable_to"]
    return view in event["releasable_to"]


def window(view: str, day: str) -> tuple[datetime, datetime]:
    """[from, to): the civil day of London, or the Paris bulletin [D-1 08:00, D 08:00)."""
    this_day = date.fromisoformat(day)
    if view == GB:
        zone = ZoneInfo("Europe/London")
        first = datetime.combine(this_day, time(0), zone)
        after = datetime.combine(this_day + timedelta(days=1), time(0), zone)
    else:
        zone = ZoneInfo("Europe/Paris")
        first = datetime.combine(this_day - timedelta(days=1), time(8), zone)
        after = datetime.combine(this_day, time(8), zone)
    return first.astimezone(ZoneInfo("UTC")), after.astimezone(ZoneInfo("UTC"))


def nation_of(night: Night, authority: str) -> str:
    for row in night.authorities:
        if row["code"] == authority:
            return row["nation"]
    return "UNKNOWN"


def is_or_is_part_of(night: Night, authority: str, whole: str) -> bool:
    """True for the authority itself and for every part of it, and parts of its parts."""
    if authority == whole:
        return True
    for row in night.authorities:
        if row["code"] == authority and row.get("part_of"):
            return is_or_is_part_of(night, row["part_of"], whole)
    return False


def place_of(night: Night, code: str | None) -> dict[str, Any]:
    for row in night.places:
        if row["code"] == code:
            return row
    return {"code": code, "territory": "UNKNOWN", "control_zone": "none"}


def reference(text: str) -> str:
    """`@A39` names the event whose ref is A39."""
    return text.removeprefix("@")


# Corrections


def corrections_of(log: Log, ref: str) -> list[Event]:
    """The corrections that name this event, live or not, in log order."""
    return [e for _, e in log if e["type"] == "correction.recorded" and reference(e["data"]["target"]) == ref]


def is_live(log: Log, event: Event) -> bool:
    """An event (a correction too) is live unless a live correction retracts it."""
    for correction in corrections_of(log, event["ref"]):
        if correction["data"]["kind"] == "retract" and is_live(log, correction):
            return False
    return True


def patch_of(log: Log, correction: Event) -> dict[str, Any]:
    """The patch a correction stands for: its own, or that of the latest live amendment of it."""
    patch = correction["data"].get("patch") or {}
    for later in corrections_of(log, correction["ref"]):
        if later["data"]["kind"] == "amend" and is_live(log, later):
            patch = patch_of(log, later)
            if isinstance(patch.get("patch"), dict):
                patch = patch["patch"]
    return patch


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2, as printed there."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            if name in result:
                del result[name]
        else:
            result[name] = merge(result.get(name), value)
    return result


def effective(log: Log, event: Event) -> Event | None:
    """The signed event with its live corrections applied in log order; None when it is retracted."""
    if not is_live(log, event):
        return None
    result = dict(event)
    for correction in corrections_of(log, event["ref"]):
        if not is_live(log, correction):
            continue
        patch = patch_of(log, correction)
        kind = correction["data"]["kind"]
        if kind == "retime":
            for name in TIMES:
                if name in patch:
                    result[name] = merge(result.get(name), patch[name])
        elif kind == "relocate":
            if "place" in patch:
                result["data"] = merge(result["data"], {"place": patch["place"]})
        elif kind in ("amend", "reclassify"):
            result["data"] = merge(result["data"], patch)
    return result


# What still stands


def standing(log: Log, kinds: tuple[str, ...]) -> Log:
    """The events of these types that are not retracted, in their effective form, unfounded or not."""
    result = []
    for position, event in log:
        if event["type"] in kinds:
            now = effective(log, event)
            if now is not None:
                result.append((position, now))
    return result


def is_unfounded_since(log: Log, stream: str, stated: int) -> bool:
    """True when a live declared_unfounded after that position has not been followed by a live confirmed."""
    ended = False
    for position, event in log:
        if event["stream"] == stream and position > stated:
            if event["type"] == "incident.declared_unfounded" and is_live(log, event):
                ended = True
            if event["type"] == "incident.confirmed" and is_live(log, event):
                ended = False
    return ended


def counted(log: Log, kind: str) -> Log:
    """The events of one type whose facts are live: not retracted, and not ended with their stream as unfounded."""
    result = []
    for position, event in log:
        if event["type"] == kind and not is_unfounded_since(log, event["stream"], position):
            now = effective(log, event)
            if now is not None:
                result.append((position, now))
    return result


def dated(log: Log, kind: str, between: tuple[datetime, datetime]) -> list[Event]:
    """The counted events of one type that occurred in [from, to)."""
    return [event for _, event in counted(log, kind) if between[0] <= instant(event["occurred_at"]) < between[1]]


# Links


def live_links(log: Log) -> Log:
    """The links that are neither retracted nor withdrawn."""
    withdrawn = [reference(e["data"]["withdraws"]) for _, e in standing(log, ("incident.link_withdrawn",))]
    return [(p, e) for p, e in standing(log, ("incident.linked",)) if e["ref"] not in withdrawn]


def root_of(log: Log, stream: str, passed: tuple[str, ...] = ()) -> str:
    """Follow the latest live duplicate_of of each stream. A cycle is unlawful; a stream met again ends the walk."""
    to = None
    for _, link in live_links(log):
        if link["stream"] == stream and link["data"]["relation"] == "duplicate_of":
            to = link["data"]["to"]
    if to is None or to in passed or to == stream:
        return stream
    return root_of(log, to, (*passed, stream))
