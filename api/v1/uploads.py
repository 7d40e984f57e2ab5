"""Uploads: files in, a draft to correct, notes in charts; and lists of patients."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select
from sqlalchemy.orm import Session

from chartsift.api.access import Access, AccessDep, RoomDep
from chartsift.api.db.tables import Job, Upload, UploadFile, UploadItem
from chartsift.api.room import Room
from chartsift.api.services import patient_list, uploads
from chartsift.api.services.upload_adding import EVALUATE_JOB
from chartsift.api.services.uploads import ADD_JOB, READ_JOB, Correction
from chartsift.api.spool import Spool, receive_form
from chartsift.api.v1.describe import IdempotencyKeyHeader, Limit, Offset, once, refusals, router
from chartsift.api.v1.intake_models import (
    CorrectionsIn,
    JobOut,
    ListedOut,
    PatientListIn,
    RowFaultOut,
    UploadFileOut,
    UploadInfoOut,
    UploadItemOut,
    UploadItemsOut,
    UploadOut,
    UploadsOut,
    UploadSummaryOut,
)
from chartsift.api.v1.models import OpaqueId

routes = router("uploads", prefix="/studies/{study_id}")

_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "description": "Files and archives of every format; names may hold folders.",
                        },
                        "site_id": {
                            "type": "string",
                            "maxLength": 200,
                            "description": "Patient of those files that name none.",
                        },
                    },
                }
            }
        },
    }
}


@routes.post(
    "/uploads",
    summary="Upload files",
    openapi_extra=_FORM,
    responses=refusals("CO604", "CO609", "CO622", "HT802", "HT831", study=True, body=True),
)
async def create_upload(
    study_id: OpaqueId, request: Request, access: AccessDep, room: RoomDep, key: IdempotencyKeyHeader = None
) -> UploadOut:
    """
    Send files; they are kept whole or not at all, and read by the worker into a draft.

    Nothing enters a chart before `confirm_upload`.
    """
    return await _received(request, study_id, access, room, key, upload_id="")


@routes.post(
    "/uploads/{upload_id}/files",
    summary="Add files to a draft",
    openapi_extra=_FORM,
    responses=refusals("CO604", "CO609", "CO620", "CO622", "HT802", "HT831", study=True, body=True),
)
async def add_upload_files(
    study_id: OpaqueId,
    upload_id: OpaqueId,
    request: Request,
    access: AccessDep,
    room: RoomDep,
    key: IdempotencyKeyHeader = None,
) -> UploadOut:
    """Send more files for a draft, such as the next part of a large folder."""
    return await _received(request, study_id, access, room, key, upload_id=upload_id)


@routes.get("/uploads", summary="Uploads", responses=refusals(study=True))
def list_uploads(
    study_id: OpaqueId, access: AccessDep, room: RoomDep, offset: Offset = 0, limit: Limit = 50
) -> UploadsOut:
    """List uploads, the latest first."""
    del access
    with room.store.reading() as session:
        found, total = uploads.uploads_of(session, study_id, offset=offset, limit=limit)
        counts = uploads.notes_by_state(session, [upload.id for upload in found])
        return UploadsOut(
            items=[
                UploadInfoOut.model_validate(
                    {
                        "upload_id": upload.id,
                        "state": upload.state,
                        "created_at": upload.created_at,
                        "finished_at": upload.finished_at,
                        "notes": dict(counts[upload.id]),
                    }
                )
                for upload in found
            ],
            total=total,
            offset=offset,
            limit=limit,
        )


@routes.get("/uploads/{upload_id}", summary="An upload", responses=refusals(study=True))
def get_upload(study_id: OpaqueId, upload_id: OpaqueId, access: AccessDep, room: RoomDep) -> UploadOut:
    """Return an upload with its files, what it would add, and how far the work is."""
    del access
    with room.store.reading() as session:
        return upload_out(session, uploads.upload_of(session, study_id, upload_id))


@routes.get("/uploads/{upload_id}/items", summary="Lines of a draft", responses=refusals(study=True))
def list_upload_items(
    study_id: OpaqueId,
    upload_id: OpaqueId,
    access: AccessDep,
    room: RoomDep,
    offset: Offset = 0,
    limit: Limit = 50,
) -> UploadItemsOut:
    """List the lines of a draft by file and place, each with its state and what is wrong with it."""
    del access
    with room.store.reading() as session:
        upload = uploads.upload_of(session, study_id, upload_id)
        found = uploads.items_of(session, upload.id, offset=offset, limit=limit)
        return UploadItemsOut(
            items=[_item_out(item) for item in found],
            total=uploads.count_items(session, upload.id),
            offset=offset,
            limit=limit,
        )


@routes.patch(
    "/uploads/{upload_id}/items",
    summary="Correct lines of a draft",
    responses=refusals("CO620", "CO622", study=True, body=True),
)
def correct_upload(
    study_id: OpaqueId, upload_id: OpaqueId, body: CorrectionsIn, access: AccessDep, room: RoomDep
) -> UploadOut:
    """Say whose a note is, of which day and type, or leave it out."""
    corrections = {
        one.item_id: Correction(one.site_id, one.note_date, one.note_type, one.leave_out)
        for one in body.items
    }
    with room.store.writing() as session:
        upload = uploads.correct(session, study_id, upload_id, corrections, actor_id=access.user_id)
        return upload_out(session, upload)


@routes.post(
    "/uploads/{upload_id}/confirm",
    summary="Add a draft to the charts",
    responses=refusals("CO620", "CO621", study=True, body=True),
)
def confirm_upload(study_id: OpaqueId, upload_id: OpaqueId, access: AccessDep, room: RoomDep) -> UploadOut:
    """Let the worker add what is ready; sent again it does nothing more."""
    with room.store.writing() as session:
        uploads.confirm(session, study_id, upload_id, actor_id=access.user_id)
        return upload_out(session, uploads.upload_of(session, study_id, upload_id))


@routes.delete(
    "/uploads/{upload_id}", summary="Discard a draft", responses=refusals("CO620", study=True, body=True)
)
def discard_upload(study_id: OpaqueId, upload_id: OpaqueId, access: AccessDep, room: RoomDep) -> UploadOut:
    """Throw a draft away, its texts with it."""
    with room.store.writing() as session:
        uploads.discard(session, study_id, upload_id, actor_id=access.user_id)
        return upload_out(session, uploads.upload_of(session, study_id, upload_id))


@routes.post(
    "/patient-lists",
    summary="Add a list of patients",
    responses=refusals("CO604", "CO609", "CO624", study=True, body=True),
)
def add_patient_list(
    study_id: OpaqueId,
    body: PatientListIn,
    access: AccessDep,
    room: RoomDep,
    key: IdempotencyKeyHeader = None,
) -> ListedOut:
    """Add patients to work through, and assign them to readers; with a fault in any row nobody is added."""
    with room.store.writing() as session:

        def act() -> ListedOut:
            listed = patient_list.add_list(session, study_id, body.csv, actor_id=access.user_id)
            return ListedOut(
                added=listed.added,
                known=listed.known,
                assigned=listed.assigned,
                faults=[
                    RowFaultOut(row=one.row, code=one.code, message=one.message) for one in listed.faults
                ],
            )

        return once(session, access, key, (f"add_patient_list {study_id}", body.csv), act, ListedOut)


def keep_files(
    room: Room, access: Access, study_id: str, spool: Spool, key: str | None, *, upload_id: str = ""
) -> UploadOut:
    """Keep the files of a form as an upload, or in a draft, once under *key*."""
    with room.store.writing() as session:

        def act() -> UploadOut:
            upload = uploads.upload_of(session, study_id, upload_id, lock=True) if upload_id else None
            kept = uploads.receive(
                session,
                study_id,
                [(file, spool.pieces(file)) for file in spool.files],
                actor_id=access.user_id,
                site_id=spool.fields.get("site_id", "").strip(),
                upload=upload,
            )
            return upload_out(session, kept)

        sent = [[file.name, file.digest] for file in spool.files]
        request = (f"upload {study_id} {upload_id}", [sent, spool.fields])
        return once(session, access, key, request, act, UploadOut)


def upload_out(session: Session, upload: Upload) -> UploadOut:
    """Return an upload with its files, its numbers and its work."""
    before = uploads.seen_before(session, upload)
    summary = uploads.summary_of(session, upload)
    return UploadOut.model_validate(
        {
            "upload_id": upload.id,
            "state": upload.state,
            "created_at": upload.created_at,
            "finished_at": upload.finished_at,
            "files": [_file_out(file, before) for file in uploads.files_of(session, upload.id)],
            "summary": UploadSummaryOut(
                notes=summary.notes,
                patients=summary.patients,
                new_patients=summary.new_patients,
                incomplete=summary.incomplete,
                duplicates=summary.duplicates,
                left_out=summary.left_out,
                unread=summary.unread,
                added=summary.added,
                failed=summary.failed,
            ),
            "jobs": [job_out(job) for job in jobs_of_upload(session, upload)],
        }
    )


def jobs_of_upload(session: Session, upload: Upload) -> list[Job]:
    """Return the work that belongs to an upload: reading, adding, and the charts it changed, as one job each."""
    prefixes = (f"{READ_JOB}:{upload.id}:", f"{ADD_JOB}:{upload.id}")
    query = select(Job).where(
        Job.study_id == upload.study_id,
        Job.kind.in_((READ_JOB, ADD_JOB)),
        Job.key.startswith(prefixes[0]) | (Job.key == prefixes[1]),
    )
    found = list(session.scalars(query.order_by(Job.created_at, Job.id)))
    evaluations = select(Job).where(
        Job.study_id == upload.study_id, Job.kind == EVALUATE_JOB, Job.key.endswith(f":{upload.id}")
    )
    return [*found, *session.scalars(evaluations.order_by(Job.created_at, Job.id).limit(1000))]


def job_out(job: Job) -> JobOut:
    """Return a job."""
    return JobOut.model_validate(
        {
            "job_id": job.id,
            "kind": job.kind,
            "state": job.state,
            "done": job.done,
            "total": job.total,
            "attempts": job.attempts,
            "code": job.code,
            "created_at": job.created_at,
            "finished_at": job.finished_at,
        }
    )


async def _received(
    request: Request, study_id: str, access: Access, room: Room, key: str | None, *, upload_id: str
) -> UploadOut:
    spool = await receive_form(request, room.store.vault, max_files=room.settings.max_files)
    try:
        return await run_in_threadpool(keep_files, room, access, study_id, spool, key, upload_id=upload_id)
    finally:
        spool.close()


def _file_out(file: UploadFile, before: Mapping[str, date]) -> UploadFileOut:
    return UploadFileOut.model_validate(
        {
            "file_id": file.id,
            "name": file.name,
            "size_bytes": file.size_bytes,
            "digest": file.digest,
            "format": file.format,
            "state": file.state,
            "code": file.code,
            "notes_added": file.notes_added,
            "added_before": before.get(file.id),
        }
    )


def _item_out(item: UploadItem) -> UploadItemOut:
    return UploadItemOut.model_validate(
        {
            "item_id": item.id,
            "file_id": item.upload_file_id,
            "kind": item.kind,
            "state": item.state,
            "label": item.label,
            "site_id": item.site_id,
            "note_date": item.note_date,
            "note_type": item.note_type,
            "length": item.length,
            "code": item.code,
            "message": item.message,
            "patient_id": item.patient_id,
        }
    )
