"""What is open, unconfirmed, unacknowledged and unanswered at an instant (figures.md, section 2, "Situation")."""

from __future__ import annotations

from typing import Any

from tests.oracle.model import Event, Log, Night, counted, instant, live_links, nation_of, root_of, seen, standing

DISTRESS = "small_boat_distress"
STEPS = ("incident.confirmed", "incident.declared_unfounded", "incident.closed", "incident.reopened")
# Facts about people, admitted in any state: they may open a stream, and reopen a closed incident (domain.md, section 2).
FACTS_ABOUT_PEOPLE = (
    "incident.updated",
    "incident.attempt_recorded",
    "incident.notified",
    "incident.acknowledged",
    "incident.assistance_requested",
    "incident.assistance_accepted",
    "incident.assistance_declined",
    "incident.coordination_assumed",
    "incident.coordination_offered",
    "incident.coordination_accepted",
    "incident.coordination_declined",
    "incident.persons_rescued",
    "incident.persons_disembarked",
    "incident.casualty_recorded",
    "incident.shelter_recorded",
    "interception.protection_need_recorded",  # also on incidents
)


def situation(night: Night, view: str, as_of: str) -> dict[str, list[str]]:
    """Streams (or refs) in alphabetical order, as one view knew them at an instant."""
    log = seen(night, view, as_of)
    return {
        "open_distress": sorted(root for root in distress_groups(log) if group_is_open(log, root)),
        "unconfirmed_distress": sorted(s for s in distress(log) if is_unconfirmed(night, log, s)),
        "open_incidents": sorted(s for s in incidents(log) if not is_over(log, s)),
        "unacknowledged": sorted(e["ref"] for e in unacknowledged(log)),
        "unanswered": sorted(e["ref"] for e in unanswered(log, as_of)),
    }


def incidents(log: Log) -> list[str]:
    """Streams with an opening that stands; and those that facts opened, whose opening is not on record at all."""
    opened = [e["stream"] for _, e in standing(log, ("incident.opened",))]
    with_an_opening = [e["stream"] for _, e in log if e["type"] == "incident.opened"]
    facts = standing(log, FACTS_ABOUT_PEOPLE)
    by_facts = [e["stream"] for _, e in facts if e["type"].startswith("incident.")]
    return sorted({*opened, *(stream for stream in by_facts if stream not in with_an_opening)})


def is_over(log: Log, stream: str) -> bool:
    """Closed or unfounded, by its live steps in log order."""
    state = "open"
    for _, event in standing(log, (*STEPS, *FACTS_ABOUT_PEOPLE)):
        if event["stream"] == stream:
            state = next_state(state, event["type"])
    return state != "open"


def next_state(state: str, kind: str) -> str:
    if kind == "incident.closed":
        return "closed"
    if kind == "incident.declared_unfounded":
        return "unfounded"
    if state == "unfounded" and kind == "incident.confirmed":
        return "open"
    if state == "closed" and kind in ("incident.reopened", *FACTS_ABOUT_PEOPLE):
        return "open"
    return state


def distress(log: Log) -> list[str]:
    """The incidents whose opening, as corrected, says distress, and that were not declared unfounded."""
    return sorted({e["stream"] for _, e in counted(log, "incident.opened") if e["data"]["kind"] == DISTRESS})


def distress_groups(log: Log) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for stream in distress(log):
        groups.setdefault(root_of(log, stream), []).append(stream)
    return groups


def group_is_open(log: Log, root: str) -> bool:
    """Open until every distress incident in it is closed or unfounded, or everybody rescued is landed or accounted for."""
    if all(is_over(log, stream) for stream in distress_groups(log)[root]):
        return False
    landed = in_group(log, root, "incident.persons_disembarked")
    rescued = sum(e["data"]["persons"] for e in in_group(log, root, "incident.persons_rescued"))
    return not (landed and safe_or_lost(log, root) >= rescued)


def in_group(log: Log, root: str, kind: str) -> list[Event]:
    return [e for _, e in counted(log, kind) if root_of(log, e["stream"]) == root]


def safe_or_lost(log: Log, root: str) -> int:
    """Σ disembarked + unaccounted + dead + missing over all streams of a root."""
    landed = in_group(log, root, "incident.persons_disembarked")
    lost = [e for e in in_group(log, root, "incident.casualty_recorded") if e["data"]["severity"] in ("fatal", "missing")]
    on_land = sum(e["data"]["persons"] + e["data"].get("unaccounted", 0) for e in landed)
    return on_land + sum(e["data"]["count"] for e in lost)


# unconfirmed_distress: each incident for itself


def is_unconfirmed(night: Night, log: Log, stream: str) -> bool:
    aboard = stated_aboard(log, stream)
    if aboard is not None and accounted_for(log, stream) >= aboard:
        return False
    return not was_closed_by_somebody(log, stream) and not was_absorbed(night, log, stream)


def statements_aboard(log: Log, stream: str) -> list[Event]:
    """Openings and updates of the incident's own stream that state persons on board, in log order."""
    every = sorted(counted(log, "incident.opened") + counted(log, "incident.updated"), key=lambda pair: pair[0])
    return [e for _, e in every if e["stream"] == stream and e["data"].get("persons_on_board")]


def stated_aboard(log: Log, stream: str) -> int | None:
    """The latest statement of persons on board: the best number, else the largest."""
    statements = statements_aboard(log, stream)
    if not statements:
        return None
    number = statements[-1]["data"]["persons_on_board"]
    best: int = number["best"] if number.get("best") is not None else number["max"]
    return best


def accounted_for(log: Log, stream: str) -> int:
    """Own persons landed, dead or missing. Those counted as `unaccounted` at landing are not accounted for."""
    landed = [e for _, e in counted(log, "incident.persons_disembarked") if e["stream"] == stream]
    lost = [e for _, e in counted(log, "incident.casualty_recorded") if e["stream"] == stream]
    lost = [e for e in lost if e["data"]["severity"] in ("fatal", "missing")]
    return sum(e["data"]["persons"] for e in landed) + sum(e["data"]["count"] for e in lost)


def was_closed_by_somebody(log: Log, stream: str) -> bool:
    """Closed still, and the closing names who decided it or states that all persons are accounted for."""
    closings = [e for _, e in standing(log, ("incident.closed",)) if e["stream"] == stream]
    if not closings or not is_over(log, stream):
        return False
    return bool(closings[-1]["data"].get("decided_by")) or closings[-1]["data"].get("outcome") == "accounted"


def was_absorbed(night: Night, log: Log, stream: str) -> bool:
    """The link that now absorbs it is a fact with evidence, and the other nation acknowledged, after it, on either stream."""
    link, at = None, 0
    for position, event in live_links(log):
        if event["stream"] == stream and event["data"]["relation"] == "duplicate_of":
            link, at = event, position
    if link is None or link["data"].get("basis") != "fact" or not link["data"].get("evidence"):
        return False
    nations = [
        {nation_of(night, event["authority"]), nation_of(night, link["authority"])}
        for position, event in counted(log, "incident.acknowledged")
        if position > at and event["stream"] in (stream, link["data"]["to"])
    ]
    return {"GB", "FR"} in nations


# What waits for somebody


def unacknowledged(log: Log) -> list[Event]:
    """Notifications without a later acknowledgement by the recipient itself on that stream. The sender's claim is nothing."""
    result = []
    for position, event in counted(log, "incident.notified"):
        answers = [
            answer
            for later, answer in counted(log, "incident.acknowledged")
            if later > position and answer["stream"] == event["stream"] and answer["authority"] == event["data"]["to"]
        ]
        if not answers:
            result.append(event)
    return result


def unanswered(log: Log, as_of: str) -> list[Event]:
    """Requests for assistance whose time has run out with no later acceptance or refusal of that asset on that stream."""
    result = []
    for position, event in counted(log, "incident.assistance_requested"):
        expires: Any = event["data"].get("expires_at")
        answers = [
            answer
            for later, answer in counted(log, "incident.assistance_accepted") + counted(log, "incident.assistance_declined")
            if later > position
            and answer["stream"] == event["stream"]
            and answer["data"].get("asset") == event["data"].get("asset")
        ]
        if not answers and expires and instant(expires) <= instant(as_of):
            result.append(event)
    return result
