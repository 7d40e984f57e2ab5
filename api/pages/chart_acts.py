"""
What a reader does on a chart: decide, evidence, undo, reveal, sign, search.

Every form works without script and answers with the chart (303). The script of the page sends the same forms with
the header ``X-Part`` and gets back only what changed. A refusal because someone was faster (CO601) shows the present
state of that criterion and says so; nothing is overwritten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
from chartsift.api.services import charts, reviews, signing

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


@dataclass(frozen=True, slots=True)
class Here:
    """Who acts on which chart, the note that is open meanwhile, and whether a part of the page is the answer."""

    room: Room
    access: Access
    study_id: str
    patient_id: str
    note: str
    part: str


def here_of(
    study_id: str, patient_id: str, access: AccessDep, room: RoomDep, note: Name = "", part: Part = ""
) -> Here:
    """Return where a form acts."""
    return Here(room, access, study_id, patient_id, note, part)


HereDep = Annotated[Here, Depends(here_of)]
_CHART = "/studies/{study_id}/patients/{patient_id}"


@routes.post(f"{_CHART}/decide", name="decide_form")
def decide_form(
    here: HereDep,
    criterion: Name,
    expected: Expected,
    verdict: Name = "",
    accept: Name = "",
    reason: Name = "",
    comment: Comment = "",
) -> Response:
    """Give a verdict; the first one on a chart that nobody reads takes it. *accept* is the proposal that was seen."""
    return _taken(
        here,
        reviews.decide,
        criterion_id=criterion,
        verdict=accept or verdict,
        reason="as_proposed" if accept else reason,
        comment=comment.strip(),
        expected=expected,
    )


@routes.post(f"{_CHART}/evidence", name="evidence_form")
def evidence_form(
    here: HereDep,
    criterion: Name,
    start: Offset,
    end: Offset,
    expected: Expected,
    words: Annotated[str, Form(max_length=20_000)] = "",
    stance: Name = "for",
    comment: Comment = "",
) -> Response:
    """
    Add selected words of the open note as evidence. *words* are what the reader saw selected: they have to stand there.
    """

    def is_as_seen(session: Session) -> None:
        patient = charts.patient_of(session, here.study_id, here.patient_id)
        text = charts.text_of(session, charts.note_of(session, patient, here.note))
        if stance not in ("for", "against") or text[start:end] != words:
            raise ConflictError("CO607", "the selected words do not stand at that place of the note")

    return _taken(
        here,
        reviews.mark_evidence,
        is_as_seen,
        criterion_id=criterion,
        place=reviews.EvidencePlace(here.note, start, end, stance),
        rejects=False,
        comment=comment.strip(),
        expected=expected,
    )


@routes.post(f"{_CHART}/reject", name="reject_form")
def reject_form(
    here: HereDep,
    criterion: Name,
    source: Name,
    start: Offset,
    end: Offset,
    expected: Expected,
    reason: Name = "",
    comment: Comment = "",
) -> Response:
    """Say that words do not count as evidence, and why; *source* is their note, which need not be the open one."""
    return _taken(
        here,
        reviews.mark_evidence,
        criterion_id=criterion,
        place=reviews.EvidencePlace(source, start, end, "set_aside"),
        rejects=True,
        reason=reason,
        comment=comment.strip(),
        expected=expected,
    )


@routes.post(f"{_CHART}/undo", name="undo_form")
def undo_form(here: HereDep, expected: Expected, criterion: Name = "") -> Response:
    """Undo the last act of one's own reading, and show the criterion that it was on."""
    undone: list[str] = []

    def act(session: Session) -> None:
        made = reviews.undo(session, *_who(here), expected=expected)
        undone.append(made.criterion_id)

    return _done(here, act, criterion=lambda: undone[0] if undone else criterion)


@routes.post(f"{_CHART}/reveal", name="reveal_form")
def reveal_form(here: HereDep, criterion: Name = "") -> Response:
    """Show the proposal to who has read blind, once every criterion is decided."""
    return _done(here, lambda session: reviews.reveal(session, *_who(here)), criterion=criterion)


@routes.post(f"{_CHART}/sign", name="sign_form")
def sign_form(here: HereDep, expected: Expected, criterion: Name = "") -> Response:
    """Sign one's own reading."""
    return _done(
        here, lambda session: signing.sign(session, *_who(here), expected=expected), criterion=criterion
    )


@routes.post(f"{_CHART}/reopen", name="reopen_form")
def reopen_form(here: HereDep) -> Response:
    """Open a signed chart for another round of readings, such as when what was signed is stale."""
    return _done(here, lambda session: reviews.reopen(session, *_who(here)), criterion="")


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


def _who(here: Here) -> tuple[str, str, str]:
    return here.study_id, here.patient_id, here.access.user_id


def _taken(
    here: Here,
    act: Callable[..., object],
    check: Callable[[Session], None] | None = None,
    *,
    criterion_id: str,
    **fields: Any,
) -> Response:
    """Do an act of a reading; the first one takes a chart that nobody reads. *check* may refuse it before that."""

    def take_and_act(session: Session) -> None:
        if check is not None:
            check(session)
        reviews.open_review(session, *_who(here))
        act(session, *_who(here), criterion_id=criterion_id, **fields)

    return _done(here, take_and_act, criterion=criterion_id)


def _done(here: Here, act: Callable[[Session], object], *, criterion: str | Callable[[], str]) -> Response:
    """Do *act* and answer: the chart again, or only what changed; a refusal with what is in force now."""
    room, access, place = here.room, here.access, (here.study_id, here.patient_id)
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
    if here.part:
        with room.store.reading() as session:
            scene = scene_of(session, access, *place)
            values: dict[str, Any] = state_values(session, scene, chosen, notice=notice)
            return page("chart_state.html", access=access, status=status, **values)
    if notice:
        return whole_page(
            room, access, *place, criterion=chosen, note=here.note, status=status, notice=notice
        )
    return RedirectResponse(place_address(*place, criterion=chosen, note=here.note), status_code=303)


def refusal_words(refusal: ConflictError) -> str:
    """Say a refusal so that the reader knows what to do next."""
    if refusal.code == "CO601":
        return (
            "Decided elsewhere in the meantime: nothing was overwritten. This is what is in force now; "
            "look at it, then decide again. (CO601)"
        )
    return f"{refusal.message}. {refusal.kind.remedy} ({refusal.code})"
