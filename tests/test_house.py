"""The house rules that a machine can hold. Every failure says what to do; none is silenced by a list of exceptions."""

from __future__ import annotations

import ast
import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("ledger", "projections", "api")
FILE_LINES_MAX = 350
FUNCTION_LINES_MAX = 50
VAGUE_NAMES = {
    "utils",
    "util",
    "common",
    "helpers",
    "helper",
    "misc",
    "managers",
    "manager",
    "services",
    "service",
    "base_classes",
}

PURE = (
    *("ledger/errors.py", "ledger/formats", "ledger/events", "ledger/admission.py"),
    *(
        f"projections/{name}.py"
        for name in ("fact", "facts", "rules", "rules_of_record", "ruleset", "nations", "british", "french", "figures")
    ),
    *(
        f"projections/{name}.py"
        for name in ("situation", "incidents", "contradictions", "apart", "obligations", "reconciliation", "replay", "lists")
    ),
    *(f"projections/{name}.py" for name in ("standing", "breaches", "disputed", "completeness")),
    "projections/wording",
    "projections/questions",
    # Verifying a bundle: what an auditor must be able to read through, and to run anywhere.
    *(
        f"ledger/evidence/bundle{part}.py"
        for part in ("", "_zip", "_names", "_manifest", "_entries", "_reading", "_inner", "_claims")
    ),
    *("ledger/evidence/sealed.py", "ledger/evidence/loadfile.py", "ledger/evidence/pages.py"),
)
PURE_PACKAGES = {"msgspec", "cryptography", "nacl", "tzdata"}
# Parts of the standard library that reach the network, another process, a database, the clock or a shared mutable world.
IMPURE_MODULES = {
    *("socket", "socketserver", "ssl", "http", "urllib", "ftplib", "smtplib", "asyncio", "select", "selectors", "signal"),
    *(
        "subprocess",
        "multiprocessing",
        "threading",
        "concurrent",
        "queue",
        "sqlite3",
        "dbm",
        "shelve",
        "time",
        "random",
        "sched",
    ),
    *("logging", "platform", "getpass", "locale"),
}
# The clock and the environment hide in modules that are otherwise welcome.
IMPURE_CALLS = re.compile(
    r"\b(os\.(environ|environb|getenv|putenv|system|popen)|sys\.argv|(datetime|date)\.(now|utcnow|today)|time\.time)\b"
)
# Spelt in pieces, so that this file does not name them either.
ADDRESSES = re.compile(
    "|".join(
        re.escape("".join(parts))
        for parts in (
            ("pypi", ".org"),
            ("python", "hosted"),
            ("npm", "js."),
            ("deb.", "debian"),
            ("proxy.", "golang"),
            ("/wo", "rk/"),
            ("/ro", "ot/"),
            ("/ho", "me/"),
            ("/opt/", "pypi"),
        )
    )
)
UNFINISHED = re.compile(
    "|".join(
        r"\b" + "".join(parts) + r"\b"
        for parts in (
            ("TO", "DO"),
            ("FIX", "ME"),
            ("XX", "X"),
            ("pytest", r"\.skip"),
            ("mark", r"\.skip"),
            ("mark", r"\.xfail"),
        )
    )
)


def sources(*rooms: str) -> list[Path]:
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def committed() -> list[Path]:
    """What git has or would take: tracked files and new ones that are not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    paths = (ROOT / line for line in listed.stdout.decode().split("\0") if line)
    return [path for path in paths if path.is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    for path in committed():
        body = path.read_bytes()
        if b"\0" not in body:
            yield path, body.decode("utf-8", errors="replace")


def pure_files() -> list[Path]:
    found: list[Path] = []
    for place in PURE:
        path = ROOT / place
        assert path.exists(), f"{place} is promised to be pure and is not there: mend the list in {name(Path(__file__))}"
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return found


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative imports hide which room they enter; write the full name"
            yield node.lineno, node.module or ""


# -- size and names ---------------------------------------------------------------------------------------------------------


def test_no_file_holds_a_second_idea():
    long = [f"{name(p)}: {n} lines" for p in sources(*ROOMS) if (n := len(p.read_text().splitlines())) > FILE_LINES_MAX]
    assert not long, (
        f"longer than {FILE_LINES_MAX} lines; ask what second idea moved in, and give it a file and a name of its own"
        f" rather than squeezing lines: {long}"
    )


def test_a_function_fits_on_one_screen():
    long = [
        f"{name(path)}:{node.lineno} {node.name}, {length} lines"
        for path in sources(*ROOMS)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert not long, f"longer than {FUNCTION_LINES_MAX} lines; name the steps inside and make each a function: {long}"


def test_no_name_that_could_hold_anything():
    vague = [name(p) for p in committed() if VAGUE_NAMES & {part.removesuffix(".py") for part in p.relative_to(ROOT).parts}]
    assert not vague, f"say what the file is about instead; a name that fits everything collects everything: {vague}"


# -- the pure core ----------------------------------------------------------------------------------------------------------


def test_pure_files_import_only_pure_things():
    wrong = []
    local = {name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in pure_files()}
    rooms = {*ROOMS, "ledger.formats", "ledger.events"}
    for path in pure_files():
        for line, module in imports(ast.parse(path.read_text())):
            top = module.split(".")[0]
            if top in ROOMS:
                fine = module in local or module in rooms
            else:
                fine = top in PURE_PACKAGES or (top in sys.stdlib_module_names and top not in IMPURE_MODULES)
            if not fine:
                wrong.append(f"{name(path)}:{line} imports {module}")
    assert not wrong, (
        "the pure core takes values and returns values; pass in what the import would fetch (an instant, a key, a reader),"
        f" or move the code to store, evidence or the projector: {wrong}"
    )


def test_pure_files_ask_neither_clock_nor_environment():
    wrong = [
        f"{name(path)}:{number} {match.group()}"
        for path in pure_files()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (match := IMPURE_CALLS.search(line.split("#")[0]))
    ]
    assert not wrong, f"time and settings arrive as arguments: {wrong}"


def test_the_layers_hold():
    """The contracts of pyproject.toml; import-linter prints the chain of imports that breaks one."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


# -- words ------------------------------------------------------------------------------------------------------------------


def undocumented(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    if ast.get_docstring(tree) is None and path.read_text().strip():
        yield f"{name(path)}: the module"
    for scope in (tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))):
        inherits = isinstance(scope, ast.ClassDef) and bool(scope.bases)
        for node in scope.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            # A method that keeps a promise of its base class is explained there.
            keeps_a_promise = inherits and not isinstance(node, ast.ClassDef)
            if ast.get_docstring(node) is None and not keeps_a_promise:
                yield f"{name(path)}:{node.lineno} {node.name}"


def test_everything_public_says_what_it_is():
    silent = [found for path in sources(*ROOMS) for found in undocumented(path)]
    assert not silent, f"a public docstring gives shapes, units and the errors raised; or make the name private: {silent}"


def test_nothing_committed_names_a_registry_or_a_machine():
    named = [
        f"{name(path)}:{number} {match.group()}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if (match := ADDRESSES.search(line))
    ]
    assert not named, f"what is committed must work from any index and any folder; take the address out: {named}"


def test_nothing_unfinished_is_committed():
    marks = [
        f"{name(path)}:{number} {match.group()}"
        for path, text in texts()
        if path.suffix in {".py", ".sh", ""} or path.parent.name == ".ci"
        for number, line in enumerate(text.splitlines(), 1)
        if (match := UNFINISHED.search(line))
    ]
    assert not marks, f"finish it, or file an issue and take the mark out: {marks}"


# -- what is installed ------------------------------------------------------------------------------------------------------


SETS = ("core", "service", "reports", "test", "bench")


def pins(set_name: str) -> dict[str, list[str]]:
    """Requirement -> its hashes, of one locked set."""
    text = (ROOT / "requirements" / f"{set_name}.txt").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {line.split(" ", 1)[0]: re.findall(r"--hash=sha256:([0-9a-f]{64})", line) for line in lines}


@pytest.mark.parametrize("set_name", ("bootstrap", *SETS, "mutation"))
def test_every_installed_file_is_pinned_by_hash(set_name):
    loose = [requirement for requirement, hashes in pins(set_name).items() if "==" not in requirement or not hashes]
    assert pins(set_name) and not loose, f"not pinned by version and hash; run make lock: {loose}"


@pytest.mark.parametrize(("small", "large"), list(itertools.pairwise(SETS)))
def test_a_larger_set_contains_the_smaller(small, large):
    """`requirements/install` takes a larger set that is there for a smaller one that is asked for."""
    missing = pins(small).keys() - pins(large).keys()
    assert not missing, f"{large}.txt disagrees with {small}.txt; run make lock: {missing}"


def test_what_runs_is_what_is_declared():
    """The rooms import only what pyproject.toml declares as dependencies of the core or as an extra."""
    declared = (ROOT / "pyproject.toml").read_text()
    of_import = {
        "arro3": "arro3-core",
        "jwt": "pyjwt",
        "nacl": "pynacl",
        "pkcs11": "python-pkcs11",
        "psycopg2": "psycopg2-binary",
    }
    missing = {
        f"{name(path)}: {top}"
        for path in sources(*ROOMS, "migrations")
        for _, module in imports(ast.parse(path.read_text()))
        if (top := module.split(".")[0]) not in sys.stdlib_module_names
        and top not in (*ROOMS, "migrations", "__future__")
        and not re.search(rf'^  "{re.escape(of_import.get(top, top.replace("_", "-")))}[\[<>=]', declared, re.MULTILINE)
    }
    assert not missing, f"declare it under dependencies in pyproject.toml and run make lock: {missing}"
