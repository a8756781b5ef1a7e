"""What works beside the answering and fails: nobody would know, and nothing would be final any more."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import pytest

from api import workers
from api.app import create_app, log_parts
from api.workers import Workers
from ledger.evidence.collecting import Collector
from tests.served import serving
from tests.story import told_in
from tests.test_health import counted, ready


def until(is_so: object, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


def failing(times: int, ran: threading.Event) -> workers.Run:
    """Works once it failed so often."""
    left = [times]

    def run(stop: threading.Event) -> None:
        if left[0]:
            left[0] -= 1
            raise KeyError("a name that is in no log line")
        ran.set()
        stop.wait()

    return run


def test_a_worker_that_fails_is_named_counted_and_started_again(caplog: pytest.LogCaptureFixture) -> None:
    ran = threading.Event()
    kept = Workers({"collector": failing(2, ran), "daily": lambda stop: [None for _ in [stop.wait()]]}, retry_seconds=0.01)  # type: ignore[func-returns-value, list-item]
    kept.start()
    try:
        assert ran.wait(10)
        assert kept.standing() == {"collector": (True, 2), "daily": (True, 0)}
        (problem,) = kept.problems()
        assert problem.startswith("the worker collector failed, 2 times") and problem.endswith("it was started again")
    finally:
        kept.stop()
    assert "the worker collector failed: KeyError at tests.test_workers:" in caplog.text
    assert "a name that is in no log line" not in caplog.text + problem


def test_a_worker_that_ends_by_itself_failed_too() -> None:
    kept = Workers({"gossip": lambda _: None}, retry_seconds=60)
    kept.start()
    try:
        until(lambda: kept.standing() == {"gossip": (False, 1)})
        assert "it ended by itself" in kept.problems()[0] and "will be started again" in kept.problems()[0]
    finally:
        kept.stop()


def test_nothing_is_said_of_a_worker_that_has_worked_long_enough_since(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = threading.Event()
    kept = Workers({"follower": failing(1, ran)}, retry_seconds=0.01)
    kept.start()
    try:
        assert ran.wait(10) and kept.problems()
        monkeypatch.setattr(workers, "STEADY_SECONDS", 0.0)
        until(lambda: not kept.problems())
        assert kept.standing() == {"follower": (True, 1)}
    finally:
        kept.stop()


def test_a_service_whose_collector_failed_is_not_ready_and_works_on(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing would become final, and every append would be answered as before."""
    round_of, left = Collector.round, [1]

    def fails_once(self: Collector) -> bool:
        if left[0]:
            left[0] -= 1
            raise ZeroDivisionError
        return round_of(self)

    monkeypatch.setattr(Collector, "round", fails_once)
    caplog.set_level(logging.ERROR)
    with told_in(tmp_path, store_url) as story, serving(story.home) as service:
        until(lambda: counted(service).get(("entente_worker_failures", "collector")) == 1)
        until(lambda: counted(service)["entente_worker_working", "collector"] == 1)
        status, said = ready(service)
        assert status == 503 and any(reason.startswith("the worker collector failed, 1 times") for reason in said["reasons"])
        assert counted(service)["entente_ready",] == 0
        assert service.get("/healthz", "nobody").status_code == 200
        assert ready(service, "nobody") == (503, {"ready": False})


def test_a_collector_that_is_started_again_asks_again(tmp_path: Path, store_url: str) -> None:
    """Its threads end with it; a pool that was shut down would take no more work."""
    with told_in(tmp_path, store_url) as story:
        collector = log_parts(story.home, {}, {}).collector
        assert collector is not None
        for _ in range(2):
            stop = threading.Event()
            stop.set()
            collector.run(stop)
        assert collector._threads.submit(lambda: 1).result(5) == 1


def test_every_worker_of_a_site_is_kept(tmp_path: Path, store_url: str) -> None:
    with told_in(tmp_path, store_url) as story:
        parts = log_parts(story.home, {}, {"london": str(tmp_path)})
        assert set(parts.workers()) == {"gossip", "collector", "daily"}
        kept: Workers = create_app(parts).state.workers
        assert set(kept.standing()) == set(parts.workers())
