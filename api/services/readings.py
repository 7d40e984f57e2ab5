"""
What the readings of a chart say: who reads it, what is in force on each criterion, what is left to decide.

Nothing here changes a row; acts are in ``chartsift.api.services.reviews``, signatures in ``signing``. What one reader
may see of another is decided in ``visibility``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chartsift.api.db.store import vault_of
from chartsift.api.db.tables import Decision, Review, Signature, StoredResult, Study, StudyPatient
from chartsift.api.faults import ConflictError
from chartsift.api.services import charts
from chartsift.api.services.evaluation import current_result, result_value
from chartsift.api.services.studies import named_criteria, study_of, trial_of
from chartsift.nlp.criteria.schema import Cohort, Criterion
from chartsift.nlp.types import CriterionResult


@dataclass(slots=True)
class CriterionState:
    """
    What is in force on one criterion of one reading.

    Attributes:
        cohort_id: Cohort of the criterion.
        criterion_id: Which criterion.
        verdict: The verdict act in force; None while undecided.
        evidence: Pieces of evidence added or rejected that were not undone.
        last: Sequence number of the last act on the criterion, 0 before the first.
    """

    cohort_id: str
    criterion_id: str
    verdict: Decision | None = None
    evidence: list[Decision] = field(default_factory=list)
    last: int = 0


@dataclass(frozen=True, slots=True)
class Scene:
    """One's own open reading, and what an act in it needs to know."""

    study: Study
    patient: StudyPatient
    review: Review
    result: StoredResult | None


def open_reading(session: Session, study_id: str, patient_id: str, user_id: str) -> Scene:
    """
    Lock the patient and return one's own open reading of it.

    Raises:
        ConflictError: there is none, or it is signed (CO602).
    """
    patient = charts.patient_of(session, study_id, patient_id, lock=True)
    review = review_by(session, patient, user_id)
    if review is None or review.signed_at is not None:
        raise ConflictError("CO602")
    return Scene(study_of(session, study_id), patient, review, current_result(session, patient))


def review_by(session: Session, patient: StudyPatient, user_id: str) -> Review | None:
    """Return a person's reading of a chart in the present round."""
    return session.scalars(
        select(Review).where(
            Review.patient_id == patient.id, Review.round == patient.round, Review.reviewer_id == user_id
        )
    ).one_or_none()


def reviews_of(session: Session, patient: StudyPatient) -> dict[str, Review]:
    """Return the readings of the present round by slot."""
    found = session.scalars(
        select(Review).where(Review.patient_id == patient.id, Review.round == patient.round)
    ).all()
    return {review.slot: review for review in found}


def acts_of(session: Session, review: Review) -> Sequence[Decision]:
    """Return every act of a reading, in order."""
    query = select(Decision).where(Decision.review_id == review.id).order_by(Decision.sequence)
    return session.scalars(query).all()


def states_of(acts: Sequence[Decision]) -> dict[tuple[str, str], CriterionState]:
    """Return what is in force after *acts*, by cohort and criterion."""
    undone = {act.undoes_id for act in acts}
    states: dict[tuple[str, str], CriterionState] = {}
    for act in acts:
        key = (act.cohort_id, act.criterion_id)
        state = states.setdefault(key, CriterionState(*key))
        state.last = act.sequence
        if act.act == "undo" or act.id in undone:
            continue
        if act.act == "verdict":
            state.verdict = act
        else:
            state.evidence.append(act)
    return states


def signed_verdicts(session: Session, review: Review) -> dict[tuple[str, str], str]:
    """
    Return the verdicts that a reading was signed with, by cohort and criterion; none before it is signed.

    That is what counts, and not everything that was ever decided in it: a chart may have moved to another cohort.
    """
    return {
        (one["cohort_id"], one["criterion_id"]): one["verdict"] for one in signed_content(session, review)
    }


def signed_content(session: Session, review: Review) -> Sequence[Mapping[str, Any]]:
    """Return the verdicts of the signature of a reading, as they were signed."""
    signature = session.scalars(select(Signature).where(Signature.review_id == review.id)).one_or_none()
    return signature.content["verdicts"] if signature is not None else ()


def comment_of(session: Session, act: Decision) -> str:
    """Return the comment of an act."""
    if act.sealed_comment is None:
        return ""
    return vault_of(session).open(act.sealed_comment, context=f"decision:{act.id}")


def cohort_of(session: Session, study: Study, patient: StudyPatient) -> Cohort:
    """Return the cohort whose criteria are decided: that of the verdicts in force, else the trial's default."""
    result = current_result(session, patient)
    cohorts = trial_of(study).cohorts
    if result is not None:
        for cohort in cohorts:
            if cohort.cohort_id == result.cohort_id:
                return cohort
    return next(cohort for cohort in cohorts if cohort.applies.default)


def criteria_to_decide(
    session: Session, study: Study, patient: StudyPatient, review: Review
) -> list[tuple[str, Criterion]]:
    """Return the criteria that a reading has to decide, with their cohort; an adjudication only what is open."""
    cohort = cohort_of(session, study, patient)
    every = [(cohort.cohort_id, criterion) for criterion in trial_of(study).criteria_of(cohort)]
    if review.slot != "adjudication":
        return every
    differing = disagreements(session, patient)
    named = named_criteria(trial_of(study))
    return [(key[0], named[key]) for key in differing if key in named]


def disagreements(session: Session, patient: StudyPatient) -> list[tuple[str, str]]:
    """Return cohort and criterion of everything on which the two readers of the present round differ."""
    reviews = reviews_of(session, patient)
    if "first" not in reviews or "second" not in reviews:
        return []
    one, other = (signed_verdicts(session, reviews[slot]) for slot in ("first", "second"))
    return [key for key in dict.fromkeys([*one, *other]) if one.get(key) != other.get(key)]


def require_all_decided(session: Session, scene: Scene) -> dict[tuple[str, str], CriterionState]:
    """
    Return what is in force on every criterion of a reading.

    Raises:
        ConflictError: one of them is undecided (CO606).
    """
    states = states_of(acts_of(session, scene.review))
    wanted = criteria_to_decide(session, scene.study, scene.patient, scene.review)
    left = [
        criterion.criterion_id
        for cohort_id, criterion in wanted
        if (state := states.get((cohort_id, criterion.criterion_id))) is None or state.verdict is None
    ]
    if left:
        raise ConflictError("CO606", f"undecided: {', '.join(left)}")
    keys = [(cohort_id, criterion.criterion_id) for cohort_id, criterion in wanted]
    return {key: states[key] for key in keys}


def proposals_of(session: Session, result: StoredResult) -> dict[tuple[str, str], CriterionResult]:
    """Return what the system proposes, by cohort and criterion."""
    return {
        (cohort.cohort_id, item.criterion_id): item
        for cohort in result_value(session, result).cohorts
        for item in cohort.criteria
    }
