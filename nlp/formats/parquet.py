"""
Parquet tables of notes or patients, read in small batches; text and identifiers may be strings or binary.

Arrow reads them in a child process (``sandbox``): some damage ends the process in which it is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chartsift.nlp.formats.base import Item, Limits, Source, reject, unreadable
from chartsift.nlp.formats.fields import FieldError, missing_columns, missing_columns_problem
from chartsift.nlp.formats.packed import on_disk
from chartsift.nlp.formats.sandbox import SANDBOX
from chartsift.nlp.formats.tables import kind_of_table

SUFFIXES = (".parquet", ".pq")
MAGIC = b"PAR1"
# Notes are a few kilobytes, some a few megabytes; so many of those still fit into the memory of the child.
_BATCH_ROWS = 64
# Of a file read at a time: a column of a row group of Spark may have gigabytes.
_BUFFER_BYTES = 1024**2
# What goes to the parent at once.
_SEND_BYTES = 8 * 1024**2
_BYTES_A_CHAR = 4  # at most, in UTF-8
# Neither a text nor a number nor a day.
_UNREADABLE = object()


def sniff(head: bytes) -> bool:
    """Tell whether a file is Parquet, by its magic number."""
    return head.startswith(MAGIC)


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read *source* batch by batch; a damaged batch ends the file with a problem."""
    row_number = 0
    try:
        with on_disk(source) as path:
            batches = SANDBOX.batches("parquet", path, limits)
            names: list[str] = json.loads(next(batches))
            kind = kind_of_table(frozenset(names))
            chosen = [name for name in names if kind is not None and name in kind.columns]
            if kind is None or len(set(chosen)) < len(chosen):
                # The child sends no more, and is free for the next file when that was heard.
                _ = list(batches)
            if kind is None:
                yield missing_columns_problem(missing_columns(frozenset(names)), source=source.label)
                return
            if len(set(chosen)) < len(chosen):
                yield reject(
                    "IN105", "two columns have the same name; name each column once", source=source.label
                )
                return
            for batch in map(_received, batches):
                values = {name: column_values(batch.column(name)) for name in chosen}
                for i in range(batch.num_rows):
                    row_number += 1
                    row = {name: values[name][i] for name in chosen}
                    yield from kind.read_row(row, f"{source.label}:{row_number}", limits)
    except OSError as exc:
        yield unreadable(source.label, exc)
    except (FieldError, pa.ArrowException, ValueError) as exc:
        after = f" after row {row_number}" if row_number else ""
        code = exc.code if isinstance(exc, FieldError) and exc.code in ("IN132", "IN133") else "IN112"
        yield reject(
            code,
            f"the Parquet file is damaged{after}, or cannot be read within the limits of time and memory; "
            "write it again from its origin, in smaller row groups",
            source=source.label,
        )


def batches_here(path: str, limits: Limits) -> Iterator[bytes]:
    """Yield the names of the columns in lower case, as JSON, and then batches of those that are looked at."""
    names = pq.ParquetFile(path).schema_arrow.names
    lower = [name.lower() for name in names]
    yield json.dumps(lower).encode("ascii")
    kind = kind_of_table(frozenset(lower))
    chosen = [name for name in names if kind is not None and name.lower() in kind.columns]
    if len({name.lower() for name in chosen}) < len(chosen) or not chosen:
        return
    parquet = pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False)
    most = _BYTES_A_CHAR * limits.note_chars
    for batch in parquet.iter_batches(batch_size=_BATCH_ROWS, columns=chosen, use_threads=False):
        columns = {name.lower(): _plain(batch.column(name), most) for name in chosen}
        plain = pa.RecordBatch.from_pydict(columns)
        for start, rows in _pieces(plain):
            yield _message(plain.slice(start, rows))


def _pieces(batch: pa.RecordBatch) -> Iterator[tuple[int, int]]:
    """Yield the beginnings and numbers of rows that together take not too many bytes."""
    if batch.nbytes <= _SEND_BYTES:
        yield 0, batch.num_rows
        return
    sizes = [0] * batch.num_rows
    for column in batch.columns:
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            lengths = pc.binary_length(column).to_pylist()
            sizes = [size + (length or 0) for size, length in zip(sizes, lengths, strict=True)]
    start = total = 0
    for number, size in enumerate(sizes):
        if total + size > _SEND_BYTES and number > start:
            yield start, number - start
            start, total = number, 0
        total += size
    yield start, batch.num_rows - start


def _check_places(column: pa.Array) -> None:
    """Raise ValueError where damage points beyond the dictionary, which Arrow does not look at."""
    span = pc.min_max(column.indices).as_py()
    if span["min"] is not None and not 0 <= span["min"] <= span["max"] < len(column.dictionary):
        raise ValueError


def _plain(column: pa.Array, most: int) -> pa.Array:
    """Return a column as bytes, numbers or days; of other types nothing is ever a value of a note."""
    if pa.types.is_dictionary(column.type):
        _check_places(column)
        column = column.dictionary_decode()
    column = _as_binary(column)
    kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        if column.nbytes > most:
            # Longer than any text may be is all that has to be known of such a one.
            is_too_long = pc.greater(pc.binary_length(column), most)
            too_long = pa.scalar(b"x" * (most // _BYTES_A_CHAR + 1), kind)
            column = pc.if_else(is_too_long, too_long, column)
        return column
    is_value = any(
        is_kind(kind) for is_kind in (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    )
    if is_value or pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_null(kind):
        return column
    return pa.array([False] * len(column))


def _as_binary(column: pa.Array) -> pa.Array:
    """Return a column of strings as bytes: to_pylist of strings raises for a whole batch on one bad byte."""
    if pa.types.is_string(column.type):
        return column.view(pa.binary())
    return column.view(pa.large_binary()) if pa.types.is_large_string(column.type) else column


def _message(batch: pa.RecordBatch) -> bytes:
    batch.validate(full=True)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def _received(message: bytes) -> pa.RecordBatch:
    batch = pa.ipc.open_stream(message).read_next_batch()
    batch.validate(full=True)
    return batch


def column_values(column: pa.Array) -> list[Any]:
    """Return the values of a column; bytes that are not UTF-8 become text with surrogates, which a row check finds."""
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
