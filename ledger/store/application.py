"""The ledger as an `eventsourcing` application: the only writer of the log, and the way to read it.

`Ledger.open(url, log_key=…)` appends and reads. Constructed as the library does it, from an environment with `STORE_URL`, it
reads only: a stock ProjectionRunner follows it without holding the log's key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

from eventsourcing.application import Application, ProcessingEvent
from eventsourcing.persistence import InfrastructureFactory, Mapper, Notification, Recording
from eventsourcing.utils import Environment, EnvType

import migrations
from ledger import errors
from ledger.admission import Checked
from ledger.events.keys import KeyRing
from ledger.formats import merkle, note
from ledger.formats.envelope import Submitted
from ledger.formats.keys import SigningKey
from ledger.store import safety
from ledger.store.checkers import Outcome
from ledger.store.engines import answering
from ledger.store.factory import Factory
from ledger.store.group import Answer, Group
from ledger.store.mapper import EntryMapper, ToRecord
from ledger.store.reader import LogReader
from ledger.store.receipt import Receipt
from ledger.store.recorder import LedgerRecorder
from ledger.store.sequencer import RequireListed, Sequencer
from ledger.store.tree import TreeReader
from ledger.store.writer import Placed

CHUNK_ITEMS = 250
"""Items of a long list that are checked, then recorded, together, while the next ones are being checked."""
ALONE_ITEMS_MAX = 8
"""Up to so many items are checked on the caller's own thread: handing them over would cost more."""


class Ledger(LogReader, Application[str]):
    """One ledger's log: append, read, prove."""

    name = "Ledger"
    env: ClassVar[dict[str, str]] = {Factory.PERSISTENCE_MODULE: "ledger.store.factory"}

    def __init__(self, env: EnvType | None = None) -> None:
        Application.__init__(self, env)
        LogReader.__init__(self, cast(Factory, self.factory).engine)
        self.tree = TreeReader(self.engine)
        self._sequencer: Sequencer | None = None

    @classmethod
    def open(
        cls,
        url: str,
        *,
        log_key: SigningKey | None = None,
        also_signing: Sequence[SigningKey] = (),
        origin: str | None = None,
        clock: Callable[[], int] | None = None,
        require_listed: RequireListed | None = None,
    ) -> Ledger:
        """Open the ledger at a SQLAlchemy URL whose schema has been made (`migrations.upgrade`).

        Without the log's private key it only reads. While one key of the log follows another both sign (`also_signing`).
        `origin` is what the log must be, or be opened as. `clock` gives microseconds since 1970 UTC and is for exercises
        alone. `require_listed` is asked about each policy adopted while it is open, before anything is signed under that. A
        process that was forked opens its own: connections and threads do not survive a fork. Raises UnsafeSetting naming the
        setting, Unavailable, or VerificationFailed where the tree is not the one its newest checkpoint signs.
        """
        ledger = cls({Factory.STORE_URL: url})
        try:
            ledger._require_schema()
            safety.require_safe(ledger.engine)
            if log_key is not None:
                log_keys = (log_key, *also_signing)
                ledger._sequencer = Sequencer(ledger.engine, log_keys, ledger.tree, origin, clock, require_listed)
                ledger._require_settings(log_keys, origin, clock is not None)
        except errors.EntenteError:
            ledger.close()
            raise
        return ledger

    # -- how the library constructs it -----------------------------------------------------------------------------------

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        """Our factory, whatever else the environment names: the log's tables are read in one way only."""
        return Factory(env)

    def construct_mapper(self) -> Mapper[str]:
        """Exact bytes and fixed type names."""
        return EntryMapper(self.construct_transcoder())

    def construct_recorder(self) -> LedgerRecorder:
        """The ledger's own table."""
        return LedgerRecorder(cast(Factory, self.factory).engine)

    def close(self) -> None:
        """Let a running append finish, then close every connection. May be called twice."""
        if self.closing.is_set():
            return
        self.closing.set()
        if self._sequencer is not None:
            self._sequencer.close()
        self.factory.close()

    def _require_schema(self) -> None:
        with answering():
            found = migrations.revision(self.engine)
        if found != migrations.newest():
            raise errors.Unavailable(
                f"the database is at schema revision {found or 'none'}, this program needs {migrations.newest()}",
                field="database",
                remedy="run `entente init` for a new ledger, `entente upgrade` for one of an older version",
            )

    def _require_settings(self, log_keys: Sequence[SigningKey], origin: str | None, is_clock_injected: bool) -> None:
        """What must fit a log that has begun: its key, its origin, its clock."""
        assert self._sequencer is not None
        keys = self._sequencer.head.keys
        newest = self.newest_checkpoint()
        if newest is None:
            return
        if origin is not None and origin != keys.origin:
            raise errors.UnsafeSetting(f"this log is {keys.origin}, not {origin}", field="origin")
        if is_clock_injected and not keys.exercise:
            raise errors.UnsafeSetting("only an exercise may be told the time", field="clock")
        known = [note.NoteVerifier(note.VerifierKey(keys.origin, note.ED25519_NOTE, key.public)) for key in log_keys]
        try:
            note.open_note(newest[1], known)
        except errors.BadNote as wrong:
            raise errors.UnsafeSetting(
                "this is not the key that signed the newest checkpoint", field="log_key", remedy="give the log's own key"
            ) from wrong

    # -- appending -------------------------------------------------------------------------------------------------------

    @property
    def sequencer(self) -> Sequencer:
        """What records. Raises Unavailable where the ledger was opened for reading, or is closed."""
        if self.closing.is_set():
            raise errors.Unavailable("this ledger is closed")
        if self._sequencer is None:
            raise errors.Unavailable("this ledger was opened without the log's key, for reading", remedy="give log_key")
        return self._sequencer

    @property
    def keys(self) -> KeyRing:
        """The key ring as it stands at the head."""
        return self.sequencer.head.keys

    def append(self, submitted: Submitted) -> Receipt:
        """Record one signed event; the receipt is the same however often the same bytes are sent.

        Raises Refused (what it is says what to do), or Unavailable: then nobody knows, and the same bytes sent again tell.
        """
        answer = self.sequencer.append(submitted).answers[0]
        if isinstance(answer, Receipt):
            return answer
        raise answer

    def append_many(self, submitted: Sequence[Submitted], *, atomic: bool = False, dry_run: bool = False) -> list[Answer]:
        """Record many signed events in order; the answer to each is its receipt, or the error that kept it out.

        `atomic`: all of them or none, in one transaction (at most BATCH_ITEMS_MAX). `dry_run`: nothing is recorded, and a
        receipt says `admissible`; each event of a dry run sees those before it.
        """
        sequencer = self.sequencer
        together = atomic or dry_run
        chunks = [submitted[at : at + CHUNK_ITEMS] for at in range(0, len(submitted), CHUNK_ITEMS)]
        checking = [self._check_soon(chunk) for chunk in chunks]
        if together:
            checked = [item for chunk in checking for item in chunk()]
            return _recorded(sequencer, checked, atomic=atomic, dry_run=dry_run)
        answers: list[Answer] = []
        for chunk in checking:
            answers += _recorded(sequencer, chunk())
        return answers

    def _check_soon(self, chunk: Sequence[Submitted]) -> Callable[[], list[Outcome]]:
        """Start checking a chunk on all cores; the result waits for it."""
        checkers = self.sequencer.checkers
        if len(chunk) <= ALONE_ITEMS_MAX:
            return lambda: checkers.check(chunk)
        half = (len(chunk) + 1) // 2
        first, second = checkers.begin(chunk[:half]), checkers.begin(chunk[half:])
        return lambda: first() + second()

    def _record(self, processing_event: ProcessingEvent[str]) -> list[Recording[str]]:
        """What `save(*events)` comes down to: `ToRecord` events, all of them or none, through the sequencer.

        Raises Refused for the first that may not enter, StreamMoved where one would not become the version it says.
        """
        events = processing_event.events
        assert processing_event.tracking is None, "the log follows nobody"
        assert all(isinstance(event, ToRecord) for event in events), "only signed submissions can be saved"
        items = [cast(ToRecord, event) for event in events]
        checked = [_sound(outcome) for outcome in self.sequencer.checkers.check([item.submitted for item in items])]
        for item, found in zip(items, checked, strict=True):
            assert found.header.stream == item.originator_id, "a submission belongs to the stream it names"
        group = Group(checked, is_atomic=True, expected_versions=[item.originator_version for item in items])
        self.sequencer.submit(group)
        receipts = []
        for answer in sorted(group.answers, key=lambda a: type(a) is errors.Refused):
            if isinstance(answer, errors.EntenteError):
                raise answer
            receipts.append(answer)
        return [self._recording(receipt) for receipt in receipts]

    def _recording(self, receipt: Receipt) -> Recording[str]:
        recorded = self.by_id(receipt.event_id)
        stored = self.mapper.to_stored_event(recorded)
        notification = Notification(
            stored.originator_id, stored.originator_version, stored.topic, stored.state, recorded.position
        )
        return Recording(recorded, notification)

    # -- proving ---------------------------------------------------------------------------------------------------------

    def prove(self, position: int, size: int | None = None) -> list[bytes]:
        """The inclusion proof of an entry in the tree of `size` (by default the first checkpoint that covers it)."""
        if size is None:
            covering = self.covering_checkpoint(position)
            size = covering[0] if covering else 0
        if not 1 <= position <= size:
            raise errors.NotFound(f"there is no entry {position} in a log of {size}", field="position")
        return merkle.prove_inclusion(position - 1, size, self.tree.read_hashes)

    def prove_consistency(self, old_size: int, size: int) -> list[bytes]:
        """The proof that the log of `old_size` is the beginning of that of `size`."""
        return merkle.prove_consistency(old_size, size, self.tree.read_hashes)


def _recorded(sequencer: Sequencer, outcomes: list[Outcome], *, atomic: bool = False, dry_run: bool = False) -> list[Answer]:
    """Send what passed the first stage through the second, and put the answers where the items stood."""
    checked = [outcome if isinstance(outcome, errors.EntenteError) else _sound(outcome) for outcome in outcomes]
    passed = [item for item in checked if not isinstance(item, errors.EntenteError)]
    if atomic and len(passed) < len(checked):
        others = errors.Refused("not recorded, because another event of the same atomic batch was refused")
        return [item if isinstance(item, errors.EntenteError) else others for item in checked]
    answers: list[Answer] = []
    if passed:
        group = Group(passed, is_atomic=atomic, is_dry_run=dry_run)
        try:
            sequencer.submit(group)
            answers = group.answers
        except errors.EntenteError as wrong:
            answers = [wrong] * len(passed)
    following = iter(answers)
    return [item if isinstance(item, errors.EntenteError) else next(following) for item in checked]


def _sound(outcome: Outcome) -> Checked:
    """What passed the first stage; what did not is raised."""
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


__all__ = ["Ledger", "Placed", "Receipt"]
