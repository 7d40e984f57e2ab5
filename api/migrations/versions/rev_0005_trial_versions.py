"""Every version of the trial that a study has read, so that what was signed under one can be told in its words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chartsift.api.db.base import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "trial_versions",
        sa.Column("study_id", sa.String(length=24), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("trial_file", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"], ["studies.id"], name=op.f("fk_trial_versions_study_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("study_id", "fingerprint", name=op.f("pk_trial_versions")),
    )
    # Versions before the one in force were not kept.
    op.execute(
        "INSERT INTO trial_versions (study_id, fingerprint, version, trial_file, since) "
        "SELECT id, trial_fingerprint, trial_version, trial_file, created_at FROM studies"
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_table("trial_versions")
