"""
How a score supports a verdict on the diagnosis. It never decides it: the clinician's statement does.

The score has two known blind spots, antisynthetase syndrome without weakness and necrotizing myopathy with a biopsy
(Lundberg, comments on the criteria); both are diseases of the trial, so a low score is a flag and never a reason.
"""

from __future__ import annotations

from dataclasses import replace

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.logic import Outcome
from chartsift.nlp.criteria.predicates.diagnosis import standing
from chartsift.nlp.criteria.scores.load import load_score
from chartsift.nlp.criteria.scores.schema import ScoreFile
from chartsift.nlp.criteria.scores.score import score_chart
from chartsift.nlp.types import ScoreResult

# The diseases that the trial asks a myositis-specific antibody for.
_WITH_ANTIBODY = frozenset({"DM", "CADM", "JDM", "ASyS", "IMNM"})


def support(chart: Chart, score_id: str, outcome: Outcome) -> tuple[ScoreResult | None, Outcome]:
    """
    Return the score of *chart* and *outcome* with its sentence and flags; value and basis stay as they are.

    A chart in which no myositis is in question gets no score.
    """
    if outcome.is_silent:
        return None, outcome
    score = load_score(score_id)
    result = score_chart(chart, score)
    if outcome.value is False:
        # The criteria are for use only where nothing explains the picture better.
        return replace(result, flags=(*result.flags, "better_explanation")), outcome
    said = chart.of("classification", ["criteria_met"], assertions=["present"])
    words = f"{result.summary}; a note says that the criteria are met" if said else result.summary
    flags = () if said or outcome.value is not True else _flags(chart, score, result)
    reason = f"{outcome.reason}. {words}" if outcome.reason else words
    return result, replace(outcome, reason=reason, flags=(*outcome.flags, *flags))


def _flags(chart: Chart, score: ScoreFile, result: ScoreResult) -> tuple[str, ...]:
    if result.verdict == "classifies":
        return ()
    reached = [
        score.labels[name]
        for name in list(score.labels)[: list(score.labels).index(score.classifies_from) + 1]
    ]
    if result.label_high not in reached:
        return ("score_below_classification",)
    disease = any(f.concept in _WITH_ANTIBODY for f in standing(chart).stated)
    antibody = any(
        f.attribute("class") == "MSA" and f.attribute("result") in ("positive", "weak", "implied")
        for f in chart.of("antibody", assertions=["present"])
    )
    return ("score_not_reproduced",) if disease and antibody else ("score_undecided",)
