"""What works beside the answering, each in a thread of its own: whoever ends too early is named, counted, started again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from api.traces import place_of

STOP_SECONDS_MAX = 10.0
RETRY_SECONDS, RETRY_SECONDS_MAX = 1.0, 60.0
STEADY_SECONDS = 60.0
"""So long a worker that was started again must last before nothing is said of it any more."""

Run = Callable[[threading.Event], None]
"""Works until its event is set."""

_log = logging.getLogger(__name__)


class Workers:
    """The workers of one process, by names that operators read."""

    def __init__(self, runs: Mapping[str, Run], retry_seconds: float = RETRY_SECONDS) -> None:
        self._workers = {name: _Worker(name, run, retry_seconds) for name, run in runs.items()}
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Set all of them to work."""
        for name, worker in self._workers.items():
            thread = threading.Thread(target=worker.keep, args=(self._stop,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Let each end, and wait for it."""
        self._stop.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS_MAX)

    def problems(self) -> list[str]:
        """Which of them failed, and have not worked since for long enough."""
        return [what for worker in self._workers.values() if (what := worker.problem())]

    def standing(self) -> dict[str, tuple[bool, int]]:
        """For each whether it works, and how often it failed."""
        return {name: (worker.is_working, worker.failures) for name, worker in self._workers.items()}


class _Worker:
    def __init__(self, name: str, run: Run, retry_seconds: float) -> None:
        self.name = name
        self.run = run
        self.failures = 0
        self.is_working = False
        self._retry_seconds = retry_seconds
        self._why = ""
        self._since = 0.0

    def keep(self, stop: threading.Event) -> None:
        """Work, and after a failure again, ever later."""
        wait = self._retry_seconds
        while not stop.is_set():
            self._since, self.is_working = time.monotonic(), True
            try:
                self.run(stop)
                why = "it ended by itself"
            except Exception as wrong:  # noqa: BLE001 - whatever it is, the others work on and somebody must hear of it
                # The message may quote what was read: it is no part of the log.
                why = f"{type(wrong).__name__} at {place_of(wrong.__traceback__)}"
            self.is_working = False
            if stop.is_set():
                return
            self._why = why
            self.failures += 1
            _log.error("the worker %s failed: %s", self.name, why)
            lasted = time.monotonic() - self._since
            wait = self._retry_seconds if lasted > STEADY_SECONDS else min(2 * wait, RETRY_SECONDS_MAX)
            stop.wait(wait)

    def problem(self) -> str:
        """What an operator is told, or nothing."""
        if not self.failures or (self.is_working and time.monotonic() - self._since > STEADY_SECONDS):
            return ""
        now = "it was started again" if self.is_working else "it will be started again"
        return f"the worker {self.name} failed, {self.failures} times since this process began ({self._why}); {now}"
