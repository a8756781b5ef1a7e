"""The situation at an instant: what is open, unconfirmed, unanswered, owed and contradictory, over facts live at a position.

Pure (figures, section 2). Two lists are kept apart on purpose. `open_distress` follows the response and shows merged incidents
once; `unconfirmed_distress` follows each boat by itself, and nothing leaves it because something else was rescued.

`pending` tells whether a stream can have anything to show without a new event: every item below that involves a group makes at
least one of the group's streams pending by itself, so that whoever keeps only the pending streams misses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ledger.formats.entry import format_instant, parse_instant
from projections.contradictions import contradictions, named
from projections.fact import Fact
from projections.incidents import DISTRESS, INCIDENT_KINDS, LOST, NATIONS, Group, Incident, Scene, details, number_aboard
from projections.obligations import obligations, unanswered_needs

MINUTE = 60_000_000
SILENT_MINUTES = 15
"""How long an open distress may go without any entry before that is shown."""

ENTERING_KINDS = INCIDENT_KINDS | {"incident", "protection_need"}
"""Kinds that give a stream something to show at once: an open incident, or a fact about people that reopens a closed one."""

TRIGGER_KINDS = frozenset(
    {"step", "link", "link_withdrawn", "correction", "correction_proposal", "protection_need"}
    | {"detection", "handover", "not_accepted", "handover_disputed"}
)
"""Kinds after which `pending` may turn either way. An open incident stays pending until it is closed."""

RELEVANT_KINDS = ENTERING_KINDS | TRIGGER_KINDS | {"unaccounted"}
"""Kinds of facts that a situation reads."""

# A stream of nothing else has nothing to show.
_QUIET_KINDS = frozenset({"detection", "minors_found", "step", "search", "person_registered", "care", "correction", "case"})
_COUNTING_KINDS = frozenset({"rescued", "disembarked", "unaccounted", "casualty"})
_FAR_AHEAD = 2**53


def situation(facts: Sequence[Fact], instant: int, view: str) -> dict[str, Any]:
    """The situation of facts live at one position, at an instant (microseconds) at or after it was recorded.

    `facts` are all live facts, in the reading of `view`, of the streams that may matter and of those linked with them.
    Lists of streams are sorted; rows name event, label, stream and position, and are in log order.
    """
    scene = Scene(facts)
    shown = [g for g in scene.groups.values() if g.is_open and not g.has_landed]
    return {
        "open_distress": sorted(g.root for g in shown),
        "unconfirmed_distress": [i.stream for i in scene.incidents.values() if is_unconfirmed(i, scene)],
        "open_incidents": [i.stream for i in scene.incidents.values() if i.is_open],
        "unacknowledged": _rows(scene, _unacknowledged),
        "unanswered": _rows(scene, lambda incident: _unanswered(incident, instant)),
        "contradictions": contradictions(scene, instant),
        "obligations": obligations(scene, instant),
        "coordination": [_coordination(g) for g in shown],
        "silent": [row for g in shown for row in _silent(g, instant)],
        "opening_not_on_record": _rows(scene, _unopened),
        "flags": _flags(scene, shown),
    }


def _rows(scene: Scene, rows_of: Callable[[Incident], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    found = [row for incident in scene.incidents.values() for row in rows_of(incident)]
    return sorted(found, key=lambda row: (row["position"], row["stream"]))


# -- boats ---------------------------------------------------------------------------------------------------------------------


def is_unconfirmed(incident: Incident, scene: Scene) -> bool:
    """Whether nobody has yet shown that this boat's own people are safe, or said in their own name that the search is over."""
    if not incident.is_distress or _is_accounted(incident):
        return False
    if incident.closing is not None:
        said = details(incident.closing)
        if said.get("decided_by") or said.get("outcome") == "accounted":
            return False
    return not _is_absorbed(incident, scene)


def _is_accounted(incident: Incident) -> bool:
    """Whether as many as were last stated aboard are accounted for by this stream's own facts.

    Where nobody has said how many were aboard, nobody can say that all of them are safe: then it takes a closing.
    """
    return incident.aboard is not None and incident.accounted >= number_aboard(incident.aboard)


def _is_absorbed(incident: Incident, scene: Scene) -> bool:
    """Whether the link that made it a duplicate is a fact, with evidence, acknowledged by the other nation in its own name."""
    link = scene.absorbed.get(incident.stream)
    if link is None:
        return False
    said = details(link)
    if said.get("basis") != "fact" or not said.get("has_text"):
        return False
    target = scene.incidents.get(link.subject)
    heard = incident.of("acknowledged") + (target.of("acknowledged") if target is not None else [])
    return any(_acknowledges_link(fact, link) for fact in heard)


def _acknowledges_link(fact: Fact, link: Fact) -> bool:
    """By an authority of the other nation, after the link; not where it names something else that it acknowledges."""
    if {fact.nation, link.nation} != set(NATIONS) or fact.origin < link.origin:
        return False
    return bool(details(fact).get("notification", link.event) == link.event)


def _flags(scene: Scene, shown: Sequence[Group]) -> dict[str, list[str]]:
    """Remarks by stream: a landing that is not complete; a boat merged without what it takes to leave the unconfirmed."""
    flags: dict[str, list[str]] = {g.root: ["partly_disembarked"] for g in shown if g.is_partly_disembarked}
    for stream, link in scene.absorbed.items():
        incident = scene.incidents[stream]
        if not incident.is_distress:
            continue
        if details(link).get("basis") != "fact":
            flags.setdefault(stream, []).append("merged_on_assessment")
        elif is_unconfirmed(incident, scene):
            flags.setdefault(stream, []).append("merge_not_acknowledged")
    return dict(sorted(flags.items()))


def _coordination(group: Group) -> dict[str, Any]:
    """Who coordinates, since when; `by` is None where nobody has said so. An offer changes nothing until it is accepted."""
    by = since = offered = None
    for fact in group.of("coordination"):
        match fact.code:
            case "assumed" | "accepted":
                by, since, offered = fact.party or fact.authority, fact.occurred_at, None
            case "offered":
                offered = details(fact).get("to") or ""
            case _:
                offered = None
    row: dict[str, Any] = {"stream": group.root, "by": by, "since": None if since is None else format_instant(since)}
    return row if offered is None else {**row, "offered_to": offered}


def _silent(group: Group, instant: int) -> list[dict[str, Any]]:
    """The present silence of an open distress, counted from its last entry on record."""
    last = max(f.recorded_at for m in group.members for f in m.facts)
    minutes = (instant - last) // MINUTE
    return [{"stream": group.root, "since": format_instant(last), "minutes": minutes}] if minutes >= SILENT_MINUTES else []


# -- messages ------------------------------------------------------------------------------------------------------------------


def _unacknowledged(incident: Incident) -> list[dict[str, Any]]:
    """What was passed on and the recipient has not acknowledged in its own name; the sender's claim is shown, not believed."""
    heard = incident.of("acknowledged")
    return [
        {
            **named(told),
            "stream": told.stream,
            "to": told.party,
            "since": format_instant(told.occurred_at),
            "claimed": bool(details(told).get("acknowledged")),
        }
        for told in incident.of("notified")
        if not any(acknowledges(fact, told) for fact in heard)
    ]


def acknowledges(fact: Fact, told: Fact) -> bool:
    """Whether an acknowledgement is the recipient's own (or of a part of it), later, and not of something else."""
    if f"|{told.party}|" not in fact.authority_path or fact.origin < told.origin:
        return False
    return bool(details(fact).get("notification", told.event) == told.event)


def _unanswered(incident: Incident, instant: int) -> list[dict[str, Any]]:
    """Requests past their expiry without an answer (resté sans réponse). One that set itself no limit is never past it: inquiry
    question 9 lists those too.
    """
    rows = []
    for asked in unanswered_requests(incident):
        expires_at = details(asked).get("expires_at")
        if expires_at is not None and parse_instant(expires_at) <= instant:
            since = {"since": format_instant(asked.occurred_at), "expires_at": expires_at}
            rows.append({**named(asked), "stream": asked.stream, "asset": asked.subject, **since})
    return rows


def unanswered_requests(incident: Incident) -> list[Fact]:
    """Requests for an asset that no later event of this stream grants or declines."""
    answers = [f for f in incident.of("assistance") if f.code != "requested"]
    return [
        f
        for f in incident.of("assistance")
        if f.code == "requested" and not any(a.subject == f.subject and a.origin > f.origin for a in answers)
    ]


def _unopened(incident: Incident) -> list[dict[str, Any]]:
    """A stream that began without its opening, and what is said of an incident after it was declared unfounded.

    A hand-over without anybody found stands here too.
    """
    if incident.opening is None and incident.is_incident:
        first = next((f for f in incident.facts if f.kind in INCIDENT_KINDS), incident.facts[0])
    elif incident.of("handover") and not incident.of("detection"):
        first = incident.of("handover")[0]
    else:
        return []
    return [{**named(first), "stream": first.stream, "since": format_instant(first.recorded_at)}]


# -- what may leave attention -------------------------------------------------------------------------------------------------


def pending(facts: Sequence[Fact]) -> bool:
    """Whether a stream has, or will have as time passes, anything to show without a new event.

    Given the live facts of one stream alone, it errs on the side of True: what it cannot see (another stream's acknowledgement
    or investigation) it takes for absent.
    """
    kinds = {f.kind for f in facts}
    if kinds <= _QUIET_KINDS and not any(f.code == "reopened" for f in facts):
        return False
    if "incident" in kinds and "step" not in kinds:
        return True
    adds = False
    for fact in facts:
        if fact.kind == "link" and fact.code == "possibly_same_as":
            return True  # what it may be the same as is on another stream
        if fact.kind in _COUNTING_KINDS or "persons_on_board" in fact.detail or '"position"' in fact.detail:
            adds = True
        if fact.kind == "casualty" and fact.code in LOST:
            return True
    if adds and any(f.kind == "link" and f.code == "duplicate_of" for f in facts):
        return True  # its counts and positions are added to those of the incident it duplicates
    own = [f for f in facts if f.reading != "shared"]
    incident = Incident(own[0].stream if own else "", own)
    if unanswered_needs(incident) or any("expires_at" in f.detail for f in unanswered_requests(incident)):
        return True  # in time, if not yet
    shown = situation(own, _FAR_AHEAD, "")
    return any(rows for name, rows in shown.items() if name != "flags")


__all__ = ["DISTRESS", "ENTERING_KINDS", "RELEVANT_KINDS", "TRIGGER_KINDS", "pending", "situation"]
