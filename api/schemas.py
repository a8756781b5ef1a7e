"""What a service must send for one type of event: JSON Schema, text fields, an example signed with a key everybody knows."""

from __future__ import annotations

from typing import Any

import msgspec

from ledger import errors
from ledger.events import NEWEST
from ledger.events.base import Header
from ledger.events.examples import example_payload
from ledger.formats import envelope, strict
from ledger.formats.keys import SigningKey

EXAMPLE_SEED = bytes(range(32))
"""The private key of every example (RFC 8032 form): public, so that a service can check its own signing against ours."""


def schema_document(name: str) -> dict[str, Any]:
    """The document of one type's newest schema. Raises NotFound."""
    row = NEWEST.get(name)
    if row is None:
        raise errors.NotFound("there is no such event type", field="type", remedy="those there are: /v1/schemas")
    key = SigningKey(EXAMPLE_SEED)
    payload = strict.format(strict.parse(example_payload(name, row.schema)) | {"key_id": key.key_id})
    signed = envelope.Submitted(payload, envelope.EVENT_TYPE, (envelope.sign(payload, key),))
    return {
        "type": name,
        "schema": row.schema,
        "name": {"en": row.en, "fr": row.fr},
        "regime": row.regime,
        "text_fields": list(row.text),
        "payload": _payload_schema(name, row.data_class),
        "example": {
            "seed": EXAMPLE_SEED.hex(),
            "payload": strict.parse(payload),
            "item": envelope.format_item(signed),
        },
    }


def _payload_schema(name: str, data: type[msgspec.Struct]) -> dict[str, Any]:
    """A draft 2020-12 schema: the header every event has, and this type's data."""
    (_, typed), components = msgspec.json.schema_components([Header, data], ref_template="#/$defs/{name}")
    header = components.pop(Header.__name__)
    properties = {**header["properties"], "data": typed, "type": {"const": name}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **header,
        "properties": properties,
        "$defs": components,
    }
