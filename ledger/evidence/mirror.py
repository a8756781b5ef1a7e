"""A nation's mirror: the whole log taken over from Calais, hashed again, led to a signed checkpoint, inspected, then cosigned.

Entries are stored as they come, a stretch at a time, each proven to be the beginning of what the log has signed. That something
is wrong with an entry is no reason not to hold it: it is evidence; the cosigner signs nothing behind it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ledger import errors
from ledger.evidence import equivocation
from ledger.evidence.cosigner import Cosigner
from ledger.evidence.intake import Stretch, asked_again, came_late, fetch, keepable, lacking
from ledger.evidence.source import FINAL, NEWEST, Source, hashes_of
from ledger.formats import merkle, note
from ledger.formats.equivocation import Equivocation, of_prefix
from ledger.formats.merkle import HashReader
from ledger.formats.note import Checkpoint
from ledger.formats.policy import Policy, Verified
from ledger.store.held import HeldLog, Note

FOREVER = float("inf")
ASKED_AGAIN_AT_ONCE = 32
"""Entries whose missing sections are asked for in one round."""

_log = logging.getLogger(__name__)


class Mirror:
    """One nation's copy of one log and its cosigner. Threads take turns; `deadline`s are of time.monotonic, in seconds."""

    def __init__(self, held: HeldLog, cosigner: Cosigner, policy: Policy, nation: str, folder: Path) -> None:
        """`folder` is where proofs of equivocation are kept."""
        self.held = held
        self.cosigner = cosigner
        self.policy = policy
        self.nation = nation
        self.folder = folder
        self._turn = threading.Lock()
        self._has_compared = False
        self._asked_upto = 0

    @contextmanager
    def turn(self, deadline: float = FOREVER) -> Iterator[None]:
        """Have the mirror to oneself. Raises Unavailable where it is busy until the deadline."""
        timeout = -1 if deadline == FOREVER else max(0.0, deadline - time.monotonic())
        if not self._turn.acquire(timeout=timeout):
            raise errors.Unavailable("the mirror is still taking over earlier entries")
        try:
            yield
        finally:
            self._turn.release()

    # -- what the command line and the witness ask -----------------------------------------------------------------------

    def follow(self, source: Source, now: int, *, cosign: bool) -> int:
        """Take over all there is, compare and keep checkpoints, and cosign the newest where asked to; returns the size.

        Raises Unavailable where the source is away, VerificationFailed or Equivocation where nothing may be signed.
        """
        signed = source.checkpoint(NEWEST)
        if signed is None:
            raise errors.Unavailable("the source has no checkpoint")
        with self.turn():
            verified = self.take(source, signed)
            for which in (FINAL, *self._own_names()):
                self.meet(source.checkpoint(which))
            self._has_compared = True
            if cosign:
                self.cosigner.cosign(self.held, signed, now)
            self._ask_again(source, verified.checkpoint.size)
        return verified.checkpoint.size

    def cosign(self, source: Source, signed: bytes, now: int, old_size: int, deadline: float) -> list[note.SignatureLine]:
        """Hold everything up to a checkpoint and cosign it, where `old_size` was cosigned last. To be called in one's turn.

        Raises as `follow` and Cosigner.cosign do. Before the first signature of a process the log is asked what it has of
        this cosigner's: a state that is too old is found out then.
        """
        self.take(source, signed, deadline)
        if not self._has_compared:
            for which in self._own_names():
                self.meet(source.checkpoint(which))
            self._has_compared = True
        return self.cosigner.cosign(self.held, signed, now, old_size)

    def take(self, source: Source, signed: bytes, deadline: float = FOREVER) -> Verified:
        """Hold everything up to a checkpoint, keep that with its lines. To be called in one's turn; raises as `follow` does."""
        verified = self.policy.verify(signed)
        self.cosigner.require_remembered(verified)
        if verified.checkpoint.size <= self.held.head():
            self.examine(signed)
        else:
            self._pull(source, signed, verified.checkpoint, deadline)
        self._keep(signed, verified)
        return verified

    def examine(self, signed: bytes) -> None:
        """Compare a checkpoint from anywhere with what is held, as far as that reaches. Raises Equivocation, its proof kept."""
        if self.policy.verify(signed).checkpoint.size <= self.held.head():
            self._require_same(equivocation.against_held(self.held, signed, self.policy))

    def _own_names(self) -> list[str]:
        own = {signer.key for signer in self.cosigner.signers.values()}
        return [name for name, witness in self.policy.witnesses.items() if witness.key in own]

    def meet(self, signed: bytes | None) -> bool:
        """Compare a checkpoint that somebody has with what is held, and keep its lines; false where it is beyond what is held.

        Raises Equivocation, its proof kept, and VerificationFailed where it bears a signature that was forgotten here.
        """
        if signed is None:
            return True
        verified = self.policy.verify(signed)
        self.cosigner.require_remembered(verified)
        if verified.checkpoint.size > self.held.head():
            return False
        self.examine(signed)
        self._keep(signed, verified)
        return True

    def _keep(self, signed: bytes, verified: Verified) -> None:
        """Keep a checkpoint as the log signed it, and beside it the lines that verified."""
        size = verified.checkpoint.size
        if not size:
            return
        text, lines = note.split_note(signed)
        own = [line for line in lines if (line.name, line.key_id) == (verified.log.name, verified.log.key_id)]
        self.held.keep_checkpoint(size, note.format_note(text, own[:1]))
        keys = {self.policy.at(size).witnesses[name].key for name in verified.cosigned}
        known = {(key.name, key.key_id) for key in keys}
        self.held.add_cosignatures(size, [line for line in lines if (line.name, line.key_id) in known])

    # -- pulling ------------------------------------------------------------------------------------------------------------

    def _pull(self, source: Source, signed: bytes, target: Checkpoint, deadline: float) -> None:
        hashes = hashes_of(source, target.size)
        while (after := self.held.head()) < target.size:
            if time.monotonic() > deadline:
                raise errors.Unavailable(f"{target.size - after} entries are still to be taken over")
            fetched = fetch(source, after, target.size)
            self._require_prefix(fetched.leaf_hashes, signed, target, hashes)
            stretch = keepable(fetched, self.nation)
            notes = self._sound_notes(fetched.leaf_hashes, stretch, signed, target, hashes)
            self.held.extend(fetched.leaf_hashes, stretch.rows, stretch.sections, stretch.wraps, notes)
            self.cosigner.alarm(stretch.alarms)

    def _ask_again(self, source: Source, size: int) -> None:
        """Ask for sections that did not come with their entries, or were wrong: a few each time, each in its turn.

        Nothing waits for them: an entry is final with its hash, and what never comes is asked for as long as there is a mirror.
        """
        alarmed = sorted({position for position, what in self.cosigner.alarms() if what.startswith("section ")})
        later = [position for position in alarmed if position > self._asked_upto]
        asked = (later or alarmed)[:ASKED_AGAIN_AT_ONCE]
        self._asked_upto = asked[-1] if asked else 0
        for position in asked:
            if position > size:
                continue
            held = self.held.sections_of([position]).get(position, {})
            wanted = lacking(self.held.entry(position), self.nation, held)
            if not wanted:
                continue
            stretch = came_late(position, wanted, asked_again(source, position, size))
            if stretch.sections:
                self.held.add_sections(stretch.sections, stretch.wraps)
                for _, name, _ in stretch.sections:
                    self.cosigner.settle(position, name)
            self.cosigner.alarm(stretch.alarms)

    def _require_prefix(self, leaf_hashes: Sequence[bytes], signed: bytes, target: Checkpoint, hashes: HashReader) -> None:
        """What is held and what follows must be the beginning of the target's tree; finds out why where they are not."""
        held = self.held.edge.frontier
        frontier = held.copy()
        frontier.extend(leaf_hashes)
        if _begins(frontier, target, hashes):
            return
        if _begins(held, target, hashes):
            raise errors.Unavailable("the entries served are not those of the checkpoint served")
        self._require_same(equivocation.against_tiles(self.held, signed, self.policy, hashes))
        raise errors.VerificationFailed(
            f"the {held.size} entries held here are not the beginning of the log of {target.size}",
            remedy="keep this copy as it is: they came with a checkpoint that the log signed",
        )

    def _sound_notes(
        self, leaf_hashes: Sequence[bytes], stretch: Stretch, signed: bytes, target: Checkpoint, hashes: HashReader
    ) -> list[Note]:
        """The checkpoints signed on the way, each leading to the root it signs; another root is equivocation."""
        frontier = self.held.edge.frontier.copy()
        sound, first = [], frontier.size
        for size, kept in stretch.notes:
            checkpoint = self._read_note(size, kept)
            if checkpoint is None:
                stretch.alarms.append((size, "what came as the checkpoint of this size is none, and was not kept"))
                continue
            frontier.extend(leaf_hashes[frontier.size - first : size - first])
            if checkpoint.root != frontier.root():
                proof = merkle.prove_consistency(size, target.size, hashes)
                self._require_same(of_prefix(kept, signed, frontier.root(), proof))
            sound.append((size, kept))
        return sound

    def _read_note(self, size: int, signed: bytes) -> Checkpoint | None:
        try:
            checkpoint = self.policy.verify(signed).checkpoint
        except errors.BadNote:
            return None
        return checkpoint if checkpoint.size == size and len(note.split_note(signed)[1]) == 1 else None

    def _require_same(self, found: Equivocation | None) -> None:
        """Keep the proof of two histories, stop cosigning and say so. Raises Equivocation."""
        if found is None:
            return
        path, proven = equivocation.keep(self.folder, found, self.policy)
        why = equivocation.told(proven, path)
        self.cosigner.stop(why)
        self.cosigner.alarm([(proven.first.size, why)])
        raise errors.Equivocation(why, remedy="show the proof to both nations; entente equivocation verify checks it")


def _begins(frontier: merkle.Frontier, target: Checkpoint, hashes: HashReader) -> bool:
    """Whether a tree is the beginning of the target's, by a proof made from the target's tiles."""
    try:
        proof = merkle.prove_consistency(frontier.size, target.size, hashes)
        merkle.verify_consistency(frontier.size, frontier.root(), target.size, target.root, proof)
    except errors.BadProof:
        return False
    return True
