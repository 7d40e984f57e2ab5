"""
The notes of a run, set down on disk so that they can be read back patient by patient.

An archive may be larger than memory and in any order, while a patient has to be evaluated whole. Texts go one after
the other into a plain file, and who and where into SQLite beside it: in one table, copying the texts through
SQLite's pages took most of the time of reading an archive. SQLite also finds identifiers that come twice, and cuts
the patients into batches, without holding either in memory. Both files lie beside the results, are readable by their
owner only, and are removed when the run is complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Protocol, cast, get_args

from chartsift.nlp.formats import Item, Rejected
from chartsift.nlp.screening.chart import duplicate_problem, input_name
from chartsift.nlp.types import Note, Patient, Problem, Sex

Origin = Literal["table", "input"]

_TABLES = """
CREATE TABLE notes (
    seq INTEGER PRIMARY KEY, patient_id TEXT NOT NULL, note_id TEXT NOT NULL, note_date TEXT NOT NULL,
    note_type TEXT NOT NULL, source TEXT NOT NULL, text_sha BLOB NOT NULL, start INTEGER NOT NULL,
    size INTEGER NOT NULL, origin TEXT NOT NULL, pages TEXT NOT NULL
);
CREATE TABLE patients (
    patient_id TEXT PRIMARY KEY, birth_date TEXT, sex TEXT, as_of TEXT, origin TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE problems (
    seq INTEGER PRIMARY KEY, source TEXT NOT NULL, note_id TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL
);
CREATE TABLE unread (seq INTEGER PRIMARY KEY, patient_id TEXT NOT NULL, name TEXT NOT NULL);
CREATE INDEX unread_of ON unread (patient_id);
CREATE TABLE chosen (patient_id TEXT PRIMARY KEY, notes INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE batches (
    number INTEGER PRIMARY KEY, first TEXT NOT NULL, last TEXT NOT NULL, patients INTEGER NOT NULL,
    notes INTEGER NOT NULL
);
"""
_COMMIT_EVERY = 5_000
# Notes that are handed to SQLite at once; a call for each would cost as much as the insertion.
_INSERT_AT_ONCE = 256
# Of texts before they are written, in bytes.
_TEXT_BUFFER = 1024**2

# Notes of a batch: a part takes seconds, so that a kill costs little. A large archive gets larger parts, so that up to
# a million notes make 2,000 of them; beyond, more parts rather than larger ones, since a part is held in memory.
LEAST_NOTES = 100
_MOST_NOTES = 500
_PARTS_AIM = 2_000


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


@dataclass(frozen=True, slots=True)
class Batch:
    """Patients that are screened and written together: those chosen between two identifiers, both included."""

    number: int
    first: str
    last: str
    patients: int
    notes: int


@dataclass(frozen=True, slots=True)
class BatchDone:
    """A batch whose part is written, and how many of its notes and patients failed."""

    batch: Batch
    failures: int


class CaseSource(Protocol):
    """Where the notes of a batch come from; ``FinishedStore`` is the usual one."""

    def patients_of(self, batch: Batch) -> list[str]:
        """Return the patients of a batch, in the order of identifiers."""
        ...

    def note_ids(self, patient_id: str) -> list[str]:
        """Return the identifiers of a patient's notes, in the order of ``case``."""
        ...

    def case(self, patient_id: str) -> PatientCase:
        """Return one patient with all notes, oldest first, notes of one day in the order they came."""
        ...


class FinishedStore:
    """The store as the processes read it that screen: after ``NoteStore.finish``, from any number of them."""

    def __init__(self, path: Path) -> None:
        # Nobody writes any more, so that no locks are needed.
        self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        self._texts = os.open(_texts_of(path), os.O_RDONLY)

    def close(self) -> None:
        """Close the files."""
        self._db.close()
        if self._texts >= 0:
            os.close(self._texts)
            self._texts = -1

    def patients_of(self, batch: Batch) -> list[str]:
        """Return the patients of a batch, in the order of identifiers."""
        query = "SELECT patient_id FROM chosen WHERE patient_id BETWEEN ? AND ? ORDER BY patient_id"
        return [patient_id for (patient_id,) in self._db.execute(query, (batch.first, batch.last))]

    def note_ids(self, patient_id: str) -> list[str]:
        """Return the identifiers of a patient's notes, in the order of ``case``."""
        query = "SELECT note_id FROM notes WHERE patient_id = ? ORDER BY note_date, seq"
        return [note_id for (note_id,) in self._db.execute(query, (patient_id,))]

    def case(self, patient_id: str) -> PatientCase:
        """Return one patient with all notes, oldest first, notes of one day in the order they came."""
        rows = self._db.execute(
            "SELECT note_id, note_date, note_type, start, size, source, origin, pages FROM notes "
            "WHERE patient_id = ? ORDER BY note_date, seq",
            (patient_id,),
        )
        notes = tuple(
            Note(
                patient_id,
                note_id,
                date.fromisoformat(day),
                note_type,
                self._text(start, size),
                source,
                origin,
                tuple(map(int, pages.split())),
            )
            for note_id, day, note_type, start, size, source, origin, pages in rows
        )
        unread = self._db.execute("SELECT name FROM unread WHERE patient_id = ? ORDER BY seq", (patient_id,))
        return PatientCase(self._patient(patient_id), notes, tuple(name for (name,) in unread))

    def problems(self) -> Iterator[Problem]:
        """Yield the problems of reading, in order."""
        for row in self._db.execute("SELECT source, note_id, code, message FROM problems ORDER BY seq"):
            yield Problem(*row)

    def _text(self, start: int, size: int) -> str:
        data = os.pread(self._texts, size, start)
        if len(data) < size:
            raise OSError(5, "the store of the notes is cut off")
        return data.decode("utf-8")

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


class NoteStore(FinishedStore):
    """Notes, patients and input problems of one run; write with ``add``, then ``finish``, then read."""

    def __init__(self, path: Path) -> None:
        remove_store(path)
        for file in (path, _texts_of(path)):
            file.touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None)
        # Made anew by every start, so that durability would only cost time. Larger pages are fewer writes.
        self._db.executescript(
            "PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
            "PRAGMA temp_store = FILE;" + _TABLES
        )
        self._db.execute("BEGIN")
        self._texts = os.open(_texts_of(path), os.O_RDONLY)
        self._writing = _texts_of(path).open("ab", buffering=_TEXT_BUFFER)
        self._end = 0
        self._seq = 0
        self._waiting: list[tuple[int | str | bytes, ...]] = []
        self._digest = hashlib.sha256()
        self.counts = InputCounts()

    def add(self, item: Item, *, origin: Origin = "input") -> None:
        """Set down one item; *origin* "table" is the patients table, which goes before facts found in inputs."""
        self._seq += 1
        if isinstance(item, Note):
            self._add_note(item)
        elif isinstance(item, Patient):
            self._add_patient(item, origin)
        else:
            self._add_rejected(item)
        if self._seq % _COMMIT_EVERY == 0:
            self._insert_notes()
            self._db.execute("COMMIT")
            self._db.execute("BEGIN")

    def finish(self) -> None:
        """Close the writing and leave out notes that came twice; from now on the store can be read, and counts hold."""
        self._insert_notes()
        self._writing.close()
        # Sorted once at the end: kept up with every note, the index of a large archive is written all over the disk.
        self._db.execute("CREATE INDEX notes_of ON notes (patient_id, note_id)")
        self._leave_out_duplicates()
        self._db.execute("COMMIT")

    def plan(self, *, limit: int | None = None, sample: int | None = None, seed: int = 0) -> None:
        """
        Choose the patients and cut them into batches; the cut follows from the notes alone, never from speed.

        Args:
            limit: Only the first so many patients.
            sample: Only so many patients at random: the same ones for the same seed, in whatever order they came.
            seed: Chooses another sample.
        """

        def draw(patient_id: str) -> bytes:
            return hashlib.sha256(f"{seed}\x1f{patient_id}".encode()).digest()

        self._db.create_function("draw", 1, draw, deterministic=True)
        order = "patient_id" if sample is None else "draw(patient_id), patient_id"
        most = min((n for n in (limit, sample) if n is not None), default=-1)
        self._db.execute("BEGIN")
        self._db.execute("DELETE FROM chosen")
        self._db.execute("DELETE FROM batches")
        self._db.execute(
            "INSERT INTO chosen SELECT patient_id, COUNT(*) FROM notes GROUP BY patient_id "  # noqa: S608 - of two
            f"ORDER BY {order} LIMIT ?",
            (most,),
        )
        aim = min(max(LEAST_NOTES, self.counts.notes_read // _PARTS_AIM), _MOST_NOTES)
        self._db.executemany(
            "INSERT INTO batches VALUES (?, ?, ?, ?, ?)",
            (
                (batch.number, batch.first, batch.last, batch.patients, batch.notes)
                for batch in _cut(self._db.execute("SELECT * FROM chosen ORDER BY patient_id"), aim)
            ),
        )
        self._db.execute("COMMIT")

    def batches(self) -> Iterator[Batch]:
        """Yield the batches of the plan, in order."""
        for row in self._db.execute(
            "SELECT number, first, last, patients, notes FROM batches ORDER BY number"
        ):
            yield Batch(*row)

    def count_batches(self) -> tuple[int, int]:
        """Return the number of batches of the plan, and of their notes."""
        batches, notes = self._db.execute("SELECT COUNT(*), COALESCE(SUM(notes), 0) FROM batches").fetchone()
        return int(batches), int(notes)

    def close(self) -> None:
        """Close the files."""
        self._writing.close()
        super().close()

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

    def _add_note(self, note: Note) -> None:
        text = note.text.encode("utf-8")
        text_sha = hashlib.sha256(text).digest()
        day = note.note_date.isoformat()
        pages = " ".join(map(str, note.pages)) if note.pages else ""
        self._note_in_digest(
            "note",
            note.patient_id,
            note.note_id,
            day,
            note.note_type,
            text_sha.hex(),
            note.source,
            note.origin,
            pages,
        )
        self.counts.rows_seen += 1
        # Until "finish" has found the duplicates.
        self.counts.notes_read += 1
        self._waiting.append(
            (
                self._seq,
                note.patient_id,
                note.note_id,
                day,
                note.note_type,
                note.source,
                text_sha,
                self._end,
                len(text),
                note.origin,
                pages,
            )
        )
        self._writing.write(text)
        self._end += len(text)
        if len(self._waiting) >= _INSERT_AT_ONCE:
            self._insert_notes()

    def _insert_notes(self) -> None:
        self._db.executemany("INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self._waiting)
        self._waiting.clear()

    def _leave_out_duplicates(self) -> None:
        # Set aside first, since a table is not to change under the query that reads it.
        self._db.execute(
            "CREATE TABLE twice AS SELECT patient_id, note_id FROM notes GROUP BY patient_id, note_id "
            "HAVING COUNT(*) > 1"
        )
        for key in self._db.execute("SELECT patient_id, note_id FROM twice"):
            same = self._db.execute(
                "SELECT seq, source, note_date, text_sha FROM notes WHERE patient_id = ? AND note_id = ? "
                "ORDER BY seq",
                key,
            ).fetchall()
            _, _, first_day, first_sha = same[0]
            for seq, source, day, text_sha in same[1:]:
                # A plain copy hides nothing; another text under the same identifier is a note that nobody read.
                is_copy = (day, text_sha) == (first_day, first_sha)
                problem = duplicate_problem(source, key[1])
                self._add_problem(problem, key[0], is_missed=not is_copy, seq=seq)
                self.counts.notes_read -= 1
                self.counts.input_problems += 1
                self._db.execute("DELETE FROM notes WHERE seq = ?", (seq,))
        self._db.execute("DROP TABLE twice")

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

    def _add_problem(
        self, problem: Problem, patient_id: str = "", *, is_missed: bool = False, seq: int | None = None
    ) -> None:
        """Set down a problem in the place of its item: the one that is being added, or that of *seq*."""
        seq = self._seq if seq is None else seq
        self._db.execute(
            "INSERT INTO problems VALUES (?, ?, ?, ?, ?)",
            (seq, problem.source, problem.note_id, problem.code, problem.message),
        )
        if is_missed and patient_id:
            self._db.execute("INSERT INTO unread VALUES (?, ?, ?)", (seq, patient_id, input_name(problem)))

    def _note_in_digest(self, *facts: str | None) -> None:
        self._digest.update(json.dumps(facts).encode("ascii"))


def remove_store(path: Path) -> None:
    """Remove the files of a store, where there are any."""
    for file in (path, _texts_of(path)):
        file.unlink(missing_ok=True)


def _texts_of(path: Path) -> Path:
    return path.with_suffix(".texts")


def _cut(patients: Iterator[tuple[str, int]] | sqlite3.Cursor, aim: int) -> Iterator[Batch]:
    """Yield batches of whole patients with *aim* notes or, with the last patient, some more."""
    number = 0
    first = last = ""
    count = notes = 0
    for last, of_patient in patients:
        first = first if count else last
        count += 1
        notes += of_patient
        if notes >= aim:
            yield Batch(number, first, last, count, notes)
            number, count, notes = number + 1, 0, 0
    if count:
        yield Batch(number, first, last, count, notes)
