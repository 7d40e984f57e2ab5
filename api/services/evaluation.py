"""
From a stored chart to stored verdicts.

The reading is that of the command line (``screen_patient``); this module only keeps what it said. A note is read
once for each state of the pipeline, so that a new note, another day of screening or a new version of the trial
costs no second reading of the others. Reading happens outside of any transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chartsift.api.db.base import new_id
from chartsift.api.db.store import Store, now_of, vault_of
from chartsift.api.db.tables import NoteReading, StoredResult, StudyNote, StudyPatient
from chartsift.api.faults import AccessError, StoreError
from chartsift.api.screener import Chart, Screener
from chartsift.api.services import audit, charts
from chartsift.api.services.changes import age_limits, record_change
from chartsift.api.services.codec import (
    dump_findings,
    dump_result,
    load_findings,
    load_result,
)
from chartsift.api.services.studies import study_of, trial_of
from chartsift.api.vault import Vault
from chartsift.nlp.criteria.schema import TrialFile
from chartsift.nlp.screening.chart import PatientResult
from chartsift.nlp.types import CohortResult, Finding

# Someone adds a note while the chart is read; it is read again, and this often is often enough.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class _Inputs:
    """All that verdicts on a patient follow from."""

    chart: Chart
    trial: TrialFile
    note_ids: dict[str, str]
    digest: str
    findings: dict[str, list[Finding]]
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class _Made:
    """Verdicts ready to be stored: others wait while they are written, and need not while they are packed."""

    result_id: str
    result: PatientResult
    sealed: bytes
    readings: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an evaluation came to; ``is_new`` says whether the verdicts were computed now."""

    result_id: str
    is_new: bool
    changed: tuple[str, ...]


def evaluate_patient(
    store: Store, screener: Screener, study_id: str, patient_id: str, *, actor_id: str = audit.SYSTEM
) -> Evaluated | None:
    """
    Bring the verdicts on a patient up to date with notes, facts, trial and software.

    Args:
        store: The database.
        screener: What reads charts.
        study_id: Study of the patient.
        patient_id: Opaque identifier of the patient.
        actor_id: For whom; `audit.SYSTEM` for the worker.

    Returns:
        What it came to, with the criteria whose status is another one than before; None for a patient who has
        neither a note nor a day of screening, and so no verdict.

    Raises:
        AccessError: the study has no such patient (AC507).
        StoreError: the chart changed faster than it could be read (ST702).
    """
    for _ in range(_TRIES):
        software = screener.fingerprint()
        with store.reading() as session:
            inputs = _inputs(session, study_id, patient_id, software)
            if not inputs.chart.notes and inputs.chart.patient.as_of is None:
                return None
            known = _known(session, patient_id, inputs.digest)
            before = None
            if known is None:
                patient = charts.patient_of(session, study_id, patient_id)
                before = _opened(session, current_result(session, patient))
        made = None
        if known is None:
            readings = dict(inputs.findings)
            result = screener.screen(inputs.chart, inputs.trial, as_of=inputs.as_of, readings=readings)
            fresh = {note: found for note, found in readings.items() if note not in inputs.findings}
            made = _made(store.vault, inputs, result, fresh)
        with store.writing() as session:
            patient = charts.patient_of(session, study_id, patient_id, lock=True)
            if _inputs(session, study_id, patient_id, software, only_digest=True).digest != inputs.digest:
                continue
            return _keep(session, patient, inputs, software, made, before, actor_id)
    raise StoreError("ST702")


def current_result(session: Session, patient: StudyPatient) -> StoredResult | None:
    """Return the verdicts in force; None before the first evaluation."""
    return None if patient.result_id is None else session.get(StoredResult, patient.result_id)


def result_value(session: Session, stored: StoredResult) -> PatientResult:
    """Return stored verdicts as the reading returned them."""
    sealed = vault_of(session).open_bytes(stored.sealed_result, context=f"result:{stored.id}")
    return load_result(sealed)


def require_result(session: Session, patient: StudyPatient) -> StoredResult:
    """
    Return the verdicts in force.

    Raises:
        AccessError: there are none yet (AC507).
    """
    stored = current_result(session, patient)
    if stored is None:
        raise AccessError("AC507", "there are no verdicts on this patient yet")
    return stored


def changed_statuses(before: CohortResult | None, after: CohortResult) -> tuple[str, ...]:
    """Return the criteria whose status differs; all of them when the cohort is another one."""
    if before is None or before.cohort_id != after.cohort_id:
        return tuple(item.criterion_id for item in after.criteria)
    old = {item.criterion_id: item.status for item in before.criteria}
    return tuple(item.criterion_id for item in after.criteria if old.get(item.criterion_id) != item.status)


def _inputs(
    session: Session, study_id: str, patient_id: str, software: str, *, only_digest: bool = False
) -> _Inputs:
    patient = charts.patient_of(session, study_id, patient_id)
    study = study_of(session, study_id)
    notes = charts.notes_of(session, patient_id, with_text=not only_digest)
    unread = charts.unread_of(session, patient_id)
    as_of = watched_day(patient, notes)
    digest = _digest(patient, notes, unread, software, study.trial_fingerprint, as_of)
    if only_digest:
        return _Inputs(Chart(charts.patient_value(patient), ()), trial_of(study), {}, digest, {})
    return _Inputs(
        charts.chart_of(session, patient, notes),
        trial_of(study),
        {note.note_id: note.id for note in notes},
        digest,
        findings_of(session, patient, notes, software),
        as_of,
    )


def watched_day(patient: StudyPatient, notes: Sequence[StudyNote]) -> date | None:
    """
    Return the day that the verdicts are for where it is neither a person's choice nor that of the last note.

    That is the day on which the watch saw a window or a limit of age pass, until a later note comes.
    """
    if patient.as_of is not None or patient.watched_on is None:
        return None
    last = max((note.note_date for note in notes), default=None)
    return patient.watched_on if last is None or patient.watched_on > last else None


def _digest(
    patient: StudyPatient,
    notes: Sequence[StudyNote],
    unread: Sequence[str],
    software: str,
    trial: str,
    as_of: date | None,
) -> str:
    said: list[Any] = [
        software,
        trial,
        patient.site_id,
        str(patient.birth_date),
        patient.sex,
        str(as_of or patient.as_of),
        list(unread),
        [(note.note_id, str(note.note_date), note.note_type, note.digest) for note in notes],
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=True).encode()).hexdigest()


def findings_of(
    session: Session, patient: StudyPatient, notes: Iterable[StudyNote], software: str
) -> dict[str, list[Finding]]:
    """Return the findings of those notes that this state of the pipeline has read already."""
    names = {note.id: note.note_id for note in notes}
    rows = session.scalars(
        select(NoteReading)
        .join(StudyNote, StudyNote.id == NoteReading.note_id)
        .where(StudyNote.patient_id == patient.id, NoteReading.fingerprint == software)
    ).all()
    found = {}
    for row in rows:
        sealed = vault_of(session).open_bytes(row.sealed_findings, context=f"reading:{row.note_id}")
        note_id = names[row.note_id]
        found[note_id] = [
            # The site may have corrected the identifier since.
            finding if finding.patient_id == patient.site_id else replace(finding, patient_id=patient.site_id)
            for finding in load_findings(sealed)
        ]
    return found


def _known(session: Session, patient_id: str, digest: str) -> str | None:
    return session.scalar(
        select(StoredResult.id).where(
            StoredResult.patient_id == patient_id, StoredResult.fingerprint == digest
        )
    )


def _keep(
    session: Session,
    patient: StudyPatient,
    inputs: _Inputs,
    software: str,
    made: _Made | None,
    opened: tuple[str, PatientResult] | None,
    actor_id: str,
) -> Evaluated:
    before = current_result(session, patient)
    # Another process may have come to the same verdicts in the meantime.
    stored_id = _known(session, patient.id, inputs.digest)
    is_new = stored_id is None
    if stored_id is None:
        if made is None:
            raise StoreError("ST702")
        stored_id = _store_result(session, patient, inputs, software, made)
        _store_readings(session, patient, software, made.readings)
    if patient.result_id == stored_id:
        return Evaluated(stored_id, is_new, ())
    after = made.result if made else result_value(session, session.get_one(StoredResult, stored_id))
    if before is not None and (opened is None or opened[0] != before.id):
        opened = _opened(session, before)
    old = opened[1] if before is not None and opened is not None else None
    changed = changed_statuses(old.applicable if old else None, after.applicable)
    patient.result_id = stored_id
    if before is not None and old is not None:
        now = session.get_one(StoredResult, stored_id)
        record_change(session, patient, (before, old), (now, after))
        if changed:
            patient.changed_at = now_of(session)
    audit.append(
        session,
        actor_id,
        "result.computed",
        study_id=patient.study_id,
        patient_id=patient.id,
        target=stored_id,
        fingerprint=inputs.digest,
        changed=len(changed) if before is not None else 0,
    )
    return Evaluated(stored_id, is_new, changed if before is not None else ())


def _opened(session: Session, stored: StoredResult | None) -> tuple[str, PatientResult] | None:
    return None if stored is None else (stored.id, result_value(session, stored))


def _made(vault: Vault, inputs: _Inputs, result: PatientResult, fresh: dict[str, list[Finding]]) -> _Made:
    opaque = new_id()
    readings = {inputs.note_ids[note_id]: found for note_id, found in fresh.items()}
    return _Made(
        opaque,
        result,
        vault.seal_bytes(dump_result(result), context=f"result:{opaque}"),
        {
            note_id: vault.seal_bytes(dump_findings(found), context=f"reading:{note_id}")
            for note_id, found in readings.items()
        },
    )


def _store_result(
    session: Session, patient: StudyPatient, inputs: _Inputs, software: str, made: _Made
) -> str:
    result = made.result
    cohort = result.applicable
    stored = StoredResult(
        id=made.result_id,
        patient_id=patient.id,
        fingerprint=inputs.digest,
        software_fingerprint=software,
        trial_fingerprint=inputs.trial.fingerprint(),
        trial_version=cohort.trial_version,
        as_of=result.as_of,
        cohort_id=cohort.cohort_id,
        cohort_status=cohort.status,
        score=cohort.score,
        confidence=_least_confidence(cohort),
        age_years=_age(result.patient.birth_date, result.as_of),
        missing=list(cohort.missing),
        against=[item.criterion_id for item in cohort.criteria if speaks_against(item.kind, item.status)],
        missing_count=len(cohort.missing),
        first_lapse=min(
            (item.valid_until for item in cohort.criteria if item.valid_until is not None), default=None
        ),
        age_limit_on=_age_limit(cohort),
        last_note_on=max((note.note_date for note in result.notes), default=None),
        notes_read=len(result.notes),
        notes_unread=len(result.unread),
        sealed_result=made.sealed,
        computed_at=now_of(session),
    )
    session.add(stored)
    session.flush()
    return made.result_id


def _store_readings(
    session: Session, patient: StudyPatient, software: str, readings: dict[str, bytes]
) -> None:
    there = set(
        session.scalars(
            select(NoteReading.note_id)
            .join(StudyNote, StudyNote.id == NoteReading.note_id)
            .where(StudyNote.patient_id == patient.id, NoteReading.fingerprint == software)
        )
    )
    session.add_all(
        NoteReading(note_id=note_id, fingerprint=software, sealed_findings=sealed)
        for note_id, sealed in readings.items()
        if note_id not in there
    )


def speaks_against(kind: str, status: str) -> bool:
    """Say whether a verdict rules a patient out: an inclusion that is not met, an exclusion that is."""
    return status == ("not_met" if kind == "inclusion" else "met")


def _least_confidence(cohort: CohortResult) -> float:
    return min((item.confidence for item in cohort.criteria if item.basis != "judgement"), default=1.0)


def _age(born: date | None, on: date) -> int | None:
    if born is None or born > on:
        return None
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _age_limit(cohort: CohortResult) -> date | None:
    """Return the day on which the patient passes a limit of age, as the flags of the age criterion say it."""
    return min((day for item in cohort.criteria for day in age_limits(item.flags)), default=None)
