"""
Ranking: which patient to read first.

For each verdict a model says how likely the patient is as enrolment needs it; the product over the criteria is the
probability of being eligible. Besides, for each patient: the one open criterion whose answer would move it most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from chartsift.models.confidence import rows_of
from chartsift.models.learning import (
    Rows,
    check_rows,
    choose_strength,
    fit,
    nested_probabilities,
    predict,
)
from chartsift.models.metrics import Floats, by_patients
from chartsift.models.readings import PatientReading

_STATUS_RANK: Final = {"eligible": 0, "undetermined": 1, "ineligible": 2}
_AT: Final = (5, 10, 20)
# The share of the eligible that a reader wants to have found.
_WANTED: Final = 0.95


@dataclass(frozen=True, slots=True)
class Rank:
    """
    One patient's place.

    Attributes:
        patient: Who.
        probability: Of being eligible.
        open_criterion: The undecided criterion that would help most if it came out well; empty where none is open.
        if_settled: The probability of being eligible if it did.
    """

    patient: str
    probability: float
    open_criterion: str
    if_settled: float


def fit_rows(readings: Sequence[PatientReading]) -> Rows:
    """Return one row a verdict; the target is 1 where the patient truly is as enrolment needs it."""
    rows = rows_of(readings)
    fits = np.array([float(verdict.fits) for reading in readings for verdict in reading.verdicts])
    return replace(rows, target=fits)


def rank(readings: Sequence[PatientReading], fits: Floats) -> list[Rank]:
    """
    Return the patients, likeliest first; of equals the one first that a single fact would bring further.

    Args:
        readings: The patients; only what the rules made of them is used.
        fits: For each verdict, in order, the probability that the patient is as enrolment needs it.
    """
    ranks = []
    at = 0
    for reading in readings:
        chances = fits[at : at + len(reading.verdicts)]
        at += len(reading.verdicts)
        whole = float(np.prod(chances)) if len(chances) else 0.0
        open_ones = [
            (float(chance), verdict.criterion)
            for verdict, chance in zip(reading.verdicts, chances, strict=True)
            if verdict.status == "unknown"
        ]
        least, criterion = min(open_ones, default=(1.0, ""))
        ranks.append(Rank(reading.patient, whole, criterion, whole / least if least > 0 else whole))
    return sorted(ranks, key=lambda one: (-one.probability, -one.if_settled, one.patient))


def train_ranking(readings: Sequence[PatientReading]) -> tuple[Any, float, dict[str, Any]]:
    """
    Fit the model of ranking; return estimator, penalty and the figures of nested grouped cross-validation.

    Raises:
        ModelError: as ``train_confidence``.
    """
    rows = fit_rows(readings)
    check_rows(rows)
    probability = nested_probabilities(rows)
    strength = choose_strength(rows)
    return fit(rows, strength), strength, {"nested": ranking_figures(readings, probability)}


def measure_ranking(estimator: Any, readings: Sequence[PatientReading]) -> dict[str, Any]:
    """Return the figures of a fitted model on patients it was not trained on."""
    return ranking_figures(readings, predict(estimator, fit_rows(readings).features))


def ranking_figures(readings: Sequence[PatientReading], fits: Floats) -> dict[str, Any]:
    """
    Return how soon the eligible are found in the model's order, the rules' own, and that of the last note.

    ``to_read`` is the share of charts to read until 95 % of the eligible are found; ``at`` precision and recall after
    so many charts. The interval of the difference resamples patients.
    """
    patients = [reading.patient for reading in readings]
    is_eligible = np.array([reading.gold == "eligible" for reading in readings], dtype=float)
    places = {one.patient: place for place, one in enumerate(rank(readings, fits))}
    keys = {
        "model": np.array([float(places[patient]) for patient in patients]),
        "rules": _places([(_STATUS_RANK[r.status], -r.score, r.patient) for r in readings]),
        "last note": _places([(_descending(r.last_note), r.patient) for r in readings]),
    }
    figures: dict[str, Any] = {"patients": len(readings), "eligible": int(is_eligible.sum())}
    if not is_eligible.any():
        return figures
    for name, key in keys.items():
        order = np.argsort(key, kind="stable")
        found = np.cumsum(is_eligible[order])
        figures[name] = {
            "to_read": by_patients(patients, lambda n, key=key: _to_read(key[n], is_eligible[n])).to_dict(),  # type: ignore[misc]
            "average_precision": by_patients(
                patients,
                lambda n, key=key: _average_precision(key[n], is_eligible[n]),  # type: ignore[misc]
            ).to_dict(),
            "at": {
                str(k): {"precision": float(found[k - 1] / k), "recall": float(found[k - 1] / found[-1])}
                for k in _AT
                if k <= len(order)
            },
        }
        if name != "model":
            figures[name]["to_read_saved"] = by_patients(
                patients,
                lambda n, key=key: (  # type: ignore[misc]
                    _to_read(key[n], is_eligible[n]) - _to_read(keys["model"][n], is_eligible[n])
                ),
            ).to_dict()
    return figures


def _places(keys: Sequence[tuple[Any, ...]]) -> Floats:
    order = sorted(range(len(keys)), key=lambda number: keys[number])
    places = np.zeros(len(keys))
    for place, number in enumerate(order):
        places[number] = place
    return places


def _descending(day: str) -> int:
    return -int(day.replace("-", ""))


def _to_read(key: Floats, is_eligible: Floats) -> float:
    """Return the share of charts read in the order of *key* until 95 % of the eligible are found."""
    found = np.cumsum(is_eligible[np.argsort(key, kind="stable")])
    if not len(found) or not found[-1]:
        return 1.0
    needed = int(np.ceil(_WANTED * found[-1]))
    return float((np.searchsorted(found, needed, side="left") + 1) / len(found))


def _average_precision(key: Floats, is_eligible: Floats) -> float:
    hits = is_eligible[np.argsort(key, kind="stable")]
    if not hits.sum():
        return 0.0
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / hits.sum())
