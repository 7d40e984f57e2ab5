"""Tables of the record: audit trail, erasures, answers already given, and settings of the installation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chartsift.api.db.base import Base, UtcDateTime, id_column, new_id


class AuditEntry(Base):
    """
    Who saw or did what, when: one link of a hash chain. Append-only, and never erased.

    No foreign keys: the trail outlives what it speaks of. It holds opaque identifiers, codes and counts, and
    nothing of a patient.
    """

    __tablename__ = "audit_log"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[str] = mapped_column(String(50))
    action: Mapped[str] = mapped_column(String(60))
    study_id: Mapped[str] = mapped_column(String(50), default="")
    patient_id: Mapped[str] = mapped_column(String(50), default="")
    target: Mapped[str] = mapped_column(String(100), default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    previous_hash: Mapped[str] = mapped_column(String(64))
    entry_hash: Mapped[str] = mapped_column(String(64), unique=True)

    __table_args__ = (Index(None, "study_id", "at"), Index(None, "patient_id"))


class Erasure(Base):
    """
    The order to erase a patient. Append-only; without it decisions and signatures of the patient cannot be deleted.

    It holds no more than the opaque identifier, who ordered it, why, and how many rows went.
    """

    __tablename__ = "erasures"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    patient_id: Mapped[str] = mapped_column(id_column(), unique=True)
    study_id: Mapped[str] = mapped_column(id_column())
    ordered_by: Mapped[str] = mapped_column(String(50))
    reason: Mapped[str] = mapped_column(String(100))
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class IdempotencyKey(Base):
    """The answer that was given under a caller's key, so that the same request sent again does nothing twice."""

    __tablename__ = "idempotency_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(200))
    request_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    sealed_answer: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    __table_args__ = (UniqueConstraint("user_id", "key"),)


class Setting(Base):
    """A setting that the installation keeps for itself, such as the check value of its encryption key."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(JSON)
