"""Another key for the notes: everything is sealed anew, nothing of it changes, and the old key can go."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from chartsift.api.db.base import Base
from chartsift.api.db.schema_state import drift
from chartsift.api.db.store import Store
from chartsift.api.db.tables import Decision, StudyPatient
from chartsift.api.faults import StoreError
from chartsift.api.services import audit, charts, keys, readings, reviews
from chartsift.api.services.evaluation import current_result, result_value
from chartsift.api.services.idempotency import Answer, recall, remember
from chartsift.api.services.rekey import CONTEXTS, rekey, sealed_columns
from chartsift.api.vault import Vault, new_key


@pytest.fixture
def filled(database_url, clock):
    """A room under an old key with something in every kind of sealed column that a person's work fills."""
    from support.rooms import make_room

    old = new_key()
    store = Store(database_url, vault=Vault([old]), clock=clock, pool_size=5)
    keys.check_key(store)
    room = make_room(store)
    for number in range(60):  # more than a batch
        room.add_chart(f"SITE-{number}x", f"Note {number}: dermatomyositis.", evaluate=False)
    with store.writing() as session:
        reviews.open_review(session, room.study_id, room.patient_id, room.users["first"])
        said = {"criterion_id": "iim_diagnosis", "verdict": "met", "comment": "Sure, 😀.", "expected": 0}
        reviews.decide(session, room.study_id, room.patient_id, room.users["first"], **said)
        remember(session, room.users["first"], "k", "d", Answer(200, {"comment": "Sure"}))
    store.close()
    return room, database_url, old, clock


def opened(filled, *note_keys):
    _, url, _, clock = filled
    return Store(url, vault=Vault(note_keys), clock=clock, pool_size=5)


def everything(store, room):
    """Return all that is sealed, as it reads."""
    with store.reading() as session:
        patients = session.scalars(select(StudyPatient).order_by(StudyPatient.site_id)).all()
        texts = [charts.chart_of(session, patient).notes for patient in patients]
        patient = session.get(StudyPatient, room.patient_id)
        result = result_value(session, current_result(session, patient))
        comments = [readings.comment_of(session, act) for act in session.scalars(select(Decision))]
        return texts, result, comments


def test_every_sealed_column_is_known():
    assert CONTEXTS.keys() == sealed_columns()
    for table, _ in CONTEXTS:
        assert table in Base.metadata.tables


def test_the_new_key_alone_reads_everything_and_the_old_one_nothing(filled):
    room, _, old, _ = filled
    new = new_key()
    both = opened(filled, new, old)
    before = everything(both, room)

    done = rekey(both)

    assert done.changed >= 61 + 1 + 1 + 1
    assert everything(both, room) == before
    both.close()
    alone = opened(filled, new)
    keys.check_key(alone)
    assert everything(alone, room) == before
    assert before[2] == ["Sure, 😀."]
    with alone.writing() as session:
        assert recall(session, room.users["first"], "k", "d").body == {"comment": "Sure"}
    alone.close()
    former = opened(filled, old)
    with pytest.raises(StoreError, match="ST704"):
        keys.check_key(former)
    former.close()


def test_it_can_be_done_again_and_changes_nothing_then(filled):
    _, _, old, _ = filled
    both = opened(filled, new_key(), old)
    first = rekey(both)

    again = rekey(both)

    assert (again.changed, again.kept) == (0, first.changed + first.kept)
    both.close()


def test_what_was_stored_before_there_was_a_key_is_sealed(filled):
    _, _, old, _ = filled
    both = opened(filled, old)
    with both.writing() as session:
        note = session.execute(text("SELECT id FROM notes ORDER BY id")).scalar()
        plain = Vault().seal("in the clear", context=f"note:{note}")
        session.execute(
            text("UPDATE notes SET sealed_text = :sealed WHERE id = :id"), {"sealed": plain, "id": note}
        )

    assert rekey(both).changed == 1
    with both.reading() as session:
        sealed = session.execute(text("SELECT sealed_text FROM notes WHERE id = :id"), {"id": note}).scalar()
    assert both.vault.is_of_first_key(bytes(sealed))
    both.close()


@pytest.mark.parametrize("with_key", [False, True])
def test_without_the_old_key_nothing_is_done(filled, with_key):
    lacking = opened(filled, *([new_key()] if with_key else []))

    with pytest.raises(StoreError, match="ST704"):
        rekey(lacking)

    lacking.close()
    _, _, old, _ = filled
    still = opened(filled, old)
    keys.check_key(still)
    still.close()


def test_decisions_are_append_only_again_afterwards(filled):
    _, _, old, _ = filled
    both = opened(filled, new_key(), old)
    rekey(both)

    with pytest.raises(Exception, match="append-only"), both.writing() as session:
        session.execute(text("UPDATE decisions SET reason = 'x'"))
    assert drift(both) == []
    with both.reading() as session:
        assert audit.verify(session).is_whole
        last = session.scalars(select(audit.AuditEntry).order_by(audit.AuditEntry.sequence.desc())).first()
        assert last.action == "notes.rekeyed"
    both.close()
