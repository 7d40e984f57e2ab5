"""
Keeping verdicts fresh: what time, new software or a new version of the trial makes of them.

A study either reads its charts as of their last note (a retrospective study, and the rule of the command line), or its
screening day follows the calendar (``screening_day`` "today"). Then, once a day, every chart of which a window or a
limit of age has passed is read as of that day: those alone can have other verdicts, by the decision clock of each
verdict (``valid_until``, the flags of age). A day of screening that a person set stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from chartsift.api.db.store import now_of
from chartsift.api.db.tables import Job, StoredResult, Study, StudyPatient
from chartsift.api.faults import ConflictError
from chartsift.api.screener import Screener
from chartsift.api.services import audit, jobs, presence
from chartsift.api.services.jobs import Hold
from chartsift.api.services.studies import study_of
from chartsift.api.services.upload_adding import EVALUATE_JOB

DAILY_JOB = "watch"
SCREENING_DAYS = ("last_note", "today")
_SETTING = "screening_day"
_PATIENTS = 100


def screening_day(study: Study) -> str:
    """Return whether charts are read as of their last note, or of today."""
    return str(study.settings.get(_SETTING, SCREENING_DAYS[0]))


def set_screening_day(session: Session, study_id: str, value: str, *, actor_id: str) -> Study:
    """
    Say as of which day the charts of a study are read; from "today" on, the watch looks at them at once.

    Raises:
        ConflictError: there is no such choice (CO609).
    """
    if value not in SCREENING_DAYS:
        raise ConflictError("CO609", "the screening day is last_note or today")
    study = study_of(session, study_id)
    study.settings = {**study.settings, _SETTING: value}
    study.version += 1
    audit.append(session, actor_id, "study.changed", study_id=study.id, screening_day=value)
    today = now_of(session).date()
    if value == "last_note":
        for patient in session.scalars(
            select(StudyPatient).where(
                StudyPatient.study_id == study_id, StudyPatient.watched_on.is_not(None)
            )
        ):
            patient.watched_on = None
            queue_reading(session, patient, f"last_note:{study.version}")
    else:
        jobs.enqueue(session, DAILY_JOB, f"{DAILY_JOB}:{today}:{study.id}:{study.version}")
    return study


def is_due(session: Session) -> bool:
    """Say whether nobody has looked at the charts today."""
    key = _daily_key(now_of(session).date())
    return session.scalar(select(Job.id).where(Job.key == key)) is None


def queue_daily(session: Session) -> None:
    """Queue today's look at the charts."""
    jobs.drop_old(session)
    presence.drop_old(session)
    jobs.enqueue(session, DAILY_JOB, _daily_key(now_of(session).date()))


def look_for_lapses(hold: Hold, screener: Screener) -> None:
    """Queue a fresh reading of every chart whose verdicts time, or another version of the software, has overtaken."""
    software = screener.fingerprint()
    with hold.store.reading() as session:
        today = now_of(session).date()
        studies = session.scalars(select(Study).where(Study.archived_at.is_(None)).order_by(Study.id)).all()
        follow = [study.id for study in studies if screening_day(study) == "today"]
        everyone = [study.id for study in studies]
    for study_id in follow:
        _queue_lapsed(hold, study_id, today)
    for study_id in everyone:
        _queue_outdated(hold, study_id, software)
    with hold.writing() as session:
        jobs.finish(session, hold)


def _queue_lapsed(hold: Hold, study_id: str, today: date) -> None:
    def queue(session: Session, patient: StudyPatient) -> None:
        patient.watched_on = today
        queue_reading(session, patient, f"day:{today}")

    overtaken = or_(StoredResult.first_lapse < today, StoredResult.age_limit_on <= today)
    _each_read(hold, study_id, [StudyPatient.as_of.is_(None), StoredResult.as_of < today, overtaken], queue)


def _queue_outdated(hold: Hold, study_id: str, software: str) -> None:
    def queue(session: Session, patient: StudyPatient) -> None:
        queue_reading(session, patient, f"software:{software[:16]}:{patient.result_id}")

    _each_read(hold, study_id, [StoredResult.software_fingerprint != software], queue)


def _each_read(
    hold: Hold,
    study_id: str,
    conditions: Sequence[ColumnElement[bool]],
    queue: Callable[[Session, StudyPatient], None],
) -> None:
    """Have *queue* take every chart of a study whose result meets the *conditions*, some at a time."""
    after = ""
    while True:
        with hold.writing() as session:
            patients = session.scalars(
                select(StudyPatient)
                .join(StoredResult, StoredResult.id == StudyPatient.result_id)
                .where(StudyPatient.study_id == study_id, StudyPatient.id > after, *conditions)
                .order_by(StudyPatient.id)
                .limit(_PATIENTS)
            ).all()
            for patient in patients:
                queue(session, patient)
        if len(patients) < _PATIENTS:
            return
        after = patients[-1].id


def queue_reading(session: Session, patient: StudyPatient, why: str, *, actor_id: str = audit.SYSTEM) -> str:
    """Queue the reading of a chart; *why* keeps the same occasion from queueing it twice."""
    return jobs.enqueue(
        session,
        EVALUATE_JOB,
        f"{EVALUATE_JOB}:{patient.id}:{why}",
        study_id=patient.study_id,
        payload={"patient_id": patient.id, "actor_id": actor_id},
        total=1,
    )


def _daily_key(day: date) -> str:
    return f"{DAILY_JOB}:{day}"
