"""Patients in the order of the model, against the rules' own and that of the last note."""

from __future__ import annotations

import numpy as np
import pytest
from lxml import etree
from support.readings import made_readings

from chartsift.annotations.score import ResultRows
from chartsift.models.diagram import reliability_svg
from chartsift.models.drift import overrides, render_drift, score_drift, verdicts_of
from chartsift.models.errors import ModelError
from chartsift.models.ranking import measure_ranking, rank, ranking_figures, train_ranking
from chartsift.models.readings import (
    PatientReading,
    VerdictReading,
    bundled_readings,
    fingerprint,
    parse_readings,
    read_readings,
    untouched,
    write_readings,
)


def _patient(name, *verdicts, gold="eligible", last="2025-01-01"):
    made = tuple(VerdictReading(c, "inclusion", s, "met", 0.9, {}) for c, s in verdicts)
    return PatientReading(name, name, last, "undetermined", gold, 0.5, made)


def test_the_probability_is_the_product_and_the_open_fact_the_one_that_helps_most():
    patients = [_patient("a", ("age", "met"), ("msa", "unknown"), ("weak", "unknown"))]

    (only,) = rank(patients, np.array([0.9, 0.2, 0.5]))

    assert only.probability == pytest.approx(0.09)
    assert only.open_criterion == "msa"
    assert only.if_settled == pytest.approx(0.45)


def test_of_equals_the_one_comes_first_that_one_fact_brings_further():
    patients = [
        _patient("a", ("age", "met"), ("msa", "met")),
        _patient("b", ("age", "met"), ("msa", "unknown")),
    ]

    assert [one.patient for one in rank(patients, np.array([0.5, 0.4, 0.5, 0.4]))] == ["b", "a"]


def test_the_share_to_read_counts_to_the_last_eligible():
    patients = [
        _patient(str(n), ("age", "met"), gold="eligible" if n in (0, 3) else "ineligible") for n in range(10)
    ]

    figures = ranking_figures(patients, np.linspace(0.9, 0.1, 10))

    assert figures["eligible"] == 2
    assert figures["model"]["to_read"]["value"] == pytest.approx(0.4)
    assert figures["model"]["at"]["5"] == {"precision": 0.4, "recall": 1.0}
    assert figures["model"]["average_precision"]["value"] == pytest.approx((1 / 1 + 2 / 4) / 2)


def test_without_an_eligible_patient_nothing_is_claimed():
    assert ranking_figures([_patient("a", ("age", "met"), gold="ineligible")], np.array([0.5])) == {
        "patients": 1,
        "eligible": 0,
    }


def test_a_trained_order_is_not_worse_than_the_rules_on_other_patients():
    estimator, _, _ = train_ranking(made_readings(60))

    figures = measure_ranking(estimator, made_readings(60, seed=8))

    assert figures["model"]["average_precision"]["value"] >= figures["rules"]["average_precision"]["value"]


def test_a_table_of_readings_comes_back_as_it_was_written(tmp_path):
    write_readings(made_readings(5), tmp_path / "t.jsonl", reader="abc")

    assert read_readings(tmp_path / "t.jsonl") == made_readings(5)
    assert fingerprint(made_readings(5)) == fingerprint(made_readings(5)[::-1])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "MO501"),
        ("no JSON", "MO501"),
        ('{"format": 1, "features": 99}', "MO502"),
        ('{"format": 1, "features": 1}\n{"patient": "p"}', "MO501"),
    ],
)
def test_what_is_no_table_of_readings_is_a_coded_error(content, code):
    with pytest.raises(ModelError) as caught:
        parse_readings(content, source="t.jsonl")

    assert caught.value.code == code


def test_the_bundled_tables_are_the_first_readings_that_the_documentation_speaks_of():
    first, held_out = bundled_readings("first"), bundled_readings("held-out")

    right = [sum(v.is_right for r in table for v in r.verdicts) for table in (first, held_out)]
    total = [sum(len(r.verdicts) for r in table) for table in (first, held_out)]
    assert (right, total) == ([687, 214], [750, 231])
    assert {one.group for one in first} == set("UVWXYZ")
    assert untouched(held_out, [one.notes for one in first]) == held_out


def test_overrides_are_counted_by_criterion():
    counted = overrides(made_readings(40))

    wrong = sum(not v.is_right for r in made_readings(40) for v in r.verdicts)
    assert (counted["overruled"], counted["decided"]) == (wrong, 80)
    assert counted["by_criterion"]["age"]["overruled"] == 0


def _row(confidence, status="met"):
    return {"basis": "documented", "confidence": confidence, "criterion_id": "age", "status": status}


def test_drift_is_none_for_the_same_run_and_shown_for_another():
    before = [_row(0.5 + n / 200) for n in range(100)]
    after = [_row(0.5 + n / 800, "unknown") for n in range(100)]

    assert score_drift(before, before)["reading"] == "stable"
    moved = score_drift(before, after)
    assert moved["reading"] == "shifted"
    assert moved["shares"]["age/unknown"] == {"before": 0, "after": 1.0}
    with pytest.raises(ModelError):
        score_drift(before, [])


def test_what_drifts_are_verdicts_by_reading_of_the_patients_own_cohort():
    def criterion(patient, cohort, flags=()):
        return _row(0.9) | {"patient_id": patient, "cohort_id": cohort, "flags": list(flags)}

    run = ResultRows(
        findings=(),
        criteria=[
            criterion("a", "adult"),
            criterion("a", "juvenile"),
            criterion("b", "adult", ["not_read"]),
            criterion("b", "adult", ["maa_only"]),
        ],
        cohorts=[
            {
                "patient_id": patient,
                "cohort_id": cohort,
                "status": "eligible",
                "applicable": cohort == "adult",
            }
            for patient in "ab"
            for cohort in ("adult", "juvenile")
        ],
    )

    kept = verdicts_of(run)

    assert [(row["patient_id"], row["cohort_id"], row["flags"]) for row in kept] == [
        ("a", "adult", []),
        ("b", "adult", ["maa_only"]),
    ]


def test_drift_for_a_person_names_what_moved_and_who_was_overruled():
    figures = score_drift([_row(0.9)] * 50, [_row(0.5, "unknown")] * 50)
    figures["overrides"] = {
        "overruled": 1,
        "decided": 20,
        "share": 0.05,
        "by_criterion": {
            "age": {"overruled": 0, "decided": 10},
            "msa_subtype": {"overruled": 1, "decided": 10},
        },
    }

    said = render_drift(figures)

    assert "confidences         shifted" in said
    assert "age/unknown                                0.000   1.000" in said
    assert "1 of 20 verdicts (5.0%)" in said
    assert "msa_subtype" in said
    assert "age  " not in said.partition("overruled")[2]


def test_the_diagram_has_a_bar_and_a_dot_for_each_bin():
    bins = [
        {"low": 0.8, "high": 0.9, "count": 7, "predicted": 0.85, "observed": 0.8},
        {"low": 0.9, "high": 1.0, "count": 90, "predicted": 0.97, "observed": 1.0},
    ]

    tree = etree.fromstring(reliability_svg(bins, title="A < B").encode())

    space = {"s": "http://www.w3.org/2000/svg"}
    assert len(tree.findall("s:circle", space)) == 2
    assert tree.findtext("s:title", namespaces=space) == "A < B"
