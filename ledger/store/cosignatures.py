"""Cosignature lines beside the checkpoints, and from them which checkpoints are final and who is behind.

A line is kept as it is: who relies on it verifies it, as `Finality` does under a policy. The searches step from one size at
which somebody signed to the next, so that they cost the same however many checkpoints lie between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, func, insert, select

from ledger import errors
from ledger.formats import note
from ledger.formats.armour import encode64
from ledger.formats.entry import split_entry
from ledger.formats.policy import NO_QUORUM, Policy, Verified
from ledger.store import tables
from ledger.store.engines import answering, writing
from ledger.store.reader import LogReader

LINES = tables.cosignatures.c
NEVER = 2**62
REMEMBERED_MAX = 4_096


class Cosignatures:
    """The lines kept in one ledger's database. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def add(self, size: int, lines: Sequence[note.SignatureLine]) -> None:
        """Keep lines with the checkpoint of a size. The first one by a name stands. Raises NotFound without the checkpoint."""
        checkpoint = select(tables.checkpoints.c.size).where(tables.checkpoints.c.size == size)
        with answering(), writing(self.engine) as connection:
            if connection.execute(checkpoint).first() is None:
                raise errors.NotFound(f"there is no checkpoint of size {size}", field="size")
            kept = set(connection.execute(select(LINES.name).where(LINES.size == size)).scalars())
            new = {line.name: str(line) for line in lines if line.name not in kept}
            if new:
                rows = [{"size": size, "name": name, "line": line} for name, line in new.items()]
                connection.execute(insert(tables.cosignatures), rows)

    def newest_by(self, names: Sequence[str], upto: int = NEVER) -> list[int]:
        """For each name the largest size, not beyond `upto`, with a line by it; 0 where there is none."""
        return [found or 0 for found in self._sizes(func.max(LINES.size), LINES.size <= upto, names)]

    def next_by(self, names: Sequence[str], size: int) -> list[int]:
        """For each name the smallest size from `size` on with a line by it; NEVER where there is none."""
        return [found or NEVER for found in self._sizes(func.min(LINES.size), LINES.size >= size, names)]

    def line(self, size: int, name: str) -> note.SignatureLine | None:
        """The line of one name with the checkpoint of a size."""
        with answering(), self.engine.connect() as connection:
            query = select(LINES.line).where(LINES.size == size, LINES.name == name)
            found = connection.execute(query).scalar()
            return note.parse_signature_line(found) if found is not None else None

    def _sizes(self, asked: Any, where: Any, names: Sequence[str]) -> Sequence[int | None]:
        """All in one query: each is one step down an index."""
        each = [select(asked).where(LINES.name == name, where).scalar_subquery() for name in names]
        with answering(), self.engine.connect() as connection:
            return tuple(connection.execute(select(*each)).one()) if names else ()


class Finality:
    """What is final of a log under its policy, or its policies one after another, and what is not yet.

    Witnesses and groups go by their names, each period having its own keys under them.
    """

    def __init__(self, log: LogReader, policy: Policy) -> None:
        self.log = log
        self.policy = policy
        periods, lines = policy.periods(), Cosignatures(log.engine)
        lasts = [first - 1 for first, _ in periods[1:]] + [NEVER - 1]
        self._periods = [
            _Period(log, lines, governing, first, last) for (first, governing), last in zip(periods, lasts, strict=True)
        ]

    def first_final(self, position: int) -> Verified | None:
        """The first final checkpoint that covers a position, or None."""
        return self._first(lambda policy: policy.quorum, position)

    def newest_final(self) -> Verified | None:
        """The newest final checkpoint, or None."""
        return self._last(lambda policy: policy.quorum, NEVER - 1)

    def first_by(self, name: str, position: int) -> Verified | None:
        """The first checkpoint that covers a position and that this witness, or this group of the policy, cosigned; or None."""
        return self._first(lambda policy: name, position)

    def last_by(self, name: str, size: int) -> Verified | None:
        """The newest checkpoint not beyond a size that this witness, or this group of the policy, cosigned; or None."""
        return self._last(lambda policy: name, size)

    def covering(self, position: int) -> dict[str, Any]:
        """The checkpoint to show beside what rests on a position: the first final one that covers it, else the first.

        {"size", "root" (base64), "final", "tail", "behind"}; the last two are of now (`standing`). Raises NotFound where no
        checkpoint covers it, BadNote where one is not sound.
        """
        found = self.first_final(position)
        if found is None:
            first = self.log.covering_checkpoint(position)
            if first is None:
                raise errors.NotFound(f"no checkpoint covers position {position}", field="position")
            found = self.policy.verify(self.log.signed_checkpoint(first[0]))
        shown = {"size": found.checkpoint.size, "root": encode64(found.checkpoint.root), "final": found.final}
        return {**shown, **self.standing()}

    def standing(self) -> dict[str, Any]:
        """What no final checkpoint covers yet, and which members of the quorum it waits for.

        {"tail": {"entries", "since"}, "behind": {member: {"size", "since"}}}: `since` is when the oldest entry that waits was
        recorded (None where none does), `size` what that member cosigned last. Lines count here as they are kept.
        """
        newest = self.log.newest_checkpoint()
        head = newest[0] if newest is not None else 0
        final = self.newest_final()
        covered = final.checkpoint.size if final is not None else head if self.policy.quorum == NO_QUORUM else 0
        group = self.policy.groups.get(self.policy.quorum)
        members = group.members if group is not None else (self.policy.quorum,) if covered < head else ()
        lines = self._periods[-1].seen(self.policy.quorum, NEVER - 1, -1)
        sizes = {
            member: self._periods[-1].settle(member, NEVER - 1, -1, lines) or self._kept_before(member) for member in members
        }
        behind = {m: {"size": size, "since": self._since(size)} for m, size in sizes.items() if size < head}
        return {
            "tail": {"entries": head - covered, "since": self._since(covered) if covered < head else None},
            "behind": behind,
        }

    def _since(self, size: int) -> str:
        return split_entry(self.log.entry(size + 1))[0]

    # -- searching -----------------------------------------------------------------------------------------------------

    def _first(self, name_in: Callable[[Policy], str], position: int) -> Verified | None:
        """From the period that governs a position onwards: the first checkpoint that covers it and verifies."""
        found = (period.find(name_in(period.policy), position, 1) for period in self._periods)
        return next((verified for verified in found if verified is not None), None)

    def _last(self, name_in: Callable[[Policy], str], size: int) -> Verified | None:
        """From the newest period backwards: the newest checkpoint not beyond a size that verifies."""
        found = (period.find(name_in(period.policy), size, -1) for period in reversed(self._periods))
        return next((verified for verified in found if verified is not None), None)

    def _kept_before(self, name: str) -> int:
        """The newest size, before the newest policy, at which this witness or group left lines, verified or not; 0 for none."""
        found = (period.settle(name, NEVER - 1, -1) for period in reversed(self._periods[:-1]))
        return next((size for size in found if size), 0)


class _Period:
    """The sizes that one policy governs, `first` to `last`, and the search among them, upwards (step 1) or downwards (-1)."""

    def __init__(self, log: LogReader, lines: Cosignatures, policy: Policy, first: int, last: int) -> None:
        self.log, self.lines, self.policy = log, lines, policy
        self._first, self._last = first, last
        self._verified: dict[tuple[str, int], Verified] = {}

    def find(self, name: str, size: int, step: int) -> Verified | None:
        """Go from candidate to candidate until one verifies: no line is believed unverified."""
        while size := self.settle(name, size, step):
            verified = self._verified.get((name, size))
            if verified is None:
                verified = self.policy.verify(self.log.signed_checkpoint(size))
                if not self.policy.has_witnessed(name, verified.cosigned):
                    size += step
                    continue
                self._remember(name, verified)
            return verified
        return None

    def _remember(self, name: str, verified: Verified) -> None:
        """A line that verified stands: it need not be verified under every answer."""
        if len(self._verified) >= REMEMBERED_MAX:
            self._verified.clear()
        self._verified[name, verified.checkpoint.size] = verified

    def settle(self, name: str, size: int, step: int, seen: Mapping[str, int] | None = None) -> int:
        """The first size from `size` on at which this witness or enough of this group left lines; 0 for none.

        `seen` is what each name's line nearest to `size` is, where that was asked already.
        """
        if name not in self.policy.groups and name not in self.policy.witnesses:
            return 0
        size = max(size, self._first) if step > 0 else min(size, self._last)
        while max(self._first, 1) <= size <= self._last:
            seen = seen or self.seen(name, size, step)
            size = self._bound(name, seen, upwards=step > 0)
            if max(self._first, 1) <= size <= self._last and self._stands(name, seen, size):
                return size
            seen = None
        return 0

    def seen(self, name: str, size: int, step: int) -> dict[str, int]:
        """Of each witness of a group, the size nearest to one at which it left a line."""
        if name not in self.policy.groups and name not in self.policy.witnesses:
            return {}
        names = sorted(self._names(name))
        ask = self.lines.next_by if step > 0 else self.lines.newest_by
        return dict(zip(names, ask(names, size), strict=True))

    def _stands(self, name: str, seen: Mapping[str, int], size: int) -> bool:
        """Whether this witness, or enough members of this group, are seen to have left lines at just this size."""
        group = self.policy.groups.get(name)
        if group is None:
            return seen[self.policy.witnesses[name].key.name] == size
        return sum(self._stands(member, seen, size) for member in group.members) >= group.threshold

    def _names(self, name: str) -> set[str]:
        group = self.policy.groups.get(name)
        if group is None:
            return {self.policy.witnesses[name].key.name}
        return set().union(*(self._names(member) for member in group.members))

    def _bound(self, name: str, sizes: Mapping[str, int], *, upwards: bool) -> int:
        """No size nearer than this can have the lines of this witness, or of enough members of this group."""
        group = self.policy.groups.get(name)
        if group is None:
            return sizes[self.policy.witnesses[name].key.name]
        bounds = sorted((self._bound(m, sizes, upwards=upwards) for m in group.members), reverse=not upwards)
        return bounds[group.threshold - 1]
