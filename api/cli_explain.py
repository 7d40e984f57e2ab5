"""``chartsift explain``: one patient in full, from a finished run or from notes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import chain
from pathlib import Path

from chartsift.api.cli_common import print_json, say, say_problem
from chartsift.api.cli_show import show_patient
from chartsift.nlp.criteria.search import vocabulary
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
    if len(paths) == 1 and _is_run(paths[0]):
        results = RunResults.open(paths[0])
        patient, labels = results.patient(patient_id), results.labels()
        missed = results.manifest["counts"]["input_problems"]
        if missed:
            say(
                f"{missed:,} inputs of the run could not be read, of whichever patient; errors.parquet names them"
            )
    else:
        patient, labels = _screen_one(
            patient_id, paths, patients=patients, trial_name=trial_name, as_of=as_of
        )
    known = [row["criterion_id"] for row in patient.criteria]
    if criterion_id is not None and criterion_id not in known:
        raise ScreeningError("SC408", f"no criterion {criterion_id!r}", hint="one of " + ", ".join(known))
    if as_json:
        chosen = [row for row in patient.criteria if criterion_id in (None, row["criterion_id"])]
        kinds = (kind for row in chosen if row["searched"] for kind in row["searched"]["kinds"])
        scores = [row for row in patient.scores if criterion_id in (None, row["criterion_id"])]
        print_json(
            {
                "cohort": patient.cohort,
                "criteria": chosen,
                "scores": scores,
                "vocabulary": vocabulary(kinds),
            }
        )
    else:
        show_patient(patient, labels, criterion_id=criterion_id)


def _is_run(path: Path) -> bool:
    try:
        return (path / "run.json").is_file()
    except OSError:
        return False  # reading it as an input says why


def _screen_one(
    patient_id: str, paths: Sequence[Path], *, patients: Path | None, trial_name: str, as_of: date | None
) -> tuple[PatientRows, dict[str, str]]:
    from chartsift.nlp.criteria import load_trial
    from chartsift.nlp.formats import Rejected, read_inputs, read_patients
    from chartsift.nlp.pipeline import build_pipeline
    from chartsift.nlp.screening.chart import input_name, screen_patient
    from chartsift.nlp.screening.manifest import trial_facts
    from chartsift.nlp.screening.results import trial_labels
    from chartsift.nlp.screening.rows import cohort_rows, criterion_rows, score_rows
    from chartsift.nlp.types import Note, Patient

    trial = load_trial(trial_name)
    facts: Patient | None = None
    notes: list[Note] = []
    unread: list[str] = []
    not_told = 0
    listed = read_patients(patients) if patients else iter(())
    for item in chain(listed, read_inputs(paths)):
        if isinstance(item, Rejected):
            if item.patient_id == patient_id:
                if item.is_missed:
                    unread.append(input_name(item.problem))
                say_problem(item.problem)
            elif item.is_missed and not item.patient_id:
                not_told += 1
        elif item.patient_id == patient_id:
            if isinstance(item, Note):
                notes.append(item)
            else:
                facts = facts or item
    if not_told:
        say(f"{not_told:,} inputs could not be read, and whose they are is not known; 'screen' lists them")
    if not notes:
        raise ScreeningError(
            "SC407", "the inputs hold no readable note of this patient", hint="check PATIENT"
        )
    result = screen_patient(
        build_pipeline(), trial, facts or Patient(patient_id), notes, as_of=as_of, unread=unread
    )
    for problem in result.problems:
        say_problem(problem)
    cohort = next(row for row in cohort_rows(result) if row["applicable"])
    criteria = tuple(row for row in criterion_rows(result) if row["cohort_id"] == cohort["cohort_id"])
    return PatientRows(patient_id, cohort, criteria, tuple(score_rows(result))), trial_labels(
        trial_facts(trial)
    )
