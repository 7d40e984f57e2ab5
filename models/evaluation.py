"""A trained model on data it has not seen: what ``chartsift model evaluate`` shows, as figures without any text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chartsift.models.confidence import measure
from chartsift.models.errors import ModelError
from chartsift.models.promotion import thresholds_of
from chartsift.models.ranking import measure_ranking
from chartsift.models.readings import PatientReading, notes_digest, untouched
from chartsift.models.store import Artefact

if TYPE_CHECKING:
    from chartsift.annotations.charts import Chart


def evaluate_model(
    artefact: Artefact, *, charts: Sequence[Chart], readings: Sequence[PatientReading]
) -> dict[str, Any]:
    """
    Return the figures of *artefact* on patients of whom it has seen nothing.

    Args:
        artefact: The model.
        charts: Annotated charts, for a model that reads mentions or notes.
        readings: Readings, for one of verdicts.

    Raises:
        ModelError: nobody is left that it was not trained on (MO524).
    """
    seen = set(artefact.manifest.get("trained_on", {}).get("notes", ()))
    if artefact.kind in ("confidence", "ranking"):
        new = untouched(readings, seen)
        left_out = len(readings) - len(new)
    else:
        rest = [chart for chart in charts if notes_digest(chart.notes) not in seen]
        left_out = len(charts) - len(rest)
    facts = {"patients_left_out_as_seen_in_training": left_out}
    if not (new if artefact.kind in ("confidence", "ranking") else rest):
        raise ModelError(
            "MO524", "every patient was in the training data", hint="give charts that the model has not seen"
        )
    if artefact.kind == "confidence":
        figures = measure(artefact.estimator, thresholds_of(artefact), new)
    elif artefact.kind == "ranking":
        figures = measure_ranking(artefact.estimator, new)
    else:
        from chartsift.models.training_text import measure_text  # noqa: PLC0415 - loads spaCy

        figures = measure_text(artefact, rest)
    return {**facts, **figures}


def render_figures(figures: Mapping[str, Any], *, indent: int = 0) -> str:
    """Return figures as a plain-text table; one with an interval is one line."""
    lines: list[str] = []
    pad = "  " * indent
    for name, value in figures.items():
        label = f"{pad}{str(name).replace('_', ' ')}"
        if isinstance(value, Mapping) and {"value", "low", "high"} <= value.keys():
            lines.append(f"{label:<44}{value['value']:.4f} [{value['low']:.4f}, {value['high']:.4f}]")
        elif isinstance(value, Mapping):
            lines += [label, render_figures(value, indent=indent + 1)]
        elif name == "bins":
            lines += [label, f"{pad}  {'from':<7}{'to':<7}{'count':>7}{'predicted':>11}{'right':>8}"]
            lines += [
                f"{pad}  {b['low']:<7.1f}{b['high']:<7.1f}{b['count']:>7}{b['predicted']:>11.3f}{b['observed']:>8.3f}"
                for b in value
            ]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            lines.append(f"{label:<44}{', '.join(str(item) for item in value)}")
        else:
            lines.append(f"{label:<44}{f'{value:.4f}' if isinstance(value, float) else value}")
    return "\n".join(lines)
