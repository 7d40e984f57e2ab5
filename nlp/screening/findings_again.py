"""
Findings to decide again: of notes that are read now, once, or of a finished run.

Findings do not depend on the trial. Whoever wants to know what another trial, or another version of one, makes of the
same patients need not read the notes again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from chartsift.nlp.formats import read_inputs, read_patients
from chartsift.nlp.screening.chart import Extractor, screen_patient
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.rows import Row, finding_of
from chartsift.nlp.screening.store import NoteStore
from chartsift.nlp.types import Finding, NoteInfo, Patient, Problem

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial


@dataclass(frozen=True, slots=True)
class PatientFindings:
    """
    What evaluation needs of one patient.

    Attributes:
        patient: Who.
        as_of: Day of screening.
        notes: The notes that were read, oldest first.
        findings: Their findings.
        problems: Notes and facts that were left out while reading; empty for those of a run.
    """

    patient: Patient
    as_of: date
    notes: tuple[NoteInfo, ...]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...] = ()


def findings_of_inputs(
    paths: Sequence[Path], pipeline: Extractor, trial: Trial, *, patients: Path | None, as_of: date | None
) -> Iterator[PatientFindings | Problem]:
    """
    Read the notes under *paths* once and yield each patient in the order of identifiers, after what was not readable.

    *trial* only serves to decide which notes count; any trial gives the same findings.
    """
    with TemporaryDirectory(prefix="chartsift-") as folder:
        store = NoteStore(Path(folder) / "notes.sqlite")
        try:
            for item in read_patients(patients) if patients else ():
                store.add(item, origin="table")
            for item in read_inputs(paths):
                store.add(item)
            store.finish()
            yield from store.problems()
            for patient_id, _ in store.note_counts():
                case = store.case(patient_id)
                result = screen_patient(
                    pipeline, trial, case.patient, case.notes, as_of=as_of, unread=case.unread
                )
                yield PatientFindings(
                    result.patient, result.as_of, result.notes, result.findings, result.problems
                )
        finally:
            store.close()


def findings_of_run(results: RunResults, *, as_of: date | None) -> Iterator[PatientFindings]:
    """
    Yield each patient of a finished run; *as_of* sets another day, for which later notes are left out.

    Patients whom a first pass left unread are left out: no findings of theirs are known, which is not to have none.
    """
    is_first_pass = bool(results.manifest.get("candidates"))
    notes = _Groups(results.path("notes"))
    findings = _Groups(results.path("findings"))
    for patient_id, rows in _by_patient(results.path("cohorts")):
        facts = rows[0]
        if is_first_pass and not facts["notes_read"] and not facts["notes_unread"]:
            continue
        day = as_of or facts["as_of"]
        patient = Patient(patient_id, facts["birth_date"], facts["sex"], day)
        if patient.birth_date is not None and patient.birth_date > day:
            patient = replace(patient, birth_date=None)
        read = tuple(
            NoteInfo(row["note_id"], row["note_date"], row["note_type"], row["length"])
            for row in notes.of(patient_id)
        )
        yield PatientFindings(patient, day, read, tuple(finding_of(row) for row in findings.of(patient_id)))


class _Groups:
    """The rows of a table by patient, for callers that ask for the patients in the table's own order."""

    def __init__(self, path: Path) -> None:
        self._groups = _by_patient(path)
        self._next = next(self._groups, None)

    def of(self, patient_id: str) -> list[Row]:
        """Return the rows of a patient; none for one that the table does not have."""
        if self._next is None or self._next[0] != patient_id:
            return []
        rows = self._next[1]
        self._next = next(self._groups, None)
        return rows


def _by_patient(path: Path) -> Iterator[tuple[str, list[Row]]]:
    # Every table of a run is sorted by patient, so that one patient at a time is held in memory.
    rows = (row for batch in pq.ParquetFile(path).iter_batches() for row in batch.to_pylist())
    for patient_id, group in groupby(rows, key=lambda row: str(row["patient_id"])):
        yield patient_id, list(group)
