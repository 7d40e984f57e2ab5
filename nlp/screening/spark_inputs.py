"""
Which inputs Spark reads itself, and what its executors make of them.

Parquet tables and JSON lines are read by Spark, split over its executors; their rows go through the same checks as
in a single process and get the same names in problems ("notes.parquet:12"). Everything else (documents, archives,
FHIR, CSV, and tables that Spark would read otherwise than we do) is read on the driver by our own readers.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from chartsift.nlp.formats import Limits, Source, choose_reader, fhir, jsonl
from chartsift.nlp.formats.base import HEAD_BYTES, Item, Rejected, unreadable
from chartsift.nlp.formats.fields import FieldError, row_item
from chartsift.nlp.formats.folders import files_beside
from chartsift.nlp.formats.inputs import is_container, read_file
from chartsift.nlp.formats.parquet import column_values
from chartsift.nlp.formats.parquet_columns import columns_of
from chartsift.nlp.formats.tables import kind_of_table
from chartsift.nlp.screening.spark_items import Placed, place_rows, to_batches

# Spark takes these in a path for wildcards or ends of a scheme, and passes over names that begin with "_" or ".".
_SPARK_PATH = re.compile(r"[^*?\[\]{}\\:%\x00-\x1f]+")
# Integers that Spark and Python both hold as such; Spark makes a decimal of a uint64.
_INTEGERS = (
    pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(),
)  # fmt: skip
_SAME_IN_SPARK = frozenset(map(str, (
    *_INTEGERS, pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.bool_(), pa.date32(),
    pa.float32(), pa.float64(), pa.timestamp("ms"), pa.timestamp("us"),
    pa.timestamp("ms", "UTC"), pa.timestamp("us", "UTC"),
)))  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that executors read: its place in the order of reading, its path, and its name for messages."""

    file_no: int
    path: str
    label: str

    @property
    def source(self) -> Source:
        """The file for our own readers."""
        path = Path(self.path)
        return replace(Source.of_path(path, label=self.label), beside=files_beside(path))


@dataclass(frozen=True, slots=True)
class ParquetShape:
    """Parquet files that can be read together: the columns that are looked at, as (name in the file, type)."""

    columns: tuple[tuple[str, str], ...]


def table_of(source: Source, file_no: int, limits: Limits) -> tuple[TableFile, ParquetShape | None] | None:
    """
    Return *source* as a table for Spark, with the shape of a Parquet file; None when our own readers must read it.

    Raises:
        OSError: the file cannot be read.
    """
    path = _spark_path(source)
    if path is None:
        return None
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
    reader = None if is_container(head) else choose_reader(head, source.suffix)
    file = TableFile(file_no, path, source.label)
    if reader is not None and reader.name == "jsonl":
        # Resources name files beside them, which are then no notes of their own: known only to who reads in order.
        return None if b'"resourceType"' in head else (file, None)
    if reader is not None and reader.name == "parquet":
        shape = _parquet_shape(path, limits)
        return None if shape is None else (file, shape)
    return None


def spark_uri(path: str) -> str:
    """
    Return how Spark names a file of the file system that Python sees.

    Databricks mounts its volumes under the same path for both, through a file system of its own.
    """
    return path if path.startswith("/Volumes/") else f"file://{path}"


def path_of_uri(uri: str) -> str:
    """
    Return the path in what Spark gives as the name of a file.

    >>> path_of_uri("file:///data/a%20b.parquet")
    '/data/a b.parquet'
    """
    return unquote(urlsplit(uri).path)


def parquet_items(
    batches: Iterator[pa.RecordBatch], files: dict[str, TableFile], limits: Limits
) -> Iterator[pa.RecordBatch]:
    """Yield the items of rows of Parquet tables; columns are the table's, and ``_file`` and ``_row`` (from 0)."""

    def placed() -> Iterator[Placed]:
        for batch in batches:
            names = [name for name in batch.schema.names if not name.startswith("_")]
            kind = kind_of_table(frozenset(names))
            if kind is None:
                raise ValueError("a table without the columns of notes")
            values = {name: column_values(batch.column(name)) for name in names}
            places = zip(batch.column("_file").to_pylist(), batch.column("_row").to_pylist(), strict=True)
            for i, (uri, row_index) in enumerate(places):
                file = files[path_of_uri(uri)]
                row = {name: values[name][i] for name in names}
                items = kind.read_row(row, f"{file.label}:{row_index + 1}", limits)
                yield from place_rows(file.file_no, [(row_index + 1, items)])

    return to_batches(placed())


def jsonl_items(
    batches: Iterator[pa.RecordBatch],
    files: dict[str, TableFile],
    first_lines: dict[tuple[str, int], int],
    limits: Limits,
) -> Iterator[pa.RecordBatch]:
    """
    Yield the items of JSON lines.

    Args:
        batches: Columns ``value`` (bytes of the line), ``_file`` and ``_block`` (where in the file Spark's piece
            begins); the lines of a piece come in order.
        files: By path.
        first_lines: How many lines of the file lie before a piece.
        limits: Limits on a note.
    """

    def placed() -> Iterator[Placed]:
        seen: Counter[tuple[str, int]] = Counter()
        for batch in batches:
            columns = (batch.column(name).to_pylist() for name in ("value", "_file", "_block"))
            for line, uri, block in zip(*columns, strict=True):
                path = path_of_uri(uri)
                seen[path, block] += 1
                number = first_lines[path, block] + seen[path, block]
                file = files[path]
                items = _line_items(line, number, file, limits)
                yield from place_rows(file.file_no, [(number, items)])

    return to_batches(placed())


def whole_file_items(
    batches: Iterator[pa.RecordBatch], files: dict[int, TableFile], limits: Limits
) -> Iterator[pa.RecordBatch]:
    """Yield the items of whole files, named by ``file_no``, through our own readers, which survive any damage."""
    for batch in batches:
        for file_no in batch.column("file_no").to_pylist():
            yield from to_batches(read_in_order(files[file_no].source, file_no, limits))


def read_in_order(source: Source, file_no: int, limits: Limits) -> Iterator[Placed]:
    """Yield the items of one file by our own readers."""
    return place_rows(
        file_no, ((n, [item]) for n, item in enumerate(read_file(source, limits=limits), start=1))
    )


def _line_items(line: bytes, number: int, file: TableFile, limits: Limits) -> Sequence[Item]:
    where = f"{file.label}:{number}"
    # With its line end, which Spark has taken off.
    if len(line) + 1 > limits.row_bytes:
        return [jsonl.too_long(where, limits)]
    if number == 1:
        line = line.removeprefix(jsonl.BOM)
    if not line.strip():
        return []
    row = jsonl.read_line(line, source=where, limits=limits)
    if isinstance(row, Rejected):
        return [row]
    if not fhir.is_resource(row):
        return [row_item(row, source=where, limits=limits)]
    try:
        resources = fhir.Resources(file.source, limits)
    except OSError as exc:
        return [unreadable(where, exc)]
    try:
        return list(resources.read(row, where))
    finally:
        resources.close()


def _spark_path(source: Source) -> str | None:
    """Return the path under which Spark finds the file; None when Spark would not take it literally."""
    if source.path is None:
        return None
    path = os.path.abspath(source.path)  # noqa: PTH100 - keeps links: executors may see another target
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return None
    if not _SPARK_PATH.fullmatch(path) or Path(path).name.startswith(("_", ".")):
        return None
    return path


def _parquet_shape(path: str, limits: Limits) -> ParquetShape | None:
    """Return the shape of a Parquet file of notes or patients that Spark reads as we do."""
    try:
        found = columns_of(path, limits)
    except (FieldError, ValueError):
        # Our own readers meet the same, in a process that may end over it, and say so.
        return None
    lower = [column.name.lower() for column in found]
    kind = kind_of_table(frozenset(lower))
    if kind is None:
        return None
    columns = []
    for column in found:
        name = column.name.lower()
        if name not in kind.columns:
            continue
        if lower.count(name) > 1 or not (column.is_int96 or column.type in _SAME_IN_SPARK):
            return None
        columns.append((column.name, column.type))
    return ParquetShape(tuple(columns))
