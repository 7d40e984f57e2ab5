"""
A chart in JSON: one patient with notes, in the format of ``annotations/GUIDELINES.md``; its gold is not looked at.

``{"patient_id", "as_of", "birth_date", "sex", "notes": [{"note_id", "date", "type", "text"}], …}``. A file may also
hold a list of charts, or a list of note rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from chartsift.nlp.formats import fhir
from chartsift.nlp.formats.base import Item, Limits, Source, reject, unreadable
from chartsift.nlp.formats.documents import read_whole
from chartsift.nlp.formats.fields import FieldError, note_item, patient_item, row_item
from chartsift.nlp.formats.json_values import load_json

SUFFIXES = (".json",)


def sniff(head: bytes) -> bool:
    """Tell whether a file is a chart: an object that names its notes, or a list of objects."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"["):
        return start[1:].lstrip().startswith(b"{")
    return start.startswith(b"{") and b'"notes"' in start


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read the patient and the notes of *source*."""
    try:
        data = read_whole(source, limits, advice="write JSON lines, one note a line")
        content = load_json(
            data,
            limits=limits,
            what="the file",
            remedy="check that it is one whole JSON value, or name JSON lines .jsonl",
        )
    except FieldError as exc:
        yield reject(exc.code, exc.message, source=source.label)
        return
    except OSError as exc:
        yield unreadable(source.label, exc)
        return
    if fhir.is_resource(content):
        yield from fhir.read_resource(content, source.label, source, limits)
        return
    charts = content if isinstance(content, list) else [content]
    for number, chart in enumerate(charts, start=1):
        where = source.label if content is chart else f"{source.label}:{number}"
        yield from _read_chart(chart, source=where, limits=limits)


def _read_chart(chart: object, *, source: str, limits: Limits) -> Iterator[Item]:
    if not isinstance(chart, dict):
        yield reject("IN110", "not a chart: expected a JSON object with patient_id and notes", source=source)
        return
    notes = chart.get("notes")
    if notes is None and "text" in chart:
        yield row_item(chart, source=source, limits=limits)
        return
    if not isinstance(notes, list) or "patient_id" not in chart:
        yield reject("IN105", "not a chart: the object needs patient_id and a list of notes", source=source)
        return
    yield patient_item(chart, source=source)
    for number, note in enumerate(notes, start=1):
        where = f"{source}#{number}"
        if not isinstance(note, dict):
            yield reject("IN110", "the note is not a JSON object", source=where)
            continue
        row = {
            "patient_id": chart["patient_id"],
            "note_date": note.get("date"),
            "note_type": note.get("type"),
        }
        yield note_item({**note, **row}, source=where, limits=limits)
