"""Settling what two readers differ on. The adjudicated verdict is the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from chartsift.api.db.tables import Review, StudyPatient, User
from chartsift.api.faults import AccessError, ConflictError
from chartsift.api.permissions import Permission
from chartsift.api.services import charts
from chartsift.api.services.readings import disagreements, review_by, reviews_of, signed_content
from chartsift.api.services.reviews import begin
from chartsift.api.services.visibility import is_adjudicator_of


@dataclass(frozen=True, slots=True)
class RecordedVerdict:
    """
    A verdict of the record: what counts for the patient.

    ``settled`` says how it came about: "single" (one reader), "agreed" (two readers), "adjudicated".
    """

    cohort_id: str
    criterion_id: str
    verdict: str
    decision_id: str
    settled: str


def queue(session: Session, study_id: str, user_id: str) -> Sequence[StudyPatient]:
    """Return the charts that wait for adjudication by a person who read none of them, in order of waiting."""
    waiting = session.scalars(
        select(StudyPatient)
        .where(StudyPatient.study_id == study_id, StudyPatient.state == "to_adjudicate")
        .order_by(StudyPatient.created_at, StudyPatient.id)
    ).all()
    return [patient for patient in waiting if user_id not in _readers(reviews_of(session, patient))]


def open_adjudication(
    session: Session, study_id: str, patient_id: str, user_id: str, permissions: frozenset[Permission]
) -> Review:
    """
    Take a chart to settle its disagreements, or go on with it.

    Raises:
        AccessError: the person read the chart, or is no adjudicator (AC502).
        ConflictError: nothing waits to be settled (CO602), or someone else settles it (CO603).
    """
    patient = charts.patient_of(session, study_id, patient_id, lock=True)
    reviews = reviews_of(session, patient)
    if patient.state != "to_adjudicate":
        raise ConflictError("CO602")
    if not is_adjudicator_of(patient, reviews, user_id, permissions):
        raise AccessError("AC502", "who read a chart does not settle it")
    taken = reviews.get("adjudication")
    if taken is not None:
        if taken.reviewer_id != user_id:
            raise ConflictError("CO603")
        return taken
    return begin(session, patient, user_id, "adjudication")


def own_adjudication(session: Session, patient: StudyPatient, user_id: str) -> Review:
    """
    Return a person's open adjudication of a chart.

    Raises:
        ConflictError: there is none (CO602).
    """
    review = review_by(session, patient, user_id)
    if review is None or review.slot != "adjudication":
        raise ConflictError("CO602")
    return review


def record_of(session: Session, patient: StudyPatient) -> list[RecordedVerdict]:
    """
    Return the verdicts of record of a signed chart; nothing before it is signed.

    They are those of the signatures: what was decided and not signed, such as for another cohort, is no record.
    """
    if patient.state != "signed":
        return []
    reviews = reviews_of(session, patient)
    settled: dict[tuple[str, str], RecordedVerdict] = {}
    differing = set(disagreements(session, patient))
    for slot in ("first", "second", "adjudication"):
        if slot not in reviews:
            continue
        how = "adjudicated" if slot == "adjudication" else "agreed" if "second" in reviews else "single"
        for one in signed_content(session, reviews[slot]):
            key = (one["cohort_id"], one["criterion_id"])
            if slot != "adjudication" and key in differing:
                continue
            if slot == "adjudication" or key not in settled:
                settled[key] = RecordedVerdict(*key, one["verdict"], one["decision_id"], how)
    return list(settled.values())


def deciders_of(session: Session, patient: StudyPatient) -> dict[str, tuple[str, str]]:
    """
    Return who a verdict of record is by, and who came to the same, by how it was settled.

    Where two agreed, act, reason and comment of the record are the first reader's, and nobody else's.
    """
    names = {
        slot: session.get_one(User, one.reviewer_id).display_name
        for slot, one in reviews_of(session, patient).items()
    }
    first, second = names.get("first", ""), names.get("second", "")
    return {
        "single": (first, ""),
        "agreed": (first, second),
        "adjudicated": (names.get("adjudication", ""), ""),
    }


def _readers(reviews: dict[str, Review]) -> set[str]:
    return {review.reviewer_id for slot, review in reviews.items() if slot != "adjudication"}
