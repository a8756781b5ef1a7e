"""What every event carries, and how a type of event is declared.

An event on the wire is one strict-JSON object (formats/strict.py): a header that every type shares, and `data` that its type
defines. The two are decoded apart, so that the log, admission and the projections pay only for what they look at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import msgspec
import msgspec.inspect

from ledger.formats import strict

Nation = Literal["GB", "FR"]
Regime = Literal["LE", "GENERAL"]

# Python's `$` also matches before a last line feed, which JavaScript's does not: the look-ahead makes both mean the end.
IDENTIFIER = r"^[A-Za-z0-9._:-]{1,128}$(?!\n)"
INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$(?!\n)"
# No control, zero-width or direction-changing character: what is signed is what a screen, a terminal and a PDF show.
PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+$(?!\n)"
INTEGER_MAX = strict.INTEGER_MAX

Integer = Annotated[int, msgspec.Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]
Printable = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=PRINTABLE)]


class Source(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where the statement comes from; `ref` is the author's own short reference, shown as a label beside figures."""

    # Written even where it is the default, as authors do: a default of its own would be left out (see strict.is_as_written).
    kind: Literal["own_observation", "radio", "phone", "cctv", "document", "system", "third_party", "recollection"] = (
        msgspec.field(default_factory=lambda: "system")
    )
    ref: Printable | None = None
    record_id: Printable | None = None


class Marking(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Protective markings of both nations. The equivalence of the two upper values is the UK–France agreement's."""

    gb: Printable = "OFFICIAL"
    fr: Printable = "non protégé"
    caveats: tuple[Printable, ...] = ()


class StatedTime(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The time in the author's own words, with how precise it is said to be."""

    text: Printable | None = None
    zone: Printable | None = None
    fold: Literal[0, 1] | None = None
    precision: Literal["exact", "minute", "approx_15m", "approx_hour", "unknown"] = "minute"


class SectionCommitment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the signed payload says of a section kept beside it: digest of the ciphertext, its size, digest of its key."""

    name: str
    sha256: str
    bytes: Integer
    key_sha256: str


class Read(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The header fields that reading facts and walking a log need, under the names of `Header`; all else is passed over.

    Decoding these costs half of decoding all, and who projects or verifies reads every entry there is.
    """

    id: str
    type: str
    schema: Integer
    stream: str
    occurred_at: str
    authority: str
    key_id: str
    source: Source
    regime: Regime
    data: msgspec.Raw
    origin: str
    occurred_until: str | None = None
    stated_time: StatedTime | None = None
    sections: tuple[SectionCommitment, ...] = ()
    expected_version: Integer | None = None
    causation_id: Printable | None = None


class Header(Read, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """The fields every event carries. `data` stays undecoded bytes here; `Event.data` is the typed form."""

    salt: str
    basis: Literal["fact", "assessment", "estimate"]
    marking: Marking
    releasable_to: tuple[Nation, ...]
    lang: Literal["en", "fr"]
    author_seq: Integer | None = None
    officer: Printable | None = None
    role: Printable | None = None
    grading: Printable | None = None
    correlation_id: Printable | None = None
    late_reason_given: bool | None = None


class Data(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """Base of every type's data fields: codes, counts, times and references only, never free text."""

    kind_of_event: ClassVar[EventType]

    def check(self) -> None:
        """Raise Malformed where fields contradict each other (each type says what). The default has nothing to say."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """A decoded event: its header and its typed data, upgraded to the newest schema of its type."""

    header: Header
    data: Any


@dataclass(frozen=True)
class Steps:
    """How one type moves the life of its stream: state before -> state after.

    `refused_elsewhere` is true for administrative steps. Facts about people are never refused: in a state they do not name
    they leave the state alone and the event is flagged `out_of_order`. `one_opener` is true where a repetition that changes
    no state is lawful for the authority that opened the stream only.
    """

    moves: Mapping[str, str] = field(default_factory=dict)
    refused_elsewhere: bool = False
    one_opener: bool = False


@dataclass(frozen=True)
class EventType:
    """The catalogue's row for a type: names in both languages, its text fields, its life, its fact rule.

    A type makes facts or says in `exempt` why it makes none. `also_on` names the other families on whose streams it
    may stand.
    """

    name: str
    schema: int
    en: str
    fr: str
    family: str
    text: tuple[str, ...]
    regime: Regime
    steps: Steps
    signers: str
    makes_facts: bool
    data_class: type[Data]
    decode_data: Callable[[bytes], Data]
    is_closed: bool  # see strict.is_closed
    upgrade: Callable[[Any], Data] | None = None
    exempt: str = ""
    also_on: tuple[str, ...] = ()


CATALOGUE: dict[tuple[str, int], EventType] = {}
NEWEST: dict[str, EventType] = {}

D = TypeVar("D", bound=type[Data])

# Free-text names that any type accepts and that the client moves to the `text` section (domain: no free text in `data`).
TEXT_EVERYWHERE = ("note", "reason", "evidence", "ground", "situation", "rationale", "late_reason")

SIGNERS: Mapping[str, str] = {
    "author": "the key in `key_id`",
    "official": "the key in `key_id`, which is registered to the official of the nation concerned",
    "centre": "the key in `key_id`, which is registered to the joint centre itself",
    "both_nations": "both national authority keys",
    "owner_nation": "the national authority key of the nation concerned (both for operators, the centre and what is joint)",
    "new_key_and_owner": "the key being registered and its owner's national authority key",
    "old_and_new_key": "the key being replaced and its successor",
    "either_nation": "one national authority key",
    "sealer": "a nation's sealer key",
}
"""Whose signatures a type needs; events/keys.py enforces it."""


def calendar_fields(data_class: type[msgspec.Struct]) -> dict[str, str]:
    """Attribute -> name on the wire of the fields that hold an instant or a day (values.py marks their types `calendar`)."""
    described = msgspec.inspect.type_info(data_class)
    assert isinstance(described, msgspec.inspect.StructType)
    return {field.name: field.encode_name for field in described.fields if _is_calendar(field.type)}


def _is_calendar(described: msgspec.inspect.Type) -> bool:
    if isinstance(described, msgspec.inspect.UnionType):
        return any(_is_calendar(inner) for inner in described.types)
    return isinstance(described, msgspec.inspect.Metadata) and bool((described.extra or {}).get("calendar"))


def _decoder(data_class: type[Data]) -> Callable[[bytes], Data]:
    """A decoder of one type's data. Instants and days are held to the calendar: 30 February has the right digits only."""
    decode = msgspec.json.Decoder(data_class).decode
    dated = calendar_fields(data_class)
    if not dated:
        return decode

    def decode_dated(body: bytes) -> Data:
        data = decode(body)
        for attribute, name in dated.items():
            value = getattr(data, attribute)
            if value is not None:
                try:
                    datetime.fromisoformat(value)
                except ValueError as error:
                    raise msgspec.ValidationError(f"{error} - at `$.{name}`") from error
        return data

    return decode_dated


def event_type(
    name: str,
    *,
    en: str,
    fr: str,
    schema: int = 1,
    text: tuple[str, ...] = (),
    regime: Regime = "LE",
    steps: Steps | None = None,
    signers: str = "author",
    makes_facts: bool = False,
    exempt: str = "",
    also_on: tuple[str, ...] = (),
    upgrade: Callable[[Any], Data] | None = None,
) -> Callable[[D], D]:
    """Declare a type of event. `signers` is a key of SIGNERS; `upgrade` makes the next schema's data out of this one's."""
    assert signers in SIGNERS, f"{name}: no such signers: {signers}"
    assert makes_facts != bool(exempt), f"{name} either makes facts or says why it makes none"

    def declare(data_class: D) -> D:
        row = EventType(
            name=name,
            schema=schema,
            en=en,
            fr=fr,
            family=name.split(".", 1)[0],
            text=text,
            regime=regime,
            steps=steps or Steps(),
            signers=signers,
            makes_facts=makes_facts,
            data_class=data_class,
            decode_data=_decoder(data_class),
            is_closed=strict.is_closed(data_class),
            upgrade=upgrade,
            exempt=exempt,
            also_on=also_on,
        )
        assert (name, schema) not in CATALOGUE, f"{name} schema {schema} declared twice"
        CATALOGUE[name, schema] = row
        if name not in NEWEST or NEWEST[name].schema < schema:
            NEWEST[name] = row
        data_class.kind_of_event = row
        return data_class

    return declare
