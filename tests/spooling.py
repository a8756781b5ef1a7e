"""Kill -9 of a service while it states and sends, and of the ledger it sends to: every event exactly once, in order.

Run as a program it is a warm parent: it has imported everything and opened nothing, so that a service or a server is forked in
a millisecond. The server's socket is the parent's; a server that is killed leaves its callers waiting for the next one.

    python -m tests.spooling HOME TOKENFILE --kills 200 --seed 7     prints one JSON object

`--plant` makes the service send without its spool remembering what was signed: then the campaign must fail.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import socket
import struct
import time
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NoReturn

import uvicorn

from api import serving
from api.app import create_app, log_parts
from api.client import Ledger
from api.client.spool import Spool
from api.home import Home
from ledger import errors
from ledger.formats import strict
from ledger.formats.entry import split_entry
from tests.coast import AT, attempt

STREAMS = 5
LIFE_SECONDS = (0.0, 0.1)
"""From a service's first word on, or from its beginning where it is killed early."""
KILLED_EARLY_OF_TEN = 3
FIRST_WORD_SECONDS_MAX = 10.0
SERVER_KILLS_OF_TEN = 2
SAID_IN_A_LIFE_MAX = 500
NUMBER = struct.Struct(">I")
DRAIN_SECONDS = 60


@dataclass
class Campaign:
    """What the parent knows: the numbers that the service says are on its disk."""

    home: Path
    token: str
    seed: int
    planted: bool = False
    client_kills: int = 0
    server_kills: int = 0
    spooled: int = 0
    in_doubt: int = 0
    entries: int = 0
    seconds: float = 0.0
    numbers: list[int] = field(default_factory=list, repr=False)

    def run(self, kills: int) -> Campaign:
        """Kill so many services, and some servers meanwhile; then let what is left arrive, and look at every event."""
        began = time.monotonic()
        chance = random.Random(self.seed)
        with closing(serving.bind("127.0.0.1:0")) as bound:
            server = forked(lambda: self._serve(bound))
            for _ in range(kills):
                reading, writing = os.pipe()
                service = forked(lambda writing=writing: self._state(bound, writing))  # type: ignore[misc]
                os.close(writing)
                if chance.randrange(10) >= KILLED_EARLY_OF_TEN:
                    select.select([reading], [], [], FIRST_WORD_SECONDS_MAX)
                time.sleep(chance.uniform(*LIFE_SECONDS))
                if chance.randrange(10) < SERVER_KILLS_OF_TEN:
                    ended(server)
                    self.server_kills += 1
                    time.sleep(chance.uniform(0, 0.02))
                    server = forked(lambda: self._serve(bound))
                ended(service)
                self.client_kills += 1
                self._hear(reading)
                self._count_doubts()
            self._finish(bound)
            ended(server)
        self._look()
        self.seconds = round(time.monotonic() - began, 1)
        return self

    # -- the two that are killed ---------------------------------------------------------------------------------------------

    def _serve(self, bound: socket.socket) -> None:
        with Home.open(self.home) as home:
            uvicorn.Server(serving.configuration(create_app(log_parts(home, {}, {})))).run(sockets=[bound])

    def _ledger(self, bound: socket.socket) -> Ledger:
        home = self.home
        return Ledger(
            serving.url_of(bound), token=self.token, key=home / "keys" / "service-BF.pem", policy=home / "policy.txt",
            spool=home.parent / "killed.sqlite",
        )  # fmt: skip

    def _state(self, bound: socket.socket, writing: int) -> None:
        """State one after the other until killed; what `append` came back from, the parent is told."""
        if self.planted:
            Spool.keep = lambda *_: None  # type: ignore[method-assign]
            Ledger.receipt = lambda *_: None  # type: ignore[method-assign,assign,return-value]
        with self._ledger(bound) as ledger:
            number = self.client_kills * SAID_IN_A_LIFE_MAX
            while True:
                with suppress(errors.Unavailable):  # before it was introduced, and nothing was said
                    ledger.append(attempt(number), stream=f"INC-{number % STREAMS}", occurred_at=AT)
                    os.write(writing, NUMBER.pack(number))
                    number += 1

    # -- what the parent looks at --------------------------------------------------------------------------------------------

    def _hear(self, reading: int) -> None:
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        self.numbers += [each for (each,) in NUMBER.iter_unpack(said[: len(said) // NUMBER.size * NUMBER.size])]

    def _count_doubts(self) -> None:
        """What is on record by now, and the service that died did not know."""
        with closing(Spool(self.home.parent / "killed.sqlite")) as spool, Home.open(self.home) as home:
            for row in spool.next_to_send(STREAMS):
                with suppress(errors.NotFound):
                    home.reader.receipt(row.event_id)
                    self.in_doubt += 1

    def _finish(self, bound: socket.socket) -> None:
        ledger = self._ledger(bound).begin()
        ledger.drain(DRAIN_SECONDS)
        counts = ledger.spool.counts()
        assert (counts["waiting"], counts["parked"]) == (0, 0), counts
        with Home.open(self.home) as home:
            for site in ("london", "paris"):
                home.cosign(site)
        while ledger.spool.counts()["recorded"]:
            assert ledger.trust.finish(ledger.spool.in_state("recorded")), "nothing becomes final"
        ledger.close(0)

    def _look(self) -> None:
        """Each event once; each stream in the order in which it was said; the author's sequence without a gap."""
        found: list[int] = []
        sequence: list[int] = []
        with Home.open(self.home) as home:
            for stream in range(STREAMS):
                payloads = [strict.parse(split_entry(entry)[3]) for _, entry in home.reader.stream_entries(f"INC-{stream}")]
                numbers = [payload["data"]["outcomes"]["repelled"] for payload in payloads]
                assert numbers == sorted(numbers), f"overtaken on INC-{stream}"
                found += numbers
                sequence += [payload["author_seq"] for payload in payloads]
        assert len(found) == len(set(found)), "recorded twice"
        missing = set(self.numbers) - set(found)
        assert not missing, f"{len(missing)} of {len(self.numbers)} that were on disk are not on record"
        assert sorted(sequence) == list(range(1, len(found) + 1)), "the author's sequence has a gap"
        self.spooled, self.entries = len(self.numbers), len(found)


def forked(work: Callable[[], None]) -> int:
    """A child that does this until it is killed; returns its process id."""
    child = os.fork()
    if not child:
        _work(work)
    return child


def _work(work: Callable[[], None]) -> NoReturn:
    try:
        work()
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
    os._exit(1)


def ended(child: int) -> None:
    """Kill a child and wait for its end."""
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main() -> None:
    """Run one campaign."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("token", type=Path)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant", action="store_true")
    given = parser.parse_args()
    found = Campaign(given.home, given.token.read_text().strip(), given.seed, given.plant).run(given.kills)
    document = {name: value for name, value in asdict(found).items() if name not in ("home", "token", "numbers")}
    print(json.dumps(document))


if __name__ == "__main__":
    main()
