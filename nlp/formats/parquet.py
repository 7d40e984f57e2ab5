"""Parquet tables of notes or patients, read in small batches; text and identifiers may be strings or binary."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from chartsift.nlp.formats.base import Item, Limits, Source, reject, unreadable
from chartsift.nlp.formats.fields import (
    NOTE_COLUMNS,
    NOTE_COLUMNS_OPTIONAL,
    PATIENT_COLUMNS,
    PATIENT_COLUMNS_OPTIONAL,
    is_patient_table,
    missing_columns,
    missing_columns_problem,
    row_item,
)

SUFFIXES = (".parquet", ".pq")
MAGIC = b"PAR1"
# Notes are a few kilobytes; a batch stays within some megabytes.
_BATCH_ROWS = 512
_SPILL_BYTES = 16 * 1024**2
# Neither a text nor a number nor a day.
_UNREADABLE = object()


def sniff(head: bytes, suffix: str) -> bool:
    """Tell whether a file is Parquet, by its magic number or its name."""
    return head.startswith(MAGIC) or suffix in SUFFIXES


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read *source* batch by batch; a damaged batch ends the file with a problem."""
    row_number = 0
    try:
        with source.open() as stream, _seekable(stream, is_file=source.path is not None) as file:
            parquet = pq.ParquetFile(file)
            columns = frozenset(parquet.schema_arrow.names)
            wanted: tuple[str, ...]
            if is_patient_table(columns):
                wanted = PATIENT_COLUMNS + PATIENT_COLUMNS_OPTIONAL
            elif missing_columns(columns):
                yield missing_columns_problem(missing_columns(columns), source=source.label)
                return
            else:
                wanted = NOTE_COLUMNS + NOTE_COLUMNS_OPTIONAL
            chosen = [name for name in wanted if name in columns]
            if any(parquet.schema_arrow.names.count(name) > 1 for name in chosen):
                yield reject(
                    "IN105", "two columns have the same name; name each column once", source=source.label
                )
                return
            for batch in parquet.iter_batches(batch_size=_BATCH_ROWS, columns=chosen):
                values = {name: _values(batch.column(name)) for name in chosen}
                for i in range(batch.num_rows):
                    row_number += 1
                    row = {name: values[name][i] for name in chosen}
                    yield row_item(row, source=f"{source.label}:{row_number}", limits=limits)
    except (pa.ArrowException, ValueError, OverflowError, OSError) as exc:
        if isinstance(exc, OSError) and exc.errno is not None:
            yield unreadable(source.label, exc)
            return
        after = f" after row {row_number}" if row_number else ""
        yield reject(
            "IN112",
            f"the Parquet file is damaged{after}; write it again from its origin",
            source=source.label,
        )


def _seekable(stream: BinaryIO, *, is_file: bool) -> BinaryIO:
    """Return *stream*, or a temporary copy of it when it lies in an archive, where going back means unpacking anew."""
    if is_file:
        return stream
    spilled = tempfile.SpooledTemporaryFile(max_size=_SPILL_BYTES)  # noqa: SIM115 - the caller closes it
    shutil.copyfileobj(stream, spilled)
    spilled.seek(0)
    return spilled  # type: ignore[return-value]


def _values(column: pa.Array) -> list[Any]:
    """Return the values of a column; bytes that are not UTF-8 become text with surrogates, which a row check finds."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
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
