"""
chartsift in the benchmark: notes to rows of findings, criteria, cohorts and scores, as ``chartsift screen`` makes them.

With ``--mode scan`` only the prefilter's pass over the text runs, which decides what is read at all.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from importlib import metadata
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from contender import Read, Row, main

from chartsift.nlp.components.concepts import phrases_of
from chartsift.nlp.criteria import load_trial
from chartsift.nlp.learned import COMPONENTS, RATERS, ModelUse
from chartsift.nlp.lexicon.loader import load_concepts
from chartsift.nlp.pipeline import PipelineConfig, build_pipeline
from chartsift.nlp.screening.batch import Part, screen_batch
from chartsift.nlp.screening.candidates import search_for
from chartsift.nlp.screening.store import PatientCase
from chartsift.nlp.text.prefilter import Prefilter
from chartsift.nlp.types import Note, Patient

#: Ways to read, the default first. "whole" finds the same without the prefilter; "candidates" reads in full only
#: patients with a sign of the disease.
MODES = ("fast", "whole", "candidates")
SCAN_MODE = "scan"
#: Kinds of models that take part in a batch run; those of order and note relevance have commands of their own.
MODEL_KINDS = (*RATERS, *COMPONENTS)

Screen = Callable[[PatientCase], Part]


def build(options: argparse.Namespace) -> Read:
    """Return what reads patients in the mode that is asked for, with the model that is."""
    if options.mode == SCAN_MODE:
        return _scan()
    screen = screener(options.mode or MODES[0], options.model)

    def read(rows: list[Row]) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for case in cases_of(rows):
            counts.update(counts_of(screen(case)))
        return dict(counts)

    return read


def screener(mode: str, model: Path | None = None) -> Screen:
    """Return what makes the rows of one patient; *model* is the artefact of a model in use."""
    uses = (model_use(model),) if model else ()
    pipeline = build_pipeline(PipelineConfig(mode="whole" if mode == "whole" else "fast", models=uses))
    trial = load_trial("reset-myositis")
    search = search_for(trial) if mode == "candidates" else None
    return lambda case: screen_batch(pipeline, trial, [case], search=search)


def model_use(folder: Path) -> ModelUse:
    """Return an artefact as one that was promoted."""
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    return ModelUse(folder.name.partition("-")[0], str(folder), digest)


def counts_of(part: Part) -> Counter[str]:
    """
    Return what was done, and what came out.

    "searched" are patients of whom the first pass alone is told; "confidence" is the sum in thousandths, which a model
    of confidence changes.
    """
    tables, tally = part.tables, part.tally.counts
    return Counter(
        patients=tally["patients_screened"],
        searched=tally["patients_without_sign"],
        matches=len(tables["findings"]),
        absent=sum(row["assertion"] == "absent" for row in tables["findings"]),
        criteria=len(tables["criteria"]),
        confidence=sum(round(1_000 * row["confidence"]) for row in tables["criteria"]),
        errors=len(tables["errors"]),
    )


def cases_of(rows: Sequence[Row]) -> Iterator[PatientCase]:
    """Yield the patients of *rows*, which stand together."""
    for patient_id, notes in groupby(rows, key=itemgetter("patient_id")):
        yield PatientCase(Patient(patient_id), tuple(map(_note, notes)), ())


def _scan() -> Read:
    """Return the prefilter alone; its matches are words of the vocabulary, whatever they mean."""
    build_pipeline(PipelineConfig())  # all readers, whose patterns the prefilter looks for
    prefilter = Prefilter(phrases_of(load_concepts()).words)

    def read(rows: list[Row]) -> dict[str, int]:
        matches = characters = 0
        for row in rows:
            scan = prefilter.scan(row["text"])
            characters += len(scan.folded)
            matches += sum(map(len, scan.found.values()))
        return {"matches": matches, "characters": characters}

    return read


def _note(row: Row) -> Note:
    day = date.fromisoformat(row["note_date"])
    return Note(row["patient_id"], row["note_id"], day, row["note_type"], row["text"])


if __name__ == "__main__":
    main(build, lambda: {name: metadata.version(name) for name in ("chartsift", "spacy", "medspacy")})
