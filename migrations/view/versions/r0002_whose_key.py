"""Facts name the key of their event, so that what rests on a compromised one can be shown as disputed.

A view is derived. It is emptied here, and the next `entente project` reads it from the log again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import refuse_downgrade

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("facts", "instants", "attention", "snapshots", "sealed", "parked", "progress")


def upgrade() -> None:
    """Empty both generations, and give facts their key."""
    for g in ("a", "b"):
        for table in TABLES:
            op.execute(sa.delete(sa.table(f"{table}_{g}")))
        op.add_column(f"facts_{g}", sa.Column("key_id", sa.Text, nullable=False))


def downgrade() -> None:
    """Refused: see migrations.ForwardOnly."""
    refuse_downgrade()
