"""What Entente is not for, held against every field the vocabulary declares (limits of purpose)."""

from __future__ import annotations

import re

import msgspec
import msgspec.inspect

from ledger.events.base import CATALOGUE

FORBIDDEN = (
    r"biometric|finger|face|facial|iris|dna|voice|gait|palm",  # no biometrics
    r"surname|first_?name|given|family_?name|full_?name|alias|birth|dob|age$|photo|passport|document_n|telephone|phone|email|imei",
    r"score|risk|rating|rank|predict|profile|priority_person|watchlist",  # no scoring
    r"decision_by_machine|automated",
    r"track_id|person_id|global|identity",  # no tracking across events
    r"ethnic|religio|race$|gender|sex$",
)
# A name of an institution or of a place is not a person's.
NAMES_OF_INSTITUTIONS = {("authority.registered", "name"), ("place.registered", "name")}


def declared_fields() -> list[tuple[str, str]]:
    """Every (type, field name), values inside values included."""

    def inside(described: msgspec.inspect.Type) -> list[str]:
        match described:
            case msgspec.inspect.StructType():
                return [n for f in described.fields for n in (f.encode_name, *inside(f.type))]
            case msgspec.inspect.Metadata():
                return inside(described.type)
            case msgspec.inspect.UnionType():
                return [n for t in described.types for n in inside(t)]
            case msgspec.inspect.VarTupleType() | msgspec.inspect.ListType():
                return inside(described.item_type)
            case msgspec.inspect.DictType():
                return inside(described.value_type)
        return []

    return [
        (name, field) for (name, _), row in CATALOGUE.items() for field in inside(msgspec.inspect.type_info(row.data_class))
    ]


def test_no_field_anywhere_names_measures_scores_or_follows_a_person():
    for name, field in declared_fields():
        for words in FORBIDDEN:
            assert not re.search(words, field), f"{name}.{field}"
        if field == "name" or field.endswith("_name"):
            assert (name, field) in NAMES_OF_INSTITUTIONS, f"{name}.{field}"


def test_nationality_is_stated_once_and_asked_for_nowhere():
    """Self-declared on a detection; no other type carries it, and no type of question, access or mandate filters by it."""
    assert {name for name, field in declared_fields() if "nationalit" in field} == {"interception.recorded"}
    assert not [
        field for name, field in declared_fields() if "filter" in field or ("query" in field and field != "query_sha256")
    ]


def test_a_shelter_cannot_be_put_on_a_map():
    fields = {field for name, field in declared_fields() if name == "incident.shelter_recorded"}
    assert fields == {"persons", "vulnerable"}


def test_a_person_token_is_never_derived_from_who_they_are():
    """Tokens are opaque codes: no type has room for the digest of a name, a number or a document beside one."""
    allowed = {
        "query_sha256",
        "sha256",
        "content_sha256",
        "document_sha256",
        "facts_sha256",
        "unsigned_pdf_sha256",
        "signed_pdf_sha256",
    }
    for name, field in declared_fields():
        if "sha256" in field or "hash" in field:
            assert field in allowed, f"{name}.{field}"
