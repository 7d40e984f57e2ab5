"""
The notes of a run, set down in one temporary SQLite file so that they can be read back patient by patient.

An archive may be larger than memory and in any order, while a patient has to be evaluated whole. The file lies
beside the results, is readable by its owner only, and is removed when the run is complete. SQLite also finds
identifiers that come twice, without holding them in memory.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, cast, get_args

from chartsift.nlp.formats import Item, Rejected
from chartsift.nlp.screening.chart import duplicate_problem, input_name
from chartsift.nlp.types import Note, Patient, Problem, Sex

Origin = Literal["table", "input"]

_TABLES = """
CREATE TABLE notes (
    seq INTEGER PRIMARY KEY, patient_id TEXT NOT NULL, note_id TEXT NOT NULL, note_date TEXT NOT NULL,
    note_type TEXT NOT NULL, source TEXT NOT NULL, text_sha BLOB NOT NULL, text TEXT NOT NULL,
    origin TEXT NOT NULL, pages TEXT NOT NULL,
    UNIQUE (patient_id, note_id)
);
CREATE TABLE patients (
    patient_id TEXT PRIMARY KEY, birth_date TEXT, sex TEXT, as_of TEXT, origin TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE problems (
    seq INTEGER PRIMARY KEY, source TEXT NOT NULL, note_id TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL
);
CREATE TABLE unread (seq INTEGER PRIMARY KEY, patient_id TEXT NOT NULL, name TEXT NOT NULL);
CREATE INDEX unread_of ON unread (patient_id);
"""
_COMMIT_EVERY = 5_000


@dataclass(frozen=True, slots=True)
class PatientCase:
    """One patient ready for screening: facts, notes, and the names of inputs that could not be read."""

    patient: Patient
    notes: tuple[Note, ...]
    unread: tuple[str, ...]


@dataclass
class InputCounts:
    """
    What came in. ``rows_seen == notes_read + input_problems`` and ``patient_rows_seen == patients_listed +
    patient_rows_repeated + patient_problems``.
    """

    rows_seen: int = 0
    notes_read: int = 0
    input_problems: int = 0
    patient_rows_seen: int = 0
    patients_listed: int = 0
    patient_rows_repeated: int = 0
    patient_problems: int = 0


class NoteStore:
    """Notes, patients and input problems of one run; write with ``add``, then ``finish``, then read."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None)
        # Made anew by every start, so that durability would only cost time.
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;" + _TABLES
        )
        self._db.execute("BEGIN")
        self._digest = hashlib.sha256()
        self._pending = 0
        self.counts = InputCounts()

    def add(self, item: Item, *, origin: Origin = "input") -> None:
        """Set down one item; *origin* "table" is the patients table, which goes before facts found in inputs."""
        if isinstance(item, Note):
            self._add_note(item)
        elif isinstance(item, Patient):
            self._add_patient(item, origin)
        else:
            self._add_rejected(item)
        self._pending += 1
        if self._pending >= _COMMIT_EVERY:
            self._db.execute("COMMIT")
            self._db.execute("BEGIN")
            self._pending = 0

    def finish(self) -> None:
        """Close the writing; the store can be read from now on."""
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @property
    def digest(self) -> str:
        """SHA-256 of everything that came in, in order: equal inputs have equal digests."""
        return self._digest.hexdigest()

    def count_patients(self) -> int:
        """Return the number of patients with at least one note."""
        return int(self._db.execute("SELECT COUNT(DISTINCT patient_id) FROM notes").fetchone()[0])

    def count_listed_without_notes(self) -> int:
        """Return the number of listed patients without any note that could be read."""
        query = "SELECT COUNT(*) FROM patients WHERE patient_id NOT IN (SELECT patient_id FROM notes)"
        return int(self._db.execute(query).fetchone()[0])

    def note_counts(self) -> Iterator[tuple[str, int]]:
        """Yield each patient with notes, in the order of identifiers, and the number of notes."""
        yield from self._db.execute(
            "SELECT patient_id, COUNT(*) FROM notes GROUP BY patient_id ORDER BY patient_id"
        )

    def problems(self) -> Iterator[Problem]:
        """Yield the problems of reading, in order."""
        for row in self._db.execute("SELECT source, note_id, code, message FROM problems ORDER BY seq"):
            yield Problem(*row)

    def case(self, patient_id: str) -> PatientCase:
        """Return one patient with all notes, oldest first, notes of one day in the order they came."""
        rows = self._db.execute(
            "SELECT note_id, note_date, note_type, text, source, origin, pages FROM notes WHERE patient_id = ? "
            "ORDER BY note_date, seq",
            (patient_id,),
        )
        notes = tuple(
            Note(
                patient_id,
                note_id,
                date.fromisoformat(day),
                note_type,
                text,
                source,
                origin,
                tuple(map(int, pages.split())),
            )
            for note_id, day, note_type, text, source, origin, pages in rows
        )
        unread = self._db.execute("SELECT name FROM unread WHERE patient_id = ? ORDER BY seq", (patient_id,))
        return PatientCase(self._patient(patient_id), notes, tuple(name for (name,) in unread))

    def _patient(self, patient_id: str) -> Patient:
        row = self._db.execute(
            "SELECT birth_date, sex, as_of FROM patients WHERE patient_id = ?", (patient_id,)
        ).fetchone()
        if row is None:
            return Patient(patient_id)
        birth_date, sex, as_of = row
        return Patient(
            patient_id,
            date.fromisoformat(birth_date) if birth_date else None,
            cast(Sex, sex) if sex in get_args(Sex) else None,
            date.fromisoformat(as_of) if as_of else None,
        )

    def _add_note(self, note: Note) -> None:
        text_sha = hashlib.sha256(note.text.encode("utf-8")).digest()
        day = note.note_date.isoformat()
        pages = " ".join(map(str, note.pages))
        facts = (
            note.patient_id,
            note.note_id,
            day,
            note.note_type,
            text_sha.hex(),
            note.source,
            note.origin,
            pages,
        )
        self._note_in_digest("note", *facts)
        self.counts.rows_seen += 1
        done = self._db.execute(
            "INSERT INTO notes (patient_id, note_id, note_date, note_type, source, text_sha, text, origin, pages) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                note.patient_id,
                note.note_id,
                day,
                note.note_type,
                note.source,
                text_sha,
                note.text,
                note.origin,
                pages,
            ),
        )
        if done.rowcount:
            self.counts.notes_read += 1
            return
        first_day, first_sha = self._db.execute(
            "SELECT note_date, text_sha FROM notes WHERE patient_id = ? AND note_id = ?",
            (note.patient_id, note.note_id),
        ).fetchone()
        # A plain copy hides nothing; another text under the same identifier is a note that nobody read.
        is_copy = first_day == day and first_sha == text_sha
        self._add_problem(
            duplicate_problem(note.source, note.note_id), note.patient_id, is_missed=not is_copy
        )
        self.counts.input_problems += 1

    def _add_patient(self, patient: Patient, origin: Origin) -> None:
        birth_date = patient.birth_date.isoformat() if patient.birth_date else None
        as_of = patient.as_of.isoformat() if patient.as_of else None
        facts = (birth_date, patient.sex, as_of)
        self._note_in_digest("patient", patient.patient_id, birth_date, patient.sex, as_of, origin)
        self.counts.patient_rows_seen += 1
        done = self._db.execute(
            "INSERT INTO patients (patient_id, birth_date, sex, as_of, origin) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (patient.patient_id, *facts, origin),
        )
        if done.rowcount:
            self.counts.patients_listed += 1
            return
        known = self._db.execute(
            "SELECT birth_date, sex, as_of, origin FROM patients WHERE patient_id = ?", (patient.patient_id,)
        ).fetchone()
        if known[3] != origin or known[:3] == facts:
            self.counts.patient_rows_repeated += 1
            return
        self.counts.patient_problems += 1
        self._add_problem(
            Problem(
                "patients",
                "",
                "IN123",
                "a patient is listed twice with different facts; the first row was used. Keep one row a patient",
            )
        )

    def _add_rejected(self, rejected: Rejected) -> None:
        problem = rejected.problem
        self._note_in_digest("rejected", problem.source, problem.note_id, problem.code)
        if rejected.about == "patient":
            self.counts.patient_rows_seen += 1
            self.counts.patient_problems += 1
        else:
            self.counts.rows_seen += 1
            self.counts.input_problems += 1
        self._add_problem(problem, rejected.patient_id, is_missed=rejected.is_missed)

    def _add_problem(self, problem: Problem, patient_id: str = "", *, is_missed: bool = False) -> None:
        self._db.execute(
            "INSERT INTO problems (source, note_id, code, message) VALUES (?, ?, ?, ?)",
            (problem.source, problem.note_id, problem.code, problem.message),
        )
        if is_missed and patient_id:
            self._db.execute(
                "INSERT INTO unread (patient_id, name) VALUES (?, ?)", (patient_id, input_name(problem))
            )

    def _note_in_digest(self, *facts: str | None) -> None:
        self._digest.update(json.dumps(facts).encode("ascii"))
