"""What an executor does with its parts, without Spark: notes that bring their reader down are named as in a local run."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import psutil
import pyarrow as pa
import pytest
from pyspark import cloudpickle
from support import poison_pipeline
from support.fake_pipeline import FakePipeline

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.screening import spark_worker
from chartsift.nlp.screening.parts import PartFolder
from chartsift.nlp.screening.run import RunConfig, run_screening
from chartsift.nlp.screening.schema import TABLES
from chartsift.nlp.screening.spark_items import Placed, to_batches
from chartsift.nlp.screening.spark_worker import PARTS, Job, end_worker, prepare_work, read_part, screen_parts
from chartsift.nlp.types import Note

TRIAL = load_trial("reset-myositis")
NOTE_SECONDS = 0.2


@pytest.fixture(autouse=True)
def _end_worker():
    yield
    end_worker()


def make_notes(patients: int, poison: dict[tuple[int, int], str]) -> list[Note]:
    return [
        Note(
            f"P{p:03}",
            f"N{n}",
            date(2024, 5, n + 1),
            "Clinic",
            poison.get((p, n), f"Visit {n}. CAR T \U0001f9ec infused." if n == p % 5 else "-"),
            f"notes.jsonl:{p * 5 + n + 1}",
        )
        for p in range(patients)
        for n in range(5)
    ]


def rows_of_parts(notes: list[Note], first_of_second: str) -> list[pa.RecordBatch]:
    """Return the rows as Spark hands them over: sorted by part and place."""
    items = [Placed(1, number, note) for number, note in enumerate(notes)]
    return [
        batch.append_column(
            "part", pa.array([int(p >= first_of_second) for p in batch["patient_id"].to_pylist()], pa.int32())
        )
        for batch in to_batches(items)
    ]


def job_in(work: Path, make=poison_pipeline.make, **more) -> Job:
    prepare_work(work)
    options = {"note_seconds": NOTE_SECONDS, "max_memory": 550 * 1024**2, **more}
    return Job(cloudpickle.dumps(make), "fake", TRIAL, None, work, **options)


def done(batches: list[pa.RecordBatch], job: Job) -> list[dict]:
    return [row for batch in screen_parts(iter(batches), job) for row in batch.to_pylist()]


def local_rows(notes: list[Note], folder: Path, **options) -> dict[str, list[dict]]:
    import pyarrow.parquet as pq

    lines = [
        {
            "patient_id": note.patient_id, "note_id": note.note_id, "note_date": note.note_date.isoformat(),
            "note_type": note.note_type, "text": note.text,
        }
        for note in notes
    ]  # fmt: skip
    path = folder / "notes.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    results = run_screening(
        RunConfig((path,), folder / "local", workers=1, note_seconds=NOTE_SECONDS, **options),
        trial=TRIAL,
        make_pipeline="support.poison_pipeline:make",
    )
    return {name: pq.read_table(results.path(name)).to_pylist() for name in TABLES}


def part_rows(work: Path, parts: int) -> dict[str, list[dict]]:
    folder = PartFolder(work / PARTS)
    return {
        name: [row for table in folder.tables(name, parts) for row in table.to_pylist()] for name in TABLES
    }


def workers() -> list[int]:
    return [
        child.pid
        for child in psutil.Process().children()
        if "chartsift.nlp.screening.worker" in child.cmdline()
    ]


def test_notes_that_end_or_hang_their_reader_are_named_as_in_a_local_run(tmp_path):
    poison = {(1, 2): "CRASH dermatomyositis SECRET", (1, 3): "SPIN"}
    notes = make_notes(4, poison)

    rows = done(rows_of_parts(notes, "P002"), job_in(tmp_path / "work"))

    assert rows == [{"part": number, "code": "", "place": ""} for number in range(2)]
    got = part_rows(tmp_path / "work", 2)
    assert [(row["source"], row["code"]) for row in got["errors"]] == [
        ("notes.jsonl:8", "SC412"),
        ("notes.jsonl:9", "SC413"),
    ]
    assert got == local_rows(notes, tmp_path)
    assert read_part(tmp_path / "work", 0).counts.notes_read == 10


def test_one_worker_reads_all_parts_and_none_of_another_run(tmp_path):
    notes = make_notes(4, {})
    job = job_in(tmp_path / "work")

    done(rows_of_parts(notes, "P002"), job)
    (first,) = workers()
    done(rows_of_parts(notes, "P001"), job)
    (second,) = workers()
    done(rows_of_parts(notes, "P002"), job_in(tmp_path / "other"))
    (third,) = workers()

    assert first == second != third


def test_a_pipeline_that_no_module_holds_is_carried_over(tmp_path):
    # As a cell of a notebook makes it.
    def make():
        return FakePipeline()

    rows = done(rows_of_parts(make_notes(2, {}), "P001"), job_in(tmp_path / "work", make))

    assert [row["code"] for row in rows] == ["", ""]
    assert len(part_rows(tmp_path / "work", 2)["findings"]) == 2


def test_a_part_of_which_nobody_was_chosen_is_empty_and_nobody_is_read(tmp_path):
    notes = make_notes(2, {(0, 0): "CRASH"})

    rows = done(rows_of_parts(notes, "P001"), job_in(tmp_path / "work", chosen=frozenset()))

    assert [row["part"] for row in rows] == [0, 1]
    assert part_rows(tmp_path / "work", 2) == {name: [] for name in TABLES}
    assert read_part(tmp_path / "work", 1).patients == 1


def test_an_executor_with_other_code_says_so_and_keeps_no_worker(tmp_path):
    batches = rows_of_parts(make_notes(2, {}), "P001")
    job = job_in(tmp_path / "work", lambda: FakePipeline(name="other"))

    assert [row["code"] for row in done(batches, job)] == ["SC442"]
    assert workers() == []


def test_an_executor_that_does_not_see_the_folder_says_so(tmp_path):
    job = job_in(tmp_path / "work")
    (tmp_path / "work" / PARTS).rmdir()

    assert [row["code"] for row in done(rows_of_parts(make_notes(1, {}), "P1"), job)] == ["SC444"]
    assert workers() == []


def test_a_worker_that_fails_leaves_no_words_and_nothing_behind(tmp_path, monkeypatch):
    notes = make_notes(2, {})
    real = spark_worker.Cases.case

    def case(cases, patient_id):
        if patient_id == "P001":
            raise OSError(5, "Mrs Miller")
        return real(cases, patient_id)

    monkeypatch.setattr(spark_worker.Cases, "case", case)
    with pytest.raises(RuntimeError, match=r"^a task of the screening failed: \w+ at ") as caught:
        done(rows_of_parts(notes, "P001"), job_in(tmp_path / "work"))

    assert "Miller" not in str(caught.value)
    assert workers() == []
    assert list((tmp_path / "work" / "making").iterdir()) == []
