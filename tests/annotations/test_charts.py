"""Charts load with exact spans, also around characters beyond the Basic Multilingual Plane."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from support.annotated import annotated_chart, changed

from chartsift.annotations.charts import load_charts, occurrences, parse_chart, sample_charts, write_inputs
from chartsift.annotations.check import check_charts
from chartsift.nlp.errors import InputError


def test_spans_are_code_points_of_the_text_as_given() -> None:
    chart = parse_chart(annotated_chart())

    texts = {note.note_id: note.text for note in chart.notes}
    spans = [finding.span for finding in chart.gold.findings]
    spans += [span for criterion in chart.gold.criteria.values() for span in criterion.evidence]

    assert all(texts[span.note_id][span.start : span.end] == span.text for span in spans)
    # One code point for the emoji and for the letter, two for CR LF: 16 + 2 + len("Imp: ").
    assert chart.gold.findings[0].span.start == 23


def test_nth_counts_from_one() -> None:
    data = changed("gold", "findings", 0, "quote", to="i")
    data["gold"]["findings"][0]["nth"] = 2

    chart = parse_chart(data)

    text = chart.notes[0].text
    assert chart.gold.findings[0].span.start == text.index("i", text.index("i") + 1)


def test_occurrences_may_overlap() -> None:
    assert list(occurrences("++++", "+++")) == [0, 1]


def test_patient_and_notes() -> None:
    chart = parse_chart(annotated_chart(), source="a.json")

    assert chart.patient.birth_date == date(1980, 1, 5)
    assert chart.patient.as_of == date(2025, 3, 10)
    assert [note.note_id for note in chart.notes] == ["n1", "n2"]
    assert {note.patient_id for note in chart.notes} == {"T-1"}
    assert chart.gold.criteria["prior_car_t"].status == "not_met"


def test_folder_loads_in_the_order_of_names(tmp_path: Path) -> None:
    for name, patient in (("b.json", "T-2"), ("a.json", "T-1")):
        (tmp_path / name).write_text(json.dumps(changed("patient_id", to=patient)), encoding="utf-8")

    assert [chart.patient.patient_id for chart in load_charts(tmp_path)] == ["T-1", "T-2"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", "IN161"),
        ("[]", "IN162"),
        (json.dumps(changed("as_of", to="soon")), "IN162"),
        (json.dumps(changed("gold", "findings", 0, "quote", to="CANARY")), "IN162"),
    ],
)
def test_broken_chart_is_an_input_error_without_its_text(tmp_path: Path, content: str, code: str) -> None:
    path = tmp_path / "chart.json"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(InputError) as caught:
        load_charts(path)

    assert caught.value.code == code
    assert "CANARY" not in str(caught.value)


def test_written_inputs_hold_no_annotation(tmp_path: Path) -> None:
    chart = parse_chart(annotated_chart())

    notes, patients = write_inputs([chart], tmp_path / "in")

    rows = [json.loads(line) for line in notes.read_text(encoding="utf-8").splitlines()]
    assert [row["text"] for row in rows] == [note.text for note in chart.notes]
    assert json.loads(patients.read_text(encoding="utf-8")) == {
        "patient_id": "T-1",
        "birth_date": "1980-01-05",
        "sex": "F",
        "as_of": "2025-03-10",
    }


def test_bundled_charts_cover_both_cohorts_and_all_outcomes() -> None:
    charts = sample_charts()

    assert len(charts) >= 14
    outcomes = {(chart.gold.cohort, chart.gold.cohort_status) for chart in charts}
    assert outcomes == {
        (cohort, status)
        for cohort in ("adult", "juvenile")
        for status in ("eligible", "ineligible", "undetermined")
    }
    assert any("\r\n" in note.text for chart in charts for note in chart.notes)
    assert any(ord(char) > 0xFFFF for chart in charts for note in chart.notes for char in note.text)


def test_development_charts_pass_the_check(checkout: Path) -> None:
    folder = checkout / "annotations" / "development"

    assert check_charts([folder]) == []
    assert len(load_charts(folder)) == 80


def test_measuring_charts_pass_the_check(checkout: Path) -> None:
    folder = checkout / "annotations" / "measuring"

    assert check_charts([folder]) == []
    assert len(load_charts(folder)) == 20


def test_datasheet_states_the_size_of_the_bundled_charts(checkout: Path) -> None:
    charts = sample_charts()
    notes = [note for chart in charts for note in chart.notes]
    findings = sum(len(chart.gold.findings) for chart in charts)
    decided = sum(len(chart.gold.criteria) - 1 for chart in charts)  # the investigator's judgement left aside

    datasheet = (checkout / "annotations" / "DATASHEET.md").read_text(encoding="utf-8")

    size = f"{len(charts)} charts, {len(notes)} notes, {sum(len(note.text) for note in notes):,} characters"
    assert f"{size}; {findings} marked mentions; {decided} decided criteria" in datasheet
    assert all(
        f"| {chart.patient.patient_id} | {chart.gold.cohort} | {chart.gold.cohort_status} |" in datasheet
        for chart in charts
    )
