"""Taking the record out."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from chartsift.api.access import AccessDep, RoomDep, access_of
from chartsift.api.pages.render import page
from chartsift.api.services import exports
from chartsift.api.services.studies import study_of
from chartsift.api.services.worklist import WorkListQuery, work_list
from chartsift.api.v1.exports import send_export

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)


@routes.get("/studies/{study_id}/exports", name="exports_page")
def exports_page(study_id: str, access: AccessDep, room: RoomDep) -> Response:
    """Show the formats, and how many charts are signed."""
    with room.store.reading() as session:
        query = WorkListQuery(limit=1)
        listed = work_list(session, study_id, query, user_id=access.user_id, permissions=access.permissions)
        return page(
            "exports.html",
            access=access,
            study=study_of(session, study_id),
            formats=exports.FORMATS.values(),
            signed=listed.by_state["signed"],
            total=sum(listed.by_state.values()),
        )


@routes.get("/studies/{study_id}/exports/{format_name}", name="download_page")
def download_page(study_id: str, format_name: str, access: AccessDep, room: RoomDep) -> Response:
    """Send an export."""
    return send_export(room, access, study_id, format_name)
