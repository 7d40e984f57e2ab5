"""Versions of the study's trial: what another one would change, the switch, and what was signed before."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, UploadFile
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from chartsift.api.access import Access, AccessDep, RoomDep, access_of
from chartsift.api.db.tables import StudyPatient
from chartsift.api.faults import ConflictError
from chartsift.api.pages.render import page
from chartsift.api.room import Room
from chartsift.api.services import trial_versions, watch
from chartsift.api.services.patient_list import read_text
from chartsift.api.services.studies import study_of, trial_of
from chartsift.api.v1.jobs import seen_flips

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)

# A trial file has some tens of kilobytes.
_LONGEST_FILE = 1_000_000
_FLIPS = 500


@routes.get("/studies/{study_id}/versions", name="versions_page")
def versions_page(study_id: str, access: AccessDep, room: RoomDep) -> Response:
    """Show the version in force, the previews, and the charts that were signed under another version."""
    return _page(room, access, study_id)


@routes.post("/studies/{study_id}/versions", name="propose_version_page")
def propose_version_page(
    study_id: str, access: AccessDep, room: RoomDep, trial_file: UploadFile | None = None
) -> Response:
    """Queue the preview of a file, or of the version that comes with the software."""
    try:
        data = trial_file.file.read(_LONGEST_FILE + 1) if trial_file is not None else b""
        if len(data) > _LONGEST_FILE:
            raise ConflictError("CO623", "the file is too long for a trial")
        if data:
            trial = trial_versions.parse_version(read_text(data))
        else:
            with room.store.reading() as session:
                trial_id = study_of(session, study_id).trial_id
            trial = room.screener.trial(trial_id)
        with room.store.writing() as session:
            job = trial_versions.propose(session, study_id, trial, actor_id=access.user_id)
            job_id = job.id
    except ConflictError as refusal:
        return _page(room, access, study_id, fault=f"{refusal.message}. {refusal.hint} ({refusal.code})")
    return RedirectResponse(f"/studies/{study_id}/versions/{job_id}", status_code=303)


@routes.get("/studies/{study_id}/versions/{job_id}", name="preview_page")
def preview_page(study_id: str, job_id: str, access: AccessDep, room: RoomDep) -> Response:
    """Show whose verdicts a version would flip."""
    return _page(room, access, study_id, job_id=job_id)


@routes.post("/studies/{study_id}/versions/{job_id}", name="switch_version_page")
def switch_version_page(
    study_id: str, job_id: str, access: AccessDep, room: RoomDep, version: Annotated[int, Form(ge=1)]
) -> Response:
    """Put a previewed version in force."""
    try:
        with room.store.writing() as session:
            trial_versions.switch(session, study_id, job_id, version=version, actor_id=access.user_id)
    except ConflictError as refusal:
        fault = f"{refusal.message}. {refusal.hint} ({refusal.code})"
        return _page(room, access, study_id, job_id=job_id, fault=fault)
    return RedirectResponse(f"/studies/{study_id}/versions", status_code=303)


@routes.post("/studies/{study_id}/screening-day", name="screening_day_page")
def screening_day_page(
    study_id: str, access: AccessDep, room: RoomDep, screening_day: Annotated[str, Form(max_length=20)]
) -> Response:
    """Read charts as of their last note, or let the screening day follow the calendar."""
    with room.store.writing() as session:
        watch.set_screening_day(session, study_id, screening_day, actor_id=access.user_id)
    return RedirectResponse(f"/studies/{study_id}/versions", status_code=303)


def _page(room: Room, access: Access, study_id: str, *, job_id: str = "", fault: str = "") -> Response:
    with room.store.reading() as session:
        study = study_of(session, study_id)
        trial = trial_of(study)
        preview = trial_versions.preview_of(session, study_id, job_id) if job_id else None
        flips: list[Any] = []
        if preview is not None:
            flips = list(seen_flips(session, access, study_id, preview.payload["flips"][:_FLIPS]))
        stale = trial_versions.stale_signatures(session, study_id)
        wanted = [flip["patient_id"] for flip in flips]
        query = select(StudyPatient.id, StudyPatient.site_id).where(StudyPatient.id.in_(wanted))
        names = {row.id: row.site_id for row in session.execute(query)}
        return page(
            "versions.html",
            access=access,
            status=422 if fault else 200,
            study=study,
            fault=fault,
            screening_day=watch.screening_day(study),
            previews=trial_versions.previews_of(session, study_id),
            preview=preview,
            flips=flips,
            names=names,
            stale=stale,
            labels={
                one.criterion_id: one.label or one.criterion_id.replace("_", " ")
                for cohort in trial.cohorts
                for one in trial.criteria_of(cohort)
            },
        )
