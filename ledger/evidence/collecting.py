"""How the log becomes final: each new checkpoint is put to the witnesses, and their cosignatures are verified and kept.

All who answer are asked about the same checkpoint, round by round, so that what one cosigns the other cosigns too. Who is away
is asked again by and by and holds nobody up; appends know nothing of all this.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Protocol

from ledger import errors
from ledger.evidence.contact import Contact
from ledger.formats import note, submission
from ledger.formats.note import VerifierKey
from ledger.formats.policy import Policy
from ledger.formats.submission import Submission
from ledger.store.held import HeldLog

ROUND_SECONDS_MIN = 0.25
ROUND_SECONDS_MAX = 6.0
IDLE_SECONDS = 0.05
RETRY_SECONDS_MIN = 0.5
RETRY_SECONDS_MAX = 5.0

_log = logging.getLogger(__name__)


class Asked(Protocol):
    """One witness as it is reached (remote.py)."""

    def ask(self, asked: Submission) -> bytes:
        """The lines of its answer. Raises CosignerMoved, Unavailable, VerificationFailed."""


def keys_of(policy: Policy, name: str) -> list[VerifierKey]:
    """The keys of a witness of the policy, or of all in a group. Raises NotFound for a name that it does not have."""
    if name in policy.witnesses:
        return [policy.witnesses[name].key]
    if name not in policy.groups:
        raise errors.NotFound(f"the policy names no witness {name}", field="witnesses", remedy="add its key to the policy")
    return [key for member in policy.groups[name].members for key in keys_of(policy, member)]


class _Witness:
    """One witness: what it cosigned last as far as is known, and whether it answers."""

    def __init__(self, name: str, remote: Asked, keys: Sequence[VerifierKey], size: int) -> None:
        self.name = name
        self.remote = remote
        self.keys = keys
        self.size = size
        self.contact = Contact(name)
        self.failures = 0
        self.retry_at = 0.0
        self.running: Future[None] | None = None

    def is_due(self, size: int) -> bool:
        """Whether it is to be asked about this size now."""
        is_idle = self.running is None or self.running.done()
        return is_idle and self.size < size and time.monotonic() >= self.retry_at

    def failed(self, what: str) -> None:
        """It gave no cosignature: it is asked again after a while, and later each time."""
        self.contact.failed(what)
        self.retry_at = time.monotonic() + min(RETRY_SECONDS_MAX, RETRY_SECONDS_MIN * 2**self.failures)
        self.failures += 1

    def answered(self) -> None:
        """It did."""
        self.contact.answered()
        self.failures, self.retry_at = 0, 0.0


class Collector:
    """Asks the witnesses of one log. `witnesses` has where they are, by names of the policy: a site's group, or one witness."""

    def __init__(self, held: HeldLog, policy: Policy, witnesses: Mapping[str, Asked]) -> None:
        self.held = held
        self.policy = policy
        self.witnesses: list[_Witness] = []
        for name, remote in witnesses.items():
            keys = keys_of(policy, name)
            size = min(held.cosignatures.newest_by([key.name for key in keys]))
            self.witnesses.append(_Witness(name, remote, keys, size))
        self._threads = self._pool()

    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max(1, len(self.witnesses)), thread_name_prefix="witness")

    def run(self, stop: threading.Event) -> None:
        """Ask until told to stop."""
        try:
            while not stop.wait(IDLE_SECONDS):
                began = time.monotonic()
                try:
                    if self.round():
                        stop.wait(max(0.0, began + ROUND_SECONDS_MIN - time.monotonic()))
                except errors.Unavailable as wrong:  # the store: appends say so too
                    _log.warning("no cosignatures are asked for: %s", wrong)
                    stop.wait(RETRY_SECONDS_MAX)
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = self._pool()  # for whoever starts a collector again that failed; an idle one has no thread

    def round(self) -> bool:
        """Put the newest checkpoint to everybody who is due; waits for those who are not away. False where nobody is due."""
        newest = self.held.newest_checkpoint() if self.witnesses else None
        if newest is None:
            return False
        due = [witness for witness in self.witnesses if witness.is_due(newest[0])]
        for witness in due:
            witness.running = self._threads.submit(self._ask, witness, *newest)
        present = [witness.running for witness in due if witness.running is not None and not witness.contact.is_away]
        wait(present, timeout=ROUND_SECONDS_MAX)
        for witness in due:
            if witness.running is not None and not witness.running.done() and not witness.contact.is_away:
                witness.contact.failed(f"no answer within {ROUND_SECONDS_MAX:g} s")
        return bool(due)

    def away(self) -> list[str]:
        """Who does not answer, and since when."""
        return [told for witness in self.witnesses if (told := witness.contact.told())]

    # -- one witness ---------------------------------------------------------------------------------------------------------

    def _ask(self, witness: _Witness, size: int, signed: bytes) -> None:
        try:
            lines = self._cosignatures(witness, size, signed)
            if lines:
                self.held.add_cosignatures(size, lines)
                witness.size = size
            witness.answered()
        except errors.EntenteError as wrong:
            witness.failed(str(wrong))

    def _cosignatures(self, witness: _Witness, size: int, signed: bytes) -> list[note.SignatureLine]:
        """Its verified lines; none where it has cosigned a larger size meanwhile."""
        try:
            answer = self._submit(witness, size, signed)
        except errors.CosignerMoved as moved:
            self._moved(witness, moved.size)
            if moved.size > size:
                return []
            answer = self._submit(witness, size, signed)
        lines = submission.parse_lines(answer, witness.keys)
        verified = self.policy.verify(note.add_lines(signed, lines))
        listed = self.policy.at(size).witnesses
        missing = {key.name for key in witness.keys} - {listed[name].key.name for name in verified.cosigned}
        if missing:
            raise errors.VerificationFailed(f"{witness.name} did not cosign with {', '.join(sorted(missing))}")
        return lines

    def _submit(self, witness: _Witness, size: int, signed: bytes) -> bytes:
        proof = tuple(self.held.prove_consistency(witness.size, size))
        return witness.remote.ask(Submission(witness.size, proof, signed))

    def _moved(self, witness: _Witness, size: int) -> None:
        if size > self.held.head():
            raise errors.VerificationFailed(
                f"{witness.name} cosigned size {size}, and {self.held.head()} entries are here", remedy="restore from a mirror"
            )
        if size < witness.size:
            _log.error("%s remembers size %d and has cosigned %d: its state is an old copy", witness.name, size, witness.size)
        witness.size = size
