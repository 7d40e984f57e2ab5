"""The table of presence: who has which chart open. It is no part of the record, and rows go when they are old."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from chartsift.api.db.base import Base, UtcDateTime


class Presence(Base):
    """That a person has a chart open: ``since`` when without a break, and when the page last said so."""

    __tablename__ = "presences"

    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
