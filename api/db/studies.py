"""Tables of studies: the trial that is read, its settings, and who takes part in which role."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chartsift.api.db.base import Base, UtcDateTime, id_column, new_id, one_of, share

ROLES = ("viewer", "reviewer", "adjudicator", "trial_manager", "admin")


class Study(Base):
    """
    One study at this site.

    ``trial_file`` is the text of the trial file that is in force: what was decided must be readable in two years,
    whatever the installed package brings by then. The shares say how many charts are read blind to the system
    first, and how many are read by a second person; which ones follows from the patient's identifier.
    """

    __tablename__ = "studies"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(String(200), unique=True)
    trial_id: Mapped[str] = mapped_column(String(100))
    trial_version: Mapped[str] = mapped_column(String(100))
    trial_fingerprint: Mapped[str] = mapped_column(String(64))
    trial_file: Mapped[str] = mapped_column(Text)
    blind_first_share: Mapped[float] = mapped_column(default=0.0)
    second_review_share: Mapped[float] = mapped_column(default=1.0)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (share("blind_first_share"), share("second_review_share"))


class TrialVersion(Base):
    """A version of the trial that a study read once: what was signed under it is told in its words and order."""

    __tablename__ = "trial_versions"

    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(100))
    trial_file: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class StudyMember(Base):
    """A person's one role in one study."""

    __tablename__ = "study_members"

    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str] = mapped_column(String(20))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (one_of("role", ROLES),)
