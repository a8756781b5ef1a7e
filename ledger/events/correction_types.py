"""Corrections and annotations: the types. What they do to an event on record is in correction.py.

A correction says that a statement was untrue when it was made; what happened afterwards is a new event. It stands on the stream
of its target. An annotation never alters a figure.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ledger.errors import Malformed
from ledger.events.base import INTEGER_MAX, TEXT_EVERYWHERE, Data, StatedTime, event_type
from ledger.events.values import Instant, Reference, require_calendar

CorrectionKind = Literal["amend", "retract", "reclassify", "retime", "relocate"]
ReasonCode = Literal["transcription", "duplicate", "late_info", "identity", "clock", "category", "fraud"]

PATCH_DEPTH_MAX = 4
PATCH_STRING_MAX_CHARACTERS = 256


class RetimePatch(msgspec.Struct, forbid_unknown_fields=True):
    """What a retime patch may name. Null removes (RFC 7396), which the time of the event itself does not allow."""

    occurred_at: Instant | msgspec.UnsetType = msgspec.UNSET
    occurred_until: Instant | msgspec.UnsetType | None = msgspec.UNSET
    stated_time: StatedTime | msgspec.UnsetType | None = msgspec.UNSET


def check_patch(kind: CorrectionKind, patch: dict[str, Any] | None) -> None:
    """Raise Malformed where a patch is missing, names what this kind may not, or is deeper or longer than it may be.

    Whether the patched event is still one its type allows is known only where the target is: in admission and in the fold.
    """
    if kind == "retract":
        if patch is not None:
            raise Malformed("a retraction takes the whole statement back and has no patch", field="data.patch")
        return
    if not patch:
        raise Malformed(f"a correction of kind {kind} says in `patch` what changes", field="data.patch")
    if kind == "retime":
        _check_times(patch)
        return
    if kind == "relocate" and patch.keys() != {"place"}:
        raise Malformed("a relocation names `place` and nothing else", field="data.patch", remedy="use kind amend")
    for name in patch:
        if name in TEXT_EVERYWHERE:
            raise Malformed(
                "free text is not patched", field=f"data.patch.{name}", remedy="say it in the text of the correction"
            )
    _check_value(patch, "data.patch", PATCH_DEPTH_MAX)


def _check_times(patch: dict[str, Any]) -> None:
    try:
        times = msgspec.convert(patch, RetimePatch)
        for instant in (times.occurred_at, times.occurred_until):
            if isinstance(instant, str):
                require_calendar(instant)
    except (msgspec.ValidationError, ValueError) as error:
        remedy = "a retime patch names occurred_at, occurred_until or stated_time, as 2015-08-27T03:12:00.000000Z"
        raise Malformed(str(error), field="data.patch", remedy=remedy) from error


def _check_value(value: Any, field: str, depth: int) -> None:
    if isinstance(value, dict | list):
        if depth == 0:
            raise Malformed(f"nested deeper than {PATCH_DEPTH_MAX} levels", field=field)
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            _check_value(inner, f"{field}.{name}", depth - 1)
    elif isinstance(value, str):
        if len(value) > PATCH_STRING_MAX_CHARACTERS:
            raise Malformed(f"longer than {PATCH_STRING_MAX_CHARACTERS} characters", field=field)
    elif isinstance(value, float) or (isinstance(value, int) and abs(value) > INTEGER_MAX):
        raise Malformed("not an integer within ±(2^53 − 1)", field=field)


@event_type("correction.recorded", en="Correction", fr="Rectification", text=("reason",), makes_facts=True)
class CorrectionRecorded(Data, frozen=True):
    """The originating nation corrects its own statement `target`; `patch` is merged as RFC 7396 says.

    `was_ever_true` tells a wrong count from one that was right when it was made, where the author can tell.
    """

    target: Reference
    kind: CorrectionKind
    patch: dict[str, Any] | None = None
    reason_code: ReasonCode | None = None
    was_ever_true: Literal["no", "unknown"] | None = None

    def check(self) -> None:
        check_patch(self.kind, self.patch)


@event_type("correction.proposed", en="Correction proposed", fr="Rectification proposée", text=("reason",), makes_facts=True)
class CorrectionProposed(Data, frozen=True):
    """The other nation proposes a correction: it changes nothing until the originator records one."""

    target: Reference
    kind: CorrectionKind
    patch: dict[str, Any] | None = None
    reason_code: ReasonCode | None = None

    def check(self) -> None:
        check_patch(self.kind, self.patch)


@event_type(
    "correction.accepted", en="Proposed correction accepted", fr="Rectification acceptée", text=("reason",), makes_facts=True
)
class CorrectionAccepted(Data, frozen=True):
    """The originator agrees; `correction` is the one it recorded."""

    proposal: Reference
    target: Reference | None = None
    correction: Reference | None = None


@event_type(
    "correction.rejected", en="Proposed correction rejected", fr="Rectification rejetée", text=("reason",), makes_facts=True
)
class CorrectionRejected(Data, frozen=True):
    """The originator stands by its statement."""

    proposal: Reference
    target: Reference | None = None


@event_type(
    "annotation.added",
    en="Annotation",
    fr="Observation",
    text=("annotation",),
    exempt="an annotation never alters a figure",
)
class AnnotationAdded(Data, frozen=True):
    """A remark beside an event or a stream."""

    target: Reference | None = None
