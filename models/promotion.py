"""
Whether a model may be put into use: it and what is in use now, on charts that it has not seen.

A model may not lose an exclusion. Whoever is missed by an exclusion is put at risk, so its sensitivity may not fall on
any of them, whatever else gets better.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chartsift.annotations.vocabulary import EXCLUSIONS, JUDGEMENT_CRITERION
from chartsift.models.confidence import Thresholds, compare, measure, rows_of
from chartsift.models.errors import ModelError
from chartsift.models.learning import predict
from chartsift.models.ranking import fit_rows, ranking_figures
from chartsift.models.readings import notes_digest, take_readings
from chartsift.models.store import Artefact, load
from chartsift.nlp.learned import COMPONENTS, ModelUse

if TYPE_CHECKING:
    from chartsift.annotations.charts import Chart
    from chartsift.nlp.criteria import Trial
    from chartsift.nlp.screening.chart import Extractor

# Makes the pipeline with these models and no others.
MakePipeline = Callable[[tuple[ModelUse, ...]], "Extractor"]


@dataclass(frozen=True, slots=True)
class Trialling:
    """The figures on which a promotion rests, and what speaks against it; nothing does when *reasons* is empty."""

    figures: Mapping[str, Any]
    reasons: tuple[str, ...]


def try_out(
    artefact: Artefact,
    charts: Sequence[Chart],
    in_use: ModelUse | None,
    *,
    make_pipeline: MakePipeline,
    trial: Trial,
) -> Trialling:
    """
    Compare an artefact with the model in use and with the rules alone, on the charts it was not trained on.

    Raises:
        ModelError: no chart is left that it was not trained on (MO524).
    """
    seen = set(artefact.manifest.get("trained_on", {}).get("notes", ()))
    charts = [chart for chart in charts if notes_digest(chart.notes) not in seen]
    if not charts:
        raise ModelError(
            "MO524", "every chart was in the training data", hint="give charts that the model has not seen"
        )
    candidate = ModelUse(artefact.kind, str(artefact.folder), artefact.digest)
    rules = take_readings(charts, make_pipeline(()), trial)
    reasons: list[str] = []
    figures: dict[str, Any] = {"charts": len(charts)}
    if artefact.kind in COMPONENTS:
        before = take_readings(charts, make_pipeline((in_use,) if in_use else ()), trial)
        after = take_readings(charts, make_pipeline((candidate,)), trial)
        figures["exclusions"] = {}
        for name in sensitivities(before):
            old, new = sensitivities(before)[name], sensitivities(after)[name]
            figures["exclusions"][name] = {"in_use": old, "candidate": new}
            if new[0] < old[0]:
                reasons.append(f"sensitivity of {name} falls from {old[0]}/{old[1]} to {new[0]}/{new[1]}")
        right = [sum(v.is_right for r in readings for v in r.verdicts) for readings in (before, after)]
        figures["right"] = {"in_use": right[0], "candidate": right[1]}
        if right[1] < right[0]:
            reasons.append(f"right verdicts fall from {right[0]} to {right[1]}")
        return Trialling(figures, tuple(reasons))
    # A model of confidence or order leaves every verdict as it is, and with it every exclusion.
    figures["exclusions"] = {
        name: {"in_use": list(value), "candidate": list(value)}
        for name, value in sensitivities(rules).items()
    }
    current = load(Path(in_use.folder), kind=artefact.kind, digest=in_use.digest) if in_use else None
    if artefact.kind == "confidence":
        figures["candidate"] = measure(artefact.estimator, thresholds_of(artefact), rules)
        rows = rows_of(rules)
        own = np.array([verdict.confidence for reading in rules for verdict in reading.verdicts])
        other = predict(current.estimator, rows.features) if current else own
        figures["against_in_use"] = compare(predict(artefact.estimator, rows.features), other, rows)
        # Above the interval, so that chance alone does not refuse a model on a few charts.
        if figures["against_in_use"]["brier_difference"]["low"] > 0:
            reasons.append("its probabilities are worse than those in use (Brier score)")
    elif artefact.kind == "ranking":
        fits = predict(artefact.estimator, fit_rows(rules).features)
        figures["candidate"] = ranking_figures(rules, fits)
        saved = figures["candidate"].get("rules", {}).get("to_read_saved")
        if saved is not None and saved["high"] < 0:
            reasons.append("the rules' own order finds the eligible sooner")
    return Trialling(figures, tuple(reasons))


def thresholds_of(artefact: Artefact) -> Thresholds:
    """Return the bands of a model of confidence."""
    limits = artefact.manifest["thresholds"]
    return Thresholds(limits["accept"], limits["must_read"], limits["stated_error"])


def sensitivities(readings: Sequence[Any]) -> dict[str, tuple[int, int]]:
    """Return for each exclusion how many of the patients whom it excludes were found, and how many they are."""
    found: dict[str, tuple[int, int]] = {}
    for name in EXCLUSIONS:
        if name == JUDGEMENT_CRITERION:
            continue
        met = [v for r in readings for v in r.verdicts if v.criterion == name and v.gold == "met"]
        found[name] = (sum(v.status == "met" for v in met), len(met))
    return found


def renamed(readings: Sequence[Any], prefix: str) -> list[Any]:
    """Return readings whose patients and groups carry *prefix*, so that tables can be put together."""
    return [replace(r, patient=f"{prefix}/{r.patient}", group=f"{prefix}/{r.group}") for r in readings]
