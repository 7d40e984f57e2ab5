"""Tables of charts: patients, notes, what was read in them, uploads and the jobs that work them off."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chartsift.api.db.base import Base, UtcDateTime, id_column, new_id, one_of

CHART_STATES = ("new", "in_review", "second_review", "to_adjudicate", "signed")
SEXES = ("F", "M", "X")
UPLOAD_STATES = ("received", "checked", "adding", "done", "discarded")
FILE_STATES = ("received", "read", "failed", "added", "duplicate", "left_out")
JOB_STATES = ("queued", "running", "done", "failed")


class StudyPatient(Base):
    """
    One patient of one study.

    ``id`` is opaque and stands in addresses; ``site_id`` is the site's own identifier and never does. ``as_of``
    fixes the day of screening; None means the date of the last note. ``version`` grows with every change of the
    review state, and ``round`` when a signed chart is opened for another reading. ``is_blind_first`` and
    ``needs_second`` are drawn once, when the patient is added.
    """

    __tablename__ = "patients"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"))
    site_id: Mapped[str] = mapped_column(String(200))
    birth_date: Mapped[date | None]
    sex: Mapped[str | None] = mapped_column(String(1))
    as_of: Mapped[date | None]
    # The day on which a window or a limit of age was last seen to have passed; see services.watch.
    watched_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(20), default="new")
    version: Mapped[int] = mapped_column(default=1)
    round: Mapped[int] = mapped_column(default=1)
    is_blind_first: Mapped[bool] = mapped_column(default=False)
    needs_second: Mapped[bool] = mapped_column(default=True)
    assigned_to: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    # No foreign key: results point at patients, and a circle of keys cannot be created on SQLite in one pass.
    result_id: Mapped[str | None] = mapped_column(id_column())
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("study_id", "site_id"),
        Index(None, "study_id", "state"),
        one_of("state", CHART_STATES),
        one_of("sex", SEXES, optional=True),
    )


class StudyNote(Base):
    """
    One note of one patient. The text never changes once it is stored; a corrected note is another note.

    ``sealed_text`` is the text as ``chartsift.api.vault`` keeps it. ``digest`` is SHA-256 of the text, by which the
    same note is known when it comes again. ``pages`` says where the pages of a document begin, in code points.
    """

    __tablename__ = "notes"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    note_id: Mapped[str] = mapped_column(String(200))
    note_date: Mapped[date]
    note_type: Mapped[str] = mapped_column(String(200), default="")
    sealed_text: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    length: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(500), default="")
    origin: Mapped[str] = mapped_column(String(100), default="")
    pages: Mapped[list[int]] = mapped_column(JSON, default=list)
    source_map: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    upload_file_id: Mapped[str | None] = mapped_column(ForeignKey("upload_files.id", ondelete="SET NULL"))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("patient_id", "note_id"),
        UniqueConstraint("patient_id", "digest", "note_date"),
    )


class UnreadInput(Base):
    """An input of a patient that could not be read, by name and code; verdicts say so in their proof of search."""

    __tablename__ = "unread_inputs"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(500))
    code: Mapped[str] = mapped_column(String(10))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class NoteReading(Base):
    """The findings of one note as one state of the pipeline reads them; a note is read once for each."""

    __tablename__ = "note_readings"

    note_id: Mapped[str] = mapped_column(ForeignKey("notes.id", ondelete="CASCADE"), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed_findings: Mapped[bytes] = mapped_column(LargeBinary)


class StoredResult(Base):
    """
    The verdicts on one patient for one state of notes, facts, trial and software (``fingerprint``).

    The whole result is ``sealed_result``; the other columns are those that the work list filters and sorts by.
    Results are kept: a decision names the one that it was made on.
    """

    __tablename__ = "results"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    fingerprint: Mapped[str] = mapped_column(String(64))
    software_fingerprint: Mapped[str] = mapped_column(String(64))
    trial_fingerprint: Mapped[str] = mapped_column(String(64))
    trial_version: Mapped[str] = mapped_column(String(100))
    as_of: Mapped[date]
    cohort_id: Mapped[str] = mapped_column(String(100))
    cohort_status: Mapped[str] = mapped_column(String(20))
    score: Mapped[float]
    confidence: Mapped[float]
    age_years: Mapped[int | None]
    missing: Mapped[list[str]] = mapped_column(JSON)
    against: Mapped[list[str]] = mapped_column(JSON)
    missing_count: Mapped[int]
    first_lapse: Mapped[date | None]
    age_limit_on: Mapped[date | None]
    last_note_on: Mapped[date | None]
    notes_read: Mapped[int]
    notes_unread: Mapped[int]
    sealed_result: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("patient_id", "fingerprint"),
        one_of("cohort_status", ("eligible", "ineligible", "undetermined")),
    )


class Upload(Base):
    """Files sent together. Nothing of them is in a chart before ``state`` says "done"."""

    __tablename__ = "uploads"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    state: Mapped[str] = mapped_column(String(20), default="received")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (one_of("state", UPLOAD_STATES),)


class UploadFile(Base):
    """One file of an upload and what became of it; contents are in ``upload_pieces``, lines in ``upload_items``."""

    __tablename__ = "upload_files"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(500))
    size_bytes: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    format: Mapped[str] = mapped_column(String(50), default="")
    state: Mapped[str] = mapped_column(String(20), default="received")
    code: Mapped[str] = mapped_column(String(10), default="")
    notes_added: Mapped[int] = mapped_column(default=0)

    __table_args__ = (one_of("state", FILE_STATES), UniqueConstraint("upload_id", "position"))


class Job(Base):
    """
    A piece of work for the worker.

    A worker holds a job by its lease (``leased_by``, ``leased_until``) and renews it; a job whose lease has run out
    is taken by another. ``key`` keeps the same job from being queued twice.
    """

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(50))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    study_id: Mapped[str | None] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(20), default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    # How often the job was taken: who took it earlier holds it no more, whatever the clock says.
    held: Mapped[int] = mapped_column(default=0, server_default="0")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    code: Mapped[str] = mapped_column(String(10), default="")
    leased_by: Mapped[str] = mapped_column(String(100), default="")
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    run_after: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (one_of("state", JOB_STATES), Index(None, "state", "run_after"))
