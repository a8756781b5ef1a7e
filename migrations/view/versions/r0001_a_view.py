"""A nation's view: facts in two generations, and what following and asking need beside them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import refuse_downgrade

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG, TEXT = sa.BigInteger, sa.Text
FACT_COLUMNS = (
    ("kind", TEXT), ("stream", TEXT), ("event", TEXT), ("label", TEXT), ("origin", BIG), ("stated", BIG), ("ordinal", BIG),
    ("occurred_at", BIG), ("recorded_at", BIG), ("authority", TEXT), ("nation", TEXT), ("authority_path", TEXT), ("code", TEXT),
    ("quantity", BIG), ("unit", TEXT), ("subject", TEXT), ("about", TEXT), ("side", TEXT), ("place", TEXT), ("territory", TEXT),
    ("zone", TEXT), ("party", TEXT), ("party_path", TEXT), ("occurred_until", BIG), ("imprecision_seconds", BIG),
    ("regime", TEXT), ("detail", TEXT), ("reading", TEXT), ("ended", BIG),
)  # fmt: skip


def upgrade() -> None:
    """Make both generations and the row that says which is read."""
    op.create_table("view_head", sa.Column("nation", TEXT, primary_key=True), sa.Column("live", TEXT, nullable=False))
    for g in ("a", "b"):
        _facts(g)
        _beside(g)


def downgrade() -> None:
    """Refused: see migrations.ForwardOnly."""
    refuse_downgrade()


def _facts(g: str) -> None:
    columns = [sa.Column(name, kind, nullable=False) for name, kind in FACT_COLUMNS]
    facts = f"facts_{g}"
    op.create_table(facts, *columns, sa.PrimaryKeyConstraint("stated", "ordinal"))
    op.create_index(f"{facts}_kind", facts, ["kind", "occurred_at"])
    op.create_index(f"{facts}_stream", facts, ["stream"])
    restated, links = sa.text("origin <> stated"), sa.text("kind = 'link'")
    op.create_index(f"{facts}_restated", facts, ["origin"], sqlite_where=restated, postgresql_where=restated)
    op.create_index(f"{facts}_links", facts, ["subject"], sqlite_where=links, postgresql_where=links)


def _beside(g: str) -> None:
    def position() -> sa.Column[int]:
        return sa.Column("position", BIG, primary_key=True, autoincrement=False)

    op.create_table(
        f"instants_{g}",
        sa.Column("recorded_at", BIG, primary_key=True, autoincrement=False),
        sa.Column("position", BIG, nullable=False),
    )
    op.create_table(
        f"attention_{g}",
        sa.Column("since", BIG, nullable=False),
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("until", BIG, nullable=False),
        sa.PrimaryKeyConstraint("since", "stream"),
    )
    op.create_index(f"attention_{g}_until", f"attention_{g}", ["until"])
    op.create_table(f"snapshots_{g}", position(), sa.Column("streams", TEXT, nullable=False))
    op.create_table(
        f"sealed_{g}", position(), sa.Column("event", TEXT, nullable=False), sa.Column("stream", TEXT, nullable=False)
    )
    op.create_index(f"sealed_{g}_stream", f"sealed_{g}", ["stream"])
    op.create_table(
        f"parked_{g}",
        position(),
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
    )
    op.create_table(
        f"progress_{g}",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )
