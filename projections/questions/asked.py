"""What the inquiry questions read, and nothing more. Whoever keeps a view implements `Asked`; the questions stay pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

import msgspec

from projections.fact import Fact


class Told(msgspec.Struct, frozen=True, gc=False):
    """One entry of the log in this nation's reading, without its content. Instants in microseconds since 1970 UTC.

    `type` is the type inside where the nation opened a sealed entry. `late_reason_given` is None where the event does not say.
    `relayed`: the key that it names had ended, and its nation's authority signed in its place.
    """

    position: int
    recorded_at: int
    occurred_at: int
    event: str
    label: str
    type: str
    stream: str
    authority: str
    nation: str = ""
    officer: str = ""
    role: str = ""
    key_id: str = ""
    precision: str = ""
    late_reason_given: bool | None = None
    has_text: bool = False
    sealed: bool = False
    relayed: bool = False


class Look(msgspec.Struct, frozen=True, gc=False):
    """One look at one record, as the nation's access log has it. Instants in microseconds since 1970 UTC.

    `verb` is the law's word (consulted, disclosed, exported, ...). `label`, `stream` and `position` are the record's, empty
    where it is not in this nation's reading. `mandate` is empty where the nation's own people looked.
    """

    at: int
    event: str
    verb: str
    who: str
    role: str
    purpose: str
    motif: str
    mandate: str = ""
    label: str = ""
    stream: str = ""
    position: int = 0
    emergency: bool = False


class Asked(Protocol):
    """One nation's view, as the questions see it. Where `as_of` is None, it is now: the last position the view has followed."""

    @property
    def nation(self) -> str:
        """GB or FR."""

    @property
    def code_version(self) -> str:
        """Which version of the software answers."""

    def position_at(self, as_of: int | None) -> int:
        """The last position recorded at or before an instant; 0 where there is none."""

    def instant_at(self, as_of: int | None) -> int:
        """The instant itself, or for None when the last position was recorded."""

    def live(self, position: int, kinds: Collection[str]) -> Sequence[Fact]:
        """Facts of these kinds live at a position, whenever they occurred."""

    def changed(self, after: int, upto: int) -> Sequence[Fact]:
        """Facts of any kind stated or ended in (after, upto], those since ended included."""

    def told(self, after: int, upto: int) -> Iterable[Told]:
        """The entries at positions (after, upto] that this nation can read, in order."""

    def figures(self, day: date, as_of: int | None) -> Mapping[str, Any]:
        """The answer of `entente figures`."""

    def situation(self, as_of: int | None) -> Mapping[str, Any]:
        """The answer of `entente situation`."""

    def looks(self, begin: int | None, end: int | None) -> Iterable[Look]:
        """Who looked at what within two instants, both included. Raises NotFound where the access log is not kept here."""

    def prove(self, first: int, last: int) -> Sequence[Mapping[str, Any]]:
        """Check that positions first to last are all there and lead to a checkpoint; one row a check, each with `ok`."""
