"""Bulk exports and archives: attachments in files beside the resource that names them, damaged ones too."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from support.document_maker import (
    as_lines,
    attachment,
    make_ccda,
    make_document_reference,
    make_html,
    make_letter_pdf,
    make_tar,
    make_zip,
)
from support.exchange import LETTER, PATIENT, bundle, codes, notes, report, upload, write

from chartsift.nlp.formats import Item, Limits, Rejected, read_inputs
from chartsift.nlp.types import Note

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
