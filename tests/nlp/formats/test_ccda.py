"""C-CDA documents, by themselves, within FHIR and with their body in another file."""

from __future__ import annotations

import base64
from datetime import date

import pytest
from support.document_maker import (
    DATE,
    LIST_TEXT,
    PROSE,
    TABLE_TEXT,
    TITLE,
    attachment,
    make_ccda,
    make_document_reference,
    make_html,
    make_letter_pdf,
)
from support.exchange import INNER, LETTER, MAY, codes, notes, report, upload, write

from chartsift.nlp.formats import Rejected, read_inputs
from chartsift.nlp.types import Note, Patient


def test_ccda_gives_patient_and_note():
    patient, note = upload(make_ccda(), "summary.xml")

    assert patient == Patient("P001", date(1972, 8, 19), "F", None)
    assert isinstance(note, Note)
    assert (note.patient_id, note.note_id, note.note_date, note.note_type) == ("P001", "D1", MAY, TITLE)
    assert note.text == "Plan of Care\n" + "\n\n".join([DATE, PROSE, TABLE_TEXT, LIST_TEXT])
    assert note.origin == "ccda"


@pytest.mark.parametrize("name", ["x.txt", "x", "x.html", "x.json"])
def test_ccda_is_recognised_by_content(name):
    assert len(notes(upload(make_ccda(), name))) == 1
    assert len(notes(upload(make_ccda().decode().replace('"UTF-8"', '"UTF-16"').encode("utf-16"), name))) == 1


def test_ccda_sections_within_each_other_and_deleted_words():
    body = (
        "<structuredBody><component><section><title>Results</title><text>Outer "
        "<content revised='delete'>gone</content><content>kept</content></text>"
        "<component><section><title>Serology</title><text><list listType='ordered'><item>Jo-1 neg</item></list></text>"
        "</section></component></section></component></structuredBody>"
    )

    (note,) = notes(upload(make_ccda(body)))

    assert note.text == "Results\nOuter kept\n\nSerology\n1. Jo-1 neg"


@pytest.mark.parametrize("kind", INNER)
def test_ccda_body_that_is_no_xml(kind):
    data, media_type = INNER[kind]
    body = f'<nonXMLBody><text mediaType="{media_type}" representation="B64">{base64.b64encode(data).decode()}</text></nonXMLBody>'

    (note,) = notes(upload(make_ccda(body)))

    assert (note.text, note.origin) == (LETTER, f"{kind} in ccda")


def test_ccda_within_fhir_and_a_page_within_that():
    body = f'<nonXMLBody><text mediaType="text/html" representation="B64">{base64.b64encode(make_html()).decode()}</text></nonXMLBody>'

    (note,) = upload(make_document_reference(attachment(make_ccda(body), "text/xml")))

    assert isinstance(note, Note)
    assert (note.text, note.origin) == (LETTER, "html in ccda in fhir")
    assert note.patient_id == "P001"


def test_ccda_within_fhir_whose_body_is_in_a_file_is_missed():
    body = '<nonXMLBody><text mediaType="application/pdf"><reference value="scan.pdf"/></text></nonXMLBody>'

    (item,) = upload(make_document_reference(attachment(make_ccda(body), "text/xml")))

    assert isinstance(item, Rejected)
    assert (item.problem.code, item.is_missed) == ("IN138", True)


def test_narrative_that_is_only_a_picture_leaves_the_conclusion():
    narrative = {"status": "generated", "div": "<div><img src='#scan'/></div>"}

    note, item = upload(report(text=narrative))
    (missed,) = upload(report(text=narrative, conclusion=None))

    assert isinstance(note, Note)
    assert note.text == "Conclusion: Myositis of both thighs."
    assert isinstance(item, Rejected)
    assert isinstance(missed, Rejected)
    assert (item.problem.code, missed.problem.code) == ("IN134", "IN134")


def test_ccda_body_in_a_file_beside(tmp_path):
    body = (
        '<nonXMLBody><text mediaType="application/pdf"><reference value="scan%201.pdf"/></text></nonXMLBody>'
    )
    root = write(tmp_path, {"a.xml": make_ccda(body), "scan 1.pdf": make_letter_pdf()})

    (note,) = notes(list(read_inputs([root / "a.xml"])))

    assert (note.text, note.origin) == (LETTER, "pdf in ccda")
    assert codes(upload(make_ccda(body))) == ["IN138"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"patient": ""}, "IN106"),
        ({"note": ""}, None),
        ({"date": "202405"}, "IN107"),
        ({"born": "1972"}, None),
    ],
)
def test_ccda_header_that_says_too_little(change, code):
    items = upload(make_ccda(**change))

    assert code in codes(items) if code else codes(items) == []


def test_entities_of_xml_are_not_opened():
    declared = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    xml = make_ccda(
        "<structuredBody><component><section><text>&b; &f;</text></section></component></structuredBody>"
    )
    bomb = xml.decode().replace("<ClinicalDocument", f"{declared}<ClinicalDocument").encode()

    assert codes(upload(bomb)) == ["IN135"]


def test_xml_that_is_cut_off_or_another_is_a_problem():
    assert codes(upload(make_ccda()[:-30], "x.xml")) == ["IN130"]
    assert codes(upload(b"<?xml version='1.0'?><Invoice/>", "x.xml")) == ["IN101"]
