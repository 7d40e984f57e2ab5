"""
Signing a reading: what has to be said before, and what is signed.

A signature holds the verdicts as they were, the version of the trial and the result that was read, with a digest over
all of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from chartsift.api.db.store import now_of
from chartsift.api.db.tables import Review, Signature, StudyPatient
from chartsift.api.faults import ConflictError
from chartsift.api.services import audit
from chartsift.api.services.readings import (
    CriterionState,
    Scene,
    disagreements,
    open_reading,
    proposals_of,
    require_all_decided,
)


def sign(session: Session, study_id: str, patient_id: str, user_id: str, *, expected: int) -> Signature:
    """
    Sign one's own reading; the chart goes on to a second reader, to adjudication, or is done.

    Args:
        session: A writing session.
        study_id: Study of the patient.
        patient_id: Which patient.
        user_id: Whose reading.
        expected: Version of the reading that the reader sees.

    Raises:
        ConflictError: there was another act since (CO601), a criterion is undecided, or a verdict other than the
            proposal has no reason (CO606), or the reading is signed or not open (CO602).
    """
    scene = open_reading(session, study_id, patient_id, user_id)
    review, patient = scene.review, scene.patient
    if review.version != expected:
        raise ConflictError("CO601")
    states = require_all_decided(session, scene)
    _require_reasons(session, scene, states)
    signature = _sign(session, scene, states, meaning=f"{review.slot} reading")
    patient.state = _state_after(session, patient, review)
    patient.version += 1
    patient.changed_at = None
    session.flush()
    audit.append(
        session,
        user_id,
        "review.signed",
        study_id=study_id,
        patient_id=patient_id,
        target=review.id,
        digest=signature.digest,
        state=patient.state,
    )
    return signature


def _require_reasons(
    session: Session, scene: Scene, states: Mapping[tuple[str, str], CriterionState]
) -> None:
    """A verdict other than the proposal that the reader saw says why, and so does everything that is settled."""
    if scene.review.slot == "adjudication":
        missing = [
            key[1]
            for key, state in states.items()
            if state.verdict and not state.verdict.reason and state.verdict.sealed_comment is None
        ]
    else:
        missing = _unexplained(session, scene, states)
    if missing:
        raise ConflictError("CO606", f"a reason is missing: {', '.join(missing)}")


def _unexplained(
    session: Session, scene: Scene, states: Mapping[tuple[str, str], CriterionState]
) -> list[str]:
    if scene.result is None:
        return []
    proposed = proposals_of(session, scene.result)
    missing = []
    for key, state in states.items():
        act, item = state.verdict, proposed.get(key)
        if act is None or item is None or act.is_blind_to_system or item.basis == "judgement":
            continue
        if act.verdict != item.status and not act.reason:
            missing.append(key[1])
    return missing


def _sign(
    session: Session, scene: Scene, states: Mapping[tuple[str, str], CriterionState], *, meaning: str
) -> Signature:
    review, patient = scene.review, scene.patient
    verdicts = [
        {
            "cohort_id": state.cohort_id,
            "criterion_id": state.criterion_id,
            "verdict": state.verdict.verdict,
            "reason": state.verdict.reason,
            "decision_id": state.verdict.id,
            "evidence": [act.id for act in state.evidence],
        }
        for state in states.values()
        if state.verdict is not None
    ]
    fingerprint = scene.result.fingerprint if scene.result else ""
    content = {
        "patient_id": patient.id,
        "review_id": review.id,
        "round": review.round,
        "slot": review.slot,
        "trial_version": scene.study.trial_version,
        "trial_fingerprint": scene.study.trial_fingerprint,
        "result_fingerprint": fingerprint,
        "verdicts": verdicts,
    }
    review.signed_at = now_of(session)
    signature = Signature(
        patient_id=patient.id,
        review_id=review.id,
        signed_by=review.reviewer_id,
        signed_at=review.signed_at,
        meaning=meaning,
        content=content,
        digest=content_digest(content),
        trial_version=scene.study.trial_version,
        result_id=scene.result.id if scene.result else None,
        result_fingerprint=fingerprint,
    )
    session.add(signature)
    session.flush()
    return signature


def content_digest(content: Mapping[str, Any]) -> str:
    """Return SHA-256 of what was signed, in one fixed form."""
    form = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(form.encode()).hexdigest()


def _state_after(session: Session, patient: StudyPatient, review: Review) -> str:
    if review.slot == "first" and patient.needs_second:
        return "second_review"
    if review.slot == "second" and disagreements(session, patient):
        return "to_adjudicate"
    return "signed"
