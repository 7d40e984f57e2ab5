"""The model of confidence finds what makes a verdict weak, says so in calibrated numbers, and refuses bad data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.readings import made_readings

from chartsift.models.confidence import (
    choose_thresholds,
    measure,
    rows_of,
    train_confidence,
)
from chartsift.models.errors import ModelError
from chartsift.models.learning import folds_of, predict


@pytest.fixture(scope="module")
def trained():
    return train_confidence(made_readings(80), ablate=False)


def test_weak_evidence_is_less_sure_than_strong(trained):
    strong = {"verdict=iim_diagnosis/met": 1.0, "criterion=iim_diagnosis": 1.0, "n_for": 1.0}
    weak = {
        "verdict=iim_diagnosis/met": 1.0,
        "criterion=iim_diagnosis": 1.0,
        "single": 1.0,
        "open": 0.5,
    }

    sure, unsure = predict(trained.estimator, [strong, weak])

    assert sure > 0.85
    assert unsure < 0.7


def test_figures_on_other_patients_beat_the_score_of_the_rules(trained):
    figures = measure(trained.estimator, trained.thresholds, made_readings(80, seed=8))

    assert figures["calibration_error"]["value"] < 0.08
    assert figures["against"]["the rules' own score"]["brier_difference"]["high"] < 0


def test_training_does_not_depend_on_the_order_of_patients(trained):
    again = train_confidence(made_readings(80)[::-1], ablate=False)

    features = [verdict.features for reading in made_readings(80) for verdict in reading.verdicts]
    assert (predict(trained.estimator, features) == predict(again.estimator, features)).all()
    assert again.thresholds == trained.thresholds
    assert again.figures["nested"]["brier"]["value"] == pytest.approx(
        trained.figures["nested"]["brier"]["value"], abs=1e-12
    )


def test_comparisons_name_every_baseline_and_family():
    compared = train_confidence(made_readings(24), ablate=True).figures["comparisons"]

    assert {"constant", "the rules' own score", "criterion and status alone"} < compared.keys()
    assert sum(name.startswith("without ") for name in compared) == 8


def _only(**changes):
    return [replace(one, **changes) for one in made_readings(20)]


@pytest.mark.parametrize(
    ("readings", "code"),
    [
        ([], "MO503"),
        (
            [
                replace(one, verdicts=tuple(v for v in one.verdicts if v.is_right))
                for one in made_readings(20)
            ],
            "MO504",
        ),
        (_only(group="one site"), "MO506"),
        ([*made_readings(20), made_readings(20)[0]], "MO505"),
    ],
    ids=["empty", "one class", "one group", "a patient twice"],
)
def test_training_on_data_that_teach_nothing_is_refused(readings, code):
    with pytest.raises(ModelError) as caught:
        train_confidence(readings, ablate=False)

    assert caught.value.code == code


def test_contradicting_annotations_of_one_patient_are_refused():
    first = made_readings(20)
    verdict = first[0].verdicts[0]
    other = replace(first[0], verdicts=(replace(verdict, gold="not_met"),))

    with pytest.raises(ModelError, match="contradicts itself on age"):
        rows_of([*first, other])


def test_a_group_is_never_on_both_sides():
    groups = [f"g{number % 23}" for number in range(100)]

    for held_out in folds_of(groups):
        inside = {group for group, here in zip(groups, held_out, strict=True) if here}
        outside = {group for group, here in zip(groups, held_out, strict=True) if not here}
        assert inside
        assert not inside & outside
    assert sum(held_out.sum() for held_out in folds_of(groups)) == 100


def test_bands_keep_the_stated_error_rate():
    # 400 sure verdicts with one error, 100 doubtful ones with 40.
    probability = np.array([0.99] * 400 + [0.6] * 100)
    is_right = np.array([1.0] * 399 + [0.0] + [1.0] * 60 + [0.0] * 40)

    limits = choose_thresholds(probability, is_right)

    assert limits.band_of(0.99) == "accept"
    assert limits.band_of(0.6) == "must_read"


def test_nothing_is_accepted_where_nothing_is_sure_enough():
    limits = choose_thresholds(np.full(50, 0.9), np.array([1.0] * 45 + [0.0] * 5))

    assert limits.accept > 1
    assert limits.band_of(1.0) != "accept"


def test_few_verdicts_without_an_error_are_no_proof():
    # 20 of 20 right leaves an error rate of up to 14 % possible.
    limits = choose_thresholds(np.full(20, 0.9), np.ones(20))

    assert limits.band_of(0.9) == "look"
