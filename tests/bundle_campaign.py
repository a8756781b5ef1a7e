"""The bundles' row of the campaign: every single bit of a small bundle, and content changes by a forger who mends the rest.

What is not refused must mean nothing: the verdict stays what it was, and the change stands in a file on which nothing rests.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.bundle_forging import forged
from tests.bundles import FIGURE, STREAM, code_of, files_of, flipped, golden_policy, mended, replaced, verdict_of

MENDED_A_TURN = 2_500
UNREAD = ("RECIPE.txt", "verify.html")


def smallest() -> bytes:
    """A bundle of the entry that opens the log, and no other."""
    return forged([dict(files_of(STREAM))["entries/1"]])


def bundles(seed: int) -> dict[str, Any]:
    """All flips of the smallest bundle, then mended ones of the golden two; returns the row that is printed."""
    small, found = smallest(), 0
    assert code_of(small) == "internally-consistent"
    for bit in range(8 * len(small)):
        assert verdict_of(flipped(small, bit))["verdict"] == "refused", f"bit {bit} of the smallest bundle"
        found += 1
    rng, unread = Random(seed), 0
    for content in (STREAM, FIGURE):
        files, sound = files_of(content), verdict_of(content, golden_policy())
        for _ in range(MENDED_A_TURN // 2):
            name, body = files[rng.randrange(1, len(files))]
            bit = rng.randrange(8 * len(body))
            answer = verdict_of(mended(replaced(files, name, flipped(body, bit))), golden_policy())
            is_unread = name in UNREAD and answer == sound
            assert answer["verdict"] == "refused" or is_unread, f"bit {bit} of {name}"
            unread += is_unread
    assert found == 8 * len(small) and unread < MENDED_A_TURN // 4
    return {
        "row": "bundles",
        "flips": found,
        "mended": MENDED_A_TURN,
        "refused": found + MENDED_A_TURN - unread,
        "unread": unread,
    }
