"""A verifier of bundles in Go, written from docs/format.md by somebody who never saw our code, says what ours says.

`tests/foreign/bundleverify/AMBIGUITIES.md` is what its author found left open in that document.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.bending import bent_bundle
from tests.bundles import Golden, files_of, flipped, golden_policy, mended, replaced, verdict_of
from tests.test_bundle_rules import BESIDE
from tests.told import told

pytestmark = pytest.mark.foreign

SOURCES = Path(__file__).parent / "foreign" / "bundleverify"
RULES_OF_FIGURES = "answer-rederived"
FLIPS = 60
BENT = 200


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The verifier, built from its sources alone."""
    folder = tmp_path_factory.mktemp("bundleverify")
    built = folder / "bundleverify"
    cache = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOCACHE": str(folder / "cache"), "GO111MODULE": "on"}
    subprocess.run(["go", "build", "-o", str(built), "."], cwd=SOURCES, env=os.environ | cache, check=True, timeout=240)
    return built


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A stream's bundle and a figure's, with batch signatures, opened sections, sealed events, an index, all cosignatures."""
    folder = tmp_path_factory.mktemp("golden")
    golden = Golden(folder, f"sqlite:///{folder / 'ledger.sqlite'}").tell()
    golden.stream_bundle(folder / "stream.zip")
    golden.figure_bundle(folder / "figure.zip")
    return {name: (folder / f"{name}.zip").read_bytes() for name in ("stream", "figure")}


class Stranger:
    """Asks the foreign verifier and ours about the same bytes."""

    def __init__(self, program: Path, folder: Path, policy_file: bytes) -> None:
        self.program, self.folder = program, folder
        (folder / "policy.txt").write_bytes(policy_file)

    def says(self, content: bytes, *, with_policy: bool) -> dict[str, Any]:
        asked = self.folder / "asked.zip"
        asked.write_bytes(content)
        policy = ["-policy", str(self.folder / "policy.txt")] if with_policy else []
        done = subprocess.run([str(self.program), *policy, str(asked)], capture_output=True, timeout=60, check=False)
        assert done.returncode in (0, 1), done.stderr.decode()
        document: dict[str, Any] = json.loads(done.stdout)
        assert (document["verdict"] == "refused") == (done.returncode == 1)
        return document

    def agrees(self, content: bytes, *, with_policy: bool = True) -> str:
        """The code or the verdict that both give."""
        ours = verdict_of(content, golden_policy() if with_policy else None)
        theirs = self.says(content, with_policy=with_policy)
        if (ours["problem"] or {}).get("code") == "answer-wrong":  # it takes the rules of the figures to find
            assert theirs["verdict"] != "refused"
            return "answer-wrong"
        if ours.get("rederived"):
            assert theirs["rederived"] is False
            ours = ours | {"rederived": False, "proven": [code for code in ours["proven"] if code != RULES_OF_FIGURES]}
            theirs = theirs | {"not_proven": [code for code in theirs["not_proven"] if code != RULES_OF_FIGURES]}
        assert json.loads(json.dumps(ours)) == theirs
        return str(theirs["problem"]["code"] if theirs["problem"] else theirs["verdict"])


@pytest.fixture
def stranger(program: Path, bundles: dict[str, bytes], tmp_path: Path) -> Stranger:
    return Stranger(program, tmp_path, dict(files_of(bundles["stream"]))["policy.txt"])


@pytest.mark.parametrize("name", ["stream", "figure"])
def test_a_stranger_is_convinced_of_what_convinces_us_and_by_nothing_less(
    stranger: Stranger, bundles: dict[str, bytes], name: str
):
    assert stranger.agrees(bundles[name]) == "proven"
    assert stranger.agrees(bundles[name], with_policy=False) == "internally-consistent"


@pytest.mark.parametrize("name", ["stream", "figure"])
def test_any_changed_bit_is_refused_by_both_for_the_same_reason(stranger: Stranger, bundles: dict[str, bytes], name: str):
    content = bundles[name]
    for bit in Random(name).sample(range(8 * len(content)), FLIPS):
        assert stranger.agrees(flipped(content, bit), with_policy=bit % 2 == 0) not in ("proven", "internally-consistent"), bit


@pytest.mark.parametrize("name", ["stream", "figure"])
def test_a_forger_who_mends_the_digests_is_refused_by_both_for_the_same_reason(
    stranger: Stranger, bundles: dict[str, bytes], name: str
):
    files, dice, codes = files_of(bundles[name]), Random(name), set()
    inner = [n for n, _ in files if n not in ("manifest.json", "RECIPE.txt", "verify.html")]
    for victim in dice.sample(inner, min(len(inner), 45)):
        body = dict(files)[victim]
        at = dice.randrange(len(body))
        code = stranger.agrees(mended(replaced(files, victim, body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :])))
        assert code != "proven", victim
        without = stranger.agrees(mended([file for file in files if file[0] != victim]))
        # Without its index a bundle claims less: that the last version is the last.
        assert without != "proven" or victim.startswith("index/"), victim
        codes |= {code, without}
    assert len(codes) >= 6, codes


def test_a_stranger_says_the_same_of_every_forgery_told_elsewhere(stranger: Stranger):
    """The tables behind tests/told.py: what somebody makes who holds every key, and what he does to a file."""
    differing = {}
    for name, body in told().items():
        try:
            stranger.agrees(body)
            if name in BESIDE:  # whom a bundle's own policy asks decides, too
                stranger.agrees(body, with_policy=False)
        except AssertionError as wrong:
            differing[name] = str(wrong)[:400]
    assert not differing


def test_a_stranger_says_the_same_of_bundles_bent_at_random(stranger: Stranger):
    """Logs told by a forger with every key and bundles of them, each with about one thing wrong; now and then with nothing."""
    codes = Counter(stranger.agrees(bent_bundle(seed)[0], with_policy=seed % 8 == 0) for seed in range(BENT))
    assert codes["internally-consistent"] >= 3 and len(codes) >= 15, codes
