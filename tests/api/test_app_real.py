"""The interface with the real reading: the same results as the functions that the batch run calls."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from chartsift.api.app import create_app
from chartsift.api.intake import sample_charts
from chartsift.api.screener import PipelineScreener
from chartsift.api.settings import Settings
from chartsift.nlp.criteria import load_trial
from chartsift.nlp.screening import rows
from chartsift.nlp.screening.chart import screen_patient


@pytest.fixture(scope="module")
def client(pipeline) -> TestClient:
    screener = PipelineScreener(pipeline)
    return TestClient(create_app(screener=screener), base_url="http://127.0.0.1:8000")


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


def test_every_sample_chart_is_shown(client):
    page = client.get("/samples").text

    charts = sample_charts(Settings()).charts
    assert len(charts) > 1
    assert all(f"<h1>{chart.patient.patient_id}</h1>" in page for chart in charts)
    links = set(re.findall(r'class="jump" href="#(p\d+-f\d+)"', page))
    assert links
    items = set(re.findall(r'<td>[^<]*<a href="#(p\d+-f\d+)"', page))
    assert items, "the items of the score point at the words behind them"
    assert links | items <= set(re.findall(r'<mark [^>]*id="(p\d+-f\d+)"', page))
