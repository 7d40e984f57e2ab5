"""
What the writers share: rows of a finished run read back patient by patient, tables written as they come, and
identifiers that are checked for collisions. Nothing here holds more than one patient and a few batches in memory.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.rows import Row

# Rows that are turned into Python values at a time; of texts only a few, since one may have megabytes.
_BATCH_ROWS = 4_096
_BATCH_TEXTS = 16
_READ_BUFFER = 1 << 20
# Rows of a row group that a writer makes.
_ROW_GROUP = 16_384
# Identifiers are spread over so many files by their value; one file at a time is sorted in memory, which takes
# 32 MB for a billion identifiers.
_BUCKETS = 256


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """
    What a writer may be told.

    Attributes:
        concepts: A site's table of OMOP concepts (CSV), or None: every concept identifier is then 0.
    """

    concepts: Path | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """
    One output format: a name, one line of what it is, and the function that writes it.

    ``write`` gets the results, an empty folder and the options, and returns the number of rows by file name.
    """

    name: str
    summary: str
    write: Callable[[RunResults, Path, ExportOptions], dict[str, int]]


@dataclass(frozen=True, slots=True)
class PatientTables:
    """The rows of one patient, by table; a table that was not asked for is missing."""

    patient_id: str
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)

    @property
    def cohort(self) -> Row:
        """The row of the cohort that applies."""
        return next(row for row in self.rows["cohorts"] if row["applicable"])

    def applicable_criteria(self) -> list[Row]:
        """Return the criteria of that cohort, in the trial's order."""
        cohort_id = self.cohort["cohort_id"]
        return [row for row in self.rows["criteria"] if row["cohort_id"] == cohort_id]


def read_patients(results: RunResults, columns: Mapping[str, Sequence[str]]) -> Iterator[PatientTables]:
    """
    Yield the patients of a run in order, with the rows of the tables in *columns* (which name the columns to read).

    Raises:
        ScreeningError: A table is damaged (SC405), or is not sorted by patient (SC430).
    """
    tables = {name: _ByPatient(results, name, wanted) for name, wanted in columns.items()}
    drivers = _ByPatient(results, "cohorts", columns.get("cohorts", ("patient_id",)))
    tables.pop("cohorts", None)
    for patient_id, rows in drivers:
        found = {name: table.of(patient_id) for name, table in tables.items()}
        yield PatientTables(patient_id, {"cohorts": rows, **found})
    for table in tables.values():
        table.check_end()


def read_rows(results: RunResults, table: str, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a table, with these columns, a batch at a time; of a file, or of a folder of part files."""
    path = results.path(table)
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    rows = _BATCH_TEXTS if "text" in columns and table == "texts" else _BATCH_ROWS
    try:
        for part in parts:
            with pq.ParquetFile(part, buffer_size=_READ_BUFFER, pre_buffer=False) as file:
                for batch in file.iter_batches(batch_size=rows, columns=list(columns), use_threads=False):
                    yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as exc:
        raise results.damaged(table) from exc


class _ByPatient:
    """The rows of a table by patient, for a caller that asks for the patients in order."""

    def __init__(self, results: RunResults, table: str, columns: Sequence[str]) -> None:
        wanted = list(dict.fromkeys(("patient_id", *columns)))
        rows = read_rows(results, table, wanted)
        self._path = results.path(table)
        self._groups = groupby(rows, key=lambda row: str(row["patient_id"]))
        self._last = ""
        self._next: tuple[str, list[Row]] | None = None
        self._advance()

    def __iter__(self) -> Iterator[tuple[str, list[Row]]]:
        while self._next is not None:
            yield self._next
            self._advance()

    def of(self, patient_id: str) -> list[Row]:
        """Return the rows of a patient; none for one that the table does not have."""
        if self._next is None or self._next[0] > patient_id:
            return []
        if self._next[0] < patient_id:
            raise self._unsorted()
        rows = self._next[1]
        self._advance()
        return rows

    def check_end(self) -> None:
        """Raise ScreeningError (SC430) where rows are left, which then belong to no patient of the run."""
        if self._next is not None:
            raise self._unsorted()

    def _advance(self) -> None:
        found = next(self._groups, None)
        if found is None:
            self._next = None
            return
        patient_id, rows = found[0], list(found[1])
        if self._next is not None and patient_id <= self._last:
            raise self._unsorted()
        self._last = patient_id
        self._next = (patient_id, rows)

    def _unsorted(self) -> ScreeningError:
        return ScreeningError(
            "SC430",
            f"{self._path}: is not sorted by patient as the tables of a run are",
            hint="export from the folder as chartsift wrote it",
        )


class CsvFile:
    """A CSV file that is written row by row, by RFC 4180: UTF-8, CRLF between rows, nothing changed within cells."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\r\n")
        self._writer.writerow(header)
        self.rows = 0

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write *rows*; None becomes an empty cell, a day ``YYYY-MM-DD``, a time ``YYYY-MM-DD HH:MM:SS``."""
        for row in rows:
            self._writer.writerow(row)
            self.rows += 1

    def __enter__(self) -> CsvFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


class TwinFile:
    """The same rows as a CSV and as a Parquet file, of one schema; ``write`` takes tuples in its order."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema, metadata: Mapping[str, str]) -> None:
        self._schema = schema.with_metadata(dict(metadata))
        self._csv = CsvFile(folder / f"{name}.csv", schema.names)
        self._parquet = pq.ParquetWriter(folder / f"{name}.parquet", self._schema, compression="zstd")
        self._waiting: list[tuple[Any, ...]] = []
        self.rows = 0

    def write(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write *rows* to both."""
        self._csv.write(rows)
        self._waiting.extend(rows)
        self.rows += len(rows)
        if len(self._waiting) >= _ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        columns: Iterable[Any] = (
            zip(*self._waiting, strict=True) if self._waiting else [()] * len(self._schema)
        )
        arrays = [
            pa.array(column, type=kind.type) for column, kind in zip(columns, self._schema, strict=True)
        ]
        self._parquet.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._waiting = []

    def __enter__(self) -> TwinFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and (self._waiting or not self.rows):
            self._flush()
        self._parquet.close()
        self._csv.__exit__(kind, value, trace)


class RepeatedIds:
    """Collects identifiers on disk and tells which came more than once; use as a context."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="chartsift-ids-")
        self._waiting: list[int] = []

    def add(self, value: int) -> None:
        """Take one identifier, from 0 to 2**63 - 1."""
        self._waiting.append(value)
        if len(self._waiting) >= _ROW_GROUP:
            self._spread()

    def repeated(self) -> frozenset[int]:
        """Return the identifiers that were added more than once."""
        self._spread()
        found: set[int] = set()
        for file in sorted(Path(self._folder.name).iterdir()):
            values, counts = np.unique(np.fromfile(file, dtype=np.int64), return_counts=True)
            found.update(int(value) for value in values[counts > 1])
        return frozenset(found)

    def _spread(self) -> None:
        values = np.array(self._waiting, dtype=np.int64)
        self._waiting = []
        buckets = values % _BUCKETS
        order = np.argsort(buckets, kind="stable")
        values, buckets = values[order], buckets[order]
        edges = np.searchsorted(buckets, np.arange(_BUCKETS + 1))
        for bucket in np.unique(buckets):
            part = values[edges[bucket] : edges[bucket + 1]]
            with (Path(self._folder.name) / f"{bucket:03d}").open("ab") as file:
                part.tofile(file)

    def __enter__(self) -> RepeatedIds:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()
