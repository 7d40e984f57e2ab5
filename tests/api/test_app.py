"""The HTTP interface and the pages, with a small reading in place of the real one."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile

import pytest
from fastapi.testclient import TestClient
from support import document_maker, pdf_maker
from support.fake_screener import FakeScreener

from chartsift.api.app import create_app
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
def screener() -> FakeScreener:
    return FakeScreener()


@pytest.fixture
def client(screener) -> TestClient:
    return TestClient(create_app(screener=screener), base_url="http://127.0.0.1:8000")


def patient(**changes):
    """Return one patient of an evaluation request."""
    note = {"note_id": "N1", "note_date": "2024-05-01", "note_type": "Clinic", "text": TEXT}
    return {"patient_id": "P1", "notes": [note], **changes}


def upload(client: TestClient, *files: tuple[str, str | bytes], **details: str):
    """Send files through the form of the page."""
    parts = [("files", (name, text.encode() if isinstance(text, str) else text)) for name, text in files]
    return client.post("/", files=parts, data=details)


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

    assert trials["default"] == "reset-myositis"
    assert [cohort["cohort_id"] for cohort in trials["trials"][0]["cohorts"]] == ["adult", "juvenile"]
    assert {"python", "chartsift", "spacy", "medspacy"} <= health["versions"].keys()
    assert health["fingerprint"] == "f" * 64


def test_openapi_is_complete(client):
    document = client.get("/api/v1/openapi.json").json()

    refs = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert refs <= document["components"]["schemas"].keys()
    evaluate = document["paths"]["/api/v1/evaluate"]["post"]["responses"]
    assert {"200", "400", "403", "404", "413", "421", "422", "500"} == evaluate.keys()
    assert "HT804" in evaluate["413"]["content"]["application/problem+json"]["examples"]
    assert "HT804" in document["components"]["schemas"]["ProblemOut"]["properties"]["code"]["enum"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_the_upload_page_offers_files_a_date_and_samples(client):
    page = client.get("/").text

    assert '<input id="files" name="files" type="file" multiple' in page
    assert 'name="as_of" type="date"' in page
    assert 'href="/samples"' in page
    assert "not a decision; a person signs" in page


def test_an_uploaded_note_is_shown_with_its_evidence(client):
    page = upload(client, ("P1_2024-05-01_clinic.txt", TEXT)).text

    assert '<a class="jump" href="#p1-f0">' in page
    assert re.search(r'<mark class="f a-present k1-for"[^>]* id="p1-f0"[^>]*>Anti-Jo-1</mark>', page)
    assert "No prior" in page
    assert "Proposal, not a decision; a person signs." in page
    assert "unknown: too weak or too old" in page
    assert "unknown: not documented" in page
    assert "not met, presumed: nothing found" in page
    assert "left to the investigator" in page
    assert "holds until 2024-08-29, then not met" in page
    assert "first to lapse: Active disease, after 2024-08-29, given no new note" in page
    # The proof behind "not documented": notes, days, terms, and what could not be read.
    assert "<summary>Searched 2 notes of 2024-05-01 to 2024-06-01, 7 terms for transplant" in page
    assert "not read: scan.pdf (IN101)" in page
    assert "lung transplant" in page


def test_hostile_text_is_only_text(client):
    hostile = '<script>alert(1)</script> dermatomyositis "><img src=x onerror=alert(2)> & </div></textarea>{{ 7*7 }}'

    page = upload(client, ("P1_2024-05-01_<b>x.txt", hostile)).text

    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; <mark" in page
    assert "{{ 7*7 }}" in page


def test_carriage_returns_survive_the_html_parser(client):
    page = upload(client, ("P1_2024-05-01_clinic.txt", "one\r\ntwo\rthree")).text

    assert "one&#13;\ntwo&#13;three" in page


def test_no_page_has_inline_script_or_style(client):
    pages = [
        client.get("/").text,
        upload(client, ("P1_2024-05-01_clinic.txt", TEXT)).text,
        client.get("/x").text,
    ]

    for page in pages:
        assert not re.search(r"<script(?![^>]* src=)", page)
        assert "<style" not in page
        assert not re.search(r"<[^>]* (style|on\w+)=", page)
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


def test_a_zip_with_several_patients_gets_an_index(client):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("P1/2024-05-01_visit.txt", "dermatomyositis")
        archive.writestr("P2/2024-05-02_visit.txt", "CAR T given")
        archive.writestr("P2/undated.txt", "no date here")

    page = upload(client, ("charts.zip", packed.getvalue())).text

    assert '<a href="#p1">P1</a>' in page
    assert '<a href="#p2">P2</a>' in page
    assert "IN114" in page


@pytest.mark.parametrize("kind", ["docx", "pdf", "rtf", "html", "txt"])
def test_a_document_goes_to_the_patient_of_the_form(client, kind):
    data = {
        "docx": document_maker.make_docx,
        "pdf": document_maker.make_letter_pdf,
        "rtf": document_maker.make_rtf,
        "html": document_maker.make_html,
        "txt": document_maker.make_text,
    }[kind]()

    page = upload(client, (f"letter.{kind}", data), patient_id="P7").text

    assert "P7" in page
    assert "1 note" in page
    assert "CK | 2,450 H | 30-200" in html.unescape(re.sub("<[^>]*>", "", page))
    assert ("page 1, " in page) == (kind == "pdf")


def test_a_scan_is_told(client):
    scan = pdf_maker.make_pdf([None])

    page = upload(client, ("P1_2024-05-01.pdf", scan), ("P1_2024-05-02.txt", "dermatomyositis")).text

    assert "IN134" in page


def test_jsonl_csv_and_a_chart_file_go_through_the_same_form(client):
    row = {"patient_id": "P1", "note_id": "J1", "note_date": "2024-05-01", "text": "dermatomyositis"}
    chart = {
        "patient_id": "P1",
        "as_of": "2024-06-01",
        "birth_date": "1970-01-01",
        "sex": "F",
        "notes": [{"note_id": "C1", "date": "2024-05-01", "type": "Clinic", "text": "CAR T"}],
    }

    page = upload(
        client,
        ("a.jsonl", json.dumps(row)),
        ("b.csv", "patient_id,note_id,note_date,text\nP1,V1,2024-05-03,kidney transplant\n"),
        ("c.json", json.dumps(chart, indent=1)),
    ).text

    assert "3 notes" in page
    assert "<span>54 years</span>" in page
    assert all(f"{note_id} ·" in page for note_id in ("J1", "V1", "C1"))


def test_the_form_names_the_patient_of_a_loose_text_file(client):
    page = upload(
        client,
        ("2024-05-01 visit.txt", TEXT),
        patient_id="P7",
        birth_date="1980-01-02",
        sex="M",
        as_of="2024-05-20",
    ).text

    assert "<h1>P7</h1>" in page
    assert "<span>44 years</span>" in page
    assert "<b>2024-05-20</b>" in page


def test_details_of_the_form_are_not_spread_over_several_patients(client):
    page = upload(
        client, ("P1_2024-05-01.txt", "x"), ("P2_2024-05-01.txt", "y"), birth_date="1980-01-02", sex="M"
    ).text

    assert "were not used: they are for an upload of one patient" in page
    assert "44 years" not in page


def test_a_note_after_the_screening_date_is_shown_as_left_out(client):
    page = upload(
        client, ("P1_2024-05-01.txt", "dermatomyositis"), ("P1_2024-09-01.txt", "CAR T"), as_of="2024-06-01"
    ).text

    assert "left out: dated after the screening date" in page


def test_nothing_readable_says_what_to_do(client):
    response = upload(client, ("scan.bin", b"\x00\x01"))

    assert response.status_code == 422
    assert "No note could be read" in response.text
    assert "IN101" in response.text


def test_slot_styles_are_bounded(client):
    assert "mark.k13-set_aside" in client.get("/slots/14.css").text
    assert client.get("/slots/100000.css").status_code == 404
    assert client.get("/slots/x.css").status_code == 422
