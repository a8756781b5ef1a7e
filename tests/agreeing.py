"""Both verifiers of evidence bundles on one file: the one in Python, and the script of verify.html as shipped, under Node."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.bundling import verify_file
from ledger.evidence.browserpage import verifier_page
from ledger.formats.policy import parse_policy

DRIVER = Path(__file__).parent / "foreign" / "bundles.mjs"
REDERIVED = "answer-rederived"


def shipped_script() -> str:
    """What stands between the script tags of verify.html."""
    found = re.search(r'<script type="module">(.*)</script>', verifier_page().decode(), re.DOTALL)
    assert found is not None
    return found[1]


class Pair:
    """Asks both. `folder` takes the files they read."""

    def __init__(self, node: subprocess.Popen[str], folder: Path) -> None:
        self.node, self.folder = node, folder

    def browser(self, bundle: Path, policy: Path | None = None) -> dict[str, Any]:
        """The document of the browser's verifier."""
        assert self.node.stdin is not None and self.node.stdout is not None
        self.node.stdin.write(json.dumps({"bundle": str(bundle), "policy": policy and str(policy)}) + "\n")
        self.node.stdin.flush()
        told = self.node.stdout.readline()
        assert told, "the browser's verifier fell over: its own error stands on standard error"
        document: dict[str, Any] = json.loads(told)
        return document

    def python(self, bundle: Path, policy: Path | None = None) -> dict[str, Any]:
        """The document of `entente bundle verify --json`."""
        verdict = verify_file(bundle, policy and parse_policy(policy.read_bytes()))
        document: dict[str, Any] = json.loads(json.dumps(verdict.document))
        return document

    def differ(self, body: bytes, policy: bytes | None = None) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Both documents where they differ, else None. The rules of the figures are known to one of them only."""
        bundle, given = self.folder / "asked.zip", self.folder / "policy.txt"
        bundle.write_bytes(body)
        if policy is not None:
            given.write_bytes(policy)
        theirs = self.browser(bundle, None if policy is None else given)
        ours = self.python(bundle, None if policy is None else given)
        self.last = ours
        return None if agrees(ours, theirs) else (ours, theirs)


def agrees(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether two documents say the same, but for the rules of the figures, which the browser does not know (12.9, 12.10)."""
    if (ours.get("problem") or {}).get("code") == "answer-wrong":
        return theirs["verdict"] != "refused" and theirs["rederived"] is False
    if ours.get("rederived"):
        ours = ours | {"rederived": False, "proven": [one for one in ours["proven"] if one != REDERIVED]}
        theirs = theirs | {"not_proven": [one for one in theirs["not_proven"] if one != REDERIVED]}
    return json.dumps(ours, sort_keys=True) == json.dumps(theirs, sort_keys=True)


@contextmanager
def both(folder: Path) -> Iterator[Pair]:
    """A pair that lives as long as the block."""
    script = folder / "verify.mjs"
    script.write_text(shipped_script(), encoding="utf-8")
    command = ["node", str(DRIVER), str(script)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as node:
        try:
            yield Pair(node, folder)
        finally:
            assert node.stdin is not None
            node.stdin.close()
