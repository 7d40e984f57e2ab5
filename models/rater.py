"""The promoted model of confidence at work: fills ``CriterionResult.confidence`` with a calibrated probability."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from chartsift.models.linear import ALONE, LinearModel
from chartsift.models.store import load_plain
from chartsift.models.verdict_features import verdict_features
from chartsift.nlp.types import CohortResult, CriterionResult, NoteInfo
from chartsift.nlp.values import replacer

# Verdicts on silence that are remembered: a trial has a few dozen, times the numbers of notes that patients have.
_MOST_REMEMBERED: Final = 20_000

_with_confidence = replacer(CriterionResult, "confidence")
_with_criteria = replacer(CohortResult, "criteria")

# All that the features of a verdict without evidence are made of.
_Silent = tuple[str, str, str, str, tuple[str, ...], int]


class VerdictRater:
    """
    Gives each verdict the probability that its status is right.

    A judgement is nobody's verdict and keeps what it has.
    """

    def __init__(self, model: LinearModel) -> None:
        self._model = model
        self._silent: dict[_Silent, float] = {}

    def rate(self, cohorts: Sequence[CohortResult], notes: Sequence[NoteInfo]) -> list[CohortResult]:
        """Return the cohorts with calibrated confidences; status, basis and evidence stay as they are."""
        # Cohorts share criteria; each is rated once.
        rated: dict[int, CriterionResult] = {}
        for cohort in cohorts:
            for criterion in cohort.criteria:
                if criterion.basis != "judgement" and id(criterion) not in rated:
                    confidence = self._confidence(criterion, cohort.as_of, notes)
                    rated[id(criterion)] = _with_confidence(criterion, confidence)
        return [
            _with_criteria(cohort, tuple([rated.get(id(one), one) for one in cohort.criteria]))
            for cohort in cohorts
        ]

    def _confidence(self, criterion: CriterionResult, as_of: date, notes: Sequence[NoteInfo]) -> float:
        if criterion.evidence:
            return self._asked(criterion, as_of, notes)
        # Most verdicts on most patients rest on silence, and are the same silence over and over.
        key = (
            criterion.criterion_id,
            criterion.kind,
            criterion.status,
            criterion.basis,
            criterion.flags,
            len(notes),
        )
        known = self._silent.get(key)
        if known is None:
            if len(self._silent) >= _MOST_REMEMBERED:
                self._silent.clear()
            known = self._silent[key] = self._asked(criterion, as_of, notes)
        return known

    def _asked(self, criterion: CriterionResult, as_of: date, notes: Sequence[NoteInfo]) -> float:
        # Three decimals are more than calibration can tell, and the same on every processor.
        return round(self._model.probability(verdict_features(criterion, as_of=as_of, notes=notes)), 3)


def load_rater(folder: str, digest: str) -> VerdictRater:
    """
    Return the rater of an artefact; spaCy knows this function as ``chartsift.verdict_rater.v1``.

    Raises:
        ModelError: the artefact is refused (MO511 to MO515).
    """
    models = load_plain(Path(folder), kind="confidence", digest=digest)
    return VerdictRater(models[ALONE])
