"""The promoted model of confidence at work: fills ``CriterionResult.confidence`` with a calibrated probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chartsift.models.learning import predict
from chartsift.models.store import load
from chartsift.models.verdict_features import verdict_features
from chartsift.nlp.types import CohortResult, NoteInfo


class VerdictRater:
    """
    Gives each verdict the probability that its status is right.

    A judgement is nobody's verdict and keeps what it has.
    """

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def rate(self, cohorts: Sequence[CohortResult], notes: Sequence[NoteInfo]) -> list[CohortResult]:
        """Return the cohorts with calibrated confidences; status, basis and evidence stay as they are."""
        # Cohorts share criteria; each is rated once.
        verdicts = {
            id(criterion): (criterion, cohort.as_of)
            for cohort in cohorts
            for criterion in cohort.criteria
            if criterion.basis != "judgement"
        }
        features = [
            verdict_features(criterion, as_of=as_of, notes=notes) for criterion, as_of in verdicts.values()
        ]
        # Three decimals are more than calibration can tell, and the same on every processor.
        confidence = dict(zip(verdicts, predict(self._estimator, features).round(3).tolist(), strict=True))
        rated = {
            key: replace(criterion, confidence=confidence[key]) for key, (criterion, _) in verdicts.items()
        }
        return [
            replace(cohort, criteria=tuple(rated.get(id(one), one) for one in cohort.criteria))
            for cohort in cohorts
        ]


def load_rater(folder: str, digest: str) -> VerdictRater:
    """
    Return the rater of an artefact; spaCy knows this function as ``chartsift.verdict_rater.v1``.

    Raises:
        ModelError: the artefact is refused (MO511 to MO515).
    """
    return VerdictRater(load(Path(folder), kind="confidence", digest=digest).estimator)
