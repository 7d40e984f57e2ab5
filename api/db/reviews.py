"""Tables of judgement: who reads a chart, every act of theirs, and what they signed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chartsift.api.db.base import Base, UtcDateTime, id_column, new_id, one_of

SLOTS = ("first", "second", "adjudication")
ACTS = ("verdict", "evidence_added", "evidence_rejected", "undo")
VERDICTS = ("met", "not_met", "unknown")
STANCES = ("for", "against", "set_aside")


class Review(Base):
    """
    One person's reading of one chart. In a round of readings a person has one slot only.

    ``is_blind`` hides the system's proposal until ``revealed_at``; ``signed_at`` ends the reading. ``version``
    grows with every act, so that two windows of one person cannot overwrite each other.
    """

    __tablename__ = "reviews"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    round: Mapped[int] = mapped_column(default=1)
    slot: Mapped[str] = mapped_column(String(20))
    reviewer_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    is_blind: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        one_of("slot", SLOTS),
        UniqueConstraint("patient_id", "round", "slot"),
        UniqueConstraint("patient_id", "round", "reviewer_id"),
    )


class Decision(Base):
    """
    One act of a reviewer: a verdict, a piece of evidence added or rejected, or the undoing of an act. Append-only.

    ``sequence`` counts the acts of a review from 1. A verdict names the verdict that it takes the place of
    (``supersedes_id``), and every act the result it was made on. Evidence is kept as a place (note, start, end);
    the words stand in the note, which never changes. ``sealed_comment`` is the person's own text.
    """

    __tablename__ = "decisions"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    review_id: Mapped[str] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"))
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    sequence: Mapped[int]
    act: Mapped[str] = mapped_column(String(20))
    cohort_id: Mapped[str] = mapped_column(String(100))
    criterion_id: Mapped[str] = mapped_column(String(100))
    verdict: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(100), default="")
    sealed_comment: Mapped[bytes | None] = mapped_column(LargeBinary)
    note_id: Mapped[str | None] = mapped_column(ForeignKey("notes.id", ondelete="CASCADE"))
    start: Mapped[int | None]
    end: Mapped[int | None]
    stance: Mapped[str | None] = mapped_column(String(20))
    finding_id: Mapped[str | None] = mapped_column(String(40))
    supersedes_id: Mapped[str | None] = mapped_column(ForeignKey("decisions.id"))
    undoes_id: Mapped[str | None] = mapped_column(ForeignKey("decisions.id"), unique=True)
    made_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_blind_to_system: Mapped[bool]
    result_id: Mapped[str | None] = mapped_column(id_column())
    result_fingerprint: Mapped[str] = mapped_column(String(64), default="")

    __table_args__ = (
        UniqueConstraint("review_id", "sequence"),
        one_of("act", ACTS),
        one_of("verdict", VERDICTS, optional=True),
        one_of("stance", STANCES, optional=True),
        CheckConstraint("(act = 'verdict') = (verdict IS NOT NULL)", name="verdict_has_verdict"),
        CheckConstraint("(act = 'undo') = (undoes_id IS NOT NULL)", name="undo_names_act"),
        CheckConstraint(
            "act NOT IN ('evidence_added', 'evidence_rejected')"
            ' OR (note_id IS NOT NULL AND start >= 0 AND "end" > start)',
            name="evidence_has_place",
        ),
    )


class Signature(Base):
    """
    What a person signed, and when. Append-only.

    ``content`` holds the verdicts in force, and ``digest`` is SHA-256 of their canonical form with patient, slot,
    trial version and result.
    """

    __tablename__ = "signatures"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    review_id: Mapped[str] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"))
    signed_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    meaning: Mapped[str] = mapped_column(String(100))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    trial_version: Mapped[str] = mapped_column(String(100))
    result_id: Mapped[str | None] = mapped_column(id_column())
    result_fingerprint: Mapped[str] = mapped_column(String(64), default="")

    __table_args__ = (Index(None, "review_id"),)
