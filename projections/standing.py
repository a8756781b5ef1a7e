"""One stream as it stands in one reading: its statements with corrections, false alarms and withdrawn links applied. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ledger import errors
from ledger.events.base import Event
from ledger.events.correction import Corrections, IsAllowed, Statement
from ledger.events.correction_types import CorrectionRecorded
from ledger.events.incident import IncidentConfirmed, IncidentDeclaredUnfounded, IncidentLinked, IncidentLinkWithdrawn

NOT_ON_RECORD = "nothing of that id is on record in this stream"


class Standing:
    """What the statements of a stream come to, by position.

    `amended`: each event with its corrections, None where it was retracted. `effective`: the same, None also where a false
    alarm or a withdrawn link ended what it stated. `again`: sealed statements that were made jointly since, under the same id;
    the joint one stands, with the corrections of either. `once`: the statements without corrections made again. `left_out`:
    sealed corrections that come to nothing, each with why. `failed`: what sealed corrections did not fit, with the refusal.

    Joint admission vouches for joint corrections. Where the sealed ones on top of them do not fit they are left out, so that
    what one nation seals never hides what both have said. Raises Unfoldable when joint ones alone do not fit.
    """

    def __init__(self, statements: Sequence[Statement], may_correct: IsAllowed) -> None:
        joint = {s.event.header.id for s in statements if s.shared}
        self.again = {s.position for s in statements if not s.shared and s.event.header.id in joint}
        self.left_out: dict[int, str] = {}
        self.failed: dict[int, errors.Unfoldable] = {}
        # A correction counts once, in its joint place; any other statement is still what its earlier corrections speak of.
        self.once = [s for s in statements if not (s.position in self.again and _is_correction(s))]
        self.amended = self._amended(may_correct)
        self.effective = self._effective(statements)

    def _amended(self, may_correct: IsAllowed) -> dict[int, Event | None]:
        corrections = Corrections(self.once, may_correct)
        amended: dict[int, Event | None] = dict.fromkeys(self.again)
        for s in self.once:
            if s.position not in self.again:
                try:
                    amended[s.position] = corrections.amend(s).event
                except errors.Unfoldable as wrong:
                    self.failed[s.position] = wrong
        self._leave_out(corrections)
        if self.failed:
            without = Corrections([s for s in self.once if s.shared or not _is_correction(s)], may_correct)
            amended |= {s.position: without.amend(s).event for s in self.once if s.position in self.failed}
        return amended

    def _leave_out(self, corrections: Corrections) -> None:
        ignored = {s.position for s in corrections.ignored}
        for s in self.once:
            if s.shared or not _is_correction(s):
                continue
            if s.position in ignored:
                target = corrections.by_id.get(s.event.data.target)
                is_there = target is not None and target.position < s.position
                self.left_out[s.position] = "only the nation that stated it corrects it" if is_there else NOT_ON_RECORD
            elif corrections.is_live(s) and (unfit := self.failed.get(corrections.fact_of(s).position)) is not None:
                self.left_out[s.position] = unfit.message

    def _effective(self, statements: Sequence[Statement]) -> dict[int, Event | None]:
        last_unfounded = 0
        withdrawn: set[str] = set()
        for s in statements:
            event = self.amended.get(s.position)
            if event is None:
                continue
            if isinstance(event.data, IncidentDeclaredUnfounded):
                last_unfounded = s.position
            elif isinstance(event.data, IncidentConfirmed):
                last_unfounded = 0
            elif isinstance(event.data, IncidentLinkWithdrawn):
                withdrawn.add(event.data.withdraws)
        effective: dict[int, Event | None] = {}
        for s in statements:
            event = self.amended.get(s.position)
            # A false alarm ends what the stream stated; a link states nothing, it says where the stream belongs.
            is_link = event is not None and isinstance(event.data, IncidentLinked)
            ended = event is not None and (event.header.id in withdrawn if is_link else s.position < last_unfounded)
            effective[s.position] = None if ended else event
        return effective


def _is_correction(statement: Statement) -> bool:
    return isinstance(statement.event.data, CorrectionRecorded)
