"""Policies one after another: which of them governs a checkpoint of which size.

A log changes its own key, or a nation its cosigner's, under a new policy that both nations adopt from a size on, with an
overlap in which old and new sign. A `Succession` is the newest policy, and verifies an older checkpoint under the one that
governed then: what was final once stays so. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.formats import note
from ledger.formats.policy import Policy, Verified, parse_policy


@dataclass(frozen=True)
class Span:
    """A policy and the size from which it governs, up to the next one's; `sha256` (hex) is that of its file."""

    from_size: int
    sha256: str
    policy: Policy


@dataclass(frozen=True)
class Succession(Policy):
    """The newest policy, and those before it in order; made by `succession`."""

    spans: tuple[Span, ...] = ()

    def at(self, size: int) -> Policy:
        """The policy that governs a checkpoint of this size; before the first one's size, the first."""
        return next((span.policy for span in reversed(self.spans) if span.from_size <= size), self.spans[0].policy)

    def periods(self) -> list[tuple[int, Policy]]:
        """(first size, policy), in order; the first governs what was before it as well."""
        return [(span.from_size if number else 0, span.policy) for number, span in enumerate(self.spans)]

    def verify(self, signed: bytes) -> Verified:
        """As Policy.verify, under the policy that governs the size which the checkpoint itself states. Raises BadNote."""
        return self.at(note.parse_checkpoint(note.split_note(signed)[0]).size).verify(signed)


def succession(spans: Sequence[Span]) -> Succession:
    """Policies in the order in which they govern, at least one."""
    newest = spans[-1].policy
    return Succession(newest.logs, newest.witnesses, newest.groups, newest.quorum, spans=tuple(spans))


def digest(file: bytes) -> str:
    """What `policy.adopted` says of a policy file: hex SHA-256 of its bytes."""
    return hashlib.sha256(file).hexdigest()


def adopted_at(adopted: Sequence[tuple[str, int]], size: int) -> str | None:
    """The digest of the policy that governs a checkpoint of this size; `adopted` are the digests and sizes on record, in order.

    Before the first one's size that is the first; None where none is on record.
    """
    first = adopted[0][0] if adopted else None
    return next((sha256 for sha256, from_size in reversed(adopted) if from_size <= size), first)


def trusted(adopted: Iterable[tuple[str, int]], files: Mapping[str, bytes], newest: bytes) -> Policy:
    """The policy of a holder: `newest` is the file trusted now, `files` those trusted before, by digest.

    `adopted` are the digests and sizes on record, in order. Where the newest file is none of them, it alone decides: a policy
    is its holder's. What was adopted and is not held governs nothing here. Raises BadNote naming the line.
    """
    known = {**files, digest(newest): newest}
    on_record = list(adopted)
    if digest(newest) not in (sha256 for sha256, _ in on_record):
        return parse_policy(newest)
    spans = [Span(from_size, sha256, parse_policy(known[sha256])) for sha256, from_size in on_record if sha256 in known]
    last = max(number for number, span in enumerate(spans) if span.sha256 == digest(newest))
    return succession(spans[: last + 1])
