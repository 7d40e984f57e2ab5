"""Signed charts for tests: a reader who decides every criterion and signs."""

from __future__ import annotations

from collections.abc import Mapping

from chartsift.api.services import charts, evaluation, readings, reviews, signing


def read_and_sign(
    room, patient_id: str, who: str = "first", verdicts: Mapping[str, str] | None = None, comment: str = ""
) -> str:
    """Decide every criterion of a chart as it is proposed, but for *verdicts*, and sign; return the chart's state."""
    user = room.users[who]
    here = (room.study_id, patient_id, user)
    with room.store.writing() as session:
        patient = charts.patient_of(session, room.study_id, patient_id)
        reviews.open_review(session, *here)
        stored = evaluation.require_result(session, patient)
        for item in evaluation.result_value(session, stored).applicable.criteria:
            verdict = (verdicts or {}).get(item.criterion_id, item.status)
            reason = "as_proposed" if verdict == item.status else "other_source"
            reviews.decide(
                session,
                *here,
                criterion_id=item.criterion_id,
                verdict=verdict,
                reason=reason,
                comment=comment,
                expected=0,
            )
        review = readings.review_by(session, patient, user)
        signing.sign(session, *here, expected=review.version)
        return patient.state
