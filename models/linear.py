"""
A fitted model as plain numbers: a name, a scale and a weight for each feature.

What trains a model needs scikit-learn, scipy and pandas, which take a worker seconds to load and memory to hold, and
a vectorizer and a sparse matrix for each patient cost more than the patient's own reading. What a logistic regression
does with named features is one sum, so a model at work is read from the artefact's ``weights.json`` and summed here,
in the order in which scikit-learn sums. Standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import exp, isfinite
from typing import Any, Final

# The name of the only model of an artefact that holds one.
ALONE: Final = "model"
# Beyond it the probability is 0 to the last digit, and ``exp`` would overflow.
_LEAST: Final = -700.0


class LinearModel:
    """
    A logistic regression over named features, each divided by its scale.

    Args:
        intercept: What is added to the sum.
        terms: Scale and weight by name of feature. A feature of another name counts nothing.
    """

    def __init__(self, intercept: float, terms: Mapping[str, tuple[float, float]]) -> None:
        self.intercept = intercept
        self.terms = dict(sorted(terms.items()))
        # Times the inverse, as scikit-learn does: a division would differ in the last digit.
        self._terms = {name: (1.0 / scale, weight) for name, (scale, weight) in self.terms.items()}

    def probability(self, features: Mapping[str, float]) -> float:
        """
        Return the probability that the target holds.

        >>> round(LinearModel(0.0, {"single": (2.0, 1.0)}).probability({"single": 2.0, "unheard of": 9.0}), 3)
        0.731
        """
        total = 0.0
        terms = self._terms
        for name in sorted(features):
            if name in terms:
                inverse, weight = terms[name]
                total += features[name] * inverse * weight
        return 1.0 / (1.0 + exp(-max(total + self.intercept, _LEAST)))


def linear_of(estimator: Any) -> LinearModel:
    """Return the plain numbers of what ``learning.make_estimator`` made, once it is fitted."""
    steps = estimator.named_steps
    scales = steps["scale"].scale_.tolist()
    weights = steps["classify"].coef_[0].tolist()
    names = steps["names"].feature_names_
    return LinearModel(
        float(steps["classify"].intercept_[0]),
        {name: (scale, weight) for name, scale, weight in zip(names, scales, weights, strict=True)},
    )


def linear_models(estimator: Any) -> dict[str, LinearModel]:
    """Return the plain numbers of an artefact's estimator: by name where it is a mapping, else as ``ALONE``."""
    if isinstance(estimator, Mapping):
        return {str(name): linear_of(one) for name, one in estimator.items()}
    return {ALONE: linear_of(estimator)}


def write_weights(models: Mapping[str, LinearModel]) -> str:
    """Return models as JSON, every number to its last digit."""
    content = {
        name: {"intercept": model.intercept, "terms": {n: list(t) for n, t in model.terms.items()}}
        for name, model in models.items()
    }
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read_weights(text: str) -> dict[str, LinearModel]:
    """
    Return the models that ``write_weights`` wrote.

    Raises:
        ValueError: It is nothing of the kind, or a number is none to reckon with.
    """
    content = json.loads(text)
    if not isinstance(content, dict) or not content:
        raise ValueError("no models")
    models = {}
    for name, model in content.items():
        try:
            terms = {str(n): (float(scale), float(weight)) for n, (scale, weight) in model["terms"].items()}
            made = LinearModel(float(model["intercept"]), terms)
        except (TypeError, KeyError, AttributeError, ZeroDivisionError) as exc:
            raise ValueError("no model") from exc
        numbers = (made.intercept, *(number for term in made.terms.values() for number in term))
        if not all(map(isfinite, numbers)):
            raise ValueError("a number that is not finite")
        models[str(name)] = made
    return models
