"""Who has which chart open now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chartsift.api.db.base import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "presences",
        sa.Column("patient_id", sa.String(length=24), nullable=False),
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_presences_patient_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_presences_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("patient_id", "user_id", name=op.f("pk_presences")),
    )
    op.create_index(op.f("ix_presences_user_id"), "presences", ["user_id"], unique=False)


def downgrade() -> None:
    """Undo the change."""
    op.drop_table("presences")
