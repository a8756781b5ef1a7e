"""The bracket of time around an entry: by when each nation had co-signed a log that holds it, and until when one without it.

A co-signature bears its cosigner's own time and says that at that time this was the newest state of the log it knew of. So what
both nations say of an entry holds if the clock of only one of them was right: it stood in the log they keep by the later of the
two times after it, and had not been shown to them by the earlier of the two before it. That is about the entry; when its author
wrote it, and when what it tells happened, no log can prove. The ledger's own `recorded_at` must lie inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ledger.evidence.checks import Problem
from ledger.formats.cosignature import TOLERANCE_SECONDS, is_early, is_late
from ledger.formats.entry import format_instant
from ledger.formats.policy import Policy, Verified
from ledger.store.cosignatures import Finality

MICROSECONDS = 1_000_000


class Word(NamedTuple):
    """What a nation says: the size it co-signed, and when, in Unix seconds (the fraction of the second is left out)."""

    size: int
    at: int


@dataclass(frozen=True)
class Bracket:
    """One entry between co-signatures, by the name of who gave them. `recorded_at` is the ledger's own, in microseconds.

    `before` are each nation's newest co-signatures of a log without the entry, `after` the first of one that holds it.
    """

    position: int
    recorded_at: int
    nations: tuple[str, ...]
    before: Mapping[str, Word]
    after: Mapping[str, Word]

    @property
    def not_before(self) -> int | None:
        """From when on it can have been in the log if one clock of the nations' was right; None until all have spoken."""
        return min(word.at for word in self.before.values()) if self._all_of(self.before) else None

    @property
    def not_after(self) -> int | None:
        """By when it was in the log if one clock of the nations' was right; None until all have spoken."""
        return max(word.at for word in self.after.values()) if self._all_of(self.after) else None

    def _all_of(self, words: Mapping[str, Word]) -> bool:
        return bool(words) and len(words) == len(self.nations)

    @property
    def is_inside(self) -> bool:
        """Whether the ledger's own time contradicts no nation's, TOLERANCE_SECONDS allowed."""
        late = (word for word in self.after.values() if is_late(self.recorded_at, word.at))
        early = (word for word in self.before.values() if is_early(self.recorded_at, word.at))
        return not any(late) and not any(early)

    def as_dict(self) -> dict[str, Any]:
        """{"position", "recorded_at", "tolerance_seconds", "inside", "not_before", "not_after"}; the last two {"at" or null,
        "by": {nation: {"at", "size"}}}. `at` is null until all nations have spoken.
        """
        return {
            "position": self.position,
            "recorded_at": format_instant(self.recorded_at),
            "tolerance_seconds": TOLERANCE_SECONDS,
            "inside": self.is_inside,
            "not_before": _shown(self.not_before, self.before),
            "not_after": _shown(self.not_after, self.after),
        }


def find_bracket(finality: Finality, position: int) -> Bracket:
    """The bracket of an entry from the co-signatures kept with its log, each verified. Raises NotFound or BadNote."""
    recorded_at = finality.log.recorded_at(position)
    parties = finality.policy.parties()
    before = {party: finality.last_by(party, position - 1) for party in parties}
    after = {party: finality.first_by(party, position) for party in parties}
    said = (_words(before, finality.policy, min), _words(after, finality.policy, max))
    return Bracket(position, recorded_at, tuple(parties), *said)


def _words(found: Mapping[str, Verified | None], policy: Policy, choose: Callable[[Iterable[int]], int]) -> dict[str, Word]:
    """Where a nation's keys bear different times, the one that claims least."""
    words = {}
    for party, verified in found.items():
        if verified is not None:
            size = verified.checkpoint.size
            names = policy.at(size).parties()[party] & verified.cosigned.keys()
            words[party] = Word(size, choose(verified.cosigned[name] for name in names))
    return words


def _shown(at: int | None, words: Mapping[str, Word]) -> dict[str, Any]:
    by = {nation: {"at": format_instant(word.at * MICROSECONDS), "size": word.size} for nation, word in words.items()}
    return {"at": None if at is None else format_instant(at * MICROSECONDS), "by": by}


class Instants:
    """A whole log held to the times of its co-signatures, as it is walked.

    Instants do not decrease along a log, so that every entry lies inside its bracket if the last one under each co-signed
    checkpoint and the first one after it do.
    """

    def __init__(self, sizes: Iterable[int]) -> None:
        self.wanted = {position for size in sizes for position in (size, size + 1)}
        self._recorded: dict[int, int] = {}

    def note(self, position: int, recorded_at: int) -> None:
        """Keep the instant (microseconds) of an entry whose position is wanted."""
        self._recorded[position] = recorded_at

    def check(self, times: Mapping[tuple[int, str], int], policy: Policy) -> set[Problem]:
        """What contradicts these co-signatures, {(size, key name): Unix seconds}; those of others than the quorum's pass."""
        problems: set[Problem] = set()
        for (size, name), time in times.items():
            governing = policy.at(size)
            names = {governing.witnesses[witness].key.name for party in governing.parties().values() for witness in party}
            last, following = self._recorded.get(size), self._recorded.get(size + 1)
            at = format_instant(time * MICROSECONDS)
            if name in names and last is not None and is_late(last, time):
                problems.add((size, f"says it was recorded at {format_instant(last)}, and {name} had co-signed it at {at}"))
            if name in names and following is not None and is_early(following, time):
                what = f"says it was recorded at {format_instant(following)}, and {name} co-signed the log without it at {at}"
                problems.add((size + 1, what))
        return problems
