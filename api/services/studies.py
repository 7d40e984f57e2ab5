"""Studies and their members."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from chartsift.api.db.store import now_of
from chartsift.api.db.studies import ROLES
from chartsift.api.db.tables import Study, StudyMember, TrialVersion, User
from chartsift.api.faults import AccessError, ConflictError
from chartsift.api.services import audit
from chartsift.nlp.criteria.schema import Criterion, TrialFile

# Bucket of a share: fine enough for any share that a person would type.
_BUCKETS = 10_000


def create_study(
    session: Session,
    *,
    title: str,
    trial: TrialFile,
    blind_first_share: float = 0.0,
    second_review_share: float = 1.0,
    actor_id: str = audit.SYSTEM,
) -> Study:
    """
    Make a study that reads *trial*; the whole trial is kept with it.

    Raises:
        ConflictError: there is a study of that title (CO605).
    """
    if session.scalars(select(Study.id).where(Study.title == title)).first() is not None:
        raise ConflictError("CO605")
    study = Study(
        title=title,
        trial_id=trial.trial_id,
        trial_version=trial.version,
        trial_fingerprint=trial.fingerprint(),
        trial_file=trial.model_dump_json(),
        blind_first_share=blind_first_share,
        second_review_share=second_review_share,
        settings={},
        created_at=now_of(session),
    )
    session.add(study)
    session.flush()
    keep_version(session, study)
    audit.append(
        session,
        actor_id,
        "study.made",
        study_id=study.id,
        trial=trial.trial_id,
        trial_fingerprint=study.trial_fingerprint,
    )
    return study


def study_of(session: Session, study_id: str) -> Study:
    """
    Return a study.

    Raises:
        AccessError: there is none (AC507).
    """
    study = session.get(Study, study_id)
    if study is None:
        raise AccessError("AC507")
    return study


def trial_of(study: Study) -> TrialFile:
    """Return the trial that *study* reads."""
    return _parsed(study.trial_file)


def keep_version(session: Session, study: Study) -> None:
    """Keep the version that *study* reads now beside those that it read before."""
    key = (study.id, study.trial_fingerprint)
    if session.get(TrialVersion, key) is None:
        session.add(
            TrialVersion(
                study_id=study.id,
                fingerprint=study.trial_fingerprint,
                version=study.trial_version,
                trial_file=study.trial_file,
                since=now_of(session),
            )
        )
        session.flush()


def trial_at(session: Session, study: Study, fingerprint: str) -> TrialFile:
    """Return a version of the trial that *study* once read; that of now for one from before versions were kept."""
    kept = session.get(TrialVersion, (study.id, fingerprint))
    return _parsed(kept.trial_file) if kept is not None else trial_of(study)


def named_criteria(trial: TrialFile) -> dict[tuple[str, str], Criterion]:
    """Return the criteria of a trial by cohort and name, as pages list them: inclusions, then exclusions."""
    return {
        (cohort.cohort_id, criterion.criterion_id): criterion
        for cohort in trial.cohorts
        for criterion in sorted(trial.criteria_of(cohort), key=lambda one: one.kind != "inclusion")
    }


@lru_cache(maxsize=16)
def _parsed(text: str) -> TrialFile:
    return TrialFile.model_validate_json(text)


def studies_of(session: Session, user_id: str) -> Sequence[tuple[Study, str]]:
    """Return the studies of a person with the person's role, by title."""
    rows = session.execute(
        select(Study, StudyMember.role)
        .join(StudyMember, StudyMember.study_id == Study.id)
        .where(StudyMember.user_id == user_id)
        .order_by(Study.title)
    ).all()
    return [(study, role) for study, role in rows]


def role_in(session: Session, study_id: str, user_id: str) -> str | None:
    """Return the role of a person in a study; None where there is no such study or no part in it."""
    return session.scalar(
        select(StudyMember.role).where(StudyMember.study_id == study_id, StudyMember.user_id == user_id)
    )


def members_of(session: Session, study_id: str) -> Sequence[tuple[User, str]]:
    """Return the people of a study with their roles, by name."""
    rows = session.execute(
        select(User, StudyMember.role)
        .join(StudyMember, StudyMember.user_id == User.id)
        .where(StudyMember.study_id == study_id)
        .order_by(User.name)
    ).all()
    return [(user, role) for user, role in rows]


def set_member(session: Session, study_id: str, user_id: str, role: str, *, actor_id: str) -> None:
    """
    Give a person a role in a study, or another role than before.

    Raises:
        ConflictError: there is no such role (CO609).
    """
    if role not in ROLES:
        raise ConflictError("CO609", "name one of the roles there are")
    member = session.get(StudyMember, (study_id, user_id))
    if member is None:
        session.add(StudyMember(study_id=study_id, user_id=user_id, role=role, added_at=now_of(session)))
    else:
        member.role = role
    audit.append(session, actor_id, "member.set", study_id=study_id, target=user_id, role=role)


def remove_member(session: Session, study_id: str, user_id: str, *, actor_id: str) -> None:
    """
    Take a person out of a study.

    Raises:
        AccessError: the person has no part in it (AC507).
    """
    member = session.get(StudyMember, (study_id, user_id))
    if member is None:
        raise AccessError("AC507")
    session.delete(member)
    audit.append(session, actor_id, "member.removed", study_id=study_id, target=user_id)


def change_study(
    session: Session,
    study: Study,
    *,
    version: int,
    title: str | None = None,
    blind_first_share: float | None = None,
    second_review_share: float | None = None,
    actor_id: str,
) -> None:
    """
    Change settings of a study; the shares hold for patients added from now on.

    Raises:
        ConflictError: someone else changed it since *version* (CO601), or another study has the title (CO605).
    """
    if study.version != version:
        raise ConflictError("CO601")
    taken = select(Study.id).where(Study.title == title, Study.id != study.id)
    if title is not None and session.scalars(taken).first() is not None:
        raise ConflictError("CO605")
    study.title = title if title is not None else study.title
    if blind_first_share is not None:
        study.blind_first_share = blind_first_share
    if second_review_share is not None:
        study.second_review_share = second_review_share
    study.version += 1
    audit.append(
        session,
        actor_id,
        "study.changed",
        study_id=study.id,
        blind_first_share=str(study.blind_first_share),
        second_review_share=str(study.second_review_share),
    )


def is_drawn(patient_id: str, purpose: str, share: float) -> bool:
    """
    Say whether a patient belongs to a drawn *share* of all.

    It follows from the patient's random identifier, so that nobody can choose, and drawing again gives the same.
    """
    digest = hashlib.sha256(f"{purpose}:{patient_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % _BUCKETS < round(share * _BUCKETS)
