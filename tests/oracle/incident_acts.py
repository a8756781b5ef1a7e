"""Acts of a random night on incidents: at a fence, on a platform, at sea; and the links between two of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.oracle.amendments import OUTCOMES
from tests.oracle.scene import AT_SEA, COASTGUARDS, NATION, ON_LAND, OPERATORS, POLICE_FR, POLICE_GB, written_exactly
from tests.oracle.teller import Stream, Teller

ANYBODY = (*POLICE_FR, *POLICE_GB, *COASTGUARDS)
BOTH = ["GB", "FR"]
KINDS = (
    "perimeter_intrusion",
    "lorry_boarding",
    "tunnel_walk",
    "small_boat_distress",
    "small_boat_distress",
    "small_boat_departure",
)


def open_incident(teller: Teller) -> None:
    kind = teller.rng.choice(KINDS)
    at_sea = kind.startswith("small_boat")
    authority = teller.rng.choice(COASTGUARDS if at_sea else (*POLICE_FR, "ET"))
    only = NATION[authority] if authority != "ET" and teller.rng.random() < 0.1 else None
    late = teller.some_stream("INC", ("by_facts",))
    stream = late if late and late.only is None else teller.new_stream("INC", only)
    stream.kind = kind
    data: dict[str, Any] = {"kind": kind, "place": teller.rng.choice(AT_SEA if at_sea else ON_LAND)}
    if at_sea and teller.rng.random() < 0.5:
        data["persons_on_board"] = aboard(teller)
    teller.tell(stream, "incident.opened", authority, data, [only] if only else BOTH)


def aboard(teller: Teller) -> dict[str, int]:
    least = teller.rng.randrange(1, 30)
    number = {"min": least, "max": least + teller.rng.randrange(0, 10)}
    return {**number, "best": least} if teller.rng.random() < 0.6 else number


def attempt(teller: Teller) -> None:
    rng = teller.rng
    stream = teller.new_stream("INC") if rng.random() < 0.04 else teller.some_stream("INC")
    if stream:
        chosen = rng.sample(OUTCOMES, rng.randrange(1, 4))
        data: dict[str, Any] = {"outcomes": {name: rng.randrange(0, 90) for name in chosen}}
        if rng.random() < 0.3:
            data["estimate"] = {"min": 10, "max": 90}
        teller.tell(stream, "incident.attempt_recorded", somebody(teller, stream, (*POLICE_FR, "KENTPOL")), data)


def somebody(teller: Teller, stream: Stream, authorities: tuple[str, ...]) -> str:
    """One of them; in a sealed stream, one whose nation holds it, whoever that is."""
    fit = [code for code in authorities if stream.only in (None, NATION[code])]
    fit = fit or [code for code, nation in NATION.items() if nation == stream.only and not code.endswith("-SRO")]
    return teller.rng.choice(fit)


def about_people(kind: str, authorities: tuple[str, ...], data: Callable[[Teller], dict[str, Any]]) -> Callable[[Teller], None]:
    """An act that records one fact on any incident, whatever its state."""

    def act(teller: Teller) -> None:
        stream = teller.some_stream("INC")
        if stream:
            teller.tell(stream, kind, somebody(teller, stream, authorities), data(teller))

    return act


rescued = about_people(
    "incident.persons_rescued",
    COASTGUARDS,
    lambda t: {"persons": t.rng.randrange(1, 25), "by": "SNSM Calais", "craft": f"BOAT-{t.rng.randrange(1, 5)}"},
)
disembarked = about_people(
    "incident.persons_disembarked",
    COASTGUARDS,
    lambda t: {
        "persons": t.rng.randrange(1, 25),
        "side": t.rng.choice(("GB", "FR", "FR", "OTHER")),
        "craft": f"BOAT-{t.rng.randrange(1, 5)}",
        "landed_at": "ashore",
        **({"unaccounted": t.rng.randrange(0, 4)} if t.rng.random() < 0.3 else {}),
    },
)
casualty = about_people(
    "incident.casualty_recorded",
    ("SDIS62", "SDIS62", "HMCG-DOVER", "KENTPOL"),
    lambda t: {
        "severity": t.rng.choice(("fatal", "serious", "slight", "missing")),
        "count": t.rng.randrange(1, 4),
        "side": t.rng.choice(("FR", "FR", "GB")),
        "who": t.rng.choice(("migrant", "migrant", "officer", "staff", "driver")),
    },
)
sheltered = about_people("incident.shelter_recorded", ("PREF62",), lambda t: {"persons": t.rng.randrange(1, 20)})
updated = about_people("incident.updated", COASTGUARDS, lambda t: {"persons_on_board": aboard(t)})
notified = about_people(
    "incident.notified",
    COASTGUARDS,
    lambda t: {"to": t.rng.choice(COASTGUARDS), **({"acknowledged": True} if t.rng.random() < 0.5 else {})},
)
acknowledged = about_people("incident.acknowledged", COASTGUARDS, lambda t: {"to": t.rng.choice(COASTGUARDS)})
requested = about_people(
    "incident.assistance_requested",
    COASTGUARDS,
    lambda t: {
        "asset": t.rng.choice(("helicopter", "lifeboat")),
        **(
            {"expires_at": written_exactly(t.clock + timedelta(minutes=t.rng.randrange(1, 400)))}
            if t.rng.random() < 0.8
            else {}
        ),
    },
)
granted = about_people(
    "incident.assistance_accepted", COASTGUARDS, lambda t: {"asset": t.rng.choice(("helicopter", "lifeboat"))}
)
declined = about_people(
    "incident.assistance_declined", COASTGUARDS, lambda t: {"asset": t.rng.choice(("helicopter", "lifeboat"))}
)


def prevented(teller: Teller) -> None:
    stream = teller.open_incident()
    if stream:
        data = {"persons": teller.rng.randrange(1, 20), "boats": 1, "place": teller.rng.choice((*ON_LAND, "SEA-FR"))}
        if teller.rng.random() < 0.2:
            data = {"persons": 0, "boats": 1, "equipment_only": True, "place": "PORT-ROCADE"}
        teller.tell(stream, "incident.departure_prevented", somebody(teller, stream, POLICE_FR), data)


def disruption(teller: Teller) -> None:
    stream = teller.open_incident("OPERATOR")
    if stream:
        kind = teller.rng.choice(("incident.disruption_started", "incident.disruption_ended"))
        teller.tell(stream, kind, teller.rng.choice(OPERATORS), {"service": "freight_shuttle"})


def step(kind: str, states: tuple[str, ...]) -> Callable[[Teller], None]:
    """An act that moves an incident on; now and then a nation's sealed one, which no joint life refuses."""

    def act(teller: Teller) -> None:
        stream = teller.some_stream("INC", () if teller.rng.random() < 0.2 else states)
        if stream:
            data: dict[str, Any] = {}
            if kind == "incident.closed":
                data = {"outcome": "accounted"}
                if teller.rng.random() < 0.5:
                    data = {"outcome": "closed_without_confirmation", "decided_by": "officer-7"}
            elif kind in ("incident.confirmed", "incident.declared_unfounded"):
                data = {"reason": "patrol on the spot"}
            teller.tell(stream, kind, somebody(teller, stream, ANYBODY), data)

    return act


def link(teller: Teller) -> None:
    """From a higher rank to a lower one, so that no cycle can close; a joint link names only a joint stream."""
    streams = [stream for stream in teller.streams if stream.family == "INC"]
    if len(streams) < 2:
        return
    other, one = sorted(teller.rng.sample(streams, 2), key=lambda stream: stream.rank)
    authority = somebody(teller, one, COASTGUARDS)
    readers = teller.readers(one, authority)
    if other.only and readers != [other.only]:
        return
    relation = teller.rng.choice(("duplicate_of", "duplicate_of", "possibly_same_as", "part_of"))
    data: dict[str, Any] = {"relation": relation, "to": other.name, "confidence": "medium"}
    data["basis"] = teller.rng.choice(("fact", "assessment"))
    if data["basis"] == "fact":
        data["evidence"] = ["same caller number"]
    told = teller.tell(one, "incident.linked", authority, data, readers)
    if told and relation == "possibly_same_as" and teller.rng.random() < 0.5:
        decided = {**data, "relation": "duplicate_of", "confidence": "high"}
        teller.tell(one, "incident.linked", authority, decided, list(readers))


def withdraw_link(teller: Teller) -> None:
    links = teller.of_type("incident.linked")
    if links:
        target = teller.rng.choice(links)
        stream = teller.stream_of(target)
        readers = target["releasable_to"]
        fit = tuple(code for code in COASTGUARDS if NATION[code] in readers)
        authority = teller.rng.choice(fit)
        if len(readers) == 2 and teller.rng.random() < 0.1:
            readers = [NATION[authority]]
        data = {"withdraws": f"@{target['ref']}", "reason": "two boats after all"}
        teller.tell(stream, "incident.link_withdrawn", authority, data, list(readers))
