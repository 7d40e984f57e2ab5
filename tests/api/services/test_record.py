"""The audit chain, agreement with its intervals, idempotency, and drawing of shares."""

from __future__ import annotations

import random
import threading
from collections import Counter

import pytest
from sqlalchemy import text

from chartsift.api.faults import ConflictError
from chartsift.api.services import audit
from chartsift.api.services.agreement import kappa_interval
from chartsift.api.services.idempotency import Answer, recall, remember, request_digest
from chartsift.api.services.studies import is_drawn


@pytest.fixture
def trail(store):
    with store.writing() as session:
        for number in range(5):
            audit.append(
                session, f"user{number % 2}", "test.done", study_id="s", target=str(number), count=number
            )
    return store


def guard_off(session):
    if session.get_bind().dialect.name == "sqlite":
        for what in ("update", "delete"):
            session.execute(text(f"DROP TRIGGER audit_log_no_{what}"))
    else:
        session.execute(text("ALTER TABLE audit_log DISABLE TRIGGER USER"))


def test_a_chain_that_nobody_touched_is_whole(trail):
    with trail.reading() as session:
        found = audit.verify(session)

    assert (found.is_whole, found.entries, len(found.head)) == (True, 5, 64)


def test_several_entries_at_once_are_links_of_the_same_chain(trail):
    with trail.writing() as session:
        acts = [audit.Act("user0", "test.done", "s", "p", str(number), {"n": number}) for number in range(3)]
        audit.append_all(session, acts)
        audit.append_all(session, [])
        audit.append(session, "user1", "test.done")

    with trail.reading() as session:
        found = audit.verify(session)
        page = audit.trail(session, "s", patient_id="p")
    assert (found.is_whole, found.entries) == (True, 9)
    assert [(one.target, one.details) for one in page.entries] == [(str(n), {"n": n}) for n in (2, 1, 0)]


@pytest.mark.parametrize(
    ("change", "broken_at"),
    [
        ("UPDATE audit_log SET actor_id = 'x' WHERE sequence = 3", 3),
        ("UPDATE audit_log SET action = 'x' WHERE sequence = 1", 1),
        ("UPDATE audit_log SET target = '9' WHERE sequence = 5", 5),
        ("UPDATE audit_log SET at = '2020-01-01 00:00:00' WHERE sequence = 2", 2),
        ("UPDATE audit_log SET details = '{}' WHERE sequence = 2", 2),
        ("UPDATE audit_log SET patient_id = 'x' WHERE sequence = 4", 4),
        ("DELETE FROM audit_log WHERE sequence = 3", 3),
        ("DELETE FROM audit_log WHERE sequence = 1", 1),
        ("UPDATE audit_log SET sequence = 99 WHERE sequence = 2", 2),
    ],
)
def test_a_change_is_found_where_it_was_made(trail, change, broken_at):
    with trail.writing() as session:
        guard_off(session)
        session.execute(text(change))

    with trail.reading() as session:
        assert audit.verify(session).broken_at == broken_at


def test_an_entry_put_in_with_a_right_hash_of_its_own_breaks_the_next(trail):
    with trail.writing() as session:
        guard_off(session)
        entry = session.get_one(audit.AuditEntry, 3)
        entry.target = "forged"
        entry.entry_hash = audit.hash_of(entry)

    with trail.reading() as session:
        assert audit.verify(session).broken_at == 4


def test_many_writers_make_one_chain(store):
    def act(number):
        for _ in range(5):
            with store.writing() as session:
                audit.append(session, f"user{number}", "test.done")

    threads = [threading.Thread(target=act, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    with store.reading() as session:
        found = audit.verify(session)
    assert (found.is_whole, found.entries) == (True, 20)


def test_an_act_that_failed_left_no_entry(store):
    with pytest.raises(ZeroDivisionError), store.writing() as session:  # noqa: PT012 - it comes after the act
        audit.append(session, "u", "test.done")
        raise ZeroDivisionError

    with store.reading() as session:
        assert audit.verify(session).entries == 0


def test_kappa_and_its_interval_on_a_table_worked_by_hand():
    # 100 charts; both met 40, both not 30, first only 10, second only 20: observed 0.70, expected 0.50.
    table = {("met", "met"): 40, ("not_met", "not_met"): 30, ("met", "not_met"): 10, ("not_met", "met"): 20}

    found = kappa_interval(table)

    assert found.charts == 100
    assert found.agreed == 70
    assert found.kappa == pytest.approx(0.4)
    # By hand, with the formula of the source: terms 0.4*(1-1.1*.6)^2 + 0.3*(1-.9*.6)^2, 0.36*(0.1*(0.6+0.5)^2
    # + 0.2*(0.4+0.5)^2 ... ) with the margins of the other side, less (0.4-0.5*0.6)^2.
    variance = 0.4 * (1 - 1.1 * 0.6) ** 2 + 0.3 * (1 - 0.9 * 0.6) ** 2
    variance += 0.36 * (0.1 * (0.6 + 0.5) ** 2 + 0.2 * (0.4 + 0.5) ** 2)
    variance -= (0.4 - 0.5 * 0.6) ** 2
    error = (variance / 100) ** 0.5 / 0.5
    assert found.low == pytest.approx(0.4 - 1.959964 * error)
    assert found.high == pytest.approx(0.4 + 1.959964 * error)


def test_the_interval_is_as_wide_as_resampling_says():
    pairs = (
        [("met", "met")] * 60
        + [("not_met", "not_met")] * 90
        + [("met", "not_met")] * 12
        + [("not_met", "unknown")] * 9
    )
    found = kappa_interval(Counter(pairs))
    source = random.Random(7)  # noqa: S311 - resampling, not a secret
    drawn = sorted(
        kappa_interval(Counter(source.choices(pairs, k=len(pairs)))).kappa or 0.0 for _ in range(800)
    )

    assert found.low == pytest.approx(drawn[19], abs=0.03)
    assert found.high == pytest.approx(drawn[779], abs=0.03)


@pytest.mark.parametrize("table", [{}, {("met", "met"): 7}])
def test_there_is_no_kappa_where_nothing_varies(table):
    found = kappa_interval(table)

    assert (found.kappa, found.low, found.high) == (None, None, None)


def test_a_request_sent_again_gets_the_first_answer(room, clock):
    user = room.users["first"]
    digest = request_digest("route", {"x": "😀"})
    with room.store.writing() as session:
        assert recall(session, user, "k", digest) is None
        remember(session, user, "k", digest, Answer(200, {"y": "😀"}))
    with room.store.writing() as session:
        assert recall(session, user, "k", digest) == Answer(200, {"y": "😀"})
        assert recall(session, room.users["second"], "k", digest) is None
        with pytest.raises(ConflictError, match="CO604"):
            recall(session, user, "k", request_digest("route", {"x": 2}))
    clock.forward(days=1, seconds=1)
    with room.store.writing() as session:
        assert recall(session, user, "k", digest) is None


def test_a_share_is_drawn_evenly_and_always_alike():
    ids = [f"{number:024x}" for number in range(4000)]

    drawn = [one for one in ids if is_drawn(one, "second review", 0.25)]

    assert len(drawn) == pytest.approx(1000, abs=100)
    assert drawn == [one for one in ids if is_drawn(one, "second review", 0.25)]
    assert not any(is_drawn(one, "x", 0.0) for one in ids)
    assert all(is_drawn(one, "x", 1.0) for one in ids)
