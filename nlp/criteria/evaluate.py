"""
From a patient's findings to verdicts: the one function that the batch run, the command line and the web all call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import TypeVar

from chartsift.nlp.criteria.birth import birth_of
from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.schema import Cohort, Criterion, TrialFile
from chartsift.nlp.criteria.search import read_of
from chartsift.nlp.criteria.verdict import verdicts_on
from chartsift.nlp.errors import InputError
from chartsift.nlp.types import (
    CohortResult,
    CohortStatus,
    CriterionResult,
    Finding,
    NoteInfo,
    Patient,
)
from chartsift.nlp.values import maker

_T = TypeVar("_T")
_of_cohort = maker(CohortResult)


def evaluate(
    patient: Patient,
    notes: Sequence[NoteInfo],
    findings: Sequence[Finding],
    trial: TrialFile,
    *,
    as_of: date | None = None,
    unread: Sequence[str] = (),
) -> list[CohortResult]:
    """
    Return the verdicts of every cohort of *trial* on one patient; exactly one cohort is applicable.

    Args:
        patient: Who; ``patient.as_of`` is the screening day unless *as_of* is given.
        notes: The notes that were read. Those after the screening day are left out.
        findings: Their findings.
        trial: The trial.
        as_of: Screening day for this call; without it the patient's own, else the date of the last note.
        unread: Names of the inputs of this patient that could not be read, for the proof of search.

    Raises:
        InputError: There is neither a note nor a screening day (IN121).
    """
    day = as_of or patient.as_of or max((note.note_date for note in notes), default=None)
    if day is None:
        raise InputError("IN121", "a patient without notes has no screening day", hint="give as_of")
    chart = Chart.build(patient, notes, findings, day)
    asked = _asked(trial)
    chosen = _applicable(chart, asked)
    read = read_of(chart, tuple(unread))
    decided = verdicts_on(chart, asked.criteria, read)
    return [
        _cohort_result(chart, trial, cohort, results_of(decided), applicable=cohort is chosen)
        for cohort, results_of in asked.cohorts
    ]


@dataclass(frozen=True, slots=True)
class _Asked:
    """
    What a trial asks.

    Attributes:
        trial: The trial, which is kept, so that its identity stays its own.
        criteria: Its criteria, each once: cohorts share some, and each is decided once.
        cohorts: Its cohorts, each with what takes the results of its criteria from those of all.
        by_age: Its cohorts for patients of an age, in its order.
        default: Its cohort for all others.
    """

    trial: TrialFile
    criteria: tuple[Criterion, ...]
    cohorts: tuple[tuple[Cohort, Callable[[Sequence[CriterionResult]], tuple[CriterionResult, ...]]], ...]
    by_age: tuple[Cohort, ...]
    default: Cohort


# By the identity of the trial, as with parameters.
_ASKED: dict[int, _Asked] = {}
_MOST_TRIALS = 1_000


def _asked(trial: TrialFile) -> _Asked:
    """Return the criteria and cohorts of *trial*, put together once."""
    known = _ASKED.get(id(trial))
    if known is None or known.trial is not trial:
        if len(_ASKED) >= _MOST_TRIALS:
            _ASKED.clear()
        criteria_of = [(cohort, trial.criteria_of(cohort)) for cohort in trial.cohorts]
        once = {id(criterion): criterion for _, criteria in criteria_of for criterion in criteria}
        place = {key: i for i, key in enumerate(once)}
        cohorts = tuple(
            (cohort, _taker([place[id(c)] for c in criteria])) for cohort, criteria in criteria_of
        )
        default = next(cohort for cohort in trial.cohorts if cohort.applies.default)
        by_age = tuple(cohort for cohort in trial.cohorts if cohort is not default)
        known = _ASKED[id(trial)] = _Asked(trial, tuple(once.values()), cohorts, by_age, default)
    return known


def _taker(places: Sequence[int]) -> Callable[[Sequence[_T]], tuple[_T, ...]]:
    """Return what takes the items at *places*, as a tuple."""
    if len(places) < 2:
        # Of one place ``itemgetter`` returns the item itself.
        return lambda items: tuple([items[i] for i in places])
    return itemgetter(*places)


def _applicable(chart: Chart, asked: _Asked) -> Cohort:
    born = birth_of(chart)
    youngest, oldest = born.ages(chart.as_of) if born else (0, 0)
    for cohort in asked.by_age:
        applies = cohort.applies
        if born is None:
            if applies.pediatric and is_plainly_pediatric(chart):
                return cohort
        elif (applies.min_age is None or oldest >= applies.min_age) and (
            applies.max_age is None or youngest <= applies.max_age
        ):
            return cohort
    return asked.default


def is_plainly_pediatric(chart: Chart) -> bool:
    """Say whether a chart without an age is a child's: pediatric clinics, schools and growth in most of its notes."""
    notes_with_signs = {f.note_id for f in chart.of("age", ["pediatric"])}
    pediatric = [
        words
        for words in {n.note_type for n in chart.notes}
        if "pediat" in words.lower() or "peds" in words.lower()
    ]
    if pediatric:
        notes_with_signs |= {n.note_id for n in chart.notes if n.note_type in pediatric}
    return len(notes_with_signs) * 2 > len(chart.notes)


def _cohort_result(
    chart: Chart,
    trial: TrialFile,
    cohort: Cohort,
    results: tuple[CriterionResult, ...],
    *,
    applicable: bool,
) -> CohortResult:
    status: CohortStatus = "eligible"
    missing: list[str] = []
    counted = 0
    points = 0.0
    for r in results:
        if r.basis == "judgement":
            continue
        counted += 1
        if r.status == "unknown":
            missing.append(r.criterion_id)
            points += 0.5
        elif r.status == ("met" if r.kind == "inclusion" else "not_met"):
            points += 1.0
        else:
            status = "ineligible"
    if missing and status == "eligible":
        status = "undetermined"
    # The share of criteria that stand as enrolment needs them; half for an unknown, none after a failure.
    score = round(points / counted, 4) if counted and status != "ineligible" else 0.0
    return _of_cohort(
        chart.patient.patient_id,
        trial.trial_id,
        trial.version,
        cohort.cohort_id,
        chart.as_of,
        applicable,
        status,
        results,
        tuple(missing),
        score,
    )
