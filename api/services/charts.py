"""Charts as the room keeps them: patients, their notes, and the chart that is handed to the reading."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import cast

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, undefer

from chartsift.api.db.base import new_id
from chartsift.api.db.store import now_of, vault_of
from chartsift.api.db.tables import Study, StudyNote, StudyPatient, UnreadInput
from chartsift.api.faults import AccessError, ConflictError
from chartsift.api.screener import Chart
from chartsift.api.services import audit
from chartsift.api.services.studies import is_drawn
from chartsift.nlp.types import Note, Patient, Problem, Sex


def patient_of(session: Session, study_id: str, patient_id: str, *, lock: bool = False) -> StudyPatient:
    """
    Return a patient of a study. Every way to a chart goes through here.

    Args:
        session: A session; a writing one for *lock*.
        study_id: The study that the caller was let into.
        patient_id: Opaque identifier of the patient.
        lock: Keep others from changing the patient until the transaction ends.

    Raises:
        AccessError: the study has no such patient (AC507); a patient of another study is none.
    """
    query = select(StudyPatient).where(StudyPatient.id == patient_id, StudyPatient.study_id == study_id)
    if lock:
        # SQLite has no row locks and needs none: its writers take turns from the start.
        query = query.with_for_update().execution_options(populate_existing=True)
    patient = session.scalars(query).one_or_none()
    if patient is None:
        raise AccessError("AC507")
    return patient


def find_patient(session: Session, study_id: str, site_id: str) -> StudyPatient | None:
    """Return the patient whom the site calls *site_id*."""
    return session.scalars(
        select(StudyPatient).where(StudyPatient.study_id == study_id, StudyPatient.site_id == site_id)
    ).one_or_none()


def add_patient(
    session: Session,
    study: Study,
    patient: Patient,
    *,
    actor_id: str = audit.SYSTEM,
) -> StudyPatient:
    """
    Add a patient to a study. Whether the chart is read blind first, and by two, is drawn here and stays.

    Raises:
        ConflictError: the study has a patient of that identifier (CO605).
    """
    if find_patient(session, study.id, patient.patient_id) is not None:
        raise ConflictError("CO605", "the study has a patient of that identifier")
    opaque = new_id()
    added = StudyPatient(
        id=opaque,
        study_id=study.id,
        site_id=patient.patient_id,
        birth_date=patient.birth_date,
        sex=patient.sex,
        as_of=patient.as_of,
        is_blind_first=is_drawn(opaque, "blind first", study.blind_first_share),
        needs_second=is_drawn(opaque, "second review", study.second_review_share),
        created_at=now_of(session),
    )
    session.add(added)
    session.flush()
    audit.append(session, actor_id, "patient.added", study_id=study.id, patient_id=added.id)
    return added


def change_facts(
    session: Session,
    patient: StudyPatient,
    *,
    birth_date: date | None,
    sex: Sex | None,
    as_of: date | None,
    actor_id: str,
) -> None:
    """Set what is known of a patient beside the notes; the verdicts have to be computed anew."""
    patient.birth_date, patient.sex, patient.as_of = birth_date, sex, as_of
    audit.append(session, actor_id, "patient.changed", study_id=patient.study_id, patient_id=patient.id)


def add_note(
    session: Session,
    patient: StudyPatient,
    note: Note,
    *,
    upload_file_id: str | None = None,
    actor_id: str = audit.SYSTEM,
) -> StudyNote | None:
    """
    Put a note into a chart; the text is kept exactly as it is.

    Returns:
        The note; None when the very same text of the same day is there already.

    Raises:
        ConflictError: the patient has another note of that identifier (CO605).
    """
    digest = text_digest(note.text)
    if find_same_note(session, patient, note) is not None:
        return None
    taken = session.scalars(
        select(StudyNote.id).where(StudyNote.patient_id == patient.id, StudyNote.note_id == note.note_id)
    ).first()
    if taken is not None:
        raise ConflictError("CO605", "the patient has another note of that identifier")
    opaque = new_id()
    added = StudyNote(
        id=opaque,
        patient_id=patient.id,
        note_id=note.note_id,
        note_date=note.note_date,
        note_type=note.note_type,
        sealed_text=vault_of(session).seal(note.text, context=f"note:{opaque}"),
        length=len(note.text),
        digest=digest,
        source=note.source,
        origin=note.origin,
        pages=list(note.pages),
        source_map={},
        upload_file_id=upload_file_id,
        added_at=now_of(session),
    )
    session.add(added)
    session.flush()
    audit.append(
        session,
        actor_id,
        "note.added",
        study_id=patient.study_id,
        patient_id=patient.id,
        target=added.id,
        digest=digest,
    )
    return added


def find_same_note(session: Session, patient: StudyPatient, note: Note) -> StudyNote | None:
    """Return the note of the very same text and day, if the patient has one."""
    return session.scalars(
        select(StudyNote).where(
            StudyNote.patient_id == patient.id,
            StudyNote.digest == text_digest(note.text),
            StudyNote.note_date == note.note_date,
        )
    ).one_or_none()


def add_unread(session: Session, patient: StudyPatient, problem: Problem) -> UnreadInput:
    """Remember an input of the patient that could not be read, so that verdicts say so."""
    name = problem.source or problem.note_id or "an input"
    unread = UnreadInput(patient_id=patient.id, name=name, code=problem.code, added_at=now_of(session))
    session.add(unread)
    session.flush()
    return unread


def text_digest(text: str) -> str:
    """Return SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def notes_of(session: Session, patient_id: str, *, with_text: bool = False) -> Sequence[StudyNote]:
    """Return the notes of a patient, oldest first; *with_text* loads their texts at once."""
    query = select(StudyNote).where(StudyNote.patient_id == patient_id)
    if with_text:
        query = query.options(undefer(StudyNote.sealed_text))
    return session.scalars(query.order_by(StudyNote.note_date, StudyNote.note_id)).all()


def note_of(session: Session, patient: StudyPatient, note_id: str) -> StudyNote:
    """
    Return a note of a patient by its opaque identifier.

    Raises:
        AccessError: the patient has no such note (AC507).
    """
    note = session.scalars(
        select(StudyNote).where(StudyNote.id == note_id, StudyNote.patient_id == patient.id)
    ).one_or_none()
    if note is None:
        raise AccessError("AC507")
    return note


def text_of(session: Session, note: StudyNote) -> str:
    """Return the text of a note exactly as it was received."""
    return vault_of(session).open(note.sealed_text, context=f"note:{note.id}")


def note_value(session: Session, patient: StudyPatient, note: StudyNote) -> Note:
    """Return a note as the reading takes it."""
    return Note(
        patient_id=patient.site_id,
        note_id=note.note_id,
        note_date=note.note_date,
        note_type=note.note_type,
        text=text_of(session, note),
        source=note.source,
        origin=note.origin,
        pages=tuple(note.pages),
    )


def patient_value(patient: StudyPatient) -> Patient:
    """Return a patient as the reading takes it."""
    # The table lets no other value in.
    sex = cast("Sex | None", patient.sex)
    return Patient(patient.site_id, birth_date=patient.birth_date, sex=sex, as_of=patient.as_of)


def chart_of(session: Session, patient: StudyPatient, notes: Iterable[StudyNote] | None = None) -> Chart:
    """Return the whole chart of a patient as the reading takes it."""
    stored = notes_of(session, patient.id, with_text=True) if notes is None else notes
    return Chart(
        patient_value(patient),
        tuple(note_value(session, patient, note) for note in stored),
        tuple(unread_of(session, patient.id)),
    )


def unread_of(session: Session, patient_id: str) -> list[str]:
    """Return the names of a patient's unread inputs as a verdict says them: "scan.pdf (IN134)"."""
    query = select(UnreadInput.name, UnreadInput.code).where(
        UnreadInput.patient_id == patient_id, UnreadInput.resolved_at.is_(None)
    )
    return [f"{name} ({code})" for name, code in session.execute(query.order_by(UnreadInput.added_at)).all()]


def assign(session: Session, patient: StudyPatient, user_id: str | None, *, actor_id: str) -> None:
    """Set who is to read a chart first; None leaves it to whoever takes it."""
    patient.assigned_to = user_id
    patient.version += 1
    audit.append(
        session,
        actor_id,
        "patient.assigned",
        study_id=patient.study_id,
        patient_id=patient.id,
        target=user_id or "",
    )


def count_notes(session: Session, patient_id: str) -> int:
    """Return how many notes a patient has."""
    query = select(func.count()).select_from(StudyNote).where(StudyNote.patient_id == patient_id)
    return session.scalar(query) or 0


def resolve_unread(session: Session, patient_id: str, name: str) -> None:
    """Forget that an input could not be read, once it was read after all."""
    session.execute(
        update(UnreadInput)
        .where(UnreadInput.patient_id == patient_id, UnreadInput.name == name)
        .values(resolved_at=now_of(session))
    )
