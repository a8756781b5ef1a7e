"""The tour in README.md is run, command by command, in a fresh folder, and shows what it says it shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
LEFT_OUT = "…"


def steps():
    """(command, lines shown) of every console block, in order. A line that begins with `> ` continues its command."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", README, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.startswith("> "):
                command, shown = found.pop()
                found.append((f"{command}\n{line[2:]}", shown))
            else:
                found[-1][1].append(line)
    return found


def squeezed(text):
    return " ".join(text.split())


def require_shown(command, shown, said):
    """Every shown line is there, in order; a trailing … leaves the end of its line open."""
    lines = iter([squeezed(line) for line in said.splitlines()])
    for wanted in map(squeezed, shown):
        if wanted == LEFT_OUT:
            continue
        start = wanted.removesuffix(LEFT_OUT)
        is_open = start != wanted
        assert any(line == wanted or (is_open and line.startswith(start)) for line in lines), (
            f"README.md shows {wanted!r} after `{command}`, which said:\n{said}"
        )


@pytest.mark.slow
def test_the_tour_can_be_taken(tmp_path):
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "nights").symlink_to(ROOT / "api" / "nights")
    programs = tmp_path / "bin"
    programs.mkdir()
    entente = programs / "entente"
    call = "import sys; from api.cli import main; sys.exit(main())"
    entente.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(call)} "$@"\n')
    entente.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ENTENTE_")}
    environment |= {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    taken = steps()
    assert len(taken) > 15
    for command, shown in taken:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode in (0, 1) and not done.stderr, f"`{command}`: {done.stderr}"
        require_shown(command, shown, done.stdout)


def test_the_map_of_the_house_is_true():
    house = README[README.index("## The map of the house") :].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+) \|", house, re.MULTILINE)
    paths = [path for row in rows for path in re.findall(r"`([^`]+)`", row)]
    assert len(paths) > 8
    assert not [path for path in paths if not (ROOT / path).exists()]
