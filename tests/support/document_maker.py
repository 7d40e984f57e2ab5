"""Documents of every input format for tests: the same clinic letter, written in each of them."""

from __future__ import annotations

import base64
import csv
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from typing import Any

import docx
import pyarrow as pa
import pyarrow.parquet as pq
from docx.oxml import parse_xml
from support.pdf_maker import lines, make_pdf

TITLE = "RHEUMATOLOGY CLINIC"
DATE = "Date: 2024-05-01"
PROSE = "Assessment: dermatomyositis, refractory to IVIG (T < 38 °C, 5 µg/L)."
ROWS = (("Test", "Result", "Range"), ("CK", "2,450 H", "30-200"), ("Anti-Jo-1", "negative", "<20"))
ITEMS = ("proximal weakness", "heliotrope rash")
# What every document that keeps its layout reads as.
TABLE_TEXT = "Test | Result | Range\nCK | 2,450 H | 30-200\nAnti-Jo-1 | negative | <20"
LIST_TEXT = "- proximal weakness\n- heliotrope rash"

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def make_text() -> bytes:
    """Return the letter as UTF-8 text."""
    return "\n\n".join([TITLE, DATE, PROSE, TABLE_TEXT, LIST_TEXT]).encode()


def make_html(body: str | None = None) -> bytes:
    """Return the letter, or *body*, as a page."""
    if body is None:
        rows = "".join(
            "<tr>" + "".join(f"<td>{cell.replace('<', '&lt;')}</td>" for cell in row) + "</tr>"
            for row in ROWS
        )
        items = "".join(f"<li>{item}</li>" for item in ITEMS)
        prose = PROSE.replace("<", "&lt;")
        body = f"<h1>{TITLE}</h1><p>{DATE}</p><p>{prose}</p><table>{rows}</table><ul>{items}</ul>"
    return f"<!DOCTYPE html><html><head><title>x</title></head><body>{body}</body></html>".encode()


def make_rtf(body: str | None = None) -> bytes:
    """Return the letter, or *body*, as RTF."""
    if body is None:
        rows = "".join(
            r"\trowd\cellx2000\cellx4000\cellx6000 "
            + "".join(rf"{cell}\cell " for cell in row)
            + r"\row"
            + "\n"
            for row in ROWS
        )
        items = "".join(rf"- {item}\par " for item in ITEMS)
        prose = PROSE.replace("°", r"\'b0").replace("µ", r"\u181?")
        body = rf"{TITLE}\par\par {DATE}\par\par {prose}\par\par {rows}\pard\par {items}"
    return rf"{{\rtf1\ansi\ansicpg1252\deff0{{\fonttbl{{\f0\fswiss Arial;}}}}\f0\fs22 {body}}}".encode(
        "cp1252"
    )


def make_docx(*paragraphs: str) -> bytes:
    """Return the letter, or paragraphs given as XML of their content, as a Word document."""
    document = docx.Document()
    if paragraphs:
        for inner in paragraphs:
            document.element.body.insert_element_before(parse_xml(f"<w:p {_W}>{inner}</w:p>"), "w:sectPr")
    else:
        document.add_heading(TITLE, 1)
        document.add_paragraph(DATE)
        document.add_paragraph(PROSE)
        table = document.add_table(rows=0, cols=3)
        for row in ROWS:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
        for item in ITEMS:
            document.add_paragraph(item, style="List Bullet")
    return saved(document)


def saved(document: Any) -> bytes:
    """Return the bytes of a document of python-docx."""
    sink = io.BytesIO()
    document.save(sink)
    return sink.getvalue()


def make_letter_pdf() -> bytes:
    """Return the letter as a PDF of two pages."""
    rows = ["\t".join(row) for row in ROWS]
    return make_pdf([lines(TITLE, "", DATE, "", PROSE), lines(*rows, "", *(f"- {item}" for item in ITEMS))])


def make_ccda(body: str | None = None, **header: str) -> bytes:
    """Return the letter, or a component with *body*, as C-CDA; *header* replaces values of the header."""
    facts = {
        "patient": "P001",
        "born": "19720819",
        "sex": "F",
        "note": "D1",
        "date": "20240501093000-0500",
    } | header
    if body is None:
        rows = "".join(
            "<tr>" + "".join(f"<td>{cell.replace('<', '&lt;')}</td>" for cell in row) + "</tr>"
            for row in ROWS
        )
        items = "".join(f"<item>{item}</item>" for item in ITEMS)
        prose = PROSE.replace("<", "&lt;")
        body = (
            "<structuredBody>"
            f"<component><section><title>Plan of Care</title><text><paragraph>{DATE}</paragraph>"
            f"<paragraph>{prose}</paragraph><table><tbody>{rows}</tbody></table>"
            f"<list>{items}</list></text></section></component></structuredBody>"
        )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3" extension="{facts["note"]}"/>
<code code="34133-9" displayName="Summary"/><title>{TITLE}</title><effectiveTime value="{facts["date"]}"/>
<recordTarget><patientRole><id root="2.16.840.1.113883.4.1" extension="999-00-1111"/>
<id root="1.2.3.4" extension="{facts["patient"]}"/><patient><name>Jane</name>
<administrativeGenderCode code="{facts["sex"]}"/><birthTime value="{facts["born"]}"/></patient></patientRole></recordTarget>
<component>{body}</component></ClinicalDocument>""".encode()


def make_row(**changes: Any) -> dict[str, Any]:
    """Return a row of a table of notes, which holds the letter."""
    return {
        "patient_id": "P001",
        "note_id": "N1",
        "note_date": "2024-05-01",
        "text": make_text().decode(),
    } | changes


def make_csv(*rows: Mapping[str, Any]) -> bytes:
    """Return rows, or one with the letter, as CSV."""
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, list((rows or [make_row()])[0]))
    writer.writeheader()
    writer.writerows(rows or [make_row()])
    return sink.getvalue().encode()


def make_chart(**changes: Any) -> bytes:
    """Return a chart with one note, which is the letter."""
    note = {"note_id": "n1", "date": "2024-05-01", "text": make_text().decode()}
    return json.dumps({"patient_id": "P001", "notes": [note]} | changes).encode()


def attachment(data: bytes, media_type: str) -> dict[str, str]:
    """Return a FHIR attachment with its data."""
    return {"contentType": media_type, "data": base64.b64encode(data).decode()}


def make_document_reference(*attachments: dict[str, str], **changes: Any) -> dict[str, Any]:
    """Return a FHIR DocumentReference."""
    return {
        "resourceType": "DocumentReference",
        "id": "7",
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11506-3", "display": "Progress note"}]},
        "subject": {"reference": "Patient/P001"},
        "date": "2024-05-01T09:30:00.000-05:00",
        "content": [{"attachment": item} for item in attachments or [attachment(make_text(), "text/plain")]],
    } | changes


def as_lines(*rows: Mapping[str, Any]) -> bytes:
    """Return JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def make_omop_csv(text: str | None = None, delimiter: str = ",") -> bytes:
    """Return a NOTE table with one row."""
    sink = io.StringIO(newline="")
    row = omop_row(text)
    writer = csv.DictWriter(sink, list(row), delimiter=delimiter)
    writer.writeheader()
    writer.writerow(row)
    return sink.getvalue().encode()


def make_omop_parquet(text: str | None = None) -> bytes:
    """Return a NOTE table with one row as Parquet, its columns in capitals as some databases write them."""
    return as_parquet([{name.upper(): value for name, value in omop_row(text).items()}])


def omop_row(text: str | None = None) -> dict[str, Any]:
    """Return a row of NOTE."""
    return {
        "note_id": 31,
        "person_id": 4711,
        "note_date": "2024-05-01",
        "note_datetime": "2024-05-01 09:30:00",
        "note_type_concept_id": 32831,
        "note_class_concept_id": 0,
        "note_title": "Clinic note",
        "note_text": text if text is not None else make_text().decode(),
        "encoding_concept_id": 32678,
        "language_concept_id": 4180186,
        "provider_id": None,
        "note_source_value": "x",
    }


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    """Return rows as Parquet."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def make_zip(files: Mapping[str, bytes]) -> bytes:
    """Return a zip archive."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def make_tar(files: Mapping[str, bytes], mode: str = "w") -> bytes:
    """Return a tar archive, packed as *mode* says."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return sink.getvalue()
