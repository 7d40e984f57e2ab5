"""
What a person may see of a chart's readings and of the system's proposal. Every view and every answer asks here.

* One's own reading is always seen.
* Readings of others are seen once the chart is signed. Before, nobody sees them, whatever the role: who could look
  as a viewer could tell the second reader.
* An adjudicator sees the two readings of a chart that waits for adjudication, without names, unless one of them
  is the adjudicator's own.
* A reader who reads blind sees no proposal, and nothing that follows from it, before revealing it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from chartsift.api.db.tables import Review, StudyPatient
from chartsift.api.permissions import Permission
from chartsift.api.services.readings import review_by, reviews_of


@dataclass(frozen=True, slots=True)
class SeenReview:
    """A reading as a person may see it; ``reader`` is a letter where the name is hidden, else empty."""

    review: Review
    reader: str = ""


def visible_reviews(
    session: Session, patient: StudyPatient, user_id: str, permissions: frozenset[Permission]
) -> Sequence[SeenReview]:
    """Return the readings of the present round that a person may see, one's own first."""
    reviews = reviews_of(session, patient)
    mine = [review for review in reviews.values() if review.reviewer_id == user_id]
    others = [review for review in reviews.values() if review.reviewer_id != user_id]
    if patient.state == "signed":
        return [SeenReview(review) for review in (*mine, *others)]
    if is_adjudicator_of(patient, reviews, user_id, permissions):
        pair = sorted(
            (review for review in others if review.slot in ("first", "second")),
            key=lambda one: _order(one.id),
        )
        lettered = [SeenReview(review, letter) for letter, review in zip("AB", pair, strict=False)]
        return [*(SeenReview(review) for review in mine), *lettered]
    return [SeenReview(review) for review in mine]


def is_adjudicator_of(
    patient: StudyPatient, reviews: dict[str, Review], user_id: str, permissions: frozenset[Permission]
) -> bool:
    """Say whether a person may settle what the readers of a chart differ on."""
    readers = {review.reviewer_id for slot, review in reviews.items() if slot != "adjudication"}
    return (
        Permission.ADJUDICATE in permissions and patient.state == "to_adjudicate" and user_id not in readers
    )


def sees_proposal(
    session: Session, patient: StudyPatient, user_id: str, permissions: frozenset[Permission]
) -> bool:
    """
    Say whether a person may see what the system proposes for a patient.

    Who can read charts does not see it on a chart that is read blind first, before revealing it or its end.
    """
    if not patient.is_blind_first or patient.state == "signed":
        return True
    if Permission.REVIEW not in permissions:
        return True
    mine = review_by(session, patient, user_id)
    return mine is not None and (mine.revealed_at is not None or mine.signed_at is not None)


def _order(review_id: str) -> str:
    # Who was first must not follow from who is A.
    return hashlib.sha256(f"reader:{review_id}".encode()).hexdigest()
