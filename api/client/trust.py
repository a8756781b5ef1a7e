"""What a service believes of the ledger, and why: nothing that does not lead to a checkpoint under the policy it was given.

The newest checkpoint that was verified is remembered in the spool. Whatever comes after must contain it: two histories are kept
as a proof beside the spool, and nothing is sent any more to a log that shows them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from api.client.site import Registered
from api.client.spool import Row, Spool
from ledger import errors, events
from ledger.events.key_types import KeyRegistered
from ledger.evidence import equivocation
from ledger.evidence.source import FINAL, Source, hashes_of
from ledger.formats import merkle, note, proof
from ledger.formats.armour import decode64
from ledger.formats.entry import format_entry, parse_entry
from ledger.formats.envelope import parse_item
from ledger.formats.merkle import HASH_BYTES, HashReader
from ledger.formats.note import Checkpoint
from ledger.formats.policy import Policy, Verified

SEEN, STOPPED = "checkpoint seen", "stopped"


class Trust:
    """Verifies what one ledger says, under one policy, for one thread at a time."""

    def __init__(self, spool: Spool, policy: Policy, source: Source) -> None:
        self.spool = spool
        self.policy = policy
        self.source = source
        self.origin = policy.logs[0].key.name

    # -- receipts --------------------------------------------------------------------------------------------------------------

    def verify_receipt(self, row: Row, receipt: Mapping[str, Any]) -> None:
        """Find the event as it was sent at the place that its receipt names, under a checkpoint of the log.

        Raises VerificationFailed where it is not so, Equivocation where the checkpoint contradicts what was seen before, and
        Unavailable where that cannot be found out now.
        """
        leaf_hash = _leaf_of(row, receipt)
        carried = proof.parse_proof(_bytes(receipt, "proof"))
        verified = proof.verify_proof(carried, leaf_hash, self.policy)
        if receipt.get("position") != carried.leaf_index + 1:
            raise errors.BadProof("the proof is of another position than the receipt")
        self.accept(carried.checkpoint, verified)

    def accept(self, signed: bytes, verified: Verified | None = None) -> Verified:
        """A checkpoint that contains what was seen before, or is contained in it; remembered where it is newer.

        Raises BadNote, Equivocation with its proof kept, or Unavailable where the tiles served do not show it.
        """
        found = verified or self.policy.verify(signed)
        kept = self.spool.remembered(SEEN)
        if kept is not None:
            self._compare(kept, signed, found.checkpoint)
        if kept is None or _checkpoint(kept).size < found.checkpoint.size:
            self.spool.remember(SEEN, signed)
        return found

    def _compare(self, kept: bytes, signed: bytes, new: Checkpoint) -> None:
        seen = _checkpoint(kept)
        if (seen.size, seen.root) == (new.size, new.root):
            return
        first, second = (kept, signed) if seen.size <= new.size else (signed, kept)
        larger = seen if seen.size > new.size else new
        found = equivocation.between(first, second, hashes_of(self.source, larger.size))
        if found is None:
            return
        path, proven = equivocation.keep(self.folder, found, self.policy)
        self.spool.remember(STOPPED, equivocation.told(proven, path).encode())
        self.require_one_history()

    def require_one_history(self) -> None:
        """Raise Equivocation where the log has shown two histories, ever since this spool was begun."""
        why = self.spool.remembered(STOPPED)
        if why is not None:
            remedy = "show the proof to both nations; entente equivocation verify checks it. Then begin a new spool"
            raise errors.Equivocation(why.decode(), remedy=remedy)

    @property
    def folder(self) -> Path:
        """Where proofs of two histories are kept."""
        return self.spool.path.with_name(f"{self.spool.path.name}.equivocation")

    # -- finality --------------------------------------------------------------------------------------------------------------

    def finish(self, rows: Sequence[Row]) -> int:
        """Find those that are final by now, and keep what proves it; returns how many.

        Raises as `accept` does, and VerificationFailed where an event is not where its receipt put it.
        """
        signed = self.source.checkpoint(FINAL)
        if signed is None:
            return 0
        verified = self.accept(signed)
        if not verified.final:
            raise errors.BadNote("what is served as final is not final under the policy")
        checkpoint = verified.checkpoint
        due = [row for row in rows if row.position is not None and row.position <= checkpoint.size]
        paths = self._paths(due, checkpoint, hashes_of(self.source, checkpoint.size))
        if due:
            with self.spool.transaction():
                self.spool.keep_checkpoint(checkpoint.size, signed)
                for row, path in zip(due, paths, strict=True):
                    self.spool.finished(row, checkpoint.size, path)
        return len(due)

    def _paths(self, rows: Sequence[Row], checkpoint: Checkpoint, hashes: HashReader) -> list[list[bytes]]:
        """The audit path of each row under a checkpoint, verified."""
        paths = []
        for row in rows:
            receipt = msgspec.json.decode(row.receipt or b"{}")
            leaf_index = int(receipt["position"]) - 1
            path = merkle.prove_inclusion(leaf_index, checkpoint.size, hashes)
            leaf_hash = bytes.fromhex(receipt["leaf_hash"])
            merkle.verify_inclusion(leaf_hash, leaf_index, checkpoint.size, path, checkpoint.root)
            paths.append(path)
        return paths

    def proof_of(self, row: Row) -> bytes:
        """The tlog-proof of a final event, for whoever wants to check it elsewhere. Raises NotFound where it is not final."""
        if row.size is None or row.position is None or row.path is None:
            raise errors.NotFound("this event is not final yet", field="id")
        path = [row.path[at : at + HASH_BYTES] for at in range(0, len(row.path), HASH_BYTES)]
        return proof.format_proof(row.position - 1, path, self.spool.checkpoint(row.size))

    # -- keys ------------------------------------------------------------------------------------------------------------------

    def sealing_key(self, nation: str, found: Registered) -> bytes:
        """A nation's public sealing key: registered under a checkpoint that is final, so that both cosigners looked at it.

        Raises VerificationFailed where the registration says something else, Unavailable where it is not final yet.
        """
        carried = proof.parse_proof(found.proof)
        verified = proof.verify_proof(carried, merkle.hash_leaf(found.entry), self.policy)
        if not verified.final:
            raise errors.Unavailable(
                f"the registration of the sealing key of {nation} is not final yet", remedy="wait until both have co-signed"
            )
        self.accept(carried.checkpoint, verified)
        data = events.decode(parse_entry(found.entry).payload).data
        if not isinstance(data, KeyRegistered) or (data.role, data.nation, data.owner) != ("sealing", nation, nation):
            raise errors.VerificationFailed(f"what was sent is not the registration of a sealing key of {nation}")
        return decode64(data.public_key)


def _leaf_of(row: Row, receipt: Mapping[str, Any]) -> bytes:
    """The leaf hash of an event as it was sent, at the place and instant that its receipt names."""
    assert row.item is not None, "a row keeps what it sends until it is final"
    submitted = parse_item(row.item)
    try:
        entry = format_entry(
            str(receipt["recorded_at"]),
            str(receipt["stream"]),
            int(receipt["version"]),
            submitted.signatures,
            submitted.payload,
        )
        named = (receipt["event_id"], receipt["leaf_hash"])
    except (KeyError, TypeError, ValueError) as wrong:
        raise errors.VerificationFailed(f"the receipt is not one: {wrong}") from None
    leaf_hash = merkle.hash_leaf(entry)
    if named != (row.event_id, leaf_hash.hex()):
        raise errors.VerificationFailed(
            "the receipt is not that of the event that was sent", remedy="nothing was taken for recorded; tell the operators"
        )
    return leaf_hash


def _bytes(receipt: Mapping[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(str(receipt[name]), validate=True)
    except (KeyError, binascii.Error):
        raise errors.BadProof(f"the receipt has no {name}") from None


def _checkpoint(signed: bytes) -> Checkpoint:
    return note.parse_checkpoint(note.split_note(signed)[0])
