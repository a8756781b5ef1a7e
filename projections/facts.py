"""The fold: what one more event ends and states, in one nation's reading of the log.

`Fold.take(statement)` returns the facts it ends and the facts it states. Most events just state their own; a correction, a
false alarm and its revocation, or a withdrawn link also change what earlier events of the stream say, and only that: later
registry changes restate nothing. What a nation sealed and states jointly later, under the same id, is one statement: the joint
one stands from its position on. Pure: earlier statements and live facts come through the `Past` it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from ledger import errors
from ledger.events.base import Event
from ledger.events.correction import Statement
from ledger.events.incident import IncidentDeclaredUnfounded
from ledger.events.registry import Registry
from ledger.formats.entry import parse_instant
from projections.breaches import Seen, breaches
from projections.fact import NEVER, Fact, Reading
from projections.rules import Part
from projections.rules_of_record import RULES
from projections.standing import Standing

IMPRECISION_SECONDS = {"exact": 0, "minute": 0, "approx_15m": 900, "approx_hour": 3600, "unknown": 43_200}

# Types that speak of another event of their stream, and change with it.
DEPENDENT = frozenset({"case.decision_withdrawn", "case.decision_appealed", "case.decision_substituted"})
# Types that change what earlier events of their stream say. `incident.confirmed` does only after a false alarm was declared.
RESTATING = DEPENDENT | {"correction.recorded", "incident.declared_unfounded", "incident.confirmed", "incident.link_withdrawn"}
REGISTERING = frozenset({"authority.registered", "place.registered", "rules.adopted"})
# Types that speak of a statement as it was made, whatever became of it.
SPEAKING_OF = frozenset({"correction.recorded", "correction.proposed"})

Find = Callable[[str], Event | None]


class Past(Protocol):
    """What the fold reads of what came before the statement at hand."""

    def statements(self, stream: str) -> list[Statement]:
        """Every earlier statement of a stream that this nation sees, in log order."""

    def by_id(self, event_id: str) -> Statement | None:
        """The earlier statement of an id that this nation sees, the joint one where it sealed it before; None where none is."""

    def made(self, origins: Sequence[int]) -> list[Fact]:
        """All facts that events at these positions made so far, those since ended included, by (stated, ordinal)."""


class Fold:
    """One nation's fold. Its own memory is the registry, which streams were declared unfounded, where the ids that the nation
    sealed stand, and which of those positions speak on another stream since; the rest is `Past`.
    """

    def __init__(self, registry: Registry, unfounded: set[str], sealed: dict[str, int], moved: set[int]) -> None:
        self.registry = registry
        self.unfounded = unfounded
        self.sealed = sealed
        self.moved = moved

    def take(self, statement: Statement, past: Past) -> tuple[list[Fact], list[Fact]]:
        """(ended, stated) of one statement, in order; both carry its position. Raises Unfoldable.

        Ended facts are returned as they were while live.
        """
        header = statement.event.header
        if not statement.shared:
            changed = self._restate(statement, past)
            self.sealed[header.id] = statement.position
            return changed
        if header.id in self.sealed:
            return self._state_jointly(statement, past)
        if header.type in RESTATING and not (header.type == "incident.confirmed" and header.stream not in self.unfounded):
            return self._restate(statement, past)
        if header.type in REGISTERING:
            self.registry.apply(statement.event, statement.position)
        rule = RULES.get(header.type)
        if rule is None:
            return [], []
        find = nothing
        if header.type in SPEAKING_OF:

            def find(event_id: str) -> Event | None:
                named = (s.event for s in reversed(past.statements(header.stream)) if s.event.header.id == event_id)
                return next(named, None)

        return [], self.facts_of(statement, statement.event, statement.position, "both", rule(statement.event, find))

    def facts_of(self, statement: Statement, event: Event, stated: int, reading: Reading, parts: Iterable[Part]) -> list[Fact]:
        """The facts of an event in its effective form, one a part, stated at a position. Ordinals count from 0."""
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
        for ordinal, part in enumerate(parts):
            get = part.get
            party = get("party", "")
            # By place, in the order of Fact's fields: this runs once a fact, and names would cost as much as all the rest.
            fact = Fact(
                part["kind"], header.stream, header.id, label, statement.position, stated, ordinal, occurred_at,
                statement.recorded_at, header.authority, nation, path, get("code", ""), get("quantity", 0), get("unit", ""),
                get("subject", ""), get("about", ""), get("side", ""), place_code or "", place.territory, place.zone, party,
                registry.path_of(party) if party else "", occurred_until, imprecision, header.regime, get("detail", ""),
                header.key_id, reading,
            )  # fmt: skip
            made.append(fact)
        return made

    # -- events that change what earlier ones say -------------------------------------------------------------------------

    def _restate(self, statement: Statement, past: Past) -> tuple[list[Fact], list[Fact]]:
        """What the stream says with this statement and did not say before, and the other way round."""
        earlier = self._statements(statement.event.header.stream, past)
        return self._compare(earlier, [*earlier, statement], statement, past)

    def _state_jointly(self, statement: Statement, past: Past) -> tuple[list[Fact], list[Fact]]:
        """As `_restate`, of what this nation sealed before: where that was on another stream, it leaves it now."""
        ended, stated = self._restate(statement, past)
        sealed = past.by_id(statement.event.header.id)
        assert sealed is not None, "what was sealed stands where it was sealed"
        if sealed.event.header.stream != statement.event.header.stream:
            earlier = self._statements(sealed.event.header.stream, past)
            left = [s for s in earlier if s.position != sealed.position]
            also_ended, also_stated = self._compare(earlier, left, statement, past)
            self.moved.add(sealed.position)
            ended = ended + also_ended
            stated += [msgspec.structs.replace(f, ordinal=n) for n, f in enumerate(also_stated, len(stated))]
        return ended, stated

    def _statements(self, stream: str, past: Past) -> list[Statement]:
        return [s for s in past.statements(stream) if s.position not in self.moved]

    def _compare(
        self, earlier: list[Statement], after: list[Statement], statement: Statement, past: Past
    ) -> tuple[list[Fact], list[Fact]]:
        """Compare a stream before and after a statement, in both readings; end and state what changed."""
        before, now = self._readings(earlier), self._readings(after)
        if not statement.shared and now["own"].failed.keys() - before["own"].failed.keys():
            raise next(wrong for position, wrong in now["own"].failed.items() if position not in before["own"].failed)
        known = after if len(after) > len(earlier) else earlier
        changed = _with_dependents([s for s in known if _is_changed(s, before, now)], known)
        self._remember_unfounded(after)
        made = past.made([s.position for s in changed if s is not statement])
        new: list[Fact] = []
        for s in changed:
            facts = self._facts_in_both_readings(s, now, statement.position, known, past)
            new += _as_first_stated(facts, [f for f in made if f.origin == s.position])
        return _difference([f for f in made if f.ended == NEVER], new)

    def _readings(self, statements: list[Statement]) -> dict[Reading, Standing]:
        own = Standing(statements, self._may_correct)
        joint = [s for s in statements if s.shared]
        return {"own": own, "shared": own if len(joint) == len(statements) else Standing(joint, self._may_correct)}

    def _may_correct(self, correction: Statement, target: Statement) -> bool:
        """Only the originating nation corrects; joint admission has refused the others, a sealed one is left out here."""
        nation_of = self.registry.nation_of
        return nation_of(correction.event.header.authority) == nation_of(target.event.header.authority)

    def _remember_unfounded(self, statements: list[Statement]) -> None:
        self.unfounded |= {s.event.header.stream for s in statements if isinstance(s.event.data, IncidentDeclaredUnfounded)}

    def _facts_in_both_readings(
        self, statement: Statement, now: dict[Reading, Standing], stated: int, known: list[Statement], past: Past
    ) -> list[Fact]:
        """One set of facts where both readings agree, two where something sealed makes them differ."""

        def facts(event: Event, reading: Reading, standing: Standing) -> list[Fact]:
            def find(event_id: str) -> Event | None:
                named = (s for s in reversed(known) if s.event.header.id == event_id)
                as_made = event.header.type in SPEAKING_OF
                return next((s.event if as_made else standing.effective.get(s.position) for s in named), None)

            rule = RULES.get(event.header.type)
            parts = [] if rule is None else list(rule(event, find))
            if not statement.shared:
                parts += breaches(statement, event, standing, Seen(statement, standing, self.registry, past))
            return self.facts_of(statement, event, stated, reading, parts)

        own, shared = now["own"], now["shared"]
        mine, theirs = own.effective.get(statement.position), shared.effective.get(statement.position)
        if mine == theirs and mine is not None:
            both = facts(mine, "both", own)
            if own is shared or both == facts(mine, "both", shared):
                return both
        made = facts(mine, "own", own) if mine is not None else []
        return made + (facts(theirs, "shared", shared) if theirs is not None else [])


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


def _is_changed(statement: Statement, before: dict[Reading, Standing], now: dict[Reading, Standing]) -> bool:
    """Whether a statement says something else now in either reading, or comes to nothing where it came to something."""
    at = statement.position
    if before["own"].left_out.get(at) != now["own"].left_out.get(at):
        return True
    return any(standing.effective.get(at) != now[reading].effective.get(at) for reading, standing in before.items())


def _content(fact: Fact) -> Fact:
    return msgspec.structs.replace(fact, stated=0, ordinal=0)


def require_foldable(statement: Statement) -> None:
    """Raise Unfoldable for a type that claims to make facts and has no rule: our own omission must show, not vanish."""
    event_type = type(statement.event.data).kind_of_event
    if event_type.makes_facts and event_type.name not in RULES:
        raise errors.Unfoldable(f"{event_type.name} has no fact rule")
