"""The quick way to hold a payload to its one form says what the slow way says, of every type and of every spoilt byte."""

from __future__ import annotations

import json
import random

import msgspec
import pytest

from ledger import errors, events
from ledger.events import examples
from ledger.events.base import CATALOGUE, Header
from ledger.formats import strict

SPOILS = [
    b'"',
    b"\\u0000",
    b"\\u0041",
    b" ",
    b"1e2",
    b"9007199254740993",
    b"\xff",
    b"null",
    b"{",
    b",",
    b"\xc3\xa9",
    b"-0",
    b"\x00",
]


def slowly(payload: bytes) -> object:
    strict.check(payload)
    header = events.decode_header(payload)
    return header, events.decode_data(header) if (header.type, header.schema) in CATALOGUE else None


def verdict(way, payload: bytes) -> object:
    try:
        return way(payload)
    except errors.EntenteError as refusal:
        return type(refusal), refusal.field


def spoilt(payload: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(payload))
    match dice.randrange(4):
        case 0:
            return payload[:at] + bytes([payload[at] ^ 1 << dice.randrange(8)]) + payload[at + 1 :]
        case 1:
            return payload[:at] + dice.choice(SPOILS) + payload[at:]
        case 2:
            return payload[:at] + payload[at + 1 :]
        case _:
            value = json.loads(payload)
            where = dice.choice([value, value["data"], value["marking"], value["source"]])
            where[dice.choice(["data", "schema", "caveats", "é", "persons", "count", "ref", "sections", "lang"])] = dice.choice(
                [
                    None,
                    1,
                    -1,
                    2**53,
                    1.0,
                    "",
                    "x",
                    [],
                    {},
                    True,
                    "é",
                    "\u200b",
                    [{}],
                    {"a": {"b": {"c": {"d": {"e": {"f": {}}}}}}},
                ]
            )
            return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=dice.random() < 0.3).encode()


@pytest.mark.parametrize("name", [f"{name}/{schema}" for name, schema in sorted(CATALOGUE)])
def test_both_ways_agree_on_every_type_spoilt_in_every_manner(name):
    type_name, schema = name.split("/")
    payload = examples.example_payload(type_name, int(schema))
    assert verdict(events.decode_strictly, payload) == verdict(slowly, payload)
    dice = random.Random(name)
    for _ in range(300):
        bent = spoilt(payload, dice)
        assert verdict(events.decode_strictly, bent) == verdict(slowly, bent), bent


def test_the_quick_way_is_taken_by_nearly_all_types():
    """Or the hot path would be slow without anybody noticing."""
    slow = set()
    for (name, schema), row in CATALOGUE.items():
        payload = examples.example_payload(name, schema)
        header = events.decode_header(payload)
        data = row.decode_data(header.data)
        if not row.is_closed or not strict.is_as_written(payload, header, bytes(header.data), data):
            slow.add(name)
    assert len(slow) <= 6, slow
    assert not {name for name in slow if name.startswith(("incident.", "interception."))}


def test_nothing_in_a_header_but_its_data_escapes_the_strict_form():
    for field in msgspec.structs.fields(Header):
        if field.name != "data":
            assert strict.is_closed(msgspec.defstruct("Alone", [(field.name, field.type)])), field.name


@pytest.mark.parametrize("depth", [9, 1_000, 16_000])
def test_nesting_without_end_is_refused_and_breaks_nothing(depth):
    payload = examples.example_payload("incident.confirmed", 1).replace(b'"data":{}', b'"data":' + b"[" * depth + b"]" * depth)
    with pytest.raises(errors.Malformed if len(payload) <= strict.PAYLOAD_BYTES_MAX else errors.TooLarge):
        events.decode_strictly(payload)
