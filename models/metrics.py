"""
Figures of models, with intervals that resample whole patients, because the decisions on one patient hang together.

Everything is computed with a fixed seed in double precision, so a figure repeats to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SEED: Final = 20261128
RESAMPLES: Final = 2_000
BINS: Final = 10
# Nothing is certain: the ends of a probability, for logarithms.
_LEAST: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Return the three numbers."""
        return {"value": self.value, "low": self.low, "high": self.high}

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a reliability diagram: how sure the model was, how often it was right, of how many."""

    low: float
    high: float
    count: int
    predicted: float
    observed: float


def brier(probability: Floats, is_right: Floats) -> float:
    """Return the mean squared difference (Brier GW, Mon Weather Rev 1950;78:1-3); 0 is best."""
    return float(np.mean((probability - is_right) ** 2))


def log_loss(probability: Floats, is_right: Floats) -> float:
    """Return the mean negative logarithm of the probability of what happened, in nats; 0 is best."""
    p = np.clip(probability, _LEAST, 1 - _LEAST)
    return float(-np.mean(is_right * np.log(p) + (1 - is_right) * np.log(1 - p)))


def auc(probability: Floats, is_right: Floats) -> float:
    """
    Return the chance that a right verdict has the higher probability than a wrong one; 0.5 where one of them is none.

    The rank statistic of Mann and Whitney, ties counted half.
    """
    rights, wrongs = probability[is_right > 0.5], probability[is_right <= 0.5]
    if not len(rights) or not len(wrongs):
        return 0.5
    below = np.searchsorted(np.sort(wrongs), rights, side="left")
    up_to = np.searchsorted(np.sort(wrongs), rights, side="right")
    return float((below + up_to).sum() / (2 * len(rights) * len(wrongs)))


def bins_of(probability: Floats, is_right: Floats, *, count: int = BINS) -> list[Bin]:
    """Return the occupied bins of equal width of a reliability diagram, from 0 to 1."""
    which = np.minimum((probability * count).astype(int), count - 1)
    return [
        Bin(
            number / count,
            (number + 1) / count,
            int(inside.sum()),
            float(probability[inside].mean()),
            float(is_right[inside].mean()),
        )
        for number in range(count)
        if (inside := which == number).any()
    ]


def calibration_error(probability: Floats, is_right: Floats) -> float:
    """
    Return the expected calibration error: the mean gap of ten bins of equal width, weighted by their size.

    Source: Naeini MP, Cooper GF, Hauskrecht M. AAAI 2015;2015:2901-2907.
    """
    total = len(probability)
    return sum(
        one.count / total * abs(one.predicted - one.observed) for one in bins_of(probability, is_right)
    )


def calibration_error_by_mass(probability: Floats, is_right: Floats) -> float:
    """Return the same of ten bins that hold equally many: it does not hide what lies in one crowded bin."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return float(
        sum(len(part) / len(order) * abs(probability[part].mean() - is_right[part].mean()) for part in parts)
    )


def by_patients(
    patients: Sequence[str], figure: Callable[[NDArray[np.int64]], float], *, resamples: int | None = None
) -> Estimate:
    """
    Return *figure* of all rows with its percentile interval over patients drawn with replacement.

    Args:
        patients: The patient of each row.
        figure: What to compute from the numbers of the rows; a row may come several times.
        resamples: How many draws; ``RESAMPLES`` where nothing is said.

    Source: Efron B, Tibshirani R. An introduction to the bootstrap. 1993, chapter 13.
    """
    names, which = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    rows_of = [np.flatnonzero(which == number) for number in range(len(names))]
    chance = np.random.default_rng(SEED)
    values = np.array(
        [
            figure(
                np.concatenate([rows_of[number] for number in chance.integers(len(names), size=len(names))])
            )
            for _ in range(resamples or RESAMPLES)
        ]
    )
    low, high = np.quantile(values, (0.025, 0.975))
    return Estimate(figure(np.arange(len(which))), float(low), float(high))


def upper_bound(errors: int, total: int, *, confidence: float = 0.95) -> float:
    """
    Return the one-sided upper limit of an error rate of which *errors* of *total* were seen.

    The exact limit of Clopper CJ, Pearson ES. Biometrika 1934;26:404-413, found by bisection.
    """
    if errors >= total:
        return 1.0
    low, high = errors / total, 1.0
    for _ in range(60):  # halves the interval below 1e-18
        middle = (low + high) / 2
        if _binomial_cdf(errors, total, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _binomial_cdf(most: int, total: int, chance: float) -> float:
    if chance <= 0.0:
        return 1.0
    if chance >= 1.0:
        return 0.0
    return sum(
        exp(
            lgamma(total + 1)
            - lgamma(count + 1)
            - lgamma(total - count + 1)
            + count * log(chance)
            + (total - count) * log(1 - chance)
        )
        for count in range(most + 1)
    )


def stability_index(expected: Floats, observed: Floats) -> float:
    """
    Return the population stability index of two samples of probabilities, over tenths of the expected one.

    Below 0.1 is usually called stable and above 0.25 shifted (Siddiqi N. Credit risk scorecards. 2006); it is 0 when
    both samples fall alike into the bins. An empty bin counts as half a case.
    """
    edges = np.unique(np.quantile(expected, np.linspace(0, 1, BINS + 1)[1:-1]))
    shares = []
    for sample in (expected, observed):
        counts = np.bincount(np.searchsorted(edges, sample, side="right"), minlength=len(edges) + 1)
        shares.append(np.maximum(counts, 0.5) / len(sample))
    return float(np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0])))


def calibration_figures(
    probability: Floats, is_right: Floats, patients: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return accuracy, mean probability, Brier score, log loss, both calibration errors and AUC with intervals."""
    figures: dict[str, Callable[[Floats, Floats], float]] = {
        "accuracy": lambda _, y: float(y.mean()),
        "mean_probability": lambda p, _: float(p.mean()),
        "brier": brier,
        "log_loss": log_loss,
        "calibration_error": calibration_error,
        "calibration_error_by_mass": calibration_error_by_mass,
        "auc": auc,
    }
    return {
        name: by_patients(patients, lambda rows, f=f: f(probability[rows], is_right[rows])).to_dict()  # type: ignore[misc]
        for name, f in figures.items()
    }


def bins_as_dicts(bins: Sequence[Bin]) -> list[dict[str, Any]]:
    """Return the bins as plain values for JSON."""
    return [
        {
            "low": one.low,
            "high": one.high,
            "count": one.count,
            "predicted": one.predicted,
            "observed": one.observed,
        }
        for one in bins
    ]
