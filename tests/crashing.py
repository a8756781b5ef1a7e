"""Kill -9 of a writing process, again and again: nothing acknowledged is lost, nothing has a gap, every doubt resolves.

Run as a program it is a warm parent of its own: it has imported everything and opened nothing, so that a writer is forked in
a millisecond. The parent is the client. It holds the signed bytes, hears of each append through a pipe (begun, acknowledged),
kills the writer at a random moment, and has the next one send again whatever was not acknowledged.

    python -m tests.crashing URL --kills 200 --seed 7     prints one JSON object

`--plant` makes the writer acknowledge one batch in three without committing it: then the campaign must fail.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import select
import signal
import struct
import sys
import threading
import time
from dataclasses import asdict, dataclass, field

from ledger.formats.envelope import Submitted
from ledger.store.application import Ledger
from ledger.store.receipt import Receipt
from tests.scribe import LOG_KEY, ORIGIN, SET_UP_ENTRIES, Scribe, opened
from tests.soundness import assert_sound

PENDING_EVENTS = 160
WRITER_THREADS = 3
BATCH_EVENTS = 7
LIFE_SECONDS = (0.0, 0.05)
STREAMS = 12

BEGUN, NEW, KNOWN = 0, 1, 2
MESSAGE = struct.Struct(">BIQ")  # what happened, number of the event, its position


@dataclass
class Campaign:
    """What the client knows: every event it ever sent, and what it was told about each."""

    url: str
    seed: int
    planted: bool = False
    kills: int = 0
    acknowledged: int = 0
    in_doubt: int = 0
    found_on_record: int = 0
    entries: int = 0
    seconds: float = 0.0
    events: list[Submitted] = field(default_factory=list, repr=False)
    positions: dict[int, int] = field(default_factory=dict, repr=False)
    pending: list[int] = field(default_factory=list, repr=False)
    doubted: set[int] = field(default_factory=set, repr=False)

    def run(self, kills: int) -> Campaign:
        """Set up, kill so many writers, send the rest again, and look at every row."""
        began = time.monotonic()
        with opened(self.url):
            pass
        chance = random.Random(self.seed)
        scribe = Scribe()
        for _ in range(kills):
            self._refill(scribe)
            self._live_and_die(chance.uniform(*LIFE_SECONDS))
        self._finish()
        self.seconds = round(time.monotonic() - began, 1)
        return self

    def _refill(self, scribe: Scribe) -> None:
        while len(self.pending) < PENDING_EVENTS:
            self.pending.append(len(self.events))
            self.events.append(scribe.attempt(f"INC-{len(self.events) % STREAMS}"))

    def _live_and_die(self, seconds: float) -> None:
        """One writer's life: at least until it has opened the ledger, at most until it has recorded everything."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _write(self, writing)
        os.close(writing)
        heard = b""
        deadline = None
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([reading], [], [], left)
            if not ready:
                break
            some = os.read(reading, 65_536)
            if not some:
                break
            deadline = deadline or time.monotonic() + seconds
            heard += some
        os.kill(child, signal.SIGKILL)
        while some := os.read(reading, 65_536):
            heard += some
        os.close(reading)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), f"the writer ended by itself, with status {status}"
        self.kills += 1
        self._hear(heard)

    def _hear(self, heard: bytes) -> None:
        """Believe what was said before the kill; whatever was begun and not acknowledged is in doubt."""
        begun = set()
        for what, number, position in MESSAGE.iter_unpack(heard):
            if what == BEGUN:
                begun.add(number)
                continue
            self._acknowledge(number, position, is_new=what == NEW)
        self.pending = [number for number in self.pending if number not in self.positions]
        doubted = begun - self.positions.keys()
        self.in_doubt += len(doubted)
        self.doubted |= doubted

    def _acknowledge(self, number: int, position: int, *, is_new: bool) -> None:
        assert self.positions.setdefault(number, position) == position, f"event {number} was acknowledged at two positions"
        self.acknowledged += 1
        if not is_new:
            assert number in self.doubted, f"event {number} was on record before it was ever sent"
            self.found_on_record += 1

    def _finish(self) -> None:
        """Send the rest, and compare the log with everything that was ever acknowledged."""
        with Ledger.open(self.url, log_key=LOG_KEY, origin=ORIGIN) as ledger:
            for number in self.pending:
                receipt = ledger.append(self.events[number])
                self._acknowledge(number, receipt.position, is_new=receipt.is_new)
            self.entries = assert_sound(ledger)
            assert sorted(self.positions.values()) == list(range(SET_UP_ENTRIES + 1, self.entries + 1))
            stored = dict(ledger.entries(0, self.entries))
            for number, position in self.positions.items():
                assert stored[position].endswith(self.events[number].payload), f"entry {position} is not what was sent"

    def told(self) -> dict[str, object]:
        """The counts, for floors and for the record."""
        hidden = ("events", "positions", "pending", "doubted")
        return {name: value for name, value in asdict(self).items() if name not in hidden}


def _write(campaign: Campaign, pipe: int) -> None:
    """The writer's whole life; it never returns, and leaves nothing of its parent's behind."""
    try:
        ledger = Ledger.open(campaign.url, log_key=LOG_KEY, origin=ORIGIN)
        if campaign.planted:
            _plant(ledger)
        events, pending = campaign.events, campaign.pending
        parts = [pending[n::WRITER_THREADS] for n in range(WRITER_THREADS)]
        threads = [threading.Thread(target=_append, args=(ledger, events, part, pipe, n)) for n, part in enumerate(parts)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        signal.pause()
    except BaseException as wrong:  # noqa: BLE001 (told to the parent's terminal; the parent sees no kill and fails)
        print(f"writer: {wrong!r}", file=sys.stderr, flush=True)
    os._exit(3)


def _append(ledger: Ledger, events: list[Submitted], numbers: list[int], pipe: int, thread: int) -> None:
    """One thread appends one by one, the others in small batches; each message is one write, so none is torn."""
    step = 1 if thread == 0 else BATCH_EVENTS
    for at in range(0, len(numbers), step):
        some = numbers[at : at + step]
        os.write(pipe, b"".join(MESSAGE.pack(BEGUN, number, 0) for number in some))
        answers = [ledger.append(events[some[0]])] if step == 1 else ledger.append_many([events[n] for n in some])
        for number, answer in zip(some, answers, strict=True):
            if isinstance(answer, Receipt):
                os.write(pipe, MESSAGE.pack(NEW if answer.is_new else KNOWN, number, answer.position))
            else:
                print(f"writer: {answer!r}", file=sys.stderr, flush=True)


def _plant(ledger: Ledger) -> None:
    writer = ledger.sequencer._writer
    commit, turn = writer.commit, itertools.count(1)
    writer.commit = lambda batch: writer.abandon() if next(turn) % 3 == 0 else commit(batch)  # type: ignore[method-assign]


def main() -> None:
    """The command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--plant", action="store_true", help="a writer that does not commit all it acknowledges")
    given = parser.parse_args()
    print(json.dumps(Campaign(given.url, given.seed, given.plant).run(given.kills).told()))


if __name__ == "__main__":
    main()
