"""
Parts on disk: each batch of a run is one file that appears whole or not at all, so that a killed run can go on.

A part holds the batch's tables one after the other, each as Arrow has it in memory, packed as a whole; then a summary
as JSON, then a footer. Parquet packs column by column, which for a hundred rows takes twenty times as long and more
room. A part is written by the process that screened the batch: rows never travel between processes, and the parent
stays idle.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chartsift.nlp.screening.batch import Part, Tally
from chartsift.nlp.screening.rows import Row, jsonable
from chartsift.nlp.screening.schema import FORMAT_VERSION, TABLES

# Length of the summary, SHA-256 of everything before the footer, and what says that this is a footer.
_SIZE_BYTES = 8
_DIGEST_BYTES = 32
_MAGIC = b"CSPART02"
_FOOTER_BYTES = _SIZE_BYTES + _DIGEST_BYTES + len(_MAGIC)
# A folder with more files than this is slow to list on some file systems; a hundred million notes are 200,000 parts.
_PARTS_PER_FOLDER = 1_000

# Rows per row group of the merged files: large enough to pack well, small enough to read one patient cheaply.
_ROW_GROUP = 16_384
# Texts of documents may be megabytes each, and a row group is held in memory while it is written.
_ROW_GROUP_TEXT_BYTES = 16 * 1024**2
_COMPRESSION = "zstd"
# One thread each: there are as many workers as processors.
_TO_WRITE = pa.ipc.IpcWriteOptions(use_threads=False)
_TO_READ = pa.ipc.IpcReadOptions(use_threads=False)
_JSONL_ROWS = 512


class PartFolder:
    """The parts of one run under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def tally(self, number: int) -> Tally | None:
        """Return the tally of a part that is there and whole, else None."""
        try:
            data = self.path(number).read_bytes()
        except OSError:
            return None
        body, footer = data[:-_FOOTER_BYTES], data[-_FOOTER_BYTES:]
        if not footer.endswith(_MAGIC) or hashlib.sha256(body).digest() != footer[_SIZE_BYTES : -len(_MAGIC)]:
            # Damaged by a power cut: the batch is simply done again.
            return None
        return Tally.from_dict(json.loads(body[-int.from_bytes(footer[:_SIZE_BYTES], "big") :])["tally"])

    def write(self, number: int, part: Part) -> None:
        """Write a part; it is seen under its name only when all of it is there."""
        body = bytearray()
        places: dict[str, tuple[int, int, int]] = {}
        for name, rows in part.tables.items():
            if rows:
                table = _to_bytes(rows_table(name, rows))
                packed = pa.compress(table, codec=_COMPRESSION)
                places[name] = (len(body), len(packed), len(table))
                body += memoryview(packed)
        summary = json.dumps({"tables": places, "tally": part.tally.to_dict()}).encode("utf-8")
        body += summary
        footer = len(summary).to_bytes(_SIZE_BYTES, "big") + hashlib.sha256(body).digest() + _MAGIC
        path = self.path(number)
        path.parent.mkdir(exist_ok=True)
        making = path.with_suffix(".making")
        with making.open("wb") as file:
            file.write(body)
            file.write(footer)
        making.replace(path)

    def tables(self, name: str, parts: int) -> Iterator[pa.Table]:
        """Yield one table of each part that has rows of it, in order."""
        for number in range(parts):
            with self.path(number).open("rb") as file:
                place = _places(file).get(name)
                if place is not None:
                    start, packed, size = place
                    file.seek(start)
                    table = pa.decompress(file.read(packed), size, codec=_COMPRESSION)
                    yield pa.ipc.open_stream(table, options=_TO_READ).read_all()

    def path(self, number: int) -> Path:
        """Return where a part lies."""
        return self.root / f"{number // _PARTS_PER_FOLDER:05d}" / f"{number:08d}.part"


def _to_bytes(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_TO_WRITE) as stream:
        stream.write_table(table)
    return sink.getvalue()


def _places(file: BinaryIO) -> dict[str, tuple[int, int, int]]:
    """Return where the tables of a part begin, how long they are, packed and unpacked, in bytes."""
    file.seek(-_FOOTER_BYTES, os.SEEK_END)
    size = int.from_bytes(file.read(_SIZE_BYTES), "big")
    file.seek(-_FOOTER_BYTES - size, os.SEEK_END)
    places: dict[str, tuple[int, int, int]] = json.loads(file.read(size))["tables"]
    return places


def merge_tables(name: str, tables: Iterable[pa.Table], path: Path, *, metadata: dict[str, str]) -> int:
    """
    Write *tables* as one Parquet file, whole or not at all; return the number of rows.

    Row groups are cut by the rows alone, so the bytes do not depend on how the rows were cut into parts.
    """
    schema = TABLES[name].with_metadata({"chartsift_format": str(FORMAT_VERSION), **metadata})
    making = path.with_name(f".{path.name}.making")
    rows = 0
    with pq.ParquetWriter(making, schema, compression=_COMPRESSION) as writer:
        for group in _row_groups(name, tables):
            rows += group.num_rows
            writer.write_table(group.replace_schema_metadata(schema.metadata), row_group_size=_ROW_GROUP)
        if not rows:
            writer.write_table(schema.empty_table())
    _to_disk(making)
    making.replace(path)
    return rows


def _row_groups(name: str, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the rows of *tables* anew, each time as many as make a row group, in one piece."""
    waiting: list[pa.Table] = []
    rows = size = 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        size += _text_bytes(name, table)
        if rows < _ROW_GROUP and size < _ROW_GROUP_TEXT_BYTES:
            continue
        # Put together only now: done for each table, it would take time with the square of their number.
        left = pa.concat_tables(waiting)
        waiting.clear()
        while (cut := _full_group(name, left)) is not None:
            yield left.slice(0, cut).combine_chunks()
            # A copy of its own, so that what is written can be let go.
            left = left.slice(cut).combine_chunks()
        waiting.append(left)
        rows, size = left.num_rows, _text_bytes(name, left)
    if rows:
        yield pa.concat_tables(waiting).combine_chunks()


def _full_group(name: str, waiting: pa.Table) -> int | None:
    """Return how many of the waiting rows fill a row group; None when they do not."""
    if name == "texts":
        lengths = pc.binary_length(waiting["text"]).to_pylist()
        for rows, total in enumerate(accumulate(lengths), start=1):
            if total >= _ROW_GROUP_TEXT_BYTES or rows == _ROW_GROUP:
                return rows
        return None
    return _ROW_GROUP if waiting.num_rows >= _ROW_GROUP else None


def _text_bytes(name: str, table: pa.Table) -> int:
    """Return the bytes of the texts of documents in a table; 0 for a table without."""
    return pc.sum(pc.binary_length(table["text"])).as_py() or 0 if name == "texts" else 0


def rows_table(name: str, rows: list[Row]) -> pa.Table:
    """Return *rows* as a typed table."""
    return pa.Table.from_pylist(rows, schema=TABLES[name])


def write_jsonl(parquet: Path, path: Path) -> None:
    """Write the rows of a Parquet file as JSON lines, whole or not at all."""
    making = path.with_name(f".{path.name}.making")
    with making.open("w", encoding="utf-8", newline="\n") as lines:
        for batch in pq.ParquetFile(parquet).iter_batches(batch_size=_JSONL_ROWS):
            for row in batch.to_pylist():
                lines.write(json.dumps(jsonable(row), ensure_ascii=False) + "\n")
    _to_disk(making)
    making.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    making = path.with_name(f".{path.name}.making")
    making.write_text(text, encoding="utf-8", newline="\n")
    _to_disk(making)
    making.replace(path)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file, whole or not at all."""
    write_text(path, json.dumps(jsonable(content), indent=2, ensure_ascii=False) + "\n")


def _to_disk(path: Path) -> None:
    """Wait until a file is on disk, so that after a power cut no finished run has files that are not."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
