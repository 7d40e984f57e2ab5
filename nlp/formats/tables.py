"""What kind of table a file holds, told by its columns: notes, patients, or OMOP's NOTE and PERSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from chartsift.nlp.formats import omop
from chartsift.nlp.formats.base import Item, Limits
from chartsift.nlp.formats.fields import (
    NOTE_COLUMNS,
    NOTE_COLUMNS_OPTIONAL,
    PATIENT_COLUMNS,
    PATIENT_COLUMNS_OPTIONAL,
    is_patient_table,
    missing_columns,
    row_item,
)

ReadRow = Callable[[Mapping[str, object], str, Limits], Iterator[Item]]


@dataclass(frozen=True, slots=True)
class TableKind:
    """
    How to read a table.

    Attributes:
        columns: Those that are looked at, in lower case.
        read_row: Yields what a row (values by column), a source and limits give.
    """

    columns: tuple[str, ...]
    read_row: ReadRow


def _read_row(row: Mapping[str, object], source: str, limits: Limits) -> Iterator[Item]:
    yield row_item(row, source=source, limits=limits)


_NOTES = TableKind(NOTE_COLUMNS + NOTE_COLUMNS_OPTIONAL, _read_row)
_PATIENTS = TableKind(PATIENT_COLUMNS + PATIENT_COLUMNS_OPTIONAL, _read_row)
_OMOP_NOTE = TableKind(omop.NOTE_COLUMNS, omop.read_note)
_OMOP_PERSON = TableKind(omop.PERSON_COLUMNS, omop.read_person)


def kind_of_table(columns: frozenset[str]) -> TableKind | None:
    """Return how to read a table with these columns (in lower case); None when it lists no notes and no patients."""
    if is_patient_table(columns):
        return _PATIENTS
    if not missing_columns(columns):
        return _NOTES
    if omop.is_note_table(columns):
        return _OMOP_NOTE
    if omop.is_person_table(columns):
        return _OMOP_PERSON
    return None
