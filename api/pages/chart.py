"""One chart: criteria, notes and evidence side by side, as a page and in parts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from sqlalchemy.orm import Session

from chartsift.api.access import Access, AccessDep, RoomDep, access_of
from chartsift.api.chart.notes import CopiedText, OwnEvidence, note_text
from chartsift.api.chart.view import Row, evidence_notes, panel
from chartsift.api.db.store import now_of
from chartsift.api.db.tables import StudyNote
from chartsift.api.pages.changed import changed_of
from chartsift.api.pages.keys import OFF, keys_for
from chartsift.api.pages.render import page
from chartsift.api.pages.scene import (
    Scene,
    act_words,
    chart_address,
    clock_words,
    copied_of,
    criteria_in_order,
    in_force,
    place_address,
    present_of,
    read_by_note,
    record_seen,
    rows_of,
    scene_of,
    values_of,
)
from chartsift.api.problems import RequestError
from chartsift.api.render import COHORT_WORDS, SIDES, days_before, fact_words, slot_styles
from chartsift.api.room import Room
from chartsift.api.services import charts, reviews
from chartsift.api.services.adjudication import record_of
from chartsift.nlp.screening import words

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)

# More criteria than any trial has; it keeps the address of the slot styles from making long files.
MAX_SLOTS = 500

# "120-134": a place in a note, in code points. Ten digits are more than any note has.
Place = Annotated[str, Query(pattern=r"^(\d{1,10}-\d{1,10})?$")]
Name = Annotated[str, Query(max_length=200)]


@routes.get("/studies/{study_id}/patients/{patient_id}", name="chart_page")
def chart_page(
    study_id: str,
    patient_id: str,
    access: AccessDep,
    room: RoomDep,
    criterion: Name = "",
    note: Name = "",
    at: Place = "",
) -> Response:
    """Show a chart; who reads it blind sees the notes alone. That it was seen goes into the audit trail."""
    return whole_page(room, access, study_id, patient_id, criterion=criterion, note=note, at=at)


@routes.get("/studies/{study_id}/patients/{patient_id}/criteria/{criterion_id}", name="criterion_part")
def criterion_part(
    study_id: str, patient_id: str, criterion_id: str, access: AccessDep, room: RoomDep
) -> Response:
    """Return bar, criteria and evidence of one criterion, for the script that puts them in place."""
    with room.store.reading() as session:
        scene = scene_of(session, access, study_id, patient_id)
        return page("chart_state.html", access=access, **state_values(session, scene, criterion_id))


@routes.get("/studies/{study_id}/patients/{patient_id}/notes/{note_id}", name="note_part")
def note_part(study_id: str, patient_id: str, note_id: str, access: AccessDep, room: RoomDep) -> Response:
    """Return one note with its marks; that it was seen goes into the audit trail."""
    with room.store.reading() as session:
        scene = scene_of(session, access, study_id, patient_id)
        stored = charts.note_of(session, scene.patient, note_id)
        answer = page("note.html", access=access, **note_values(session, scene, stored))
    record_seen(room.store, access, study_id, patient_id, "", notes=[note_id])
    return answer


@routes.get("/slots/{count}.css", name="slot_styles")
def styles(count: int) -> Response:
    """Return the style rules that tie the chosen criterion to its marks, for *count* criteria."""
    if not 0 <= count <= MAX_SLOTS:
        raise RequestError("HT807")
    return Response(slot_styles(count), media_type="text/css")


def whole_page(
    room: Room,
    access: Access,
    study_id: str,
    patient_id: str,
    *,
    criterion: str = "",
    note: str = "",
    at: str = "",
    status: int = 200,
    notice: str = "",
    search: str | None = None,
    hits: Any = (),
) -> Response:
    """Return the page of a chart with a criterion chosen and a note open; that it was seen is recorded."""
    with room.store.reading() as session:
        scene = scene_of(session, access, study_id, patient_id)
        state = state_values(session, scene, criterion, notice=notice)
        chosen = _chosen_note(scene, state["panel"], note)
        values = note_values(session, scene, chosen, at=at) if chosen is not None else {"note": None}
        answer = page(
            "chart.html",
            access=access,
            status=status,
            **state,
            **values,
            notes=note_list(scene, chosen, since=state["changed"].moment),
            keys=keys_for(access.preferences),
            keys_off=bool(access.preferences.get(OFF)),
            search=search,
            hits=hits,
            slots=len(state["rows"]),
            fingerprint=scene.stored.fingerprint[:12] if scene.stored else "",
        )
    opened = [chosen.id] if chosen is not None else []
    record_seen(room.store, access, study_id, patient_id, "chart.seen", notes=opened)
    return answer


def state_values(session: Session, scene: Scene, criterion: str, *, notice: str = "") -> dict[str, Any]:
    """Return what the template of bar, criteria and evidence shows."""
    record = record_of(session, scene.patient)
    changed = changed_of(session, scene, record)
    rows = rows_of(session, scene, changed.stale or {}, record)
    chosen = _chosen_row(rows, criterion)
    result = scene.results.get(chosen.criterion_id)
    own = {piece.note_id for piece in chosen.reading.pieces}
    site_ids = evidence_notes(result) | {note.note_id for note in scene.notes if note.id in own}

    def link(note_id: str, start: int, end: int) -> str:
        return chart_address(scene, criterion=chosen.criterion_id, note=note_id, at=f"{start}-{end}")

    shown = panel(chosen, result, notes=values_of(session, scene, site_ids), as_of=scene.as_of, link=link)
    acts = in_force(scene.acts)
    labels = {one.criterion_id: one.label for one in rows}
    last = acts[-1] if acts else None
    found = scene.cohort_result
    return {
        "scene": scene,
        "study": scene.study,
        "patient": scene.patient,
        "facts": _facts(scene),
        "proposal": COHORT_WORDS[found.status] if found is not None else None,
        "rows": rows,
        "panel": shown,
        "decided": sum(one.decided is not None for one in rows),
        "unexplained": [one.label for one in rows if one.reading.needs_reason],
        "undoable": None
        if last is None
        else {"sequence": last.sequence, "words": f"{act_words(last)}, {labels.get(last.criterion_id, '')}"},
        "saved": clock_words(scene.acts[-1].made_at, now_of(session)) if scene.acts else "",
        "verdict_reasons": reviews.VERDICT_REASONS,
        "evidence_reasons": reviews.EVIDENCE_REASONS,
        "sides": SIDES,
        "remarks": _remarks(scene, rows),
        "changed": changed,
        "present": present_of(session, scene.patient, scene.access),
        "base": place_address(scene.study.id, scene.patient.id),
        "notice": notice,
    }


def note_list(
    scene: Scene, chosen: StudyNote | None, *, since: datetime | None = None
) -> list[dict[str, Any]]:
    """Return the notes as the list shows them, oldest first; those that came after *since* are new."""
    found = read_by_note(scene).findings
    read = {note.note_id for note in scene.result.notes} if scene.result is not None else set()
    return [
        {
            "id": note.id,
            "date": note.note_date.isoformat(),
            "title": note.note_type or "Note",
            "distance": days_before(note.note_date, scene.as_of),
            "findings": len(found.get(note.note_id, ())),
            "is_seen": note.id in scene.seen or note is chosen,
            "is_open": note is chosen,
            "is_new": since is not None and note.added_at > since,
            "left_out": _left_out(scene, note, read),
        }
        for note in scene.notes
    ]


def note_values(session: Session, scene: Scene, stored: StudyNote, *, at: str = "") -> dict[str, Any]:
    """Return what the template of one note shows."""
    text = charts.text_of(session, stored)
    slots = {one.criterion_id: slot for slot, one in enumerate(criteria_in_order(scene))}
    known = read_by_note(scene)
    titles = {note.id: note for note in scene.notes}
    copied = [
        CopiedText(
            block,
            f"copied from {titles[origin].note_date.isoformat()}",
            chart_address(scene, note=origin, at=f"{block.origin_start}-{block.origin_end}"),
        )
        for block, origin in copied_of(session, scene, stored.id)
    ]
    start, _, end = at.partition("-")
    own = [
        OwnEvidence(
            act.start,
            act.end,
            slots.get(act.criterion_id, 0),
            _stance(act.stance),
            act.act == "evidence_rejected",
        )
        for act in in_force(scene.acts)
        if act.note_id == stored.id and act.start is not None and act.end is not None
    ]
    read = {note.note_id for note in scene.result.notes} if scene.result else set()
    return {
        "note": {
            "id": stored.id,
            "date": stored.note_date.isoformat(),
            "title": stored.note_type or "Note",
            "distance": days_before(stored.note_date, scene.as_of),
            "site_id": stored.note_id,
            "origin": stored.origin,
            "pages": len(stored.pages),
            "left_out": _left_out(scene, stored, read),
            "copied": sum(block.end - block.start for block, _ in copied_of(session, scene, stored.id))
            * 100
            // max(stored.length, 1),
            "length": stored.length,
        },
        "body": note_text(
            text,
            findings=known.findings.get(stored.note_id, ()),
            slots=known.classes.get(stored.note_id, {}),
            own=own,
            copied=copied,
            at=(int(start), int(end)) if end else None,
        ),
    }


def _chosen_row(rows: list[Row], criterion: str) -> Row:
    """Return the criterion that was asked for, else the first that is undecided or stale, else the first."""
    named = next((one for one in rows if one.criterion_id == criterion), None)
    return named or next((one for one in rows if one.decided is None or one.stale), rows[0])


def _chosen_note(scene: Scene, shown: Any, note_id: str) -> StudyNote | None:
    """Return the note that was asked for, else that of the first evidence, else the latest."""
    by_id = {note.id: note for note in scene.notes}
    if note_id:
        return by_id.get(note_id)
    first = next((quote.note_id for view in shown.sides for quote in view.quotes), "")
    return by_id.get(first) or (scene.notes[-1] if scene.notes else None)


def _facts(scene: Scene) -> list[str]:
    value = charts.patient_value(scene.patient)
    return [*fact_words(value, scene.as_of), f"{scene.cohort.cohort_id} cohort"]


def _remarks(scene: Scene, rows: list[Row]) -> list[str]:
    """Return what is worth knowing of the whole chart: what lapses first, and how the other cohorts stand."""
    if scene.result is None:
        return []
    until = {name: item.valid_until for name, item in scene.results.items()}
    lapse = words.first_lapse((one.label, until.get(one.criterion_id)) for one in rows)
    others = [
        f"{other.cohort_id} cohort: {COHORT_WORDS[other.status].words}"
        for other in scene.result.cohorts
        if other.cohort_id != scene.cohort.cohort_id
    ]
    unread = [f"not read: {', '.join(scene.result.unread)}"] if scene.result.unread else []
    return [*([f"{lapse}, given no new note"] if lapse else []), *others, *unread]


def _left_out(scene: Scene, note: StudyNote, read: set[str]) -> str:
    if scene.result is None:
        return ""
    if note.note_date > scene.as_of:
        return "left out: dated after the screening date"
    return "" if note.note_id in read else "could not be read"


def _stance(stance: str | None) -> Any:
    return stance or "for"
