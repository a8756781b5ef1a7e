"""Two services and two followers on one PostgreSQL, under load, some of them killed: one order, each event once, one log."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from api.tokens import Holder, issue
from tests.coast import Coast
from tests.processes import Process
from tests.several import Clients, Watcher, assert_as_told

LOAD_SECONDS = 1.5
CAUGHT_UP_SECONDS_MAX = 30
ACKNOWLEDGED_MIN, TURNS_MIN, CHECKPOINTS_MIN = 150, 40, 20

LOCKS_NOBODY_OUT = """
from ledger.store import postgres
postgres.BEGIN = postgres.BEGIN.replace("xact_lock(", "xact_lock_shared(")
"""
SKIPS = """
from ledger.store.reader import LogReader
entries = LogReader.entries
LogReader.entries = lambda self, after, limit: entries(self, after + (after > 60), limit)
"""


@dataclass
class Centre:
    """One home on one PostgreSQL, two processes that serve it and two that follow the log for both nations' views."""

    coast: Coast
    services: list[Process]
    followers: list[Process]
    killed: list[str] = field(default_factory=list)

    def kill(self, which: str, number: int, urls: list[str]) -> None:
        """Kill -9 one of them, and start it again."""
        process = getattr(self, which)[number]
        assert process.process.poll() is None, f"one of the {which} has ended by itself: {process.said}"
        process.kill(signal.SIGKILL)
        process.start()
        if which == "services":
            urls[number] = process.url
        self.killed.append(which)


def centre_at(folder: Path, url: str, stack: ExitStack, *, service: str = "", follower: str = "") -> Centre:
    """A centre that serves and follows; the arguments are defects planted in the first service and in both followers."""
    coast = Coast(folder, url)
    stack.callback(coast.close)
    processes = [
        Process(*words, "--home", coast.home.path, plant=plant)
        for words, plant in (
            (("serve", "--port", 0), service), (("serve", "--port", 0), service),
            (("project", "all", "--follow"), follower), (("project", "all", "--follow"), follower),
        )
    ]  # fmt: skip
    for process in processes:
        stack.callback(process.kill)
    return Centre(coast, processes[:2], processes[2:])


def go_through(centre: Centre, run: Callable[..., Any], kills: tuple[tuple[str, int], ...]) -> dict[str, int]:
    """Load, with these killed one after the other; then everything is compared with everything. Returns the counts."""
    home = centre.coast.home
    urls = [service.url for service in centre.services]
    clients = Clients(home, centre.coast.tokens["BF"], urls)
    watcher = Watcher(home, issue(home.path, Holder("reader", "monitor")), urls)
    clients.start()
    for which, number in kills:
        time.sleep(LOAD_SECONDS)
        centre.kill(which, number, urls)
    time.sleep(LOAD_SECONDS)
    clients.stop()
    watcher.stop()
    size = assert_as_told(clients, watcher.checkpoints)
    assert watcher.positions == list(range(1, len(watcher.positions) + 1)), "a reader of the growing log missed a position"
    assert clients.unavailable == 0, f"{clients.unavailable} answers of services that lived were that they could not record"
    digests = followed(centre, size)
    assert digests == {nation: rebuilt(centre, nation) for nation in home.nations}, "what was followed is not what is rebuilt"
    code, said, _ = run("--home", home.path, "verify", "--json")
    assert code == 0, said
    services = [told.service for told in sorted(clients.told, key=lambda one: one.position)]
    return {
        "acknowledged": len(clients.told), "in_doubt": clients.broken, "checkpoints": len(set(watcher.checkpoints)),
        "turns": sum(a != b for a, b in pairwise(services)), "by_one": min(Counter(services).values()),
    }  # fmt: skip


def followed(centre: Centre, size: int) -> dict[str, str]:
    """The digests of both views once they have everything. Whoever follows goes on to do so, and had nothing to say."""
    home = centre.coast.home
    ends_at = time.monotonic() + CAUGHT_UP_SECONDS_MAX
    while any((p := (s := home.view_store(n)).progress(s.live())) is None or p.position < size for n in home.nations):
        said = [line for follower in centre.followers for line in follower.said]
        assert time.monotonic() < ends_at and not said, f"the views stay behind: {said}"
        time.sleep(0.02)
    for follower in centre.followers:
        assert follower.process.poll() is None and not follower.said, f"a follower had this to say: {follower.said}"
    return {nation: home.projector(nation).digest() for nation in home.nations}


def rebuilt(centre: Centre, nation: str) -> str:
    """The digest of a view that is made again from the first entry."""
    projector = centre.coast.home.projector(nation)
    projector.rebuild()
    return projector.digest()


@pytest.mark.crash
@pytest.mark.slow
def test_two_services_and_two_followers_make_one_log_and_one_view_each(
    tmp_path: Path, postgres_url: str, run: Callable[..., Any]
) -> None:
    """Whoever of them is killed -9 and started again. The floors are asserted: without load and doubts nothing is shown."""
    kills = (("services", 0), ("followers", 0))
    with ExitStack() as stack:
        centre = centre_at(tmp_path, postgres_url, stack)
        counts = go_through(centre, run, kills)
        print(counts)
        assert centre.killed == [which for which, _ in kills]
        assert counts["acknowledged"] >= ACKNOWLEDGED_MIN and counts["by_one"] >= ACKNOWLEDGED_MIN // 5, counts
        assert counts["in_doubt"] >= 1 and counts["turns"] >= TURNS_MIN and counts["checkpoints"] >= CHECKPOINTS_MIN, counts


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ({"service": LOCKS_NOBODY_OUT}, "could not record"),
        ({"follower": SKIPS}, "had this to say|stay behind|by itself"),
    ],
    ids=["no lock", "a follower that skips"],
)
def test_a_defect_in_one_of_them_is_found(
    tmp_path: Path, postgres_url: str, run: Callable[..., Any], planted: dict[str, str], found: str
) -> None:
    """A load that passes then would pass with anything."""
    with ExitStack() as stack:
        centre = centre_at(tmp_path, postgres_url, stack, **planted)
        with pytest.raises(AssertionError, match=found):
            go_through(centre, run, ())
