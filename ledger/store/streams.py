"""The index of streams as the store has it: every stream's last version and position, and the event that commits to their root.

The store's columns are believed here: whoever co-signs or verifies the log makes the index again from the entries themselves.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from ledger.formats import streamindex
from ledger.formats.envelope import Submitted
from ledger.formats.streamindex import Leaf
from ledger.store import tables
from ledger.store.application import Ledger
from ledger.store.engines import answering
from ledger.store.receipt import Receipt

ROWS_AT_ONCE = 10_000


def read_streams(engine: Engine, size: int) -> list[Leaf]:
    """The leaves of the index at a size of the log, sorted by stream. Raises Unavailable."""
    e = tables.entries.c
    query = select(e.stream, func.max(e.version), func.max(e.position)).where(e.position <= size).group_by(e.stream)
    with answering(), engine.connect() as connection:
        rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query)
        # Sorted here: a database sorts text as its locale has it.
        return sorted(Leaf(stream, version, position) for stream, version, position in rows)


def commit_index(ledger: Ledger, compose: Callable[[int, str], Submitted]) -> Receipt:
    """Make the index of everything recorded so far and record the `index.committed` event of it.

    `compose` signs that event for a size and a root (hex). Others append meanwhile: no lock is held while the index is made.
    Raises Refused or Unavailable, as an append does.
    """
    size = ledger.head()
    root = streamindex.root(read_streams(ledger.engine, size)).hex()
    made = ledger.sequencer.indexes
    made[size] = root
    try:
        return ledger.append(compose(size, root))
    finally:
        made.pop(size, None)
