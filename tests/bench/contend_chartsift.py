"""chartsift in the benchmark: notes to rows of findings, criteria, cohorts and scores, as ``chartsift screen`` makes them."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from importlib import metadata
from importlib.util import find_spec
from itertools import groupby
from operator import itemgetter
from typing import Any

from contender import Read, Row, main

from chartsift.nlp.criteria import Trial, load_trial
from chartsift.nlp.pipeline import Pipeline, PipelineConfig, build_pipeline
from chartsift.nlp.screening.batch import screen_batch
from chartsift.nlp.screening.rows import (
    cohort_rows,
    criterion_rows,
    finding_rows,
    note_rows,
    problem_row,
    score_rows,
)
from chartsift.nlp.screening.store import PatientCase
from chartsift.nlp.types import Note, Patient

_HAS_CANDIDATES = find_spec("chartsift.nlp.screening.candidates") is not None


def modes() -> tuple[str, ...]:
    """
    Return the ways to read that this release has, the default first.

    "whole" finds the same without the prefilter; "candidates" reads in full only patients with a sign of the disease.
    """
    has_modes = any(field.name == "mode" for field in fields(PipelineConfig))
    return (*(("fast", "whole") if has_modes else ("whole",)), *(("candidates",) if _HAS_CANDIDATES else ()))


def build(options: argparse.Namespace) -> Read:
    """Return what reads patients, in one of the ``modes``."""
    config = PipelineConfig()
    if options.mode == "whole" and modes()[0] != "whole":
        config = PipelineConfig(mode="whole")  # type: ignore[call-arg]
    pipeline = build_pipeline(config)
    trial = load_trial("reset-myositis")
    screen = _screener(pipeline, trial, is_candidates=options.mode == "candidates")

    def read(rows: list[Row]) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for patient_id, notes in groupby(rows, key=itemgetter("patient_id")):
            tables = screen(PatientCase(Patient(patient_id), tuple(map(_note, notes)), ()))
            counts["matches"] += len(tables["findings"])
            counts["absent"] += sum(row["assertion"] == "absent" for row in tables["findings"])
            counts["criteria"] += len(tables["criteria"])
            counts["errors"] += len(tables["errors"])
        return dict(counts)

    return read


def _screener(
    pipeline: Pipeline, trial: Trial, *, is_candidates: bool
) -> Callable[[PatientCase], dict[str, list[dict[str, Any]]]]:
    """Return what makes the rows of one patient."""
    if not is_candidates:
        return lambda case: screen_batch(pipeline, trial, [case]).tables
    from chartsift.nlp.screening.candidates import screen_candidate
    from chartsift.nlp.screening.signs import SignSearch

    search = SignSearch(trial)

    def screen(case: PatientCase) -> dict[str, list[dict[str, Any]]]:
        result = screen_candidate(pipeline, trial, case.patient, case.notes, search)
        return {
            "findings": finding_rows(result),
            "criteria": criterion_rows(result),
            "cohorts": cohort_rows(result),
            "notes": note_rows(result),
            "scores": score_rows(result) if result.findings else [],
            "errors": [problem_row(problem) for problem in result.problems],
        }

    return screen


def _note(row: Row) -> Note:
    day = date.fromisoformat(row["note_date"])
    return Note(row["patient_id"], row["note_id"], day, row["note_type"], row["text"])


if __name__ == "__main__":
    main(build, lambda: {name: metadata.version(name) for name in ("chartsift", "spacy", "medspacy")})
