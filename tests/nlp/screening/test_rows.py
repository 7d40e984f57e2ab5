"""Rows of results are the same in memory, in Parquet and in JSON lines."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from chartsift.nlp.screening.chart import PatientResult
from chartsift.nlp.screening.parts import write_jsonl
from chartsift.nlp.screening.rows import (
    cohort_rows,
    criterion_rows,
    finding_id,
    finding_of,
    finding_row,
    finding_rows,
    jsonable,
    note_rows,
    problem_row,
    result_rows,
    score_rows,
)
from chartsift.nlp.screening.schema import COHORTS, CRITERIA, ERRORS, FINDINGS, TABLES
from chartsift.nlp.types import (
    CohortResult,
    CriterionResult,
    Evidence,
    Finding,
    NoteInfo,
    Patient,
    Problem,
    Provenance,
    ScoreItem,
    ScoreResult,
    Search,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
DAY = st.dates(date(1900, 1, 1), date(2100, 1, 1))
NUMBER = st.none() | st.floats(allow_nan=False, allow_infinity=False)
FINDING = st.builds(
    Finding,
    patient_id=st.just("P1"),
    note_id=st.sampled_from(["N1", "N2"]),
    start=st.integers(0, 10**7),
    end=st.integers(0, 10**7),
    text=TEXT,
    kind=TEXT,
    concept=TEXT,
    assertion=st.sampled_from(["present", "family"]),
    date=DAY,
    value=NUMBER,
    unit=TEXT,
    comparator=st.sampled_from(["=", "<"]),
    ref_low=NUMBER,
    ref_high=NUMBER,
    provenance=st.builds(Provenance, TEXT, st.lists(TEXT, max_size=2).map(tuple)),
    attributes=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
)
EVIDENCE = st.lists(st.builds(Evidence, FINDING, st.just("for"), TEXT), max_size=2).map(tuple)
POINTS = st.floats(0, 30)
SCORE = st.builds(
    ScoreResult,
    score_id=TEXT,
    title=TEXT,
    short=TEXT,
    version=TEXT,
    column=st.sampled_from(["with_biopsy", "without_biopsy"]),
    low=POINTS,
    high=POINTS,
    probability_low=st.floats(0, 1),
    probability_high=st.floats(0, 1),
    label_low=TEXT,
    label_high=TEXT,
    verdict=st.sampled_from(["classifies", "undecided", "cannot_classify"]),
    subgroups=st.lists(TEXT, max_size=2).map(tuple),
    items=st.lists(
        st.builds(
            ScoreItem,
            item_id=TEXT,
            label=TEXT,
            state=st.sampled_from(["present", "absent", "undocumented"]),
            points=POINTS,
            points_low=POINTS,
            points_high=POINTS,
            reason=TEXT,
            value=TEXT,
            evidence=EVIDENCE,
        ),
        max_size=2,
    ).map(tuple),
    open_items=st.lists(TEXT, max_size=2).map(tuple),
    decisive_items=st.lists(TEXT, max_size=2).map(tuple),
    flags=st.lists(TEXT, max_size=2).map(tuple),
    summary=TEXT,
)
CRITERION = st.builds(
    CriterionResult,
    criterion_id=TEXT,
    kind=st.just("inclusion"),
    status=st.just("met"),
    basis=st.just("documented"),
    evidence=EVIDENCE,
    flags=st.lists(TEXT, max_size=2).map(tuple),
    rationale=TEXT,
    confidence=st.floats(0, 1),
    next_step=TEXT,
    score=st.none() | SCORE,
)
# A verdict that lapses, with the proof of a search.
LAPSING = st.builds(
    replace,
    CRITERION,
    valid_until=DAY,
    changes_to=st.sampled_from(["unknown", "not_met"]),
    search=st.builds(
        Search,
        notes=st.integers(0, 10**6),
        first=st.none() | DAY,
        last=st.none() | DAY,
        kinds=st.lists(TEXT, max_size=2).map(tuple),
        terms=st.integers(0, 10**4),
        unread=st.lists(TEXT, max_size=2).map(tuple),
    ),
)
COHORT = st.builds(
    CohortResult,
    patient_id=st.just("P1"),
    trial_id=TEXT,
    trial_version=TEXT,
    cohort_id=TEXT,
    as_of=DAY,
    applicable=st.booleans(),
    status=st.just("eligible"),
    criteria=st.lists(CRITERION | LAPSING, max_size=2).map(tuple),
    missing=st.lists(TEXT, max_size=2).map(tuple),
    score=st.floats(0, 1),
)
RESULT = st.builds(
    PatientResult,
    patient=st.just(Patient("P1")),
    as_of=DAY,
    notes=st.just((NoteInfo("N1", date(2024, 5, 1), "Clinic", 10),)),
    findings=st.lists(FINDING, max_size=3).map(tuple),
    # Exactly one cohort is the patient's own.
    cohorts=st.lists(COHORT, min_size=1, max_size=2).map(
        lambda made: tuple(replace(cohort, applicable=i == 0) for i, cohort in enumerate(made))
    ),
    problems=st.lists(st.builds(Problem, TEXT, TEXT, TEXT, TEXT), max_size=2).map(tuple),
)


@given(result=RESULT)
def test_rows_survive_parquet_and_json_lines(tmp_path_factory, result):
    folder = tmp_path_factory.mktemp("rows")
    all_rows = {
        "findings": finding_rows(result),
        "criteria": criterion_rows(result),
        "cohorts": cohort_rows(result),
        "notes": note_rows(result),
        "scores": score_rows(result),
        "errors": [problem_row(problem) for problem in result.problems],
    }
    for name, rows in all_rows.items():
        parquet, lines = folder / f"{name}.parquet", folder / f"{name}.jsonl"

        pq.write_table(pa.Table.from_pylist(rows, schema=TABLES[name]), parquet)
        write_jsonl(parquet, lines)

        assert pq.read_table(parquet).to_pylist() == rows
        written = lines.read_bytes().decode().split("\n")[:-1]
        assert [json.loads(line) for line in written] == jsonable(rows)


@given(result=RESULT)
def test_the_rows_of_a_result_are_those_of_each_table(result):
    shared = result.cohorts[0]
    result = replace(
        result, cohorts=(*result.cohorts, replace(shared, cohort_id="another", applicable=False))
    )

    rows = result_rows(result)

    assert rows == {
        "findings": [finding_row(finding) for finding in result.findings],
        # Each cohort by itself, so that nothing is told once for two.
        "criteria": [
            row for one in result.cohorts for row in criterion_rows(replace(result, cohorts=(one,)))
        ],
        "cohorts": cohort_rows(result),
        "notes": note_rows(result),
        "scores": score_rows(result),
        "errors": [problem_row(problem) for problem in result.problems],
    }
    assert [list(row) for row in rows["criteria"]] == [CRITERIA.names] * len(rows["criteria"])


@given(finding=FINDING)
def test_a_finding_comes_back_from_its_row(finding):
    assert finding_of(finding_row(finding)) == finding


def test_columns_are_those_of_the_output_contract():
    contract = {
        "findings": "patient_id note_id start end text kind concept assertion value unit date section score",
        "criteria": "patient_id trial_id cohort_id criterion_id kind status basis confidence rationale flags evidence",
        "cohorts": "patient_id trial_id cohort_id applicable status as_of missing score",
        "scores": "patient_id trial_id criterion_id score_id score_version title column score_low score_high",
        "errors": "source note_id code message",
    }
    for name, columns in contract.items():
        names = columns.split()
        assert TABLES[name].names[: len(names)] == names
    evidence = CRITERIA.field("evidence").type.value_type
    assert [field.name for field in evidence][:6] == ["note_id", "start", "end", "text", "stance", "reason"]
    assert pa.types.is_date32(FINDINGS.field("date").type)
    assert pa.types.is_date32(COHORTS.field("as_of").type)
    assert ERRORS.names == ["source", "note_id", "code", "message"]


@given(result=RESULT)
def test_scores_are_those_of_the_patients_own_cohort(result):
    own = [criterion.score for criterion in result.applicable.criteria if criterion.score is not None]

    rows = score_rows(result)

    assert [(row["score_low"], len(row["items"])) for row in rows] == [(s.low, len(s.items)) for s in own]


def test_finding_id_tells_mentions_apart():
    first = Finding("P1", "N1", 0, 4, "Jo-1", "antibody", "Jo-1", "present", date(2024, 5, 1))
    second = Finding("P1", "N1", 9, 13, "Jo-1", "antibody", "Jo-1", "present", date(2024, 5, 1))

    assert finding_id(first) == finding_id(first)
    assert finding_id(first) != finding_id(second)
