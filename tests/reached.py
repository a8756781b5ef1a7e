"""What the campaigns at one commit reached together: the sizes they aim at are sums over many turns."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
# What a row says of itself that does not add up.
NOT_COUNTED = frozenset({"seconds", "took_seconds", "codes"})


class Reached:
    """The rows of all campaigns at one commit, one JSON line each in a file of `folder` that bears its name."""

    def __init__(self, folder: Path, commit: str | None = None) -> None:
        self.commit = _commit() if commit is None else commit
        self._path = folder / f"campaign-{self.commit}.jsonl"

    def add(self, seed: int, row: dict[str, Any]) -> None:
        """Keep a row, unless the tree is not what the commit has: nobody could repeat it."""
        if self.commit:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"seed": seed, **row}) + "\n")

    def so_far(self) -> Iterator[dict[str, Any]]:
        """The sums of each row's counts, on each store; the same seed run again shows nothing new and is counted once."""
        if not self._path.exists():
            return
        sums: dict[tuple[str, str], Counter[str]] = {}
        seen = set()
        for line in self._path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            what = (row["row"], row.get("store", ""))
            if (what, row["seed"]) not in seen:
                seen.add((what, row["seed"]))
                sums.setdefault(what, Counter()).update(_counts(row))
        for (name, store), counts in sums.items():
            yield {"so_far": name, **({"store": store} if store else {}), "commit": self.commit, **counts}


def _counts(row: dict[str, Any]) -> dict[str, int]:
    is_count = {name: type(value) is int and name != "seed" and name not in NOT_COUNTED for name, value in row.items()}
    return {"runs": 1, **{name: value for name, value in row.items() if is_count[name]}}


def _commit() -> str:
    """The commit that the tree is as it stands, or nothing."""

    def told(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    return "" if told("status", "--porcelain", "--untracked-files=no") else told("rev-parse", "--short=12", "HEAD")
