"""
What a reader does on a chart: decide, evidence, undo, reveal, sign, search.

Every form works without script and answers with the chart (303). The script of the page sends the same forms with
the header ``X-Part`` and gets back only what changed. A refusal because someone was faster (CO601) shows the present
state of that criterion and says so; nothing is overwritten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Header
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from chartsift.api.access import Access, AccessDep, RoomDep, access_of
from chartsift.api.chart.search import find_words
from chartsift.api.faults import ConflictError
from chartsift.api.pages.chart import state_values, whole_page
from chartsift.api.pages.render import page
from chartsift.api.pages.scene import place_address, record_seen, scene_of
from chartsift.api.room import Room
from chartsift.api.services import charts, reviews

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)

Name = Annotated[str, Form(max_length=200)]
Comment = Annotated[str, Form(max_length=4000)]
Offset = Annotated[int, Form(ge=0, le=2**31 - 1)]
Expected = Annotated[int, Form(ge=0, le=10_000_000)]
Part = Annotated[str, Header(alias="X-Part")]
# Longest search; what is looked for are words, not texts.
Wanted = Annotated[str, Form(max_length=200)]

# Refusals that the chart itself shows, with what is in force now.
_SHOWN = ("CO601", "CO602", "CO603", "CO606", "CO607", "CO608", "CO609")


@routes.post("/studies/{study_id}/patients/{patient_id}/decide", name="decide_form")
def decide_form(
    study_id: str,
    patient_id: str,
    access: AccessDep,
    room: RoomDep,
    criterion: Name,
    expected: Expected,
    verdict: Name = "",
    accept: Name = "",
    reason: Name = "",
    comment: Comment = "",
    note: Name = "",
    part: Part = "",
) -> Response:
    """Give a verdict; the first one on a chart that nobody reads takes it. *accept* is the proposal that was seen."""

    def act(session: Session) -> None:
        reviews.open_review(session, study_id, patient_id, access.user_id)
        reviews.decide(
            session,
            study_id,
            patient_id,
            access.user_id,
            criterion_id=criterion,
            verdict=accept or verdict,
            reason="as_proposed" if accept else reason,
            comment=comment.strip(),
            expected=expected,
        )

    return _done(room, access, study_id, patient_id, act, criterion=criterion, note=note, part=part)


@routes.post("/studies/{study_id}/patients/{patient_id}/evidence", name="evidence_form")
def evidence_form(
    study_id: str,
    patient_id: str,
    access: AccessDep,
    room: RoomDep,
    criterion: Name,
    note: Name,
    start: Offset,
    end: Offset,
    expected: Expected,
    words: Annotated[str, Form(max_length=20_000)] = "",
    stance: Name = "for",
    comment: Comment = "",
    part: Part = "",
) -> Response:
    """
    Add selected words as evidence. *words* are what the reader saw selected: they have to be what stands there.
    """

    def act(session: Session) -> None:
        patient = charts.patient_of(session, study_id, patient_id)
        text = charts.text_of(session, charts.note_of(session, patient, note))
        if stance not in ("for", "against") or text[start:end] != words:
            raise ConflictError("CO607", "the selected words do not stand at that place of the note")
        reviews.open_review(session, study_id, patient_id, access.user_id)
        reviews.mark_evidence(
            session,
            study_id,
            patient_id,
            access.user_id,
            criterion_id=criterion,
            place=reviews.EvidencePlace(note, start, end, stance),
            rejects=False,
            comment=comment.strip(),
            expected=expected,
        )

    return _done(room, access, study_id, patient_id, act, criterion=criterion, note=note, part=part)


@routes.post("/studies/{study_id}/patients/{patient_id}/reject", name="reject_form")
def reject_form(
    study_id: str,
    patient_id: str,
    access: AccessDep,
    room: RoomDep,
    criterion: Name,
    source: Name,
    start: Offset,
    end: Offset,
    expected: Expected,
    reason: Name = "",
    comment: Comment = "",
    note: Name = "",
    part: Part = "",
) -> Response:
    """Say that words do not count as evidence, and why; *source* is their note, *note* the one that is open."""

    def act(session: Session) -> None:
        reviews.open_review(session, study_id, patient_id, access.user_id)
        reviews.mark_evidence(
            session,
            study_id,
            patient_id,
            access.user_id,
            criterion_id=criterion,
            place=reviews.EvidencePlace(source, start, end, "set_aside"),
            rejects=True,
            reason=reason,
            comment=comment.strip(),
            expected=expected,
        )

    return _done(room, access, study_id, patient_id, act, criterion=criterion, note=note, part=part)


@routes.post("/studies/{study_id}/patients/{patient_id}/undo", name="undo_form")
def undo_form(
    study_id: str,
    patient_id: str,
    access: AccessDep,
    room: RoomDep,
    expected: Expected,
    criterion: Name = "",
    note: Name = "",
    part: Part = "",
) -> Response:
    """Undo the last act of one's own reading, and show the criterion that it was on."""
    undone: list[str] = []

    def act(session: Session) -> None:
        made = reviews.undo(session, study_id, patient_id, access.user_id, expected=expected)
        undone.append(made.criterion_id)

    def chosen() -> str:
        return undone[0] if undone else criterion

    return _done(room, access, study_id, patient_id, act, criterion=chosen, note=note, part=part)


@routes.post("/studies/{study_id}/patients/{patient_id}/reveal", name="reveal_form")
def reveal_form(
    study_id: str,
    patient_id: str,
    access: AccessDep,
    room: RoomDep,
    criterion: Name = "",
    note: Name = "",
    part: Part = "",
) -> Response:
    """Show the proposal to who has read blind, once every criterion is decided."""

    def act(session: Session) -> None:
        reviews.reveal(session, study_id, patient_id, access.user_id)

    return _done(room, access, study_id, patient_id, act, criterion=criterion, note=note, part=part)


@routes.post("/studies/{study_id}/patients/{patient_id}/sign", name="sign_form")
def sign_form(
    study_id: str,
    patient_id: str,
    access: AccessDep,
    room: RoomDep,
    expected: Expected,
    criterion: Name = "",
    note: Name = "",
    part: Part = "",
) -> Response:
    """Sign one's own reading."""

    def act(session: Session) -> None:
        reviews.sign(session, study_id, patient_id, access.user_id, expected=expected)

    return _done(room, access, study_id, patient_id, act, criterion=criterion, note=note, part=part)


@routes.post("/studies/{study_id}/patients/{patient_id}/reopen", name="reopen_form")
def reopen_form(study_id: str, patient_id: str, access: AccessDep, room: RoomDep) -> Response:
    """Open a signed chart for another round of readings, such as when what was signed is stale."""

    def act(session: Session) -> None:
        reviews.reopen(session, study_id, patient_id, access.user_id)

    return _done(room, access, study_id, patient_id, act, criterion="", note="", part="")


@routes.post("/studies/{study_id}/patients/{patient_id}/search", name="chart_search")
def chart_search(
    study_id: str,
    patient_id: str,
    access: AccessDep,
    room: RoomDep,
    search: Wanted = "",
    criterion: Name = "",
    note: Name = "",
    part: Part = "",
) -> Response:
    """Look for words in every note of a chart; what is looked for travels in the body and is kept nowhere."""
    with room.store.reading() as session:
        scene = scene_of(session, access, study_id, patient_id)
        stored = charts.notes_of(session, patient_id, with_text=True)
        hits = find_words(
            [(one.id, charts.text_of(session, one)) for one in stored],
            search,
            link=lambda note_id, start, end: place_address(
                study_id, patient_id, criterion=criterion, note=note_id, at=f"{start}-{end}"
            ),
        )
    named = {one.id: one for one in stored}
    record_seen(room.store, access, study_id, patient_id, "chart.searched")
    if part:
        return page("search_hits.html", access=access, search=search, hits=hits, named=named, seen=scene.seen)
    return whole_page(
        room,
        access,
        study_id,
        patient_id,
        criterion=criterion,
        note=note,
        search=search,
        hits=(hits, named, scene.seen),
    )


def _done(
    room: Room,
    access: Access,
    study_id: str,
    patient_id: str,
    act: Callable[[Session], None],
    *,
    criterion: str | Callable[[], str],
    note: str,
    part: str,
) -> Response:
    """Do *act* and answer: the chart again, or only what changed; a refusal with what is in force now."""
    notice, status = "", 200
    try:
        with room.store.writing() as session:
            act(session)
    except ConflictError as refusal:
        if refusal.code not in _SHOWN:
            raise
        # Outside of the transaction, which is rolled back: nothing of the act is kept.
        notice, status = refusal_words(refusal), refusal.kind.status
    chosen = criterion if isinstance(criterion, str) else criterion()
    if part:
        with room.store.reading() as session:
            scene = scene_of(session, access, study_id, patient_id)
            values: dict[str, Any] = state_values(session, scene, chosen, notice=notice)
            return page("chart_state.html", access=access, status=status, **values)
    if notice:
        return whole_page(
            room, access, study_id, patient_id, criterion=chosen, note=note, status=status, notice=notice
        )
    return RedirectResponse(place_address(study_id, patient_id, criterion=chosen, note=note), status_code=303)


def refusal_words(refusal: ConflictError) -> str:
    """Say a refusal so that the reader knows what to do next."""
    if refusal.code == "CO601":
        return (
            "Decided elsewhere in the meantime: nothing was overwritten. This is what is in force now; "
            "look at it, then decide again. (CO601)"
        )
    return f"{refusal.message}. {refusal.kind.remedy} ({refusal.code})"
