"""
Parquet tables of notes or patients, read in small batches; text and identifiers may be strings or binary.

Arrow reads them in a child process (``sandbox``): some damage ends the process in which it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
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
# Notes are a few kilobytes; a batch stays within some megabytes, and so does what goes to the parent at once.
_BATCH_ROWS = 512
_SEND_CHARS = 4 * 1024**2
# Neither a text nor a number nor a day, for a cell that holds none.
_UNREADABLE: dict[str, str] = {}


def sniff(head: bytes) -> bool:
    """Tell whether a file is Parquet, by its magic number."""
    return head.startswith(MAGIC)


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read *source* batch by batch; a damaged batch ends the file with a problem."""
    row_number = 0
    try:
        with on_disk(source) as path:
            rows = SANDBOX.rows("parquet", path, limits)
            names: list[str] = next(rows)
            columns = frozenset(names)
            kind = kind_of_table(columns)
            chosen = [name for name in names if kind is not None and name in kind.columns]
            if kind is None or len(set(chosen)) < len(chosen):
                # The child sends no more, and is free for the next file when that was heard.
                _ = list(rows)
            if kind is None:
                yield missing_columns_problem(missing_columns(columns), source=source.label)
                return
            if len(set(chosen)) < len(chosen):
                yield reject(
                    "IN105", "two columns have the same name; name each column once", source=source.label
                )
                return
            for row in rows:
                row_number += 1
                values = dict(zip(chosen, row, strict=True))
                yield from kind.read_row(values, f"{source.label}:{row_number}", limits)
    except OSError as exc:
        yield unreadable(source.label, exc)
    except FieldError as exc:
        after = f" after row {row_number}" if row_number else ""
        yield reject(
            exc.code if exc.code in ("IN132", "IN133") else "IN112",
            f"the Parquet file is damaged{after}, or cannot be read within the limits of time and memory; "
            "write it again from its origin, in smaller row groups",
            source=source.label,
        )


def rows_here(path: str, limits: Limits) -> Iterator[list[Any]]:
    """Yield the names of the columns, in lower case, and then rows of those that are looked at, some at a time."""
    parquet = pq.ParquetFile(path)
    names = parquet.schema_arrow.names
    yield [[name.lower() for name in names]]
    kind = kind_of_table(frozenset(name.lower() for name in names))
    chosen = [name for name in names if kind is not None and name.lower() in kind.columns]
    if len({name.lower() for name in chosen}) < len(chosen) or not chosen:
        return
    # As dictionaries: one long text that a thousand rows share is then in memory once.
    parquet = pq.ParquetFile(path, read_dictionary=chosen)
    for batch in parquet.iter_batches(batch_size=_BATCH_ROWS, columns=chosen, use_threads=False):
        cells = [_cells(batch.column(name)) for name in chosen]
        rows: list[list[Any]] = []
        chars = 0
        for number in range(batch.num_rows):
            # One character more than is allowed is enough to refuse a text.
            row = [_plain(cell(number), limits.note_chars + 1) for cell in cells]
            chars += sum(len(value) for value in row if isinstance(value, str))
            rows.append(row)
            if chars > _SEND_CHARS:
                yield rows
                rows, chars = [], 0
        if rows:
            yield rows


def _plain(value: Any, most_chars: int) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, str):
        return value[:most_chars]
    if value is None or isinstance(value, bool | int | float):
        return value
    return value.isoformat() if isinstance(value, date) else _UNREADABLE


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
