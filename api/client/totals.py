"""Control totals: how many events of each type a service stated, hour by hour, for the log to be held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.formats.entry import format_instant

if TYPE_CHECKING:
    from api.client.ledger import Ledger

HOUR_MICROSECONDS = 3_600_000_000
TOLD = "control totals told until"


def state_due(ledger: Ledger) -> bool:
    """State the total of the whole hours since the last one, if any has passed; whether there was one to state.

    The first hour is the one in which the first statement was made. Raises what `Ledger.state` does.
    """
    until = ledger.now() // HOUR_MICROSECONDS * HOUR_MICROSECONDS
    told = ledger.spool.remembered(TOLD)
    if told is None:
        ledger.spool.remember(TOLD, b"%d" % until)
        return False
    begin = int(told)
    if begin >= until:
        return False
    counts = ledger.spool.types_said(begin, until)
    data = {"from": format_instant(begin), "to": format_instant(until), "counts": counts}
    stream = f"TOTALS-{ledger.known().authority}"
    ledger.state({"type": "service.control_total", "stream": stream, "occurred_at": format_instant(until), "data": data})
    ledger.spool.remember(TOLD, b"%d" % until)
    return True
