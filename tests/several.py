"""Many clients at several services of one ledger: what they sent and when, what they were told, and whether it is so."""

from __future__ import annotations

import base64
import http.client
import json
import random
import threading
import time
from bisect import bisect_left
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from urllib.parse import urlsplit

from api.authoring import Author, compose
from api.home import Home
from api.registrar import sealers
from ledger import errors
from ledger.formats import envelope, merkle, note, proof
from ledger.formats.entry import format_instant, split_entry

CLIENTS = 12
STREAMS = 7
PAUSE_SECONDS = 0.02
ANSWER_SECONDS_MAX = 30
RETRY_SECONDS = 0.05


@dataclass(frozen=True)
class Told:
    """One event as its client saw it: when it was first sent and when it was answered, where, and by which service."""

    payload: bytes
    began: float
    ended: float
    position: int
    is_new: bool
    proof: bytes
    service: int


class Clients:
    """As many as wait for an answer each. `urls` are where the services are; one that moved is replaced there.

    Whoever gets no answer sends the same bytes again, to whichever service is next. `broken` counts what nobody knew the fate
    of then, `unavailable` the answers of services that live and could not record.
    """

    def __init__(self, home: Home, token: str, urls: list[str]) -> None:
        self.home = home
        self.urls = urls
        self.told: list[Told] = []
        self.sent: list[bytes] = []
        self.refused: list[str] = []
        self.broken = 0
        self.unavailable = 0
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._author = Author("BF", "GB", home.key("service-BF"))
        self._sealers = sealers(home)
        self._finish = threading.Event()
        self._threads = [threading.Thread(target=self._state, args=(n,), daemon=True) for n in range(CLIENTS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody have the answer that he waits for, and end."""
        self._finish.set()
        for thread in self._threads:
            thread.join(2 * ANSWER_SECONDS_MAX)
            assert not thread.is_alive(), "a client was never answered"

    def _state(self, client: int) -> None:
        chance = random.Random(client)
        links: dict[str, http.client.HTTPConnection] = {}
        while not self._finish.is_set():
            stream = f"INC-{chance.randrange(STREAMS)}"
            item = self._item(stream, chance.randrange(1, 9))
            self.sent.append(item.payload)
            self._send(item, json.dumps(envelope.format_item(item)).encode(), links, chance)
            time.sleep(chance.uniform(0, PAUSE_SECONDS))

    def _item(self, stream: str, persons: int) -> envelope.Submitted:
        now = time.time_ns() // 1_000
        unsigned = {"type": "incident.attempt_recorded", "stream": stream, "data": {"outcomes": {"repelled": persons}}}
        unsigned["occurred_at"] = format_instant(now)
        return compose(unsigned, self._author, self.home.settings.origin, self._sealers, now)

    def _send(
        self, item: envelope.Submitted, body: bytes, links: dict[str, http.client.HTTPConnection], chance: random.Random
    ) -> None:
        began = time.monotonic()
        service = chance.randrange(len(self.urls))
        while True:
            url = self.urls[service]
            try:
                status, said = _posted(links, url, body, self._headers)
            except ConnectionRefusedError:
                links.pop(url, None)
            except (OSError, http.client.HTTPException):
                links.pop(url, None)
                self.broken += 1
            else:
                if status in (200, 201):
                    carried = base64.b64decode(said["proof"])
                    self.told.append(
                        Told(item.payload, began, time.monotonic(), said["position"], status == 201, carried, service)
                    )
                    return
                if status != 503:
                    self.refused.append(f"{status}: {said}")
                    return
                self.unavailable += 1
            time.sleep(RETRY_SECONDS)
            service = (service + 1) % len(self.urls)


def _posted(links: dict[str, http.client.HTTPConnection], url: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    link = links.get(url)
    if link is None:
        link = links[url] = http.client.HTTPConnection(urlsplit(url).netloc, timeout=ANSWER_SECONDS_MAX)
    link.request("POST", "/v1/events", body, headers)
    answer = link.getresponse()
    return answer.status, json.loads(answer.read())


class Watcher:
    """Reads the log while it grows, and the checkpoint that each service gives out."""

    def __init__(self, home: Home, token: str, urls: list[str]) -> None:
        self.home = home
        self.urls = urls
        self.checkpoints: list[bytes] = []
        self.positions: list[int] = []
        self._headers = {"Authorization": f"Bearer {token}"}
        self._finish = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._finish.set()
        self._thread.join(ANSWER_SECONDS_MAX)

    def _watch(self) -> None:
        while not self._finish.wait(0.02):
            with suppress(errors.Unavailable):
                self.positions += [position for position, _ in self.home.reader.entries(len(self.positions), 1_000)]
            for url in list(self.urls):
                link = http.client.HTTPConnection(urlsplit(url).netloc, timeout=ANSWER_SECONDS_MAX)
                try:
                    link.request("GET", "/checkpoint", headers=self._headers)
                    answer = link.getresponse()
                    said = answer.read()
                    if answer.status == 200:
                        self.checkpoints.append(said)
                except (OSError, http.client.HTTPException):
                    pass  # it was killed
                finally:
                    link.close()


def assert_as_told(clients: Clients, checkpoints: list[bytes]) -> int:
    """What was sent is on record, each once and where its author was told, in the order of the answers; returns the size.

    `checkpoints` are what left the house in one order: with those of the receipts, all are of one log that only grew.
    """
    home = clients.home
    assert not clients.refused, clients.refused[:3]
    placed = home.reader.entries(0, 10**9)
    assert [position for position, _ in placed] == list(range(1, len(placed) + 1)), "positions have a gap"
    stated: dict[bytes, list[int]] = {}
    for position, entry in placed:
        stated.setdefault(split_entry(entry)[3], []).append(position)
    assert all(len(positions) == 1 for positions in stated.values()), "an event is on record twice"
    for told in clients.told:
        assert stated.get(told.payload) == [told.position], f"the event acknowledged at {told.position} is not there"
    by_clients = set(clients.sent)
    assert len(clients.told) == len(clients.sent) == len(by_clients), "somebody was not answered"
    assert not [told for told in clients.told if not told.is_new and not clients.broken + clients.unavailable]
    _assert_order(clients.told)
    roots = _roots([entry for _, entry in placed])
    last = 0
    for signed in checkpoints:
        size, root = _checkpoint(home, signed)
        assert roots[size] == root, f"the checkpoint of size {size} is not of this log"
        assert size >= last, f"after the checkpoint of size {last} one of size {size} was given out"
        last = size
    for told in clients.told:
        found = proof.parse_proof(told.proof)
        size, root = _checkpoint(home, found.checkpoint)
        assert roots[size] == root and found.leaf_index == told.position - 1 < size, f"the receipt of {told.position} forks"
        merkle.verify_inclusion(merkle.hash_leaf(placed[found.leaf_index][1]), found.leaf_index, size, found.path, root)
    return len(placed)


def _assert_order(told: list[Told]) -> None:
    """Whatever was acknowledged before something else was first sent stands before it."""
    by_end = sorted(told, key=lambda one: one.ended)
    ends = [one.ended for one in by_end]
    highest = [0, *accumulate((one.position for one in by_end), max)]
    for one in told:
        assert highest[bisect_left(ends, one.began)] < one.position, f"{one.position} was sent after what stands behind it"


def _roots(entries: list[bytes]) -> list[bytes]:
    frontier, roots = merkle.Frontier(), [merkle.Frontier().root()]
    for entry in entries:
        frontier.extend([merkle.hash_leaf(entry)])
        roots.append(frontier.root())
    return roots


def _checkpoint(home: Home, signed: bytes) -> tuple[int, bytes]:
    verifier = note.NoteVerifier(note.VerifierKey(home.settings.origin, note.ED25519_NOTE, home.key("log").public))
    found = note.parse_checkpoint(note.open_note(signed, [verifier]).text)
    return found.size, found.root
