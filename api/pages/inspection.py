"""For an inspector and a trial manager: the audit trail, and erasing a patient with its proof."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import RedirectResponse, Response

from chartsift.api.access import AccessDep, RoomDep, access_of
from chartsift.api.db.tables import User
from chartsift.api.pages.render import page
from chartsift.api.services import audit, charts, erasure
from chartsift.api.services.studies import study_of

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)

_ROWS = 100


@routes.get("/studies/{study_id}/audit", name="audit_page")
def audit_page(
    study_id: str,
    access: AccessDep,
    room: RoomDep,
    patient: Annotated[str, Query(max_length=24)] = "",
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    check: bool = False,
) -> Response:
    """Show who saw and did what in a study, the latest first; *check* walks over the whole chain."""
    with room.store.reading() as session:
        found = audit.trail(session, study_id, patient_id=patient, offset=offset, limit=_ROWS)
        actors = {entry.actor_id: session.get(User, entry.actor_id) for entry in found.entries}
        return page(
            "audit.html",
            access=access,
            study=study_of(session, study_id),
            trail=found,
            names={actor: user.display_name if user else actor for actor, user in actors.items()},
            patient=patient,
            offset=offset,
            rows=_ROWS,
            chain=audit.verify(session) if check else None,
            proof=erasure.proof_of(session, study_id, patient) if patient else None,
        )


@routes.get("/studies/{study_id}/patients/{patient_id}/erasure", name="erasure_page")
def erasure_page(study_id: str, patient_id: str, access: AccessDep, room: RoomDep) -> Response:
    """Ask once more before a patient is erased."""
    with room.store.reading() as session:
        patient = charts.patient_of(session, study_id, patient_id)
        return page(
            "erasure.html",
            access=access,
            study=study_of(session, study_id),
            patient=patient,
            notes=charts.count_notes(session, patient.id),
            reasons=erasure.REASONS,
        )


@routes.post("/studies/{study_id}/patients/{patient_id}/erasure", name="erase_patient_page")
def erase_patient(
    study_id: str,
    patient_id: str,
    access: AccessDep,
    room: RoomDep,
    reason: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Erase a patient and show the proof."""
    with room.store.writing() as session:
        erasure.erase_patient(session, study_id, patient_id, reason=reason, actor_id=access.user_id)
    erasure.shrink(room.store)
    return RedirectResponse(f"/studies/{study_id}/audit?patient={patient_id}", status_code=303)
