"""The campaign of agreement: `entente bundle verify` and verify.html on thousands of spoilt bundles, one Node process for all.

Some are spoilt as by accident, some by who mends the manifest, and some by a forger who holds every key, so that the change
goes deeper than the lists and digests. Both must give the same document, down to the code and the file.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from ledger.formats.policy import format_policy
from tests.agreeing import Pair, both
from tests.bending import bent_bundle
from tests.bundles import FIGURE, STREAM, Files, files_of, flipped, golden_policy, mended, packed, replaced
from tests.forging import POLICY
from tests.reached import RESULTS, Reached

COMPARED_A_TURN = 2_500
# What a turn must reach, or it has compared too little: of how many refusals and verdicts, and how many bundles that are sound.
CODES_MIN, SOUND_MIN = 30, 50
GOLDEN = {content: files_of(content) for content in (STREAM, FIGURE)}
NAMES = (
    "../entries/1",
    "entries/01",
    "entries/9007199254740991",
    "sections/1-0.key",
    "reports/x.figures.json",
    "x" * 129,
    "a\x7f",
)


def bit(content: bytes, rng: Random) -> bytes:
    """One bit turned, anywhere."""
    return flipped(content, rng.randrange(8 * len(content)))


def files(content: bytes, rng: Random) -> bytes:
    """A file dropped, there twice, elsewhere, or one more; the manifest is mended or not."""
    changed = list(GOLDEN[content])
    at = rng.randrange(len(changed))
    way = rng.randrange(4)
    if way == 0:
        del changed[at]
    elif way == 1:
        changed.insert(rng.randrange(len(changed) + 1), changed[at])
    elif way == 2:
        changed.insert(rng.randrange(len(changed)), changed.pop(at))
    else:
        changed.insert(at, (rng.choice(NAMES), rng.randbytes(rng.choice([0, 32, 99]))))
    has_manifest = sum(name == "manifest.json" for name, _ in changed) == 1
    return mended(changed) if has_manifest and rng.random() < 0.7 else packed(changed)


def keys(content: bytes, rng: Random) -> bytes:
    """Two keys, signatures or proofs in each other's place, and everything listed as it then is."""
    found = GOLDEN[content]
    one = rng.choice(["checkpoint", "policy.txt", "keys.jsonl", "entries", "proofs"])
    if one == "proofs":
        return mended(_proofs_swapped(found, rng))
    named = [name for name, _ in found if name == one or (one == "entries" and name.startswith("entries/") and "." not in name)]
    name = rng.choice(named)
    body = dict(found)[name]
    pieces = body.split(b" " if one in ("policy.txt", "entries") else b"\n")
    first, second = rng.randrange(len(pieces)), rng.randrange(len(pieces))
    pieces[first], pieces[second] = pieces[second], pieces[first]
    swapped = (b" " if one in ("policy.txt", "entries") else b"\n").join(pieces)
    changed = replaced(found, name, swapped)
    if one == "checkpoint":  # every proof repeats it
        changed = [(n, b.removesuffix(body) + swapped if n.endswith(".tlog-proof") else b) for n, b in changed]
    return mended(changed)


def _proofs_swapped(found: Files, rng: Random) -> Files:
    proofs = [name for name, _ in found if name.endswith(".tlog-proof")]
    first, second = rng.sample(proofs, 2)
    bodies = dict(found)
    return replaced(replaced(found, first, bodies[second]), second, bodies[first])


def listed(content: bytes, rng: Random) -> bytes:
    """One bit of one file turned, and the manifest mended: what is found is found behind the digests."""
    found = GOLDEN[content]
    name, body = found[rng.randrange(1, len(found))]
    return mended(replaced(found, name, flipped(body, rng.randrange(8 * len(body)))))


WAYS: tuple[Callable[[bytes, Random], bytes], ...] = (bit, files, keys, listed)


def agreement(seed: int, compared: int = COMPARED_A_TURN) -> dict[str, Any]:
    """So many spoilt bundles, every third by a forger; returns the row that is printed."""
    began = time.monotonic()
    rng, ways, found = Random(seed), Counter[str](), Counter[str]()
    golden = format_policy(golden_policy())
    with tempfile.TemporaryDirectory(prefix="entente-campaign-") as folder, both(Path(folder)) as pair:
        for number in range(compared):
            if number % 3 == 0:
                body, done = bent_bundle(seed + number)
                way, policy = "forged", POLICY
            else:
                spoil = WAYS[number % len(WAYS)]
                way, done, policy = spoil.__name__, f"by {spoil.__name__}", golden
                body = spoil(rng.choice((STREAM, FIGURE)), rng)
            ways[way] += 1
            found[_said(pair, body, policy if rng.random() < 0.5 else None, f"seed {seed}, bundle {number}: {done}")] += 1
    verdicts = {word: found[word] for word in ("proven", "not-final", "internally-consistent")}
    if compared >= COMPARED_A_TURN:
        assert len(found) >= CODES_MIN and sum(verdicts.values()) >= SOUND_MIN, f"too little was reached: {found}"
        assert min(ways[way] for way in ("forged", *(spoil.__name__ for spoil in WAYS))) > compared // 10
    return {
        "row": "agreement",
        "compared": compared,
        "ways": dict(ways),
        "codes": len(found),
        "sound": sum(verdicts.values()),
        "seconds": round(time.monotonic() - began),
    }


def _said(pair: Pair, body: bytes, policy: bytes | None, what: str) -> str:
    return pair.require_agreement(body, policy, what).split(" ")[0]


def main() -> None:
    """This row alone: `python -m tests.agreement_campaign --compared 10000 --seed 1`."""
    parser = argparse.ArgumentParser(prog="python -m tests.agreement_campaign", description=__doc__)
    parser.add_argument("--compared", type=int, default=COMPARED_A_TURN)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    row = agreement(asked.seed, asked.compared)
    print(json.dumps({"seed": asked.seed, **row}), flush=True)
    reached = Reached(RESULTS)
    reached.add(asked.seed, row)
    for line in reached.so_far():
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
