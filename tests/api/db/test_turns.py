"""Writers take turns: nobody starves, and nobody waits for ever."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import text

from chartsift.api.db import store as stores
from chartsift.api.faults import StoreError
from chartsift.api.services import audit


def test_many_writers_at_once_all_get_their_turn(store):
    waited = []

    def act():
        started = time.monotonic()
        with store.writing() as session:
            audit.append(session, "u", "test.done")
            time.sleep(0.005)
        waited.append(time.monotonic() - started)

    threads = [threading.Thread(target=act) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert len(waited) == 30
    with store.reading() as session:
        assert audit.verify(session).entries == 30


def test_who_waits_too_long_behind_another_thread_is_told(sqlite_url, monkeypatch):
    monkeypatch.setattr(stores, "LINE_SECONDS", 0.05)

    store = stores.Store(sqlite_url)
    with store.writing(), pytest.raises(StoreError, match="ST702"), store.writing():
        pytest.fail("two wrote at once")
    store.close()


def test_a_writer_that_fails_gives_its_turn_on(store):
    with pytest.raises(ZeroDivisionError), store.writing():
        raise ZeroDivisionError

    with store.writing() as session:
        audit.append(session, "u", "test.done")


def test_who_came_first_writes_first(sqlite_url):
    store = stores.Store(sqlite_url)
    came: list[int] = []

    def act(number):
        with store.writing():
            came.append(number)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(20)]
    with store.writing():
        for waiting, thread in enumerate(threads, 1):
            thread.start()
            # Only the one that stands in line already is sure to come first.
            until = time.monotonic() + 60
            while len(store._line._waiting) < waiting and time.monotonic() < until:
                time.sleep(0.001)
    for thread in threads:
        thread.join(timeout=60)

    assert came == list(range(20))
    store.close()


def test_who_gave_up_is_passed_over(sqlite_url, monkeypatch):
    store = stores.Store(sqlite_url)
    monkeypatch.setattr(stores, "LINE_SECONDS", 0.02)
    with store.writing(), pytest.raises(StoreError, match="ST702"), store.writing():
        pytest.fail("two wrote at once")

    with store.writing(), store.reading():
        pass
    assert not store._line._waiting
    assert not store._line._is_taken
    store.close()


def begin(session):
    """Take the database: a session asks for it with its first statement."""
    return session.execute(text("PRAGMA busy_timeout")).scalar()


def test_who_waits_too_long_for_another_process_is_told(sqlite_url, monkeypatch):
    monkeypatch.setattr(stores, "BUSY_SECONDS", 0.05)
    # Two stores share no line, as two processes do not.
    one, other = stores.Store(sqlite_url), stores.Store(sqlite_url)
    with one.writing() as session:
        begin(session)
        with pytest.raises(StoreError, match="ST702"), other.writing() as second:
            begin(second)

    with other.writing() as session:
        assert begin(session) == 15_000
    for store in (one, other):
        store.close()


def test_who_waits_for_another_process_looks_again_within_its_gaps(sqlite_url, monkeypatch):
    server, worker = stores.Store(sqlite_url), stores.Store(sqlite_url, gap=stores.GAP_SECONDS)
    slept: list[float] = []

    class Time:
        monotonic = staticmethod(time.monotonic)

        @staticmethod
        def sleep(seconds):
            slept.append(seconds)
            if len(slept) == 3:
                held.rollback()

    monkeypatch.setattr(stores, "time", Time)
    held = worker._writers()
    begin(held)
    with server.writing() as session:
        begin(session)
    assert slept == [stores._LOOK_SECONDS] * 3
    assert stores._LOOK_SECONDS < stores.GAP_SECONDS

    slept.clear()
    with worker.writing() as session:
        begin(session)
    assert slept == [stores.GAP_SECONDS]
    for store in (server, worker):
        store.close()
