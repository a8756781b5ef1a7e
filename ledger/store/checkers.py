"""Admission's first stage on all cores: a few threads, each with a process of its own that verifies signatures.

Sixty callers that each checked on their own thread would wake, and wait for the interpreter, twice an event. Handed over to as
many threads as there are cores, the callers stay asleep until they are answered; and what has gathered meanwhile is checked
together, one message to the verifying process for all its signatures.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import NamedTuple

from ledger import admission, errors
from ledger.admission import Checked, PublicKeys
from ledger.formats import envelope
from ledger.formats.envelope import Submitted
from ledger.formats.proven import Proven, Signed
from ledger.store.group import DEFECTS
from ledger.store.prover import Prover

CHECKERS = os.cpu_count() or 1
TOGETHER_ITEMS = 64
"""So many submissions are checked together where they wait."""
PROVER_SIGNATURES_MIN = 4
"""Fewer signatures are verified where they are: sending them would cost more."""

Outcome = Checked | errors.EntenteError | BaseException
"""A checked submission, its refusal, or a mistake of ours that it met."""


class _Job(NamedTuple):
    items: Sequence[Submitted]
    done: Callable[[list[Outcome]], None]


class Checkers:
    """A fixed number of threads and what waits for them."""

    def __init__(self, public_keys: PublicKeys) -> None:
        self._public_keys = public_keys
        self._proven = Proven()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()

    def check(self, items: Sequence[Submitted], prover: Prover | None = None) -> list[Outcome]:
        """Check submissions on the caller's own thread, with the help of a prover where there is one. Raises nothing."""
        signed = self._signatures(items) if prover is not None and len(items) >= PROVER_SIGNATURES_MIN else []
        is_asked = prover is not None and len(signed) >= PROVER_SIGNATURES_MIN and prover.ask(signed)
        read: list[admission.Unverified | errors.EntenteError | BaseException] = []
        for submitted in items:
            try:
                read.append(admission.read(submitted))
            except (errors.EntenteError, *DEFECTS) as wrong:
                read.append(wrong)
        proven = self._proven.with_more(prover.answer()) if is_asked and prover is not None else self._proven
        outcomes: list[Outcome] = []
        for item in read:
            if not isinstance(item, admission.Unverified):
                outcomes.append(item)
                continue
            try:
                outcomes.append(admission.verify(item, self._public_keys, proven))
            except (errors.EntenteError, *DEFECTS) as wrong:
                outcomes.append(wrong)
        return outcomes

    def _signatures(self, items: Sequence[Submitted]) -> list[Signed]:
        """The signatures that stand alone, under keys that are known."""
        found: list[Signed] = []
        for submitted in items:
            message = b""
            for signature in submitted.signatures:
                public = self._public_keys(signature.keyid) if signature.batch is None else None
                if public is not None:
                    message = message or envelope.pae(submitted.payload_type, submitted.payload)
                    found.append((public, message, signature.sig))
        return found

    def check_soon(self, items: Sequence[Submitted], done: Callable[[list[Outcome]], None]) -> None:
        """Check submissions on one of the threads and hand over what came of it there; `done` must not raise."""
        if not self._threads:
            self._start()
        self._jobs.put(_Job(items, done))

    def begin(self, items: Sequence[Submitted]) -> Callable[[], list[Outcome]]:
        """Have submissions checked; what is returned waits for what came of it."""
        outcomes: SimpleQueue[list[Outcome]] = SimpleQueue()
        self.check_soon(items, outcomes.put)
        return outcomes.get

    @property
    def waiting(self) -> int:
        """How many jobs nobody has begun."""
        return self._jobs.qsize()

    def _start(self) -> None:
        with self._starting:
            if self._threads:
                return
            threads = [threading.Thread(target=self._work, name=f"entente-check-{n}", daemon=True) for n in range(CHECKERS)]
            for thread in threads:
                thread.start()
            self._threads = threads

    def _work(self) -> None:
        prover = Prover()
        try:
            while jobs := self._next():
                outcomes = self.check([item for job in jobs for item in job.items], prover)
                at = 0
                for job in jobs:
                    job.done(outcomes[at : at + len(job.items)])
                    at += len(job.items)
        finally:
            prover.close()

    def _next(self) -> list[_Job]:
        """The job that waits longest, and what waits behind it up to a limit; none where it is time to stop."""
        job = self._jobs.get()
        if job is None:
            return []
        jobs, count = [job], len(job.items)
        while count < TOGETHER_ITEMS:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                break
            if job is None:
                self._jobs.put(None)  # for after these
                break
            jobs.append(job)
            count += len(job.items)
        return jobs

    def close(self) -> None:
        """Finish what was handed over, and stop."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []
