"""Parquet tables of notes or patients, read in small batches; text and identifiers may be strings or binary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chartsift.nlp.formats.base import Item, Limits, Source, reject, unreadable
from chartsift.nlp.formats.fields import missing_columns, missing_columns_problem
from chartsift.nlp.formats.packed import seekable
from chartsift.nlp.formats.tables import kind_of_table

SUFFIXES = (".parquet", ".pq")
MAGIC = b"PAR1"
# Notes are a few kilobytes; a batch stays within some megabytes.
_BATCH_ROWS = 512
# Neither a text nor a number nor a day.
_UNREADABLE = object()


def sniff(head: bytes) -> bool:
    """Tell whether a file is Parquet, by its magic number."""
    return head.startswith(MAGIC)


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read *source* batch by batch; a damaged batch ends the file with a problem."""
    row_number = 0
    try:
        with source.open() as stream, seekable(stream, is_file=source.is_seekable) as file:
            parquet = pq.ParquetFile(file)
            names = parquet.schema_arrow.names
            columns = frozenset(name.lower() for name in names)
            kind = kind_of_table(columns)
            if kind is None:
                yield missing_columns_problem(missing_columns(columns), source=source.label)
                return
            chosen = [name for name in names if name.lower() in kind.columns]
            if len({name.lower() for name in chosen}) < len(chosen):
                yield reject(
                    "IN105", "two columns have the same name; name each column once", source=source.label
                )
                return
            if _unpacks_to_too_much(parquet.metadata, limits):
                yield reject(
                    "IN117",
                    f"the Parquet file unpacks to more than {limits.archive_ratio} times its size, or to too much "
                    "at once; write it with smaller row groups, or as JSON lines",
                    source=source.label,
                )
                return
            for row in _rows(file, chosen):
                row_number += 1
                yield kind.read_row(row, f"{source.label}:{row_number}", limits)
    except (pa.ArrowException, ValueError, OverflowError, OSError, MemoryError) as exc:
        if isinstance(exc, OSError) and exc.errno is not None:
            yield unreadable(source.label, exc)
            return
        after = f" after row {row_number}" if row_number else ""
        yield reject(
            "IN112",
            f"the Parquet file is damaged{after}; write it again from its origin",
            source=source.label,
        )


def _rows(file: Any, chosen: list[str]) -> Iterator[dict[str, Any]]:
    # As dictionaries: one long text that a thousand rows share is then in memory once.
    parquet = pq.ParquetFile(file, read_dictionary=chosen)
    for batch in parquet.iter_batches(batch_size=_BATCH_ROWS, columns=chosen):
        columns = {name.lower(): _cells(batch.column(name)) for name in chosen}
        for i in range(batch.num_rows):
            yield {name: cell(i) for name, cell in columns.items()}


def _unpacks_to_too_much(metadata: Any, limits: Limits) -> bool:
    """Tell whether a column of a row group is a bomb; the file says itself how large they are."""
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for number in range(row_group.num_columns):
            column = row_group.column(number)
            size, packed = column.total_uncompressed_size, column.total_compressed_size
            if (
                size > max(limits.archive_ratio_from, limits.archive_ratio * packed)
                or size > limits.archive_bytes
            ):
                return True
    return False


def _cells(column: pa.Array) -> Callable[[int], Any]:
    """Return what gives the value of a row."""
    if not pa.types.is_dictionary(column.type):
        return _values(column).__getitem__
    words = _values(column.dictionary)
    # Damage may point beyond the dictionary, which Arrow does not look at.
    span = pc.min_max(column.indices).as_py()
    if span["min"] is not None and not 0 <= span["min"] <= span["max"] < len(words):
        raise ValueError
    places = column.indices.to_pylist()
    return lambda i: None if places[i] is None else words[places[i]]


def _values(column: pa.Array) -> list[Any]:
    """Return the values of a column; bytes that are not UTF-8 become text with surrogates, which a row check finds."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        # As binary first: to_pylist of a string column raises for the whole batch on one bad byte.
        column = column.cast(pa.binary() if pa.types.is_string(kind) else pa.large_binary())
        kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [None if v is None else v.decode("utf-8", "surrogateescape") for v in column.to_pylist()]
    if pa.types.is_timestamp(kind):
        # The day as written: a zone or nanoseconds play no part in it.
        column = column.cast(pa.timestamp("us", tz=kind.tz), safe=False)
    try:
        return column.to_pylist()  # type: ignore[no-any-return]
    except (ValueError, OverflowError, KeyError):
        # One day beyond the calendar, or a zone that nobody knows: only such rows are spoiled.
        return [_value(scalar) for scalar in column]


def _value(scalar: pa.Scalar) -> Any:
    """Return the value of one cell, or what no row check takes for a value when Python cannot hold it."""
    try:
        return scalar.as_py()
    except (ValueError, OverflowError, KeyError):
        return _UNREADABLE
