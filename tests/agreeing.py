"""Both verifiers of evidence bundles on one file: the one in Python, and the script of verify.html as shipped, under Node."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.bundling import verify_file
from ledger.evidence.browserpage import verifier_page
from ledger.formats.policy import parse_policy

FOREIGN = Path(__file__).parent / "foreign"
REDERIVED = "answer-rederived"


def shipped_script() -> str:
    """What stands between the script tags of verify.html."""
    found = re.search(r'<script type="module">(.*)</script>', verifier_page().decode(), re.DOTALL)
    assert found is not None
    return found[1]


class Node:
    """A program under tests/foreign/ that has the shipped script, and answers line by line in JSON."""

    def __init__(self, program: str, folder: Path, *options: str) -> None:
        script = folder / f"{program}.verify.mjs"
        script.write_text(shipped_script(), encoding="utf-8")
        node = shutil.which("node")
        assert node is not None, "node is missing; as root: apt-get install nodejs"
        command = [node, *options, str(FOREIGN / program), str(script)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )  # the caller closes it

    def ask(self, question: Any) -> Any:
        """Its answer to one question."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        told = self.process.stdout.readline()
        assert told, "node fell over: its own error stands on standard error"
        return json.loads(told)

    def close(self) -> None:
        """Let it end."""
        with self.process as process:
            assert process.stdin is not None
            process.stdin.close()


class Pair:
    """Asks both. `folder` takes the files they read; `last` is the document the Python verifier gave last."""

    def __init__(self, node: Node, folder: Path) -> None:
        self.node, self.folder = node, folder
        self.last: dict[str, Any] = {}

    def browser(self, bundle: Path, policy: Path | None = None) -> dict[str, Any]:
        """The document of the browser's verifier."""
        document: dict[str, Any] = self.node.ask({"bundle": str(bundle), "policy": policy and str(policy)})
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

    def require_agreement(self, body: bytes, policy: bytes | None, what: str) -> str:
        """Fail where they differ; otherwise the code of the refusal, or the verdict."""
        found = self.differ(body, policy)
        assert found is None, f"{what}: Python says {told(found[0])}, the browser {told(found[1])}"
        return told(self.last)


def told(document: dict[str, Any]) -> str:
    """The code and file of a refusal, or the verdict."""
    problem = document.get("problem")
    if problem is None:
        return str(document["verdict"])
    return f"{problem['code']} {problem['file']}" if problem["file"] else str(problem["code"])


def agrees(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether two documents say the same, but for the rules of the figures, which the browser does not know (12.9, 12.10)."""
    if (ours.get("problem") or {}).get("code") == "answer-wrong":
        return theirs["verdict"] != "refused" and theirs["rederived"] is False
    if ours.get("rederived"):
        ours = ours | {"rederived": False, "proven": [one for one in ours["proven"] if one != REDERIVED]}
        theirs = theirs | {"not_proven": [one for one in theirs["not_proven"] if one != REDERIVED]}
    return json.dumps(ours, sort_keys=True) == json.dumps(theirs, sort_keys=True)


@contextmanager
def both(folder: Path, *options: str) -> Iterator[Pair]:
    """A pair that lives as long as the block; `options` are Node's."""
    node = Node("bundles.mjs", folder, *options)
    try:
        yield Pair(node, folder)
    finally:
        node.close()
