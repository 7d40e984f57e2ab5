"""What the tests of FHIR, C-CDA and OMOP share: resources, uploads, and what came of them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from support.document_maker import (
    DATE,
    LIST_TEXT,
    PROSE,
    TABLE_TEXT,
    TITLE,
    make_docx,
    make_html,
    make_letter_pdf,
    make_rtf,
    make_text,
)

from chartsift.nlp.formats import Item, Rejected, read_upload
from chartsift.nlp.types import Note

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


def write(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root
