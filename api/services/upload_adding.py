"""
The job that puts the lines of a confirmed draft into charts, each exactly once.

A line, the note made of it and the line's new state are one transaction with the check that the job is still held. A
worker that is killed leaves whole lines behind, and the next one goes on with those that are still "ready".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import cast

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from chartsift.api.db.store import now_of, vault_of
from chartsift.api.db.tables import StudyNote, StudyPatient, Upload, UploadFile, UploadItem
from chartsift.api.services import audit, charts, jobs, uploads
from chartsift.api.services.jobs import Hold
from chartsift.api.services.studies import study_of
from chartsift.nlp.types import Note, Patient, Problem, Sex

EVALUATE_JOB = "evaluate"
# A note takes 2 ms: the others wait for a tenth of a second at most.
_NOTES = 20
_LONGEST_NOTE_ID = 200


def add_upload_items(hold: Hold) -> None:
    """Add every line of the draft that is ready; then queue the reading of the charts they went into."""
    upload_id, actor_id = hold.payload["upload_id"], hold.payload["actor_id"]
    while True:
        with hold.writing() as session:
            upload = session.get_one(Upload, upload_id)
            items = _next_items(session, upload_id)
            if not items:
                _finish(session, hold, upload, actor_id)
                return
            for item in items:
                _add(session, upload, item, actor_id)
            session.flush()
            query = select(func.count()).select_from(UploadItem).where(UploadItem.upload_id == upload_id)
            left = session.scalar(query.where(UploadItem.state.in_(("ready", "unread")))) or 0
            total = session.scalar(query) or 0
            jobs.advance(session, hold, done=total - left, total=total)


def _next_items(session: Session, upload_id: str) -> Sequence[UploadItem]:
    # Facts first: they say who a patient is before notes make a chart of one.
    return session.scalars(
        select(UploadItem)
        .where(UploadItem.upload_id == upload_id, UploadItem.state.in_(("ready", "unread")))
        .order_by(UploadItem.kind.desc(), UploadItem.upload_file_id, UploadItem.position)
        .limit(_NOTES)
    ).all()


def _add(session: Session, upload: Upload, item: UploadItem, actor_id: str) -> None:
    if item.kind == "patient":
        _add_facts(session, upload, item, actor_id)
    elif item.kind == "note":
        _add_note(session, upload, item, actor_id)
    else:
        _add_problem(session, upload, item, actor_id)
    if item.state != "failed":
        # The chart has it now; here it would only be one more place to forget.
        item.site_id = ""
    item.sealed_text = None


def _add_facts(session: Session, upload: Upload, item: UploadItem, actor_id: str) -> None:
    facts = item.facts
    birth, as_of = _day(facts["birth_date"]), _day(facts["as_of"])
    sex = cast("Sex | None", facts["sex"] or None)
    patient = charts.find_patient(session, upload.study_id, item.site_id)
    if patient is None:
        study = study_of(session, upload.study_id)
        patient = charts.add_patient(
            session,
            study,
            Patient(item.site_id, birth_date=birth, sex=sex, as_of=as_of),
            actor_id=actor_id,
        )
    else:
        known = (patient.birth_date, patient.sex, patient.as_of)
        given = (birth, sex, as_of)
        if any(old and new and old != new for old, new in zip(known, given, strict=True)):
            # What a person entered, or another file said, is not overwritten in silence.
            item.state, item.code = "failed", "IN123"
            item.message = "the patient is known with different facts; correct them in the chart"
            item.patient_id = patient.id
            return
        if known != (known[0] or birth, known[1] or sex, known[2] or as_of):
            charts.change_facts(
                session,
                patient,
                birth_date=patient.birth_date or birth,
                sex=cast("Sex | None", patient.sex) or sex,
                as_of=patient.as_of or as_of,
                actor_id=actor_id,
            )
    item.state, item.patient_id, item.facts = "added", patient.id, {}


def _add_note(session: Session, upload: Upload, item: UploadItem, actor_id: str) -> None:
    patient = _patient(session, upload, item.site_id, actor_id)
    item.patient_id = patient.id
    if item.note_date is None or item.sealed_text is None:
        item.state, item.code = "failed", "IN114"
        return
    note = Note(
        item.site_id,
        _free_note_id(session, patient, item),
        item.note_date,
        item.note_type,
        vault_of(session).open(item.sealed_text, context=f"item:{item.id}"),
        item.label,
        str(item.facts.get("origin", "")),
        tuple(item.facts.get("pages", ())),
    )
    added = charts.add_note(session, patient, note, upload_file_id=item.upload_file_id, actor_id=actor_id)
    item.state = "added" if added is not None else "duplicate"
    if added is not None:
        charts.resolve_unread(session, patient.id, item.label)
        file = session.get_one(UploadFile, item.upload_file_id)
        file.notes_added += 1


def _add_problem(session: Session, upload: Upload, item: UploadItem, actor_id: str) -> None:
    """Remember what could not be read with the patient it belongs to, so that the verdicts say so."""
    if item.site_id and item.is_missed:
        patient = _patient(session, upload, item.site_id, actor_id)
        name = item.label or item.note_id
        if f"{name} ({item.code})" not in charts.unread_of(session, patient.id):
            charts.add_unread(session, patient, Problem(name, item.note_id, item.code, item.message))
        item.patient_id = patient.id
    item.state = "failed"


def _finish(session: Session, hold: Hold, upload: Upload, actor_id: str) -> None:
    patients = session.scalars(
        select(UploadItem.patient_id)
        .where(UploadItem.upload_id == upload.id, UploadItem.patient_id.is_not(None))
        .distinct()
    ).all()
    for patient_id in patients:
        jobs.enqueue(
            session,
            EVALUATE_JOB,
            f"{EVALUATE_JOB}:{patient_id}:{upload.id}",
            study_id=upload.study_id,
            payload={"patient_id": patient_id, "actor_id": actor_id},
            total=1,
        )
    for file in uploads.files_of(session, upload.id):
        if file.state == "read":
            file.state = (
                "added" if file.notes_added else "duplicate" if _is_copy(session, file) else "left_out"
            )
    uploads.drop_pieces(session, upload.id)
    session.execute(
        update(UploadItem)
        .where(UploadItem.upload_id == upload.id, UploadItem.sealed_text.is_not(None))
        .values(sealed_text=None, site_id="")
    )
    upload.state, upload.finished_at = "done", now_of(session)
    summary = uploads.summary_of(session, upload)
    audit.append(
        session, actor_id, "upload.done", study_id=upload.study_id, target=upload.id, notes=summary.added
    )
    jobs.finish(session, hold)


def _is_copy(session: Session, file: UploadFile) -> bool:
    query = select(UploadItem.id).where(
        UploadItem.upload_file_id == file.id, UploadItem.state == "duplicate", UploadItem.kind == "note"
    )
    return session.scalars(query).first() is not None


def _patient(session: Session, upload: Upload, site_id: str, actor_id: str) -> StudyPatient:
    patient = charts.find_patient(session, upload.study_id, site_id)
    if patient is None:
        study = study_of(session, upload.study_id)
        patient = charts.add_patient(session, study, Patient(site_id), actor_id=actor_id)
    return patient


def _free_note_id(session: Session, patient: StudyPatient, item: UploadItem) -> str:
    """Return the note's identifier; where another note of the chart has it, with a part of its digest."""
    taken = session.scalars(
        select(StudyNote.id).where(StudyNote.patient_id == patient.id, StudyNote.note_id == item.note_id)
    ).first()
    if taken is None:
        return item.note_id
    mark = f" ({item.digest[:8]})"
    return item.note_id[: _LONGEST_NOTE_ID - len(mark)] + mark


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
