"""From what a service wants to say to what the ledger takes: defaults, sections, exact bytes, signature.

Free text is moved to the `text` section by itself; an event for one nation is sealed to it. From `compose` on, the payload's
bytes are never made again.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger import errors, events
from ledger.events.base import NEWEST
from ledger.events.text import canonical_instant, split_text
from ledger.formats import envelope, sealing, strict
from ledger.formats.entry import format_instant
from ledger.formats.keys import SigningKey

LANGUAGES = {"GB": "en", "FR": "fr"}
BOTH = ("GB", "FR")


@dataclass(frozen=True)
class Sealers:
    """What sealing needs: the public sealing key of each nation and, for national events, its sealer's signing key."""

    sealing: Mapping[str, bytes]
    sealer: Mapping[str, SigningKey]


@dataclass(frozen=True)
class Author:
    """Who speaks: an authority, its nation, its key."""

    authority: str
    nation: str
    key: SigningKey

    @property
    def key_id(self) -> str:
        """The id of its key."""
        return self.key.key_id


@dataclass(frozen=True)
class AuthorElsewhere:
    """The same whose key is not here: what it states is composed in its name, and signed where the key is."""

    authority: str
    nation: str
    key_id: str


def new_id(milliseconds: int | None = None, random: bytes | None = None) -> str:
    """A UUID version 7: 48 bits of milliseconds, then random bits."""
    at = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    tail = int.from_bytes(random or os.urandom(10), "big")
    value = (at & (2**48 - 1)) << 80 | 7 << 76 | (tail >> 62 & 0xFFF) << 64 | 2 << 62 | tail & (2**62 - 1)
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def instant(text: str, field: str = "occurred_at") -> str:
    """Any usual way of writing a UTC instant as the ledger's own. Raises Malformed."""
    found = canonical_instant(text)
    if found is None:
        raise errors.Malformed(f"{text!r} is not a UTC instant", field=field, remedy="write 2015-08-27T03:12:00Z")
    return found


def compose(
    unsigned: Mapping[str, Any], author: Author | AuthorElsewhere, origin: str, sealers: Sealers, now: int | None = None
) -> envelope.Submitted:
    """Make, seal and sign one event from its unsigned form.

    `unsigned` has `type`, `stream`, `occurred_at`, `data` and any other header field; `id`, `salt` and the domain's defaults
    are filled in. `personal` (subject token -> object) says who it is about, each in a section of their own, and `national`
    (nation -> object) what is for that nation alone, in its section `gb` or `fr`. `now` (microseconds) is the author's clock,
    the machine's unless given. Returns what `Ledger.append` takes, without a signature where the author's key is elsewhere.
    Raises Malformed naming the field.
    """
    at = time.time_ns() // 1_000 if now is None else now
    fields = _with_defaults(unsigned, author, origin, at)
    submitted = _signed(fields, author, sealers)
    if sorted(fields["releasable_to"]) == sorted(BOTH):
        return submitted
    return seal_to(fields["releasable_to"][0], submitted, origin, at, fields["marking"], sealers)


def compose_alone(
    unsigned: Mapping[str, Any], author: Author, origin: str, sealers: Sealers, now: int | None = None
) -> envelope.Submitted:
    """As `compose`, for a log that is one nation's alone: what is for that nation is not sealed a second time."""
    return _signed(_with_defaults(unsigned, author, origin, time.time_ns() // 1_000 if now is None else now), author, sealers)


def _signed(fields: dict[str, Any], author: Author | AuthorElsewhere, sealers: Sealers) -> envelope.Submitted:
    """Text and what is said of persons sealed apart, the rest signed."""
    data, text = split_text(fields["type"], fields.pop("data"))
    late_reason = fields.pop("late_reason", None)
    if late_reason is not None:
        text["late_reason"] = late_reason
        fields["late_reason_given"] = True
    said: dict[str, Any] = {"text": text} if text else {}
    said |= {f"personal:{subject}": about for subject, about in fields.pop("personal", {}).items()}
    recipients = {nation: sealers.sealing[nation] for nation in fields["releasable_to"]} if said else {}
    to = dict.fromkeys(said, recipients)
    for nation, own in fields.pop("national", {}).items():
        said[nation.lower()], to[nation.lower()] = own, {nation: sealers.sealing[nation]}
    sealed = {
        name: sealing.seal(name, strict.format(content), fields["origin"], fields["id"], to[name])
        for name, content in said.items()
    }
    if sealed:
        fields["sections"] = [commitment for commitment, _ in sealed.values()]
    payload = strict.format({**fields, "data": data})
    events.decode(payload)
    sections = {name: section for name, (_, section) in sealed.items()}
    signatures = (envelope.sign(payload, author.key),) if isinstance(author, Author) else ()
    return envelope.Submitted(payload, envelope.EVENT_TYPE, signatures, sections)


def seal_to(
    nation: str, inner: envelope.Submitted, origin: str, now: int, marking: Mapping[str, Any], sealers: Sealers
) -> envelope.Submitted:
    """The outer event of a sealed one: its id and stream are random and its time is that of sealing, so that nothing about
    the inner one shows but that it exists, for whom, and its padded size.
    """
    event_id = new_id(now // 1_000)
    plain = strict.format(envelope.format_item(inner))
    commitment, section = sealing.seal("inner", plain, origin, event_id, {nation: sealers.sealing[nation]})
    key = sealers.sealer[nation]
    payload = strict.format(
        {
            "id": event_id,
            "origin": origin,
            "type": "sealed.recorded",
            "schema": 1,
            "stream": new_id(now // 1_000),
            "occurred_at": format_instant(now),
            "authority": nation,
            "key_id": key.key_id,
            "salt": secrets.token_hex(16),
            "source": {"kind": "system"},
            "basis": "fact",
            "marking": dict(marking),
            "releasable_to": [nation],
            "regime": "LE",
            "lang": LANGUAGES[nation],
            "data": {"nation": nation},
            "sections": [commitment],
        }
    )
    return envelope.Submitted(payload, envelope.EVENT_TYPE, (envelope.sign(payload, key),), {"inner": section})


def countersign(submitted: envelope.Submitted, keys: Sequence[SigningKey]) -> envelope.Submitted:
    """Add signatures of further parties over the same payload."""
    more = tuple(envelope.sign(submitted.payload, key) for key in keys)
    return envelope.Submitted(submitted.payload, submitted.payload_type, submitted.signatures + more, submitted.sections)


def _with_defaults(unsigned: Mapping[str, Any], author: Author | AuthorElsewhere, origin: str, now: int) -> dict[str, Any]:
    missing = [name for name in ("type", "stream", "occurred_at", "data") if name not in unsigned]
    if missing:
        raise errors.Malformed("is missing", field=missing[0])
    row = NEWEST.get(str(unsigned["type"]))
    if row is None:
        raise errors.Malformed(f"there is no event type {unsigned['type']}", field="type", remedy="see docs/events.md")
    fields: dict[str, Any] = {
        "id": new_id(now // 1_000),
        "schema": row.schema,
        "salt": secrets.token_hex(16),
        "authority": author.authority,
        "key_id": author.key_id,
        "basis": "fact",
        "releasable_to": list(BOTH),
        "regime": events.default_regime(row.name, unsigned["data"]),
        "lang": LANGUAGES.get(author.nation, "en"),
        **{name: value for name, value in unsigned.items() if value is not None},
        "origin": origin,
    }
    fields["source"] = {"kind": "system", **fields.get("source", {})}
    fields["marking"] = {"gb": "OFFICIAL", "fr": "non protégé", **fields.get("marking", {})}
    for name in ("occurred_at", "occurred_until"):
        if name in fields:
            fields[name] = instant(fields[name], name)
    return fields
