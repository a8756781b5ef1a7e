"""The log: entries, sections, wraps, checkpoints, cosignatures and tiles, append-only in the database itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import refuse_downgrade

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("entries", "checkpoints", "cosignatures", "tiles")
ERASABLE = ("sections", "wraps")
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
    "rules.adopted",
)
# The body of the function that PostgreSQL's triggers call; verification compares what is there with it.
REFUSE_CHANGE = """
        BEGIN
            RAISE EXCEPTION '% on % is refused: the ledger is append-only', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'insufficient_privilege';
        END """
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, then the triggers that keep them append-only."""
    _make_log()
    _make_tree()
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def downgrade() -> None:
    """Refused."""
    refuse_downgrade()


def _make_log() -> None:
    op.create_table(
        "entries",
        sa.Column("position", POSITION, primary_key=True, autoincrement=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("event_id", name="entries_event_id"),
        sa.UniqueConstraint("stream", "version", name="entries_stream_version"),
        sa.CheckConstraint("position >= 1 AND version >= 1", name="entries_count_from_one"),
    )
    governing = sa.column("type").in_(GOVERNING)
    op.create_index("entries_governing", "entries", ["position"], sqlite_where=governing, postgresql_where=governing)
    op.create_table(
        "sections",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("ciphertext", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "wraps",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("recipient", sa.Text, primary_key=True),
        sa.Column("wrap", sa.LargeBinary, nullable=False),
    )


def _make_tree() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("size", POSITION, primary_key=True, autoincrement=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "cosignatures",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("line", sa.Text, nullable=False),
    )
    op.create_index("cosignatures_by_name", "cosignatures", ["name", "size"])
    op.create_table(
        "tiles",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tile_index", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
    )


def _guard_postgresql() -> None:
    op.execute(f"CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $${REFUSE_CHANGE}$$")
    # Statement triggers fire for statements that touch no row as well, and are the only kind TRUNCATE has.
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table in ERASABLE:
        op.execute(
            f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    # A signed entry hardly compresses and every reader wants all of it: keep small ones in the row, move only long ones out.
    op.execute("ALTER TABLE entries ALTER COLUMN entry SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE sections ALTER COLUMN ciphertext SET STORAGE EXTERNAL")


def _guard_sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, '{what} on {table} is refused: the ledger is append-only'); END"
    for table in (*APPEND_ONLY, *ERASABLE):
        for what in ("UPDATE", "DELETE") if table in APPEND_ONLY else ("UPDATE",):
            op.execute(
                f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} {refuse.format(what=what, table=table)}"
            )
    # INSERT OR REPLACE deletes the old row without telling the DELETE trigger, so what it would replace is looked for here.
    same_key = {
        "entries": "position = NEW.position OR event_id = NEW.event_id OR (stream = NEW.stream AND version = NEW.version)",
        "checkpoints": "size = NEW.size",
        "cosignatures": "size = NEW.size AND name = NEW.name",
        "tiles": "level = NEW.level AND tile_index = NEW.tile_index",
        "sections": "position = NEW.position AND name = NEW.name",
        "wraps": "position = NEW.position AND name = NEW.name AND recipient = NEW.recipient",
    }
    for table, condition in same_key.items():
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}"
            f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {condition})"
            f" BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: {table} is append-only'); END"
        )
