"""Getting notes in: choose files, correct the draft, add it; and lists of patients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from chartsift.api.access import Access, AccessDep, RoomDep, access_of
from chartsift.api.db.base import new_id
from chartsift.api.db.tables import Job
from chartsift.api.faults import ConflictError
from chartsift.api.pages.render import page
from chartsift.api.problems import RequestError
from chartsift.api.room import Room
from chartsift.api.services import jobs, patient_list, uploads
from chartsift.api.services.patient_list import Listed
from chartsift.api.services.studies import study_of
from chartsift.api.services.uploads import Correction
from chartsift.api.spool import Spool, receive_form
from chartsift.api.v1.uploads import jobs_of_upload, keep_files
from chartsift.nlp.formats.readers import known_suffixes

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)

_LINES = 200
_LONGEST_LIST = 2_000_000
FILE_WORDS: Mapping[str, str] = {
    "received": "waiting to be read",
    "read": "read",
    "failed": "not read",
    "added": "added",
    "duplicate": "known already",
    "left_out": "left out",
}
ITEM_WORDS: Mapping[str, str] = {
    "ready": "will be added",
    "incomplete": "fill in patient and date",
    "duplicate": "in the chart already",
    "left_out": "left out",
    "unread": "not read",
    "added": "added",
    "failed": "not added",
}
JOB_WORDS: Mapping[str, str] = {
    "upload.read": "Reading the files",
    "upload.add": "Adding the notes",
    "evaluate": "Reading the charts",
}


@routes.get("/studies/{study_id}/upload", name="upload_page")
def upload_page(study_id: str, access: AccessDep, room: RoomDep) -> Response:
    """Show the form, and the uploads that there are."""
    return _form_page(room, access, study_id)


@routes.post("/studies/{study_id}/upload", name="send_upload_page")
async def send_upload_page(study_id: str, request: Request, access: AccessDep, room: RoomDep) -> Response:
    """Keep the files that were chosen and go to their draft; the same form sent twice makes one."""
    spool = await receive_form(request, room.store.vault, max_files=room.settings.max_files)
    try:
        return await run_in_threadpool(_keep, room, access, study_id, spool)
    finally:
        spool.close()


@routes.post("/studies/{study_id}/patient-list", name="send_list_page")
async def send_list_page(study_id: str, request: Request, access: AccessDep, room: RoomDep) -> Response:
    """Add the patients of a list; with a fault in any row the page says which, and nobody is added."""
    spool = await receive_form(request, room.store.vault, max_files=1)
    try:
        return await run_in_threadpool(_keep_list, room, access, study_id, spool)
    finally:
        spool.close()


@routes.get("/studies/{study_id}/uploads/{upload_id}", name="draft_page")
def draft_page(
    study_id: str,
    upload_id: str,
    access: AccessDep,
    room: RoomDep,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """Show a draft: what was recognised, what is missing, what would be added."""
    return _draft_page(room, access, study_id, upload_id, offset=offset)


@routes.post("/studies/{study_id}/uploads/{upload_id}", name="correct_draft_page")
async def correct_draft_page(
    study_id: str, upload_id: str, request: Request, access: AccessDep, room: RoomDep
) -> Response:
    """Keep the corrections of the form; then add the draft or discard it, when that button was pressed."""
    # A page of lines, each with four fields.
    form = await request.form(max_files=0, max_fields=6 * _LINES)
    values = {name: value for name, value in form.items() if isinstance(value, str)}
    return await run_in_threadpool(_act, room, access, study_id, upload_id, values)


@routes.post("/studies/{study_id}/jobs/{job_id}/retry", name="retry_job_page")
def retry_job_page(
    study_id: str,
    job_id: str,
    access: AccessDep,
    room: RoomDep,
    upload: Annotated[str, Form(pattern=r"^[0-9a-f]{24}$")] = "",
) -> Response:
    """Try a job again that was given up, and go back to its upload."""
    with room.store.writing() as session:
        jobs.retry(session, study_id, job_id, actor_id=access.user_id)
    onward = f"uploads/{upload}" if upload else "upload"
    return RedirectResponse(f"/studies/{study_id}/{onward}", status_code=303)


def corrections_of(values: Mapping[str, str]) -> dict[str, Correction]:
    """
    Return the corrections in the fields of a draft's form.

    Each line has its fields by identifier: ``site-…``, ``date-…``, ``type-…``, ``out-…`` (ticked to leave it out).
    """
    found = {}
    for name in values:
        kind, _, item_id = name.partition("-")
        if kind == "line":
            found[item_id] = Correction(
                site_id=values.get(f"site-{item_id}"),
                note_date=values.get(f"date-{item_id}"),
                note_type=values.get(f"type-{item_id}"),
                leave_out=f"out-{item_id}" in values,
            )
    return found


def _keep(room: Room, access: Access, study_id: str, spool: Spool) -> Response:
    key = spool.fields.pop("key", "") or None
    try:
        kept = keep_files(room, access, study_id, spool, key)
    except (RequestError, ConflictError) as refusal:
        if refusal.code not in ("HT831", "CO622"):
            raise
        return _form_page(room, access, study_id, fault=f"{refusal.message}. {refusal.hint} ({refusal.code})")
    return RedirectResponse(f"/studies/{study_id}/uploads/{kept.upload_id}", status_code=303)


def _keep_list(room: Room, access: Access, study_id: str, spool: Spool) -> Response:
    if not spool.files:
        return _form_page(room, access, study_id, fault="No file was sent. Choose at least one file. (HT831)")
    (file,) = spool.files
    if file.size > _LONGEST_LIST:
        raise RequestError("HT801")
    vault = room.store.vault
    data = b"".join(
        vault.open_bytes(sealed, context=f"piece:{file.id}:{number}")
        for number, sealed in enumerate(spool.pieces(file))
    )
    try:
        text = patient_list.read_text(data)
        with room.store.writing() as session:
            listed = patient_list.add_list(session, study_id, text, actor_id=access.user_id)
    except ConflictError as refusal:
        return _form_page(room, access, study_id, fault=f"{refusal.message}. {refusal.hint} ({refusal.code})")
    return _form_page(room, access, study_id, listed=listed)


def _act(room: Room, access: Access, study_id: str, upload_id: str, values: Mapping[str, str]) -> Response:
    here = f"/studies/{study_id}/uploads/{upload_id}"
    action = values.get("do", "save")
    try:
        with room.store.writing() as session:
            if action == "discard":
                uploads.discard(session, study_id, upload_id, actor_id=access.user_id)
                return RedirectResponse(f"/studies/{study_id}/upload", status_code=303)
            corrections = corrections_of(values)
            if corrections:
                uploads.correct(session, study_id, upload_id, corrections, actor_id=access.user_id)
            if action == "add":
                uploads.confirm(session, study_id, upload_id, actor_id=access.user_id)
    except ConflictError as refusal:
        if refusal.code == "CO621":
            # The corrections are good and stay; only the adding waits for the rest.
            return _act(room, access, study_id, upload_id, {**values, "do": "save", "after": refusal.message})
        fault = f"{refusal.message}. {refusal.hint} ({refusal.code})"
        return _draft_page(room, access, study_id, upload_id, fault=fault, typed=values)
    if values.get("after"):
        return _draft_page(room, access, study_id, upload_id, fault=f"{values['after']} (CO621)")
    offset = values.get("offset", "")
    onward = f"?offset={offset}" if offset.isdecimal() and int(offset) else ""
    return RedirectResponse(here + onward, status_code=303)


def _form_page(
    room: Room, access: Access, study_id: str, *, fault: str = "", listed: Listed | None = None
) -> Response:
    with room.store.reading() as session:
        found, total = uploads.uploads_of(session, study_id, limit=20)
        return page(
            "upload.html",
            access=access,
            status=422 if fault else 200,
            study=study_of(session, study_id),
            uploads=found,
            total=total,
            counts=uploads.notes_by_state(session, [upload.id for upload in found]),
            suffixes=", ".join(known_suffixes()),
            key=new_id(),
            fault=fault,
            listed=listed,
            max_files=room.settings.max_files,
            max_bytes=room.settings.max_body_bytes,
        )


def _draft_page(
    room: Room,
    access: Access,
    study_id: str,
    upload_id: str,
    *,
    offset: int = 0,
    fault: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    with room.store.reading() as session:
        upload = uploads.upload_of(session, study_id, upload_id)
        items = uploads.items_of(session, upload.id, offset=offset, limit=_LINES)
        work = jobs_of_upload(session, upload)
        values: dict[str, Any] = {
            "upload": upload,
            "files": {file.id: file for file in uploads.files_of(session, upload.id)},
            "before": uploads.seen_before(session, upload),
            "items": items,
            "total": uploads.count_items(session, upload.id),
            "offset": offset,
            "lines": _LINES,
            "summary": uploads.summary_of(session, upload),
            "work": _progress(work),
            "is_working": any(job.state in ("queued", "running") for job in work),
            "failed": [job for job in work if job.state == "failed"],
        }
        return page(
            "draft.html",
            access=access,
            status=422 if fault else 200,
            study=study_of(session, study_id),
            fault=fault,
            typed=typed or {},
            file_words=FILE_WORDS,
            item_words=ITEM_WORDS,
            **values,
        )


def _progress(work: list[Job]) -> list[tuple[str, int, int]]:
    """Return, by kind of work, what it is called, how much is done and how much there is."""
    found: dict[str, list[int]] = {}
    for job in work:
        total = max(job.total, 1)
        # A job that is done is done, also where there turned out to be less to do.
        done = total if job.state == "done" else min(job.done, total)
        sums = found.setdefault(job.kind, [0, 0])
        sums[0] += done
        sums[1] += total
    return [(JOB_WORDS[kind], done, total) for kind, (done, total) in found.items()]
