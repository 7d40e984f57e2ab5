"""The work of the worker, what it changed, and versions of the trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy.orm import Session

from chartsift.api.access import Access, AccessDep, RoomDep
from chartsift.api.db.tables import Job, VerdictChange
from chartsift.api.faults import AccessError
from chartsift.api.services import changes, charts, jobs, trial_versions, watch
from chartsift.api.services.studies import study_of
from chartsift.api.services.visibility import sees_proposal
from chartsift.api.v1.describe import Limit, Offset, refusals, router
from chartsift.api.v1.intake_models import (
    FlipOut,
    JobOut,
    JobsOut,
    JobState,
    PreviewOut,
    ResultChangeOut,
    ResultChangesOut,
    ScreeningDayIn,
    ScreeningDayOut,
    StaleListOut,
    StaleOut,
    SwitchIn,
    TrialVersionIn,
    VerdictChangeOut,
)
from chartsift.api.v1.models import OpaqueId, StudyOut
from chartsift.api.v1.studies import study_out
from chartsift.api.v1.uploads import job_out

routes = router("work", prefix="/studies/{study_id}")


@routes.get("/jobs", summary="Work of the worker", responses=refusals(study=True))
def list_jobs(
    study_id: OpaqueId,
    access: AccessDep,
    room: RoomDep,
    state: Annotated[JobState | None, Query()] = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> JobsOut:
    """List jobs, the latest first."""
    del access
    with room.store.reading() as session:
        found, total = jobs.jobs_of(session, study_id, state=state or "", offset=offset, limit=limit)
        return JobsOut(items=[job_out(job) for job in found], total=total, offset=offset, limit=limit)


@routes.get("/jobs/{job_id}", summary="A job", responses=refusals(study=True))
def get_job(study_id: OpaqueId, job_id: OpaqueId, access: AccessDep, room: RoomDep) -> JobOut:
    """Return a job: how far it is, and why it failed."""
    del access
    with room.store.reading() as session:
        return job_out(jobs.job_of(session, study_id, job_id))


@routes.post("/jobs/{job_id}/retry", summary="Try a job again", responses=refusals(study=True, body=True))
def retry_job(study_id: OpaqueId, job_id: OpaqueId, access: AccessDep, room: RoomDep) -> JobOut:
    """Queue a job again that was given up; any other stays as it is."""
    with room.store.writing() as session:
        return job_out(jobs.retry(session, study_id, job_id, actor_id=access.user_id))


@routes.get(
    "/patients/{patient_id}/changes",
    summary="What changed in the verdicts",
    responses=refusals("AC508", study=True),
)
def list_changes(
    study_id: OpaqueId, patient_id: OpaqueId, access: AccessDep, room: RoomDep
) -> ResultChangesOut:
    """List what changed in the verdicts on a patient and why, the latest first; not before one's own blind reading."""
    with room.store.reading() as session:
        patient = charts.patient_of(session, study_id, patient_id)
        if not sees_proposal(session, patient, access.user_id, access.permissions):
            raise AccessError("AC508")
        return ResultChangesOut(
            items=[_change_out(change) for change in changes.changes_of(session, patient.id)]
        )


@routes.put(
    "/screening-day", summary="Set the screening day", responses=refusals("CO609", study=True, body=True)
)
def set_screening_day(
    study_id: OpaqueId, body: ScreeningDayIn, access: AccessDep, room: RoomDep
) -> ScreeningDayOut:
    """Read charts as of their last note, or let the screening day follow the calendar."""
    with room.store.writing() as session:
        study = watch.set_screening_day(session, study_id, body.screening_day, actor_id=access.user_id)
        return ScreeningDayOut(screening_day=body.screening_day, version=study.version)


@routes.post(
    "/trial-versions",
    summary="See what another version of the trial changes",
    responses=refusals("CO623", "HT806", "HT816", study=True, body=True),
)
def propose_trial(study_id: OpaqueId, body: TrialVersionIn, access: AccessDep, room: RoomDep) -> PreviewOut:
    """Queue a preview: every chart is evaluated with the version, and nothing in force changes."""
    if body.trial_file is None:
        with room.store.reading() as session:
            trial_id = study_of(session, study_id).trial_id
        trial = room.screener.trial(trial_id)
    else:
        trial = trial_versions.parse_version(body.trial_file)
    with room.store.writing() as session:
        job = trial_versions.propose(session, study_id, trial, actor_id=access.user_id)
        return _preview_out(session, access, job)


@routes.get("/trial-versions/{job_id}", summary="A preview", responses=refusals(study=True))
def get_trial_preview(study_id: OpaqueId, job_id: OpaqueId, access: AccessDep, room: RoomDep) -> PreviewOut:
    """Return whose verdicts another version of the trial would flip."""
    with room.store.reading() as session:
        return _preview_out(session, access, trial_versions.preview_of(session, study_id, job_id))


@routes.post(
    "/trial-versions/{job_id}/switch",
    summary="Put a version of the trial in force",
    responses=refusals("CO601", "CO620", study=True, body=True),
)
def switch_trial(
    study_id: OpaqueId, job_id: OpaqueId, body: SwitchIn, access: AccessDep, room: RoomDep
) -> StudyOut:
    """Put a previewed version in force; every chart is evaluated anew, and what was signed stays as it is."""
    with room.store.writing() as session:
        study = trial_versions.switch(
            session, study_id, job_id, version=body.version, actor_id=access.user_id
        )
        return study_out(study, access.role)


@routes.get("/stale-decisions", summary="Signed under another version", responses=refusals(study=True))
def list_stale(study_id: OpaqueId, access: AccessDep, room: RoomDep) -> StaleListOut:
    """List charts that were signed under another version of the trial, with the criteria that it concerns."""
    del access
    with room.store.reading() as session:
        return StaleListOut(
            items=[
                StaleOut.model_validate(
                    {
                        "patient_id": one.patient.id,
                        "signed_at": one.signature.signed_at,
                        "trial_version": one.signature.trial_version,
                        "criteria": list(one.criteria),
                    }
                )
                for one in trial_versions.stale_signatures(session, study_id)
            ]
        )


def seen_flips(
    session: Session, access: Access, study_id: str, flips: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return those flips whose proposal the caller may see; a patient who was erased since is left out."""
    found = []
    for flip in flips:
        try:
            patient = charts.patient_of(session, study_id, flip["patient_id"])
        except AccessError:
            continue
        if sees_proposal(session, patient, access.user_id, access.permissions):
            found.append(flip)
    return found


def _preview_out(session: Session, access: Access, job: Job) -> PreviewOut:
    return PreviewOut.model_validate(
        {
            "preview_id": job.id,
            "state": job.state,
            "done": job.done,
            "total": job.total,
            "trial_version": job.payload["trial_version"],
            "trial_fingerprint": job.payload["trial_fingerprint"],
            "flips": [
                FlipOut.model_validate({**flip, "changes": _verdicts_out(flip["changes"])})
                for flip in seen_flips(session, access, str(job.study_id), job.payload["flips"])
            ],
        }
    )


def _change_out(change: VerdictChange) -> ResultChangeOut:
    return ResultChangeOut.model_validate(
        {
            "result_id": change.result_id,
            "previous_id": change.previous_id,
            "cohort_before": change.cohort_before,
            "cohort_after": change.cohort_after,
            "status_before": change.status_before,
            "status_after": change.status_after,
            "changes": _verdicts_out(change.changes),
            "reasons": change.reasons,
            "made_at": change.made_at,
        }
    )


def _verdicts_out(found: Sequence[Mapping[str, Any]]) -> list[VerdictChangeOut]:
    return [
        VerdictChangeOut.model_validate(
            {
                "criterion_id": one["criterion_id"],
                "before": one["from"] or None,
                "after": one["to"] or None,
                "basis_before": one["basis_before"],
                "basis_after": one["basis_after"],
                "causes": one.get("causes", ()),
                "day": one.get("day") or None,
            }
        )
        for one in found
    ]
