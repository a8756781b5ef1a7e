"""One lawful example of every type and schema: for the schemas served to services, for the documentation, for the tests.

The values are invented. Nothing here is read when an event is decoded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import msgspec

from ledger.events.base import CATALOGUE, NEWEST

AT = "2015-08-27T01:12:00.000000Z"
LATER = "2015-08-27T01:42:00.000000Z"
EVENT = "0198e5a0-0000-7000-8000-000000000001"
OTHER = "0198e5a0-0000-7000-8000-000000000002"
DIGEST = "00" * 32
KEY = "11" * 32
PUBLIC_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
POSITION = {"lat_e6": 51010000, "lon_e6": 1620000, "radius_m": 370, "at": AT, "source": "112"}
BOTH = [{"nation": "GB", "key_id": KEY, "public_key": PUBLIC_KEY}, {"nation": "FR", "key_id": DIGEST, "public_key": PUBLIC_KEY}]
LAW = [{"nation": "FR", "reference": "CESEDA L823-1", "on": "2021-05-01"}]
ACCESS = {"objects": [EVENT], "purpose": "inquiry", "who": "officer-7", "sections": ["text"], "query_sha256": DIGEST}
PROCEEDING = {"suspect": "S1", "law": LAW, "court": "TJ Boulogne-sur-Mer"}
STREAMS = {"streams": ["INC-A1"]}

DATA: dict[str, dict[str, Any]] = {
    "incident.opened": {
        "kind": "small_boat_distress",
        "place": "SEA-FR",
        "channel": "112",
        "position": POSITION,
        "persons_on_board": {"min": 12, "max": 20, "best": 14},
        "methane": {"major_incident": True, "type": "sinking", "hazards": ["cold water"], "services": ["lifeboat"]},
    },
    "incident.confirmed": {},
    "incident.declared_unfounded": {},
    "incident.updated": {"position": POSITION, "persons_on_board": {"min": 12, "max": 16}},
    "incident.attempt_recorded": {
        "outcomes": {"repelled": 30, "stopped_inside": 15},
        "estimate": {"min": 40, "max": 60},
        "believed_same_group_as": EVENT,
    },
    "incident.notified": {"to": "HMCG-DOVER", "channel": "phone", "acknowledged": True},
    "incident.acknowledged": {"to": "CROSS-GN", "notification": EVENT},
    "incident.linked": {"relation": "duplicate_of", "to": "INC-A3", "confidence": "high", "basis": "fact"},
    "incident.link_withdrawn": {"withdraws": EVENT},
    "incident.resolved": {"outcome": "dispersed"},
    "incident.closed": {"outcome": "closed_without_confirmation", "decided_by": "watch-officer-3"},
    "incident.reopened": {},
    "incident.persons_rescued": {"persons": 14, "by": "SNSM Calais", "craft": "BOAT-1", "position": POSITION},
    "incident.persons_disembarked": {
        "persons": 13,
        "side": "FR",
        "craft": "BOAT-1",
        "landed_at": "Calais",
        "unaccounted": 1,
    },
    "incident.departure_prevented": {"place": "SEA-FR", "persons": 22, "boats": 1},
    "incident.casualty_recorded": {"severity": "fatal", "count": 1, "side": "FR", "who": "migrant", "person": "P1"},
    "incident.shelter_recorded": {"persons": 6, "vulnerable": 2},
    "incident.assistance_requested": {"asset": "helicopter", "expires_at": LATER},
    "incident.assistance_accepted": {"asset": "helicopter"},
    "incident.assistance_declined": {"asset": "helicopter"},
    "incident.coordination_assumed": {"by": "CROSS-GN"},
    "incident.coordination_offered": {"by": "CROSS-GN", "to": "HMCG-DOVER"},
    "incident.coordination_accepted": {"by": "HMCG-DOVER", "to": "CROSS-GN"},
    "incident.coordination_declined": {"by": "HMCG-DOVER", "to": "CROSS-GN"},
    "incident.asset_tasked": {"asset": "lifeboat 17-09", "by": "HMCG-DOVER"},
    "incident.asset_on_scene": {"asset": "lifeboat 17-09", "by": "HMCG-DOVER"},
    "incident.asset_stood_down": {"asset": "lifeboat 17-09", "by": "HMCG-DOVER"},
    "incident.disruption_started": {"service": "freight_shuttle"},
    "incident.disruption_ended": {"service": "freight_shuttle"},
    "interception.search_recorded": {"vehicle": "V1", "method": "co2_probe", "result": "negative"},
    "interception.recorded": {
        "place": "CZ-COQ",
        "route": "freight_vehicle",
        "method": "co2_probe",
        "persons": 4,
        "minors": 1,
        "nationalities": {"ERI": 3, "unknown": 1},
        "vehicle": "V2",
    },
    "interception.handed_over": {
        "from": "BF",
        "to": "PAF",
        "accepted": 5,
        "minors_accepted": 1,
        "not_accepted": [{"count": 1, "reason": "hospital"}],
    },
    "interception.handover_disputed": {"count": 6},
    "interception.protection_need_recorded": {"need": "unaccompanied_minor", "count": 1, "referred_to": "ASE62"},
    "interception.person_registered": {"category": "rescued", "minor": False},
    "interception.released": {"count": 4, "ground_code": "end_of_check"},
    "interception.retained": {"count": 1, "ground_code": "identity_check"},
    "interception.transferred": {"count": 1, "ground_code": "medical", "to": "CH-CALAIS"},
    "interception.closed": {},
    "case.opened": {"kind": "facilitation", "subject_vehicle": "V3", "links": ["IC-A5"], "law": LAW},
    "case.suspect_arrested": {"suspect": "S1", "suspicion": "facilitation", "measure": "garde_a_vue", "count": 2},
    "case.person_heard": {"person": "P1", "measure": "audition_libre"},
    "case.person_retained": {"person": "P2", "measure": "retenue_vds"},
    "case.suspect_released": PROCEEDING | {"ground_code": "no_evidence"},
    "case.charged": PROCEEDING,
    "case.deferred": PROCEEDING,
    "case.decision_recorded": {
        "decision": "civil_penalty",
        "track": "civil_penalty",
        "decided_by": "penalty-team",
        "amount": {"currency": "GBP", "minor_units": 1200000},
        "law": [{"nation": "GB", "reference": "IAA1999 s.32"}],
        "notified_at": AT,
        "interpreter": "Tigrinya",
        "remedy_until": LATER,
    },
    "case.decision_withdrawn": {"target": EVENT},
    "case.decision_appealed": {"target": EVENT, "court": "TA Lille"},
    "case.decision_substituted": {"target": EVENT, "replacement": OTHER},
    "case.network_dismantled": {"persons": 5, "law": LAW, "provisional": False},
    "case.final": {"track": "criminal_fr", "outcome": "conviction"},
    "case.closed": {"outcome": "conviction"},
    "correction.recorded": {"target": EVENT, "kind": "amend", "patch": {"persons": 13}, "reason_code": "transcription"},
    "correction.proposed": {"target": EVENT, "kind": "retime", "patch": {"occurred_at": AT}, "reason_code": "clock"},
    "correction.accepted": {"proposal": EVENT, "correction": OTHER},
    "correction.rejected": {"proposal": EVENT},
    "annotation.added": {"target": EVENT},
    "report.issued": {
        "nation": "GB",
        "day": "2015-08-26",
        "status": "provisional",
        "revision": 1,
        "position": 37,
        "ruleset": "gb/1",
        "tzdata": "2025.2",
        "code": "0.1.0",
        "figures": {"G1": 10, "G4.persons": 0},
        "people": {"rescued": 14, "dead": {"migrant": 1}},
        "withheld": [{"code": "G6", "size": 2}, {"code": "G9"}],
        "content_sha256": DIGEST,
    },
    "report.received": {"report": EVENT, "sha256": DIGEST},
    "report.observation": {"report": EVENT, "figure": "G1"},
    "reconciliation.recorded": {
        "pair": "P2",
        "gb": {"day": "2015-08-26", "as_of": AT, "value": 10},
        "fr": {"day": "2015-08-27", "as_of": LATER, "value": 31},
        "steps": [{"dimension": "window", "delta": 22}, {"dimension": "category", "delta": -1}],
    },
    "reconciliation.item_agreed": {"reconciliation": EVENT, "key": "IC-A5", "dimension": "window", "delta": 11},
    "reconciliation.item_disputed": {"reconciliation": EVENT, "key": "IC-A2", "reason_code": "R12"},
    "reconciliation.withheld_declared": {"reconciliation": EVENT, "nation": "FR", "size": 1},
    "reconciliation.signed_off": {"reconciliation": EVENT},
    "authority.registered": {"code": "OLTIM", "nation": "FR", "name": "OLTIM", "part_of": "PAF", "functions": ["police"]},
    "place.registered": {
        "code": "CZ-COQ",
        "name": "UK control zone, Coquelles",
        "territory": "FR",
        "control_zone": "GB",
        "longitude_e6": 1812000,
        "latitude_e6": 50929000,
    },
    "role.granted": {"role": "auditor", "holder": "auditor-2", "nation": "GB", "expires_at": LATER},
    "role.ended": {"role": "auditor", "holder": "auditor-2", "nation": "GB", "grant": EVENT},
    "rules.adopted": {"rules": 2},
    "ruleset.adopted": {"nation": "GB", "ruleset": "gb/1", "tzdata": "2025.2", "from_day": "2015-08-26"},
    "policy.adopted": {"sha256": DIGEST, "from_size": 12},
    "watch.opened": {"incoming": "officer-7", "desk": "calais"},
    "watch.handed_over": {"outgoing": "officer-7", "incoming": "officer-9", "desk": "calais", "open_items": ["INC-A3"]},
    "watch.closed": {"outgoing": "officer-9"},
    "clock.checked": {"offset_microseconds": -1500, "uncertainty_microseconds": 400, "reference": "ntp.example"},
    "service.control_total": {"from": AT, "to": LATER, "counts": {"interception.recorded": 3}},
    "head.committed": {"log": "ledger.example/joint/access/GB/2015-08", "size": 812, "root": DIGEST},
    "index.committed": {"size": 812, "root": DIGEST},
    "ledger.opened": {"origin": "ledger.example/joint", "exercise": True, "rules": 1, "authority_keys": BOTH},
    "ledger.frozen": {},
    "ledger.thawed": {},
    "ledger.closed": {"successor": "ledger.example/joint-2"},
    "key.registered": {
        "registered": KEY,
        "type_code": "01",
        "public_key": PUBLIC_KEY,
        "owner": "BF",
        "role": "service",
        "may_append": ["interception.*", "incident.opened"],
        "next_key_digest": DIGEST,
    },
    "key.rotated": {"old": KEY, "registered": DIGEST, "type_code": "01", "public_key": PUBLIC_KEY},
    "key.revoked": {"key": KEY},
    "key.suspended": {"key": KEY},
    "key.reinstated": {"key": KEY},
    "key.compromised": {"key": KEY, "suspect_from_position": 37},
    "key.reaffirmed": {"key": KEY, "events": [EVENT]},
    "sealed.recorded": {"nation": "FR"},
    "release.requested": {"targets": [EVENT], "by": "FR", "sections": ["text"], "purpose": "reconciliation"},
    "release.granted": {"targets": [EVENT], "to": "FR", "request": OTHER, "until": LATER},
    "release.refused": {"request": EVENT, "ground_code": "investigation"},
    "release.revoked": {"grant": EVENT},
    "marking.changed": {"target": EVENT, "marking": {"gb": "OFFICIAL-SENSITIVE", "fr": "DIFFUSION RESTREINTE"}},
    "sharing.suspended": {"nation": "GB", "legal_ref": {"nation": "GB", "reference": "DPA 2018 s.73"}},
    "sharing.resumed": {"nation": "GB", "suspension": EVENT},
    "mandate.granted": {
        "mandate": "inquiry-1",
        "kind": "inquiry",
        "holder": "inquiry-secretary",
        "nation": "GB",
        "views": ["GB"],
        "scope": {"period": {"from": AT, "to": LATER}},
        "expires_at": LATER,
    },
    "mandate.ended": {"mandate": "inquiry-1", "nation": "GB", "grant": EVENT},
    "hold.placed": {
        "scope": {"everything": True},
        "authority": "GB",
        "legal_ref": "Inquiries Act 2005 s.35",
        "kind": "inquiry",
    },
    "hold.extended": {"hold": EVENT, "scope": STREAMS, "authority": "GB"},
    "hold.lifted": {"hold": EVENT, "authority": "GB"},
    "restriction.applied": {"scope": {"subjects": ["subject-4"]}, "authority": "FR", "request": EVENT},
    "restriction.lifted": {"restriction": EVENT, "authority": "FR"},
    "rights.requested": {"right": "erasure", "subject": "subject-4", "targets": [EVENT], "due_at": LATER},
    "rights.answered": {"request": EVENT, "answer": "kept", "nation": "FR", "hold": OTHER},
    "erasure.executed": {
        "targets": [EVENT],
        "nation": "FR",
        "authority": "PAF",
        "sections": ["text", "personal:subject-4"],
        "archives_visa": "AD62-2016-14",
        "keys_destroyed": 2,
    },
    "retention.review_due": {"scope": STREAMS, "due_on": "2016-02-27", "rule": "rescued-6-months"},
    "retention.reviewed": {"review": EVENT, "decision": "erase"},
    "access.collected": ACCESS,
    "access.altered": ACCESS,
    "access.consulted": ACCESS,
    "access.disclosed": ACCESS | {"recipient": "court", "transfer_basis": {"nation": "GB", "reference": "DPA 2018 s.73"}},
    "access.combined": ACCESS | {"transfer_basis": "order of 27 August 2015"},
    "access.erased": ACCESS | {"emergency": True},
}
"""Data of the newest schema of every type."""

OLD_DATA: dict[tuple[str, int], dict[str, Any]] = {("case.network_dismantled", 1): {"persons": 5, "law": LAW}}
"""Data of schemas that were newest once."""


def example_data(name: str, schema: int) -> dict[str, Any]:
    """The example of one type and schema. A KeyError is our own omission."""
    return DATA[name] if schema == NEWEST[name].schema else OLD_DATA[name, schema]


def example_payload(name: str, schema: int) -> bytes:
    """A whole payload in strict form, with fixed identifiers and times."""
    data, row = example_data(name, schema), CATALOGUE[name, schema]
    digest = hashlib.sha256(f"{name}/{schema}".encode()).hexdigest()
    sections = [{"name": "inner", "sha256": DIGEST, "bytes": 2048, "key_sha256": DIGEST}]
    header = {
        "id": f"0198e5a0-{digest[:4]}-7{digest[4:7]}-8{digest[7:10]}-{digest[10:22]}",
        "origin": "ledger.example/joint",
        "type": name,
        "schema": schema,
        "stream": "EXAMPLE-1",
        "occurred_at": AT,
        "authority": "BF",
        "key_id": KEY,
        "salt": digest[32:],
        "source": {"kind": "system", "ref": "X01"},
        "basis": "fact",
        "marking": {},
        "releasable_to": ["FR"] if name == "sealed.recorded" else ["FR", "GB"],
        "regime": row.regime,
        "lang": "en",
        "data": data,
    } | ({"sections": sections} if name == "sealed.recorded" else {})
    return msgspec.json.encode(header, order="sorted")


def examples() -> Iterator[tuple[str, int, bytes]]:
    """Every (name, schema, payload), in the order of the catalogue."""
    for name, schema in sorted(CATALOGUE):
        yield name, schema, example_payload(name, schema)


def main() -> int:
    """Print every example as tests/golden/events.json has them; a payload once committed there never changes."""
    told = [{"type": name, "schema": schema, "payload": payload.decode()} for name, schema, payload in examples()]
    print(json.dumps(told, indent=1, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    main()
