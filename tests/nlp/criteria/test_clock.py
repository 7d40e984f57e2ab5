"""Until when a verdict holds: exact days for each sort of evidence, and a property over charts made at random."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.findings import AS_OF, finding
from support.random_charts import SORTS, decide, findings_of

from chartsift.nlp.criteria import predicates
from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.types import Finding, NoteInfo, Patient

DM = finding("diagnosis", "DM", days=0)
TREATED = finding("treatment", "methotrexate", days=0, **{"class": "immunosuppressant"})
CK = finding("lab", "CK", days=10, value=900, unit="U/L")


@pytest.mark.parametrize(
    ("criterion_id", "findings", "days", "then", "words"),
    [
        ("active_disease", (CK, DM, TREATED), 80, "unknown", "CK lapses after 2024-08-29, then unknown."),
        (
            "active_disease",
            (finding("imaging", "active", days=10), DM, TREATED),
            173,
            "unknown",
            "muscle MRI lapses after 2024-11-30",
        ),
        (
            "active_disease",
            (finding("emg", "active", days=100), finding("biopsy", "active", days=3), DM, TREATED),
            180,
            "unknown",
            "muscle biopsy lapses",
        ),
        (
            "muscle_weakness",
            (finding("strength", "MMT", days=10, value=118, scale="150", group="whole"),),
            80,
            "unknown",
            "strength examination lapses after 2024-08-29",
        ),
        (
            "active_infection",
            # A full note of today that does not carry the infection on: over 14 days after it was told.
            (finding("infection", "deep", days=9, span="acute", status="active"),),
            5,
            "not_met",
            "word on the infection lapses after 2024-06-15",
        ),
        (
            "active_infection",
            (finding("infection", "deep", days=0, span="acute", status="active"),),
            30,
            "unknown",
            "word on the infection lapses after 2024-07-10",
        ),
        (
            "active_infection",
            (finding("infection", "deep", days=9, span="acute", status="active", until="2024-07-20"),),
            40,
            "not_met",
            "the course of treatment ends 2024-07-20, then not met",
        ),
        (
            "lung_cardiac_impairment",
            (finding("pft", "FVC", days=6, value=41),),
            360,
            "unknown",
            "FVC lapses after 2025-06-05",
        ),
        (
            "lung_cardiac_impairment",
            (finding("echo", "NYHA", days=30, value=4),),
            700,
            "unknown",
            "NYHA lapses",
        ),
        (
            "leukapheresis_contraindication",
            (finding("lab", "platelets", days=4, value=38, unit="10^9/L"),),
            26,
            "unknown",
            "platelet count lapses after 2024-07-06",
        ),
        (
            "uncontrolled_organ_disease",
            (finding("lab", "eGFR", days=20, value=22, unit="mL/min"),),
            70,
            "not_met",
            "eGFR lapses after 2024-08-19",
        ),
    ],
)
def test_a_dated_verdict_names_its_last_day_and_what_follows(
    criterion_id: str, findings: tuple[Finding, ...], days: int, then: str, words: str
) -> None:
    result = decide(criterion_id, *findings)

    assert result.valid_until == AS_OF + timedelta(days=days)
    assert result.changes_to == then
    assert words.lower() in result.rationale.lower()


@pytest.mark.parametrize(
    ("cohort_id", "born", "last", "then", "words"),
    [
        (
            "juvenile",
            date(2006, 12, 2),
            date(2024, 12, 1),
            "not_met",
            "turns 18 on 2024-12-02, then not met.",
        ),
        ("adult", date(2006, 12, 2), date(2024, 12, 1), "met", "turns 18 on 2024-12-02, then met."),
        ("adult", date(1948, 7, 1), date(2024, 6, 30), "not_met", "turns 76 on 2024-07-01, then not met."),
        ("juvenile", date(2018, 6, 11), date(2024, 6, 10), "met", "turns 6 on 2024-06-11"),
        ("adult", date(2008, 2, 29), date(2026, 2, 28), "met", "turns 18 on 2026-03-01"),
    ],
)
def test_an_age_holds_until_a_birthday(cohort_id: str, born: date, last: date, then: str, words: str) -> None:
    result = decide("age", born=born, cohort_id=cohort_id)

    assert (result.valid_until, result.changes_to) == (last, then)
    assert words.lower() in result.rationale.lower()


def test_an_age_without_a_birthday_holds_until_it_may_be_another() -> None:
    stated = finding("age", "age", days=375, value=74)

    result = decide("age", stated)

    # 74 on 1 June 2023 is 75 from 1 June 2024 on, and 76 from 2 June 2024 on at the earliest.
    assert (result.status, result.valid_until) == ("unknown", date(2025, 5, 31))
    assert result.changes_to == "not_met"


def test_a_fact_of_history_does_not_lapse() -> None:
    given_cells = finding("car_t", "CAR-T", days=900, strength="strong")

    result = decide("prior_car_t", given_cells)

    assert (result.status, result.valid_until, result.changes_to) == ("met", None, None)


def test_a_result_dated_after_the_screening_day_counts_from_its_day() -> None:
    low = finding("lab", "platelets", days=-3, value=38)
    chart = Chart.build(Patient("p"), [NoteInfo("n-3", AS_OF, "", 100)], [low], AS_OF)

    assert not chart.has_come(low.date)
    assert [turn.last for turn in chart.turns] == [AS_OF + timedelta(days=2)]


_JUVENILE = ("age", "active_disease", "active_infection", "lung_cardiac_impairment")


@pytest.mark.parametrize("criterion_id", sorted(SORTS))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_nothing_changes_up_to_the_last_day_and_the_change_comes_after_it(
    criterion_id: str, data: st.DataObject
) -> None:
    findings = data.draw(findings_of(criterion_id))
    cohort_id = data.draw(st.sampled_from(["adult", "juvenile"] if criterion_id in _JUVENILE else ["adult"]))

    def status(on: date) -> str:
        return decide(criterion_id, *findings, on=on, cohort_id=cohort_id).status

    now = decide(criterion_id, *findings, cohort_id=cohort_id)

    end = now.valid_until or AS_OF + timedelta(days=4_000)
    span = (end - AS_OF).days
    for ahead in {0, span, *data.draw(st.lists(st.integers(0, span), max_size=8))}:
        assert status(AS_OF + timedelta(days=ahead)) == now.status, ahead
    if now.valid_until is not None:
        assert status(now.valid_until + timedelta(days=1)) == now.changes_to != now.status


@pytest.mark.parametrize("criterion_id", sorted(SORTS))
def test_day_by_day_for_a_chart_with_a_bit_of_everything(criterion_id: str) -> None:
    # One of each sort, at different ages, so that windows end one after the other.
    findings = [
        finding(
            kind,
            concept,
            days=3 + 11 * number,
            value=values[0] if values else None,
            **{name: texts[0] for name, texts in attributes.items() if texts[0]},
        )
        for number, (kind, concept, values, attributes) in enumerate(SORTS[criterion_id])
    ]
    expected = decide(criterion_id, *findings)
    for ahead in range(1, 500):
        day = AS_OF + timedelta(days=ahead)
        if expected.valid_until is not None and day > expected.valid_until:
            assert decide(criterion_id, *findings, on=day).status == expected.changes_to
            expected = decide(criterion_id, *findings, on=day)
        else:
            assert decide(criterion_id, *findings, on=day).status == expected.status


def test_predicates_compare_days_through_the_chart_only() -> None:
    # Arithmetic with the screening day itself would escape the clock.
    folder = Path(predicates.__file__).parent
    assert len(list(folder.glob("*.py"))) > 10
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Compare | ast.BinOp):
                continue
            operands = [node.left, *(node.comparators if isinstance(node, ast.Compare) else [node.right])]
            for operand, name in product(operands, ("as_of", "age_days")):
                asked = f"{path.name}:{node.lineno}: ask is_within, has_come or is_past"
                assert name not in set(_attributes(operand)), asked


def _attributes(node: ast.AST) -> Iterator[str]:
    """Yield the attributes that an expression uses, but for those that it only writes into words."""
    if isinstance(node, ast.Attribute):
        yield node.attr
    if not isinstance(node, ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            yield from _attributes(child)
