"""
Reading a chart: taking it, deciding, undoing; what is in force is in ``readings``, signing in ``signing``.

Every act is a row of ``decisions`` that nothing changes; what is in force follows from folding the rows. A caller
says which act it saw last (``expected``), so that nobody decides over something unseen. What a second reader may
see of the first is decided in ``chartsift.api.services.visibility``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from chartsift.api.db.base import new_id
from chartsift.api.db.reviews import VERDICTS
from chartsift.api.db.store import now_of, vault_of
from chartsift.api.db.tables import Decision, Review, StudyPatient
from chartsift.api.faults import ConflictError
from chartsift.api.services import audit, charts
from chartsift.api.services.readings import (
    CriterionState,
    Scene,
    acts_of,
    criteria_to_decide,
    open_reading,
    proposals_of,
    require_all_decided,
    review_by,
    reviews_of,
    states_of,
)
from chartsift.api.services.studies import trial_of
from chartsift.nlp.criteria.schema import Cohort

VERDICT_REASONS: Mapping[str, str] = {
    "as_proposed": "as the system proposes",
    "misread": "the words were misread (negated, planned, another person, another date)",
    "not_found": "the words are there and were not found",
    "not_enough": "the words do not say enough",
    "outdated": "the words are out of date",
    "other_source": "known from a source outside these notes",
    "conflict_settled": "the notes disagree, and this is why one of them counts",
    "clinical_judgement": "clinical judgement",
    "other": "another reason, in the comment",
}
EVIDENCE_REASONS: Mapping[str, str] = {
    "negated": "the words deny it",
    "planned": "planned or conditional, not done",
    "other_person": "about another person",
    "other_concept": "means something else",
    "outdated": "out of date",
    "copied": "copied from an earlier note",
    "wrong_value": "the value was read wrongly",
    "other": "another reason, in the comment",
}
MOST_COMMENT = 4_000
"""Longest comment, in characters; a page and a half of text."""


@dataclass(frozen=True, slots=True)
class EvidencePlace:
    """Words of a note that speak for or against a criterion: a half-open range of code points."""

    note_id: str
    start: int
    end: int
    stance: str = "for"
    finding_id: str | None = None


def open_review(session: Session, study_id: str, patient_id: str, user_id: str) -> Review:
    """
    Take a chart to read it, or go on with one's own reading.

    The first to take a new chart reads it first; when that reading is signed and the chart is one of those read
    by two, somebody else takes the second.

    Raises:
        ConflictError: someone else reads it (CO603); or it is signed, waits for adjudication, or waits for a second
            reader who is not its first (CO602).
    """
    patient = charts.patient_of(session, study_id, patient_id, lock=True)
    mine = review_by(session, patient, user_id)
    if mine is not None:
        return mine
    slot = _free_slot(session, patient, user_id)
    if slot == "first":
        patient.state = "in_review"
    return begin(session, patient, user_id, slot)


def begin(session: Session, patient: StudyPatient, user_id: str, slot: str) -> Review:
    """Add a person's reading of a locked chart: "first", "second" or "adjudication"."""
    review = Review(
        patient_id=patient.id,
        round=patient.round,
        slot=slot,
        reviewer_id=user_id,
        is_blind=patient.is_blind_first,
        started_at=now_of(session),
    )
    session.add(review)
    patient.version += 1
    session.flush()
    audit.append(
        session,
        user_id,
        "review.opened",
        study_id=patient.study_id,
        patient_id=patient.id,
        target=review.id,
        slot=slot,
    )
    return review


def decide(
    session: Session,
    study_id: str,
    patient_id: str,
    user_id: str,
    *,
    criterion_id: str,
    verdict: str,
    reason: str = "",
    comment: str = "",
    expected: int,
) -> Decision:
    """
    Give a verdict on a criterion in one's own open reading; it takes the place of one's verdict before.

    Args:
        session: A writing session.
        study_id: Study of the patient.
        patient_id: Which patient.
        user_id: Whose reading.
        criterion_id: A criterion of the patient's cohort.
        verdict: met, not_met or unknown.
        reason: A code of `VERDICT_REASONS`, or empty.
        comment: The reviewer's own words.
        expected: Sequence number of the last act on the criterion that the reviewer has seen; 0 for none.

    Raises:
        ConflictError: there was another act since (CO601), the reading is signed or not open (CO602), the criterion
            is none of the cohort's (CO607), or verdict, reason or comment are not possible ones (CO609). "As the
            system proposes" is possible for who sees the proposal, and with the proposal of now only (CO601).
    """
    if verdict not in VERDICTS or (reason and reason not in VERDICT_REASONS):
        raise ConflictError("CO609")
    scene = open_reading(session, study_id, patient_id, user_id)
    cohort = _cohort_with(session, scene, criterion_id)
    state = _seen(session, scene.review, cohort.cohort_id, criterion_id, expected)
    if reason == "as_proposed":
        # Asked first, so that the refusal tells a blind reader nothing of the proposal.
        if scene.result is None or (scene.review.is_blind and scene.review.revealed_at is None):
            raise ConflictError("CO609")
        proposed = proposals_of(session, scene.result).get((cohort.cohort_id, criterion_id))
        if proposed is None or proposed.status != verdict:
            raise ConflictError("CO601")
    return _add_act(
        session,
        scene,
        act="verdict",
        cohort_id=cohort.cohort_id,
        criterion_id=criterion_id,
        verdict=verdict,
        reason=reason,
        comment=comment,
        supersedes_id=state.verdict.id if state.verdict else None,
    )


def mark_evidence(
    session: Session,
    study_id: str,
    patient_id: str,
    user_id: str,
    *,
    criterion_id: str,
    place: EvidencePlace,
    rejects: bool,
    reason: str = "",
    comment: str = "",
    expected: int,
) -> Decision:
    """
    Add words of a note as evidence, or reject evidence with a reason.

    Raises:
        ConflictError: as `decide`, and when the place is outside of the note (CO607) or a rejection has no reason of
            `EVIDENCE_REASONS` (CO609).
        AccessError: the patient has no such note (AC507).
    """
    if rejects and reason not in EVIDENCE_REASONS:
        raise ConflictError("CO609", "evidence is rejected for one of the reasons there are")
    scene = open_reading(session, study_id, patient_id, user_id)
    note = charts.note_of(session, scene.patient, place.note_id)
    if not 0 <= place.start < place.end <= note.length:
        raise ConflictError("CO607")
    cohort = _cohort_with(session, scene, criterion_id)
    _seen(session, scene.review, cohort.cohort_id, criterion_id, expected)
    return _add_act(
        session,
        scene,
        act="evidence_rejected" if rejects else "evidence_added",
        cohort_id=cohort.cohort_id,
        criterion_id=criterion_id,
        reason=reason,
        comment=comment,
        note_id=note.id,
        start=place.start,
        end=place.end,
        stance=place.stance,
        finding_id=place.finding_id,
    )


def undo(
    session: Session,
    study_id: str,
    patient_id: str,
    user_id: str,
    *,
    expected: int,
    criterion_id: str = "",
) -> Decision:
    """
    Undo the last act of one's own open reading that is in force, or the last on one criterion.

    Args:
        session: A writing session.
        study_id: Study of the patient.
        patient_id: Which patient.
        user_id: Whose reading.
        expected: Sequence number of the act to undo, as the reviewer sees it.
        criterion_id: Look at the acts on this criterion only.

    Raises:
        ConflictError: nothing is left to undo (CO608), another act came last (CO601), or the reading is signed or
            not open (CO602).
    """
    scene = open_reading(session, study_id, patient_id, user_id)
    acts = acts_of(session, scene.review)
    undone = {act.undoes_id for act in acts}
    in_force = [
        act
        for act in acts
        if act.act != "undo"
        and act.id not in undone
        and (not criterion_id or act.criterion_id == criterion_id)
    ]
    if not in_force:
        raise ConflictError("CO608")
    last = in_force[-1]
    if last.sequence != expected:
        raise ConflictError("CO601")
    return _add_act(
        session,
        scene,
        act="undo",
        cohort_id=last.cohort_id,
        criterion_id=last.criterion_id,
        undoes_id=last.id,
    )


def reveal(session: Session, study_id: str, patient_id: str, user_id: str) -> Review:
    """
    Show the system's proposal to a reader who reads blind, once every criterion is decided.

    Raises:
        ConflictError: not every criterion is decided (CO606), or the reading is signed or not open (CO602).
    """
    scene = open_reading(session, study_id, patient_id, user_id)
    if scene.review.is_blind and scene.review.revealed_at is None:
        require_all_decided(session, scene)
        scene.review.revealed_at = now_of(session)
        audit.append(
            session,
            user_id,
            "review.revealed",
            study_id=study_id,
            patient_id=patient_id,
            target=scene.review.id,
        )
    return scene.review


def reopen(session: Session, study_id: str, patient_id: str, actor_id: str) -> StudyPatient:
    """
    Open a signed chart for another round of readings; the record of the rounds before stays.

    Raises:
        ConflictError: the chart is not signed (CO602).
    """
    patient = charts.patient_of(session, study_id, patient_id, lock=True)
    if patient.state != "signed":
        raise ConflictError("CO602")
    patient.round += 1
    patient.version += 1
    patient.state = "new"
    audit.append(
        session, actor_id, "patient.reopened", study_id=study_id, patient_id=patient_id, round=patient.round
    )
    return patient


def _free_slot(session: Session, patient: StudyPatient, user_id: str) -> str:
    reviews = reviews_of(session, patient)
    if patient.state == "new":
        if patient.assigned_to not in (None, user_id):
            raise ConflictError("CO603")
        return "first"
    if patient.state == "second_review":
        if "second" in reviews:
            raise ConflictError("CO603")
        return "second"
    raise ConflictError("CO603" if patient.state == "in_review" else "CO602")


def _cohort_with(session: Session, scene: Scene, criterion_id: str) -> Cohort:
    for cohort_id, criterion in criteria_to_decide(session, scene.study, scene.patient, scene.review):
        if criterion.criterion_id == criterion_id:
            cohorts = trial_of(scene.study).cohorts
            return next(cohort for cohort in cohorts if cohort.cohort_id == cohort_id)
    raise ConflictError("CO607")


def _seen(
    session: Session, review: Review, cohort_id: str, criterion_id: str, expected: int
) -> CriterionState:
    """Return the state of a criterion if the caller has seen it."""
    state = states_of(acts_of(session, review)).get((cohort_id, criterion_id))
    if state is None:
        state = CriterionState(cohort_id, criterion_id)
    if state.last != expected:
        raise ConflictError("CO601")
    return state


def _add_act(session: Session, scene: Scene, *, comment: str = "", **values: Any) -> Decision:
    if len(comment) > MOST_COMMENT:
        raise ConflictError("CO609", f"a comment has at most {MOST_COMMENT:,} characters")
    review = scene.review
    opaque = new_id()
    review.version += 1
    act = Decision(
        id=opaque,
        review_id=review.id,
        patient_id=scene.patient.id,
        sequence=review.version,
        made_by=review.reviewer_id,
        made_at=now_of(session),
        is_blind_to_system=review.is_blind and review.revealed_at is None,
        result_id=scene.result.id if scene.result else None,
        result_fingerprint=scene.result.fingerprint if scene.result else "",
        sealed_comment=vault_of(session).seal(comment, context=f"decision:{opaque}") if comment else None,
        **values,
    )
    session.add(act)
    session.flush()
    # What was decided is not in the trail: who may read the trail may not yet know the verdict.
    audit.append(
        session,
        review.reviewer_id,
        f"decision.{act.act}",
        study_id=scene.study.id,
        patient_id=scene.patient.id,
        target=act.id,
        criterion=act.criterion_id,
        sequence=act.sequence,
    )
    return act
