"""Group commit: many callers, one durable transaction that signs its own checkpoint.

Events are checked on all cores (by their own caller while callers are few), queued, and one of the callers leads: it takes
everything queued, admits it in order under the head lock, writes, commits, and answers everybody. (A thread of its own would
cost a single caller two switches an append and gain many callers nothing.) While the leader waits for the disk the next batch
is checked: libsodium and the database drivers let go of the interpreter lock.

A refusal is its own caller's. A commit that fails is everybody's in the batch, and ambiguous: nobody knows whether it is on
disk until the same bytes are sent again, and the event id decides.
"""

from __future__ import annotations

import copy
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy.engine import Engine

from ledger import errors
from ledger.admission import Checked
from ledger.events.registry import Registry
from ledger.formats import envelope, note
from ledger.formats.keys import SigningKey
from ledger.store.checkers import CHECKERS, Checkers, Outcome
from ledger.store.engines import DATABASE_ERRORS, answering, is_sqlite, translated
from ledger.store.group import Admission, Genesis, Group
from ledger.store.postgres import PostgresWriter
from ledger.store.sqlite import SQLiteWriter
from ledger.store.state import Draft, Head
from ledger.store.tree import TreeReader
from ledger.store.writer import Batch, Writer

Clock = Callable[[], int]
RequireListed = Callable[[str], None]
"""Raises UnsafeSetting where the policy of this digest lists no key that signs here."""

BATCH_ITEMS_MAX = 2_000
"""Entries in one transaction; one atomic group may not be larger."""
SIGNED_REMEMBERED_MAX = 1_024
"""Checkpoints of the last transactions, for the proofs that go with their receipts."""
QUEUE_ITEMS_MAX = 20_000
GATHER_SECONDS_MAX = 0.002
"""How long a leader waits for events that are being checked right now, so that they share its transaction."""
GATHER_STEP_SECONDS = 0.0002
GATHER_ITEMS = 32


class Sequencer:
    """The one writer of a process. Many threads submit; whoever finds nobody leading leads.

    `indexes` are the indexes of streams that this process has made and may commit to: size -> root in hex (streams.py).
    """

    def __init__(
        self,
        engine: Engine,
        log_keys: Sequence[SigningKey],
        tree: TreeReader,
        origin: str | None = None,
        clock: Clock | None = None,
        require_listed: RequireListed | None = None,
    ) -> None:
        self._engine = engine
        self._log_keys = log_keys
        self._require_listed = require_listed
        self._tree = tree
        self._genesis = Genesis(origin, clock is not None)
        self.indexes: dict[int, str] = {}
        self._clock = clock
        self._writer: Writer = SQLiteWriter(engine) if is_sqlite(engine) else PostgresWriter(engine)
        self._queue: deque[Group] = deque()
        self._queued = 0
        self._leading = threading.Lock()
        self._counting = threading.Lock()
        self._callers = 0
        self.checkers = Checkers(self._public)
        self._is_stale = False
        self._signed: dict[int, bytes] = {}
        self.commits = 0
        self.head = self._load()
        self._governed = self.head.registry.policies[-1:]

    def _load(self) -> Head:
        with answering(), self._engine.connect() as connection:
            if not is_sqlite(self._engine):
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            return Head.load(connection)

    def _public(self, key_id: str) -> bytes | None:
        return self.head.keys.public(key_id)

    def close(self) -> None:
        """Wait for the leader and close the connection."""
        self.checkers.close()
        with self._leading:
            self._writer.close()

    # -- callers ---------------------------------------------------------------------------------------------------------

    def append(self, submitted: envelope.Submitted) -> Group:
        """Check and record one submission; the group holds its answer. Raises Unavailable where the queue is full."""
        with self._counting:
            self._callers += 1
            crowded = self._callers > CHECKERS
        try:
            group = Group()
            if crowded:
                self.checkers.check_soon([submitted], partial(self._take_in, group))
                self._await(group)
            else:
                self._take_in(group, self.checkers.check([submitted]))
                self._await(group)
            return group
        finally:
            with self._counting:
                self._callers -= 1

    def _take_in(self, group: Group, outcomes: list[Outcome]) -> None:
        """Queue a group that was checked, and call its author's thread to lead where nobody does."""
        (outcome,) = outcomes
        if isinstance(outcome, Checked):
            group.items = [outcome]
            try:
                self._enqueue(group)
            except errors.EntenteError as refusal:
                outcome = refusal
            else:
                if not self._leading.locked():
                    group.gate.put(None)
                return
        if isinstance(outcome, errors.EntenteError):
            group.answers = [outcome]
        else:
            group.defect = outcome
        group.finish()

    def submit(self, group: Group) -> None:
        """Queue a group of checked events and return once it is answered. Raises Unavailable where the queue is full."""
        self._enqueue(group)
        group.gate.put(None)
        self._await(group)

    def _enqueue(self, group: Group) -> None:
        count = len(group.items)
        if count > BATCH_ITEMS_MAX:
            raise errors.TooLarge(f"{count} events together, more than {BATCH_ITEMS_MAX}", remedy="send fewer at a time")
        with self._counting:
            if self._queued + count > QUEUE_ITEMS_MAX:
                raise errors.Unavailable(f"{self._queued} events are waiting already", remedy="send them again in a moment")
            self._queued += count
            self._queue.append(group)

    def _await(self, group: Group) -> None:
        """Sleep until called: to take the answer, or to lead."""
        while True:
            group.gate.get()
            if group.done:
                break
            if self._leading.acquire(blocking=False):
                try:
                    self._lead(group)
                finally:
                    self._leading.release()
                    self._call_next()
                break
        if group.defect is not None:
            raise group.defect

    def _call_next(self) -> None:
        """Let the first of those who queued while somebody led find out that nobody does."""
        try:
            self._queue[0].gate.put(None)
        except IndexError:
            pass  # nobody is waiting

    # -- the leader ------------------------------------------------------------------------------------------------------

    def _lead(self, own: Group) -> None:
        while not own.done:
            self._gather()
            groups = self._take_batch()
            try:
                self._run(groups)
            except DATABASE_ERRORS as wrong:
                self._give_up(groups, translated(wrong))
            except errors.EntenteError as wrong:
                self._give_up(groups, wrong)
            except BaseException:
                # Ours, or somebody's interrupt: it goes on in this thread, and nobody else is left waiting.
                self._give_up(groups, errors.Unavailable("the ledger failed while it recorded this"))
                raise

    def _give_up(self, groups: list[Group], wrong: errors.EntenteError) -> None:
        """Answer everybody who has no answer yet, let go of the lock, and read the head anew before the next batch."""
        self._is_stale = True
        self._writer.abandon()
        for group in groups:
            if not group.done:
                group.answers = [copy.copy(wrong) for _ in group.items]
                group.finish()

    def _gather(self) -> None:
        """Wait a moment for events that are being checked: they come in this transaction or in the next."""
        if self.checkers.waiting == 0 or self._queued >= GATHER_ITEMS:
            return
        deadline = time.monotonic() + GATHER_SECONDS_MAX
        while self.checkers.waiting and self._queued < GATHER_ITEMS and time.monotonic() < deadline:
            time.sleep(GATHER_STEP_SECONDS)

    def _take_batch(self) -> list[Group]:
        groups: list[Group] = []
        items = 0
        with self._counting:
            while self._queue and (not groups or items + len(self._queue[0].items) <= BATCH_ITEMS_MAX):
                group = self._queue.popleft()
                items += len(group.items)
                groups.append(group)
            self._queued -= items
        return groups

    def _run(self, groups: list[Group]) -> None:
        """One transaction: lock, read, admit, write, commit, answer. Answers are given out only once they are durable."""
        head = self._fresh_head()
        headers = [item.header for group in groups for item in group.items]
        names = head.missing(dict.fromkeys([header.stream for header in headers]))
        begun = self._writer.begin(list(dict.fromkeys([header.id for header in headers])), names)
        if begun.head < head.position:
            # The database is not the one it was: an older copy was put in its place.
            self._is_stale = True
            head = self._fresh_head()
        head.catch_up(self._writer, begun.head)
        now = begun.clock if self._clock is None else self._clock()
        admission_of_all = Admission(Draft(head, begun, self._writer), head.recorded_at, now, self._genesis, self.indexes)
        for group in groups:
            admission_of_all.take(group)
        if admission_of_all.draft.admitted:
            self._record(head, admission_of_all)
        elif begun.known:
            self._writer.confirm()
        else:
            self._writer.abandon()
        size = head.position
        for group in groups:
            admission_of_all.answer(group, size)
            group.finish()

    def _require_signer(self, registry: Registry) -> None:
        """A policy adopted since this process began may list none of its keys: what it signed then nobody could verify."""
        governed = registry.policies[-1:]
        if governed and governed != self._governed and self._require_listed is not None:
            self._require_listed(governed[0].sha256)
        self._governed = governed

    def _remember(self, size: int, signed: bytes) -> None:
        self._signed[size] = signed
        if len(self._signed) > SIGNED_REMEMBERED_MAX:
            del self._signed[next(iter(self._signed))]

    def signed(self, size: int) -> bytes | None:
        """The checkpoint that was signed here for a size a moment ago, so that its answers need not read it back; or None."""
        return self._signed.get(size)

    def _fresh_head(self) -> Head:
        if self._is_stale:
            self._tree.forget()
            self.head = self._load()
            self._is_stale = False
        return self.head

    def _record(self, head: Head, admission_of_all: Admission) -> None:
        """Write what was admitted, with the checkpoint over it, and only then let the head move."""
        draft = admission_of_all.draft
        self._require_signer(draft.registry)
        leaf_hashes = [admitted.leaf_hash for admitted in draft.admitted]
        edge = head.edge.copy()
        tiles = edge.extend(leaf_hashes)
        checkpoint = note.Checkpoint(draft.keys.origin, edge.size, edge.frontier.root())
        signed = note.sign_checkpoint(checkpoint, *self._log_keys)
        batch = Batch(draft.rows(), edge.size, signed, tiles)
        batch.sections, batch.wraps = draft.beside()
        self._writer.commit(batch)
        self.commits += 1
        self._remember(edge.size, signed)
        self._tree.learn(head.position, leaf_hashes)
        draft.merge()
        head.edge, head.recorded_at = edge, admission_of_all.recorded_at
