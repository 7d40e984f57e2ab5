"""
Another version of a study's trial: what it would change, the switch by a trial manager, and what was signed before.

The preview evaluates every chart with the new version from the findings that are there already: no note is read
again, nothing that is in force changes. The switch queues the fresh verdicts of every chart. A signed decision stays
what it is; it is *stale* when it was made under another version, and the list says which of its criteria that
concerns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chartsift.api.db.store import now_of
from chartsift.api.db.tables import Job, Signature, StoredResult, Study, StudyPatient
from chartsift.api.faults import AccessError, ConflictError
from chartsift.api.screener import Screener
from chartsift.api.services import audit, charts, jobs
from chartsift.api.services.adjudication import record_of
from chartsift.api.services.changes import compare
from chartsift.api.services.evaluation import current_result, findings_of, result_value, watched_day
from chartsift.api.services.jobs import Hold
from chartsift.api.services.studies import keep_version, study_of, trial_of
from chartsift.api.services.watch import queue_reading
from chartsift.nlp.criteria.schema import TrialFile
from chartsift.nlp.errors import RuleError

PREVIEW_JOB = "trial.preview"


@dataclass(frozen=True, slots=True)
class Stale:
    """
    A signed chart whose signature was given under another version of the trial.

    Attributes:
        patient: The patient.
        signature: The last signature.
        criteria: Criteria with what was decided and what the present version proposes, where they differ.
    """

    patient: StudyPatient
    signature: Signature
    criteria: tuple[dict[str, str], ...]


def parse_version(text: str) -> TrialFile:
    """
    Return the trial of a YAML file's text.

    Raises:
        ConflictError: it is none (CO623); the message says what to correct and where.
    """
    # Heavy: the predicates of every criterion.
    from chartsift.nlp.criteria.load import parse_trial  # noqa: PLC0415

    try:
        return parse_trial(text, name="the file")
    except RuleError as exc:
        raise ConflictError("CO623", exc.message[:2000]) from exc


def propose(session: Session, study_id: str, trial: TrialFile, *, actor_id: str) -> Job:
    """
    Queue the preview of a version; the same version of the same study is previewed once for each state of the study.

    Raises:
        ConflictError: it is another trial, or the version in force (CO623).
    """
    study = study_of(session, study_id)
    if trial.trial_id != study.trial_id:
        raise ConflictError("CO623", "the file is of another trial")
    if trial.fingerprint() == study.trial_fingerprint:
        raise ConflictError("CO623", "this version is in force already")
    query = select(func.count()).select_from(StudyPatient).where(StudyPatient.study_id == study_id)
    job_id = jobs.enqueue(
        session,
        PREVIEW_JOB,
        f"{PREVIEW_JOB}:{study_id}:{trial.fingerprint()[:32]}:{study.version}:{now_of(session):%Y%m%d%H%M}",
        study_id=study_id,
        payload={
            "trial_file": trial.model_dump_json(),
            "trial_version": trial.version,
            "trial_fingerprint": trial.fingerprint(),
            "after": "",
            "flips": [],
        },
        total=session.scalar(query) or 0,
    )
    audit.append(session, actor_id, "trial.proposed", study_id=study_id, target=job_id)
    return session.get_one(Job, job_id)


def preview_of(session: Session, study_id: str, job_id: str) -> Job:
    """
    Return a preview.

    Raises:
        AccessError: the study has none of that identifier (AC507).
    """
    job = jobs.job_of(session, study_id, job_id)
    if job.kind != PREVIEW_JOB:
        raise AccessError("AC507")
    return job


def previews_of(session: Session, study_id: str, *, limit: int = 10) -> list[Job]:
    """Return the previews of a study, the latest first."""
    query = select(Job).where(Job.study_id == study_id, Job.kind == PREVIEW_JOB)
    return list(session.scalars(query.order_by(Job.created_at.desc(), Job.id).limit(limit)))


def preview_trial(hold: Hold, screener: Screener) -> None:
    """Evaluate every chart with the proposed version, and keep those whose verdicts would be others."""
    trial = TrialFile.model_validate_json(hold.payload["trial_file"])
    after = str(hold.payload["after"])
    study_id = str(hold.study_id)
    software = screener.fingerprint()
    while True:
        with hold.store.reading() as session:
            query = select(StudyPatient).where(StudyPatient.study_id == study_id, StudyPatient.id > after)
            patient = session.scalars(query.order_by(StudyPatient.id).limit(1)).first()
            stored = current_result(session, patient) if patient is not None else None
            before = result_value(session, stored) if stored is not None else None
            if patient is not None and before is not None:
                notes = charts.notes_of(session, patient.id, with_text=True)
                chart = charts.chart_of(session, patient, notes)
                readings = findings_of(session, patient, notes, software)
                day = watched_day(patient, notes)
        if patient is None:
            break
        after = patient.id
        flips: list[dict[str, Any]] = []
        if before is not None:
            result = screener.screen(chart, trial, as_of=day, readings=readings)
            changes = compare(before.applicable, result.applicable)
            if changes or before.applicable.status != result.applicable.status:
                flips.append(
                    {
                        "patient_id": patient.id,
                        "is_signed": patient.state == "signed",
                        "status_before": before.applicable.status,
                        "status_after": result.applicable.status,
                        "cohort_before": before.applicable.cohort_id,
                        "cohort_after": result.applicable.cohort_id,
                        "changes": changes,
                    }
                )
        with hold.writing() as session:
            job = session.get_one(Job, hold.job_id)
            # Onto what is stored now: a patient who was erased meanwhile is gone from it.
            job.payload = {**job.payload, "after": after, "flips": [*job.payload["flips"], *flips]}
            jobs.advance(session, hold, done=job.done + 1)
    with hold.writing() as session:
        jobs.finish(session, hold)


def switch(session: Session, study_id: str, job_id: str, *, version: int, actor_id: str) -> Study:
    """
    Put a previewed version in force, and queue the fresh verdicts of every chart.

    Raises:
        ConflictError: the preview is not ready (CO620), or the study was changed since (CO601).
    """
    study = study_of(session, study_id)
    job = preview_of(session, study_id, job_id)
    if job.state != "done":
        raise ConflictError("CO620", "the preview is not ready")
    if study.version != version:
        raise ConflictError("CO601")
    trial = TrialFile.model_validate_json(job.payload["trial_file"])
    if trial.fingerprint() == study.trial_fingerprint:
        return study
    before = study.trial_fingerprint
    study.trial_file = job.payload["trial_file"]
    study.trial_version = trial.version
    study.trial_fingerprint = trial.fingerprint()
    study.version += 1
    keep_version(session, study)
    audit.append(
        session,
        actor_id,
        "study.trial_switched",
        study_id=study.id,
        target=job.id,
        before=before,
        after=study.trial_fingerprint,
    )
    for patient in session.scalars(select(StudyPatient).where(StudyPatient.study_id == study_id)):
        why = f"trial:{study.trial_fingerprint[:16]}:{study.version}"
        queue_reading(session, patient, why, actor_id=actor_id)
    return study


def stale_signatures(session: Session, study_id: str) -> list[Stale]:
    """Return the signed charts whose last signature was given under another version than the one in force."""
    study = study_of(session, study_id)
    trial = trial_of(study)
    known = {one.criterion_id for cohort in trial.cohorts for one in trial.criteria_of(cohort)}
    found = []
    patients = session.scalars(
        select(StudyPatient)
        .where(StudyPatient.study_id == study_id, StudyPatient.state == "signed")
        .order_by(StudyPatient.id)
    ).all()
    for patient in patients:
        signature = session.scalars(
            select(Signature)
            .where(Signature.patient_id == patient.id)
            .order_by(Signature.signed_at.desc(), Signature.id)
            .limit(1)
        ).first()
        if signature is None or signature.content["trial_fingerprint"] == study.trial_fingerprint:
            continue
        found.append(Stale(patient, signature, tuple(_differing(session, patient, known))))
    return found


def _differing(session: Session, patient: StudyPatient, criteria: set[str]) -> list[dict[str, str]]:
    """Return what was decided and is proposed otherwise now, and criteria that only one of the versions has."""
    decided = {verdict.criterion_id: verdict.verdict for verdict in record_of(session, patient)}
    stored = session.get(StoredResult, patient.result_id) if patient.result_id else None
    proposed = {}
    if stored is not None:
        result = result_value(session, stored).applicable
        proposed = {item.criterion_id: item.status for item in result.criteria}
    return [
        {
            "criterion_id": criterion_id,
            "decided": decided.get(criterion_id, ""),
            "proposed": proposed.get(criterion_id, ""),
        }
        for criterion_id in dict.fromkeys((*decided, *proposed))
        if decided.get(criterion_id, "") != proposed.get(criterion_id, "")
        or (criterion_id in decided and criterion_id not in criteria)
    ]
