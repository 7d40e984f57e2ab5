"""
Uploads: files become a draft that a person corrects, and only then notes in charts.

``received`` (files are there, sealed) -> ``checked`` (every file was read; the draft can be corrected) -> ``adding``
(the worker puts its lines into charts) -> ``done``; or ``discarded``. What arrives is one transaction. Reading and
adding are jobs: each line of the draft is marked in the transaction that adds its note, so that a restart adds what is
left and nothing twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.orm import Session

from chartsift.api.db.store import now_of
from chartsift.api.db.tables import (
    StudyNote,
    StudyPatient,
    Upload,
    UploadFile,
    UploadItem,
    UploadPiece,
)
from chartsift.api.faults import AccessError, ConflictError
from chartsift.api.problems import RequestError
from chartsift.api.services import audit, jobs
from chartsift.nlp.formats.fields import FieldError, read_date, read_identifier

READ_JOB = "upload.read"
ADD_JOB = "upload.add"
# Lines of a draft that wait for a person, and those that will be added.
OPEN_STATES = ("ready", "incomplete", "duplicate", "left_out", "unread")
MOST_TYPE = 200


class ArrivedFile(Protocol):
    """A file as it arrived; see ``chartsift.api.spool``."""

    id: str
    name: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Correction:
    """
    What a person says of a line of the draft; None leaves a field as it is.

    ``leave_out`` True keeps the line out of the chart, False takes it in again.
    """

    site_id: str | None = None
    note_date: str | None = None
    note_type: str | None = None
    leave_out: bool | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a draft would add, or what was added, in numbers."""

    notes: int
    patients: int
    new_patients: int
    incomplete: int
    duplicates: int
    left_out: int
    unread: int
    added: int
    failed: int


def receive(
    session: Session,
    study_id: str,
    files: Sequence[tuple[ArrivedFile, Iterable[bytes]]],
    *,
    actor_id: str,
    site_id: str = "",
    upload: Upload | None = None,
) -> Upload:
    """
    Keep files that arrived together, and queue their reading.

    Args:
        session: A writing session: all files are kept, or none.
        study_id: For which study.
        files: Each file with its sealed pieces.
        actor_id: Who sent them.
        site_id: Patient of those files that name none themselves; empty for none.
        upload: A draft that takes the files in; None begins one.

    Raises:
        RequestError: there is no file (HT831), or the patient's identifier cannot be one (HT812).
        ConflictError: the draft is closed (CO620).
    """
    if not files:
        raise RequestError("HT831")
    if site_id:
        site_id = _identifier(site_id)
    if upload is None:
        upload = Upload(
            study_id=study_id,
            created_by=actor_id,
            details={"site_id": site_id, "rounds": 0},
            created_at=now_of(session),
        )
        session.add(upload)
        session.flush()
    elif upload.state not in ("received", "checked"):
        raise ConflictError("CO620")
    query = select(func.count()).select_from(UploadFile).where(UploadFile.upload_id == upload.id)
    position = session.scalar(query) or 0
    for number, (file, pieces) in enumerate(files):
        kept = UploadFile(
            id=file.id,
            upload_id=upload.id,
            position=position + number,
            name=file.name,
            size_bytes=file.size,
            digest=file.digest,
        )
        session.add(kept)
        session.flush()
        for at, sealed in enumerate(pieces):
            # Not through the session, which would hold every piece to the end.
            row = {"upload_file_id": file.id, "number": at, "sealed": sealed}
            session.execute(insert(UploadPiece), [row])
    rounds = int(upload.details["rounds"]) + 1
    upload.details = {**upload.details, "rounds": rounds}
    upload.state = "received"
    jobs.enqueue(
        session,
        READ_JOB,
        f"{READ_JOB}:{upload.id}:{rounds}",
        study_id=study_id,
        payload={"upload_id": upload.id},
        total=len(files),
    )
    audit.append(
        session,
        actor_id,
        "upload.received",
        study_id=study_id,
        target=upload.id,
        files=len(files),
        bytes=sum(file.size for file, _ in files),
    )
    return upload


def upload_of(session: Session, study_id: str, upload_id: str, *, lock: bool = False) -> Upload:
    """
    Return an upload of a study.

    Raises:
        AccessError: the study has no such upload (AC507).
    """
    query = select(Upload).where(Upload.id == upload_id, Upload.study_id == study_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    upload = session.scalars(query).one_or_none()
    if upload is None:
        raise AccessError("AC507")
    return upload


def uploads_of(
    session: Session, study_id: str, *, offset: int = 0, limit: int = 50
) -> tuple[Sequence[Upload], int]:
    """Return the uploads of a study, the latest first, and how many there are."""
    query = select(Upload).where(Upload.study_id == study_id, Upload.state != "discarded")
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    ordered = query.order_by(Upload.created_at.desc(), Upload.id.desc())
    return session.scalars(ordered.offset(offset).limit(limit)).all(), total


def files_of(session: Session, upload_id: str) -> Sequence[UploadFile]:
    """Return the files of an upload in the order in which they were sent."""
    query = select(UploadFile).where(UploadFile.upload_id == upload_id)
    return session.scalars(query.order_by(UploadFile.position)).all()


def files_with_content(session: Session, upload_id: str) -> set[str]:
    """Return the identifiers of those files of an upload whose content is still there, or that are empty."""
    query = (
        select(UploadFile.id)
        .outerjoin(UploadPiece, UploadPiece.upload_file_id == UploadFile.id)
        .where(
            UploadFile.upload_id == upload_id,
            or_(UploadPiece.upload_file_id.is_not(None), UploadFile.size_bytes == 0),
        )
        .distinct()
    )
    return set(session.scalars(query))


def items_of(
    session: Session, upload_id: str, *, offset: int = 0, limit: int | None = None
) -> Sequence[UploadItem]:
    """Return the lines of a draft by file and place."""
    query = (
        select(UploadItem)
        .join(UploadFile, UploadFile.id == UploadItem.upload_file_id)
        .where(UploadItem.upload_id == upload_id)
        .order_by(UploadFile.position, UploadItem.position)
        .offset(offset)
    )
    return session.scalars(query.limit(limit) if limit is not None else query).all()


def count_items(session: Session, upload_id: str) -> int:
    """Return how many lines a draft has."""
    query = select(func.count()).select_from(UploadItem).where(UploadItem.upload_id == upload_id)
    return session.scalar(query) or 0


def summary_of(session: Session, upload: Upload) -> Summary:
    """Return what a draft would add, or what came of it."""
    rows = session.execute(
        select(UploadItem.kind, UploadItem.state, UploadItem.site_id, UploadItem.patient_id).where(
            UploadItem.upload_id == upload.id
        )
    ).all()
    notes = Counter(state for kind, state, _, _ in rows if kind == "note")
    ready = {site_id for kind, state, site_id, _ in rows if state == "ready" and kind != "problem"}
    added = {patient_id for _, state, _, patient_id in rows if state == "added" and patient_id}
    known = set(_patients_by_site_id(session, upload.study_id, ready))
    return Summary(
        notes=notes["ready"],
        patients=len(ready) or len(added),
        new_patients=len(ready - known),
        incomplete=notes["incomplete"],
        duplicates=sum(state == "duplicate" for _, state, _, _ in rows),
        left_out=sum(state == "left_out" for _, state, _, _ in rows),
        unread=sum(state == "unread" for _, state, _, _ in rows),
        added=notes["added"],
        failed=sum(state == "failed" for _, state, _, _ in rows),
    )


def seen_before(session: Session, upload: Upload) -> dict[str, date]:
    """Return, by file of *upload*, the day on which the very same file was added to the study before."""
    # A file of which a patient was erased has no digest: it is like no other.
    mine = {file.digest: file.id for file in files_of(session, upload.id) if file.digest}
    found = {}
    for digest, at in session.execute(
        select(UploadFile.digest, Upload.created_at)
        .join(Upload, Upload.id == UploadFile.upload_id)
        .where(
            Upload.study_id == upload.study_id,
            Upload.id != upload.id,
            Upload.state.in_(("adding", "done")),
            UploadFile.digest.in_(mine),
        )
    ):
        found[mine[digest]] = at.date()
    return found


def correct(
    session: Session,
    study_id: str,
    upload_id: str,
    corrections: Mapping[str, Correction],
    *,
    actor_id: str,
) -> Upload:
    """
    Correct lines of a draft, each by its identifier; all corrections are kept, or none.

    Raises:
        AccessError: the draft has no such line (AC507).
        ConflictError: the draft is not open (CO620), or a value cannot be used (CO622, saying which field).
    """
    upload = upload_of(session, study_id, upload_id, lock=True)
    if upload.state != "checked":
        raise ConflictError("CO620")
    found = {
        item.id: item
        for item in session.scalars(
            select(UploadItem).where(UploadItem.upload_id == upload.id, UploadItem.id.in_(corrections))
        )
    }
    if found.keys() != corrections.keys():
        raise AccessError("AC507")
    for item_id, correction in corrections.items():
        _apply(found[item_id], correction)
    assess(session, upload)
    audit.append(
        session, actor_id, "upload.corrected", study_id=study_id, target=upload.id, lines=len(corrections)
    )
    return upload


def assess(session: Session, upload: Upload) -> None:
    """Say of every open line whether it can be added: complete, and not in the chart or the draft already."""
    session.flush()
    items = [item for item in items_of(session, upload.id) if item.state in OPEN_STATES]
    sites = {item.site_id for item in items if item.kind == "note" and item.site_id}
    known = _contents(session, upload.study_id, sites)
    for item in items:
        if item.state == "left_out" or item.kind == "problem":
            continue
        if item.kind == "patient":
            item.state = "ready"
            continue
        if not item.site_id or item.note_date is None:
            item.state = "incomplete"
            continue
        content = (item.site_id, item.digest, item.note_date)
        item.state = "duplicate" if content in known else "ready"
        known.add(content)


def confirm(session: Session, study_id: str, upload_id: str, *, actor_id: str) -> str:
    """
    Let the worker add what a draft holds; return the job's identifier. A second time it does nothing more.

    Raises:
        ConflictError: it is not checked yet, or discarded (CO620); or a line lacks its patient or day (CO621).
    """
    upload = upload_of(session, study_id, upload_id, lock=True)
    if upload.state == "checked":
        assess(session, upload)
        summary = summary_of(session, upload)
        if summary.incomplete:
            raise ConflictError(
                "CO621", f"{summary.incomplete} notes lack their patient or their day; fill in, or leave out"
            )
        upload.state = "adding"
        audit.append(
            session, actor_id, "upload.confirmed", study_id=study_id, target=upload.id, notes=summary.notes
        )
    elif upload.state not in ("adding", "done"):
        raise ConflictError("CO620")
    return jobs.enqueue(
        session,
        ADD_JOB,
        f"{ADD_JOB}:{upload.id}",
        study_id=study_id,
        payload={"upload_id": upload.id, "actor_id": actor_id},
        total=count_items(session, upload.id),
    )


def discard(session: Session, study_id: str, upload_id: str, *, actor_id: str) -> None:
    """
    Throw a draft away, its files and texts with it.

    Raises:
        ConflictError: it is being added, or was (CO620).
    """
    upload = upload_of(session, study_id, upload_id, lock=True)
    if upload.state == "discarded":
        return
    if upload.state not in ("received", "checked"):
        raise ConflictError("CO620")
    upload.state = "discarded"
    upload.finished_at = now_of(session)
    session.execute(delete(UploadItem).where(UploadItem.upload_id == upload.id))
    drop_pieces(session, upload.id)
    audit.append(session, actor_id, "upload.discarded", study_id=study_id, target=upload.id)


def drop_pieces(session: Session, upload_id: str) -> None:
    """Delete the contents of the files of an upload."""
    files = select(UploadFile.id).where(UploadFile.upload_id == upload_id)
    session.execute(delete(UploadPiece).where(UploadPiece.upload_file_id.in_(files)))


def _apply(item: UploadItem, correction: Correction) -> None:
    if item.kind == "note":
        if correction.site_id is not None:
            item.site_id = _identifier(correction.site_id) if correction.site_id.strip() else ""
        if correction.note_date is not None:
            item.note_date = _day(correction.note_date) if correction.note_date.strip() else None
        if correction.note_type is not None:
            item.note_type = " ".join(correction.note_type.split())[:MOST_TYPE]
    elif item.kind == "problem" and correction.site_id is not None:
        # Whose unread input it is: the verdicts on that patient will say so.
        item.site_id = _identifier(correction.site_id) if correction.site_id.strip() else ""
    if correction.leave_out is not None and item.kind != "problem":
        if correction.leave_out:
            item.state = "left_out"
        elif item.state == "left_out":
            item.state = "ready"


def _identifier(value: str) -> str:
    try:
        return read_identifier(value, "the patient")
    except FieldError as exc:
        raise ConflictError("CO622", exc.message) from exc


def _day(value: str) -> date:
    try:
        return read_date(value, "the date")
    except FieldError as exc:
        raise ConflictError("CO622", exc.message) from exc


def _patients_by_site_id(session: Session, study_id: str, site_ids: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in batches(sorted(site_ids)):
        query = select(StudyPatient.site_id, StudyPatient.id).where(
            StudyPatient.study_id == study_id, StudyPatient.site_id.in_(some)
        )
        found.update((row.site_id, row.id) for row in session.execute(query))
    return found


def _contents(session: Session, study_id: str, site_ids: Iterable[str]) -> set[tuple[str, str, date]]:
    """Return patient, text digest and day of every note in the charts of these patients."""
    known: set[tuple[str, str, date]] = set()
    by_id = {opaque: site for site, opaque in _patients_by_site_id(session, study_id, site_ids).items()}
    for some in batches(sorted(by_id)):
        query = select(StudyNote.patient_id, StudyNote.digest, StudyNote.note_date)
        for row in session.execute(query.where(StudyNote.patient_id.in_(some))):
            known.add((by_id[row.patient_id], row.digest, row.note_date))
    return known


def batches(values: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    """Yield *values* in parts: a database takes only so many in one question."""
    for at in range(0, len(values), size):
        yield values[at : at + size]


def notes_by_state(session: Session, upload_ids: Sequence[str]) -> dict[str, Counter[str]]:
    """Return, by upload, how many notes are in each state."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    query = (
        select(UploadItem.upload_id, UploadItem.state, func.count())
        .where(UploadItem.kind == "note", UploadItem.upload_id.in_(upload_ids))
        .group_by(UploadItem.upload_id, UploadItem.state)
    )
    for upload_id, state, count in session.execute(query):
        found[upload_id][state] = count
    return found
