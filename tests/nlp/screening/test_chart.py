"""One patient: what is read, what is left out and named, and as of which day."""

from __future__ import annotations

from datetime import date

import pytest
from support.fake_pipeline import FAIL, FakePipeline

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.errors import InputError
from chartsift.nlp.screening.chart import screen_patient
from chartsift.nlp.types import Note, Patient


@pytest.fixture(scope="module")
def trial():
    return load_trial("reset-myositis")


def note(note_id: str, day: str, text: str = "Stable.") -> Note:
    return Note("P1", note_id, date.fromisoformat(day), "Clinic", text, f"notes.jsonl:{note_id}")


PATIENT = Patient("P1", date(1980, 1, 1), "F")


def test_notes_are_read_oldest_first_as_of_the_last_one(trial):
    result = screen_patient(
        FakePipeline(), trial, PATIENT, [note("2", "2024-05-02"), note("1", "2024-05-01")]
    )

    assert [info.note_id for info in result.notes] == ["1", "2"]
    assert result.as_of == date(2024, 5, 2)
    assert result.applicable.cohort_id == "adult"


def test_own_day_of_screening_goes_before_the_last_note_and_the_given_day_before_both(trial):
    patient = Patient("P1", as_of=date(2024, 6, 1))
    notes = [note("1", "2024-05-01")]

    assert screen_patient(FakePipeline(), trial, patient, notes).as_of == date(2024, 6, 1)
    assert screen_patient(FakePipeline(), trial, patient, notes, as_of=date(2024, 7, 1)).as_of == date(
        2024, 7, 1
    )


def test_later_note_is_left_out_and_named(trial):
    notes = [note("1", "2024-05-01"), note("2", "2024-06-01", "CAR T infused.")]

    result = screen_patient(FakePipeline(), trial, PATIENT, notes, as_of=date(2024, 5, 15))

    assert [(p.code, p.note_id) for p in result.problems] == [("IN126", "2")]
    assert not result.findings
    assert result.unread == ()


def test_note_on_which_the_pipeline_fails_is_left_out_without_its_text(trial):
    notes = [note("1", "2024-05-01", f"{FAIL} SECRET"), note("2", "2024-05-02", "CAR T infused.")]

    result = screen_patient(FakePipeline(), trial, PATIENT, notes, unread=("a", "b"))

    (problem,) = result.problems
    assert (problem.code, problem.note_id, problem.source) == ("SC410", "1", "notes.jsonl:1")
    assert "ValueError at fake_pipeline.py" in problem.message
    assert "SECRET" not in problem.message
    assert [info.note_id for info in result.notes] == ["2"]
    assert len(result.findings) == 1
    assert result.unread == ("a", "b", "notes.jsonl:1 (SC410)")


def test_second_note_with_an_identifier_is_left_out(trial):
    result = screen_patient(
        FakePipeline(), trial, PATIENT, [note("1", "2024-05-01"), note("1", "2024-05-02")]
    )

    assert [problem.code for problem in result.problems] == ["IN109"]


def test_no_note_and_no_day_is_an_error(trial):
    with pytest.raises(InputError, match="IN121"):
        screen_patient(FakePipeline(), trial, Patient("P1"), [])
