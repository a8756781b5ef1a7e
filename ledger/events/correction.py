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
from ledger.events.correction_types import CorrectionKind, CorrectionProposed, CorrectionRecorded, check_patch
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
        self._bottom: dict[int, tuple[Statement, CorrectionKind]] = {}
        accepted = []
        for statement in statements:
            data = statement.event.data
            if isinstance(data, CorrectionRecorded):
                target = self.by_id.get(data.target)
                if target is None or not is_allowed(statement, target):
                    self.ignored.append(statement)
                    continue
                self.of.setdefault(data.target, []).append(statement)
                self._bottom[statement.position] = self._bottom.get(target.position, (target, data.kind))
                accepted.append(statement)
            self.by_id[statement.event.header.id] = statement
        self._patches = self._live_patches(accepted)

    def _live_patches(self, accepted: list[Statement]) -> dict[int, dict[str, Any]]:
        """Position -> patch as amended since, of the live corrections. A correction only depends on later ones, so that one
        pass from the last to the first settles all, however long a chain is.
        """
        patches: dict[int, dict[str, Any]] = {}
        for correction in reversed(accepted):
            data = correction.event.data
            live = [c for c in self.of.get(correction.event.header.id, ()) if c.position in patches]
            if any(c.event.data.kind == "retract" for c in live):
                continue
            patch = data.patch or {}
            for amendment in live:
                if amendment.event.data.kind in ("amend", data.kind):
                    new = patches[amendment.position]
                    patch = new["patch"] if isinstance(new.get("patch"), dict) else new
            patches[correction.position] = patch
        return patches

    def is_live(self, correction: Statement) -> bool:
        """A correction is live unless a live correction retracts it."""
        return correction.position in self._patches

    def patch_of(self, correction: Statement) -> dict[str, Any]:
        """The patch of a live one as amended since; an amendment may give the new patch itself or as the field `patch`."""
        return dict(self._patches[correction.position])

    def fact_of(self, statement: Statement) -> Statement:
        """What a correction, or a correction of one, corrects in the end; any other statement itself."""
        return self._bottom[statement.position][0] if statement.position in self._bottom else statement

    def kind_at(self, target: Statement, kind: CorrectionKind) -> CorrectionKind:
        """The kind of the correction whose patch one of this kind, of this target, would set: its own, or the bottom one's."""
        return self._bottom[target.position][1] if target.position in self._bottom else kind

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
        return Amended(_patched(statement.event, [(c.event.data.kind, self.patch_of(c)) for c in corrections]), by)


def require_patch(correction: CorrectionRecorded | CorrectionProposed, before: Corrections, after: Corrections) -> None:
    """Hold a patch to the type of what it would change, whether it comes to change it or not: a payload is for ever.

    `before` and `after` are the stream's corrections without and with this one. Raises Unfoldable or Malformed.
    """
    if correction.kind == "retract":
        return
    target = before.by_id[correction.target]
    fact, kind, patch = before.fact_of(target), before.kind_at(target, correction.kind), correction.patch or {}
    if isinstance(fact.event.data, CorrectionProposed):
        raise errors.Unfoldable("a proposal is not amended: retract it and propose anew", field="data.patch")
    while fact is not target and isinstance(patch.get("patch"), dict):
        if len(patch) > 1:
            raise errors.Unfoldable("beside `patch` an amendment names nothing", field="data.patch")
        patch = patch["patch"]
    check_patch(kind, patch)
    refusal = None
    for form in (fact.event, before.amend(fact).event, after.amend(fact).event):
        if form is not None:
            try:
                _require_known(form, kind, patch)
            except errors.Unfoldable as wrong:
                refusal = refusal or wrong
            else:
                return
    assert refusal is not None, "a statement as signed is always there"
    raise refusal


def _require_known(event: Event, kind: CorrectionKind, patch: dict[str, Any]) -> None:
    """The patch fits the event and removes only what is there, or could be: a name that is removed is text as well."""
    _patched(event, [(kind, patch)])
    fields = {field.encode_name: None for field in msgspec.structs.fields(type(event.data))}
    if kind != "retime" and not _removes_known({**fields, **msgspec.to_builtins(event.data)}, patch):
        raise errors.Unfoldable(f"there is nothing of that name to remove from {event.header.type}", field="data.patch")


def _removes_known(there: Any, patch: dict[str, Any]) -> bool:
    known = there if isinstance(there, dict) else {}
    return all(
        name in known if value is None else not isinstance(value, dict) or _removes_known(known.get(name), value)
        for name, value in patch.items()
    )


def _patched(event: Event, patches: Iterable[tuple[CorrectionKind, dict[str, Any]]]) -> Event:
    """The event with patches of these kinds merged in, one after the other. Raises Unfoldable."""
    times: dict[str, Any] = {name: msgspec.to_builtins(getattr(event.header, name)) for name in TIMES}
    # The typed data is that of the newest schema, whose fields a patch names.
    data: Any = msgspec.to_builtins(event.data)
    for kind, patch in patches:
        match kind:
            case "retime":
                times = merge_patch(times, {k: v for k, v in patch.items() if k in TIMES})
            case "relocate":
                data = merge_patch(data, {k: v for k, v in patch.items() if k in PLACES})
            case _:
                data = merge_patch(data, patch)
    return _rebuilt(event, times, data)


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
