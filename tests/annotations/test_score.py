"""The figures of a run on one small chart, against numbers worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.annotated import annotated_chart

from chartsift.annotations.charts import Chart, parse_chart
from chartsift.annotations.rates import Rate
from chartsift.annotations.score import ResultRows, Row, score
from chartsift.nlp.errors import InputError


@pytest.fixture
def chart() -> Chart:
    return parse_chart(annotated_chart())


def perfect_rows(chart: Chart) -> ResultRows:
    """Return the rows of a run that repeats the annotation."""
    patient_id, gold = chart.patient.patient_id, chart.gold
    place = {"patient_id": patient_id, "cohort_id": gold.cohort}
    return ResultRows(
        findings=[
            {
                "patient_id": patient_id,
                "note_id": finding.span.note_id,
                "start": finding.span.start,
                "end": finding.span.end,
                "text": finding.span.text,
                "kind": finding.kind,
                "concept": finding.concept,
                "assertion": finding.assertion,
            }
            for finding in gold.findings
        ],
        criteria=[
            {
                **place,
                "criterion_id": criterion.criterion_id,
                "status": criterion.status,
                "basis": criterion.basis,
                "rationale": "because",
                "evidence": [
                    {"note_id": span.note_id, "start": span.start, "end": span.end}
                    for span in criterion.evidence
                ],
            }
            for criterion in gold.criteria.values()
        ],
        cohorts=[{**place, "status": gold.cohort_status}],
    )


def row_of(rows: list[Row], **values: object) -> Any:
    return next(row for row in rows if all(row[key] == value for key, value in values.items()))


def flawed_rows(chart: Chart) -> ResultRows:
    """
    Return a run with one fault of each kind.

    Criteria: prior_car_t called met; muscle_weakness missing; active_disease with another basis; the evidence
    of msa_subtype beside the quote; evidence of prior_transplant gone. Mentions: MDA5 missed, a spurious PM,
    the assertion of the transplant wrong, the offsets of CAR T shifted (text unchanged), Mi-2 found twice.
    """
    rows = perfect_rows(chart)
    criteria, findings = list(rows.criteria), list(rows.findings)
    row_of(criteria, criterion_id="prior_car_t").update(status="met", rationale="CAR T named")
    criteria.remove(row_of(criteria, criterion_id="muscle_weakness"))
    row_of(criteria, criterion_id="active_disease").update(basis="insufficient")
    msa = row_of(criteria, criterion_id="msa_subtype")["evidence"][0]
    msa["start"] = msa["end"] + 1
    msa["end"] = msa["start"] + 5
    row_of(criteria, criterion_id="prior_transplant").update(evidence=None)

    findings.remove(row_of(findings, concept="MDA5"))
    row_of(findings, concept="kidney").update(assertion="present")
    car_t = row_of(findings, concept="CAR-T")
    car_t.update(start=car_t["start"] + 1, end=car_t["end"] + 1)
    findings.append({**row_of(findings, concept="Mi-2")})
    findings.append({**row_of(findings, concept="DM"), "concept": "PM"})
    findings.append({**row_of(findings, concept="DM"), "kind": "lab", "concept": "CK"})
    findings.append({**row_of(findings, concept="DM"), "patient_id": "someone else"})
    return ResultRows(findings, criteria, [{**rows.cohorts[0], "status": "ineligible"}])


def test_perfect_run(chart: Chart) -> None:
    result = score([chart], perfect_rows(chart))

    assert result.criterion_status == Rate(12, 12)
    assert result.basis == Rate(7, 7)  # five inclusions, prior_car_t, prior_transplant
    assert result.evidence == Rate(6, 6)  # the age has no quote
    assert result.exclusion_sensitivity == Rate(0, 0)
    assert result.cohort_status == Rate(1, 1)
    assert result.mentions.f1 == 1.0
    assert result.assertion == Rate(5, 5)
    assert result.broken_offsets == 0
    assert result.errors == []


def test_figures_of_a_flawed_run_worked_out_by_hand(chart: Chart) -> None:
    result = score([chart], flawed_rows(chart))

    assert result.criterion_status == Rate(10, 12)
    assert result.per_criterion["prior_car_t"] == Rate(0, 1)
    assert result.confusion["prior_car_t"] == {("not_met", "met"): 1}
    assert result.confusion["muscle_weakness"] == {("met", "missing"): 1}
    # Right and counted: age, iim, msa, active (basis wrong), prior_transplant.
    assert result.basis == Rate(4, 5)
    # With a quote: iim and active hit; msa beside it, prior_transplant without evidence.
    assert result.evidence == Rate(2, 4)
    assert result.exclusion_sensitivity == Rate(0, 0)
    assert result.exclusion_precision == Rate(0, 1)
    assert result.cohort_status == Rate(0, 1)
    # Headline: DM, Mi-2, CAR-T, kidney found; PM extra (the second Mi-2 is not); MDA5 missed.
    assert (result.mentions.tp, result.mentions.fp, result.mentions.fn) == (4, 1, 1)
    assert result.mentions.f1 == pytest.approx(0.8)
    assert result.mentions_by_kind["antibody"].recall == Rate(1, 2)
    assert result.mentions_by_concept["antibody", "MDA5"].fn == 1
    assert result.mentions_by_kind["contraindication"].f1 == 1.0
    assert result.assertion == Rate(3, 4)
    assert result.assertion_confusion["family", "present"] == 1
    assert result.broken_offsets == 1
    assert result.errors == [
        "T-1 muscle_weakness: want met/documented, got missing/missing: ",
        "T-1 prior_car_t: want not_met/documented, got met/documented: CAR T named",
        "T-1 n1 extra diagnosis/PM 'dermatomyositis'",
        "T-1 n1 missed antibody/MDA5 'MDA5'",
        "T-1 n2 transplant/kidney 'kidney transplant': want family, got present",
    ]
    assert [miss.patient_id for miss in result.misses_by_criterion()["prior_car_t"]] == ["T-1"]


def test_exclusion_figures(chart: Chart) -> None:
    data = annotated_chart()
    infection = data["gold"]["criteria"]["active_infection"]
    infection.update(status="met", basis="documented", evidence=[{"note_id": "n1", "quote": "CK 2,140"}])
    data["gold"]["cohort_status"] = "ineligible"
    sick = parse_chart(data)

    found = score([sick], perfect_rows(sick))
    overlooked = score([sick], perfect_rows(chart))

    assert (found.exclusion_sensitivity, found.exclusion_precision) == (Rate(1, 1), Rate(1, 1))
    assert (overlooked.exclusion_sensitivity, overlooked.exclusion_precision) == (Rate(0, 1), Rate(0, 0))


def test_same_figures_from_parquet_and_json_lines(chart: Chart, tmp_path: Path) -> None:
    rows = flawed_rows(chart)
    for name in ("findings", "criteria", "cohorts"):
        table = list(getattr(rows, name))
        (tmp_path / "lines").mkdir(exist_ok=True)
        (tmp_path / "parquet").mkdir(exist_ok=True)
        (tmp_path / "lines" / f"{name}.jsonl").write_text(
            "".join(json.dumps(row) + "\n" for row in table), encoding="utf-8"
        )
        pq.write_table(pa.Table.from_pylist(table), tmp_path / "parquet" / f"{name}.parquet")

    in_memory = score([chart], rows).to_dict()

    assert score([chart], ResultRows.read(tmp_path / "lines")).to_dict() == in_memory
    assert score([chart], ResultRows.read(tmp_path / "parquet")).to_dict() == in_memory


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "IN163"), ("not json", "IN164"), ("[]", "IN164"), ('{"patient_id": "T-1"}', "IN164")],
)
def test_unusable_output_folder(tmp_path: Path, content: str | None, code: str) -> None:
    if content is not None:
        (tmp_path / "findings.jsonl").write_text(content, encoding="utf-8")

    with pytest.raises(InputError, match=code):
        ResultRows.read(tmp_path)


def test_broken_parquet_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "findings.parquet").write_bytes(b"PAR1 no table PAR1")

    with pytest.raises(InputError, match="IN164"):
        ResultRows.read(tmp_path)


def test_rendered_table_and_dict_hold_no_note_text(chart: Chart) -> None:
    result = score([chart], flawed_rows(chart))

    shown = result.render() + json.dumps(result.to_dict())

    assert "kidney transplant" not in shown
    assert "dermatomyositis" not in shown
    assert "0.833 [0.552, 0.953] 10/12" in shown


@pytest.mark.parametrize(
    ("rate", "low", "high"),
    [
        # Wilson score interval by the formula, checked against published tables: 81 of 263, 15 of 148.
        (Rate(81, 263), 0.2553, 0.3662),
        (Rate(15, 148), 0.0624, 0.1605),
        (Rate(0, 20), 0.0, 0.1611),
        (Rate(20, 20), 0.8389, 1.0),
        (Rate(0, 0), 0.0, 1.0),
    ],
)
def test_wilson_interval(rate: Rate, low: float, high: float) -> None:
    assert rate.interval == pytest.approx((low, high), abs=5e-5)
