"""Patients: the work list, adding and changing them, and what the system proposes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from sqlalchemy.orm import Session

from chartsift.api.access import Access, AccessDep, RoomDep
from chartsift.api.db.tables import StoredResult, StudyNote, StudyPatient, User
from chartsift.api.faults import AccessError, ConflictError
from chartsift.api.problems import RequestError
from chartsift.api.room import Room
from chartsift.api.services import audit, charts, evaluation, readings, reviews, worklist
from chartsift.api.services.studies import role_in, study_of
from chartsift.api.services.visibility import sees_proposal
from chartsift.api.v1.describe import IdempotencyKeyHeader, Limit, Offset, once, refusals, router
from chartsift.api.v1.models import (
    AssignIn,
    ChartState,
    FindingsOut,
    NewNote,
    NewPatient,
    NextPatientOut,
    NoteAddedOut,
    NoteInfoOut,
    NoteOut,
    NotesOut,
    OpaqueId,
    PatientChange,
    PatientRowOut,
    PatientSearch,
    PatientsOut,
    ProposalOut,
    ResultOut,
)
from chartsift.nlp.screening import rows
from chartsift.nlp.screening.chart import PatientResult
from chartsift.nlp.types import CohortStatus, Note, Patient

routes = router("charts", prefix="/studies/{study_id}")


@routes.get("/patients", summary="The work list", responses=refusals("CO609", study=True))
def list_patients(
    study_id: OpaqueId,
    access: AccessDep,
    room: RoomDep,
    state: Annotated[ChartState | None, Query()] = None,
    status: Annotated[CohortStatus | None, Query()] = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> PatientsOut:
    """List patients in the order in which they are read best; `search_patients` has every filter and order."""
    query = worklist.WorkListQuery(state=state or "", status=status or "", offset=offset, limit=limit)
    return _listed(room, access, study_id, query)


@routes.post(
    "/patients/search", summary="Search the work list", responses=refusals("CO609", study=True, body=True)
)
def search_patients(study_id: OpaqueId, body: PatientSearch, access: AccessDep, room: RoomDep) -> PatientsOut:
    """List patients by filters and order; the search for an identifier stands in the body, not in an address."""
    return _listed(room, access, study_id, worklist.WorkListQuery(**body.model_dump()))


@routes.get("/patients/next", summary="The chart to take up next", responses=refusals(study=True))
def next_patient(study_id: OpaqueId, access: AccessDep, room: RoomDep) -> NextPatientOut:
    """Return a chart that the caller began, else one that waits for the caller."""
    with room.store.reading() as session:
        found = worklist.next_patient(
            session, study_id, user_id=access.user_id, permissions=access.permissions
        )
        return NextPatientOut(patient_id=found.id if found else None)


@routes.post(
    "/patients", summary="Add a patient", responses=refusals("CO604", "CO605", "CO609", study=True, body=True)
)
def create_patient(
    study_id: OpaqueId,
    body: NewPatient,
    access: AccessDep,
    room: RoomDep,
    key: IdempotencyKeyHeader = None,
) -> PatientRowOut:
    """Add a patient to the study; whether the chart is read blind first, and by two, is drawn now."""
    facts = Patient(body.site_id, birth_date=body.birth_date, sex=body.sex, as_of=body.as_of)
    with room.store.writing() as session:

        def act() -> PatientRowOut:
            study = study_of(session, study_id)
            added = charts.add_patient(session, study, facts, actor_id=access.user_id)
            return patient_out(session, access, added)

        request = (f"create_patient {study_id}", body.model_dump())
        return once(session, access, key, request, act, PatientRowOut)


@routes.get("/patients/{patient_id}", summary="A patient", responses=refusals(study=True))
def get_patient(study_id: OpaqueId, patient_id: OpaqueId, access: AccessDep, room: RoomDep) -> PatientRowOut:
    """Return a patient as the work list has it."""
    with room.store.reading() as session:
        return patient_out(session, access, charts.patient_of(session, study_id, patient_id))


@routes.put(
    "/patients/{patient_id}",
    summary="Change facts of a patient",
    responses=refusals("HT816", study=True, body=True),
)
def change_patient(
    study_id: OpaqueId, patient_id: OpaqueId, body: PatientChange, access: AccessDep, room: RoomDep
) -> PatientRowOut:
    """Set date of birth, sex and day of screening; the verdicts are computed anew."""
    with room.store.writing() as session:
        patient = charts.patient_of(session, study_id, patient_id, lock=True)
        charts.change_facts(
            session,
            patient,
            birth_date=body.birth_date,
            sex=body.sex,
            as_of=body.as_of,
            actor_id=access.user_id,
        )
    return _evaluated(room, access, study_id, patient_id)


@routes.put(
    "/patients/{patient_id}/assignment",
    summary="Say who reads a chart first",
    responses=refusals(study=True, body=True),
)
def assign_patient(
    study_id: OpaqueId, patient_id: OpaqueId, body: AssignIn, access: AccessDep, room: RoomDep
) -> PatientRowOut:
    """Assign a chart to a person of the study, or to nobody."""
    with room.store.writing() as session:
        patient = charts.patient_of(session, study_id, patient_id, lock=True)
        if body.user_id is not None and role_in(session, study_id, body.user_id) is None:
            raise AccessError("AC507")
        charts.assign(session, patient, body.user_id, actor_id=access.user_id)
        return patient_out(session, access, patient)


@routes.post(
    "/patients/{patient_id}/reopen",
    summary="Open a signed chart again",
    responses=refusals("CO602", study=True, body=True),
)
def reopen_patient(
    study_id: OpaqueId, patient_id: OpaqueId, access: AccessDep, room: RoomDep
) -> PatientRowOut:
    """Open a signed chart for another round of readings; the record of the rounds before stays."""
    with room.store.writing() as session:
        return patient_out(session, access, reviews.reopen(session, study_id, patient_id, access.user_id))


@routes.get("/patients/{patient_id}/notes", summary="Notes of a patient", responses=refusals(study=True))
def list_notes(study_id: OpaqueId, patient_id: OpaqueId, access: AccessDep, room: RoomDep) -> NotesOut:
    """List the notes of a patient, oldest first, without their texts."""
    del access
    with room.store.reading() as session:
        patient = charts.patient_of(session, study_id, patient_id)
        return NotesOut(items=[_note_info(note) for note in charts.notes_of(session, patient.id)])


@routes.post(
    "/patients/{patient_id}/notes",
    summary="Add a note",
    responses=refusals("CO604", "CO605", "CO609", "HT804", "HT816", study=True, body=True),
)
def create_note(
    study_id: OpaqueId,
    patient_id: OpaqueId,
    body: NewNote,
    access: AccessDep,
    room: RoomDep,
    key: IdempotencyKeyHeader = None,
) -> NoteAddedOut:
    """Add a note and compute the verdicts anew; the very same text of the same day is not added twice."""
    if len(body.text) > room.settings.max_note_chars:
        raise RequestError("HT804")
    with room.store.writing() as session:

        def act() -> NoteAddedOut:
            patient = charts.patient_of(session, study_id, patient_id, lock=True)
            note = Note(patient.site_id, body.note_id, body.note_date, body.note_type, body.text)
            same = charts.find_same_note(session, patient, note)
            added = None if same else charts.add_note(session, patient, note, actor_id=access.user_id)
            kept = same or added
            if kept is None:
                raise ConflictError("CO605")
            return NoteAddedOut(is_new=same is None, note=_note_info(kept))

        request = (f"create_note {study_id} {patient_id}", body.model_dump())
        answer = once(session, access, key, request, act, NoteAddedOut)
    evaluation.evaluate_patient(room.store, room.screener, study_id, patient_id, actor_id=access.user_id)
    return answer


@routes.get(
    "/patients/{patient_id}/notes/{note_id}", summary="A note with its text", responses=refusals(study=True)
)
def get_note(
    study_id: OpaqueId, patient_id: OpaqueId, note_id: OpaqueId, access: AccessDep, room: RoomDep
) -> NoteOut:
    """Return a note exactly as it was received; that it was seen goes into the audit trail."""
    with room.store.writing() as session:
        patient = charts.patient_of(session, study_id, patient_id)
        note = charts.note_of(session, patient, note_id)
        text = charts.text_of(session, note)
        audit.append(
            session, access.user_id, "note.seen", study_id=study_id, patient_id=patient.id, target=note.id
        )
        return NoteOut(text=text, **_note_info(note).model_dump())


@routes.get(
    "/patients/{patient_id}/findings", summary="Findings of a chart", responses=refusals("AC508", study=True)
)
def list_findings(
    study_id: OpaqueId,
    patient_id: OpaqueId,
    access: AccessDep,
    room: RoomDep,
    offset: Offset = 0,
    limit: Limit = 50,
) -> FindingsOut:
    """List findings in the order of notes and places; not before one's own reading where it is blind."""
    stored, result = _seen_result(room, access, study_id, patient_id)
    every = rows.finding_rows(result)
    return FindingsOut.model_validate(
        {
            "result_id": stored.id,
            "items": every[offset : offset + limit],
            "total": len(every),
            "offset": offset,
            "limit": limit,
        }
    )


@routes.get(
    "/patients/{patient_id}/result", summary="Verdicts in force", responses=refusals("AC508", study=True)
)
def get_result(study_id: OpaqueId, patient_id: OpaqueId, access: AccessDep, room: RoomDep) -> ResultOut:
    """Return the verdicts in force; not before one's own reading where it is blind."""
    stored, result = _seen_result(room, access, study_id, patient_id)
    return ResultOut.model_validate(
        {
            "result_id": stored.id,
            "fingerprint": stored.fingerprint,
            "software_fingerprint": stored.software_fingerprint,
            "trial_fingerprint": stored.trial_fingerprint,
            "trial_version": stored.trial_version,
            "as_of": stored.as_of,
            "computed_at": stored.computed_at,
            "cohorts": rows.cohort_rows(result),
            "criteria": rows.criterion_rows(result),
            "scores": rows.score_rows(result),
            "problems": [rows.problem_row(problem) for problem in result.problems],
        }
    )


def patient_out(session: Session, access: Access, patient: StudyPatient) -> PatientRowOut:
    """Return one patient as the work list has it."""
    stored = evaluation.current_result(session, patient)
    is_hidden = not sees_proposal(session, patient, access.user_id, access.permissions)
    active = [review for review in readings.reviews_of(session, patient).values() if review.signed_at is None]
    reader_id = active[0].reviewer_id if active else patient.assigned_to
    reader = session.get(User, reader_id) if reader_id else None
    return _row_out(worklist.WorkListRow(patient, None if is_hidden else stored, reader, is_hidden))


def _listed(room: Room, access: Access, study_id: str, query: worklist.WorkListQuery) -> PatientsOut:
    with room.store.reading() as session:
        found = worklist.work_list(
            session, study_id, query, user_id=access.user_id, permissions=access.permissions
        )
        return PatientsOut.model_validate(
            {
                "items": [_row_out(row) for row in found.rows],
                "total": found.total,
                "offset": query.offset,
                "limit": query.limit,
                "by_state": found.by_state,
                "changed": found.changed,
            }
        )


def _evaluated(room: Room, access: Access, study_id: str, patient_id: str) -> PatientRowOut:
    evaluation.evaluate_patient(room.store, room.screener, study_id, patient_id, actor_id=access.user_id)
    with room.store.reading() as session:
        return patient_out(session, access, charts.patient_of(session, study_id, patient_id))


def _seen_result(
    room: Room, access: Access, study_id: str, patient_id: str
) -> tuple[StoredResult, PatientResult]:
    with room.store.writing() as session:
        patient = charts.patient_of(session, study_id, patient_id)
        if not sees_proposal(session, patient, access.user_id, access.permissions):
            raise AccessError("AC508")
        stored = evaluation.require_result(session, patient)
        result = evaluation.result_value(session, stored)
        audit.append(
            session, access.user_id, "result.seen", study_id=study_id, patient_id=patient.id, target=stored.id
        )
        session.expunge(stored)
    return stored, result


def _note_info(note: StudyNote) -> NoteInfoOut:
    return NoteInfoOut(
        id=note.id,
        note_id=note.note_id,
        note_date=note.note_date,
        note_type=note.note_type,
        length=note.length,
        origin=note.origin,
        pages=list(note.pages),
    )


def _row_out(row: worklist.WorkListRow) -> PatientRowOut:
    patient, stored = row.patient, row.result
    return PatientRowOut.model_validate(
        {
            "patient_id": patient.id,
            "site_id": patient.site_id,
            "birth_date": patient.birth_date,
            "sex": patient.sex,
            "as_of": patient.as_of,
            "age_years": stored.age_years if stored else None,
            "state": patient.state,
            "version": patient.version,
            "round": patient.round,
            "reader_id": row.reader.id if row.reader else None,
            "reader": row.reader.display_name if row.reader else None,
            "changed_at": None if row.is_hidden else patient.changed_at,
            "is_proposal_hidden": row.is_hidden,
            "proposal": None if stored is None else _proposal_out(stored),
        }
    )


def _proposal_out(stored: StoredResult) -> ProposalOut:
    return ProposalOut.model_validate(
        {
            "result_id": stored.id,
            "cohort_id": stored.cohort_id,
            "status": stored.cohort_status,
            "as_of": stored.as_of,
            "score": stored.score,
            "confidence": stored.confidence,
            "missing": stored.missing,
            "against": stored.against,
            "first_lapse": stored.first_lapse,
            "age_limit_on": stored.age_limit_on,
            "last_note_on": stored.last_note_on,
            "notes_read": stored.notes_read,
            "notes_unread": stored.notes_unread,
        }
    )
