"""Figures on cases whose answer is known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from chartsift.models.metrics import (
    auc,
    bins_of,
    brier,
    by_patients,
    calibration_error,
    calibration_error_by_mass,
    log_loss,
    stability_index,
    upper_bound,
)


def a(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def test_brier_and_log_loss_by_hand():
    assert brier(a(0.9, 0.2), a(1, 0)) == pytest.approx((0.01 + 0.04) / 2)
    assert log_loss(a(0.5, 0.5), a(1, 0)) == pytest.approx(np.log(2))
    assert np.isfinite(log_loss(a(1.0), a(0)))


def test_auc_counts_ties_half_and_is_even_without_two_classes():
    assert auc(a(0.9, 0.8, 0.1), a(1, 1, 0)) == 1.0
    assert auc(a(0.5, 0.5), a(1, 0)) == 0.5
    assert auc(a(0.1, 0.9), a(1, 0)) == 0.0
    assert auc(a(0.3, 0.4), a(1, 1)) == 0.5


def test_calibration_error_is_the_weighted_gap_of_the_bins():
    probability, is_right = a(0.95, 0.95, 0.95, 0.95, 0.15), a(1, 1, 1, 0, 0)

    assert calibration_error(probability, is_right) == pytest.approx(0.8 * 0.2 + 0.2 * 0.15)
    assert [one.count for one in bins_of(probability, is_right)] == [1, 4]


def test_a_certain_verdict_falls_into_the_last_bin():
    (only,) = bins_of(a(1.0), a(1))

    assert (only.low, only.high) == (0.9, 1.0)


def test_error_by_mass_sees_what_one_crowded_bin_hides():
    # Within one bin of equal width the gaps cancel out.
    probability = a(*[0.91] * 10, *[0.99] * 10)
    is_right = a(*[1] * 10, *[1] * 9, 0)

    assert calibration_error(probability, is_right) == pytest.approx(0.0, abs=1e-9)
    assert calibration_error_by_mass(probability, is_right) > 0.05


def test_interval_resamples_patients_and_repeats_to_the_digit():
    value = a(1, 1, 1, 1, 0, 0, 0, 0)
    as_patients = by_patients(["p"] * 4 + ["q"] * 4, lambda n: float(value[n].mean()))
    as_rows = by_patients(list("abcdefgh"), lambda n: float(value[n].mean()))

    assert as_patients.value == 0.5
    assert (as_patients.low, as_patients.high) == (0.0, 1.0)
    assert as_rows.low > 0.0
    assert as_patients == by_patients(["p"] * 4 + ["q"] * 4, lambda n: float(value[n].mean()))


@pytest.mark.parametrize(
    ("errors", "total", "limit"),
    # Clopper-Pearson, one-sided 95 %: 1 - 0.05 ** (1 / n) where nothing failed; tables for the others.
    [(0, 10, 1 - 0.05**0.1), (0, 299, 1 - 0.05 ** (1 / 299)), (1, 20, 0.21611), (5, 5, 1.0)],
)
def test_upper_bound_of_an_error_rate(errors, total, limit):
    assert upper_bound(errors, total) == pytest.approx(limit, abs=1e-4)


def test_stability_index_is_nothing_for_the_same_and_grows_with_the_shift():
    sample = np.linspace(0.05, 0.95, 200)

    assert stability_index(sample, sample) == pytest.approx(0.0)
    assert stability_index(sample, sample * 0.9) < stability_index(sample, sample * 0.3)
    assert stability_index(sample, sample * 0.3) > 0.25
