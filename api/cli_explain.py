"""``chartsift explain``: one patient in full, from a finished run or from notes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import chain
from pathlib import Path

from chartsift.api.cli_common import print_json, say
from chartsift.api.cli_show import show_patient
from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.screening.results import PatientRows, RunResults


def explain_patient(
    patient_id: str,
    paths: Sequence[Path],
    *,
    criterion_id: str | None,
    patients: Path | None,
    trial_name: str,
    as_of: date | None,
    as_json: bool,
) -> None:
    """
    Print the verdicts on one patient, from the one run folder in *paths* or by screening the notes in them.

    Raises:
        ScreeningError: no such patient (SC407) or criterion (SC408).
        InputError: a path does not exist (IN124).
    """
    if len(paths) == 1 and (paths[0] / "run.json").is_file():
        results = RunResults.open(paths[0])
        patient, labels = results.patient(patient_id), results.labels()
    else:
        patient, labels = _screen_one(
            patient_id, paths, patients=patients, trial_name=trial_name, as_of=as_of
        )
    known = [row["criterion_id"] for row in patient.criteria]
    if criterion_id is not None and criterion_id not in known:
        raise ScreeningError("SC408", f"no criterion {criterion_id!r}", hint="one of " + ", ".join(known))
    if as_json:
        chosen = [row for row in patient.criteria if criterion_id in (None, row["criterion_id"])]
        print_json({"cohort": patient.cohort, "criteria": chosen})
    else:
        show_patient(patient, labels, criterion_id=criterion_id)


def _screen_one(
    patient_id: str, paths: Sequence[Path], *, patients: Path | None, trial_name: str, as_of: date | None
) -> tuple[PatientRows, dict[str, str]]:
    from chartsift.nlp.criteria import load_trial
    from chartsift.nlp.formats import Rejected, read_inputs, read_patients
    from chartsift.nlp.pipeline import build_pipeline
    from chartsift.nlp.screening.chart import screen_patient
    from chartsift.nlp.screening.results import trial_labels
    from chartsift.nlp.screening.rows import cohort_rows, criterion_rows
    from chartsift.nlp.screening.run import trial_facts
    from chartsift.nlp.types import Note, Patient

    trial = load_trial(trial_name)
    facts: Patient | None = None
    notes: list[Note] = []
    unread = 0
    listed = read_patients(patients) if patients else iter(())
    for item in chain(listed, read_inputs(paths)):
        if isinstance(item, Rejected):
            unread += item.patient_id == patient_id and item.is_missed
        elif item.patient_id == patient_id:
            if isinstance(item, Note):
                notes.append(item)
            else:
                facts = facts or item
    if not notes:
        raise ScreeningError(
            "SC407", "the inputs hold no readable note of this patient", hint="check PATIENT"
        )
    result = screen_patient(
        build_pipeline(), trial, facts or Patient(patient_id), notes, as_of=as_of, unread=unread
    )
    for problem in result.problems:
        say(f"{problem.source}: {problem.code}: {problem.message}")
    cohort = next(row for row in cohort_rows(result) if row["applicable"])
    criteria = tuple(row for row in criterion_rows(result) if row["cohort_id"] == cohort["cohort_id"])
    return PatientRows(patient_id, cohort, criteria), trial_labels(trial_facts(trial))
