"""What is open, unconfirmed, unacknowledged, unanswered and contradictory at an instant, in one nation's view.

Pure, over the live facts of every stream that may have something to show. Nothing is believed safe because something else was:
a boat stays unconfirmed until its own people are accounted for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.formats.entry import format_instant, parse_instant
from projections.contradictions import contradictions
from projections.fact import Fact
from projections.incidents import LOST, OF_INCIDENTS, Group, Incident, by_stream, detail, groups

MINUTE = 60_000_000
SILENT_MINUTES = 15
PROTECTION_NEED_HOURS = 4

# Kinds that put a stream under attention, and kinds after which it may leave it (see `pending`).
ENTERING_KINDS = OF_INCIDENTS | {"incident", "handover", "protection_need", "link", "correction_proposal"}
TRIGGER_KINDS = frozenset(
    {"step", "acknowledged", "assistance", "disembarked", "casualty", "handover", "not_accepted", "detection"}
    | {"protection_need", "correction_proposal", "notified", "link_withdrawn", "link", "correction"}
)


def situation(facts: Sequence[Fact], instant: int, nation: str) -> dict[str, Any]:
    """The situation at an instant (microseconds): the shape of `entente situation`."""
    streams = by_stream(facts)
    grouped = groups(streams)
    open_groups = {root: g for root, g in grouped.items() if g.is_open_distress}
    incidents = [i for i in streams.values() if is_incident(i)]
    unconfirmed = [i for i in streams.values() if i.is_distress and is_unconfirmed(i, streams)]
    return {
        "open_distress": sorted(open_groups),
        "unconfirmed_distress": sorted(i.stream for i in unconfirmed),
        "open_incidents": sorted(i.stream for i in incidents if i.state == "open"),
        "opening_not_on_record": sorted(i.stream for i in incidents if i.opening is None and i.state == "open"),
        "unacknowledged": [_waiting(f) for i in streams.values() for f in unacknowledged(i)],
        "unanswered": [_waiting(f) for i in streams.values() for f in unanswered(i, instant)],
        "contradictions": contradictions(streams, grouped, instant),
        "obligations": [row for i in streams.values() for row in obligations(i, streams, instant)],
        "coordination": [row for g in open_groups.values() for row in coordination(g)],
        "silent": [row for g in open_groups.values() for row in silence(g, instant)],
        "flags": {root: ["partly_disembarked"] for root, g in sorted(open_groups.items()) if g.of("disembarked")},
    }


def is_incident(incident: Incident) -> bool:
    """An opening stands, or facts about people came before any opening."""
    if incident.opening is not None:
        return True
    return not incident.opening_taken_back and bool(incident.of(*OF_INCIDENTS))


def is_unconfirmed(incident: Incident, streams: Mapping[str, Incident]) -> bool:
    """Until its own persons on board are all accounted for, or a named decision-maker closed it, or the link that absorbed it
    is a fact with evidence which the other coastguard acknowledged in its own name. A rescue elsewhere changes nothing.
    """
    aboard = incident.aboard()
    if aboard is not None and incident.accounted_for() >= aboard[0]:
        return False
    closings = [f for f in incident.of("step") if f.code == "closed"]
    if closings and incident.state != "open":
        said = detail(closings[-1])
        if said.get("decided_by") or said.get("outcome") == "accounted":
            return False
    return not _absorbed(incident, streams)


def _absorbed(incident: Incident, streams: Mapping[str, Incident]) -> bool:
    link = incident.merged_into
    if link is None or detail(link).get("basis") != "fact" or not detail(link).get("has_text"):
        return False
    into = streams.get(link.subject)
    answers = [*incident.of("acknowledged"), *(into.of("acknowledged") if into else ())]
    return any(a.origin > link.origin and {a.nation, link.nation} == {"GB", "FR"} for a in answers)


def unacknowledged(incident: Incident) -> list[Fact]:
    """Notifications that the recipient has not acknowledged in its own name; what the sender says of it does not count."""
    answers = incident.of("acknowledged")
    return [n for n in incident.of("notified") if not any(a.origin > n.origin and a.authority == n.party for a in answers)]


def unanswered(incident: Incident, instant: int | None) -> list[Fact]:
    """Requests for assistance past their time with no answer on record; without an instant, any with no answer."""
    asked = [f for f in incident.of("assistance") if f.code == "requested"]
    answers = [f for f in incident.of("assistance") if f.code != "requested"]
    found = []
    for request in asked:
        expires = detail(request).get("expires_at")
        due = instant is None or (expires is not None and parse_instant(expires) <= instant)
        if due and not any(a.origin > request.origin and a.subject == request.subject for a in answers):
            found.append(request)
    return found


def _waiting(fact: Fact) -> dict[str, Any]:
    said = detail(fact)
    row = {
        "event": fact.event,
        "label": fact.label,
        "position": fact.origin,
        "stream": fact.stream,
        "by": fact.authority,
        "to": fact.party or None,
        "asset": fact.subject or None,
        "since": format_instant(fact.recorded_at),
        "expires_at": said.get("expires_at"),
        "claimed_acknowledged": said.get("acknowledged"),
    }
    return {name: value for name, value in row.items() if value is not None}


def obligations(incident: Incident, streams: Mapping[str, Incident], instant: int) -> list[dict[str, Any]]:
    """What a death, a missing person or a stated protection need obliges somebody to do, and that is not on record."""
    found: list[dict[str, Any]] = []
    lost = [f for f in incident.of("casualty") if f.code in LOST]
    informed = any("|:prosecutor|" in f.party_path or "|:coroner|" in f.party_path for f in incident.of("notified"))
    investigated = any(
        f.subject == incident.stream and f.about == "death_investigation"
        for other in streams.values()
        for f in other.of("link")
        if f.code == "case"
    )
    for fact in lost:
        owed = [name for name, done in (("prosecutor_or_coroner", informed), ("investigation", investigated)) if not done]
        found += [_owed(fact, name) for name in owed]
    for need in unanswered_needs(incident):
        if instant - need.recorded_at >= PROTECTION_NEED_HOURS * 60 * MINUTE:
            found.append(_owed(need, "protection_need_answer"))
    return found


def unanswered_needs(incident: Incident) -> list[Fact]:
    """Protection needs stated with no outcome, and none stated since for the same need."""
    needs = incident.of("protection_need")
    answered = [f for f in needs if "outcome" in detail(f)]
    return [
        f for f in needs if "outcome" not in detail(f) and not any(a.origin > f.origin and a.code == f.code for a in answered)
    ]


def _owed(fact: Fact, what: str) -> dict[str, Any]:
    return {
        "event": fact.event,
        "label": fact.label,
        "position": fact.origin,
        "stream": fact.stream,
        "obligation": what,
        "persons": fact.quantity,
        "since": format_instant(fact.recorded_at),
    }


def coordination(group: Group) -> list[dict[str, Any]]:
    """Who coordinates an open distress, and since when: whoever assumed it last, or accepted it when offered."""
    taken = [f for f in group.of("coordination") if f.code in ("assumed", "accepted")]
    if not taken:
        return [{"stream": group.root, "by": None, "since": None}]
    return [
        {"stream": group.root, "by": taken[-1].party, "since": format_instant(taken[-1].occurred_at), "event": taken[-1].event}
    ]


def silence(group: Group, instant: int) -> list[dict[str, Any]]:
    """How long nothing was recorded on an open distress, once it is a quarter of an hour."""
    last = max(f.recorded_at for m in group.members for f in m.facts)
    minutes = (instant - last) // MINUTE
    return [{"stream": group.root, "since": format_instant(last), "minutes": minutes}] if minutes >= SILENT_MINUTES else []


def pending(facts: Sequence[Fact]) -> bool:
    """Whether a stream may have something to show, now or at any later instant, without a further event.

    Judged on the stream alone: where other streams matter (links, cases) the answer is yes.
    """
    found = by_stream(facts)
    for incident in found.values():
        if is_incident(incident) and incident.state == "open":
            return True
        if incident.is_distress and is_unconfirmed(incident, found):
            return True
        if unacknowledged(incident) or unanswered(incident, None) or unanswered_needs(incident):
            return True
        if any(f.code in LOST for f in incident.of("casualty")):
            return True
    grouped = {stream: Group(stream, [incident]) for stream, incident in found.items()}
    return bool(contradictions(found, grouped, None))
