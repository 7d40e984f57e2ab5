"""What Spark carries, without Spark: items keep their order, and their cases are those of the store of a local run."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chartsift.nlp.formats import DEFAULT_LIMITS, Rejected, Source
from chartsift.nlp.screening.spark_cases import Cases
from chartsift.nlp.screening.spark_inputs import TableFile, jsonl_items, table_of
from chartsift.nlp.screening.spark_items import (
    Placed,
    add_digests,
    digest_of,
    from_row,
    place_rows,
    to_batches,
    wordless,
)
from chartsift.nlp.screening.store import NoteStore
from chartsift.nlp.types import Note, Patient, Problem


def random_items(seed: int, count: int = 200) -> list[Placed]:
    """Make notes, patients and rejections of few identifiers, so that all sorts of duplicates occur."""
    draw = random.Random(seed)  # noqa: S311
    items = []
    for number in range(count):
        patient = f"P{draw.randrange(6)}"
        match draw.randrange(4):
            case 0 | 1:
                day = date(2024, 5, draw.randrange(1, 4))
                item = Note(
                    patient, f"N{draw.randrange(8)}", day, "Clinic", draw.choice(["a", "b \U0001f9ec"]), f"f:{number}",
                    "pdf", (0, 1),
                )  # fmt: skip
            case 2:
                born = draw.choice([None, date(1980, 1, 1), date(1981, 1, 1)])
                item = Patient(patient, born, draw.choice([None, "F"]), None)
            case _:
                about = draw.choice(["note", "patient"])
                item = Rejected(
                    Problem(f"f:{number}", "", "IN107", "says why"), draw.choice(["", patient]), about,
                    draw.random() < 0.5,
                )  # fmt: skip
        origin = draw.choice(["table", "input"]) if isinstance(item, Patient) else "input"
        items.append(Placed(number // 50, number, item, origin))
    return items


@pytest.mark.parametrize("seed", range(8))
def test_cases_are_those_of_the_store_of_a_local_run(seed, tmp_path):
    items = random_items(seed)
    store = NoteStore(tmp_path / "notes.sqlite")
    for placed in items:
        store.add(placed.item, origin=placed.origin)
    store.finish()
    rows = [row for batch in to_batches(items) for row in batch.to_pylist()]

    cases = Cases.of(map(from_row, rows))

    assert cases.counts == store.counts
    assert [problem for _, _, problem in cases.problems] == list(store.problems())
    assert len(cases.notes) == store.count_patients()
    assert cases.count_listed_without_notes() == store.count_listed_without_notes()
    assert len(cases.notes) >= 4
    for patient_id in cases.notes:
        assert cases.case(patient_id) == store.case(patient_id)
    store.close()


def test_the_sum_of_digests_tells_order_and_content_and_not_who_read_what():
    items = random_items(1)
    digests = [digest_of(placed) for placed in items]
    swapped = [items[0]._replace(item_no=1), items[1]._replace(item_no=0), *items[2:]]

    assert add_digests(digests) == add_digests(reversed(digests))
    assert add_digests(map(digest_of, swapped)) != add_digests(digests)
    assert add_digests(digests[1:]) != add_digests(digests)


def test_lines_keep_their_numbers_in_whatever_pieces_they_come():
    row = {"patient_id": "P", "note_id": "N", "note_date": "2024-05-01", "text": "Well."}
    lines = [
        b"\xef\xbb\xbf" + json.dumps(row).encode(),
        b"",
        b"no json",
        json.dumps(row | {"note_date": "x"}).encode(),
    ]
    batch = pa.RecordBatch.from_pydict(
        {
            "value": [lines[2], lines[3], *lines[:2]],
            "_file": ["file:///d/a%20b.jsonl"] * 4,
            "_block": [64, 64, 0, 0],
        }
    )
    files = {"/d/a b.jsonl": TableFile(3, "/d/a b.jsonl", "a b.jsonl")}
    first_lines = {("/d/a b.jsonl", 0): 0, ("/d/a b.jsonl", 64): 2}

    made = jsonl_items(iter([batch]), files, first_lines, DEFAULT_LIMITS)
    items = sorted(
        (from_row(row) for some in made for row in some.to_pylist()), key=lambda p: (p.file_no, p.item_no)
    )

    assert [placed.item.source if isinstance(placed.item, Note) else placed.item.problem.source for placed in items] == [
        "a b.jsonl:1", "a b.jsonl:3", "a b.jsonl:4",
    ]  # fmt: skip
    assert [placed.item.problem.code for placed in items[1:]] == ["IN110", "IN107"]


@pytest.mark.parametrize(
    ("name", "is_table"),
    [
        ("notes.parquet", True),
        ("no[te]s.parquet", False),
        ("_notes.parquet", False),
        ("note*.parquet", False),
    ],
)
def test_a_path_that_spark_would_not_take_literally_is_read_on_the_driver(tmp_path, name, is_table):
    row = {"patient_id": "P", "note_id": "N", "note_date": date(2024, 5, 1), "text": "Well."}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / name)

    assert (table_of(Source.of_path(tmp_path / name), 1, DEFAULT_LIMITS) is not None) is is_table


@pytest.mark.parametrize(
    "column",
    [pa.array([1], pa.timestamp("us", "America/New_York")), pa.array([1], pa.uint64()), pa.array([[1]])],
)
def test_a_column_that_spark_reads_otherwise_is_read_on_the_driver(tmp_path, column):
    table = pa.table({"patient_id": ["P"], "note_id": ["N"], "text": ["Well."], "note_date": column})
    pq.write_table(table, tmp_path / "notes.parquet")

    assert table_of(Source.of_path(tmp_path / "notes.parquet"), 1, DEFAULT_LIMITS) is None


def test_the_driver_looks_into_no_parquet_file_itself(tmp_path, monkeypatch):
    """Some damage ends the process in which Arrow reads it; that must not be the driver of a run."""
    row = {
        "patient_id": "P",
        "note_id": "N",
        "note_date": date(2024, 5, 1),
        "text": "Well.",
        "NOTE_TYPE": "x",
    }
    kinds = [("note_date", pa.date32()), ("text", pa.dictionary(pa.int32(), pa.string()))]
    path = tmp_path / "notes.parquet"
    table = pa.Table.from_pylist([row])
    for name, kind in kinds:
        place = table.schema.names.index(name)
        table = table.set_column(place, name, table[name].cast(kind))
    pq.write_table(table.append_column("other", pa.array([1], pa.timestamp("ns"))), path)
    monkeypatch.setattr(pq, "ParquetFile", None)

    _, shape = table_of(Source.of_path(path), 1, DEFAULT_LIMITS)

    assert shape.columns == (
        ("patient_id", "string"),
        ("note_id", "string"),
        ("note_date", "date32[day]"),
        ("text", "string"),
        ("NOTE_TYPE", "string"),
    )


@pytest.mark.parametrize("memory", [DEFAULT_LIMITS.document_memory, 50 * 1024**2], ids=["damage", "end"])
def test_a_parquet_file_that_ends_its_parser_is_left_to_our_readers(tmp_path, memory):
    row = {"patient_id": "P", "note_id": "N", "note_date": date(2024, 5, 1), "text": "Well."}
    path = tmp_path / "notes.parquet"
    pq.write_table(pa.Table.from_pylist([row]), path)
    assert table_of(Source.of_path(path), 1, DEFAULT_LIMITS) is not None
    if memory == DEFAULT_LIMITS.document_memory:
        data = bytearray(path.read_bytes())
        data[-60:-8] = bytes(52)
        path.write_bytes(data)

    # With so little memory the child ends before it has read anything.
    assert table_of(Source.of_path(path), 1, replace(DEFAULT_LIMITS, document_memory=memory)) is None


def test_resources_are_read_on_the_driver_in_order(tmp_path):
    path = tmp_path / "export.ndjson"
    path.write_text('{"resourceType": "Patient", "id": "1"}\n' * 2, encoding="utf-8")

    assert table_of(Source.of_path(path), 1, DEFAULT_LIMITS) is None


def test_a_row_has_so_many_places():
    note = Note("P", "N", date(2024, 5, 1), "", "Well.")

    with pytest.raises(ValueError, match="more items"):
        list(place_rows(1, [(1, [note] * 257)]))


def test_an_error_on_the_way_says_where_and_not_what():
    def batches():
        yield pa.RecordBatch.from_pydict({"a": [1]})
        raise ValueError("could not convert 'Mrs Miller'")

    with pytest.raises(RuntimeError, match=r"ValueError at test_spark_items\.py:\d+") as caught:
        list(wordless(batches()))

    assert "Miller" not in str(caught.value)
    assert caught.value.__suppress_context__
