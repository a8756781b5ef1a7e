"""What would make the campaigns' sums say more than was done."""

from __future__ import annotations

from pathlib import Path

from tests.reached import Reached

ROW = {"row": "forks", "store": "sqlite", "forks": 200, "codes": 42, "ways": {"bit": 3}, "took_seconds": 3}


def test_a_seed_run_twice_counts_once_and_each_store_alone(tmp_path: Path) -> None:
    reached = Reached(tmp_path, "abc")
    for seed, store in ((1, "sqlite"), (1, "sqlite"), (2, "sqlite"), (1, "postgresql")):
        reached.add(seed, {**ROW, "store": store})
    assert list(Reached(tmp_path, "abc").so_far()) == [
        {"so_far": "forks", "store": "sqlite", "commit": "abc", "runs": 2, "forks": 400},
        {"so_far": "forks", "store": "postgresql", "commit": "abc", "runs": 1, "forks": 200},
    ]


def test_another_commits_rows_and_those_of_a_changed_tree_are_not_counted(tmp_path: Path) -> None:
    Reached(tmp_path, "abc").add(1, ROW)
    Reached(tmp_path, "").add(1, ROW)
    assert not list(Reached(tmp_path, "def").so_far()) and not list(Reached(tmp_path, "").so_far())
