"""What changed in the verdicts on a patient, and why: kept when it happens, for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from chartsift.api.db.store import now_of
from chartsift.api.db.tables import StoredResult, StudyPatient, VerdictChange
from chartsift.nlp.screening.chart import PatientResult
from chartsift.nlp.types import CohortResult

REASONS: Mapping[str, str] = {
    "notes": "notes were added",
    "facts": "date of birth, sex or identifier were corrected",
    "unread": "an input that could not be read came or was read after all",
    "day": "the day of screening moved on",
    "trial": "another version of the trial",
    "software": "another version of the software",
}
"""Why verdicts changed, in words; several may hold at once."""


def record_change(
    session: Session,
    patient: StudyPatient,
    before: tuple[StoredResult, PatientResult],
    after: tuple[StoredResult, PatientResult],
) -> VerdictChange | None:
    """Keep what differs between two results of a patient; None when no verdict does."""
    (old_row, old), (new_row, new) = before, after
    changes = compare(old.applicable, new.applicable)
    if not changes and old.applicable.status == new.applicable.status:
        return None
    change = VerdictChange(
        patient_id=patient.id,
        result_id=new_row.id,
        previous_id=old_row.id,
        cohort_before=old_row.cohort_id,
        cohort_after=new_row.cohort_id,
        status_before=old_row.cohort_status,
        status_after=new_row.cohort_status,
        changes=changes,
        reasons=_reasons(before, after),
        made_at=now_of(session),
    )
    session.add(change)
    session.flush()
    return change


def changes_of(session: Session, patient_id: str) -> Sequence[VerdictChange]:
    """Return what changed in the verdicts on a patient, the latest first."""
    query = select(VerdictChange).where(VerdictChange.patient_id == patient_id)
    return session.scalars(query.order_by(VerdictChange.made_at.desc(), VerdictChange.id)).all()


def compare(before: CohortResult, after: CohortResult) -> list[dict[str, str]]:
    """Return the criteria whose status or basis differs, with both; one that is not in a cohort has none there."""
    old = {item.criterion_id: item for item in before.criteria}
    new = {item.criterion_id: item for item in after.criteria}
    found = []
    for criterion_id in dict.fromkeys((*old, *new)):
        left, right = old.get(criterion_id), new.get(criterion_id)
        change = {
            "criterion_id": criterion_id,
            "from": left.status if left else "",
            "to": right.status if right else "",
            "basis_before": left.basis if left else "",
            "basis_after": right.basis if right else "",
        }
        if change["from"] != change["to"]:
            found.append(change)
    return found


def _reasons(
    before: tuple[StoredResult, PatientResult], after: tuple[StoredResult, PatientResult]
) -> list[str]:
    (old_row, old), (new_row, new) = before, after
    differs = {
        "notes": {note.note_id for note in old.notes} != {note.note_id for note in new.notes},
        "facts": _facts(old) != _facts(new),
        "unread": set(old.unread) != set(new.unread),
        "day": old_row.as_of != new_row.as_of,
        "trial": old_row.trial_fingerprint != new_row.trial_fingerprint,
        "software": old_row.software_fingerprint != new_row.software_fingerprint,
    }
    return [reason for reason, is_so in differs.items() if is_so]


def _facts(result: PatientResult) -> tuple[object, ...]:
    return (result.patient.patient_id, result.patient.birth_date, result.patient.sex)
