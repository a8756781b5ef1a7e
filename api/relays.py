"""Which of the rows of an answer were relayed: the key that their entry names had ended, and its authority signed instead.

The mark stands in no view: it follows from the entry's signature lines and the keys of the log (ledger/events/keys.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from api.home import Home
from ledger.store.receipt import is_relayed


def with_relays(home: Home, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with a `position`, those of relayed entries with `"relayed": true`."""
    told = [dict(row) for row in rows]
    ring, _ = home.reader.standing_at(home.reader.head())
    first = min((key.until for key in ring.keys.values() if key.until), default=None)
    if first is None:
        return told
    positions = sorted({row["position"] for row in told if row["position"] >= first})
    relayed = {position for position, entry in home.reader.entries_at(positions) if is_relayed(position, entry, lambda: ring)}
    return [row | {"relayed": True} if row["position"] in relayed else row for row in told]
