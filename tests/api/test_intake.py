"""From uploaded files to charts: formats, whose they are, and what could not be read."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date

import pytest
from support import document_maker, pdf_maker

from chartsift.api.intake import Details, UploadedFile, charts_of_files
from chartsift.api.problems import RequestError
from chartsift.api.settings import Settings

TEXT = "😀 Anti-Jo-1 positive dermatomyositis.\r\n\tCK\t1,066 U/L. No prior CAR T."
SMALL = Settings(max_body_bytes=20_000, max_patients=2, max_notes=3, max_note_chars=100, max_files=3)


def take(*files: tuple[str, str | bytes], settings: Settings = Settings(), **details):  # noqa: B008 - frozen
    """Return what the files hold."""
    sent = [UploadedFile(name, text.encode() if isinstance(text, str) else text) for name, text in files]
    return charts_of_files(sent, Details(**details), settings)


def test_a_text_is_taken_as_it_is():
    (chart,) = take(("P1_2024-05-01_clinic.txt", TEXT)).charts

    assert (chart.patient.patient_id, chart.notes[0].text) == ("P1", TEXT)


def test_a_zip_holds_several_patients_and_one_bad_file_stops_nothing():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("P1/2024-05-01_visit.txt", "dermatomyositis")
        archive.writestr("P2/2024-05-02_visit.txt", "CAR T given")
        archive.writestr("P2/undated.txt", "no date here")

    intake = take(("charts.zip", packed.getvalue()))

    assert [chart.patient.patient_id for chart in intake.charts] == ["P1", "P2"]
    assert [problem.code for problem in intake.problems] == ["IN114"]


@pytest.mark.parametrize("kind", ["docx", "pdf", "rtf", "html", "txt"])
def test_a_document_goes_to_the_patient_of_the_form(kind):
    data = {
        "docx": document_maker.make_docx,
        "pdf": document_maker.make_letter_pdf,
        "rtf": document_maker.make_rtf,
        "html": document_maker.make_html,
        "txt": document_maker.make_text,
    }[kind]()

    (chart,) = take((f"letter.{kind}", data), patient_id="P7").charts

    assert chart.patient.patient_id == "P7"
    assert "CK | 2,450 H | 30-200" in chart.notes[0].text
    assert bool(chart.notes[0].pages) == (kind == "pdf")


def test_a_scan_is_told():
    scan = pdf_maker.make_pdf([None])

    intake = take(("P1_2024-05-01.pdf", scan), ("P1_2024-05-02.txt", "dermatomyositis"))

    assert [problem.code for problem in intake.problems] == ["IN134"]
    assert intake.charts[0].unread


def test_jsonl_csv_and_a_chart_file_go_together():
    row = {"patient_id": "P1", "note_id": "J1", "note_date": "2024-05-01", "text": "dermatomyositis"}
    listed = {
        "patient_id": "P1",
        "as_of": "2024-06-01",
        "birth_date": "1970-01-01",
        "sex": "F",
        "notes": [{"note_id": "C1", "date": "2024-05-01", "type": "Clinic", "text": "CAR T"}],
    }

    (chart,) = take(
        ("a.jsonl", json.dumps(row)),
        ("b.csv", "patient_id,note_id,note_date,text\nP1,V1,2024-05-03,kidney transplant\n"),
        ("c.json", json.dumps(listed, indent=1)),
    ).charts

    assert {note.note_id for note in chart.notes} == {"J1", "V1", "C1"}
    assert chart.patient.birth_date == date(1970, 1, 1)


def test_the_form_fills_in_what_a_loose_text_file_does_not_say():
    intake = take(
        ("2024-05-01 visit.txt", TEXT),
        patient_id="P7",
        birth_date=date(1980, 1, 2),
        sex="M",
        as_of=date(2024, 5, 20),
    )

    (chart,) = intake.charts
    assert (chart.patient.patient_id, chart.patient.birth_date, chart.patient.sex) == (
        "P7",
        date(1980, 1, 2),
        "M",
    )
    assert intake.as_of == date(2024, 5, 20)


def test_details_of_the_form_are_not_spread_over_several_patients():
    intake = take(
        ("P1_2024-05-01.txt", "x"), ("P2_2024-05-01.txt", "y"), birth_date=date(1980, 1, 2), sex="M"
    )

    assert all(chart.patient.birth_date is None for chart in intake.charts)
    assert "were not used: they are for an upload of one patient" in intake.notices[0]


def test_nothing_readable_says_why():
    intake = take(("scan.bin", b"\x00\x01"))

    assert not intake.charts
    assert [problem.code for problem in intake.problems] == ["IN101"]


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([(f"P{n}_2024-05-01.txt", "x") for n in range(3)], "HT802"),
        (
            [
                (
                    "a.csv",
                    "patient_id,note_id,note_date,text\n"
                    + "".join(f"P1,N{n},2024-05-01,x\n" for n in range(4)),
                )
            ],
            "HT803",
        ),
    ],
)
def test_too_much_is_refused(files, code):
    with pytest.raises(RequestError, match=code):
        take(*files, settings=SMALL)
