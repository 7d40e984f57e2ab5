"""
OMOP CDM: the tables NOTE and PERSON, as CSV or Parquet.

``person_id`` is the patient, ``note_title`` the type, ``note_date`` (else ``note_datetime``) the day; RTF and HTML in
``note_text`` are taken out. Source: OMOP Common Data Model 5.4, tables NOTE and PERSON.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace

from chartsift.nlp.formats.base import Item, Limits, Source
from chartsift.nlp.formats.documents import unread_parts
from chartsift.nlp.formats.fields import (
    FieldError,
    check_text,
    make_date,
    note_item,
    parse_iso_date,
    patient_item,
    rejected,
)
from chartsift.nlp.types import Note

NOTE_COLUMNS = (
    "note_id", "person_id", "note_date", "note_datetime", "note_title", "note_source_value", "note_text",
)  # fmt: skip
PERSON_COLUMNS = (
    "person_id", "gender_concept_id", "birth_datetime", "year_of_birth", "month_of_birth", "day_of_birth",
)  # fmt: skip
# No file suffix says OMOP; the header does.
SUFFIXES: tuple[str, ...] = ()

# Concepts of the domain Gender of the OMOP vocabularies.
_SEX = {"8507": "M", "8532": "F"}
_DELIMITERS = ",;\t|"


def sniff(head: bytes) -> bool:
    """Tell whether a delimited file is one of these tables, by its header; in Parquet the columns stand at the end."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").splitlines()[:1]
    return bool(first) and delimiter_of(first[0].decode("ascii", "replace")) is not None


def delimiter_of(header: str) -> str | None:
    """Return what separates the cells of a header of NOTE or PERSON; None when it is none."""
    if "person_id" not in header.lower():
        return None
    for delimiter in _DELIMITERS:
        try:
            row = next(csv.reader(io.StringIO(header), delimiter=delimiter), [])
        except csv.Error:
            continue
        columns = frozenset(name.strip().lower() for name in row)
        if is_note_table(columns) or is_person_table(columns):
            return delimiter
    return None


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read a delimited NOTE or PERSON table row by row."""
    from chartsift.nlp.formats import delimited  # noqa: PLC0415 - which reads the rows of both kinds

    return delimited.read(source, limits)


def is_note_table(columns: frozenset[str]) -> bool:
    """Tell whether these columns are those of NOTE."""
    return {"person_id", "note_id", "note_text"} <= columns


def is_person_table(columns: frozenset[str]) -> bool:
    """Tell whether these columns are those of PERSON."""
    return {"person_id", "gender_concept_id", "year_of_birth"} <= columns


def read_note(row: Mapping[str, object], source: str, limits: Limits) -> Iterator[Item]:
    """Yield the note of a row of NOTE."""
    item = note_item(
        {
            "patient_id": row.get("person_id"),
            "note_id": row.get("note_id"),
            "note_date": row.get("note_date") or row.get("note_datetime"),
            "note_type": row.get("note_title") or row.get("note_source_value"),
            "text": row.get("note_text"),
        },
        source=source,
        limits=limits,
    )
    if isinstance(item, Note):
        yield from _unwrapped(item, limits)
    else:
        yield item


def read_person(row: Mapping[str, object], source: str, limits: Limits) -> Iterator[Item]:
    """Yield the patient of a row of PERSON; a birth date that is not known to the day is left out."""
    del limits
    born = str(row.get("birth_datetime") or "").strip()
    day = parse_iso_date(born) if born else None
    if day is None:
        year, month, of_month = (_whole(row.get(f"{part}_of_birth")) for part in ("year", "month", "day"))
        day = make_date(year, month, of_month) if year and month and of_month else None
    facts = {
        "patient_id": row.get("person_id"),
        "birth_date": day,
        "sex": _SEX.get(str(row.get("gender_concept_id") or "").strip()),
    }
    yield patient_item(facts, source=source)


def _unwrapped(note: Note, limits: Limits) -> Iterator[Item]:
    """Yield *note* with the text of the page or the RTF document that stands in its cell."""
    from chartsift.nlp.formats.unwrap import unwrap_cell  # noqa: PLC0415 - parsers are loaded when one is needed

    try:
        extracted = unwrap_cell(note.text, limits=limits, inside="omop")
        text = check_text(extracted.text, limits=limits)
    except FieldError as exc:
        yield rejected(exc, source=note.source, note_id=note.note_id, patient_id=note.patient_id)
        return
    yield replace(note, text=text, origin=extracted.origin)
    yield from unread_parts(extracted, source=note.source, note_id=note.note_id, patient_id=note.patient_id)


def _whole(value: object) -> int:
    text = str(value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
