"""Sites compare the checkpoints they have, again and again and after every gap: nobody can be told a history of his own.

A checkpoint beyond what is held here is remembered until the entries have come. A site that does not answer is away, and
nothing worse.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from ledger import errors
from ledger.evidence import equivocation
from ledger.evidence.contact import Contact
from ledger.evidence.source import NEWEST, Source
from ledger.formats import note
from ledger.formats.policy import Policy
from ledger.store.held import HeldLog

ROUND_SECONDS = 5.0
UNCOMPARED_MAX = 64

_log = logging.getLogger(__name__)


class Gossip:
    """One site's comparing with others. `meet` takes a signed checkpoint: false where it is beyond what is held here."""

    def __init__(self, peers: Mapping[str, Source], meet: Callable[[bytes], bool]) -> None:
        self.peers = peers
        self.meet = meet
        self.contacts = {name: Contact(name) for name in peers}
        self.wrong: list[str] = []
        self._uncompared: dict[bytes, str] = {}

    def run(self, stop: threading.Event) -> None:
        """Compare until told to stop."""
        while not stop.wait(ROUND_SECONDS):
            self.round()

    def round(self) -> None:
        """Ask every peer for its newest checkpoint, and compare whatever can be compared by now."""
        for name, peer in self.peers.items():
            try:
                signed = peer.checkpoint(NEWEST)
            except errors.Unavailable as wrong:
                self.contacts[name].failed(str(wrong))
                continue
            self.contacts[name].answered()
            if signed is not None and len(self._uncompared) < UNCOMPARED_MAX:
                self._uncompared[signed] = name
        for signed, name in list(self._uncompared.items()):
            if self._compared(signed, name):
                del self._uncompared[signed]

    def _compared(self, signed: bytes, name: str) -> bool:
        try:
            return self.meet(signed)
        except errors.Unavailable:
            return False
        except errors.EntenteError as wrong:
            what = f"the checkpoint of {name}: {wrong}"
            if what not in self.wrong:
                self.wrong.append(what)
                _log.error("%s", what)
            return True

    def problems(self) -> list[str]:
        """What was found."""
        return list(self.wrong)

    def away(self) -> list[str]:
        """Who does not answer, and since when."""
        return [told for contact in self.contacts.values() if (told := contact.told())]


def meet_at_the_log(held: HeldLog, policy: Policy, folder: Path, signed: bytes) -> bool:
    """What the log's own site does with a checkpoint that another one has: compare it, and keep its cosignatures.

    Raises Equivocation, its proof kept in the folder, and VerificationFailed where it is beyond what is recorded here.
    """
    verified = policy.verify(signed)
    size = verified.checkpoint.size
    if size > held.head():
        raise errors.VerificationFailed(
            f"this log signed size {size} and has {held.head()} entries: the others are lost here",
            remedy="restore from a mirror",
        )
    found = equivocation.against_held(held, signed, policy)
    if found is not None:
        path, proven = equivocation.keep(folder, found, policy)
        raise errors.Equivocation(equivocation.told(proven, path))
    keys = {policy.at(size).witnesses[name].key for name in verified.cosigned}
    known = {(key.name, key.key_id) for key in keys}
    lines = [line for line in note.split_note(signed)[1] if (line.name, line.key_id) in known]
    if held.checkpoint_of(size) is not None:
        held.add_cosignatures(size, lines)
    return True
