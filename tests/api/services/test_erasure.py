"""Erasing a patient: nothing is left, the proof is there, and nobody else loses anything; and what is due for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, text
from support.fake_screener import CRITERIA, TRIAL
from support.uploading import Arrived, receive, work, zipped

from chartsift.api.db.base import Base
from chartsift.api.db.tables import Erasure, StudyPatient
from chartsift.api.faults import AccessError, ConflictError
from chartsift.api.services import audit, charts, erasure, readings, reviews, signing, studies, uploads
from chartsift.api.services.idempotency import Answer, remember


def read(room, patient_id, name):
    user = room.users[name]
    with room.store.writing() as session:
        reviews.open_review(session, room.study_id, patient_id, user)
    for criterion in CRITERIA:
        with room.store.writing() as session:
            for number, verdict in enumerate(("unknown", "met")):
                reviews.decide(
                    session,
                    room.study_id,
                    patient_id,
                    user,
                    criterion_id=criterion,
                    verdict=verdict,
                    reason="clinical_judgement",
                    comment="Zqxcomment",
                    expected=number if not number else _last(session, room, patient_id, user, criterion),
                )
    with room.store.writing() as session:
        review = readings.review_by(session, session.get(StudyPatient, patient_id), user)
        signing.sign(session, room.study_id, patient_id, user, expected=review.version)


def _last(session, room, patient_id, user, criterion):
    review = readings.review_by(session, session.get(StudyPatient, patient_id), user)
    states = readings.states_of(readings.acts_of(session, review))
    return next(state.last for key, state in states.items() if key[1] == criterion)


def rows(session):
    return {
        table.name: session.execute(select(table)).all()
        for table in Base.metadata.sorted_tables
        if table.name
        not in ("audit_log", "erasures", "users", "sessions", "studies", "study_members", "settings")
    }


def erase(room, patient_id, reason="consent_withdrawn"):
    with room.store.writing() as session:
        erasure.erase_patient(session, room.study_id, patient_id, reason=reason, actor_id=room.users["chief"])


def test_nothing_of_the_patient_is_left_and_the_proof_is(room):
    patient_id = room.add_chart("ZQX-77", "Zqxword has dermatomyositis.", "No CAR T.")
    read(room, patient_id, "first")
    read(room, patient_id, "second")
    with room.store.writing() as session:
        remember(session, room.users["first"], "k", "d", Answer(200, {"comment": "Zqxcomment"}))

    erase(room, patient_id)

    with room.store.reading() as session:
        left = rows(session)
        assert patient_id not in str(left)
        assert "ZQX" not in str(left)
        assert not left["idempotency_keys"]
        proof = erasure.proof_of(session, room.study_id, patient_id)
        assert (proof.rows_left, proof.is_whole) == (0, True)
        order = session.get(Erasure, proof.erasure_id)
        assert order.counts["notes"] == 2
        assert order.counts["decisions"] == 2 * 2 * len(CRITERIA)
        assert order.counts["signatures"] == 2
        entry = session.get(audit.AuditEntry, proof.sequence)
        assert (entry.action, entry.actor_id) == ("patient.erased", room.users["chief"])
        everything = str(session.execute(text("SELECT * FROM audit_log")).all()) + str(order.counts)
        assert "ZQX" not in everything.upper()


def test_the_proof_is_none_without_an_order_and_bad_in_a_broken_trail(room):
    with room.store.reading() as session:
        assert erasure.proof_of(session, room.study_id, room.patient_id) is None
    patient_id = room.add_chart("X", "A note.")
    erase(room, patient_id)

    with room.store.writing() as session:
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("DROP TRIGGER audit_log_no_update"))
        else:
            session.execute(text("ALTER TABLE audit_log DISABLE TRIGGER USER"))
        session.execute(text("UPDATE audit_log SET actor_id = 'x' WHERE sequence = 1"))

    with room.store.reading() as session:
        assert not erasure.proof_of(session, room.study_id, patient_id).is_whole


def test_every_other_chart_is_as_it_was(room):
    patient_id = room.add_chart("X", "Dermatomyositis.")
    read(room, room.patient_id, "first")
    with room.store.reading() as session:
        before = rows(session)
    gone = room.add_chart("GONE", "Dermatomyositis.")
    read(room, gone, "first")

    erase(room, gone)

    with room.store.reading() as session:
        assert rows(session) == before
        assert session.get(StudyPatient, patient_id) is not None


@pytest.mark.parametrize("table", ["decisions", "signatures"])
def test_without_an_order_the_database_lets_nothing_go(room, table):
    read(room, room.patient_id, "first")

    with pytest.raises(Exception, match="append-only"), room.store.writing() as session:
        session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - one of the two above


@pytest.mark.parametrize("reason", ["", "Mrs Doe asked", "x" * 200])
def test_a_reason_is_one_of_those_there_are(room, reason):
    with pytest.raises(ConflictError, match="CO609"):
        erase(room, room.patient_id, reason)

    with room.store.reading() as session:
        assert session.get(StudyPatient, room.patient_id) is not None


def test_a_patient_is_erased_once_and_in_its_own_study_only(room):
    with pytest.raises(AccessError, match="AC507"), room.store.writing() as session:
        erasure.erase_patient(session, "0" * 24, room.patient_id, reason="other", actor_id="system")
    erase(room, room.patient_id)

    with pytest.raises(AccessError, match="AC507"):
        erase(room, room.patient_id)


def test_the_files_hold_nothing_of_it_either(lite_room):
    patient_id = lite_room.add_chart("ZQXFILE-77", "Dermatomyositis.")
    folder = lite_room.store.engine.url.database
    from pathlib import Path

    def bytes_of():
        return b"".join(one.read_bytes() for one in Path(folder).parent.glob(Path(folder).name + "*"))

    assert b"ZQXFILE-77" in bytes_of()

    erase(lite_room, patient_id)
    erasure.shrink(lite_room.store)

    assert b"ZQXFILE-77" not in bytes_of()


def test_a_chart_is_due_so_long_after_its_last_signature(room, clock):
    patient_id = room.add_chart("X", "Dermatomyositis.")
    read(room, patient_id, "first")
    clock.forward(days=5)
    read(room, patient_id, "second")

    def due(days):
        with room.store.reading() as session:
            return [patient.id for patient in erasure.due_for_erasure(session, days=days)]

    clock.forward(days=30)
    assert due(30) == []
    clock.forward(seconds=1)
    assert due(30) == [patient_id]  # the chart of the room is not closed, however old


def draft_of(room, *files, **options):
    """Send files and read them: a draft that is open."""
    upload_id = receive(room, *files, **options)
    work(room)
    return upload_id


def test_open_drafts_lose_the_lines_and_the_files_of_the_patient_and_the_proof_counts_them(room):
    patient_id = room.add_chart("ZQX-77", "Dermatomyositis.")
    both = zipped(
        {
            "ZQX-77_2024-06-01_visit.txt": "Zqxword came.",
            "KEEP-1_2024-06-01_visit.txt": "Kept.",
            "patients.csv": "patient_id,birth_date,sex\nZQX-77,1970-01-01,F\nKEEP-1,1980-01-01,M\n",
        }
    )
    draft = draft_of(room, ("both.zip", both))
    mine = draft_of(room, ("2024-06-03_letter.txt", b"Zqxword again."), site_id="ZQX-77")

    erase(room, patient_id)

    with room.store.reading() as session:
        assert "ZQX" not in str(rows(session)).upper()
        assert uploads.files_with_content(session, draft) == set()
        assert uploads.items_of(session, mine) == []
        order = session.get(Erasure, erasure.proof_of(session, room.study_id, patient_id).erasure_id)
        assert order.counts["draft_lines"] == 3
        entry = session.get(audit.AuditEntry, erasure.proof_of(session, room.study_id, patient_id).sequence)
        assert entry.details["draft_lines"] == 3
    # What the draft holds of others goes on, also with more files and in spite of the content that is gone.
    add_file(room, draft, ("KEEP-1_2024-06-02_visit.txt", b"Kept, too."))
    work(room)
    with room.store.writing() as session:
        uploads.confirm(session, room.study_id, draft, actor_id=room.users["first"])
    work(room)
    with room.store.reading() as session:
        kept = charts.find_patient(session, room.study_id, "KEEP-1")
        assert [charts.text_of(session, note) for note in charts.notes_of(session, kept.id)] == [
            "Kept.",
            "Kept, too.",
        ]
        assert charts.find_patient(session, room.study_id, "ZQX-77") is None


def add_file(room, upload_id, file):
    arrived = Arrived(*file)
    with room.store.writing() as session:
        uploads.receive(
            session,
            room.study_id,
            [(arrived, arrived.pieces(room.store.vault))],
            actor_id=room.users["first"],
            upload=uploads.upload_of(session, room.study_id, upload_id),
        )


def test_files_that_nobody_has_read_yet_are_counted_and_drafts_of_other_studies_are_not_touched(room):
    patient_id = room.add_chart("ZQX-77", "Dermatomyositis.")
    receive(room, ("ZQX-77_2024-06-01_visit.txt", b"Zqxword."))
    other = replace(room)
    with room.store.writing() as session:
        other.study_id = studies.create_study(session, title="Another", trial=TRIAL).id
    elsewhere = receive(other, ("ZQX-77_2024-06-01_visit.txt", b"Zqxword."))

    erase(room, patient_id)

    with room.store.reading() as session:
        order = session.get(Erasure, erasure.proof_of(session, room.study_id, patient_id).erasure_id)
        assert order.counts["files_not_read"] == 1
    work(room)
    with room.store.reading() as session:
        assert [item.site_id for item in uploads.items_of(session, elsewhere)] == ["ZQX-77"]


def test_a_file_that_is_just_being_read_keeps_its_content_and_counts_as_not_read(room):
    patient_id = room.add_chart("ZQX-77", "Dermatomyositis.")
    upload_id = draft_of(room, ("ZQX-77_2024-06-01_visit.txt", b"Zqxword."))
    with room.store.writing() as session:
        # As a worker leaves it that was killed after the first lines.
        (file,) = uploads.files_of(session, upload_id)
        file.state = uploads.upload_of(session, room.study_id, upload_id).state = "received"

    erase(room, patient_id)

    with room.store.reading() as session:
        order = session.get(Erasure, erasure.proof_of(session, room.study_id, patient_id).erasure_id)
        assert (order.counts["draft_lines"], order.counts["files_not_read"]) == (1, 1)
        assert uploads.items_of(session, upload_id) == []
        assert len(uploads.files_with_content(session, upload_id)) == 1
