"""
Whatever stands in the place of a value, the rest is read: no wrong value of JSON ends a run.

Each value of a sample in turn is replaced by each of a table of wrong ones.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

import pytest
from support.document_maker import attachment, make_document_reference

from chartsift.nlp.formats import Item, Rejected, read_upload
from chartsift.nlp.types import Note, Patient

GOOD = {"patient_id": "P9", "note_id": "good", "note_date": "2024-05-01", "text": "Stable."}
DOCUMENT = make_document_reference(
    attachment(b"Weak.", "text/plain; charset=utf-8") | {"creation": "2024-05-01", "url": "Binary/b1"},
    {"url": "#b"},
    docStatus="final",
    subject={"reference": "#p", "type": "Patient", "identifier": {"value": "M"}},
    contained=[
        {"resourceType": "Patient", "id": "p", "identifier": [{"value": "MRN-1"}]},
        {"resourceType": "Binary", "id": "b", **attachment(b"Weak.", "text/plain")},
    ],
    category=[{"text": "x"}],
    description="d",
    context={"period": {"start": "2024-05-01", "end": "2024-05-02"}},
)
DOCUMENT["type"]["text"] = "Progress note"
REPORT = {
    "resourceType": "DiagnosticReport",
    "id": "r1",
    "status": "final",
    "code": {"text": "MRI"},
    "subject": {"reference": "Patient/P001"},
    "effectivePeriod": {"start": "2024-05-01"},
    "text": {"status": "generated", "div": "<div>Oedema.</div>"},
    "conclusion": "Myositis.",
}
COMPOSITION = {
    "resourceType": "Composition",
    "id": "c1",
    "title": "Letter",
    "date": "2024-05-01",
    "subject": {"reference": "Patient/P001"},
    "section": [{"title": "HPI", "text": {"div": "<div>Weak.</div>"}, "section": [{"title": "Plan"}]}],
}
PATIENT = {"resourceType": "Patient", "id": "P001", "birthDate": "1972-08-19", "gender": "female"}
BUNDLE = {
    "resourceType": "Bundle",
    "entry": [
        {"fullUrl": "urn:uuid:d", "resource": DOCUMENT},
        {"resource": REPORT},
        {"resource": COMPOSITION},
        {"resource": PATIENT},
        {"resource": {"resourceType": "Binary", "id": "b1", **attachment(b"Weak.", "text/plain")}},
    ],
}
CHART = {
    "patient_id": "P001",
    "birth_date": "1972-08-19",
    "sex": "F",
    "as_of": "2024-06-01",
    "notes": [{"note_id": "n1", "date": "2024-05-01", "type": "Clinic", "text": "Weak."}],
}
ROW = GOOD | {"note_id": "n1", "note_type": "Clinic"}
SAMPLES: dict[str, tuple[str, Any]] = {
    "document": ("n.ndjson", DOCUMENT),
    "bundle": ("n.json", BUNDLE),
    "patient": ("n.ndjson", PATIENT),
    "chart": ("n.json", CHART),
    "row": ("n.jsonl", ROW),
}
WRONG: dict[str, Any] = {
    "null": None,
    "true": True,
    "number": 1,
    "fraction": -1.5,
    "infinite": 1e400,
    "huge number": 10**400,
    "too huge number": "@" + "9" * 5_000,
    "empty": "",
    "word": "x",
    "year": "2024",
    "surrogate": "text/plain; charset=\ud800",
    "charset": "text/plain; charset*" + "9" * 5_000 + "=x",
    "NUL": "a\x00b\n",
    "path": "a/b/../c",
    "long": "x" * 70_000,
    "list": [],
    "list of lists": [[], [None], {"a": [1]}],
    "object": {},
    "object of object": {"a": {"resourceType": []}},
    "deep": "@" + "[" * 900 + "]" * 900,
}


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, inner in children:
        yield from places(inner, (*path, name))


def with_wrong(sample: Any, path: tuple[str | int, ...], wrong: Any) -> str:
    """Return *sample* as JSON with *wrong* at *path*; what begins with @ is put there as it is."""
    made = copy.deepcopy(sample)
    inner = made
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = wrong
    written = json.dumps(made)
    raw = isinstance(wrong, str) and wrong.startswith("@")
    return written.replace(json.dumps(wrong), wrong[1:]) if raw else written


def check(items: list[Item]) -> None:
    assert items, "an input vanished without a word"
    for item in items:
        assert isinstance(item, Note | Patient | Rejected)
        facts = astuple(item.problem if isinstance(item, Rejected) else item)
        # What comes out is written down as UTF-8, and read by other programs.
        assert b"\x00" not in "".join(fact for fact in facts if isinstance(fact, str)).encode()


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("kind", SAMPLES)
def test_wrong_value_costs_its_own_resource_or_row_at_most(kind, wrong):
    name, sample = SAMPLES[kind]
    for path in places(sample):
        written = with_wrong(sample, path, WRONG[wrong])
        if name.endswith(".json"):
            check(list(read_upload(name, written.encode())))
            continue
        # The next line is read, whatever stood in this one.
        items = list(read_upload(name, f"{written}\n{json.dumps(GOOD)}\n".encode()))
        check(items)
        assert isinstance(items[-1], Note), path
        assert items[-1].note_id == "good"
