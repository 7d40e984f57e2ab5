"""
Whether a model may be put into use: it and what is in use now, on charts that it has not seen.

A model may not lose an exclusion. Whoever is missed by an exclusion is put at risk, so its sensitivity may not fall on
any of them, whatever else gets better. And a model that changes findings must have beaten the rules in the
cross-validation of its training: on a few charts it changes so little that a draw there says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chartsift.annotations.vocabulary import EXCLUSIONS, HEADLINE_KINDS, JUDGEMENT_CRITERION
from chartsift.models.confidence import Thresholds, compare, measure, rows_of
from chartsift.models.errors import ModelError
from chartsift.models.learning import predict
from chartsift.models.ranking import fit_rows, ranking_figures
from chartsift.models.readings import PatientReading, notes_digest, take_readings
from chartsift.models.store import Artefact, load
from chartsift.nlp.learned import COMPONENTS, ModelUse, Rater
from chartsift.nlp.types import Finding, Note

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
    given = len(charts)
    charts = [chart for chart in charts if notes_digest(chart.notes) not in seen]
    if not charts:
        raise ModelError(
            "MO524", "every chart was in the training data", hint="give charts that the model has not seen"
        )
    figures: dict[str, Any] = {"charts": len(charts), "left_out_as_seen_in_training": given - len(charts)}
    if artefact.kind in COMPONENTS:
        candidate = ModelUse(artefact.kind, str(artefact.folder), artefact.digest)
        reader = _Reader(charts, make_pipeline, trial)
        rules = reader.read(())
        return _try_component(
            artefact,
            figures,
            rules=rules,
            in_use=reader.read((in_use,)) if in_use else rules,
            candidate=reader.read((candidate,)),
        )
    readings = take_readings(charts, make_pipeline(()), trial)
    reasons: list[str] = []
    # A model of confidence or order leaves every verdict as it is, and with it every exclusion.
    figures["exclusions"] = {
        name: {"in_use": list(value), "candidate": list(value)}
        for name, value in sensitivities(readings).items()
    }
    current = load(Path(in_use.folder), kind=artefact.kind, digest=in_use.digest) if in_use else None
    if artefact.kind == "confidence":
        figures["candidate"] = measure(artefact.estimator, thresholds_of(artefact), readings)
        rows = rows_of(readings)
        own = np.array([verdict.confidence for reading in readings for verdict in reading.verdicts])
        other = predict(current.estimator, rows.features) if current else own
        figures["against_in_use"] = compare(predict(artefact.estimator, rows.features), other, rows)
        # Above the interval, so that chance alone does not refuse a model on a few charts.
        if figures["against_in_use"]["brier_difference"]["low"] > 0:
            reasons.append("its probabilities are worse than those in use (Brier score)")
    elif artefact.kind == "ranking":
        fits = predict(artefact.estimator, fit_rows(readings).features)
        figures["candidate"] = ranking_figures(readings, fits)
        saved = figures["candidate"].get("rules", {}).get("to_read_saved")
        if saved is not None and saved["high"] < 0:
            reasons.append("the rules' own order finds the eligible sooner")
    return Trialling(figures, tuple(reasons))


@dataclass(frozen=True, slots=True)
class _Read:
    """What one pipeline makes of the charts: its verdicts, and by kind how many marked mentions it holds rightly."""

    readings: Sequence[PatientReading]
    assertions: Mapping[str, tuple[int, int]]


class _Recorder:
    """A pipeline that keeps what it found."""

    def __init__(self, pipeline: Extractor) -> None:
        self._pipeline = pipeline
        self.found: list[Finding] = []

    @property
    def rater(self) -> Rater | None:
        return self._pipeline.rater

    def extract(self, note: Note) -> list[Finding]:
        findings = self._pipeline.extract(note)
        self.found += findings
        return findings

    def fingerprint(self) -> str:
        return self._pipeline.fingerprint()


class _Reader:
    """Reads the same charts with one set of models after the other."""

    def __init__(self, charts: Sequence[Chart], make_pipeline: MakePipeline, trial: Trial) -> None:
        self._charts, self._make_pipeline, self._trial = charts, make_pipeline, trial

    def read(self, uses: tuple[ModelUse, ...]) -> _Read:
        recorder = _Recorder(self._make_pipeline(uses))
        readings = take_readings(self._charts, recorder, self._trial)
        return _Read(readings, right_assertions(self._charts, recorder.found))


def _try_component(
    artefact: Artefact, figures: dict[str, Any], *, rules: _Read, in_use: _Read, candidate: _Read
) -> Trialling:
    """Compare a model that changes findings with the rules alone and with what is in use."""
    reasons: list[str] = []
    if artefact.manifest.get("beats_rules") is not True:
        reasons.append(_no_gain(artefact.manifest.get("figures", {})))
    named = {"rules": rules, "in_use": in_use, "candidate": candidate}
    by_exclusion = {name: sensitivities(read.readings) for name, read in named.items()}
    figures["exclusions"] = {
        exclusion: {name: list(found[exclusion]) for name, found in by_exclusion.items()}
        for exclusion in by_exclusion["rules"]
    }
    figures["right_verdicts"] = {
        name: sum(verdict.is_right for reading in read.readings for verdict in reading.verdicts)
        for name, read in named.items()
    }
    figures["right_assertions"] = {
        kind: {name: list(read.assertions[kind]) for name, read in named.items()} for kind in rules.assertions
    }
    for before in ("rules", "in_use") if in_use is not rules else ("rules",):
        whose = "those of the rules alone" if before == "rules" else "those in use"
        for exclusion, found in by_exclusion[before].items():
            new, total = by_exclusion["candidate"][exclusion]
            if new < found[0]:
                reasons.append(
                    f"sensitivity of {exclusion} falls from {found[0]}/{total} to {new}/{total} against {whose}"
                )
        right = figures["right_verdicts"]
        if right["candidate"] < right[before]:
            reasons.append(
                f"right verdicts fall from {right[before]} to {right['candidate']} against {whose}"
            )
        for kind, pairs in figures["right_assertions"].items():
            if pairs["candidate"][0] < pairs[before][0]:
                old, new = pairs[before][0], pairs["candidate"][0]
                reasons.append(f"right assertions of {kind} fall from {old} to {new} against {whose}")
    return Trialling(figures, tuple(reasons))


def _no_gain(trained: Mapping[str, Any]) -> str:
    """Say that a model does not beat the rules by the figures of its training, and where it is furthest behind."""
    behind = [
        (
            rules["model_minus_this"]["value"],
            axis,
            source,
            figures["model"]["f1"]["value"],
            rules["f1"]["value"],
        )
        for axis, sources in trained.items()
        for source, figures in sources.items()
        if isinstance(figures, Mapping) and (rules := figures.get("rules alone"))
    ]
    said = "it does not surely beat the rules in the cross-validation of its training"
    if not behind:
        return said
    _, axis, source, own, rules_f1 = min(behind)
    return f"{said} (furthest behind: {axis} on {source}, F1 {own:.3f} against {rules_f1:.3f})"


def right_assertions(charts: Sequence[Chart], found: Sequence[Finding]) -> dict[str, tuple[int, int]]:
    """Return by headline kind how many of the marked mentions that were found have the right assertion, of how many."""
    at: dict[tuple[str, str, str, str], list[Finding]] = {}
    for finding in found:
        key = (finding.patient_id, finding.note_id, finding.kind, finding.concept)
        at.setdefault(key, []).append(finding)
    counts = {kind: [0, 0] for kind in HEADLINE_KINDS}
    for chart in charts:
        for gold in chart.gold.findings:
            here = [
                finding
                for finding in at.get(
                    (chart.patient.patient_id, gold.span.note_id, gold.kind, gold.concept), ()
                )
                if gold.span.overlaps(finding.start, finding.end)
            ]
            if gold.kind in counts and here:
                counts[gold.kind][0] += here[0].assertion == gold.assertion
                counts[gold.kind][1] += 1
    return {kind: (right, total) for kind, (right, total) in counts.items()}


def summary(outcome: Trialling) -> str:
    """Return what a trial compared, in lines for a person."""
    figures = outcome.figures
    charts, left_out = figures["charts"], figures["left_out_as_seen_in_training"]
    lines = [f"compared on {charts} charts that it was not trained on ({left_out} left out)"]
    has_rules = any("rules" in pairs for pairs in figures["exclusions"].values())
    names = ("rules", "in_use", "candidate") if has_rules else ("in_use", "candidate")
    heads = {"rules": "rules", "in_use": "in use", "candidate": "this"}
    lines.append(f"  {'sensitivity of the exclusions':<34}" + "".join(f"{heads[name]:>10}" for name in names))
    for exclusion, pairs in figures["exclusions"].items():
        cells = [f"{pairs[name][0]}/{pairs[name][1]}" for name in names]
        lines.append(f"    {exclusion:<32}" + "".join(f"{cell:>10}" for cell in cells))
    if "right_verdicts" in figures:
        cells = [str(figures["right_verdicts"][name]) for name in names]
        lines.append(f"  {'right verdicts':<34}" + "".join(f"{cell:>10}" for cell in cells))
        lines.append("  right assertions of mentions")
        for kind, pairs in figures["right_assertions"].items():
            cells = [f"{pairs[name][0]}/{pairs[name][1]}" for name in names]
            lines.append(f"    {kind:<32}" + "".join(f"{cell:>10}" for cell in cells))
    if "against_in_use" in figures:
        brier = figures["against_in_use"]["brier_difference"]
        lines.append(
            f"  Brier score, this minus in use: {brier['value']:+.4f} [{brier['low']:+.4f}, {brier['high']:+.4f}]"
        )
    saved = figures.get("candidate", {}).get("rules", {}).get("to_read_saved")
    if saved is not None:
        lines.append(
            "  share of charts to read saved against the rules' order: "
            f"{saved['value']:+.2f} [{saved['low']:+.2f}, {saved['high']:+.2f}]"
        )
    return "\n".join(lines)


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
