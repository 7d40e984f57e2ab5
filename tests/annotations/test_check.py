"""The checker finds each kind of fault, names its place and never repeats note text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.annotated import annotated_chart, changed, without

from chartsift.annotations.check import chart_problems, check_charts
from chartsift.nlp.errors import InputError

CRITERIA = ("gold", "criteria")
IIM = (*CRITERIA, "iim_diagnosis")
QUOTE = (*IIM, "evidence", 0)
FINDING = ("gold", "findings", 0)

FAULTS: list[tuple[dict[str, Any], str]] = [
    (without("as_of"), "chart: missing as_of"),
    (changed("name", to="Jane"), "chart: unknown key 'name'"),
    (changed("patient_id", to=" "), "patient_id: not a name"),
    (changed("sex", to="female"), "sex: not one of F, M, X, or null"),
    (changed("as_of", to="10.03.2025"), "as_of: not a date YYYY-MM-DD"),
    (changed("as_of", to="20250310"), "as_of: not a date YYYY-MM-DD"),
    (changed("birth_date", to="1980-02-30"), "birth_date: not a date YYYY-MM-DD or null"),
    (changed("birth_date", to="2025-03-11"), "birth_date: after as_of"),
    (changed("notes", to=[]), "notes: not a list with at least one note"),
    (without("notes", 1, "type"), "notes[1]: missing type"),
    (changed("notes", 1, "note_id", to="n1"), "notes[1]: note id 'n1' twice"),
    (changed("notes", 0, "date", to="2025-03-11"), "notes[0]: dated after as_of"),
    (changed("notes", 0, "date", to="March 1"), "notes[0]: date is not YYYY-MM-DD"),
    (changed("notes", 0, "text", to=" \n"), "notes[0]: no text"),
    (changed("notes", 1, "text", to="a \ud83e b"), "notes[1]: text holds half of a surrogate pair"),
    (without("gold", "findings"), "gold: missing findings"),
    (changed("gold", "cohort", to="child"), "gold.cohort: 'child' is not one of adult, juvenile"),
    (
        changed("birth_date", to="2010-01-05"),
        "gold.cohort: 'adult', but the age at as_of belongs to 'juvenile'",
    ),
    (changed("birth_date", to="1949-03-09"), "gold.criteria.age: should be not_met by birth_date and as_of"),
    (changed("gold", "cohort_status", to="ineligible"), "gold.cohort_status: should be eligible"),
    (changed("gold", "cohort_status", to="yes"), "gold.cohort_status: 'yes' is not one of"),
    (without(*CRITERIA, "prior_car_t"), "gold.criteria: missing prior_car_t"),
    (changed(*CRITERIA, "msa_or_maa", to={}), "gold.criteria: unknown for this cohort: msa_or_maa"),
    (changed(*IIM, "status", to="maybe"), "iim_diagnosis: status 'maybe' is not one of"),
    (changed(*IIM, "basis", to="chart"), "iim_diagnosis: basis 'chart' is not one of"),
    (changed(*IIM, "basis", to="insufficient"), "iim_diagnosis: basis insufficient needs status unknown"),
    (changed(*IIM, "basis", to="conflicting"), "iim_diagnosis: basis conflicting needs status unknown"),
    (changed(*IIM, "status", to="unknown"), "iim_diagnosis: an unknown is conflicting, insufficient or"),
    (
        changed(*IIM, "basis", to="judgement"),
        "iim_diagnosis: basis judgement belongs to investigator_concern",
    ),
    (
        changed(*CRITERIA, "investigator_concern", "basis", to="insufficient"),
        "investigator_concern: basis judgement belongs to investigator_concern",
    ),
    (changed(*IIM, "basis", to="no_mention"), "iim_diagnosis: no_mention needs status unknown"),
    (
        changed(*CRITERIA, "active_infection", "status", to="met"),
        "active_infection: no_mention needs status not_met",
    ),
    (
        changed(*CRITERIA, "prior_car_t", "basis", to="no_mention"),
        "no_mention, but a quote that speaks to it",
    ),
    (changed(*IIM, "evidence", to=[]), "iim_diagnosis: basis documented needs a quote as evidence"),
    (changed(*IIM, "evidence", to="n1"), "iim_diagnosis: evidence is not a list"),
    (changed(*QUOTE, "note_id", to="n9"), "iim_diagnosis.evidence[0]: no note 'n9'"),
    (changed(*QUOTE, "quote", to="Imp: Dermatomyositis"), "evidence[0]: the quote is not in note 'n1'"),
    (changed(*QUOTE, "quote", to=""), "evidence[0]: no quote"),
    (changed(*QUOTE, "quote", to="r"), "evidence[0]: the quote occurs"),
    (changed(*QUOTE, "nth", to=2), "evidence[0]: nth is not a number from 1 to 1"),
    (changed(*QUOTE, "nth", to=True), "evidence[0]: nth is not a number from 1 to 1"),
    (changed(*QUOTE, "start", to=23), "evidence[0]: start should be 18"),
    (changed(*QUOTE, "end", to=999), "evidence[0]: end should be 38"),
    (
        changed(*IIM, "evidence", to=[{"note_id": "n1", "quote": "MDA5 neg"}] * 2),
        "iim_diagnosis.evidence[1]: the same quote twice",
    ),
    (changed("gold", "findings", to={}), "gold.findings: not a list"),
    (changed(*FINDING, "kind", to="lab"), "gold.findings[0]: kind 'lab' is not one of"),
    (changed(*FINDING, "concept", to="Jo-1"), "gold.findings[0]: diagnosis has no concept 'Jo-1'"),
    (changed(*FINDING, "assertion", to="negated"), "gold.findings[0]: assertion 'negated' is not one of"),
    (
        changed("gold", "findings", 1, to=annotated_chart()["gold"]["findings"][0]),
        "findings[1]: the same mention",
    ),
]


def test_valid_chart_has_no_problem() -> None:
    assert chart_problems(annotated_chart()) == []


@pytest.mark.parametrize(("chart", "problem"), FAULTS, ids=[problem[:60] for _, problem in FAULTS])
def test_fault_is_found(chart: dict[str, Any], problem: str) -> None:
    problems = chart_problems(chart)

    assert any(problem in line for line in problems), problems


def test_offsets_that_agree_are_allowed() -> None:
    chart = annotated_chart()
    chart["gold"]["findings"][0].update(start=23, end=38)

    assert chart_problems(chart) == []


def test_problems_name_file_and_place_and_hold_no_note_text(tmp_path: Path) -> None:
    path = tmp_path / "chart.json"
    path.write_text(json.dumps(changed(*QUOTE, "quote", to="CANARY words")), encoding="utf-8")

    problems = check_charts([path])

    assert problems == [
        f"{path}: gold.criteria.iim_diagnosis.evidence[0]: the quote is not in note 'n1', character for character"
    ]


def test_same_patient_in_two_files(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps(annotated_chart()), encoding="utf-8")

    assert check_charts([tmp_path]) == [
        f"{tmp_path / 'b.json'}: patient_id: the same as in {tmp_path / 'a.json'}"
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "not JSON text in UTF-8"),
        (b'"\xff"', "not JSON text in UTF-8"),
        (b"[]", "the file holds no JSON object"),
        (b'{"as_of": 1, "as_of": 2}', "key 'as_of' twice in one object"),
    ],
)
def test_unreadable_file(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "chart.json"
    path.write_bytes(content)

    assert check_charts([path]) == [f"{path}: {problem}"]


def test_no_chart_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="IN160"):
        check_charts([tmp_path])


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(value=JSON_VALUES, data=st.data())
def test_checker_reports_and_never_raises(value: object, data: st.DataObject) -> None:
    chart: Any = annotated_chart()
    place, key = chart, ""
    while True:
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else list(range(len(place)))))
        if not place[key] or not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = value

    assert all(isinstance(problem, str) for problem in chart_problems(chart))


def test_bundled_charts_pass(checkout: Path) -> None:
    assert check_charts([checkout / "annotations" / "charts"]) == []
