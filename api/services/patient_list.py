"""A list of patients to work through: a table with a code in each row, and facts where the site has them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from sqlalchemy.orm import Session

from chartsift.api.faults import ConflictError
from chartsift.api.services import audit, charts
from chartsift.api.services.studies import members_of, study_of
from chartsift.nlp.formats.fields import patient_item
from chartsift.nlp.types import Patient

COLUMNS = ("patient_id", "birth_date", "sex", "as_of", "reader")
"""Columns of a list; only the first is needed. ``reader`` is the name that the reader signs in with."""

MOST_ROWS = 10_000
_LONGEST_CELL = 1_000
_READERS = ("reviewer",)


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that was not taken: its number in the file (the header is 1), a code and what to do."""

    row: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Listed:
    """What became of a list: patients added, patients known before, and the rows with faults."""

    added: int
    known: int
    assigned: int
    faults: tuple[RowFault, ...]


def add_list(session: Session, study_id: str, text: str, *, actor_id: str) -> Listed:
    """
    Add the patients of a list, and assign charts to the readers it names.

    A list with a fault in any row adds nobody: it is corrected and sent again as a whole. A patient who is known
    stays as he is, except for the reader.

    Args:
        session: A writing session.
        study_id: The study.
        text: CSV, with commas, semicolons or tabs, and a header.
        actor_id: Who sends it.

    Raises:
        ConflictError: it has no header with patient_id, or too many rows (CO624).
    """
    rows = _rows(text)
    study = study_of(session, study_id)
    readers = {user.name: user.id for user, role in members_of(session, study_id) if role in _READERS}
    faults: list[RowFault] = []
    seen: set[str] = set()
    parsed: list[tuple[Patient, str]] = []
    for number, row in rows:
        item = patient_item({name: row.get(name, "") for name in COLUMNS[:4]}, source=f"row {number}")
        reader = row.get("reader", "").strip()
        if not isinstance(item, Patient):
            faults.append(RowFault(number, item.problem.code, item.problem.message))
        elif item.patient_id in seen:
            faults.append(RowFault(number, "IN123", "the patient stands in the list twice; remove one row"))
        elif reader and reader not in readers:
            faults.append(RowFault(number, "ST706", "the study has no reviewer of that name"))
        else:
            seen.add(item.patient_id)
            parsed.append((item, readers.get(reader, "")))
    if faults:
        return Listed(0, 0, 0, tuple(faults))
    added = known = assigned = 0
    for facts, reader_id in parsed:
        patient = charts.find_patient(session, study_id, facts.patient_id)
        if patient is None:
            patient = charts.add_patient(session, study, facts, actor_id=actor_id)
            added += 1
        else:
            known += 1
        if reader_id and patient.assigned_to != reader_id:
            charts.assign(session, patient, reader_id, actor_id=actor_id)
            assigned += 1
    audit.append(session, actor_id, "list.added", study_id=study_id, added=added, known=known)
    return Listed(added, known, assigned, ())


def _rows(text: str) -> list[tuple[int, dict[str, str]]]:
    text = text.removeprefix("\ufeff")
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        if "patient_id" not in names:
            raise ConflictError("CO624", "the first row names the columns, and one of them is patient_id")
        found: list[tuple[int, dict[str, str]]] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(found) >= MOST_ROWS or any(len(cell) > _LONGEST_CELL for cell in cells):
                raise ConflictError("CO624", f"at most {MOST_ROWS:,} rows, with short cells")
            found.append((reader.line_num, dict(zip(names, cells, strict=False))))
    except csv.Error as exc:
        raise ConflictError("CO624", "the table is damaged; save it as CSV again") from exc
    return found


def read_text(data: bytes) -> str:
    """
    Return the text of an uploaded list.

    Raises:
        ConflictError: it is not UTF-8 (CO624).
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ConflictError("CO624", "save the list as CSV in UTF-8") from exc
