"""The walk through a log, entry by entry, with the state that admission had at each position: keys, registry, streams.

It says what is wrong with an entry given those in front of it; what can be said of its bytes alone is in checks.py.
Verification walks a whole log and reports everything; a cosigner signs nothing behind a problem that blocks (formats.md: a life
breach or an event type it does not know yet is alarmed and does not block, for a rule's bug must not stop history).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

from ledger import admission, errors, events
from ledger.events.base import Header
from ledger.events.correction import Statement
from ledger.events.key_steps import require_key_step
from ledger.events.keys import KeyRing, named_publics
from ledger.events.lives import UNBORN, Life, follow
from ledger.events.registry import Registry
from ledger.events.registry_types import IndexCommitted
from ledger.events.signers import require_open, require_signers
from ledger.formats.entry import parse_instant, signer_ids, split_entry
from ledger.formats.streamindex import StreamIndex

ENTRIES_AT_ONCE = 5_000
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


class Streams(Protocol):
    """Where the walk looks up earlier statements: lives rest on the answers and, where a walk goes on from an earlier one,
    versions and replays.
    """

    def stream_entries(self, stream: str) -> Sequence[tuple[int, bytes]]:
        """(position, entry) of a stream, in order of version."""

    def entry_by_event(self, event_id: str) -> tuple[int, bytes] | None:
        """(position, entry) of an event id."""


class Standing(NamedTuple):
    """Where an earlier walk ended, `recorded_at` in microseconds; `read` gives (position, entry) after a position."""

    position: int
    recorded_at: int
    keys: KeyRing
    registry: Registry
    read: Callable[[int, int], Sequence[tuple[int, bytes]]]


class Found(NamedTuple):
    """Something wrong at a position, and whether a cosigner must refuse the log for it."""

    position: int
    what: str
    blocking: bool = True


class Walk:
    """The state admission would have had at `position` (admission.LedgerState). Entries are taken in order, from the first or
    from where an earlier walk ended.

    `named` collects the key ids that signatures name, `lives` counts the entries whose life followed, `indexes` those indexes
    of streams that were committed to rightly, `recorded_at` is the last entry's instant in microseconds. Event ids are
    remembered as integers with their positions: some 120 MB for a million. What stands up to `since` is looked up instead.
    """

    def __init__(self, log: Streams, standing: Standing | None = None) -> None:
        self.log = log
        self.keys = KeyRing()
        self.registry = Registry()
        self.index = StreamIndex()
        self.position = self.recorded_at = self.lives = self.indexes = 0
        self.named: set[str] = set()
        self._streams: dict[str, admission.StreamState] = {}
        self._ids: dict[int, int] = {}
        self._last_instant = ("", 0)
        self.since = 0
        self._places: Mapping[str, int] | None = None
        self._unindexed = standing
        if standing is not None:
            self.position = self.since = standing.position
            self.recorded_at, self.keys, self.registry = standing.recorded_at, standing.keys, standing.registry

    def forget(self) -> None:
        """Let go of streams and ids: from here on they are looked up, as where a walk goes on from an earlier one."""
        self.since = self.position
        self._streams.clear()
        self._ids.clear()

    # -- what admission asks ---------------------------------------------------------------------------------------------

    def known(self, event_id: str) -> bytes | None:
        """A replay is found by `take` itself: admission's idempotency is not walked."""
        return None

    def stream(self, name: str) -> admission.StreamState:
        """Version and life of a stream before the entry at hand."""
        state = self._streams.get(name)
        if state is None and self.since:
            state = self._streams[name] = self._earlier(name)
        return state or self._new(name)

    def _new(self, name: str) -> admission.StreamState:
        return admission.StreamState(self.registry.carried(name), UNBORN)

    def foresee(self, places: Mapping[str, int], streams: Mapping[str, Sequence[tuple[int, bytes]]]) -> None:
        """What stands up to `since` of all the ids that the next entries have, and of streams: looked up together.

        `places` maps each id that is there to its position; one that was asked for and is not there need not be looked up.
        """
        self._places = places
        for name, placed in streams.items():
            self._streams.setdefault(name, self._state_of(name, placed))

    def strangers(self, names: Iterable[str]) -> set[str]:
        """Which of these streams are not remembered and would be looked up."""
        return {name for name in names if name not in self._streams} if self.since else set()

    def _earlier(self, name: str) -> admission.StreamState:
        return self._state_of(name, self.log.stream_entries(name))

    def _state_of(self, name: str, placed: Sequence[tuple[int, bytes]]) -> admission.StreamState:
        placed = [(position, entry) for position, entry in placed if position <= self.since]
        if not placed:
            return self._new(name)
        statements = (_statement(*each) for each in placed)
        life = admission.fold_life(statement for statement in statements if statement is not None)
        return admission.StreamState(split_entry(placed[-1][1])[2], life)

    def statements(self, name: str) -> list[Statement]:
        """The readable earlier statements of a stream."""
        found = (_statement(*placed) for placed in self.log.stream_entries(name) if placed[0] <= self.position)
        return [statement for statement in found if statement is not None]

    def by_id(self, event_id: str) -> Statement | None:
        """An earlier statement by its id."""
        found = self.log.entry_by_event(event_id)
        return _statement(*found) if found and found[0] <= self.position else None

    # -- the walk --------------------------------------------------------------------------------------------------------

    def take(self, position: int, entry: bytes) -> list[Found]:
        """The next entry: what is wrong with it here. Of bytes that cannot be read at all checks.py says what is wrong."""
        found: list[Found] = []
        if position != self.position + 1:
            found.append(Found(position, f"positions {self.position + 1} to {position - 1} are missing"))
        try:
            recorded_at, stream, version, payload = split_entry(entry)
            header, at = events.read_header(payload), self._instant(recorded_at)
        except errors.EntenteError:
            self.position = position
            return found
        found += self._in_order(position, header, stream, version, at)
        self.recorded_at = at
        signed_by = frozenset(signer_ids(entry))
        self.named |= signed_by
        before = self.stream(stream)
        life = before.life
        try:
            event = events.Event(header, events.decode_data(header))
        except errors.EntenteError:
            found += self._unread(position, header, signed_by)
        else:
            found += self._by_the_keys(position, event, signed_by)
            life, breaches = self._follow(position, event, before, at)
            found += breaches
            found += self._apply(position, event)
            if isinstance(event.data, IndexCommitted):
                found += self._compare_index(position, event.data)
        self._streams[stream] = admission.StreamState(version, life)
        if self._unindexed is None:
            self.index.take(position, stream, version)
        self.position = position
        return found

    def _instant(self, recorded_at: str) -> int:
        if recorded_at != self._last_instant[0]:  # entries of one commit share their instant
            self._last_instant = (recorded_at, parse_instant(recorded_at))
        return self._last_instant[1]

    def _in_order(self, position: int, header: Header, stream: str, version: int, at: int) -> list[Found]:
        found = []
        if self.position and at < self.recorded_at:  # a night of long ago may be told before 1970, where instants begin at 0
            found.append(Found(position, "recorded before the entry in front of it"))
        last = self.stream(stream).version
        if version != last + 1:
            found.append(Found(position, f"version {version} of {stream} follows version {last}"))
        if UUID(header.id):
            first = self._ids.setdefault(int(header.id.replace("-", ""), 16), self._earlier_place(header.id) or position)
            if first != position:
                found.append(Found(position, f"event {header.id} is on record already, at position {first}"))
        return found

    def _earlier_place(self, event_id: str) -> int:
        if not self.since:
            return 0
        if self._places is None:
            found = self.log.entry_by_event(event_id)
            place = found[0] if found is not None else 0
        else:
            place = self._places.get(event_id, 0)
        return place if place <= self.since else 0

    def _unread(self, position: int, header: Header, signed_by: frozenset[str]) -> list[Found]:
        """Of a type not known here only this can be asked: that the log took entries, and that a key in force has signed it."""
        try:
            require_open(self.keys, header)
        except errors.EntenteError as wrong:
            return [Found(position, f"{wrong.code}: {wrong}")]
        keys = (self.keys.keys.get(key_id) for key_id in signed_by)
        if any(key is not None and key.in_force for key in keys):
            return []
        return [Found(position, "no key in force has signed it")]

    def _by_the_keys(self, position: int, event: events.Event, signed_by: frozenset[str]) -> list[Found]:
        try:
            self.named |= {key_id for key_id, _, _ in named_publics(event)}
            require_signers(self.keys, event, event.data.kind_of_event, signed_by, self.registry)
            require_key_step(self.keys, event, position, self.registry)
        except errors.EntenteError as wrong:
            return [Found(position, f"{wrong.code}: {wrong}")]
        return []

    def _follow(self, position: int, event: events.Event, before: admission.StreamState, at: int) -> tuple[Life, list[Found]]:
        try:
            admission.require_not_from_the_future(parse_instant(event.header.occurred_at), self.registry, at)
            admission.require_expected_version(event.header, before)
            life, _ = admission.require_step(event, before, self, at)
        except errors.EntenteError as wrong:
            return follow(before.life, event)[0], [Found(position, f"{wrong.code}: {wrong}", blocking=False)]
        self.lives += 1
        return life, []

    def _apply(self, position: int, event: events.Event) -> list[Found]:
        self.registry.apply(event, position)
        try:
            self.keys.apply(event, position)
        except (KeyError, errors.Malformed):
            return [Found(position, "the key it names is not registered, or is none")]
        return []

    def _compare_index(self, position: int, committed: IndexCommitted) -> list[Found]:
        """An index of streams is made again here, from the entries: nobody cosigns behind a wrong one (format.md, 8.4)."""
        if self._unindexed is not None:
            self._index_again(self._unindexed)
        try:
            root = self.index.root(committed.size).hex()
        except errors.BadProof as wrong:
            return [Found(position, f"{wrong.code}: {wrong}")]
        if root != committed.root:
            what = f"the index of streams at size {committed.size} has root {root}, not {committed.root} as is committed to"
            return [Found(position, what)]
        self.indexes += 1
        return []

    def _index_again(self, standing: Standing) -> None:
        """The streams of the entries behind a walk that goes on from an earlier one: needed once a day, and read only then."""
        after = 0
        while after < self.position:
            for position, entry in standing.read(after, min(ENTRIES_AT_ONCE, self.position - after)):
                with suppress(errors.BadEntry):  # said where it was taken, or by checks.py
                    _, stream, version, _ = split_entry(entry)
                    self.index.take(position, stream, version)
                after = position
        self._unindexed = None

    def publics(self) -> dict[str, bytes]:
        """The public keys of the ids named since last asked, as far as they are registered."""
        named, self.named = self.named, set()
        return {key_id: public for key_id in named if (public := self.keys.public(key_id)) is not None}


def _statement(position: int, entry: bytes) -> Statement | None:
    try:
        recorded_at, _, _, payload = split_entry(entry)
        return Statement(position, parse_instant(recorded_at), events.decode(payload))
    except errors.EntenteError:
        return None
