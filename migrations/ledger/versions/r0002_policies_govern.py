"""Policies are found without reading the log: the index over what governs it covers policy.adopted as well."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import refuse_downgrade
from migrations.ledger.versions.r0001_the_log import GOVERNING as GOVERNING_BEFORE

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GOVERNING = tuple(sorted((*GOVERNING_BEFORE, "policy.adopted")))


def upgrade() -> None:
    """Make the partial index again, over one type more."""
    governing = sa.column("type").in_(GOVERNING)
    op.drop_index("entries_governing", "entries")
    op.create_index("entries_governing", "entries", ["position"], sqlite_where=governing, postgresql_where=governing)


def downgrade() -> None:
    """Refused."""
    refuse_downgrade()
