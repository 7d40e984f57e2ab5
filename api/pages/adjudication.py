"""Settling what two readers differ on: the queue, and one chart with both verdicts side by side, without names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from chartsift.api.access import Access, AccessDep, RoomDep, access_of
from chartsift.api.chart.view import Reading, Row, evidence_notes, own_quotes, panel, row
from chartsift.api.db.tables import StudyPatient
from chartsift.api.faults import ConflictError
from chartsift.api.pages.chart_acts import refusal_words
from chartsift.api.pages.render import page
from chartsift.api.pages.scene import (
    Scene,
    chart_address,
    in_force,
    place_address,
    present_of,
    reading_of,
    record_seen,
    scene_of,
    study_labels,
    values_of,
)
from chartsift.api.room import Room
from chartsift.api.services import adjudication, charts, readings, reviews, signing
from chartsift.api.services.studies import named_criteria, study_of, trial_of
from chartsift.api.services.visibility import visible_reviews

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)

Name = Annotated[str, Form(max_length=200)]
Comment = Annotated[str, Form(max_length=4000)]
Expected = Annotated[int, Form(ge=0, le=10_000_000)]

# Most quotes of the system on either side; the chart has them all.
_QUOTES = 6


@routes.get("/studies/{study_id}/adjudication", name="adjudication_list_page")
def adjudication_list_page(study_id: str, access: AccessDep, room: RoomDep) -> Response:
    """List the charts whose readers differ and of whom the caller is none."""
    with room.store.reading() as session:
        study = study_of(session, study_id)
        labels = study_labels(trial_of(study))
        waiting = adjudication.queue(session, study_id, access.user_id)
        return page(
            "adjudication_list.html",
            access=access,
            study=study,
            waiting=[
                (patient, [labels.get(key[1], key[1]) for key in readings.disagreements(session, patient)])
                for patient in waiting
            ],
        )


@routes.get("/studies/{study_id}/patients/{patient_id}/adjudication", name="adjudication_page")
def adjudication_page(study_id: str, patient_id: str, access: AccessDep, room: RoomDep) -> Response:
    """Show only what the readers differ on; that the chart was seen goes into the audit trail."""
    with room.store.reading() as session:
        answer = _page(session, access, study_id, patient_id)
    record_seen(room.store, access, study_id, patient_id, "chart.seen")
    return answer


@routes.post("/studies/{study_id}/patients/{patient_id}/adjudication/decide", name="settle_form")
def settle_form(
    study_id: str,
    patient_id: str,
    access: AccessDep,
    room: RoomDep,
    criterion: Name,
    verdict: Name,
    expected: Expected,
    reason: Name = "",
    comment: Comment = "",
) -> Response:
    """Give the verdict of record on a criterion; the first one takes the chart."""

    def act(session: Session) -> None:
        adjudication.open_adjudication(session, study_id, patient_id, access.user_id, access.permissions)
        reviews.decide(
            session,
            study_id,
            patient_id,
            access.user_id,
            criterion_id=criterion,
            verdict=verdict,
            reason=reason,
            comment=comment.strip(),
            expected=expected,
        )

    return _done(room, access, study_id, patient_id, act, anchor=f"#{criterion}")


@routes.post("/studies/{study_id}/patients/{patient_id}/adjudication/undo", name="unsettle_form")
def unsettle_form(
    study_id: str, patient_id: str, access: AccessDep, room: RoomDep, expected: Expected
) -> Response:
    """Undo the last act of one's own adjudication."""

    def act(session: Session) -> None:
        _own(session, access, study_id, patient_id)
        reviews.undo(session, study_id, patient_id, access.user_id, expected=expected)

    return _done(room, access, study_id, patient_id, act)


@routes.post("/studies/{study_id}/patients/{patient_id}/adjudication/sign", name="sign_settled_form")
def sign_settled_form(
    study_id: str, patient_id: str, access: AccessDep, room: RoomDep, expected: Expected
) -> Response:
    """Sign what was settled: it is the record."""

    def act(session: Session) -> None:
        _own(session, access, study_id, patient_id)
        signing.sign(session, study_id, patient_id, access.user_id, expected=expected)

    return _done(room, access, study_id, patient_id, act, onward="/worksheet")


def _own(session: Session, access: Access, study_id: str, patient_id: str) -> None:
    """Refuse who does not settle this chart (CO602)."""
    patient = charts.patient_of(session, study_id, patient_id)
    adjudication.own_adjudication(session, patient, access.user_id)


def _done(
    room: Room,
    access: Access,
    study_id: str,
    patient_id: str,
    act: Callable[[Session], None],
    *,
    onward: str = "/adjudication",
    anchor: str = "",
) -> Response:
    try:
        with room.store.writing() as session:
            act(session)
    except ConflictError as refusal:
        with room.store.reading() as session:
            status, notice = refusal.kind.status, refusal_words(refusal)
            return _page(session, access, study_id, patient_id, status=status, notice=notice)
    return RedirectResponse(f"{place_address(study_id, patient_id)}{onward}{anchor}", status_code=303)


def _page(
    session: Session,
    access: Access,
    study_id: str,
    patient_id: str,
    *,
    status: int = 200,
    notice: str = "",
) -> Response:
    scene = scene_of(session, access, study_id, patient_id)
    items = _items(session, scene)
    acts = in_force(scene.acts)
    is_mine = scene.review is not None and scene.review.slot == "adjudication"
    return page(
        "adjudication.html",
        access=access,
        status=status,
        study=scene.study,
        patient=scene.patient,
        scene=scene,
        base=place_address(study_id, patient_id),
        items=items,
        present=present_of(session, scene.patient, access),
        may_settle=_may_settle(session, scene.patient, access),
        review=scene.review if is_mine else None,
        undoable=acts[-1].sequence if is_mine and acts else None,
        left=[item["row"].label for item in items if item["row"].decided is None],
        verdict_reasons=reviews.VERDICT_REASONS,
        notice=notice,
    )


def _may_settle(session: Session, patient: StudyPatient, access: Access) -> bool:
    waiting = {one.id for one in adjudication.queue(session, patient.study_id, access.user_id)}
    return patient.id in waiting


def _items(session: Session, scene: Scene) -> list[dict[str, Any]]:
    """Return what the readers differ on, each with both readings and the system's evidence."""
    readers = [
        one
        for one in visible_reviews(session, scene.patient, scene.access.user_id, scene.access.permissions)
        if one.review.slot in ("first", "second") and one.reader
    ]
    if len(readers) < 2:
        return []
    own = readings.states_of(scene.acts)
    acts = {one.reader: readings.acts_of(session, one.review) for one in readers}
    states = {letter: readings.states_of(made) for letter, made in acts.items()}
    criteria = named_criteria(trial_of(scene.study))
    items: list[dict[str, Any]] = []
    for key in readings.disagreements(session, scene.patient):
        if key not in criteria:  # of an earlier version of the trial
            continue
        result = scene.results.get(key[1]) if key[0] == scene.cohort.cohort_id else None
        sides = {
            letter: reading_of(session, acts[letter], states[letter].get(key), None, by=f"reader {letter}")
            for letter in sorted(acts)
        }
        mine = reading_of(session, scene.acts, own.get(key), None)
        line = row(len(items), criteria[key], result, mine, href=chart_address(scene, criterion=key[1]))
        items.append({"row": line, **_evidence(session, scene, line, result, sides)})
    return items


def _evidence(
    session: Session, scene: Scene, line: Row, result: Any, sides: dict[str, Reading]
) -> dict[str, Any]:
    wanted = {piece.note_id for side in sides.values() for piece in side.pieces}
    site_ids = evidence_notes(result) | {note.note_id for note in scene.notes if note.id in wanted}
    notes = values_of(session, scene, site_ids)

    def link(note_id: str, start: int, end: int) -> str:
        return chart_address(scene, criterion=line.criterion_id, note=note_id, at=f"{start}-{end}")

    shown = panel(line, result, notes=notes, as_of=scene.as_of, link=link)
    return {
        "sides": [
            (letter, side, own_quotes(side.pieces, notes=notes, as_of=scene.as_of, link=link))
            for letter, side in sides.items()
        ],
        "system": [(view.side, view.total, view.quotes[:_QUOTES]) for view in shown.sides],
    }
