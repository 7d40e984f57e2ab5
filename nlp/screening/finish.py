"""The end of a run, whichever engine screened it: parts become the output files, the report and, last, ``run.json``."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from chartsift.nlp.formats.base import shown_name
from chartsift.nlp.screening import run
from chartsift.nlp.screening.batch import Tally
from chartsift.nlp.screening.parts import (
    PartFolder,
    merge_tables,
    rows_table,
    write_json,
    write_jsonl,
    write_text,
)
from chartsift.nlp.screening.report import render_report
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.rows import problem_row
from chartsift.nlp.screening.schema import FORMAT_VERSION, TABLES
from chartsift.nlp.screening.store import InputCounts
from chartsift.nlp.types import Problem

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial

_VERSIONS_OF = ("chartsift", "spacy", "medspacy", "pyarrow")
_ERRORS_AT_ONCE = 250


class InputTotals(Protocol):
    """What the end of a run needs to know of what was read."""

    counts: InputCounts

    def count_patients(self) -> int:
        """Return the number of patients with at least one note."""
        ...

    def count_listed_without_notes(self) -> int:
        """Return the number of listed patients without any note that could be read."""
        ...

    def problems(self) -> Iterator[Problem]:
        """Yield the problems of reading, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Finish:
    """
    What screening left to be written.

    Attributes:
        parts: The parts.
        count: How many there are.
        tally: Their sum.
        identity: What decides the run's results.
        state: Since when and how often it was started.
        seconds: Of the phases of the last start.
        engine: What ran it, for ``run.json``; None for processes of this machine.
    """

    parts: PartFolder
    count: int
    tally: Tally
    identity: dict[str, Any]
    state: dict[str, Any]
    seconds: Mapping[str, float]
    engine: dict[str, Any] | None = None


def write_results(
    config: run.RunConfig,
    trial: Trial,
    totals: InputTotals,
    finish: Finish,
    on_progress: Callable[[run.Progress], None],
) -> RunResults:
    """Write the tables, ``report.html`` and ``run.json`` into ``config.out``."""
    out, tally = config.out, finish.tally
    fingerprint = run.run_fingerprint(finish.identity)
    rows: dict[str, int] = {}
    for step, name in enumerate(TABLES):
        on_progress(run.Progress("writing", step, len(TABLES) + 1, "files"))
        tables = finish.parts.tables(name, finish.count)
        if name == "errors":
            tables = _chain_problems(totals, tables, tally)
        rows[name] = merge_tables(
            name, tables, out / f"{name}.parquet", metadata={"chartsift_run": fingerprint}
        )
    if config.jsonl:
        write_all_jsonl(out)
    manifest = {
        "format": FORMAT_VERSION,
        "fingerprint": fingerprint,
        "identity": finish.identity,
        "trial": run.trial_facts(trial),
        "as_of_rule": (
            f"as of {config.as_of} for everyone"
            if config.as_of
            else "each patient's own as_of, else the date of the patient's last note"
        ),
        "inputs": [shown_name(path.name or str(path)) for path in config.inputs],
        "patients_table": shown_name(config.patients.name) if config.patients else None,
        "limit": config.limit,
        "counts": _counts(totals, tally, rows),
        "cohort_status": dict(tally.cohort_status),
        "criteria": dict(tally.criteria),
        "funnel": dict(tally.funnel),
        "problem_codes": dict(sorted(tally.problem_codes.items())),
        "top_patients": [patient_id for _, _, patient_id in tally.top],
        "rows": rows,
        "versions": versions(),
        "times": {
            "started_at": finish.state["started_at"],
            "finished_at": run.now(),
            "starts": finish.state["starts"],
            "seconds_of_last_start": {name: round(value, 3) for name, value in finish.seconds.items()},
        },
    }
    if finish.engine is not None:
        manifest["engine"] = finish.engine
    results = RunResults(out, manifest)
    write_text(out / run.REPORT, render_report(results))
    write_json(out / run.MANIFEST, manifest)
    on_progress(run.Progress("writing", len(TABLES) + 1, len(TABLES) + 1, "files"))
    return results


def write_all_jsonl(out: Path) -> None:
    """Write the tables of a run as JSON lines beside them."""
    for name in TABLES:
        write_jsonl(out / f"{name}.parquet", out / f"{name}.jsonl")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide results."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _VERSIONS_OF}}


def _counts(totals: InputTotals, tally: Tally, rows: dict[str, int]) -> dict[str, int]:
    """
    Return counts that add up.

    rows_seen = notes_read + input_problems; notes_read = notes_evaluated + notes_after_as_of + notes_failed +
    notes_of_failed_patients + notes_not_screened; patients = patients_screened + patients_failed +
    patients_not_screened; errors = input_problems + patient_problems + notes_after_as_of + notes_failed +
    patients_failed + patient_facts_left_out.
    """
    got = tally.counts
    became = ("notes_evaluated", "notes_after_as_of", "notes_failed", "notes_of_failed_patients")
    patients = totals.count_patients()
    return {
        **asdict(totals.counts),
        **{name: got[name] for name in became},
        "notes_not_screened": totals.counts.notes_read - sum(got[name] for name in became),
        "patients": patients,
        "patients_screened": got["patients_screened"],
        "patients_failed": got["patients_failed"],
        "patient_facts_left_out": got["patient_facts_left_out"],
        "patients_not_screened": patients - got["patients_screened"] - got["patients_failed"],
        "patients_listed_without_notes": totals.count_listed_without_notes(),
        "findings": rows["findings"],
        "errors": rows["errors"],
    }


def _chain_problems(totals: InputTotals, tables: Iterator[pa.Table], tally: Tally) -> Iterator[pa.Table]:
    """Yield the problems of reading, then those of the parts."""
    rows = []
    for problem in totals.problems():
        tally.problem_codes[problem.code] += 1
        rows.append(problem_row(problem))
        if len(rows) >= _ERRORS_AT_ONCE:
            yield rows_table("errors", rows)
            rows = []
    yield rows_table("errors", rows)
    yield from tables
