"""Corrections in a random night: of facts, of steps, of other corrections; and what they say."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from tests.oracle.scene import AT_SEA, NATION, ON_LAND, read, written_exactly
from tests.oracle.teller import Event, Teller

Patch = dict[str, Any]

OUTCOMES = ("repelled", "stopped_inside", "arrested", "passed", "unknown")
CORRECTABLE = (
    "incident.opened",
    "incident.confirmed",
    "incident.declared_unfounded",
    "incident.updated",
    "incident.attempt_recorded",
    "incident.acknowledged",
    "incident.notified",
    "incident.persons_rescued",
    "incident.persons_disembarked",
    "incident.departure_prevented",
    "incident.casualty_recorded",
    "incident.shelter_recorded",
    "incident.linked",
    "incident.link_withdrawn",
    "interception.search_recorded",
    "interception.recorded",
    "interception.handed_over",
    "interception.protection_need_recorded",
    "case.suspect_arrested",
    "case.person_heard",
    "case.person_retained",
    "case.decision_recorded",
    "case.decision_withdrawn",
    "case.network_dismantled",
)


def amendment(rng: Random, kind: str, data: dict[str, Any]) -> tuple[str, Patch] | None:
    """(kind of correction, patch) saying something else of what one event said, or None where only times can be wrong."""
    few = rng.randrange(1, 30)
    match kind:
        case "incident.attempt_recorded":
            chosen = rng.sample(OUTCOMES, rng.randrange(1, 4))
            outcomes: Patch = {name: rng.randrange(0, 60) for name in chosen}
            if rng.random() < 0.25 and len(data["outcomes"]) > 1:
                outcomes[rng.choice(sorted(data["outcomes"]))] = None  # RFC 7396: null removes one outcome
            if all(value is None for value in outcomes.values()) or "repelled" not in outcomes:
                outcomes["repelled"] = few
            return "amend", {"outcomes": outcomes}
        case "incident.opened":
            return "reclassify", {"kind": rng.choice(("perimeter_intrusion", "small_boat_distress", "small_boat_departure"))}
        case "incident.updated":
            return "amend", {"persons_on_board": {"min": few, "max": few + 5, "best": few + 2}}
        case "incident.persons_rescued":
            return "amend", {"persons": few}
        case "incident.persons_disembarked":
            return rng.choice(
                (
                    ("amend", {"persons": few}),
                    ("amend", {"persons": few, "unaccounted": rng.choice((None, 1))}),
                    ("reclassify", {"side": rng.choice(("GB", "FR", "OTHER"))}),
                    ("amend", {"craft": f"BOAT-{rng.randrange(1, 6)}"}),
                )
            )
        case "incident.departure_prevented":
            return "amend", {"persons": few, "equipment_only": None}  # nobody there, and yet persons, is refused
        case "incident.shelter_recorded" | "case.network_dismantled":
            return "amend", {"persons": few}
        case "incident.casualty_recorded":
            return rng.choice(
                (
                    ("amend", {"count": rng.randrange(1, 5)}),
                    ("reclassify", {"severity": rng.choice(("fatal", "serious", "slight", "missing"))}),
                    ("reclassify", {"side": rng.choice(("GB", "FR"))}),
                )
            )
        case "incident.linked":
            return "reclassify", {"relation": rng.choice(("duplicate_of", "possibly_same_as", "part_of"))}
        case "interception.search_recorded":
            return "amend", {"vehicle": f"V{rng.randrange(1, 7)}"}
        case "interception.recorded":
            return "amend", {"persons": few, "minors": rng.randrange(0, few + 1)}
        case "interception.handed_over":
            return "amend", {"accepted": few}
        case "interception.protection_need_recorded":
            return "amend", {"count": rng.randrange(1, 5)}
        case "case.suspect_arrested":
            return rng.choice(
                (
                    ("amend", {"count": rng.choice((None, 2, 3))}),  # null removes it: one person again
                    ("reclassify", {"suspicion": rng.choice(("facilitation", "rail_intrusion"))}),
                    ("reclassify", {"measure": rng.choice(("arrest", "garde_a_vue"))}),
                )
            )
        case "case.decision_recorded" if data["decision"] == "civil_penalty":
            return rng.choice(
                (
                    ("amend", {"amount": {"currency": "GBP", "minor_units": 100 * rng.randrange(500, 20_000)}}),
                    ("amend", {"count": rng.choice((None, 2))}),
                    ("reclassify", {"decision": "no_further_action", "amount": None}),
                )
            )
    return None


def correction_of(teller: Teller, target: Event) -> tuple[str, Patch | None]:
    """A lawful correction of one event: retract, retime (over a boundary, often), relocate, amend or reclassify."""
    rng = teller.rng
    chance = rng.random()
    if chance < 0.25:
        return "retract", None
    if chance < 0.55:
        when = teller.beside_a_boundary(teller.clock) if rng.random() < 0.7 else read(target["occurred_at"])
        when -= timedelta(seconds=rng.randrange(0, 40_000)) if rng.random() < 0.3 else timedelta(0)
        return "retime", {"occurred_at": written_exactly(when)}
    if chance < 0.72 and "place" in target["data"]:
        return "relocate", {"place": rng.choice(AT_SEA if target["data"]["place"] in AT_SEA else ON_LAND)}
    return amendment(rng, target["type"], target["data"]) or ("retract", None)


def correct(teller: Teller) -> bool:
    """Correct a fact or a step, again sometimes, with its own nation's authority."""
    targets = teller.of_type(*CORRECTABLE)
    if not targets:
        return False
    target = teller.rng.choice(targets[-12:] if teller.rng.random() < 0.6 else targets)
    kind, patch = correction_of(teller, target)
    return record(teller, target, kind, patch)


def correct_a_correction(teller: Teller) -> bool:
    """Retract a correction (or its retraction), or amend its patch, given directly or as {"patch": ...}."""
    rng = teller.rng
    targets = teller.of_type("correction.recorded")
    if not targets:
        return False
    target = rng.choice(targets)
    if target["data"]["kind"] == "retract" or rng.random() < 0.45:
        return record(teller, target, "retract", None)
    patch = another_patch(teller, target)
    if patch is None:
        return record(teller, target, "retract", None)
    return record(teller, target, "amend", {"patch": patch} if rng.random() < 0.5 else patch)


def another_patch(teller: Teller, correction: Event) -> Patch | None:
    """Another patch for the correction at the bottom of a chain of amendments, of the same kind as that one."""
    bottom, fact = correction, by_ref(teller, correction["data"]["target"])
    while fact["type"] == "correction.recorded":
        bottom, fact = fact, by_ref(teller, fact["data"]["target"])
    match bottom["data"]["kind"]:
        case "retime":
            return {"occurred_at": written_exactly(teller.beside_a_boundary(teller.clock))}
        case "relocate":
            return {"place": teller.rng.choice(AT_SEA if fact["data"]["place"] in AT_SEA else ON_LAND)}
        case "retract":
            return None
    new = amendment(teller.rng, fact["type"], fact["data"])
    return new[1] if new else None


def by_ref(teller: Teller, name: str) -> Event:
    return next(event for event in teller.events if event["ref"] == name.removeprefix("@"))


def record(teller: Teller, target: Event, kind: str, patch: Patch | None) -> bool:
    rng, nation = teller.rng, NATION[target["authority"]]
    peers = [code for code, its in NATION.items() if its == nation and nation in ("GB", "FR") and not code.endswith("-SRO")]
    authority = rng.choice(peers) if peers and rng.random() < 0.4 else target["authority"]
    readers = target["releasable_to"]
    if len(readers) == 2 and nation in ("GB", "FR") and rng.random() < 0.15:
        readers = [nation]  # a correction its nation keeps to itself
    data: dict[str, Any] = {
        "target": f"@{target['ref']}",
        "kind": kind,
        "reason_code": rng.choice(("transcription", "late_info")),
    }
    if patch is not None:
        data["patch"] = patch
    if rng.random() < 0.5:
        data["reason"] = "checked against the paper log"
    return teller.tell(teller.stream_of(target), "correction.recorded", authority, data, list(readers)) is not None


def propose(teller: Teller) -> bool:
    """The other nation proposes a correction, or the originating one answers; neither changes a figure by itself."""
    rng = teller.rng
    proposals = teller.of_type("correction.proposed")
    if proposals and rng.random() < 0.4:
        proposal = rng.choice(proposals)
        fact = by_ref(teller, proposal["data"]["target"])
        answers = teller.of_type("correction.accepted", "correction.rejected")
        if any(answer["data"]["proposal"] == f"@{proposal['ref']}" for answer in answers):
            return False
        answer = rng.choice(("correction.accepted", "correction.rejected"))
        data = {"proposal": f"@{proposal['ref']}"}
        return teller.tell(teller.stream_of(fact), answer, fact["authority"], data, ["GB", "FR"]) is not None
    targets = [e for e in teller.of_type(*CORRECTABLE) if len(e["releasable_to"]) == 2 and NATION[e["authority"]] != "OPERATOR"]
    if not targets:
        return False
    target = rng.choice(targets)
    kind, patch = correction_of(teller, target)
    proposer = "FR-SRO" if NATION[target["authority"]] == "GB" else "GB-SRO"
    data = {"target": f"@{target['ref']}", "kind": kind, "reason_code": "late_info"}
    if patch is not None:
        data["patch"] = patch
    return teller.tell(teller.stream_of(target), "correction.proposed", proposer, data, ["GB", "FR"]) is not None
