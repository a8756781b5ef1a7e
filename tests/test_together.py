"""What would make a request get another's answer, or wait for ever, where several are worked on together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from api.together import Together


def test_each_gets_its_own_answer_and_no_lot_is_larger_than_it_may_be() -> None:
    lots: list[int] = []

    def work(jobs: Sequence[int]) -> list[int]:
        lots.append(len(jobs))
        return [job * job for job in jobs]

    async def ask() -> list[int]:
        together = Together(work, at_once=2, jobs_max=7)
        return await asyncio.gather(*(together.do(n) for n in range(100)))

    assert asyncio.run(ask()) == [n * n for n in range(100)]
    assert max(lots) == 7 and sum(lots) == 100


def test_no_more_lots_are_on_their_way_than_may_be() -> None:
    guard, running, most = threading.Lock(), 0, 0

    def work(jobs: Sequence[int]) -> list[int]:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.002)
        with guard:
            running -= 1
        return list(jobs)

    async def ask() -> None:
        together = Together(work, at_once=2, jobs_max=3)
        await asyncio.gather(*(together.do(n) for n in range(60)))

    asyncio.run(ask())
    assert most == 2


def test_what_goes_wrong_is_told_to_that_lot_and_the_next_is_worked_on() -> None:
    def work(jobs: Sequence[int]) -> list[int]:
        if 0 in jobs:
            raise ValueError("nought")
        return list(jobs)

    async def ask() -> list[int | BaseException]:
        together = Together(work, at_once=1, jobs_max=5)
        return await asyncio.gather(*(together.do(n) for n in range(10)), return_exceptions=True)

    answers = asyncio.run(ask())
    assert all(isinstance(answer, ValueError) for answer in answers[:5]) and answers[5:] == [5, 6, 7, 8, 9]


def test_whoever_stops_waiting_takes_nobodys_answer_away() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work(jobs: Sequence[str]) -> list[str]:
        begun.set()
        go_on.wait(10)
        return [job.upper() for job in jobs]

    async def ask() -> list[str]:
        together = Together(work, at_once=1, jobs_max=10)
        first = asyncio.create_task(together.do("a"))
        await asyncio.to_thread(begun.wait, 10)
        others = [asyncio.create_task(together.do(name)) for name in "bcd"]
        await asyncio.sleep(0)
        others[1].cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await others[1]
        return [await first, await others[0], await others[2]]

    assert asyncio.run(ask()) == ["A", "B", "D"]
