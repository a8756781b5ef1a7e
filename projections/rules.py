"""Which facts a type of event makes: one small rule a type, in the order of the families.

A rule gets the effective event and yields what differs from fact to fact; `facts.py` adds what all facts of an event share
(times, place, authority). A type without a rule makes no figure, and says why in the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ledger.events.base import Event

Part = dict[str, Any]
Rule = Callable[[Event, Callable[[str], Event | None]], Iterable[Part]]

RULES: dict[str, Rule] = {}

_encode = msgspec.json.Encoder(order="sorted").encode

PERSON_ATTEMPT = "person-attempt"
PERSON = "person"
EVENT = "event"


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Declare the rule of one or more types."""

    def declare(function: Rule) -> Rule:
        for name in names:
            assert name not in RULES, f"{name} has two rules"
            RULES[name] = function
        return function

    return declare


def detail(**fields: Any) -> str:
    """What a fact carries beyond its columns, as canonical JSON; absent values are left out."""
    present = {name: value for name, value in fields.items() if value is not None and value is not False}
    return _encode(present).decode() if present else ""


def has_text(event: Event) -> bool:
    """Whether free text was given with the event (its words are in a section of their own)."""
    return any(section.name == "text" for section in event.header.sections)


# -- incidents ---------------------------------------------------------------------------------------------------------


@rule("incident.opened")
def _opened(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    more = detail(channel=d.channel, position=d.position, persons_on_board=d.persons_on_board, methane=d.methane)
    yield {"kind": "incident", "code": d.kind, "quantity": 1, "unit": EVENT, "detail": more}


STEPS = {
    "incident.confirmed": "confirmed",
    "incident.declared_unfounded": "unfounded",
    "incident.resolved": "resolved",
    "incident.closed": "closed",
    "incident.reopened": "reopened",
    "interception.closed": "closed",
    "case.final": "final",
    "case.closed": "closed",
}


@rule(*STEPS)
def _step(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    fields = {name: getattr(d, name, None) for name in ("outcome", "decided_by", "track")}
    yield {"kind": "step", "code": STEPS[e.header.type], "unit": EVENT, "quantity": 1, "detail": detail(**fields)}


@rule("incident.updated")
def _updated(e: Event, find: Any) -> Iterable[Part]:
    more = detail(position=e.data.position, persons_on_board=e.data.persons_on_board)
    yield {"kind": "update", "unit": EVENT, "quantity": 1, "detail": more}


OUTCOMES = ("repelled", "stopped_inside", "arrested", "passed", "unknown")


@rule("incident.attempt_recorded")
def _attempt(e: Event, find: Any) -> Iterable[Part]:
    outcomes = e.data.outcomes
    more = detail(estimate=e.data.estimate)
    for outcome in OUTCOMES:
        count = getattr(outcomes, outcome)
        if count:
            yield {"kind": "attempt", "code": outcome, "quantity": count, "unit": PERSON_ATTEMPT, "detail": more}


@rule("incident.notified", "incident.acknowledged")
def _notified(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    kind = e.header.type.split(".")[1]
    yield {"kind": kind, "quantity": 1, "unit": EVENT, "party": d.to or "",
           "detail": detail(channel=d.channel, acknowledged=d.acknowledged)}  # fmt: skip


@rule("incident.assistance_requested", "incident.assistance_accepted", "incident.assistance_declined")
def _assistance(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    code = e.header.type.rsplit("_", 1)[1]
    yield {"kind": "assistance", "code": code, "quantity": 1, "unit": EVENT, "subject": d.asset or "",
           "detail": detail(expires_at=getattr(d, "expires_at", None))}  # fmt: skip


@rule(
    "incident.coordination_assumed",
    "incident.coordination_offered",
    "incident.coordination_accepted",
    "incident.coordination_declined",
)
def _coordination(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    code = e.header.type.rsplit("_", 1)[1]
    yield {"kind": "coordination", "code": code, "quantity": 1, "unit": EVENT, "party": d.by or e.header.authority,
           "detail": detail(to=d.to)}  # fmt: skip


@rule("incident.asset_tasked", "incident.asset_on_scene", "incident.asset_stood_down")
def _asset(e: Event, find: Any) -> Iterable[Part]:
    code = e.header.type.split("asset_")[1]
    yield {"kind": "asset", "code": code, "quantity": 1, "unit": EVENT, "subject": e.data.asset, "party": e.data.by or ""}


@rule("incident.persons_rescued")
def _rescued(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    yield {"kind": "rescued", "quantity": d.persons, "unit": PERSON, "subject": d.craft or "", "about": d.by or "",
           "detail": detail(position=d.position)}  # fmt: skip


@rule("incident.persons_disembarked")
def _disembarked(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    yield {"kind": "disembarked", "quantity": d.persons, "unit": PERSON, "side": d.side, "subject": d.craft or "",
           "detail": detail(unaccounted=d.unaccounted, landed_at=d.landed_at)}  # fmt: skip
    if d.unaccounted:
        yield {"kind": "unaccounted", "quantity": d.unaccounted, "unit": PERSON, "side": d.side, "subject": d.craft or ""}


@rule("incident.departure_prevented")
def _departure(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    yield {"kind": "departure_prevented", "quantity": d.persons or 0, "unit": PERSON,
           "detail": detail(boats=d.boats, equipment_only=d.equipment_only)}  # fmt: skip


@rule("incident.casualty_recorded")
def _casualty(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    yield {"kind": "casualty", "code": d.severity, "quantity": d.count, "unit": PERSON, "about": d.who or "",
           "side": d.side or "", "subject": d.person or ""}  # fmt: skip


@rule("incident.shelter_recorded")
def _sheltered(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    yield {"kind": "sheltered", "quantity": d.persons, "unit": PERSON, "detail": detail(vulnerable=d.vulnerable)}


@rule("incident.disruption_started", "incident.disruption_ended")
def _disruption(e: Event, find: Any) -> Iterable[Part]:
    code = e.header.type.rsplit("_", 1)[1]
    yield {"kind": "disruption", "code": code, "quantity": 1, "unit": EVENT, "about": e.data.service or ""}


@rule("incident.linked")
def _linked(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    more = detail(confidence=d.confidence, basis=d.basis, has_text=has_text(e))
    yield {"kind": "link", "code": d.relation, "quantity": 1, "unit": EVENT, "subject": d.to, "detail": more}


@rule("incident.link_withdrawn")
def _link_withdrawn(e: Event, find: Any) -> Iterable[Part]:
    yield {"kind": "link_withdrawn", "quantity": 1, "unit": EVENT, "subject": e.data.withdraws}


# -- interceptions (Detections) ------------------------------------------------------------------------------------------


@rule("interception.search_recorded")
def _search(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    yield {"kind": "search", "code": d.result, "quantity": 1, "unit": "vehicle", "subject": d.vehicle or "", "about": d.method}


@rule("interception.recorded")
def _detection(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    yield {"kind": "detection", "code": d.method or "", "quantity": d.persons, "unit": "person-detection",
           "about": d.route or "", "subject": d.vehicle or ""}  # fmt: skip
    if d.minors:
        yield {"kind": "minors_found", "quantity": d.minors, "unit": "person-detection"}


@rule("interception.handed_over")
def _handover(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    shared = {"party": d.to or "", "about": d.from_ or "", "unit": PERSON}
    yield {"kind": "handover", "quantity": d.accepted, **shared}
    for refused in d.not_accepted:
        yield {"kind": "not_accepted", "code": refused.reason, "quantity": refused.count, **shared}
    if d.minors_accepted:
        yield {"kind": "minors_received", "quantity": d.minors_accepted, **shared}


@rule("interception.handover_disputed")
def _disputed(e: Event, find: Any) -> Iterable[Part]:
    yield {"kind": "handover_disputed", "quantity": e.data.count or 0, "unit": PERSON}


@rule("interception.protection_need_recorded")
def _protection(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    yield {"kind": "protection_need", "code": d.need, "quantity": d.count, "unit": PERSON, "party": d.referred_to or "",
           "detail": detail(outcome=d.outcome)}  # fmt: skip


@rule("interception.person_registered")
def _registered(e: Event, find: Any) -> Iterable[Part]:
    yield {"kind": "person_registered", "code": e.data.category, "quantity": 1, "unit": PERSON,
           "detail": detail(minor=e.data.minor)}  # fmt: skip


@rule("interception.released", "interception.retained", "interception.transferred")
def _care(e: Event, find: Any) -> Iterable[Part]:
    code = e.header.type.split(".")[1]
    yield {"kind": "care", "code": code, "quantity": e.data.count or 0, "unit": PERSON, "about": e.data.ground_code or ""}


# -- cases -------------------------------------------------------------------------------------------------------------


@rule("case.opened")
def _case(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    yield {"kind": "case", "code": d.kind, "quantity": 1, "unit": EVENT, "subject": d.subject_vehicle or ""}
    for linked in d.links:
        yield {"kind": "link", "code": "case", "quantity": 1, "unit": EVENT, "subject": linked, "about": d.kind}


@rule("case.suspect_arrested")
def _arrest(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    yield {"kind": "arrest", "code": d.measure, "quantity": 1 if d.count is None else d.count, "unit": "person × procedure",
           "subject": d.suspect, "about": d.suspicion}  # fmt: skip


@rule("case.person_heard", "case.person_retained")
def _measure(e: Event, find: Any) -> Iterable[Part]:
    yield {
        "kind": "measure",
        "code": e.data.measure,
        "quantity": 1,
        "unit": "person × procedure",
        "subject": e.data.person or "",
    }


@rule("case.suspect_released", "case.charged", "case.deferred")
def _proceeding(e: Event, find: Any) -> Iterable[Part]:
    code = e.header.type.split(".")[1].removeprefix("suspect_")
    yield {"kind": "proceeding", "code": code, "quantity": 1, "unit": EVENT, "subject": getattr(e.data, "suspect", None) or ""}


@rule("case.decision_recorded")
def _decision(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    more = detail(track=d.track, decided_by=d.decided_by, has_text=has_text(e))
    yield {
        "kind": "decision",
        "code": d.decision,
        "quantity": 1 if d.count is None else d.count,
        "unit": "notice",
        "detail": more,
    }
    if d.amount is not None:
        yield {"kind": "amount", "code": d.amount.currency, "quantity": d.amount.minor_units, "unit": "minor units",
               "about": d.decision}  # fmt: skip


@rule("case.decision_withdrawn", "case.decision_appealed", "case.decision_substituted")
def _decision_step(e: Event, find: Any) -> Iterable[Part]:
    target = find(e.data.target)
    about = getattr(target.data, "decision", "") if target is not None else ""
    yield {"kind": "decision_step", "code": e.header.type.rsplit("_", 1)[1], "quantity": 1, "unit": "notice",
           "subject": e.data.target, "about": about}  # fmt: skip


@rule("case.network_dismantled")
def _network(e: Event, find: Any) -> Iterable[Part]:
    yield {"kind": "network", "quantity": 1, "unit": "case"}
