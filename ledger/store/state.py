"""What admission reads of the log: the state at its head, and drafts over it for what is not committed yet.

`Head` is what one writing process remembers between transactions. A `Draft` lies over it, or over another draft: everything
admitted goes into the draft, which is merged downwards once it counts and forgotten where it does not. So a failed commit, a
refused atomic batch and a dry run all leave the state as it was, and nothing has to be undone.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from ledger import errors
from ledger.admission import Admitted, StreamState, fold_life
from ledger.events.base import Event
from ledger.events.correction import Statement
from ledger.events.keys import KeyRing
from ledger.events.lives import UNBORN
from ledger.events.registry import Registry
from ledger.formats import merkle, note
from ledger.formats.entry import parse_instant, split_entry
from ledger.store import tables
from ledger.store.mapper import event_of, statement_of
from ledger.store.tree import Edge, load_edge
from ledger.store.writer import Begun, Known, Placed, Row, Writer

STREAMS_CACHED_MAX = 50_000
CATCH_UP_ROWS = 2_000
NOTHING = StreamState(0, UNBORN)


class Head:
    """The log's state at its last position, as one process remembers it. Changed by the leader of the sequencer alone."""

    def __init__(self) -> None:
        self.keys = KeyRing()
        self.registry = Registry()
        self.position = 0
        self.recorded_at = 0
        self.edge = Edge(merkle.Frontier(), [])
        self.streams: OrderedDict[str, StreamState] = OrderedDict()

    @classmethod
    def load(cls, connection: Connection) -> Head:
        """Read what governs admission, the last instant and the tree's edge. Flat in the size of the log but for its keys.

        The connection's reads must all see one state. Raises VerificationFailed where the tree is not that of its checkpoint.
        """
        head = cls()
        entries = tables.entries.c
        head.position = connection.execute(select(func.max(entries.position))).scalar() or 0
        query = select(entries.position, entries.entry).where(tables.is_governing).order_by(entries.position)
        for position, entry in connection.execute(query.where(entries.position <= head.position)):
            head.govern(event_of(bytes(entry)), position)
        if head.position:
            last = connection.execute(select(entries.entry).where(entries.position == head.position)).scalar_one()
            head.recorded_at = parse_instant(split_entry(bytes(last))[0])
        head.edge = load_edge(connection, head.position)
        sizes = tables.checkpoints.c.size
        newest = connection.execute(select(tables.checkpoints).order_by(sizes.desc()).limit(1)).first()
        if newest is not None or head.position:
            signed = note.parse_checkpoint(note.split_note(bytes(newest[1]))[0]) if newest is not None else None
            if signed != note.Checkpoint(head.keys.origin, head.position, head.edge.frontier.root()):
                raise errors.VerificationFailed(
                    f"the {head.position} entries do not lead to the newest checkpoint", remedy="run `entente verify`"
                )
        return head

    def govern(self, event: Event, position: int) -> None:
        """Take an event into the key ring and the registry."""
        self.keys.apply(event, position)
        self.registry.apply(event, position)

    def catch_up(self, writer: Writer, head: int) -> None:
        """Fold in what other processes appended up to `head`. Called under the head lock."""
        while self.position < head:
            rows = writer.entries_after(self.position, CATCH_UP_ROWS)
            assert rows, "entries below the head are there"
            assert rows[0].position == self.position + 1, "positions have no gap"
            for row in rows:
                self.streams.pop(row.stream, None)
                if row.type in tables.GOVERNING:
                    self.govern(event_of(row.entry), row.position)
            self.edge.extend([merkle.hash_leaf(row.entry) for row in rows])
            self.recorded_at = parse_instant(split_entry(rows[-1].entry)[0])
            self.position = rows[-1].position

    def missing(self, names: Iterable[str]) -> list[str]:
        """Which of these streams are not remembered."""
        return [name for name in names if name not in self.streams]

    def remember(self, streams: Mapping[str, StreamState]) -> None:
        """Keep the state of streams, forgetting those not used for longest."""
        known = self.streams
        for name, state in streams.items():
            known[name] = state
            known.move_to_end(name)
        while len(known) > STREAMS_CACHED_MAX:
            known.popitem(last=False)


class Draft:
    """The log as it would stand with what was admitted into this draft: a LedgerState (admission.py).

    `below` is the Head or another Draft. `begun` holds what the transaction prefetched; `writer` reads on where it must.
    """

    def __init__(self, below: Head | Draft, begun: Begun, writer: Writer) -> None:
        self._below = below
        self._begun = begun
        self._writer = writer
        self.keys: KeyRing = below.keys
        self.registry: Registry = below.registry
        self.position: int = below.position
        self.admitted: list[Admitted] = []
        self.streams: dict[str, StreamState] = {}
        self._by_id: dict[str, Admitted] = {}

    @classmethod
    def over(cls, below: Draft) -> Draft:
        """A draft over another: an atomic group's, or a dry run's."""
        return cls(below, below._begun, below._writer)

    # -- what admission asks ---------------------------------------------------------------------------------------------

    def known(self, event_id: str) -> bytes | None:
        """SHA-256 of the payload recorded under this id, or None."""
        admitted = self.found(event_id)
        if admitted is not None:
            return admitted.checked.payload_sha256
        placed = self._begun.known.get(event_id)
        return None if placed is None else hashlib.sha256(split_entry(placed[1])[3]).digest()

    def stream(self, name: str) -> StreamState:
        """Version and life of a stream; unborn where nothing is recorded, its version then that in the log before this one."""
        state = self.streams.get(name)
        if state is None:
            state = self._below.stream(name) if isinstance(self._below, Draft) else self._stored(self._below, name)
        return state if state.version else StreamState(self.registry.carried(name), UNBORN)

    def _stored(self, head: Head, name: str) -> StreamState:
        state = head.streams.get(name)
        if state is not None:
            return state
        placed = self._begun.streams.get(name)
        if placed is None:
            # It was remembered when the batch began, and another process's append has made that out of date.
            placed = self._begun.streams[name] = self._writer.stream(name)
        if not placed:
            return NOTHING
        state = StreamState(split_entry(placed[-1][1])[2], fold_life(_statements(placed)))
        head.remember({name: state})
        return state

    def statements(self, name: str) -> list[Statement]:
        """Every statement of a stream in log order, those of this draft at the end."""
        if isinstance(self._below, Draft):
            found = self._below.statements(name)
        else:
            found = _statements(self._writer.stream(name))
        return found + [admitted.statement for admitted in self.admitted if admitted.stream == name]

    def by_id(self, event_id: str) -> Statement | None:
        """The statement recorded under an event id."""
        admitted = self.found(event_id)
        if admitted is not None:
            return admitted.statement
        placed = self._begun.known.get(event_id) or self._writer.by_id(event_id)
        return None if placed is None else statement_of(placed[0], placed[1])

    # -- what the sequencer does with it ---------------------------------------------------------------------------------

    def found(self, event_id: str) -> Admitted | None:
        """What was admitted under an id in this transaction."""
        admitted = self._by_id.get(event_id)
        if admitted is None and isinstance(self._below, Draft):
            return self._below.found(event_id)
        return admitted

    def recorded(self, event_id: str) -> Known | None:
        """Where an id stands that was on record before this transaction."""
        return self._begun.known.get(event_id)

    def take(self, admitted: Admitted) -> None:
        """Let what comes after see this event."""
        header = admitted.checked.header
        self.position = admitted.position
        self.admitted.append(admitted)
        self._by_id[header.id] = admitted
        self.streams[admitted.stream] = StreamState(admitted.version, admitted.life)
        if header.type in tables.GOVERNING:
            if self.keys is self._below.keys:
                self.keys, self.registry = self.keys.copy(), self.registry.copy()
            self.keys.apply(admitted.checked.event, admitted.position)
            self.registry.apply(admitted.checked.event, admitted.position)

    def merge(self) -> None:
        """Make what is in this draft part of what lies below: of the draft there, or of the head once it is committed."""
        below: Any = self._below
        below.keys, below.registry, below.position = self.keys, self.registry, self.position
        if isinstance(below, Draft):
            below.admitted += self.admitted
            below.streams.update(self.streams)
            below._by_id.update(self._by_id)  # noqa: SLF001 (another draft)
        else:
            below.remember(self.streams)

    def rows(self) -> list[Row]:
        """The rows of `entries` that this draft adds."""
        return [
            Row(a.position, a.checked.header.id, a.stream, a.version, a.checked.header.type, a.entry) for a in self.admitted
        ]

    def beside(self) -> tuple[list[tuple[int, str, bytes]], list[tuple[int, str, str, bytes]]]:
        """The rows of `sections` and of `wraps` that this draft adds."""
        sealed = [(a.position, name, s) for a in self.admitted for name, s in a.checked.submitted.sections.items()]
        sections = [(position, name, section.ciphertext) for position, name, section in sealed]
        return sections, [(p, name, recipient, wrap) for p, name, s in sealed for recipient, wrap in s.wraps.items()]


def _statements(placed: Sequence[Placed]) -> list[Statement]:
    return [statement_of(position, entry) for position, entry in placed]
