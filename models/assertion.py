"""
Assertion: does a note deny a mention, place it in the past, suppose it, or say it of someone else?

One penalised logistic regression an axis, over the surroundings of the mention and what the rules make of it. Whether
it earns a place is measured against the rules alone and against a simple baseline (any cue of the category that ConText
links), by splits that keep a report or a patient together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from chartsift.annotations.context_rows import AXES, ContextRow
from chartsift.annotations.vocabulary import HEADLINE_KINDS
from chartsift.models.learning import Rows, check_rows, fit, folds_of, predict
from chartsift.models.mention_features import mention_features
from chartsift.models.metrics import by_patients
from chartsift.nlp.components.axes import axes_of
from chartsift.nlp.components.concepts import SPAN_GROUP
from chartsift.nlp.pipeline import Pipeline, context_span
from chartsift.nlp.text.tokens import source_range

if TYPE_CHECKING:
    from chartsift.annotations.charts import Chart

# How the one word of a chart reads on the axes; "possible" is an axis that the kit does not have.
_AXIS_OF: Final = {
    "absent": "negated",
    "historical": "historical",
    "hypothetical": "hypothetical",
    "family": "experiencer",
}
# ConText's categories that make the simple baseline of each axis.
_CUES: Final = {
    "negated": ("cue=NEGATED", "cue=OVER"),
    "historical": ("cue=HISTORICAL", "cue=BACKGROUND"),
    "hypothetical": ("cue=HYPOTHETICAL",),
    "experiencer": ("cue=FAMILY", "cue=OTHER"),
}


@dataclass(frozen=True, slots=True)
class MentionRow:
    """
    A mention with its truth.

    Attributes:
        row_id: Its name.
        group: The report or patient.
        features: ``mention_features``.
        truth: The axes that hold.
        rules: The axes that hold by the rules.
        source: "context" or "charts".
    """

    row_id: str
    group: str
    features: Mapping[str, float]
    truth: frozenset[str]
    rules: frozenset[str]
    source: str


def rows_of_context(rows: Sequence[ContextRow]) -> list[MentionRow]:
    """Return the located rows of a context file with their features."""
    made = []
    for row in rows:
        if not row.is_located:
            continue
        span = context_span(row.sentence, row.start, row.end)
        axes = axes_of(span)
        rules = {axis for axis in AXES if axis != "experiencer" and getattr(axes, axis)}
        if axes.experiencer != "patient":
            rules.add("experiencer")
        made.append(
            MentionRow(
                row.row_id,
                f"report {row.report}",
                mention_features(span, axes),
                row.axes,
                frozenset(rules),
                "context",
            )
        )
    return made


def rows_of_charts(charts: Sequence[Chart], pipeline: Pipeline) -> list[MentionRow]:
    """
    Return the marked mentions of the headline kinds that the pipeline finds, with their features.

    A mention that is missed has no assertion to correct, and "possible" is no axis here; both are left out.
    """
    made = []
    for chart in charts:
        patient = chart.patient.patient_id
        for note in chart.notes:
            doc = pipeline.read(note)
            drafts = {(d.start, d.end, d.kind, d.concept): d for d in doc._.drafts or ()}
            spans = {source_range(span): span for span in doc.spans[SPAN_GROUP]}
            for gold in chart.gold.findings:
                if gold.span.note_id != note.note_id or gold.kind not in HEADLINE_KINDS:
                    continue
                draft = next(
                    (
                        d
                        for d in drafts.values()
                        if (d.kind, d.concept) == (gold.kind, gold.concept)
                        and gold.span.overlaps(d.start, d.end)
                    ),
                    None,
                )
                if draft is None or "possible" in (gold.assertion, draft.assertion):
                    continue
                span = next(
                    (s for place, s in spans.items() if place[0] < draft.end and draft.start < place[1]), None
                )
                if span is None:
                    continue
                features = mention_features(span, axes_of(span))
                features |= {"charts": 1.0, f"draft={draft.assertion}": 1.0, f"mention={draft.kind}": 1.0}
                made.append(
                    MentionRow(
                        f"{patient}/{note.note_id}/{draft.start}",
                        f"patient {patient}",
                        features,
                        _axes(gold.assertion),
                        _axes(draft.assertion),
                        "charts",
                    )
                )
    return made


def _axes(assertion: str) -> frozenset[str]:
    return frozenset({_AXIS_OF[assertion]} if assertion in _AXIS_OF else ())


_STRENGTHS: Final = (1.0, 10.0)
_THRESHOLDS: Final = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
_INNER_FOLDS: Final = 4
# A word that stands beside fewer mentions than this teaches nothing that lasts.
_LEAST_OF_A_WORD: Final = 3


def common(rows: Sequence[MentionRow]) -> list[MentionRow]:
    """Return the rows without the words that are rare among them."""
    counts = Counter(name for row in rows for name in row.features)
    return [
        replace(
            row,
            features={n: v for n, v in row.features.items() if "=" not in n or counts[n] >= _LEAST_OF_A_WORD},
        )
        for row in rows
    ]


def axis_rows(rows: Sequence[MentionRow], axis: str) -> Rows:
    """Return the training rows of one axis."""
    return Rows(
        [row.features for row in rows],
        np.array([float(axis in row.truth) for row in rows]),
        [row.group for row in rows],
        [row.group for row in rows],
    )


def train_assertion(rows: Sequence[MentionRow]) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    Fit a classifier for each axis; return them by axis, and the figures of nested grouped cross-validation.

    Raises:
        ModelError: nothing to learn from (MO503), an axis that never or always holds (MO504), too few groups (MO506).
    """
    rows = common(rows)
    models: dict[str, Any] = {}
    figures: dict[str, Any] = {}
    for axis in AXES:
        data = axis_rows(rows, axis)
        check_rows(data)
        systems = {
            "model": nested_answers(data),
            "model without the rules": nested_answers(data.without("rules=", "draft=")),
            "rules alone": np.array([axis in row.rules for row in rows]),
            "any cue": np.array([any(name in row.features for name in _CUES[axis]) for row in rows]),
        }
        figures[axis] = {}
        for source in ("context", "charts"):
            inside = np.array([row.source == source for row in rows])
            if inside.any():
                figures[axis][source] = _axis_figures(systems, data, inside)
        strength, threshold = _best(data)
        models[axis] = fit(data, strength)
        figures[axis] |= {"strength": strength, "threshold": threshold}
    return models, figures


def nested_answers(rows: Rows) -> NDArray[np.bool_]:
    """Return for each row the answer of a model, penalty and threshold that saw nothing of its report or patient."""
    answers = np.zeros(len(rows.target), dtype=bool)
    for held_out in folds_of(rows.groups):
        rest = rows.take(~held_out)
        if len(np.unique(rest.target)) < 2:
            continue
        strength, threshold = _best(rest)
        answers[held_out] = predict(fit(rest, strength), rows.take(held_out).features) >= threshold
    return answers


def _best(rows: Rows) -> tuple[float, float]:
    """
    Return the penalty and the threshold with the highest F1 over inner splits; of equals the threshold nearest to 0.5.

    F1 is what is stated, and most axes hold rarely, where a half is far from the threshold that is best for it.
    """
    truth = rows.target > 0.5
    candidates = []
    for strength in _STRENGTHS:
        probability = np.full(len(truth), float(truth.mean()))
        for held_out in folds_of(rows.groups, most=_INNER_FOLDS):
            rest = rows.take(~held_out)
            if len(np.unique(rest.target)) > 1:
                probability[held_out] = predict(fit(rest, strength), rows.take(held_out).features)
        candidates += [
            (f1(probability >= threshold, truth), -abs(threshold - 0.5), strength, threshold)
            for threshold in _THRESHOLDS
        ]
    _, _, strength, threshold = max(candidates)
    return strength, threshold


def measure_assertion(models: Mapping[str, Any], rows: Sequence[MentionRow]) -> dict[str, Any]:
    """Return the figures of fitted classifiers by axis, on mentions they were not trained on."""
    figures: dict[str, Any] = {}
    for axis, model in models.items():
        data = axis_rows(rows, axis)
        systems = {
            "model": predict(model, data.features) >= 0.5,
            "rules alone": np.array([axis in row.rules for row in rows]),
            "any cue": np.array([any(name in row.features for name in _CUES[axis]) for row in rows]),
        }
        figures[axis] = _axis_figures(systems, data, np.ones(len(rows), dtype=bool))
    return figures


def _axis_figures(
    systems: Mapping[str, NDArray[np.bool_]], data: Rows, inside: NDArray[np.bool_]
) -> dict[str, Any]:
    """Return F1 of each system with its interval over reports, and the model's minus each other's."""
    truth = data.target[inside] > 0.5
    groups = [group for group, here in zip(data.groups, inside, strict=True) if here]
    held = {name: answers[inside] for name, answers in systems.items()}
    figures: dict[str, Any] = {"rows": len(truth), "hold": int(truth.sum())}
    for name, answers in held.items():
        figures[name] = {
            "f1": by_patients(groups, lambda n, a=answers: f1(a[n], truth[n])).to_dict(),  # type: ignore[misc]
            "missed": int((truth & ~answers).sum()),
            "extra": int((~truth & answers).sum()),
        }
        if name != "model":
            figures[name]["model_minus_this"] = by_patients(
                groups,
                lambda n, a=answers: f1(held["model"][n], truth[n]) - f1(a[n], truth[n]),  # type: ignore[misc]
            ).to_dict()
    return figures


def f1(answers: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Return the harmonic mean of precision and recall; 1 where nothing holds and nothing is said to."""
    hit = int((answers & truth).sum())
    wrong = int((answers != truth).sum())
    return 2 * hit / (2 * hit + wrong) if hit + wrong else 1.0


def beats_rules(figures: Mapping[str, Any]) -> bool:
    """
    Tell whether the model earns its place: on no axis and source surely worse than the rules, and surely better on one.

    "Surely" is the whole paired interval on one side of zero; a draw goes to the rules, which can be read.
    """
    intervals = [
        figures[axis][source]["rules alone"]["model_minus_this"]
        for axis in AXES
        for source in ("context", "charts")
        if source in figures[axis]
    ]
    return all(i["value"] >= 0 for i in intervals) and any(i["low"] > 0 for i in intervals)
