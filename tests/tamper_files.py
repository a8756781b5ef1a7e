"""An exported folder, one of its files changed at a time: what a stranger is handed who was not meant to see the difference.

Left out are changes that no folder shows by itself. A wrap is tried by none but the nation it is for, a line of companions that
is not there is missed by the mirror that asks for it, and an older checkpoint that lost a cosignature vouches for less.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from api.home import Home
from api.verifying import verify_export
from ledger import errors
from ledger.evidence.export import export_checkpoints, export_companions, export_tiles
from ledger.evidence.folder import first_position
from ledger.evidence.offering import Offering
from ledger.formats import armour, tiles
from tests.tamper_home import cosign, played, tell

EVENTS = 280
KIND_MIN = 2
MISSED_MAX = 20
TRIES_MAX = 200
Spoil = Callable[["Folder", str, Random], bytes | None]


class Folder:
    """An export for London, the policy it is checked by, what its files held before, and an older checkpoint."""

    def __init__(self, home: Home, path: Path, older: bytes) -> None:
        self.path = path
        self.older = older
        self.policy = home.policy_path
        self.size = export_tiles(home.ledger, path, self.policy.read_bytes())
        offering = Offering(home.held, home.policy(), "GB")
        export_checkpoints(offering, path)
        export_companions(offering, path, self.size)
        self.names = sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
        self.kept = {name: (path / name).read_bytes() for name in self.names}

    def judge(self) -> list[dict[str, Any]]:
        """What `entente verify` names; a checkpoint that is none is named by the error that it is refused with."""
        try:
            problems: list[dict[str, Any]] = verify_export(self.path, self.policy)["problems"]
        except errors.EntenteError as wrong:
            return [{"position": 0, "what": str(wrong)}]
        return problems

    def undo(self, name: str) -> None:
        """Put a file back, or take an invented one away."""
        if name in self.kept:
            (self.path / name).write_bytes(self.kept[name])
        else:
            (self.path / name).unlink(missing_ok=True)


# -- changes: the new content of a file, None where it is gone; the same content where this change has no hold on the file -----


def flipped(folder: Folder, name: str, rng: Random) -> bytes:
    body = bytearray(folder.kept[name])
    if name.startswith("companions/"):
        return _spoilt_line(folder.kept[name], rng)
    body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    return bytes(body)


def _spoilt_line(content: bytes, rng: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    value = json.loads(lines[at])
    sections = value.get("sections", {})
    part = rng.choice(["position", *(["checkpoint"] if "checkpoint" in value else []), *sections])
    if part == "position":
        value["position"] += rng.choice((-1, 1)) * len(lines) * 3
    elif part == "checkpoint":
        value["checkpoint"] = value["checkpoint"].replace("\n", "\nx", 1)
    else:
        cipher = bytearray(armour.decode64(sections[part]["ciphertext"]))
        cipher[rng.randrange(len(cipher))] ^= 1
        sections[part]["ciphertext"] = armour.encode64(bytes(cipher))
    lines[at] = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    return b"".join(lines)


def cut(folder: Folder, name: str, rng: Random) -> bytes:
    body = folder.kept[name]
    # A whole line less is another change: see the head of this file.
    ends = [end for end in range(len(body)) if not name.startswith("companions/") or (end and body[end - 1] != 10)]
    return body[: rng.choice(ends)]


def emptied(folder: Folder, name: str, rng: Random) -> bytes:
    return folder.kept[name] if name.startswith("companions/") else b""


def lengthened(folder: Folder, name: str, rng: Random) -> bytes:
    return folder.kept[name] + rng.randbytes(rng.choice((1, 32, 300)))


def swapped(folder: Folder, name: str, rng: Random) -> bytes:
    other = folder.kept[rng.choice(folder.names)]
    return folder.kept[name] if name.startswith("companions/") and not other else other


def gone(folder: Folder, name: str, rng: Random) -> bytes | None:
    has_to_be_there = not name.startswith(("companions/", "checkpoints/"))
    return None if has_to_be_there else folder.kept[name]


def line_dropped(folder: Folder, name: str, rng: Random) -> bytes:
    return _with_lines(folder, name, lambda lines: lines.pop(rng.randrange(len(lines))))


def line_twice(folder: Folder, name: str, rng: Random) -> bytes:
    return _with_lines(folder, name, lambda lines: lines.append(rng.choice(lines)))


def line_from_elsewhere(folder: Folder, name: str, rng: Random) -> bytes:
    """A signature line of an older checkpoint under this one."""
    strange = rng.choice(_lines(folder.older))
    return _with_lines(folder, name, lambda lines: lines.__setitem__(rng.randrange(len(lines)), strange))


def _lines(content: bytes) -> list[bytes]:
    return content.partition(b"\n\n")[2].splitlines(keepends=True) if b"\n\n" in content else []


def _with_lines(folder: Folder, name: str, change: Callable[[list[bytes]], object]) -> bytes:
    content = folder.kept[name]
    if "checkpoint" not in name:
        return content
    lines = _lines(content)
    change(lines)
    return content.partition(b"\n\n")[0] + b"\n\n" + b"".join(lines)


KINDS: dict[str, Spoil] = {
    "flipped": flipped,
    "cut": cut,
    "emptied": emptied,
    "lengthened": lengthened,
    "swapped": swapped,
    "gone": gone,
    "a line dropped": line_dropped,
    "a line twice": line_twice,
    "a line from elsewhere": line_from_elsewhere,
}
INVENTED = "an invented file"
PLACES = ("note.txt", "tile/0/000.p/7", "tile/1/000", "tile/entries/009", "companions/009", "checkpoints/nobody", "tile/x/000")


class Campaign:
    """Changes of one folder, one at a time; each is undone before the next."""

    def __init__(self, folder: Folder, rng: Random) -> None:
        self.folder, self.rng = folder, rng
        self.found: Counter[str] = Counter()
        self.missed: list[str] = []
        assert folder.judge() == []

    def one(self, kind: str, name: str) -> bool:
        """One change, where it has a hold on the file."""
        content = self.rng.randbytes(90) if kind == INVENTED else KINDS[kind](self.folder, name, self.rng)
        path = self.folder.path / name
        if kind != INVENTED and content == self.folder.kept[name]:
            return False
        if content is None:
            path.unlink()
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        problems = self.folder.judge()
        self.folder.undo(name)
        if is_named(problems, name, self.folder.size):
            self.found[kind] += 1
        else:
            self.missed.append(f"{name} {kind}: {problems[:3]}")
        return True

    def at_random(self) -> bool:
        """One change of a random kind of a random file."""
        kind = self.rng.choice((*KINDS, INVENTED))
        return self.one(kind, self.rng.choice(PLACES if kind == INVENTED else self.folder.names))


def is_named(problems: list[dict[str, Any]], name: str, size: int) -> bool:
    """Whether some problem names the file, or a position that stands in it."""
    says = [problem["what"] for problem in problems]
    if any(name in what for what in says):
        return True
    if name == "policy.txt":
        return any("policy" in what for what in says)
    if "checkpoint" in name:
        return name == "checkpoint" and any("checkpoint" in what or "cosignature" in what for what in says)
    tile = tiles.parse_path(name.replace("companions/", "tile/entries/"))
    if tile.level >= 0:
        return any(f"tile {tile.level}/{tile.index}" in what or f"tile of level {tile.level}" in what for what in says)
    first = first_position(tile)
    return any(first <= problem["position"] < first + tile.width for problem in problems)


def tampering_with_files(seed: int, folder: Path, url: str, changes: int) -> dict[str, Any]:
    """So many changes at random, then of each kind until it has fired KIND_MIN times; returns the row that is printed."""
    rng, began = Random(seed), time.monotonic()
    home = played(folder / "home", url, EVENTS, rng)
    older = home.held.signed_checkpoint(home.ledger.head())
    tell(home, 3, rng)
    cosign(home)
    run = Campaign(Folder(home, folder / "tiles", older), rng)
    home.close()
    while run.found.total() < changes:
        run.at_random()
        assert len(run.missed) < MISSED_MAX, run.missed[:3]
    for kind in (*KINDS, INVENTED):
        for _ in range(TRIES_MAX):
            if run.found[kind] >= KIND_MIN:
                break
            run.one(kind, rng.choice(PLACES if kind == INVENTED else run.folder.names))
    assert not run.missed, f"seed {seed}: {len(run.missed)} not found or not named: {run.missed[:3]}"
    assert run.folder.judge() == []
    return {
        "row": f"files exported from {'postgresql' if url else 'sqlite'}",
        "found": dict(sorted(run.found.items())),
        "files": len(run.folder.names),
        "seconds": round(time.monotonic() - began),
    }
