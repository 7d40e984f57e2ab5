"""The inputs of a run as one table of items for Spark: read by executors where they can, else on the driver."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from py4j.protocol import Py4JError
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that every Spark user knows

from chartsift.nlp.formats import Rejected, read_patients
from chartsift.nlp.formats.inputs import input_files, nothing_to_read
from chartsift.nlp.log import get_logger
from chartsift.nlp.screening.config import Progress, RunConfig
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

log = get_logger(__name__)

#: Folder within the work folder for what the driver reads.
STAGED = "items"

_SUMS = pa.schema(
    [("file_no", pa.int32()), ("digest", pa.string()), ("items", pa.int64()), ("notes", pa.int64())]
)
_SUMS_DDL = "file_no int, digest string, items long, notes long"


@dataclass
class ReadInputs:
    """
    The items of all inputs.

    Attributes:
        items: For Spark, with the columns of ``ITEMS``; kept on the disks of the executors.
        files: The tables that executors read, by place.
        identity: What says which items these are, in which order.
        notes: How many notes, duplicates included.
        seen: How many items.
        silent: Problems of tables that held nothing, which are not among the items.
    """

    items: DataFrame
    files: dict[int, TableFile]
    identity: str = ""
    notes: int = 0
    seen: int = 0
    silent: list[Placed] = field(default_factory=list)


class InputReader:
    """Reads the inputs of a run once."""

    def __init__(
        self, config: RunConfig, work: Path, session: SparkSession, on_progress: Callable[[Progress], None]
    ) -> None:
        self.config = config
        self.work = work
        self.session = session
        self.on_progress = on_progress

    def read(self) -> ReadInputs:
        """Return the items; executors have then read all of them."""
        listed = Listed(self.config, self.work, self.on_progress)
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

    def _items(self, listed: Listed, *, is_spark_parquet: bool) -> ReadInputs:
        parquet = [file for files in listed.parquet.values() for file in files]
        frames = [self._staged(listed), self._jsonl(listed.jsonl)]
        if is_spark_parquet:
            frames += [self._parquet(shape, files) for shape, files in listed.parquet.items()]
        else:
            frames.append(self._whole_files(parquet))
        items = reduce(DataFrame.unionAll, [frame for frame in frames if frame is not None])
        items = items.persist(StorageLevel.DISK_ONLY)
        read = ReadInputs(items, {file.file_no: file for file in [*parquet, *listed.jsonl]})
        self._count(read)
        return read

    def _count(self, read: ReadInputs) -> None:
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

    def _staged(self, listed: Listed) -> DataFrame | None:
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


class Listed:
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
        self.folder = work.absolute() / STAGED
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
                table = table_of(file, file_no, config.limits)
            except (OSError, EOFError, ValueError):
                # Our readers meet the same and say so.
                table = None
            if table is None:
                yield from read_in_order(file, file_no, config.limits)
            elif table[1] is None:
                self.jsonl.append(table[0])
            else:
                self.parquet.setdefault(table[1], []).append(table[0])


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
