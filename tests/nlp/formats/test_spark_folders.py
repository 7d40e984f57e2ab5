"""Folders as Spark and Delta Lake write them: marks are no notes, and rows that count no more are not read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chartsift.nlp.formats import Rejected, read_inputs
from chartsift.nlp.types import Note

_ADD = '{"commitInfo": {}}\n{"add": {"path": "part-0.parquet", "dataChange": true}}\n'


def table(folder: Path) -> Path:
    folder.mkdir()
    for number in range(2):
        row = {"patient_id": "P", "note_id": str(number), "note_date": date(2024, 5, 1), "text": "Well."}
        pq.write_table(pa.Table.from_pylist([row]), folder / f"part-{number}.parquet")
    for mark in ("_SUCCESS", "_committed_123", "_started_123", ".part-0.parquet.crc"):
        (folder / mark).touch()
    return folder


def log(folder: Path, name: str, text: str) -> None:
    (folder / "_delta_log").mkdir(exist_ok=True)
    (folder / "_delta_log" / name).write_text(text, encoding="utf-8")


def test_marks_of_spark_are_no_notes(tmp_path):
    items = list(read_inputs([table(tmp_path / "notes")]))

    assert [(type(item), item.note_id) for item in items] == [(Note, "0"), (Note, "1")]


def test_a_delta_table_that_only_grew_is_read(tmp_path):
    folder = table(tmp_path / "notes")
    log(folder, "00000000000000000000.json", _ADD)

    assert len([item for item in read_inputs([folder]) if isinstance(item, Note)]) == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("00000000000000000001.json", '{"remove": {"path": "part-0.parquet"}}\n'),
        ("00000000000000000001.json", '{"add": {"path": "part-0.parquet", "deletionVector" : {}}}\n'),
        ("00000000000000000010.checkpoint.parquet", ""),
    ],
)
def test_a_delta_table_with_rows_that_count_no_more_is_refused(tmp_path, name, text):
    folder = table(tmp_path / "notes")
    log(folder, "00000000000000000000.json", _ADD)
    log(folder, name, text)

    (item,) = read_inputs([folder])

    assert isinstance(item, Rejected)
    assert (item.problem.code, item.problem.source, item.is_missed) == ("IN141", "notes", True)
