"""Pieces and items of uploads, changes of verdicts, and the day up to which a chart was watched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chartsift.api.db.base import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "upload_pieces",
        sa.Column("upload_file_id", sa.String(length=24), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_file_id"],
            ["upload_files.id"],
            name=op.f("fk_upload_pieces_upload_file_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("upload_file_id", "number", name=op.f("pk_upload_pieces")),
    )
    op.create_table(
        "upload_items",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("upload_id", sa.String(length=24), nullable=False),
        sa.Column("upload_file_id", sa.String(length=24), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=500), nullable=False),
        sa.Column("site_id", sa.String(length=200), nullable=False),
        sa.Column("note_id", sa.String(length=200), nullable=False),
        sa.Column("note_date", sa.Date(), nullable=True),
        sa.Column("note_type", sa.String(length=200), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("message", sa.String(length=1000), nullable=False),
        sa.Column("is_missed", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=True),
        sa.Column("patient_id", sa.String(length=24), nullable=True),
        sa.CheckConstraint("kind IN ('note', 'patient', 'problem')", name=op.f("ck_upload_items_kind_known")),
        sa.CheckConstraint(
            "state IN ('ready', 'incomplete', 'duplicate', 'left_out', 'unread', 'added', 'failed')",
            name=op.f("ck_upload_items_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_upload_items_patient_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["upload_file_id"],
            ["upload_files.id"],
            name=op.f("fk_upload_items_upload_file_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name=op.f("fk_upload_items_upload_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_items")),
        sa.UniqueConstraint(
            "upload_id",
            "upload_file_id",
            "position",
            name=op.f("uq_upload_items_upload_id_upload_file_id_position"),
        ),
    )
    with op.batch_alter_table("upload_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_items_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_items_upload_file_id"), ["upload_file_id"], unique=False)

    op.create_table(
        "verdict_changes",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("patient_id", sa.String(length=24), nullable=False),
        sa.Column("result_id", sa.String(length=24), nullable=False),
        sa.Column("previous_id", sa.String(length=24), nullable=False),
        sa.Column("cohort_before", sa.String(length=100), nullable=False),
        sa.Column("cohort_after", sa.String(length=100), nullable=False),
        sa.Column("status_before", sa.String(length=20), nullable=False),
        sa.Column("status_after", sa.String(length=20), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_verdict_changes_patient_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict_changes")),
    )
    with op.batch_alter_table("verdict_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verdict_changes_patient_id"), ["patient_id"], unique=False)

    # A plain ALTER: batch mode would copy the table of patients, and its triggers and references with it.
    op.add_column("patients", sa.Column("watched_on", sa.Date(), nullable=True))
    op.add_column("jobs", sa.Column("held", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Undo the change."""
    op.drop_column("jobs", "held")
    op.drop_column("patients", "watched_on")
    op.drop_table("verdict_changes")
    op.drop_table("upload_items")
    op.drop_table("upload_pieces")
