"""What a correction does: the effective event is the signed one with its live corrections applied in log order.

Nothing is edited. A correction is itself an event and can be corrected: retracting it makes it not live, retracting that
revives it, amending it replaces its patch in its old place. Pure, over the statements of one stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from ledger import errors
from ledger.events.base import NEWEST, Event, StatedTime
from ledger.events.correction_types import CorrectionRecorded
from ledger.events.values import Instant
from ledger.formats.entry import parse_instant

TIMES = ("occurred_at", "occurred_until", "stated_time")
PLACES = ("place",)

IsAllowed = Callable[["Statement", "Statement"], bool]


class Statement(msgspec.Struct, frozen=True, gc=False):
    """An event as it stands in the log: its position, when it was recorded (microseconds), and whether both nations see it."""

    position: int
    recorded_at: int
    event: Event
    shared: bool = True


class Amended(msgspec.Struct, frozen=True, gc=False):
    """The effective form of a statement; `event` is None once it is retracted. `by` names positions of corrections applied."""

    event: Event | None
    by: tuple[int, ...] = ()


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396: objects merge member by member, null removes, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


class Corrections:
    """The corrections among the statements of one stream, by target, in log order.

    `is_allowed(correction, target)` leaves out a correction that its author had no right to make: joint admission refuses
    such a one, a sealed one can only be ignored and flagged.
    """

    def __init__(self, statements: Iterable[Statement], is_allowed: IsAllowed = lambda correction, target: True) -> None:
        self.by_id: dict[str, Statement] = {}
        self.of: dict[str, list[Statement]] = {}
        self.ignored: list[Statement] = []
        for statement in statements:
            data = statement.event.data
            if isinstance(data, CorrectionRecorded):
                target = self.by_id.get(data.target)
                if target is None or not is_allowed(statement, target):
                    self.ignored.append(statement)
                    continue
                self.of.setdefault(data.target, []).append(statement)
            self.by_id[statement.event.header.id] = statement

    def is_live(self, correction: Statement) -> bool:
        """A correction is live unless a live correction retracts it."""
        return not any(c.event.data.kind == "retract" and self.is_live(c) for c in self.of.get(correction.event.header.id, ()))

    def patch_of(self, correction: Statement) -> dict[str, Any]:
        """The patch as amended since; an amendment may give the new patch itself or as the field `patch`."""
        data = correction.event.data
        patch = data.patch or {}
        for amendment in self.of.get(correction.event.header.id, ()):
            kind = amendment.event.data.kind
            if kind in ("amend", data.kind) and kind != "retract" and self.is_live(amendment):
                new = self.patch_of(amendment)
                patch = new["patch"] if isinstance(new.get("patch"), dict) else new
        return dict(patch)

    def amend(self, statement: Statement) -> Amended:
        """The effective form of a statement. Raises Unfoldable when a patch leaves something its type does not allow."""
        corrections = [c for c in self.of.get(statement.event.header.id, ()) if self.is_live(c)]
        if not corrections:
            return Amended(statement.event)
        by = tuple(c.position for c in corrections)
        if any(c.event.data.kind == "retract" for c in corrections):
            return Amended(None, by)
        if isinstance(statement.event.data, CorrectionRecorded):
            return Amended(statement.event, by)  # its patch as amended is `patch_of`; it stands where it stood
        header = statement.event.header
        times: dict[str, Any] = {name: msgspec.to_builtins(getattr(header, name)) for name in TIMES}
        # The typed data is that of the newest schema, whose fields a patch names.
        data: Any = msgspec.to_builtins(statement.event.data)
        for correction in corrections:
            patch = self.patch_of(correction)
            match correction.event.data.kind:
                case "retime":
                    times = merge_patch(times, {k: v for k, v in patch.items() if k in TIMES})
                case "relocate":
                    data = merge_patch(data, {k: v for k, v in patch.items() if k in PLACES})
                case _:
                    data = merge_patch(data, patch)
        return Amended(_rebuilt(statement.event, times, data), by)


def _rebuilt(event: Event, times: dict[str, Any], data: Any) -> Event:
    """The event with other times and data, held to the field rules of the newest schema of its type."""
    header = event.header
    row = NEWEST[header.type]
    raw = msgspec.json.encode(data, order="sorted")
    try:
        typed = row.decode_data(raw)
        typed.check()
        for name in ("occurred_at", "occurred_until"):
            if times.get(name) is not None:
                parse_instant(msgspec.convert(times[name], Instant))
        stated_time = times.get("stated_time")
        new_header = msgspec.structs.replace(
            header,
            occurred_at=msgspec.convert(times.get("occurred_at"), Instant),
            occurred_until=times.get("occurred_until"),
            stated_time=None if stated_time is None else msgspec.convert(stated_time, StatedTime),
            schema=row.schema,
            data=msgspec.Raw(raw),
        )
    except (msgspec.ValidationError, errors.Malformed) as wrong:
        raise errors.Unfoldable(f"a correction leaves {header.type} with {wrong}", field="data.patch") from wrong
    return Event(new_header, typed)


def effective_events(statements: Sequence[Statement], is_allowed: IsAllowed = lambda correction, target: True) -> list[Event]:
    """The effective events of a stream, in log order, retracted ones left out."""
    corrections = Corrections(statements, is_allowed)
    amended = (corrections.amend(s).event for s in statements if not isinstance(s.event.data, CorrectionRecorded))
    return [event for event in amended if event is not None]
