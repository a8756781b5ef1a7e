"""Incidents as live facts show them: one stream's own state, and the groups that links make of streams.

Pure. Everything is in log order: a corrected fact keeps the place (`origin`) of the event that made it. Links never end facts;
they only change under which root a stream is shown (figures, sections 1 and 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from projections.fact import Fact

DISTRESS = "small_boat_distress"
NATIONS = ("GB", "FR")

# What is said of people reopens an incident that was closed; so does saying that it goes on.
REOPENING_KINDS = frozenset(
    {
        *("update", "attempt", "notified", "acknowledged", "assistance", "coordination", "rescued", "disembarked"),
        *("casualty", "sheltered", "protection_need"),
    }
)
REVIVING_STEP = {"closed": "reopened", "unfounded": "confirmed"}
# Kinds that only incidents make: a stream that has one of them and no opening began without it. A case has links too.
INCIDENT_KINDS = (REOPENING_KINDS - {"protection_need"}) | {"asset", "departure_prevented", "disruption"}
# Casualties that explain why somebody never lands.
LOST = frozenset({"fatal", "missing"})


def details(fact: Fact) -> Mapping[str, Any]:
    """The fields a fact carries beyond its columns; empty where there are none."""
    return msgspec.json.decode(fact.detail) if fact.detail else {}


def in_log_order(facts: Iterable[Fact]) -> list[Fact]:
    """By the event that made each, then by its place in the event."""
    return sorted(facts, key=lambda f: (f.origin, f.ordinal))


class Incident:
    """One stream, as its own live facts show it. Any family of stream; most questions are about incidents."""

    def __init__(self, stream: str, facts: Sequence[Fact]) -> None:
        self.stream = stream
        self.facts = in_log_order(facts)
        self.by_kind: dict[str, list[Fact]] = {}
        for fact in self.facts:
            self.by_kind.setdefault(fact.kind, []).append(fact)

    def of(self, *kinds: str) -> list[Fact]:
        """Facts of these kinds, in log order within each kind."""
        return [f for kind in kinds for f in self.by_kind.get(kind, ())]

    @cached_property
    def opening(self) -> Fact | None:
        """The fact that makes it an incident: gone once it was retracted or declared unfounded."""
        found = self.by_kind.get("incident")
        return found[0] if found else None

    @cached_property
    def state(self) -> str:
        """open, closed or unfounded. A fact about people reopens what was closed; only a confirmation revives a false alarm."""
        state = "open"
        for fact in self.facts:
            step = fact.code if fact.kind == "step" else ""
            if step in ("closed", "unfounded"):
                state = step
            elif step == REVIVING_STEP.get(state) or (state == "closed" and fact.kind in REOPENING_KINDS):
                state = "open"
        return state

    @property
    def closing(self) -> Fact | None:
        """The step that closed it, where it is closed still."""
        return [f for f in self.of("step") if f.code == "closed"][-1] if self.state == "closed" else None

    @cached_property
    def is_incident(self) -> bool:
        """Opened, or spoken of without an opening: facts about people are never refused for order.

        An opening that was retracted takes the incident out, whatever else is said on the stream. One that a false alarm ended
        comes back, even without its facts, when somebody reopens it.
        """
        if self.opening is not None:
            return True
        if any(f.code == "retract" and f.about == "incident.opened" for f in self.of("correction")):
            return False
        return any(f.kind in INCIDENT_KINDS or f.code == "reopened" for f in self.facts)

    @property
    def is_open(self) -> bool:
        """An incident neither closed nor unfounded."""
        return self.is_incident and self.state == "open"

    @property
    def is_distress(self) -> bool:
        """A boat in distress, open or not."""
        return self.opening is not None and self.opening.code == DISTRESS

    @cached_property
    def aboard(self) -> Fact | None:
        """The latest statement of how many persons are aboard."""
        stated = [f for f in self.facts if f.kind in ("incident", "update") and "persons_on_board" in f.detail]
        return stated[-1] if stated else None

    @property
    def accounted(self) -> int:
        """Persons of its own who are landed, dead or missing.

        `unaccounted` at a landing are not: nobody has said what became of them. Somebody missing has become an obligation of
        its own, which no list of boats can end.
        """
        return persons(self.of("disembarked")) + persons(lost(self.of("casualty")))

    @cached_property
    def positions(self) -> list[Fact]:
        """Facts that say where it is, in log order."""
        return [f for f in self.facts if f.kind in ("incident", "update", "rescued") and '"position"' in f.detail]


class Group:
    """Streams that links make one incident, shown under the stream they lead to."""

    def __init__(self, root: str, members: Sequence[Incident]) -> None:
        self.root = root
        self.members = members

    def of(self, *kinds: str) -> list[Fact]:
        """Facts of these kinds over all members, in log order."""
        return in_log_order(f for member in self.members for f in member.of(*kinds))

    @property
    def streams(self) -> list[str]:
        """The members' names, sorted."""
        return sorted(m.stream for m in self.members)

    @property
    def distresses(self) -> list[Incident]:
        """Members that are distress incidents."""
        return [m for m in self.members if m.is_distress]

    @property
    def is_open(self) -> bool:
        """Some distress member is open: neither closed nor unfounded itself.

        A group does not close with its root alone: whoever merged two boats on a mistake would otherwise close both by
        closing one.
        """
        return any(m.is_open for m in self.distresses)

    @property
    def rescued(self) -> int:
        """Persons taken out of danger."""
        return persons(self.of("rescued"))

    @property
    def explained(self) -> int:
        """Persons of whom it is said what became of them: landed, unaccounted for at landing, dead, missing."""
        return persons(self.of("disembarked", "unaccounted")) + persons(lost(self.of("casualty")))

    @property
    def has_landed(self) -> bool:
        """At least one disembarkation is on record, and nobody rescued is still to be explained."""
        return bool(self.of("disembarked")) and self.explained >= self.rescued

    @property
    def is_partly_disembarked(self) -> bool:
        """Some landed, and some of those rescued did not."""
        return bool(self.of("disembarked")) and self.explained < self.rescued


def number_aboard(stated: Fact) -> int:
    """The number that a fact with persons on board states: the best one, else the highest."""
    estimate = details(stated)["persons_on_board"]
    return int(estimate.get("best", estimate["max"]))


def persons(facts: Iterable[Fact]) -> int:
    """The sum of what these facts count."""
    return sum(f.quantity for f in facts)


def lost(casualties: Iterable[Fact]) -> list[Fact]:
    """The dead and the missing among casualties."""
    return [f for f in casualties if f.code in LOST]


class Scene:
    """All the streams at hand, each by itself and in its group. `facts` are live at the position that is asked about."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        by_stream: dict[str, list[Fact]] = {}
        for fact in facts:
            if fact.reading != "shared":
                by_stream.setdefault(fact.stream, []).append(fact)
        self.incidents = {stream: Incident(stream, found) for stream, found in sorted(by_stream.items())}
        self.absorbed = _absorbed(self.incidents.values())
        self.root_of = {stream: _way(stream, self.absorbed)[-1] for stream in self.incidents}
        members: dict[str, list[Incident]] = {}
        for stream, root in self.root_of.items():
            members.setdefault(root, []).append(self.incidents[stream])
        self.groups = {root: Group(root, found) for root, found in sorted(members.items())}

    def group_of(self, stream: str) -> Group | None:
        """The group a stream belongs to, or None where nothing is known of it."""
        root = self.root_of.get(stream)
        return None if root is None else self.groups[root]


def _absorbed(incidents: Iterable[Incident]) -> dict[str, Fact]:
    """For each stream the link that makes it a duplicate: the latest live one. One that would close a ring is left out.

    Admission refuses such a link where it can see it; inside a sealed event it can only be ignored here.
    """
    absorbed: dict[str, Fact] = {}
    for link in in_log_order(f for i in incidents for f in i.by_kind.get("link", ()) if f.code == "duplicate_of"):
        if link.stream not in _way(link.subject, absorbed):
            absorbed[link.stream] = link
    return absorbed


def _way(stream: str, absorbed: Mapping[str, Fact]) -> list[str]:
    """The streams that links lead through from this one, itself first and the root last."""
    way = [stream]
    while way[-1] in absorbed:
        way.append(absorbed[way[-1]].subject)
    return way
