"""
Parts on disk: each batch of a run is a folder that appears whole or not at all, so that a killed run can go on.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from chartsift.nlp.screening.batch import Part, Tally
from chartsift.nlp.screening.rows import Row, jsonable
from chartsift.nlp.screening.schema import FORMAT_VERSION, TABLES

_SUMMARY = "part.json"
# Rows per row group of the merged files: large enough to pack well, small enough to read one patient cheaply.
_ROW_GROUP = 65_536
_COMPRESSION = "zstd"


class PartFolder:
    """The parts of one run under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def tally(self, number: int) -> Tally | None:
        """Return the tally of a part that is there and whole, else None."""
        folder = self._folder(number)
        try:
            summary = json.loads((folder / _SUMMARY).read_text(encoding="utf-8"))
            for name in TABLES:
                if pq.read_metadata(folder / f"{name}.parquet").num_rows != summary["rows"][name]:
                    return None
            return Tally.from_dict(summary["tally"])
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
            # Not there, or damaged by a power cut: the batch is simply done again.
            return None

    def write(self, number: int, part: Part) -> None:
        """Write a part; it is seen under its name only when all of it is there."""
        folder = self._folder(number)
        making = folder.with_name(f"{folder.name}.making")
        shutil.rmtree(making, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        making.mkdir()
        for name, schema in TABLES.items():
            table = pa.Table.from_pylist(part.tables[name], schema=schema)
            pq.write_table(table, making / f"{name}.parquet", compression=_COMPRESSION)
        rows = {name: len(part.tables[name]) for name in TABLES}
        summary = {"rows": rows, "tally": part.tally.to_dict()}
        (making / _SUMMARY).write_text(json.dumps(summary), encoding="utf-8")
        making.rename(folder)

    def tables(self, name: str, parts: int) -> Iterator[pa.Table]:
        """Yield one table of each part, in order."""
        for number in range(parts):
            yield pq.read_table(self._folder(number) / f"{name}.parquet", schema=TABLES[name])

    def _folder(self, number: int) -> Path:
        return self.root / f"{number:08d}"


def merge_tables(name: str, tables: Iterable[pa.Table], path: Path, *, metadata: dict[str, str]) -> int:
    """
    Write *tables* as one Parquet file, whole or not at all; return the number of rows.

    Row groups are cut by row count alone, so the bytes do not depend on how the rows were cut into parts.
    """
    schema = TABLES[name].with_metadata({"chartsift_format": str(FORMAT_VERSION), **metadata})
    making = path.with_name(f".{path.name}.making")
    rows = 0
    waiting: list[pa.Table] = []
    waiting_rows = 0
    with pq.ParquetWriter(making, schema, compression=_COMPRESSION) as writer:
        for table in tables:
            rows += table.num_rows
            waiting.append(table.cast(schema))
            waiting_rows += table.num_rows
            while waiting_rows >= _ROW_GROUP:
                joined = pa.concat_tables(waiting)
                writer.write_table(joined.slice(0, _ROW_GROUP).combine_chunks(), row_group_size=_ROW_GROUP)
                waiting = [joined.slice(_ROW_GROUP)]
                waiting_rows -= _ROW_GROUP
        if waiting_rows or not rows:
            last = pa.concat_tables(waiting) if waiting else schema.empty_table()
            writer.write_table(last.combine_chunks(), row_group_size=_ROW_GROUP)
    making.replace(path)
    return rows


def rows_table(name: str, rows: list[Row]) -> pa.Table:
    """Return *rows* as a typed table."""
    return pa.Table.from_pylist(rows, schema=TABLES[name])


def write_jsonl(parquet: Path, path: Path) -> None:
    """Write the rows of a Parquet file as JSON lines, whole or not at all."""
    making = path.with_name(f".{path.name}.making")
    with making.open("w", encoding="utf-8", newline="\n") as lines:
        for batch in pq.ParquetFile(parquet).iter_batches(batch_size=4096):
            for row in batch.to_pylist():
                lines.write(json.dumps(jsonable(row), ensure_ascii=False) + "\n")
    making.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    making = path.with_name(f".{path.name}.making")
    making.write_text(text, encoding="utf-8", newline="\n")
    making.replace(path)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file, whole or not at all."""
    write_text(path, json.dumps(jsonable(content), indent=2, ensure_ascii=False) + "\n")
