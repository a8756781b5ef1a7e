"""Sending: what waits in a spool goes to the ledger, in order within a stream, again until it is answered, and is followed
until it is final.

One request carries at most one statement of each stream: where that one is refused, what was said after it on its stream has
not overtaken it. A request without an answer is simply made again, for the same bytes have the same receipt.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from api.client.site import Answer, Site, Throttled
from api.client.spool import Row, Spool
from api.client.trust import Trust
from ledger import errors
from ledger.formats.entry import parse_instant

BATCH_ITEMS_MAX = 200
BATCH_BYTES_MAX = 4 * 1_048_576
FOLLOWED_ROWS_MAX = 5_000
FIRST_PAUSE_SECONDS = 0.25
PAUSE_SECONDS_MAX = 60.0
FINALITY_SECONDS = 1.0
FINALITY_SECONDS_MAX = 15.0


class Clock(NamedTuple):
    """How far this machine's clock is ahead of the ledger's, in seconds, and how far off that may be."""

    offset_seconds: float
    uncertainty_seconds: float


class Sender:
    """Moves the rows of one spool to one site, for one thread at a time. `changed` is called whenever a row's state did."""

    def __init__(self, spool: Spool, site: Site, trust: Trust, changed: Callable[[], None] = lambda: None) -> None:
        self.spool = spool
        self.site = site
        self.trust = trust
        self.changed = changed
        self.clock: Clock | None = None
        self.trouble: errors.EntenteError | None = None
        self._batch_max = BATCH_ITEMS_MAX
        self._failures = 0
        self._finality_pause = FINALITY_SECONDS
        self._follow_at = 0.0

    def turn(self) -> float:
        """Send what can be sent and look at what may be final; returns the seconds until it is worth trying again.

        Raises nothing: what is in the way is `trouble`, until it is not.
        """
        try:
            self.trust.require_one_history()
            sent = self.send()
            pause = self.follow()
        except errors.EntenteError as wrong:
            self.trouble = wrong
            self._failures += 1
            self.changed()
            return self._pause_after(wrong)
        self.trouble, self._failures = None, 0
        return 0.0 if sent else pause

    def _pause_after(self, wrong: errors.EntenteError) -> float:
        if isinstance(wrong, Throttled):
            return min(wrong.seconds, PAUSE_SECONDS_MAX)
        pause = min(PAUSE_SECONDS_MAX, FIRST_PAUSE_SECONDS * 2 ** min(self._failures, 10))
        return float(pause * random.uniform(0.5, 1.0))  # many services do not come back at the same moment

    # -- sending --------------------------------------------------------------------------------------------------------------

    def send(self) -> int:
        """Send one request's worth and file the answers; returns how many of them were a last word.

        Raises Unavailable where there was no answer, VerificationFailed for one that does not hold.
        """
        rows = self.batch()
        if not rows:
            return 0
        began = time.time()
        try:
            answers = self.site.send([row.item or b"" for row in rows])
        except errors.TooLarge as wrong:
            return self._send_less(rows, wrong)
        ended = time.time()
        self._batch_max = min(BATCH_ITEMS_MAX, self._batch_max * 2)
        answered = self._file(rows, answers)
        self._measure(answers, began, ended)
        if not answered:
            told = next((answer.problem for answer in answers if answer.problem), {}) or {}
            raise errors.Unavailable(str(told.get("detail", "the ledger takes nothing in now")))
        return answered

    def batch(self) -> list[Row]:
        """The rows of the next request: the first of each stream, within its limits."""
        taken: list[Row] = []
        size = 0
        for row in self.spool.next_to_send(self._batch_max):
            size += len(row.item or b"")
            if taken and size > BATCH_BYTES_MAX:
                break
            taken.append(row)
        return taken

    def _send_less(self, rows: Sequence[Row], wrong: errors.TooLarge) -> int:
        """A request was too large: try half of it next; what is too large alone is refused."""
        if len(rows) > 1:
            self._batch_max = max(1, len(rows) // 2)
            return 1
        problem = {"type": f"urn:entente:{wrong.code}", "status": 413, "detail": wrong.message}
        with self.spool.transaction():
            self.spool.park(rows[0], problem)
        self.changed()
        return 1

    def _file(self, rows: Sequence[Row], answers: Sequence[Answer]) -> int:
        """Keep each last word; a receipt only once it was verified. What was verified before one that fails is kept."""
        said = [(row, answer) for row, answer in zip(rows, answers, strict=True) if answer.is_final_word]
        sound: list[tuple[Row, Answer]] = []
        try:
            for row, answer in said:
                if answer.receipt is not None:
                    self.trust.verify_receipt(row, answer.receipt)
                sound.append((row, answer))
        finally:
            if sound:
                self._keep(sound)
        return len(said)

    def _keep(self, answered: Sequence[tuple[Row, Answer]]) -> None:
        with self.spool.transaction():
            for row, answer in answered:
                if answer.receipt is not None:
                    self.spool.recorded(row, {name: value for name, value in answer.receipt.items() if name != "proof"})
                else:
                    self.spool.park(row, answer.problem or {"status": answer.status})
        self._finality_pause = FINALITY_SECONDS
        self._follow_at = min(self._follow_at, time.monotonic() + FINALITY_SECONDS)
        self.changed()

    def _measure(self, answers: Iterable[Answer], began: float, ended: float) -> None:
        """What was recorded between two readings of the clock here bears the ledger's own reading."""
        for answer in answers:
            if answer.receipt is not None and answer.status == 201:
                recorded_at = parse_instant(str(answer.receipt["recorded_at"])) / 1_000_000
                self.clock = Clock((began + ended) / 2 - recorded_at, (ended - began) / 2)

    # -- following ------------------------------------------------------------------------------------------------------------

    def follow(self) -> float:
        """Look whether what is recorded is final by now; returns the seconds until it is worth looking again."""
        now = time.monotonic()
        if now < self._follow_at:
            return self._follow_at - now
        rows = self.spool.in_state("recorded", FOLLOWED_ROWS_MAX)
        if not rows:
            return FINALITY_SECONDS_MAX
        finished = self.trust.finish(rows)
        if finished:
            self._finality_pause = FINALITY_SECONDS
            self.changed()
        else:
            self._finality_pause = min(FINALITY_SECONDS_MAX, self._finality_pause * 1.5)
        self._follow_at = now + self._finality_pause
        return 0.0 if finished == FOLLOWED_ROWS_MAX else self._finality_pause
