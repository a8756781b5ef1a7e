"""What is read of a log to make a view from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ledger.formats import sealing


class Log(Protocol):
    """What a projector reads of the ledger."""

    def entries(self, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """(position, entry) from after + 1 on, in order."""

    def stream_entries(self, stream: str) -> Sequence[tuple[int, bytes]]:
        """(position, entry) of one stream, in order."""

    def entry_by_event(self, event_id: str) -> tuple[int, bytes] | None:
        """(position, entry) of an event id, or None."""

    def sections(self, position: int) -> dict[str, sealing.SealedSection]:
        """The sections kept beside an entry, by name."""

    def checkpoint_upto(self, size: int) -> tuple[int, bytes] | None:
        """(size, root) of the largest stored checkpoint not beyond a size."""

    def entry(self, position: int) -> bytes:
        """The exact bytes of one entry."""
