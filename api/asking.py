"""One nation's view and the log behind it, as the inquiry questions ask for them (projections/questions/asked.py)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

import msgspec

from api.access import AccessLog, Looked
from api.home import Home
from ledger import errors, events
from ledger.events import Header
from ledger.formats import merkle
from ledger.formats.entry import parse_instant, split_entry
from ledger.store.receipt import is_relayed
from projections.fact import Fact
from projections.opening import Opened, Opener
from projections.questions.asked import Look, Told
from projections.reports.issued import code_version
from projections.tables import Generation
from projections.view import OWN, SHARED, Moment

ALL_TIME = (-(2**62), 2**62)
ENTRIES_AT_ONCE = 2_000


class AskedView:
    """What the questions read of one nation's view; one generation of it for as long as this lives.

    `position`: as the view stood there, whatever came since. `positions_max`: through how many positions a question may go.
    `shared`: from what both nations may see alone. `sealed` is what a question read, or would have read, that they may not:
    event, label and stream by event.
    """

    def __init__(
        self,
        home: Home,
        nation: str,
        position: int | None = None,
        positions_max: int | None = None,
        *,
        shared: bool = False,
    ) -> None:
        self.home = home
        self.nation = nation
        self.view = home.view(nation)
        self.code_version = f"entente/{code_version()}"
        self._position = position
        self._positions_max = positions_max
        self.is_shared = shared
        self.sealed: dict[str, tuple[str, str, str]] = {}

    @cached_property
    def now(self) -> Moment:
        """The view as it is asked, where no earlier instant is named."""
        return self.view.at(None) if self._position is None else self.view.at_position(self._position)

    @property
    def _generation(self) -> Generation:
        return self.now.generation

    def _at(self, as_of: int | None) -> Moment:
        if as_of is None:
            return self.now
        then = self.view.at(as_of)
        return then if self._position is None or then.position <= self._position else self.view.at_position(self._position)

    def _require_few(self, after: int, upto: int) -> None:
        most = self._positions_max
        if most is not None and upto - after > most:
            raise errors.BadQuestion(
                f"a question goes through {most} positions, not {upto - after}", field="from", remedy="name from and to"
            )

    def position_at(self, as_of: int | None) -> int:
        """The last position recorded at or before an instant; 0 where there is none."""
        return self._at(as_of).position

    def instant_at(self, as_of: int | None) -> int:
        """The instant itself, or for None when the last position was recorded."""
        return self._at(as_of).instant

    def live(self, position: int, kinds: Collection[str]) -> Sequence[Fact]:
        """Facts of these kinds live at a position, whenever they occurred."""
        return self._seen(self.view.store.of_kinds(self._generation, kinds, ALL_TIME, position, ("both", "own", "shared")))

    def changed(self, after: int, upto: int) -> Sequence[Fact]:
        """Facts of any kind stated or ended in (after, upto], those since ended included."""
        self._require_few(after, upto)
        return self._seen(self.view.store.changed(self._generation, after, upto))

    def _seen(self, facts: Sequence[Fact]) -> list[Fact]:
        """Of facts in any reading those in the one that is asked for; what is sealed among them is noted."""
        self.sealed |= {fact.event: (fact.event, fact.label, fact.stream) for fact in facts if fact.reading == "own"}
        if not self.is_shared:
            return [fact for fact in facts if fact.reading in OWN]
        return [msgspec.structs.replace(fact, reading="both") for fact in facts if fact.reading in SHARED]

    def told(self, after: int, upto: int) -> Iterator[Told]:
        """The entries at positions (after, upto] that this nation can read, in order; its own sealed ones opened."""
        self._require_few(after, upto)
        ledger = self.home.ledger
        opener = Opener(self.nation, self.home.sealing_key(self.nation), ledger.sections)
        ring, registry = ledger.keys, ledger.sequencer.head.registry
        upto = min(upto, self.now.position)
        parked = {row["position"] for row in self.view.store.parked(self._generation)}
        while after < upto:
            entries = ledger.entries(after, min(ENTRIES_AT_ONCE, upto - after))
            for position, entry in entries:
                opened = opener.open(position, entry, ring)
                if opened.statement is None or (opened.sealed and position in parked):
                    continue  # the other nation's, or not readable, or not what it claims to be
                # The fold's reading of a joint entry leaves out header fields that make no fact.
                header = opened.statement.event.header if opened.sealed else events.decode_header(split_entry(entry)[3])
                relayed = not opened.sealed and is_relayed(position, entry, lambda: ring)
                if opened.sealed:
                    self.sealed[header.id] = header.id, header.source.ref or header.id, header.stream
                    if self.is_shared:
                        continue
                yield _told(opened, header, registry.nation_of(header.authority) or "", relayed=relayed)
            after = entries[-1][0]

    def figures(self, day: date, as_of: int | None) -> Mapping[str, Any]:
        """The answer of `entente figures`."""
        return self._at(as_of).figures(day)

    def explain(self, code: str, day: date, as_of: int | None) -> Mapping[str, Any]:
        """The answer of `entente explain`."""
        return self._at(as_of).explain(code, day)

    def situation(self, as_of: int | None) -> Mapping[str, Any]:
        """The answer of `entente situation`."""
        then = self._at(as_of)
        self.sealed |= {fact.event: (fact.event, fact.label, fact.stream) for fact in then.sealed_in_situation()}
        return then.situation(shared=self.is_shared)

    def looks(self, begin: int | None, end: int | None) -> Iterator[Look]:
        """Who looked at what within two instants. Raises NotFound where the access log is not kept here."""
        if self.nation not in self.home.nations:
            raise errors.NotFound(f"the {self.nation} access log is not kept here", remedy="ask at that nation's own site")
        log = AccessLog(self.home, self.nation)
        known: dict[str, tuple[str, str, int]] = {}
        for row in log.looked():
            at = parse_instant(row.recorded_at)
            if (begin is not None and at < begin) or (end is not None and at > end):
                continue
            for event in row.objects:
                look = self._look(row, at, event, known)
                if event in self._sealed:
                    self.sealed[event] = event, look.label, look.stream
                    if self.is_shared:
                        continue
                yield look

    def _look(self, row: Looked, at: int, event: str, known: dict[str, tuple[str, str, int]]) -> Look:
        if event not in known:
            known[event] = self._place_of(event)
        label, stream, position = known[event]
        return Look(
            at=at, event=event, verb=row.verb, who=row.who, role=row.role, purpose=row.purpose, motif=row.motif,
            mandate=row.mandate, label=label, stream=stream, position=position, emergency=row.emergency,
        )  # fmt: skip

    def _place_of(self, event: str) -> tuple[str, str, int]:
        """(label, stream, position) of an event in this nation's reading, or of the entry with that id; empty where unknown."""
        placed = self.home.reader.entry_by_event(event)
        if placed is not None:
            header = events.decode_header(split_entry(placed[1])[3])
            return header.source.ref or header.id, header.stream, placed[0]
        position = self._sealed.get(event, 0)
        facts = self.view.store.of_origins(self._generation, [position]) if position else []
        return next(((fact.label, fact.stream, position) for fact in facts if fact.event == event), ("", "", position))

    @cached_property
    def _sealed(self) -> Mapping[str, int]:
        return self.view.store.sealed_events(self._generation)

    def prove(self, first: int, last: int) -> Sequence[Mapping[str, Any]]:
        """Check that positions first to last are all there and lead to a checkpoint; one row a check, each with `ok`."""
        self._require_few(first - 1, last)
        ledger = self.home.ledger
        newest = ledger.signed_checkpoint()
        verified = self.home.policy().verify(newest)
        size, root = verified.checkpoint.size, verified.checkpoint.root
        entries = [
            row for at in range(first - 1, last, ENTRIES_AT_ONCE) for row in ledger.entries(at, min(ENTRIES_AT_ONCE, last - at))
        ]
        missing = sorted(set(range(first, last + 1)) - {position for position, _ in entries})
        outside = [position for position, entry in entries if not self._is_in_tree(position, entry, size, root)]
        return [
            {
                "check": "positions",
                "ok": not missing,
                "first": first,
                "last": last,
                "entries": len(entries),
                "missing": missing,
            },
            {"check": "inclusion", "ok": not outside and not missing, "size": size, "not_in_tree": outside},
            {"check": "checkpoint", "ok": True, "size": size, "final": verified.final, "cosigned": sorted(verified.cosigned)},
        ]

    def _is_in_tree(self, position: int, entry: bytes, size: int, root: bytes) -> bool:
        try:
            proof = self.home.ledger.prove(position, size)
            merkle.verify_inclusion(merkle.hash_leaf(entry), position - 1, size, proof, root)
        except errors.EntenteError:
            return False
        return True


def _told(opened: Opened, header: Header, nation: str, *, relayed: bool) -> Told:
    """An opened entry as the questions see it."""
    return Told(
        position=opened.position,
        recorded_at=opened.recorded_at,
        occurred_at=parse_instant(header.occurred_at),
        event=header.id,
        label=header.source.ref or header.id,
        type=header.type,
        stream=header.stream,
        authority=header.authority,
        nation=nation,
        officer=header.officer or "",
        role=header.role or "",
        key_id=header.key_id,
        precision=header.stated_time.precision if header.stated_time else "",
        late_reason_given=header.late_reason_given,
        has_text=any(section.name == "text" for section in header.sections),
        sealed=opened.sealed,
        relayed=relayed,
    )
