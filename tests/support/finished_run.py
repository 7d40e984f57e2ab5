"""Finished runs for the tests of what is made of them: of given notes with the fake pipeline, and of the sample charts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from support.fake_pipeline import FakePipeline

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.run import RunConfig, run_screening

Make = Callable[[], Any]


def note(patient_id: str, note_id: str, text: str, day: str = "2024-05-01") -> dict[str, str]:
    return {
        "patient_id": patient_id,
        "note_id": note_id,
        "note_date": day,
        "note_type": "Visit",
        "text": text,
    }


def run_of_notes(
    folder: Path, notes: Iterable[Mapping[str, str]], *, pipeline: Make = FakePipeline, jsonl: bool = False
) -> RunResults:
    """Screen notes given as rows."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "notes.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in notes), encoding="utf-8")
    return run_of_files(folder / "out", source, pipeline=pipeline, jsonl=jsonl)


def run_of_files(out: Path, *sources: Path, pipeline: Make = FakePipeline, jsonl: bool = False) -> RunResults:
    """Screen files."""
    config = RunConfig(sources, out, jsonl=jsonl)
    return run_screening(config, trial=load_trial("reset-myositis"), make_pipeline=pipeline)


def run_of_samples(out: Path, pipeline: Any) -> RunResults:
    """Screen the bundled sample charts with the real pipeline."""
    with resources.as_file(resources.files("chartsift.annotations.charts")) as folder:
        return run_of_files(out, *sorted(folder.glob("*.json")), pipeline=lambda: pipeline)
