"""What `entente sample` draws: each entry with its leaf hash, an inclusion proof that is verified before it is printed, and the
bracket of time that co-signatures put around it.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from ledger import errors, events
from ledger.evidence.bracket import find_bracket
from ledger.evidence.sample import SEED_BYTES, draw_positions
from ledger.formats import merkle, note
from ledger.formats.entry import format_instant, split_entry
from ledger.store.audit import StoredRows
from ledger.store.cosignatures import Finality

if TYPE_CHECKING:
    from api.home import Home

HEX = re.compile(r"[0-9a-fA-F]{64}").fullmatch


def seed_of(text: str) -> bytes:
    """A checkpoint's root, from hex or base64. Raises BadQuestion."""
    if HEX(text):
        return bytes.fromhex(text)
    try:
        seed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        seed = b""
    if len(seed) != SEED_BYTES:
        raise errors.BadQuestion(
            f"{text!r} is no checkpoint root (32 bytes, base64 or hex)", field="--seed", remedy="entente checkpoint shows one"
        )
    return seed


def draw(home: Home, how_many: int, seed: str, begin: int | None, end: int | None) -> dict[str, Any]:
    """The sample, its checkpoint and whether every proof held.

    The population is what the checkpoint covers whose root is the seed; for a seed from elsewhere, what the newest one covers.
    """
    root = seed_of(seed)
    ledger = home.ledger
    size = size_of(home, root)
    policy = home.policy()
    checkpoint, finality = policy.verify(ledger.signed_checkpoint(size)), Finality(home.reader, policy)
    first = ledger.position_as_of(begin - 1) + 1 if begin is not None else 1
    last = min(size, ledger.position_as_of(end - 1)) if end is not None else size
    sample = [
        _evidence(home, position, checkpoint.checkpoint.root, size) | {"bracket": find_bracket(finality, position).as_dict()}
        for position in draw_positions(root, how_many, first, last)
    ]
    return {
        "ok": all(row["proof"]["verified"] for row in sample),
        "seed": root.hex(),
        "n": how_many,
        "from": None if begin is None else format_instant(begin),
        "to": None if end is None else format_instant(end),
        "population": max(0, last - first + 1),
        "checkpoint": {
            "size": size, "root": base64.b64encode(checkpoint.checkpoint.root).decode(), "final": checkpoint.final,
        },
        "exercise": home.settings.exercise,
        "sample": sample,
    }  # fmt: skip


def size_of(home: Home, root: bytes) -> int:
    """The size of the checkpoint with this root, else of the newest one."""
    newest = home.ledger.newest_checkpoint()
    if newest is None:
        raise errors.NotFound("the log has no checkpoint yet", remedy="append something first")
    for size, signed in StoredRows(home.reader.engine).checkpoint_rows(0, None):
        if note.parse_checkpoint(note.split_note(signed)[0]).root == root:
            return int(size)
    return int(newest[0])


def _evidence(home: Home, position: int, root: bytes, size: int) -> dict[str, Any]:
    entry = home.ledger.entry(position)
    recorded_at, stream, version, payload = split_entry(entry)
    header = events.decode_header(payload)
    leaf_hash = merkle.hash_leaf(entry)
    path = home.ledger.prove(position, size)
    try:
        merkle.verify_inclusion(leaf_hash, position - 1, size, path, root)
        verified = True
    except errors.BadProof:
        verified = False
    return {
        "position": position,
        "label": header.source.ref or header.id,
        "event_id": header.id,
        "type": header.type,
        "stream": stream,
        "version": version,
        "authority": header.authority,
        "recorded_at": recorded_at,
        "leaf_hash": leaf_hash.hex(),
        "proof": {
            "leaf_index": position - 1,
            "size": size,
            "path": [base64.b64encode(part).decode() for part in path],
            "verified": verified,
        },
    }
