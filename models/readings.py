"""
Readings: what the rules made of annotated charts, verdict by verdict, beside what the annotators decided.

They are the training data of confidence and ranking. What counts is *when* they were taken: rules that were corrected
on a chart are right on it, which says nothing about the next one. The bundled table therefore holds *first* readings,
taken with the readers as they stood before anyone had read those charts (``docs/models.md`` names the commits), and a
site takes its own the same way: ``chartsift model readings`` on adjudicated charts, before a rule is changed because of
them.

A table holds no note text, and patients under running names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chartsift.annotations.vocabulary import JUDGEMENT_CRITERION
from chartsift.models.errors import ModelError
from chartsift.models.verdict_features import FEATURES_VERSION, verdict_features
from chartsift.nlp.screening.chart import Extractor, screen_patient

if TYPE_CHECKING:
    from chartsift.annotations.charts import Chart
    from chartsift.nlp.criteria import Trial
    from chartsift.nlp.types import Note

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class VerdictReading:
    """
    One verdict of the rules and the annotators' status.

    Attributes:
        criterion: Criterion id.
        kind: "inclusion" or "exclusion".
        status: The rules' status.
        gold: The annotators'.
        confidence: The rules' own score.
        features: What the verdict rests on (``verdict_features``).
    """

    criterion: str
    kind: str
    status: str
    gold: str
    confidence: float
    features: Mapping[str, float]

    @property
    def is_right(self) -> bool:
        """Whether the rules have the annotators' status."""
        return self.status == self.gold

    @property
    def fits(self) -> bool:
        """Whether the patient truly is as enrolment needs it."""
        return self.gold == ("met" if self.kind == "inclusion" else "not_met")


@dataclass(frozen=True, slots=True)
class PatientReading:
    """
    The applicable cohort of one patient.

    Attributes:
        patient: A running name.
        group: What is kept together when data are split: the author of the chart, a site, or the patient.
        last_note: Day of the last note, ISO; for comparing orders only.
        status: The rules' cohort status.
        gold: The annotators'.
        score: The rules' own order of patients within a status.
        verdicts: All criteria but the investigator's.
        notes: Digest of the patient's notes, by which a patient of the training data is known again.
    """

    patient: str
    group: str
    last_note: str
    status: str
    gold: str
    score: float
    verdicts: tuple[VerdictReading, ...]
    notes: str = ""


def notes_digest(notes: Sequence[Note]) -> str:
    """Return the first 16 digits of the SHA-256 of the texts of *notes* in any order; no text can be had from it."""
    texts = sorted(hashlib.sha256(note.text.encode("utf-8", "surrogatepass")).hexdigest() for note in notes)
    return hashlib.sha256("".join(texts).encode()).hexdigest()[:16]


def untouched(readings: Sequence[PatientReading], trained_on: Iterable[str]) -> list[PatientReading]:
    """Return the readings of patients whose notes are not among the digests *trained_on*."""
    known = set(trained_on)
    return [reading for reading in readings if reading.notes not in known]


def take_readings(charts: Sequence[Chart], pipeline: Extractor, trial: Trial) -> list[PatientReading]:
    """
    Screen *charts* with the rules as they are now and return their readings, in the order of the charts.

    Raises:
        ModelError: the notes of one patient come twice, which would be on both sides of a split, or are annotated
            in two ways (MO505).
    """
    seen: dict[str, Chart] = {}
    for chart in charts:
        other = seen.setdefault(notes_digest(chart.notes), chart)
        if other is not chart:
            same = {k: v.status for k, v in other.gold.criteria.items()} == {
                k: v.status for k, v in chart.gold.criteria.items()
            }
            raise ModelError(
                "MO505",
                f"the same notes {'come twice' if same else 'are annotated in two ways'}",
                hint="give each chart once, as adjudicated",
            )
    return [_take(f"p{number:04d}", chart, pipeline, trial) for number, chart in enumerate(charts, start=1)]


def _take(name: str, chart: Chart, pipeline: Extractor, trial: Trial) -> PatientReading:
    result = screen_patient(pipeline, trial, chart.patient, chart.notes)
    cohort = next(one for one in result.cohorts if one.cohort_id == chart.gold.cohort)
    verdicts = tuple(
        VerdictReading(
            criterion.criterion_id,
            criterion.kind,
            criterion.status,
            chart.gold.criteria[criterion.criterion_id].status,
            criterion.confidence,
            verdict_features(criterion, as_of=result.as_of, notes=result.notes),
        )
        for criterion in cohort.criteria
        if criterion.criterion_id != JUDGEMENT_CRITERION and criterion.criterion_id in chart.gold.criteria
    )
    last = max(note.note_date for note in chart.notes).isoformat()
    return PatientReading(
        name,
        name,
        last,
        cohort.status,
        chart.gold.cohort_status,
        cohort.score,
        verdicts,
        notes_digest(chart.notes),
    )


def write_readings(readings: Sequence[PatientReading], path: Path, *, reader: str) -> None:
    """Write a table of readings taken by *reader* (a commit or a fingerprint): a header line, then a patient a line."""
    header = {"format": FORMAT, "features": FEATURES_VERSION, "reader": reader}
    lines = [header, *(_to_dict(one) for one in readings)]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(
            json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
            for line in lines
        )


def read_readings(path: Path) -> list[PatientReading]:
    """
    Read a table of readings.

    Raises:
        ModelError: the file cannot be read or is no such table (MO501), or has other features (MO502).
    """
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ModelError("MO501", f"{path}: cannot be read ({type(exc).__name__})") from exc
    return parse_readings(content, source=str(path))


def bundled_readings(name: str) -> list[PatientReading]:
    """Return a table that comes with chartsift: "first" for training, "held-out" for measuring only."""
    file = resources.files("chartsift.models").joinpath("tables", f"{name}.jsonl")
    return parse_readings(file.read_text(encoding="utf-8"), source=f"{name}.jsonl")


def parse_readings(content: str, *, source: str) -> list[PatientReading]:
    """Return the readings of the text of a table; raises as ``read_readings`` does."""
    try:
        header, *lines = [json.loads(line) for line in content.splitlines() if line.strip()]
        if header["format"] != FORMAT or header["features"] != FEATURES_VERSION:
            raise ModelError(
                "MO502",
                f"{source}: readings of another version of the features",
                hint="take the readings anew with 'chartsift model readings'",
            )
        return [_from_dict(line) for line in lines]
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ModelError(
            "MO501", f"{source}: no table of readings ({type(exc).__name__})", hint="see docs/models.md"
        ) from exc


def fingerprint(readings: Sequence[PatientReading]) -> str:
    """Return a SHA-256 (hexadecimal) of readings in any order: what a model was trained on."""
    lines = sorted(json.dumps(_to_dict(one), sort_keys=True) for one in readings)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _to_dict(reading: PatientReading) -> dict[str, Any]:
    return {
        "patient": reading.patient,
        "notes": reading.notes,
        "group": reading.group,
        "last_note": reading.last_note,
        "status": reading.status,
        "gold": reading.gold,
        "score": reading.score,
        "verdicts": [
            {
                "criterion": one.criterion,
                "kind": one.kind,
                "status": one.status,
                "gold": one.gold,
                "confidence": one.confidence,
                "features": dict(one.features),
            }
            for one in reading.verdicts
        ],
    }


def _from_dict(data: Mapping[str, Any]) -> PatientReading:
    verdicts = tuple(
        VerdictReading(
            one["criterion"],
            one["kind"],
            one["status"],
            one["gold"],
            float(one["confidence"]),
            {str(name): float(value) for name, value in one["features"].items()},
        )
        for one in data["verdicts"]
    )
    return PatientReading(
        data["patient"],
        data["group"],
        data["last_note"],
        data["status"],
        data["gold"],
        float(data["score"]),
        verdicts,
        data["notes"],
    )
