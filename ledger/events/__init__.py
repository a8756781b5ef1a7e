"""The catalogue of events: from payload bytes to a typed event, and nothing on the way back.

`decode` takes bytes whose strict form and signature were checked before; nothing here re-serialises them. Every type of every
family is in CATALOGUE by (name, schema), and in NEWEST by name. Old schemas decode for ever: they are upgraded on reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from ledger.errors import Malformed
from ledger.events import (  # noqa: F401 - importing a family fills the catalogue
    access,
    case,
    correction_types,
    hold,
    incident,
    incident_people,
    incident_response,
    interception,
    key_types,
    registry_types,
    report,
    sharing,
)
from ledger.events.base import CATALOGUE, NEWEST, Data, Event, EventType, Header, Read, Regime
from ledger.events.refusals import UNREADABLE, malformed
from ledger.formats import strict

__all__ = [
    "CATALOGUE",
    "NEWEST",
    "Data",
    "Event",
    "EventType",
    "Header",
    "convert_data",
    "decode",
    "decode_data",
    "decode_header",
    "decode_recorded",
    "decode_strictly",
    "default_regime",
    "event_type_of",
    "read_header",
]

_decode_header = msgspec.json.Decoder(Header).decode
_decode_read = msgspec.json.Decoder(Read).decode

# Families whose regime depends on what happened: a boat in distress is a rescue from its first event on.
_REGIME_BY_KIND: Mapping[tuple[str, str], Regime] = {("incident.opened", incident.DISTRESS): "GENERAL"}


def decode(payload: bytes) -> Event:
    """The event in a payload, its data upgraded to the newest schema and checked.

    Raises Malformed naming the field: unknown type or schema, unknown or missing field, value out of range or contradictory.
    """
    header = decode_header(payload)
    data = decode_data(header)
    data.check()
    return Event(header, data)


def decode_recorded(payload: bytes) -> Event:
    """The event in a payload that is on record under a verified root: read, not judged again.

    Its header holds the fields of `base.Read` only. Raises Malformed for what this version does not know.
    """
    header = read_header(payload)
    return Event(header, decode_data(header))


def read_header(payload: bytes) -> Header:
    """The fields of `base.Read` only, for whoever judges the others elsewhere. Raises Malformed naming the field."""
    try:
        return cast(Header, _decode_read(payload))
    except UNREADABLE as error:
        raise malformed(error, "") from error


def decode_strictly(payload: bytes) -> tuple[Header, Data | None]:
    """Header and data of a payload held to its RFC 8785 form; None for a type or schema this version does not know.

    The data is upgraded; its `check` is the caller's to call. Raises TooLarge, or Malformed naming the field.
    """
    try:
        header = _decode_header(payload)
        row = CATALOGUE.get((header.type, header.schema))
        data = row.decode_data(header.data) if row is not None else None
    except UNREADABLE:
        strict.check(payload)  # a payload without its one form is told so before anything else
        header = decode_header(payload)
        return header, decode_data(header)
    if row is None or data is None:
        strict.check(payload)
        return header, None
    if not row.is_closed or not strict.is_as_written(payload, header, bytes(header.data), data):
        strict.check(payload)
    return header, data if row.upgrade is None else _upgraded(data, row)


def decode_header(payload: bytes) -> Header:
    """The header of a payload; `data` stays undecoded. Raises Malformed naming the field."""
    try:
        return _decode_header(payload)
    except UNREADABLE as error:
        raise malformed(error, "") from error


def decode_data(header: Header) -> Data:
    """The typed data of a header, upgraded to the newest schema of its type. Its `check` is the caller's to call.

    Raises Malformed naming the field (`data.persons`, `type`, `schema`).
    """
    row = CATALOGUE.get((header.type, header.schema))
    if row is None:
        row = event_type_of(header.type, header.schema)
    try:
        data = row.decode_data(header.data)
    except UNREADABLE as error:
        raise malformed(error, "data", row) from error
    return data if row.upgrade is None else _upgraded(data, row)


def convert_data(name: str, schema: int, fields: Mapping[str, Any]) -> Data:
    """Typed, checked and upgraded data from plain values, under the same rules as `decode_data`. Raises Malformed."""
    row = event_type_of(name, schema)
    try:
        data = row.decode_data(msgspec.json.encode(fields))
    except msgspec.DecodeError as error:
        raise malformed(error, "data", row) from error
    data = _upgraded(data, row)
    data.check()
    return data


def event_type_of(name: str, schema: int | None = None) -> EventType:
    """The catalogue's row of a type, by default of its newest schema. Raises Malformed for an unknown one."""
    newest = NEWEST.get(name)
    if newest is None:
        raise Malformed(f"there is no type of event called {name}", field="type", remedy="docs/events.md lists the types")
    row = newest if schema is None else CATALOGUE.get((name, schema))
    if row is None:
        raise Malformed(f"{name} has no schema {schema}, its newest is {newest.schema}", field="schema")
    return row


def default_regime(name: str, data: Mapping[str, Any]) -> Regime:
    """The regime an event has unless its author says otherwise: GENERAL for rescue, shelter, medical and missing, else LE."""
    return _REGIME_BY_KIND.get((name, str(data.get("kind", ""))), event_type_of(name).regime)


def _upgraded(data: Data, row: EventType) -> Data:
    while row.upgrade is not None:
        data = row.upgrade(data)
        row = CATALOGUE[row.name, row.schema + 1]
    return data
