"""A caller's events on their way through one transaction: admitted in order, answered once it is durable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from queue import SimpleQueue

from ledger import admission, errors
from ledger.admission import Admitted, AlreadyRecorded, Checked
from ledger.events.key_types import LedgerOpened
from ledger.events.registry_types import IndexCommitted
from ledger.formats.entry import format_instant
from ledger.store.receipt import Receipt, receipt_of
from ledger.store.state import Draft

CLOCK_AHEAD_MICROSECONDS_MAX = 2_000_000
"""How far the last recorded instant may be ahead of the clock before appends are refused."""

# What an item's admission raises through a mistake of ours: it fails that item and no other.
DEFECTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

Answer = Receipt | errors.EntenteError
Decision = Admitted | AlreadyRecorded | errors.EntenteError


class Group:
    """What one caller waits for: events that are answered together, all or none of them recorded where `is_atomic`.

    An answer is a receipt, a refusal, or what else kept an item from being recorded. `expected_versions`, where given, are
    the versions the events must become. `defect` is a mistake of ours that an item met, raised in its caller's thread.
    """

    __slots__ = ("answers", "decisions", "defect", "done", "expected_versions", "gate", "is_atomic", "is_dry_run", "items")

    def __init__(
        self,
        items: Sequence[Checked] = (),
        *,
        is_atomic: bool = False,
        is_dry_run: bool = False,
        expected_versions: Sequence[int] = (),
    ) -> None:
        self.items = items
        self.is_atomic = is_atomic
        self.is_dry_run = is_dry_run
        self.expected_versions = expected_versions
        self.decisions: list[Decision] = []
        self.answers: list[Answer] = []
        self.defect: BaseException | None = None
        self.done = False
        self.gate: SimpleQueue[None] = SimpleQueue()

    def finish(self) -> None:
        """Wake the caller."""
        self.done = True
        self.gate.put(None)


@dataclass(frozen=True)
class Genesis:
    """What whoever opened this ledger expects of its first event: its origin, and an exercise where it is told the time."""

    origin: str | None
    is_clock_injected: bool

    def require(self, opened: LedgerOpened) -> None:
        """Raise NotAllowed for the opening of another ledger than this one was set up to be."""
        if self.origin is not None and opened.origin != self.origin:
            raise errors.NotAllowed(f"this ledger was set up as {self.origin}", field="data.origin")
        if self.is_clock_injected and not opened.exercise:
            raise errors.NotAllowed("only an exercise may be told the time", field="data.exercise")


class Admission:
    """Admission of one batch, at one instant, into one draft."""

    def __init__(self, draft: Draft, last: int, now: int, genesis: Genesis, indexes: Mapping[int, str]) -> None:
        """`last` is the instant recorded last, `now` the clock's, in microseconds.

        `indexes` are the indexes of streams that this ledger has made itself: size -> root in hex.
        """
        self.draft = draft
        # No two commits of a live ledger share an instant, however long the clock stands still: so the entries themselves say
        # where each ended, and a checkpoint that was taken away is missed (verify.py). An exercise is told the time.
        self.recorded_at = max(now, last if genesis.is_clock_injected else last + 1)
        self._recorded_at_text = format_instant(self.recorded_at)
        self._is_clock_sound = last - now <= CLOCK_AHEAD_MICROSECONDS_MAX
        self._genesis = genesis
        self._indexes = indexes

    def take(self, group: Group) -> None:
        """Decide about each of a group's items, in order. Refusals become decisions; nothing is raised for them."""
        draft = Draft.over(self.draft) if group.is_atomic or group.is_dry_run else self.draft
        for number, item in enumerate(group.items):
            expected = group.expected_versions[number] if group.expected_versions else None
            try:
                decision: Decision = self._decide(item, draft, expected)
            except errors.EntenteError as refusal:
                decision = refusal
            except DEFECTS as defect:
                group.defect = defect
                decision = errors.Unavailable("the ledger failed while it looked at this event")
            if isinstance(decision, Admitted):
                draft.take(decision)
            group.decisions.append(decision)
            if group.is_atomic and isinstance(decision, errors.EntenteError):
                self._refuse_the_rest(group, number)
                return
        if draft is not self.draft and not group.is_dry_run:
            draft.merge()

    def _decide(self, item: Checked, draft: Draft, expected_version: int | None) -> Decision:
        if not self._is_clock_sound and draft.known(item.header.id) is None:
            raise errors.ClockUnsound(remedy="correct the clock (the store's server's, where it has one)")
        if isinstance(item.event.data, LedgerOpened):
            self._genesis.require(item.event.data)
        elif isinstance(item.event.data, IndexCommitted) and draft.known(item.header.id) is None:
            self._require_index(item.event.data)
        if expected_version is not None and draft.known(item.header.id) is None:
            at = draft.stream(item.header.stream).version
            if at + 1 != expected_version:
                raise errors.StreamMoved(
                    f"this was to become version {expected_version}, the stream is at {at}",
                    current_version=at,
                    remedy="read the stream again and decide anew",
                )
        return admission.admit(item, draft, self.recorded_at)

    def _require_index(self, committed: IndexCommitted) -> None:
        """A wrong index would stop the log: no nation cosigns behind one. So only what was made here is committed to."""
        if self._indexes.get(committed.size) != committed.root:
            raise errors.NotAllowed(
                "the ledger commits only to indexes of streams that it has just made itself",
                field="data.root",
                remedy="entente index commit",
            )

    @staticmethod
    def _refuse_the_rest(group: Group, number: int) -> None:
        """All or none: what was fine by itself is not recorded either."""
        refused = group.decisions[number]
        others = errors.Refused(
            f"not recorded, because event {number + 1} of the same atomic batch was refused",
            remedy="mend that one, or send these without it",
        )
        group.decisions = [refused if n == number else others for n in range(len(group.items))]

    def answer(self, group: Group, size: int) -> None:
        """Turn decisions into answers, now that what was admitted is durable under the checkpoint of this size."""
        for item, decision in zip(group.items, group.decisions, strict=True):
            if isinstance(decision, errors.EntenteError):
                group.answers.append(decision)
            elif isinstance(decision, Admitted):
                group.answers.append(self._receipt(decision, size, is_dry_run=group.is_dry_run))
            else:
                group.answers.append(self._earlier(item.header.id, size))

    def _receipt(self, admitted: Admitted, size: int, *, is_dry_run: bool = False, is_new: bool = True) -> Receipt:
        return Receipt(
            admitted.checked.header.id,
            admitted.position,
            admitted.stream,
            admitted.version,
            self._recorded_at_text,
            admitted.leaf_hash,
            0 if is_dry_run else size,
            "admissible" if is_dry_run else "checkpointed",
            is_new,
            self.draft.keys.is_relayed(admitted.checked.header.key_id, admitted.checked.signed_by, admitted.position),
        )

    def _earlier(self, event_id: str, size: int) -> Receipt:
        """The receipt of the first time: from this very batch, or from the log."""
        admitted = self.draft.found(event_id)
        if admitted is not None:
            return self._receipt(admitted, size, is_new=False)
        known = self.draft.recorded(event_id)
        if known is None:
            # Twice in one dry run: the first is in no log and in no draft any more.
            return Receipt(event_id, 0, "", 0, self._recorded_at_text, b"", 0, "admissible", is_new=False)
        return receipt_of(event_id, *known, lambda: self.draft.keys)
