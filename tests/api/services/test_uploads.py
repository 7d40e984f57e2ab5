"""Uploads: what arrives becomes a draft, a person corrects it, and each line of it is added once."""

from __future__ import annotations

from datetime import date

import pytest
from support.uploading import receive, work, zipped

from chartsift.api.db.tables import StudyNote, StudyPatient, UploadItem, UploadPiece
from chartsift.api.faults import AccessError, ConflictError
from chartsift.api.problems import RequestError
from chartsift.api.services import audit, charts, uploads
from chartsift.api.services.uploads import Correction

LETTER = "Date: 2024-05-03\r\n\r\nAnti-Jo-1 positive dermatomyositis. 😀\tNo prior CAR T."
CHART = '{"patient_id": "P7", "birth_date": "1971-01-02", "sex": "F", "notes": [{"note_id": "A", "date": "2024-05-01", "type": "Clinic", "text": "CK 900 U/L"}]}'


def draft(room, upload_id):
    with room.store.reading() as session:
        upload = uploads.upload_of(session, room.study_id, upload_id)
        return (
            upload.state,
            uploads.summary_of(session, upload),
            uploads.items_of(session, upload_id),
            uploads.files_of(session, upload_id),
        )


def confirm(room, upload_id):
    with room.store.writing() as session:
        uploads.confirm(session, room.study_id, upload_id, actor_id=room.users["first"])


def correct(room, upload_id, **corrections):
    with room.store.writing() as session:
        uploads.correct(session, room.study_id, upload_id, corrections, actor_id=room.users["first"])


def notes_of(room, site_id):
    with room.store.reading() as session:
        patient = charts.find_patient(session, room.study_id, site_id)
        assert patient is not None
        found = charts.notes_of(session, patient.id, with_text=True)
        return patient, [(note.note_id, note.note_date, charts.text_of(session, note)) for note in found]


def test_files_become_a_draft_and_nothing_is_in_a_chart_before_it_is_confirmed(room):
    before = room.note_ids(room.patient_id)
    upload_id = receive(
        room,
        ("P5_2024-05-01_clinic.txt", b"Anti-Jo-1 positive."),
        ("P7.json", CHART.encode()),
        ("SITE-1_2024-06-01_visit.txt", b"CK 500 U/L"),
    )
    work(room)

    state, summary, items, files = draft(room, upload_id)

    assert (state, summary.notes, summary.patients, summary.new_patients) == ("checked", 3, 3, 2)
    assert [(file.format, file.state) for file in files] == [
        ("text", "read"),
        ("chart", "read"),
        ("text", "read"),
    ]
    assert [(i.kind, i.site_id, i.note_date, i.note_type) for i in items if i.kind == "note"] == [
        ("note", "P5", date(2024, 5, 1), "clinic"),
        ("note", "P7", date(2024, 5, 1), "Clinic"),
        ("note", "SITE-1", date(2024, 6, 1), "visit"),
    ]
    assert room.note_ids(room.patient_id) == before


def test_a_confirmed_draft_is_in_the_charts_word_for_word_and_read(room):
    upload_id = receive(room, ("P5/letter.txt", LETTER.encode()), ("P7.json", CHART.encode()))
    work(room)
    confirm(room, upload_id)
    confirm(room, upload_id)
    work(room)

    state, summary, items, files = draft(room, upload_id)
    patient, notes = notes_of(room, "P5")

    assert (state, summary.added, [file.state for file in files]) == ("done", 2, ["added", "added"])
    assert notes == [("letter.txt", date(2024, 5, 3), LETTER)]
    assert patient.result_id is not None
    assert notes_of(room, "P7")[0].birth_date == date(1971, 1, 2)
    # What is in a chart is in no other place: an erased patient must be gone.
    assert {item.site_id for item in items} == {""}
    with room.store.reading() as session:
        assert session.query(UploadPiece).count() == 0
        assert session.query(UploadItem).filter(UploadItem.sealed_text.is_not(None)).count() == 0
        assert audit.verify(session).is_whole


def test_a_mixed_zip_with_a_broken_file_gives_the_rest_and_says_what_to_do(room):
    archive = zipped(
        {
            "export/P1/2024-05-01_visit.txt": "CK 700 U/L",
            "export/P1/scan.pdf": b"%PDF-1.4 broken",
            "export/P2/2024-05-02_visit.html": "<p>Dermatomyositis</p>",
        }
    )
    upload_id = receive(room, ("export.zip", archive))
    work(room)
    _, summary, items, files = draft(room, upload_id)

    (problem,) = [item for item in items if item.kind == "problem"]
    assert (summary.notes, summary.patients, summary.unread, files[0].format) == (2, 2, 1, "zip")
    assert problem.code.startswith("IN1")
    assert problem.message
    assert "scan.pdf" in problem.label

    confirm(room, upload_id)
    work(room)
    patient, _ = notes_of(room, "P1")
    with room.store.reading() as session:
        # The verdicts say that there was something that nobody read.
        assert charts.unread_of(session, patient.id) == [f"{problem.label} ({problem.code})"]


def test_a_note_without_patient_or_day_waits_for_a_person(room):
    archive = zipped({"letter.txt": "Anti-Jo-1 positive."})
    upload_id = receive(room, ("loose.txt", b"CK 700 U/L"), ("a.zip", archive))
    work(room)
    _, summary, items, _ = draft(room, upload_id)

    assert (summary.notes, summary.incomplete) == (0, 2)
    assert [(item.kind, item.state, item.code) for item in items] == [
        ("note", "incomplete", "IN113"),
        ("note", "incomplete", "IN113"),
    ]
    with pytest.raises(ConflictError, match="CO621"):
        confirm(room, upload_id)
    first, second = (item.id for item in items)
    with pytest.raises(ConflictError, match="CO622"):
        correct(room, upload_id, **{first: Correction(site_id="P9", note_date="05/06/2024")})
    correct(
        room,
        upload_id,
        **{
            first: Correction(site_id="P9", note_date="2024-06-05", note_type=" Phone  call "),
            second: Correction(leave_out=True),
        },
    )
    confirm(room, upload_id)
    work(room)

    assert notes_of(room, "P9")[1] == [("loose.txt", date(2024, 6, 5), "CK 700 U/L")]
    assert draft(room, upload_id)[1].left_out == 1


def test_all_of_one_patient(room):
    upload_id = receive(room, ("2024-05-01_visit.txt", b"x y"), ("P2_2024-05-01_v.txt", b"x z"), site_id="P9")
    work(room)

    assert [item.site_id for item in draft(room, upload_id)[2]] == ["P9", "P2"]


def test_the_same_content_is_added_once_however_often_it_is_sent(room):
    file = ("P5_2024-05-01_clinic.txt", b"Anti-Jo-1 positive.")
    first = receive(room, file, ("P5/2024-05-01_other-name.txt", file[1]))
    work(room)
    assert (draft(room, first)[1].notes, draft(room, first)[1].duplicates) == (1, 1)
    confirm(room, first)
    work(room)

    second = receive(room, file)
    work(room)

    with room.store.reading() as session:
        upload = uploads.upload_of(session, room.study_id, second)
        assert list(uploads.seen_before(session, upload).values()) == [date(2024, 7, 15)]
    assert draft(room, second)[1].duplicates == 1
    confirm(room, second)
    work(room)
    assert len(notes_of(room, "P5")[1]) == 1
    assert draft(room, second)[3][0].state == "duplicate"


def test_another_text_under_a_known_identifier_is_kept_beside_it(room):
    for text in (b"Anti-Jo-1 positive.", b"Anti-Jo-1 negative."):
        upload_id = receive(room, ("P5_2024-05-01_clinic.txt", text))
        work(room)
        confirm(room, upload_id)
        work(room)

    _, notes = notes_of(room, "P5")
    assert sorted(text for _, _, text in notes) == ["Anti-Jo-1 negative.", "Anti-Jo-1 positive."]
    assert len({note_id for note_id, _, _ in notes}) == 2


def test_facts_that_contradict_what_is_known_are_not_taken_over(room):
    table = b"patient_id,birth_date,sex\nSITE-1,1999-01-01,F\nP8,1980-02-03,M\n"
    upload_id = receive(room, ("patients.csv", table))
    work(room)
    confirm(room, upload_id)
    work(room)

    with room.store.reading() as session:
        known = charts.find_patient(session, room.study_id, "SITE-1")
        assert known.birth_date == date(1970, 6, 2)
        assert charts.find_patient(session, room.study_id, "P8").sex == "M"
    assert [(i.state, i.code) for i in draft(room, upload_id)[2]] == [("failed", "IN123"), ("added", "")]


def test_a_discarded_draft_leaves_nothing(room):
    upload_id = receive(room, ("P5_2024-05-01_clinic.txt", b"Anti-Jo-1 positive."))
    work(room)
    with room.store.writing() as session:
        uploads.discard(session, room.study_id, upload_id, actor_id=room.users["first"])
    with pytest.raises(ConflictError, match="CO620"):
        confirm(room, upload_id)
    with room.store.reading() as session:
        assert session.query(UploadPiece).count() == session.query(UploadItem).count() == 0
        assert charts.find_patient(session, room.study_id, "P5") is None


def test_a_request_that_breaks_off_leaves_nothing(room):
    def pieces():
        yield b"\x00"
        raise RuntimeError("the line was cut")

    from support.uploading import Arrived

    with pytest.raises(RuntimeError), room.store.writing() as session:
        uploads.receive(
            session, room.study_id, [(Arrived("a.txt", b"x"), pieces())], actor_id=room.users["first"]
        )
    with room.store.reading() as session:
        assert uploads.uploads_of(session, room.study_id) == ([], 0)


def test_an_upload_without_files_and_one_of_another_study(room):
    with pytest.raises(RequestError, match="HT831"), room.store.writing() as session:
        uploads.receive(session, room.study_id, [], actor_id=room.users["first"])
    upload_id = receive(room, ("a.txt", b"x"))
    with pytest.raises(AccessError, match="AC507"), room.store.reading() as session:
        uploads.upload_of(session, "0" * 24, upload_id)


def test_a_long_archive_is_read_from_its_pieces(room):
    members = {
        f"P{n}/2024-05-01_visit.txt": f"{n} " + "word " * 9_000 + str(n) * 30_000 for n in range(1, 41)
    }
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    upload_id = receive(room, ("big.zip", buffer.getvalue()))
    with room.store.reading() as session:
        assert session.query(UploadPiece).count() > 2
    work(room)
    confirm(room, upload_id)
    work(room)

    with room.store.reading() as session:
        assert session.query(StudyNote).count() == 41
        assert session.query(StudyPatient).count() == 41
    assert notes_of(room, "P40")[1][0][2] == members["P40/2024-05-01_visit.txt"]
