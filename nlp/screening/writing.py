"""
The steps that write the files of a run from its parts, each of them by itself.

They are plain values and go to whoever has the time: the workers of a run, which have nothing else to do by then, or
the process at hand. What they need of memory and processor does not fall to the parent of a run that way, whose memory
stays the same however many notes there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from chartsift.nlp.screening.folder import REPORT
from chartsift.nlp.screening.parts import PartFolder, merge_tables, rows_table, write_jsonl, write_text
from chartsift.nlp.screening.report import render_report
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.rows import problem_row
from chartsift.nlp.types import Problem

# Of problems that become one table.
_PROBLEMS_AT_ONCE = 250


class ProblemSource(Protocol):
    """Where the problems of reading are; ``FinishedStore`` is the usual one."""

    def problems(self) -> Iterator[Problem]:
        """Yield the problems of reading, in order."""
        ...


@dataclass(frozen=True, slots=True)
class JoinTable:
    """
    Join the parts of a run into one table of its results, in order.

    Attributes:
        name: The table.
        parts: Folder of the parts.
        count: How many there are.
        out: Folder of the results.
        run: Fingerprint of the run, which stands in the file.
    """

    name: str
    parts: Path
    count: int
    out: Path
    run: str

    def do(self, source: ProblemSource) -> int:
        """Write the table, whole or not at all; return the number of rows."""
        tables = PartFolder(self.parts).tables(self.name, self.count)
        if self.name == "errors":
            tables = _chain_problems(source.problems(), tables)
        path = self.out / f"{self.name}.parquet"
        return merge_tables(self.name, tables, path, metadata={"chartsift_run": self.run})


@dataclass(frozen=True, slots=True)
class WriteLines:
    """Write a table of the results, which is there, as JSON lines as well."""

    name: str
    out: Path

    def do(self, source: ProblemSource) -> int:
        """Write the lines, whole or not at all."""
        del source
        write_jsonl(self.out / f"{self.name}.parquet", self.out / f"{self.name}.jsonl")
        return 0


@dataclass(frozen=True, slots=True)
class WriteReport:
    """Write the report from the tables, which are there, and the manifest, which need not be."""

    out: Path
    manifest: dict[str, Any]

    def do(self, source: ProblemSource) -> int:
        """Write the report, whole or not at all."""
        del source
        write_text(self.out / REPORT, render_report(RunResults(self.out, self.manifest)))
        return 0


Step = JoinTable | WriteLines | WriteReport


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step is done, and how many rows it wrote where it is one that counts them."""

    step: Step
    rows: int


def _chain_problems(problems: Iterable[Problem], tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield the problems of reading, then those of the parts."""
    rows = []
    for problem in problems:
        rows.append(problem_row(problem))
        if len(rows) >= _PROBLEMS_AT_ONCE:
            yield rows_table("errors", rows)
            rows = []
    yield rows_table("errors", rows)
    yield from tables
