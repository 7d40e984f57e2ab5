"""The models whose cost is measured: the bundled one of confidence, and one of assertion that is made here."""

from __future__ import annotations

from pathlib import Path

from chartsift.annotations.charts import sample_charts
from chartsift.annotations.context_rows import AXES
from chartsift.models import store
from chartsift.models.assertion import axis_rows, common, rows_of_charts
from chartsift.models.learning import fit
from chartsift.models.registry import bundled_folder
from chartsift.nlp.pipeline import PipelineConfig, build_pipeline

# What a model costs depends on the mentions that it is asked about, not on how well it was trained.
_STRENGTH = 1.0


def models_to_cost(into: Path) -> dict[str, Path]:
    """
    Return the artefacts by kind; that of assertion is fitted to the bundled charts and written below *into*.

    No model of assertion comes with chartsift, because none has beaten the rules.
    """
    (confidence,) = [path for path in bundled_folder().iterdir() if path.name.startswith("confidence-")]
    rows = common(rows_of_charts(sample_charts(), build_pipeline(PipelineConfig())))
    fitted = {axis: fit(axis_rows(rows, axis), _STRENGTH) for axis in AXES}
    return {
        "confidence": confidence,
        "assertion": store.save(fitted, {"figures": {}}, into, kind="assertion"),
    }
