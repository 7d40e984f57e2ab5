"""Two columns of uploaded files go that nothing writes: contents are in pieces, lines in items."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COLUMNS = ("sealed_content", "sealed_items")


def upgrade() -> None:
    """Apply the change."""
    # A plain ALTER: batch mode would copy the table, and every reference to it with it.
    for name in _COLUMNS:
        op.drop_column("upload_files", name)


def downgrade() -> None:
    """Undo the change."""
    for name in _COLUMNS:
        op.add_column("upload_files", sa.Column(name, sa.LargeBinary(), nullable=True))
