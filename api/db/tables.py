"""Every table in one place: importing this module makes ``Base.metadata`` complete."""

from __future__ import annotations

from chartsift.api.db.accounts import ApiToken, LoginAttempt, LoginSession, User
from chartsift.api.db.base import Base
from chartsift.api.db.charts import (
    Job,
    NoteReading,
    StoredResult,
    StudyNote,
    StudyPatient,
    UnreadInput,
    Upload,
    UploadFile,
)
from chartsift.api.db.intake import UploadItem, UploadPiece, VerdictChange
from chartsift.api.db.presence import Presence
from chartsift.api.db.reviews import Decision, Review, Signature
from chartsift.api.db.studies import Study, StudyMember, TrialVersion
from chartsift.api.db.trail import AuditEntry, Erasure, IdempotencyKey, Setting

__all__ = [
    "ApiToken",
    "AuditEntry",
    "Base",
    "Decision",
    "Erasure",
    "IdempotencyKey",
    "Job",
    "LoginAttempt",
    "LoginSession",
    "NoteReading",
    "Presence",
    "Review",
    "Setting",
    "Signature",
    "StoredResult",
    "Study",
    "StudyMember",
    "StudyNote",
    "StudyPatient",
    "TrialVersion",
    "UnreadInput",
    "Upload",
    "UploadFile",
    "UploadItem",
    "UploadPiece",
    "User",
    "VerdictChange",
]
