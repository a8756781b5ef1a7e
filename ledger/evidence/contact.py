"""Another site as one hears of it: whether it answers, and since when it does not."""

from __future__ import annotations

import logging
import time

from ledger.formats.entry import format_instant

_log = logging.getLogger(__name__)


class Contact:
    """What is known of one site's answering; said in the log file once it changes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._away_since: int | None = None
        self._what = ""

    @property
    def is_away(self) -> bool:
        """Whether it did not answer when it was last asked."""
        return self._away_since is not None

    def answered(self) -> None:
        """It answered."""
        if self._away_since is not None:
            _log.warning("%s answers again; it was away since %s", self.name, format_instant(self._away_since))
        self._away_since, self._what = None, ""

    def failed(self, what: str) -> None:
        """It did not answer, or not as it should: `what` says how."""
        if self._away_since is None:
            self._away_since = time.time_ns() // 1_000
        if what != self._what:
            _log.warning("%s is away since %s: %s", self.name, format_instant(self._away_since), what)
        self._what = what

    def told(self) -> str:
        """A sentence where it is away, else empty."""
        if self._away_since is None:
            return ""
        return f"{self.name} is away since {format_instant(self._away_since)}: {self._what}"
