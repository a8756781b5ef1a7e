"""verify.html, the second verifier of evidence bundles, against the first: same verdict, same code, same file, on every input.

It was written from docs/format.md alone and shares no code with ours. Node runs the very script that is shipped.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from api.cli import main
from api.cli.demo import NIGHT
from ledger.errors import BadNote
from ledger.evidence import browserpage
from ledger.formats.policy import format_policy, parse_policy
from tests.agreeing import both
from tests.agreement_campaign import COMPARED_A_TURN, agreement
from tests.bending import bent_bundle, bent_policy
from tests.bundles import FIGURE, STREAM, flipped, golden_policy
from tests.forging import POLICY
from tests.test_bundle_rules import BESIDE
from tests.told import told

pytestmark = pytest.mark.foreign

BENT = 320
CODES_MIN, SOUND_MIN = 28, 30
BITS = 60
SEED = 20_150_827
SOURCES = sorted((Path(browserpage.__file__).parent / "browser").iterdir())
FILE_LINES_MAX, LINE_MAX, FUNCTION_LINES_MAX = 350, 128, 50
# What reaches the network, makes code of text, or markup of data.
REACHING = re.compile(
    r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|eval|innerHTML|outerHTML|insertAdjacentHTML|"
    r"document\.write|localStorage|sessionStorage|indexedDB|setAttributeNS|DOMParser|serviceWorker)\b|new Function|import\("
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    with both(tmp_path_factory.mktemp("both")) as pair:
        yield pair


# -- agreement --------------------------------------------------------------------------------------------------------------


def test_both_verifiers_say_the_same_of_what_a_forger_with_every_key_can_make(pair):
    found = Counter()
    for seed in range(SEED, SEED + BENT):
        body, done = bent_bundle(seed)
        policy = POLICY if seed % 2 else None
        found[pair.require_agreement(body, policy, f"seed {seed}, {done}").split(" ")[0]] += 1
    sound = found["internally-consistent"] + found["not-final"] + found["proven"]
    assert len(found) >= CODES_MIN and sound >= SOUND_MIN, f"too little was reached: {found}"


def test_a_slice_of_the_campaign_finds_no_disagreement():
    """A tenth of a turn: bits, files, keys, what a mended manifest lists, and forgers."""
    row = agreement(SEED, COMPARED_A_TURN // 10)
    assert row["ways"].keys() == {"forged", "bit", "files", "keys", "listed"}
    assert row["codes"] >= CODES_MIN and row["sound"] >= 8


def test_both_verifiers_say_the_same_of_every_forgery_told_elsewhere(pair):
    """The tables behind tests/told.py, where each case says which code it is for."""
    policy = format_policy(golden_policy())
    for name, body in told().items():
        pair.require_agreement(body, policy, name)
        if name in BESIDE:  # whom a bundle's own policy asks decides, too
            pair.require_agreement(body, None, name)


@pytest.mark.parametrize("content", [STREAM, FIGURE], ids=["stream", "figure"])
def test_both_verifiers_say_the_same_of_the_golden_bundles_and_their_bits(pair, content):
    policy = format_policy(golden_policy())
    assert pair.require_agreement(content, policy, "sound") == "proven"
    assert pair.require_agreement(content, None, "sound, without a policy") == "internally-consistent"
    rng = Random(SEED)
    for bit in (rng.randrange(8 * len(content)) for _ in range(BITS)):
        assert pair.require_agreement(flipped(content, bit), policy, f"bit {bit}") != "proven"


def test_both_verifiers_read_a_policy_from_elsewhere_alike(pair, tmp_path):
    """Those that are none are refused by both before a bundle is looked at."""
    body, _ = bent_bundle(SEED)
    (tmp_path / "bundle.zip").write_bytes(body)
    read, ask = 0, {"bundle": str(tmp_path / "bundle.zip"), "policy": str(tmp_path / "policy.txt")}
    for seed in range(120):
        policy = bent_policy(Random(seed))
        (tmp_path / "policy.txt").write_bytes(policy)
        try:
            parse_policy(policy)
        except BadNote:
            assert "refused" in pair.node.ask(ask), f"policy {seed}"
        else:
            read += 1
            pair.require_agreement(body, policy, f"policy {seed}")
    assert 20 < read < 100


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Bundles of every kind of question, made by the command line from an invented night, and the policy of the home."""
    folder = tmp_path_factory.mktemp("made")
    home = folder / "home"
    for command in (["exercise", "run", str(NIGHT)], ["checkpoint"], ["cosign", "london"], ["cosign", "paris"]):
        assert main(["--home", str(home), *command]) == 0
    kinds = {
        "stream": ["--stream", "INC-A3"],
        "period": ["--from", "2015-08-26T22:00:00Z", "--to", "2015-08-27T02:00:00Z", "--withhold", "rescues=purpose"],
        "figure": ["--figure", "gb:G1:2015-08-26", "--withhold", "rescues=purpose"],
        "opened": ["--figure", "fr:F3:2015-08-27", "--withhold", "rescues=purpose", "--open", "81:inner"],
        "bare": ["--stream", "INC-A1", "--without-verifier"],
    }
    for name, options in kinds.items():
        assert main(["--home", str(home), "bundle", "create", *options, "--out", str(folder / f"{name}.zip")]) == 0
    return folder, kinds, home / "policy.txt"


def test_both_verifiers_say_the_same_of_sound_bundles_of_every_kind(pair, made):
    folder, kinds, policy = made
    for name in kinds:
        body = (folder / f"{name}.zip").read_bytes()
        assert pair.require_agreement(body, policy.read_bytes(), name) == "proven"
        assert pair.require_agreement(body, None, name) == "internally-consistent"


def test_a_browser_without_cryptography_of_its_own_comes_to_the_same_verdict(made, tmp_path):
    """On a page that was not got safely there is no WebCrypto; what stands in for it decides the same."""
    folder, _, policy = made
    without = tmp_path / "without.cjs"
    without.write_text("Object.defineProperty(globalThis, 'crypto', { value: undefined, configurable: true });\n")
    with both(tmp_path, "--require", str(without)) as pair:
        for name in ("stream", "opened"):
            assert pair.require_agreement((folder / f"{name}.zip").read_bytes(), policy.read_bytes(), name) == "proven"
        for seed in range(SEED, SEED + 20):
            body, done = bent_bundle(seed)
            pair.require_agreement(body, POLICY, f"seed {seed}, {done}")


# -- what is shipped --------------------------------------------------------------------------------------------------------


def test_the_page_has_the_same_bytes_wherever_it_is_made(tmp_path, capsys):
    out = tmp_path / "verify.html"
    assert main(["--json", "bundle", "page", "--out", str(out)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest() == browserpage.verifier_sha256()
    program = "from ledger.evidence.browserpage import verifier_sha256; print(verifier_sha256())"
    again = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert again.stdout.strip() == document["sha256"]


def test_the_digest_that_is_published_is_the_pages() -> None:
    """A change of the page that is not published would look like a forgery to whoever compares."""
    published = (Path(browserpage.__file__).parents[2] / "docs" / "verifier.md").read_text()
    newest = next(line for line in published.splitlines() if line.startswith(("| unreleased |", "| 0.")))
    page = browserpage.verifier_page()
    assert newest.split(" | ")[1:] == [f"`{hashlib.sha256(page).hexdigest()}`", f"{len(page):,} |"]


def test_a_bundle_brings_the_page_that_is_published(made):
    folder, kinds, _ = made
    for name in kinds:
        assert (browserpage.verifier_page() in (folder / f"{name}.zip").read_bytes()) == (name != "bare")


def test_the_page_says_first_where_to_get_it_and_lets_nothing_in_or_out():
    page = browserpage.verifier_page().decode()
    first = page.split("\n", 1)[0]
    assert first.startswith("<!--") and first.endswith("-->") and "entente bundle page" in first and "sha256sum" in first
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    allowed = dict(part.split(" ", 1) for part in policy[1].split("; "))
    assert allowed.pop("default-src") == allowed.pop("base-uri") == allowed.pop("form-action") == "'none'"
    assert allowed.keys() == {"script-src", "style-src"}
    assert all(re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", source) for source in allowed.values())
    assert not re.search(r"\b(src|href|action|srcset|ping|background)=", page.split("<script", 1)[0])


@pytest.mark.parametrize("path", [path for path in SOURCES if path.suffix == ".js"], ids=lambda path: path.name)
def test_the_sources_keep_the_rules_of_the_house(path):
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert lines[0].startswith("// "), "a module says first what it is about"
    assert len(lines) <= FILE_LINES_MAX
    assert not [n for n, line in enumerate(lines, 1) if len(line) > LINE_MAX]
    assert not (found := REACHING.search(text)), f"{found and found[0]}: the page reaches nothing and makes no code or markup"
    functions = re.finditer(r"^(?:export )?(?:async )?function .*?^\}$", text, re.MULTILINE | re.DOTALL)
    assert not [found[0].split("(")[0] for found in functions if found[0].count("\n") >= FUNCTION_LINES_MAX]
