"""
The items of a share of the patients become cases: what ``NoteStore`` does with those of a whole run, in memory.

The rules are the store's: the first of two notes with one identifier counts, a patients table goes before facts found
in inputs, and whatever is left out is a problem at the place of its item.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from chartsift.nlp.formats import Rejected
from chartsift.nlp.screening.chart import duplicate_problem, input_name
from chartsift.nlp.screening.spark_items import Placed
from chartsift.nlp.screening.store import Batch, InputCounts, Origin, PatientCase
from chartsift.nlp.types import Note, Patient, Problem

_TWO_FACTS = Problem(
    "patients",
    "",
    "IN123",
    "a patient is listed twice with different facts; the first row was used. Keep one row a patient",
)


@dataclass
class Cases:
    """
    Patients by identifier, and what was left out.

    Attributes:
        counts: As for a whole run.
        notes: Notes by patient and identifier, in the order of reading.
        facts: Facts of listed patients, and where they stood.
        unread: Names of inputs of a patient that could not be read.
        problems: (file_no, item_no, problem) in the order of reading.
    """

    counts: InputCounts = field(default_factory=InputCounts)
    notes: dict[str, dict[str, Note]] = field(default_factory=dict)
    facts: dict[str, tuple[Patient, Origin]] = field(default_factory=dict)
    unread: dict[str, list[str]] = field(default_factory=dict)
    problems: list[tuple[int, int, Problem]] = field(default_factory=list)

    @classmethod
    def of(cls, items: Iterable[Placed]) -> Cases:
        """Return the cases that *items*, in the order of reading, make."""
        cases = cls()
        for placed in items:
            if isinstance(placed.item, Note):
                cases._add_note(placed, placed.item)
            elif isinstance(placed.item, Patient):
                cases._add_patient(placed, placed.item)
            else:
                cases._add_rejected(placed, placed.item)
        return cases

    def case(self, patient_id: str) -> PatientCase:
        """Return one patient with all notes, oldest first, notes of one day in the order they came."""
        patient, _ = self.facts.get(patient_id, (Patient(patient_id), "input"))
        notes = sorted(self.notes[patient_id].values(), key=lambda note: note.note_date)
        return PatientCase(patient, tuple(notes), tuple(self.unread.get(patient_id, ())))

    def count_listed_without_notes(self) -> int:
        """Return the number of listed patients without any note that could be read."""
        return sum(patient_id not in self.notes for patient_id in self.facts)

    def _add_note(self, placed: Placed, note: Note) -> None:
        self.counts.rows_seen += 1
        first = self.notes.setdefault(note.patient_id, {}).setdefault(note.note_id, note)
        if first is note:
            self.counts.notes_read += 1
            return
        # A plain copy hides nothing; another text under the same identifier is a note that nobody read.
        is_copy = (first.note_date, first.text) == (note.note_date, note.text)
        problem = duplicate_problem(note.source, note.note_id)
        self.counts.input_problems += 1
        self._add_problem(placed, problem, note.patient_id, is_missed=not is_copy)

    def _add_patient(self, placed: Placed, patient: Patient) -> None:
        self.counts.patient_rows_seen += 1
        known = self.facts.setdefault(patient.patient_id, (patient, placed.origin))
        if known[0] is patient:
            self.counts.patients_listed += 1
        elif known[1] != placed.origin or known[0] == patient:
            self.counts.patient_rows_repeated += 1
        else:
            self.counts.patient_problems += 1
            self._add_problem(placed, _TWO_FACTS, "", is_missed=False)

    def _add_rejected(self, placed: Placed, rejected: Rejected) -> None:
        if rejected.about == "patient":
            self.counts.patient_rows_seen += 1
            self.counts.patient_problems += 1
        else:
            self.counts.rows_seen += 1
            self.counts.input_problems += 1
        self._add_problem(placed, rejected.problem, rejected.patient_id, is_missed=rejected.is_missed)

    def _add_problem(self, placed: Placed, problem: Problem, patient_id: str, *, is_missed: bool) -> None:
        self.problems.append((placed.file_no, placed.item_no, problem))
        if is_missed and patient_id:
            self.unread.setdefault(patient_id, []).append(input_name(problem))


class PartCases:
    """The cases of a part as the workers of ``pool`` are given them: those that are to be screened, as one batch."""

    def __init__(self, number: int, cases: Cases, chosen: Collection[str] | None) -> None:
        self._cases = cases
        self._patients = sorted(p for p in cases.notes if chosen is None or p in chosen)
        self._number = number

    def batches(self) -> list[Batch]:
        """Return the batch; none where nobody is to be screened."""
        patients = self._patients
        if not patients:
            return []
        notes = sum(len(self._cases.notes[patient_id]) for patient_id in patients)
        return [Batch(self._number, patients[0], patients[-1], len(patients), notes)]

    def patients_of(self, _batch: Batch) -> list[str]:
        """Return the patients, in the order of identifiers."""
        return self._patients

    def note_ids(self, patient_id: str) -> list[str]:
        """Return the identifiers of a patient's notes, in the order of ``case``."""
        return [note.note_id for note in self.case(patient_id).notes]

    def case(self, patient_id: str) -> PatientCase:
        """Return one patient with all notes."""
        return self._cases.case(patient_id)
