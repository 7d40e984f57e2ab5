"""From annotated charts to the models that read mentions and notes; loads spaCy, unlike ``models.training``."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chartsift.annotations.context_rows import AXES, read_context_rows
from chartsift.models import store
from chartsift.models.assertion import (
    beats_rules,
    measure_assertion,
    rows_of_charts,
    rows_of_context,
    train_assertion,
)
from chartsift.models.errors import ModelError
from chartsift.models.readings import notes_digest
from chartsift.models.relevance import measure_relevance, rows_of_notes, train_relevance
from chartsift.nlp.pipeline import PipelineConfig, build_pipeline

if TYPE_CHECKING:
    from chartsift.annotations.charts import Chart


def make_assertion(charts: Sequence[Chart], context: Path | None, into: Path) -> Path:
    """
    Train assertion on the mentions of *charts* and the rows of *context*, and write the artefact; return its folder.

    Raises:
        ModelError: nothing to learn from (MO503 to MO506).
        InputError: *context* cannot be read.
    """
    rows = rows_of_context(read_context_rows(context)) if context else []
    if charts:
        rows += rows_of_charts(charts, build_pipeline(PipelineConfig()))
    if not rows:
        raise ModelError("MO503", "there is nothing to learn from", hint="give CHARTS, or --context FILE")
    models, figures = train_assertion(rows)
    facts = {
        "trained_on": {
            "source": " and ".join(
                text
                for text, is_used in (
                    ("marked mentions of annotated charts", bool(charts)),
                    ("sentences with a marked condition (--context)", context is not None),
                )
                if is_used
            ),
            "rows": len(rows),
            "patients": len({row.group for row in rows}),
            "groups": len({row.group for row in rows}),
            "fingerprint": _fingerprint(
                sorted(f"{row.row_id} {sorted(row.features.items())} {sorted(row.truth)}" for row in rows)
            ),
            "notes": sorted(notes_digest(chart.notes) for chart in charts),
        },
        "beats_rules": beats_rules(figures),
        "figures": figures,
    }
    return store.save({axis: models[axis] for axis in AXES if axis in models}, facts, into, kind="assertion")


def make_relevance(charts: Sequence[Chart], into: Path) -> Path:
    """Train note relevance on *charts* and write the artefact; return its folder. Raises as ``make_assertion``."""
    rows = rows_of_notes(charts)
    estimator, strength, figures = train_relevance(rows)
    facts = {
        "trained_on": {
            "source": "notes of annotated charts, relevant where evidence is quoted from them",
            "rows": len(rows),
            "patients": len(charts),
            "groups": len(charts),
            "fingerprint": _fingerprint(
                sorted(f"{row.patient} {sorted(row.features.items())} {row.is_relevant}" for row in rows)
            ),
            "notes": sorted(notes_digest(chart.notes) for chart in charts),
        },
        "strength": strength,
        "figures": figures,
    }
    return store.save(estimator, facts, into, kind="relevance")


def measure_text(artefact: store.Artefact, charts: Sequence[Chart]) -> dict[str, Any]:
    """Return the figures of a model of assertion or relevance on *charts*."""
    if artefact.kind == "relevance":
        return measure_relevance(artefact.estimator, rows_of_notes(charts))
    return measure_assertion(artefact.estimator, rows_of_charts(charts, build_pipeline(PipelineConfig())))


def _fingerprint(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
