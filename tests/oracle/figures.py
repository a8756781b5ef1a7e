"""The British and the French figures (figures.md, section 2), one plain sum after another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.oracle.model import (
    FR,
    GB,
    Event,
    Log,
    Night,
    counted,
    dated,
    is_or_is_part_of,
    nation_of,
    place_of,
    reference,
    seen,
    window,
)

Between = tuple[datetime, datetime]
OUTCOMES = ("repelled", "stopped_inside", "arrested", "passed", "unknown")


def figures(night: Night, view: str, day: str, as_of: str) -> dict[str, int]:
    """{code: value} as in a scenario's `expected`, for one nation's day as known at an instant."""
    log, between = seen(night, view, as_of), window(view, day)
    return british(night, log, between) if view == GB else french(night, log, between)


def beside(night: Night, view: str, day: str, as_of: str) -> dict[str, int]:
    """What stands beside a figure and is never part of it."""
    log, between = seen(night, view, as_of), window(view, day)
    if view == GB:
        return {"G7.withdrawn": len(penalty_withdrawals(night, log, between))}
    heard = [e for e in dated(log, "case.person_heard", between) if e["data"]["measure"] == "audition_libre"]
    retained = [e for e in dated(log, "case.person_retained", between) if e["data"]["measure"] == "retenue_vds"]
    return {
        "F2.retenue": len(by_nation(night, retained, FR)),
        "F2.audition_libre": len(by_nation(night, heard, FR)),
    }


def people(night: Night, view: str, day: str, as_of: str) -> dict[str, Any]:
    """Protected and harmed, in the view's own window."""
    log, between = seen(night, view, as_of), window(view, day)
    return {
        "rescued": total(dated(log, "incident.persons_rescued", between), "persons"),
        "disembarked": {side: total(disembarked(log, between, side), "persons") for side in ("GB", "FR", "OTHER")},
        "sheltered": total(dated(log, "incident.shelter_recorded", between), "persons"),
        "dead": total(casualties(log, between, "fatal"), "count"),
        "missing": total(casualties(log, between, "missing"), "count"),
        "seriously_injured": total(casualties(log, between, "serious"), "count"),
        "slightly_injured": total(casualties(log, between, "slight"), "count"),
        "minors_found": total(dated(log, "interception.recorded", between), "minors"),
        "protection_needs": total(dated(log, "interception.protection_need_recorded", between), "count"),
    }


def british(night: Night, log: Log, between: Between) -> dict[str, int]:
    arrivals = disembarked(log, between, "GB")
    prevented = total(dated(log, "incident.departure_prevented", between), "persons")
    landed_fr = total(disembarked(log, between, "FR"), "persons")
    notices = penalties(night, log, between)
    searches = [e for e in dated(log, "interception.search_recorded", between) if e["authority"] == "BF"]
    return {
        "G1": total(found_in_control_zone(night, log, between), "persons"),
        "G2": sum(outcome(e, "stopped_inside") + outcome(e, "arrested") for e in attempts(log, between)),
        "G3": total(found_in_territory(night, log, between), "persons"),
        "G4.persons": total(arrivals, "persons"),
        "G4.boats": len({e["data"]["craft"] for e in arrivals if e["data"].get("craft")}),
        "G5": prevented + landed_fr,
        "G5.prevented": prevented,
        "G5.rescued_landed_fr": landed_fr,
        "G6": len({e["data"]["suspect"] for e in facilitation_arrests(log, between)}),
        "G7": sum(e["data"].get("count", 1) for e in notices),
        "G7.amount_gbp": sum(pence(e) for e in notices) // 100,
        "G8": len({e["data"]["vehicle"] for e in searches}),
        "G9": total(casualties(log, between, "fatal"), "count"),
    }


def french(night: Night, log: Log, between: Between) -> dict[str, int]:
    every = attempts(log, between)
    arrested = by_nation(night, dated(log, "case.suspect_arrested", between), FR)
    in_custody = [e for e in arrested if e["data"]["measure"] in ("arrest", "garde_a_vue")]
    fatal = casualties(log, between, "fatal")
    return {
        "F1": sum(outcome(e, name) for e in every for name in OUTCOMES),
        **{f"F1.{name}": sum(outcome(e, name) for e in every) for name in OUTCOMES},
        "F2": sum(e["data"].get("count", 1) for e in in_custody),
        "F3": total(handed_to_paf(night, log, between), "accepted"),
        "F4": total(disembarked(log, between, "FR"), "persons"),
        "F5": len(dated(log, "incident.departure_prevented", between)),
        "F6": total(dated(log, "incident.shelter_recorded", between), "persons"),
        "F7": total([e for e in fatal if e["data"].get("side") == "FR"], "count"),
        "F8": len({e["data"]["suspect"] for e in by_nation(night, facilitation_arrests(log, between), FR)}),
        "F9": len(dated(log, "case.network_dismantled", between)),
        "F10": total(casualties(log, between, "missing"), "count"),
        "F11": total(casualties(log, between, "serious") + casualties(log, between, "slight"), "count"),
    }


# The measured statements. Each returns effective events; reconciliation asks the same lists for single keys.


def attempts(log: Log, between: Between) -> list[Event]:
    return dated(log, "incident.attempt_recorded", between)


def outcome(event: Event, name: str) -> int:
    return event["data"].get("outcomes", {}).get(name, 0)


def found(log: Log, between: Between) -> list[Event]:
    return dated(log, "interception.recorded", between)


def found_in_control_zone(night: Night, log: Log, between: Between) -> list[Event]:
    return [e for e in found(log, between) if place_of(night, e["data"].get("place"))["control_zone"] == GB]


def found_in_territory(night: Night, log: Log, between: Between) -> list[Event]:
    return [e for e in found(log, between) if place_of(night, e["data"].get("place"))["territory"] == GB]


def handed_to_paf(night: Night, log: Log, between: Between) -> list[Event]:
    return [e for e in dated(log, "interception.handed_over", between) if is_or_is_part_of(night, e["data"]["to"], "PAF")]


def disembarked(log: Log, between: Between, side: str) -> list[Event]:
    return [e for e in dated(log, "incident.persons_disembarked", between) if e["data"]["side"] == side]


def facilitation_arrests(log: Log, between: Between) -> list[Event]:
    return [e for e in dated(log, "case.suspect_arrested", between) if e["data"]["suspicion"] == "facilitation"]


def casualties(log: Log, between: Between, severity: str) -> list[Event]:
    return [e for e in dated(log, "incident.casualty_recorded", between) if e["data"]["severity"] == severity]


def penalties(night: Night, log: Log, between: Between) -> list[Event]:
    decided = [e for e in dated(log, "case.decision_recorded", between) if e["data"]["decision"] == "civil_penalty"]
    return by_nation(night, decided, GB)


def penalty_withdrawals(night: Night, log: Log, between: Between) -> list[Event]:
    """Withdrawals dated in the window whose target stands as a civil penalty of a GB authority, whenever that was decided."""
    notices = [
        e["ref"]
        for _, e in counted(log, "case.decision_recorded")
        if e["data"]["decision"] == "civil_penalty" and nation_of(night, e["authority"]) == GB
    ]
    withdrawn = dated(log, "case.decision_withdrawn", between)
    return [e for e in withdrawn if reference(e["data"]["target"]) in notices]


def pence(event: Event) -> int:
    amount = event["data"].get("amount") or {}
    return amount["minor_units"] if amount.get("currency") == "GBP" else 0


def by_nation(night: Night, events: list[Event], nation: str) -> list[Event]:
    return [e for e in events if nation_of(night, e["authority"]) == nation]


def total(events: list[Event], name: str) -> int:
    return sum(e["data"].get(name, 0) for e in events)
