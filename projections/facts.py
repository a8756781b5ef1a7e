"""The fold: what one more event ends and states, in one nation's reading of the log.

`Fold.take(statement)` returns the facts it ends and the facts it states. Most events just state their own; a correction, a
false alarm and its revocation, or a withdrawn link also change what earlier events of the stream say, and only that: later
registry changes restate nothing. Pure: earlier statements and live facts come through the `Past` it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from ledger import errors
from ledger.events.base import Event
from ledger.events.correction import Corrections, Statement
from ledger.events.incident import IncidentConfirmed, IncidentDeclaredUnfounded, IncidentLinked, IncidentLinkWithdrawn
from ledger.events.registry import Registry
from ledger.formats.entry import parse_instant
from projections.fact import NEVER, Fact, Reading
from projections.rules import RULES

IMPRECISION_SECONDS = {"exact": 0, "minute": 0, "approx_15m": 900, "approx_hour": 3600, "unknown": 43_200}

# Types that speak of another event of their stream, and change with it.
DEPENDENT = frozenset({"case.decision_withdrawn", "case.decision_appealed", "case.decision_substituted"})
# Types that change what earlier events of their stream say. `incident.confirmed` does only after a false alarm was declared.
RESTATING = DEPENDENT | {"correction.recorded", "incident.declared_unfounded", "incident.confirmed", "incident.link_withdrawn"}
REGISTERING = frozenset({"authority.registered", "place.registered", "rules.adopted"})
READINGS: tuple[Reading, ...] = ("own", "shared")


class Past(Protocol):
    """What the fold reads of what came before the statement at hand."""

    def statements(self, stream: str) -> list[Statement]:
        """Every earlier statement of a stream that this nation sees, in log order."""

    def made(self, origins: Sequence[int]) -> list[Fact]:
        """All facts that events at these positions made so far, those since ended included, by (stated, ordinal)."""


class Fold:
    """One nation's fold. Its own memory is the registry and which streams were declared unfounded; the rest is `Past`."""

    def __init__(self, registry: Registry, unfounded: set[str]) -> None:
        self.registry = registry
        self.unfounded = unfounded

    def take(self, statement: Statement, past: Past) -> tuple[list[Fact], list[Fact]]:
        """(ended, stated) of one statement, in order; both carry its position. Raises Unfoldable.

        Ended facts are returned as they were while live.
        """
        header = statement.event.header
        if header.type in RESTATING and not (header.type == "incident.confirmed" and header.stream not in self.unfounded):
            return self._restate(statement, past)
        if header.type in REGISTERING and statement.shared:
            self.registry.apply(statement.event, statement.position)
        reading: Reading = "both" if statement.shared else "own"
        rule = RULES.get(header.type)
        if rule is None:
            return [], []
        find = nothing
        if header.type == "correction.proposed":  # a proposal shows its target whatever became of it

            def find(event_id: str) -> Event | None:
                named = (s.event for s in past.statements(header.stream) if s.event.header.id == event_id)
                return next(named, None)

        return [], self.facts_of(statement, statement.event, statement.position, reading, find)

    def facts_of(
        self, statement: Statement, event: Event, stated: int, reading: Reading, find: Callable[[str], Event | None]
    ) -> list[Fact]:
        """The facts of an event in its effective form, stated at a position. Ordinals count from 0 within the event."""
        rule = RULES.get(event.header.type)
        if rule is None:
            return []
        header, data = event.header, event.data
        registry = self.registry
        authority = registry.authorities.get(header.authority)
        place_code = getattr(data, "place", None)
        place = registry.place(place_code)
        stated_time = header.stated_time
        occurred_at = parse_instant(header.occurred_at)
        occurred_until = parse_instant(header.occurred_until) if header.occurred_until else 0
        imprecision = IMPRECISION_SECONDS[stated_time.precision] if stated_time else 0
        nation, path = (authority.nation, authority.path) if authority else ("", f"|{header.authority}|")
        label = header.source.ref or header.id
        made = []
        for ordinal, part in enumerate(rule(event, find)):
            get = part.get
            party = get("party", "")
            # By place, in the order of Fact's fields: this runs once a fact, and names would cost as much as all the rest.
            fact = Fact(
                part["kind"], header.stream, header.id, label, statement.position, stated, ordinal, occurred_at,
                statement.recorded_at, header.authority, nation, path, get("code", ""), get("quantity", 0), get("unit", ""),
                get("subject", ""), get("about", ""), get("side", ""), place_code or "", place.territory, place.zone, party,
                registry.path_of(party) if party else "", occurred_until, imprecision, header.regime, get("detail", ""),
                reading,
            )  # fmt: skip
            made.append(fact)
        return made

    # -- events that change what earlier ones say -------------------------------------------------------------------------

    def _restate(self, statement: Statement, past: Past) -> tuple[list[Fact], list[Fact]]:
        """Compare the stream before and after the statement, in both readings; end and state what changed."""
        earlier = past.statements(statement.event.header.stream)
        after = [*earlier, statement]
        versions = {}
        for reading in READINGS:
            mask = [s for s in earlier if s.shared or reading == "own"]
            whole = [s for s in after if s.shared or reading == "own"]
            (was, failing), (now, failed) = self._effective(mask), self._effective(whole)
            if not statement.shared and failed.keys() - failing.keys():
                raise next(wrong for position, wrong in failed.items() if position not in failing)
            versions[reading] = (was, now)
        changed = [s for s in after if any(b.get(s.position) != a.get(s.position) for b, a in versions.values())]
        changed = _with_dependents(changed, after)
        self._remember_unfounded(statement.event.header.stream, after)
        made = past.made([s.position for s in changed if s is not statement])
        new: list[Fact] = []
        for s in changed:
            facts = self._facts_in_both_readings(s, versions["own"][1], versions["shared"][1], statement.position, after)
            new += _as_first_stated(facts, [f for f in made if f.origin == s.position])
        return _difference([f for f in made if f.ended == NEVER], new)

    def _effective(self, statements: list[Statement]) -> tuple[dict[int, Event | None], dict[int, errors.Unfoldable]]:
        """Effective event by position, None where it states no facts (retracted, declared unfounded, withdrawn link); and
        where sealed corrections could not be applied.
        """
        amended, failed = self._amended(statements)
        last_unfounded = 0
        withdrawn: set[str] = set()
        for s in statements:
            event = amended[s.position]
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
            event = amended[s.position]
            # A false alarm ends what the stream stated; a link states nothing, it says where the stream belongs.
            is_link = event is not None and isinstance(event.data, IncidentLinked)
            ended = event is not None and (event.header.id in withdrawn if is_link else s.position < last_unfounded)
            effective[s.position] = None if ended else event
        return effective, failed

    def _amended(self, statements: list[Statement]) -> tuple[dict[int, Event | None], dict[int, errors.Unfoldable]]:
        """Statements with their corrections. Joint admission vouches for joint corrections: where the sealed ones on top of
        them do not fit, they are left out, so that what one nation seals never hides what both have said. Raises Unfoldable
        when joint ones alone do not fit.
        """
        corrections = Corrections(statements, self._may_correct)
        amended: dict[int, Event | None] = {}
        failed: dict[int, errors.Unfoldable] = {}
        for s in statements:
            try:
                amended[s.position] = corrections.amend(s).event
            except errors.Unfoldable as wrong:
                failed[s.position] = wrong
        if failed:
            without = [s for s in statements if s.shared or s.event.header.type != "correction.recorded"]
            joint = Corrections(without, self._may_correct)
            amended |= {s.position: joint.amend(s).event for s in statements if s.position in failed}
        return amended, failed

    def _may_correct(self, correction: Statement, target: Statement) -> bool:
        """Only the originating nation corrects; joint admission has refused the others, a sealed one is left out here."""
        nation_of = self.registry.nation_of
        return nation_of(correction.event.header.authority) == nation_of(target.event.header.authority)

    def _remember_unfounded(self, stream: str, statements: list[Statement]) -> None:
        if any(isinstance(s.event.data, IncidentDeclaredUnfounded) for s in statements):
            self.unfounded.add(stream)

    def _facts_in_both_readings(
        self,
        statement: Statement,
        own: dict[int, Event | None],
        shared: dict[int, Event | None],
        stated: int,
        all_statements: list[Statement],
    ) -> list[Fact]:
        """One set of facts where both readings agree, two where something sealed makes them differ."""
        is_correction = statement.event.header.type == "correction.recorded"

        def find(event_id: str, effective: dict[int, Event | None]) -> Event | None:
            # A correction speaks of its target as it was stated, whatever became of it.
            named = (s for s in all_statements if s.event.header.id == event_id)
            return next((s.event if is_correction else effective.get(s.position) for s in named), None)

        mine, theirs = own.get(statement.position), shared.get(statement.position)
        if mine == theirs and statement.shared:
            facts = self.facts_of(statement, mine, stated, "both", lambda i: find(i, own)) if mine is not None else []
            again = self.facts_of(statement, mine, stated, "both", lambda i: find(i, shared)) if mine is not None else []
            if facts == again:
                return facts
        facts = self.facts_of(statement, mine, stated, "own", lambda i: find(i, own)) if mine is not None else []
        if theirs is not None:
            facts += self.facts_of(statement, theirs, stated, "shared", lambda i: find(i, shared))
        return facts


def nothing(event_id: str) -> Event | None:
    """What a rule finds that speaks of no other event."""
    return None


def _difference(old: list[Fact], new: list[Fact]) -> tuple[list[Fact], list[Fact]]:
    """What is no longer so, and what is now; a fact that says the same as before is left standing."""
    standing = {_content(f): f for f in old}
    stated = [f for f in new if standing.pop(_content(f), None) is None]
    ended = sorted(standing.values(), key=lambda f: (f.stated, f.ordinal))
    return ended, [msgspec.structs.replace(f, ordinal=n) for n, f in enumerate(stated)]


def _as_first_stated(facts: list[Fact], made: list[Fact]) -> list[Fact]:
    """Facts restated with what the registry said when their event first named this place, this party, this authority: later
    registry changes restate nothing. What the event names for the first time comes from the registry of today.
    """
    if not made:
        return facts
    places: dict[str, Fact] = {}
    parties: dict[str, Fact] = {}
    for fact in made:
        places.setdefault(fact.place, fact)
        parties.setdefault(fact.party, fact)
    kept = []
    for fact in facts:
        at, by, first = places.get(fact.place, fact), parties.get(fact.party, fact), made[0]
        kept.append(
            msgspec.structs.replace(
                fact,
                nation=first.nation,
                authority_path=first.authority_path,
                territory=at.territory,
                zone=at.zone,
                party_path=by.party_path,
            )
        )
    return kept


def _with_dependents(changed: list[Statement], statements: list[Statement]) -> list[Statement]:
    """What changed, and what speaks of it: withdrawing a notice that is itself retracted withdraws nothing."""
    positions = {s.position for s in changed}
    ids = {s.event.header.id for s in changed}
    speaking = (s for s in statements if s.event.header.type in DEPENDENT and s.event.data.target in ids)
    positions |= {s.position for s in speaking}
    return [s for s in statements if s.position in positions]


def _content(fact: Fact) -> Fact:
    return msgspec.structs.replace(fact, stated=0, ordinal=0)


def require_foldable(statement: Statement) -> None:
    """Raise Unfoldable for a type that claims to make facts and has no rule: our own omission must show, not vanish."""
    event_type = type(statement.event.data).kind_of_event
    if event_type.makes_facts and event_type.name not in RULES:
        raise errors.Unfoldable(f"{event_type.name} has no fact rule")
