"""`entente equivocation`: what proves to anybody that a log has told two histories."""

from __future__ import annotations

import argparse
import base64
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command, add_group

if TYPE_CHECKING:
    from api.cli.session import Session
    from ledger.formats.note import Checkpoint

FILE_BYTES_MAX = 1_048_576


def add_to(commands: Commands[Parser]) -> None:
    """Add equivocation verify and equivocation list."""
    group = add_group(commands, "equivocation", "proofs that a log has told two histories")
    verify = add_command(
        group, "verify", run_verify, "check a proof with nothing but the log's key",
        "Exit 0: the log has signed two histories. Exit 1: this proves nothing.",
    )  # fmt: skip
    verify.add_argument("file", type=Path, metavar="FILE")
    verify.add_argument("--policy", type=Path, required=True, metavar="F", help="a policy file that names the log's key")
    add_command(group, "list", run_list, "the proofs that this home keeps")


def run_verify(session: Session, arguments: argparse.Namespace) -> int:
    """Check one proof."""
    from ledger.formats.policy import parse_policy

    with arguments.file.open("rb") as file:
        content = file.read(FILE_BYTES_MAX + 1)
    document = proven_by(content, parse_policy(arguments.policy.read_bytes()))
    session.answer(document, lambda: lines(document))
    return 0


def proven_by(content: bytes, policy: Any) -> dict[str, Any]:
    """What a proof file proves. Raises Malformed, BadNote or BadProof where that is nothing."""
    from ledger.formats import equivocation

    proven = equivocation.verify(equivocation.parse_equivocation(content), policy)
    return {
        "proven": True, "origin": proven.first.origin, "keys": [str(key) for key in proven.keys], "kind": proven.kind,
        "checkpoints": [_shown(checkpoint) for checkpoint in (proven.first, proven.second)],
    }  # fmt: skip


def _shown(checkpoint: Checkpoint) -> dict[str, Any]:
    return {"size": checkpoint.size, "root": base64.b64encode(checkpoint.root).decode()}


def lines(document: dict[str, Any]) -> Iterable[str]:
    """The same in words."""
    first, second = document["checkpoints"]
    yield f"PROVEN: {document['origin']} has signed two histories."
    yield f"  size {first['size']}, root {first['root']}"
    yield f"  size {second['size']}, root {second['root']}"
    if document["kind"] == "leaves":
        yield "  At one place in the log the two have different entries."
    elif first["size"] == second["size"]:
        yield "  Two roots of one size."
    else:
        yield "  The larger does not begin with the smaller."
    for key in dict.fromkeys(document["keys"]):
        yield f"  signed by {key}"


def run_list(session: Session, arguments: argparse.Namespace) -> int:
    """List the proofs kept; 1 where there is one."""
    from ledger.evidence.equivocation import FOLDER

    with session.home() as home:
        policy, folder = home.policy(), home.path / FOLDER
        found = [{"file": str(path), **proven_by(path.read_bytes(), policy)} for path in sorted(folder.glob("*.json"))]
    rows = [line for each in found for line in (each["file"], *lines(each))]
    session.answer({"proofs": found}, lambda: rows or ["no proof of equivocation is kept here"])
    return 1 if found else 0
