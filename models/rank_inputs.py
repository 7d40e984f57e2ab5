"""Order the patients of any input for reading: screen each, ask the model of ranking, sort."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from chartsift.models.learning import predict
from chartsift.models.ranking import Rank, rank
from chartsift.models.readings import PatientReading, VerdictReading
from chartsift.models.verdict_features import verdict_features
from chartsift.nlp.formats import read_inputs, read_patients
from chartsift.nlp.screening.chart import Extractor, PatientResult, screen_patient
from chartsift.nlp.screening.store import NoteStore

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial


def rank_inputs(
    paths: Sequence[Path], estimator: Any, pipeline: Extractor, trial: Trial, *, patients: Path | None = None
) -> list[Rank]:
    """
    Return the patients of the notes under *paths*, the one to read first at the front.

    Raises:
        InputError: an input cannot be read.
    """
    readings: list[PatientReading] = []
    with TemporaryDirectory(prefix="chartsift-") as folder:
        store = NoteStore(Path(folder) / "notes.sqlite")
        try:
            for item in read_patients(patients) if patients else ():
                store.add(item, origin="table")
            for item in read_inputs(list(paths)):
                store.add(item)
            store.finish()
            for patient_id, _ in store.note_counts():
                case = store.case(patient_id)
                readings.append(
                    reading_of(screen_patient(pipeline, trial, case.patient, case.notes, unread=case.unread))
                )
        finally:
            store.close()
    features = [verdict.features for reading in readings for verdict in reading.verdicts]
    return rank(readings, predict(estimator, features))


def reading_of(result: PatientResult) -> PatientReading:
    """Return what ranking needs of a screened patient; what annotators think is not known and stays empty."""
    cohort = result.applicable
    verdicts = tuple(
        VerdictReading(
            one.criterion_id,
            one.kind,
            one.status,
            "",
            one.confidence,
            verdict_features(one, as_of=result.as_of, notes=result.notes),
        )
        for one in cohort.criteria
        if one.basis != "judgement"
    )
    last = max((note.note_date for note in result.notes), default=result.as_of).isoformat()
    return PatientReading(
        result.patient.patient_id, result.patient.patient_id, last, cohort.status, "", cohort.score, verdicts
    )
