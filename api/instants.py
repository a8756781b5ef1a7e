"""Days and instants as people write them, for the command line and over HTTP."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from ledger import errors

MICROSECONDS = 1_000_000
# The window of a day, and when its report is due, are days around it: they must be days of the calendar too.
DAY_MIN, DAY_MAX = date(1900, 1, 1), date(2999, 12, 31)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch


def instant_of(text: str, field: str | None = None) -> int:
    """An instant with its zone, as microseconds since 1970 UTC. Raises BadQuestion."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise errors.BadQuestion(f"{text!r} says no zone", field=field, remedy=f"write {text}Z for UTC, or {text}+01:00")
        since = at.astimezone(UTC) - _EPOCH
    except (ValueError, OverflowError):
        raise errors.BadQuestion(f"{text!r} is no instant", field=field, remedy="write 2015-08-27T02:12:00Z") from None
    return (since.days * 86_400 + since.seconds) * MICROSECONDS + since.microseconds


def day_of(text: str, field: str | None = None) -> date:
    """A reporting day, of the centuries for which there can be one. Raises BadQuestion."""
    try:
        if _DAY(text) and DAY_MIN <= (day := date.fromisoformat(text)) <= DAY_MAX:
            return day
    except ValueError:
        pass  # said below
    raise errors.BadQuestion(f"{text!r} is no day", field=field, remedy="write 2015-08-26")
