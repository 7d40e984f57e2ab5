"""
Erasing a patient, on request or because the time to keep the chart is over, with proof that it was done.

The order stands first in ``erasures`` and in the audit trail: opaque identifier, who, why, how many rows. Then
everything goes that says something of the patient: notes, findings, verdicts, decisions, signatures, the site's
identifier, and what uploads and stored answers still hold. The proof is that ``proof_of`` finds the order in a trail
that is whole, and not a row of the patient anywhere.

Lines of drafts that name the patient go with the content of the files that they came out of; the order counts them. A
file that is not read yet tells nobody whose notes it holds: the order says how many there were, and a person looks at
their draft before anything of them is added.

Backups are not in reach of this: docs/deploy.md says how long to keep them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, FromClause, Table, delete, func, select, update
from sqlalchemy.orm import Session

from chartsift.api.chart.caches import forget
from chartsift.api.db.base import Base
from chartsift.api.db.store import Store, now_of
from chartsift.api.db.tables import (
    AuditEntry,
    Erasure,
    IdempotencyKey,
    Job,
    Signature,
    StudyNote,
    StudyPatient,
    Upload,
    UploadFile,
    UploadItem,
    UploadPiece,
)
from chartsift.api.faults import ConflictError
from chartsift.api.services import audit
from chartsift.api.services.charts import patient_of
from chartsift.api.services.uploads import batches

REASONS = ("consent_withdrawn", "patient_request", "wrong_study", "retention", "other")
"""Why a patient is erased; a code, so that nobody writes a name into the proof."""

ERASED_NAME = "(erased)"

# What else says something of a patient goes with the row that it belongs to (ON DELETE CASCADE).
_PATIENT = "patient_id"


@dataclass(frozen=True, slots=True)
class Proof:
    """
    What shows that a patient was erased.

    Attributes:
        erasure_id: The order.
        sequence: Its entry in the audit trail.
        entry_hash: Hash of that entry.
        rows_left: Rows that still name the patient, apart from the trail; 0.
        is_whole: Whether the trail is whole.
    """

    erasure_id: str
    sequence: int
    entry_hash: str
    rows_left: int
    is_whole: bool


def erase_patient(session: Session, study_id: str, patient_id: str, *, reason: str, actor_id: str) -> Erasure:
    """
    Erase a patient of a study.

    Raises:
        AccessError: the study has no such patient (AC507).
        ConflictError: the reason is none of `REASONS` (CO609).
    """
    patient = patient_of(session, study_id, patient_id, lock=True)
    if reason not in REASONS:
        raise ConflictError("CO609", "name one of the reasons there are")
    counts = {
        table.name: found
        for table in tables_of_patient()
        if (found := _count(session, table, table.c[_PATIENT] == patient.id))
    }
    drafts = _draft_lines(session, study_id, patient.site_id)
    counts |= {
        name: found
        for name, found in (
            ("draft_lines", len(drafts)),
            ("files_not_read", _count_unread_files(session, study_id)),
        )
        if found
    }
    order = Erasure(
        patient_id=patient.id,
        study_id=study_id,
        ordered_by=actor_id,
        reason=reason,
        counts=counts,
        at=now_of(session),
    )
    session.add(order)
    # The database lets decisions go only after the order is there.
    session.flush()
    files = session.scalars(
        select(StudyNote.upload_file_id).where(
            StudyNote.patient_id == patient.id, StudyNote.upload_file_id.is_not(None)
        )
    ).all()
    # Files that held nothing but copies of notes that were there already have no note of their own.
    copies = session.scalars(
        select(UploadItem.upload_file_id).where(UploadItem.patient_id == patient.id)
    ).all()
    _clear_files(session, sorted({file_id for file_id in (*files, *copies, *drafts.values()) if file_id}))
    for some in batches(sorted(drafts)):
        session.execute(delete(UploadItem).where(UploadItem.id.in_(some)))
    _forget_site_id(session, study_id, patient.site_id)
    _forget_previews(session, study_id, patient.id)
    # Answers kept for a repeated request may quote the chart, and do not say which; they live for a day anyway.
    session.execute(delete(IdempotencyKey))
    for table in tables_of_patient():
        session.execute(delete(table).where(table.c[_PATIENT] == patient.id))
    session.execute(
        delete(StudyPatient).where(StudyPatient.id == patient.id).execution_options(synchronize_session=False)
    )
    session.expunge_all()
    audit.append(
        session,
        actor_id,
        "patient.erased",
        study_id=study_id,
        patient_id=patient_id,
        target=order.id,
        reason=reason,
        **counts,
    )
    return order


def proof_of(session: Session, study_id: str, patient_id: str) -> Proof | None:
    """Return the proof that a patient of the study was erased; None when there was no order."""
    order = session.scalars(
        select(Erasure).where(Erasure.patient_id == patient_id, Erasure.study_id == study_id)
    ).one_or_none()
    if order is None:
        return None
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "patient.erased", AuditEntry.target == order.id)
    ).one()
    left = sum(_count(session, table, table.c[_PATIENT] == patient_id) for table in tables_of_patient())
    left += _count(session, StudyPatient.__table__, StudyPatient.__table__.c.id == patient_id)
    found = (order.id, entry.sequence, entry.entry_hash)
    return Proof(*found, rows_left=left, is_whole=audit.verify(session).is_whole)


def due_for_erasure(session: Session, *, days: int, now: datetime | None = None) -> Sequence[StudyPatient]:
    """
    Return the patients whose chart has been closed for more than *days* days.

    A chart is closed when it is signed; the last signature counts, so that one opened again waits anew.
    """
    limit = (now or now_of(session)) - timedelta(days=days)
    closed = (
        select(Signature.patient_id)
        .group_by(Signature.patient_id)
        .having(func.max(Signature.signed_at) < limit)
    )
    query = (
        select(StudyPatient)
        .where(StudyPatient.state == "signed", StudyPatient.id.in_(closed))
        .order_by(StudyPatient.study_id, StudyPatient.id)
    )
    return session.scalars(query).all()


def tables_of_patient() -> list[Table]:
    """Return every table whose rows belong to a patient, those first that others are pointed at by."""
    patients = StudyPatient.__table__
    return [
        table
        for table in reversed(Base.metadata.sorted_tables)
        if _PATIENT in table.c and any(key.column.table is patients for key in table.c[_PATIENT].foreign_keys)
    ]


def shrink(store: Store) -> None:
    """
    Take what was deleted out of this process's memory, and out of the files (SQLite).

    What is deleted is overwritten (``secure_delete``, see the store); the write-ahead log holds it until it is worked
    off. PostgreSQL overwrites in its own time, with VACUUM.
    """
    forget()
    if store.engine.dialect.name == "sqlite":
        with store.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA query_only=OFF")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")


def _draft_lines(session: Session, study_id: str, site_id: str) -> dict[str, str]:
    """
    Return the lines of the study's uploads that name the patient and are in no chart, each with its file.

    The file is empty where it is just being read: without its content the lines of others would be lost, too. It
    counts as not read yet.
    """
    query = (
        select(UploadItem.id, UploadItem.upload_file_id, UploadFile.state)
        .join(Upload, Upload.id == UploadItem.upload_id)
        .join(UploadFile, UploadFile.id == UploadItem.upload_file_id)
        .where(Upload.study_id == study_id, UploadItem.site_id == site_id, UploadItem.patient_id.is_(None))
    )
    return {row.id: "" if row.state == "received" else row.upload_file_id for row in session.execute(query)}


def _count_unread_files(session: Session, study_id: str) -> int:
    query = (
        select(func.count())
        .select_from(UploadFile)
        .join(Upload, Upload.id == UploadFile.upload_id)
        .where(Upload.study_id == study_id, Upload.state == "received", UploadFile.state == "received")
    )
    return session.scalar(query) or 0


def _forget_site_id(session: Session, study_id: str, site_id: str) -> None:
    """Take the identifier out of the uploads that were sent for this patient."""
    for upload in session.scalars(select(Upload).where(Upload.study_id == study_id)):
        if upload.details.get("site_id") == site_id:
            upload.details = {**upload.details, "site_id": ""}
    session.flush()


def _forget_previews(session: Session, study_id: str, patient_id: str) -> None:
    """Take the patient out of the lists of whose verdicts another version of the trial would change."""
    for job in session.scalars(select(Job).where(Job.study_id == study_id)):
        flips = job.payload.get("flips")
        if flips and any(one["patient_id"] == patient_id for one in flips):
            job.payload = {**job.payload, "flips": [one for one in flips if one["patient_id"] != patient_id]}
    session.flush()


def _clear_files(session: Session, files: Sequence[str]) -> None:
    """Take contents and names of the files out of which the patient's notes came; others' notes stay as they are."""
    session.execute(delete(UploadPiece).where(UploadPiece.upload_file_id.in_(files)))
    session.execute(update(UploadFile).where(UploadFile.id.in_(files)).values(name=ERASED_NAME, digest=""))


def _count(session: Session, table: FromClause, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(condition)) or 0
