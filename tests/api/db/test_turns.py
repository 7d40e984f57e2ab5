"""Writers take turns: nobody starves, and nobody waits for ever."""

from __future__ import annotations

import threading
import time

import pytest

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


def test_who_waits_too_long_is_told(sqlite_url, monkeypatch):
    monkeypatch.setattr(stores, "BUSY_SECONDS", 0.05)

    store = stores.Store(sqlite_url)
    with store.writing(), pytest.raises(StoreError, match="ST702"), store.writing():
        pytest.fail("two wrote at once")
    store.close()


def test_a_writer_that_fails_gives_its_turn_on(store):
    with pytest.raises(ZeroDivisionError), store.writing():
        raise ZeroDivisionError

    with store.writing() as session:
        audit.append(session, "u", "test.done")
