"""
The columns of a Parquet file, for those who have it read by other means than ours.

Looked up in a child process (``sandbox``), as everything of a Parquet file is: some damage ends the process in which
Arrow reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from chartsift.nlp.formats.base import Limits
from chartsift.nlp.formats.sandbox import SANDBOX


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column of a Parquet file.

    Attributes:
        name: As the file has it.
        type: Arrow's name of the type of its values, whether or not they are kept in a dictionary.
        is_int96: Whether it holds timestamps of the kind that old programs write, whatever Arrow makes of them.
    """

    name: str
    type: str
    is_int96: bool


def columns_of(path: str, limits: Limits) -> list[Column]:
    """
    Return the columns of a file, in order.

    Raises:
        FieldError: it is damaged, took too long (IN132), or ended its parser (IN133).
    """
    return [
        Column(*column)
        for answer in SANDBOX.batches("parquet_columns", path, limits)
        for column in json.loads(answer)
    ]


def batches_here(path: str, limits: Limits) -> Iterator[bytes]:
    """Yield the columns of a file as JSON, all at once."""
    del limits
    with pq.ParquetFile(path) as file:
        schema, physical = file.schema_arrow, file.schema
    is_int96 = {
        physical.column(i).path for i in range(len(physical)) if physical.column(i).physical_type == "INT96"
    }
    types = (field.type.value_type if pa.types.is_dictionary(field.type) else field.type for field in schema)
    columns = [(name, str(kind), name in is_int96) for name, kind in zip(schema.names, types, strict=True)]
    yield json.dumps(columns).encode("ascii")
