"""One nation's view and the log behind it, as the inquiry questions ask for them (projections/questions/asked.py)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from api.home import Home
from ledger import errors, events
from ledger.events import Header
from ledger.formats import merkle
from ledger.formats.entry import parse_instant, split_entry
from ledger.store.receipt import is_relayed
from projections.fact import Fact
from projections.opening import Opened, Opener
from projections.questions.asked import Told
from projections.reports.issued import code_version
from projections.tables import Generation
from projections.view import Moment

ALL_TIME = (-(2**62), 2**62)
ENTRIES_AT_ONCE = 2_000
READ = ("both", "own")


class AskedView:
    """What the questions read of one nation's view; one generation of it for as long as this lives."""

    def __init__(self, home: Home, nation: str) -> None:
        self.home = home
        self.nation = nation
        self.view = home.view(nation)
        self.code_version = f"entente/{code_version()}"

    @cached_property
    def _now(self) -> Moment:
        return self.view.at(None)

    @property
    def _generation(self) -> Generation:
        return self._now.generation

    def _at(self, as_of: int | None) -> Moment:
        return self._now if as_of is None else self.view.at(as_of)

    def position_at(self, as_of: int | None) -> int:
        """The last position recorded at or before an instant; 0 where there is none."""
        return self._at(as_of).position

    def instant_at(self, as_of: int | None) -> int:
        """The instant itself, or for None when the last position was recorded."""
        return self._at(as_of).instant

    def live(self, position: int, kinds: Collection[str]) -> Sequence[Fact]:
        """Facts of these kinds live at a position, whenever they occurred."""
        return self.view.store.of_kinds(self._generation, kinds, ALL_TIME, position, READ)

    def changed(self, after: int, upto: int) -> Sequence[Fact]:
        """Facts of any kind stated or ended in (after, upto], those since ended included."""
        return self.view.store.changed(self._generation, after, upto)

    def told(self, after: int, upto: int) -> Iterator[Told]:
        """The entries at positions (after, upto] that this nation can read, in order; its own sealed ones opened."""
        ledger = self.home.ledger
        opener = Opener(self.nation, self.home.sealing_key(self.nation), ledger.sections)
        ring, registry = ledger.keys, ledger.sequencer.head.registry
        upto = min(upto, self._now.position)
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
        return self._at(as_of).situation()

    def prove(self, first: int, last: int) -> Sequence[Mapping[str, Any]]:
        """Check that positions first to last are all there and lead to a checkpoint; one row a check, each with `ok`."""
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
