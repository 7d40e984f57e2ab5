"""The record out, as files."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, Any, Literal

from fastapi import Path as PathParameter
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from chartsift.api.access import Access, AccessDep, RoomDep
from chartsift.api.room import Room
from chartsift.api.services import exports
from chartsift.api.v1.describe import refusals, router
from chartsift.api.v1.models import OpaqueId

routes = router("exports", prefix="/studies/{study_id}")

ExportFormat = Literal["redcap", "fhir", "omop", "json", "annotations"]

_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}


@routes.get(
    "/exports/{format_name}",
    summary="Take the record out",
    response_class=Response,
    responses={**refusals("CO601", "CO625", "CO626", study=True), **_FILES},
)
def get_export(
    study_id: OpaqueId,
    format_name: Annotated[ExportFormat, PathParameter(description="What for.")],
    access: AccessDep,
    room: RoomDep,
) -> Response:
    """Return the signed charts in a format; what is not signed stays in the room."""
    return send_export(room, access, study_id, format_name)


def send_export(room: Room, access: Access, study_id: str, format_name: str) -> Response:
    """Return the file of an export; it is deleted once it was sent."""
    wanted = exports.format_of(format_name)
    with ExitStack() as stack:
        made = exports.export_file(room.store, study_id, format_name, actor_id=access.user_id)
        path = stack.enter_context(made)
        kept = stack.pop_all()
    return FileResponse(
        path, media_type=wanted.media_type, filename=wanted.file_name, background=BackgroundTask(kept.close)
    )
