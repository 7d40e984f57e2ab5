"""The work list of a study."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import BeforeValidator

from chartsift.api.access import Access, AccessDep, RoomDep, access_of
from chartsift.api.db.store import now_of
from chartsift.api.faults import AccessError
from chartsift.api.pages.keys import OFF
from chartsift.api.pages.render import page
from chartsift.api.pages.scene import label_of, study_labels
from chartsift.api.pages.sign_in import safe_next
from chartsift.api.permissions import Permission
from chartsift.api.room import Room
from chartsift.api.services import adjudication, charts
from chartsift.api.services.studies import members_of, role_in, study_of, trial_of
from chartsift.api.services.worklist import MOST_ROWS, WorkListQuery, next_patient, work_list

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)

_ROWS = 100
# What lapses within a month is named: about the time from asking for a test to its result in the chart.
_SOON = timedelta(days=30)
# A form sends an empty field where no day was chosen.
_OptionalDay = Annotated[date | None, BeforeValidator(lambda value: value or None)]
_READING_ROLES = ("reviewer", "adjudicator")
STATE_WORDS = {
    "new": "new",
    "in_review": "in review",
    "second_review": "second review",
    "to_adjudicate": "to adjudicate",
    "signed": "signed",
}


@routes.get("/studies/{study_id}", name="work_list_page")
def work_list_page(
    study_id: str,
    access: AccessDep,
    room: RoomDep,
    state: str = "",
    status: str = "",
    missing: str = "",
    reader: str = "",
    lapses: _OptionalDay = None,
    changed: bool = False,
    order: str = "decidable",
    down: bool = False,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Show the list; filters and order live in the address, so that a list can be shared."""
    query = WorkListQuery(
        state=state,
        status=status,
        missing=missing,
        reader=reader,
        lapses_before=lapses,
        changed=changed,
        order=order,
        descending=down,
        offset=offset,
        limit=_ROWS,
    )
    return _page(room, access, study_id, query)


@routes.post("/studies/{study_id}", name="search_page")
def search_page(
    study_id: str, access: AccessDep, room: RoomDep, search: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Show the charts whose identifier holds what was typed; it travels in the body, not in the address."""
    return _page(room, access, study_id, WorkListQuery(search=search, order="patient", limit=MOST_ROWS))


@routes.post("/studies/{study_id}/patients/{patient_id}/assign", name="assign_form")
def assign_form(
    study_id: str,
    patient_id: str,
    access: AccessDep,
    room: RoomDep,
    reader: Annotated[str, Form(max_length=50)] = "",
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Say who reads a chart first, or leave it to whoever takes it; then the list again as it was."""
    with room.store.writing() as session:
        patient = charts.patient_of(session, study_id, patient_id, lock=True)
        if reader and role_in(session, study_id, reader) is None:
            raise AccessError("AC507")
        charts.assign(session, patient, reader or None, actor_id=access.user_id)
    return RedirectResponse(safe_next(back or f"/studies/{study_id}"), status_code=303)


def _page(room: Room, access: Access, study_id: str, query: WorkListQuery) -> Response:
    with room.store.reading() as session:
        study = study_of(session, study_id)
        trial = trial_of(study)
        listed = work_list(session, study_id, query, user_id=access.user_id, permissions=access.permissions)
        upcoming = None
        if access.may(Permission.REVIEW):
            upcoming = next_patient(session, study_id, user_id=access.user_id, permissions=access.permissions)
        members = members_of(session, study_id)
        today = now_of(session).date()
        return page(
            "work_list.html",
            access=access,
            study=study,
            query=query,
            listed=listed,
            labels=study_labels(trial),
            cohort_labels={
                cohort.cohort_id: {one.criterion_id: label_of(one) for one in trial.criteria_of(cohort)}
                for cohort in trial.cohorts
            },
            states=STATE_WORDS,
            readers=[(user.id, user.display_name) for user, _ in members],
            can_read=[(user.id, user.display_name) for user, role in members if role in _READING_ROLES],
            to_settle=len(adjudication.queue(session, study_id, access.user_id))
            if access.may(Permission.ADJUDICATE)
            else None,
            today=today,
            soon=today + _SOON,
            keys_off=bool(access.preferences.get(OFF)),
            upcoming=upcoming,
            address=lambda **changes: list_address(study_id, query, **changes),
        )


def list_address(study_id: str, query: WorkListQuery, **changes: Any) -> str:
    """Return the address of the list with *changes* to what it asks; what is as usual is left out."""
    asked = {
        "state": query.state,
        "status": query.status,
        "missing": query.missing,
        "reader": query.reader,
        "lapses": query.lapses_before.isoformat() if query.lapses_before else "",
        "changed": "true" if query.changed else "",
        "order": query.order if query.order != "decidable" else "",
        "down": "true" if query.descending else "",
        "offset": query.offset or "",
        **changes,
    }
    told = urlencode({name: value for name, value in asked.items() if value not in ("", 0, None, False)})
    return f"/studies/{study_id}" + (f"?{told}" if told else "")
