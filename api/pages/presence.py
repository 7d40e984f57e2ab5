"""Who else has the open chart open: the sign of life of a page, and the line that comes back for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response

from chartsift.api.access import AccessDep, RoomDep, access_of
from chartsift.api.pages.render import page
from chartsift.api.pages.scene import present_of
from chartsift.api.services import charts, presence

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)


@routes.post("/studies/{study_id}/patients/{patient_id}/presence", name="presence_part")
def presence_part(
    study_id: str,
    patient_id: str,
    access: AccessDep,
    room: RoomDep,
    leaving: Annotated[str, Form(max_length=1)] = "",
) -> Response:
    """Note that the person is still there, or is leaving; say who else is. It keeps no session alive."""
    with room.store.writing() as session:
        patient = charts.patient_of(session, study_id, patient_id)
        (presence.leave if leaving else presence.arrive)(session, patient.id, access.user_id)
        return page("presence.html", access=access, present=present_of(session, patient, access))
