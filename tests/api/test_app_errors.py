"""Refusals: stable codes, problem+json or a page, and never a word of what was sent."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from support.fake_screener import FakeScreener

from chartsift.api.problems import KINDS, problem_body
from chartsift.api.security import CONTENT_SECURITY_POLICY
from chartsift.nlp.errors import RuleError

CANARY = "Zzyzx-Canary-7731"
SMALL = {"max_body_bytes": 20_000, "max_patients": 2, "max_notes": 3, "max_note_chars": 100, "max_files": 3}
EVALUATE = "/api/v1/evaluate"


@pytest.fixture
def client(lite_room) -> TestClient:
    return make_client(lite_room)


def make_client(room, *, fails_with: Exception | None = None) -> TestClient:
    """Return a client that is signed in, of a room with small limits."""
    room.screener = FakeScreener(fails_with=fails_with)
    return room.client("first", **SMALL)


def note(note_id: str = "N1", text: str = CANARY, **changes):
    return {"note_id": note_id, "note_date": "2024-05-01", "text": text, **changes}


def patients(*notes, patient_id: str = CANARY, **changes):
    return {"patients": [{"patient_id": patient_id, "notes": list(notes) or [note()], **changes}]}


# Everything here is refused; the name says why, and CANARY stands wherever a caller could put a patient's words.
REFUSED = {
    "not json": (
        {"content": b'{"' + CANARY.encode(), "headers": {"content-type": "application/json"}},
        "HT812",
    ),
    "not even a body": ({}, "HT805"),
    "another content type": (
        {"content": CANARY.encode(), "headers": {"content-type": "text/plain"}},
        "HT805",
    ),
    "an unknown field": ({"json": {**patients(), CANARY: CANARY}}, "HT805"),
    "an unknown field in a note": ({"json": patients({**note(), CANARY: 1})}, "HT805"),
    "a text that is none": ({"json": patients(note(text=[CANARY]))}, "HT805"),
    "a date that is none": ({"json": patients(note(note_date=CANARY))}, "HT805"),
    "a date as seconds": ({"json": patients(note(note_date=1_700_000_000))}, "HT805"),
    "a sex that is none": ({"json": patients(sex=CANARY)}, "HT805"),
    "no notes": ({"json": {"patients": [{"patient_id": CANARY, "notes": []}]}}, "HT805"),
    "too large": ({"json": patients(note(text=CANARY * 2_000))}, "HT801"),
    "too many patients": ({"json": {"patients": patients()["patients"] * 3}}, "HT802"),
    "too many notes": ({"json": patients(*(note(f"N{n}") for n in range(4)))}, "HT803"),
    "too long a note": ({"json": patients(note(text=CANARY * 10))}, "HT804"),
    "an unknown trial": ({"json": {**patients(), "trial": CANARY}}, "HT806"),
    "a path as trial": ({"json": {**patients(), "trial": "/etc/passwd"}}, "HT806"),
    "an implausible screening date": ({"json": {**patients(), "as_of": "0001-01-01"}}, "HT814"),
    "a patient twice": ({"json": {"patients": patients()["patients"] * 2}}, "HT813"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_refusal_has_its_code_and_repeats_nothing(client, capfd, why):
    request, code = REFUSED[why]

    response = client.post(EVALUATE, **request)

    assert (response.status_code, response.json()["code"]) == (KINDS[code].status, code)
    assert response.headers["content-type"] == "application/problem+json"
    written = capfd.readouterr()
    assert CANARY not in response.text + written.out + written.err


def test_a_validation_error_names_places_and_types_only(client):
    response = client.post(EVALUATE, json=patients({**note(note_date=CANARY), CANARY: 1}))

    assert response.json()["errors"] == [
        {"where": "body.patients.0.notes.0.note_date", "kind": "iso_date"},
        {"where": "body.patients.0.notes.0.?", "kind": "extra_forbidden"},
    ]


def test_a_body_that_grows_without_a_length_is_cut_off(client):
    def chunks():
        for _ in range(100):
            yield CANARY.encode() * 100

    response = client.post(EVALUATE, content=chunks(), headers={"content-type": "application/json"})

    assert (response.status_code, response.json()["code"]) == (413, "HT801")
    assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


def test_an_unexpected_error_keeps_its_message_to_itself(capfd, lite_room):
    client = make_client(lite_room, fails_with=ValueError(CANARY))

    api = client.post(EVALUATE, json=patients())
    facts = {"birth_date": "1970-01-01", "sex": "F", "as_of": None}
    page = client.put(lite_room.chart, json=facts)

    assert (api.status_code, api.json()["code"], page.status_code) == (500, "HT815", 500)
    assert api.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    written = capfd.readouterr()
    assert CANARY not in api.text + page.text + written.out + written.err


def test_broken_rules_of_the_server_are_not_the_callers_fault(lite_room):
    client = make_client(lite_room, fails_with=RuleError("RU212", f"{CANARY}.yaml: criteria: bad"))

    response = client.post(EVALUATE, json=patients())

    assert (response.status_code, response.json()["code"]) == (500, "HT816")
    assert CANARY not in response.text


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/evaluate/" + CANARY])
def test_an_unknown_address_of_the_interface_is_a_problem(client, path):
    response = client.get(path)

    assert (response.status_code, response.json()["code"]) == (404, "HT807")
    assert CANARY not in response.text


def test_a_wrong_method_is_a_problem(client):
    assert client.get(EVALUATE).json()["code"] == "HT808"


def test_a_page_gets_a_page(client):
    response = client.get("/" + CANARY)

    assert response.status_code == 404
    assert "text/html" in response.headers["content-type"]
    assert "HT807" in response.text
    assert CANARY not in response.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", ""])
def test_another_host_name_is_refused(client, host):
    response = client.get("/api/v1/health", headers={"host": host})

    assert (response.status_code, response.json()["code"]) == (421, "HT809")


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000"])
def test_this_machine_is_answered(client, host):
    assert client.get("/sign-in", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_on_another_site_is_refused(client, site):
    response = client.post(EVALUATE, json=patients(), headers={"sec-fetch-site": site})

    assert (response.status_code, response.json()["code"]) == (403, "HT810")


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/api/v1/health", "/nothing", "/slots/3.css", "/static/chartsift.css"]
)
def test_every_answer_carries_the_security_headers(client, path):
    headers = client.get(path).headers

    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "default-src 'self'" in CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(("path", "kept"), [("/", "no-store"), ("/api/v1/health", "no-store")])
def test_results_are_not_cached(client, path, kept):
    assert client.get(path).headers["cache-control"] == kept


def test_charts_and_evaluation_are_not_cached(client, lite_room):
    answers = [
        client.post(EVALUATE, json=patients()),
        client.get(f"/studies/{lite_room.study_id}/patients/{lite_room.patient_id}"),
        client.get(f"{lite_room.chart}/result"),
        client.post(EVALUATE, json={}),
    ]

    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


def test_every_code_names_its_remedy():
    for code, kind in KINDS.items():
        body = problem_body(code)
        assert (body["code"], body["status"]) == (code, kind.status)
        assert body["remedy"]


def test_every_code_is_documented(checkout):
    documented = (checkout / "docs" / "api.md").read_text(encoding="utf-8")

    for kind in KINDS.values():
        assert f"| {kind.code} | {kind.status} | {kind.title} | {kind.remedy} |" in documented


def test_implausible_facts_of_a_patient_are_a_problem_and_the_notes_are_read(client):
    response = client.post(EVALUATE, json=patients(birth_date="0001-01-01"))

    assert response.status_code == 200
    assert [(row["source"], row["code"]) for row in response.json()["problems"]] == [("patients[0]", "IN107")]
    assert response.json()["cohorts"]


def test_a_method_that_is_not_allowed_names_those_that_are(client):
    assert client.get(EVALUATE).headers["allow"] == "POST"
