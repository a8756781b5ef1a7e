"""How much of the verifier the tests hold: its code is changed in small ways, and some test must notice each change.

`make mutate` prints a score for each module; `make mutate MUTATE_ARGS="ledger/formats/merkle.py"` measures some alone, and
`--survivors` shows every change that no test noticed. What is measured, what is not and why survivors are harmless is in
docs/mutation.md. Each module is judged by the fast tests that speak to it directly, in a copy of the tree; it is never part of
`make test`.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT / ".venv" / "mutation"
UNTOLD = "what is said"
SLOW = (
    "postgres or million or as_many_files or flipped_bit or another_canonicaliser or night or report_is_bound or too_late"
    " or holds_nobody_up"
)

BUNDLE = ("test_bundle_refusals", "test_bundle_tampering", "test_bundle_forgeries")
JUDGES: dict[str, tuple[str, ...]] = {
    "ledger/evidence/bundle.py": ("test_bundle_verdict", BUNDLE[0]),
    "ledger/evidence/bundle_zip.py": BUNDLE[:2],
    "ledger/evidence/bundle_names.py": ("test_bundle_names", *BUNDLE[:2]),
    "ledger/evidence/bundle_manifest.py": ("test_bundle_manifest", BUNDLE[1]),
    "ledger/evidence/bundle_entries.py": (
        "test_bundle_entries",
        "test_bundle_inner",
        "test_bundle_verdict",
        BUNDLE[0],
        BUNDLE[2],
    ),
    "ledger/evidence/bundle_reading.py": ("test_bundle_inner",),
    "ledger/evidence/bundle_inner.py": ("test_bundle_inner",),
    "ledger/evidence/bundle_claims.py": ("test_bundle_claims", BUNDLE[0], BUNDLE[2]),
    "ledger/formats/merkle.py": ("test_merkle",),
    "ledger/formats/note.py": ("test_note",),
    "ledger/formats/cosignature.py": ("test_cosignature",),
    "ledger/formats/policy.py": ("test_policy",),
    "ledger/formats/proof.py": ("test_proof",),
    "ledger/formats/proven.py": ("test_proven", "test_envelope"),
    "ledger/formats/entry.py": ("test_entry",),
    "ledger/formats/strict.py": ("test_strict", "test_events_strictly"),
    "ledger/formats/keys.py": ("test_keys",),
    "ledger/formats/envelope.py": ("test_envelope", "test_proven"),
    "ledger/formats/equivocation.py": ("test_equivocation_proof",),
    "ledger/formats/streamproof.py": ("test_streamindex",),
    "ledger/formats/streamindex.py": ("test_streamindex",),
    "ledger/formats/tiles.py": ("test_tiles",),
    "ledger/formats/sealing.py": ("test_sealing",),
    "ledger/formats/policies.py": ("test_policies",),
    "ledger/events/approvals.py": ("test_key_steps",),
    "ledger/events/key_steps.py": ("test_key_steps",),
    "ledger/events/keys.py": ("test_key_ring", "test_key_steps"),
    "ledger/evidence/checks.py": ("test_checks",),
    "ledger/evidence/beside.py": ("test_beside",),
    "ledger/evidence/sealed.py": ("test_sealed_rules",),
    "ledger/evidence/memory.py": ("test_cosigner_state",),
    "ledger/evidence/folder.py": ("test_folder", "test_tamper_files"),
    "ledger/evidence/exported.py": ("test_exported",),
    "ledger/evidence/walk.py": ("test_walk",),
    "ledger/evidence/verify.py": ("test_verified",),
    "ledger/evidence/timestamping.py": ("test_timestamping",),
    "ledger/evidence/stamps.py": ("test_stamps",),
    "ledger/evidence/bracket.py": ("test_brackets",),
}
"""What decides about hostile evidence, and the test files that judge each module."""


def untold(source: str) -> str:
    """The source with every text that an error says on lines of its own, so marked that it is left as it is.

    What a message says is for people; which error it is, its code and the place it names are part of the verdict and changed.
    """
    marks = {
        (node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0)
        for node in _messages(ast.parse(source))
    }
    lines = source.splitlines()
    for first, begin, last, end in sorted(marks, reverse=True):
        tail = lines[last - 1].encode()[end:].decode()
        body = [lines[first - 1].encode()[begin:].decode(), *lines[first:last]]
        body[-1] = body[-1].removesuffix(tail) + ("," if tail.startswith(",") else "")
        head = lines[first - 1].encode()[:begin].decode()
        lines[first - 1 : last] = [head, *(f"{line}  # {UNTOLD}" for line in body), tail.removeprefix(",")]
    return "\n".join(lines) + "\n"


def _messages(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            at = 1 if name in ("BadBundle", "Found") else 0 if name.startswith("errors.") else len(node.args)
            yield from node.args[at : at + 1]
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "remedy")


def measure(module: str, children: int, *, show: bool) -> tuple[int, int]:
    """(mutants, killed) of one module; prints its line, and what no test noticed where asked."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        copy = Path(folder)
        _copy(copy)
        path = copy / module
        path.write_text(untold(path.read_text()))
        tests = [f"tests/{name}.py" for name in JUDGES[module] if (copy / f"tests/{name}.py").exists()]
        (copy / "setup.cfg").write_text(_configuration(module, tests))
        environment = os.environ | {"PYTHONPATH": str(TOOL)}
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(children)]
        told = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
        meta = copy / "mutants" / f"{module}.meta"
        ended = json.loads(meta.read_text())["exit_code_by_key"] if meta.exists() else {}
        if told.returncode or not ended or None in ended.values():
            sys.exit(f"{module}: not measured\n{told.stdout[-3000:]}\n{told.stderr[-3000:]}")
        alive = [name for name, code in ended.items() if code in (0, 33)]
        killed = len(ended) - len(alive)
        print(f"{module:40} {len(ended):5} mutants {killed:5} killed {100 * killed / len(ended):6.1f} %", flush=True)
        others = Counter(code for code in ended.values() if code not in (0, 1, 33))
        if others:
            print(f"  among the killed, by a time limit or a crash: {sum(others.values())}")
        for name in alive if show else ():
            shown = [sys.executable, "-m", "mutmut", "show", name]
            print(subprocess.run(shown, cwd=copy, env=environment, capture_output=True, text=True, check=False).stdout)
        return len(ended), killed


def _copy(target: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def _configuration(module: str, tests: list[str]) -> str:
    values = {
        "source_paths": ["ledger/"],
        "only_mutate": [module],
        "also_copy": ["projections/", "api/", "migrations/", "bench/", "docs/", "README.md", "Makefile"],
        "do_not_mutate_patterns": [UNTOLD + "$", r"^\s*assert "],
        "pytest_add_cli_args_test_selection": tests,
        "pytest_add_cli_args": ["-q", "-p", "no:cacheprovider", "-k", f"not ({SLOW})"],
        "use_git_change_detection": ["false"],
    }
    return "[mutmut]\n" + "".join(f"{key}=\n" + "".join(f"  {each}\n" for each in each_of) for key, each_of in values.items())


def main() -> None:
    """Measure the modules named, or all."""
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="module", help="all where none is named")
    parser.add_argument("--children", type=int, default=2, help="processes at once")
    parser.add_argument("--survivors", action="store_true", help="show what no test noticed")
    asked = parser.parse_args()
    if unknown := set(asked.modules) - JUDGES.keys():
        parser.error(f"not a module that is measured: {', '.join(sorted(unknown))}")
    counted = [measure(module, asked.children, show=asked.survivors) for module in asked.modules or JUDGES]
    mutants, killed = (sum(column) for column in zip(*counted, strict=True))
    print(f"{'together':40} {mutants:5} mutants {killed:5} killed {100 * killed / mutants:6.1f} %")


if __name__ == "__main__":
    main()
