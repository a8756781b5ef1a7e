"""Requests that each bring one thing, taken together by one thread: what comes while others are worked on waits for them.

A thread for each request costs more than recording one event does. Nobody waits longer for it: whoever comes when fewer than
`at_once` lots are on their way starts the next, and all who come meanwhile are in the one after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import anyio
import anyio.to_thread

Job = TypeVar("Job")
Result = TypeVar("Result")


class Together(Generic[Job, Result]):
    """Lots of jobs, each done by one call of `work` in a thread, which returns their results in the same order.

    All of it belongs to one event loop. An exception among the results is raised to whom it belongs to; one that `work` raises,
    to each who waits for that lot.
    """

    def __init__(self, work: Callable[[Sequence[Job]], Sequence[Result | Exception]], *, at_once: int, jobs_max: int) -> None:
        """`at_once` lots are on their way at most, of `jobs_max` jobs each at most."""
        self._work = work
        self._jobs_max = jobs_max
        self._at_once = at_once
        self._threads = anyio.CapacityLimiter(at_once)
        self._waiting: list[tuple[Job, asyncio.Future[Result]]] = []
        self._lots: set[asyncio.Task[None]] = set()

    async def do(self, job: Job) -> Result:
        """The result of a job, done with whichever others wait. Whoever stops waiting does not stop the job."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, done))
        if len(self._lots) < self._at_once:
            lots = asyncio.create_task(self._take_lots())
            self._lots.add(lots)
            lots.add_done_callback(self._lots.discard)
        return await done

    async def _take_lots(self) -> None:
        while self._waiting:
            lot, self._waiting = self._waiting[: self._jobs_max], self._waiting[self._jobs_max :]
            jobs = [job for job, _ in lot]
            try:
                results = await anyio.to_thread.run_sync(self._work, jobs, limiter=self._threads)
            except Exception as wrong:  # noqa: BLE001 - it is raised to each who waits
                results = [wrong] * len(lot)
            for (_, done), result in zip(lot, results, strict=True):
                if done.done():
                    continue  # nobody waits any more
                if isinstance(result, Exception):
                    done.set_exception(result)
                else:
                    done.set_result(result)
