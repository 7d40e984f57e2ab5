"""
Confidence: the probability that the status which the rules gave a criterion is the annotators'.

Trained on readings (``models.readings``), judged by models that saw nothing of the same author or site.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from chartsift.models.errors import ModelError
from chartsift.models.learning import (
    Rows,
    base_rates,
    check_rows,
    choose_strength,
    fit,
    nested_probabilities,
    predict,
)
from chartsift.models.metrics import (
    Estimate,
    Floats,
    bins_as_dicts,
    bins_of,
    brier,
    by_patients,
    calibration_figures,
    log_loss,
    upper_bound,
)
from chartsift.models.readings import PatientReading

Band = Literal["accept", "look", "must_read"]

# What is left wrong among accepted verdicts at most, as the issue of calibration states it.
STATED_ERROR: Final = 0.02
# Families of features that are left out one at a time, to see what each is worth.
_FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "criterion and status": ("verdict=", "criterion=", "kind="),
    "basis": ("basis=",),
    "amount and agreement": (
        "n_",
        "opposed",
        "is_opposed",
        "single",
        "deciding_notes",
        "undecided",
        "silent",
    ),
    "recency": ("newest_days", "spread_days", "dated_by_text"),
    "section and source": ("section=", "copied"),
    "rule and assertion": ("rule=", "assertion=", "open", "with_cue", "best_score", "least_score"),
    "set aside": ("aside=",),
    "flags": ("flag=",),
}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """
    Where the bands lie: at or above ``accept``, below ``must_read``, and "look" between them.

    ``accept`` may be above 1: then no verdict is sure enough at the stated error rate.
    """

    accept: float
    must_read: float
    stated_error: float = STATED_ERROR

    def band_of(self, probability: float) -> Band:
        """Return the band of a verdict."""
        if probability >= self.accept:
            return "accept"
        return "must_read" if probability < self.must_read else "look"

    def to_dict(self) -> dict[str, float]:
        """Return the three numbers."""
        return {"accept": self.accept, "must_read": self.must_read, "stated_error": self.stated_error}


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted model, where its bands lie, and the figures of its nested cross-validation."""

    estimator: Pipeline
    strength: float
    thresholds: Thresholds
    figures: Mapping[str, Any]


def rows_of(readings: Sequence[PatientReading]) -> Rows:
    """
    Return one row a verdict; the target is 1 where the rules are right.

    Raises:
        ModelError: the same verdict of the same patient stands twice (MO505).
    """
    seen: dict[tuple[str, str], str] = {}
    for reading in readings:
        for verdict in reading.verdicts:
            key = (reading.patient, verdict.criterion)
            if key in seen:
                what = "contradicts itself on" if seen[key] != verdict.gold else "holds twice"
                raise ModelError(
                    "MO505",
                    f"the training data {what} {verdict.criterion} of one patient",
                    hint="give each patient once, as adjudicated",
                )
            seen[key] = verdict.gold
    pairs = [(reading, verdict) for reading in readings for verdict in reading.verdicts]
    return Rows(
        [verdict.features for _, verdict in pairs],
        np.array([float(verdict.is_right) for _, verdict in pairs]),
        [reading.patient for reading, _ in pairs],
        [reading.group for reading, _ in pairs],
    )


def train_confidence(readings: Sequence[PatientReading], *, ablate: bool = True) -> Trained:
    """
    Fit the model of confidence and measure it by nested grouped cross-validation.

    Args:
        readings: First readings of annotated charts.
        ablate: Also measure without each family of features, and simple baselines.

    Raises:
        ModelError: nothing to learn from (MO503), no error or only errors (MO504), contradictions (MO505), or too
            few groups (MO506).
    """
    rows = rows_of(readings)
    check_rows(rows)
    probability = nested_probabilities(rows)
    thresholds = choose_thresholds(probability, rows.target)
    strength = choose_strength(rows)
    figures = {
        "nested": figures_of(probability, rows, thresholds),
        "strength": strength,
    }
    if ablate:
        figures["comparisons"] = _comparisons(rows, probability, readings)
    return Trained(fit(rows, strength), strength, thresholds, figures)


def choose_thresholds(
    probability: Floats, is_right: Floats, *, stated_error: float = STATED_ERROR
) -> Thresholds:
    """
    Return where the bands lie for a stated error rate.

    ``accept`` is the threshold above which the upper 95 % limit of the error rate is lowest, if that limit keeps the
    stated rate: the safest band and not the largest. ``must_read`` is the lowest threshold above which the error
    rate still keeps the stated one, so that who reads the verdicts below it leaves no more than that wrong.
    """
    order = np.argsort(-probability, kind="stable")
    errors = np.cumsum(1 - is_right[order])
    accept, must_read, lowest = 1.1, 1.1, stated_error
    for index in range(len(order)):
        here = float(probability[order[index]])
        if index + 1 < len(order) and probability[order[index + 1]] == here:
            continue  # a threshold does not part equals
        wrong, count = round(float(errors[index])), index + 1
        if wrong / count <= stated_error:
            must_read = here
            limit = upper_bound(wrong, count)
            if limit <= lowest:
                lowest, accept = limit, here
    return Thresholds(round(accept, 6), round(min(must_read, accept), 6), stated_error)


def figures_of(probability: Floats, rows: Rows, thresholds: Thresholds) -> dict[str, Any]:
    """Return the figures of probabilities: calibration with intervals, reliability bins, and the bands."""
    return {
        "verdicts": len(rows.target),
        "wrong": int((1 - rows.target).sum()),
        "patients": len(set(rows.patients)),
        "groups": len(set(rows.groups)),
        **calibration_figures(probability, rows.target, rows.patients),
        "bins": bins_as_dicts(bins_of(probability, rows.target)),
        "bands": bands_of(probability, rows, thresholds),
    }


def bands_of(probability: Floats, rows: Rows, thresholds: Thresholds) -> dict[str, Any]:
    """Return for each band its share of verdicts and how many of them are right, with an interval over patients."""
    bands = np.array([thresholds.band_of(p) for p in probability])
    figures: dict[str, Any] = {}
    for band in ("accept", "look", "must_read"):
        inside = bands == band
        count = int(inside.sum())
        right = int(rows.target[inside].sum())
        figures[band] = {
            "verdicts": count,
            "share": count / len(bands) if len(bands) else 0.0,
            "right": right,
            "accuracy": right / count if count else None,
            "interval": _share_right(inside, rows).to_dict() if count else None,
        }
    return figures


def _share_right(inside: NDArray[np.bool_], rows: Rows) -> Estimate:
    def figure(numbers: NDArray[np.int64]) -> float:
        chosen = numbers[inside[numbers]]
        return float(rows.target[chosen].mean()) if len(chosen) else 1.0

    return by_patients(rows.patients, figure)


def _comparisons(rows: Rows, probability: Floats, readings: Sequence[PatientReading]) -> dict[str, Any]:
    """Return Brier score and log loss of baselines and of the model without each family, and the paired differences."""
    rules = np.array([verdict.confidence for reading in readings for verdict in reading.verdicts])
    others: dict[str, Floats] = {
        "constant": base_rates(rows),
        "the rules' own score": rules,
        "criterion and status alone": nested_probabilities(rows.only("verdict=")),
    }
    for name, families in _FAMILIES.items():
        others[f"without {name}"] = nested_probabilities(rows.without(*families))
    return {name: compare(probability, other, rows) for name, other in others.items()}


def compare(ours: Floats, other: Floats, rows: Rows) -> dict[str, Any]:
    """Return the other's figures, and ours minus the other's with paired intervals; below 0 ours is better."""
    figures: dict[str, Any] = {}
    for name, loss in (("brier", brier), ("log_loss", log_loss)):
        difference = by_patients(
            rows.patients,
            lambda n, loss=loss: loss(ours[n], rows.target[n]) - loss(other[n], rows.target[n]),  # type: ignore[misc]
        )
        figures[name] = loss(other, rows.target)
        figures[f"{name}_difference"] = difference.to_dict()
    return figures


def measure(estimator: Any, thresholds: Thresholds, readings: Sequence[PatientReading]) -> dict[str, Any]:
    """
    Return the figures of a fitted model on readings it was not trained on, beside the rules' own score.

    Raises:
        ModelError: there is no verdict (MO503), or a patient stands twice (MO505).
    """
    rows = rows_of(readings)
    if not len(rows.target):
        raise ModelError("MO503", "there is no verdict to measure", hint="give annotated charts")
    probability = predict(estimator, rows.features)
    rules = np.array([verdict.confidence for reading in readings for verdict in reading.verdicts])
    return {
        **figures_of(probability, rows, thresholds),
        "against": {"the rules' own score": compare(probability, rules, rows)},
    }
