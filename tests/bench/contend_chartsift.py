"""chartsift in the benchmark: notes to rows of findings, criteria, cohorts and scores, as ``chartsift screen`` makes them."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import fields
from datetime import date
from importlib import metadata
from itertools import groupby
from operator import itemgetter

from contender import Read, Row, main

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.pipeline import PipelineConfig, build_pipeline
from chartsift.nlp.screening.batch import screen_batch
from chartsift.nlp.screening.store import PatientCase
from chartsift.nlp.types import Note, Patient


def modes() -> tuple[str, ...]:
    """Return the ways to read that this release has, the default first; they give the same findings."""
    return ("fast", "whole") if any(field.name == "mode" for field in fields(PipelineConfig)) else ("whole",)


def build(options: argparse.Namespace) -> Read:
    """Return what reads patients; ``--mode`` is one of ``modes``, and "findings" decides no criterion."""
    config = PipelineConfig()
    if options.mode and len(modes()) > 1:
        config = PipelineConfig(mode=options.mode)  # type: ignore[call-arg]
    pipeline = build_pipeline(config)
    trial = load_trial("reset-myositis")

    def read(rows: list[Row]) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for patient_id, notes in groupby(rows, key=itemgetter("patient_id")):
            case = PatientCase(Patient(patient_id), tuple(map(_note, notes)), ())
            part = screen_batch(pipeline, trial, [case])
            counts["matches"] += len(part.tables["findings"])
            counts["absent"] += sum(row["assertion"] == "absent" for row in part.tables["findings"])
            counts["criteria"] += len(part.tables["criteria"])
            counts["errors"] += len(part.tables["errors"])
        return dict(counts)

    return read


def _note(row: Row) -> Note:
    day = date.fromisoformat(row["note_date"])
    return Note(row["patient_id"], row["note_id"], day, row["note_type"], row["text"])


if __name__ == "__main__":
    main(build, lambda: {name: metadata.version(name) for name in ("chartsift", "spacy", "medspacy")})
