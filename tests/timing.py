"""Whether the time of an answer says anything of what London sealed: `python -m tests.timing --rounds 60`, by hand.

Two ledgers that differ in what London sealed alone are asked the same, in turns and in an order that is drawn, by somebody who
may know nothing of it; for each question it is counted how often the one was slower than the other. Were they alike that is a
coin: a question whose count a fair coin has less than once in a hundred campaigns of this size is named, and the exit is 1.
The same is done with London's own auditor, who is told two stories: there it must be seen, or nothing could have been.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

from tests.postgres import running_postgres
from tests.questions import Question
from tests.twins import Twins, twins_in

BLIND, TOLD = "FR auditor", "GB auditor"
ROUNDS = 60
ALARMS_A_CAMPAIGN = 0.01
WARMING_ROUNDS = 2
LEFT_OUT = ("/changes", ".xlsx", ".ods", ".parquet")
"""A stream that goes on, and forms that are made in a hundred times the time from the rows of others."""


def seconds(twins: Twins, at: int, pair: tuple[Question, Question], who: str, *, reason: bool) -> float:
    """How long one of the twins takes to answer."""
    began = time.perf_counter()
    twins[at].ask(who, pair[at], reason=reason)
    return time.perf_counter() - began


def coin(slower: int, rounds: int) -> float:
    """How likely a fair coin is this far from half, or further."""
    far = abs(slower - rounds / 2)
    return sum(math.comb(rounds, n) for n in range(rounds + 1) if abs(n - rounds / 2) >= far) / 2**rounds


def campaign(twins: Twins, who: str, rounds: int, seed: int) -> dict[str, Any]:
    """Every question that somebody may put with a GET, asked of both; see the module."""
    rng = Random(seed)
    asked = [
        ((one, other), reason)
        for one, other in zip(twins.one.questions, twins.other.questions, strict=True)
        if one.method == "get" and not one.path.partition("?")[0].endswith(LEFT_OUT) and (who in one.to or not one.to)
        for reason in ((False, True) if one.looks else (False,))
    ]
    taken: list[list[tuple[float, float]]] = [[] for _ in asked]
    gc.disable()
    for turn in range(WARMING_ROUNDS + rounds):
        for n in rng.sample(range(len(asked)), len(asked)):
            pair, reason = asked[n]
            order = rng.sample((0, 1), 2)
            took = {at: seconds(twins, at, pair, who, reason=reason) for at in order}
            if turn >= WARMING_ROUNDS:
                taken[n].append((took[0], took[1]))
        gc.collect()
    gc.enable()
    return {
        "who": who,
        "rounds": rounds,
        "questions": len(asked),
        **_judged(taken, [pair[0].path for pair, _ in asked], rounds),
    }


def _judged(taken: Sequence[Sequence[tuple[float, float]]], paths: Sequence[str], rounds: int) -> dict[str, Any]:
    chances = [coin(sum(one > other for one, other in row), rounds) for row in taken]
    apart = [statistics.median(one - other for one, other in row) for row in taken]
    usual = [statistics.median(one for one, _ in row) for row in taken]
    limit = ALARMS_A_CAMPAIGN / len(taken)
    named = sorted((chance, path) for chance, path in zip(chances, paths, strict=True) if chance < limit)
    return {
        "median_ms": round(1e3 * statistics.median(usual), 3),
        "median_difference_us": round(1e6 * statistics.median(apart), 1),
        "largest_difference_us": round(1e6 * max(map(abs, apart)), 1),
        "least_chance": min(chances),
        "named_below": limit,
        "named": [{"path": path, "chance": chance} for chance, path in named][:20],
        "named_in_all": len(named),
    }


def main() -> int:
    """Measure on both stores; 1 where somebody can tell, or where London's own auditor could not."""
    parser = argparse.ArgumentParser(prog="python -m tests.timing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    wrong = False
    with running_postgres() as server, tempfile.TemporaryDirectory(prefix="entente-timing-") as folder, ExitStack() as stack:
        for store in ("sqlite", "postgresql"):
            place = Path(folder) / store
            place.mkdir()
            twins = stack.enter_context(twins_in(place, server if store == "postgresql" else None))
            for who in (BLIND, TOLD):
                row = campaign(twins, who, asked.rounds, asked.seed)
                wrong |= bool(row["named"]) == (who == BLIND)
                print(json.dumps({"store": store, **row}), flush=True)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
