"""The log's entry: what the ledger says of an event (when recorded, which version of which stream), who signed it, its payload.

A few lines of text before the exact payload bytes. There is one spelling of every entry: what does not come out the same when
written again is not an entry.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from ledger import errors
from ledger.formats import merkle, strict
from ledger.formats.armour import decode64, encode64
from ledger.formats.envelope import SIGNATURES_MAX, BatchPath, Signature

ENTRY_BYTES_MAX = 65_535

_MAGIC = "entente.entry.v1"
# Without a zone on purpose: every instant here is UTC, and naive arithmetic is twice as fast.
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{6}Z").fullmatch
_HEAD = re.compile(
    r"entente\.entry\.v1\n"
    r"recorded_at: ([0-9TZ:.-]{27})\n"
    r"stream: ([A-Za-z0-9._:-]{1,128})\n"
    r"version: ([1-9][0-9]{0,15})\n"
    r"((?:signature: [^\n]+\n)+)"
).fullmatch
_SIGNATURE = re.compile(
    r"signature: ([0-9a-f]{64}) ([A-Za-z0-9+/]+={0,2})"
    r"(?: batch ([1-9][0-9]{0,15}) (0|[1-9][0-9]{0,15}) ([A-Za-z0-9+/]*={0,2}))?"
).fullmatch


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A parsed entry. `recorded_at` is an instant as written; `payload` the exact bytes that were signed."""

    recorded_at: str
    stream: str
    version: int
    signatures: tuple[Signature, ...]
    payload: bytes


@lru_cache(maxsize=256)  # the entries of one commit share their instant
def format_instant(microseconds: int) -> str:
    """Microseconds since 1970 UTC as `2015-08-27T03:12:00.000000Z`."""
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat(timespec="microseconds") + "Z"


def parse_instant(text: str) -> int:
    """Microseconds since 1970 UTC of an instant in its one spelling. Raises Malformed."""
    if not _INSTANT(text):
        raise errors.Malformed("an instant is written 2015-08-27T03:12:00.000000Z")
    try:
        since = datetime.fromisoformat(text[:26]) - _EPOCH
    except ValueError:
        raise errors.Malformed("there is no such day or time") from None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def format_entry(recorded_at: str, stream: str, version: int, signatures: Sequence[Signature], payload: bytes) -> bytes:
    """The entry's bytes. Raises TooLarge beyond ENTRY_BYTES_MAX; the arguments are the ledger's own and already checked."""
    lines = "".join([_signature_line(signature) for signature in signatures])
    head = f"{_MAGIC}\nrecorded_at: {recorded_at}\nstream: {stream}\nversion: {version}\n{lines}\n"
    entry = head.encode("ascii") + payload
    if len(entry) > ENTRY_BYTES_MAX:
        raise errors.TooLarge(f"the entry has {len(entry)} bytes, more than {ENTRY_BYTES_MAX}")
    return entry


def _signature_line(signature: Signature) -> str:
    line = f"signature: {signature.keyid} {encode64(signature.sig)}"
    batch = signature.batch
    if batch is not None:
        line += f" batch {batch.n} {batch.index} {encode64(b''.join(batch.path))}"
    return line + "\n"


def parse_entry(entry: bytes) -> Entry:
    """Decode an entry, refusing every spelling but the one `format_entry` writes. Raises BadEntry.

    The payload is not looked into beyond its size: verify its signatures, then parse it.
    """
    if len(entry) > ENTRY_BYTES_MAX:
        raise errors.BadEntry(f"the entry has {len(entry)} bytes, more than {ENTRY_BYTES_MAX}")
    head, gap, payload = entry.partition(b"\n\n")
    try:
        found = _HEAD(head.decode("ascii") + "\n")
    except UnicodeDecodeError:
        raise errors.BadEntry("the head of the entry is not ASCII") from None
    if found is None or not gap:
        raise errors.BadEntry("the head of the entry is not written as the format says")
    if not 0 < len(payload) <= strict.PAYLOAD_BYTES_MAX:
        raise errors.BadEntry(f"a payload has 1 to {strict.PAYLOAD_BYTES_MAX} bytes")
    recorded_at, stream, version, lines = found.groups()
    try:
        parse_instant(recorded_at)
        signatures = tuple([_parse_signature(line) for line in lines[:-1].split("\n")])
    except errors.Malformed as wrong:
        raise errors.BadEntry(wrong.message) from None
    if len(signatures) > SIGNATURES_MAX:
        raise errors.BadEntry(f"an entry has at most {SIGNATURES_MAX} signatures")
    return Entry(recorded_at, stream, int(version), signatures, payload)


def _parse_signature(line: str) -> Signature:
    found = _SIGNATURE(line)
    if found is None:
        raise errors.Malformed("a signature line is not written as the format says")
    keyid, sig, n, index, path = found.groups()
    if n is None:
        return Signature(keyid, decode64(sig))
    hashes = decode64(path)
    if len(hashes) % merkle.HASH_BYTES or int(index) >= int(n):
        raise errors.Malformed("a batch path is whole hashes from an index below n")
    parts = tuple([hashes[at : at + merkle.HASH_BYTES] for at in range(0, len(hashes), merkle.HASH_BYTES)])
    return Signature(keyid, decode64(sig), BatchPath(int(n), int(index), parts))


def split_entry(entry: bytes) -> tuple[str, str, int, bytes]:
    """(recorded_at, stream, version, payload) of an entry already known to be well formed, such as one under a verified root.

    The hot path: it finds the fields and does not judge signature lines. Raises BadEntry where a field is not in its place.
    """
    head, gap, payload = entry.partition(b"\n\n")
    try:
        magic, instant, stream, version, _ = head.decode("ascii").split("\n", 4)
        if (
            gap
            and magic == _MAGIC
            and instant[:13] == "recorded_at: "
            and stream[:8] == "stream: "
            and version[:9] == "version: "
        ):
            return instant[13:], stream[8:], int(version[9:]), payload
    except ValueError:
        pass
    raise errors.BadEntry("the head of the entry is not written as the format says")


def signer_ids(entry: bytes) -> list[str]:
    """The key ids that an entry's signature lines name, unverified; for readers that check the signatures elsewhere."""
    head = entry.partition(b"\n\n")[0].decode("ascii", "replace")
    return [line[11:75] for line in head.split("\n")[4:]]
