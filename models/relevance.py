"""
Note relevance: which notes of a chart to look at first, for a first pass over candidates.

A note is relevant when the annotators quoted evidence from it. The model sees what a cheap scan sees: how often words
of each kind of the vocabulary occur, how long and how old the note is, its place among the patient's notes, and its
type. Nothing is dropped by it: it only orders.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log1p
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from chartsift.annotations.rates import Rate
from chartsift.models.learning import Rows, check_rows, choose_strength, fit, nested_probabilities, predict
from chartsift.models.metrics import Floats, by_patients
from chartsift.nlp.lexicon.loader import load_concepts

if TYPE_CHECKING:
    from chartsift.annotations.charts import Chart
    from chartsift.nlp.types import Note

_WORD: Final = re.compile(r"[a-z]{3,}")
# Shares of a chart's notes that are read first.
_FIRST: Final = (0.25, 0.5)


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note of a chart: its features, whether it holds evidence, and its place by date (0 is the newest)."""

    patient: str
    features: Mapping[str, float]
    is_relevant: bool
    place: int
    hits: float


def rows_of_notes(charts: Sequence[Chart]) -> list[NoteRow]:
    """Return one row a note, in the order of charts and notes."""
    rows = []
    for chart in charts:
        quoted = {span.note_id for criterion in chart.gold.criteria.values() for span in criterion.evidence}
        newest_first = sorted(chart.notes, key=lambda note: (note.note_date, note.note_id), reverse=True)
        places = {note.note_id: place for place, note in enumerate(newest_first)}
        for note in chart.notes:
            place = places[note.note_id]
            features = note_features(note, place, len(chart.notes), chart.patient.as_of)
            hits = sum(value for name, value in features.items() if name.startswith("kind="))
            rows.append(NoteRow(chart.patient.patient_id, features, note.note_id in quoted, place, hits))
    return rows


def note_features(note: Note, place: int, notes: int, as_of: Any) -> dict[str, float]:
    """
    Return the features of a note by name.

    Args:
        note: The note.
        place: Its place among the patient's notes, 0 for the newest.
        notes: How many there are.
        as_of: Day of screening, or None.
    """
    features = {f"kind={kind}": log1p(count) for kind, count in _hits(note.text).items()}
    features["length"] = log1p(len(note.text)) / 10
    features["place"] = place / max(1, notes - 1)
    features["is_newest"] = float(place == 0)
    if as_of is not None:
        features["days"] = log1p(max(0, (as_of - note.note_date).days)) / log1p(3_650)
    for word in set(_WORD.findall(note.note_type.lower())):
        features[f"type={word}"] = 1.0
    return {name: round(value, 4) for name, value in features.items() if value}


def _hits(text: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for match in _scanner().finditer(text):
        kind = _kinds().get(" ".join(match.group().lower().split()))
        if kind:
            counts[kind] += 1
    return counts


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    """Return the kind of each plain term of the vocabulary."""
    return {
        " ".join(term.text.lower().split()): concept.kind
        for concept in load_concepts()
        for term in concept.terms
    }


@lru_cache(maxsize=1)
def _scanner() -> re.Pattern[str]:
    terms = sorted(_kinds(), key=len, reverse=True)
    return re.compile(
        r"(?<!\w)(?:" + "|".join(re.escape(t).replace(r"\ ", r"\s+") for t in terms) + r")(?!\w)",
        re.IGNORECASE,
    )


def as_rows(rows: Sequence[NoteRow]) -> Rows:
    """Return the training rows."""
    return Rows(
        [row.features for row in rows],
        np.array([float(row.is_relevant) for row in rows]),
        [row.patient for row in rows],
        [row.patient for row in rows],
    )


def train_relevance(rows: Sequence[NoteRow]) -> tuple[Any, float, dict[str, Any]]:
    """
    Fit the model; return estimator, penalty and figures of nested cross-validation by patient.

    Raises:
        ModelError: as ``check_rows``.
    """
    data = as_rows(rows)
    check_rows(data)
    strength = choose_strength(data)
    figures = {"nested": relevance_figures(rows, nested_probabilities(data))}
    return fit(data, strength), strength, figures


def measure_relevance(estimator: Any, rows: Sequence[NoteRow]) -> dict[str, Any]:
    """Return the figures of a fitted model on notes it was not trained on."""
    return relevance_figures(rows, predict(estimator, [row.features for row in rows]))


def relevance_figures(rows: Sequence[NoteRow], probability: Floats) -> dict[str, Any]:
    """
    Return the recall of relevant notes when a share of each chart is read first, in the order of the model and others.

    ``bound`` is the lower end of the 95 % interval over patients: what may be promised.
    """
    orders = {
        "model": -probability,
        "newest first": np.array([float(row.place) for row in rows]),
        "most terms first": -np.array([row.hits for row in rows]),
    }
    patients = [row.patient for row in rows]
    figures: dict[str, Any] = {"notes": len(rows), "relevant": sum(row.is_relevant for row in rows)}
    for share in _FIRST:
        read = {name: _read_first(rows, key, share) for name, key in orders.items()}
        here: dict[str, Any] = {}
        for name, chosen in read.items():
            estimate = by_patients(patients, lambda n, c=chosen: _recall(rows, c, n))  # type: ignore[misc]
            hit = sum(row.is_relevant and bool(c) for row, c in zip(rows, chosen, strict=True))
            rate = Rate(hit, sum(row.is_relevant for row in rows))
            here[name] = {"recall": estimate.to_dict(), "bound": min(estimate.low, rate.interval[0])}
            if name != "model":
                here[name]["model_minus_this"] = by_patients(
                    patients,
                    lambda n, c=chosen, m=read["model"]: _recall(rows, m, n) - _recall(rows, c, n),  # type: ignore[misc]
                ).to_dict()
        figures[f"first {share:.0%}"] = here
    return figures


def _read_first(rows: Sequence[NoteRow], key: Floats, share: float) -> Floats:
    """Return 1 for the notes among the first *share* of their chart (one at least), by *key* from low to high."""
    chosen = np.zeros(len(rows))
    of_patient: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        of_patient.setdefault(row.patient, []).append(number)
    for numbers in of_patient.values():
        count = max(1, int(np.ceil(share * len(numbers))))
        for number in sorted(numbers, key=lambda n: (key[n], rows[n].place))[:count]:
            chosen[number] = 1.0
    return chosen


def _recall(rows: Sequence[NoteRow], chosen: Floats, numbers: Any) -> float:
    relevant = np.array([row.is_relevant for row in rows])[numbers]
    return float(chosen[numbers][relevant].mean()) if relevant.any() else 1.0
