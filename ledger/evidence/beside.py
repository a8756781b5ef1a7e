"""What stands beside a log's entries: cosignatures against what their cosigners remember, tiles against the leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from ledger import errors
from ledger.events.registry import Registry
from ledger.evidence.checks import Problem
from ledger.formats import merkle, tiles
from ledger.formats.policies import Succession
from ledger.formats.policy import Policy

Vouched = Sequence[tuple[int, bytes, int]]
HASH_BYTES = 32


class Cosigned(Protocol):
    """What is read of the store here."""

    def cosignature_rows(self) -> Iterable[tuple[int, str, str]]:
        """(size, name, line)."""

    def checkpoint_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, bytes]]:
        """(size, note) with after < size <= upto, in order."""


def check_cosignatures(
    log: Cosigned, policy: Policy, entries: int, remembered: Mapping[str, Vouched]
) -> tuple[list[str], dict[tuple[int, str], int], set[Problem]]:
    """Every kept line verifies on its checkpoint, and the cosigners remember the same.

    Returns the names (groups of the policy where complete) that cosigned some checkpoint, the times of the lines that verified
    (Unix seconds by size and key name), and what is wrong.
    """
    check = _Cosignatures(log, policy, entries)
    for site, vouched in remembered.items():
        check.compare(site, vouched)
    return check.cosigned_by(), check.times, check.problems


def check_adopted(policy: Policy, registry: Registry) -> set[Problem]:
    """That the policies held are those which the log says both nations adopted, each from its size on.

    A policy that was given alone decides alone: its holder may trust others than the log says. Then nothing is compared.
    """
    if not isinstance(policy, Succession):
        return set()
    governing = {(span.sha256, span.from_size) for span in policy.spans}
    problems = {
        (adopted.position, f"the policy {adopted.sha256[:16]}… adopted from size {adopted.from_size} is not held here")
        for adopted in registry.policies
        if (adopted.sha256, adopted.from_size) not in governing
    }
    on_record = {(adopted.sha256, adopted.from_size) for adopted in registry.policies}
    for sha256, size in governing - on_record:
        problems.add((size, f"no entry adopts the policy {sha256[:16]}… from size {size}"))
    return problems


class _Cosignatures:
    def __init__(self, log: Cosigned, policy: Policy, entries: int) -> None:
        self.log, self.policy, self.entries = log, policy, entries
        self.problems: set[Problem] = set()
        self.names: set[str] = set()
        self.lines: dict[int, dict[str, str]] = {}
        for size, name, line in log.cosignature_rows():
            self.lines.setdefault(size, {})[name] = line
        self.times: dict[tuple[int, str], int] = {}
        for size, lines in sorted(self.lines.items()):
            for name, line in lines.items():
                self._check_line(size, name, line)

    def _by_key(self, size: int) -> dict[str, str]:
        """Key name -> name in the policy, of the cosigners listed for a checkpoint of this size."""
        return {witness.key.name: name for name, witness in self.policy.at(size).witnesses.items()}

    def cosigned_by(self) -> list[str]:
        """The sites (groups of keys that make up the quorum, where complete) that cosigned some checkpoint; else its keys."""
        sites = set()
        for size in self.lines:
            verified = [name for key, name in self._by_key(size).items() if (size, key) in self.times]
            governing = self.policy.at(size)
            sites |= {party for party in governing.parties() if governing.has_witnessed(party, verified)}
        return sorted(sites) or sorted(self.names)

    def _note(self, size: int) -> bytes | None:
        return next((note for s, note in self.log.checkpoint_rows(size - 1, size) if s == size), None)

    def _problem(self, position: int, what: str) -> None:
        self.problems.add((position, what))

    def _check_line(self, size: int, name: str, line: str) -> None:
        note = self._note(size)
        if note is None:
            self._problem(size, f"the cosignature {name} stands on a checkpoint of size {size} that is not there")
            return
        try:
            cosigned = self.policy.verify(note + line.encode() + b"\n").cosigned
            known = self._by_key(size).get(name)
            if known is None or list(cosigned) != [known]:
                raise errors.BadNote(f"the line kept as {name} is not by that cosigner of the policy")
            self.names.add(known)
            self.times[size, name] = cosigned[known]
        except errors.EntenteError as wrong:
            self._problem(size, f"cosignature {name} of size {size}: {wrong}")

    def compare(self, site: str, vouched: Vouched) -> None:
        """Hold one cosigner's own memory against what is kept here; `site` is the prefix of its key names."""
        for size, root, time in vouched:
            if size > self.entries:
                self._problem(self.entries, f"{site} cosigned size {size}: entries {self.entries + 1} to {size} are gone")
                continue
            own = [name for name in self._by_key(size) if name.startswith(site)]
            self._compare_one(site, size, root, time, own)
        sizes = {size for size, _, _ in vouched}
        for size, lines in self.lines.items():
            if size not in sizes and any(name.startswith(site) for name in self._by_key(size) if name in lines):
                self._problem(size, f"{site} does not remember having cosigned size {size}")

    def _compare_one(self, site: str, size: int, root: bytes, time: int, own: Sequence[str]) -> None:
        note = self._note(size)
        try:
            same = note is not None and self.policy.verify(note).checkpoint.root == root
        except errors.EntenteError:
            same = False
        if not same:
            self._problem(size, f"{site} cosigned another checkpoint of size {size} than the one kept here")
        for name in own:
            if name not in self.lines.get(size, {}):
                self._problem(size, f"the cosignature {name} of size {size} is missing")
            elif self.times.get((size, name), time) != time:
                self._problem(size, f"{site} remembers another time for its cosignature {name} of size {size}")


class FullTiles:
    """Every full tile as the leaves give them, to be compared with those that are kept."""

    def __init__(self) -> None:
        self.levels: list[list[bytes]] = [[]]
        self.made: dict[tuple[int, int], bytes] = {}

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in order."""
        for leaf in leaves:
            self._append(0, leaf)

    def _append(self, level: int, value: bytes) -> None:
        if len(self.levels) == level:
            self.levels.append([])
        self.levels[level].append(value)
        full = self.levels[level]
        if len(full) < tiles.TILE_WIDTH:
            return
        index = sum(len(h) << tiles.TILE_HEIGHT * (a - level - 1) for a, h in enumerate(self.levels) if a > level)
        self.made[level, index] = b"".join(full)
        self.levels[level] = []
        self._append(level + 1, merkle.root(full))

    def compare(self, rows: Iterable[tuple[int, int, bytes, bytes]], entries: int) -> tuple[int, set[Problem]]:
        """(how many kept tiles are right, what is wrong): every full tile is there, as made, with its root, and no other."""
        problems: set[Problem] = set()
        expected = dict(self.made)
        sound = 0
        for level, index, hashes, root in rows:
            made = expected.pop((level, index), None)
            last = min((index + 1) << tiles.TILE_HEIGHT * (level + 1), entries) if index >= 0 and 0 <= level < 8 else entries
            if made is None:
                problems.add((last, f"tile {level}/{index} is not one of this log"))
            elif made != bytes(hashes):
                at = _first_difference(made, bytes(hashes), level, index)
                problems.add((at, f"tile {level}/{index} differs from what the entries hash to"))
            elif merkle.root([made[i : i + HASH_BYTES] for i in range(0, len(made), HASH_BYTES)]) != bytes(root):
                problems.add((last, f"the root kept with tile {level}/{index} is not its root"))
            else:
                sound += 1
        for level, index in expected:
            problems.add(((index + 1) << tiles.TILE_HEIGHT * (level + 1), f"tile {level}/{index} is missing"))
        return sound, problems

    def compare_partial(self, kept: Mapping[int, bytes], entries: int) -> set[Problem]:
        """What is wrong with the last tiles, those that are not full yet: {level: content}."""
        made = {level: b"".join(hashes) for level, hashes in enumerate(self.levels) if hashes}
        wrong = [level for level in {*made, *kept} if made.get(level) != kept.get(level)]
        return {(entries, f"the last tile of level {level} differs from what the entries hash to") for level in wrong}


def _first_difference(made: bytes, kept: bytes, level: int, index: int) -> int:
    """The last position under the first hash in which two tiles differ."""
    differ = (i for i in range(0, len(made), HASH_BYTES) if made[i : i + HASH_BYTES] != kept[i : i + HASH_BYTES])
    at = next(differ, 0) // HASH_BYTES
    return (index * tiles.TILE_WIDTH + at + 1) << tiles.TILE_HEIGHT * level
