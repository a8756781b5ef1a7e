"""What a lawful night is: lives, times, who corrects, links without cycles. Says what is wrong with a night, or nothing.

Stricter than the text where the text leaves room, so that nothing generated here hangs on a disputed transition.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.oracle.scene import read
from tests.oracle.situation import FACTS_ABOUT_PEOPLE

OPEN = ("reported", "confirmed", "reopened")
# type -> states before it -> state after it. Types not here are admitted in any state, and leave the state alone.
STEPS: dict[str, dict[str, str]] = {
    "incident.opened": {"none": "reported", "by_facts": "reported"},
    "incident.confirmed": {"reported": "confirmed", "unfounded": "confirmed"},
    "incident.declared_unfounded": {"reported": "unfounded", "confirmed": "unfounded"},
    "incident.resolved": {"reported": "resolved", "confirmed": "resolved", "reopened": "resolved"},
    "incident.closed": {"resolved": "closed"},
    "incident.reopened": {"closed": "reopened"},
    "incident.linked": {state: state for state in OPEN},
    "incident.link_withdrawn": {state: state for state in OPEN},
    "incident.departure_prevented": {state: state for state in OPEN},
    "incident.disruption_started": {state: state for state in OPEN},
    "incident.disruption_ended": {state: state for state in OPEN},
    "interception.search_recorded": {"none": "searched"},
    "interception.recorded": {"none": "found", "by_facts": "found"},
    "interception.released": {"found": "found"},
    "case.opened": {"none": "open"},
    **{
        f"case.{step}": {"open": "open"}
        for step in (
            "suspect_arrested",
            "person_heard",
            "person_retained",
            "decision_recorded",
            "decision_withdrawn",
            "network_dismantled",
            "suspect_released",
        )
    },
}
ANY_TIME = ("correction.recorded", "correction.proposed", "correction.accepted", "correction.rejected", "annotation.added")


def after(state: str, kind: str) -> str | None:
    """The state a step leads to; None when it is refused there."""
    if kind in STEPS:
        return STEPS[kind].get(state)
    if kind in ANY_TIME:
        return state
    if state == "closed" and kind in FACTS_ABOUT_PEOPLE:
        return "reopened"
    return "by_facts" if state == "none" else state


def breaches(scenario: dict[str, Any]) -> list[str]:
    """Everything unlawful in a night, in words; an empty list for a lawful one."""
    return [*wrong_times(scenario), *wrong_steps(scenario), *wrong_references(scenario), *wrong_links(scenario)]


def wrong_times(scenario: dict[str, Any]) -> list[str]:
    wrong, last = [], None
    for event in scenario["events"]:
        recorded = read(event["recorded_at"])
        if last is not None and recorded < last:
            wrong.append(f"{event['ref']} recorded before the one above it")
        if read(event["occurred_at"]) > recorded + timedelta(minutes=2):
            wrong.append(f"{event['ref']} from the future")
        last = recorded
    return wrong


def wrong_steps(scenario: dict[str, Any]) -> list[str]:
    """Joint steps by the joint life; a sealed event is held to its life only in a stream that is wholly its nation's."""
    wrong: list[str] = []
    states: dict[str, str] = {}
    joint = {event["stream"] for event in scenario["events"] if len(event["releasable_to"]) == 2}
    for event in scenario["events"]:
        if event["stream"] in joint and len(event["releasable_to"]) == 1:
            continue
        to = after(states.get(event["stream"], "none"), event["type"])
        if to is None:
            wrong.append(f"{event['ref']} {event['type']} in state {states.get(event['stream'], 'none')}")
        else:
            states[event["stream"]] = to
        if event["type"] == "incident.closed" and not closes_lawfully(event):
            wrong.append(f"{event['ref']} closes without outcome")
    return wrong


def closes_lawfully(event: dict[str, Any]) -> bool:
    outcome, decided_by = event["data"].get("outcome"), event["data"].get("decided_by")
    return outcome == "accounted" or (outcome == "closed_without_confirmation" and bool(decided_by))


def wrong_references(scenario: dict[str, Any]) -> list[str]:
    wrong = []
    nation = {row["code"]: row["nation"] for row in scenario["authorities"]}
    before: dict[str, dict[str, Any]] = {}
    for event in scenario["events"]:
        name = event["data"].get("target") or event["data"].get("withdraws") or event["data"].get("proposal")
        if name:
            target = before.get(name.removeprefix("@"))
            if target is None:
                wrong.append(f"{event['ref']} names {name}, which is not before it")
            elif event["stream"] != target["stream"]:
                wrong.append(f"{event['ref']} is not in the stream of {name}")
            elif not set(event["releasable_to"]) <= set(target["releasable_to"]):
                wrong.append(f"{event['ref']} is seen by more than {name}")
            elif event["type"] == "correction.recorded" and nation[event["authority"]] != nation[target["authority"]]:
                wrong.append(f"{event['ref']} corrects another's {name}")
        if len(event["releasable_to"]) == 1 and nation[event["authority"]] not in event["releasable_to"]:
            wrong.append(f"{event['ref']} sealed to a nation that did not state it")
        before[event["ref"]] = event
    return wrong


def wrong_links(scenario: dict[str, Any]) -> list[str]:
    """No cycle among all links ever stated, withdrawn or not, with every target an amendment ever gave them."""
    edges: dict[str, set[str]] = {}
    for event in scenario["events"]:
        if event["type"] == "incident.linked":
            edges.setdefault(event["stream"], set()).add(event["data"]["to"])
        patch = event["data"].get("patch") or {}
        for part in (patch, patch.get("patch") or {}):
            if isinstance(part, dict) and "to" in part and event["stream"].startswith("INC"):
                edges.setdefault(event["stream"], set()).add(part["to"])
    return [f"a cycle through {stream}" for stream in edges if stream in reached(edges, edges[stream], set())]


def reached(edges: dict[str, set[str]], of: set[str], known: set[str]) -> set[str]:
    for stream in of - known:
        known.add(stream)
        reached(edges, edges.get(stream, set()), known)
    return known
