"""What several people see at once is one transaction, and each is answered only when it is kept."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import event

from chartsift.api.db import store as stores
from chartsift.api.faults import StoreError
from chartsift.api.services import audit
from chartsift.api.services.audit import Act
from chartsift.api.services.seen import Seen

MANY = 20


def wait_until(is_so):
    until = time.monotonic() + 60
    while not is_so() and time.monotonic() < until:
        time.sleep(0.002)
    assert is_so()


def together(seen, store, *, fails=()):
    """Let many add one entry each while somebody else writes; return who was told that it is kept, and who not."""
    kept, refused = [], []

    def add(number):
        try:
            seen.add(store, [Act(f"user{number}", "note.seen", "s", "p", f"n{number}")])
        except StoreError as exc:
            refused.append((number, exc.code))
        else:
            kept.append(number)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(MANY)]
    with store.writing() as session:
        audit.hold(session)
        for thread in threads:
            thread.start()
        wait_until(lambda: seen._open is not None and len(seen._open.acts) == MANY)
        assert (kept, refused) == ([], [])
        for fail in fails:
            fail()
    for thread in threads:
        thread.join(timeout=60)
    return kept, refused


def test_who_waits_meanwhile_shares_one_transaction(store):
    commits = []
    event.listen(store.engine, "commit", lambda _: commits.append(1))
    seen = Seen()

    kept, refused = together(seen, store)

    assert (sorted(kept), refused) == (list(range(MANY)), [])
    # The one that held the others up, and theirs.
    assert len(commits) == 2
    with store.reading() as session:
        assert audit.verify(session).entries == MANY
        assert {one.target for one in audit.trail(session, "s").entries} == {f"n{n}" for n in range(MANY)}


def test_when_it_is_not_kept_everybody_is_told(store, monkeypatch):
    seen = Seen()

    def refuse(*_):
        raise StoreError("ST702")

    kept, refused = together(seen, store, fails=[lambda: monkeypatch.setattr(audit, "append_all", refuse)])

    assert kept == []
    assert sorted(refused) == [(number, "ST702") for number in range(MANY)]
    monkeypatch.undo()
    # The next one begins anew.
    seen.add(store, [Act("u", "note.seen", "s", "p", "n")])
    with store.reading() as session:
        assert audit.verify(session).entries == 1


def test_who_gets_no_turn_leaves_nobody_waiting(sqlite_url, monkeypatch):
    monkeypatch.setattr(stores, "LINE_SECONDS", 0.05)
    store = stores.Store(sqlite_url)
    seen = Seen()
    with store.writing(), pytest.raises(StoreError, match="ST702"):
        seen.add(store, [Act("u", "note.seen", "s", "p", "n")])

    seen.add(store, [Act("u", "note.seen", "s", "p", "n")])
    with store.reading() as session:
        assert audit.verify(session).entries == 1
    store.close()
