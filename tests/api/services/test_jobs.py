"""The queue: one holder at a time, nothing lost, nothing done by who no longer holds it."""

from __future__ import annotations

import threading

import pytest
from support.uploading import receive, worker

from chartsift.api.db.tables import Job
from chartsift.api.faults import StoreError
from chartsift.api.services import jobs
from chartsift.api.services.jobs import LostError, StoppedError


def queue(store, *keys, kind="x"):
    with store.writing() as session:
        return [jobs.enqueue(session, kind, key) for key in keys]


def state(store, job_id):
    with store.reading() as session:
        job = session.get_one(Job, job_id)
        return job.state, job.attempts, job.code


def take(store, name="w1"):
    return jobs.take(store, name, kinds=("x",))


def test_the_same_key_is_queued_once(store):
    first, second = queue(store, "a"), queue(store, "a")

    assert first == second


def test_jobs_are_taken_in_order_and_each_by_one(store, clock):
    (first,) = queue(store, "a")
    clock.forward(seconds=1)
    (second,) = queue(store, "b")

    assert [take(store, "w1").job_id, take(store, "w2").job_id] == [first, second]
    assert take(store, "w3") is None


def test_many_workers_take_every_job_once(store):
    expected = queue(store, *(f"k{n}" for n in range(24)))
    taken, lock = [], threading.Lock()

    def work(name):
        while (hold := jobs.take(store, name, kinds=("x",))) is not None:
            with lock:
                taken.append(hold.job_id)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == sorted(expected)


def test_a_lease_that_runs_out_lets_another_go_on_and_stops_the_first(store, clock):
    (job_id,) = queue(store, "a")
    first = take(store, "w1")
    clock.forward(seconds=20)
    jobs.renew(first)
    clock.forward(seconds=20)
    assert take(store, "w2") is None

    clock.forward(seconds=60)
    second = take(store, "w2")

    assert second.job_id == job_id
    with pytest.raises(LostError), first.writing():
        pytest.fail("who lost the job must not write")
    with pytest.raises(LostError):
        jobs.renew(first)
    with second.writing() as session:
        jobs.finish(session, second)
    assert state(store, job_id)[0] == "done"


def test_the_same_worker_does_not_go_on_with_a_hold_of_before(store, clock):
    """A name alone does not make a holder: the ticket of each taking does."""
    queue(store, "a")
    first = take(store, "w1")
    clock.forward(seconds=60)
    second = take(store, "w1")

    with pytest.raises(LostError), first.writing():
        pass
    with second.writing():
        pass


def test_a_job_that_fails_waits_longer_each_time_and_is_given_up(store, clock):
    (job_id,) = queue(store, "a")
    waits = []
    for _ in range(jobs.MOST_ATTEMPTS):
        hold = take(store)
        while hold is None:
            clock.forward(seconds=1)
            waits.append(1)
            hold = take(store)
        jobs.fail(hold, "ST703")

    assert state(store, job_id) == ("failed", jobs.MOST_ATTEMPTS, "ST703")
    assert len(waits) == 5 + 20 + 80
    clock.forward(hours=1)
    assert take(store) is None


def test_a_job_that_kills_its_workers_is_given_up(store, clock):
    (job_id,) = queue(store, "a")
    for _ in range(jobs.MOST_ATTEMPTS):
        assert take(store) is not None
        clock.forward(seconds=60)

    assert take(store) is None
    assert state(store, job_id) == ("failed", jobs.MOST_ATTEMPTS, "ST720")


def test_a_job_that_gets_on_is_not_given_up_however_often_its_worker_dies(store, clock):
    (job_id,) = queue(store, "a")
    for step in range(3 * jobs.MOST_ATTEMPTS):
        hold = take(store)
        with hold.writing() as session:
            jobs.advance(session, hold, done=step + 1)
        clock.forward(seconds=60)

    assert state(store, job_id)[0] == "running"


def test_a_worker_that_is_asked_to_stop_counts_nothing_against_the_job(store):
    (job_id,) = queue(store, "a")
    hold = take(store)
    hold.stop.set()
    with pytest.raises(StoppedError), hold.writing():
        pass
    jobs.release(hold)

    assert state(store, job_id) == ("queued", 0, "")


def test_a_step_that_fails_in_its_transaction_leaves_no_trace(store):
    (job_id,) = queue(store, "a")
    hold = take(store)

    def step():
        with hold.writing() as session:
            jobs.advance(session, hold, done=5, total=9)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        step()

    with store.reading() as session:
        assert session.get_one(Job, job_id).done == 0


def test_old_jobs_are_forgotten_and_failed_ones_are_not(store, clock):
    (done, failed) = queue(store, "a", "b")
    for _ in range(2):
        hold = take(store)
        if hold.job_id == done:
            with hold.writing() as session:
                jobs.finish(session, hold)
        else:
            with store.writing() as session:
                session.get_one(Job, failed).state = "failed"
    clock.forward(days=31)
    with store.writing() as session:
        jobs.drop_old(session)
    with store.reading() as session:
        assert session.get(Job, done) is None
        assert session.get(Job, failed) is not None


def test_a_fault_of_a_handler_is_kept_with_its_code(lite_room, monkeypatch):
    receive(lite_room, ("P1_2024-05-01_v.txt", b"CK 5"))

    def broken(hold, settings):
        raise StoreError("ST708")

    monkeypatch.setattr("chartsift.api.worker.read_upload_files", broken)
    worker(lite_room).step()

    with lite_room.store.reading() as session:
        job = session.query(Job).filter_by(kind="upload.read").one()
        assert (job.state, job.code, job.attempts) == ("queued", "ST708", 1)
