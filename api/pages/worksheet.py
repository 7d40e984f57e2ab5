"""The signed eligibility worksheet of one chart, for print: verdicts of record with the words behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from chartsift.api.access import AccessDep, RoomDep, access_of
from chartsift.api.chart.view import VERDICT_WORDS, evidence_notes, own_quotes, panel, row
from chartsift.api.db.store import now_of
from chartsift.api.db.tables import Decision, Review, Signature, StoredResult, User
from chartsift.api.pages.render import page
from chartsift.api.pages.scene import (
    Scene,
    chart_address,
    place_address,
    reading_of,
    record_seen,
    scene_of,
    values_of,
)
from chartsift.api.services import readings, reviews
from chartsift.api.services.adjudication import RecordedVerdict, deciders_of, record_of
from chartsift.api.services.evaluation import result_value, speaks_against
from chartsift.api.services.studies import named_criteria, trial_at, trial_of
from chartsift.nlp.criteria.schema import Cohort, Criterion, TrialFile
from chartsift.nlp.screening.chart import PatientResult
from chartsift.nlp.types import CriterionResult

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)

Criteria = Mapping[tuple[str, str], Criterion]

# Most quotes of the system on either side of a criterion: a worksheet has one to three pages.
_QUOTES = 3
_SETTLED = {"single": "one reader", "agreed": "two readers agreed", "adjudicated": "adjudicated"}


@routes.get("/studies/{study_id}/patients/{patient_id}/worksheet", name="worksheet_page")
def worksheet_page(study_id: str, patient_id: str, access: AccessDep, room: RoomDep) -> Response:
    """Show the worksheet of a signed chart; before that, say that there is none yet."""
    with room.store.reading() as session:
        scene = scene_of(session, access, study_id, patient_id)
        record = record_of(session, scene.patient)
        signatures = _signatures(session, scene)
        signed = session.get(StoredResult, signatures[-1]["result_id"]) if signatures else None
        result = result_value(session, signed) if signed is not None else None
        trial = (
            trial_at(session, scene.study, signatures[-1]["trial_fingerprint"])
            if signatures
            else trial_of(scene.study)
        )
        criteria = named_criteria(trial)
        lines = _lines(session, scene, record, result, criteria) if record else []
        answer = page(
            "worksheet.html",
            access=access,
            study=scene.study,
            trial=trial,
            patient=scene.patient,
            scene=scene,
            base=place_address(study_id, patient_id),
            lines=lines,
            gone=[one for one in record if (one.cohort_id, one.criterion_id) not in criteria],
            cohort=_cohort(trial, result, scene),
            outcome=outcome_words(
                [
                    (line["row"].kind, line["row"].label, line["recorded"], line["is_judgement"])
                    for line in lines
                ]
            ),
            signatures=signatures,
            result=result,
            signed_result=signed,
            is_stale=signed is not None and signed.id != scene.patient.result_id,
            unread=result.unread if result else (),
            notes=[note for note in scene.notes if signatures and note.added_at <= signatures[-1]["at"]],
            now=now_of(session),
        )
    record_seen(room.store, access, study_id, patient_id, "worksheet.seen")
    return answer


def outcome_words(verdicts: Sequence[tuple[str, str, str, bool]]) -> str:
    """
    Say what the verdicts of record come to.

    Args:
        verdicts: Kind, label and verdict of each criterion, and whether it is left to the investigator: one that is
            then unknown leaves the others' outcome as it is.

    >>> outcome_words([("inclusion", "Age", "met", False), ("exclusion", "Prior CAR T", "met", False)])
    'ineligible: Prior CAR T'
    """
    against = [label for kind, label, verdict, _ in verdicts if speaks_against(kind, verdict)]
    if against:
        return f"ineligible: {', '.join(against)}"
    open_ones = [label for _, label, verdict, is_left in verdicts if verdict == "unknown" and not is_left]
    if open_ones:
        return f"undetermined, still open: {', '.join(open_ones)}"
    left = ", ".join(label for _, label, verdict, is_left in verdicts if verdict == "unknown" and is_left)
    return f"eligible, pending: {left}" if left else "eligible"


def _signatures(session: Session, scene: Scene) -> list[dict[str, Any]]:
    """Return the signatures of the present round, in order of time."""
    found = session.execute(
        select(Signature, User.display_name)
        .join(Review, Review.id == Signature.review_id)
        .join(User, User.id == Signature.signed_by)
        .where(Signature.patient_id == scene.patient.id, Review.round == scene.patient.round)
        .order_by(Signature.signed_at, Signature.id)
    ).all()
    if scene.patient.state != "signed":
        return []
    return [
        {
            "by": name,
            "at": one.signed_at,
            "meaning": one.meaning,
            "digest": one.digest,
            "result_id": one.result_id,
            "trial_version": one.trial_version,
            "trial_fingerprint": one.content["trial_fingerprint"],
        }
        for one, name in found
    ]


def _cohort(trial: TrialFile, result: PatientResult | None, scene: Scene) -> Cohort:
    """Return the cohort that was signed, as the version that was signed tells it."""
    signed = result.applicable.cohort_id if result is not None else scene.cohort.cohort_id
    return next((one for one in trial.cohorts if one.cohort_id == signed), scene.cohort)


def _lines(
    session: Session,
    scene: Scene,
    record: Sequence[RecordedVerdict],
    result: PatientResult | None,
    criteria: Criteria,
) -> list[dict[str, Any]]:
    proposed = {
        (cohort.cohort_id, item.criterion_id): item
        for cohort in (result.cohorts if result is not None else ())
        for item in cohort.criteria
    }
    every = readings.reviews_of(session, scene.patient).values()
    acts = {review.id: readings.acts_of(session, review) for review in every}
    people = deciders_of(session, scene.patient)
    place = {key: at for at, key in enumerate(criteria)}
    known = [one for one in record if (one.cohort_id, one.criterion_id) in criteria]
    known.sort(key=lambda one: place[one.cohort_id, one.criterion_id])
    as_of = result.as_of if result is not None else scene.as_of
    return [_line(session, scene, one, criteria, proposed, acts, as_of, people) for one in known]


def _line(
    session: Session,
    scene: Scene,
    one: RecordedVerdict,
    criteria: Criteria,
    proposed: dict[tuple[str, str], CriterionResult],
    acts: dict[str, Sequence[Decision]],
    as_of: date,
    people: Mapping[str, tuple[str, str]],
) -> dict[str, Any]:
    key = (one.cohort_id, one.criterion_id)
    decision = session.get_one(Decision, one.decision_id)
    by, agreed = people[one.settled]
    made = acts[decision.review_id]
    mine = reading_of(session, made, readings.states_of(made).get(key), None, by=by)
    item = proposed.get(key)
    of_readers = {piece.note_id for piece in mine.pieces}
    site_ids = evidence_notes(item) | {note.note_id for note in scene.notes if note.id in of_readers}
    notes = values_of(session, scene, site_ids)

    def link(note_id: str, start: int, end: int) -> str:
        return chart_address(scene, criterion=one.criterion_id, note=note_id, at=f"{start}-{end}")

    line = row(0, criteria[key], item, mine, href="")
    shown = panel(line, item, notes=notes, as_of=as_of, link=link)
    return {
        "row": line,
        "recorded": one.verdict,
        "is_judgement": criteria[key].silence == "judgement",
        "verdict": VERDICT_WORDS[one.verdict],
        "settled": _SETTLED[one.settled],
        "by": by,
        "agreed": agreed,
        "at": decision.made_at,
        "reason": reviews.VERDICT_REASONS.get(decision.reason, ""),
        "comment": readings.comment_of(session, decision),
        "proposed": shown.row.proposal,
        "searched": shown.searched,
        "own": own_quotes(mine.pieces, notes=notes, as_of=as_of, link=link),
        "quotes": [
            (view.side.heading, [quote for quote in view.quotes if not quote.is_own][:_QUOTES], view.total)
            for view in shown.sides
            if view.side.stance != "set_aside"
        ],
    }
