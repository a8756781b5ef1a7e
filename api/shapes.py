"""What answers look like over HTTP: the shapes that OpenAPI gives to who writes a client, in any language.

A shape is the least that is there: fields may be added, none is renamed. Instants are UTC with microseconds, `entry` and
`proof` are base64, digests hexadecimal (docs/format.md). Tests hold the service's answers against these.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Instant = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$")]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Base64 = Annotated[str, Meta(pattern="^[A-Za-z0-9+/]*={0,2}$")]
Count = Annotated[int, Meta(ge=0)]
Position = Annotated[int, Meta(ge=0, description="a place in the log, counted from 1; 0 before the first")]


class Problem(Struct):
    """An RFC 9457 problem document. `type` ends in a code that stays; `title` is in the language asked for."""

    type: Annotated[str, Meta(pattern="^urn:entente:[a-z-]+$")]
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str | UnsetType = UNSET
    field: str | UnsetType = UNSET
    remedy: str | UnsetType = UNSET
    current_version: Annotated[int, Meta(ge=0, description="of `stream-moved`")] | UnsetType = UNSET
    instance: Annotated[str, Meta(description="the request's id, as X-Request-Id")] | UnsetType = UNSET


class Signature(Struct):
    """A DSSE signature; with `batch` over a tree of payloads (docs/format.md, section 2)."""

    keyid: Digest
    sig: Base64
    batch: dict[str, Any] | UnsetType = UNSET


class Envelope(Struct, rename={"payload_type": "payloadType"}):
    """A DSSE envelope: the event as it was signed."""

    payload: Base64
    payload_type: str
    signatures: Annotated[list[Signature], Meta(min_length=1)]


class Item(Struct):
    """A signed event with what is sealed beside it; what is in it: /v1/schemas."""

    envelope: Envelope
    sections: dict[str, Any] | UnsetType = UNSET


class Items(Struct):
    """Several, recorded in order, each with an answer of its own."""

    items: Annotated[list[Item], Meta(min_length=1, max_length=1_000)]


class Tail(Struct):
    """What no final checkpoint covers yet."""

    entries: Count
    since: Instant | None


class Behind(Struct):
    """What a member of the quorum co-signed last."""

    size: Count
    since: Instant


class Checkpoint(Struct):
    """The checkpoint that covers an answer: final once both nations have co-signed it."""

    size: Count
    root: Base64
    final: bool
    tail: Tail
    behind: dict[str, Behind]


class Receipt(Struct):
    """What was recorded where. Before there is a proof, `status` is recorded; of a dry run it is admissible."""

    event_id: str
    position: Position
    stream: str
    version: Count
    recorded_at: Instant
    leaf_hash: str
    status: Literal["admissible", "recorded", "checkpointed", "final"]
    proof: Base64 | UnsetType = UNSET
    checkpoint: Checkpoint | UnsetType = UNSET
    relayed: bool | UnsetType = UNSET


class Result(Struct):
    """The answer to one item: a receipt or a problem."""

    status: Annotated[int, Meta(ge=200, le=599)]
    receipt: Receipt | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


class Results(Struct):
    """The answers to a list, in its order."""

    results: list[Result]


class Event(Struct):
    """An entry of the log: the payload as it was signed, and the exact bytes."""

    position: Position
    recorded_at: Instant
    stream: str
    version: Count
    leaf_hash: Digest
    payload: dict[str, Any]
    entry: Base64


class Stream(Struct):
    """A part of a stream, in order of version; `next` is what to go on from."""

    stream: str
    events: list[Event]
    next: Count | None


class Registered(Struct):
    """Where a sealing key was registered."""

    position: Position
    entry: Base64
    proof: Base64


class Introduction(Struct):
    """Whom a key speaks for, and to which keys is sealed, by nation."""

    authority: str
    nation: str
    sealing: dict[str, Registered]


class Named(Struct):
    """A name in both languages."""

    en: str
    fr: str


class TypeRow(Struct):
    """A type of event."""

    type: str
    schema: Count
    en: str
    fr: str


class Types(Struct):
    """All types of event."""

    types: list[TypeRow]


class TypeSchema(Struct):
    """One type of event: the JSON Schema of its payload, and an example signed with a key that everybody knows."""

    type: str
    schema: Count
    name: Named
    regime: str
    text_fields: list[str]
    payload: dict[str, Any]
    example: dict[str, Any]


class Readiness(Struct):
    """Whether a site should be sent requests; the lists are for administrators."""

    ready: bool
    reasons: list[str] | UnsetType = UNSET
    away: list[str] | UnsetType = UNSET
    waiting: list[str] | UnsetType = UNSET
