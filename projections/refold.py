"""A reading made from some of a log's entries alone: those that a bundle shows, in order, with gaps between.

The same fold as a nation's view makes, in memory, over joint entries and the nation's own sealed ones that are opened there. It
gives the figures that can be derived from what is shown, and no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from ledger import errors, events
from ledger.events.correction import Statement
from ledger.events.keys import KeyRing
from ledger.events.registry import Registry
from projections import figures
from projections.fact import NEVER, Fact
from projections.facts import Fold, require_foldable
from projections.figures import GROUPED_BY, Group
from projections.nations import ruleset_in_force
from projections.opening import Opened, Opener
from projections.ruleset import Indicator, Ruleset

Inner = Callable[[int, events.Event], bytes]
"""The inside of the sealed entry at a position, given its outside. Raises BadSection where it is not opened here."""


class _Disclosed(Opener):
    """Opens what was opened for everybody who holds the bundle; no private key is needed."""

    def __init__(self, nation: str, inner: Inner) -> None:
        super().__init__(nation, None, lambda position: {})
        self._inner = inner

    def _plaintext(self, position: int, outer: events.Event) -> bytes:
        return self._inner(position, outer)


class Refold:
    """One nation's facts from the entries taken so far."""

    def __init__(self, nation: str, inner: Inner) -> None:
        self.nation = nation
        self.keys, self.fold = KeyRing(), Fold(Registry(), set(), {}, set())
        self.facts: dict[tuple[int, int], Fact] = {}
        self._opener = _Disclosed(nation, inner)
        self._statements: dict[str, list[Statement]] = {}
        self._by_origin: dict[int, list[tuple[int, int]]] = {}
        self._parked: set[str] = set()
        self._ids: set[str] = set()

    def take(self, position: int, entry: bytes) -> None:
        """The next entry, of those that are shown. Entries are sound already: what cannot be folded is passed over, as it is
        parked in the nation's own view.
        """
        opened = self._opener.open(position, entry, self.keys, self.fold.registry)
        statement = opened.statement
        if statement is None:
            if opened.fault and not opened.sealed:
                self._parked.add(opened.stream)
            return
        header = statement.event.header
        if header.stream not in self._parked and not (opened.sealed and header.id in self._ids):
            self._fold(opened, statement)
        self._statements.setdefault(header.stream, []).append(statement)
        self._ids.add(header.id)

    def _fold(self, opened: Opened, statement: Statement) -> None:
        header, position = statement.event.header, opened.position
        try:
            require_foldable(statement)
            ended, stated = self.fold.take(statement, self)
        except (errors.EntenteError, RecursionError):
            if not opened.sealed:
                self._parked.add(header.stream)
            return
        if not opened.sealed and header.type.startswith(("key.", "ledger.")):
            self.keys.apply(statement.event, position)
        for fact in ended:
            self.facts[fact.stated, fact.ordinal] = msgspec.structs.replace(fact, ended=position)
        for fact in stated:
            self.facts[fact.stated, fact.ordinal] = fact
            self._by_origin.setdefault(fact.origin, []).append((fact.stated, fact.ordinal))

    # -- the past, for the fold ------------------------------------------------------------------------------------------------

    def statements(self, stream: str) -> list[Statement]:
        """See facts.Past."""
        return list(self._statements.get(stream, ()))

    def by_id(self, event_id: str) -> Statement | None:
        """See facts.Past."""
        named = [s for told in self._statements.values() for s in told if s.event.header.id == event_id]
        return max(named, key=lambda s: s.shared, default=None)

    def made(self, origins: Sequence[int]) -> list[Fact]:
        """See facts.Past."""
        return [self.facts[key] for key in sorted(k for origin in origins for k in self._by_origin.get(origin, ()))]

    # -- what it comes to ----------------------------------------------------------------------------------------------------

    def ruleset(self) -> Ruleset:
        """The ruleset in force after the last entry. Raises BadQuestion for one that this version does not know."""
        return ruleset_in_force(self.nation, [f for f in self._live() if f.kind == "ruleset"])

    def _live(self) -> list[Fact]:
        return [self.facts[key] for key in sorted(self.facts) if self.facts[key].ended == NEVER]

    def _of(self, kinds: Iterable[str], window: tuple[int, int]) -> list[Fact]:
        """The nation's own live facts of these kinds within a window."""
        begin, end = window
        within = [fact for fact in self._live() if begin <= fact.occurred_at < end and fact.reading in ("both", "own")]
        return [fact for fact in within if fact.kind in kinds]

    def figures(self, ruleset: Ruleset, day: date) -> dict[str, int]:
        """Every figure of a day, what stands beside them included."""
        facts = self._of({kind for i in ruleset.indicators for kind in i.kinds}, ruleset.window(day))
        groups = [Group(*[*(getattr(f, c) for c in GROUPED_BY), f.quantity, 1]) for f in facts]
        values, beside = figures.figures(ruleset, groups)
        return {**values, **beside}

    def lines(self, ruleset: Ruleset, indicator: Indicator, day: date) -> list[dict[str, Any]]:
        """The lines behind one of them."""
        return figures.lines(indicator, self._of(indicator.kinds, ruleset.window(day)))
