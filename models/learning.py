"""
What the models of verdicts share: a penalised logistic regression over named features, and honest splits.

Logistic regression on purpose: there are hundreds of verdicts and dozens of errors to learn from, its probabilities are
near calibrated without a second step, and a weight can be read. Every fit is single-threaded and seeded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler

from chartsift.models.errors import ModelError
from chartsift.models.metrics import Floats, log_loss

# Inverse strength of the penalty, from strong to weak; half-decades.
STRENGTHS: Final = (0.03, 0.1, 0.3, 1.0, 3.0)
# Patients kept apart at least; with fewer there is no inner split to choose a penalty by.
_LEAST_GROUPS: Final = 3
# Authors or sites are few and kept apart one by one; many patients are dealt into this many folds, and into fewer where
# only the penalty is chosen.
_FOLDS: Final = 10
_INNER_FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class Rows:
    """
    Training data: one row a decision.

    Attributes:
        features: Named features of each row.
        target: 1 where it holds, 0 where not.
        patients: The patient of each row.
        groups: What is kept together in splits (author, site or patient).
    """

    features: Sequence[Mapping[str, float]]
    target: Floats
    patients: Sequence[str]
    groups: Sequence[str]

    def take(self, chosen: NDArray[np.bool_]) -> Rows:
        """Return the rows that are *chosen*."""
        numbers = np.flatnonzero(chosen)
        return Rows(
            [self.features[number] for number in numbers],
            self.target[chosen],
            [self.patients[number] for number in numbers],
            [self.groups[number] for number in numbers],
        )

    def only(self, *families: str) -> Rows:
        """Return the rows with the features whose names begin with one of *families* alone."""
        kept = [{n: v for n, v in row.items() if n.startswith(families)} for row in self.features]
        return Rows(kept, self.target, self.patients, self.groups)

    def without(self, *families: str) -> Rows:
        """Return the rows without the features whose names begin with one of *families*."""
        kept = [{n: v for n, v in row.items() if not n.startswith(families)} for row in self.features]
        return Rows(kept, self.target, self.patients, self.groups)


def check_rows(rows: Rows) -> None:
    """
    Refuse what nothing can be learned from.

    Raises:
        ModelError: no row (MO503), one class only (MO504), or too few groups to keep apart (MO506).
    """
    if not len(rows.target):
        raise ModelError("MO503", "there is nothing to learn from", hint="give annotated charts or readings")
    if len(np.unique(rows.target)) < 2:
        raise ModelError(
            "MO504",
            "every decision of the training data is alike, so that nothing can be told apart",
            hint="add charts on which the rules err; readings taken after the rules were corrected show none",
        )
    if len(set(rows.groups)) < _LEAST_GROUPS:
        raise ModelError(
            "MO506",
            f"the training data hold fewer than {_LEAST_GROUPS} patients or sites to keep apart",
            hint="add charts of other patients",
        )


def make_estimator(strength: float) -> Pipeline:
    """Return an unfitted classifier of named features; *strength* is the inverse of the penalty."""
    return Pipeline(
        [
            ("names", DictVectorizer()),
            ("scale", MaxAbsScaler()),
            ("classify", LogisticRegression(C=strength, max_iter=10_000, tol=1e-8)),
        ]
    )


def fit(rows: Rows, strength: float) -> Pipeline:
    """Return a classifier fitted to *rows*, in an order that does not depend on the order they are given in."""
    order = sorted(
        range(len(rows.target)), key=lambda n: (rows.patients[n], sorted(rows.features[n].items()))
    )
    estimator = make_estimator(strength)
    estimator.fit([rows.features[number] for number in order], rows.target[order])
    return estimator


def predict(estimator: Any, features: Sequence[Mapping[str, float]]) -> Floats:
    """Return the probability that the target holds, for each row."""
    if not features:
        return np.zeros(0)
    return np.asarray(estimator.predict_proba(list(features))[:, 1], dtype=np.float64)


def folds_of(groups: Sequence[str], *, most: int = _FOLDS) -> list[NDArray[np.bool_]]:
    """
    Return the masks of the held-out rows of each fold: a group each, or groups dealt into *most* where there are more.

    Groups are dealt in the order of their names, so that the same data give the same folds.
    """
    names = sorted(set(groups))
    fold_of = {name: number % most for number, name in enumerate(names)}
    folds = np.array([fold_of[group] for group in groups])
    return [folds == number for number in range(min(most, len(names)))]


def choose_strength(rows: Rows) -> float:
    """
    Return the strongest penalty whose log loss is within one standard error of the best, by held-out groups.

    Source: Hastie T, Tibshirani R, Friedman J. The elements of statistical learning. 2nd ed. 2009, section 7.10. It
    errs on the side of the simpler model, which is the one that lasts when the rules are changed.
    """
    losses = []
    for strength in STRENGTHS:
        each = []
        for held_out in folds_of(rows.groups, most=_INNER_FOLDS):
            rest, here = rows.take(~held_out), rows.take(held_out)
            if len(np.unique(rest.target)) < 2:
                continue
            each.append(log_loss(predict(fit(rest, strength), here.features), here.target))
        losses.append(each)
    means = np.array([np.mean(each) if each else np.inf for each in losses])
    best = int(np.argmin(means))
    spread = (
        float(np.std(losses[best], ddof=1) / np.sqrt(len(losses[best]))) if len(losses[best]) > 1 else 0.0
    )
    return STRENGTHS[int(np.flatnonzero(means <= means[best] + spread)[0])]


def nested_probabilities(rows: Rows) -> Floats:
    """
    Return for each row the probability by a model that saw nothing of its group.

    The penalty is chosen anew inside the rest each time, by splits of the rest.
    """
    probability = np.full(len(rows.target), float(rows.target.mean()))
    for held_out in folds_of(rows.groups):
        rest = rows.take(~held_out)
        if len(np.unique(rest.target)) < 2:
            continue
        strength = choose_strength(rest) if len(set(rest.groups)) > 1 else STRENGTHS[0]
        estimator = fit(rest, strength)
        probability[held_out] = predict(estimator, rows.take(held_out).features)
    return probability


def base_rates(rows: Rows) -> Floats:
    """Return for each row the share of the target in the other groups: the simplest baseline."""
    probability = np.zeros(len(rows.target))
    for held_out in folds_of(rows.groups):
        rest = rows.target[~held_out]
        probability[held_out] = rest.mean() if len(rest) else 0.5
    return probability
