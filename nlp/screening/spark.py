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
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import reduce
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from py4j.protocol import Py4JError
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that every Spark user knows
from pyspark.sql.pandas.functions import pandas_udf

from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.formats import Rejected, read_patients
from chartsift.nlp.formats.inputs import check_paths, input_files, nothing_to_read
from chartsift.nlp.log import get_logger
from chartsift.nlp.screening import run as local
from chartsift.nlp.screening.batch import Tally
from chartsift.nlp.screening.finish import Finish, write_all_jsonl, write_results
from chartsift.nlp.screening.parts import PartFolder, write_json
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.run import Progress, RunConfig
from chartsift.nlp.screening.schema import FORMAT_VERSION, TABLES
from chartsift.nlp.screening.spark_cases import Cases
from chartsift.nlp.screening.spark_inputs import (
    ParquetShape,
    TableFile,
    jsonl_items,
    parquet_items,
    path_of_uri,
    read_in_order,
    spark_uri,
    table_of,
    whole_file_items,
)
from chartsift.nlp.screening.spark_items import (
    DIGEST_SPACE,
    ITEMS,
    ITEMS_DDL,
    Placed,
    add_digests,
    digest_of,
    to_batches,
    wordless,
)
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
from chartsift.nlp.types import Problem

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial
    from chartsift.nlp.screening.chart import Extractor

log = get_logger(__name__)

# A part takes its executor seconds to a few minutes, and its rows fit beside the pipeline in memory.
_LEAST_NOTES, _MOST_NOTES = 100, 5_000
# Parts for each core at least, so that the last ones do not keep a single core busy.
_PARTS_PER_CORE = 4
# Sampled notes for each part: parts then differ in size by a fifth or so.
_SAMPLES_PER_PART = 40
_SAMPLE_SPACE = 1_000_000
_LOOK_SECONDS = 0.5
TABLE_FOLDERS = "tables"

_SUMS = pa.schema(
    [("file_no", pa.int32()), ("digest", pa.string()), ("items", pa.int64()), ("notes", pa.int64())]
)
_SUMS_DDL = "file_no int, digest string, items long, notes long"


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
        ScreeningError: as ``run_screening`` says; Spark does not start (SC431), has other code on its executors
            (SC432), gives up (SC433), or its executors do not see the work folder (SC434).
    """
    check_paths([*config.inputs, *([config.patients] if config.patients else [])])
    with _run_folder(config):
        prepare_work(config.out / local.WORK_FOLDER)
        with spark_session(spark.master, spark.conf) as session:
            return _SparkRun(config, trial, make_pipeline, on_progress, spark, session).execute()


@contextmanager
def _run_folder(config: RunConfig) -> Iterator[None]:
    """Hold the folder of a run, as ``run_screening`` does."""
    work = config.out / local.WORK_FOLDER
    try:
        local._prepare(config, work)
        with local._Lock(work / "lock"):
            if config.restart:
                local._clear(config.out, work)
            yield
    except OSError as exc:
        raise local._cannot_write(config.out, exc) from exc


@dataclass
class _Input:
    """The items of all inputs for Spark, and what only the driver knows of them."""

    items: DataFrame
    files: dict[int, TableFile]
    identity: str = ""
    notes: int = 0
    seen: int = 0
    silent: list[Placed] = field(default_factory=list)


class _SparkRun:
    """One start of a run; holds what its steps share."""

    def __init__(
        self,
        config: RunConfig,
        trial: Trial,
        make_pipeline: Callable[[], Extractor],
        on_progress: Callable[[Progress], None],
        spark: SparkConfig,
        session: SparkSession,
    ) -> None:
        self.config = config
        self.trial = trial
        self.make_pipeline = make_pipeline
        self.on_progress = on_progress
        self.spark = spark
        self.session = session
        self.work = config.out / local.WORK_FOLDER
        self.seconds: dict[str, float] = {}

    def execute(self) -> RunResults:
        self.session.sparkContext.setJobDescription("chartsift: reading the inputs")
        with local._timed(self.seconds, "reading"):
            read = self._read()
        pipeline = self.make_pipeline()
        fingerprint = pipeline.fingerprint()
        identity = {
            "format": FORMAT_VERSION,
            "inputs": read.identity,
            "pipeline": fingerprint,
            "trial": self.trial.fingerprint(),
            "as_of": self.config.as_of.isoformat() if self.config.as_of else None,
            "limit": self.config.limit,
        }
        done = local._finished_run(self.config.out)
        if done is not None:
            local._check_same(done["identity"], identity, self.config.out)
            if self.config.jsonl:
                write_all_jsonl(self.config.out)
            shutil.rmtree(self.work, ignore_errors=True)
            return RunResults.open(self.config.out)
        state = self._state(identity)
        if "bounds" not in state:
            state["bounds"] = self._bounds(read)
            write_json(self.work / "state.json", state)
        bounds: list[str] = state["bounds"]
        job = Job(
            self.make_pipeline,
            fingerprint,
            self.trial,
            self.config.as_of,
            self.work.absolute(),
            self._last_patient(read),
        )
        self.session.sparkContext.setJobDescription("chartsift: screening")
        with local._timed(self.seconds, "screening"):
            self._screen(read, bounds, job)
        for number in range(len(bounds) + 1):
            # Between two bounds there may be nobody.
            if not is_done(self.work, number):
                screen_part(number, iter(()), job, pipeline)
        results = self._merge(read, len(bounds) + 1, identity, state)
        read.items.unpersist()
        return results

    def _state(self, identity: dict[str, Any]) -> dict[str, Any]:
        return local._Run(self.config, self.trial, self.make_pipeline, self.on_progress)._state(identity)

    # Reading

    def _read(self) -> _Input:
        listed = _Listed(self.config, self.work, self.on_progress)
        listed.read()
        try:
            return self._items(listed, is_spark_parquet=True)
        except (PySparkException, Py4JError):
            if not listed.parquet:
                raise
            # A page in the middle of a table is damaged, and Spark gives the whole table up: our own reader goes on
            # to the damage and says where it is.
            log.warning("spark_cannot_read_a_table", count=len(listed.parquet))
            return self._items(listed, is_spark_parquet=False)

    def _items(self, listed: _Listed, *, is_spark_parquet: bool) -> _Input:
        parquet = [file for files in listed.parquet.values() for file in files]
        frames = [self._staged(listed), self._jsonl(listed.jsonl)]
        if is_spark_parquet:
            frames += [self._parquet(shape, files) for shape, files in listed.parquet.items()]
        else:
            frames.append(self._whole_files(parquet))
        items = reduce(DataFrame.unionAll, [frame for frame in frames if frame is not None])
        items = items.persist(StorageLevel.DISK_ONLY)
        read = _Input(items, {file.file_no: file for file in [*parquet, *listed.jsonl]})
        self._count(read)
        return read

    def _count(self, read: _Input) -> None:
        """Count what was read, and find tables that held nothing."""
        summed = read.items.select("file_no", "kind", "digest").mapInArrow(_sums, _SUMS_DDL).collect()
        seen_files = {row.file_no for row in summed}
        for file_no, file in sorted(read.files.items()):
            if file_no not in seen_files:
                read.silent.append(Placed(file_no, 0, nothing_to_read(file.label)))
        digest = add_digests([*(row.digest for row in summed), *map(digest_of, read.silent)])
        read.identity = f"spark:{digest:064x}"
        read.notes = sum(row.notes for row in summed)
        read.seen = sum(row.items for row in summed)
        self.on_progress(Progress("reading", read.notes, read.notes, "notes"))

    def _staged(self, listed: _Listed) -> DataFrame | None:
        if not listed.staged:
            return self.session.createDataFrame([], ITEMS_DDL)
        return self.session.read.schema(ITEMS_DDL).parquet(*(spark_uri(str(path)) for path in listed.staged))

    def _jsonl(self, files: Sequence[TableFile]) -> DataFrame | None:
        if not files:
            return None
        lines = (
            self.session.read.option("lineSep", "\n")
            .text([spark_uri(file.path) for file in files])
            .select(
                F.col("value").cast("binary").alias("value"),
                F.col("_metadata.file_path").alias("_file"),
                F.col("_metadata.file_block_start").alias("_block"),
            )
        )
        counts = {
            (path_of_uri(row["_file"]), row["_block"]): row["count"]
            for row in lines.groupBy("_file", "_block").count().collect()
        }
        first_lines: dict[tuple[str, int], int] = {}
        before: Counter[str] = Counter()
        for path, block in sorted(counts):
            first_lines[path, block] = before[path]
            before[path] += counts[path, block]
        by_path, limits = {file.path: file for file in files}, self.config.limits
        return lines.mapInArrow(
            lambda batches: wordless(jsonl_items(batches, by_path, first_lines, limits)), ITEMS_DDL
        )

    def _parquet(self, shape: ParquetShape, files: Sequence[TableFile]) -> DataFrame:
        table = self.session.read.option("recursiveFileLookup", "true").parquet(
            *(spark_uri(file.path) for file in files)
        )
        columns = []
        for name, arrow in shape.columns:
            column = F.col(f"`{name}`")
            # As bytes: a text that is not UTF-8 must reach our check, not fail on the way.
            columns.append((column.cast("binary") if "string" in arrow else column).alias(name.lower()))
        rows = table.select(
            *columns,
            F.col("_metadata.file_path").alias("_file"),
            F.col("_metadata.row_index").alias("_row"),
        )
        by_path, limits = {file.path: file for file in files}, self.config.limits
        return rows.mapInArrow(lambda batches: wordless(parquet_items(batches, by_path, limits)), ITEMS_DDL)

    def _whole_files(self, files: Sequence[TableFile]) -> DataFrame:
        by_number, limits = {file.file_no: file for file in files}, self.config.limits
        numbers = self.session.createDataFrame([(n,) for n in by_number], "file_no int").repartition(
            len(by_number)
        )
        return numbers.mapInArrow(
            lambda batches: wordless(whole_file_items(batches, by_number, limits)), ITEMS_DDL
        )

    # Screening

    def _bounds(self, read: _Input) -> list[str]:
        """Return the first patient of each part but the first, so that parts have about equally many notes."""
        cores = self.session.sparkContext.defaultParallelism
        aim = min(max(_LEAST_NOTES, read.notes // (_PARTS_PER_CORE * cores)), _MOST_NOTES)
        parts = -(-read.notes // aim)
        if parts < 2:
            return []
        share = min(_SAMPLE_SPACE, _SAMPLE_SPACE * _SAMPLES_PER_PART * parts // read.notes + 1)
        draw = F.pmod(F.xxhash64("patient_id", "note_id"), F.lit(_SAMPLE_SPACE))
        rows = read.items.where(F.col("kind") == "note").where(draw < share).select("patient_id").collect()
        sample = sorted(row.patient_id for row in rows)
        return sorted({sample[len(sample) * n // parts] for n in range(1, parts)} if sample else ())

    def _last_patient(self, read: _Input) -> str | None:
        """Return the last patient within the limit."""
        limit = self.config.limit
        if limit is None:
            return None
        notes = read.items.where(F.col("kind") == "note")
        first = notes.select("patient_id").distinct().orderBy("patient_id").limit(limit)
        return max((row.patient_id for row in first.collect()), default="")

    def _screen(self, read: _Input, bounds: list[str], job: Job) -> None:
        done = frozenset(n for n in range(len(bounds) + 1) if is_done(self.work, n))
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
        for row in self._collect(answers, len(bounds) + 1):
            if row.code:
                raise _task_error(row.code, row.place, self.config.out)

    def _collect(self, answers: DataFrame, total: int) -> list[Row]:
        """Run the tasks and say meanwhile how many parts are there."""
        context = self.session.sparkContext
        group = f"chartsift-{uuid4().hex}"

        def collect() -> list[Row]:
            context.setJobGroup(group, "chartsift: screening", interruptOnCancel=True)
            return answers.collect()

        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(collect)
            try:
                while True:
                    finished, _ = wait([answer], timeout=_LOOK_SECONDS)
                    self.on_progress(Progress("screening", count_done(self.work), total, "parts"))
                    if finished:
                        return answer.result()
            except (Py4JError, PySparkException) as exc:
                raise ScreeningError(
                    "SC433",
                    f"Spark gave up ({type(exc).__name__}); {total - count_done(self.work)} parts are missing",
                    hint="the log of the executors says why; the same command goes on with what is missing",
                ) from None
            except BaseException:
                context.cancelJobGroup(group)
                raise

    # Writing

    def _merge(self, read: _Input, count: int, identity: dict[str, Any], state: dict[str, Any]) -> RunResults:
        totals = _Totals.of(self.work, count, read.silent)
        if totals.items() != read.seen + len(read.silent):
            raise RuntimeError("parts hold another number of items than was read")
        folder = PartFolder(self.work / PARTS)
        tally = Tally()
        for number in range(count):
            of_part = folder.tally(number)
            if of_part is None:
                raise ScreeningError("SC405", f"{self.config.out}: a part is damaged", hint="start again")
            tally.add(of_part)
        engine = {"name": "spark", "version": metadata.version("pyspark"), "parts": count}
        finish = Finish(folder, count, tally, identity, state, self.seconds, engine)
        results = write_results(self.config, self.trial, totals, finish, self.on_progress)
        if self.spark.folders:
            write_folders(folder, count, self.config.out / TABLE_FOLDERS)
        shutil.rmtree(self.work, ignore_errors=True)
        return RunResults.open(results.out)


@dataclass
class _Totals:
    """What was read, summed over parts."""

    counts: InputCounts
    patients: int
    listed_without_notes: int
    rows: pa.Table

    @classmethod
    def of(cls, work: Path, parts: int, silent: Sequence[Placed]) -> _Totals:
        read = [read_part(work, number) for number in range(parts)]
        # Files without a row belong to no patient, so that no part has them.
        extra = Cases.of(silent)
        sums = Counter(asdict(extra.counts))
        for part in read:
            sums.update(asdict(part.counts))
        rows = pa.concat_tables([problem_table(extra.problems), *(part.problems for part in read)])
        return cls(
            InputCounts(**sums),
            sum(part.patients for part in read),
            sum(part.listed_without_notes for part in read),
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


class _Listed:
    """
    The inputs in the order of reading: tables for Spark, all else read here and set down in the work folder.

    Attributes:
        jsonl: Files of JSON lines.
        parquet: Parquet files by shape.
        staged: Parquet files with the items that were read here.
    """

    def __init__(self, config: RunConfig, work: Path, on_progress: Callable[[Progress], None]) -> None:
        self.config = config
        self.on_progress = on_progress
        self.folder = work.absolute() / "items"
        self.jsonl: list[TableFile] = []
        self.parquet: dict[ParquetShape, list[TableFile]] = {}
        self.staged: list[Path] = []

    def read(self) -> None:
        """Look at all inputs once."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        rows = 0
        path = self.folder / "driver.parquet"
        with pq.ParquetWriter(path, ITEMS, compression="zstd") as writer:
            for batch in to_batches(self._here()):
                writer.write_batch(batch)
                rows += batch.num_rows
                self.on_progress(Progress("reading", rows, None, "notes"))
        if rows:
            self.staged.append(path)

    def _here(self) -> Iterator[Placed]:
        """Yield the items that are read on the driver; set aside the tables that Spark reads."""
        config = self.config
        if config.patients:
            for number, item in enumerate(read_patients(config.patients, limits=config.limits)):
                yield Placed(0, number, item, "table")
        files = input_files(config.inputs, limits=config.limits, leave_out=config.out)
        for file_no, file in enumerate(files, start=1):
            if isinstance(file, Rejected):
                yield Placed(file_no, 0, file)
                continue
            try:
                table = table_of(file, file_no)
            except (OSError, EOFError, ValueError):
                # Our readers meet the same and say so.
                table = None
            if table is None:
                yield from read_in_order(file, file_no, config.limits)
            elif table[1] is None:
                self.jsonl.append(table[0])
            else:
                self.parquet.setdefault(table[1], []).append(table[0])


def write_folders(parts: PartFolder, count: int, root: Path) -> None:
    """Write each table as a folder of Parquet files, one a part that has rows of it, and ``_SUCCESS`` when whole."""
    shutil.rmtree(root, ignore_errors=True)
    for name, schema in TABLES.items():
        folder = root / name
        folder.mkdir(parents=True, mode=0o700)
        has_rows = False
        for number, table in enumerate(parts.tables(name, count)):
            if table.num_rows:
                pq.write_table(table, folder / f"part-{number:08d}.parquet", compression="zstd")
                has_rows = True
        if not has_rows:
            # Spark infers no schema from nothing.
            pq.write_table(schema.empty_table(), folder / "part-00000000.parquet")
        (folder / "_SUCCESS").touch(mode=0o600)


def _sums(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Sum up the items of each file within one task."""
    digests: Counter[int] = Counter()
    items: Counter[int] = Counter()
    notes: Counter[int] = Counter()
    for batch in batches:
        columns = (batch.column(name).to_pylist() for name in ("file_no", "kind", "digest"))
        for file_no, kind, digest in zip(*columns, strict=True):
            digests[file_no] += int(digest, 16)
            items[file_no] += 1
            notes[file_no] += kind == "note"
    rows = [
        {"file_no": n, "digest": f"{digests[n] % DIGEST_SPACE:x}", "items": items[n], "notes": notes[n]}
        for n in items
    ]
    yield pa.RecordBatch.from_pylist(rows, schema=_SUMS)


def _task_error(code: str, place: str, out: Path) -> ScreeningError:
    if code == "SC432":
        return ScreeningError(
            code,
            "executors read notes in another way than the driver: other code, vocabulary or libraries",
            hint="install the same chartsift on all machines, or start the cluster anew after an update",
        )
    if code == "SC434":
        return ScreeningError(
            code,
            f"{out}: executors do not see this folder",
            hint="choose a folder on storage that all machines have under the same path",
        )
    return ScreeningError(
        code, place or "a task failed", hint="mend the cause and give the same command again"
    )
