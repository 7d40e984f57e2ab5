"""The status that the clock asks for, without evidence and words, is that of the verdict on that day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.findings import AS_OF, chart, finding
from support.random_charts import SORTS, TRIALS, findings_of

from chartsift.nlp.criteria.predicates import PREDICATES
from chartsift.nlp.criteria.predicates.activity import DiseaseActive
from chartsift.nlp.criteria.search import read_of
from chartsift.nlp.criteria.verdict import status_of, verdict_in_full
from chartsift.nlp.types import Finding

_CRITERIA = [c for trial in TRIALS for cohort in trial.cohorts for c in trial.criteria_of(cohort)]
_GIVEN = DiseaseActive(enzymes=("CK", "AST"))
_DM = finding("diagnosis", "DM")


def _ck(value: float, *, days: int = 5) -> Finding:
    return finding("lab", "CK", days=days, value=value, unit="U/L")


@settings(max_examples=100, deadline=None)
@given(
    findings=st.lists(st.one_of([findings_of(name) for name in SORTS]), min_size=1, max_size=4).map(
        lambda groups: [f for group in groups for f in group]
    ),
    later=st.integers(-300, 300),
    corrects=st.sampled_from(["", "corrected", "doubtful"]),
)
def test_the_status_is_that_of_the_verdict(findings: list[Finding], later: int, corrects: str) -> None:
    if corrects and findings:
        attributes = tuple(sorted([*findings[0].attributes, (corrects, "wrong patient")]))
        findings = [replace(findings[0], attributes=attributes), *findings]
    told = chart(*findings).at(AS_OF + timedelta(days=later))

    for criterion in _CRITERIA:
        assert status_of(told, criterion) == verdict_in_full(told, criterion, read_of(told, ())).status


@pytest.mark.parametrize(
    ("findings", "value", "basis"),
    [
        ([], None, "no_mention"),
        ([_DM, _ck(900)], True, "documented"),
        ([_DM, _ck(90)], False, "documented"),
        ([_DM, _ck(300)], None, "insufficient"),
        ([_ck(90, days=200)], None, "no_mention"),
        ([_DM, _ck(90, days=200)], None, "insufficient"),
        ([_DM, _ck(90, days=20), finding("skin", "heliotrope", days=9)], True, "documented"),
    ],
)
def test_activity_is_settled_as_it_is_decided_and_asks_the_clock_the_same(
    findings: list[Finding], value: bool | None, basis: str
) -> None:
    decided_on, settled_on = chart(*findings), chart(*findings)

    decided = PREDICATES["disease_active"].decide(decided_on, _GIVEN)
    settled = PREDICATES["disease_active"].settle(settled_on, _GIVEN)

    assert (decided.value, decided.basis) == (settled.value, settled.basis) == (value, basis)
    assert decided_on.turns == settled_on.turns
