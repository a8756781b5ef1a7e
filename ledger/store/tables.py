"""The ledger's tables. One copy of the signed bytes; every other column is an index to them that `verify` re-checks.

Positions count from 1 and leaf indexes from 0: `position - 1` is the leaf index. `type` earns its place twice: a writer that
starts reads the few events that govern admission (`GOVERNING`) without reading the log, and `eventsourcing`'s topics are
filtered in the database. There is no column for `recorded_at`: it never decreases, so twenty reads find an instant in a
million entries, and a column would be one more thing that could disagree with the signed bytes.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
)

# SQLite makes a column its row id, and so the order of its pages, only when it is declared INTEGER.
POSITION = BigInteger().with_variant(Integer(), "sqlite")

# Events that change what is admitted after them: a writer reads these when it starts (store/state.py).
GOVERNING = (
    "authority.registered",
    "key.compromised",
    "key.reaffirmed",
    "key.registered",
    "key.reinstated",
    "key.revoked",
    "key.rotated",
    "key.suspended",
    "ledger.closed",
    "ledger.frozen",
    "ledger.opened",
    "ledger.thawed",
    "place.registered",
    "policy.adopted",
    "rules.adopted",
)

TILE_HASHES = 256
"""Hashes in a full tile (C2SP tlog-tiles): level L, tile N covers the leaves N·256^(L+1) and the 256^(L+1) - 1 after it."""
TILE_BYTES = TILE_HASHES * 32

# Events that say who may read what by a mandate or an appointment: the service reads these when such a caller asks.
GRANTING = ("mandate.ended", "mandate.granted", "role.ended", "role.granted")

metadata = MetaData()

entries = Table(
    "entries",
    metadata,
    Column("position", POSITION, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    UniqueConstraint("event_id", name="entries_event_id"),
    UniqueConstraint("stream", "version", name="entries_stream_version"),
    CheckConstraint("position >= 1 AND version >= 1", name="entries_count_from_one"),
)
governing_types = ", ".join(f"'{name}'" for name in GOVERNING)
governing = entries.c.type.in_(GOVERNING)
Index("entries_governing", entries.c.position, sqlite_where=governing, postgresql_where=governing)
# In a query the types must stand as text: SQLite does not use a partial index for what it is told as parameters.
is_governing = entries.c.type.in_(bindparam("governing", GOVERNING, expanding=True, literal_execute=True))
granting = entries.c.type.in_(GRANTING)
Index("entries_granting", entries.c.position, sqlite_where=granting, postgresql_where=granting)
is_granting = entries.c.type.in_(bindparam("granting", GRANTING, expanding=True, literal_execute=True))

# Ciphertexts and wrapped keys stand beside the log, so that erasing them leaves every proof valid.
sections = Table(
    "sections",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("ciphertext", LargeBinary, nullable=False),
)
wraps = Table(
    "wraps",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("wrap", LargeBinary, nullable=False),
)

# `note` is the signed note exactly as it was first published; `line` one cosigner's signature line on it.
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", POSITION, primary_key=True, autoincrement=False),
    Column("note", LargeBinary, nullable=False),
)
cosignatures = Table(
    "cosignatures",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("line", Text, nullable=False),
    # Whose newest line, and whose next from a size on: finality is looked for under every answer.
    Index("cosignatures_by_name", "name", "size"),
)

# Full tiles only. `root` is the hash the tile contributes to the level above, so that a proof at any size reads one tile a
# level, and a partial tile of an upper level is one range of roots.
tiles = Table(
    "tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("tile_index", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
)

APPEND_ONLY = ("entries", "checkpoints", "cosignatures", "tiles")
ERASABLE = ("sections", "wraps")
