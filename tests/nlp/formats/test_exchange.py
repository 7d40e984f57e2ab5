"""Formats in which systems exchange notes: FHIR, C-CDA and OMOP, with what lies in their attachments."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.document_maker import (
    DATE,
    LIST_TEXT,
    PROSE,
    TABLE_TEXT,
    TITLE,
    as_lines,
    as_parquet,
    attachment,
    make_ccda,
    make_document_reference,
    make_docx,
    make_html,
    make_letter_pdf,
    make_omop_csv,
    make_omop_parquet,
    make_rtf,
    make_tar,
    make_text,
    make_zip,
    omop_row,
)
from support.pdf_maker import lines, make_pdf

from chartsift.nlp.formats import Item, Limits, Rejected, read_inputs, read_upload
from chartsift.nlp.types import Note, Patient

MAY = date(2024, 5, 1)
LETTER = "\n\n".join([TITLE, DATE, PROSE, TABLE_TEXT, LIST_TEXT])
PATIENT = {"resourceType": "Patient", "id": "P001", "birthDate": "1972-08-19", "gender": "female"}
INNER = {
    "text": (make_text(), "text/plain; charset=utf-8"),
    "html": (make_html(), "text/html"),
    "rtf": (make_rtf(), "application/rtf"),
    "docx": (make_docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "pdf": (make_letter_pdf(), "application/pdf"),
}


def upload(content: Any, name: str = "export.json") -> list[Item]:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(read_upload(name, data))


def notes(items: list[Item]) -> list[Note]:
    return [item for item in items if isinstance(item, Note)]


def codes(items: list[Item]) -> list[str]:
    return [item.problem.code for item in items if isinstance(item, Rejected)]


def report(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "code": {"text": "MRI thighs"},
        "subject": {"reference": "https://ehr.example/fhir/Patient/P001/_history/2"},
        "effectiveDateTime": "2024-05-01",
        "conclusion": "Myositis of both thighs.",
    } | changes


def bundle(*resources: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": r} for r in resources],
    } | changes


# FHIR


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


FILES = {
    # By name the letter comes first, and it is no note of its own.
    "out/DocumentReference.ndjson": as_lines(
        make_document_reference({"contentType": "text/html", "url": "a/letter.html"}),
        make_document_reference({"contentType": "application/pdf", "url": "./A_2024-01-01.pdf"}, id="8"),
        make_document_reference({"contentType": "text/plain", "url": "Binary/b2"}, id="9"),
    ),
    "out/A_2024-01-01.pdf": make_letter_pdf(),
    "out/Binary.000.ndjson": as_lines(
        {
            "resourceType": "Binary",
            "id": "b1",
            "contentType": "text/plain",
            "data": attachment(b"No.", "")["data"],
        },
        {
            "resourceType": "Binary",
            "id": "b2",
            "contentType": "text/plain",
            "data": attachment(b"Weak.", "")["data"],
        },
    ),
    "out/Patient.ndjson": as_lines(PATIENT),
    "out/a/letter.html": make_html(),
}


def write(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


@pytest.mark.parametrize("way", ["folder", "zip", "tar", "tar.gz", "file"])
def test_bulk_export_with_files_beside(tmp_path, way):
    if way in ("folder", "file"):
        root = write(tmp_path / "in", FILES)
        items = list(read_inputs([root / "out" / "DocumentReference.ndjson" if way == "file" else root]))
    elif way == "zip":
        items = upload(make_zip(FILES), "n.zip")
    else:
        items = upload(make_tar(FILES, "w:gz" if way == "tar.gz" else "w"), f"n.{way}")

    assert codes(items) == []
    assert [(note.note_id, note.text) for note in notes(items)] == [
        ("DocumentReference/7", LETTER),
        ("DocumentReference/8", LETTER),
        ("DocumentReference/9", "Weak."),
    ]


@pytest.mark.parametrize(
    "url",
    [
        "../secret.txt",
        "/etc/passwd",
        "a/../../secret.txt",
        "..%2Fsecret.txt",
        "link/secret.txt",
        "C:\\x",
        "%00",
        ".",
    ],
)
@pytest.mark.parametrize("way", ["folder", "zip"])
def test_no_address_leads_out_of_the_input(tmp_path, url, way):
    files = {
        "in/out/d.ndjson": as_lines(make_document_reference({"contentType": "text/plain", "url": url})),
        "in/secret.txt": b"s",
    }
    if way == "zip":
        assert "IN138" in codes(upload(make_zip(files), "n.zip"))
        return
    root = write(tmp_path, files)
    (root / "in" / "out" / "link").symlink_to(root / "in", target_is_directory=True)

    items = list(read_inputs([root / "in" / "out" / "d.ndjson"]))

    assert codes(items) == ["IN138"]
    assert not notes(items)


BESIDE = {"in/P1/2024-05-01_x.txt": b"Anti-Jo-1 positive.", "in/P2/2024-05-01_x.txt": b"Fine."}


def in_folder_and_zip(root: Path, files: dict[str, bytes]) -> list[list[Item]]:
    return [list(read_inputs([write(root, files)])), upload(make_zip(files), "n.zip")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": "entered-in-error"}, "IN140"),
        ({"docStatus": "entered-in-error"}, "IN140"),
        ({"subject": {}}, "IN106"),
        ({"date": "2024"}, "IN107"),
    ],
)
@pytest.mark.parametrize("name", ["d.json", "z.ndjson"])
def test_file_of_a_resource_that_is_left_out_is_no_note_of_its_own(tmp_path, changes, code, name):
    resource = make_document_reference({"contentType": "text/plain", "url": "2024-05-01_x.txt"}, **changes)

    for items in in_folder_and_zip(tmp_path, BESIDE | {f"in/P1/{name}": as_lines(resource)}):
        assert codes(items) == [code]
        assert [note.patient_id for note in notes(items)] == ["P2"]


def test_form_of_a_cancelled_report_is_no_note_of_its_own(tmp_path):
    resource = report(status="cancelled", presentedForm=[{"url": "2024-05-01_x.txt"}])

    for items in in_folder_and_zip(tmp_path, BESIDE | {"in/P1/r.json": as_lines(resource)}):
        assert codes(items) == ["IN140"]
        assert [note.patient_id for note in notes(items)] == ["P2"]


def test_other_rendition_in_a_file_beside_is_no_note_of_its_own(tmp_path):
    resource = make_document_reference(
        {"contentType": "text/plain", "url": "2024-05-01_x.txt"},
        {"contentType": "text/html", "url": "2024-05-01_x.html"},
    )
    files = BESIDE | {"in/P1/d.json": as_lines(resource), "in/P1/2024-05-01_x.html": make_html()}

    for items in in_folder_and_zip(tmp_path, files):
        assert codes(items) == []
        assert [note.patient_id for note in notes(items)] == ["P001", "P2"]


@pytest.mark.parametrize("changes", [{}, {"status": "entered-in-error"}])
def test_binaries_of_every_rendition_belong_to_the_note(changes):
    binaries = [{"resourceType": "Binary", "id": name, **attachment(b"Weak.", "text/plain")} for name in "ab"]
    resource = make_document_reference({"url": "Binary/a"}, {"url": "Binary/b"}, **changes)

    assert codes(upload(bundle(resource, *binaries))) == (["IN140"] if changes else [])


@pytest.mark.parametrize("header", [{}, {"date": "2024"}])
def test_file_that_a_ccda_names_is_no_note_of_its_own(tmp_path, header):
    body = (
        '<nonXMLBody><text mediaType="text/plain"><reference value="2024-05-01_x.txt"/></text></nonXMLBody>'
    )

    for items in in_folder_and_zip(tmp_path, BESIDE | {"in/P1/z.xml": make_ccda(body, **header)}):
        assert codes(items) == (["IN107"] if header else [])
        assert [note.patient_id for note in notes(items)] == (["P2"] if header else ["P001", "P2"])


def test_ccda_that_a_resource_names_is_no_note_of_its_own(tmp_path):
    resource = make_document_reference({"contentType": "text/xml", "url": "a.xml"})

    for items in in_folder_and_zip(tmp_path, {"in/a.xml": make_ccda(), "in/b.json": as_lines(resource)}):
        assert codes(items) == []
        assert [note.note_id for note in notes(items)] == ["DocumentReference/7"]


@pytest.mark.parametrize("kind", ["Group", "Device", "Location"])
@pytest.mark.parametrize("reference", ["{}/g1", "#g1", "urn:uuid:g1", "https://ehr.example/{}/g1"])
def test_what_is_no_patient_is_not_taken_for_one(kind, reference):
    other = {"resourceType": kind, "id": "g1", "identifier": [{"value": "P001"}]}
    reference = reference.format(kind)
    note = make_document_reference(subject={"reference": reference}, contained=[other])
    content = bundle()
    content["entry"] = [{"fullUrl": reference, "resource": other}, {"resource": note}]

    items = upload(content)

    assert codes(items) == ["IN106"]
    assert not notes(items)


def test_subject_that_says_it_is_no_patient_is_not_taken_for_one():
    for subject in (
        {"type": "Group", "identifier": {"value": "g1"}},
        {"type": "Group", "reference": "urn:uuid:g1"},
    ):
        assert codes(upload(make_document_reference(subject=subject))) == ["IN106"]
    url = "http://hl7.org/fhir/StructureDefinition/Patient"
    (note,) = upload(make_document_reference(subject={"type": url, "identifier": {"value": "P1"}}))
    assert isinstance(note, Note)


def damaged(archive: bytes, name: bytes) -> bytes:
    """Return *archive* with another first letter in the content of the stored member that holds *name*."""
    assert archive.count(name) == 1
    return archive.replace(name, b"X" + name[1:])


def stored(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def test_damaged_file_of_one_resource_costs_no_other():
    resources = as_lines(
        make_document_reference({"url": "a.txt"}),
        make_document_reference({"url": "b.txt"}, id="8"),
        make_document_reference(id="9"),
    )
    data = stored({"d.ndjson": resources, "a.txt": b"MARKED", "b.txt": b"Fine."})

    items = upload(damaged(data, b"MARKED"), "n.zip")

    assert codes(items) == ["IN119"]
    assert [note.note_id for note in notes(items)] == ["DocumentReference/8", "DocumentReference/9"]


def test_damaged_file_of_a_ccda_costs_its_note_only():
    body = '<nonXMLBody><text><reference value="a.txt"/></text></nonXMLBody>'
    data = stored({"a.xml": make_ccda(body), "a.txt": b"MARKED", "b.xml": make_ccda()})

    items = upload(damaged(data, b"MARKED"), "n.zip")

    (item,) = (item for item in items if isinstance(item, Rejected))
    assert (item.problem.code, item.patient_id) == ("IN119", "P001")
    assert len(notes(items)) == 1


def test_file_beside_that_unpacks_to_too_much_costs_its_note_only():
    resources = as_lines(make_document_reference({"url": "a.txt"}), make_document_reference(id="9"))
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("d.ndjson", resources, zipfile.ZIP_STORED)
        archive.writestr("a.txt", b"Stable.")
    data = sink.getvalue().replace(b"\x5d\x00\x00\x80\x00", b"\x5d\xff\xff\xff\xff", 1)

    items = upload(data, "n.zip")

    assert codes(items) == ["IN119"]
    assert [note.note_id for note in notes(items)] == ["DocumentReference/9"]


def test_damaged_file_of_binaries_costs_those_in_it_only():
    resources = as_lines(
        make_document_reference({"url": "Binary/b1"}),
        make_document_reference({"url": "Binary/b2"}, id="8"),
        make_document_reference({"url": "Binary/b1"}, id="9"),
        make_document_reference(id="10"),
    )
    binaries = [
        as_lines({"resourceType": "Binary", "id": name, **attachment(b"Weak.", "text/plain")})
        for name in ("b1", "b2")
    ]
    data = stored(
        {
            "DocumentReference.ndjson": resources,
            "Binary.0.ndjson": binaries[0],
            "Binary.1.ndjson": binaries[1],
        }
    )

    items = upload(damaged(data, binaries[0]), "n.zip")

    assert codes(items)[:2] == ["IN119", "IN119"]
    assert [note.note_id for note in notes(items)] == ["DocumentReference/8", "DocumentReference/10"]


def test_bound_on_values_holds_for_binaries_beside(tmp_path):
    wide = {
        "resourceType": "Binary",
        "id": "b",
        "extension": [[]] * 40_000,
        **attachment(b"Weak.", "text/plain"),
    }
    files = {
        "d.ndjson": as_lines(make_document_reference({"url": "Binary/b"})),
        "Binary.ndjson": as_lines(wide),
    }
    path = write(tmp_path, files) / "d.ndjson"

    assert codes(list(read_inputs([path], limits=Limits(json_values=100_000)))) == []
    assert codes(list(read_inputs([path], limits=Limits(json_values=50_000)))) == ["IN115"]


# C-CDA


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


# OMOP


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
