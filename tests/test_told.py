"""What verifiers are asked to agree about leaves no refusal of the document out, and is written for whoever has no Python."""

from __future__ import annotations

import json
from pathlib import Path

from projections.wording.bundles import PROBLEMS
from tests.bundles import code_of, golden_policy, verdict_of
from tests.told import ARCHIVES, told, write

LARGE = {"too-large"}  # a file of more than a gigabyte, which only the page is shown (tests/test_verify_page.py)


def test_every_refusal_is_the_answer_to_some_bundle() -> None:
    codes = {code_of(content, golden_policy()) for content in told().values()}
    assert codes == PROBLEMS.keys() - LARGE | {"proven"}


def test_whoever_writes_a_verifier_gets_them_as_files(tmp_path: Path) -> None:
    assert write(tmp_path / "told", ARCHIVES) == len(ARCHIVES) == len(list((tmp_path / "told").glob("*.zip")))
    verdicts = json.loads((tmp_path / "told" / "verdicts.json").read_text(encoding="utf-8"))
    for name, row in verdicts.items():
        content = (tmp_path / "told" / name).read_bytes()
        assert content == ARCHIVES[row["told"]]
        assert row["without a policy"] == json.loads(json.dumps(verdict_of(content)))
