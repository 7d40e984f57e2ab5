"""FHIR resources: what is a note, whose it is, and which of its forms is read."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from support.document_maker import (
    as_lines,
    attachment,
    make_ccda,
    make_document_reference,
    make_html,
    make_letter_pdf,
    make_rtf,
)
from support.exchange import INNER, LETTER, MAY, PATIENT, bundle, codes, notes, report, upload
from support.pdf_maker import lines, make_pdf

from chartsift.nlp.formats import Rejected
from chartsift.nlp.types import Note, Patient


@pytest.mark.parametrize("declared", ["", "application/octet-stream"])
@pytest.mark.parametrize("kind", INNER)
def test_attachment_is_unwrapped_whatever_it_is(kind, declared):
    data, media_type = INNER[kind]

    (note,) = upload(make_document_reference(attachment(data, declared or media_type)))

    assert isinstance(note, Note)
    assert note.text == LETTER
    assert note.origin == f"{kind} in fhir"
    assert (note.patient_id, note.note_id, note.note_date, note.note_type) == (
        "P001",
        "DocumentReference/7",
        MAY,
        "Progress note",
    )
    assert len(note.pages) == (2 if kind == "pdf" else 0)


@pytest.mark.parametrize(
    "name", ["DocumentReference.ndjson", "export.json", "export", "export.txt", "notes.jsonl"]
)
@pytest.mark.parametrize("layout", ["lines", "one", "indented"])
def test_resources_are_recognised_by_content(name, layout):
    resource = make_document_reference()
    data = {
        "lines": as_lines(PATIENT, resource),
        "one": json.dumps(resource).encode(),
        "indented": json.dumps(resource, indent=2).encode(),
    }[layout]
    if layout == "indented" and name.endswith((".ndjson", ".jsonl")):
        name = "export.json"

    assert [note.note_id for note in notes(upload(data, name))] == ["DocumentReference/7"]


def test_type_of_the_resource_may_stand_last():
    resource = make_document_reference(attachment(b"x" * 20_000, "text/plain"))
    turned = dict(reversed(resource.items()))

    assert len(notes(upload(turned))) == 1
    assert len(notes(upload(as_lines(turned, turned | {"id": "8"}), "x.ndjson"))) == 2


def test_patient_resource_gives_facts():
    assert upload(as_lines(PATIENT, PATIENT | {"id": "P2", "birthDate": "1980", "gender": "unknown"})) == [
        Patient("P001", date(1972, 8, 19), "F", None),
        Patient("P2", None, None, None),
    ]


def test_bundle_with_addresses_that_only_it_knows():
    patient = {"resourceType": "Patient", "gender": "male"}
    binary = {
        "resourceType": "Binary",
        "contentType": "application/rtf",
        "data": attachment(make_rtf(), "")["data"],
    }
    document = make_document_reference(
        {"contentType": "application/rtf", "url": "urn:uuid:b"}, subject={"reference": "urn:uuid:p"}
    )
    content = bundle()
    content["entry"] = [
        {"fullUrl": "urn:uuid:p", "resource": patient},
        {"fullUrl": "urn:uuid:d", "resource": document},
        {"fullUrl": "urn:uuid:b", "resource": binary},
    ]

    listed, note = upload(content)

    assert listed == Patient("p", None, "M", None)
    assert isinstance(note, Note)
    assert (note.patient_id, note.text) == ("p", LETTER)


@pytest.mark.parametrize("url", ["Binary/b1", "https://ehr.example/fhir/Binary/b1"])
def test_binary_of_the_bundle_is_found(url):
    binary = {
        "resourceType": "Binary",
        "id": "b1",
        "contentType": "text/plain",
        "data": attachment(b"Weak.", "")["data"],
    }

    (note,) = upload(bundle(make_document_reference({"url": url}), binary))

    assert isinstance(note, Note)
    assert note.text == "Weak."


def test_binary_that_no_note_names_is_reported():
    binary = {
        "resourceType": "Binary",
        "id": "b1",
        "contentType": "text/plain",
        "data": attachment(b"Weak.", "")["data"],
    }

    items = upload(bundle(make_document_reference(), binary))

    assert len(notes(items)) == 1
    assert codes(items) == ["IN139"]


def test_contained_patient_and_binary():
    document = make_document_reference(
        {"url": "#b"},
        subject={"reference": "#p"},
        contained=[
            {"resourceType": "Patient", "id": "p", "identifier": [{"value": "MRN-1"}]},
            {
                "resourceType": "Binary",
                "id": "b",
                "contentType": "text/plain",
                "data": attachment(b"Weak.", "")["data"],
            },
        ],
    )

    (note,) = upload(document)

    assert isinstance(note, Note)
    assert (note.patient_id, note.text) == ("MRN-1", "Weak.")


def test_of_several_renditions_one_is_read():
    scan = attachment(make_pdf([None]), "application/pdf")
    picture = attachment(b"\x89PNG\r\n\x1a\n\x00", "image/png")
    page = attachment(make_html(), "text/html")

    (note,) = upload(make_document_reference(scan, picture, page))

    assert isinstance(note, Note)
    assert note.origin == "html in fhir"


def test_report_is_its_form_else_its_narrative_and_the_conclusion():
    form = attachment(make_letter_pdf(), "application/pdf")
    narrative = {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Oedema&nbsp;of VL.</p></div>',
    }

    with_form, with_narrative, bare = notes(
        upload(bundle(report(presentedForm=[form]), report(id="r2", text=narrative), report(id="r3")))
    )

    assert with_form.text == LETTER
    assert with_narrative.text == "Oedema of VL.\n\nConclusion: Myositis of both thighs."
    assert bare.text == "Conclusion: Myositis of both thighs."
    assert (bare.note_type, bare.note_id, bare.patient_id) == ("MRI thighs", "DiagnosticReport/r3", "P001")


def test_composition_is_its_sections():
    composition = {
        "resourceType": "Composition",
        "id": "c",
        "title": "Discharge summary",
        "date": "2024-05-01",
        "subject": {"reference": "Patient/P001"},
        "section": [
            {"title": "HPI", "text": {"div": "<div>Weak.</div>"}, "section": [{"title": "Past <x>"}]},
            {
                "title": "Plan",
                "text": {"div": "<div><table><tr><td>IVIG</td><td>2 g/kg</td></tr></table></div>"},
            },
        ],
    }

    (note,) = notes(upload(bundle(composition, PATIENT, type="document")))

    assert note.text == "HPI\n\nWeak.\n\nPast <x>\n\nPlan\n\nIVIG | 2 g/kg"
    assert note.note_type == "Discharge summary"


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        (make_document_reference(subject={}), "IN106"),
        (make_document_reference(subject={"reference": "Group/1"}), "IN106"),
        (make_document_reference(id=None), "IN106"),
        (make_document_reference(date="2024-05"), "IN107"),
        (make_document_reference(status="entered-in-error"), "IN140"),
        (make_document_reference({"contentType": "text/plain", "data": "!!"}), "IN130"),
        (make_document_reference(attachment(b" ", "text/plain")), "IN108"),
        (make_document_reference(attachment(b"GIF89a\x00\x01", "image/gif")), "IN137"),
        (make_document_reference(attachment(make_pdf([None]), "application/pdf")), "IN134"),
        (make_document_reference({"url": "https://ehr.example/notes/1"}), "IN138"),
        (make_document_reference({"url": "file:///etc/passwd"}), "IN138"),
        (make_document_reference({"contentType": "text/plain"}), "IN139"),
        (make_document_reference(content=[]), "IN139"),
        (make_document_reference(content="x"), "IN139"),
        (report(conclusion=None), "IN139"),
        (report(status="cancelled"), "IN140"),
    ],
)
def test_resource_that_cannot_be_used_is_a_problem_and_the_next_is_read(resource, code):
    items = upload(as_lines(resource, make_document_reference(id="9")), "n.ndjson")

    assert codes(items) == [code]
    assert [note.note_id for note in notes(items)] == ["DocumentReference/9"]


def test_resources_of_other_kinds_are_no_notes():
    (item,) = upload(as_lines({"resourceType": "Condition", "id": "c"}), "Condition.ndjson")

    assert isinstance(item, Rejected)
    assert (item.problem.code, item.is_missed) == ("IN108", False)


def test_bundles_within_each_other_have_an_end():
    content: dict[str, Any] = make_document_reference()
    for _ in range(6):
        content = bundle(content)

    assert codes(upload(content)) == ["IN115"]


def test_messages_hold_no_text_and_no_identifier():
    broken = [
        make_document_reference(
            attachment(make_pdf([lines("SECRET")], password=True), ""),
            subject={"reference": "Patient/SECRET"},
        ),
        make_document_reference({"url": "https://SECRET.example/SECRET"}),
    ]
    items = upload(as_lines(*broken), "n.ndjson") + upload(
        make_ccda(patient="SECRET", date="SECRET"), "x.xml"
    )

    rejected = [item.problem for item in items if isinstance(item, Rejected)]
    assert len(rejected) == 3
    assert not any("SECRET" in problem.message + problem.source for problem in rejected)
