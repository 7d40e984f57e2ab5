"""The results of a finished run, read back from its folder: for the report, ``explain`` and the tables on screen."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.screening.rows import Row
from chartsift.nlp.screening.schema import FORMAT_VERSION, TABLES

_BATCH_ROWS = 2_048
_READ_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class PatientRows:
    """The rows of one patient: the applicable cohort, its criteria in the trial's order, and their scores."""

    patient_id: str
    cohort: Row
    criteria: tuple[Row, ...]
    scores: tuple[Row, ...] = ()

    def score_of(self, criterion_id: str) -> Row | None:
        """Return the score that supports a criterion; None where there is none."""
        return next((row for row in self.scores if row["criterion_id"] == criterion_id), None)


@dataclass(frozen=True, slots=True)
class RunResults:
    """A folder of results and its manifest (``run.json``)."""

    out: Path
    manifest: dict[str, Any]

    @classmethod
    def open(cls, out: Path) -> RunResults:
        """
        Return the results in *out*.

        Raises:
            ScreeningError: there is no finished run of this version (SC406), or a table of it is missing or
                damaged (SC405).
        """
        try:
            manifest = json.loads((out / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            manifest = None
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT_VERSION:
            raise ScreeningError(
                "SC406",
                f"{out}: no finished run of this version here",
                hint="give the --out folder of chartsift screen",
            )
        results = cls(out, manifest)
        for name in TABLES:
            try:
                is_whole = pq.read_metadata(results.path(name)).num_rows == manifest["rows"][name]
            except (OSError, KeyError, TypeError, pa.ArrowException):
                is_whole = False
            if not is_whole:
                raise results.damaged(name)
        return results

    def damaged(self, table: str) -> ScreeningError:
        """Return the error of a table that cannot be read."""
        return ScreeningError(
            "SC405",
            f"{self.path(table)}: is missing or damaged, or of another run",
            hint="screen again with --restart",
        )

    def path(self, table: str) -> Path:
        """Return where a table lies."""
        return self.out / f"{table}.parquet"

    def labels(self) -> dict[str, str]:
        """Return the labels of criteria, by "cohort/criterion"."""
        return trial_labels(self.manifest["trial"])

    def files(self) -> dict[str, Path]:
        """Return the files of the run by name: the tables, "report" and "run", and JSON lines where written."""
        named = {name: self.path(name) for name in TABLES}
        named |= {"report": self.out / "report.html", "run": self.out / "run.json"}
        named |= {f"{name}_jsonl": self.out / f"{name}.jsonl" for name in TABLES}
        return {name: path for name, path in named.items() if path.exists()}

    def errors(self, *, most: int) -> list[Row]:
        """Return the first rows of ``errors``."""
        rows: list[Row] = []
        for batch in pq.ParquetFile(self.path("errors")).iter_batches(batch_size=1024):
            rows.extend(batch.to_pylist())
            if len(rows) >= most:
                break
        return rows[:most]

    def findings(self, patient_id: str) -> list[Row]:
        """Return the findings of one patient."""
        return self._rows("findings", [patient_id])

    def patients(self, patient_ids: Sequence[str]) -> list[PatientRows]:
        """Return the rows of these patients, in the order given; one that is not in the run is left out."""
        cohorts = {row["patient_id"]: row for row in self._rows("cohorts", patient_ids) if row["applicable"]}
        criteria: dict[str, list[Row]] = {}
        for row in self._rows("criteria", patient_ids):
            cohort = cohorts.get(row["patient_id"])
            if cohort and row["cohort_id"] == cohort["cohort_id"]:
                criteria.setdefault(row["patient_id"], []).append(row)
        scores: dict[str, list[Row]] = {}
        for row in self._rows("scores", patient_ids):
            scores.setdefault(row["patient_id"], []).append(row)
        return [
            PatientRows(
                patient_id,
                cohorts[patient_id],
                tuple(criteria.get(patient_id, ())),
                tuple(scores.get(patient_id, ())),
            )
            for patient_id in patient_ids
            if patient_id in cohorts
        ]

    def patient(self, patient_id: str) -> PatientRows:
        """Return the rows of one patient; raises ScreeningError (SC407) when the run has no such patient."""
        found = self.patients([patient_id])
        if not found:
            raise ScreeningError(
                "SC407", "the run has no such patient", hint="see cohorts.parquet for those it has"
            )
        return found[0]

    def patient_ids(self) -> Iterator[str]:
        """Yield the patients of the run in order."""
        for batch in pq.ParquetFile(self.path("cohorts")).iter_batches(columns=["patient_id", "applicable"]):
            for row in batch.to_pylist():
                if row["applicable"]:
                    yield row["patient_id"]

    def _rows(self, table: str, patient_ids: Sequence[str]) -> list[Row]:
        if not patient_ids:
            return []
        # Files are sorted by patient, so the statistics of row groups skip nearly all of them; those that are read
        # go through memory a few rows at a time, however large the run.
        wanted = sorted(set(patient_ids))
        values = pa.array(wanted, type=pa.string())
        absent = dict.fromkeys(TABLES[table].names)
        rows: list[Row] = []
        try:
            with pq.ParquetFile(self.path(table), buffer_size=_READ_BUFFER, pre_buffer=False) as file:
                groups = [
                    n for n in range(file.num_row_groups) if _may_hold(file.metadata.row_group(n), wanted)
                ]
                for batch in file.iter_batches(_BATCH_ROWS, row_groups=groups, use_threads=False):
                    found = batch.filter(pc.is_in(batch["patient_id"], value_set=values))
                    rows.extend(absent | row for row in found.to_pylist())
        except (OSError, pa.ArrowException) as exc:
            raise self.damaged(table) from exc
        return rows


def _may_hold(group: Any, wanted: Sequence[str]) -> bool:
    """Tell whether a row group may hold one of these patients, who are sorted, by its least and greatest."""
    columns = (group.column(number) for number in range(group.num_columns))
    statistics = next(column.statistics for column in columns if column.path_in_schema == "patient_id")
    if statistics is None or not statistics.has_min_max:
        return True
    place = bisect_left(wanted, statistics.min)
    return place < len(wanted) and wanted[place] <= statistics.max


def trial_labels(facts: dict[str, Any]) -> dict[str, str]:
    """Return the labels of a trial's criteria, by "cohort/criterion", from what ``trial_facts`` gave."""
    return {
        f"{cohort['cohort_id']}/{criterion['criterion_id']}": criterion["label"] or criterion["criterion_id"]
        for cohort in facts["cohorts"]
        for criterion in cohort["criteria"]
    }
