"""Who may read by an event: the mandates and the appointments that are on record, as far as they hold now.

Admission has held what each says against the signatures that it needs: a mandate of one nation opens its own view alone, one of
both nations what both agreed on, and `joint` is somebody whom both appointed. A correction of one changes nothing here, for it
needs fewer signatures than a mandate does: a mandate that is wrong is ended, and another is granted.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

from api.home import Home
from api.tokens import Holder
from ledger import events
from ledger.events.registry_types import RoleEnded, RoleGranted
from ledger.events.sharing import MandateEnded, MandateGranted
from ledger.events.values import Scope
from ledger.formats.entry import parse_instant, split_entry

ROLE_OF_KIND = {"inquiry": "inquiry", "court": "inquiry", "oversight": "oversight"}
"""Whoever holds a mandate of this kind asks in this role."""


class Mandate(NamedTuple):
    """A mandate on record: its code, who gave it and to whom, the views it opens, how far, and until when (microseconds)."""

    code: str
    nation: str
    role: str
    holder: str
    views: tuple[str, ...]
    scope: Scope
    expires_at: int

    @property
    def is_whole(self) -> bool:
        """Whether it opens all of a view."""
        return self.scope.everything is True

    def covers_window(self, begin: int, end: int) -> bool:
        """Whether all that happened in [begin, end), in microseconds, is within it."""
        period = self.scope.period
        if period is None:
            return self.is_whole
        return parse_instant(period.from_) <= begin and end <= parse_instant(period.to)

    def covers(self, stream: str, occurred_at: int) -> bool:
        """Whether a statement on a stream, of an instant, is within it. Of `subjects` nothing is known here."""
        return stream in self.scope.streams or self.covers_window(occurred_at, occurred_at + 1)


class Grants:
    """What the log has granted so far; each question reads on from where the last one stopped. Threads take turns."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._turn = threading.Lock()
        self._position = 0
        self._mandates: dict[tuple[str, str], Mandate] = {}
        self._appointed: dict[str, int | None] = {}

    def mandates_of(self, holder: Holder) -> list[Mandate]:
        """The mandates under which somebody may read now, those that open most first."""
        mine = [each for each in self._running() if (each.role, each.holder) == (holder.role, holder.name)]
        return sorted(mine, key=lambda each: (not each.is_whole, each.scope.period is None, each.code))

    def is_running(self, code: str, nation: str) -> bool:
        """Whether a mandate that opens a nation's view holds now."""
        return any(each.code == code and nation in each.views for each in self._running())

    def is_joint(self, holder: Holder) -> bool:
        """Whether both nations have appointed somebody, and it holds now."""
        with self._turn:
            self._read_on()
            if holder.name not in self._appointed:
                return False
            expires = self._appointed[holder.name]
            return expires is None or self._home.now() < expires

    def _running(self) -> list[Mandate]:
        with self._turn:
            self._read_on()
            now = self._home.now()
            return [each for each in self._mandates.values() if now < each.expires_at]

    def _read_on(self) -> None:
        for position, entry in self._home.reader.granting(self._position):
            self._apply(events.decode(split_entry(entry)[3]).data)
            self._position = position

    def _apply(self, data: Any) -> None:
        match data:
            case MandateGranted():
                self._mandates[data.nation, data.mandate] = Mandate(
                    data.mandate, data.nation, ROLE_OF_KIND[data.kind], data.holder, data.views, data.scope,
                    parse_instant(data.expires_at),
                )  # fmt: skip
            case MandateEnded():
                self._mandates.pop((data.nation, data.mandate), None)
            case RoleGranted(role="joint"):
                self._appointed[data.holder] = None if data.expires_at is None else parse_instant(data.expires_at)
            case RoleEnded(role="joint"):
                self._appointed.pop(data.holder, None)
