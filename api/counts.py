"""What a service counts of itself, as Prometheus reads it: how much, how often, how long, never of what or of whom.

A label is the name of a route, a code of our own, a nation's view or a worker; none can take a value that a caller chose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from api.readiness import Standing
from ledger import errors
from ledger.store.group import Answer

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Counts:
    """One process's counts, from its start on; what Prometheus adds up over several."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._appended = self._counter("events_appended", "Events recorded, each once.")
        self._repeated = self._counter("events_repeated", "Events sent again that were on record.")
        self._refused = self._counter("events_refused", "Events not recorded, by the reason's code.", "code")
        self._requests = self._counter("requests", "Requests answered.", "method", "route", "status")
        self._limited = self._counter("requests_limited", "Requests kept out by a limit, by the answer's code.", "code")
        self._failed = self._counter("requests_failed", "Requests answered with a status of 500 or more.", "status")
        self._seconds = Histogram(
            "entente_append_seconds", "From a whole append's arrival to its answer.", buckets=SECONDS, registry=self._registry
        )
        self._running = self._gauge("requests_running", "Requests being answered.")
        self._gauges = {
            "head": self._gauge("log_entries", "Entries in the log."),
            "tail_entries": self._gauge("tail_entries", "Entries that are not final yet."),
            "tail_seconds": self._gauge("tail_seconds", "Since when the oldest of them was recorded."),
            "clock_behind_seconds": self._gauge("clock_behind_seconds", "How far the last entry is ahead of the clock."),
            "disk_free_bytes": self._gauge("disk_free_bytes", "Room on the disk of the home."),
        }
        self._ready = self._gauge("ready", "1 where /readyz says so.")
        self._views = {
            name: self._gauge(f"view_behind_{name}", f"By how many {name} a view is behind the log.", "view")
            for name in ("entries", "seconds")
        }

        self._working = self._gauge("worker_working", "1 for a worker of this process that works.", "worker")
        self._worker_failures = self._gauge("worker_failures", "How often a worker failed since the process began.", "worker")

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"entente_{name}", about, labels, registry=self._registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"entente_{name}", about, labels, registry=self._registry)

    def append_answered(self, answers: Sequence[Answer], seconds: float) -> None:
        """An append was answered, item by item, after so many seconds; a dry run's receipts count for nothing."""
        self._seconds.observe(seconds)
        for answer in answers:
            if isinstance(answer, errors.EntenteError):
                self._refused.labels(answer.code).inc()
            elif answer.status != "admissible":
                (self._appended if answer.is_new else self._repeated).inc()

    def request_answered(self, method: str, route: str, status: int) -> None:
        """A request was answered. `method` and `route` are of a fixed set (traces.py)."""
        self._requests.labels(method, route, str(status)).inc()
        if status >= 500:
            self._failed.labels(str(status)).inc()

    def request_limited(self, code: str) -> None:
        """A request was kept out."""
        self._limited.labels(code).inc()

    def text(self, standing: Standing, running: int, workers: Mapping[str, tuple[bool, int]], *, is_ready: bool) -> bytes:
        """Everything, as Prometheus reads it. What the store did not tell is NaN."""
        told: dict[str, Any] = vars(standing)
        for name, gauge in self._gauges.items():
            gauge.set(float("nan") if told[name] is None else told[name])
        for nation, view in standing.views.items():
            self._views["entries"].labels(nation.lower()).set(view.entries)
            self._views["seconds"].labels(nation.lower()).set(view.seconds)
        for name, (is_working, failures) in workers.items():
            self._working.labels(name).set(is_working)
            self._worker_failures.labels(name).set(failures)
        self._ready.set(is_ready)
        self._running.set(running)
        return generate_latest(self._registry)
