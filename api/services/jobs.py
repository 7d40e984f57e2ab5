"""
The queue: work that outlives a request, each piece done once in effect, whoever is killed on the way.

A worker *holds* a job by a lease that it renews. A job whose lease ran out is taken by another worker; what the
first one still tries to write is refused (``Hold.writing``), because every transaction of a job first checks, under a
lock, that the job is still held by whoever began it. A handler writes its results and its progress in the same
transactions, so that a restart goes on behind the last of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from chartsift.api.db.store import Store, is_postgresql, now_of
from chartsift.api.db.tables import Job
from chartsift.api.faults import AccessError
from chartsift.api.services import audit

LEASE = timedelta(seconds=30)
"""How long a silent worker keeps a job; it renews three times as often."""

MOST_ATTEMPTS = 4
"""A job that failed so often, or whose worker died over it so often, is not tried again by itself."""

# 5 s, 20 s, 80 s: a database that restarts is back by then.
_BACKOFF = timedelta(seconds=5)
_BACKOFF_FACTOR = 4

KEPT = timedelta(days=30)
"""How long a finished job is kept; its key guards against a second one for as long."""


class LostError(Exception):
    """The job is no longer held: its lease ran out and another worker has it, or it was taken back."""


class StoppedError(Exception):
    """The worker was asked to stop; the job goes back into the queue and nothing is counted against it."""


@dataclass(slots=True)
class Hold:
    """A job as a worker holds it. ``stop`` is set when the worker is to end."""

    store: Store
    job_id: str
    kind: str
    study_id: str | None
    payload: dict[str, Any]
    worker: str
    ticket: int
    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """
        Provide a writing session in which the job is surely still held.

        Raises:
            LostError: it is not.
            StoppedError: the worker is to end; nothing was written.
        """
        if self.stop.is_set():
            raise StoppedError
        with self.store.writing() as session:
            _held(session, self)
            yield session


def enqueue(
    session: Session,
    kind: str,
    key: str,
    *,
    study_id: str | None = None,
    payload: dict[str, Any] | None = None,
    total: int = 0,
    delay: timedelta = timedelta(),
) -> str:
    """
    Put work into the queue, in the transaction of what it follows from; return the job's identifier.

    Args:
        session: A writing session.
        kind: A kind that the worker has a handler for.
        key: The same work has the same key, and is queued once.
        study_id: The study it belongs to.
        payload: Opaque identifiers that the handler needs; never words or identifiers of a patient.
        total: Steps, where they are known.
        delay: Earliest start from now.
    """
    known = session.scalar(select(Job.id).where(Job.key == key))
    if known is not None:
        return known
    moment = now_of(session)
    job = Job(
        kind=kind,
        key=key,
        study_id=study_id,
        payload=payload or {},
        total=total,
        run_after=moment + delay,
        created_at=moment,
    )
    try:
        with session.begin_nested():
            session.add(job)
            session.flush()
    except IntegrityError:
        # Another process was quicker by a moment; the constraint is the last word.
        return session.scalars(select(Job.id).where(Job.key == key)).one()
    return job.id


def take(
    store: Store, worker: str, *, kinds: Sequence[str], stop: threading.Event | None = None
) -> Hold | None:
    """
    Take the job that has waited longest; None when there is nothing to do now.

    A job whose lease has run out counts as waiting; one whose workers died too often is given up (ST720).
    """
    with store.writing() as session:
        moment = now_of(session)
        waiting = select(Job).where(
            Job.kind.in_(kinds),
            or_(
                (Job.state == "queued") & (Job.run_after <= moment),
                (Job.state == "running") & (Job.leased_until < moment),
            ),
        )
        query = waiting.order_by(Job.run_after, Job.created_at, Job.id).limit(1)
        if is_postgresql(session):
            query = query.with_for_update(skip_locked=True)
        while (job := session.scalars(query).first()) is not None:
            if job.state == "running" and job.attempts >= MOST_ATTEMPTS:
                _give_up(session, job, "ST720")
                session.flush()
                continue
            job.state = "running"
            job.attempts += 1
            job.held += 1
            job.leased_by = worker
            job.leased_until = moment + LEASE
            job.heartbeat_at = moment
            session.flush()
            return Hold(
                store,
                job.id,
                job.kind,
                job.study_id,
                dict(job.payload),
                worker,
                job.held,
                stop or threading.Event(),
            )
    return None


def renew(hold: Hold) -> None:
    """
    Say that the worker lives.

    Raises:
        LostError: the job is no longer held.
    """
    with hold.store.writing() as session:
        job = _held(session, hold)
        job.heartbeat_at = now_of(session)
        job.leased_until = job.heartbeat_at + LEASE


def advance(session: Session, hold: Hold, *, done: int | None = None, total: int | None = None) -> None:
    """
    Note the progress of a job, in the transaction of what was done.

    A job that gets on is no job that kills its workers: its attempts are counted from here.
    """
    job = session.get_one(Job, hold.job_id)
    if done is not None and done > job.done:
        job.attempts = 1
    job.done = job.done if done is None else done
    job.total = job.total if total is None else total


def finish(session: Session, hold: Hold) -> None:
    """End a job well, in the transaction of its last step."""
    job = session.get_one(Job, hold.job_id)
    job.state, job.code = "done", ""
    job.done = max(job.done, job.total)
    _let_go(job)
    job.finished_at = now_of(session)


def release(hold: Hold) -> None:
    """Put a job back as it was, for another worker to go on with."""
    with hold.store.writing() as session:
        job = _held(session, hold)
        job.state = "queued"
        job.attempts -= 1
        job.run_after = now_of(session)
        _let_go(job)


def fail(hold: Hold, code: str) -> bool:
    """Put a job that failed with *code* back for later; return False when it was given up instead."""
    with hold.store.writing() as session:
        job = _held(session, hold)
        if job.attempts >= MOST_ATTEMPTS:
            _give_up(session, job, code)
            return False
        job.state, job.code = "queued", code
        job.run_after = now_of(session) + _BACKOFF * _BACKOFF_FACTOR ** (job.attempts - 1)
        _let_go(job)
        return True


def retry(session: Session, study_id: str, job_id: str, *, actor_id: str) -> Job:
    """
    Queue a job again that was given up.

    Raises:
        AccessError: the study has no such job (AC507).
    """
    job = job_of(session, study_id, job_id)
    if job.state == "failed":
        job.state, job.attempts, job.code = "queued", 0, ""
        job.run_after, job.finished_at = now_of(session), None
        audit.append(session, actor_id, "job.retried", study_id=study_id, target=job.id)
    return job


def job_of(session: Session, study_id: str, job_id: str) -> Job:
    """
    Return a job of a study.

    Raises:
        AccessError: the study has no such job (AC507).
    """
    job = session.scalars(select(Job).where(Job.id == job_id, Job.study_id == study_id)).one_or_none()
    if job is None:
        raise AccessError("AC507")
    return job


def jobs_of(
    session: Session, study_id: str, *, state: str = "", offset: int = 0, limit: int = 50
) -> tuple[Sequence[Job], int]:
    """Return the jobs of a study, the latest first, and how many there are."""
    query = select(Job).where(Job.study_id == study_id)
    if state:
        query = query.where(Job.state == state)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    ordered = query.order_by(Job.created_at.desc(), Job.id.desc())
    return session.scalars(ordered.offset(offset).limit(limit)).all(), total


def waiting(session: Session, study_id: str) -> int:
    """Return how many jobs of a study are queued or running."""
    query = select(func.count()).select_from(Job)
    query = query.where(Job.study_id == study_id, Job.state.in_(("queued", "running")))
    return session.scalar(query) or 0


def drop_old(session: Session) -> None:
    """Forget jobs that were done long ago; those that failed stay."""
    session.execute(delete(Job).where(Job.state == "done", Job.finished_at < now_of(session) - KEPT))


def _held(session: Session, hold: Hold) -> Job:
    query = select(Job).where(
        Job.id == hold.job_id,
        Job.state == "running",
        Job.leased_by == hold.worker,
        Job.held == hold.ticket,
    )
    if is_postgresql(session):
        query = query.with_for_update()
    job = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if job is None:
        raise LostError
    return job


def _let_go(job: Job) -> None:
    job.leased_by, job.leased_until = "", None


def _give_up(session: Session, job: Job, code: str) -> None:
    job.state, job.code = "failed", code
    job.finished_at = now_of(session)
    _let_go(job)
