"""What the vocabulary refuses, each time naming the field and saying what to do; and what it must not refuse."""

from __future__ import annotations

import json

import msgspec
import pytest

from ledger import errors, events
from ledger.events.base import CATALOGUE, NEWEST, TEXT_EVERYWHERE, calendar_fields
from ledger.events.examples import DATA, example_data, example_payload

ROWS = sorted(CATALOGUE)


def data_of(name: str, **changes: object) -> dict[str, object]:
    return {**DATA[name], **changes}


def refusal(name: str, fields: dict[str, object], schema: int | None = None) -> errors.Malformed:
    with pytest.raises(errors.Malformed) as caught:
        events.convert_data(name, schema or NEWEST[name].schema, fields)
    return caught.value


@pytest.mark.parametrize("name, schema", ROWS)
def test_an_unknown_field_is_refused_by_name(name, schema):
    wrong = refusal(name, {**example_data(name, schema), "zorglub": 1}, schema)
    assert wrong.field == "data.zorglub" and wrong.remedy


@pytest.mark.parametrize("name, schema", ROWS)
def test_a_missing_field_is_refused_by_name(name, schema):
    fields = example_data(name, schema)
    for field in msgspec.structs.fields(CATALOGUE[name, schema].data_class):
        if field.required:
            wrong = refusal(name, {k: v for k, v in fields.items() if k != field.encode_name}, schema)
            assert wrong.field == f"data.{field.encode_name}", wrong


@pytest.mark.parametrize("name", sorted(NEWEST))
def test_free_text_in_data_is_refused_with_the_place_where_it_belongs(name):
    for field in (*TEXT_EVERYWHERE, *NEWEST[name].text):
        wrong = refusal(name, data_of(name, **{field: "he said"}))
        assert wrong.field == f"data.{field}" and "text" in (wrong.remedy or "")


@pytest.mark.parametrize("name, schema", ROWS)
def test_a_day_that_never_was_is_refused(name, schema):
    for encoded in calendar_fields(CATALOGUE[name, schema].data_class).values():
        said = str(example_data(name, schema).get(encoded, "2015-02-30T00:00:00.000000Z"))
        never = "2015-02-30" + said[10:]
        wrong = refusal(name, {**example_data(name, schema), encoded: never}, schema)
        assert wrong.field == f"data.{encoded}", wrong


@pytest.mark.parametrize(
    "name, changes, field",
    [
        ("interception.recorded", {"minors": 5}, "data.minors"),
        ("interception.recorded", {"persons": -1}, "data.persons"),
        ("interception.recorded", {"persons": 1_000_001}, "data.persons"),
        ("interception.recorded", {"persons": 4.0}, "data.persons"),
        ("interception.recorded", {"persons": "4"}, "data.persons"),
        ("interception.recorded", {"persons": True}, "data.persons"),
        ("interception.recorded", {"place": "CZ COQ"}, "data.place"),
        ("interception.recorded", {"place": "CZ-COQ\n"}, "data.place"),
        ("interception.recorded", {"route": "balloon"}, "data.route"),
        ("interception.recorded", {"nationalities": {"ERI": 9}}, "data.nationalities"),
        ("interception.handed_over", {"minors_accepted": 6}, "data.minors_accepted"),
        ("interception.handed_over", {"not_accepted": [{"count": 1, "reason": "tired"}]}, "data.not_accepted.0.reason"),
        ("incident.opened", {"kind": "boat"}, "data.kind"),
        ("incident.opened", {"channel": ""}, "data.channel"),
        ("incident.opened", {"channel": "1\u202e12"}, "data.channel"),
        ("incident.opened", {"persons_on_board": {"min": 9, "max": 3}}, "data.persons_on_board"),
        ("incident.opened", {"persons_on_board": {"min": 1, "max": 3, "best": 4}}, "data.persons_on_board"),
        ("incident.opened", {"position": {"lat_e6": 91_000_000, "lon_e6": 0}}, "data.position.lat_e6"),
        ("incident.attempt_recorded", {"outcomes": {"repelled": -1}}, "data.outcomes.repelled"),
        ("incident.attempt_recorded", {"outcomes": {"escaped": 1}}, "data.outcomes.escaped"),
        ("incident.closed", {"decided_by": None}, "data.decided_by"),
        ("incident.shelter_recorded", {"vulnerable": 7}, "data.vulnerable"),
        ("incident.departure_prevented", {"equipment_only": True}, "data.equipment_only"),
        ("case.decision_recorded", {"decision": "oqtf", "count": 8}, "data.individual"),
        ("case.decision_recorded", {"decision": "removal", "count": 2, "individual": False}, "data.individual"),
        ("case.decision_recorded", {"decision": "no_action", "track": "asylum", "count": 2}, "data.individual"),
        ("case.decision_recorded", {"amount": {"currency": "£", "minor_units": 1}}, "data.amount.currency"),
        ("case.decision_recorded", {"remedy_until": "2015-08-27"}, "data.remedy_until"),
        ("case.suspect_arrested", {"count": 0}, "data.count"),
        ("case.person_heard", {"measure": "retenue_vds"}, "data.measure"),
        ("correction.recorded", {"patch": None}, "data.patch"),
        ("correction.recorded", {"patch": {}}, "data.patch"),
        ("correction.recorded", {"kind": "retract"}, "data.patch"),
        ("correction.recorded", {"kind": "relocate"}, "data.patch"),
        ("correction.recorded", {"kind": "retime"}, "data.patch"),
        ("correction.recorded", {"kind": "retime", "patch": {"occurred_at": None}}, "data.patch"),
        ("correction.recorded", {"kind": "retime", "patch": {"occurred_at": "2015-02-30T00:00:00.000000Z"}}, "data.patch"),
        ("correction.recorded", {"patch": {"persons": 1.5}}, "data.patch.persons"),
        ("correction.recorded", {"patch": {"note": "no"}}, "data.patch.note"),
        ("correction.recorded", {"patch": {"a": {"b": {"c": {"d": {}}}}}}, "data.patch.a.b.c.d"),
        ("correction.recorded", {"patch": {"a": "x" * 257}}, "data.patch.a"),
        ("correction.recorded", {"reason_code": "mood"}, "data.reason_code"),
        ("hold.placed", {"scope": {}}, "data.scope"),
        ("hold.placed", {"scope": {"everything": True, "streams": ["S"]}}, "data.scope"),
        ("rights.answered", {"hold": None}, "data.hold"),
        ("rules.adopted", {"rules": 99}, "data.rules"),
        ("ledger.opened", {"rules": 99}, "data.rules"),
        ("role.granted", {"role": "joint"}, "data.nation"),
        ("report.issued", {"withheld": [{"code": "G1"}]}, "data.withheld.0.code"),
        ("reconciliation.recorded", {"unexplained": 1}, "data.steps"),
        ("key.registered", {"may_append": ["everything"]}, "data.may_append.0"),
        ("service.control_total", {"to": "2015-08-27T00:00:00.000000Z"}, "data.to"),
    ],
)
def test_a_contradiction_is_refused_with_the_field_it_is_in(name, changes, field):
    wrong = refusal(name, data_of(name, **changes))
    assert wrong.field == field, wrong
    assert len(wrong.message) > 5 and "regex" not in str(wrong)


@pytest.mark.parametrize(
    "name, fields",
    [
        ("case.decision_recorded", {"decision": "oqtf_and_cra", "count": 8, "individual": True}),
        ("case.decision_recorded", {"decision": "civil_penalty", "count": 3}),
        ("case.decision_recorded", {"decision": "oqtf", "count": 1}),
        ("interception.recorded", {"place": "FOLK", "route": "coach", "method": "cctv", "persons": 0}),
        ("interception.recorded", data_of("interception.recorded", nationalities=["ERI", "SDN"])),
        ("incident.departure_prevented", {"place": "SEA-FR", "equipment_only": True, "boats": 2}),
        ("correction.recorded", {"target": "x", "kind": "retract"}),
        ("correction.recorded", {"target": "x", "kind": "relocate", "patch": {"place": "DOVER"}}),
        ("correction.recorded", {"target": "x", "kind": "retime", "patch": {"occurred_until": None}}),
        ("correction.recorded", {"target": "x", "kind": "amend", "patch": {"patch": {"outcomes": {"repelled": 1}}}}),
        ("correction.recorded", {"target": "ledger.example/joint#0198e5a0", "kind": "retract"}),
        ("incident.closed", {"outcome": "accounted"}),
        ("hold.placed", {"scope": {"period": {"from": "2015-08-01T00:00:00.000000Z", "to": "2015-09-01T00:00:00.000000Z"}},
                         "authority": "FR"}),
    ],
)  # fmt: skip
def test_what_is_lawful_is_not_refused(name, fields):
    events.convert_data(name, NEWEST[name].schema, fields)


@pytest.mark.parametrize(
    "change, field",
    [
        ({"type": "incident.exploded"}, "type"),
        ({"schema": 7}, "schema"),
        ({"zorglub": 1}, "zorglub"),
        ({"basis": "rumour"}, "basis"),
        ({"lang": "de"}, "lang"),
        ({"releasable_to": ["DE"]}, "releasable_to.0"),
        ({"source": {"kind": "dream"}}, "source.kind"),
        ({"source": {"kind": "cctv", "ref": "a\u0000b"}}, "source.ref"),
        ({"officer": "\u200b"}, "officer"),
        ({"stated_time": {"precision": "soon"}}, "stated_time.precision"),
        ({"data": 5}, "data"),
    ],
)
def test_a_header_that_is_not_one_is_refused_by_field(change, field):
    payload = json.loads(example_payload("incident.persons_rescued", 1))
    with pytest.raises(errors.Malformed) as caught:
        events.decode(json.dumps({**payload, **change}).encode())
    assert caught.value.field == field


@pytest.mark.parametrize("gone", ["id", "stream", "occurred_at", "key_id", "salt", "data", "regime", "source"])
def test_a_header_field_that_is_missing_is_named(gone):
    payload = json.loads(example_payload("incident.persons_rescued", 1))
    del payload[gone]
    with pytest.raises(errors.Malformed) as caught:
        events.decode(json.dumps(payload).encode())
    assert caught.value.field == gone


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"\xff\xfe", b'{"data":', b"NaN", b'"' + b"a" * 100_000])
def test_bytes_that_are_no_event_are_refused_and_nothing_else_happens(body):
    with pytest.raises(errors.Malformed):
        events.decode(body)


def test_a_misspelt_field_is_told_what_was_probably_meant():
    assert refusal("interception.recorded", data_of("interception.recorded", personnes=4)).remedy == "did you mean persons?"


@pytest.mark.parametrize("read", [events.decode_header, events.read_header])
def test_bytes_that_are_no_text_are_refused_and_not_stumbled_over(read):
    """An entry with one bit flipped inside a text: whoever reads it names it, and goes on with the next."""
    name, schema = ROWS[0]
    for spoilt in (example_payload(name, schema).replace(b'"EXAMPLE-1"', b'"\xb5"'), b'{"data":' + b"[" * 100_000):
        with pytest.raises(errors.Malformed):
            read(spoilt)


def test_data_that_is_no_text_is_refused_by_its_field():
    header = events.decode_header(example_payload("incident.closed", NEWEST["incident.closed"].schema))
    spoilt = msgspec.structs.replace(header, data=msgspec.Raw(bytes(header.data).replace(b"closed", b"\xb5losed", 1)))
    with pytest.raises(errors.Malformed) as caught:
        events.decode_data(spoilt)
    assert caught.value.field == "data"
