"""Threads that run admission's first stage, one a core: more would only pass the interpreter lock around between them.

Sixty callers that each checked on their own thread would wake, and wait for the interpreter, twice an event; handed over to as
many threads as there are cores, the same checks leave the callers asleep until they are answered.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar, cast

CHECKERS = os.cpu_count() or 1

R = TypeVar("R")
Job = Callable[[], None]


class Checkers:
    """A fixed number of threads and their jobs. A job must not raise."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()

    def run(self, job: Job) -> None:
        """Run a job soon. The threads start with the first one."""
        if not self._threads:
            self._start()
        self._jobs.put(job)

    def call(self, work: Callable[[], R]) -> Callable[[], R]:
        """Do some work soon; what is returned waits for its result, or raises what it raised."""
        done: SimpleQueue[tuple[R | None, BaseException | None]] = SimpleQueue()

        def job() -> None:
            try:
                done.put((work(), None))
            except BaseException as wrong:  # noqa: BLE001 (raised again in the thread that waits for it)
                done.put((None, wrong))

        def wait() -> R:
            result, wrong = done.get()
            if wrong is not None:
                raise wrong
            return cast(R, result)

        self.run(job)
        return wait

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
        while (job := self._jobs.get()) is not None:
            job()

    def close(self) -> None:
        """Finish what was handed over, and stop."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []
