"""
A run on a real standalone cluster (one master, two workers): its results equal the local engine's row by row,
whatever is among the inputs and whoever is killed on the way.
"""

from __future__ import annotations

import faulthandler
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.fake_pipeline import FAIL, FakePipeline

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.screening.folder import WORK_FOLDER
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.run import RunConfig, run_screening
from chartsift.nlp.screening.schema import TABLES

pytestmark = [pytest.mark.spark, pytest.mark.slow]

_TESTS = Path(__file__).parents[2]
#: In every note and every identifier: nothing of Spark's may hold it.
CANARY = "QUOKKA"
_SECONDS = 900


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if shutil.which("java") is None:
        if os.environ.get("CI"):
            pytest.fail("no Java on this machine")
        pytest.skip("no Java on this machine (apt-get install openjdk-17-jre-headless)")
    pytest.importorskip("pyspark")
    from support.spark_cluster import Cluster

    cluster = Cluster(tmp_path_factory.mktemp("spark"))
    yield cluster
    cluster.stop()


@pytest.fixture(autouse=True)
def _patience():
    """Starting Java four times on a busy machine takes minutes: the limit is that of ``finish``, which ends the run."""
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="module")
def trial():
    return load_trial("reset-myositis")


def start(cluster, out: Path, *inputs: Path, seconds: float = 0.0, options: tuple[str, ...] = ()):
    conf = (
        "spark.executor.memory=512m",
        f"spark.executorEnv.PYTHONPATH={_TESTS}",
        # A lost machine is noticed after so long, and asked again so often.
        "spark.shuffle.io.retryWait=1s",
        "spark.task.maxFailures=3",
    )
    command = [
        sys.executable, "-m", "support.spark_run", cluster.master, str(out), str(seconds), *map(str, inputs),
        *(f"--conf={line}" for line in conf), *options,
    ]  # fmt: skip
    env = os.environ | {"PYTHONPATH": str(_TESTS), "SPARK_LOCAL_DIRS": str(cluster.folder / "scratch")}
    with out.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)


def finish(process, out: Path) -> str:
    try:
        process.wait(timeout=_SECONDS)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    said = out.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
    assert process.returncode == 0, said[-3000:]
    return said


def assert_same_results(out: Path, expected: RunResults) -> None:
    got = RunResults.open(out)
    for name in TABLES:
        assert pq.read_table(got.path(name)).to_pylist() == pq.read_table(expected.path(name)).to_pylist(), (
            name
        )
        folder = pq.read_table(out / "tables" / name, schema=TABLES[name])
        assert folder.to_pylist() == pq.read_table(expected.path(name)).to_pylist(), name
    for key in (
        "counts", "candidates", "cohort_status", "criteria", "funnel", "problem_codes", "top_patients", "rows",
    ):  # fmt: skip
        assert got.manifest[key] == expected.manifest[key], key
    assert (out / "report.html").exists()


def row(patient: str, note: str, day: object = "2024-05-01", text: str = "Stable.") -> dict[str, object]:
    return {
        "patient_id": f"{CANARY}-{patient}", "note_id": note, "note_date": day, "note_type": "Clinic",
        "text": f"{text} {CANARY}",
    }  # fmt: skip


def many_rows(patients: int, notes: int) -> list[dict[str, object]]:
    return [
        row(
            f"P{p:03}",
            f"N{n}",
            f"2024-05-{n + 1:02}",
            "CAR T \U0001f9ec infused.\r\n" if n == p % 10 else "-",
        )
        for p in range(patients)
        for n in range(notes)
    ]


def write_jsonl(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in rows), encoding="utf-8")
    return path


def write_mixed_inputs(folder: Path) -> Path:
    """Write what a real archive holds: tables in several files, documents, an archive, and damage of each sort."""
    folder.mkdir()
    good = "\n".join(json.dumps(item) for item in many_rows(20, 6))
    bad = [
        "",
        "not json",
        json.dumps(row("P001", "N1", text="Another text.")),
        json.dumps(row("X", "1", "soon")),
    ]
    bad += [json.dumps({"patient_id": f"{CANARY}-P002", "birth_date": "1970-01-01", "sex": "F"})]
    bad += [json.dumps(row("P003", "bad", text=FAIL)), json.dumps(row("P004", "N0", "2024-05-01", "-"))]
    lines = "\ufeff" + good + "\n" + "\n".join(bad)
    (folder / f"a notes {CANARY}.jsonl").write_bytes(lines.encode("utf-8") + b'\n{"patient_id": "\xff"}')
    (folder / "empty.jsonl").write_text("\n", encoding="utf-8")
    # As Spark writes a table, with days as dates and the text of one row not UTF-8.
    table = folder / "archive.parquet"
    table.mkdir()
    (table / "_SUCCESS").touch()
    for part in range(2):
        rows = [row(f"Q{part}{n:02}", "1", date(2024, 1, 1 + n), "dermatomyositis") for n in range(20)]
        pq.write_table(pa.Table.from_pylist(rows), table / f"part-{part:05}.snappy.parquet", row_group_size=7)
    columns = {name: [str(item[name]).encode() for item in many_rows(2, 2)] for name in row("", "")}
    columns["text"][1] = b"caf\xe9"
    pq.write_table(pa.table(columns), folder / "bytes.parquet")
    pq.write_table(pa.table({"a": [1]}), folder / "other.parquet")
    # Whole in its footer and damaged in its pages.
    damaged = folder / "damaged.parquet"
    pq.write_table(
        pa.Table.from_pylist([row("D", str(n)) for n in range(5_000)]), damaged, row_group_size=500,
        compression="zstd", use_dictionary=False,
    )  # fmt: skip
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2_000] = bytes(2_000)
    damaged.write_bytes(data)
    (folder / "P900_2024-03-01_visit.txt").write_text(f"heliotrope {CANARY}", encoding="utf-8")
    (folder / "P900_2024-03-02_visit.html").write_text(f"<p>lung transplant {CANARY}</p>", encoding="utf-8")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("more.jsonl", json.dumps(row("P001", "zip")) + "\n")
    return folder


def test_a_mixed_archive_gives_the_same_rows_and_tells_spark_nothing(cluster, trial, tmp_path):
    inputs = write_mixed_inputs(tmp_path / "in")
    patients = write_jsonl(
        tmp_path / "patients.jsonl",
        [
            {"patient_id": f"{CANARY}-P001", "birth_date": "1980-01-01", "sex": "F"},
            {"patient_id": f"{CANARY}-P001", "birth_date": "1981-01-01", "sex": "F"},
            {"patient_id": f"{CANARY}-P003", "as_of": "2024-05-04"},
            {"patient_id": "nobody", "sex": "M"},
        ],
    )
    expected = run_screening(
        RunConfig((inputs,), tmp_path / "local", patients=patients), trial=trial, make_pipeline=FakePipeline
    )
    problems = set(expected.manifest["problem_codes"])

    out = tmp_path / "spark"
    said = finish(start(cluster, out, inputs, options=(f"--patients={patients}",)), out)

    assert {"IN109", "IN107", "IN110", "IN103", "IN108", "IN112", "IN123", "IN126", "SC410"} <= problems
    assert_same_results(out, expected)
    assert RunResults.open(out).manifest["engine"]["name"] == "spark"
    assert not (out / WORK_FOLDER).exists()
    for text in (said, cluster.logs()):
        assert CANARY not in text
        assert "caf" not in text


def test_a_sample_and_a_run_that_is_done_already(cluster, trial, tmp_path):
    notes = write_jsonl(tmp_path / "notes.jsonl", many_rows(12, 3))
    expected = run_screening(
        RunConfig((notes,), tmp_path / "local", sample=5, seed=3), trial=trial, make_pipeline=FakePipeline
    )
    out = tmp_path / "spark"

    finish(start(cluster, out, notes, options=("--sample=5", "--seed=3", "--no-folders")), out)
    before = (out / "run.json").read_bytes()
    assert not (out / "tables").exists()
    finish(start(cluster, out, notes, options=("--sample=5", "--seed=3")), out)

    assert_same_results(out, expected)
    assert expected.manifest["counts"]["patients_not_screened"] == 7
    assert (out / "run.json").read_bytes() == before


def test_a_killed_driver_and_then_a_killed_worker_change_nothing(cluster, trial, tmp_path):
    notes = write_jsonl(tmp_path / "notes.jsonl", many_rows(120, 10))
    expected = run_screening(RunConfig((notes,), tmp_path / "local"), trial=trial, make_pipeline=FakePipeline)
    out = tmp_path / "spark"

    first = start(cluster, out, notes, seconds=0.02)
    wait_for_parts(first, out, 2)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    kept = parts(out)
    second = start(cluster, out, notes, seconds=0.02)
    wait_for_parts(second, out, len(kept) + 1)
    # Worker, executor, and the Python processes of the executor: the kill is in the middle of the work.
    killed = cluster.kill_worker(0)
    state = json.loads((out / WORK_FOLDER / "state.json").read_text(encoding="utf-8"))
    left = len(state["bounds"]) + 1 - len(parts(out))
    finish(second, out)

    assert killed >= 3  # JVMs of worker and executor, and Python
    assert left >= 2
    assert_same_results(out, expected)
    assert RunResults.open(out).manifest["times"]["starts"] == 2


def test_notes_that_kill_or_hang_their_reader_are_named_and_the_run_goes_on(cluster, trial, tmp_path):
    rows = many_rows(24, 5)
    # Of one patient, and read by one worker: it ends with neither the executor nor the run.
    rows[16]["text"] = f"KILL dermatomyositis {CANARY}"
    rows[18]["text"] = f"SPIN {CANARY}"
    notes = write_jsonl(tmp_path / "notes.jsonl", rows)
    expected = run_screening(
        RunConfig((notes,), tmp_path / "local", workers=1, note_seconds=0.2),
        trial=trial,
        make_pipeline="support.poison_pipeline:make",
    )
    out = tmp_path / "spark"

    options = ("--make=support.poison_pipeline:make", "--note-seconds=0.2")
    said = finish(start(cluster, out, notes, options=options), out)

    assert expected.manifest["problem_codes"] == {"SC412": 1, "SC413": 1}
    assert expected.manifest["counts"]["notes_evaluated"] == 118
    assert_same_results(out, expected)
    for text in (said, cluster.logs()):
        assert CANARY not in text


def test_a_first_pass_gives_the_same_rows(cluster, trial, tmp_path):
    inputs = write_mixed_inputs(tmp_path / "in")
    expected = run_screening(
        RunConfig((inputs,), tmp_path / "local", candidates=True), trial=trial, make_pipeline=FakePipeline
    )
    out = tmp_path / "spark"

    finish(start(cluster, out, inputs, options=("--candidates",)), out)

    assert_same_results(out, expected)
    counts = expected.manifest["counts"]
    assert 0 < counts["patients_without_sign"] < counts["patients_screened"]
    assert expected.manifest["candidates"]["notes"] == counts["notes_searched"] > 0


def parts(out: Path) -> set[str]:
    return {path.name for path in (out / WORK_FOLDER).glob("parts-spark-*/reading/*")}


def wait_for_parts(process, out: Path, count: int) -> None:
    end = time.monotonic() + _SECONDS
    while len(parts(out)) < count:
        assert process.poll() is None, out.with_suffix(".log").read_text(encoding="utf-8")[-3000:]
        assert time.monotonic() < end
        time.sleep(0.05)
