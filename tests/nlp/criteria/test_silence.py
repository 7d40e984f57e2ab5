"""What is worked out once for silent charts is what each of them gets when it is decided in full."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.findings import AS_OF, chart, finding
from support.random_charts import SORTS, TRIALS, findings_of

from chartsift.nlp.criteria import evaluate, expression, verdict
from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.logic import Outcome
from chartsift.nlp.criteria.schema import Criterion
from chartsift.nlp.criteria.silence import silence_of
from chartsift.nlp.types import CohortResult, Finding, NoteInfo, Patient

_FINDINGS = st.one_of([st.just([]), *(findings_of(name) for name in SORTS)])
_CRITERIA = [
    pytest.param(criterion, id=f"{trial.trial_id}/{cohort.cohort_id}/{criterion.criterion_id}")
    for trial in TRIALS
    for cohort in trial.cohorts
    for criterion in trial.criteria_of(cohort)
]


def _in_full(
    patient: Patient, notes: list[NoteInfo], findings: list[Finding], on: date, unread: tuple[str, ...]
) -> list[list[CohortResult]]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(verdict, "_silent", lambda _: None)
        patched.setattr(verdict, "_SILENCES", {})
        patched.setattr(expression, "_part_of", expression.outcome_of)
        return _decided(patient, notes, findings, on, unread)


def _decided(
    patient: Patient, notes: list[NoteInfo], findings: list[Finding], on: date, unread: tuple[str, ...]
) -> list[list[CohortResult]]:
    return [evaluate(patient, notes, findings, trial, as_of=on, unread=unread) for trial in TRIALS]


@settings(max_examples=150, deadline=None)
@given(
    findings=st.lists(_FINDINGS, max_size=3).map(lambda groups: [f for group in groups for f in group]),
    born=st.sampled_from([None, date(1970, 1, 1), date(2010, 6, 1), date(2100, 1, 1)]),
    unread=st.sampled_from([(), ("scan.pdf (IN101)",)]),
    later=st.integers(-300, 300),
    corrects=st.sampled_from(["", "corrected", "doubtful"]),
)
def test_every_field_is_that_of_the_full_decision(
    findings: list[Finding], born: date | None, unread: tuple[str, ...], later: int, corrects: str
) -> None:
    if corrects and findings:
        one = findings[0]
        attributes = tuple(sorted([*one.attributes, (corrects, "wrong patient")]))
        findings = [replace(one, attributes=attributes), *findings]
    days = sorted({(AS_OF - f.date).days for f in findings} | {0})
    notes = [NoteInfo(f"n{d}", AS_OF - timedelta(days=d), "Clinic", 2_000) for d in days]
    on = AS_OF + timedelta(days=later)
    given_chart = (Patient("p", born), notes, findings, on, unread)
    assert _decided(*given_chart) == _in_full(*given_chart)


def test_a_patient_without_notes_is_the_same_too() -> None:
    without_notes = (Patient("p"), [], [], AS_OF, ())
    assert _decided(*without_notes) == _in_full(*without_notes)


@pytest.mark.parametrize("criterion", _CRITERIA)
def test_every_criterion_is_worked_out_once(criterion: Criterion) -> None:
    silent = verdict._silent(criterion)
    assert silent is not None
    assert silent.silence.questions
    assert silent.silence.outcome.evidence == ()


def test_a_part_that_the_chart_says_nothing_to_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    treated = finding("treatment", "methotrexate", **{"class": "immunosuppressant"})
    told = chart(treated)
    node = {"all": [{"disease_active": {"enzymes": ["CK"]}}, {"treated_before": {}}]}
    expression.outcome_of(told, node)
    outcome_of = expression.outcome_of

    def noted(on: Chart, part: dict[str, Any], *, is_bare: bool = False) -> Outcome:
        asked.extend(part)
        return outcome_of(on, part, is_bare=is_bare)

    monkeypatch.setattr(expression, "outcome_of", noted)
    assert expression.outcome_of(told, node).is_silent
    assert asked == ["all", "treated_before"]


def test_a_predicate_that_looks_at_more_is_never_taken_for_silent() -> None:
    (criterion,) = [c for c in TRIALS[0].criteria_of(TRIALS[0].cohorts[0]) if c.criterion_id == "age"]
    silence = silence_of(criterion, lambda chart: chart.notes)
    assert silence is None
