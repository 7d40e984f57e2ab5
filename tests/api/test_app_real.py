"""The interface with the real reading: the same results as the functions that the batch run calls."""

from __future__ import annotations

import shutil

import pytest
from fastapi.testclient import TestClient

from chartsift.api.app import create_app
from chartsift.api.db.store import Store
from chartsift.api.demo import fill
from chartsift.api.intake import sample_charts
from chartsift.api.screener import PipelineScreener
from chartsift.api.services import charts, evaluation
from chartsift.api.settings import Settings
from chartsift.nlp.criteria import load_trial
from chartsift.nlp.screening import rows
from chartsift.nlp.screening.chart import screen_patient
from chartsift.nlp.types import Note


@pytest.fixture(scope="module")
def demo(pipeline, migrated_sqlite, tmp_path_factory):
    """The demonstration with the real reading: its store, what was put into it, and a client that is signed in."""
    path = tmp_path_factory.mktemp("demo") / "room.sqlite"
    shutil.copy(migrated_sqlite, path)
    store = Store(f"sqlite:///{path}")
    screener = PipelineScreener(pipeline)
    made = fill(store, screener, Settings())
    client = TestClient(create_app(screener=screener, store=store), base_url="http://127.0.0.1:8000")
    client.headers["Sec-Fetch-Site"] = "same-origin"
    client.post("/sign-in", data={"name": "demo", "password": made.password})
    yield store, made, client
    store.close()


@pytest.fixture(scope="module")
def client(demo) -> TestClient:
    return demo[2]


def test_evaluate_equals_the_batch_functions_row_by_row(client, pipeline):
    chart = next(chart for chart in sample_charts(Settings()).charts if len(chart.notes) > 2)
    body = {
        "patients": [
            {
                "patient_id": chart.patient.patient_id,
                "birth_date": chart.patient.birth_date and chart.patient.birth_date.isoformat(),
                "sex": chart.patient.sex,
                "as_of": chart.patient.as_of and chart.patient.as_of.isoformat(),
                "notes": [
                    {
                        "note_id": note.note_id,
                        "note_date": note.note_date.isoformat(),
                        "note_type": note.note_type,
                        "text": note.text,
                    }
                    for note in chart.notes
                ],
            }
        ]
    }

    answer = client.post("/api/v1/evaluate", json=body).json()

    trial = load_trial("reset-myositis")
    result = screen_patient(pipeline, trial, chart.patient, chart.notes)
    assert answer["findings"] == rows.jsonable(rows.finding_rows(result))
    assert answer["criteria"] == rows.jsonable(rows.criterion_rows(result))
    assert answer["cohorts"] == rows.jsonable(rows.cohort_rows(result))
    assert answer["scores"] == rows.jsonable(rows.score_rows(result))
    assert answer["scores"][0]["items"]
    assert (answer["fingerprint"], answer["trial_fingerprint"]) == (
        pipeline.fingerprint(),
        trial.fingerprint(),
    )


def test_the_trial_of_the_product_is_listed(client):
    trials = client.get("/api/v1/trials").json()

    assert "reset-myositis" in {trial["trial_id"] for trial in trials["trials"]}


def test_a_stored_chart_has_the_verdicts_and_spans_of_the_batch_functions(demo, pipeline):
    store, made, client = demo
    trial = load_trial("reset-myositis")
    samples = sample_charts(Settings()).charts
    for chart in samples:
        result = screen_patient(pipeline, trial, chart.patient, chart.notes)
        with store.reading() as session:
            patient = charts.find_patient(session, made.study_id, chart.patient.patient_id)
            stored = evaluation.require_result(session, patient)
            assert evaluation.result_value(session, stored) == result
            assert charts.chart_of(session, patient) == chart
            address = f"/api/v1/studies/{made.study_id}/patients/{patient.id}"
    answer = client.get(f"{address}/result").json()
    assert answer["criteria"] == rows.jsonable(rows.criterion_rows(result))
    assert answer["scores"] == rows.jsonable(rows.score_rows(result))
    found = client.get(f"{address}/findings?limit=200").json()
    assert found["items"] == rows.jsonable(rows.finding_rows(result))[:200]
    assert found["total"] == len(result.findings)


def test_a_new_note_costs_one_reading(demo, pipeline, monkeypatch):
    store, made, _ = demo
    with store.writing() as session:
        patient = charts.find_patient(session, made.study_id, "S-02")
        day = charts.notes_of(session, patient.id)[-1].note_date
        charts.add_note(
            session, patient, Note("S-02", "new", day, "Telephone", "No new complaints. CK 84 U/L.")
        )
    read = []
    whole = pipeline.extract
    monkeypatch.setattr(pipeline, "extract", lambda note: read.append(note.note_id) or whole(note))

    done = evaluation.evaluate_patient(store, PipelineScreener(pipeline), made.study_id, patient.id)
    again = evaluation.evaluate_patient(store, PipelineScreener(pipeline), made.study_id, patient.id)

    assert read == ["new"]
    assert done.is_new
    assert again.result_id == done.result_id
    assert not again.is_new
