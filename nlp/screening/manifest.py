"""What ``run.json`` says of a run: which one it is, and counts that add up."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any, Protocol

from chartsift.nlp.criteria.search import terms_of
from chartsift.nlp.formats.base import shown_name
from chartsift.nlp.screening.batch import Tally
from chartsift.nlp.screening.candidates import candidates_of
from chartsift.nlp.screening.config import RunConfig
from chartsift.nlp.screening.schema import FORMAT_VERSION
from chartsift.nlp.screening.store import InputCounts
from chartsift.nlp.screening.writing import ProblemSource

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial

_VERSIONS_OF = ("chartsift", "spacy", "medspacy", "pyarrow")


class InputTotals(ProblemSource, Protocol):
    """What the end of a run needs to know of what was read; ``NoteStore`` is the usual one."""

    counts: InputCounts

    def count_patients(self) -> int:
        """Return the number of patients with at least one note."""
        ...

    def count_listed_without_notes(self) -> int:
        """Return the number of listed patients without any note that could be read."""
        ...


def identity_of(config: RunConfig, trial: Trial, *, inputs: str, pipeline: str) -> dict[str, Any]:
    """Return what decides a run's results, and nothing else; *inputs* and *pipeline* are their digests."""
    return {
        "format": FORMAT_VERSION,
        "inputs": inputs,
        "pipeline": pipeline,
        "trial": trial.fingerprint(),
        "as_of": config.as_of.isoformat() if config.as_of else None,
        "candidates": config.candidates,
        "limit": config.limit,
        "sample": None if config.sample is None else {"patients": config.sample, "seed": config.seed},
    }


def run_fingerprint(identity: dict[str, Any]) -> str:
    """Return the SHA-256 of what decides a run's results."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode("utf-8")).hexdigest()


def make_manifest(
    config: RunConfig,
    trial: Trial,
    identity: dict[str, Any],
    totals: InputTotals,
    tally: Tally,
    rows: dict[str, int],
) -> dict[str, Any]:
    """
    Return the manifest of a run, which says all but the times.

    Args:
        config: What was screened.
        trial: The trial that was decided.
        identity: What decides the results.
        totals: What was read.
        tally: The sum of all parts.
        rows: Rows of each table.
    """
    codes = tally.problem_codes.copy()
    codes.update(problem.code for problem in totals.problems())
    return {
        "format": FORMAT_VERSION,
        "fingerprint": run_fingerprint(identity),
        "identity": identity,
        "trial": trial_facts(trial),
        "as_of_rule": (
            f"as of {config.as_of} for everyone"
            if config.as_of
            else "each patient's own as_of, else the date of the patient's last note"
        ),
        "inputs": [shown_name(path.name or str(path)) for path in config.inputs],
        "patients_table": shown_name(config.patients.name) if config.patients else None,
        "limit": config.limit,
        "sample": identity["sample"],
        "counts": _counts(totals, tally, rows),
        "candidates": _first_pass(trial, tally) if config.candidates else None,
        "cohort_status": dict(tally.cohort_status),
        "criteria": dict(tally.criteria),
        "funnel": dict(tally.funnel),
        "problem_codes": dict(sorted(codes.items())),
        "top_patients": [patient_id for _, _, patient_id in tally.top],
        "rows": rows,
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in _VERSIONS_OF},
        },
    }


def trial_facts(trial: Trial) -> dict[str, Any]:
    """Return what a reader of the results needs of the trial without its file."""
    return {
        "trial_id": trial.trial_id,
        "title": trial.title,
        "version": trial.version,
        "source": trial.source,
        "cohorts": [
            {
                "cohort_id": cohort.cohort_id,
                "label": cohort.label,
                "criteria": [
                    {
                        "criterion_id": criterion.criterion_id,
                        "kind": criterion.kind,
                        "label": criterion.label,
                        "summary": criterion.summary,
                    }
                    for criterion in trial.criteria_of(cohort)
                ],
            }
            for cohort in trial.cohorts
        ],
    }


def _first_pass(trial: Trial, tally: Tally) -> dict[str, Any]:
    """Return the proof of the first pass: what was looked for, in how many notes of which days, in vain."""
    wanted = candidates_of(trial)
    first, last = tally.searched
    return {
        "of": wanted.of,
        "signs": list(wanted.signs),
        "terms": len(terms_of(wanted.signs)),
        "patients_without_sign": tally.counts["patients_without_sign"],
        "by_cohort": dict(tally.no_sign),
        "notes": tally.counts["notes_searched"],
        "first": first or None,
        "last": last or None,
    }


def _counts(totals: InputTotals, tally: Tally, rows: dict[str, int]) -> dict[str, int]:
    """
    Return counts that add up.

    rows_seen = notes_read + input_problems; notes_read = notes_evaluated + notes_searched + notes_after_as_of +
    notes_failed + notes_of_failed_patients + notes_not_screened; patients = patients_screened + patients_failed +
    patients_not_screened; errors = input_problems + patient_problems + notes_after_as_of + notes_failed +
    patients_failed + patient_facts_left_out.
    """
    got = tally.counts
    became = (
        "notes_evaluated",
        "notes_searched",
        "notes_after_as_of",
        "notes_failed",
        "notes_of_failed_patients",
    )
    patients = totals.count_patients()
    return {
        **asdict(totals.counts),
        **{name: got[name] for name in became},
        "notes_not_screened": totals.counts.notes_read - sum(got[name] for name in became),
        "patients": patients,
        "patients_screened": got["patients_screened"],
        "patients_without_sign": got["patients_without_sign"],
        "patients_failed": got["patients_failed"],
        "patient_facts_left_out": got["patient_facts_left_out"],
        "patients_not_screened": patients - got["patients_screened"] - got["patients_failed"],
        "patients_listed_without_notes": totals.count_listed_without_notes(),
        "findings": rows["findings"],
        "errors": rows["errors"],
    }
