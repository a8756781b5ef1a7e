"""Follows the log batch by batch, exactly once: what a batch changes and how far it went are written in one transaction.

Every batch ends at a stored checkpoint, and the entries read must lead to its root: a view is never made from a log that does
not verify. A rebuild fills the idle generation beside the live one and switches. Following and rebuilding fold the same way.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import msgspec

from ledger import errors
from ledger.events.correction import Statement
from ledger.events.keys import KeyRing
from ledger.events.registry import Registry
from ledger.formats import merkle, sealing
from projections.attention import JUDGED_STEPS, may_show_something
from projections.batch import Batch, Progress
from projections.carried import restore, save
from projections.disputed import turns_of
from projections.fact import NEVER, Fact
from projections.facts import Fold, require_foldable
from projections.log import Log
from projections.opening import Opened, Opener
from projections.situation import ENTERING_KINDS, TRIGGER_KINDS
from projections.tables import Generation
from projections.viewstore import SEALED_FAULT, SNAPSHOT_EVERY_POSITIONS, ViewStore, digest

BATCH_POSITIONS = 5_000
STREAMS_REMEMBERED = 8_000
SEALED_REMEMBERED = 2_000


class Projector:
    """One nation's view of one log."""

    def __init__(self, store: ViewStore, log: Log, key: sealing.SealingKey | None) -> None:
        self.store = store
        self.log = log
        self.opener = Opener(store.nation, key, log.sections)
        self._last: Run | None = None

    def follow(self, report: Callable[[int], None] = lambda position: None) -> int:
        """Take everything recorded since, into the live generation; returns the position reached.

        Asked again it goes on with what it remembers, unless another process has followed or rebuilt the same view.
        """
        while True:
            live = self.store.live()
            run, self._last = self._last, None  # one that fails half-way is not gone on with
            if run is None or run.generation is not live:
                run = Run(self, live)
            if run.finish(report):
                self._last = run
                return run.position

    def rebuild(self, report: Callable[[int], None] = lambda position: None) -> int:
        """Read the whole log again into the idle generation, then switch to it; returns the position reached.

        Raises Unavailable where another process rebuilds the same view.
        """
        generation = self.store.idle()
        self.store.empty(generation)
        run = Run(self, generation)
        if not run.finish(report):
            raise errors.Unavailable(f"another process rebuilds the {self.store.nation} view", remedy="wait until it is done")
        self.store.complete(generation)
        self.store.switch_to(generation)
        return run.position

    def digest(self) -> str:
        """The view digest of the live generation."""
        generation = self.store.live()
        return digest(self.store.all_facts(generation), self.store.parked(generation))


class Run:
    """One pass over the log into one generation: the fold in memory, and what the current batch has changed so far."""

    def __init__(self, projector: Projector, generation: Generation) -> None:
        self.log, self.store, self.opener = projector.log, projector.store, projector.opener
        self.generation = generation
        progress = self.store.progress(generation)
        self.position = progress.position if progress else 0
        self.is_overtaken = False
        self.frontier = merkle.Frontier.from_bytes(progress.frontier) if progress else merkle.Frontier()
        carried = restore(progress.state) if progress else (KeyRing(), Registry(), [], set[int]())
        self.keys, registry, self.turns, moved = carried
        unfounded = {f.stream for f in self.store.of_kind(generation, "step", NEVER - 1, "unfounded")} if progress else set()
        self.fold = Fold(registry, unfounded, self.store.sealed_events(generation) if progress else {}, moved)
        self.parked = self.store.parked_streams(generation) if progress else set()
        self.attention = self.store.open_attention(generation) if progress else {}
        self.streams: OrderedDict[str, dict[tuple[int, int], Fact]] = OrderedDict()
        # Streams seen from their first version on, whose remembered facts are therefore all there are.
        self.whole: set[str] = set()
        self.opened: dict[int, Statement | None] = {}
        self.taking = self.position + 1
        self.touched: dict[str, None] = {}
        # Streams under attention that are not known to be an incident still open.
        self.maybe_over: set[str] = set(self.attention)
        self._clear()

    def _clear(self) -> None:
        self.stated: dict[tuple[int, int], Fact] = {}
        self.ended: list[tuple[int, int, int]] = []
        self.by_origin: dict[int, list[tuple[int, int]]] = {}
        self.sealed: list[tuple[int, str, str]] = []
        self.parked_now: list[tuple[int, str, str, str]] = []
        self.instants: list[tuple[int, int]] = []
        self.entering: dict[tuple[int, str], None] = {}
        self.leaving: list[tuple[int, str, int]] = []
        self.snapshots: list[tuple[int, list[str]]] = []

    def finish(self, report: Callable[[int], None]) -> bool:
        """Take batch after batch until there is nothing more; False where another process wrote what this one was about to."""
        while self._take_batch():
            report(self.position)
        return not self.is_overtaken

    # -- one batch -----------------------------------------------------------------------------------------------------

    def _take_batch(self) -> bool:
        """Read, verify, fold and write one batch; False where nothing was written. Raises VerificationFailed."""
        entries = self.log.entries(self.position, BATCH_POSITIONS)
        checkpoint = self.log.checkpoint_upto(self.position + len(entries)) if entries else None
        if checkpoint is None or checkpoint[0] <= self.position:
            return False
        size, root = checkpoint
        entries = entries[: size - self.position]
        if entries[0][0] != self.position + 1 or entries[-1][0] != size:
            raise errors.VerificationFailed(f"positions {self.position + 1} to {size} are not all there")
        self.frontier.extend([merkle.hash_leaf(entry) for _, entry in entries])
        if self.frontier.root() != root:
            raise errors.VerificationFailed(
                f"the entries {self.position + 1} to {size} do not lead to the root of the checkpoint of size {size}",
                remedy="run entente verify",
            )
        for position, entry in entries:
            self._take(self.opener.open(position, entry, self.keys, self.fold.registry))
            if position % SNAPSHOT_EVERY_POSITIONS == 0:
                self.snapshots.append((position, sorted(self.attention)))
        return self._write(size)

    def _take(self, opened: Opened) -> None:
        position = self.taking = opened.position
        if self.instants and self.instants[-1][0] == opened.recorded_at:
            self.instants[-1] = (opened.recorded_at, position)
        else:
            self.instants.append((opened.recorded_at, position))
        if opened.event and self._is_on_record(opened.event, position):
            self._park(opened, "already on record")
        elif opened.fault:
            self._park(opened, opened.fault)
        elif opened.statement is not None:
            self._fold(opened, opened.statement)

    def _fold(self, opened: Opened, statement: Statement) -> None:
        position, header = opened.position, statement.event.header
        if header.stream in self.parked:
            self._park(opened, "behind a parked event of this stream")
            return
        if opened.version == 1 and not opened.sealed and header.stream not in self.streams:
            self._remember(header.stream)
            self.whole.add(header.stream)
        try:
            require_foldable(statement)
            ended, stated = self.fold.take(statement, self)
        except errors.Unavailable:
            raise  # the store's trouble, not the event's: the batch is taken again
        except (errors.EntenteError, RecursionError) as wrong:
            self._park(opened, str(wrong))
            return
        if opened.sealed:
            self.sealed.append((position, header.id, header.stream))
        elif header.type.startswith(("key.", "ledger.")):
            self.keys.apply(statement.event, position)
            self.turns += turns_of(statement.event, position)
        for fact in ended:
            self._end(fact, position)
        for fact in stated:
            self._state(fact)
        if self.touched:
            self._judge(position)

    def _is_on_record(self, event_id: str, position: int) -> bool:
        """Whether a sealed statement was made before, sealed or jointly: sent again it says nothing new."""
        if event_id in self.fold.sealed:
            return True
        joint = self.log.entry_by_event(event_id)
        return joint is not None and joint[0] < position

    def _park(self, opened: Opened, reason: str) -> None:
        """Keep an event aside, visibly. A joint one holds up its stream; a sealed one only itself, for what is joint must be
        read alike by both nations.
        """
        if opened.sealed:
            reason = SEALED_FAULT + reason
        else:
            self.parked.add(opened.stream)
        event = opened.statement.event.header.id if opened.statement is not None else opened.event
        self.parked_now.append((opened.position, opened.stream, event, reason))

    def _state(self, fact: Fact) -> None:
        key = (fact.stated, fact.ordinal)
        self.stated[key] = fact
        self.by_origin.setdefault(fact.origin, []).append(key)
        stream = fact.stream
        self._remember(stream)[key] = fact
        if fact.kind in ENTERING_KINDS and stream not in self.attention:
            self._enter(stream, fact.stated)
            if fact.kind != "incident":
                self.maybe_over.add(stream)
        if fact.kind in TRIGGER_KINDS and self._may_turn(fact):
            self.touched[stream] = None

    def _may_turn(self, fact: Fact) -> bool:
        """Whether a fact can change that its stream is under attention: an open incident stays so until a step ends it."""
        if fact.kind == "step":
            if fact.code not in JUDGED_STEPS:
                return fact.stream in self.maybe_over
            self.maybe_over.add(fact.stream)
        if fact.stream in self.attention:
            return fact.stream in self.maybe_over
        return fact.kind != "detection" or len(self.streams[fact.stream]) > 1 or fact.stream not in self.whole

    def _end(self, fact: Fact, position: int) -> None:
        key = (fact.stated, fact.ordinal)
        if key in self.stated:
            self.stated[key] = msgspec.structs.replace(fact, ended=position)
        else:
            self.ended.append((*key, position))
        self._remember(fact.stream).pop(key, None)
        self.touched[fact.stream] = None
        self.maybe_over.add(fact.stream)

    def _remember(self, stream: str) -> dict[tuple[int, int], Fact]:
        """The live facts of a stream stated in this run, kept for the streams begun last."""
        facts = self.streams.get(stream)
        if facts is None:
            facts = self.streams[stream] = {}
            if len(self.streams) > STREAMS_REMEMBERED:
                evicted, _ = self.streams.popitem(last=False)
                self.whole.discard(evicted)
        return facts

    def _write(self, size: int) -> bool:
        batch = Batch(
            Progress(size, self.frontier.to_bytes(), save(self.keys, self.fold.registry, self.turns, self.fold.moved)),
            list(self.stated.values()),
            self.ended,
            self.instants,
            list(self.entering),
            self.leaving,
            self.snapshots,
            self.sealed,
            self.parked_now,
        )
        self.is_overtaken = not self.store.write(self.generation, self.position, batch)
        self.position = size
        self._clear()
        return not self.is_overtaken

    def _judge(self, position: int) -> None:
        """Streams that may come to show something enter attention at this position, those that no longer can leave it.

        Attention only bounds what a situation reads: a stream kept too long costs a little time and changes no answer.
        """
        for stream in self.touched:
            since = self.attention.get(stream)
            if may_show_something(self._stream_facts(stream)):
                if since is None:
                    self._enter(stream, position)
                    self.maybe_over.add(stream)
            elif since is not None:
                self._leave(stream, since, position)
        self.touched.clear()

    def _enter(self, stream: str, position: int) -> None:
        self.attention[stream] = position
        self.entering[position, stream] = None

    def _leave(self, stream: str, since: int, position: int) -> None:
        self.maybe_over.discard(stream)
        del self.attention[stream]
        if since == position:
            del self.entering[since, stream]
        else:
            self.leaving.append((since, stream, position))

    def _stream_facts(self, stream: str) -> list[Fact]:
        if stream in self.whole:
            return list(self.streams[stream].values())
        self.taking += 1  # the statement just taken is part of the stream now
        facts = self.made([s.position for s in self.statements(stream)])
        self.taking -= 1
        return [f for f in facts if f.ended == NEVER]

    # -- the past, for the fold -----------------------------------------------------------------------------------------

    def statements(self, stream: str) -> list[Statement]:
        """Every statement of a stream before the one being taken that this nation sees, in log order."""
        joint = [self.opener.open(p, entry, self.keys) for p, entry in self.log.stream_entries(stream) if p < self.taking]
        own = self.store.sealed_positions(self.generation, stream)
        own += [position for position, _, name in self.sealed if name == stream]
        told = [o.statement for o in joint] + [self._sealed_at(p) for p in own if p < self.taking]
        return sorted((s for s in told if s is not None), key=lambda s: s.position)

    def by_id(self, event_id: str) -> Statement | None:
        """The statement of an id before the one being taken that this nation sees, the joint one where there are two."""
        joint = self.log.entry_by_event(event_id)
        if joint is not None and joint[0] < self.taking:
            return self.opener.open(*joint, self.keys).statement
        position = self.fold.sealed.get(event_id)
        return None if position is None else self._sealed_at(position)

    def _sealed_at(self, position: int) -> Statement | None:
        """A sealed statement that was judged before. Opening one costs more than reading a stream, so they are remembered."""
        statement = self.opened.get(position)
        if statement is None:
            statement = self.opener.open(position, self.log.entry(position), self.keys).statement
            self.opened[position] = statement
            if len(self.opened) > SEALED_REMEMBERED:
                del self.opened[next(iter(self.opened))]
        return statement

    def made(self, origins: Sequence[int]) -> list[Fact]:
        """All facts that events at these positions made, those since ended and those of the current batch included."""
        ended = {(stated, ordinal): position for stated, ordinal, position in self.ended}
        kept = [
            msgspec.structs.replace(f, ended=ended[f.stated, f.ordinal]) if (f.stated, f.ordinal) in ended else f
            for f in self.store.of_origins(self.generation, origins)
        ]
        return kept + [self.stated[key] for origin in origins for key in self.by_origin.get(origin, ())]
