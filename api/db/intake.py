"""Tables of what arrives and what changes: pieces and items of uploads, and the changes of verdicts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chartsift.api.db.base import Base, UtcDateTime, id_column, new_id, one_of

ITEM_KINDS = ("note", "patient", "problem")
ITEM_STATES = ("ready", "incomplete", "duplicate", "left_out", "unread", "added", "failed")


class UploadPiece(Base):
    """A piece of an uploaded file, sealed while it arrived; gone once the upload is done or discarded."""

    __tablename__ = "upload_pieces"

    upload_file_id: Mapped[str] = mapped_column(
        ForeignKey("upload_files.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class UploadItem(Base):
    """
    One note, one patient's facts or one problem found in an uploaded file: a line of the draft.

    ``site_id``, ``note_date`` and ``note_type`` are what the file says until a person corrects them. What was added
    to a chart names its patient (``patient_id``) and keeps neither text nor identifiers of the site: it goes when
    the patient is erased.
    """

    __tablename__ = "upload_items"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"))
    upload_file_id: Mapped[str] = mapped_column(ForeignKey("upload_files.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(500))
    site_id: Mapped[str] = mapped_column(String(200), default="")
    note_id: Mapped[str] = mapped_column(String(200), default="")
    note_date: Mapped[date | None]
    note_type: Mapped[str] = mapped_column(String(200), default="")
    length: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(String(64), default="")
    code: Mapped[str] = mapped_column(String(10), default="")
    message: Mapped[str] = mapped_column(String(1000), default="")
    is_missed: Mapped[bool] = mapped_column(default=False)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    sealed_text: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    patient_id: Mapped[str | None] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)

    __table_args__ = (
        UniqueConstraint("upload_id", "upload_file_id", "position"),
        one_of("kind", ITEM_KINDS),
        one_of("state", ITEM_STATES),
    )


class VerdictChange(Base):
    """
    That verdicts on a patient became others: which, from what, to what, and why.

    ``changes`` lists criteria with status and basis before and after, and why (``causes``, and the ``day`` of a window
    or limit of age); ``reasons`` are those of the whole change. Both are keys of ``chartsift.api.services.changes``.
    """

    __tablename__ = "verdict_changes"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    result_id: Mapped[str] = mapped_column(id_column())
    previous_id: Mapped[str] = mapped_column(id_column())
    cohort_before: Mapped[str] = mapped_column(String(100))
    cohort_after: Mapped[str] = mapped_column(String(100))
    status_before: Mapped[str] = mapped_column(String(20))
    status_after: Mapped[str] = mapped_column(String(20))
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    reasons: Mapped[list[str]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
