"""What a site does by itself once a UTC day: commit to the index of streams where the log is made, and have it time-stamped.

An exercise commits to nothing by itself, for it is told what day it is. Whatever fails is said once, tried again, and keeps
nothing else from being done.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from api import indexing, renewing, stamping
from api.access import commit_heads
from ledger import errors

if TYPE_CHECKING:
    from api.home import Home

FIRST_SECONDS = 60.0
"""After the start: whoever is just starting has more urgent things to do."""
EVERY_SECONDS = 600.0

_log = logging.getLogger(__name__)


class Daily:
    """One site's daily duties."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._said: dict[str, str] = {}
        self._documents_on: date | None = None

    def run(self, stop: threading.Event) -> None:
        """Look what is due, again and again, until told to stop."""
        wait = FIRST_SECONDS
        while not stop.wait(wait):
            self.look()
            wait = EVERY_SECONDS

    def look(self) -> None:
        """Do what is due now."""
        settings = self.home.settings
        if not settings.site and not settings.exercise:
            self._try("index of streams", self._commit)
            self._try("heads of the access logs", self._commit_heads)
        if settings.timestamp_urls:
            self._try("time stamps", self._stamp)
            self._try("renewed time stamps", self._renew)
            self._try("renewed documents", self._renew_documents)

    def _try(self, duty: str, do: Callable[[], list[str]]) -> None:
        try:
            failed = "; ".join(do())
        except errors.EntenteError as wrong:
            failed = str(wrong)
        if failed and failed != self._said.get(duty):
            _log.warning("%s: %s", duty, failed)
        self._said[duty] = failed

    def _commit_heads(self) -> list[str]:
        commit_heads(self.home)
        return []

    def _commit(self) -> list[str]:
        if indexing.is_due(self.home):
            indexing.commit(self.home)
        return []

    def _stamp(self) -> list[str]:
        return _failures(stamping.stamp(self.home))

    def _renew_documents(self) -> list[str]:
        """Once a UTC day: every document is read for when it ends."""
        today = datetime.now(UTC).date()
        if today == self._documents_on:
            return []
        self._documents_on = today
        return [f"{each.event} {each.kind}: {each.problem}" for each in renewing.renew(self.home) if each.problem]

    def _renew(self) -> list[str]:
        return _failures(stamping.renew(self.home))


def _failures(rows: list[dict[str, Any]]) -> list[str]:
    return [f"{row['authority']}: {row['why']}" for row in rows if row["state"] == "failed"]
