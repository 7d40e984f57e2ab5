"""``chartsift trial diff``: two trials, or two versions of one, on the same findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chartsift.api.cli_common import print_json, say_problem
from chartsift.nlp.criteria import load_trial
from chartsift.nlp.criteria.compare import (
    Change,
    CriterionFlip,
    PatientFlips,
    Side,
    compare_patient,
    trial_changes,
)
from chartsift.nlp.screening.words import one_line
from chartsift.nlp.types import Problem

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial
    from chartsift.nlp.screening.findings_again import PatientFindings

_VALUE_CHARS = 60
_WHY_CHARS = 150


def diff_trials(
    first_name: str,
    second_name: str,
    *,
    inputs: Sequence[Path],
    run: Path | None,
    patients: Path | None,
    as_of: date | None,
    as_json: bool,
) -> None:
    """
    Print what two trial files say differently and, with notes or a run, whose verdicts differ and by which clause.

    Raises:
        RuleError: A file is no valid trial.
        InputError: A path does not exist (IN124).
        ScreeningError: *run* is no finished run (SC406), or a table of it is damaged (SC405).
    """
    first, second = load_trial(first_name), load_trial(second_name)
    changes = trial_changes(first, second)
    compared: list[PatientFlips] = []
    for item in _findings(first, inputs, run, patients, as_of):
        for problem in (item,) if isinstance(item, Problem) else item.problems:
            say_problem(problem)
        if not isinstance(item, Problem):
            compared.append(
                compare_patient(item.patient, item.notes, item.findings, first, second, as_of=item.as_of)
            )
    if as_json:
        print_json(_document(first, second, changes, compared))
        return
    print(f"{_title(first)} → {_title(second)}")
    _print_changes(changes)
    if inputs or run:
        _print_patients(compared)


def _findings(
    first: Trial, inputs: Sequence[Path], run: Path | None, patients: Path | None, as_of: date | None
) -> Iterator[PatientFindings | Problem]:
    from chartsift.nlp.screening.findings_again import findings_of_inputs, findings_of_run
    from chartsift.nlp.screening.results import RunResults

    if run is not None:
        yield from findings_of_run(RunResults.open(run), as_of=as_of)
    elif inputs:
        from chartsift.nlp.formats.inputs import check_paths
        from chartsift.nlp.pipeline import build_pipeline

        check_paths([*inputs, *([patients] if patients else [])])
        yield from findings_of_inputs(inputs, build_pipeline(), first, patients=patients, as_of=as_of)


def _document(
    first: Trial, second: Trial, changes: Sequence[Change], compared: Sequence[PatientFlips]
) -> dict[str, Any]:
    differing = [flips for flips in compared if flips.is_flipped or flips.criteria]
    return {
        "first": _facts(first),
        "second": _facts(second),
        "changes": [asdict(change) for change in changes],
        "counts": {
            "patients": len(compared),
            "cohort_flips": sum(flips.is_flipped for flips in compared),
            "criterion_flips": sum(len(flips.criteria) for flips in compared),
            "cohort": dict(_cohort_counts(compared)),
            "criteria": dict(_criterion_counts(compared)),
            "clauses": dict(_clause_counts(compared)),
        },
        "patients": [asdict(flips) | {"is_flipped": flips.is_flipped} for flips in differing],
    }


def _facts(trial: Trial) -> dict[str, str]:
    return {"trial_id": trial.trial_id, "version": trial.version, "fingerprint": trial.fingerprint()}


def _title(trial: Trial) -> str:
    return f"{trial.trial_id} {trial.version} ({trial.fingerprint()[:12]})"


def _cohort_counts(compared: Iterable[PatientFlips]) -> Counter[str]:
    return Counter(f"{flips.before} → {flips.after}" for flips in compared if flips.is_flipped)


def _criterion_counts(compared: Iterable[PatientFlips]) -> Counter[str]:
    return Counter(
        f"{flip.criterion_id}: {_status(flip.before)} → {_status(flip.after)}"
        for flips in compared
        for flip in flips.criteria
    )


def _clause_counts(compared: Iterable[PatientFlips]) -> Counter[str]:
    """Count, for each difference, the verdicts that it changes; a joint change counts for each of its parts."""
    return Counter(_place(change) for flips in compared for flip in flips.criteria for change in flip.causes)


def _status(side: Side | None) -> str:
    return side.status.replace("_", " ") if side is not None else "not asked"


def _place(change: Change) -> str:
    return ".".join(part for part in (change.cohort_id, change.criterion_id, change.path) if part)


def _value(value: Any) -> str:
    if value is None:
        return "nothing"
    # A share such as 142/150 is told to four digits; the JSON has it in full.
    shown = f"{value:.4g}" if isinstance(value, float) else str(value)
    return one_line(shown, most=_VALUE_CHARS)


def _print_changes(changes: Sequence[Change]) -> None:
    if not changes:
        print("The files decide alike.")
        return
    print(f"{len(changes)} differences of the files:")
    for change in changes:
        print(f"  {_place(change)}: {_value(change.before)} → {_value(change.after)}")


def _print_patients(compared: Sequence[PatientFlips]) -> None:
    cohorts, criteria = _cohort_counts(compared), _criterion_counts(compared)
    differ = f"{cohorts.total():,} verdicts on the cohort and {criteria.total():,} on criteria differ"
    print()
    print(f"{len(compared):,} patients: {differ}")
    for title, counts in (
        ("Cohort", cohorts),
        ("Criteria", criteria),
        ("Clauses that change a verdict", _clause_counts(compared)),
    ):
        if counts:
            print(f"{title}:")
            for words, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
                print(f"  {count:,}  {words}")
    for flips in compared:
        if flips.is_flipped or flips.criteria:
            _print_patient(flips)


def _print_patient(flips: PatientFlips) -> None:
    cohort = flips.cohort_before
    if flips.cohort_after != cohort:
        cohort += f" → {flips.cohort_after}"
    verdict = f"{flips.before} → {flips.after}" if flips.is_flipped else f"{flips.before}, as before"
    print()
    print(f"{one_line(flips.patient_id)} ({cohort}, as of {flips.as_of}): {verdict}")
    for flip in flips.criteria:
        print(f"  {flip.criterion_id}: {_status(flip.before)} → {_status(flip.after)}")
        for line in _because(flip):
            print(f"    {line}")
        for name, side in (("before", flip.before), ("after", flip.after)):
            if side is not None and side.rationale:
                print(f"    {name}: {one_line(side.rationale, most=_WHY_CHARS)}")


def _because(flip: CriterionFlip) -> Iterator[str]:
    together = ", together" if flip.is_joint and len(flip.causes) > 1 else ""
    for change in flip.causes:
        yield f"by {change.path}: {_value(change.before)} → {_value(change.after)}{together}"
