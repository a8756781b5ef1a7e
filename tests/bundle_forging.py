"""Bundles made by somebody who holds every key: the log's, London's, Paris's, and whosoever's hand is needed.

What such a bundle says is false only in itself: the tree, the checkpoint, the proofs and the manifest all fit. So it reaches
the checks behind them, which an honest log never does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ledger import errors
from ledger.events.keys import KeyRing
from ledger.evidence.bundle_claims import keys_file
from ledger.evidence.bundle_manifest import FORMAT, File, Head, Manifest, OfPeriod, Positions
from ledger.evidence.bundle_names import CHECKPOINT, KEYS, MANIFEST, POLICY, RECIPE, entry_name, proof_name
from ledger.evidence.bundle_reading import read_event
from ledger.formats import envelope, merkle, note, policy, strict
from ledger.formats.armour import encode64
from ledger.formats.entry import Entry, format_entry, parse_entry, split_entry
from ledger.formats.note import Checkpoint
from ledger.formats.proof import format_proof
from tests.bundles import COSIGNED_AT, ORIGIN, SITES, Files, cosigners, golden_policy, key, packed

ALL = OfPeriod("2015-01-01T00:00:00.000000Z", "2016-01-01T00:00:00.000000Z")
Entries = list[bytes]


def forged(entries: Sequence[bytes], more: Files | None = None, keys: bytes | None = None) -> bytes:
    """A bundle of all these entries, in a log that everybody signed. `more` are files behind the entries."""
    signed = checkpoint_of(entries)
    read = merkle.hash_reader([merkle.hash_leaf(entry) for entry in entries])
    files: Files = [
        (RECIPE, b"by hand\n"),
        (CHECKPOINT, signed),
        (POLICY, policy.format_policy(golden_policy())),
        (KEYS, keys_of(entries) if keys is None else keys),
    ]
    for index, entry in enumerate(entries):
        path = merkle.prove_inclusion(index, len(entries), read)
        files += [(entry_name(index + 1), entry), (proof_name(index + 1), format_proof(index, path, signed))]
    return with_manifest([*files, *(more or [])], signed)


def with_manifest(files: Files, signed: bytes) -> bytes:
    """These files, with a manifest that claims them to be all there is."""
    checkpoint = note.parse_checkpoint(note.split_note(signed)[0])
    manifest = Manifest(
        complete=Positions(1, checkpoint.size),
        files=tuple(File(len(body), name, hashlib.sha256(body).hexdigest()) for name, body in files),
        format=FORMAT,
        log=Head(checkpoint.origin, encode64(checkpoint.root), checkpoint.size),
        question=ALL,
        withheld=(),
    )
    return packed([(MANIFEST, strict.format(msgspec.to_builtins(manifest))), *files])


def checkpoint_of(entries: Sequence[bytes], origin: str = ORIGIN) -> bytes:
    """The checkpoint of these entries, co-signed by all; its ML-DSA signatures are others each time."""
    root = merkle.root(map(merkle.hash_leaf, entries))
    signed = note.sign_checkpoint(Checkpoint(origin, len(entries), root), key("log"))
    text, _ = note.split_note(signed)
    return note.add_lines(signed, [hand.cosign(text, COSIGNED_AT) for site in SITES for hand in cosigners(site)])


def keys_of(entries: Sequence[bytes]) -> bytes:
    """The list of keys that a careful forger writes."""
    ring = KeyRing()
    for position, entry in enumerate(entries, start=1):
        try:
            ring.apply(read_event(split_entry(entry)[3]), position)
        except (errors.EntenteError, KeyError):
            continue
    return keys_file(ring)


# -- entries -------------------------------------------------------------------------------------------------------------------


def altered(entry: bytes, signers: Sequence[str] | None = None, **fields: Any) -> bytes:
    """The entry with other payload fields (None takes one away), signed again by these; the head follows the payload."""
    parsed = parse_entry(entry)
    payload = json.loads(parsed.payload)
    for name, value in fields.items():
        if value is None:
            payload.pop(name, None)
        else:
            payload[name] = value
    stream = payload.get("stream", parsed.stream)
    return signed_entry(parsed, strict.format(payload), signers or [payload["authority"]], stream)


def signed_entry(like: Entry, payload: bytes, signers: Sequence[str], stream: str | None = None) -> bytes:
    """An entry of a payload, with head as another's, signed by these."""
    signatures = [envelope.sign(payload, key(name)) for name in signers]
    return format_entry(like.recorded_at, stream or like.stream, like.version, signatures, payload)


def headed(entry: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The entry with another head over the same payload."""
    head, _, payload = entry.partition(b"\n\n")
    return change(head + b"\n")[:-1] + b"\n\n" + payload


def following(entries: Sequence[bytes], type_name: str, data: dict[str, Any], signers: Sequence[str], **more: Any) -> bytes:
    """One more event behind these, on a stream of its own unless `more` says otherwise."""
    last = parse_entry(entries[-1])
    number = len(entries) + 1
    fields = json.loads(parse_entry(entries[13]).payload) | {
        "id": f"01900000-0000-7000-8000-{number + 100:012d}", "salt": f"{number + 100:032x}", "type": type_name, "data": data,
        "stream": f"FORGED-{number}", "authority": signers[0], "key_id": key(signers[0]).key_id,
    }  # fmt: skip
    fields |= more
    return signed_entry(Entry(last.recorded_at, "", 1, (), b""), strict.format(fields), signers, fields["stream"])
