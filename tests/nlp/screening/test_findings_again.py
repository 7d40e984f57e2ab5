"""Findings of a finished run are those of its notes, and decide alike."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from support.fake_pipeline import FAIL, FakePipeline

from chartsift.nlp.criteria import evaluate, load_trial
from chartsift.nlp.screening.findings_again import PatientFindings, findings_of_inputs, findings_of_run
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.run import RunConfig, run_screening
from chartsift.nlp.types import Problem

TRIAL = load_trial("reset-myositis")
NOTES = [
    ("P1", "n1", "2024-05-01", "CAR T infused."),
    ("P1", "n2", "2024-05-20", "Stable."),
    ("P2", "n1", "2024-05-01", "Nothing of note."),
    ("P3", "n1", "2024-05-01", "lung transplant 2019"),
    ("P3", "n2", "2024-05-02", FAIL),
]


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    path = tmp_path / "notes.jsonl"
    rows = [{"patient_id": p, "note_id": n, "note_date": d, "text": t} for p, n, d, t in NOTES]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "{\n", encoding="utf-8")
    return path


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    path = tmp_path / "patients.csv"
    path.write_text("patient_id,birth_date,sex\nP1,1980-01-05,F\nP3,2030-01-01,M\n", encoding="utf-8")
    return path


@pytest.fixture
def results(inputs: Path, patients: Path, tmp_path: Path) -> RunResults:
    config = RunConfig(inputs=(inputs,), out=tmp_path / "out", patients=patients)
    return run_screening(config, trial=TRIAL, make_pipeline=FakePipeline)


def test_a_run_holds_all_that_criteria_look_at(inputs: Path, patients: Path, results: RunResults) -> None:
    pipeline = FakePipeline()
    read = list(findings_of_inputs([inputs], pipeline, TRIAL, patients=patients, as_of=None))
    problems = [item for item in read if isinstance(item, Problem)]
    fresh = [item for item in read if isinstance(item, PatientFindings)]

    again = list(findings_of_run(results, as_of=None))

    assert [item.patient.patient_id for item in again] == ["P1", "P2", "P3"]
    assert [(i.as_of, i.notes, i.findings) for i in again] == [(i.as_of, i.notes, i.findings) for i in fresh]
    assert again[0].patient.birth_date == date(1980, 1, 5)
    assert again[0].patient.sex == "F"
    # Every note was read once, and what could not be is told.
    assert pipeline.notes == len(NOTES)
    assert [problem.code for problem in problems] == ["IN110"]
    assert {problem.code for item in fresh for problem in item.problems} == {"SC410", "IN120"}


def test_a_run_decided_again_gives_its_own_verdicts(results: RunResults) -> None:
    for item in findings_of_run(results, as_of=None):
        cohorts = evaluate(item.patient, item.notes, item.findings, TRIAL, as_of=item.as_of)
        applicable = next(cohort for cohort in cohorts if cohort.applicable)

        rows = results.patient(item.patient.patient_id)
        assert applicable.status == rows.cohort["status"]
        assert [(c.criterion_id, c.status, c.basis) for c in applicable.criteria] == [
            (row["criterion_id"], row["status"], row["basis"]) for row in rows.criteria
        ]


def test_another_day_leaves_later_notes_out(results: RunResults) -> None:
    again = {item.patient.patient_id: item for item in findings_of_run(results, as_of=date(2024, 5, 10))}

    cohorts = evaluate(
        again["P1"].patient, again["P1"].notes, again["P1"].findings, TRIAL, as_of=again["P1"].as_of
    )

    assert cohorts[0].as_of == date(2024, 5, 10)
    silent = next(r for r in cohorts[0].criteria if r.criterion_id == "prior_transplant")
    assert silent.search is not None
    assert (silent.search.notes, silent.search.last) == (1, date(2024, 5, 1))
