"""
One patient: notes in, findings and verdicts out.

``screen_patient`` is the one function that the batch run, the command line, the HTTP interface and the pages call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Protocol

from chartsift.nlp.criteria import evaluate
from chartsift.nlp.errors import InputError, ScreeningError
from chartsift.nlp.learned import Rater
from chartsift.nlp.screening.copied import mark_copied
from chartsift.nlp.screening.rating import rated
from chartsift.nlp.types import CohortResult, Finding, Note, NoteInfo, Patient, Problem, Search
from chartsift.nlp.values import maker

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial


_info = maker(NoteInfo)
_patient = maker(Patient)


class Extractor(Protocol):
    """
    What screening needs of the pipeline; ``chartsift.nlp.pipeline.Pipeline`` is the real one.

    Whatever stands around a pipeline hands on its rater, or a promoted model of confidence says nothing.
    """

    @property
    def rater(self) -> Rater | None:
        """What gives verdicts their calibrated confidence; None where no such model is in use."""
        ...

    def extract(self, note: Note) -> list[Finding]:
        """Return the findings of a note, sorted by start."""
        ...

    def fingerprint(self) -> str:
        """Return what identifies code, lexicon and configuration."""
        ...


@dataclass(frozen=True, slots=True)
class PatientResult:
    """
    All that is known of one patient after screening.

    Attributes:
        patient: The patient as given.
        as_of: The day of screening that was used.
        notes: The notes that were read, oldest first.
        findings: Their findings, in the order of notes and of place in the note.
        cohorts: A verdict for each cohort of the trial; exactly one is applicable.
        problems: Notes and facts left out, and why.
        unread: Names of the notes and inputs of the patient that should have been read and were not.
        first_pass: The search for signs of the disease that found none, so that no note was read in full; else None.
    """

    patient: Patient
    as_of: date
    notes: tuple[NoteInfo, ...]
    findings: tuple[Finding, ...]
    cohorts: tuple[CohortResult, ...]
    problems: tuple[Problem, ...]
    unread: tuple[str, ...] = ()
    first_pass: Search | None = None

    @property
    def applicable(self) -> CohortResult:
        """The verdict on the cohort of the patient's age."""
        return next(cohort for cohort in self.cohorts if cohort.applicable)


_result = maker(PatientResult)


def screen_patient(
    pipeline: Extractor,
    trial: Trial,
    patient: Patient,
    notes: Sequence[Note],
    *,
    as_of: date | None = None,
    unread: Sequence[str] = (),
) -> PatientResult:
    """
    Read the notes of one patient and decide the trial's criteria.

    A note dated after the day of screening, a second note with an identifier already seen, a note on which the
    pipeline fails, and a birth date after the day of screening are left out and named in ``problems``; the rest
    is evaluated.

    Args:
        pipeline: Turns a note into findings.
        trial: The trial to decide.
        patient: Whose notes these are.
        notes: Notes in any order.
        as_of: Day of screening; overrides the patient's own, which goes before the date of the last note.
        unread: Names of the notes and inputs of the patient that could not be read before this call.

    Raises:
        InputError: no note and no day of screening (IN121).
        RuleError: the trial is broken.
    """
    day = as_of or patient.as_of or max((note.note_date for note in notes), default=None)
    if day is None:
        raise InputError("IN121", "the patient has no note and no day of screening", hint="give --as-of")
    problems: list[Problem] = []
    if patient.birth_date is not None and patient.birth_date > day:
        problems.append(_born_after_as_of(notes))
        patient = replace(patient, birth_date=None)
    found = _read(pipeline, notes, day)
    findings = mark_copied(found.texts, found.findings)
    missed = (*unread, *found.missed)
    cohorts = evaluate(_at(patient, day), found.notes, findings, trial, as_of=day, unread=missed)
    cohorts = rated(pipeline, cohorts, found.notes)
    return _result(
        patient,
        day,
        tuple(found.notes),
        tuple(findings),
        tuple(cohorts),
        (*problems, *found.problems),
        missed,
    )


@dataclass(slots=True)
class _Read:
    """
    What the notes of one patient say, and what became of the others.

    Attributes:
        texts: The notes that were read.
        notes: The same without their texts.
        findings: Their findings.
        problems: Notes left out, and why.
        missed: Names of those of them that should have been read.
    """

    texts: list[Note] = field(default_factory=list)
    notes: list[NoteInfo] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def leave_out(self, problem: Problem, *, is_missed: bool = True) -> None:
        """Leave a note out for the reason that *problem* gives."""
        self.problems.append(problem)
        if is_missed:
            self.missed.append(input_name(problem))


def _read(pipeline: Extractor, notes: Sequence[Note], day: date) -> _Read:
    """Read *notes* up to *day*, the oldest first and each identifier once."""
    found = _Read()
    seen: set[str] = set()
    for note in sorted(notes, key=lambda note: note.note_date):
        if note.note_id in seen:
            found.leave_out(duplicate_problem(note.source, note.note_id))
            continue
        seen.add(note.note_id)
        if note.note_date > day:
            found.leave_out(_after_as_of(note), is_missed=False)
            continue
        try:
            findings = pipeline.extract(note)
        except Exception as exc:  # a bad note never stops a run
            found.leave_out(failed_note_problem(note, exc))
            continue
        found.findings.extend(findings)
        found.texts.append(note)
        found.notes.append(_info(note.note_id, note.note_date, note.note_type, len(note.text), note.pages))
    return found


def _at(patient: Patient, day: date) -> Patient:
    return _patient(patient.patient_id, patient.birth_date, patient.sex, day)


def input_name(problem: Problem) -> str:
    """Return what to call an input that could not be read, with the code that says why: "scan.pdf (IN101)"."""
    return f"{problem.source or problem.note_id or 'an input'} ({problem.code})"


def duplicate_problem(source: str, note_id: str) -> Problem:
    """Make the problem of a note whose identifier the patient already has."""
    return Problem(
        source,
        note_id,
        "IN109",
        "the patient already has a note with this note_id; the first one was read. "
        "Give each note of a patient its own note_id",
    )


def failure_place(error: BaseException) -> str:
    """Return type and place of an error ("ValueError at labs.py:120"): what helps a developer and holds no text."""
    frames = extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def failed_note_problem(note: Note, error: Exception) -> Problem:
    """
    Make the problem of a note on which the pipeline failed; it names the place in the code and no text.

    A ScreeningError says by itself why the note was left out: it was the end of the processes that read it.
    """
    if isinstance(error, ScreeningError):
        return Problem(note.source, note.note_id, error.code, f"{error.message}; {error.hint}")
    return Problem(
        note.source,
        note.note_id,
        "SC410",
        f"the pipeline failed on this note ({failure_place(error)}) and it was left out; "
        "read it by hand and report the code and the place as a bug",
    )


def _born_after_as_of(notes: Sequence[Note]) -> Problem:
    return Problem(
        notes[0].source if notes else "",
        "",
        "IN120",
        "the birth date of the patient of this note is after the day of screening and was left out; correct it",
    )


def _after_as_of(note: Note) -> Problem:
    return Problem(
        note.source,
        note.note_id,
        "IN126",
        "the note is dated after the day of screening and was left out; "
        "screen as of a later day if it should count",
    )
