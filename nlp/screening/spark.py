"""
A run on Apache Spark: the same results as a single process, row by row, from as many machines as there are.

1. *Read.* Tables are read by the executors, other files on the driver; every item keeps its place in the order of
   reading. The sum of the items' digests, with the fingerprints of pipeline, trial and options, says what run this is.
2. *Screen.* Patients are cut by identifier into parts of some thousand notes. Each part is one unit of work for a
   Python process of an executor, which decides duplicates, reads and evaluates as a single process does, and writes
   its rows into the work folder. A run that is started again goes on with the parts that are missing.
3. *Merge.* The driver joins the parts in order into the output files, ``report.html`` and, last, ``run.json``.

Driver and executors must see inputs and ``--out`` under the same paths (a mount that all machines have).
"""

from __future__ import annotations

import shutil
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pandas as pd
import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark import cloudpickle
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F  # noqa: N812 - the name that every Spark user knows
from pyspark.sql.pandas.functions import pandas_udf

from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.screening.config import Progress, RunConfig
from chartsift.nlp.screening.engine import Parts, Run, run_folder
from chartsift.nlp.screening.manifest import run_fingerprint
from chartsift.nlp.screening.parts import PartFolder, write_json
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.spark_cases import Cases
from chartsift.nlp.screening.spark_read import STAGED, InputReader, ReadInputs
from chartsift.nlp.screening.spark_session import spark_session
from chartsift.nlp.screening.spark_worker import (
    DONE_DDL,
    PARTS,
    Job,
    count_done,
    is_done,
    prepare_work,
    problem_table,
    read_part,
    screen_part,
    screen_parts,
)
from chartsift.nlp.screening.store import InputCounts
from chartsift.nlp.screening.table_folders import write_folders
from chartsift.nlp.screening.writing import Step, StepDone
from chartsift.nlp.types import Problem

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial
    from chartsift.nlp.screening.chart import Extractor

# A part takes its executor seconds to a few minutes, and its rows fit beside the pipeline in memory.
_LEAST_NOTES, _MOST_NOTES = 100, 5_000
# Parts for each core at least, so that the last ones do not keep a single core busy.
_PARTS_PER_CORE = 4
# Sampled notes for each part: parts then differ in size by a fifth or so.
_SAMPLES_PER_PART = 40
_SAMPLE_SPACE = 1_000_000
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class SparkConfig:
    """
    How to use Spark.

    Attributes:
        master: Address of the cluster; None for what spark-submit or the notebook has, else this machine.
        conf: Further settings of Spark.
        folders: Also leave each table as a folder of Parquet files under ``tables/``, as Spark and Delta read them.
    """

    master: str | None = None
    conf: Mapping[str, str] = field(default_factory=dict)
    folders: bool = False


def run_spark_screening(
    config: RunConfig,
    *,
    trial: Trial,
    make_pipeline: Callable[[], Extractor],
    on_progress: Callable[[Progress], None] = lambda _: None,
    spark: SparkConfig,
) -> RunResults:
    """
    Screen everything that *config* names on Spark; return the results, which are then on disk.

    Args:
        config: What to screen, as for ``run_screening``.
        trial: The trial to decide.
        make_pipeline: A function that executors can import; it builds their pipeline.
        on_progress: Told how far it is.
        spark: How to use Spark.

    Raises:
        InputError: an input path does not exist (IN124).
        ScreeningError: as ``run_screening`` says; Spark does not start (SC441), has other code on its executors
            (SC442), gives up (SC443), or its executors do not see the work folder (SC444).
    """
    with run_folder(config, trial):
        try:
            return _SparkRun(config, trial, make_pipeline, on_progress, spark).execute()
        except (Py4JError, PySparkException) as exc:
            # While it reads or plans; its message may quote a row, so that only its kind is told.
            raise ScreeningError(
                "SC443",
                f"{config.out}: Spark gave up ({type(exc).__name__})",
                hint="its log says why; an input has to lie where all executors see it",
            ) from None


class _SparkRun(Run):
    """One start of a run on Spark."""

    def __init__(
        self,
        config: RunConfig,
        trial: Trial,
        make_pipeline: Callable[[], Extractor],
        on_progress: Callable[[Progress], None],
        spark: SparkConfig,
    ) -> None:
        super().__init__(config, trial, on_progress)
        self._make_pipeline = make_pipeline
        self._spark = spark
        self._summed = _Totals()

    @contextmanager
    def _engine(self) -> Iterator[None]:
        with spark_session(self._spark.master, self._spark.conf, self.work) as self._session:
            yield

    def _read(self) -> str:
        self._session.sparkContext.setJobDescription("chartsift: reading the inputs")
        self._inputs = InputReader(self.config, self.work, self._session, self.on_progress).read()
        return self._inputs.identity

    def _fingerprint(self) -> str:
        self._pipeline = self._make_pipeline().fingerprint()
        return self._pipeline

    def _screen(self, state: dict[str, Any]) -> Parts:
        config, read = self.config, self._inputs
        if "bounds" not in state:
            state["bounds"] = self._bounds(read)
            write_json(self.work / "state.json", state)
        bounds: list[str] = state["bounds"]
        self._folder = self.work.absolute() / f"parts-spark-{run_fingerprint(state['identity'])[:16]}"
        prepare_work(self._folder)
        job = Job(
            factory=cloudpickle.dumps(self._make_pipeline),  # type: ignore[no-untyped-call]
            fingerprint=self._pipeline,
            trial=self.trial,
            as_of=config.as_of,
            work=self._folder,
            note_seconds=config.note_seconds,
            max_memory=config.max_memory,
            chosen=self._chosen(read),
            candidates=config.candidates,
            log_level=config.log_level,
        )
        self._screen_parts(read, bounds, job)
        for number in range(len(bounds) + 1):
            # Between two bounds there may be nobody.
            if not is_done(self._folder, number):
                screen_part(number, Cases(), job)
        read.items.unpersist()
        return Parts(PartFolder(self._folder / PARTS), len(bounds) + 1)

    def _totals(self, parts: Parts) -> _Totals:
        read = self._inputs
        totals = _Totals.of(self._folder, parts.count, read)
        if totals.items() != read.seen + len(read.silent):
            raise RuntimeError("parts hold another number of items than was read")
        self._summed = totals
        return totals

    def _do(self, steps: Iterable[Step]) -> Iterator[StepDone]:
        # The driver; a session that was started here has ended.
        for step in steps:
            yield StepDone(step, step.do(self._summed))

    def _forget_notes(self) -> None:
        # What was read on the driver.
        shutil.rmtree(self.work / STAGED, ignore_errors=True)

    def _about_engine(self, parts: Parts) -> dict[str, Any]:
        return {
            "engine": {"name": "spark", "version": metadata.version("pyspark"), "parts": parts.count},
        }

    def _write_further(self, results: RunResults) -> None:
        super()._write_further(results)
        if self._spark.folders:
            write_folders(results)

    # Screening

    def _bounds(self, read: ReadInputs) -> list[str]:
        """Return the first patient of each part but the first, so that parts have about equally many notes."""
        cores = self._session.sparkContext.defaultParallelism
        aim = min(max(_LEAST_NOTES, read.notes // (_PARTS_PER_CORE * cores)), _MOST_NOTES)
        parts = -(-read.notes // aim)
        if parts < 2:
            return []
        share = min(_SAMPLE_SPACE, _SAMPLE_SPACE * _SAMPLES_PER_PART * parts // read.notes + 1)
        draw = F.pmod(F.xxhash64("patient_id", "note_id"), F.lit(_SAMPLE_SPACE))
        rows = read.items.where(F.col("kind") == "note").where(draw < share).select("patient_id").collect()
        sample = sorted(row.patient_id for row in rows)
        return sorted({sample[len(sample) * n // parts] for n in range(1, parts)} if sample else ())

    def _chosen(self, read: ReadInputs) -> frozenset[str] | None:
        """Return the patients of ``--limit`` or ``--sample``: the same ones as ``NoteStore.plan`` chooses."""
        config = self.config
        most = min((n for n in (config.limit, config.sample) if n is not None), default=None)
        if most is None:
            return None
        patients = read.items.where(F.col("kind") == "note").select("patient_id").distinct()
        if config.sample is not None:
            draw = F.sha2(F.concat(F.lit(f"{config.seed}\x1f"), F.col("patient_id")), 256)
            patients = patients.orderBy(draw, "patient_id")
        else:
            patients = patients.orderBy("patient_id")
        return frozenset(row.patient_id for row in patients.limit(most).collect())

    def _screen_parts(self, read: ReadInputs, bounds: list[str], job: Job) -> None:
        done = frozenset(n for n in range(len(bounds) + 1) if is_done(job.work, n))
        todo = len(bounds) + 1 - len(done)
        self.on_progress(Progress("screening", len(done), len(bounds) + 1, "parts"))
        if not todo:
            return

        def part_of(patient_id: pd.Series) -> pd.Series:
            numbers = (bisect_right(bounds, one) for one in patient_id)
            return pd.Series([-1 if n in done else n for n in numbers], dtype="int32")

        # A function of a column in Python, and not bounds in the plan: Spark shows plans.
        to_part = pandas_udf(part_of, "int")  # type: ignore[call-overload]
        answers = (
            read.items.withColumn("part", to_part("patient_id"))
            .where("part >= 0")
            .repartition(todo, "part")
            .sortWithinPartitions("part", "file_no", "item_no")
            .mapInArrow(lambda batches: screen_parts(batches, job), DONE_DDL)
        )
        for row in self._collect(answers, job.work, len(bounds) + 1):
            if row.code:
                raise _task_error(row.code, row.place, self.config.out)

    def _collect(self, answers: DataFrame, folder: Path, total: int) -> list[Row]:
        """Run the tasks and say meanwhile how many parts are there."""
        context = self._session.sparkContext
        group = f"chartsift-{uuid4().hex}"

        def collect() -> list[Row]:
            context.setJobGroup(group, "chartsift: screening", interruptOnCancel=True)
            return answers.collect()

        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(collect)
            try:
                while True:
                    finished, _ = wait([answer], timeout=_LOOK_SECONDS)
                    self.on_progress(Progress("screening", count_done(folder), total, "parts"))
                    if finished:
                        return answer.result()
            except (Py4JError, PySparkException) as exc:
                raise ScreeningError(
                    "SC443",
                    f"Spark gave up ({type(exc).__name__}); {total - count_done(folder)} parts are missing",
                    hint="the log of the executors says why; the same command goes on with what is missing",
                ) from None
            except BaseException:
                context.cancelJobGroup(group)
                raise


@dataclass
class _Totals:
    """What was read, summed over parts; see ``InputTotals``."""

    counts: InputCounts = field(default_factory=InputCounts)
    patients: int = 0
    listed_without_notes: int = 0
    rows: pa.Table = field(default_factory=lambda: problem_table(()))

    @classmethod
    def of(cls, folder: Path, parts: int, read: ReadInputs) -> _Totals:
        of_parts = [read_part(folder, number) for number in range(parts)]
        # Files without a row belong to no patient, so that no part has them.
        extra = Cases.of(read.silent)
        sums = Counter(asdict(extra.counts))
        for part in of_parts:
            sums.update(asdict(part.counts))
        rows = pa.concat_tables([problem_table(extra.problems), *(part.problems for part in of_parts)])
        return cls(
            InputCounts(**sums),
            sum(part.patients for part in of_parts),
            sum(part.listed_without_notes for part in of_parts),
            rows.sort_by([("file_no", "ascending"), ("item_no", "ascending")]),
        )

    def items(self) -> int:
        return self.counts.rows_seen + self.counts.patient_rows_seen

    def count_patients(self) -> int:
        return self.patients

    def count_listed_without_notes(self) -> int:
        return self.listed_without_notes

    def problems(self) -> Iterator[Problem]:
        for batch in self.rows.to_batches(max_chunksize=1024):
            for row in batch.to_pylist():
                yield Problem(row["source"], row["note_id"], row["code"], row["message"])


def _task_error(code: str, place: str, out: Path) -> ScreeningError:
    if code == "SC442":
        return ScreeningError(
            code,
            "executors read notes in another way than the driver: other code, vocabulary or libraries",
            hint="install the same chartsift on all machines, or start the cluster anew after an update",
        )
    if code == "SC444":
        return ScreeningError(
            code,
            f"{out}: executors do not see this folder",
            hint="choose a folder on storage that all machines have under the same path",
        )
    return ScreeningError(
        code, place or "a task failed", hint="mend the cause and give the same command again"
    )
