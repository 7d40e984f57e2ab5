"""
A batch of patients becomes the rows of one part: the unit of work, of writing and of going on after a kill.

``screen_batch`` takes and returns plain values only, so that any process can call it as it is.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from chartsift.nlp.errors import ChartsiftError, RuleError, ScreeningError
from chartsift.nlp.screening.candidates import screen_candidate
from chartsift.nlp.screening.chart import Extractor, PatientResult, failure_place, screen_patient
from chartsift.nlp.screening.rows import Row, problem_row, result_rows, text_rows
from chartsift.nlp.screening.schema import TABLES
from chartsift.nlp.screening.store import PatientCase
from chartsift.nlp.types import CohortResult, CriterionResult, Problem

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial
    from chartsift.nlp.screening.signs import SignSearch

# How many patients of a part are kept for the tables that people read; the files hold all of them.
TOP_PATIENTS = 200

_STATUS_RANK = {"eligible": 0, "undetermined": 1, "ineligible": 2}


@dataclass
class Tally:
    """
    What is counted of a part, and of a run as the sum of its parts.

    Attributes:
        counts: Notes and patients by what became of them, and rows.
        cohort_status: Patients by applicable cohort and status, "adult/eligible".
        criteria: Patients by applicable cohort, criterion, status and basis, "adult/age/met/documented".
        funnel: Patients still possible (and, of those, without a doubt so far) after each criterion of their
            cohort, "adult/age/possible" and "adult/age/clear".
        problem_codes: Problems by code.
        no_sign: Patients without a sign of the disease, by applicable cohort. None of the tables above counts them,
            for nothing of theirs was decided by reading.
        searched: First and last day of the notes of those patients, as ISO strings; "" where there are none.
        top: The patients nearest to eligible: (rank of status, minus score, patient_id).
    """

    counts: Counter[str] = field(default_factory=Counter)
    cohort_status: Counter[str] = field(default_factory=Counter)
    criteria: Counter[str] = field(default_factory=Counter)
    funnel: Counter[str] = field(default_factory=Counter)
    problem_codes: Counter[str] = field(default_factory=Counter)
    no_sign: Counter[str] = field(default_factory=Counter)
    searched: tuple[str, str] = ("", "")
    top: list[tuple[int, float, str]] = field(default_factory=list)

    @property
    def failures(self) -> int:
        """Notes and patients that failed."""
        return self.counts["notes_failed"] + self.counts["patients_failed"]

    def add(self, other: Tally) -> None:
        """Add another part's counts to these."""
        self.counts.update(other.counts)
        self.cohort_status.update(other.cohort_status)
        self.criteria.update(other.criteria)
        self.funnel.update(other.funnel)
        self.problem_codes.update(other.problem_codes)
        self.no_sign.update(other.no_sign)
        self.add_searched(other.searched)
        self.top = sorted([*self.top, *other.top])[:TOP_PATIENTS]

    def add_searched(self, days: tuple[str, str]) -> None:
        """Widen the span of the notes that were only searched by another one."""
        spans = [span for span in (self.searched, days) if span[0]]
        if spans:
            self.searched = (min(first for first, _ in spans), max(last for _, last in spans))

    def to_dict(self) -> dict[str, Any]:
        """Return the tally as plain values for JSON."""
        return {
            "counts": dict(self.counts),
            "cohort_status": dict(self.cohort_status),
            "criteria": dict(self.criteria),
            "funnel": dict(self.funnel),
            "problem_codes": dict(self.problem_codes),
            "no_sign": dict(self.no_sign),
            "searched": list(self.searched),
            "top": [list(item) for item in self.top],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Tally:
        """Make a tally from what ``to_dict`` returned."""
        return cls(
            Counter(data["counts"]),
            Counter(data["cohort_status"]),
            Counter(data["criteria"]),
            Counter(data["funnel"]),
            Counter(data["problem_codes"]),
            Counter(data["no_sign"]),
            (str(data["searched"][0]), str(data["searched"][1])),
            [(int(rank), float(score), str(patient)) for rank, score, patient in data["top"]],
        )


@dataclass
class Part:
    """The rows of a batch by table, and its tally."""

    tables: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES})
    tally: Tally = field(default_factory=Tally)


def screen_batch(
    pipeline: Extractor,
    trial: Trial,
    cases: Iterable[PatientCase],
    *,
    as_of: date | None = None,
    lost: Mapping[str, ScreeningError] = MappingProxyType({}),
    search: SignSearch | None = None,
) -> Part:
    """
    Screen the patients of one batch, in the order given.

    A patient on whom the evaluation fails becomes one problem row, and the next one follows.

    Args:
        pipeline: Turns a note into findings.
        trial: The trial to decide.
        cases: The patients; each is taken when the one before is done.
        as_of: Day of screening for everyone; None for each patient's own.
        lost: Patients who are not to be evaluated, since that ended the process, and what to say of them.
        search: Looks for the disease in the plain text first: patients without a sign of it are not read in full.

    Raises:
        RuleError: the trial itself is broken, which no other patient would survive either.
    """
    part = Part()
    for case in cases:
        try:
            if case.patient.patient_id in lost:
                raise lost[case.patient.patient_id]
            result = screen_case(pipeline, trial, case, as_of=as_of, search=search)
        except RuleError:
            raise
        except Exception as exc:  # one patient never stops a run
            _add_failure(part, case, exc)
        else:
            _add_result(part, result)
            taken_out = [note for note in case.notes if note.origin]
            if taken_out:
                read = {note.note_id for note in result.notes}
                part.tables["texts"].extend(text_rows([note for note in taken_out if note.note_id in read]))
    return part


def screen_case(
    pipeline: Extractor,
    trial: Trial,
    case: PatientCase,
    *,
    as_of: date | None = None,
    search: SignSearch | None = None,
) -> PatientResult:
    """Screen one patient as ``screen_batch`` does; raises what ``screen_patient`` raises."""
    if search is None:
        return screen_patient(pipeline, trial, case.patient, case.notes, as_of=as_of, unread=case.unread)
    return screen_candidate(
        pipeline, trial, case.patient, case.notes, search, as_of=as_of, unread=case.unread
    )


def _add_result(part: Part, result: PatientResult) -> None:
    for name, rows in result_rows(result).items():
        part.tables[name].extend(rows)
    tally = part.tally
    after_as_of = facts_left_out = 0
    if result.problems:
        codes = [problem.code for problem in result.problems]
        after_as_of, facts_left_out = codes.count("IN126"), codes.count("IN120")
        tally.problem_codes.update(codes)
    counts = tally.counts
    counts["patients_screened"] += 1
    counts["notes_evaluated"] += len(result.notes)
    counts["notes_after_as_of"] += after_as_of
    counts["notes_failed"] += len(result.problems) - after_as_of - facts_left_out
    counts["patient_facts_left_out"] += facts_left_out
    counts["findings"] += len(result.findings)
    cohort = result.applicable
    search = result.first_pass
    if search is not None:
        tally.counts.update(patients_without_sign=1, notes_searched=search.notes)
        tally.no_sign[cohort.cohort_id] += 1
        if search.first is not None and search.last is not None:
            tally.add_searched((search.first.isoformat(), search.last.isoformat()))
        return
    tally.cohort_status[f"{cohort.cohort_id}/{cohort.status}"] += 1
    insort(tally.top, (_STATUS_RANK[cohort.status], -round(cohort.score, 6), result.patient.patient_id))
    del tally.top[TOP_PATIENTS:]
    _count_criteria(tally, cohort)


def _count_criteria(tally: Tally, cohort: CohortResult) -> None:
    counted, funnel, cohort_id = tally.criteria, tally.funnel, cohort.cohort_id
    is_possible = is_clear = True
    for criterion in cohort.criteria:
        basis, status = criterion.basis, criterion.status
        key, possible, clear = _names(cohort_id, criterion.criterion_id, status, basis)
        # A Counter makes a call of its own for each key that it does not have yet.
        counted[key] = counted.get(key, 0) + 1
        if basis == "judgement":
            continue
        if status == "unknown":
            is_clear = False
        elif is_possible and rules_out(criterion):
            is_possible = is_clear = False
        funnel[possible] = funnel.get(possible, 0) + is_possible
        funnel[clear] = funnel.get(clear, 0) + is_clear


@lru_cache(maxsize=10_000)
def _names(cohort_id: str, criterion_id: str, status: str, basis: str) -> tuple[str, str, str]:
    """Return what a verdict on a criterion of a cohort is called in the tables of a tally, and in the funnel."""
    name = f"{cohort_id}/{criterion_id}"
    return f"{name}/{status}/{basis}", f"{name}/possible", f"{name}/clear"


def rules_out(criterion: CriterionResult) -> bool:
    """Tell whether a verdict makes the patient ineligible."""
    return criterion.status == ("not_met" if criterion.kind == "inclusion" else "met")


def _add_failure(part: Part, case: PatientCase, error: Exception) -> None:
    source = case.notes[0].source if case.notes else ""
    if isinstance(error, ChartsiftError):
        problem = Problem(source, "", error.code, f"{error.message}; {error.hint}".rstrip("; "))
    else:
        problem = Problem(
            source,
            "",
            "SC411",
            f"the evaluation failed on the patient of this note ({failure_place(error)}); "
            "no verdict was written. Read the chart by hand and report the code and the place as a bug",
        )
    part.tables["errors"].append(problem_row(problem))
    part.tally.counts.update(patients_failed=1, notes_of_failed_patients=len(case.notes))
    part.tally.problem_codes[problem.code] += 1
