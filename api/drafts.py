"""What several parties sign, each where its key is: a file that goes from one to the next, recorded once all have signed.

A draft is JSON lines of wire items, exactly as they will be recorded: whoever signs adds a signature and changes nothing. So a
nation's authority key never leaves its own machine. Clause: formats.md section 8 (who signs what).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from api import authoring, registrar
from api.authoring import Author, Sealers
from api.home import Home
from api.registrar import LEDGER, sealing_keys
from ledger import errors, events
from ledger.events.approvals import NATIONS
from ledger.events.key_types import LedgerOpened
from ledger.formats import envelope, sealing
from ledger.formats.armour import decode64
from ledger.formats.envelope import Submitted
from ledger.formats.keys import SigningKey

ITEMS_MAX = 1_000
LINE_BYTES_MAX = 2 * envelope.ITEM_BYTES_MAX


def write(path: Path, items: Sequence[Submitted]) -> None:
    """Write a draft, all of it or nothing."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(b"".join(msgspec.json.encode(envelope.format_item(item)) + b"\n" for item in items))
    beside.replace(path)


def read(path: Path) -> list[Submitted]:
    """A draft. Raises NotFound, TooLarge or Malformed naming the line."""
    if not path.is_file():
        raise errors.NotFound(f"there is no file {path}", field="DRAFT")
    items: list[Submitted] = []
    with path.open("rb") as file:
        while line := file.readline(LINE_BYTES_MAX + 1):
            if len(line) > LINE_BYTES_MAX or len(items) >= ITEMS_MAX:
                raise errors.TooLarge(f"a draft has up to {ITEMS_MAX} lines of {LINE_BYTES_MAX} bytes", field="DRAFT")
            try:
                item = envelope.parse_item(line.strip())
                events.decode(item.payload)
            except errors.Malformed as wrong:
                wrong.field = f"line {len(items) + 1}, {wrong.field or 'item'}"
                raise
            items.append(item)
    if not items:
        raise errors.Malformed("there is nothing in it", field="DRAFT")
    return items


# -- made ----------------------------------------------------------------------------------------------------------------------


def state(home: Home, unsigned: Mapping[str, Any], key: SigningKey) -> Submitted:
    """What the owner of a registered key states, signed with it. Raises KeyNotInForce, or Malformed naming the field."""
    ring, _ = home.reader.standing_at(home.reader.head())
    found = ring.keys.get(key.key_id)
    if found is None:
        raise errors.KeyNotInForce(
            f"the key {key.key_id[:16]}… is not registered in the log held here", field="--key", remedy="mirror the log first"
        )
    author, seals = Author(found.owner, found.nation, key), Sealers(sealing_keys(ring), {})
    return authoring.compose(unsigned, author, ring.origin, seals, home.now())


def opening(origin: str, key: SigningKey, paris: bytes, at: str, *, exercise: bool) -> Submitted:
    """The first entry of a log, stated by London's authority with its key; Paris, whose public key this is, signs it next."""
    data = registrar.opening(origin, [key.public, paris], exercise=exercise)
    unsigned = {"type": "ledger.opened", "stream": LEDGER, "occurred_at": at, "data": data}
    return authoring.compose(unsigned, Author(NATIONS[0], NATIONS[0], key), origin, Sealers({}, {}))


def sign(items: Sequence[Submitted], key: SigningKey) -> list[Submitted]:
    """The same with one more signature each. Raises BadQuestion where this key has signed one already."""
    if any(key.key_id in (each.keyid for each in item.signatures) for item in items):
        raise errors.BadQuestion("this key has signed it already", field="--key")
    return [authoring.countersign(item, [key]) for item in items]


def opens(items: Sequence[Submitted], origin: str) -> Submitted:
    """The opening of this log, signed by both nations. Raises BadQuestion, BadSignature."""
    (item, *others) = items
    data = events.decode(item.payload).data
    if others or not isinstance(data, LedgerOpened) or data.origin != origin:
        raise errors.BadQuestion(
            f"this is not the opening of {origin}",
            field="--opening",
            remedy="entente draft opening makes it; name its --origin",
        )
    signed = {each.keyid: each for each in item.signatures}
    for key in data.authority_keys:
        if key.key_id not in signed:
            raise errors.BadSignature(
                f"{key.nation} has not signed the opening", field="--opening", remedy="entente draft sign"
            )
        public = decode64(key.public_key)
        envelope.verify_signature(item.payload_type, item.payload, signed[key.key_id], public, None)
    return item


# -- told ----------------------------------------------------------------------------------------------------------------------


def told(item: Submitted, home: Home | None) -> dict[str, Any]:
    """What is signed: type in both languages, who states it where and when, its data, its text where it can be opened here,
    the payload's digest to compare with the other parties', and who has signed.
    """
    event = events.decode(item.payload)
    header, row = event.header, events.NEWEST[event.header.type]
    return {
        "type": header.type, "en": row.en, "fr": row.fr, "stream": header.stream, "authority": header.authority,
        "origin": header.origin, "occurred_at": header.occurred_at, "data": msgspec.json.decode(header.data),
        "text": _text(event, item, home), "sections": [section.name for section in header.sections],
        "sha256": hashlib.sha256(item.payload).hexdigest(), "signed_by": [each.keyid for each in item.signatures],
    }  # fmt: skip


def _text(event: events.Event, item: Submitted, home: Home | None) -> dict[str, Any] | None:
    commitment = next((each for each in event.header.sections if each.name == "text"), None)
    if commitment is None or home is None:
        return None
    for nation in NATIONS:
        key = home.sealing_key(nation)
        if key is not None and nation in item.sections["text"].wraps:
            promised = msgspec.to_builtins(commitment)
            opened = sealing.open_section(promised, item.sections["text"], event.header.origin, event.header.id, nation, key)
            found: dict[str, Any] = msgspec.json.decode(opened)
            return found
    return None
