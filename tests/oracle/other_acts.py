"""Acts of a random night on detections (searches, people found, hand-overs) and on cases (arrests, decisions)."""

from __future__ import annotations

from typing import Any

from tests.oracle.incident_acts import BOTH, somebody
from tests.oracle.scene import NATION, ON_LAND, OPERATORS, POLICE_FR
from tests.oracle.teller import Teller

METHODS = ("co2_probe", "body_detection_dog", "pmmw", "heartbeat", "visual_manual")


def search(teller: Teller) -> None:
    stream = teller.new_stream("SRCH")
    data = {"vehicle": f"V{teller.rng.randrange(1, 7)}", "method": teller.rng.choice(METHODS), "result": "positive"}
    authority = teller.rng.choice(("BF", "BF", "BF", "BF-FREIGHT", "KENTPOL", "PAF"))
    if teller.rng.random() < 0.1:
        stream.only = NATION[authority]
    teller.tell(stream, "interception.search_recorded", authority, data, [stream.only] if stream.only else BOTH)


def detect(teller: Teller) -> None:
    rng = teller.rng
    authority = rng.choice(("BF", "BF", "BF-FREIGHT", "KENTPOL", "PAF", "CRS", *OPERATORS))
    only = NATION[authority] if NATION[authority] != "OPERATOR" and rng.random() < 0.1 else None
    late = teller.some_stream("IC", ("by_facts",))
    stream = late if late and late.only is None and rng.random() < 0.7 else teller.new_stream("IC", only)
    persons = rng.randrange(1, 15)
    data: dict[str, Any] = {"place": rng.choice(ON_LAND), "route": "freight_vehicle", "persons": persons}
    data["method"] = rng.choice(METHODS)
    if rng.random() < 0.7:
        data["minors"] = rng.randrange(0, persons + 1)
    teller.tell(stream, "interception.recorded", authority, data, [stream.only] if stream.only else BOTH)


def hand_over(teller: Teller) -> None:
    rng = teller.rng
    stream = teller.new_stream("IC") if rng.random() < 0.06 else teller.some_stream("IC")
    if stream:
        to = somebody(teller, stream, ("PAF", "PAF", "PAF", "PAF-CLS", "CRS", "KENTPOL"))
        data: dict[str, Any] = {"from": "BF", "to": to, "accepted": rng.randrange(0, 12)}
        if rng.random() < 0.4:
            data["not_accepted"] = [{"count": rng.randrange(1, 4), "reason": rng.choice(("hospital", "minor", "escaped"))}]
        sealed = stream.state != "none"
        teller.tell(stream, "interception.handed_over", to, data, teller.readers(stream, to) if sealed else BOTH)


def protection_need(teller: Teller) -> None:
    stream = teller.some_stream(teller.rng.choice(("IC", "INC")))
    if stream and stream.state not in ("none", "by_facts"):
        data = {"need": teller.rng.choice(("asylum", "medical", "unaccompanied_minor")), "count": teller.rng.randrange(1, 4)}
        teller.tell(stream, "interception.protection_need_recorded", somebody(teller, stream, ("BF", "PAF")), data)


# Cases


def open_case(teller: Teller) -> None:
    authority = teller.rng.choice((*POLICE_FR, "NCA", "HO-CEIT", "HO-CEIT"))
    only = NATION[authority] if teller.rng.random() < 0.2 else None
    stream = teller.new_stream("CASE", only)
    kind = "civil_penalty" if authority == "HO-CEIT" else teller.rng.choice(("facilitation", "rail_intrusion"))
    teller.tell(stream, "case.opened", authority, {"kind": kind}, [only] if only else BOTH)


def arrest(teller: Teller) -> None:
    rng, stream = teller.rng, teller.some_stream("CASE")
    if stream:
        if not stream.suspects or rng.random() < 0.75:  # a token is made for one case, and may be arrested twice in it
            stream.suspects.append(f"S{1 + sum(len(s.suspects) for s in teller.streams)}")
        data: dict[str, Any] = {
            "suspect": rng.choice(stream.suspects),
            "suspicion": rng.choice(("facilitation", "facilitation", "rail_intrusion")),
            "measure": rng.choice(("arrest", "garde_a_vue")),
        }
        if rng.random() < 0.25:
            data["count"] = rng.randrange(1, 6)
        teller.tell(stream, "case.suspect_arrested", somebody(teller, stream, (*POLICE_FR, "NCA", "KENTPOL")), data)


def heard_or_retained(teller: Teller) -> None:
    stream = teller.some_stream("CASE")
    if stream:
        kind, measure = teller.rng.choice((("case.person_heard", "audition_libre"), ("case.person_retained", "retenue_vds")))
        data = {"person": f"P{len(teller.events)}", "measure": measure}
        teller.tell(stream, kind, somebody(teller, stream, POLICE_FR), data)


def decide(teller: Teller) -> None:
    rng, stream = teller.rng, teller.some_stream("CASE")
    if stream:
        authority = somebody(teller, stream, ("HO-CEIT", "HO-CEIT", "HO-CEIT", "PREF62"))
        data: dict[str, Any] = {"decision": "oqtf", "count": 2, "individual": True}
        if NATION[authority] == "GB" or rng.random() < 0.1:
            data = {"decision": "civil_penalty", "amount": {"currency": "GBP", "minor_units": 100 * rng.randrange(500, 20_000)}}
            if rng.random() < 0.25:
                data["count"] = rng.randrange(1, 4)
        teller.tell(stream, "case.decision_recorded", authority, data)


def withdraw_decision(teller: Teller) -> None:
    decisions = teller.of_type("case.decision_recorded")
    if decisions:
        target = teller.rng.choice(decisions)
        readers = target["releasable_to"]
        if len(readers) == 2 and teller.rng.random() < 0.4:
            readers = [NATION[target["authority"]]]
        data = {"target": f"@{target['ref']}", "ground": "served on the wrong person"}
        teller.tell(teller.stream_of(target), "case.decision_withdrawn", target["authority"], data, list(readers))


def dismantled(teller: Teller) -> None:
    stream = teller.some_stream("CASE")
    if stream:
        data = {"persons": teller.rng.randrange(2, 9)}
        teller.tell(stream, "case.network_dismantled", somebody(teller, stream, ("OCRIEST", "PAF", "NCA")), data)
