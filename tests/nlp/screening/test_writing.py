"""What writes the files of a run: the same bytes however rows were cut into parts, and whatever becomes of workers."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
from support.poison_pipeline import TRACES
from support.writing_steps import Deadly

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.formats.base import Rejected
from chartsift.nlp.screening.batch import Part
from chartsift.nlp.screening.messages import Setup
from chartsift.nlp.screening.parts import PartFolder, merge_tables, rows_table
from chartsift.nlp.screening.pool import Pool
from chartsift.nlp.screening.store import NoteStore
from chartsift.nlp.screening.writing import JoinTable
from chartsift.nlp.types import Problem

NOTES = [
    {
        "patient_id": f"P{n:05}",
        "note_id": f"N{n}",
        "note_date": None,
        "note_type": "Clinic",
        "length": n,
    }
    for n in range(40_000)
]
# Four of them fill a row group, which ends with the text that takes it beyond 16 MB.
TEXTS = [
    {
        "patient_id": f"P{n}",
        "note_id": "N",
        "text": f"{n}" * 5_000_000,
        "source": "s",
        "format": "pdf",
        "pages": [0],
    }
    for n in range(9)
]


def cut(rows: list[dict], size: int) -> list[list[dict]]:
    left = iter(rows)
    return list(iter(lambda: list(islice(left, size)), []))


@pytest.mark.parametrize(
    ("name", "rows", "sizes", "groups"),
    [
        ("notes", NOTES, (250, 16_384, 40_000), [16_384, 16_384, 7_232]),
        ("texts", TEXTS, (1, 2, 9), [4, 4, 1]),
    ],
)
def test_row_groups_do_not_depend_on_how_rows_were_cut(tmp_path, name, rows, sizes, groups):
    files = set()
    for size in sizes:
        path = tmp_path / f"{size}.parquet"
        tables = (rows_table(name, some) for some in cut(rows, size))
        assert merge_tables(name, tables, path, metadata={}) == len(rows)
        files.add(path.read_bytes())

    assert len(files) == 1
    metadata = pq.read_metadata(tmp_path / f"{sizes[0]}.parquet")
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == groups
    assert pq.read_table(tmp_path / f"{sizes[0]}.parquet").to_pylist() == rows


@pytest.fixture
def store(tmp_path) -> NoteStore:
    made = NoteStore(tmp_path / "notes.sqlite")
    for n in range(600):
        made.add(Rejected(Problem(f"in.jsonl:{n}", "", "IN105", "no text")))
    made.finish()
    return made


def test_problems_of_reading_come_before_those_of_the_parts(store, tmp_path):
    parts = PartFolder(tmp_path / "parts")
    for number in range(2):
        part = Part()
        part.tables["errors"].append({"source": f"part {number}", "note_id": "", "code": "X", "message": ""})
        parts.write(number, part)

    rows = JoinTable("errors", parts.root, 2, tmp_path, "run").do(store)

    written = pq.read_table(tmp_path / "errors.parquet")
    assert rows == 602
    assert written["source"].to_pylist() == [*(f"in.jsonl:{n}" for n in range(600)), "part 0", "part 1"]
    assert written.schema.metadata[b"chartsift_run"] == b"run"


@pytest.fixture
def setup(store, tmp_path, monkeypatch) -> Setup:
    traces = tmp_path / "traces"
    traces.mkdir()
    monkeypatch.setenv(TRACES, str(traces))
    return Setup(
        factory="support.poison_pipeline:make_counted",
        trial=load_trial("reset-myositis"),
        as_of=None,
        store=tmp_path / "notes.sqlite",
        note_seconds=1.0,
        max_memory=550 * 1024**2,
    )


def trace(tmp_path: Path, name: str) -> int:
    return len((tmp_path / "traces" / name).read_text().splitlines())


def test_step_whose_worker_is_killed_is_done_again_without_another_pipeline(setup, store, tmp_path):
    with Pool(setup, workers=2) as pool:
        pool.fingerprint()
        done = list(pool.write([Deadly("first", kills=2), Deadly("second", kills=0)], store))

    assert sorted((one.step.name, one.rows) for one in done) == [("first", 3), ("second", 1)]
    # That of the worker which was there; those that came for it only wrote.
    assert trace(tmp_path, "starts") == 1


def test_step_that_ends_every_worker_ends_the_run_with_a_coded_error(setup, store, tmp_path):
    with Pool(setup, workers=1) as pool, pytest.raises(ScreeningError) as caught:
        list(pool.write([Deadly("ever", kills=100)], store))

    assert caught.value.code == "SC415"
    assert trace(tmp_path, "ever") == 5


def test_workers_get_ready_when_there_is_work_for_them(setup, tmp_path):
    with Pool(setup, workers=3) as pool:
        pool.expect(0)
        pool.fingerprint()
        assert trace(tmp_path, "starts") == 1
        pool.expect(2)
        pool.expect(2)
        children = [child.cmdline() for child in psutil.Process().children()]

    assert sum("chartsift.nlp.screening.worker" in words for words in children) == 2
