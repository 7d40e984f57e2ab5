"""What changed in the verdicts on a patient, and why: kept when it happens, for people to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chartsift.api.db.store import now_of
from chartsift.api.db.tables import StoredResult, StudyPatient, VerdictChange
from chartsift.nlp.screening.chart import PatientResult
from chartsift.nlp.types import CohortResult, CriterionResult

REASONS: Mapping[str, str] = {
    "notes": "notes were added",
    "facts": "date of birth, sex or identifier were corrected",
    "unread": "an input that could not be read came or was read after all",
    "day": "the day of screening moved on",
    "trial": "another version of the trial",
    "software": "another version of the software",
}
"""Why verdicts changed, in words; several may hold at once."""

CAUSES: Mapping[str, str] = {
    "notes": "a new note speaks to it",
    "window": "its window ended on {day}",
    "age_limit": "a limit of age was passed on {day}",
    "cohort": "another cohort applies",
    "trial": REASONS["trial"],
}
"""Why one verdict changed, where that can be told; else the reasons of the whole change are named."""

_DATED = ("window", "age_limit")
_AGE_LIMIT = re.compile(r"(?:may_)?turns?_\d+_(?:on|from) (\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, slots=True)
class NetChange:
    """
    What several changes came to for one criterion.

    Attributes:
        criterion_id: Which criterion.
        before: Its status before the first of them; empty for a criterion that was not there.
        after: Its status after the last; empty for one that is not there any more.
        causes: Why, as keys of `CAUSES` and `REASONS` with the day that belongs to it, each once, in order.
        made_at: When the last of them was seen.
    """

    criterion_id: str
    before: str
    after: str
    causes: tuple[tuple[str, str], ...]
    made_at: datetime

    @property
    def why(self) -> str:
        """Why, in words."""
        return "; ".join(cause_words(name, day) for name, day in self.causes)


def record_change(
    session: Session,
    patient: StudyPatient,
    before: tuple[StoredResult, PatientResult],
    after: tuple[StoredResult, PatientResult],
) -> VerdictChange | None:
    """Keep what differs between two results of a patient; None when no verdict does."""
    (old_row, old), (new_row, new) = before, after
    reasons = _reasons(before, after)
    changes = [
        {**change, **_cause(change["criterion_id"], old, new, reasons)}
        for change in compare(old.applicable, new.applicable)
    ]
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
        reasons=reasons,
        made_at=now_of(session),
    )
    session.add(change)
    session.flush()
    return change


def changes_of(session: Session, patient_id: str) -> Sequence[VerdictChange]:
    """Return what changed in the verdicts on a patient, the latest first."""
    query = select(VerdictChange).where(VerdictChange.patient_id == patient_id)
    return session.scalars(query.order_by(VerdictChange.made_at.desc(), VerdictChange.id)).all()


def net_changes(found: Iterable[VerdictChange]) -> dict[str, NetChange]:
    """Return what changes (the latest first) came to, by criterion; what is again as it was is left out."""
    net: dict[str, NetChange] = {}
    for change in reversed(list(found)):
        for one in change.changes:
            name = one["criterion_id"]
            earlier = net.get(name)
            # Kept before causes were told by criterion: those of the whole change.
            causes = one.get("causes") or change.reasons
            here = [(cause, one.get("day", "") if cause in _DATED else "") for cause in causes]
            net[name] = NetChange(
                name,
                earlier.before if earlier else one["from"],
                one["to"],
                tuple(dict.fromkeys([*(earlier.causes if earlier else ()), *here])),
                change.made_at,
            )
    return {name: one for name, one in net.items() if one.before != one.after}


def cause_words(name: str, day: str = "") -> str:
    """
    Say why a verdict changed.

    >>> cause_words("window", "2024-08-01"), cause_words("facts")
    ('its window ended on 2024-08-01', 'date of birth, sex or identifier were corrected')
    """
    return CAUSES.get(name, REASONS.get(name, name)).format(day=day)


def age_limits(flags: Iterable[str]) -> list[date]:
    """
    Return the days on which limits of age are passed, as the flags of an age criterion say them.

    >>> age_limits(["turns_18_on 2026-12-02", "maa_only"])
    [datetime.date(2026, 12, 2)]
    """
    return [date.fromisoformat(match[1]) for flag in flags if (match := _AGE_LIMIT.fullmatch(flag))]


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


def _cause(
    criterion_id: str, old: PatientResult, new: PatientResult, reasons: Sequence[str]
) -> dict[str, Any]:
    """Return why the verdict on one criterion changed, with the day where a window or a limit of age is the cause."""
    left, right = _item(old.applicable, criterion_id), _item(new.applicable, criterion_id)
    causes = ["trial"] if "trial" in reasons else []
    day = None
    if old.applicable.cohort_id != new.applicable.cohort_id:
        causes.append("cohort")
    if left is not None and "day" in reasons:
        passed = [limit for limit in age_limits(left.flags) if old.as_of < limit <= new.as_of]
        if passed:
            causes.append("age_limit")
            day = min(passed)
        elif left.valid_until is not None and left.valid_until < new.as_of:
            causes.append("window")
            day = left.valid_until
    if right is not None and "notes" in reasons:
        came = {note.note_id for note in new.notes} - {note.note_id for note in old.notes}
        if any(item.finding.note_id in came for item in right.evidence):
            causes.append("notes")
    return {"causes": causes or list(reasons), "day": day.isoformat() if day else ""}


def _item(cohort: CohortResult, criterion_id: str) -> CriterionResult | None:
    return next((item for item in cohort.criteria if item.criterion_id == criterion_id), None)


def _facts(result: PatientResult) -> tuple[object, ...]:
    return (result.patient.patient_id, result.patient.birth_date, result.patient.sex)
