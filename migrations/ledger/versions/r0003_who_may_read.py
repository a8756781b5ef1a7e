"""Roles and mandates are found without reading the log: a second partial index, over the events that give and end them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import refuse_downgrade

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GRANTING = ("mandate.ended", "mandate.granted", "role.ended", "role.granted")


def upgrade() -> None:
    """Make the index."""
    granting = sa.column("type").in_(GRANTING)
    op.create_index("entries_granting", "entries", ["position"], sqlite_where=granting, postgresql_where=granting)


def downgrade() -> None:
    """Refused."""
    refuse_downgrade()
