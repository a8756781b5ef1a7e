"""The vocabulary: every type has its labels and its reasons, and what was written long ago is still read."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from pathlib import Path

import msgspec
import pytest

from ledger import errors, events
from ledger.events.base import CATALOGUE, NEWEST, SIGNERS
from ledger.events.case import CaseNetworkDismantled
from ledger.events.examples import OLD_DATA, example_data, example_payload
from ledger.events.rules import FIRST, RULES
from ledger.events.text import split_text

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden" / "events.json"
ROWS = sorted(CATALOGUE)
NARROW_SPACE = "\u202f"


# -- the catalogue ------------------------------------------------------------------------------------------------------


def test_no_type_of_the_domain_is_missing():
    said = """
    incident: opened confirmed declared_unfounded updated attempt_recorded notified acknowledged assistance_requested
      assistance_accepted assistance_declined coordination_assumed coordination_offered coordination_accepted
      coordination_declined asset_tasked asset_on_scene asset_stood_down persons_rescued persons_disembarked
      departure_prevented casualty_recorded shelter_recorded disruption_started disruption_ended linked link_withdrawn
      resolved closed reopened
    interception: search_recorded recorded handed_over handover_disputed protection_need_recorded person_registered released
      retained transferred closed
    case: opened suspect_arrested person_heard person_retained suspect_released charged deferred decision_recorded
      decision_withdrawn decision_appealed decision_substituted network_dismantled final closed
    correction: recorded proposed accepted rejected
    annotation: added
    report: issued received observation
    reconciliation: recorded item_agreed item_disputed withheld_declared signed_off
    authority: registered
    place: registered
    role: granted ended
    rules: adopted
    ruleset: adopted
    policy: adopted
    watch: opened handed_over closed
    clock: checked
    service: control_total
    head: committed
    index: committed
    ledger: opened frozen thawed closed
    key: registered rotated revoked suspended reinstated compromised reaffirmed
    sealed: recorded
    release: requested granted refused revoked
    marking: changed
    sharing: suspended resumed
    mandate: granted ended
    hold: placed extended lifted
    restriction: applied lifted
    rights: requested answered
    erasure: executed
    retention: review_due reviewed
    access: collected altered consulted disclosed combined erased
    """
    expected, family = set(), ""
    for word in said.split():
        if word.endswith(":"):
            family = word[:-1]
        else:
            expected.add(f"{family}.{word}")
    assert set(NEWEST) == expected


def test_every_module_of_the_vocabulary_is_in_the_catalogue():
    """A family's file that nobody imports would be a family nobody can use."""
    package = importlib.import_module("ledger.events")
    before = set(CATALOGUE)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"ledger.events.{module.name}")
    assert set(CATALOGUE) == before


@pytest.mark.parametrize("name, schema", ROWS)
def test_no_type_lacks_a_label_a_sentence_or_a_reason(name, schema):
    row = CATALOGUE[name, schema]
    assert row.en.strip() and row.fr.strip()
    assert row.data_class.__doc__ and row.data_class.__doc__.strip()
    assert row.makes_facts != bool(row.exempt), "makes facts, or says why not"
    assert row.signers in SIGNERS
    assert row.data_class.kind_of_event is row


@pytest.mark.parametrize("name", sorted(NEWEST))
def test_french_labels_are_written_as_french_is(name):
    label = NEWEST[name].fr
    assert not re.search(r"(?<!" + NARROW_SPACE + r")[:;!?»]", label), "a narrow no-break space goes before"
    assert label[0].isupper() and "  " not in label


def test_both_languages_of_every_family_are_told_apart():
    """Two types of one family under one label could not be told apart on a page."""
    for family in sorted({row.family for row in CATALOGUE.values()}):
        rows = [row for row in NEWEST.values() if row.family == family]
        for language in ("en", "fr"):
            labels = [getattr(row, language) for row in rows]
            assert len(labels) == len(set(labels)), (family, language)


def test_types_that_make_no_facts_have_no_fact_rule_and_the_others_have_one():
    """The catalogue promises facts; the projections keep the promise."""
    rules = importlib.import_module("projections.rules_of_record").RULES
    assert set(rules) == {name for name, row in NEWEST.items() if row.makes_facts}


@pytest.mark.parametrize(
    "name, data, regime",
    [
        ("incident.persons_rescued", {}, "GENERAL"),
        ("incident.persons_disembarked", {}, "GENERAL"),
        ("incident.shelter_recorded", {}, "GENERAL"),
        ("incident.casualty_recorded", {"severity": "missing"}, "GENERAL"),
        ("incident.opened", {"kind": "small_boat_distress"}, "GENERAL"),
        ("incident.opened", {"kind": "fence_breach"}, "LE"),
        ("interception.protection_need_recorded", {}, "GENERAL"),
        ("interception.recorded", {}, "LE"),
        ("case.suspect_arrested", {}, "LE"),
    ],
)
def test_a_rescue_is_not_put_under_the_law_enforcement_regime(name, data, regime):
    assert events.default_regime(name, data) == regime


# -- golden bytes -------------------------------------------------------------------------------------------------------


def golden() -> dict[tuple[str, int], bytes]:
    lines = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return {(line["type"], line["schema"]): line["payload"].encode() for line in lines}


def test_no_type_or_schema_lacks_golden_bytes():
    assert set(golden()) == set(CATALOGUE), "python -m ledger.events.examples prints what is missing; never change a line"


@pytest.mark.parametrize("name, schema", ROWS)
def test_what_was_written_once_is_read_for_ever(name, schema):
    payload = golden()[name, schema]
    event = events.decode(payload)
    row = CATALOGUE[name, schema]
    assert (event.header.type, event.header.schema) == (name, schema)
    assert type(event.data) is NEWEST[name].data_class
    assert payload == msgspec.json.encode(json.loads(payload), order="sorted"), "golden bytes are in strict form"
    written = json.loads(payload)["data"]
    read = row.decode_data(event.header.data)
    for field, value in written.items():
        attribute = "from_" if field == "from" else field
        again = json.loads(msgspec.json.encode(getattr(read, attribute)))
        assert again == value, "nothing is altered on reading"


@pytest.mark.parametrize("name, schema", ROWS)
def test_examples_are_lawful_and_show_every_field_that_must_be_given(name, schema):
    events.decode(example_payload(name, schema))
    required = {f.encode_name for f in msgspec.structs.fields(CATALOGUE[name, schema].data_class) if f.required}
    assert required <= set(example_data(name, schema))


def test_an_old_schema_is_upgraded_and_says_so_of_nothing_it_did_not_know():
    """Schema 1 could not say whether a network was provisional: a network is, until somebody says otherwise."""
    event = events.decode(golden()["case.network_dismantled", 1])
    assert event.header.schema == 1
    assert event.data == CaseNetworkDismantled(persons=5, law=event.data.law, provisional=True)
    settled = events.convert_data("case.network_dismantled", 2, {"persons": 5, "provisional": False})
    assert isinstance(settled, CaseNetworkDismantled) and settled.provisional is False
    with pytest.raises(errors.Malformed, match=r"data\.provisional"):
        events.convert_data("case.network_dismantled", 1, {"persons": 5, "provisional": False})


def test_every_old_schema_has_an_upgrade_and_an_example():
    for (name, schema), row in CATALOGUE.items():
        newest = NEWEST[name].schema
        assert (row.upgrade is not None) == (schema < newest)
        assert ((name, schema) in OLD_DATA) == (schema < newest)


# -- admission rules and the scenario -----------------------------------------------------------------------------------


def test_admission_rules_are_versioned_and_the_second_is_stricter():
    assert RULES[FIRST].future_tolerance_seconds == 120 and RULES[FIRST].late_after_seconds == 1800
    assert RULES[2].future_tolerance_seconds == 60
    assert all(number == rules.version for number, rules in RULES.items())


def nights() -> list[Path]:
    own = [*(ROOT / "api").rglob("calais-night.json"), *sorted((ROOT / "tests" / "nights").glob("*.json"))]
    shared = ROOT.parent / "shared" / "scenarios"
    return [*own, *(sorted(shared.glob("*.json")) if shared.is_dir() else [])]


def test_nothing_of_a_night_is_beyond_the_vocabulary():
    """Every night told in the tests, and the one at Calais wherever it is; some sentences of it stand here in any case."""
    told = [(e["type"], e["data"]) for path in nights() for e in json.loads(path.read_text(encoding="utf-8"))["events"]]
    told += [
        ("incident.attempt_recorded", {"outcomes": {"repelled": 90, "passed": 5}, "note": "same group believed to return"}),
        (
            "interception.handed_over",
            {"to": "PAF", "from": "BF", "accepted": 5, "not_accepted": [{"count": 1, "reason": "hospital"}]},
        ),
        ("case.opened", {"kind": "facilitation", "links": [], "law": []}),
        ("case.decision_withdrawn", {"target": "@A53", "ground": "served on the wrong person"}),
    ]
    for name, said in told:
        data, _ = split_text(name, said)
        referenced = {k: v.replace("@", "") if isinstance(v, str) else v for k, v in data.items()}
        events.convert_data(name, NEWEST[name].schema, referenced)
