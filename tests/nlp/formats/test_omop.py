"""OMOP: NOTE rows as CSV and Parquet, and PERSON rows."""

from __future__ import annotations

from datetime import date

import pytest
from support.document_maker import (
    as_parquet,
    make_omop_csv,
    make_omop_parquet,
    omop_row,
)
from support.exchange import INNER, LETTER, MAY, codes, notes, upload

from chartsift.nlp.types import Note, Patient


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("note.csv", make_omop_csv()),
        ("note.tsv", make_omop_csv(delimiter="\t")),
        ("NOTE", make_omop_csv(delimiter=";")),
        ("note.txt", make_omop_csv()),
        ("note.parquet", make_omop_parquet()),
    ],
)
def test_omop_note(name, data):
    (note,) = upload(data, name)

    assert isinstance(note, Note)
    assert (note.patient_id, note.note_id, note.note_date, note.note_type) == (
        "4711",
        "31",
        MAY,
        "Clinic note",
    )
    assert (note.text, note.origin) == (LETTER, "")


@pytest.mark.parametrize("kind", ["rtf", "html"])
def test_omop_note_text_is_unwrapped(kind):
    inner = INNER[kind][0].decode("cp1252" if kind == "rtf" else "utf-8")

    (in_csv,), (in_parquet,) = (
        upload(make_omop_csv(inner), "n.csv"),
        upload(make_omop_parquet(inner), "n.parquet"),
    )

    assert isinstance(in_csv, Note)
    assert (in_csv.text, in_csv.origin) == (LETTER, f"{kind} in omop")
    assert isinstance(in_parquet, Note)
    assert in_parquet.text == LETTER


def test_omop_date_may_stand_in_the_datetime_and_bad_rows_are_problems():
    rows = [omop_row() | {"note_date": None}, omop_row() | {"note_id": 32, "person_id": None}, omop_row("")]

    items = upload(as_parquet(rows), "n.parquet")

    assert [note.note_date for note in notes(items)] == [MAY]
    assert codes(items) == ["IN106", "IN108"]


def test_omop_person_gives_facts():
    rows = (
        "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,birth_datetime\n"
        "1,8532,1972,8,19,\n2,8507,1980,,,\n3,0,1990,1,1,1990-01-02 00:00:00\n"
    )

    assert upload(rows.encode(), "person.csv") == [
        Patient("1", date(1972, 8, 19), "F", None),
        Patient("2", None, "M", None),
        Patient("3", date(1990, 1, 2), None, None),
    ]
