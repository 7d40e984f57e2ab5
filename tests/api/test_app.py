"""Screening without storing through the HTTP interface, with a small reading in place of the real one."""

from __future__ import annotations

import json
import re

import pytest
from fastapi.testclient import TestClient

from chartsift.api.schemas import (
    CohortOut,
    CriterionOut,
    EvidenceOut,
    FindingOut,
    InputProblemOut,
    SearchOut,
)
from chartsift.nlp.screening import schema

TEXT = "😀 Anti-Jo-1 positive dermatomyositis.\r\n\tCK\t1,066 U/L. No prior CAR T."


@pytest.fixture
def client(lite_room) -> TestClient:
    return lite_room.client("first")


def patient(**changes):
    """Return one patient of an evaluation request."""
    note = {"note_id": "N1", "note_date": "2024-05-01", "note_type": "Clinic", "text": TEXT}
    return {"patient_id": "P1", "notes": [note], **changes}


def test_evaluate_returns_rows_with_exact_spans(client):
    body = client.post("/api/v1/evaluate", json={"patients": [patient()]}).json()

    assert {row["concept"] for row in body["findings"]} == {"Jo-1", "DM", "CK", "CAR-T"}
    assert all(TEXT[row["start"] : row["end"]] == row["text"] for row in body["findings"])
    evidence = [item for row in body["criteria"] for item in row["evidence"]]
    assert evidence
    assert all(TEXT[item["start"] : item["end"]] == item["text"] for item in evidence)
    assert body["fingerprint"] == "f" * 64
    assert body["trial_version"] == "2024-11"


def test_evaluate_tells_what_was_searched_and_until_when_it_holds(client):
    body = client.post("/api/v1/evaluate", json={"patients": [patient()]}).json()

    rows = {row["criterion_id"]: row for row in body["criteria"] if row["cohort_id"] == "adult"}
    assert rows["prior_transplant"]["searched"] == {
        "notes": 2,
        "first": "2024-05-01",
        "last": "2024-06-01",
        "kinds": ["transplant"],
        "terms": 7,
        "unread": ["scan.pdf (IN101)"],
    }
    assert rows["iim_diagnosis"]["searched"] is None
    assert "renal transplant" in body["vocabulary"]["transplant"]
    lapsing = rows["active_disease"]
    assert (lapsing["valid_until"], lapsing["changes_to"]) == ("2024-08-29", "not_met")


@pytest.mark.parametrize(
    ("model", "columns"),
    [
        (FindingOut, schema.FINDINGS.names),
        (CriterionOut, schema.CRITERIA.names),
        (CohortOut, schema.COHORTS.names),
        (InputProblemOut, schema.ERRORS.names),
        (SearchOut, [field.name for field in schema.CRITERIA.field("searched").type]),
        (EvidenceOut, [field.name for field in schema.CRITERIA.field("evidence").type.value_type]),
    ],
)
def test_rows_have_the_columns_of_the_output_files(model, columns):
    assert list(model.model_fields) == columns


def test_both_cohorts_are_returned_and_one_applies(client):
    cohorts = client.post("/api/v1/evaluate", json={"patients": [patient()]}).json()["cohorts"]

    assert [(row["cohort_id"], row["applicable"]) for row in cohorts] == [
        ("adult", True),
        ("juvenile", False),
    ]


def test_as_of_of_the_request_goes_before_that_of_the_patient(client):
    body = {"as_of": "2024-06-01", "patients": [patient(as_of="2024-05-15")]}

    cohorts = client.post("/api/v1/evaluate", json=body).json()["cohorts"]

    assert {row["as_of"] for row in cohorts} == {"2024-06-01"}


@pytest.mark.parametrize(("text", "code"), [("", "IN108"), (" \r\n", "IN108"), ("a\x00b", "IN104")])
def test_an_unusable_note_is_a_problem_and_the_rest_goes_on(client, text, code):
    bad = {"note_id": "N2", "note_date": "2024-05-02", "text": text}
    one = patient()
    one["notes"].append(bad)

    body = client.post("/api/v1/evaluate", json={"patients": [one]}).json()

    assert [(row["source"], row["note_id"], row["code"]) for row in body["problems"]] == [
        ("patients[0].notes[1]", "N2", code)
    ]
    assert body["findings"]


@pytest.mark.parametrize(
    ("field", "code"),
    [("patient_id", "HT805"), ("note_id", "HT805"), ("note_type", "HT805"), ("text", "IN103")],
)
def test_half_a_surrogate_pair_has_its_code_and_is_no_failure(client, field, code):
    note = {"note_id": "N1", "note_date": "2024-05-01", "note_type": "Clinic", "text": "x"}
    values = {"patient_id": "P1", **note, field: "\ud800"}
    body = {"patients": [{"patient_id": values.pop("patient_id"), "notes": [values]}]}

    answer = client.post(
        "/api/v1/evaluate", content=json.dumps(body), headers={"content-type": "application/json"}
    ).json()

    assert code in (answer.get("code"), *(row["code"] for row in answer.get("problems", ())))


def test_a_note_id_given_twice_is_named(client):
    one = patient()
    one["notes"].append({**one["notes"][0], "text": "another text"})

    body = client.post("/api/v1/evaluate", json={"patients": [one]}).json()

    assert [row["code"] for row in body["problems"]] == ["IN109"]
    assert {row["notes_unread"] for row in body["cohorts"]} == {1}


def test_trials_and_health_say_what_runs(client):
    trials = client.get("/api/v1/trials").json()
    health = client.get("/api/v1/health").json()
    about = client.get("/api/v1/about").json()

    assert trials["default"] == "reset-myositis"
    assert [cohort["cohort_id"] for cohort in trials["trials"][0]["cohorts"]] == ["adult", "juvenile"]
    assert health == {"status": "ok"}
    assert {"python", "chartsift", "spacy", "medspacy"} <= about["versions"].keys()
    assert about["fingerprint"] == "f" * 64


def test_openapi_is_complete(client):
    document = client.get("/api/v1/openapi.json").json()

    refs = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert refs <= document["components"]["schemas"].keys()
    evaluate = document["paths"]["/api/v1/evaluate"]["post"]["responses"]
    assert {"200", "400", "401", "403", "404", "413", "421", "422", "500", "503"} == evaluate.keys()
    assert "HT804" in evaluate["413"]["content"]["application/problem+json"]["examples"]
    assert "HT804" in document["components"]["schemas"]["ProblemOut"]["properties"]["code"]["enum"]
    assert "HTTPValidationError" not in document["components"]["schemas"]
